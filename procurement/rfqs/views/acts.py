"""What is done with one RFQ, each on a page that asks once more."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.generic import FormView, View

from procurement.accounts.models import User
from procurement.common import files
from procurement.common.components import Text, Turn
from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.forms import ConfirmForm, ReasonForm, add_refusal
from procurement.rfqs import services
from procurement.rfqs.checklist import checklist, missing, ready_label
from procurement.rfqs.deadlines import wall_time
from procurement.rfqs.forms import ExtendForm, TeamForm
from procurement.rfqs.models import Rfq
from procurement.rfqs.views.base import RfqPage
from procurement.rfqs.views.pages import Team
from workflows.approvals.chain import preview


class Act(RfqPage, FormView[Any]):
    """One service call behind one button; a refusal is shown, a lost race says how it stands."""

    template_name = "common/confirm.html"
    form_class: type[forms.Form] = ConfirmForm
    title: ClassVar[Text] = ""
    text: Text = ""
    button: ClassVar[Text] = ""
    done: Text = ""
    danger: ClassVar[bool] = False

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = {
            "title": self.title,
            "text": self.text,
            "action_label": self.button,
            "danger": self.danger,
        }
        return super().get_context_data(**{**self.small_frame(self.title), **shown, **kwargs})

    def form_valid(self, form: Any) -> HttpResponse:
        self.rfq  # noqa: B018  what may not be done is not found
        try:
            target = self.act(form)
        except AlreadyDone as refusal:
            return self.was_faster(refusal)
        except RuleViolation as refusal:
            add_refusal(form, refusal)
            return self.form_invalid(form)
        messages.success(self.request, str(self.done))
        return target

    def act(self, form: Any) -> HttpResponse:
        """The service call, and the page after it."""
        raise NotImplementedError


class Submit(Act):
    """The checklist once more, who will be asked, then send."""

    action = "submit"
    template_name = "rfqs/submit.html"
    title = button = lazy("Send for approval")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        points = checklist(self.rfq, self.at)
        chain, refusal = self._chain()
        return super().get_context_data(
            points=points,
            ready=ready_label(points),
            open_points=missing(points),
            chain=chain,
            refusal=refusal,
            **kwargs,
        )

    def _chain(self) -> tuple[list[Turn], str]:
        try:
            return preview(services.facts_of(self.rfq, self.user), at=self.at), ""
        except RuleViolation as refusal:
            return [], str(refusal)

    def act(self, form: Any) -> HttpResponse:
        """Sent; below every limit it is published at once."""
        sent = services.submit(rfq_id=self.rfq.pk, actor=self.user)
        out = sent.status == Rfq.Status.PUBLISHED
        words = (
            _("%(number)s is published: nobody had to be asked.")
            if out
            else _("%(number)s was sent for approval.")
        )
        self.done = words % {"number": sent.number}
        return redirect(sent)


class Withdraw(Act):
    """Take it back from approval."""

    action = "withdraw"
    title = button = lazy("Take back")
    text = lazy(
        "The people who were asked no longer need to decide. You can change the RFQ and send it again."
    )
    done = lazy("Taken back. It is a draft again.")

    def act(self, form: Any) -> HttpResponse:
        return redirect(services.withdraw(rfq_id=self.rfq.pk, actor=self.user))


class Cancel(Act):
    """Give it up before bids are opened."""

    action = "cancel"
    form_class = ReasonForm
    title = button = lazy("Cancel the RFQ")
    text = lazy(
        "Its lines return to the pool. Invited suppliers are told; bids stay sealed. This cannot be undone."
    )
    done = lazy("The RFQ is cancelled; its lines are in the pool again.")
    danger = True

    def act(self, form: Any) -> HttpResponse:
        reason = form.cleaned_data["reason"]
        return redirect(services.cancel(rfq_id=self.rfq.pk, reason=reason, actor=self.user))


class Extend(Act):
    """Give all bidders more time."""

    action = "extend"
    form_class = ExtendForm
    title = button = lazy("Extend the deadline")
    text = lazy("Only later, only while bids are taken, and for everybody. The reason is recorded.")
    done = lazy("The deadline is later now. All invited suppliers are told.")

    def get_initial(self) -> dict[str, Any]:
        return {"closes_at": wall_time(self.rfq.closes_at, self.rfq.time_zone)}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "rfq": self.rfq}

    def act(self, form: Any) -> HttpResponse:
        return redirect(services.extend_deadline(rfq_id=self.rfq.pk, actor=self.user, **form.cleaned_data))


class RemoveDocument(Act):
    """Take a file off."""

    action = "edit"
    title = button = lazy("Remove the file")
    text = lazy("Bidders will not see it.")
    done = lazy("The file was removed.")
    danger = True

    def act(self, form: Any) -> HttpResponse:
        document = get_object_or_404(self.rfq.documents, pk=self.kwargs["document"])
        services.remove_document(rfq_id=self.rfq.pk, document_id=document.pk, actor=self.user)
        return redirect("rfqs:documents", self.rfq.pk)


class Uninvite(Act):
    """Take a supplier off before anybody is asked."""

    action = "edit"
    title = button = lazy("Take this supplier off")
    text = lazy("It will not be asked to bid.")
    done = lazy("Taken off.")

    def act(self, form: Any) -> HttpResponse:
        invitation = get_object_or_404(self.rfq.invitations, supplier=self.kwargs["supplier"])
        services.uninvite(rfq_id=self.rfq.pk, supplier_id=invitation.supplier_id, actor=self.user)
        return redirect("rfqs:suppliers", self.rfq.pk)


class AddToTeam(Team):
    """Name a colleague."""

    action = "team"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Named, or the page with what is wrong."""
        form = TeamForm(request.POST)
        self.rfq  # noqa: B018  what may not be done is not found
        if form.is_valid():
            try:
                added = services.add_to_team(
                    rfq_id=self.rfq.pk, email=form.cleaned_data["email"], actor=self.user
                )
            except RuleViolation as refusal:
                add_refusal(form, refusal)
            else:
                messages.success(request, _("%(person)s works on this RFQ now.") % {"person": added})
                return redirect("rfqs:team", self.rfq.pk)
        return self.render_to_response(self.get_context_data(form=form))


class RemoveFromTeam(Act):
    """End a colleague's work on it."""

    action = "team"
    title = button = lazy("Take this colleague off the team")
    done = lazy("Taken off.")

    def act(self, form: Any) -> HttpResponse:
        member = get_object_or_404(User, pk=self.kwargs["member"])
        services.remove_from_team(rfq_id=self.rfq.pk, user_id=member.pk, actor=self.user)
        return redirect("rfqs:team", self.rfq.pk)


class ShowDocument(RfqPage, View):
    """The file itself, for whoever sees the RFQ."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """As a download."""
        documents = self.rfq.documents.select_related("file")
        return files.serve(get_object_or_404(documents, pk=self.kwargs["document"]).file)
