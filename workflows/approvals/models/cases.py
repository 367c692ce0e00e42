"""What was asked of whom: a document's rounds of approval, the people asked in each, and what they said."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.models import Process

from procurement.common.fields import AmountField, CurrencyField
from procurement.common.immutability import insert_only
from procurement.common.money import fits_currency
from procurement.common.states import Stateful
from procurement.organization.models import Company, Department, Role
from workflows.approvals.models.delegations import Delegation
from workflows.approvals.models.rules import ApproverGroup, DocumentType, RuleSet, RuleStage


class ApprovalCase(Stateful):
    """One round of approval of one document, with the facts it was submitted with. Steps are frozen at submission."""

    class Status(models.TextChoices):
        PENDING = "pending", _("In approval")
        APPROVED = "approved", _("Approved")
        RETURNED = "returned", _("Returned with a question")
        REJECTED = "rejected", _("Rejected")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    TONES: ClassVar[dict[str, str]] = {
        "pending": "wait",
        "approved": "good",
        "returned": "wait",
        "rejected": "bad",
        "withdrawn": "idle",
    }

    document_type = models.CharField(_("document type"), max_length=12, choices=DocumentType)
    document_id = models.BigIntegerField()
    round = models.PositiveIntegerField(_("round"), default=1)
    title = models.CharField(_("title"), max_length=200)
    number = models.CharField(_("number"), max_length=40, blank=True, default="")
    requester = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("requester")
    )
    company = models.ForeignKey(Company, models.PROTECT, related_name="+", verbose_name=_("company"))
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, related_name="+", verbose_name=_("department")
    )
    amount = AmountField(_("amount"))
    currency = CurrencyField(_("currency"))
    document_hash = models.CharField(max_length=64)
    rfq_id = models.BigIntegerField(null=True, help_text=_("The RFQ this belongs to, where there is one."))
    rule_set = models.ForeignKey(
        RuleSet, models.PROTECT, null=True, related_name="+", verbose_name=_("rule set")
    )
    facts = models.JSONField(default=dict, help_text="What the rules were matched against.")
    banned = ArrayField(
        models.BigIntegerField(),
        default=list,
        help_text="Users who may not decide besides the requester, such as evaluators and openers of bids.",
    )
    tolerance = models.DecimalField(
        max_digits=5, decimal_places=2, default=0, help_text="Percent; the least of the rules that matched."
    )
    answer = models.CharField(
        max_length=2000, blank=True, default="", help_text="To the question of the round before."
    )
    process = models.OneToOneField(Process, models.PROTECT, null=True, related_name="case")
    status = models.CharField(_("state"), max_length=10, choices=Status, default=Status.PENDING)
    submitted_at = models.DateTimeField(_("sent at"))
    decided_at = models.DateTimeField(_("decided at"), null=True)
    outline = models.JSONField(
        null=True,
        help_text="What the document said in a round that did not end well; the next one is compared.",
    )

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        constraints = [
            models.UniqueConstraint(
                fields=["document_type", "document_id", "round"], name="case_once_per_round"
            ),
            models.UniqueConstraint(
                fields=["document_type", "document_id"],
                condition=Q(status="pending"),
                name="case_one_pending",
            ),
            models.UniqueConstraint(
                fields=["id", "requester"], name="case_requester_key"
            ),  # composite key's target
            models.CheckConstraint(
                name="case_decided_has_time", condition=Q(status="pending") | Q(decided_at__isnull=False)
            ),
            fits_currency("case_amount_scale", "amount"),
        ]

    def __str__(self) -> str:
        return f"{self.get_document_type_display()} {self.number or self.document_id}"


# Evaluators and openers of bids never approve the award, whoever hands them the turn.
_NOT_BY_BANNED = """
    IF EXISTS (SELECT FROM approvals_approvalcase c WHERE c.id = NEW.case_id AND c.banned <> '{}'
               AND c.banned && array_remove(ARRAY[NEW.approver_id, NEW.decided_by_id, NEW.on_behalf_of_id]::bigint[], NULL))
    THEN
        RAISE EXCEPTION 'user is banned from case %', NEW.case_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'step_not_by_banned';
    END IF;
    RETURN NEW;
