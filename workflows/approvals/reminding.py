"""Whoever waits may remind the person whose turn it is, once a day."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common import events
from procurement.common.clock import Clock, database_clock
from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.locks import lock_shared
from workflows.approvals.models import ApprovalStep, Reminder
from workflows.approvals.permissions import awaited_by


class NotWaiting(RuleViolation):
    """This person does not wait for that step."""


@transaction.atomic
def remind(*, step_id: int, actor: User, clock: Clock = database_clock) -> Reminder:
    """Remind the approver of a step that holds something up; a second reminder on the same day is refused.

    The day is that of the document's company, whoever reminds. Raises NotWaiting, AlreadyDone.
    """
    step = lock_shared(ApprovalStep.objects.filter(pk=step_id))
    at = clock()
    if step.status != ApprovalStep.Status.ACTIVE:
        raise AlreadyDone(_("This step is over."))
    if not awaited_by(actor).filter(pk=step_id).exists():
        raise NotWaiting(_("You do not wait for this."))
    case = step.case
    day = at.astimezone(ZoneInfo(case.company.time_zone)).date()
    try:
        with transaction.atomic():
            reminder = Reminder.objects.create(step=step, day=day, sender=actor, sent_at=at)
    except IntegrityError as twice:
        first = Reminder.objects.select_related("sender").get(step=step, day=day)
        words = {"who": first.sender}
        raise AlreadyDone(_("%(who)s has reminded them today.") % words) from twice
    facts = {"case": case.pk, "document_type": case.document_type, "number": case.number, "stage": step.stage}
    events.record(
        "approval.reminded",
        subject=step,
        actor=actor,
        at=at,
        rfq_id=case.rfq_id,
        facts=facts,
        content_hash=case.document_hash,
    )
    return reminder
