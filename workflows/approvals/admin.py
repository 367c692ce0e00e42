"""The administration shows rules, cases and stand-ins; rules are written in pages, and nothing is decided here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from workflows.approvals.models import (
    ApprovalCase,
    ApprovalRule,
    ApprovalStep,
    ApproverGroup,
    Delegation,
    GroupMember,
    RuleSet,
    RuleStage,
)


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


class StageInline(ReadOnly, admin.TabularInline):
    """A rule's chain."""

    model = RuleStage
    extra = 0
    can_delete = False


class RuleInline(ReadOnly, admin.TabularInline):
    """The rules of a version; a rule's stages stand on its own page."""

    model = ApprovalRule
    extra = 0
    can_delete = False
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
class RuleSetAdmin(ReadOnly, admin.ModelAdmin):
    """Versions of the rules, and who brought them into force."""

    list_display = ("version", "status", "valid_from", "note", "proposed_by", "activated_by")
    list_select_related = ("proposed_by", "activated_by")
    fields = (
        "version", "status", "valid_from", "note", "base_currency", "mail_link_below", "fresh_login_from", "created_by",
        "proposed_by", "activated_by",
    )  # fmt: skip
    inlines = (RuleInline,)


@admin.register(ApprovalRule)
class ApprovalRuleAdmin(ReadOnly, admin.ModelAdmin):
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
    list_select_related = ("rule_set", "company", "department", "category")
    search_fields = ("name",)
    inlines = (StageInline,)


class MemberInline(admin.TabularInline):
    """Who belongs to a group."""

    model = GroupMember
    extra = 0
    autocomplete_fields = ("person",)


@admin.register(ApproverGroup)
class ApproverGroupAdmin(admin.ModelAdmin):
    """Groups of approvers; a change counts for turns that are still to come."""

    list_display = ("name", "is_active")
    search_fields = ("name",)
    inlines = (MemberInline,)


class StepInline(ReadOnly, admin.TabularInline):
    """Who was asked, and what they said."""

    model = ApprovalStep
    extra = 0
    can_delete = False
    fk_name = "case"
    fields = (
        "stage",
        "position",
        "approver",
        "on_behalf_of",
        "reason",
        "status",
        "decided_by",
        "decided_at",
        "comment",
    )


@admin.register(ApprovalCase)
class ApprovalCaseAdmin(ReadOnly, admin.ModelAdmin):
    """Cases, to look at."""

    list_display = ("number", "title", "document_type", "round", "status", "requester", "submitted_at")
    list_filter = ("status", "document_type")
    search_fields = ("number", "title")
    list_select_related = ("requester",)
    fields = (
        "number", "title", "document_type", "round", "status", "requester", "company", "department", "amount", "currency",
        "rule_set", "submitted_at", "decided_at",
    )  # fmt: skip
    show_full_result_count = False
    inlines = (StepInline,)


@admin.register(Delegation)
class DelegationAdmin(ReadOnly, admin.ModelAdmin):
    """Who stands in for whom."""

    list_display = ("delegator", "delegate", "starts_at", "ends_at", "revoked_at")
    list_select_related = ("delegator", "delegate")
    search_fields = ("delegator__name", "delegate__name")
    exclude = ("created_at",)
