"""The supplier's front page: what needs me now, my invitations by deadline, and what came of my bids."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as lazy
from django.views.generic import TemplateView

from contracts.agreements.permissions import supplier_contracts
from contracts.orders.permissions import supplier_orders
from procurement.bids.models import BidVersion
from procurement.common import turns
from procurement.common.clock import database_clock
from procurement.common.figures import zone_text
from procurement.common.paging import page_of
from procurement.common.views import Policy, PolicyMixin
from procurement.evaluation.models import ResultLetter
from procurement.evaluation.permissions import results_for_supplier
from procurement.rfqs.models import Invitation, Rfq, RfqLine
from suppliers.portal.invitations import my_state
from suppliers.portal.pages import with_standing
from suppliers.portal.permissions import receipts_visible_to, visible_to
from suppliers.registry.access import member_of

WHEN = ("open", "closed", "all")
STATES = {
    "new": lazy("Not answered"),
    "intends": lazy("We mean to bid"),
    "draft": lazy("Draft"),
    "sent": lazy("Bid sent"),
    "declined": lazy("Declined"),
}
LATEST = 5
SENT = BidVersion.Action.SUBMIT


class Home(PolicyMixin, TemplateView):
    """What needs me now; invitations by deadline, narrowed and searched; the latest of everything else."""

    policy = Policy.SUPPLIER
    template_name = "portal/home.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """A fixed number of statements; states are the supplier's own."""
        user, at = self.request.user, database_clock()
        show = self._chosen("show", WHEN)
        order = ("rfq__closes_at", "pk") if show == "open" else ("-rfq__closes_at", "-pk")
        page = page_of(self._invitations(show, at), self.request, order=order)
        member = member_of(user)
        state, query = self._chosen("state", ("", *STATES)), self.request.GET.get("q", "").strip()[:80]
        return super().get_context_data(
            supplier=member.supplier if member else None,
            turns=turns.for_user(user, at),  # type: ignore[arg-type]
            page=page,
            rows=[(row, *my_state(row, is_open=row.rfq.accepts_bids_at(at))) for row in page.rows],
            show=show,
            state=state,
            query=query,
            states=STATES.items(),
            narrowed=bool(state or query),
            now=at,
            zone=zone_text(timezone.localtime(at)),
            results=results_for(user),
            orders=supplier_orders(user).select_related("company").order_by("-pk")[:LATEST],
            contracts=supplier_contracts(user).select_related("company").order_by("-pk")[:LATEST],
            receipts=receipts_visible_to(user).select_related("bid__rfq").order_by("-pk")[:LATEST],
            **kwargs,
        )

    def _chosen(self, name: str, known: tuple[str, ...]) -> str:
        chosen = self.request.GET.get(name, known[0])
        return chosen if chosen in known else known[0]

    def _invitations(self, show: str, at: datetime) -> QuerySet[Invitation]:
        rows = with_standing(visible_to(self.request.user)).select_related("rfq", "rfq__company")
        lines = RfqLine.objects.filter(rfq=OuterRef("rfq")).order_by().values("rfq")
        counted = Subquery(lines.annotate(count=Count("pk")).values("count"), output_field=IntegerField())
        rows = rows.annotate(line_count=Coalesce(counted, 0))
        running = Q(rfq__status=Rfq.Status.PUBLISHED, rfq__closes_at__gt=at)
        rows = {"open": rows.filter(running), "closed": rows.exclude(running), "all": rows}[show]
        if state := self._chosen("state", ("", *STATES)):
            rows = rows.filter(_in_state(state))
        for word in self.request.GET.get("q", "").replace("\x00", "").split()[:6]:
            rows = rows.filter(Q(rfq__number__icontains=word) | Q(rfq__title__icontains=word))
        return rows


def _in_state(state: str) -> Q:
    """What a supplier has made of an invitation, as `my_state` says it."""
    unsent = Q(bid_action__isnull=True) | ~Q(bid_action=SENT)
    declined, intends = (Q(status=one) for one in (Invitation.Status.DECLINED, Invitation.Status.INTENDS))
    return {
        "sent": Q(bid_action=SENT),
        "declined": unsent & declined,
        "draft": unsent & ~declined & Q(has_draft=True),
        "intends": unsent & intends & Q(has_draft=False),
        "new": Q(bid_action__isnull=True, has_draft=False) & ~declined & ~intends,
    }[state]


def results_for(user: Any) -> QuerySet[ResultLetter]:
    """The latest letters that tell this person's supplier what came of its bids, with where they are read."""
    mine = Invitation.objects.filter(rfq=OuterRef("rfq"), supplier=OuterRef("supplier"))
    rows = results_for_supplier(user).last_told().annotate(invitation=Subquery(mine.values("public_id")[:1]))
    return rows.select_related("rfq", "rfq__company").order_by("-pk")[:LATEST]
