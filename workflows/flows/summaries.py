"""What stands on the decision card of each kind of document: enough to decide, the first lines, the rest one click away."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models import Count, Min, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contracts.agreements.models import Contract
from procurement.common.components import Fact
from procurement.common.figures import date_text, money_text, quantity_text
from procurement.evaluation.models import Award, AwardLine
from procurement.requisitions.models import Requisition, RequisitionLine
from procurement.rfqs.models import Invitation, Rfq, RfqLineVersion
from suppliers.registry.models import Supplier
from workflows.flows import payers

SHOWN = 12


def requisition(key: int) -> Mapping[str, Any]:
    """What is needed, how much, until when, for whom."""
    document = Requisition.objects.select_related("department", "company").get(pk=key)
    lines = RequisitionLine.objects.filter(requisition=document)
    sums = lines.aggregate(count=Count("pk"), earliest=Min("need_date"))
    facts = [
        Fact(_("Department"), document.department.label, document.company.label),
        Fact(_("Lines"), sums["count"]),
        Fact(_("With tax"), money_text(document.net + document.tax, document.currency)),
    ]
    if sums["earliest"]:
        facts.append(Fact(_("First needed"), date_text(sums["earliest"])))
    return {
        "document": document,
        "facts": facts,
        "payers": payers.of_requisition(key, document.currency),
        "count": sums["count"],
        "lines": list(lines.select_related("unit", "cost_centre").order_by("position")[:SHOWN]),
        "more": max(0, sums["count"] - SHOWN),
    }


def rfq(key: int) -> Mapping[str, Any]:
    """What is asked for, of whom, until when, judged by what."""
    document = Rfq.objects.select_related("company", "officer", "preset").get(pk=key)
    lines = RfqLineVersion.objects.filter(line__rfq=document, revision=document.revision)
    count = lines.count()
    invited = Invitation.objects.filter(rfq=document).select_related("supplier").order_by("pk")
    names = [invitation.supplier.label for invitation in invited]
    return {
        "document": document,
        "facts": [
            Fact(_("Lines"), count),
            Fact(_("Suppliers"), len(names), _("at least %(least)d") % {"least": document.min_bidders}),
            Fact(_("Price basis"), document.get_price_basis_display(), document.currency),
        ],
        "criteria": [
            Fact(criterion.name, f"{quantity_text(criterion.weight)} %")
            for criterion in document.criteria.all()
        ],
        "suppliers": names,
        "payers": payers.of_rfq(key, document.currency),
        "count": count,
        "lines": list(lines.select_related("unit").order_by("line__position")[:SHOWN]),
        "more": max(0, count - SHOWN),
    }


def award(key: int) -> Mapping[str, Any]:
    """Who gets what, for how much, and why."""
    document = Award.objects.select_related("rfq").get(pk=key)
    shares = list(
        AwardLine.objects.filter(award=document)
        .values("supplier_id")
        .annotate(net=Sum("eval_net"), count=Count("pk"))
        .order_by("-net", "supplier_id")
    )
    suppliers = Supplier.objects.in_bulk([share["supplier_id"] for share in shares])
    winners = [
        Fact(
            suppliers[share["supplier_id"]].label,
            money_text(share["net"], document.currency),
            ngettext("%(count)d line", "%(count)d lines", share["count"]) % {"count": share["count"]},
        )
        for share in shares
    ]
    invited = Invitation.objects.filter(rfq=document.rfq_id).count()
    bids = document.rfq.opened_bids.count()
    lines = AwardLine.objects.filter(award=document).values_list("rfq_line", "eval_net")
    return {
        "document": document,
        "payers": payers.of_award_lines(lines, document.currency),
        "facts": [
            *_against_estimate(document.net, document.rfq),
            Fact(_("Bids"), bids, _("%(invited)d invited") % {"invited": invited}),
        ],
        "winners": [*winners, Fact(_("Total"), money_text(document.net, document.currency), total=True)],
    }


def _against_estimate(net: Decimal, document: Rfq) -> list[Fact]:
    """How the amount compares with what was estimated for the whole RFQ."""
    if not document.estimate:
        return []
    percent = (net - document.estimate) / document.estimate * 100
    words = _("%(percent)s %% below") if percent <= 0 else _("%(percent)s %% above")
    estimate = _("estimate %(amount)s") % {"amount": money_text(document.estimate, document.currency)}
    shown = words % {"percent": f"{abs(percent):.1f}"}
    return [Fact(_("Against the estimate"), shown, estimate, tone="good" if percent <= 0 else "wait")]


def contract(key: int) -> Mapping[str, Any]:
    """With whom, over what, on which terms."""
    document = Contract.objects.select_related("supplier", "company", "award", "template").get(pk=key)
    facts = [
        Fact(_("Supplier"), document.supplier.label),
        Fact(_("Lines"), document.lines.count()),
        Fact(_("With tax"), money_text(document.net + document.tax, document.currency)),
    ]
    terms = [
        Fact(_("Award"), document.award.number),
        Fact(_("Template"), document.template),
        Fact(_("Delivery"), document.delivery_terms),
        Fact(_("Payment"), document.payment_terms),
        Fact(_("Warranty"), _("%(months)d months") % {"months": document.warranty_months}),
    ]
    if document.starts_on and document.ends_on:
        terms.append(Fact(_("Period"), f"{date_text(document.starts_on)} – {date_text(document.ends_on)}"))
    lines = document.lines.values_list("rfq_line", "net")
    return {
        "document": document,
        "facts": facts,
        "terms": [term for term in terms if term.value],
        "payers": payers.of_award_lines(lines, document.currency),
    }
