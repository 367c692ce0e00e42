"""Categories, items and units, as the administration edits them."""

from __future__ import annotations

from django.contrib import admin

from procurement.catalog.models import Category, Item, Unit
from procurement.organization.admin import Reference


@admin.register(Unit)
class UnitAdmin(Reference):
    list_display = ("code", "name", "name_en", "symbol", "is_active")
    search_fields = ("code", "name", "name_en", "symbol")


@admin.register(Category)
class CategoryAdmin(Reference):
    list_display = ("scheme", "code", "name", "name_en", "parent", "is_active")
    list_display_links = ("code",)
    list_filter = ("scheme", "is_active")
    list_select_related = ("parent",)
    autocomplete_fields = ("parent",)
    ordering = ("scheme", "code")


@admin.register(Item)
class ItemAdmin(Reference):
    list_display = ("code", "name", "name_en", "category", "unit", "estimate", "currency", "is_active")
    list_filter = ("is_active", "currency")
    list_select_related = ("category", "unit")
    search_fields = ("code", "name", "name_en", "specification")
    autocomplete_fields = ("category", "unit")
