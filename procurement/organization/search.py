"""People of our side in the search over everything."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from procurement.common.figures import clauses
from procurement.common.search import Hit, Question, Source, register
from procurement.common.text_search import words_of
from procurement.organization.access import standing
from procurement.organization.models import Person


def find(question: Question) -> list[Hit]:
    """By name and address; a hit leads to a mail to them."""
    rows = Person.objects.filter(user__is_active=True).select_related("user", "department", "company")
    for word in words_of(question.text):
        rows = rows.filter(Q(user__name__icontains=word) | Q(user__email__icontains=word))
    return [
        Hit(
            title=str(row.user),
            url=f"mailto:{row.user.email}",
            number=row.phone,
            note=clauses([row.job_title, row.department.label, row.company.label]),
        )
        for row in rows.order_by("user__name", "pk")[: question.limit + 1]
    ]


register(
    Source(
        name="people",
        label=_("People"),
        find=find,
        order=80,
        allowed=lambda user: standing(user).person is not None,
    )
)
