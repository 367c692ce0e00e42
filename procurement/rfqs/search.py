"""RFQs in the search over everything: what they are called and how far they are, nothing about bids."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from procurement.common.figures import clauses
from procurement.common.search import Hit, Question, Source, register
from procurement.rfqs.permissions import visible_to
from procurement.rfqs.presentation import state_at


def find(question: Question) -> list[Hit]:
    """By number and title."""
    rows = visible_to(question.user).select_related("company", "officer")
    found = []
    for row in question.nearest(rows):
        state = state_at(row, question.at)
        note = clauses([row.company.label, row.officer])
        found.append(
            Hit(
                row.title,
                row.get_absolute_url(),
                row.number or "",
                note,
                state.status_label,
                state.status_tone,
            )
        )
    return found


register(Source(name="rfqs", label=_("RFQs"), find=find, order=20, list_url=lambda: reverse("rfqs:list")))
