"""What happens to an award (授标) from the officer's proposal until it is decided.

An award that is alive (proposed, in approval, returned, active) holds its quantities on the RFQ's lines; the
database lets no quantity be held twice. Amounts follow from the bid's own prices and the quantity awarded, and from
the freight it states, which the net amount includes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.bids.models import OpeningConfirmation
from procurement.common import documents, events
from procurement.common.clock import Clock, database_clock
from procurement.common.components import Turn
from procurement.common.errors import AlreadyDone, RuleViolation, StaleEdit
from procurement.common.figures import listed, moment_text
from procurement.common.locks import lock
from procurement.common.models import Event
from procurement.common.numbering import next_number
from procurement.evaluation import freights, picks, scoring, withdrawals
from procurement.evaluation.canonical import document_hash
from procurement.evaluation.choices import Choice, Priced, check_bids, priced, today_of
from procurement.evaluation.models import Award, AwardFreight, AwardLine, Score
from procurement.evaluation.permissions import can, can_compare
from procurement.rfqs import services as rfqs
from procurement.rfqs.models import Allocation, Criterion, Rfq, RfqLineVersion
from suppliers.registry.models import Supplier
from suppliers.registry.services import keeping_out, refuse_kept_out
from workflows.approvals.chain import preview as chain_preview
from workflows.approvals.facts import LONGEST_ANSWER, ApprovalFacts
from workflows.approvals.models import ApprovalCase, DocumentType, Flag
from workflows.approvals.services import withdraw_case
from workflows.engine import services as engine

__all__ = ["Choice", "activate", "cancel", "change", "propose", "reject", "send_back", "submit", "withdraw"]

Status = Award.Status
LONGEST_REASON = 500
# Rooms above say why an active award may not be cancelled any more: a contract was drafted from it.
Holder = Callable[[Award], str]
holders: dict[str, Holder] = {}


class NotNow(AlreadyDone):
    """The award is in a state that does not allow this any more."""


class NotReady(RuleViolation):
    """The award cannot be sent for approval yet."""


class MayNotAward(RuleViolation):
    """Awards are the officers' work."""


def hold(name: str, holder: Holder) -> None:
    """Let a room above keep an award from being cancelled: `holder(award)` answers with the reason, or nothing."""
    holders[name] = holder


@transaction.atomic
def propose(
    *,
    rfq_id: int,
    choices: Sequence[Choice],
    justification: str,
    actor: User,
    clock: Clock = database_clock,
    origin: str = "live",
) -> Award:
    """Recommend who supplies what; the quantities are held from now on.

    Raises AlreadyAwarded when another award was faster, WrongChoice for what was not offered, BidExpired.
    """
    rfq = lock(Rfq.objects.select_related("company").filter(pk=rfq_id))
    at = clock()
    if not can_compare(actor, "award", rfq):
        raise _not_open(rfq) if rfq.opened_at is None else MayNotAward(_("You may not award this RFQ."))
    said = priced(rfq, choices, at=at)
    award = Award.objects.create(
        number=next_number(sequence="awards_number", prefix="AW", company_code=rfq.company.code, at=at),
        rfq=rfq,
        company_id=rfq.company_id,
        justification=justification.strip(),
        currency=rfq.currency,
        origin=origin,
        created_by=actor,
        created_at=at,
        **said.sums,
    )
    _write(award, said)
    _reserve(award, said.lines)
    _record("award.created", award, actor, at, {"lines": len(said.lines)})
    return award


@transaction.atomic
def change(
    *,
    award_id: int,
    choices: Sequence[Choice],
    justification: str,
    actor: User,
    edit_version: int | None = None,
    clock: Clock = database_clock,
) -> Award:
    """Recommend otherwise, before the award is sent or after it came back."""
    award = _locked(award_id)
    at = clock()
    _check_editable(award, actor, edit_version)
    said = priced(award.rfq, choices, at=at, besides=award)
    rfqs.release_award(_by_line(award.lines.all()))
    award.lines.all().delete()
    award.freights.all().delete()
    _write(award, said)
    _reserve(award, said.lines)
    _update(award, justification=justification.strip(), edit_version=award.edit_version + 1, **said.sums)
    _record("award.changed", award, actor, at, {"lines": len(said.lines)})
    return award


