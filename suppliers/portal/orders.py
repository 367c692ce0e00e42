"""A supplier's purchase orders: read them, acknowledge them, propose other dates or quantities, or decline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from contracts.orders import answers, presentation, services
from contracts.orders.models import Order, OrderLineVersion
from contracts.orders.permissions import supplier_can, supplier_orders
from contracts.orders.views import answer_context
from procurement.accounts.models import User
from procurement.common import documents
from procurement.common.components import Crumb
from procurement.common.errors import AlreadyDone, RuleViolation
from procurement.common.figures import quantity_text
from procurement.common.money import parse_number
from procurement.common.paging import page_of
from procurement.common.views import Policy, PolicyMixin, ScopedMixin


class OrderList(PolicyMixin, TemplateView):
    """All orders to one's company, the latest first."""

    policy = Policy.SUPPLIER
    template_name = "portal/orders.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """By keys."""
        rows = supplier_orders(self.request.user).select_related("company", "delivery_place")
        return super().get_context_data(page=page_of(rows, self.request), **kwargs)


class OneOrder(ScopedMixin):
    """A page about one order to one's own company."""

    policy = Policy.SUPPLIER
    scope = supplier_orders
    can = supplier_can
    action = "view"
    lookup = "public_id"

    @cached_property
    def order(self) -> Order:
        """The order, read once."""
        rows = self.get_queryset().select_related(
            "company", "supplier", "buyer", "delivery_place", "contract"
        )
        found: Order = self.get_object(rows)
        return found

    def address(self) -> str:
        """Its page."""
        return reverse("portal:order", args=[self.order.public_id])


class ShowOrder(OneOrder, TemplateView):
    """What is ordered, the PDF, and the answer on the same page."""

    template_name = "portal/order.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """A fixed number of statements; nothing of who asked for the goods."""
        order = self.order
        may_answer = supplier_can(self.request.user, "answer", order)
        lines = list(presentation.lines(order))
        return super().get_context_data(
            order=order,
            crumbs=[Crumb(_("Orders"), reverse("portal:orders"))],
            trail=[] if order.status == Order.Status.CANCELLED else presentation.trail(order)[1:],
            facts=presentation.facts(order),
            lines=lines,
            rendering=documents.find("purchase_order", order, version=order.revision),
            may_answer=may_answer,
            rows=[_Row.of(line, self.request.POST) for line in lines] if may_answer else [],
            **answer_context(order),
            **kwargs,
        )


@dataclass(frozen=True, slots=True)
class _Row:
    """A line to be answered: what it says, and what was typed over it."""

    line: OrderLineVersion
    quantity: str
    date: str

    @classmethod
    def of(cls, line: OrderLineVersion, post: Mapping[str, str]) -> _Row:
        """As typed, or as ordered."""
        position, due = line.line.position, line.promised_date or line.need_date
        quantity = quantity_text(line.quantity).replace(",", "")
        day = due.isoformat() if due else ""
        return cls(line, post.get(f"quantity-{position}", quantity), post.get(f"date-{position}", day))

    def offer(self) -> answers.Offer:
        """What was typed. Raises LineRefused."""
        position = self.line.line.position
        try:
            quantity = parse_number(self.quantity)
        except RuleViolation as wrong:
            raise answers.LineRefused(str(wrong), position=position, field="quantity") from wrong
        try:
            day = date.fromisoformat(self.date) if self.date else None
        except ValueError as wrong:
            raise answers.LineRefused(_("Not a date."), position=position, field="date") from wrong
        return answers.Offer(quantity, day)


class AnswerOrder(ShowOrder):
    """One click says yes; the other buttons send what was typed over the lines, or a no."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The button says which."""
        user, reason = cast(User, request.user), request.POST.get("reason", "")
        try:
            if "propose" in request.POST:
                rows = [_Row.of(line, request.POST) for line in presentation.lines(self.order)]
                offers = {row.line.line.position: row.offer() for row in rows}
                answers.propose(order_id=self.order.pk, offers=offers, reason=reason, actor=user)
                said = _("The buyer has your proposal and answers it.")
            elif "decline" in request.POST:
                answers.decline(order_id=self.order.pk, reason=reason, actor=user)
                said = _("The buyer sees that you decline, and why.")
            else:
                services.acknowledge(order_id=self.order.pk, actor=user)
                said = _("The order is acknowledged.")
        except AlreadyDone:
            raise
        except RuleViolation as refusal:
            return self.render_to_response(self.get_context_data(refusal=refusal), status=422)
        messages.success(request, said)
        return redirect(self.address())


ORDERS = [
    path("orders/", OrderList.as_view(), name="orders"),
    path("orders/<uuid:public_id>/", ShowOrder.as_view(), name="order"),
    path("orders/<uuid:public_id>/answer/", AnswerOrder.as_view(), name="answer_order"),
]
