"""Purchase orders: per buying company and delivery place, with the requests they fulfil."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from contracts.agreements.models import Contract, ContractLine
from procurement.catalog.models import Unit
from procurement.common.fields import AmountField, CurrencyField, QuantityField, RateField, UnitPriceField
from procurement.common.immutability import insert_only
from procurement.common.money import fits_currency
from procurement.common.states import Stateful
from procurement.common.text_search import search_index, searched
from procurement.organization.models import Company, DeliveryPlace
from procurement.requisitions.models import RequisitionLine
from suppliers.registry.models import Supplier


class Order(Stateful):
    """A purchase order (订单) to one supplier, of one buying company, to one delivery place."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ISSUED = "issued", _("Sent to the supplier")
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        CHANGE_PROPOSED = "change_proposed", _("Change proposed")
        DECLINED = "declined", _("Declined by the supplier")
        CANCELLED = "cancelled", _("Cancelled")

    TONES: ClassVar[dict[str, str]] = {
        "draft": "idle",
        "issued": "go",
        "acknowledged": "good",
        "change_proposed": "wait",
        "declined": "bad",
        "cancelled": "idle",
    }

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(max_length=40, unique=True)
    contract = models.ForeignKey(Contract, models.PROTECT, related_name="orders")
    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    delivery_place = models.ForeignKey(DeliveryPlace, models.PROTECT, related_name="+")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+")
    buyer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    status = models.CharField(max_length=16, choices=Status, default=Status.DRAFT)
    currency = CurrencyField()
    net = AmountField(default=0)
    tax = AmountField(default=0)
    freight = AmountField(
        default=0, help_text=_("Part of the net amount: this place's share of the contract's.")
    )
    revision = models.PositiveIntegerField(default=1)
    origin = models.CharField(max_length=8, default="live")
    created_at = models.DateTimeField(db_default=Now())
    issued_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    status_reason = models.CharField(max_length=300, blank=True, default="")
    acknowledged_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    search_text = searched("number")

    class Meta:
        verbose_name = _("purchase order")
        verbose_name_plural = _("purchase orders")
        constraints = [
            models.UniqueConstraint(
                fields=["contract", "company", "delivery_place"],
                condition=~Q(status="cancelled") & Q(revision=1),  # what a later one released may be ordered
                name="order_once_per_place",
            ),
            models.CheckConstraint(
                name="order_issued_has_time",
                condition=Q(status__in=["draft", "cancelled"]) | Q(issued_at__isnull=False),
            ),
            models.CheckConstraint(
                name="order_acknowledged_by_somebody",
                condition=~Q(status="acknowledged")
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
            ),
            fits_currency("order_amount_scale", "net", "tax", "freight"),
            models.CheckConstraint(name="order_freight", condition=Q(freight__gte=0, net__gte=F("freight"))),
        ]
        indexes = [
            models.Index(fields=["company", "status", "-id"], name="order_company"),
            models.Index(fields=["supplier", "-id"], name="order_supplier"),
            models.Index(fields=["issued_at"], name="order_issued"),
            search_index("order_search"),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        """Its page on our side."""
        return reverse("orders:detail", args=[self.pk])

    @property
    def gross(self) -> Decimal:
        """Net plus tax, in `currency`."""
        return Decimal(self.net) + Decimal(self.tax)


# Sent, and not agreed on yet: the supplier may answer (again), the buyer may take it back.
UNSETTLED = frozenset({Order.Status.ISSUED, Order.Status.CHANGE_PROPOSED, Order.Status.DECLINED})


class OrderLine(models.Model):
    """A line's identity; receipts and invoices will point here. What it says is in its versions."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    contract_line = models.ForeignKey(ContractLine, models.PROTECT, related_name="+")

    class Meta:
        ordering = ("position",)
        constraints = [models.UniqueConstraint(fields=["order", "position"], name="order_line_position")]

    def __str__(self) -> str:
        return f"{self.order_id}/{self.position}"


class OrderLineVersion(models.Model):
    """What an order line says in one revision; written once."""

    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="versions")
    revision = models.PositiveIntegerField()
    description = models.CharField(max_length=300)
    quantity = QuantityField()
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    unit_price = UnitPriceField()
    price_per = QuantityField(default=1)
    discount = RateField(default=0)
    tax_rate = RateField(default=0)
    net = AmountField()
    tax = AmountField()
    need_date = models.DateField(null=True)
    promised_date = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["line", "revision"], name="order_line_version_once"),
            models.CheckConstraint(name="order_line_version_quantity", condition=Q(quantity__gt=0)),
        ]
        triggers = insert_only()

    def __str__(self) -> str:
        return self.description


class OrderAllocation(models.Model):
    """So much of an order line, in quantity and money, is for this requisition line. Amounts sum to the line's to the cent."""

    order_line = models.ForeignKey(OrderLine, models.PROTECT, related_name="allocations")
    requisition_line = models.ForeignKey(RequisitionLine, models.PROTECT, related_name="+")
    quantity = QuantityField(help_text=_("In the order line's unit."))
    requested_quantity = QuantityField(help_text=_("In the requisition line's unit."))
    net = AmountField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order_line", "requisition_line"], name="order_allocation_once"),
            models.CheckConstraint(
                name="order_allocation_above_zero",
                condition=Q(quantity__gt=0, requested_quantity__gt=0, net__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_line_id} → {self.requisition_line_id}"


class OrderAnswer(models.Model):
    """What a supplier answers to an order but a plain yes: a change it proposes, or that it declines; and the buyer's reply."""

    class Kind(models.TextChoices):
        CHANGE = "change", _("Proposes a change")
        DECLINE = "decline", _("Declines")

    class Status(models.TextChoices):
        OPEN = "open", _("Waits for the buyer")
        ACCEPTED = "accepted", _("Accepted")
        REFUSED = "refused", _("Not accepted")
        TAKEN_BACK = "taken_back", _("Taken back by the supplier")
        OVERTAKEN = "overtaken", _("Overtaken: the order was cancelled")

    order = models.ForeignKey(Order, models.PROTECT, related_name="answers")
    revision = models.PositiveIntegerField(help_text=_("Of the order, when this was answered."))
    kind = models.CharField(max_length=8, choices=Kind)
    reason = models.CharField(max_length=500, blank=True, default="")
    given_at = models.DateTimeField()
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decision_note = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        ordering = ("-pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=Q(status="open"), name="order_answer_one_open"
            ),
            models.CheckConstraint(
                name="order_answer_decided_by_somebody",
                condition=Q(status="open", decided_at__isnull=True, decided_by__isnull=True)
                | (~Q(status="open") & Q(decided_at__isnull=False, decided_by__isnull=False)),
            ),
            models.CheckConstraint(
                name="order_answer_decline_says_why", condition=~Q(kind="decline") | ~Q(reason="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order} · {self.get_kind_display()}"


class ProposedLine(models.Model):
    """What one line of an order would say instead. Written once."""

    answer = models.ForeignKey(OrderAnswer, models.PROTECT, related_name="lines")
    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="+")
    quantity = QuantityField()
    promised_date = models.DateField(null=True)

    class Meta:
        ordering = ("line__position",)
        constraints = [
            models.UniqueConstraint(fields=["answer", "line"], name="proposed_line_once"),
            models.CheckConstraint(name="proposed_line_quantity", condition=Q(quantity__gt=0)),
        ]
        triggers = insert_only()

    def __str__(self) -> str:
        return f"{self.answer_id} → {self.line_id}"
