"""Who decides for whom while somebody is away."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from procurement.common.fields import AmountField, CurrencyField
from procurement.common.figures import listed
from workflows.approvals.models.rules import DocumentType


class Delegation(models.Model):
    """For a time, the delegate decides what would be the delegator's turn: all of it, or some kinds below an amount.

    Times are instants: `starts_at` counts, `ends_at` no longer does. A revoked one ends when it is revoked.
    """

    delegator = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="delegations", verbose_name=_("for whom")
    )
    delegate = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("who decides")
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    document_types = ArrayField(
        models.CharField(max_length=12, choices=DocumentType),
        verbose_name=_("only these"),
        default=list,
        blank=True,
        help_text=_("Nothing ticked: everything."),
    )
    amount_below = AmountField(_("only below"), null=True, blank=True, help_text=_("Net; empty: any amount."))
    currency = CurrencyField(_("currency"), default="CNY")
    note = models.CharField(_("note"), max_length=200, blank=True, default="")
    created_at = models.DateTimeField(db_default=Now())
    revoked_at = models.DateTimeField(_("ended at"), null=True)

    class Meta:
        verbose_name = _("delegation")
        verbose_name_plural = _("delegations")
        constraints = [
            models.CheckConstraint(
                name="delegation_to_another",
                condition=~Q(delegator=F("delegate")),
                violation_error_message=_("Name somebody else."),
            ),
            models.CheckConstraint(
                name="delegation_ends_after_start",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message=_("The end must be after the start."),
            ),
            models.CheckConstraint(
                name="delegation_amount",
                condition=Q(amount_below__isnull=True) | Q(amount_below__gt=0),
                violation_error_message=_("More than zero, please."),
            ),
        ]
        indexes = [models.Index(fields=["delegator", "ends_at"], name="delegation_of")]

    def __str__(self) -> str:
        return f"{self.delegator} → {self.delegate}"

    @property
    def kinds(self) -> str:
        """The kinds of documents it is for, in the reader's words; empty where it is for all."""
        return listed(DocumentType(kind).label for kind in self.document_types)
