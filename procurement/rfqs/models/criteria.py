"""What bids are compared by: criteria with their weights, and rates of other currencies."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from procurement.common.fields import CurrencyField
from procurement.common.immutability import insert_only
from procurement.rfqs.models.rfqs import Rfq


class Criterion(models.Model):
    """What bids are judged by, with its weight in percent; frozen at publication. Weights sum to 100."""

    class Kind(models.TextChoices):
        PRICE = "price", _("Price (computed)")
        DELIVERY = "delivery", _("Delivery time (computed)")
        QUALITY = "quality", _("Quality (scored)")

    rfq = models.ForeignKey(Rfq, models.CASCADE, related_name="criteria")
    position = models.PositiveSmallIntegerField(default=1)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    name = models.CharField(_("name"), max_length=120)
    weight = models.DecimalField(_("weight, %"), max_digits=5, decimal_places=2)

    class Meta:
        ordering = ("position", "pk")
        constraints = [
            models.CheckConstraint(name="criterion_weight", condition=Q(weight__gt=0, weight__lte=100))
        ]

    def __str__(self) -> str:
        return self.name


class RfqRate(models.Model):
    """Rate of a bid currency: 1 of `currency` = `rate` of the evaluation currency. Stored at opening, never changed."""

    rfq = models.ForeignKey(Rfq, models.PROTECT, related_name="rates")
    currency = CurrencyField()
    rate = models.DecimalField(max_digits=20, decimal_places=10)
    source = models.CharField(max_length=120)
    source_date = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rfq", "currency"], name="rfq_rate_once"),
            models.CheckConstraint(name="rfq_rate_above_zero", condition=Q(rate__gt=0)),
        ]
        triggers = insert_only()

    def __str__(self) -> str:
        return f"{self.currency} {self.rate}"