@transaction.atomic
@events.gathered()
def submit(
    *,
    award_id: int,
    actor: User,
    justification: str | None = None,
    answer: str = "",
    clock: Clock = database_clock,
) -> Award:
    """Send the award for approval: freeze it, then ask the people whom the rules name.

    `justification` is the last word on why, where it is given here. Below every limit nobody is asked, and it is active at once. Raises NotReady, BidExpired.
    """
    award = _locked(award_id)
    at = clock()
    _check_editable(award, actor, None)
    if justification is not None and justification.strip() != award.justification:
        _update(award, justification=justification.strip(), edit_version=award.edit_version + 1)
    if not award.justification.strip():
        raise NotReady(_("Say why these bids are recommended."), field="justification")
    lines, criteria = lines_of(award), scoring.scored_criteria(award.rfq)
    check_ready(award, lines, criteria, at=at)
    _update(
        award,
        status=Status.IN_APPROVAL,
        round=award.round + 1,
        submitted_at=at,
        document_hash=document_hash(award, lines, freights.of(award, lines)),
    )
    _record("award.submitted", award, actor, at, {"round": award.round}, hashed=True)
    facts = facts_of(award, lines, sender=actor, answer=answer)
    if engine.launch("award", subject=award, facts=facts, actor=actor, clock=lambda: at) is None:
        award.refresh_from_db(fields=["status", "decided_at"])
    return award


def check_ready(
    award: Award, lines: Sequence[AwardLine], criteria: Sequence[Criterion], *, at: datetime
) -> None:
    """What must be there before approvers are asked, besides the reason. Raises NotReady, BidExpired."""
    if not lines:
        raise NotReady(_("Pick at least one line."))
    if kept_out := {line.opened_bid.supplier_id for line in lines if line.kept_out}:  # type: ignore[attr-defined]
        refuse_kept_out(kept_out, process="award")
    missing = scoring.unscored(award.rfq, criteria)
    if missing:
        raise NotReady(_("Not scored yet: %(names)s.") % {"names": listed(missing)})
    check_bids((line.opened_bid for line in lines), today=today_of(award.rfq, at))


def preview(award: Award, *, sender: User, at: datetime) -> list[Turn]:
    """Who would be asked if the award were sent now; nobody below every limit. Raises what sending would raise."""
    lines, criteria = lines_of(award), scoring.scored_criteria(award.rfq)
    check_ready(award, lines, criteria, at=at)
    return chain_preview(facts_of(award, lines, sender=sender), at=at)


def facts_of(award: Award, lines: Sequence[AwardLine], *, sender: User, answer: str = "") -> ApprovalFacts:
    """What the approval rules are matched against.

    Whoever asked for the goods, opened or scored bids, or sends the award is not asked to approve it (F115).
    """
    first: Any = lines[0] if lines else None
    interested = [*first.scorers, *first.openers, *first.askers] if first else []
    return ApprovalFacts(
        document_type=DocumentType.AWARD,
        document_id=award.pk,
        round=award.round,
        title=award.rfq.title,
        number=award.number,
        requester=award.created_by,
        company_id=award.company_id,
        department_id=None,
        category_ids=tuple(sorted({line.category_id for line in lines})),  # type: ignore[attr-defined]
        amount=award.net,
        currency=award.currency,
        document_hash=award.document_hash,
        rfq_id=award.rfq_id,
        barred=frozenset([sender.pk, *interested]),
        procedure=award.rfq.preset.code,
        flags=_flags(award, lines),
        answer=answer.strip()[:LONGEST_ANSWER],
    )


def _interested() -> dict[str, ArraySubquery]:
    """As columns of an award's lines: who opened the RFQ's bids, who scored them, and who asked for what is bought."""
    rfq = OuterRef("rfq_line__rfq")
    scorers = Score.objects.filter(opened_bid__rfq=rfq).order_by().values("scorer")
    openers = OpeningConfirmation.objects.filter(opening__rfq=rfq).order_by().values("opener")
    asked = Allocation.objects.filter(rfq_line__rfq=rfq).order_by()
    return {
        "scorers": ArraySubquery(scorers),
        "openers": ArraySubquery(openers),
        "askers": ArraySubquery(asked.values("requisition_line__requisition__requester")),
    }


