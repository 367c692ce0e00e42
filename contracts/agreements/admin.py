"""The clause library and the templates, for administrators. Contracts themselves are worked on in their pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError

from contracts.agreements import clauses
from contracts.agreements.models import Clause, ContractTemplate, TemplateClause
from procurement.common.errors import RuleViolation


class ClauseForm(forms.ModelForm[Clause]):
    """Refuses placeholders that nobody knows."""

    class Meta:
        model = Clause
        fields = ("code", "title", "title_en", "body", "body_en", "is_active")

    def _checked(self, field: str) -> Any:
        try:
            clauses.check(self.cleaned_data[field], clause=self.cleaned_data.get("title", ""))
        except RuleViolation as refusal:
            raise ValidationError(str(refusal)) from refusal
        return self.cleaned_data[field]

    def clean_body(self) -> Any:
        """The Chinese text."""
        return self._checked("body")

    def clean_body_en(self) -> Any:
        """The English text."""
        return self._checked("body_en")


@admin.register(Clause)
class ClauseAdmin(admin.ModelAdmin):
    """Clauses by code."""

    form = ClauseForm
    list_display = ("code", "title", "title_en", "is_active")
    search_fields = ("code", "title", "title_en")
    ordering = ("code",)


class PlaceInline(admin.TabularInline):
    """The clauses of a template, in order."""

    model = TemplateClause
    fields = ("position", "clause")
    extra = 1
    autocomplete_fields = ("clause",)


@admin.register(ContractTemplate)
class ContractTemplateAdmin(admin.ModelAdmin):
    """Templates by code."""

    list_display = ("code", "name", "name_en", "is_active")
    inlines = (PlaceInline,)
    ordering = ("code",)
