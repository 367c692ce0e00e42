"""Who must agree to what: versioned rules, and the cases they were frozen into."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.models import Process

from procurement.catalog.models import Category
from procurement.common.fields import AmountField, CurrencyField
from procurement.common.money import fits_currency
from procurement.common.states import Stateful
from procurement.organization.models import Company, Department, Role


class DocumentType(models.TextChoices):
    """Documents that may need approval."""

    REQUISITION = "requisition", _("Requisition")
    RFQ = "rfq", _("RFQ")
    AWARD = "award", _("Award")
    CONTRACT = "contract", _("Contract")


class RuleSet(models.Model):
    """One version of all approval rules. A case keeps the version it started with."""

    version = models.PositiveIntegerField(_("version"), unique=True)
    valid_from = models.DateTimeField(_("valid from"))
    note = models.CharField(_("note"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("rule set")
        verbose_name_plural = _("rule sets")

    def __str__(self) -> str:
        return f"v{self.version}"


class ApprovalRule(models.Model):
    """Documents of a type, from an amount on, in a company, department and category (empty means any) need its stages."""

    rule_set = models.ForeignKey(RuleSet, models.PROTECT, related_name="rules")
    name = models.CharField(_("name"), max_length=120)
    document_type = models.CharField(_("document type"), max_length=12, choices=DocumentType)
    company = models.ForeignKey(Company, models.PROTECT, null=True, blank=True, related_name="+")
    department = models.ForeignKey(Department, models.PROTECT, null=True, blank=True, related_name="+")
    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True, related_name="+")
    currency = CurrencyField(_("currency"), default="CNY")
    amount_from = AmountField(_("from this amount"), default=0)
    amount_below = AmountField(_("below this amount"), null=True, blank=True)

    class Meta:
        verbose_name = _("approval rule")
        verbose_name_plural = _("approval rules")
        constraints = [
            models.CheckConstraint(
                name="rule_band",
                condition=Q(amount_from__gte=0)
                & (Q(amount_below__isnull=True) | Q(amount_below__gt=F("amount_from"))),
                violation_error_message=_("The band must end above its start."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class RuleStage(models.Model):
    """One step of a rule's chain. Stages with the same position are asked at the same time (parallel)."""

    class Approver(models.TextChoices):
        ROLE = "role", _("Holder of a role")
        MANAGER = "manager", _("The requester's manager")
        DEPARTMENT_HEAD = "department_head", _("Head of the department")
        PERSON = "person", _("A named person")

    rule = models.ForeignKey(ApprovalRule, models.CASCADE, related_name="stages")
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    approver = models.CharField(_("approver"), max_length=16, choices=Approver, default=Approver.ROLE)
    role = models.CharField(_("role"), max_length=20, choices=Role, blank=True, default="")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("stage")
        verbose_name_plural = _("stages")
        ordering = ("position", "pk")
        constraints = [
            models.CheckConstraint(
                name="stage_names_somebody",
                condition=(Q(approver="role") & ~Q(role=""))
                | Q(approver="person", person__isnull=False)
                | Q(approver__in=["manager", "department_head"]),
                violation_error_message=_("Name the role or the person."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.get_approver_display()}"


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

    document_type = models.CharField(max_length=12, choices=DocumentType)
    document_id = models.BigIntegerField()
    round = models.PositiveIntegerField(default=1)
    title = models.CharField(max_length=200)
    number = models.CharField(max_length=40, blank=True, default="")
    requester = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    department = models.ForeignKey(Department, models.PROTECT, null=True, related_name="+")
    amount = AmountField()
    currency = CurrencyField()
    document_hash = models.CharField(max_length=64)
    rfq_id = models.BigIntegerField(null=True, help_text=_("The RFQ this belongs to, where there is one."))
    rule_set = models.ForeignKey(RuleSet, models.PROTECT, null=True, related_name="+")
    process = models.OneToOneField(Process, models.PROTECT, null=True, related_name="case")
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    submitted_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    outline = models.JSONField(
        null=True,
        help_text="What the document said in a round that did not end well; the next one is compared.",
    )

    class Meta:
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


class ApprovalStep(Stateful):
    """One person's turn. The requester stands here too, so that the database forbids deciding one's own request."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("Not yet their turn")
        ACTIVE = "active", _("Their turn")
        APPROVED = "approved", _("Approved")
        RETURNED = "returned", _("Returned with a question")
        REJECTED = "rejected", _("Rejected")
        WITHDRAWN = "withdrawn", _("No longer needed")

    TONES: ClassVar[dict[str, str]] = {
        "waiting": "idle",
        "active": "wait",
        "approved": "good",
        "returned": "wait",
        "rejected": "bad",
        "withdrawn": "idle",
    }

    case = models.ForeignKey(ApprovalCase, models.PROTECT, related_name="steps")
    requester = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    stage = models.PositiveSmallIntegerField()
    position = models.PositiveSmallIntegerField()
    approver = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="approval_steps")
    reason = models.CharField(max_length=200, help_text=_("The rule that asked for this person."))
    asked_as = models.CharField(
        max_length=20, blank=True, default="", help_text=_("A role, or the kind of approver.")
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    active_since = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    on_behalf_of = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    comment = models.CharField(max_length=1000, blank=True, default="")
    document_hash = models.CharField(
        max_length=64, blank=True, default="", help_text=_("What was decided on.")
    )

    class Meta:
        ordering = ("stage", "position")
        constraints = [
            models.UniqueConstraint(fields=["case", "stage", "position"], name="step_place"),
            models.UniqueConstraint(fields=["case", "stage", "approver"], name="step_person_once_per_stage"),
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
                name="step_refusal_has_comment",
                condition=~Q(status__in=["returned", "rejected"]) | ~Q(comment=""),
            ),
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
        ]

    def __str__(self) -> str:
        return f"{self.case} · {self.approver}"

    @property
    def asked_as_label(self) -> str:
        """As what this person decides, in the reader's words."""
        return asked_as_label(self.asked_as)


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
    return str(dict([*RuleStage.Approver.choices, *Role.choices]).get(code, ""))
