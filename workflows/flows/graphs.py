"""Approval as the business describes it: ask a stage, then the next one, until it is approved or sent back."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from viewflow import this

from procurement.accounts.models import User
from procurement.common.clock import Clock
from workflows.approvals import handlers
from workflows.approvals import services as approvals
from workflows.approvals.facts import ApprovalFacts
from workflows.approvals.models import ApprovalCase
from workflows.engine import nodes
from workflows.engine import services as engine
from workflows.engine.flows import GuardedFlow

Outcome = ApprovalCase.Status


class ApprovalFlow:
    """Ask each stage in turn; in each group of a stage as many must agree as its rule says. A question or a rejection
    that counts ends the round.

    Steps were frozen from the rules at submission. A document that comes back is a new round: a new case, a new process.
    """

    start = nodes.Start().Annotation(_("Sent for approval")).Next(this.ask)
    ask = nodes.FanOut(this.decide, this.people_of_next_stage).Annotation(_("Ask the next stage"))
    decide = nodes.Turn(this.person).Annotation(_("Each approver decides")).Next(this.stage_over)
    stage_over = (
        nodes.Join(continue_on_condition=this.somebody_refused)
        .Annotation(_("Stage complete"))
        .Next(this.what_next)
    )
    what_next = (
        nodes.Switch()
        .Annotation(_("What comes next?"))
        .Case(this.returned, this.was_returned)
        .Case(this.rejected, this.was_rejected)
        .Case(this.ask, this.has_next_stage)
        .Default(this.approved)
    )
    approved = nodes.End(this.on_approved).Annotation(_("Approved"))
    returned = nodes.End(this.on_returned).Annotation(_("Returned with a question"))
    rejected = nodes.End(this.on_rejected).Annotation(_("Rejected"))

    @classmethod
    def launch(cls, *, subject: Any, facts: ApprovalFacts, actor: User, clock: Clock) -> ApprovalCase | None:
        """Open a case and ask its first stage; a document below every limit is approved at once, by nobody, and so is
        one whose change keeps every approval given."""
        at = clock()
        opening = approvals.prepare(facts, at=at)
        process = engine.new_process(cls, at=at) if opening.asks else None  # type: ignore[arg-type]  # its graphs are GuardedFlows
        progress = approvals.open_case(opening, process=process, at=at)
        if process is None:
            if opening.steps:  # everything that was approved before still holds
                progress.tell("approval.closed", progress.case, outcome=Outcome.APPROVED)
                progress.record(actor=actor, at=at)
            handlers.of(facts.document_type).approve(
                facts.document_id, actor=actor, at=at, case=progress.case
            )
            return None
        engine.start(process, actor=actor, at=at, subject=progress)
        progress.record(actor=actor, at=at)
        return progress.case

    def people_of_next_stage(self, activation: Any) -> list[nodes.Item]:
        """A turn for each person of the stage whose turn it is."""
        progress: approvals.Progress = activation.subject
        active = progress.active or progress.activate_next_stage(activation.run.at)
        return [{"step": step.pk, "owner": step.approver_id} for step in active]

    def person(self, item: nodes.Item) -> int:
        """Whose turn it is."""
        return int(item["owner"])

    def somebody_refused(self, activation: Any, still_open: Any) -> bool:
        """The others need not decide any more."""
        return activation.subject.refusal is not None

    def was_returned(self, activation: Any) -> bool:
        """There is a question."""
        refusal = activation.subject.refusal
        return refusal is not None and refusal.status in approvals.SENDS_BACK

    def was_rejected(self, activation: Any) -> bool:
        """It is refused for good."""
        refusal = activation.subject.refusal
        return refusal is not None and refusal.status == Outcome.REJECTED

    def has_next_stage(self, activation: Any) -> bool:
        """Somebody is still to be asked."""
        return activation.subject.next_stage is not None

    def on_approved(self, activation: Any) -> None:
        """Everybody agreed."""
        case, run = self._closed(activation, Outcome.APPROVED)
        handlers.of(case.document_type).approve(case.document_id, actor=run.actor, at=run.at, case=case)

    def on_returned(self, activation: Any) -> None:
        """Back to the requester, with the question."""
        case, run = self._closed(activation, Outcome.RETURNED)
        handlers.of(case.document_type).send_back(case.document_id, actor=run.actor, at=run.at, case=case)

    def on_rejected(self, activation: Any) -> None:
        """Refused."""
        case, run = self._closed(activation, Outcome.REJECTED)
        handlers.of(case.document_type).reject(case.document_id, actor=run.actor, at=run.at, case=case)

    def _closed(self, activation: Any, status: Outcome) -> tuple[ApprovalCase, Any]:
        run = activation.run
        return approvals.close_case(activation.subject, status, actor=run.actor, at=run.at), run


class RequisitionFlow(ApprovalFlow, GuardedFlow):
    """A department's request."""

    process_title = _("Approval of a requisition")


class RfqFlow(ApprovalFlow, GuardedFlow):
    """An RFQ, before suppliers see it."""

    process_title = _("Approval of an RFQ")


class AwardFlow(ApprovalFlow, GuardedFlow):
    """The decision who supplies what."""

    process_title = _("Approval of an award")


class ContractFlow(ApprovalFlow, GuardedFlow):
    """A contract, before it is sent for signature."""

    process_title = _("Approval of a contract")
