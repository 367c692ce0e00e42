"""What the pages of one RFQ share."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse

from procurement.accounts.models import User
from procurement.common.clock import database_clock
from procurement.common.errors import AlreadyDone
from procurement.common.views import Policy, ScopedMixin, refused
from procurement.rfqs.models import Rfq
from procurement.rfqs.permissions import can, visible_to
from procurement.rfqs.presentation import crumbs_to, frame_of, waiting_extension, with_counts

ACTIONS = (
    "edit",
    "submit",
    "withdraw",
    "cancel",
    "extend",
    "confirm_extension",
    "few_bids",
    "copy",
    "retender",
    "remind",
    "add_bidder",
    "team",
)


class RfqPage(ScopedMixin):
    """A page about one RFQ, found through what the person may see."""

    policy = Policy.STAFF
    scope, can = staticmethod(visible_to), staticmethod(can)
    action = "view"
    tab = ""

    def get_queryset(self) -> Any:
        """With what the head and the tabs show."""
        return with_counts(super().get_queryset())

    @cached_property
    def rfq(self) -> Rfq:
        """The RFQ, read once."""
        return cast(Rfq, self.get_object())

    @cached_property
    def at(self) -> datetime:
        """The moment this page was asked for, by the database."""
        return database_clock()

    @property
    def user(self) -> User:
        """Whoever is logged in; the policy lets nobody else in."""
        return cast(User, self.request.user)

    @cached_property
    def may(self) -> dict[str, bool]:
        """What this person may do with it now."""
        return {action: can(self.user, action, self.rfq) for action in ACTIONS}

    def frame(self) -> dict[str, Any]:
        """What every page of the workspace shows around its own part."""
        proposal = waiting_extension(self.rfq, self.at)
        return {
            **frame_of(self.rfq, self.at, self.tab),
            "may": self.may,
            "extension": proposal,
            "own_extension": bool(proposal and proposal.proposed_by_id == self.user.pk),
        }

    def small_frame(self, here: Any) -> dict[str, Any]:
        """What confirm pages share."""
        return {
            "rfq": self.rfq,
            "crumbs": crumbs_to(self.rfq, here),
            "back_url": self.rfq.get_absolute_url(),
        }

    def require(self, action: str) -> None:
        """404 where this person may look, but not do this."""
        if not can(self.user, action, self.rfq):
            raise Http404

    def was_faster(self, refusal: AlreadyDone) -> HttpResponse:
        """The page for a lost race, with the way back to the RFQ."""
        return refused(self.request, refusal, back_url=self.rfq.get_absolute_url())


def person_of(request: HttpRequest) -> User:
    """The person behind a page that strangers cannot reach."""
    return cast(User, request.user)