def _flags(award: Award, lines: Sequence[AwardLine]) -> frozenset[str]:
    """A single bid was opened; the net is above the estimate of what is awarded; a winner never had a contract."""
    estimates = [line.quantity * (line.unit_estimate or 0) for line in lines]  # type: ignore[attr-defined]
    found = {Flag.SINGLE_BID} if award.rfq.bids_opened == 1 else set()
    if lines and all(estimates) and sum(line.eval_net for line in lines) > sum(estimates):
        found.add(Flag.OVER_ESTIMATE)
    if any(line.opened_bid.supplier.status != Supplier.Status.ACTIVE for line in lines):
        found.add(Flag.NEW_SUPPLIER)
    return frozenset(flag.value for flag in found)


@transaction.atomic
def withdraw(*, award_id: int, actor: User, clock: Clock = database_clock) -> Award:
    """Take an award back from approval; it may be changed and sent again."""
    award = _locked(award_id)
    at = clock()
    if not can(actor, "withdraw", award):
        raise (
            _too_late(award)
            if award.status != Status.IN_APPROVAL
            else MayNotAward(_("This award is not yours."))
        )
    withdraw_case(document_type=DocumentType.AWARD, document_id=award_id, actor=actor, at=at)
    _update(award, status=Status.DRAFT)
    _record("award.withdrawn", award, actor, at, {"round": award.round})
    return award


def activate(*, award_id: int, actor: User, at: datetime, case: ApprovalCase | None) -> None:
    """The last approver agreed, or nobody had to be asked. With every line awarded, so is the RFQ."""
    award = _decided(award_id, Status.ACTIVE, "award.active", actor, at, case)
    rfqs.mark_awarded_when_whole(rfq_id=award.rfq_id, at=at, actor=actor)
    documents.request("award_memo", award, version=award.round)


def send_back(*, award_id: int, actor: User | None, at: datetime, case: ApprovalCase | None) -> None:
    """An approver returned the award with a question; it keeps its quantities meanwhile."""
    award = _decided(award_id, Status.RETURNED, "award.returned", actor, at, case)
    Award.objects.filter(pk=award.pk).update(edit_version=F("edit_version") + 1)


def reject(*, award_id: int, actor: User, at: datetime, case: ApprovalCase | None) -> None:
    """An approver refused the award for good; its quantities are free again."""
    award = _decided(award_id, Status.REJECTED, "award.rejected", actor, at, case)
    rfqs.release_award(_by_line(award.lines.all()))


@transaction.atomic
def cancel(
    *,
    award_id: int,
    reason: str,
    actor: User,
    to_bidders: str = "",
    seen_told: int | None = None,
    clock: Clock = database_clock,
) -> Award:
    """Give an award up before a contract was made of it; its quantities are free again and may be awarded otherwise.

    Bidders who were told of it are told that it no longer holds, `to_bidders` being the reason that is meant for them.
    `seen_told` is how many of them the officer was warned of.
    """
    award = _locked(award_id)
    at = clock()
    if not can(actor, "cancel", award):
        raise _too_late(award)
    if not reason.strip():
        raise RuleViolation(_("Say why."), field="reason")
    for holder in holders.values():
        if why := holder(award):
            raise NotNow(why)
    letters = list(withdrawals.told_of(award))
    if seen_told is not None and seen_told != len(letters):
        raise NotNow(_("Bidders were told of this award meanwhile. Look at it again before you cancel it."))
    rfqs.release_award(_by_line(award.lines.all()))
    _update(award, status=Status.CANCELLED)
    facts = {"reason": reason.strip()[:LONGEST_REASON], "told": len(letters)}
    _record("award.cancelled", award, actor, at, facts)
    withdrawals.write(award, letters, reason=to_bidders, actor=actor, at=at)
    rfqs.mark_open_when_not_whole(rfq_id=award.rfq_id, at=at, actor=actor)
    return award


@transaction.atomic
def close(*, rfq_id: int, code: str, note: str, actor: User, clock: Clock = database_clock) -> Rfq:
    """Award nothing (more) of this RFQ: the rest of every line goes back to the requisitions.

    Refused while an award that is not decided holds any of it.
    """
    rfq = lock(Rfq.objects.filter(pk=rfq_id))
    at = clock()
    if not can_compare(actor, "close", rfq):
        raise MayNotAward(_("This RFQ cannot be closed now."))
    undecided = Award.objects.filter(rfq=rfq, status__in=[Status.DRAFT, Status.IN_APPROVAL, Status.RETURNED])
    if undecided.exists():
        raise NotReady(_("Another award of this RFQ is not decided yet."))
    return rfqs.end(rfq=rfq, code=code, note=note, actor=actor, at=at)


