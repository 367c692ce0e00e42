"""A draft is written: rules with their steps, rates and limits."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.forms import add_refusal
from procurement.common.wholes import whole
from workflows.approvals import rulebook
from workflows.approvals.models import ApprovalRule
from workflows.approvals.permissions import can_rules
from workflows.approvals.ruledata import RuleRefused, with_stages
from workflows.rules.forms import (
    BaseStageFormSet,
    FrameForm,
    RuleForm,
    StageForm,
    VersionForm,
    add_mistakes,
    rate_forms,
    step_forms,
)
from workflows.rules.lookups import Known
from workflows.rules.views.base import RuleSetPage
from workflows.rules.views.versions import Act

NEW_STEPS = 2  # empty ones on the page of a new rule


class DraftPage(RuleSetPage, TemplateView):
    """A page that writes in a draft; whoever is too late is led back to the version."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Only a draft is written in."""
        self.require_writer()
        return super().get(request, *args, **kwargs) if self.may["write"] else redirect(self.address)

    def require_writer(self) -> None:
        """404 for everybody else."""
        if not can_rules(self.user, "write"):
            raise Http404

    def saved(self) -> HttpResponse:
        """Back to the matrix."""
        messages.success(self.request, _("Saved."))
        return redirect(self.address)


class EditRule(DraftPage):
    """One rule: which documents, and who is asked in which order. Without a key a new one, perhaps like another."""

    template_name = "rules/rule.html"

    @cached_property
    def rule(self) -> ApprovalRule | None:
        """The rule that is written, if it exists already."""
        return self._found(self.kwargs["rule"]) if "rule" in self.kwargs else None

    @cached_property
    def known(self) -> Known:
        """What may be named."""
        return Known()

    @property
    def pattern(self) -> ApprovalRule | None:
        """The rule that the page begins with."""
        like = whole(self.request.GET.get("like"))
        return self.rule if self.rule or like is None else self._found(like)

    def _found(self, key: int) -> ApprovalRule:
        return get_object_or_404(with_stages(self.rules.rules.all()), pk=key)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The two forms."""
        if "form" not in kwargs:
            kwargs |= self._forms()
        here = self.rule.name if self.rule else _("New rule")
        return super().get_context_data(**{**kwargs, **self.frame(here), "rule": self.rule})

    def _forms(self) -> dict[str, Any]:
        pattern = self.pattern
        said = RuleForm.initial_of(pattern) if pattern else {"currency": self.rules.base_currency}
        if pattern is not None and self.rule is None:
            said["name"] = ""
        said["edit_version"] = self.rules.edit_version
        stages = pattern.stages.all() if pattern else ()
        steps = [StageForm.initial_of(stage) for stage in stages]
        formset = step_forms(self.known, initial=steps)
        formset.extra = 1 if steps else NEW_STEPS
        return {"form": RuleForm(initial=said, known=self.known), "steps": formset}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Save, or show one more empty step without judging anything."""
        self.require_writer()
        if "more" in request.POST:
            return self._more(request)
        form = RuleForm(request.POST, known=self.known)
        steps = step_forms(self.known, request.POST)
        if not (form.is_valid() and steps.is_valid()):
            return self._again(form, steps)
        try:
            rulebook.save_rule(
                rule_set_id=self.rules.pk,
                rule_id=self.rule.pk if self.rule else None,
                data=form.data_with(steps.entries()),
                edit_version=form.cleaned_data["edit_version"],
                actor=self.user,
            )
        except AlreadyDone as refusal:
            return self.was_faster(refusal)
        except RuleRefused as refusal:
            add_mistakes(form, steps, refusal)
            return self._again(form, steps)
        except RuleViolation as refusal:
            form.add_error(None, str(refusal))
            return self._again(form, steps)
        return self.saved()

    def _more(self, request: HttpRequest) -> HttpResponse:
        data = request.POST.copy()
        count = whole(data.get("steps-TOTAL_FORMS"), digits=2) or 0
        names = [name for name in RuleForm.base_fields if name != "flags"]
        said = {**{name: data.get(name) for name in names}, "flags": data.getlist("flags")}
        stages = [
            {name: data.get(f"steps-{place}-{name}") for name in StageForm.base_fields}
            for place in range(count)
        ]
        steps = step_forms(self.known, initial=[one for one in stages if one["who"]])
        steps.extra = 2
        form = RuleForm(initial=said, known=self.known)
        return self.render_to_response(self.get_context_data(form=form, steps=steps))

    def _again(self, form: RuleForm, steps: BaseStageFormSet) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form, steps=steps), status=422)


class RemoveRule(Act):
    """Asks once more before a rule is taken out of a draft."""

    act = "write"
    danger = True
    heading = gettext_lazy("Remove a rule")
    button = gettext_lazy("Remove")
    done = gettext_lazy("The rule was removed.")

    @cached_property
    def rule(self) -> ApprovalRule:
        """The rule."""
        return get_object_or_404(self.rules.rules.all(), pk=self.kwargs["rule"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Which one."""
        text = _("“%(rule)s” is taken out of this draft.") % {"rule": self.rule.name}
        return {**super().get_context_data(**kwargs), "text": text}

    def change(self, form: VersionForm) -> None:
        rulebook.remove_rule(
            rule_set_id=self.rules.pk, rule_id=self.rule.pk, actor=self.user, **form.cleaned_data
        )


class EditFrame(DraftPage):
    """Note, rates and limits of a draft."""

    template_name = "rules/frame.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Two forms."""
        if "form" not in kwargs:
            rates = list(self.rules.rates.order_by("currency").values("currency", "rate"))
            kwargs["form"] = FrameForm(initial=FrameForm.initial_of(self.rules))
            kwargs["rates"] = rate_forms(initial=rates)
        return super().get_context_data(**self.frame(_("Rates and limits")), **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Save all of it together."""
        self.require_writer()
        form, rates = FrameForm(request.POST), rate_forms(request.POST)
        if form.is_valid() and rates.is_valid():
            try:
                rulebook.save_frame(
                    rule_set_id=self.rules.pk,
                    frame=form.frame(rates.rates()),
                    edit_version=form.cleaned_data["edit_version"],
                    actor=self.user,
                )
            except AlreadyDone as refusal:
                return self.was_faster(refusal)
            except RuleViolation as refusal:
                add_refusal(form, refusal)
            else:
                return self.saved()
        return self.render_to_response(self.get_context_data(form=form, rates=rates), status=422)
