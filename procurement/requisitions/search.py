"""Requests in the search over everything."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from procurement.common.figures import clauses
from procurement.common.search import Hit, Question, Source, register
from procurement.requisitions.permissions import may_look, visible_to


def find(question: Question) -> list[Hit]:
    """By number and title; templates are none."""
    rows = visible_to(question.user).filter(is_template=False).select_related("department", "requester")
    return [
        Hit(
            title=row.title,
            url=row.get_absolute_url(),
            number=row.number or "",
            note=clauses([row.department.label, row.requester]),
            status=row.status_label,
            tone=row.status_tone,
        )
        for row in question.nearest(rows)
    ]


register(
    Source(
        name="requests", label=_("Requests"), find=find, order=10, allowed=may_look,
        list_url=lambda: reverse("requisitions:list"), list_query=(("show", "all"),),
    )
)  # fmt: skip
