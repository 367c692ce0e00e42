"""A supplier's users after they joined: another role, taken off, brought back."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.generic import FormView

from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.forms import ConfirmForm, add_refusal
from suppliers.registry import services
from suppliers.registry.forms import RoleForm
from suppliers.registry.models import Membership
from suppliers.registry.views.acts import Confirm
from suppliers.registry.views.pages import SupplierPage, person_of


class MemberPage(SupplierPage):
    """A page about one of the supplier's users; 404 for another's."""

    @cached_property
    def member(self) -> Membership:
        """Whom it is about."""
        members = self.supplier.members.select_related("user")
        return get_object_or_404(members, pk=self.kwargs["member"])


class ChangeRole(MemberPage, FormView[RoleForm]):
    """Let a user of the supplier do something else."""

    action = "set_role"
    form_class = RoleForm
    template_name = "common/form.html"

    def get_initial(self) -> dict[str, Any]:
        return {"role": self.member.role}

    def form_valid(self, form: RoleForm) -> HttpResponse:
        try:
            services.change_role(
                membership_id=self.member.pk, actor=person_of(self.request), **form.cleaned_data
            )
        except AlreadyDone:
            raise
        except RuleViolation as refusal:
            add_refusal(form, refusal)
            return self.form_invalid(form)
        messages.success(self.request, _("Saved."))
        return redirect(self.address())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**self.frame(), **role_words(self.member), **kwargs)


class DeactivateMember(MemberPage, Confirm):
    """Take one of the supplier's users off."""

    action = "deactivate_user"
    form_class = ConfirmForm
    title = lazy("Take this user off")
    label = lazy("Take off")
    done = lazy("Taken off.")
    danger = True

    @property
    def text(self) -> str:  # type: ignore[override]
        """Who it is about."""
        return off_text(self.member)

    def act(self, form: ConfirmForm) -> None:
        services.deactivate_member(membership_id=self.member.pk, actor=person_of(self.request))


class ReactivateMember(MemberPage, Confirm):
    """Bring one of the supplier's users back."""

    action = "reactivate_user"
    form_class = ConfirmForm
    title = lazy("Bring this user back")
    label = lazy("Bring back")
    done = lazy("They can log in and act again.")

    @property
    def text(self) -> str:  # type: ignore[override]
        """Who it is about."""
        return back_text(self.member)

    def act(self, form: ConfirmForm) -> None:
        services.reactivate_member(membership_id=self.member.pk, actor=person_of(self.request))


def role_words(member: Membership) -> dict[str, str]:
    """What stands around the choice of a role, at both doors."""
    text = _("From the next click on %(person)s may do what you choose here, and nothing else.")
    return {
        "title": _("What this user may do"),
        "text": text % {"person": member.user},
        "action_label": _("Save"),
    }


def off_text(member: Membership) -> str:
    """What it means to be taken off."""
    return _("%(person)s can no longer act for this supplier. What they did stays.") % {"person": member.user}


def back_text(member: Membership) -> str:
    """What it means to be brought back."""
    words = {"person": member.user, "role": member.get_role_display()}
    return _("%(person)s can act for this supplier again, as before: %(role)s.") % words
