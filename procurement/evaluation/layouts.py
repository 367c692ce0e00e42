"""Which suppliers somebody hides and keeps first, remembered for each RFQ."""

from __future__ import annotations

from procurement.accounts.models import User
from procurement.evaluation.models import ComparisonLayout
from procurement.evaluation.presentation import MOST_NAMED, Choices
from procurement.rfqs.models import Rfq


def layout_of(rfq: Rfq, person: User) -> ComparisonLayout:
    """What they chose last, or nothing yet."""
    found = ComparisonLayout.objects.filter(rfq=rfq, person=person).first()
    return found or ComparisonLayout(rfq=rfq, person=person)


def remember(layout: ComparisonLayout, choices: Choices) -> None:
    """Keep what the address says, where it says something new."""
    said = (choices.hidden[:MOST_NAMED], choices.pinned[:MOST_NAMED])
    if choices.says_layout and said != (layout.hidden, layout.pinned):
        ComparisonLayout.objects.update_or_create(
            rfq=layout.rfq, person=layout.person, defaults={"hidden": said[0], "pinned": said[1]}
        )
