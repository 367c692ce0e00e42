"""What is asked for: lines by revision, and the demand of requisitions that each of them carries."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from procurement.catalog.models import Category, Item, Unit
from procurement.common.fields import QuantityField, RateField, UnitPriceField
from procurement.organization.models import DeliveryPlace
from procurement.requisitions.models import RequisitionLine
from procurement.rfqs.models.rfqs import Rfq


class RfqLine(models.Model):
    """A line's identity: never changes owner or key. What it says is in its versions.

    `quantity` is that of the latest version. `awarded` is Σ of live award lines, `released` what went back to the
    requisitions at the end; together they never exceed it.
    """

    rfq = models.ForeignKey(Rfq, models.CASCADE, related_name="lines")
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    position = models.PositiveIntegerField()
    quantity = QuantityField()
    awarded = QuantityField(default=0)
    released = QuantityField(default=0)

    class Meta:
        ordering = ("position",)
        constraints = [
            models.UniqueConstraint(
                fields=["rfq", "position"], name="rfq_line_position", deferrable=models.Deferrable.DEFERRED
            ),
            models.CheckConstraint(name="rfq_line_quantity", condition=Q(quantity__gt=0)),
            models.CheckConstraint(
                name="rfq_line_not_over_awarded",
                condition=Q(awarded__gte=0, released__gte=0, awarded__lte=F("quantity") - F("released")),
                violation_error_message=_("This quantity is awarded already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rfq} · {self.position}"

    @property
    def rest(self) -> Decimal:
        """What is neither awarded nor given back."""
        left: Decimal = self.quantity - self.awarded - self.released
        return left


class RfqLineVersion(models.Model):
    """What a line says in one revision of the RFQ. Immutable once that revision is published."""

    line = models.ForeignKey(RfqLine, models.CASCADE, related_name="versions")
    revision = models.PositiveIntegerField()
    item = models.ForeignKey(Item, models.PROTECT, null=True, blank=True, related_name="+")
    category = models.ForeignKey(Category, models.PROTECT, related_name="+")
    description = models.CharField(_("description"), max_length=300)
    specification = models.TextField(_("specification"), blank=True, default="", max_length=4000)
    quantity = QuantityField(_("quantity"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("unit"))
    tax_rate = RateField(_("tax rate"), default="0.13")
    estimate = UnitPriceField(_("estimated unit price, net"), default=0)
    need_date = models.DateField(_("needed by"), null=True, blank=True)
    delivery_place = models.ForeignKey(DeliveryPlace, models.PROTECT, null=True, blank=True, related_name="+")
    published = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["line", "revision"], name="rfq_line_version_once"),
            models.CheckConstraint(name="rfq_line_version_quantity", condition=Q(quantity__gt=0)),
        ]
        triggers = [
            pgtrigger.Protect(
                name="published_is_final",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__published=True),
            )
        ]

    def __str__(self) -> str:
        return self.description


class Allocation(models.Model):
    """So much of a requisition line is asked for by this RFQ line (m:n). Where is my request reads these.

    `quantity` is in the requisition line's unit; × `factor` gives the RFQ line's unit. `released` of it went back to
    the requisition when the RFQ ended; the row stays as a trace.
    """

    requisition_line = models.ForeignKey(RequisitionLine, models.PROTECT, related_name="allocations")
    rfq_line = models.ForeignKey(RfqLine, models.PROTECT, related_name="allocations")
    quantity = QuantityField()
    factor = models.DecimalField(max_digits=18, decimal_places=9, default=1)
    released = QuantityField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["requisition_line", "rfq_line"], name="allocation_once"),
            models.CheckConstraint(
                name="allocation_not_over_released",
                condition=Q(released__gte=0, released__lte=F("quantity")),
            ),
            models.CheckConstraint(name="allocation_above_zero", condition=Q(quantity__gt=0, factor__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.requisition_line_id} → {self.rfq_line_id}"
