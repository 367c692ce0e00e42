"""Demand: what departments need, line by line."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Now
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from procurement.catalog.models import Category, Item, Unit
from procurement.common.fields import AmountField, CurrencyField, QuantityField, RateField, UnitPriceField
from procurement.common.immutability import insert_only
from procurement.common.models import StoredFile
from procurement.common.money import fits_currency
from procurement.common.states import Stateful
from procurement.common.text_search import search_index, searched
from procurement.organization.models import Company, CostCentre, DeliveryPlace, Department, Project


class Requisition(Stateful):
    """A department's request (采购申请). Lines freeze at submission; a returned one makes a new revision.

    What becomes of it after approval is derived from its lines' quantities, never stored here.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        IN_APPROVAL = "in_approval", _("In approval")
        RETURNED = "returned", _("Returned")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        CANCELLED = "cancelled", _("Cancelled")

    TONES: ClassVar[dict[str, str]] = {
        "draft": "idle",
        "in_approval": "wait",
        "returned": "wait",
        "approved": "good",
        "rejected": "bad",
        "cancelled": "idle",
    }
    EDITABLE: ClassVar[frozenset[str]] = frozenset({"draft", "returned"})

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(max_length=40, null=True, unique=True)
    company = models.ForeignKey(Company, models.PROTECT, related_name="+", verbose_name=_("company"))
    department = models.ForeignKey(Department, models.PROTECT, related_name="+", verbose_name=_("department"))
    requester = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    title = models.CharField(_("title"), max_length=160)
    purpose = models.TextField(_("why it is needed"), blank=True, default="", max_length=4000)
    currency = CurrencyField(_("currency"), default="CNY")
    status = models.CharField(max_length=12, choices=Status, default=Status.DRAFT)
    is_template = models.BooleanField(default=False)
    revision = models.PositiveIntegerField(default=1)
    round = models.PositiveIntegerField(default=0, help_text=_("Times submitted."))
    net = AmountField(default=0)
    tax = AmountField(default=0)
    document_hash = models.CharField(max_length=64, blank=True, default="")
    origin = models.CharField(max_length=8, default="live")
    edit_version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())
    submitted_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    search_text = searched("number", "title")

    class Meta:
        verbose_name = _("requisition")
        verbose_name_plural = _("requisitions")
        constraints = [
            models.CheckConstraint(
                name="requisition_submitted_has_number",
                condition=Q(status__in=["draft", "cancelled"])
                | Q(number__isnull=False, submitted_at__isnull=False),
            ),
            models.CheckConstraint(
                name="requisition_template_is_draft", condition=Q(is_template=False) | Q(status="draft")
            ),
            models.CheckConstraint(name="requisition_amounts", condition=Q(net__gte=0, tax__gte=0)),
            fits_currency("requisition_amount_scale", "net", "tax"),
        ]
        indexes = [
            models.Index(fields=["requester", "-id"], name="requisition_requester"),
            models.Index(fields=["company", "status", "-id"], name="requisition_company"),
            models.Index(fields=["department", "-id"], name="requisition_department"),
            models.Index(fields=["submitted_at"], name="requisition_submitted"),
            search_index("requisition_search"),
        ]

    def __str__(self) -> str:
        return self.number or self.title

    def get_absolute_url(self) -> str:
        """Its own page."""
        return reverse("requisitions:detail", args=[self.pk])

    @property
    def gross(self) -> Decimal:
        """Net plus tax, in `currency`."""
        total: Decimal = self.net + self.tax
        return total

    @property
    def is_editable(self) -> bool:
        """Whether its requester may still change it."""
        return self.status in self.EDITABLE


class RequisitionRevision(models.Model):
    """What a request said when it was submitted, word for word; approvals speak of its hash. Written once."""

    requisition = models.ForeignKey(Requisition, models.PROTECT, related_name="revisions")
    revision = models.PositiveIntegerField()
    content = models.TextField(help_text=_("Canonical JSON."))
    sha256 = models.CharField(max_length=64)
    submitted_at = models.DateTimeField()

    class Meta:
        ordering = ("revision",)
        constraints = [
            models.UniqueConstraint(fields=["requisition", "revision"], name="requisition_revision_once")
        ]
        triggers = insert_only()

    def __str__(self) -> str:
        return f"{self.requisition_id} r{self.revision}"


