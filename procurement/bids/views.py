"""Our side's pages around the opening of bids. Before it, none of them shows a count or a name."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import FormView, TemplateView, View

from procurement.accounts.freshness import FreshLoginMixin
from procurement.accounts.models import User
from procurement.bids import attachments, openings, rates, receipts
from procurement.bids.documents import opened_in_order
from procurement.bids.forms import RatesForm
from procurement.bids.models import BidAttachment, Opening, OpeningConfirmation
from procurement.bids.permissions import can, visible_to
from procurement.common.clock import database_clock
from procurement.common.components import Fact, Step
from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.figures import listed
from procurement.common.forms import ConfirmForm, add_refusal
from procurement.common.views import Policy, PolicyMixin, ScopedMixin
from procurement.rfqs.models import Rfq
from procurement.rfqs.presentation import crumbs_to


class OpeningPage(ScopedMixin):
    """A page about the opening of one RFQ."""

    policy = Policy.STAFF
    scope = visible_to
    can = can
    action = "view_opening"

    @cached_property
    def rfq(self) -> Rfq:
        """The RFQ of this page."""
        found: Rfq = self.get_object(self.get_queryset().select_related("company"))
        return found

    @cached_property
    def at(self) -> datetime:
        """The moment this page was asked for, by the database."""
        return database_clock()

    @cached_property
    def opening(self) -> Opening | None:
        """The opening, once the first opener has confirmed."""
        return Opening.objects.filter(rfq=self.rfq).first()

    @property
    def user(self) -> User:
        """Who looks."""
        return cast(User, self.request.user)

    def frame(self) -> dict[str, Any]:
        """What each of these pages shows around its own part."""
        return {
            "rfq": self.rfq,
            "crumbs": crumbs_to(self.rfq, _("Opening of bids")),
            "opening": self.opening,
        }


def state_of(page: OpeningPage) -> dict[str, Any]:
    """Where an opening stands, for the person who looks."""
    rfq, opening = page.rfq, page.opening
    confirmations = list(opening.confirmations.select_related("opener")) if opening else []
    stage = _stage(rfq, opening, page.at)
    mine = any(one.opener_id == page.user.pk for one in confirmations)
    return {
        "stage": stage,
        "confirmations": confirmations,
        "trail": _trail(stage, confirmations),
        "refusal": "" if stage != "due" or mine else _why_not(rfq, page.user),
        "confirmed_by_me": mine,
        "may_enter_rates": stage in ("sealed", "due") and not confirmations and bool(rates.needed(rfq)) and can(page.user, "enter_rates", rfq),
        "rates": rates.entered(rfq),
        "needs_rates": rates.needed(rfq),
    }  # fmt: skip


def _stage(rfq: Rfq, opening: Opening | None, at: datetime) -> str:
    """sealed (bids may still come), due, working (the opener process is at it), opened or ended without."""
    if opening is not None and opening.status == Opening.Status.OPENED:
        return "opened"
    if rfq.status != Rfq.Status.PUBLISHED:
        return "ended"
    if rfq.phase_at(at) != Rfq.Phase.CLOSED:
        return "sealed"
    return "working" if opening is not None and opening.status == Opening.Status.CONFIRMED else "due"


def _trail(stage: str, confirmations: list[OpeningConfirmation]) -> list[Step]:
    order = ["sealed", "first", "second", "working", "opened"]
    now = {"due": "second" if confirmations else "first", "ended": "opened"}.get(stage, stage)
    labels = [_("Bids close"), _("First opener"), _("Second opener"), _("Opening"), _("Opened")]
    place = order.index(now)
    return [
        Step(label, "done" if index < place or stage == "opened" else "now" if index == place else "later")
        for index, label in enumerate(labels)
    ]


def _why_not(rfq: Rfq, user: User) -> str:
    """Why this person may not confirm, or nothing."""
    if not can(user, "confirm_opening", rfq):
        return _("Openers of this company confirm the opening.")
    if openings.asked_for(rfq_id=rfq.pk, user_id=user.pk):
        return _("You asked for some of these goods yourself; somebody else must open.")
    missing = set(rates.needed(rfq)) - {one.currency for one in rates.entered(rfq)}
    return _("Enter the exchange rates first.") if missing else ""


class OpenBids(OpeningPage, TemplateView):
    """The opening: sealed until the deadline, then two confirmations, then what came out."""

    template_name = "bids/open.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Results only once the opening is done."""
        state = state_of(self)
        bids = opened_in_order(self.opening) if self.opening and state["stage"] == "opened" else []
        return super().get_context_data(**self.frame(), **state, bids=bids, **kwargs)


