"""What happens to a contract from the award until it is to be signed. Signing itself is in `signing`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, Min, Sum
from django.utils.translation import gettext as _

from contracts.agreements import content
from contracts.agreements.clauses import Source, check
from contracts.agreements.models import (
    Contract,
    ContractClause,
    ContractLine,
    ContractTemplate,
    ContractVersion,
    Signature,
)
from contracts.agreements.signing import confirm_scan as confirm_scan
from contracts.agreements.signing import refuse_scan as refuse_scan
from contracts.agreements.signing import sign as sign
from contracts.agreements.signing import upload_scan as upload_scan
from contracts.agreements.states import become, locked, moment_said, over, record
from procurement.accounts.models import User
from procurement.bids.models import BidLine
from procurement.common import documents, events, money, wording
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import AlreadyDone, RuleViolation, StaleEdit
from procurement.common.locks import lock
from procurement.common.numbering import next_number
from procurement.evaluation.models import Award, AwardLine
from procurement.rfqs.models import Rfq, RfqLineVersion
from suppliers.registry.models import Supplier
from workflows.approvals.facts import LONGEST_ANSWER, ApprovalFacts
from workflows.approvals.models import ApprovalCase, DocumentType, Flag
from workflows.approvals.services import withdraw_case
from workflows.engine import services as engine

Status = Contract.Status
DEFAULT_WARRANTY = 12
DEFAULT_NOTICE = 60


class NotAwarded(RuleViolation):
    """The award is not active, or gives this supplier nothing."""


class NotReady(RuleViolation):
    """Something is missing before the contract can be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an officer settles in the draft."""

    title: str
    template: ContractTemplate
    language: str = Contract.Language.BOTH
    starts_on: date | None = None
    ends_on: date | None = None
    delivery_terms: str = ""
    payment_terms: str = ""
    warranty_months: int = DEFAULT_WARRANTY
    special_terms: str = ""
    notice_days: int = DEFAULT_NOTICE


# --- draft ---


@transaction.atomic
def draft_from_award(
    *,
    award_id: int,
    supplier_id: int,
    template: ContractTemplate | None = None,
    actor: User,
    clock: Clock = database_clock,
    origin: str = "live",
) -> Contract:
    """Draft one supplier's contract out of an active award, its lines carried (F106)."""
    award = lock(Award.objects.select_related("rfq", "company").filter(pk=award_id))
    at = clock()
    awarded = _awarded_lines(award, supplier_id)
    _check_not_drafted(award, supplier_id)
    contract = Contract.objects.create(
        number=next_number(sequence="contracts_number", prefix="CT", company_code=award.company.code, at=at),
        award=award,
        company=award.company,
        supplier_id=supplier_id,
        manager=actor,
        template=template or _usual_template(),
        currency=awarded[0].currency,
        origin=origin,
        created_at=at,
        **_proposed(award, awarded),
    )
    lines = ContractLine.objects.bulk_create(_carried(contract, award.rfq, awarded))
    events.record(
        "contract.drafted",
        subject=contract,
        actor=actor,
        at=at,
        rfq_id=award.rfq_id,
        facts={"award": award.number, "supplier": supplier_id, "lines": len(lines)},
    )
    return contract


def _awarded_lines(award: Award, supplier_id: int) -> list[AwardLine]:
    if award.status != Award.Status.ACTIVE:
        raise NotAwarded(_("The award is not active, so there is nothing to contract for yet."))
    lines = list(
        AwardLine.objects.filter(award=award, supplier=supplier_id)
        .select_related("rfq_line", "opened_bid")
        .order_by("rfq_line__position", "pk")
    )
    if not lines:
        raise NotAwarded(_("This award gives nothing to that supplier."))
    return lines


def _check_not_drafted(award: Award, supplier_id: int) -> None:
    drafted = Contract.objects.filter(award=award, supplier=supplier_id).exclude(status=Status.CANCELLED)
    first = drafted.select_related("manager").first()
    if first is not None:
        raise AlreadyDone(
            _("%(who)s drafted %(contract)s for this award on %(when)s.")
            % {"who": first.manager, "contract": first.number, "when": moment_said(first.created_at)}
        )


def _usual_template() -> ContractTemplate:
    template = ContractTemplate.objects.filter(is_active=True).order_by("pk").first()
    if template is None:
        raise NotReady(_("There is no contract template in use. An administrator must add one."))
    return template


def _proposed(award: Award, awarded: Sequence[AwardLine]) -> dict[str, Any]:
    """Terms as the RFQ and the bid have them, for the officer to settle."""
    rfq, bid = award.rfq, awarded[0].opened_bid
    freight = _freight(award, awarded)
    sums = money.totals([*((line.net, line.tax) for line in awarded), (freight, Decimal(0))])
    delivery = f"{rfq.incoterm} {rfq.incoterm_place}".strip() if rfq.incoterm else rfq.incoterm_place
    warranty = BidLine.objects.filter(
        opened_bid=bid, rfq_line__in=[line.rfq_line_id for line in awarded]
    ).aggregate(months=Min("warranty_months"))["months"]
    return {
        "title": rfq.title,
        "net": sums.net,
        "tax": sums.tax,
        "freight": freight,
        "delivery_terms": delivery or "见采购订单 As stated in the purchase orders",
        "payment_terms": bid.payment_terms or rfq.payment_terms or "收货并收到发票后 30 日内 Within 30 days of receipt and invoice",
        "warranty_months": DEFAULT_WARRANTY if warranty is None else warranty,
    }  # fmt: skip


