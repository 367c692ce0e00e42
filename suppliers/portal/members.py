"""The supplier's own administrator keeps its users: what each may do, taken off, brought back."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar, cast

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.generic import FormView, TemplateView

from procurement.accounts.models import User
from procurement.common.components import Crumb, Text
from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.forms import ConfirmForm, add_refusal
from procurement.common.paging import page_of
from procurement.common.views import Policy, PolicyMixin, ScopedMixin
from suppliers.portal.permissions import can_keep, invitations_visible_to, keeps_users, members_visible_to
from suppliers.registry import services
from suppliers.registry.access import forget
from suppliers.registry.forms import InviteForm, RoleForm
from suppliers.registry.models import Membership
from suppliers.registry.views.acts import send_and_say
from suppliers.registry.views.members import back_text, off_text, role_words

ACTS = ("set_role", "deactivate_user", "reactivate_user")
SHOWN = 20  # open invitations


class UsersPage(PolicyMixin):
    """A page about the users of my company: for its administrators; to others it is not there."""

    policy = Policy.SUPPLIER

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Strangers are led to the log-in page first."""
        if request.user.is_authenticated and not keeps_users(request.user):
            raise Http404
        return super().dispatch(request, *args, **kwargs)


class MemberList(UsersPage, TemplateView):
    """Who acts for my company, and as what."""

    template_name = "portal/members.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """A page of them, each with what may be done."""
        user = self.request.user
        rows = members_visible_to(user).select_related("user", "supplier")
        page = page_of(rows, self.request, order=("-is_active", "pk"))
        members = [(row, {act: can_keep(user, act, row) for act in ACTS}) for row in page.rows]
        return super().get_context_data(
            page=page, members=members, invited=invitations_visible_to(user)[:SHOWN], **kwargs
        )


class InviteColleague(UsersPage, FormView[InviteForm]):
    """Ask somebody of my company to act for it."""

    form_class = InviteForm
    template_name = "common/form.html"

    def form_valid(self, form: InviteForm) -> HttpResponse:
        """Invited, and mailed."""
        try:
            made = services.invite_colleague(actor=cast(User, self.request.user), **form.cleaned_data)
        except RuleViolation as refusal:
            add_refusal(form, refusal)
            return self.form_invalid(form)
        send_and_say(self.request, *made)
        return redirect("portal:members")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What it means."""
        return super().get_context_data(
            title=_("Invite a colleague"),
            text=_("They act for your company only. The link leads to log-in and shows nothing by itself."),
            action_label=_("Send invitation"),
            crumbs=[Crumb(_("Users"), reverse("portal:members"))],
            back_url=reverse("portal:members"),
            **kwargs,
        )


class MemberAct(ScopedMixin, FormView[Any]):
    """Something is done with one user of my company."""

    policy = Policy.SUPPLIER
    scope = members_visible_to
    can = can_keep
    lookup = "public_id"
    form_class: type[Form] = ConfirmForm
    template_name = "common/confirm.html"
    done: ClassVar[Text] = lazy("Saved.")

    @cached_property
    def member(self) -> Membership:
        """Whom it is about."""
        found: Membership = self.get_object(self.get_queryset().select_related("user", "supplier"))
        return found

    @property
    def actor(self) -> User:
        """Who acts."""
        return cast(User, self.request.user)

    def words(self) -> dict[str, Any]:
        """Title, text and button."""
        raise NotImplementedError

    def act(self, form: Any) -> None:
        """Tell the service."""
        raise NotImplementedError

    def form_valid(self, form: Any) -> HttpResponse:
        """Done, and back to the list; who is no administrator any more has none."""
        try:
            self.act(form)
        except AlreadyDone:
            raise
        except RuleViolation as refusal:
            add_refusal(form, refusal)
            return self.form_invalid(form)
        forget(self.actor)
        messages.success(self.request, str(self.done))
        return redirect("portal:members" if keeps_users(self.actor) else "portal:home")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What every such page shows."""
        crumbs = [Crumb(_("Users"), reverse("portal:members"))]
        return super().get_context_data(
            **self.words(), crumbs=crumbs, back_url=reverse("portal:members"), **kwargs
        )


class ChangeRole(MemberAct):
    """Let somebody do something else."""

    action = "set_role"
    form_class = RoleForm
    template_name = "common/form.html"

    def get_initial(self) -> dict[str, Any]:
        """As it is."""
        return {"role": self.member.role}

    def words(self) -> dict[str, Any]:
        return role_words(self.member)

    def act(self, form: RoleForm) -> None:
        services.change_role(membership_id=self.member.pk, actor=self.actor, **form.cleaned_data)


class Deactivate(MemberAct):
    """Take somebody off."""

    action = "deactivate_user"
    done = lazy("Taken off.")

    def words(self) -> dict[str, Any]:
        text = off_text(self.member)
        return {"title": _("Take this user off"), "text": text, "action_label": _("Take off"), "danger": True}

    def act(self, form: ConfirmForm) -> None:
        services.deactivate_member(membership_id=self.member.pk, actor=self.actor)


class Reactivate(MemberAct):
    """Bring somebody back."""

    action = "reactivate_user"
    done = lazy("They can log in and act again.")

    def words(self) -> dict[str, Any]:
        text = back_text(self.member)
        return {"title": _("Bring this user back"), "text": text, "action_label": _("Bring back")}

    def act(self, form: ConfirmForm) -> None:
        services.reactivate_member(membership_id=self.member.pk, actor=self.actor)


MEMBERS = [
    path("users/", MemberList.as_view(), name="members"),
    path("users/invite/", InviteColleague.as_view(), name="member_invite"),
    path("users/<uuid:public_id>/role/", ChangeRole.as_view(), name="member_role"),
    path("users/<uuid:public_id>/off/", Deactivate.as_view(), name="member_off"),
    path("users/<uuid:public_id>/on/", Reactivate.as_view(), name="member_on"),
]
