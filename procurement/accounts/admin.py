"""Log-ins, as the administration edits them. What a person may do in procurement is said in Organization."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from procurement.accounts.models import User


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
        (_("Administration"), {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("email", "name", "usable_password", "password1", "password2")}),
    )

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody; history names them."""
        return False
