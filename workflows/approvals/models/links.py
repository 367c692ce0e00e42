"""Links in mails by which one decision may be taken without a log-in."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from workflows.approvals.models.cases import ApprovalStep


class OneTimeLink(models.Model):
    """A link bound to one person, one step, the exact document and a time; only its digest is stored.

    Opening it changes nothing, so a mail scanner that looks ahead does no harm; the decision is a second act.
    """

    step = models.ForeignKey(ApprovalStep, models.PROTECT, related_name="links")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    secret_hash = models.CharField(max_length=64, unique=True)
    document_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="link_used_in_time",
                condition=Q(used_at__isnull=True) | Q(used_at__lt=models.F("expires_at")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.step_id} → {self.user_id}"
