"""What the pages of this room share."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, cast

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common.clock import database_clock
from procurement.common.components import Crumb
from procurement.common.errors import AlreadyDone
from procurement.common.views import Policy, ScopedMixin
from procurement.evaluation.models import Award
from procurement.evaluation.permissions import can, can_compare, holds, opened_visible_to, visible_to
from procurement.rfqs.models import Rfq
from procurement.rfqs.permissions import can as can_rfq
from procurement.rfqs.presentation import frame_of, with_counts
from procurement.rfqs.views.base import ACTIONS

COMPARING = ("score", "award", "tell", "close")


class StaffPage(ScopedMixin):
    """A page of our side.

    `needs` is what the page does. Whoever may never do it does not find the page; whoever may, but comes too late,
    is told so by the service when they press the button.
    """

    policy = Policy.STAFF
    needs: ClassVar[str] = ""

    def require(self, may_now: bool, holds_role: bool) -> None:
        """404 where this page is not for this person."""
        pressed = self.request.method == "POST"
        if self.needs and not (may_now or (pressed and holds_role)):
            raise Http404

    @cached_property
    def at(self) -> datetime:
        """The moment this page was asked for, by the database."""
        return database_clock()

    @property
    def user(self) -> User:
        """Whoever is logged in; the policy lets nobody else in."""
        return cast(User, self.request.user)

    def was_faster(self, refusal: AlreadyDone, back_url: str) -> HttpResponse:
        """The page for a lost race, with the way back."""
        context = {"refusal": refusal, "back_url": back_url}
        return render(self.request, "refused.html", context, status=409)


class OpenedPage(StaffPage):
    """A page about one opened RFQ; before the opening there is none."""

    scope, can = staticmethod(opened_visible_to), staticmethod(can_compare)
    action = "compare"

    def get_queryset(self) -> Any:
        """With what the workspace's head and tabs show."""
        return with_counts(super().get_queryset())

    @cached_property
    def rfq(self) -> Rfq:
        """The RFQ, read once."""
        found = cast(Rfq, self.get_object())
        self.require(
            can_compare(self.user, self.needs, found),
            holds(self.user, self.needs, company_id=found.company_id),
        )
        return found

    @cached_property
    def may(self) -> dict[str, bool]:
        """What this person may do with it now: here, and by the RFQ's own frame around it."""
        return {
            **{action: can_rfq(self.user, action, self.rfq) for action in ACTIONS},
            **{action: can_compare(self.user, action, self.rfq) for action in COMPARING},
        }

    @property
    def comparison_url(self) -> str:
        """Where the bids are compared."""
        return reverse("evaluation:comparison", args=[self.rfq.pk])

    def workspace(self) -> dict[str, Any]:
        """The RFQ's own frame around our part."""
        return {**frame_of(self.rfq, self.at, "comparison"), "next_step": None}

    def small_frame(self, here: Any) -> dict[str, Any]:
        """What forms and confirm pages share."""
        return {"rfq": self.rfq, "crumbs": crumbs_to(self.rfq, here), "back_url": self.comparison_url}


class AwardPage(StaffPage):
    """A page about one award."""

    scope, can = staticmethod(visible_to), staticmethod(can)
    action = "view"

    def get_queryset(self) -> Any:
        """With RFQ, company and author."""
        return super().get_queryset().select_related("rfq__company", "created_by")

    @cached_property
    def award(self) -> Award:
        """The award, read once."""
        found = cast(Award, self.get_object())
        self.require(
            can(self.user, self.needs, found), holds(self.user, self.needs, company_id=found.company_id)
        )
        return found

    @cached_property
    def may(self) -> dict[str, bool]:
        """What this person may do with it now."""
        return {
            action: can(self.user, action, self.award) for action in ("edit", "submit", "withdraw", "cancel")
        }

    @property
    def award_url(self) -> str:
        """The award's own page."""
        return reverse("evaluation:award", args=[self.award.pk])

    def small_frame(self, here: Any) -> dict[str, Any]:
        """What forms and confirm pages share."""
        crumbs = [*crumbs_to(self.award.rfq), Crumb(self.award.number, self.award_url), Crumb(here)]
        return {"award": self.award, "rfq": self.award.rfq, "crumbs": crumbs, "back_url": self.award_url}


def crumbs_to(rfq: Rfq, here: Any = "") -> list[Crumb]:
    """Sourcing › the RFQ's comparison › here."""
    found = [
        Crumb(_("Sourcing"), reverse("rfqs:list")),
        Crumb.to(rfq, reverse("evaluation:comparison", args=[rfq.pk])),
    ]
    return [*found, Crumb(here)] if here else found
