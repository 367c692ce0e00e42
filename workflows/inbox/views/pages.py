"""The inbox: what waits for me, the card on which I decide, what I decided."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import FormView, TemplateView, View

from procurement.accounts.freshness import ask_again, is_fresh
from procurement.accounts.models import User
from procurement.accounts.views import safe_next
from procurement.common import turns
from procurement.common.clock import database_clock
from procurement.common.components import Crumb
from procurement.common.errors import AlreadyDone, RuleViolation, StaleEdit
from procurement.common.forms import add_refusal
from procurement.common.paging import page_of
from procurement.common.views import Policy, PolicyMixin, ScopedMixin
from procurement.common.wholes import whole
from workflows.approvals import handlers
from workflows.approvals.chain import round_of
from workflows.approvals.models import ApprovalCase, ApprovalStep
from workflows.approvals.permissions import awaited_by, can, steps_visible_to
from workflows.approvals.reminding import remind
from workflows.approvals.services import FreshLoginNeeded, Verdict, decide, has_held
from workflows.inbox.bulk import MOST, approve_all, is_small, summary_of
from workflows.inbox.forms import DecisionForm, FilterForm, TickedForm
from workflows.inbox.queries import (
    ORDER,
    Neighbours,
    card_of,
    decisions_of,
    neighbours,
    open_count,
    open_steps,
    with_case,
)
from workflows.inbox.waiting import awaited, people_of, reminded_on

SAID = {
    Verdict.APPROVE: gettext_lazy("Approved: %(title)s"),
    Verdict.RETURN: gettext_lazy("Returned with your question: %(title)s"),
    Verdict.REJECT: gettext_lazy("Rejected: %(title)s"),
}


def crumbs() -> list[Crumb]:
    """The way to a page below the inbox."""
    return [Crumb(_("Approvals"), reverse("inbox:list"))]


def onward(user: User, step: ApprovalStep) -> str:
    """Where to go when this turn is over: the next one, or the list."""
    key = neighbours(user, step).onward
    return reverse("inbox:decide", args=[key]) if key else reverse("inbox:list")


class Inbox(PolicyMixin, TemplateView):
    """Decisions and other turns that wait for me."""

    policy = Policy.STAFF
    template_name = "inbox/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """A page of decisions, narrowed where asked; on the first page also what else is my turn."""
        user: Any = self.request.user
        at = database_clock()
        form = FilterForm(self.request.GET)
        page = page_of(with_case(form.narrowed(open_steps(user), at)), self.request, order=ORDER)
        other = [] if page.previous_cursor or form.narrows else turns.for_user(user, at)
        small = {step.pk for step in page if is_small(step.case)}
        return super().get_context_data(page=page, form=form, turns=other, small=small, **kwargs)


class Bulk(PolicyMixin, TemplateView):
    """Several small requests at once: first summed up one by one, then approved with one confirmation."""

    policy = Policy.STAFF
    http_method_names = ["post"]
    template_name = "inbox/bulk.html"

    def post(self, request: HttpRequest) -> HttpResponse:
        """What was ticked; with `confirm` also decided."""
        form = TickedForm(request.POST)
        if not form.is_valid():
            messages.warning(
                request, _("Tick at least one request, and no more than %(most)d.") % {"most": MOST}
            )
            return redirect("inbox:list")
        user = cast(User, request.user)
        if "confirm" in request.POST:
            outcomes = approve_all(user, form.seen())
            done = sum(not one.refusal for one in outcomes)
            context = {"outcomes": outcomes, "done": done, "left": open_count(user)}
            return render(request, "inbox/bulk_done.html", context)
        summary = summary_of(user, form.cleaned_data["step"])
        return self.render_to_response(self.get_context_data(summary=summary, crumbs=crumbs()))


class Waiting(PolicyMixin, TemplateView):
    """What others hold up: what I sent, was asked about, or answer for; the longest wait first."""

    policy = Policy.STAFF
    template_name = "inbox/waiting.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """A page of steps at others, and by person how many."""
        user: Any = self.request.user
        at = database_clock()
        steps = awaited_by(user)
        wanted = whole(self.request.GET.get("person"))
        shown = steps.filter(approver=wanted) if wanted else steps
        rows = with_case(shown).select_related("approver").annotate(reminded=reminded_on())
        page = page_of(rows, self.request, order=ORDER)
        waiting = [awaited(step, at) for step in page]
        return super().get_context_data(
            page=page, waiting=waiting, people=people_of(steps, at), person=wanted, crumbs=crumbs(), **kwargs
        )


class Remind(PolicyMixin, View):
    """Remind the person whose turn it is, once a day."""

    policy = Policy.STAFF

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Only whoever waits; a second reminder says who was first."""
        user = cast(User, request.user)
        step = get_object_or_404(awaited_by(user).select_related("approver"), pk=pk)
        try:
            remind(step_id=pk, actor=user)
        except RuleViolation as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, _("%(who)s is reminded.") % {"who": step.approver})
        return HttpResponseRedirect(
            safe_next(request, request.POST.get("next", "")[:2000] or reverse("inbox:waiting"))
        )


