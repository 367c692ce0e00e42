"""Signing: each side confirms the exact PDF, by version and SHA-256. When both have, the contract is active.

A side signs in its own door with a fresh log-in, or an officer uploads the countersigned scan and a second person
confirms it. Every act takes the contract's row first, so that of two at once one wins and the other is told who.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from contracts.agreements.models import Contract, ContractVersion, Signature
from contracts.agreements.permissions import can, supplier_can
from contracts.agreements.states import become, locked, moment_said, over, record
from procurement.accounts.models import User
from procurement.common import documents, files
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import AlreadyDone, RuleViolation, StaleEdit
from procurement.common.models import Rendering, StoredFile

Side, Method = Signature.Side, Signature.Method
Status = Contract.Status


class NotPrinted(RuleViolation):
    """The PDF that is to be signed is not there yet."""


class OtherText(StaleEdit):
    """What was read is not what is to be signed."""


class NotTheSigner(RuleViolation):
    """This person may not sign for that side."""


class NothingToConfirm(AlreadyDone):
    """There is no scan that waits."""


@dataclass(frozen=True, slots=True)
class Signable:
    """The latest version under the contract's lock, its PDF, and who has signed it."""

    contract: Contract
    version: ContractVersion
    rendering: Rendering
    signatures: list[Signature]

    def of(self, side: str) -> Signature | None:
        """The signature of one side, if there is one."""
        return next((one for one in self.signatures if one.side == side), None)


@transaction.atomic
def sign(
    *,
    contract_id: int,
    version_number: int,
    pdf_sha256: str,
    side: str,
    actor: User,
    clock: Clock = database_clock,
) -> Signature:
    """One side signs the PDF it has read. Whoever drafted the text does not sign it for the buyer."""
    contract = locked(contract_id)
    at = clock()
    _check_awaits(contract)
    _check_signer(contract, side, actor)
    signable = _signable(contract, version_number, pdf_sha256)
    taken = signable.of(side)
    if taken is not None:
        raise _taken(taken)
    if side == Side.BUYER and actor.pk in {contract.manager_id, signable.version.created_by_id}:
        raise NotTheSigner(_("Whoever drafted the contract does not sign it."))
    signature = Signature(
        side=side,
        method=Method.DOOR,
        signer=actor,
        signer_name=actor.get_full_name(),
        signed_at=at,
        confirmed_at=at,
        **_of(signable),
    )
    signature.save(force_insert=True)
    _record("contract.signed", signable, side=side, actor=actor, at=at)
    _activate_when_complete(signable, [*signable.signatures, signature], actor=actor, at=at)
    return signature


@transaction.atomic
def upload_scan(
    *,
    contract_id: int,
    version_number: int,
    upload: UploadedFile[Any],
    names: Mapping[str, str],
    actor: User,
    clock: Clock = database_clock,
) -> list[Signature]:
    """Keep the scan of the countersigned paper for the sides that have not signed in the system.

    `names` says who signed on paper, by side. The signatures count once a second person has confirmed the scan.
    """
    contract = locked(contract_id)
    at = clock()
    _check_awaits(contract)
    signable = _signable(contract, version_number)
    missing = [side for side in Side if signable.of(side) is None]
    if not missing:
        raise _taken(signable.signatures[-1])
    for side in missing:
        if not names.get(side, "").strip():
            raise RuleViolation(_("Say who signed."), field=f"{side}_name")
    scan = files.store_upload(upload, allowed=files.SCAN_TYPES, uploaded_by=actor)
    rows = Signature.objects.bulk_create(
        Signature(
            side=side,
            method=Method.SCAN,
            signer=actor,
            signer_name=names[side].strip()[:100],
            scan=scan,
            signed_at=at,
            **_of(signable),
        )
        for side in missing
    )
    _record("contract.scan_uploaded", signable, actor=actor, at=at, scan=scan)
    return rows


@transaction.atomic
def confirm_scan(*, contract_id: int, actor: User, clock: Clock = database_clock) -> None:
    """A second person has compared the scan with the PDF: the signatures on it count."""
    contract = locked(contract_id)
    at = clock()
    signable, waiting = _waiting(contract, actor)
    Signature.objects.filter(pk__in=[one.pk for one in waiting]).update(confirmed_by=actor, confirmed_at=at)
    for one in waiting:
        one.confirmed_at = at
    _record("contract.scan_confirmed", signable, actor=actor, at=at, scan=waiting[0].scan)
    _activate_when_complete(signable, signable.signatures, actor=actor, at=at)


