"""The group's reference data, as the administration edits it."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from procurement.accounts.addresses import tell_how_to_log_in
from procurement.accounts.forms import zone_groups
from procurement.common.figures import listed
from procurement.organization.duties import DUTIES
from procurement.organization.models import (
    CalendarDay,
    Company,
    CostCentre,
    DeliveryPlace,
    Department,
    Person,
    Project,
    Role,
    RoleAssignment,
)


class Reference(admin.ModelAdmin):
    """Reference data is put out of use, not deleted: documents name it."""

    list_per_page = 50
    show_full_result_count = False
    search_fields: ClassVar[Any] = ("code", "name", "name_en")
    list_display: Any = ("code", "name", "name_en", "is_active")
    list_filter: ClassVar[Any] = ("is_active",)
    ordering: ClassVar[Any] = ("code",)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody; see the class."""
        return False


class CalendarDayInline(admin.TabularInline):
    """Days that this company counts otherwise than the public calendar."""

    model = CalendarDay
    extra = 0


@admin.register(Company)
class CompanyAdmin(Reference):
    list_display = ("code", "name", "name_en", "currency", "is_active")
    inlines = (CalendarDayInline,)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The time zone is chosen, never typed."""
        if db_field.name == "time_zone":
            kwargs["widget"] = forms.Select(choices=zone_groups())
        return super().formfield_for_dbfield(db_field, request, **kwargs)


class OfCompany(Reference):
    """Reference data of one company."""

    list_display: Any = ("code", "name", "name_en", "company", "is_active")
    list_filter: ClassVar[Any] = ("is_active", "company")
    list_select_related: ClassVar[Any] = ("company",)
    autocomplete_fields: ClassVar[Any] = ("company",)


@admin.register(Department)
class DepartmentAdmin(OfCompany):
    list_display = ("code", "name", "name_en", "company", "parent", "head", "is_active")
    list_select_related = ("company", "parent", "head__user")
    autocomplete_fields = ("company", "parent", "head")


@admin.register(CostCentre)
class CostCentreAdmin(OfCompany):
    list_display = ("code", "name", "name_en", "company", "owner", "is_active")
    list_select_related = ("company", "owner__user")
    autocomplete_fields = ("company", "owner")


@admin.register(Project)
class ProjectAdmin(OfCompany):
    list_display = ("code", "name", "name_en", "company", "owner", "is_active")
    list_select_related = ("company", "owner__user")
    autocomplete_fields = ("company", "owner")


@admin.register(DeliveryPlace)
class DeliveryPlaceAdmin(OfCompany):
    list_display = ("code", "name", "name_en", "company", "address", "is_active")


class RolesInline(admin.TabularInline):
    """What the person does, for one company or (empty) the whole group."""

    model = RoleAssignment
    extra = 1
    template = "admin/organization/roles.html"
    autocomplete_fields = ("company",)

    @staticmethod
    def duties() -> list[tuple[str, str]]:
        """What the page says below about each role."""
        return [(str(role.label), str(duty)) for role, duty in DUTIES.items()]


@admin.register(Person)
class PersonAdmin(admin.ModelAdmin):
    list_per_page = 50
    show_full_result_count = False
    list_display = ("user", "company", "department", "manager", "job_title", "holds", "works_here")
    list_filter = ("company", "user__is_active")
    list_select_related = ("user", "company", "department", "manager__user")
    search_fields = ("user__name", "user__email", "job_title")
    autocomplete_fields = ("user", "company", "department", "manager")
    ordering = ("user__name", "pk")
    inlines = (RolesInline,)
    actions = ("mail_how_to_log_in",)

    @admin.action(description=_("Mail how to log in"))
    def mail_how_to_log_in(self, request: HttpRequest, people: QuerySet[Person]) -> None:
        """Write to each who works here."""
        told = [person.user for person in people.select_related("user") if person.user.is_active]
        for user in told:
            tell_how_to_log_in(user)
        count = len(told)
        words = ngettext("One person was written to.", "%(count)d people were written to.", count)
        self.message_user(request, words % {"count": count}, messages.SUCCESS)

    def response_add(
        self, request: HttpRequest, obj: Person, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Say how the new person learns that they may come in."""
        said = _(
            "%(name)s logs in with a code mailed to %(email)s: “Mail how to log in” in the list tells them."
        )
        if obj.user.last_login is None:
            self.message_user(request, said % {"name": obj.user.name, "email": obj.user.email})
        return super().response_add(request, obj, post_url_continue)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Person]:
        """With their roles."""
        return super().get_queryset(request).prefetch_related("roles")

    @admin.display(description=_("roles"))
    def holds(self, person: Person) -> str:
        """What they do, each role once."""
        return listed(sorted({str(Role(held.role).label) for held in person.roles.all()}))

    @admin.display(boolean=True, description=_("works here"))
    def works_here(self, person: Person) -> bool:
        """Whether the log-in is in use."""
        return person.user.is_active

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """People are deactivated at their log-in, never deleted."""
        return False


@admin.register(RoleAssignment)
class RoleAssignmentAdmin(admin.ModelAdmin):
    """Who holds a role, over everybody; a role that was given up is deleted here."""

    list_per_page = 50
    show_full_result_count = False
    list_display = ("person", "role", "company")
    list_filter = ("role", "company")
    list_select_related = ("person__user", "company")
    search_fields = ("person__user__name", "person__user__email")
    autocomplete_fields = ("person", "company")
    ordering = ("person__user__name", "role", "pk")
