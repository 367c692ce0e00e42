"""Groups of approvers: who belongs to them, and which rules ask them."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from procurement.common.components import Crumb
from procurement.common.errors import RuleViolation
from procurement.common.forms import add_refusal
from procurement.common.paging import page_of
from workflows.approvals.groups import save_group
from workflows.approvals.models import ApproverGroup, GroupMember
from workflows.approvals.permissions import can_rules
from workflows.rules.forms import GroupForm, MemberFormSet
from workflows.rules.views.base import RulesRoom, crumbs

MEMBERS = "members"
NAMED = 6  # members shown in the list


class Groups(RulesRoom, TemplateView):
    """All groups with the first of their members."""

    template_name = "rules/groups.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """By name; who belongs to them in one statement more."""
        self.require("view")
        groups = ApproverGroup.objects.annotate(size=Count("members"))
        page = page_of(groups, self.request, order=("name", "pk"))
        members = GroupMember.objects.filter(group__in=[group.pk for group in page]).select_related(
            "person__user"
        )
        names: dict[int, list[str]] = {}
        for member in members.order_by("person__user__name", "pk"):
            names.setdefault(member.group_id, []).append(str(member.person))
        rows = [(group, names.get(group.pk, [])[:NAMED], max(group.size - NAMED, 0)) for group in page]
        here = Crumb(_("Groups of approvers"))
        return super().get_context_data(
            page=page, rows=rows, may_write=can_rules(self.user, "write"), crumbs=crumbs(here), **kwargs
        )


class EditGroup(RulesRoom, TemplateView):
    """Name and members of a group, or a new one."""

    template_name = "rules/group.html"

    @cached_property
    def group(self) -> ApproverGroup | None:
        """The group, if it exists already."""
        return get_object_or_404(ApproverGroup, pk=self.kwargs["pk"]) if "pk" in self.kwargs else None

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Administrators only."""
        self.require("write")
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Two forms."""
        if "form" not in kwargs:
            kwargs["form"] = GroupForm(initial=GroupForm.initial_of(self.group) if self.group else None)
            kwargs["members"] = self._members()
        title = self.group.name if self.group else _("New group")
        list_url = reverse("rules:groups")
        way = crumbs(Crumb(_("Groups of approvers"), list_url), Crumb(title))
        return super().get_context_data(title=title, crumbs=way, back_url=list_url, **kwargs)

    def _members(self) -> Any:
        rows = (
            self.group.members.select_related("person__user").order_by("person__user__name")
            if self.group
            else []
        )
        return MemberFormSet(initial=[{"person": row.person.user} for row in rows], prefix=MEMBERS)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Save both together."""
        self.require("write")
        form = GroupForm(request.POST)
        members = MemberFormSet(request.POST, prefix=MEMBERS)
        if form.is_valid() and members.is_valid():
            kept = [one.cleaned_data for one in members.forms if one not in members.deleted_forms]
            try:
                save_group(
                    group_id=self.group.pk if self.group else None,
                    members={said["person"].person.pk for said in kept if said.get("person")},
                    actor=self.user,
                    **form.cleaned_data,
                )
            except RuleViolation as refusal:
                add_refusal(form, refusal)
            else:
                messages.success(request, _("Saved."))
                return redirect("rules:groups")
        return self.render_to_response(self.get_context_data(form=form, members=members), status=422)
