"""Find a catalogue item while typing a line, and in the search over everything."""

from __future__ import annotations

from urllib.parse import urlencode

from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from procurement.catalog.models import Item
from procurement.common.search import Hit, Question, Source, register
from procurement.common.text_search import matching, words_of

SHOWN = 20
SHORTEST = 2


def items_like(text: str) -> QuerySet[Item]:
    """Items in use whose code, name or specification holds every word; the same code first. Capped."""
    words = words_of(text)
    if len("".join(words)) < SHORTEST:
        return Item.objects.none()
    found = matching(Item.objects.filter(is_active=True), text).select_related("category", "unit")
    nearness = Case(
        When(code__iexact=text.strip(), then=Value(0)),
        When(code__istartswith=words[0], then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return found.order_by(nearness, "code", "pk")[:SHOWN]


def find(question: Question) -> list[Hit]:
    """Items in use; each leads to the requests that ask for it (the room above is named by address)."""
    rows = Item.objects.filter(is_active=True).select_related("category", "unit")
    requests = reverse("requisitions:list")
    return [
        Hit(
            title=row.label,
            url=f"{requests}?{urlencode({'show': 'all', 'item': row.code})}",
            number=row.code,
            note=" · ".join(filter(None, [row.specification, str(row.category.label)])),
        )
        for row in question.nearest(rows, number="code")
    ]


register(Source(name="items", label=_("Items, with the requests for them"), find=find, order=70))
