"""What this room prints: the contract itself, and the page that lists both signatures."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from contracts.agreements.models import Contract, ContractVersion, Signature
from contracts.agreements.permissions import supplier_contracts, visible_to
from procurement.common import documents, wording
from procurement.common.documents import Document, Issuer
from procurement.common.models import Rendering
from procurement.organization.models import Company

TITLES = {documents.ENGLISH: "Purchase Contract", documents.CHINESE: "采购合同"}


def register() -> None:
    """Make both known."""
    documents.register(
        "contract", label=_("Contract"), subject_model=Contract, builder=contract, may_view=may_view
    )
    documents.register(
        "signature_page",
        label=_("Signature page"),
        subject_model=Contract,
        builder=signature_page,
        may_view=may_view,
    )


def may_view(user: Any, rendering: Rendering) -> bool:
    """Our side as it may see the contract; the supplier its own, once it is to be signed."""
    mine = supplier_contracts(user) if getattr(user, "is_supplier", False) else visible_to(user)
    return mine.filter(pk=rendering.subject_id).exists()


def issuer_of(company: Company) -> Issuer:
    """The buying company's letterhead."""
    return Issuer(name=company.name, name_en=company.name_en, address=company.address)


def contract(contract_id: int, version: int, language: str) -> Document:
    """The contract as a version has it, nothing else: what was approved is what is printed."""
    found = _version(contract_id, version)
    return _document(found, digest=found.content_hash, number=f"{found.contract.number}")


def draft_of(contract: Contract, text: dict[str, Any]) -> Document:
    """The contract as somebody is typing it: a draft that is not on record."""
    return Document(
        title=_title(text),
        number=contract.number,
        created=contract.created_at,
        issuer=issuer_of(contract.company),
        digest="",
        context={"contract": text},
        status="draft",
        time_zone=text["time_zone"],
    )


def signature_page(contract_id: int, version: int, language: str) -> Document:
    """Who signed which PDF, when and how."""
    found = _version(contract_id, version)
    rows = Signature.objects.filter(version=found, confirmed_at__isnull=False)
    signatures = [_said(one) for one in rows.select_related("confirmed_by", "scan").order_by("side")]
    signed_at = max(one["signed_at"] for one in signatures)
    said = [{**one, "signed_at": one["signed_at"].isoformat()} for one in signatures]
    digest = wording.digest_of({"content": found.content_hash, "signatures": said})
    document = _document(found, digest=digest, number=found.contract.number, signatures=signatures)
    return Document(
        title=f"签署页 Signature page {document.title}",
        number=document.number,
        created=signed_at,
        issuer=document.issuer,
        digest=digest,
        context=document.context,
        time_zone=document.time_zone,
    )


def _version(contract_id: int, version: int) -> ContractVersion:
    return ContractVersion.objects.select_related("contract__company").get(
        contract=contract_id, number=version
    )


def _document(found: ContractVersion, *, digest: str, number: str, **context: Any) -> Document:
    text = found.content
    return Document(
        title=_title(text),
        number=number,
        created=found.created_at,
        issuer=issuer_of(found.contract.company),
        digest=digest,
        context={"contract": text, **context},
        time_zone=text["time_zone"],
    )


def _title(text: dict[str, Any]) -> str:
    return f"{text['title']} {TITLES.get(text['language'], '采购合同 Purchase Contract')}"


def _said(signature: Signature) -> dict[str, Any]:
    return {
        "side": signature.side,
        "name": signature.signer_name,
        "signed_at": signature.signed_at,
        "method": signature.method,
        "confirmed_by": str(signature.confirmed_by or ""),
        "pdf_sha256": signature.pdf_sha256,
        "scan_sha256": signature.scan.sha256 if signature.scan else "",
    }
