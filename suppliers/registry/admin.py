"""The register in the administration: to look at, never to change."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models

from suppliers.registry.models import Supplier


@admin.register(Supplier)
class SupplierAdmin(admin.ModelAdmin):
    """Suppliers are kept on their own pages, by rules."""

    list_display = ("name", "name_en", "registration_id", "status")
    list_filter = ("status",)
    search_fields = ("name", "name_en", "registration_id")
    exclude = ("edit_version",)
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}

    def has_add_permission(self, request: Any, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: Any, *args: Any) -> bool:
        return False

    def has_delete_permission(self, request: Any, *args: Any) -> bool:
        return False
