"""A supplier's purchase orders: read them, acknowledge them."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from contracts.agreements.acts import Act
from contracts.orders import presentation, services
from contracts.orders.models import Order
from contracts.orders.permissions import supplier_can, supplier_orders
from procurement.common import documents
from procurement.common.components import Crumb
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

    def subject(self) -> Order:
        """The order."""
        return self.order

    def back_url(self) -> str:
        """Its page in this door."""
        return self.address()

    def crumbs(self) -> list[Crumb]:
        """Orders › this one."""
        return [Crumb(_("Orders"), reverse("portal:orders")), Crumb(self.order.number, self.address())]


class ShowOrder(OneOrder, TemplateView):
    """What is ordered, and the PDF."""

    template_name = "portal/order.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """A fixed number of statements; nothing of who asked for the goods."""
        order = self.order
        return super().get_context_data(
            order=order,
            crumbs=[Crumb(_("Orders"), reverse("portal:orders"))],
            trail=[] if order.status == Order.Status.CANCELLED else presentation.trail(order)[1:],
            facts=presentation.facts(order),
            lines=presentation.lines(order),
            rendering=documents.find("purchase_order", order, version=order.revision),
            may_acknowledge=supplier_can(self.request.user, "acknowledge", order),
            **kwargs,
        )


class AcknowledgeOrder(OneOrder, Act):
    """We have it and will deliver."""

    action = "view"
    title = button = gettext_lazy("Acknowledge the order")
    text = gettext_lazy("You confirm that you have received this order and will deliver as it says.")
    done = gettext_lazy("The order is acknowledged.")

    def act(self, form: forms.Form) -> HttpResponse:
        """Acknowledged; who comes second is told who was first."""
        services.acknowledge(order_id=self.order.pk, actor=self.user)
        return redirect(self.address())


ORDERS = [
    path("orders/", OrderList.as_view(), name="orders"),
    path("orders/<uuid:public_id>/", ShowOrder.as_view(), name="order"),
    path("orders/<uuid:public_id>/acknowledge/", AcknowledgeOrder.as_view(), name="acknowledge_order"),
]
