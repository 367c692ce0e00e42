"""What we ask the market: RFQs, their lines by revision, criteria, documents and invitations."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from guardian.models import UserObjectPermissionBase

from procurement.catalog.models import Category, Item, Unit
from procurement.common.fields import AmountField, CurrencyField, QuantityField, RateField, UnitPriceField
from procurement.common.immutability import insert_only
from procurement.common.models import StoredFile
from procurement.common.money import fits_currency
from procurement.common.states import Stateful
from procurement.common.text_search import search_index, searched
from procurement.organization.models import Company, DeliveryPlace
from procurement.requisitions.models import RequisitionLine
from suppliers.registry.models import Supplier


class Procedure(models.Model):
    """The rules of a procedure, as data. Presets hold them for later RFQs, each RFQ holds its own copy."""

    class Visibility(models.TextChoices):
        INVITED = "invited", _("Invited suppliers only")

    min_bidders = models.PositiveSmallIntegerField(_("least number of suppliers invited"), default=3)
    min_bids = models.PositiveSmallIntegerField(
        _("least number of bids"),
        default=3,
        help_text=_("With fewer, the need is asked for again, or somebody says why one goes on."),
    )
    min_bid_days = models.PositiveSmallIntegerField(_("least days to bid"), default=5)
    max_bidders = models.PositiveSmallIntegerField(
        _("most suppliers invited"), null=True, blank=True, help_text=_("Empty: as many as one likes")
    )
    max_estimate = AmountField(
        _("highest estimate, net"),
        null=True,
        blank=True,
        default=None,
        help_text=_("In the currency of the RFQ; empty: no limit"),
    )
    openers_required = models.PositiveSmallIntegerField(_("openers"), default=2)
    estimate_visible = models.BooleanField(_("estimate shown to bidders"), default=False)
    visibility = models.CharField(
        _("who may bid"), max_length=8, choices=Visibility, default=Visibility.INVITED
    )
    sealing_level = models.PositiveSmallIntegerField(_("sealing level"), default=1)
    default_price_weight = models.PositiveSmallIntegerField(_("weight of the price"), default=100)
    discloses_winning_total = models.BooleanField(
        _("bidders learn the winning total"),
        default=False,
        help_text=_("Result letters name the winners always, and what they get where this is set."),
    )

    class Meta:
        abstract = True


class ProcedurePreset(Procedure):
    """A kind of procedure an officer may choose: RFQ, invited tender. Later edits change nothing under way."""

    code = models.CharField(_("code"), max_length=24, unique=True)
    name = models.CharField(_("name"), max_length=80)
    name_en = models.CharField(_("English name"), max_length=80, blank=True, default="")
    legal_source = models.CharField(_("source of the rule"), max_length=200, blank=True, default="")
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("procedure preset")
        verbose_name_plural = _("procedure presets")
        constraints = [
            models.CheckConstraint(
                name="preset_two_openers",
                condition=Q(openers_required__gte=2),
                violation_error_message=_("At least two openers."),
            )
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name in the reader's language, where there is one."""
        chinese = (get_language() or "en").startswith("zh")
        return self.name if chinese or not self.name_en else self.name_en


class RfqQuerySet(models.QuerySet["Rfq"]):
    """RFQs, as lists of them are asked for."""

    def due_for_opening_at(self, moment: datetime) -> Self:
        """Published and past their deadline, bids still sealed."""
        return self.filter(status=Rfq.Status.PUBLISHED, closes_at__lte=moment)