"""
FORWARDED, EXTRA = "forwarded", "extra"  # as what people decide whom no rule named


class ApprovalStep(Stateful):
    """One person's turn. The requester stands here too, so that the database forbids deciding one's own request.

    Steps of a stage are asked at the same time, in groups: a group is content once `needed` of its steps are approved.
    `approver` is who must act now; `on_behalf_of` is for whom, when it is a delegate. `lines` are the lines of the
    document that this person answers for; nothing means all of it. A step that an earlier round's decision still
    answers is `carried_from` it. `limit` and `remind_after` are working days of the company, `due_at` and
    `remind_at` the instants they came to when the step's turn came.
    """

    class Door(models.TextChoices):
        PAGE = "page", _("On the page")
        MAIL = "mail", _("By the link in a mail")

    class Status(models.TextChoices):
        WAITING = "waiting", _("Not yet their turn")
        ACTIVE = "active", _("Their turn")
        APPROVED = "approved", _("Approved")
        RETURNED = "returned", _("Returned with a question")
        REJECTED = "rejected", _("Rejected")
        LAPSED = "lapsed", _("Time ran out")
        WITHDRAWN = "withdrawn", _("No longer needed")

    TONES: ClassVar[dict[str, str]] = {
        "waiting": "idle",
        "active": "wait",
        "approved": "good",
        "returned": "wait",
        "rejected": "bad",
        "lapsed": "wait",
        "withdrawn": "idle",
    }

    case = models.ForeignKey(ApprovalCase, models.PROTECT, related_name="steps")
    requester = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    stage = models.PositiveSmallIntegerField(_("stage"))
    position = models.PositiveSmallIntegerField(_("position"))
    group = models.PositiveSmallIntegerField(default=1)
    needed = models.PositiveSmallIntegerField(default=1)
    mode = models.CharField(max_length=8, choices=RuleStage.Mode, default=RuleStage.Mode.ONE)
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="approval_steps", verbose_name=_("approver")
    )
    lines = ArrayField(models.BigIntegerField(), null=True)
    reason = models.CharField(
        _("by the rule"), max_length=200, help_text=_("The rule that asked for this person.")
    )
    asked_as = models.CharField(
        max_length=20, blank=True, default="", help_text=_("A role, or the kind of approver.")
    )
    approver_group = models.ForeignKey(ApproverGroup, models.PROTECT, null=True, related_name="+")
    status = models.CharField(_("state"), max_length=10, choices=Status, default=Status.WAITING)
    active_since = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("on behalf of")
    )
    delegation = models.ForeignKey(Delegation, models.PROTECT, null=True, related_name="+")
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text=_("Who asked for them."),
    )
    carried_from = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    remind_after = models.PositiveSmallIntegerField(null=True)
    limit = models.PositiveSmallIntegerField(null=True)
    overdue = models.CharField(max_length=10, choices=RuleStage.Overdue, default=RuleStage.Overdue.WAIT)
    remind_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    door = models.CharField(max_length=4, choices=Door, default=Door.PAGE)
    decided_at = models.DateTimeField(_("decided at"), null=True)
    comment = models.CharField(_("comment"), max_length=1000, blank=True, default="")
    document_hash = models.CharField(
        max_length=64, blank=True, default="", help_text=_("What was decided on.")
    )

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ("stage", "position")
        constraints = [
            models.UniqueConstraint(
                fields=["case", "stage", "position"], name="step_place", deferrable=models.Deferrable.DEFERRED
            ),
            models.UniqueConstraint(
                fields=["case", "stage", "approver"],
                name="step_person_once_per_stage",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(
                name="step_not_by_requester",
                condition=~Q(approver=F("requester"))
                & (Q(decided_by__isnull=True) | ~Q(decided_by=F("requester")))
                & (Q(on_behalf_of__isnull=True) | ~Q(on_behalf_of=F("requester"))),
                violation_error_message=_("Nobody decides their own request."),
            ),
            models.CheckConstraint(
                name="step_decided_is_whole",
                condition=~Q(status__in=["approved", "returned", "rejected"])
                | (Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(document_hash="")),
            ),
            models.CheckConstraint(
                name="step_delegate_has_delegation",
                condition=Q(delegation__isnull=True) | Q(on_behalf_of__isnull=False),
            ),
            models.CheckConstraint(name="step_needed", condition=Q(needed__gte=1)),
            models.CheckConstraint(
                name="step_refusal_has_comment",
                condition=~Q(status__in=["returned", "rejected"]) | ~Q(comment=""),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="not_by_banned",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func=_NOT_BY_BANNED,
            )
        ]
        indexes = [
            models.Index(
                fields=["approver", "active_since", "id"], name="step_active", condition=Q(status="active")
            ),
            models.Index(
                fields=["decided_by", "-decided_at", "-id"],
                name="step_decided",
                condition=Q(decided_at__isnull=False),
            ),
            models.Index(fields=["remind_at"], name="step_remind", condition=Q(status="active")),
            models.Index(fields=["due_at"], name="step_due", condition=Q(status="active")),
        ]

    def __str__(self) -> str:
        return f"{self.case} · {self.approver}"

    @property
    def asked_as_label(self) -> str:
        """As what this person decides, in the reader's words."""
        return asked_as_label(self.asked_as)


