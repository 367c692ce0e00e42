"""What the pages of one version of the rules share."""

from __future__ import annotations

from functools import cached_property
from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from procurement.accounts.models import User
from procurement.common.clock import database_clock
from procurement.common.components import Crumb
from procurement.common.errors import AlreadyDone
from procurement.common.views import Policy, PolicyMixin, ScopedMixin, refused
from procurement.organization.access import standing
from workflows.approvals.models import RuleSet
from workflows.approvals.permissions import can_rules, keeps_rules, rule_sets_visible_to

ACTIONS = ("write", "propose", "take_back", "activate", "discard")


def crumbs(*further: Crumb) -> list[Crumb]:
    """The way to a page of this room."""
    return [Crumb(_("Approval rules"), reverse("rules:list")), *further]


def title_of(rules: RuleSet) -> str:
    """Version 4."""
    return _("Version %(version)d") % {"version": rules.version}


class RulesRoom(PolicyMixin):
    """A page about the rules as such."""

    policy = Policy.STAFF
    action = "view"
    request: HttpRequest

    @property
    def user(self) -> User:
        """Whoever is logged in; the policy lets nobody else in."""
        return cast(User, self.request.user)

    def require(self, action: str) -> None:
        """404 for whoever never does this."""
        if not can_rules(self.user, action):
            raise Http404


class RuleSetPage(ScopedMixin):
    """A page about one version, found through what the person may see."""

    policy = Policy.STAFF
    scope, can = staticmethod(rule_sets_visible_to), staticmethod(can_rules)
    action = "view"

    def get_queryset(self) -> Any:
        """With the people who brought it about."""
        return super().get_queryset().select_related("created_by", "proposed_by", "activated_by")

    @cached_property
    def rules(self) -> RuleSet:
        """The version, read once."""
        return cast(RuleSet, self.get_object())

    @property
    def user(self) -> User:
        """Whoever is logged in; the policy lets nobody else in."""
        return cast(User, self.request.user)

    @cached_property
    def may(self) -> dict[str, bool]:
        """What this person may do with it now."""
        found = {action: can_rules(self.user, action, self.rules) for action in ACTIONS}
        found["discard"] &= not self.rules.is_settled(database_clock())
        return {**found, "copy": can_rules(self.user, "write"), "judge": keeps_rules(self.user)}

    @property
    def zone(self) -> str:
        """The time zone of the person's company."""
        person = standing(self.user).person
        return person.company.time_zone if person else "UTC"

    @property
    def address(self) -> str:
        """The version's own page."""
        return reverse("rules:version", args=[self.rules.pk])

    def frame(self, here: str = "") -> dict[str, Any]:
        """What every page shows around its own part."""
        way = [Crumb(title_of(self.rules), self.address if here else ""), *([Crumb(here)] if here else [])]
        return {"rules": self.rules, "may": self.may, "crumbs": crumbs(*way), "back_url": self.address, "title": here or title_of(self.rules)}  # fmt: skip

    def was_faster(self, refusal: AlreadyDone) -> HttpResponse:
        """The page for a lost race, with the way back."""
        return refused(self.request, refusal, back_url=self.address)
