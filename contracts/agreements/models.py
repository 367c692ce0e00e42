"""What was agreed: contracts, clauses, versions, signatures."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from decimal import Decimal
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from guardian.models import UserObjectPermissionBase

from procurement.catalog.models import Unit
from procurement.common.fields import AmountField, CurrencyField, QuantityField, RateField, UnitPriceField
from procurement.common.figures import quantity_text
from procurement.common.immutability import insert_only
from procurement.common.languages import in_readers_language
from procurement.common.models import Rendering, StoredFile
from procurement.common.money import fits_currency
from procurement.common.states import Stateful
from procurement.common.text_search import search_index, searched
from procurement.evaluation.models import Award, AwardLine
from procurement.organization.models import Company
from procurement.rfqs.models import RfqLine
from suppliers.registry.models import Supplier


class Clause(models.Model):
    """A clause of the library, in Chinese and English, with placeholders such as {{supplier.name}}."""

    code = models.CharField(_("code"), max_length=40, unique=True)
    title = models.CharField(_("title"), max_length=120)
    title_en = models.CharField(_("English title"), max_length=120)
    body = models.TextField(_("text"), max_length=10_000, help_text=_("Markdown."))
    body_en = models.TextField(_("English text"), max_length=10_000, help_text=_("Markdown."))
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("clause")
        verbose_name_plural = _("clauses")

    def __str__(self) -> str:
        return in_readers_language(self.title, self.title_en)


class ContractTemplate(models.Model):
    """An ordered choice of clauses."""

    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    name_en = models.CharField(_("English name"), max_length=120, blank=True, default="")
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("contract template")
        verbose_name_plural = _("contract templates")

    def __str__(self) -> str:
        return in_readers_language(self.name, self.name_en)


class TemplateClause(models.Model):
    """A clause's place in a template."""

    template = models.ForeignKey(ContractTemplate, models.CASCADE, related_name="places")
    clause = models.ForeignKey(Clause, models.PROTECT, related_name="+", verbose_name=_("clause"))
    position = models.PositiveSmallIntegerField(_("position"))

    class Meta:
        verbose_name = _("place of a clause")
        verbose_name_plural = _("clauses in order")
        ordering = ("position",)
        constraints = [models.UniqueConstraint(fields=["template", "position"], name="template_clause_place")]

    def __str__(self) -> str:
        return f"{self.position}. {self.clause}"


