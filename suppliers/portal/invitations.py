"""The RFQ one is invited to, its documents, and saying yes or no."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import FormView, TemplateView, View

from procurement.bids.models import BidVersion
from procurement.common import files
from procurement.common.components import Fact, FileItem
from procurement.common.errors import RuleViolation
from procurement.common.forms import add_refusal
from procurement.rfqs import services as rfqs
from procurement.rfqs.models import Invitation, Rfq
from suppliers.portal.forms import DeclineForm
from suppliers.portal.grid import lines_of, window_of
from suppliers.portal.pages import InvitationPage
from suppliers.portal.permissions import can
from suppliers.portal.results import result_of


def my_state(invitation: Any, *, is_open: bool) -> tuple[str, str]:
    """What this supplier has made of an invitation so far, and its tone."""
    if invitation.bid_action == BidVersion.Action.SUBMIT:
        return _("Bid sent, version %(number)d") % {"number": invitation.bid_number}, "good"
    if invitation.status == Invitation.Status.DECLINED:
        return _("Declined"), "idle"
    if invitation.has_draft and is_open:
        return _("Draft"), "wait"
    if invitation.bid_action == BidVersion.Action.WITHDRAW:
        return _("Bid withdrawn"), "idle"
    if not is_open:
        return _("No bid"), "idle"
    if invitation.status == Invitation.Status.INTENDS:
        return _("We mean to bid"), "go"
    return (_("Looked at"), "go") if invitation.viewed_at else (_("New"), "wait")


class RfqPage(InvitationPage, TemplateView):
    """What is wanted, by when, on what terms."""

    template_name = "portal/rfq.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The first look is recorded."""
        if self.invitation.viewed_at is None:
            rfqs.view_invitation(invitation_id=self.invitation.pk, actor=self.user)
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The RFQ as published, and what one may do."""
        label, tone = my_state(self.invitation, is_open=self.is_open)
        result_url, withdrawn = result_of(self.invitation)
        return super().get_context_data(
            **self.frame(),
            my_label=label,
            my_tone=tone,
            phase=self.rfq.phase_at(self.at),
            window=window_of(lines_of(self.rfq), self.request.GET.get("page", "")),
            criteria=self.rfq.criteria.all(),
            files=self._files(),
            facts=self._facts(),
            may_decline=self._may_answer(besides=Invitation.Status.DECLINED),
            may_intend=self._may_answer(besides=Invitation.Status.INTENDS),
            result_url=result_url,
            result_withdrawn=withdrawn,
            **kwargs,
        )

    def _files(self) -> list[FileItem]:
        documents = self.rfq.documents.select_related("file")
        return [
            FileItem(one.title, reverse("portal:document", args=[self.invitation.public_id, one.pk]), one.file.name, one.file.size)
            for one in documents
        ]  # fmt: skip

    def _facts(self) -> list[Fact]:
        rfq = self.rfq
        currencies = ", ".join(rfq.bid_currencies or [rfq.currency])
        found = [
            Fact(_("Buyer"), rfq.company.label),
            Fact(_("Currency of the bid"), currencies),
            Fact(_("Prices compared"), rfq.get_price_basis_display()),
            Fact(_("Delivery"), f"{rfq.incoterm} {rfq.incoterm_place}".strip()),
            Fact(_("Payment terms"), rfq.payment_terms),
            Fact(
                _("Bids stay valid"),
                _("%(count)d days after the deadline") % {"count": rfq.bid_validity_days},
            ),
        ]
        return [fact for fact in found if fact.value]

    def _may_answer(self, *, besides: Invitation.Status) -> bool:
        """Whether there is still something to say, and this has not been said already."""
        return (
            self.rfq.phase_at(self.at) in (Rfq.Phase.SCHEDULED, Rfq.Phase.OPEN)
            and self.invitation.status != besides
            and self.invitation.bid_action != BidVersion.Action.SUBMIT  # type: ignore[attr-defined]
            and can(self.user, "decline", self.invitation)
        )


class Document(InvitationPage, View):
    """A document that came with the RFQ."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The file."""
        found = get_object_or_404(self.rfq.documents.select_related("file"), pk=self.kwargs["document"])
        return files.serve(found.file)


class Intend(InvitationPage, View):
    """We mean to bid: one click, and the buyer knows whom to expect."""

    action = "decline"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say so."""
        try:
            rfqs.intend(invitation_id=self.invitation.pk, actor=self.user)
        except RuleViolation as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, _("The buyer sees that you mean to bid. It binds you to nothing."))
        return redirect(self.address())


class Decline(InvitationPage, FormView[DeclineForm]):
    """We do not bid, and why."""

    action = "decline"
    form_class = DeclineForm
    template_name = "common/confirm.html"

    def form_valid(self, form: DeclineForm) -> HttpResponse:
        """Say no; a bid that stands is withdrawn first, by the bidder's own hand."""
        if self.invitation.bid_action == BidVersion.Action.SUBMIT:  # type: ignore[attr-defined]
            form.add_error(None, _("You have a bid on this RFQ. Withdraw it first."))
            return self.form_invalid(form)
        try:
            rfqs.decline(
                invitation_id=self.invitation.pk, actor=self.user, reason=form.cleaned_data["reason"]
            )
        except RuleViolation as refusal:
            add_refusal(form, refusal)
            return self.form_invalid(form)
        messages.success(self.request, _("The buyer sees that you do not bid."))
        return redirect(self.address())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What it means."""
        return super().get_context_data(
            **self.frame(),
            title=_("Decline %(number)s") % {"number": self.rfq.number},
            text=_("The buyer sees at once that your company does not bid on this RFQ, and your reason."),
            action_label=_("Decline"),
            danger=True,
            back_url=self.address(),
            **kwargs,
        )
