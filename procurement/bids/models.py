"""Sealed, versioned bids; envelopes; opening. Before opening nothing here can be read, also not by us."""

from __future__ import annotations

import uuid
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from procurement.common.fields import AmountField, CurrencyField, QuantityField, RateField, UnitPriceField
from procurement.common.immutability import insert_only
from procurement.common.models import StoredFile
from procurement.common.states import Stateful
from procurement.rfqs.models import Rfq, RfqLine
from suppliers.registry.models import Supplier


class EnvelopeKind(models.TextChoices):
    """What an envelope holds; the RFQ and invited tender of today have one."""

    COMMERCIAL = "commercial", _("Commercial")


class SealingKey(models.Model):
    """The key pair of one RFQ × round × envelope kind. The private half is wrapped to the opener's key, which is not here."""

    rfq = models.ForeignKey(Rfq, models.PROTECT, related_name="+")
    round = models.PositiveSmallIntegerField(default=1)
    kind = models.CharField(max_length=12, choices=EnvelopeKind, default=EnvelopeKind.COMMERCIAL)
    algorithm = models.CharField(max_length=60)
    public_key = models.BinaryField()
    wrapped_private_key = models.BinaryField()
    opener_key_id = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rfq", "round", "kind"], name="sealing_key_once")]
        triggers = insert_only()

    def __str__(self) -> str:
        return f"{self.rfq_id}/{self.round}/{self.kind}"


class BidDraft(models.Model):
    """What a supplier is working on, encrypted under the draft key; gone at the deadline."""

    rfq = models.ForeignKey(Rfq, models.PROTECT, related_name="+")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+")
    ciphertext = models.BinaryField()
    rfq_revision = models.PositiveIntegerField()
    edit_version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rfq", "supplier"], name="bid_draft_once")]

    def __str__(self) -> str:
        return f"{self.rfq_id}/{self.supplier_id}"


class SealedFile(models.Model):
    """An attachment of a bid: its ciphertext is in storage, its random key only inside the draft, later the envelope."""

    rfq = models.ForeignKey(Rfq, models.PROTECT, related_name="+")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+")
    file = models.OneToOneField(StoredFile, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["rfq", "supplier"], name="sealed_file_owner")]

    def __str__(self) -> str:
        return str(self.file_id)


class Bid(models.Model):
    """A supplier's bid on one RFQ round; what was sent stands in its versions."""

    rfq = models.ForeignKey(Rfq, models.PROTECT, related_name="+")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rfq", "supplier"], name="bid_once")]

    def __str__(self) -> str:
        return str(self.public_id)


class BidVersion(models.Model):
    """One submission or withdrawal, written once. The last one before closing counts."""

    class Action(models.TextChoices):
        SUBMIT = "submit", _("Submitted")
        WITHDRAW = "withdraw", _("Withdrawn")

    bid = models.ForeignKey(Bid, models.PROTECT, related_name="versions")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    action = models.CharField(max_length=8, choices=Action, default=Action.SUBMIT)
    rfq_revision = models.PositiveIntegerField()
    received_at = models.DateTimeField(help_text=_("By the database's clock, under the RFQ's lock."))
    request_key = models.UUIDField(help_text=_("A repeated request gets the first receipt."))
    envelope_hash = models.CharField(max_length=64, blank=True, default="", help_text=_("SHA-256 of the sealed envelope."))
    line_count = models.PositiveIntegerField(default=0)
    receipt = models.JSONField(default=dict, help_text="The signed text of the receipt.")
    receipt_signature = models.CharField(max_length=128, blank=True, default="")
    receipt_key_id = models.CharField(max_length=64, blank=True, default="")
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bid", "number"], name="bid_version_once"),
            models.UniqueConstraint(fields=["bid", "request_key"], name="bid_request_once"),
            models.CheckConstraint(
                name="bid_version_submit_is_sealed", condition=Q(action="withdraw") | ~Q(envelope_hash="")
            ),
        ]
        triggers = insert_only()

    def __str__(self) -> str:
        return f"{self.bid_id} v{self.number}"


class Envelope(models.Model):
    """The ciphertext of a bid version. Written once."""

    version = models.ForeignKey(BidVersion, models.PROTECT, related_name="envelopes")
    key = models.ForeignKey(SealingKey, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=EnvelopeKind, default=EnvelopeKind.COMMERCIAL)
    algorithm = models.CharField(max_length=60)
    ciphertext = models.BinaryField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "kind"], name="envelope_once")]
        triggers = insert_only()

    def __str__(self) -> str:
        return self.sha256[:12]


