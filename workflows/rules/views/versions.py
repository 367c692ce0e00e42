"""The list of versions, one version as a matrix, and how it comes into force."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import FormView, TemplateView, View

from procurement.common.clock import database_clock
from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.forms import add_refusal
from procurement.common.paging import page_of
from procurement.common.wholes import whole
from workflows.approvals import rulebook, starter
from workflows.approvals.gaps import Problem, must_be_seen, problems
from workflows.approvals.models import RuleSet
from workflows.approvals.permissions import can_rules, keeps_rules, rule_sets_visible_to
from workflows.approvals.ruledata import rules_of
from workflows.rules.compared import side_by_side
from workflows.rules.forms import ActivateForm, VersionForm
from workflows.rules.lookups import procedure_names
from workflows.rules.queries import checks_of, current, facts_of, history_of, next_of, state_of
from workflows.rules.views.base import RuleSetPage, RulesRoom, title_of
from workflows.rules.words import sections

PEOPLE = ("created_by", "proposed_by", "activated_by")


class Versions(RulesRoom, TemplateView):
    """All versions one may see, the latest first."""

    template_name = "rules/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """A page of them, each with what it is now."""
        at = database_clock()
        now = current(at)
        page = page_of(
            rule_sets_visible_to(self.user).select_related(*PEOPLE), self.request, order=("-version",)
        )
        rows = [(rules, state_of(rules, now, at)) for rules in page]
        writes = can_rules(self.user, "write")
        may = {"write": writes, "judge": keeps_rules(self.user), "enter": self.user.is_staff and not writes}
        return super().get_context_data(page=page, rows=rows, now=now, next=next_of(at), may=may, **kwargs)


class NewDraft(RulesRoom, View):
    """A draft to write in: a copy of a version, the usual chains, or an empty one."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """To the draft."""
        self.require("write")
        typed = request.POST.get("copy_of", "")
        if "usual" in request.POST:
            draft = starter.usual_draft(actor=self.user)
        elif typed:
            draft = rulebook.new_draft(actor=self.user, copy_of=self._source(typed).pk)
        else:
            draft = rulebook.new_draft(actor=self.user)
        messages.success(
            request,
            _("Version %(version)d is a draft. Nothing of it counts yet.") % {"version": draft.version},
        )
        return redirect("rules:version", draft.pk)

    def _source(self, typed: str) -> RuleSet:
        """The version that is copied."""
        return get_object_or_404(rule_sets_visible_to(self.user), pk=whole(typed))


class Version(RuleSetPage, TemplateView):
    """What one version says, as a matrix."""

    template_name = "rules/version.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Rules by document, and what they leave open for those who look after them."""
        at = database_clock()
        now = current(at)
        rules = rules_of(self.rules)
        editing = self.may["write"]
        urls = (
            {one.pk: reverse("rules:edit_rule", args=[self.rules.pk, one.pk]) for one in rules}
            if editing
            else {}
        )
        found = checks_of(problems(self.rules), urls) if self.may["judge"] and rules else []
        return super().get_context_data(
            **self.frame(),
            state=state_of(self.rules, now, at),
            now=now,
            sections=sections(rules, procedure_names()),
            facts=facts_of(self.rules),
            history=history_of(self.rules),
            checks=found,
            version_form=VersionForm(initial={"edit_version": self.rules.edit_version}),
            **kwargs,
        )


class Compare(RuleSetPage, TemplateView):
    """This version beside another one; without a choice, the one in force. The earlier one stands on the left."""

    template_name = "rules/compare.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Two versions, and the choice of the other one."""
        others = rule_sets_visible_to(self.request.user).exclude(pk=self.rules.pk).order_by("-version")
        wanted = whole(self.request.GET.get("with"))
        other = others.filter(pk=wanted).first() if wanted else current(database_clock())
        if other is None or other.pk == self.rules.pk:
            other = others.filter(version__lt=self.rules.version).first() or others.first()
        before, after = other, self.rules
        if other and other.version > self.rules.version:
            before, after = self.rules, other
        return super().get_context_data(
            **self.frame(_("Side by side")),
            sides=side_by_side(before, after, procedure_names()),
            other=other,
            others=others[:20],
            **kwargs,
        )


