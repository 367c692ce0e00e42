"""Every address of ours that names a document, for the documents of one company or one supplier."""

from __future__ import annotations

from django.urls import reverse

from contracts.agreements.models import Contract, Signature
from contracts.orders.models import Order
from procurement.bids.models import BidAttachment, BidVersion
from procurement.common.models import Delivery, Rendering
from procurement.evaluation.models import Award
from procurement.requisitions.models import Requisition, RequisitionDocument
from procurement.rfqs.models import Invitation, Rfq, RfqDocument
from tests.stories.test_every_url import ours
from workflows.approvals.models import ApprovalCase, ApprovalStep
from workflows.notices.models import Notice

SHARED = {"registry"}  # suppliers belong to the whole group
OF_RFQ = {
    "comparison", "picks", "adopt", "memo", "export", "results", "result", "scores", "award_create", "close",
}  # fmt: skip


def named_patterns():
    """(namespace, name, converters) of every address of ours."""
    for namespace, pattern, _route in ours():
        yield namespace, pattern.name, tuple(pattern.pattern.converters)


def keys_of(company):
    """What the first key of an address may be, by room and name."""
    requisitions = list(Requisition.objects.filter(company=company))
    rfqs = list(Rfq.objects.filter(company=company))
    return {
        "requisitions": requisitions,
        "rfqs": rfqs,
        "bids": rfqs,
        "awards": list(Award.objects.filter(company=company)),
        "contracts": list(Contract.objects.filter(company=company)),
        "orders": list(Order.objects.filter(company=company)),
        "inbox": list(ApprovalStep.objects.filter(case__company=company)),
        "notices": list(Notice.objects.filter(recipient__person__company=company)[:20]),
        "flows": list(ApprovalCase.objects.filter(company=company)),
        "operations": list(Delivery.objects.order_by("pk")[:5]),
    }


def subjects(namespace, name, keys):
    if namespace in {"requisitions", "rfqs", "bids", "inbox", "notices", "flows", "operations"}:
        return keys[namespace]
    if namespace == "office":
        return keys["requisitions"]
    if namespace == "evaluation":
        return keys["rfqs"] if name in OF_RFQ else keys["awards"]
    if namespace == "agreements":
        return keys["awards"] if name == "create" else keys["contracts"]
    if namespace == "orders":
        return keys["contracts"] if name == "draft" else keys["orders"]
    return []


def further(namespace, converters, subject):
    """Values of the keys after the first one."""
    extra = [name for name in converters if name != "pk"]
    if not extra:
        return [{}]
    if extra == ["document"]:
        model, owner = (RfqDocument, "rfq") if namespace == "rfqs" else (RequisitionDocument, "requisition")
        return [{"document": one.pk} for one in model.objects.filter(**{owner: subject})] or [{"document": 1}]
    if extra == ["attachment"]:
        return [{"attachment": one.pk} for one in BidAttachment.objects.filter(opened_bid__rfq=subject)] or [
            {"attachment": 1}
        ]
    if extra == ["bid"]:
        return [{"bid": one.pk} for one in subject.opened_bids.all()[:1]] or [{"bid": 1}]
    if extra == ["supplier"]:
        return [{"supplier": one.supplier_id} for one in subject.invitations.all()[:1]]
    if extra == ["extension"]:
        return [{"extension": one.pk} for one in subject.extensions.all()] or [{"extension": 1}]
    if extra == ["member"]:
        return [{"member": subject.officer_id}]
    if extra == ["matter"]:
        return [{"matter": "effects"}]
    if extra == ["number"]:
        return [{"number": max(subject.version, 1)}]
    if extra == ["public_id"]:
        scans = Signature.objects.filter(version__contract=subject, scan__isnull=False).select_related("scan")
        return [{"public_id": one.scan.public_id} for one in scans]
    raise AssertionError(f"unknown keys: {namespace} {extra}")


def sample(subjects, most):
    """Spread over the stages that there are."""
    return subjects if most is None or len(subjects) <= most else subjects[:: -(-len(subjects) // most)]


def staff_addresses(company, *, most=None):
    """Addresses of our side's pages about this company's documents, of `most` for each page or of all."""
    keys, found = keys_of(company), []
    for namespace, name, converters in named_patterns():
        if "pk" not in converters or namespace in SHARED | {"portal", "documents"}:
            continue
        for subject in sample(subjects(namespace, name, keys), most):
            found += [
                reverse(f"{namespace}:{name}", kwargs={"pk": subject.pk, **more})
                for more in further(namespace, converters, subject)
            ]
    renderings = Rendering.objects.filter(
        subject_type="agreements.contract", subject_id__in=[one.pk for one in keys["contracts"]]
    )
    for rendering in sample(list(renderings), most):
        found += [
            reverse(f"documents:{name}", args=[rendering.public_id])
            for name in ("show", "download", "state", "retry")
        ]
    return found


def portal_addresses(supplier, *, most=None):
    """Addresses of the suppliers' pages about what is this supplier's, as above."""
    invitations = list(Invitation.objects.filter(supplier=supplier).select_related("rfq"))
    contracts = list(Contract.objects.filter(supplier=supplier))
    orders = list(Order.objects.filter(supplier=supplier))
    versions = list(BidVersion.objects.filter(supplier=supplier).select_related("bid"))
    found = []
    for namespace, name, converters in named_patterns():
        if namespace != "portal" or not converters:
            continue
        if converters[:2] == ("public_id", "number"):
            kinds = [{"kind": kind} for kind in ("json", "sig", "pdf")] if "kind" in converters else [{}]
            values = [
                {"public_id": one.bid.public_id, "number": one.number, **kind}
                for one in versions
                for kind in kinds
            ]
        elif "contract" in name:
            values = [{"public_id": one.public_id} for one in contracts]
        elif "order" in name:
            values = [{"public_id": one.public_id} for one in orders]
        else:
            values = [{"public_id": one.public_id, **_more(converters, one)} for one in invitations]
        found += [reverse(f"portal:{name}", kwargs=one) for one in sample(values, most)]
    return found


def _more(converters, invitation):
    if "document" in converters:
        return {"document": invitation.rfq.documents.first().pk}
    if "file" in converters:
        return {"file": invitation.public_id}
    return {}
