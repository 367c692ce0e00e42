"""How an RFQ is shown on its pages: state, trail, facts, terms, participation. Nothing here knows of bids."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from procurement.common import figures
from procurement.common.components import Crumb, Fact, Step, StepState
from procurement.common.templatetags.ui import countdown
from procurement.rfqs.deadlines import moment_in_zone
from procurement.rfqs.models import Allocation, DeadlineExtension, Invitation, Rfq, RfqDocument, RfqLine

Status, Phase = Rfq.Status, Rfq.Phase
PHASE_TONES = {Phase.SCHEDULED: "wait", Phase.OPEN: "go", Phase.CLOSED: "wait"}
FINAL = frozenset({Status.CANCELLED, Status.UNSUCCESSFUL})
AFTER_OPENING = frozenset({Status.OPENED, Status.AWARDED, Status.UNSUCCESSFUL})


@dataclass(frozen=True)
class State:
    """How an RFQ stands at a moment, in a word and a tone; open or closed is a matter of time."""

    status_label: str
    status_tone: str


@dataclass(frozen=True)
class Tab:
    """One part of the workspace; without an address it is not there yet."""

    label: str
    url: str = ""
    count: int | None = None
    current: bool = False


@dataclass(frozen=True)
class Bar:
    """How many of the invited got this far."""

    label: str
    count: int
    percent: str
    note: str = ""


def with_counts(rfqs: QuerySet[Rfq]) -> QuerySet[Rfq]:
    """With what the head and the tabs show."""

    def of(model: type[Any]) -> Coalesce:
        per_rfq = model.objects.filter(rfq=OuterRef("pk")).order_by().values("rfq")
        return Coalesce(Subquery(per_rfq.annotate(found=Count("pk")).values("found")), 0)

    counted = {
        "line_count": of(RfqLine),
        "document_count": of(RfqDocument),
        "invited_count": of(Invitation),
    }
    return rfqs.annotate(**counted).select_related("company", "officer", "preset", "category", "predecessor")


def state_at(rfq: Rfq, at: datetime) -> State:
    """The word people read."""
    phase = rfq.phase_at(at)
    if phase is not None:
        return State(str(phase.label), PHASE_TONES[phase])
    return State(rfq.status_label, rfq.status_tone)


def crumbs_to(rfq: Rfq, here: Any = "") -> list[Crumb]:
    """Sourcing › this one › here."""
    found = [
        Crumb(_("Sourcing"), reverse("rfqs:list")),
        Crumb.to(rfq),
    ]
    return [*found, Crumb(here)] if here else found


def meta_of(rfq: Rfq) -> list[str]:
    """What stands under the title."""
    lines: int = getattr(rfq, "line_count", 0)
    return [
        rfq.preset.label,
        ngettext("%(count)d line", "%(count)d lines", lines) % {"count": lines},
        rfq.company.label,
        _("Officer %(name)s") % {"name": rfq.officer},
    ]


def trail_of(rfq: Rfq, at: datetime) -> list[Step]:
    """Where it stands, from draft to award."""
    done = _progress(rfq, at)
    notes = [
        _day(rfq.created_at, rfq),
        _day(rfq.submitted_at, rfq),
        _day(rfq.opens_at if rfq.published_at else None, rfq),
        _day(rfq.closes_at, rfq),
        _day(rfq.opened_at, rfq),
        "",
    ]
    labels = [_("Draft"), _("In approval"), _("Open for bids"), _("Closed"), _("Bids opened"), _("Awarded")]
    steps = [
        Step(label, _step_state(index, done), note)
        for index, (label, note) in enumerate(zip(labels, notes, strict=True))
    ]
    return [*steps[:done], Step(rfq.status_label, "now")] if rfq.status in FINAL else steps


def _progress(rfq: Rfq, at: datetime) -> int:
    """The index of the step it is at."""
    if rfq.status in FINAL:
        return 5 if rfq.opened_at else 3 if rfq.published_at else 1
    fixed = {
        Status.DRAFT: 0,
        Status.RETURNED: 0,
        Status.IN_APPROVAL: 1,
        Status.OPENED: 4,
        Status.AWARDED: 5,
    }
    if rfq.status in fixed:
        return fixed[Status(rfq.status)]
    return 3 if rfq.phase_at(at) == Phase.CLOSED else 2


def _step_state(index: int, current: int) -> StepState:
    return "done" if index < current else "now" if index == current else "later"


def _day(moment: datetime | None, rfq: Rfq) -> str:
    if moment is None:
        return ""
    return figures.date_text(moment.astimezone(ZoneInfo(rfq.time_zone)), short=True)


def sent_text(rfq: Rfq) -> str:
    """Whether an RFQ that was sent is out already or waits for those who decide."""
    out = rfq.status == Rfq.Status.PUBLISHED
    words = (
        _("%(number)s is published: nobody had to be asked.")
        if out
        else _("%(number)s was sent for approval.")
    )
    return words % {"number": rfq.number}


def facts_of(rfq: Rfq, at: datetime, openers: Iterable[Any]) -> list[Fact]:
    """The strip of facts under the head."""
    names = figures.listed(list(openers)[:3])
    return [
        _closing(rfq, at),
        Fact(
            _("Estimate, not shown to bidders"), figures.money_text(rfq.estimate, rfq.currency), _origin(rfq)
        ),
        Fact(_("Procedure"), meta_of(rfq)[0], rfq.least),
        Fact(_("Openers"), names or "–", _("two needed, after the deadline")),
    ]


def _closing(rfq: Rfq, at: datetime) -> Fact:
    if rfq.closes_at is None:
        return Fact(_("Bids close"), _("not set yet"))
    moment = moment_in_zone(rfq.closes_at, rfq.time_zone)
    if rfq.phase_at(at) in {Phase.SCHEDULED, Phase.OPEN}:
        return Fact(_("Bids close"), countdown(rfq.closes_at, over=_("Closed")), moment)
    return Fact(_("Bids close"), figures.date_text(rfq.closes_at.astimezone(ZoneInfo(rfq.time_zone))), moment)


def _origin(rfq: Rfq) -> str:
    taken = Allocation.objects.filter(rfq_line__rfq=rfq).aggregate(
        lines=Count("requisition_line", distinct=True),
        companies=Count("requisition_line__company", distinct=True),
    )
    companies = ngettext("%(count)d company", "%(count)d companies", taken["companies"])
    lines = ngettext("%(count)d requisition line", "%(count)d requisition lines", taken["lines"])
    return figures.clauses([companies % {"count": taken["companies"]}, lines % {"count": taken["lines"]}])


def terms_of(rfq: Rfq) -> list[Fact]:
    """Labels and values of the terms."""
    delivery = " ".join(filter(None, [rfq.incoterm, rfq.incoterm_place]))
    validity = ngettext("%(days)d day", "%(days)d days", rfq.bid_validity_days) % {
        "days": rfq.bid_validity_days
    }
    pairs = [
        (_("Currency"), rfq.currency),
        (_("Prices compared"), rfq.get_price_basis_display()),
        (_("Bids in"), ", ".join(rfq.bid_currencies)),
        (_("Exchange rates"), rfq.rate_rule),
        (_("Delivery"), delivery),
        (_("Payment"), rfq.payment_terms),
        (_("Bids stay valid"), validity),
        (
            _("Bidding opens"),
            moment_in_zone(rfq.opens_at, rfq.time_zone) if rfq.opens_at else _("when published"),
        ),
        (_("Bids close"), moment_in_zone(rfq.closes_at, rfq.time_zone) if rfq.closes_at else ""),
        (_("Source of the rules"), rfq.preset.legal_source),
    ]
    return [Fact(label, value) for label, value in pairs if value]


def participation_of(rfq: Rfq) -> list[Bar]:
    """Invited, delivered, viewed, declined; never who drafts or bids, never how many."""
    rows = list(rfq.invitations.values_list("delivered_at", "viewed_at", "declined_at"))
    everybody = len(rows)
    delivered = sum(1 for mailed, seen, _no in rows if mailed or seen)
    viewed = sum(1 for _mailed, seen, _no in rows if seen)
    declined = sum(1 for _mailed, _seen, no in rows if no)

    def bar(label: str, count: int) -> Bar:
        return Bar(label, count, f"{100 * count / everybody:.1f}%" if everybody else "0%")

    return [
        bar(_("Invited"), everybody),
        bar(_("Delivered"), delivered),
        bar(_("Viewed"), viewed),
        bar(_("Declined"), declined),
    ]


def tabs_of(rfq: Rfq, at: datetime, current: str) -> list[Tab]:
    """The parts of the workspace. Bids and evaluation are rooms above: they are named by address, where they exist."""
    closed = rfq.phase_at(at) == Phase.CLOSED or rfq.status in AFTER_OPENING
    opened = rfq.opened_at is not None
    parts = [
        ("detail", _("Overview"), _address("rfqs:detail", rfq), None),
        ("lines", _("Lines"), _address("rfqs:lines", rfq), getattr(rfq, "line_count", None)),
        ("documents", _("Documents"), _address("rfqs:documents", rfq), getattr(rfq, "document_count", None)),
        ("suppliers", _("Suppliers"), _address("rfqs:suppliers", rfq), getattr(rfq, "invited_count", None)),
        ("criteria", _("Criteria"), _address("rfqs:criteria", rfq), None),
        ("bids", _("Bids"), _address("bids:open", rfq) if closed else "", None),
        ("comparison", _("Evaluation"), _address("evaluation:comparison", rfq) if opened else "", None),
        ("team", _("Team"), _address("rfqs:team", rfq), None),
        ("history", _("History"), _address("rfqs:history", rfq), None),
    ]
    return [Tab(label, url, count, name == current) for name, label, url, count in parts]


def _address(name: str, rfq: Rfq) -> str:
    try:
        return reverse(name, args=[rfq.pk])
    except NoReverseMatch:
        return ""


def frame_of(rfq: Rfq, at: datetime, current: str) -> dict[str, Any]:
    """What every page of the workspace shows around its own part; rooms above may use it for theirs."""
    return {
        "rfq": rfq,
        "state": state_at(rfq, at),
        "crumbs": crumbs_to(rfq)[:1],
        "meta": meta_of(rfq),
        "trail": trail_of(rfq, at),
        "tabs": tabs_of(rfq, at, current),
        "next_step": next_step_of(rfq, at),
        "open_for_extension": rfq.phase_at(at) in {Phase.SCHEDULED, Phase.OPEN},
        "back_url": rfq.get_absolute_url(),
        "successors": list(rfq.successors.order_by("pk")) if rfq.status in FINAL else [],
    }


def waiting_extension(rfq: Rfq, at: datetime) -> DeadlineExtension | None:
    """A later deadline that waits for a second person."""
    if rfq.phase_at(at) not in {Phase.SCHEDULED, Phase.OPEN}:
        return None
    return rfq.extensions.filter(status="proposed").select_related("proposed_by").first()


def next_step_of(rfq: Rfq, at: datetime) -> Crumb | None:
    """Where the work goes on once bidding is over, in the rooms above."""
    if rfq.phase_at(at) == Phase.CLOSED:
        step = Crumb(_("Opening of bids"), _address("bids:open", rfq))
    elif rfq.status == Status.OPENED:
        step = Crumb(_("Compare the bids"), _address("evaluation:comparison", rfq))
    else:
        return None
    return step if step.url else None
