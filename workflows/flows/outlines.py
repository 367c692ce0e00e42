"""What a document says, as plain data, so that a later round can be laid beside it.

A key that ends in `_on` is a day and one that ends in `_at` a moment, both as ISO text; a pair is a name and its
English companion; a measure is a figure and the code of its unit; everything else is text as it is read. Lines are
told by a key that never changes owner.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.html import strip_tags

from contracts.agreements.models import ContractVersion
from procurement.catalog.models import Unit
from procurement.common.figures import amount_text, price_text, quantity_text
from procurement.evaluation.models import Award
from procurement.organization.models import Named
from procurement.requisitions.models import Requisition, RequisitionLine
from procurement.rfqs.models import Rfq, RfqLineVersion
from workflows.approvals.handlers import Words
from workflows.approvals.models import ApprovalCase

LISTED = 300  # characters of a list of names


def requisition(case: ApprovalCase) -> Words | None:
    """A request, as long as it is the one that was sent."""
    document = Requisition.objects.filter(pk=case.document_id, document_hash=case.document_hash).first()
    if document is None:
        return None
    lines = document.lines.select_related("unit", "cost_centre", "project", "delivery_place")
    return {
        "title": document.title,
        "purpose": document.purpose,
        "net": amount_text(document.net, document.currency),
        "documents": _listed(document.documents.order_by("pk").values_list("title", flat=True)),
        "lines": {str(line.pk): _requested(line, document.currency) for line in lines},
    }


def _requested(line: RequisitionLine, currency: str) -> Words:
    return {
        "name": line.description,
        "specification": line.specification,
        "quantity": _measure(quantity_text(line.quantity), line.unit),
        "unit_price": price_text(line.unit_price, currency),
        "needed_on": line.need_date.isoformat(),
        "cost_centre": _pair(line.cost_centre),
        "project": _pair(line.project) if line.project else "",
        "place": _pair(line.delivery_place),
    }


def rfq(case: ApprovalCase) -> Words | None:
    """An RFQ, as long as it is the one that was sent."""
    document = Rfq.objects.filter(pk=case.document_id, document_hash=case.document_hash).first()
    if document is None:
        return None
    zone = ZoneInfo(document.time_zone)
    criteria = (f"{one.name} {quantity_text(one.weight)} %" for one in document.criteria.all())
    invited = document.invitations.order_by("supplier__name").values_list("supplier__name", flat=True)
    return {
        "title": document.title,
        "scope": document.scope,
        "opens_at": _moment(document.opens_at, zone),
        "closes_at": _moment(document.closes_at, zone),
        "payment": document.payment_terms,
        "incoterm": f"{document.incoterm} {document.incoterm_place}".strip(),
        "validity_days": str(document.bid_validity_days),
        "criteria": _listed(criteria),
        "suppliers": _listed(invited),
        "documents": _listed(document.documents.order_by("pk").values_list("title", flat=True)),
        "estimate": amount_text(document.estimate, document.currency),
        "lines": {
            str(version.line_id): _asked(version, document.currency) for version in _versions(document)
        },
    }


def _versions(document: Rfq) -> Iterable[RfqLineVersion]:
    rows = RfqLineVersion.objects.filter(line__rfq=document, revision=document.revision)
    return rows.select_related("unit").order_by("line__position")


def _asked(version: RfqLineVersion, currency: str) -> Words:
    return {
        "name": version.description,
        "specification": version.specification,
        "quantity": _measure(quantity_text(version.quantity), version.unit),
        "unit_estimate": price_text(version.estimate, currency),
        "needed_on": version.need_date.isoformat() if version.need_date else "",
    }


def award(case: ApprovalCase) -> Words | None:
    """An award, as long as it is the one that was sent: who gets each line, and at which price."""
    document = Award.objects.filter(pk=case.document_id, document_hash=case.document_hash).first()
    if document is None:
        return None
    versions = RfqLineVersion.objects.filter(line__rfq=document.rfq_id).select_related("unit")
    said = {version.line_id: version for version in versions.order_by("revision")}
    shares: dict[int, list[Any]] = defaultdict(list)
    for share in document.lines.select_related("supplier").order_by("rfq_line__position", "pk"):
        shares[share.rfq_line_id].append(share)
    return {
        "justification": document.justification,
        "net": amount_text(document.net, document.currency),
        "lines": {
            str(line): {
                "name": said[line].description,
                "supplier": _listed(share.supplier.label for share in own),
                "quantity": _measure(
                    " + ".join(quantity_text(share.quantity) for share in own), said[line].unit
                ),
                "unit_price": " + ".join(price_text(share.unit_price, share.currency) for share in own),
                "net": amount_text(sum((share.eval_net for share in own), Decimal(0)), document.currency),
            }
            for line, own in shares.items()
        },
    }


def contract(case: ApprovalCase) -> Words | None:
    """A contract's version of that round; versions are written once, so it can always be told."""
    versions = ContractVersion.objects.filter(contract=case.document_id, content_hash=case.document_hash)
    version = versions.order_by("-number").first()
    if version is None:
        return None
    content = version.content
    terms = content["terms"]
    return {
        "title": content["title"],
        "net": content["net"],
        "starts_on": terms["starts_on"],
        "ends_on": terms["ends_on"],
        "delivery": terms["delivery"],
        "payment": terms["payment"],
        "warranty_months": str(terms["warranty_months"]),
        "lines": {
            f"{clause['code']} {place}": {
                "name": [clause["title"], clause["title_en"]],
                "text": [strip_tags(row["zh"]), strip_tags(row["en"])],
            }
            for clause in content["clauses"]
            for place, row in enumerate(clause["rows"])
        },
    }


def _pair(named: Named) -> list[str]:
    return [named.name, named.name_en]


def _measure(figure: str, unit: Unit) -> dict[str, str]:
    return {"figure": figure, "unit": unit.code}


def _listed(names: Iterable[str]) -> str:
    """Names in a row; a very long one ends in dots."""
    text = ", ".join(names)
    return text if len(text) <= LISTED else f"{text[:LISTED]}…"


def _moment(at: datetime | None, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat() if at else ""