class Act(RuleSetPage, FormView[Any]):
    """A page that asks once more before something happens to a version."""

    form_class: Any = VersionForm
    template_name = "common/confirm.html"
    act: str
    heading: Any
    text: Any = ""
    button: Any
    done: Any
    danger = False

    def get_initial(self) -> dict[str, Any]:
        """The version as it is shown."""
        return {"edit_version": self.rules.edit_version}

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """404 for whoever may not; back to the version where it is too late."""
        if not can_rules(self.user, self.act):
            raise Http404
        if not self.may[self.act]:
            return redirect(self.address)
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The service says whether it is too late."""
        if not can_rules(self.user, self.act):
            raise Http404
        return super().post(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What is asked."""
        words = {"version": self.rules.version}
        frame = {**self.frame(str(self.heading)), "title": f"{self.heading}: {title_of(self.rules)}"}
        return super().get_context_data(
            **frame, text=str(self.text) % words, action_label=self.button, danger=self.danger, **kwargs
        )

    def change(self, form: Any) -> Any:
        """The one call."""
        raise NotImplementedError

    def form_valid(self, form: Any) -> HttpResponse:
        """Do it, and back to the version."""
        try:
            self.change(form)
        except AlreadyDone as refusal:
            return self.was_faster(refusal)
        except RuleViolation as refusal:
            add_refusal(form, refusal)
            return self.form_invalid(form)
        messages.success(self.request, str(self.done) % {"version": self.rules.version})
        return redirect(self.address)


class Propose(Act):
    """The draft waits for a second person."""

    act = "propose"
    heading = gettext_lazy("Propose")
    text = gettext_lazy(
        "Version %(version)d stands still from now on. Another administrator, or somebody of finance, looks at it and brings it into force; neither you nor whoever began it."
    )
    button = gettext_lazy("Propose to a second person")
    done = gettext_lazy("Version %(version)d waits for a second person.")

    def change(self, form: Any) -> RuleSet:
        return rulebook.propose(rule_set_id=self.rules.pk, actor=self.user, **form.cleaned_data)


class TakeBack(Act):
    """A draft again."""

    act = "take_back"
    heading = gettext_lazy("Take back")
    text = gettext_lazy("Version %(version)d becomes a draft again and can be changed.")
    button = gettext_lazy("Take back to draft")
    done = gettext_lazy("Version %(version)d is a draft again.")

    def change(self, form: Any) -> RuleSet:
        return rulebook.take_back(rule_set_id=self.rules.pk, actor=self.user)


class Discard(Act):
    """Given up, still to be read."""

    act = "discard"
    danger = True
    heading = gettext_lazy("Discard")
    text = gettext_lazy("Version %(version)d never comes into force. It can still be read and copied.")
    button = gettext_lazy("Discard this version")
    done = gettext_lazy("Version %(version)d was discarded.")

    def change(self, form: Any) -> RuleSet:
        return rulebook.discard(rule_set_id=self.rules.pk, actor=self.user)


class Activate(Act):
    """A second person looks at what changes and what is left open, then says from when on."""

    act = "activate"
    form_class = ActivateForm
    template_name = "rules/activate.html"
    heading = gettext_lazy("Bring into force")
    button = gettext_lazy("Bring into force")
    done = gettext_lazy(
        "Version %(version)d comes into force. Documents in approval keep the rules they began with."
    )

    @cached_property
    def found(self) -> list[Problem]:
        """What the rules leave open."""
        return problems(self.rules)

    def get_form_kwargs(self) -> dict[str, Any]:
        """The zone of the person's company, and whether anything has to be seen."""
        return {**super().get_form_kwargs(), "zone": self.zone, "open_points": must_be_seen(self.found)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Beside the version in force."""
        at = database_clock()
        return super().get_context_data(
            sides=side_by_side(current(at), self.rules, procedure_names()),
            checks=checks_of(self.found),
            next=next_of(at),
            **kwargs,
        )

    def change(self, form: Any) -> RuleSet:
        said = form.cleaned_data
        return rulebook.activate(
            rule_set_id=self.rules.pk,
            edit_version=said["edit_version"],
            valid_from=said["valid_from"],
            problems_seen=said.get("seen", False),
            actor=self.user,
        )