class Rfq(Stateful, Procedure):
    """A request for quotation (询价单): what we want, who may bid, until when. The procedure is a snapshot."""

    class Status(models.TextChoices):  # what people decided; open or closed is a matter of time
        DRAFT = "draft", _("Draft")
        IN_APPROVAL = "in_approval", _("In approval")
        RETURNED = "returned", _("Returned")
        PUBLISHED = "published", _("Published")
        OPENED = "opened", _("Bids opened")
        AWARDED = "awarded", _("Awarded")
        UNSUCCESSFUL = "unsuccessful", _("Unsuccessful")
        CANCELLED = "cancelled", _("Cancelled")

    class Phase(models.TextChoices):
        SCHEDULED = "scheduled", _("Scheduled")
        OPEN = "open", _("Open for bids")
        CLOSED = "closed", _("Closed, still sealed")

    class EndReason(models.TextChoices):
        """Why what is not awarded goes back (OCDS tender.statusDetails)."""

        TOO_FEW_BIDS = "too_few_bids", _("Too few bids")
        ALL_REJECTED = "all_rejected", _("No bid is acceptable")
        NEED_GONE = "need_gone", _("It is no longer needed")
        OTHER = "other", _("Another reason")

    class FewBids(models.TextChoices):
        """Why one goes on with fewer bids than the procedure wants."""

        ENOUGH_ASKED = "enough_asked", _("Enough suppliers were asked, the market is small")
        COMPETITIVE = "competitive", _("The prices are in line with the market")
        URGENT = "urgent", _("Asking again would come too late")
        ASKED_BEFORE = "asked_before", _("It was asked for before without more bids")
        OTHER = "other", _("Another reason")

    class PriceBasis(models.TextChoices):
        NET = "net", _("Without tax")
        GROSS = "gross", _("With tax")

    TONES: ClassVar[dict[str, str]] = {
        "draft": "idle",
        "in_approval": "wait",
        "returned": "wait",
        "published": "go",
        "opened": "go",
        "awarded": "good",
        "unsuccessful": "bad",
        "cancelled": "idle",
    }
    EDITABLE: ClassVar[frozenset[str]] = frozenset({"draft", "returned"})

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    ocid = models.CharField(max_length=60, unique=True)
    number = models.CharField(max_length=40, null=True, unique=True)
    company = models.ForeignKey(
        Company, models.PROTECT, related_name="+", help_text=_("The procuring entity.")
    )
    category = models.ForeignKey(Category, models.PROTECT, null=True, related_name="+")
    officer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    predecessor = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        related_name="successors",
        help_text=_("The RFQ that ended without a winner, whose demand this one asks for again."),
    )
    title = models.CharField(_("title"), max_length=160)
    scope = models.TextField(_("scope of supply"), blank=True, default="", max_length=8000)
    preset = models.ForeignKey(ProcedurePreset, models.PROTECT, related_name="+")
    status = models.CharField(max_length=12, choices=Status, default=Status.DRAFT)
    price_basis = models.CharField(
        _("prices compared"), max_length=5, choices=PriceBasis, default=PriceBasis.NET
    )
    currency = CurrencyField(_("evaluation currency"), default="CNY")
    bid_currencies = models.JSONField(_("allowed bid currencies"), default=list)
    rate_rule = models.CharField(_("source of exchange rates"), max_length=120, blank=True, default="")
    incoterm = models.CharField(_("Incoterm"), max_length=3, blank=True, default="")
    incoterm_place = models.CharField(_("named place"), max_length=120, blank=True, default="")
    payment_terms = models.CharField(_("payment terms"), max_length=300, blank=True, default="")
    bid_validity_days = models.PositiveSmallIntegerField(_("bids stay valid, days"), default=60)
    opens_at = models.DateTimeField(_("bidding opens"), null=True, blank=True)
    closes_at = models.DateTimeField(
        _("bids close"), null=True, blank=True, help_text=_("Bids at or after this instant are refused.")
    )
    time_zone = models.CharField(_("time zone"), max_length=60, default="Asia/Shanghai")
    revision = models.PositiveIntegerField(default=1)
    round = models.PositiveIntegerField(default=0, help_text=_("Times submitted for approval."))
    estimate = AmountField(default=0, help_text=_("Net, from the requisitions."))
    document_hash = models.CharField(max_length=64, blank=True, default="")
    cancel_reason = models.CharField(max_length=300, blank=True, default="")
    end_code = models.CharField(
        max_length=12, choices=EndReason, blank=True, default="", help_text=_("Why the rest went back.")
    )
    bids_opened = models.PositiveIntegerField(
        null=True, help_text=_("Bids that could be read at the opening; nobody knows it before.")
    )
    few_bids_code = models.CharField(max_length=12, choices=FewBids, blank=True, default="")
    few_bids_note = models.CharField(max_length=300, blank=True, default="")
    origin = models.CharField(max_length=8, default="live")
    edit_version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())
    submitted_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    search_text = searched("number", "title")

    objects = RfqQuerySet.as_manager()

    class Meta:
        verbose_name = _("RFQ")
        verbose_name_plural = _("RFQs")
        constraints = [
            models.CheckConstraint(
                name="rfq_published_has_window",
                condition=Q(status__in=["draft", "in_approval", "returned", "cancelled"])
                | Q(
                    opens_at__isnull=False,
                    closes_at__isnull=False,  # SQL lets an unknown comparison pass
                    published_at__isnull=False,
                    closes_at__gt=F("opens_at"),
                    number__isnull=False,
                ),
                violation_error_message=_("Bidding must open before it closes."),
            ),
            models.CheckConstraint(
                name="rfq_opened_after_closing",
                condition=Q(opened_at__isnull=True)
                | (Q(closes_at__isnull=False) & Q(opened_at__gte=F("closes_at"))),
            ),
            models.CheckConstraint(
                name="rfq_opened_has_time",
                condition=~Q(status__in=["opened", "awarded"]) | Q(opened_at__isnull=False),
            ),
            models.CheckConstraint(
                name="rfq_bids_counted_at_opening",
                condition=Q(bids_opened__isnull=True) | Q(opened_at__isnull=False),
            ),
            models.CheckConstraint(
                name="rfq_few_bids_says_why",
                condition=Q(few_bids_code="") | (Q(bids_opened__isnull=False) & ~Q(few_bids_note="")),
            ),
            models.CheckConstraint(name="rfq_two_openers", condition=Q(openers_required__gte=2)),
            fits_currency("rfq_amount_scale", "estimate"),
        ]
        indexes = [
            models.Index(fields=["company", "status", "-id"], name="rfq_company"),
            models.Index(fields=["officer", "-id"], name="rfq_officer"),
            models.Index(fields=["closes_at"], name="rfq_published_due", condition=Q(status="published")),
            models.Index(fields=["closes_at", "id"], name="rfq_closing"),
            search_index("rfq_search"),
        ]
        permissions = [("work_on_rfq", _("Work on this RFQ as a member of its team"))]

    def __str__(self) -> str:
        return self.number or self.title

    def get_absolute_url(self) -> str:
        """The RFQ's page on our side."""
        return reverse("rfqs:detail", args=[self.pk])

    @property
    def has_too_few_bids(self) -> bool:
        """Whether fewer bids could be read than the procedure wants (F98): ask again, or go on and say why."""
        return self.bids_opened is not None and self.bids_opened < self.min_bids

    def accepts_bids_at(self, moment: datetime) -> bool:
        """Whether a bid that arrives at `moment` is in time; the closing instant itself is late."""
        return self.phase_at(moment) == self.Phase.OPEN

    def phase_at(self, moment: datetime) -> Rfq.Phase | None:
        """Scheduled, open or closed; None unless published with bids still sealed."""
        if self.status != self.Status.PUBLISHED or self.opens_at is None or self.closes_at is None:
            return None
        if moment < self.opens_at:
            return self.Phase.SCHEDULED
        return self.Phase.OPEN if moment < self.closes_at else self.Phase.CLOSED


class RfqTemplate(models.Model):
    """An RFQ to start others from, under a name that colleagues of the company know it by."""

    rfq = models.ForeignKey(Rfq, models.CASCADE, related_name="templates")
    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=120)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("name", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["company", "name"],
                name="rfq_template_name",
                violation_error_message=_("There is a template of this name."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class RfqUserObjectPermission(UserObjectPermissionBase):
    """A named colleague on the team of one RFQ (direct foreign key, so that it stays cheap)."""

    id = models.BigAutoField(primary_key=True)
    content_object = models.ForeignKey(Rfq, on_delete=models.CASCADE)

    class Meta(UserObjectPermissionBase.Meta):
        abstract = False


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
