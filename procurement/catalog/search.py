"""Find a catalogue item while typing a line."""

from __future__ import annotations

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from procurement.catalog.models import Item

SHOWN = 20
SHORTEST = 2


def items_like(text: str) -> QuerySet[Item]:
    """Items in use whose code, name or specification holds every word; the same code first. Capped."""
    words = text.split()[:6]
    if len("".join(words)) < SHORTEST:
        return Item.objects.none()
    found = Item.objects.filter(is_active=True).select_related("category", "unit")
    for word in words:
        found = found.filter(
            Q(code__icontains=word)
            | Q(name__icontains=word)
            | Q(name_en__icontains=word)
            | Q(specification__icontains=word)
        )
    nearness = Case(
        When(code__iexact=text.strip(), then=Value(0)),
        When(code__istartswith=words[0], then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return found.order_by(nearness, "code", "pk")[:SHOWN]
