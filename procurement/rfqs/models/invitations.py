"""Who is asked to bid, and what they may read."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from procurement.common.models import StoredFile
from procurement.common.states import Stateful
from procurement.rfqs.models.rfqs import Rfq
from suppliers.registry.models import Supplier


class Invitation(Stateful):
    """A supplier is asked to bid. What it does afterwards (drafts, bids) is sealed and not shown here."""

    class Status(models.TextChoices):
        INVITED = "invited", _("Invited")
        DELIVERED = "delivered", _("Delivered")
        VIEWED = "viewed", _("Viewed")
        INTENDS = "intends", _("Intends to bid")
        DECLINED = "declined", _("Declined")

    TONES: ClassVar[dict[str, str]] = {
        "invited": "idle",
        "delivered": "idle",
        "viewed": "go",
        "intends": "go",
        "declined": "bad",
    }

    rfq = models.ForeignKey(Rfq, models.CASCADE, related_name="invitations")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    status = models.CharField(max_length=10, choices=Status, default=Status.INVITED)
    delivered_at = models.DateTimeField(null=True)
    viewed_at = models.DateTimeField(null=True)
    intended_at = models.DateTimeField(null=True, help_text=_("When the supplier said that it means to bid."))
    declined_at = models.DateTimeField(null=True)
    decline_reason = models.CharField(max_length=300, blank=True, default="")
    reminded_at = models.DateTimeField(null=True, help_text=_("When it was last asked to have a look."))
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rfq", "supplier"], name="invitation_once")]
        indexes = [models.Index(fields=["supplier", "-id"], name="invitation_supplier")]

    def __str__(self) -> str:
        return f"{self.rfq} → {self.supplier}"


class RfqDocument(models.Model):
    """A document bidders may read: specification, drawing, terms."""

    rfq = models.ForeignKey(Rfq, models.CASCADE, related_name="documents")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    title = models.CharField(_("title"), max_length=160)
    revision = models.PositiveIntegerField(default=1, help_text=_("RFQ revision it came with."))

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.title
