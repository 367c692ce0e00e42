"""What must hold before an RFQ is sent for approval, looked at live while it is prepared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    Aggregate,
    Count,
    DecimalField,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from procurement.accounts.models import User
from procurement.common.components import Check
from procurement.common.figures import listed, money_text
from procurement.organization.access import who_can_enter
from procurement.organization.models import Role, RoleAssignment
from procurement.requisitions.models import Requisition
from procurement.rfqs.deadlines import moment_in_zone
from procurement.rfqs.models import Allocation, Criterion, Invitation, Rfq, RfqDocument, RfqLine
from suppliers.registry.models import Membership, Supplier


@dataclass(frozen=True)
class Requirement(Check):
    """One point: `good` holds, `wait` is worth a look, `bad` stands in the way."""

    key: str = ""


def counts_of(rfq: Rfq) -> dict[str, Any]:
    """What the checklist and the approval rules look at, in numbers; one statement."""
    return {**Rfq.objects.filter(pk=rfq.pk).values(**_counts()).get()}


def checklist(rfq: Rfq, at: datetime, counted: dict[str, Any] | None = None) -> list[Requirement]:
    """Every point with its tone and words; two statements, one where it was counted already."""
    counted = counts_of(rfq) if counted is None else counted
    return [
        _window(rfq, at),
        _days(rfq, at),
        _suppliers(rfq, counted),
        *_limit(rfq),
        *_reachable(counted),
        _lines(counted),
        *_covered(counted),
        _criteria(counted),
        _documents(rfq, counted),
        _openers(rfq),
        _rates(rfq),
    ]


def missing(items: Sequence[Requirement]) -> list[Requirement]:
    """What stands in the way."""
    return [item for item in items if item.tone == "bad"]


def ready_label(items: Sequence[Requirement]) -> str:
    """7 of 8 ready."""
    return _("%(ready)d of %(all)d ready") % {"ready": len(items) - len(missing(items)), "all": len(items)}


def bidding_time(rfq: Rfq, at: datetime) -> timedelta | None:
    """How long suppliers have if the RFQ goes out at this moment."""
    return rfq.closes_at - max(at, rfq.opens_at or at) if rfq.closes_at else None


def enough_time(rfq: Rfq, at: datetime) -> bool:
    """Whether the procedure's least days to bid are left at this moment."""
    time = bidding_time(rfq, at)
    return time is not None and time >= timedelta(days=rfq.min_bid_days)


def openers_of(rfq: Rfq) -> list[User]:
    """Who may open this RFQ's bids: openers of the company who have not asked for any of it themselves."""
    asked = Requisition.objects.filter(lines__allocations__rfq_line__rfq=rfq).values("requester")
    held = RoleAssignment.objects.filter(Q(company=None) | Q(company=rfq.company_id), role=Role.OPENER)
    openers = User.objects.filter(is_active=True, person__in=held.values("person")).exclude(pk__in=asked)
    return list(openers.order_by("name", "pk"))


def _counts() -> dict[str, Any]:
    def of(rows: QuerySet[Any], total: Aggregate | None = None) -> Coalesce:
        field = DecimalField() if total else IntegerField()
        per_rfq = rows.filter(rfq=OuterRef("pk")).order_by().values("rfq")
        found = per_rfq.annotate(found=total or Count("pk")).values("found")
        return Coalesce(Subquery(found), 0, output_field=field)

    manned = Membership.objects.filter(supplier=OuterRef("supplier"), is_active=True)
    blocked = Invitation.objects.filter(supplier__status=Supplier.Status.BLOCKED)
    usable = Invitation.objects.exclude(supplier__status=Supplier.Status.BLOCKED)
    asked = Allocation.objects.filter(rfq_line=OuterRef("pk")).order_by().values("rfq_line")
    total = asked.annotate(total=Sum(F("quantity") * F("factor"))).values("total")
    lacking = RfqLine.objects.filter(
        quantity__gt=Coalesce(Subquery(total), 0, output_field=DecimalField(max_digits=38, decimal_places=15))
    )
    return {
        "has_lacking": of(lacking),
        "has_lines": of(RfqLine.objects.all()),
        "has_weights": of(Criterion.objects.all(), Sum("weight")),
        "has_prices": of(Criterion.objects.filter(kind=Criterion.Kind.PRICE)),
        "has_files": of(RfqDocument.objects.all()),
        "has_invited": of(usable),
        "has_blocked": of(blocked),
        "has_strangers": of(usable.exclude(supplier__status=Supplier.Status.ACTIVE)),
        "has_mute": of(usable.filter(~Exists(manned))),
    }


def _window(rfq: Rfq, at: datetime) -> Requirement:
    if rfq.closes_at is None:
        return Requirement(_("No deadline yet"), "bad", _("Set when bids close"), key="window")
    if rfq.closes_at <= max(at, rfq.opens_at or at):
        return Requirement(_("The deadline has passed"), "bad", key="window")
    return Requirement(_("Bids close"), "good", moment_in_zone(rfq.closes_at, rfq.time_zone), key="window")


