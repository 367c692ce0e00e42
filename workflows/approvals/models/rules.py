"""Versioned rules: which documents need whose approval, in which order."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from procurement.catalog.models import Category
from procurement.common.fields import AmountField, CurrencyField
from procurement.common.states import Stateful
from procurement.organization.models import Company, Department, Person, Project, Role

_STANDS_STILL = """
    IF EXISTS (
        SELECT FROM approvals_ruleset WHERE source = 'pages' AND status IN ('proposed', 'active') AND id IN ({sets})
    ) THEN
        RAISE EXCEPTION 'proposed and activated rules stand still' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN COALESCE(NEW, OLD);
"""
_FRAME = "version, source, note, base_currency, mail_link_below, fresh_login_from, edit_version"
_FRAME_STANDS_STILL = """
    IF OLD.source = 'pages' AND (
        (OLD.status = 'active' AND (TG_OP = 'DELETE' OR NEW.status <> 'discarded'))
        OR (
            TG_OP = 'UPDATE' AND OLD.status = 'proposed' AND NEW.status IN ('proposed', 'active')
            AND ({old}) IS DISTINCT FROM ({new})
        )
    ) THEN
        RAISE EXCEPTION 'proposed and activated rules stand still' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN COALESCE(NEW, OLD);
""".format(
    **{side.lower(): ", ".join(f"{side}.{one}" for one in _FRAME.split(", ")) for side in ("OLD", "NEW")}
)


def stands_still(sets: str) -> list[pgtrigger.Trigger]:
    """What belongs to a version written in pages is neither added to, changed nor dropped once it is proposed.

    `sets` is SQL for the keys of the versions that a row belonged to and belongs to.
    """
    return [
        pgtrigger.Trigger(
            name="stands_still",
            when=pgtrigger.Before,
            operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
            func=_STANDS_STILL.format(sets=sets),
        )
    ]


class DocumentType(models.TextChoices):
    """Documents that may need approval."""

    REQUISITION = "requisition", _("Requisition")
    RFQ = "rfq", _("RFQ")
    AWARD = "award", _("Award")
    CONTRACT = "contract", _("Contract")


class Flag(models.TextChoices):
    """What makes a document special, told by the document's own room."""

    SINGLE_BID = "single_bid", _("Single bid")
    OVER_ESTIMATE = "over_estimate", _("Over the estimate")
    DIRECT_AWARD = "direct_award", _("Only one supplier asked")
    NEW_SUPPLIER = "new_supplier", _("New supplier")


