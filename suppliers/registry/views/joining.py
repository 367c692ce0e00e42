"""The public page behind an invitation's link."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.generic import FormView

from procurement.accounts.addresses import begin_by_code
from procurement.accounts.models import User
from procurement.common.clock import database_clock
from procurement.common.views import Policy, PolicyMixin
from suppliers.registry import services
from suppliers.registry.forms import JoinForm


class Join(PolicyMixin, FormView[JoinForm]):
    """Behind an invitation's link: choose how to log in. The link itself shows nothing of ours."""

    policy = Policy.PUBLIC
    form_class = JoinForm
    template_name = "registry/join.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            self.invitation = services.open_invitation(self.kwargs["token"], database_clock())
            answer = super().dispatch(request, *args, **kwargs)
        except services.InvitationGone as gone:
            answer = render(request, "registry/join_gone.html", {"refusal": gone}, status=404)
        answer["Cache-Control"] = "no-store"
        return answer

    def get_form_kwargs(self) -> dict[str, Any]:
        person = User(email=self.invitation.email, name=self.invitation.name, side=User.Side.SUPPLIER)
        return {**super().get_form_kwargs(), "person": person}

    def form_valid(self, form: JoinForm) -> HttpResponse:
        try:
            user = services.accept_invitation(
                token=self.kwargs["token"], password=form.password, language=get_language() or ""
            )
        except services.CannotJoin as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        messages.success(self.request, _("You are in. Log in as %(email)s to go on.") % {"email": user.email})
        return redirect("account_login") if form.password else begin_by_code(self.request, user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(email=self.invitation.email, **kwargs)
