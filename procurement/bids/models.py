"""Sealed, versioned bids; envelopes; opening. Before opening nothing here can be read, also not by us."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import connection, models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from procurement.accounts.models import User
from procurement.common.fields import AmountField, CurrencyField, QuantityField, RateField, UnitPriceField
from procurement.common.immutability import insert_only
from procurement.common.models import StoredFile
from procurement.common.sql import scalar
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
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rfq", "supplier"], name="bid_draft_once")]

    def __str__(self) -> str:
        return f"{self.rfq_id}/{self.supplier_id}"


class SealedFile(models.Model):
    """An attachment of a bid: its ciphertext is in storage, its random key only inside the draft, later the envelope."""

    rfq = models.ForeignKey(Rfq, models.PROTECT, related_name="+")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+")
    file = models.OneToOneField(StoredFile, models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField(
        null=True, help_text=_("When a bid with it was sent; until opening it must be kept.")
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["rfq", "supplier"], name="sealed_file_owner"),
            models.Index(
                fields=["created_at"], name="sealed_file_loose", condition=Q(submitted_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return str(self.file_id)


class BidManager(models.Manager["Bid"]):
    """Bids, as submissions ask for them."""

    def lock_for(self, *, rfq_id: int, supplier_id: int) -> tuple[Bid, bool]:
        """The supplier's bid, made where there is none, ours alone until the transaction ends; and whether it is new.

        One statement, so that two first submissions at once meet on one row.
        """
        with connection.cursor() as cursor:
            cursor.execute(_LOCK_BID, [rfq_id, supplier_id, uuid.uuid4()])
            pk, public_id, created_at, is_new = cursor.fetchone()
        return Bid(
            pk=pk, rfq_id=rfq_id, supplier_id=supplier_id, public_id=public_id, created_at=created_at
        ), is_new


_LOCK_BID = """
    INSERT INTO bids_bid (rfq_id, supplier_id, public_id, created_at) VALUES (%s, %s, %s, now())
    ON CONFLICT (rfq_id, supplier_id) DO UPDATE SET rfq_id = excluded.rfq_id
    RETURNING id, public_id, created_at, xmax = 0
"""


class Bid(models.Model):
    """A supplier's bid on one RFQ round; what was sent stands in its versions."""

    rfq = models.ForeignKey(Rfq, models.PROTECT, related_name="+")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[BidManager] = BidManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rfq", "supplier"], name="bid_once")]

    def __str__(self) -> str:
        return str(self.public_id)


_IN_TIME = """
    PERFORM 1 FROM rfqs_rfq r JOIN bids_bid b ON b.rfq_id = r.id
        WHERE b.id = NEW.bid_id AND b.supplier_id = NEW.supplier_id AND NEW.received_at < r.closes_at;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'a bid is received before closing, from its own supplier' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
_ROOT_FIRST = """
    PERFORM 1 FROM bids_opening o WHERE o.id = NEW.opening_id AND o.merkle_root <> '' AND o.status = 'confirmed';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no bid is opened before two people confirmed and the root is recorded' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


def before_insert(name: str, func: str) -> pgtrigger.Trigger:
    """A rule over several tables, kept by the database when a row is written."""
    return pgtrigger.Trigger(name=name, when=pgtrigger.Before, operation=pgtrigger.Insert, func=func)


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
    envelope_hash = models.CharField(
        max_length=64, blank=True, default="", help_text=_("SHA-256 of the sealed envelope.")
    )
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
        triggers = [*insert_only(), before_insert("in_time", _IN_TIME)]

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


class LateAttemptsManager(models.Manager["LateAttempts"]):
    """Late attempts, as they happen."""

    def count_one(self, *, rfq_id: int, supplier_id: int, actor: User, at: datetime) -> bool:
        """One more; True for a supplier's first one. One statement, so that attempts at once are all counted."""
        return bool(scalar(_COUNT_LATE, [rfq_id, supplier_id, at, at, actor.pk]))


_COUNT_LATE = """
    INSERT INTO bids_lateattempts AS known (rfq_id, supplier_id, count, first_at, latest_at, latest_by_id)
    VALUES (%s, %s, 1, %s, %s, %s)
    ON CONFLICT (rfq_id, supplier_id) DO UPDATE SET count = known.count + 1,
        first_at = least(known.first_at, excluded.first_at), latest_at = greatest(known.latest_at, excluded.latest_at),
        latest_by_id = excluded.latest_by_id
    RETURNING xmax = 0
"""