class RuleSet(Stateful):
    """One version of all approval rules. A case keeps the version it started with.

    A draft is edited; once proposed it stands still until a second person activates it from a day on, or it goes
    back to draft. `source` is "setup" for versions that the program itself loaded, which nobody proposed.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PROPOSED = "proposed", _("Waiting for a second person")
        ACTIVE = "active", _("Activated")
        DISCARDED = "discarded", _("Discarded")

    TONES: ClassVar[dict[str, str]] = {
        "draft": "idle",
        "proposed": "wait",
        "active": "good",
        "discarded": "idle",
    }

    class Source(models.TextChoices):
        PAGES = "pages", _("Written in pages")
        SETUP = "setup", _("Loaded by the program")

    version = models.PositiveIntegerField(_("version"), unique=True)
    status = models.CharField(_("state"), max_length=10, choices=Status, default=Status.DRAFT)
    source = models.CharField(max_length=8, choices=Source, default=Source.PAGES, editable=False)
    valid_from = models.DateTimeField(_("valid from"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True, default="")
    base_currency = CurrencyField(
        _("base currency"), default="CNY", help_text=_("What the exchange rates and the limits below are in.")
    )
    mail_link_below = AmountField(
        _("decided by mail below"),
        null=True,
        blank=True,
        help_text=_("Net; empty: a decision always needs a log-in."),
    )
    fresh_login_from = AmountField(
        _("fresh log-in from"),
        null=True,
        blank=True,
        help_text=_("Net; from this amount on, approving asks for the password again."),
    )
    edit_version = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("begun by")
    )
    created_at = models.DateTimeField(db_default=Now())
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("proposed by")
    )
    proposed_at = models.DateTimeField(null=True)
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("brought into force by"),
    )
    activated_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("rule set")
        verbose_name_plural = _("rule sets")
        constraints = [
            models.CheckConstraint(
                name="rule_set_active_is_dated", condition=~Q(status="active") | Q(valid_from__isnull=False)
            ),
            models.CheckConstraint(
                name="rule_set_by_two",
                condition=~Q(status="active")
                | Q(source="setup")
                | (
                    Q(proposed_by__isnull=False, activated_by__isnull=False)
                    & ~Q(proposed_by=F("activated_by"))
                ),
                violation_error_message=_("A second person activates the rules."),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(  # unless it is given up before its first day
                name="stands_still",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func=_FRAME_STANDS_STILL,
            )
        ]

    def __str__(self) -> str:
        return f"v{self.version}"

    def is_settled(self, at: datetime) -> bool:
        """In force, or once in force: documents may have begun with it, so it stays what it is."""
        loaded = self.source == self.Source.SETUP
        return self.status == self.Status.ACTIVE and (
            loaded or self.valid_from is None or self.valid_from <= at
        )


class RuleRate(models.Model):
    """How a version of the rules values another currency: one unit of it in the version's base currency."""

    rule_set = models.ForeignKey(RuleSet, models.CASCADE, related_name="rates")
    currency = CurrencyField(_("currency"))
    rate = models.DecimalField(_("value of one unit"), max_digits=19, decimal_places=8)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule_set", "currency"], name="rule_rate_once"),
            models.CheckConstraint(name="rule_rate_positive", condition=Q(rate__gt=0)),
        ]
        triggers = stands_still("OLD.rule_set_id, NEW.rule_set_id")

    def __str__(self) -> str:
        return f"{self.currency} {self.rate}"