class Contract(Stateful):
    """An agreement with one supplier (合同), drafted from an award."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        IN_APPROVAL = "in_approval", _("In approval")
        RETURNED = "returned", _("Returned")
        PENDING_SIGNATURE = "pending", _("To be signed")
        ACTIVE = "active", _("Active")
        COMPLETED = "completed", _("Completed")
        TERMINATED = "terminated", _("Terminated")
        CANCELLED = "cancelled", _("Cancelled")

    TONES: ClassVar[dict[str, str]] = {
        "draft": "idle",
        "in_approval": "wait",
        "returned": "wait",
        "pending": "wait",
        "active": "good",
        "completed": "good",
        "terminated": "bad",
        "cancelled": "idle",
    }
    EDITABLE: ClassVar[frozenset[str]] = frozenset({"draft", "returned"})

    class Language(models.TextChoices):
        BOTH = "zh-en", _("Chinese and English")
        CHINESE = "zh", _("Chinese")
        ENGLISH = "en", _("English")

    class Renewal(models.TextChoices):
        RENEW = "renew", _("To be renewed")
        END = "end", _("Ends on its last day")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(max_length=40, unique=True)
    award = models.ForeignKey(Award, models.PROTECT, related_name="contracts")
    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+")
    manager = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    template = models.ForeignKey(
        ContractTemplate, models.PROTECT, related_name="+", verbose_name=_("template")
    )
    title = models.CharField(_("title"), max_length=160)
    language = models.CharField(_("language"), max_length=5, choices=Language, default=Language.BOTH)
    status = models.CharField(max_length=12, choices=Status, default=Status.DRAFT)
    currency = CurrencyField()
    net = AmountField(default=0)
    tax = AmountField(default=0)
    freight = AmountField(default=0, help_text=_("Part of the net amount, as the bid states it."))
    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("to"), null=True, blank=True)
    delivery_terms = models.CharField(_("delivery"), max_length=300, blank=True, default="")
    payment_terms = models.CharField(_("payment"), max_length=300, blank=True, default="")
    warranty_months = models.PositiveSmallIntegerField(_("warranty, months"), default=12)
    special_terms = models.TextField(
        _("special terms"),
        max_length=8000,
        blank=True,
        default="",
        help_text=_("Added after the clauses of the template and going before them. Markdown."),
    )
    notice_days = models.PositiveSmallIntegerField(
        _("decide on renewal, days before the end"),
        default=60,
        help_text=_("So many days before the last day the contract manager is asked."),
    )
    renewal = models.CharField(max_length=6, choices=Renewal, blank=True, default="")
    renewal_note = models.CharField(max_length=300, blank=True, default="")
    version = models.PositiveIntegerField(default=0, help_text=_("Number of the latest version."))
    round = models.PositiveIntegerField(default=0)
    document_hash = models.CharField(
        max_length=64, blank=True, default="", help_text=_("Of the latest version's text.")
    )
    origin = models.CharField(max_length=8, default="live")
    edit_version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())
    submitted_at = models.DateTimeField(null=True)
    activated_at = models.DateTimeField(null=True)
    search_text = searched("number", "title")
    status_reason = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        verbose_name = _("contract")
        verbose_name_plural = _("contracts")
        constraints = [
            models.UniqueConstraint(
                fields=["award", "supplier"],
                condition=~Q(status="cancelled"),
                name="contract_once_per_award_and_supplier",
            ),
            models.CheckConstraint(
                name="contract_period",
                condition=Q(starts_on__isnull=True)
                | Q(ends_on__isnull=True)
                | Q(ends_on__gte=F("starts_on")),
                violation_error_message=_("The period ends before it starts."),
            ),
            models.CheckConstraint(
                name="contract_renewal_of_what_ends",
                condition=Q(renewal="") | Q(ends_on__isnull=False),
                violation_error_message=_("A contract without a last day is not renewed."),
            ),
            models.CheckConstraint(
                name="contract_notice_within_two_years",
                condition=Q(notice_days__lte=730),
                violation_error_message=_("At most 730 days."),
            ),
            models.CheckConstraint(
                name="contract_active_has_time", condition=~Q(status="active") | Q(activated_at__isnull=False)
            ),
            fits_currency("contract_amount_scale", "net", "tax", "freight"),
            models.CheckConstraint(
                name="contract_freight", condition=Q(freight__gte=0, net__gte=F("freight"))
            ),
        ]
        indexes = [
            models.Index(fields=["company", "status", "-id"], name="contract_company"),
            models.Index(fields=["supplier", "-id"], name="contract_supplier"),
            models.Index(fields=["created_at"], name="contract_created"),
            search_index("contract_search"),
            models.Index(
                fields=["ends_on"], name="contract_to_renew", condition=Q(status="active", renewal="")
            ),
        ]
        permissions = [("work_on_contract", _("Work on this contract"))]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        """Its page on our side."""
        return reverse("agreements:detail", args=[self.pk])

    @property
    def gross(self) -> Decimal:
        """Net plus tax, in `currency`."""
        return Decimal(self.net) + Decimal(self.tax)

    @property
    def is_editable(self) -> bool:
        """Whether its terms may be changed."""
        return self.status in self.EDITABLE

    @property
    def notice_on(self) -> date | None:
        """The day from which somebody has to decide whether it is renewed."""
        return self.ends_on - timedelta(days=self.notice_days) if self.ends_on else None

    def renewal_is_due(self, today: date) -> bool:
        """Whether that day has come and nobody has decided."""
        waits = self.status == self.Status.ACTIVE and not self.renewal
        return waits and self.notice_on is not None and self.notice_on <= today


class ContractClause(models.Model):
    """A clause as one contract has it. A contract without any has those of its template, as the library says them."""

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="own_clauses")
    position = models.PositiveSmallIntegerField()
    code = models.SlugField(max_length=40)
    title = models.CharField(_("title"), max_length=120)
    title_en = models.CharField(_("English title"), max_length=120)
    body = models.TextField(_("text"), max_length=10_000)
    body_en = models.TextField(_("English text"), max_length=10_000)

    class Meta:
        ordering = ("position",)
        constraints = [
            models.UniqueConstraint(fields=["contract", "position"], name="contract_clause_place"),
            models.UniqueConstraint(fields=["contract", "code"], name="contract_clause_once"),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.title}"


class DraftPreview(models.Model):
    """The PDF of a draft as one person is typing it. The latest text counts; it is no document on record.

    `wanted` counts what was asked for and `made` what the PDF shows; `queued_at` says that a message is under way, so
    that however fast one types, at most one waits. Nobody asks for a week, and it goes.
    """

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="previews")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    content = models.JSONField()
    content_hash = models.CharField(max_length=64)
    wanted = models.PositiveIntegerField(default=1)
    made = models.PositiveIntegerField(default=0)
    asked_at = models.DateTimeField(db_default=Now())
    queued_at = models.DateTimeField(null=True)
    pdf = models.BinaryField(null=True)
    pages = models.PositiveIntegerField(null=True)
    error = models.CharField(max_length=300, blank=True, default="")
    made_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contract", "person"], name="draft_preview_once")]
        indexes = [models.Index(fields=["asked_at"], name="draft_preview_asked")]

    def __str__(self) -> str:
        return f"{self.contract} {self.made}/{self.wanted}"

    @property
    def is_waiting(self) -> bool:
        """Whether a newer text than the PDF shows is still to be made."""
        return self.made < self.wanted and not self.error

    @property
    def shown_as(self) -> str:
        """What a page that shows the PDF calls it, so that it knows when there is a newer one, also of a new row."""
        return f"{self.pk}-{self.made}"


class ContractUserObjectPermission(UserObjectPermissionBase):
    """A named colleague on one contract."""

    id = models.BigAutoField(primary_key=True)
    content_object = models.ForeignKey(Contract, on_delete=models.CASCADE)

    class Meta(UserObjectPermissionBase.Meta):
        abstract = False


class ContractLine(models.Model):
    """What is bought under the contract, from the award."""

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    award_line = models.ForeignKey(AwardLine, models.PROTECT, related_name="+")
    rfq_line = models.ForeignKey(RfqLine, models.PROTECT, related_name="+")
    description = models.CharField(max_length=300)
    specification = models.TextField(blank=True, default="")
    quantity = QuantityField()
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    unit_price = UnitPriceField()
    price_per = QuantityField(default=1)
    discount = RateField(default=0)
    tax_rate = RateField(default=0)
    net = AmountField()
    tax = AmountField()
    lead_time_days = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ("position",)
        constraints = [
            models.UniqueConstraint(fields=["contract", "position"], name="contract_line_position"),
            models.UniqueConstraint(fields=["contract", "award_line"], name="contract_line_once"),
            models.CheckConstraint(name="contract_line_quantity", condition=Q(quantity__gt=0)),
        ]

    def __str__(self) -> str:
        return self.description

    @property
    def tax_percent(self) -> str:
        """The tax rate as people write it."""
        return quantity_text(self.tax_rate * 100)

    @property
    def discount_percent(self) -> str:
        """The discount as people write it."""
        return quantity_text(self.discount * 100)


class ContractVersion(models.Model):
    """The whole text of a contract as sent for approval and then signed; written once.

    `content_hash` is that of the text: what was approved is what is signed.
    """

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    content = models.JSONField(help_text="Parties, lines, amounts and filled clauses, both languages.")
    content_hash = models.CharField(max_length=64)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contract", "number"], name="contract_version_once")]
        triggers = insert_only()

    def __str__(self) -> str:
        return f"{self.contract} v{self.number}"


class Signature(models.Model):
    """One side confirms the exact PDF (version and SHA-256).

    Either in its own door, or by a countersigned scan: then `signer` is who uploaded it, `signer_name` who signed on
    paper, and the signature counts once a second person has confirmed it. `drafter` sent this text for approval.
    """

    class Side(models.TextChoices):
        BUYER = "buyer", _("Buyer")
        SUPPLIER = "supplier", _("Supplier")

    class Method(models.TextChoices):
        DOOR = "door", _("Confirmed in the system")
        SCAN = "scan", _("Countersigned scan")

    version = models.ForeignKey(ContractVersion, models.PROTECT, related_name="signatures")
    side = models.CharField(max_length=8, choices=Side)
    method = models.CharField(max_length=4, choices=Method)
    signer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    signer_name = models.CharField(max_length=100)
    drafter = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    rendering = models.ForeignKey(Rendering, models.PROTECT, related_name="+")
    pdf_sha256 = models.CharField(max_length=64)
    scan = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+")
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    signed_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "side"], name="signature_once_per_side"),
            models.CheckConstraint(
                name="signature_door_is_final",
                condition=~Q(method="door")
                | Q(scan__isnull=True, confirmed_at=F("signed_at"), confirmed_by__isnull=True),
            ),
            models.CheckConstraint(
                name="signature_scan_is_whole",
                condition=~Q(method="scan")
                | (
                    Q(scan__isnull=False)
                    & (
                        Q(confirmed_at__isnull=True, confirmed_by__isnull=True)
                        | Q(confirmed_at__isnull=False, confirmed_by__isnull=False)
                    )
                ),
            ),
            models.CheckConstraint(
                name="signature_scan_second_person",
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=F("signer")),
                violation_error_message=_("Somebody else must confirm the scan."),
            ),
            models.CheckConstraint(
                name="signature_not_by_drafter",
                condition=~Q(side="buyer", method="door") | ~Q(signer=F("drafter")),
                violation_error_message=_("Whoever drafted the contract does not sign it."),
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="confirmed_is_final",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__confirmed_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.version} · {self.get_side_display()}"
