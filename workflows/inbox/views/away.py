"""Who decides for me while I am away, and for whom I decide."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from procurement.accounts.models import User
from procurement.common import acts
from procurement.common.clock import database_clock
from procurement.common.components import Crumb
from procurement.common.paging import page_of
from procurement.common.views import Policy, PolicyMixin
from procurement.organization.access import standing
from workflows.approvals.delegating import DelegationData, delegate, revoke
from workflows.approvals.models import Delegation
from workflows.approvals.stand_ins import delegations_at
from workflows.inbox.forms import AwayForm
from workflows.inbox.views.pages import crumbs


def mine(user: Any) -> QuerySet[Delegation]:
    """Delegations that this person made."""
    return Delegation.objects.filter(delegator=user.pk).select_related("delegate")


class Away(PolicyMixin, TemplateView):
    """My delegations, and for whom I stand in now."""

    policy = Policy.STAFF
    template_name = "inbox/away.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The latest first; each says whether it counts now, is to come or is over."""
        user: Any = self.request.user
        at = database_clock()
        page = page_of(mine(user), self.request, order=("-starts_at", "-pk"))
        standing_in = delegations_at(at).filter(delegate=user.pk).select_related("delegator")
        return super().get_context_data(
            page=page,
            rows=[(one, state_of(one, at)) for one in page],
            standing_in=list(standing_in.order_by("ends_at")[:20]),
            crumbs=[*crumbs(), Crumb(_("While I am away"))],
            **kwargs,
        )


def state_of(one: Delegation, at: Any) -> tuple[str, str, bool]:
    """In words, with its tone, and whether it can still be ended."""
    if one.revoked_at:
        return _("Ended early"), "idle", False
    if one.ends_at <= at:
        return _("Over"), "idle", False
    if one.starts_at > at:
        return _("To come"), "wait", True
    return _("Counts now"), "go", True


class GoAway(PolicyMixin, acts.Act):
    """Name who decides, from when until when."""

    policy = Policy.STAFF
    form_class = AwayForm
    template_name = "inbox/go_away.html"
    title = gettext_lazy("While I am away")
    button = gettext_lazy("Save")

    def around(self) -> dict[str, Any]:
        """The way back to the list; people without a place in the organisation have no turns to give."""
        if standing(self.request.user).person is None:
            raise Http404
        back = reverse("inbox:away")
        return {"crumbs": [*crumbs(), Crumb(str(self.title), back)], "back_url": back}

    def get_form_kwargs(self) -> dict[str, Any]:
        """An amount is in the currency of the person's company, unless they say otherwise."""
        person = standing(self.request.user).person
        return {**super().get_form_kwargs(), "company": person.company if person else None}

    def act(self, form: Any) -> HttpResponse:
        """They decide from its start on."""
        said = form.cleaned_data
        delegate(DelegationData(**said), actor=cast(User, self.request.user))
        self.done = _("%(who)s decides for you from then until then.") % {"who": said["delegate"]}
        return redirect("inbox:away")


class EndAway(PolicyMixin, acts.Act):
    """I am back."""

    policy = Policy.STAFF
    title = button = gettext_lazy("End it now")
    text = gettext_lazy(
        "From now on everything comes to you again; what was not decided comes back within a minute."
    )
    done = gettext_lazy("Ended. Decisions come to you again.")

    def around(self) -> dict[str, Any]:
        """Only one's own."""
        self.one = get_object_or_404(mine(self.request.user), pk=self.kwargs["pk"])
        back = reverse("inbox:away")
        return {"crumbs": [*crumbs(), Crumb(_("While I am away"), back)], "back_url": back}

    def act(self, form: Any) -> HttpResponse:
        """Ended."""
        revoke(delegation_id=self.one.pk, actor=cast(User, self.request.user))
        return redirect("inbox:away")