class ApproverGroup(models.Model):
    """People who decide together, under a name: a committee, or whoever is on duty."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("approver group")
        verbose_name_plural = _("approver groups")

    def __str__(self) -> str:
        return self.name


class GroupMember(models.Model):
    """A person belongs to a group of approvers."""

    group = models.ForeignKey(ApproverGroup, models.CASCADE, related_name="members", verbose_name=_("group"))
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("person"))

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [models.UniqueConstraint(fields=["group", "person"], name="group_member_once")]

    def __str__(self) -> str:
        return f"{self.group_id}: {self.person}"


class ApprovalRule(models.Model):
    """Documents of a type in a scope (empty means any), from an amount on, need its stages.

    Every matching rule is asked for: rules add up. A change of an approved or returned document within `tolerance`
    (percent of its amount) keeps the approvals given.
    """

    rule_set = models.ForeignKey(RuleSet, models.CASCADE, related_name="rules", verbose_name=_("rule set"))
    name = models.CharField(_("name"), max_length=120)
    document_type = models.CharField(_("document type"), max_length=12, choices=DocumentType)
    company = models.ForeignKey(
        Company, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("company")
    )
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("department")
    )
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("category")
    )
    project = models.ForeignKey(
        Project, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("project")
    )
    procedure = models.CharField(_("procedure"), max_length=40, blank=True, default="")
    flags = ArrayField(
        models.CharField(max_length=16, choices=Flag), verbose_name=_("only if"), default=list, blank=True
    )
    currency = CurrencyField(_("currency"), default="CNY")
    amount_from = AmountField(_("from this amount"), default=0)
    amount_below = AmountField(_("below this amount"), null=True, blank=True)
    tolerance = models.DecimalField(
        _("tolerance, %"),
        max_digits=5,
        decimal_places=2,
        default=0,
        help_text=_("A later change of the amount up to this keeps the approvals given."),
    )

    class Meta:
        verbose_name = _("approval rule")
        verbose_name_plural = _("approval rules")
        constraints = [
            models.CheckConstraint(
                name="rule_band",
                condition=Q(amount_from__gte=0)
                & (Q(amount_below__isnull=True) | Q(amount_below__gt=F("amount_from"))),
                violation_error_message=_("The band must end above its start."),
            ),
            models.CheckConstraint(
                name="rule_tolerance",
                condition=Q(tolerance__gte=0, tolerance__lte=100),
                violation_error_message=_("Between 0 and 100 percent."),
            ),
        ]
        triggers = stands_still("OLD.rule_set_id, NEW.rule_set_id")

    def __str__(self) -> str:
        return self.name


class RuleStage(models.Model):
    """One step of a rule's chain. Stages with the same position are asked at the same time (parallel)."""

    class Approver(models.TextChoices):
        ROLE = "role", _("Holder of a role")
        MANAGER = "manager", _("The requester's manager")
        MANAGER_CHAIN = "manager_chain", _("Managers upward, to the one whose limit covers it")
        DEPARTMENT_HEAD = "department_head", _("Head of the department")
        COST_OWNER = "cost_owner", _("Owner of each line's project or cost centre")
        GROUP = "group", _("A group")
        PERSON = "person", _("A named person")

    class Mode(models.TextChoices):
        ONE = "one", _("One of them, whoever has least to decide")
        ALL = "all", _("All of them")
        ANY = "any", _("Any of them; the first answer decides")
        QUORUM = "quorum", _("A number of them")

    class Overdue(models.TextChoices):
        WAIT = "wait", _("Remind again")
        ESCALATE = "escalate", _("Goes to their manager")
        RETURN = "return", _("Goes back to the requester")

    rule = models.ForeignKey(ApprovalRule, models.CASCADE, related_name="stages")
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    approver = models.CharField(_("approver"), max_length=16, choices=Approver, default=Approver.ROLE)
    role = models.CharField(_("role"), max_length=20, choices=Role, blank=True, default="")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("person"),
    )
    group = models.ForeignKey(
        ApproverGroup, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("group")
    )
    mode = models.CharField(_("how many"), max_length=8, choices=Mode, default=Mode.ONE)
    needed = models.PositiveSmallIntegerField(_("at least"), null=True, blank=True)
    levels = models.PositiveSmallIntegerField(_("levels at most"), null=True, blank=True)
    remind_after = models.PositiveSmallIntegerField(_("remind after, working days"), null=True, blank=True)
    limit = models.PositiveSmallIntegerField(_("time limit, working days"), null=True, blank=True)
    overdue = models.CharField(_("after the limit"), max_length=10, choices=Overdue, default=Overdue.WAIT)

    class Meta:
        verbose_name = _("stage")
        verbose_name_plural = _("stages")
        ordering = ("position", "pk")
        constraints = [
            models.CheckConstraint(
                name="stage_names_somebody",
                condition=(Q(approver="role") & ~Q(role=""))
                | Q(approver="person", person__isnull=False)
                | Q(approver="group", group__isnull=False)
                | Q(approver__in=["manager", "manager_chain", "department_head", "cost_owner"]),
                violation_error_message=_("Name the role, the group or the person."),
            ),
            models.CheckConstraint(
                name="stage_quorum_has_number",
                condition=~Q(mode="quorum") | Q(needed__gte=1),
                violation_error_message=_("Say how many of them must agree."),
            ),
            models.CheckConstraint(
                name="stage_limit_positive",
                condition=(Q(limit__isnull=True) | Q(limit__gte=1))
                & (Q(remind_after__isnull=True) | Q(remind_after__gte=1)),
                violation_error_message=_("At least one working day."),
            ),
        ]
        triggers = stands_still(
            "SELECT rule_set_id FROM approvals_approvalrule WHERE id IN (OLD.rule_id, NEW.rule_id)"
        )

    def __str__(self) -> str:
        return f"{self.position}. {self.get_approver_display()}"
