"""Pages of purchase orders."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import TemplateView

from contracts.agreements.acts import Act
from contracts.agreements.models import Contract
from contracts.agreements.permissions import can as may_read
from contracts.agreements.views.base import ContractAct, crumbs_to
from contracts.orders import answers, history, presentation, services
from contracts.orders.lists import ORDERS
from contracts.orders.models import Order, OrderAnswer
from contracts.orders.permissions import can, visible_to
from procurement.common import documents
from procurement.common.components import Crumb
from procurement.common.forms import ReasonForm
from procurement.common.listings.pages import ListPage
from procurement.common.views import Policy, ScopedMixin
from procurement.common.wholes import whole
from suppliers.registry.services import warnings

RELATED = ("company", "supplier", "buyer", "delivery_place", "contract")


class OrderList(ListPage):
    """Orders that this person may see, the latest first."""

    policy = Policy.STAFF
    listing = ORDERS
    template_name = "orders/list.html"


class OneOrder(ScopedMixin):
    """A page about one order, found through what the person may see."""

    policy = Policy.STAFF
    scope, can = staticmethod(visible_to), staticmethod(can)
    action = "view"

    def get_queryset(self) -> Any:
        """With the names that the head shows."""
        return super().get_queryset().select_related(*RELATED)

    @property
    def order(self) -> Order:
        """The order, read once."""
        if not hasattr(self, "_order"):
            self._order = cast(Order, self.get_object())
        return self._order

    def subject(self) -> Order:
        """The order."""
        return self.order

    def crumbs(self) -> list[Crumb]:
        """Orders › this one."""
        return [
            Crumb(_("Orders"), reverse("orders:list")),
            Crumb(self.order.number, self.order.get_absolute_url()),
        ]


class ShowOrder(OneOrder, TemplateView):
    """What is ordered, for whom, and the PDF."""

    template_name = "orders/detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Everything about it, in a fixed number of statements."""
        order, user = self.order, self.request.user
        issued = order.issued_at is not None
        return super().get_context_data(
            order=order,
            crumbs=[Crumb(_("Orders"), reverse("orders:list"))],
            trail=presentation.trail(order),
            facts=presentation.facts(order),
            lines=presentation.lines(order),
            allocations=presentation.allocations(order),
            rendering=documents.find("purchase_order", order, version=order.revision) if issued else None,
            history=history.entries_of(order),
            **answer_context(order),
            warnings=warnings([order.supplier_id], process="order"),
            may={
                **{action: can(user, action, order) for action in ("issue", "cancel", "decide")},
                "contract": may_read(user, "view", order.contract),
            },
            **kwargs,
        )


def answer_context(order: Order) -> dict[str, Any]:
    """What the supplier has answered: the open one with its differences, and those before it."""
    given = list(presentation.answers(order)) if order.issued_at else []
    pending = next((one for one in given if one.status == OrderAnswer.Status.OPEN), None)
    return {
        "answer": pending,
        "differences": presentation.differences(pending) if pending else [],
        "settled": [one for one in given if one is not pending],
    }


class DraftOrders(ContractAct):
    """Draft the orders of an active contract: one per buying company and delivery place."""

    action = "order"
    title = button = gettext_lazy("Draft the orders")
    text = gettext_lazy(
        "One order for each buying company and delivery place, for everything in the contract that is not ordered yet."
    )

    def act(self, form: forms.Form) -> HttpResponse:
        """To the order, or to all of them."""
        orders = services.draft_for_contract(contract_id=self.contract.pk, actor=self.user)
        said = ngettext("%(count)d order was drafted.", "%(count)d orders were drafted.", len(orders))
        messages.success(self.request, said % {"count": len(orders)})
        return redirect(orders[0]) if len(orders) == 1 else redirect("orders:list")

    def crumbs(self) -> list[Crumb]:
        """Contracts › this one › here."""
        contract: Contract = self.contract
        return crumbs_to(contract, self.title)


class IssueOrder(OneOrder, Act):
    """Send it to the supplier."""

    action = "issue"
    title = button = gettext_lazy("Send to the supplier")
    text = gettext_lazy(
        "The supplier sees it in the portal and is told by mail. Its lines are final from then on."
    )
    done = gettext_lazy("The order was sent.")

    def act(self, form: forms.Form) -> HttpResponse:
        """Sent."""
        return redirect(services.issue(order_id=self.order.pk, actor=self.user))


class AnswerAct(OneOrder, Act):
    """What the buyer makes of the supplier's answer."""

    action = "decide"

    @property
    def answer_id(self) -> int:
        """The answer that the page showed; 404 for any other order's."""
        wanted = whole(self.request.POST.get("answer"))
        rows = self.order.answers.all() if wanted else self.order.answers.filter(status="open")
        return get_object_or_404(rows.filter(pk=wanted) if wanted else rows).pk


class AcceptAnswer(AnswerAct):
    """Take what the supplier proposes."""

    title = button = gettext_lazy("Accept the change")
    text = gettext_lazy(
        "The order gets a new revision that says so, is printed again, and the supplier is told."
    )
    done = gettext_lazy("The change is accepted; the order is agreed.")

    def act(self, form: forms.Form) -> HttpResponse:
        """A new revision."""
        return redirect(answers.accept(answer_id=self.answer_id, actor=self.user))


class AskAgain(AnswerAct):
    """Stay with the order."""

    form_class = ReasonForm
    title = button = gettext_lazy("Ask the supplier again")
    text = gettext_lazy("The order stays as it is. The supplier sees your reason and answers anew.")
    done = gettext_lazy("The supplier is asked again.")

    def act(self, form: forms.Form) -> HttpResponse:
        """Back with the supplier."""
        return redirect(
            answers.ask_again(answer_id=self.answer_id, reason=form.cleaned_data["reason"], actor=self.user)
        )


class CancelOrder(OneOrder, Act):
    """Take it back."""

    action = "cancel"
    form_class = ReasonForm
    title = button = gettext_lazy("Cancel the order")
    text = gettext_lazy("What it held may be ordered anew. A supplier who has received it is told.")
    done = gettext_lazy("The order is cancelled.")
    danger = True

    def act(self, form: forms.Form) -> HttpResponse:
        """Over."""
        services.cancel(order_id=self.order.pk, reason=form.cleaned_data["reason"], actor=self.user)
        return redirect(self.order)
