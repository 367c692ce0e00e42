"""What can be bought: categories, items, units of measure."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from procurement.common.fields import CurrencyField, RateField, UnitPriceField
from procurement.common.text_search import search_index, searched
from procurement.organization.models import Named
from procurement.organization.trees import refuse_loop


class Unit(Named):
    """A unit of measure by its UN/ECE Recommendation 20 code, e.g. KGM; `symbol` is what people write."""

    symbol = models.CharField(
        _("symbol"),
        max_length=20,
        blank=True,
        default="",
        help_text=_("What stands behind a quantity: kg, m², pc."),
    )

    class Meta:
        verbose_name = _("unit of measure")
        verbose_name_plural = _("units of measure")
        constraints = [models.UniqueConstraint(fields=["code"], name="unit_code")]

    @property
    def short(self) -> str:
        """What stands behind a quantity: kg, m² or set; 千克, 平方米 or 套 in Chinese."""
        label = self.label
        return label if label == self.name or not self.symbol else self.symbol


class Category(Named):
    """A branch of a classification, as scheme + code (OCDS): our own tree, CPV, UNSPSC."""

    scheme = models.CharField(
        _("scheme"),
        max_length=24,
        default="OWN",
        help_text=_("Which classification the code is from: CPV, UNSPSC; OWN for your own."),
    )
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("category above"),
    )

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        constraints = [models.UniqueConstraint(fields=["scheme", "code"], name="category_code")]

    def clean(self) -> None:
        """A tree has no loops."""
        super().clean()
        refuse_loop(self)


class Item(Named):
    """A catalogue item with its usual unit, tax and last known price."""

    category = models.ForeignKey(Category, models.PROTECT, related_name="items", verbose_name=_("category"))
    unit = models.ForeignKey(
        Unit,
        models.PROTECT,
        related_name="+",
        verbose_name=_("unit"),
        help_text=_("Found by its name or symbol: piece, kg, 米."),
    )
    specification = models.CharField(_("specification"), max_length=500, blank=True, default="")
    estimate = UnitPriceField(_("estimated unit price, net"), null=True, blank=True)
    currency = CurrencyField(_("currency"), default="CNY")
    tax_rate = RateField(
        _("tax rate"), default="0.13", help_text=_("A fraction of one: thirteen per cent is 0.13.")
    )
    search_text = searched("code", "name", "name_en", "specification")

    class Meta:
        verbose_name = _("item")
        verbose_name_plural = _("items")
        indexes = [search_index("item_search")]
        constraints = [
            models.UniqueConstraint(fields=["code"], name="item_code"),
            models.CheckConstraint(
                name="item_estimate_not_negative",
                condition=Q(estimate__isnull=True) | Q(estimate__gte=0),
                violation_error_message=_("The estimated price is not below zero."),
            ),
            models.CheckConstraint(
                name="item_tax_rate",
                condition=Q(tax_rate__gte=0, tax_rate__lt=1),
                violation_error_message=_("The tax rate is a fraction of one, as 0.13."),
            ),
        ]