class History(PolicyMixin, TemplateView):
    """What I decided."""

    policy = Policy.STAFF
    template_name = "inbox/history.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """A page of decisions, the latest first."""
        rows = with_case(decisions_of(self.request.user))
        page = page_of(rows, self.request, order=("-decided_at", "-pk"))
        return super().get_context_data(page=page, crumbs=crumbs(), **kwargs)


class Decide(ScopedMixin, FormView[DecisionForm]):
    """One document and my answer to it. Those who may only look see no buttons."""

    policy = Policy.STAFF
    scope, can, action = steps_visible_to, can, "view"
    form_class = DecisionForm
    template_name = "inbox/card.html"
    step: ApprovalStep
    user: User

    def setup(self, request: Any, *args: Any, **kwargs: Any) -> None:
        """Nothing is read before the policy is judged."""
        super().setup(request, *args, **kwargs)
        self.user = request.user

    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """The card."""
        self.step = self.get_object()
        return self.render_to_response(self.get_context_data())

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """My answer; only from the person who was asked. Whoever was before it went on hears who has it now."""
        self.step = self.get_object()
        if self.step.approver_id != self.user.pk and not has_held(self.step, self.user):
            raise Http404
        return super().post(*args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        """The document as it is shown, and what was written before the password was asked for."""
        return {"seen": self.step.case.document_hash, "comment": self.request.session.pop(self._kept, "")}

    @property
    def _kept(self) -> str:
        return f"decision-{self.step.pk}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The card, the chain, and where it stands in my queue."""
        return super().get_context_data(
            step=self.step,
            case=self.step.case,
            card=card_of(self.step, self.user),
            queue=neighbours(self.user, self.step),
            may_decide=can(self.user, "decide", self.step),
            may_take_back=can(self.user, "take_back", self.step),
            has_lines=bool(handlers.of(self.step.case.document_type).lines(self.step.case.document_id)),
            **kwargs,
        )

    def form_valid(self, form: DecisionForm) -> HttpResponse:
        """Decide, then on to the next one."""
        said = form.cleaned_data
        following = neighbours(self.user, self.step)
        try:
            decide(
                step_id=self.step.pk,
                verdict=said["act"],
                comment=said["comment"],
                seen_hash=said["seen"],
                actor=self.user,
                fresh_login=is_fresh(self.request),
            )
        except FreshLoginNeeded:
            self.request.session[self._kept] = said["comment"]
            return cast(HttpResponse, ask_again(self.request, self.request.get_full_path()))
        except AlreadyDone as refusal:
            return self._over(refusal, following)
        except StaleEdit as refusal:  # the answer below shows the document as it is now
            shown = self.request.POST.copy()
            shown["seen"] = self.step.case.document_hash
            form.data = shown
            return self._refused(form, refusal)
        except RuleViolation as refusal:
            return self._refused(form, refusal)
        left = following.total - 1
        told = SAID[Verdict(said["act"])] % {"title": self.step.case.title}
        if left:
            told += " " + ngettext("%(count)d left.", "%(count)d left.", left) % {"count": left}
        messages.success(self.request, told)
        if self.request.POST.get("back") == "list":  # decided from the list: stay there
            return redirect("inbox:list")
        return redirect("inbox:decide", following.onward) if following.onward else redirect("inbox:list")

    def _over(self, refusal: AlreadyDone, following: Neighbours) -> HttpResponse:
        """The page for whoever came second: who decided, when, how it stands, and what is next."""
        case = ApprovalCase.objects.get(pk=self.step.case_id)
        context = {
            "refusal": refusal,
            "step": self.step,
            "case": case,
            "round": round_of(case),
            "next_step": following.onward,
        }
        return render(self.request, "inbox/over.html", context, status=409)

    def _refused(self, form: DecisionForm, refusal: RuleViolation) -> HttpResponse:
        add_refusal(form, refusal)
        return self.form_invalid(form)
