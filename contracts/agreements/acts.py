"""Pages with one service call behind one button, as both contract rooms and the portal have them."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.generic import FormView

from procurement.accounts.models import User
from procurement.common.components import Crumb
from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.forms import ConfirmForm, add_refusal


class Act(FormView[Any]):
    """Ask once more, then call the service. A refusal is shown at its field, a lost race says who was faster."""

    template_name = "common/confirm.html"
    form_class: type[forms.Form] = ConfirmForm
    title: Any = ""
    text: Any = ""
    button: Any = ""
    done: Any = ""
    danger = False
    request: HttpRequest

    @property
    def user(self) -> User:
        """Whoever is logged in; the policy lets nobody else in."""
        return cast(User, self.request.user)

    def subject(self) -> Any:
        """What is acted on; 404 where this person may not."""
        raise NotImplementedError

    def back_url(self) -> str:
        """The page to return to."""
        return str(self.subject().get_absolute_url())

    def crumbs(self) -> list[Crumb]:
        """The way to this page."""
        return []

    def act(self, form: Any) -> HttpResponse:
        """The service call, and the page after it."""
        raise NotImplementedError

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The page that asks once more."""
        self.subject()
        shown = {"title": self.title, "text": self.text, "action_label": self.button, "danger": self.danger}
        return super().get_context_data(**shown, crumbs=self.crumbs(), back_url=self.back_url(), **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """Act, then go where it leads."""
        self.subject()
        try:
            target = self.act(form)
        except AlreadyDone as refusal:
            context = {"refusal": refusal, "back_url": self.back_url()}
            return render(self.request, "refused.html", context, status=409)
        except RuleViolation as refusal:
            add_refusal(form, refusal)
            return self.form_invalid(form)
        if self.done:
            messages.success(self.request, str(self.done))
        return target