def _freight(award: Award, awarded: Sequence[AwardLine]) -> Decimal:
    """What the award gives the supplier for freight; nothing is asked where its bid charges none."""
    if not any(line.opened_bid.freight for line in awarded):
        return Decimal(0)
    charged = award.freights.filter(supplier=awarded[0].supplier_id)
    return charged.aggregate(amount=Sum("amount", default=Decimal(0)))["amount"]  # type: ignore[no-any-return]


def _carried(contract: Contract, rfq: Rfq, awarded: Sequence[AwardLine]) -> list[ContractLine]:
    versions = RfqLineVersion.objects.filter(
        line__in=[line.rfq_line_id for line in awarded], revision__lte=rfq.revision
    ).order_by("line_id", "-revision")
    said = {version.line_id: version for version in versions.distinct("line_id")}
    return [
        ContractLine(
            contract=contract,
            position=position,
            award_line=line,
            rfq_line=line.rfq_line,
            description=said[line.rfq_line_id].description,
            specification=said[line.rfq_line_id].specification,
            quantity=line.quantity,
            unit_id=said[line.rfq_line_id].unit_id,
            unit_price=line.unit_price,
            price_per=line.price_per,
            discount=line.discount,
            tax_rate=line.tax_rate,
            net=line.net,
            tax=line.tax,
            lead_time_days=line.lead_time_days,
        )
        for position, line in enumerate(awarded, start=1)
    ]


@transaction.atomic
def update(
    *,
    contract_id: int,
    terms: Terms,
    edit_version: int,
    actor: User,
    sources: Sequence[Source] | None = None,
    clock: Clock = database_clock,
) -> None:
    """Settle the draft's terms, and its clauses where `sources` are given. Raises StaleEdit when somebody else saved meanwhile.

    Clauses that are word for word those of the template are not kept: the contract follows its template then. Another
    template brings its own clauses.
    """
    contract = locked(contract_id)
    at = clock()
    _check_editable(contract)
    if contract.edit_version != edit_version:
        raise StaleEdit(_("Somebody else changed this contract meanwhile. Look at it again."))
    if terms.starts_on and terms.ends_on and terms.ends_on < terms.starts_on:
        raise RuleViolation(_("The period ends before it starts."), field="ends_on")
    if terms.template != contract.template:
        ContractClause.objects.filter(contract=contract).delete()
    elif sources is not None:
        _keep_clauses(contract, sources)
    settled = {column.name: getattr(terms, column.name) for column in fields(terms)}
    Contract.objects.filter(pk=contract_id).update(edit_version=F("edit_version") + 1, **settled)
    record("contract.changed", contract, actor=actor, at=at)


def _keep_clauses(contract: Contract, sources: Sequence[Source]) -> None:
    if not sources:
        raise RuleViolation(_("A contract has at least one clause."))
    codes = {source.code for source in sources}
    if len(codes) < len(sources):
        raise RuleViolation(_("A clause is there twice."))
    for source in sources:
        for text in (source.body, source.body_en):
            check(text, clause=source.title, codes=codes)
    ContractClause.objects.filter(contract=contract).delete()
    usual = [source.settled() for source in content.template_sources(contract.template)]
    if [source.settled() for source in sources] != usual:
        ContractClause.objects.bulk_create(
            ContractClause(contract=contract, position=position, **asdict(source))
            for position, source in enumerate(sources, start=1)
        )


# --- approval ---


@transaction.atomic
@events.gathered()
def submit(*, contract_id: int, actor: User, answer: str = "", clock: Clock = database_clock) -> Contract:
    """Freeze the text as a new version and ask for approval; below every limit it goes straight to signature."""
    contract = locked(contract_id)
    at = clock()
    _check_editable(contract)
    lines = content.lines_of(contract)
    version = _freeze(contract, lines, actor=actor, at=at)
    become(
        contract,
        Status.IN_APPROVAL,
        version=version.number,
        document_hash=version.content_hash,
        round=contract.round + 1,
        submitted_at=at,
        status_reason="",
    )
    record(
        "contract.submitted",
        contract,
        actor=actor,
        at=at,
        facts={"version": version.number},
        content_hash=version.content_hash,
    )
    engine.launch(
        "contract",
        subject=contract,
        facts=facts_of(contract, actor, answer=answer),
        actor=actor,
        clock=lambda: at,
    )
    return contract


def _freeze(
    contract: Contract, lines: Sequence[ContractLine], *, actor: User, at: datetime
) -> ContractVersion:
    if not lines:
        raise NotReady(_("The contract has no lines."))
    number = contract.version + 1
    text = content.content_of(contract, lines=lines, version=number, at=at)
    return ContractVersion.objects.create(
        contract=contract,
        number=number,
        content=text,
        content_hash=wording.digest_of(text),
        created_by=actor,
        created_at=at,
    )