class RequisitionLine(Stateful):
    """One need: what, how much, until when, for which cost object, to which place.

    `sourced` is in RFQs, `ordered` in contracts and orders; both are Σ of allocations and never exceed `quantity`.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        IN_APPROVAL = "in_approval", _("In approval")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        CANCELLED = "cancelled", _("Cancelled")

    TONES: ClassVar[dict[str, str]] = {
        "draft": "idle",
        "in_approval": "wait",
        "approved": "good",
        "rejected": "bad",
        "cancelled": "idle",
    }

    requisition = models.ForeignKey(Requisition, models.CASCADE, related_name="lines")
    company = models.ForeignKey(Company, models.PROTECT, related_name="+", help_text=_("The buying company."))
    position = models.PositiveIntegerField()
    item = models.ForeignKey(Item, models.PROTECT, null=True, blank=True, related_name="+")
    category = models.ForeignKey(Category, models.PROTECT, related_name="+", verbose_name=_("category"))
    description = models.CharField(_("description"), max_length=300)
    specification = models.TextField(_("specification"), blank=True, default="", max_length=4000)
    quantity = QuantityField(_("quantity"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("unit"))
    unit_price = UnitPriceField(_("estimated unit price, net"), default=0)
    tax_rate = RateField(_("tax rate"), default="0.13")
    net = AmountField(default=0)
    tax = AmountField(default=0)
    need_date = models.DateField(_("needed by"))
    cost_centre = models.ForeignKey(
        CostCentre, models.PROTECT, related_name="+", verbose_name=_("cost centre")
    )
    project = models.ForeignKey(
        Project, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("project")
    )
    delivery_place = models.ForeignKey(
        DeliveryPlace, models.PROTECT, related_name="+", verbose_name=_("delivery place")
    )
    status = models.CharField(max_length=12, choices=Status, default=Status.DRAFT)
    sourced = QuantityField(default=0)
    ordered = QuantityField(default=0)
    buyer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("officer"),
        help_text=_("Who takes care of it; nobody: whoever comes first."),
    )

    class Meta:
        verbose_name = _("requisition line")
        verbose_name_plural = _("requisition lines")
        ordering = ("position",)
        constraints = [
            models.UniqueConstraint(
                fields=["requisition", "position"],
                name="requisition_line_position",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(
                name="requisition_line_quantity",
                condition=Q(quantity__gt=0),
                violation_error_message=_("More than zero, please."),
            ),
            models.CheckConstraint(
                name="requisition_line_not_over_sourced",
                condition=Q(
                    sourced__gte=0, sourced__lte=F("quantity"), ordered__gte=0, ordered__lte=F("quantity")
                ),
                violation_error_message=_("More than was requested."),
            ),
            models.CheckConstraint(
                name="requisition_line_price", condition=Q(unit_price__gte=0, net__gte=0, tax__gte=0)
            ),
            models.CheckConstraint(
                name="requisition_line_tax_rate", condition=Q(tax_rate__gte=0, tax_rate__lt=1)
            ),
            models.CheckConstraint(
                name="requisition_line_sourced_when_approved", condition=Q(sourced=0) | Q(status="approved")
            ),
        ]
        indexes = [
            # the pool: approved lines with something left to source
            models.Index(
                F("category"),
                Coalesce("item", Value(0)),
                F("id"),
                name="requisition_line_pool",
                condition=Q(status="approved", sourced__lt=F("quantity")),
            )
        ]

    def __str__(self) -> str:
        return self.description

    @property
    def rest(self) -> Decimal:
        """What no RFQ holds yet."""
        left: Decimal = self.quantity - self.sourced
        return left

    @property
    def estimate(self) -> Decimal:
        """What the rest may cost, net; for the eye, unrounded."""
        amount: Decimal = self.rest * self.unit_price
        return amount

    @property
    def progress(self) -> tuple[str, str]:
        """How far the line has come, as (words, tone): its state, and once approved what its quantities say."""
        if self.status != self.Status.APPROVED:
            return self.status_label, self.status_tone
        stages = (
            (self.ordered >= self.quantity, gettext("Ordered"), "good"),
            (self.ordered > 0, gettext("Partly ordered"), "go"),
            (self.sourced >= self.quantity, gettext("In an RFQ"), "go"),
            (self.sourced > 0, gettext("Partly in an RFQ"), "go"),
        )
        return next(
            ((words, tone) for reached, words, tone in stages if reached), (gettext("To be sourced"), "wait")
        )


class RequisitionDocument(models.Model):
    """A specification or drawing attached to a requisition, or to one line of it."""

    requisition = models.ForeignKey(Requisition, models.CASCADE, related_name="documents")
    line = models.ForeignKey(RequisitionLine, models.CASCADE, null=True, blank=True, related_name="documents")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    title = models.CharField(_("title"), max_length=160)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.title
