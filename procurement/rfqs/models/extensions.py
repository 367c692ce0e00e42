"""More time for all bidders: later deadlines, proposed and confirmed."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from procurement.rfqs.models.rfqs import Rfq


class ExtensionQuerySet(models.QuerySet["DeadlineExtension"]):
    """Proposals for a later deadline, as they are asked for."""

    def waiting_at(self, moment: datetime) -> Self:
        """Proposed and not lapsed: the deadline they would move is still ahead, and bids are taken."""
        return self.filter(
            status=DeadlineExtension.Status.PROPOSED,
            closed_before__gt=moment,
            rfq__status=Rfq.Status.PUBLISHED,
        )


class DeadlineExtension(models.Model):
    """More time for all bidders: one person proposes it, another confirms it before the old deadline.

    No stored state says *lapsed*: a proposal that nobody confirmed is over when the old deadline is.
    """

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        CONFIRMED = "confirmed", _("Confirmed")
        DROPPED = "dropped", _("Set aside")

    rfq = models.ForeignKey(Rfq, models.CASCADE, related_name="extensions")
    status = models.CharField(max_length=9, choices=Status, default=Status.PROPOSED)
    closed_before = models.DateTimeField(help_text=_("The deadline that is moved."))
    closes_at = models.DateTimeField(_("new deadline"))
    reason = models.CharField(_("reason"), max_length=300)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    objects = ExtensionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rfq"], name="extension_one_proposal", condition=Q(status="proposed")
            ),
            models.CheckConstraint(
                name="extension_moves_later", condition=Q(closes_at__gt=F("closed_before"))
            ),
            models.CheckConstraint(
                name="extension_second_person",
                condition=~Q(status="confirmed")
                | (Q(decided_by__isnull=False) & ~Q(decided_by=F("proposed_by"))),
                violation_error_message=_("A second person confirms a new deadline."),
            ),
            models.CheckConstraint(
                name="extension_confirmed_in_time",
                condition=~Q(status="confirmed")
                | Q(decided_at__isnull=False, decided_at__lt=F("closed_before")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rfq} → {self.closes_at}"