def facts_of(contract: Contract, actor: User, *, answer: str = "") -> ApprovalFacts:
    """What approval rules are matched against, and what approvers see first."""
    stranger = contract.supplier.status != Supplier.Status.ACTIVE
    lines = contract.lines.values("rfq_line")
    categories = RfqLineVersion.objects.filter(line__in=lines).values_list("category", flat=True).distinct()
    return ApprovalFacts(
        document_type=DocumentType.CONTRACT,
        document_id=contract.pk,
        round=contract.round,
        title=contract.title,
        number=contract.number,
        requester=actor,
        company_id=contract.company_id,
        department_id=None,
        category_ids=tuple(sorted(set(categories))),
        amount=contract.net,
        currency=contract.currency,
        document_hash=contract.document_hash,
        rfq_id=contract.award.rfq_id,
        procedure=contract.award.rfq.preset.code,
        flags=frozenset({Flag.NEW_SUPPLIER.value} if stranger else ()),
        answer=answer.strip()[:LONGEST_ANSWER],
    )


def send_for_signature(*, contract_id: int, actor: User, at: datetime, case: ApprovalCase | None) -> None:
    """Approved: the text goes to print, and to both sides to be signed."""
    contract = locked(contract_id)
    _check_in_approval(contract)
    become(contract, Status.PENDING_SIGNATURE)
    documents.request("contract", contract, version=contract.version, language=contract.language)
    record(
        "contract.sent_for_signature",
        contract,
        actor=actor,
        at=at,
        facts={"version": contract.version},
        content_hash=contract.document_hash,
    )


def send_back(*, contract_id: int, actor: User | None, at: datetime, case: ApprovalCase | None) -> None:
    """Returned with a question: the officer may change it and send it again."""
    contract = locked(contract_id)
    _check_in_approval(contract)
    become(contract, Status.RETURNED)
    record("contract.returned", contract, actor=actor, at=at)


def reject(*, contract_id: int, actor: User, at: datetime, case: ApprovalCase | None) -> None:
    """Refused for good: this contract is over; the award may be contracted for anew."""
    contract = locked(contract_id)
    _check_in_approval(contract)
    become(contract, Status.CANCELLED, status_reason=_("Rejected in approval."))
    record("contract.rejected", contract, actor=actor, at=at)


@transaction.atomic
def withdraw(*, contract_id: int, actor: User, clock: Clock = database_clock) -> None:
    """Take it back out of approval, to change it."""
    contract = locked(contract_id)
    at = clock()
    _check_in_approval(contract)
    withdraw_case(document_type=DocumentType.CONTRACT, document_id=contract_id, actor=actor, at=at)
    become(contract, Status.DRAFT)
    record("contract.withdrawn", contract, actor=actor, at=at)


# --- before it is active ---


@transaction.atomic
def recall(*, contract_id: int, reason: str, actor: User, clock: Clock = database_clock) -> None:
    """Back to the draft while it is being signed. Signatures of this version count no more."""
    contract = locked(contract_id)
    at = clock()
    if contract.status != Status.PENDING_SIGNATURE:
        raise over(contract)
    become(contract, Status.RETURNED, status_reason=reason[:300])
    Signature.objects.filter(version__contract=contract, confirmed_at__isnull=True).delete()
    record(
        "contract.returned",
        contract,
        actor=actor,
        at=at,
        facts={"recalled": True, "version": contract.version},
    )


@transaction.atomic
def cancel(*, contract_id: int, reason: str, actor: User, clock: Clock = database_clock) -> None:
    """There will be no such contract; the award may be contracted for anew."""
    contract = locked(contract_id)
    at = clock()
    if contract.status not in {Status.DRAFT, Status.RETURNED, Status.PENDING_SIGNATURE}:
        raise over(contract)
    if not reason.strip():
        raise RuleViolation(_("Say why."), field="reason")
    become(contract, Status.CANCELLED, status_reason=reason.strip()[:300])
    record("contract.cancelled", contract, actor=actor, at=at)


# --- its end ---


@transaction.atomic
def decide_renewal(
    *, contract_id: int, decision: str, note: str, actor: User, clock: Clock = database_clock
) -> None:
    """Say, before an active contract ends, whether it is to be renewed or let run out; may be said again."""
    contract = locked(contract_id)
    at = clock()
    if contract.status != Status.ACTIVE or contract.ends_on is None:
        raise over(contract)
    if decision not in Contract.Renewal.values:
        raise RuleViolation(_("Say what is to become of it."), field="decision")
    become(contract, contract.status, renewal=decision, renewal_note=note.strip()[:300])
    record("contract.renewal_decided", contract, actor=actor, at=at, facts={"decision": decision})


def _check_editable(contract: Contract) -> None:
    if contract.status not in Contract.EDITABLE:
        raise over(contract)


def _check_in_approval(contract: Contract) -> None:
    if contract.status != Status.IN_APPROVAL:
        raise over(contract)