class Opening(Stateful):
    """The opening of an RFQ round (开标): confirmed by different people, then done by the opener process."""

    class Status(models.TextChoices):
        CONFIRMING = "confirming", _("Waiting for the second opener")
        CONFIRMED = "confirmed", _("Being opened")
        OPENED = "opened", _("Opened")

    TONES: ClassVar[dict[str, str]] = {"confirming": "wait", "confirmed": "wait", "opened": "good"}

    rfq = models.ForeignKey(Rfq, models.PROTECT, related_name="openings")
    round = models.PositiveSmallIntegerField(default=1)
    status = models.CharField(max_length=10, choices=Status, default=Status.CONFIRMING)
    confirmed_at = models.DateTimeField(null=True)
    merkle_root = models.CharField(max_length=64, blank=True, default="", help_text=_("Fixed before the first envelope is opened."))
    bid_count = models.PositiveIntegerField(null=True)
    opened_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rfq", "round"], name="opening_once"),
            models.CheckConstraint(
                name="opening_opened_has_root", condition=~Q(status="opened") | (~Q(merkle_root="") & Q(opened_at__isnull=False))
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="opened_is_final", operation=pgtrigger.Update | pgtrigger.Delete, condition=pgtrigger.Q(old__status="opened"))
        ]

    def __str__(self) -> str:
        return f"{self.rfq} · {self.round}"


class OpeningConfirmation(models.Model):
    """One opener's confirmation; a person confirms once."""

    opening = models.ForeignKey(Opening, models.PROTECT, related_name="confirmations")
    opener = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "pk")
        constraints = [models.UniqueConstraint(fields=["opening", "opener"], name="opening_confirmed_once")]
        triggers = insert_only()

    def __str__(self) -> str:
        return f"{self.opening_id} · {self.opener_id}"


class OpenedBid(Stateful):
    """A bid after opening: its header as the supplier sealed it, or the reason why it could not be opened."""

    class Status(models.TextChoices):
        VALID = "valid", _("Opened")
        UNREADABLE = "unreadable", _("Could not be opened")

    TONES: ClassVar[dict[str, str]] = {"valid": "good", "unreadable": "bad"}

    opening = models.ForeignKey(Opening, models.PROTECT, related_name="bids")
    rfq = models.ForeignKey(Rfq, models.PROTECT, related_name="opened_bids")
    bid = models.OneToOneField(Bid, models.PROTECT, related_name="opened")
    version = models.OneToOneField(BidVersion, models.PROTECT, related_name="opened")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=Status, default=Status.VALID)
    reason = models.CharField(max_length=200, blank=True, default="")
    leaf_hash = models.CharField(max_length=64)
    currency = CurrencyField(blank=True, default="")
    net = AmountField(default=0, help_text=_("Σ lines plus freight, in the bid's currency."))
    tax = AmountField(default=0)
    freight = AmountField(default=0)
    quotation_number = models.CharField(max_length=60, blank=True, default="")
    valid_until = models.DateField(null=True)
    incoterm = models.CharField(max_length=3, blank=True, default="")
    payment_terms = models.CharField(max_length=300, blank=True, default="")
    remark = models.TextField(blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rfq", "supplier"], name="opened_bid_once")]
        triggers = insert_only()

    def __str__(self) -> str:
        return f"{self.rfq} · {self.supplier}"


class BidLine(models.Model):
    """A supplier's price for one line, as opened. Written once."""

    opened_bid = models.ForeignKey(OpenedBid, models.PROTECT, related_name="lines")
    rfq_line = models.ForeignKey(RfqLine, models.PROTECT, related_name="+")
    quantity = QuantityField()
    unit_price = UnitPriceField()
    price_per = QuantityField(default=1)
    discount = RateField(default=0)
    tax_rate = RateField(default=0)
    net = AmountField()
    tax = AmountField()
    lead_time_days = models.PositiveIntegerField(null=True)
    warranty_months = models.PositiveIntegerField(null=True)
    remark = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["opened_bid", "rfq_line"], name="bid_line_once"),
            models.CheckConstraint(
                name="bid_line_figures",
                condition=Q(quantity__gt=0, unit_price__gte=0, price_per__gt=0, discount__gte=0, discount__lte=1, tax_rate__gte=0, net__gte=0, tax__gte=0),
            ),
        ]
        triggers = insert_only()

    def __str__(self) -> str:
        return f"{self.opened_bid_id}/{self.rfq_line_id}"


class BidAttachment(models.Model):
    """An attachment after opening, with the key that reads it."""

    opened_bid = models.ForeignKey(OpenedBid, models.PROTECT, related_name="attachments")
    file = models.OneToOneField(StoredFile, models.PROTECT, related_name="+")
    title = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    key = models.BinaryField()

    class Meta:
        triggers = insert_only()

    def __str__(self) -> str:
        return self.title
