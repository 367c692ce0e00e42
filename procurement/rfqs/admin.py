"""Kinds of procedures in the administration. RFQs themselves are changed on their own pages, by rules."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from procurement.rfqs.models import ProcedurePreset


@admin.register(ProcedurePreset)
class ProcedurePresetAdmin(admin.ModelAdmin):
    """Presets are copied onto an RFQ when it is made; later edits change nothing under way."""

    list_display = (
        "code",
        "name",
        "name_en",
        "min_bidders",
        "min_bids",
        "min_bid_days",
        "max_estimate",
        "is_active",
    )

    fields = (
        "code", "name", "name_en", "is_active", "legal_source", "min_bidders", "max_bidders", "min_bids", "min_bid_days",
        "max_estimate", "openers_required", "default_price_weight", "estimate_visible", "discloses_winning_total",
    )  # fmt: skip

    def has_delete_permission(self, request: Any, *args: Any) -> bool:
        """RFQs name them; take one out of use instead."""
        return False
