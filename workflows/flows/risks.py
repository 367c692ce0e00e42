"""What an approver should look at twice: concerns first, then what is in order. Facts only, each from stored rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db.models import Count, Exists, Min, OuterRef, Q, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contracts.agreements.models import Contract
from procurement.common.clock import database_clock
from procurement.common.components import Check
from procurement.common.figures import date_text, listed, money_text
from procurement.evaluation.memo import flags, memo_of
from procurement.evaluation.models import Award, AwardLine
from procurement.requisitions.models import Requisition, RequisitionLine
from procurement.rfqs.models import Rfq
from suppliers.registry.models import Supplier

SOON = timedelta(days=14)
ALIKE = timedelta(days=30)
FEW_DAYS = 2  # on top of the least number of days to bid
FEW_SUPPLIERS = 3
KNOWN = frozenset({Supplier.Status.VERIFIED, Supplier.Status.ACTIVE})
ORDER = {"bad": 0, "wait": 1, "good": 2, "": 3}


def requisition(key: int) -> Sequence[Check]:
    """Estimates, the catalogue, the day it is needed, and whether one need was cut into several requests."""
    document = Requisition.objects.get(pk=key)
    lines = RequisitionLine.objects.filter(requisition=document)
    sums = lines.aggregate(
        count=Count("pk"),
        unestimated=Count("pk", filter=Q(unit_price=0)),
        free=Count("pk", filter=Q(item=None)),
        earliest=Min("need_date"),
    )
    return _sorted([*_estimates(sums), *_need(sums), *_free_lines(sums), *_alike(document)])


def _estimates(sums: dict[str, int]) -> Iterable[Check]:
    missing = sums["unestimated"]
    if not missing:
        yield Check(_("Every line is estimated"), "good")
        return
    label = ngettext("%(count)d line carries no estimate", "%(count)d lines carry no estimate", missing) % {
        "count": missing
    }
    yield Check(label, "bad", _("The amount is therefore not known; it is judged as if above every limit."))


def _need(sums: dict[str, object]) -> Iterable[Check]:
    earliest = sums["earliest"]
    if earliest and earliest < (database_clock() + SOON).date():  # type: ignore[operator]
        yield Check(_("Needed soon"), "", date_text(earliest))  # type: ignore[arg-type]


def _free_lines(sums: dict[str, int]) -> Iterable[Check]:
    if not sums["free"]:
        yield Check(_("Every line is from the catalogue"), "good")
        return
    words = {"free": sums["free"], "count": sums["count"]}
    yield Check(_("%(free)d of %(count)d lines are written freely, not from the catalogue") % words, "")


def _alike(document: Requisition) -> Iterable[Check]:
    """The same person asked for the same categories lately: one need may have been cut below a limit."""
    if document.submitted_at is None:
        return
    categories = RequisitionLine.objects.filter(requisition=document).values("category")
    same = RequisitionLine.objects.filter(requisition=OuterRef("pk"), category__in=categories)
    others = Requisition.objects.filter(
        Exists(same),
        requester=document.requester_id,
        currency=document.currency,
        submitted_at__gt=document.submitted_at - ALIKE,
    ).exclude(pk=document.pk)
    live = others.exclude(status__in=[Requisition.Status.REJECTED, Requisition.Status.CANCELLED])
    found = live.aggregate(count=Count("pk"), net=Sum("net"))
    if found["count"]:
        label = ngettext(
            "One more request by the same person for the same category within 30 days",
            "%(count)d more requests by the same person for the same category within 30 days",
            found["count"],
        ) % {"count": found["count"]}
        yield Check(label, "wait", money_text(found["net"], document.currency))


def rfq(key: int) -> Sequence[Check]:
    """How many are asked and whom we do not know yet, the time they have, and the estimate."""
    document = Rfq.objects.get(pk=key)
    invited = list(document.invitations.values_list("supplier__name", "supplier__status"))
    return _sorted(
        [
            *_competition(document, len(invited)),
            *_strangers([name for name, status in invited if status not in KNOWN]),
            *_time_to_bid(document),
            *_estimate(document),
        ]
    )


def _competition(document: Rfq, invited: int) -> Iterable[Check]:
    note = _("at least %(least)d") % {"least": document.min_bidders}
    few = invited < max(FEW_SUPPLIERS, document.min_bidders)
    label = ngettext("One supplier is invited", "%(count)d suppliers are invited", invited)
    yield Check(label % {"count": invited}, "wait" if few else "good", note)


def _strangers(names: Sequence[str]) -> Iterable[Check]:
    if names:
        label = ngettext(
            "One supplier is not verified yet", "%(count)d suppliers are not verified yet", len(names)
        )
        yield Check(label % {"count": len(names)}, "wait", listed(names[:5]))
    else:
        yield Check(_("Every supplier is verified"), "good")


def _time_to_bid(document: Rfq) -> Iterable[Check]:
    if document.closes_at is None:
        return
    days = (document.closes_at - database_clock()).days
    words = {"days": max(days, 0), "least": document.min_bid_days}
    if days < document.min_bid_days + FEW_DAYS:
        label = _("Approved today, suppliers have %(days)d days to bid") % words
        yield Check(label, "wait", _("%(least)d days are the least") % words)


def _estimate(document: Rfq) -> Iterable[Check]:
    if document.estimate <= 0:
        yield Check(_("There is no estimate to compare bids with"), "wait")


def award(key: int) -> Sequence[Check]:
    """As the award memo says it, and whether we know the winners."""
    document = Award.objects.select_related("rfq__company").get(pk=key)
    winners = Supplier.objects.filter(pk__in=AwardLine.objects.filter(award=document).values("supplier"))
    return _sorted([*flags(memo_of(document)), *_new_suppliers(winners)])


def contract(key: int) -> Sequence[Check]:
    """Whether it is what was awarded, with whom, and what was added to the template."""
    document = Contract.objects.select_related("supplier").get(pk=key)
    return _sorted(
        [
            *_as_awarded(document),
            *_new_suppliers(Supplier.objects.filter(pk=document.supplier_id)),
            *_special(document),
        ]
    )


def _as_awarded(document: Contract) -> Iterable[Check]:
    shares = AwardLine.objects.filter(award=document.award_id, supplier=document.supplier_id)
    awarded = shares.aggregate(net=Sum("net"))["net"]
    if awarded == document.net:
        yield Check(_("The amount is the one awarded"), "good")
    else:
        note = money_text(awarded, document.currency)
        yield Check(_("The amount is not the one awarded"), "bad", note)


def _new_suppliers(suppliers: Iterable[Supplier]) -> Iterable[Check]:
    """Not verified, or never under contract before."""
    signed = Contract.objects.filter(
        supplier=OuterRef("pk"), status__in=[Contract.Status.ACTIVE, Contract.Status.COMPLETED]
    )
    rows = suppliers.annotate(known=Exists(signed))  # type: ignore[attr-defined]
    for supplier in rows.order_by("name"):
        name = {"supplier": supplier.label}
        if supplier.status not in KNOWN:
            yield Check(_("%(supplier)s is not verified") % name, "bad", supplier.get_status_display())
        elif not supplier.known:
            yield Check(_("The first contract with %(supplier)s") % name, "wait")


def _special(document: Contract) -> Iterable[Check]:
    if document.special_terms.strip():
        yield Check(_("Special terms go before the template's clauses"), "wait", _("Read them below."))
    else:
        yield Check(_("The clauses are those of the template"), "good")


def _sorted(checks: Iterable[Check]) -> list[Check]:
    return sorted(checks, key=lambda check: ORDER[check.tone if check.tone in ORDER else ""])