@transaction.atomic
def refuse_scan(*, contract_id: int, reason: str, actor: User, clock: Clock = database_clock) -> None:
    """The scan is not the signed contract: it counts for nothing, and another may be uploaded."""
    contract = locked(contract_id)
    at = clock()
    if not reason.strip():
        raise RuleViolation(_("Say why."), field="reason")
    signable, waiting = _waiting(contract, actor)
    Signature.objects.filter(pk__in=[one.pk for one in waiting]).delete()
    _record("contract.scan_refused", signable, actor=actor, at=at, scan=waiting[0].scan)


def signable_now(contract: Contract) -> Signable | None:
    """The latest version with its PDF and signatures, to be shown; None before there is one."""
    if not contract.version:
        return None
    version = (
        ContractVersion.objects.filter(contract=contract, number=contract.version)
        .select_related("created_by")
        .first()
    )
    rendering = documents.find("contract", contract, version=contract.version)
    if version is None or rendering is None:
        return None
    return Signable(contract, version, rendering, _signatures(version))


# --- shared ---


def _signatures(version: ContractVersion) -> list[Signature]:
    rows = Signature.objects.filter(version=version).select_related("signer", "confirmed_by", "scan")
    return list(rows.order_by("pk"))


def _check_awaits(contract: Contract) -> None:
    if contract.status != Status.PENDING_SIGNATURE:
        raise over(contract)


def _check_signer(contract: Contract, side: str, actor: User) -> None:
    allowed = supplier_can if side == Side.SUPPLIER else can
    if not allowed(actor, "sign", contract):
        raise NotTheSigner(_("You may not sign for this side."))


def _signable(contract: Contract, version_number: int, pdf_sha256: str | None = None) -> Signable:
    """The version to be signed, if it is the one that was read. Raises OtherText or NotPrinted."""
    if version_number != contract.version:
        raise OtherText(_("There is a newer version of this contract. Read it before you sign."))
    signable = signable_now(contract)
    if signable is None or signable.rendering.file is None:
        raise NotPrinted(_("The PDF is not ready yet. Try again in a moment."))
    if pdf_sha256 is not None and pdf_sha256 != signable.rendering.file.sha256:
        raise OtherText(_("The PDF you read is not the one that is to be signed. Read it again."))
    return signable


def _waiting(contract: Contract, actor: User) -> tuple[Signable, list[Signature]]:
    """The scanned signatures that wait for a second person."""
    _check_awaits(contract)
    signable = _signable(contract, contract.version)
    waiting = [one for one in signable.signatures if one.confirmed_at is None]
    if not waiting:
        raise NothingToConfirm(_("There is no scan to be checked any more."))
    if any(one.signer_id == actor.pk for one in waiting):
        raise NotTheSigner(_("Somebody else must confirm the scan."))
    return signable, waiting


def _of(signable: Signable) -> dict[str, Any]:
    """What every signature of this version names."""
    assert signable.rendering.file is not None  # noqa: S101 - checked by _signable
    return {
        "version": signable.version,
        "drafter_id": signable.version.created_by_id,
        "rendering": signable.rendering,
        "pdf_sha256": signable.rendering.file.sha256,
    }


def _taken(signature: Signature) -> AlreadyDone:
    words = {"who": signature.signer, "when": moment_said(signature.signed_at)}
    if signature.confirmed_at is None:
        return AlreadyDone(_("%(who)s uploaded a scan on %(when)s; it is being checked.") % words)
    return AlreadyDone(_("%(who)s signed for this side on %(when)s.") % words)


def _record(
    verb: str,
    signable: Signable,
    *,
    actor: User,
    at: datetime,
    side: str = "",
    scan: StoredFile | None = None,
) -> None:
    """The event carries the digest of what was signed, or of the scan."""
    facts: dict[str, Any] = {"version": signable.version.number}
    if side:
        facts["side"] = side
    signed = _of(signable)["pdf_sha256"]
    record(
        verb,
        signable.contract,
        actor=actor,
        at=at,
        facts=facts,
        content_hash=scan.sha256 if scan else signed,
    )


def _activate_when_complete(
    signable: Signable, signatures: list[Signature], *, actor: User, at: datetime
) -> None:
    if {one.side for one in signatures if one.confirmed_at is not None} != set(Side.values):
        return
    contract = signable.contract
    become(contract, Status.ACTIVE, activated_at=at)
    documents.request("signature_page", contract, version=contract.version, language=contract.language)
    record(
        "contract.active",
        contract,
        actor=actor,
        at=at,
        facts={"version": contract.version},
        content_hash=contract.document_hash,
    )