def _days(rfq: Rfq, at: datetime) -> Requirement:
    least = ngettext(
        "Least %(days)d day for this procedure", "Least %(days)d days for this procedure", rfq.min_bid_days
    ) % {"days": rfq.min_bid_days}
    time = bidding_time(rfq, at)
    if time is None or not enough_time(rfq, at) or rfq.closes_at is None:
        days = max(0, time.days) if time else 0
        label = ngettext("Only %(days)d day to bid", "Only %(days)d days to bid", days) % {"days": days}
        return Requirement(label, "bad", least, key="days")
    label = ngettext("%(days)d day to bid", "%(days)d days to bid", time.days) % {"days": time.days}
    latest = moment_in_zone(rfq.closes_at - timedelta(days=rfq.min_bid_days), rfq.time_zone)
    note = _("%(least)s; to be approved before %(latest)s") % {"least": least, "latest": latest}
    return Requirement(label, "good", note, key="days")


def _suppliers(rfq: Rfq, counted: dict[str, Any]) -> Requirement:
    invited, blocked = counted["has_invited"], counted["has_blocked"]
    label = ngettext("%(count)d supplier invited", "%(count)d suppliers invited", invited) % {
        "count": invited
    }
    if blocked:
        note = ngettext(
            "%(count)d of the invited is blocked: take it off",
            "%(count)d of the invited are blocked: take them off",
            blocked,
        )
        return Requirement(label, "bad", note % {"count": blocked}, key="suppliers")
    least = _("Least %(count)d for this procedure") % {"count": rfq.min_bidders}
    if rfq.max_bidders is not None:
        words = {"least": rfq.min_bidders, "most": rfq.max_bidders}
        least = _("From %(least)d to %(most)d for this procedure") % words
        if invited > rfq.max_bidders:
            return Requirement(label, "bad", least, key="suppliers")
    return Requirement(label, "good" if invited >= rfq.min_bidders else "bad", least, key="suppliers")


def _limit(rfq: Rfq) -> list[Requirement]:
    if rfq.max_estimate is None:
        return []
    limit = _("Limit %(amount)s, net") % {"amount": money_text(rfq.max_estimate, rfq.currency)}
    if rfq.estimate <= rfq.max_estimate:
        return [Requirement(_("Within the limit of this procedure"), "good", limit, key="limit")]
    return [Requirement(_("Above the limit of this procedure"), "bad", limit, key="limit")]


def _reachable(counted: dict[str, Any]) -> list[Requirement]:
    mute = counted["has_mute"]
    if not mute:
        return []
    label = ngettext(
        "%(count)d supplier has nobody who can log in", "%(count)d suppliers have nobody who can log in", mute
    )
    note = _("Invite a user on the supplier's page, or it cannot bid")
    return [Requirement(label % {"count": mute}, "wait", note, key="reachable")]


def _lines(counted: dict[str, Any]) -> Requirement:
    lines = counted["has_lines"]
    label = ngettext("%(count)d line", "%(count)d lines", lines) % {"count": lines}
    return Requirement(label, "good" if lines else "bad", key="lines")


def _covered(counted: dict[str, Any]) -> list[Requirement]:
    lacking = counted["has_lacking"]
    if not lacking:
        return []
    label = ngettext(
        "%(count)d line asks for more than requests do",
        "%(count)d lines ask for more than requests do",
        lacking,
    )
    note = _("Take it from the pool, ask for less, or remove the line")
    return [Requirement(label % {"count": lacking}, "bad", note, key="covered")]


def _criteria(counted: dict[str, Any]) -> Requirement:
    if counted["has_weights"] == 100 and counted["has_prices"] == 1:
        return Requirement(_("Weights sum to 100"), "good", key="criteria")
    total = format(counted["has_weights"].normalize(), "f")
    return Requirement(_("Weights sum to %(total)s, not to 100") % {"total": total}, "bad", key="criteria")


def _documents(rfq: Rfq, counted: dict[str, Any]) -> Requirement:
    files = counted["has_files"]
    if files or rfq.scope:
        label = ngettext("%(count)d document", "%(count)d documents", files) % {"count": files}
        return Requirement(label if files else _("The scope is described"), "good", key="documents")
    note = _("Bidders see the lines only")
    return Requirement(_("No documents and no scope of supply"), "wait", note, key="documents")


def _openers(rfq: Rfq) -> Requirement:
    names = [str(user) for user in openers_of(rfq)]
    shown = listed(names, most=4)
    if len(names) >= rfq.openers_required:
        return Requirement(_("Enough openers"), "good", shown, key="openers")
    label = _("%(count)d openers needed who have asked for none of this") % {"count": rfq.openers_required}
    held = shown or _("Nobody holds the role")
    return Requirement(label, "bad", f"{held}. {who_can_enter()}", key="openers")


def _rates(rfq: Rfq) -> Requirement:
    foreign = [code for code in rfq.bid_currencies if code != rfq.currency]
    if not foreign:
        only = _("All bids in %(currency)s") % {"currency": rfq.currency}
        return Requirement(only, "good", key="rates")
    label = _("Bids in %(currencies)s are converted to %(currency)s") % {
        "currencies": listed(foreign),
        "currency": rfq.currency,
    }
    if rfq.rate_rule:
        return Requirement(label, "good", rfq.rate_rule, key="rates")
    return Requirement(label, "bad", _("Say where the exchange rates come from"), key="rates")
