"""What this room prints: the invitation to quote (询价邀请), as it was sent out.

It says what every invited supplier may know and nothing else: not who is invited, and the estimate only where the
procedure shows it to bidders. Each time the RFQ goes out anew, the print is one version later.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from procurement.common import documents, events, wording
from procurement.common.documents import Document, Issuer
from procurement.common.figures import amount_text, quantity_text
from procurement.common.locks import lock
from procurement.common.models import Event, Rendering
from procurement.rfqs.models import Criterion, Invitation, Rfq, RfqLineVersion
from procurement.rfqs.permissions import visible_to
from suppliers.registry.access import member_of

TEMPLATE = "rfq"
PRINTED_ANEW = ("rfq.published", "rfq.deadline_extended")  # what bidders read has changed
METHODS = {
    Criterion.Kind.PRICE: (
        "最低有效报价得满分，其余按比例",
        "Lowest valid price scores full; others pro rata",
    ),
    Criterion.Kind.DELIVERY: ("按承诺的交货天数计算", "Computed from the days of delivery offered"),
    Criterion.Kind.QUALITY: ("由评审人独立评分", "Scored by evaluators independently"),
}


def register() -> None:
    """Make it known, and have it printed whenever an RFQ goes out."""
    documents.register(
        TEMPLATE, label=_("Invitation to quote"), subject_model=Rfq, builder=invitation, may_view=may_view
    )
    events.subscribe("rfq_prints", verbs=PRINTED_ANEW, handle=print_anew)


def print_anew(event: Event) -> None:
    """An RFQ went out, or its deadline moved: one version more. The row is held, so that no two ask for the same."""
    if event.rfq_id is not None:
        issue(lock(Rfq.objects.filter(pk=event.rfq_id)))


def issue(rfq: Rfq) -> Rendering:
    """Print it as it goes out now. The caller holds the row."""
    return documents.request_next(TEMPLATE, rfq)


def latest(rfq: Rfq) -> Rendering | None:
    """The print of what is in force, once it was requested."""
    return documents.latest(TEMPLATE, rfq)


def may_view(user: Any, rendering: Rendering) -> bool:
    """Our side as it may see the RFQ; a supplier that is invited to it, once it is out."""
    if not getattr(user, "is_supplier", False):
        return visible_to(user).filter(pk=rendering.subject_id).exists()
    member = member_of(user)
    invited = Invitation.objects.filter(rfq=rendering.subject_id, rfq__published_at__isnull=False)
    return member is not None and invited.filter(supplier=member.supplier_id).exists()


def invitation(rfq_id: int, version: int, language: str) -> Document:
    """The RFQ as bidders read it."""
    rfq = Rfq.objects.select_related("company", "officer__person", "preset").get(pk=rfq_id)
    text = content_of(rfq)
    company = rfq.company
    return Document(
        title=f"询价邀请 Invitation to Quote {rfq.title}",
        number=rfq.number or "",
        created=rfq.published_at or rfq.created_at,
        issuer=Issuer(name=company.name, name_en=company.name_en, address=company.address),
        digest=wording.digest_of({**text, "issue": version}),
        context={"rfq": text, "issue": version, "opens_at": rfq.opens_at, "closes_at": rfq.closes_at},
        time_zone=rfq.time_zone,
    )


def content_of(rfq: Rfq) -> dict[str, Any]:
    """What the invitation says, as plain data."""
    return {
        "number": rfq.number,
        "revision": rfq.revision,
        "title": rfq.title,
        "scope": [part.strip() for part in rfq.scope.splitlines() if part.strip()],
        "procedure": rfq.preset.name,
        "procedure_en": rfq.preset.name_en,
        "openers": rfq.openers_required,
        "opens_at": rfq.opens_at,
        "closes_at": rfq.closes_at,
        "time_zone": rfq.time_zone,
        "currency": rfq.currency,
        "bid_currencies": ", ".join(rfq.bid_currencies or [rfq.currency]),
        "is_gross": rfq.price_basis == Rfq.PriceBasis.GROSS,
        "rate_rule": rfq.rate_rule,
        "delivery": f"{rfq.incoterm} {rfq.incoterm_place}".strip(),
        "payment": rfq.payment_terms,
        "validity_days": rfq.bid_validity_days,
        "estimate": amount_text(rfq.estimate, rfq.currency) if rfq.estimate_visible else "",
        "officer": str(rfq.officer),
        "position": _position(rfq),
        "email": rfq.officer.email,
        "phone": rfq.company.phone,
        "criteria": [_criterion(one) for one in rfq.criteria.all()],
        "documents": [
            {"title": paper.title, "name": paper.file.name, "sha256": paper.file.sha256}
            for paper in rfq.documents.select_related("file")
        ],
        "lines": [_line(line) for line in _lines_of(rfq)],
    }


def _position(rfq: Rfq) -> str:
    person = getattr(rfq.officer, "person", None)
    return person.job_title if person else ""


def _criterion(criterion: Criterion) -> dict[str, str]:
    method, method_en = METHODS[Criterion.Kind(criterion.kind)]
    return {
        "name": criterion.name,
        "method": method,
        "method_en": method_en,
        "weight": quantity_text(criterion.weight),
    }


def _lines_of(rfq: Rfq) -> list[RfqLineVersion]:
    """Each line as the latest published revision has it."""
    versions = RfqLineVersion.objects.filter(line__rfq=rfq, revision__lte=rfq.revision, published=True)
    latest_first = versions.order_by("line__position", "line_id", "-revision").distinct(
        "line__position", "line_id"
    )
    return list(latest_first.select_related("line", "unit", "delivery_place"))


def _line(version: RfqLineVersion) -> dict[str, Any]:
    place, unit = version.delivery_place, version.unit
    return {
        "position": version.line.position,
        "description": version.description,
        "specification": version.specification,
        "quantity": quantity_text(version.quantity),
        "unit": unit.name,
        "unit_en": unit.symbol or unit.name_en or unit.code,
        "tax_rate": quantity_text(version.tax_rate * 100),
        "needed_by": version.need_date.isoformat() if version.need_date else "–",
        "place": place.name if place else "",
        "place_en": place.name_en if place else "",
    }