class StepHandover(models.Model):
    """A turn went from one person to another; without `by`, the program saw to it. Written once."""

    class Reason(models.TextChoices):
        FORWARDED = "forwarded", _("passed on")
        DELEGATED = "delegated", _("while away")
        TAKEN_BACK = "taken_back", _("taken back")
        DELEGATION_OVER = "delegation_over", _("back from away")
        ESCALATED = "escalated", _("time limit passed")
        LEFT = "left", _("not in office any more")
        RIGHT_ENDED = "right_ended", _("role ended")

    step = models.ForeignKey(ApprovalStep, models.PROTECT, related_name="handovers")
    giver = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    taker = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=16, choices=Reason)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=1000, blank=True, default="")
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "pk")
        triggers = insert_only()
        constraints = [models.CheckConstraint(name="handover_to_another", condition=~Q(giver=F("taker")))]

    def __str__(self) -> str:
        return f"{self.step_id}: {self.giver_id} → {self.taker_id}"


class LineRefusal(models.Model):
    """An approver refused one line of a document and let the rest go on; it takes effect when the case is approved."""

    case = models.ForeignKey(ApprovalCase, models.PROTECT, related_name="line_refusals")
    step = models.ForeignKey(ApprovalStep, models.PROTECT, related_name="line_refusals")
    line_id = models.BigIntegerField()
    reason = models.CharField(max_length=1000)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "line_id"], name="line_refused_once"),
            models.CheckConstraint(name="line_refusal_has_reason", condition=~Q(reason="")),
        ]
        triggers = insert_only()

    def __str__(self) -> str:
        return f"{self.case_id}: {self.line_id}"


class Reminder(models.Model):
    """Somebody who waits reminds the person whose turn it is; once a day, whoever of those who wait does it."""

    step = models.ForeignKey(ApprovalStep, models.PROTECT, related_name="reminders")
    day = models.DateField(help_text="In the time zone of the document's company.")
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["step", "day"], name="reminder_once_a_day")]

    def __str__(self) -> str:
        return f"{self.step_id} {self.day}"


def asked_as_label(code: str) -> str:
    """A role or a kind of approver, in the reader's words."""
    unruled = [(FORWARDED, _("passed on to them")), (EXTRA, _("asked in addition"))]
    return str(dict([*RuleStage.Approver.choices, *Role.choices, *unruled]).get(code, ""))
