"""What falls due: bids close, offers and contracts run out, deliveries come in, orders wait for an answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from contracts.agreements.models import Contract
from contracts.agreements.permissions import visible_to as contracts_visible_to
from contracts.orders.models import Order, OrderLineVersion
from contracts.orders.permissions import visible_to as orders_visible_to
from procurement.accounts.models import User
from procurement.bids.models import OpenedBid
from procurement.common.components import Tone
from procurement.common.figures import money_text
from procurement.evaluation.models import Award
from procurement.organization.access import Standing
from procurement.organization.models import Role
from procurement.rfqs.models import Rfq
from procurement.rfqs.permissions import visible_to as rfqs_visible_to

SHOWN = 8
AHEAD = timedelta(days=14)
FAR_AHEAD = timedelta(days=60)  # for what takes long to replace
BEHIND = timedelta(days=30)
SILENT = timedelta(days=2)  # a supplier has that long to acknowledge an order
WATCHERS = (Role.OFFICER, Role.CONTRACT_MANAGER)


@dataclass(frozen=True, slots=True)
class Deadline:
    """A day on which something happens or ends; `moment` where it has an hour, in its own zone."""

    day: date
    what: str | Promise
    title: str
    number: str
    url: str
    tone: Tone = ""
    moment: datetime | None = None
    zone: str = ""
    days: int = 0  # until then; below zero when it has passed

    @property
    def days_past(self) -> int:
        """How many days ago it was."""
        return -self.days


def deadlines_of(user: User, held: Standing, at: datetime) -> list[Deadline]:
    """What falls due for this person, the earliest first."""
    if not any(held.has(role) for role in (*WATCHERS, Role.OPENER)):
        return []
    found = [*_bids_close(user, at)]
    if any(held.has(role) for role in WATCHERS):
        found += [*_offers_end(user, at), *_contracts_end(user, at), *_deliveries(user, at)]
    today = timezone.localdate(at)
    ranked = sorted(found, key=lambda one: (one.day, one.moment or at))[:SHOWN]
    return [replace(one, days=(one.day - today).days) for one in ranked]


def _bids_close(user: User, at: datetime) -> Iterator[Deadline]:
    running = rfqs_visible_to(user).filter(
        status=Rfq.Status.PUBLISHED, closes_at__gt=at, closes_at__lt=at + AHEAD
    )
    for rfq in running.order_by("closes_at", "pk")[:SHOWN]:
        moment = timezone.localtime(rfq.closes_at, ZoneInfo(rfq.time_zone))
        soon: Tone = "wait" if moment - at < timedelta(days=1) else ""
        url = reverse("rfqs:detail", args=[rfq.pk])
        yield Deadline(
            moment.date(), _("Bids close"), rfq.title, rfq.number or "", url, soon, moment, rfq.time_zone
        )


def _offers_end(user: User, at: datetime) -> Iterator[Deadline]:
    """Opened offers that nobody has accepted run out."""
    decided = Award.objects.filter(rfq=OuterRef("rfq"), status=Award.Status.ACTIVE)
    offers = OpenedBid.objects.filter(
        ~Exists(decided),
        rfq__officer=user,
        rfq__status=Rfq.Status.OPENED,
        valid_until__gte=at.date(),
        valid_until__lt=(at + FAR_AHEAD).date(),
    )
    rows = offers.values("rfq", "rfq__title", "rfq__number").annotate(first=Min("valid_until"))
    for row in rows.order_by("first", "rfq")[:SHOWN]:
        url = reverse("evaluation:comparison", args=[row["rfq"]])
        yield Deadline(
            row["first"], _("First offer runs out"), row["rfq__title"], row["rfq__number"] or "", url,
            _tone(row["first"], at),
        )  # fmt: skip


def _contracts_end(user: User, at: datetime) -> Iterator[Deadline]:
    ending = contracts_visible_to(user).filter(
        status=Contract.Status.ACTIVE, ends_on__gte=at.date(), ends_on__lt=(at + FAR_AHEAD).date()
    )
    for contract in ending.order_by("ends_on", "pk")[:SHOWN]:
        if contract.ends_on:
            url = contract.get_absolute_url()
            yield Deadline(
                contract.ends_on, _("Contract ends"), contract.title, contract.number, url,
                _tone(contract.ends_on, at),
            )  # fmt: skip


def _deliveries(user: User, at: datetime) -> Iterator[Deadline]:
    """The first line of each order, as promised, else as needed; those just past as well."""
    lines = OrderLineVersion.objects.filter(
        line__order__in=_sent(user).values("pk"), revision=F("line__order__revision")
    ).annotate(due=Coalesce("promised_date", "need_date"))
    near = lines.filter(due__gte=(at - BEHIND).date(), due__lt=(at + AHEAD).date())
    rows = list(
        near.values("line__order").annotate(first=Min("due")).order_by("first", "line__order")[:SHOWN]
    )
    orders = Order.objects.select_related("supplier").in_bulk([row["line__order"] for row in rows])
    for row in rows:
        order, due = orders[row["line__order"]], row["first"]
        late = due < at.date()
        yield Deadline(
            due,
            _("Delivery was due") if late else _("Delivery due"),
            order.supplier.label,
            order.number,
            order.get_absolute_url(),
            "bad" if late else _tone(due, at),
        )


def _sent(user: User) -> QuerySet[Order]:
    shown = Q(status__in=[Order.Status.ISSUED, Order.Status.ACKNOWLEDGED])
    return orders_visible_to(user).filter(shown)


def _tone(day: date, at: datetime) -> Tone:
    return "wait" if day - at.date() < timedelta(days=7) else ""


@dataclass(frozen=True, slots=True)
class Silence:
    """An order that the supplier has not answered."""

    order: Order
    amount: str
    days: int


def unanswered(user: User, held: Standing, at: datetime) -> Iterable[Silence]:
    """Orders sent days ago and not acknowledged, the oldest first."""
    if not any(held.has(role) for role in WATCHERS):
        return []
    rows = orders_visible_to(user).filter(status=Order.Status.ISSUED, issued_at__lt=at - SILENT)
    return [
        Silence(order, money_text(order.gross, order.currency), (at - order.issued_at).days)
        for order in rows.select_related("supplier").order_by("issued_at", "pk")[:SHOWN]
        if order.issued_at
    ]
