"""Awards in the search over everything."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from procurement.common.search import Hit, Question, Source, register
from procurement.evaluation.permissions import visible_to


def find(question: Question) -> list[Hit]:
    """By number, and by number and title of the RFQ."""
    rows = visible_to(question.user).select_related("rfq", "company")
    return [
        Hit(
            title=row.rfq.title,
            url=reverse("evaluation:award", args=[row.pk]),
            number=row.number,
            note=row.company.label,
            status=row.status_label,
            tone=row.status_tone,
        )
        for row in question.nearest(rows, "rfq")
    ]


register(
    Source(name="awards", label=_("Awards"), find=find, order=30, list_url=lambda: reverse("evaluation:list"))
)
