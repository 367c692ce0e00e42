"""Who may log in. What a person may do is said elsewhere: `organization.Person` or `registry.Membership`."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager["User"]):
    """Makes users; e-mail addresses are kept in lower case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A user who logs in by `email`; without a password only by a mailed code."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password) if password else user.set_unusable_password()
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A user who may enter the administration. Whoever sits at the command line vouches for the address."""
        from allauth.account.models import EmailAddress  # its app is loaded after this one

        user = self.create_user(email, password, is_staff=True, is_superuser=True, **fields)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A person who logs in by e-mail: on our side (staff) or on a supplier's, never both. Never deleted."""

    class Side(models.TextChoices):
        STAFF = "staff", _("Our side")
        SUPPLIER = "supplier", _("Supplier")

    email = models.EmailField(_("e-mail"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=100)
    side = models.CharField(_("side"), max_length=8, choices=Side, default=Side.STAFF)
    language = models.CharField(_("language"), max_length=10, blank=True, default="")
    time_zone = models.CharField(_("time zone"), max_length=60, blank=True, default="")
    shortcuts = models.BooleanField(_("keyboard shortcuts"), default=True)
    is_staff = models.BooleanField(_("may enter the administration"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("entered at"), db_default=Now())

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.CheckConstraint(name="user_email_lower", condition=Q(email=Lower("email"))),
            models.CheckConstraint(
                name="user_supplier_not_admin",
                condition=Q(side="staff") | Q(is_staff=False, is_superuser=False),
            ),
            models.UniqueConstraint(fields=["id", "side"], name="user_side_key"),  # target of composite keys
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @classmethod
    def normalize_username(cls, username: str) -> str:
        """The log-in name is an e-mail address in lower case, whichever form it was typed into."""
        return super().normalize_username(username).strip().lower()

    def get_full_name(self) -> str:
        """The name printed on documents."""
        return self.name

    def get_short_name(self) -> str:
        """As `get_full_name`."""
        return self.name

    @property
    def is_supplier(self) -> bool:
        """Whether this person belongs to a supplier."""
        return self.side == self.Side.SUPPLIER
