"""Where a proposal starts from: a scenario, all to one bid, or what an award says already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.bids.models import BidLine, OpenedBid
from procurement.common.figures import moment_text
from procurement.common.wholes import whole
from procurement.evaluation import own
from procurement.evaluation.choices import Choice
from procurement.evaluation.comparison import Comparison
from procurement.evaluation.models import Award, AwardLine
from procurement.evaluation.prices import cheapest
from procurement.rfqs.models import Rfq, RfqLine, RfqLineVersion

ONE_BID = "bid-"


def start(comparison: Comparison, wanted: str, picker: User) -> list[Choice]:
    """Choices of a start named in an address: `lines`, `one`, `score`, `own` or `bid-<key>`; only what is not awarded yet."""
    rest = rest_of(comparison.rfq)
    if wanted == own.OWN:
        return own.choices_of(own.picks_of(comparison.rfq, picker), rest)
    if wanted == "lines":
        return [
            Choice(line, bid, rest[line])
            for line, bid in sorted(cheapest(comparison.rfq).items())
            if rest.get(line)
        ]
    bid_id = _bid(comparison, wanted)
    if bid_id is None:
        return []
    offered = BidLine.objects.filter(
        opened_bid=bid_id, opened_bid__rfq=comparison.rfq, opened_bid__status=OpenedBid.Status.VALID
    )
    return [
        Choice(line, bid_id, min(rest[line], quantity))
        for line, quantity in offered.order_by("rfq_line__position").values_list("rfq_line", "quantity")
        if rest.get(line)
    ]


def _bid(comparison: Comparison, wanted: str) -> int | None:
    if wanted.startswith(ONE_BID):
        return whole(wanted.removeprefix(ONE_BID))
    scenario = comparison.scenario(wanted)
    return scenario.shares[0].offer.id if scenario else None


def rest_of(rfq: Rfq, *, besides: Award | None = None) -> dict[int, Decimal]:
    """How much of each line may still be awarded; what `besides` holds itself counts as free."""
    rest: dict[int, Decimal] = {line.pk: line.rest for line in RfqLine.objects.filter(rfq=rfq)}
    for choice in held_by(besides):
        rest[choice.rfq_line_id] += choice.quantity
    return rest


def held_by(award: Award | None) -> list[Choice]:
    """What an award says now."""
    if award is None:
        return []
    rows = award.lines.order_by("rfq_line__position", "pk").values_list("rfq_line", "opened_bid", "quantity")
    return [Choice(*row) for row in rows]


def holder_of(line_ids: Sequence[int], *, besides: Award | None = None) -> str:
    """Which award holds quantities of these lines, who proposed it and when; nothing where none does."""
    lines = AwardLine.objects.filter(rfq_line__in=line_ids, award__status__in=Award.LIVE)
    if besides is not None:
        lines = lines.exclude(award=besides)
    latest = lines.select_related("award__created_by").order_by("-award").first()
    if latest is None:
        return ""
    words = {
        "award": latest.award.number,
        "who": latest.award.created_by,
        "when": moment_text(timezone.localtime(latest.award.created_at)),
    }
    return _("%(award)s holds the rest: proposed by %(who)s on %(when)s.") % words


def said_of(rfq: Rfq, line_ids: Sequence[int]) -> dict[int, RfqLineVersion]:
    """What the RFQ's present revision says of these lines, each with its unit."""
    said = RfqLineVersion.objects.filter(line__in=line_ids, revision__lte=rfq.revision)
    latest = said.select_related("unit").order_by("line_id", "-revision").distinct("line_id")
    return {version.line_id: version for version in latest}


def merged(base: Iterable[Choice], window: Iterable[int], picked: Sequence[Choice]) -> list[Choice]:
    """`picked` for the lines of this window, `base` for all others."""
    shown = set(window)
    return [*(choice for choice in base if choice.rfq_line_id not in shown), *picked]