class LateAttempts(models.Model):
    """A supplier's attempts to bid after the deadline: refused, nothing kept but when the first and the latest were."""

    rfq = models.ForeignKey(Rfq, models.PROTECT, related_name="+")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+")
    count = models.PositiveIntegerField()
    first_at = models.DateTimeField()
    latest_at = models.DateTimeField()
    latest_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects: ClassVar[LateAttemptsManager] = LateAttemptsManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rfq", "supplier"], name="late_attempts_once"),
            models.CheckConstraint(
                name="late_attempts_in_order", condition=Q(count__gte=1, latest_at__gte=F("first_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rfq_id}/{self.supplier_id}: {self.count}"


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
    merkle_root = models.CharField(
        max_length=64, blank=True, default="", help_text=_("Fixed before the first envelope is opened.")
    )
    root_at = models.DateTimeField(null=True)
    bid_count = models.PositiveIntegerField(null=True)
    opened_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rfq", "round"], name="opening_once"),
            models.CheckConstraint(
                name="opening_opened_has_root",
                condition=~Q(status="opened") | (~Q(merkle_root="") & Q(opened_at__isnull=False)),
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="opened_is_final",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__status="opened"),
            ),
            pgtrigger.Protect(
                name="root_is_final",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__merkle_root="")
                & pgtrigger.Q(old__merkle_root__df=pgtrigger.F("new__merkle_root")),
            ),
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


class OpeningRate(models.Model):
    """A rate entered before the opening for an allowed bid currency; at opening it is stored for good (RfqRate)."""

    rfq = models.ForeignKey(Rfq, models.PROTECT, related_name="+")
    currency = CurrencyField()
    rate = models.DecimalField(max_digits=20, decimal_places=10)
    source = models.CharField(max_length=120)
    source_date = models.DateField()
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rfq", "currency"], name="opening_rate_once"),
            models.CheckConstraint(name="opening_rate_above_zero", condition=Q(rate__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.rate}"


class OpenedBid(Stateful):
    """A bid after opening: its header as the supplier sealed it, or the reason why it could not be opened."""

    class Status(models.TextChoices):
        VALID = "valid", _("Opened")
        UNREADABLE = "unreadable", _("Could not be opened")

    class Reason(models.TextChoices):
        MISSING = "missing", _("The envelope is missing.")
        ALTERED = "altered", _("The envelope is not the one on the receipt.")
        UNDECRYPTABLE = (
            "undecryptable",
            _("The envelope does not open with the key of this RFQ and this bid."),
        )
        CONTENT = "content", _("What is in the envelope is not a bid on this RFQ.")

    TONES: ClassVar[dict[str, str]] = {"valid": "good", "unreadable": "bad"}

    opening = models.ForeignKey(Opening, models.PROTECT, related_name="bids")
    rfq = models.ForeignKey(Rfq, models.PROTECT, related_name="opened_bids")
    bid = models.OneToOneField(Bid, models.PROTECT, related_name="opened")
    version = models.OneToOneField(BidVersion, models.PROTECT, related_name="opened")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=Status, default=Status.VALID)
    reason = models.CharField(max_length=16, choices=Reason, blank=True, default="")
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
        constraints = [
            models.UniqueConstraint(fields=["rfq", "supplier"], name="opened_bid_once"),
            models.CheckConstraint(
                name="opened_bid_says_why",
                condition=Q(status="valid", reason="") | (Q(status="unreadable") & ~Q(reason="")),
            ),
        ]
        triggers = [*insert_only(), before_insert("root_first", _ROOT_FIRST)]

    def __str__(self) -> str:
        return f"{self.rfq} · {self.supplier}"

    @property
    def gross(self) -> Decimal:
        """Net plus tax."""
        return Decimal(self.net) + Decimal(self.tax)


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
                condition=Q(
                    quantity__gt=0,
                    unit_price__gte=0,
                    price_per__gt=0,
                    discount__gte=0,
                    discount__lte=1,
                    tax_rate__gte=0,
                    net__gte=0,
                    tax__gte=0,
                ),
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