# --- inside ---


def _locked(award_id: int) -> Award:
    """The RFQ's row first, then the award's, as everywhere. Raises DoesNotExist."""
    rfq = lock(Rfq.objects.select_related("company", "preset").filter(awards=award_id))
    award = lock(Award.objects.select_related("created_by").filter(pk=award_id))
    award.rfq = rfq
    return award


def _check_editable(award: Award, actor: User, edit_version: int | None) -> None:
    if award.status not in Award.EDITABLE:
        raise _too_late(award)
    if not can(actor, "edit", award):
        raise MayNotAward(_("You may not change this award."))
    if edit_version is not None and award.edit_version != edit_version:
        raise StaleEdit(_("Somebody else changed this award meanwhile. Look at it again before you save."))


def _decided(
    award_id: int, status: str, verb: str, actor: User | None, at: datetime, case: ApprovalCase | None
) -> Award:
    """Runs inside the deciding transaction, which holds the locks."""
    award = Award.objects.select_related("rfq").get(pk=award_id)
    if award.status != Status.IN_APPROVAL:
        raise _too_late(award)
    _update(award, status=status, decided_at=at)
    _record(verb, award, actor, at, {"case": case.pk if case else None, "round": award.round})
    return award


def _update(award: Award, **fields: Any) -> None:
    Award.objects.filter(pk=award.pk).update(**fields)
    for name, value in fields.items():
        setattr(award, name, value)


def lines_of(award: Award) -> list[AwardLine]:
    """What the award says, by line, with bids, suppliers and categories at hand."""
    said = RfqLineVersion.objects.filter(line=OuterRef("rfq_line")).order_by("-revision")
    lines = award.lines.select_related("opened_bid__supplier", "rfq_line")
    lines = lines.annotate(
        category_id=Subquery(said.values("category")[:1]),
        unit_estimate=Subquery(said.values("estimate")[:1]),
        kept_out=keeping_out("award", supplier="opened_bid__supplier"),
        **_interested(),
    )
    return list(lines.order_by("rfq_line__position", "pk"))


def _write(award: Award, said: Priced) -> None:
    for line in said.lines:
        line.award = award
    for freight in said.freights:
        freight.award = award
    AwardLine.objects.bulk_create(said.lines)
    AwardFreight.objects.bulk_create(said.freights)


def _reserve(award: Award, lines: Sequence[AwardLine]) -> None:
    """Hold the quantities; whoever comes second is told who holds them and since when."""
    try:
        rfqs.reserve_award(_by_line(lines))
    except rfqs.AlreadyAwarded as refusal:
        holder = picks.holder_of([line.rfq_line_id for line in lines], besides=award)
        raise rfqs.AlreadyAwarded(f"{refusal} {holder}".strip(), field=refusal.field) from refusal


def _by_line(lines: Iterable[AwardLine]) -> dict[int, Decimal]:
    quantities: dict[int, Decimal] = defaultdict(Decimal)
    for line in lines:
        quantities[line.rfq_line_id] += line.quantity
    return dict(quantities)


def _not_open(rfq: Rfq) -> NotNow:
    return NotNow(_("The bids on %(rfq)s are not opened yet.") % {"rfq": rfq})


def _too_late(award: Award) -> NotNow:
    """Says how the award stands now, who brought it there, and when."""
    last = Event.objects.about(award).select_related("actor").order_by("-pk").first()
    words = {
        "award": award.number,
        "status": award.status_label,
        "who": last.actor if last and last.actor else "–",
        "when": moment_text(timezone.localtime(last.at)) if last else "–",
    }
    return NotNow(
        _("%(award)s stands at “%(status)s” (%(who)s, %(when)s); this cannot be done any more.") % words
    )


def _record(
    verb: str, award: Award, actor: User | None, at: datetime, facts: dict[str, Any], *, hashed: bool = False
) -> None:
    events.record(
        verb,
        subject=award,
        actor=actor,
        at=at,
        rfq_id=award.rfq_id,
        facts=facts,
        content_hash=award.document_hash if hashed else "",
    )
