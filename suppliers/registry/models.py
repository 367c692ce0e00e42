"""Who may sell to us: companies and their users."""

from __future__ import annotations

import uuid
from datetime import date
from typing import ClassVar, Self

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now, TruncDate
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from procurement.catalog.models import Category
from procurement.common.languages import in_readers_language
from procurement.common.states import Stateful
from procurement.common.text_search import search_index, searched


class Supplier(Stateful):
    """A company that may sell to us. Unverified ones may be invited as guests."""

    class Status(models.TextChoices):
        REGISTERED = "registered", _("Registered")
        VERIFIED = "verified", _("Verified")
        ACTIVE = "active", _("Active")
        BLOCKED = "blocked", _("Blocked")

    TONES: ClassVar[dict[str, str]] = {
        "registered": "idle",
        "verified": "go",
        "active": "good",
        "blocked": "bad",
    }

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=160)
    name_en = models.CharField(_("English name"), max_length=160, blank=True, default="")
    short_name = models.CharField(_("short name"), max_length=60, blank=True, default="")
    registration_scheme = models.CharField(_("kind of registration"), max_length=12, default="CN-USCC")
    registration_id = models.CharField(_("registration number"), max_length=40, blank=True, default="")
    country = models.CharField(_("country"), max_length=2, default="CN")
    region = models.CharField(_("province or region"), max_length=80, blank=True, default="")
    address = models.CharField(_("address"), max_length=200, blank=True, default="")
    phone = models.CharField(_("phone"), max_length=40, blank=True, default="")
    website = models.URLField(_("website"), blank=True, default="")
    tax_number = models.CharField(_("tax number"), max_length=40, blank=True, default="")
    bank_name = models.CharField(_("bank"), max_length=120, blank=True, default="")
    bank_account = models.CharField(_("account"), max_length=60, blank=True, default="")
    bank_holder = models.CharField(_("account holder"), max_length=160, blank=True, default="")
    legal_representative = models.CharField(_("legal representative"), max_length=80, blank=True, default="")
    categories = models.ManyToManyField(Category, related_name="+", blank=True, verbose_name=_("supplies"))
    status = models.CharField(_("state"), max_length=12, choices=Status, default=Status.REGISTERED)
    status_reason = models.CharField(_("reason"), max_length=300, blank=True, default="")
    is_guest = models.BooleanField(_("guest"), default=False)
    notes = models.TextField(_("internal notes"), blank=True, default="", max_length=4000)
    edit_version = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("entered by")
    )
    created_at = models.DateTimeField(_("entered at"), db_default=Now())
    verified_at = models.DateTimeField(_("verified at"), null=True)
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("verified by")
    )
    search_text = searched("name", "name_en", "short_name", "registration_id")

    class Meta:
        verbose_name = _("supplier")
        verbose_name_plural = _("suppliers")
        constraints = [
            models.UniqueConstraint(
                fields=["registration_scheme", "registration_id"],
                condition=~Q(registration_id=""),
                name="supplier_registration",
                violation_error_message=_("A supplier with this registration number exists already."),
            ),
            models.CheckConstraint(
                name="supplier_blocked_says_why", condition=~Q(status="blocked") | ~Q(status_reason="")
            ),
        ]
        indexes = [
            models.Index(fields=["name", "id"], name="supplier_name"),
            models.Index(fields=["status", "id"], name="supplier_status"),
            search_index("supplier_search"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The supplier's page on our side."""
        return reverse("registry:detail", args=[self.pk])

    @property
    def label(self) -> str:
        """The name for narrow places in the reader's language: the English one, else the short one."""
        return in_readers_language(self.short_name or self.name, self.name_en)

    @property
    def full_label(self) -> str:
        """The whole name in the reader's language, where there is one."""
        return in_readers_language(self.name, self.name_en)

    @property
    def name_beside(self) -> str:
        """The English name, to stand beside the other one where it says something else."""
        return self.name_en if self.name_en != self.name else ""


class Contact(models.Model):
    """Whom to call at a supplier; need not be a user."""

    supplier = models.ForeignKey(Supplier, models.CASCADE, related_name="contacts")
    name = models.CharField(_("name"), max_length=100)
    position = models.CharField(_("position"), max_length=80, blank=True, default="")
    email = models.EmailField(_("e-mail"), blank=True, default="")
    phone = models.CharField(_("phone"), max_length=40, blank=True, default="")

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A user acts for a supplier. A person belongs to one supplier only."""

    class Role(models.TextChoices):
        ADMIN = "admin", _("Administrator")
        BIDDER = "bidder", _("Bidder")
        SIGNER = "signer", _("Signer")
        VIEWER = "viewer", _("Viewer")

    public_id = models.UUIDField(db_default=RandomUUID(), unique=True, editable=False)
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="members")
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="membership")
    user_side = models.CharField(max_length=8, default="supplier", editable=False)
    role = models.CharField(_("role"), max_length=8, choices=Role, default=Role.BIDDER)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("supplier user")
        verbose_name_plural = _("supplier users")
        constraints = [
            models.CheckConstraint(name="membership_is_supplier", condition=Q(user_side="supplier"))
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.supplier}"


class UserInvitation(models.Model):
    """A mailed invitation to join: a random single-use token, stored hashed, for 14 days. It only leads to log-in."""

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="user_invitations")
    email = models.EmailField(_("e-mail"))
    name = models.CharField(_("name"), max_length=100)
    role = models.CharField(_("role"), max_length=8, choices=Membership.Role, default=Membership.Role.BIDDER)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["supplier", "-created_at"], name="user_invitation_supplier")]

    def __str__(self) -> str:
        return self.email


class ProcessBlockQuerySet(models.QuerySet["ProcessBlock"]):
    """Blocks, by the day."""

    def standing(self) -> Self:
        """Begun, not over, not lifted, by the database's day."""
        today = TruncDate(Now())
        open_ended = Q(ends_on__isnull=True) | Q(ends_on__gte=today)
        return self.filter(open_ended, starts_on__lte=today, lifted_at__isnull=True)


class ProcessBlock(models.Model):
    """A supplier is warned of, or kept out, in one process for a time. Lifting it early takes two people."""

    class Process(models.TextChoices):
        INVITATION = "invitation", _("Inviting to bid")
        AWARD = "award", _("Awarding")
        ORDER = "order", _("Ordering")

    class Effect(models.TextChoices):
        WARN = "warn", _("Warn")
        PREVENT = "prevent", _("Prevent")

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="process_blocks")
    process = models.CharField(_("process"), max_length=12, choices=Process)
    effect = models.CharField(_("effect"), max_length=8, choices=Effect)
    reason = models.CharField(_("reason"), max_length=300)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    set_at = models.DateTimeField()
    lift_asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    lift_asked_at = models.DateTimeField(null=True)
    lift_reason = models.CharField(max_length=300, blank=True, default="")
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    lifted_at = models.DateTimeField(null=True)

    objects = ProcessBlockQuerySet.as_manager()

    class Meta:
        verbose_name = _("block")
        verbose_name_plural = _("blocks")
        ordering = ("-pk",)
        constraints = [
            models.CheckConstraint(name="process_block_says_why", condition=~Q(reason="")),
            models.CheckConstraint(
                name="process_block_ends_after_start",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
            ),
            models.CheckConstraint(
                name="process_block_lift_says_why",
                condition=Q(lift_asked_by__isnull=True, lift_asked_at__isnull=True)
                | (Q(lift_asked_by__isnull=False, lift_asked_at__isnull=False) & ~Q(lift_reason="")),
            ),
            models.CheckConstraint(
                name="process_block_lifted_by_another",
                condition=Q(lifted_by__isnull=True, lifted_at__isnull=True)
                | (
                    Q(lifted_by__isnull=False, lifted_at__isnull=False, lift_asked_by__isnull=False)
                    & ~Q(lifted_by=F("lift_asked_by"))
                ),
            ),
        ]
        indexes = [
            models.Index(
                fields=["supplier", "process"],
                condition=Q(lifted_at__isnull=True),
                name="process_block_standing",
            )
        ]

    def __str__(self) -> str:
        return f"{self.supplier} · {self.get_process_display()}"

    def stands_on(self, day: date) -> bool:
        """Whether it counts that day."""
        over = self.ends_on is not None and self.ends_on < day
        return self.lifted_at is None and self.starts_on <= day and not over
