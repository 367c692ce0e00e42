"""The administrator writes the rules; what was frozen from them is read here, and decided nowhere but in the inbox."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from workflows.approvals.models import ApprovalCase, ApprovalRule, ApprovalStep, RuleSet, RuleStage


class ReadOnly:
    """Rows that only the program writes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


class StageInline(admin.TabularInline):
    """A rule's chain; a rule that asks nobody would be no rule."""

    model = RuleStage
    min_num = 1
    extra = 0
    autocomplete_fields: ClassVar[list[str]] = ["person"]

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """At least one stage."""
        return super().get_formset(request, obj, validate_min=True, **kwargs)


class RuleInline(admin.TabularInline):
    """The rules of a version; a rule's stages stand on its own page."""

    model = ApprovalRule
    extra = 0
    show_change_link = True
    fields = (
        "name",
        "document_type",
        "company",
        "department",
        "category",
        "currency",
        "amount_from",
        "amount_below",
    )


@admin.register(RuleSet)
class RuleSetAdmin(admin.ModelAdmin):
    """Versions of the rules. One that is in force is never edited: cases refer to it; make a new version."""

    list_display = ("version", "valid_from", "note")
    inlines = (RuleInline,)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A version in force stays."""
        return super().has_delete_permission(request, obj) and not in_force(obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for deletion."""
        return super().has_change_permission(request, obj) and not in_force(obj)


@admin.register(ApprovalRule)
class ApprovalRuleAdmin(admin.ModelAdmin):
    """One rule and its chain of stages."""

    list_display = (
        "name",
        "rule_set",
        "document_type",
        "company",
        "department",
        "category",
        "currency",
        "amount_from",
        "amount_below",
    )
    list_filter = ("rule_set", "document_type", "company")
    search_fields = ("name",)
    inlines = (StageInline,)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not once its version is in force."""
        return super().has_change_permission(request, obj) and not (obj and in_force(obj.rule_set))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for changes."""
        return super().has_delete_permission(request, obj) and not (obj and in_force(obj.rule_set))


class StepInline(ReadOnly, admin.TabularInline):
    """Who was asked, and what they said."""

    model = ApprovalStep
    extra = 0
    can_delete = False
    fk_name = "case"
    fields = ("stage", "position", "approver", "reason", "status", "decided_by", "decided_at", "comment")


@admin.register(ApprovalCase)
class ApprovalCaseAdmin(ReadOnly, admin.ModelAdmin):
    """Cases, to look at."""

    list_display = ("number", "title", "document_type", "round", "status", "requester", "submitted_at")
    list_filter = ("status", "document_type")
    search_fields = ("number", "title")
    list_select_related = ("requester",)
    show_full_result_count = False
    inlines = (StepInline,)


def in_force(rules: RuleSet | None) -> bool:
    """Whether documents may have been judged by these rules already."""
    return rules is not None and rules.valid_from <= timezone.now()
