"""The RFQ itself, who works on it, and those that others are started from."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from guardian.models import UserObjectPermissionBase

from procurement.catalog.models import Category
from procurement.common.fields import AmountField, CurrencyField
from procurement.common.money import fits_currency
from procurement.common.states import Stateful
from procurement.common.text_search import search_index, searched
from procurement.organization.models import Company
from procurement.rfqs.models.procedures import Procedure, ProcedurePreset


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
