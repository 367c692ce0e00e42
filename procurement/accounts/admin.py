"""Log-ins, as the administration edits them. What a person may do in procurement is said in Organization."""

from __future__ import annotations

from typing import Any

from allauth.account import admin as _addresses  # noqa: F401  registers them first
from allauth.account.models import EmailAddress
from allauth.mfa import admin as _factors  # noqa: F401
from allauth.mfa.models import Authenticator
from allauth.usersessions import admin as _sessions  # noqa: F401
from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from procurement.accounts.addresses import keep_address
from procurement.accounts.forms import ChangeUserForm, NewUserForm
from procurement.accounts.models import User

# By these an administrator could log in as anybody: read codes, add an address of their own, take a session over.
for model in (EmailAddress, Authenticator, UserSession):
    if admin.site.is_registered(model):
        admin.site.unregister(model)

MIGHT = ("is_staff", "is_superuser", "groups", "user_permissions")


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """Users are deactivated, never deleted."""

    list_per_page = 50
    show_full_result_count = False
    list_display = ("email", "name", "side", "is_active", "is_staff")
    list_filter = ("side", "is_active", "is_staff")
    search_fields = ("email", "name")
    ordering = ("email",)
    readonly_fields = ("side", "last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        (_("Person"), {"fields": ("name", "side", "language", "time_zone")}),
        (_("Administration"), {"fields": ("is_active", "is_staff", "is_superuser")}),
        (
            _("What they may see and change in the administration"),
            {"classes": ("collapse",), "fields": ("groups", "user_permissions")},
        ),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    form, add_form, add_form_template = ChangeUserForm, NewUserForm, None
    add_fieldsets = ((None, {"fields": ("email", "name", "language")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only superusers make superusers; and by an address one logs in, so it is guarded as a password is."""
        fixed = tuple(super().get_readonly_fields(request, obj))
        if not _is_superuser(request.user):
            fixed += MIGHT
        return fixed if obj is None or _may_let_in(request.user, obj) else (*fixed, "email")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Without the way to a password that one may not set."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or _may_let_in(request.user, obj):
            return fieldsets
        return ((None, {"fields": ("email",)}), *fieldsets[1:])

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """As for the address."""
        user = self.get_object(request, id)
        if user is not None and not _may_let_in(request.user, user):
            raise PermissionDenied
        return super().user_change_password(request, id, form_url)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Keep the log-in with the one address by which codes are mailed."""
        super().save_model(request, obj, form, change)
        if "email" in form.changed_data:
            keep_address(obj)

    def response_add(
        self, request: HttpRequest, obj: User, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Say what is still missing."""
        if IS_POPUP_VAR not in request.POST:
            self.message_user(
                request,
                _(
                    "Now enter under “People” where they work and what they do; without that they see nothing."
                ),
                messages.WARNING,
            )
        return super().response_add(request, obj, post_url_continue)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody; history names them."""
        return False


def _may_let_in(actor: Any, user: User) -> bool:
    """How a supplier's people log in is theirs alone, for a draft lies behind it; nobody gets at somebody mightier."""
    return not user.is_supplier and (_is_superuser(actor) or not user.is_superuser)


def _is_superuser(user: Any) -> bool:
    return bool(getattr(user, "is_superuser", False))
