"""The inbox: what waits for me, the card on which I decide, what I decided."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import FormView, TemplateView

from procurement.accounts.models import User
from procurement.common import turns
from procurement.common.clock import database_clock
from procurement.common.components import Crumb
from procurement.common.errors import AlreadyDone, RuleViolation, StaleEdit
from procurement.common.forms import add_refusal
from procurement.common.paging import page_of
from procurement.common.views import Policy, PolicyMixin, ScopedMixin
from workflows.approvals.models import ApprovalStep
from workflows.approvals.permissions import can, steps_visible_to
from workflows.approvals.services import Verdict, decide
from workflows.inbox.forms import DecisionForm
from workflows.inbox.queries import ORDER, card_of, decisions_of, neighbours, open_steps, with_case

SAID = {
    Verdict.APPROVE: gettext_lazy("Approved: %(title)s"),
    Verdict.RETURN: gettext_lazy("Returned with your question: %(title)s"),
    Verdict.REJECT: gettext_lazy("Rejected: %(title)s"),
}


def crumbs() -> list[Crumb]:
    """The way to a page below the inbox."""
    return [Crumb(_("Approvals"), reverse("inbox:list"))]


class Inbox(PolicyMixin, TemplateView):
    """Decisions and other turns that wait for me."""

    policy = Policy.STAFF
    template_name = "inbox/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """A page of decisions; on the first page also what else is my turn."""
        user: Any = self.request.user
        page = page_of(with_case(open_steps(user)), self.request, order=ORDER)
        other = [] if page.previous_cursor else turns.for_user(user, database_clock())
        return super().get_context_data(page=page, turns=other, **kwargs)


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
        """My answer; only from the person who was asked."""
        self.step = self.get_object()
        if self.step.approver_id != self.user.pk:
            raise Http404
        return super().post(*args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        """The document as it is shown."""
        return {"seen": self.step.case.document_hash}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The card, the chain, and where it stands in my queue."""
        return super().get_context_data(
            step=self.step,
            case=self.step.case,
            card=card_of(self.step),
            queue=neighbours(self.user, self.step),
            may_decide=can(self.user, "decide", self.step),
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
            )
        except AlreadyDone:
            raise  # becomes the page that says who was first
        except StaleEdit as refusal:  # the answer below shows the document as it is now
            shown = self.request.POST.copy()
            shown["seen"] = self.step.case.document_hash
            form.data = shown
            return self._refused(form, refusal)
        except RuleViolation as refusal:
            return self._refused(form, refusal)
        messages.success(self.request, SAID[Verdict(said["act"])] % {"title": self.step.case.title})
        next_step = following.next or following.previous
        return redirect("inbox:decide", next_step) if next_step else redirect("inbox:list")

    def _refused(self, form: DecisionForm, refusal: RuleViolation) -> HttpResponse:
        add_refusal(form, refusal)
        return self.form_invalid(form)