class OpeningState(OpeningPage, TemplateView):
    """The changing part of the page, fetched again while the opener process is at work."""

    template_name = "bids/state.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Once it is done the whole page is loaded."""
        state = state_of(self)
        if state["stage"] != "working":
            return HttpResponse(headers={"HX-Redirect": reverse("bids:open", args=[self.rfq.pk])})
        return self.render_to_response(self.get_context_data(**self.frame(), **state))


class FoundFirst:
    """Stands right of OpeningPage: what may not be seen is 404 before anybody is asked to log in again."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Find the RFQ, then go on."""
        self.rfq  # type: ignore[attr-defined]  # noqa: B018
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        return response


class ConfirmOpening(OpeningPage, FoundFirst, FreshLoginMixin, FormView[ConfirmForm]):
    """One opener's confirmation, with a fresh log-in."""

    action = "confirm_opening"
    form_class = ConfirmForm
    template_name = "common/confirm.html"

    def form_valid(self, form: ConfirmForm) -> HttpResponse:
        """Confirm; the other opener may have been faster."""
        try:
            opening = openings.confirm(rfq_id=self.rfq.pk, opener=self.user)
        except AlreadyDone:
            raise
        except RuleViolation as refusal:
            add_refusal(form, refusal)
            return self.form_invalid(form)
        if opening.status == Opening.Status.CONFIRMED:
            messages.success(self.request, _("Confirmed. The bids are being opened."))
        else:
            messages.success(self.request, _("Confirmed. Another opener must confirm as well."))
        return redirect("bids:open", self.rfq.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What is about to happen."""
        return super().get_context_data(
            **self.frame(),
            title=_("Confirm the opening of %(number)s") % {"number": self.rfq.number},
            text=_(
                "You confirm that the bids on this RFQ are opened now. When the second opener has confirmed, a fingerprint of "
                "all sealed bids is recorded, then they are opened. This cannot be undone."
            ),
            action_label=_("Confirm the opening"),
            back_url=reverse("bids:open", args=[self.rfq.pk]),
            **kwargs,
        )


class EnterRates(OpeningPage, FormView[RatesForm]):
    """Exchange rates for the allowed bid currencies, before the opening."""

    action = "enter_rates"
    form_class = RatesForm
    template_name = "common/form.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """The currencies are the RFQ's."""
        if not rates.needed(self.rfq):
            raise Http404
        return {**super().get_form_kwargs(), "rfq": self.rfq}

    def form_valid(self, form: RatesForm) -> HttpResponse:
        """Keep them."""
        try:
            rates.enter(rfq_id=self.rfq.pk, given=form.given(), actor=self.user)
        except RuleViolation as refusal:
            add_refusal(form, refusal)
            return self.form_invalid(form)
        messages.success(self.request, _("Saved."))
        return redirect("bids:open", self.rfq.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The form."""
        return super().get_context_data(
            **self.frame(),
            title=_("Exchange rates"),
            text=_(
                "Bids in other currencies are compared by these rates. They are stored with the opening and never change."
            ),
            back_url=reverse("bids:open", args=[self.rfq.pk]),
            **kwargs,
        )


class OpeningRecord(OpeningPage, TemplateView):
    """The record of an opening: who, when, the root, every envelope's hash."""

    action = "read_bids"
    template_name = "bids/opening.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Only for an opening that is done."""
        if self.opening is None or self.opening.status != Opening.Status.OPENED:
            raise Http404
        confirmations = list(self.opening.confirmations.select_related("opener"))
        return super().get_context_data(
            **self.frame(),
            confirmations=confirmations,
            bids=opened_in_order(self.opening),
            rates=rates.entered(self.rfq),
            facts=[
                Fact(_("Bids opened"), self.opening.bid_count),
                Fact(_("Openers"), listed(one.opener for one in confirmations)),
            ],
            **kwargs,
        )


class OpenedAttachment(OpeningPage, View):
    """An attachment of an opened bid, decrypted as it goes out."""

    action = "read_bids"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The file."""
        found = get_object_or_404(
            BidAttachment.objects.select_related("file"),
            pk=self.kwargs["attachment"],
            opened_bid__rfq=self.rfq,
            opened_bid__opening__status=Opening.Status.OPENED,
        )
        return attachments.serve_opened(found)


class HowSealed(PolicyMixin, TemplateView):
    """How bids are sealed, and what that does not protect from; for both sides."""

    policy = Policy.PERSON
    template_name = "bids/sealing.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the key that receipts are checked by."""
        return super().get_context_data(key=receipts.published_key(), **kwargs)


class ReceiptKey(PolicyMixin, View):
    """The public key by which anybody can check a receipt."""

    policy = Policy.PUBLIC

    def get(self, request: HttpRequest) -> JsonResponse:
        """A JSON Web Key Set with the one key."""
        return JsonResponse({"keys": [receipts.published_key()]})
