"""Pages that ask once more: one service call behind one button, on a page of its own."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.generic import FormView

from procurement.common.components import Text
from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.forms import ConfirmForm, add_refusal
from procurement.common.views import refused


class Act(FormView[Any]):
    """One service call behind one button; a refusal is shown, a lost race says how it stands.

    A room mixes it with its own page, says what stands `around` the question, and `act`s.
    """

    template_name = "common/confirm.html"
    form_class: type[forms.Form] = ConfirmForm
    title: ClassVar[Text] = ""
    text: Text = ""
    warning: Text = ""
    button: ClassVar[Text] = ""
    done: Text = ""
    danger: ClassVar[bool] = False

    def around(self) -> dict[str, Any]:
        """`crumbs`, `back_url` and the document itself; 404 where it may not be done."""
        raise NotImplementedError

    def act(self, form: Any) -> HttpResponse | None:
        """The service call, and the page after it; without one, back to where one came from."""
        raise NotImplementedError

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The question."""
        shown = {
            "title": self.title,
            "text": self.text,
            "warning": self.warning,
            "action_label": self.button,
            "danger": self.danger,
        }
        return super().get_context_data(**{**self.around(), **shown, **kwargs})

    def form_valid(self, form: Any) -> HttpResponse:
        """Act, then go where it leads."""
        back_url = self.around()["back_url"]
        try:
            target = self.act(form)
        except AlreadyDone as refusal:
            return refused(self.request, refusal, back_url=back_url)
        except RuleViolation as refusal:
            add_refusal(form, refusal)
            return self.form_invalid(form)
        messages.success(self.request, str(self.done))
        return target or redirect(back_url)
