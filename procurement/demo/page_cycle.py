"""The sourcing cycle as people do it: the same 12 actions by the forms of the pages, each with the page that follows.

Measured is what the server does for the form sent and the page after; going to the form is not.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django.db.models import F
from django.urls import resolve, reverse

from procurement.accounts.models import User
from procurement.catalog.models import Item
from procurement.common.clock import database_clock
from procurement.demo import cycle
from procurement.demo.sourcing import (
    APPROVE,
    APPROVE_AWARD,
    AWARD,
    BIDS,
    CREATE,
    DAYS_TO_BID,
    OPEN,
    OPEN_SECOND,
    ORDER,
    PUBLISH,
    SUBMIT,
    SourcingCycle,
)
from procurement.demo.visitor import NotThere, Visitor
from procurement.evaluation.models import Award
from procurement.requisitions.models import Requisition, RequisitionLine
from procurement.rfqs.models import Rfq

ITEM = "BENCH-VALVE"


def redirected(answer: Any) -> bool:
    """Whether what was sent was taken: then another page follows."""
    return bool(answer.redirect_chain)


def shown_on(who: Visitor) -> int:
    """The key of the document whose page somebody has before them; another visitor's may be newer."""
    return int(resolve(urlsplit(who.page.address).path).kwargs["pk"])


class PageCycle(SourcingCycle):
    """One cycle through the pages; the contract between award and order goes by its services, as it does there."""

    visitors: dict[int, Visitor]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.visitors = {}

    def visitor(self, user: User) -> Visitor:
        """The person's browser, logged in."""
        if user.pk not in self.visitors:
            self.visitors[user.pk] = Visitor(user=user)
        return self.visitors[user.pk]

    def act(
        self, action: str, who: Visitor, *steps: tuple[str, tuple[str, str] | None, dict[str, Any]]
    ) -> None:
        """Send the forms of one action, one on the page after the other; reading a page is the browser's work."""
        for view, button, values in steps:
            if who.view != view and not any(form.name == view for form in who.page.forms):
                who.follow(view)
            form, sent = who.page.filled(view, button, **values)
            with self.measure(action):
                answer = who.client.post(form.action, sent, follow=True)
            who.read(answer, form.action)
            if any(one.name == view and one.method == "post" for one in who.page.forms) and not redirected(
                answer
            ):
                raise NotThere(f"{form.action} was refused")

    def requested(self, today: datetime) -> Requisition:
        """Create, submit, approve."""
        made = self.stage.troupe
        self._items()
        who = self.visitor(self.users["requester"])
        page = who.open(reverse("requisitions:create"))
        page.form_to("requisitions:create").values.update(
            {
                f"lines-{number}-{name}": [""]
                for number in range(self.line_count)
                for name in ("item", "quantity")
            }
        )
        page.form_to("requisitions:create").values["lines-TOTAL_FORMS"] = [str(max(self.line_count, 5))]
        lines = {f"lines-{number}-item": f"{ITEM}-{number}" for number in range(self.line_count)}
        lines |= {f"lines-{number}-quantity": str(10 + number) for number in range(self.line_count)}
        head = {
            "title": "Valves for the benchmark",
            "need_date": (today + timedelta(days=60)).date().isoformat(),
            "cost_centre": str(made.cost_centre.pk),
            "delivery_place": str(made.delivery_place.pk),
        }
        self.act(CREATE, who, ("requisitions:create", ("save", "1"), head | lines))
        self.act(SUBMIT, who, ("requisitions:submit", None, {}))
        requisition = Requisition.objects.get(pk=shown_on(who))
        self._decide(APPROVE, "requisition", requisition.pk)
        return requisition

    def _items(self) -> None:
        """What the pages offer by themselves: items, and bidders who sell their kind."""
        for bidder in self.stage.bidders:
            bidder.supplier.categories.add(self.stage.troupe.category)
        Item.objects.bulk_create(
            [
                Item(
                    code=f"{ITEM}-{number}",
                    name=f"闸阀 {number}",
                    name_en=f"Gate valve {number}",
                    category=self.stage.troupe.category,
                    unit=self.stage.unit,
                    estimate=Decimal("120.50"),
                )
                for number in range(self.line_count)
            ],
            ignore_conflicts=True,
        )

    def published(self, requisition: Requisition, *, closes_at: datetime) -> Rfq:
        """From the pool to the suppliers, in four forms."""
        lines = RequisitionLine.objects.filter(requisition=requisition).values_list("pk", flat=True)
        terms = {"closes_at": closes_at.strftime("%Y-%m-%dT%H:%M"), "scope": "As specified"}
        who = self.visitor(self.users["officer"])
        who.open(reverse("requisitions:pool"))
        self.act(PUBLISH, who, ("rfqs:propose", None, {"line": [str(key) for key in lines]}))
        self.act(PUBLISH, who, ("rfqs:create", None, {}))  # with the suppliers that are proposed
        self.act(PUBLISH, who, ("rfqs:edit", None, terms))
        self.act(PUBLISH, who, ("rfqs:submit", None, {}))
        return Rfq.objects.get(pk=shown_on(who))

    def bids_sent(self, rfq: Rfq) -> None:
        """Every bidder's price for every line, looked over and sealed."""
        for number, bidder in enumerate(self.stage.bidders):
            who = self.visitor(bidder.user)
            invitation = rfq.invitations.get(supplier=bidder.supplier)
            page = who.open(reverse("portal:bid", args=[invitation.public_id]))
            names = [name for name in page.form_to("portal:bid").values if name.startswith("unit_price")]
            prices = {name: str(100 + number + place % 7) for place, name in enumerate(names)}
            action = BIDS[min(number, len(BIDS) - 1)]
            self.act(action, who, ("portal:bid", ("review", "1"), prices), ("portal:submit", None, {}))

    def bids_opened(self, rfq: Rfq) -> None:
        """By two people, and by the opener; bidding has begun long ago and is over now."""
        before = {
            name: F(name) - timedelta(days=DAYS_TO_BID - 1)
            for name in ("submitted_at", "published_at", "opens_at")
        }
        Rfq.objects.filter(pk=rfq.pk).update(closes_at=database_clock(), **before)
        for action, opener in zip((OPEN, OPEN_SECOND), self.stage.troupe.openers, strict=True):
            who = self.visitor(opener)
            who.open(reverse("bids:confirm", args=[rfq.pk]))
            self.act(action, who, ("bids:confirm", None, {}))
        with self.measure(OPEN_SECOND):
            opening = rfq.openings.latest("pk")
            cycle.open_envelopes(opening_id=opening.pk, keyring=self.stage.keyring, clock=self.clock)

    def awarded(self, rfq: Rfq) -> Award:
        """Recommended, sent and approved."""
        who = self.visitor(self.users["officer"])
        who.open(reverse("evaluation:comparison", args=[rfq.pk]))
        reason = {"justification": "Lowest bid."}
        self.act(AWARD, who, ("evaluation:award_create", None, reason), ("evaluation:submit", None, {}))
        award = Award.objects.get(rfq=rfq)
        self._decide(APPROVE_AWARD, "award", award.pk)
        return award

    def ordered(self, contract: Any) -> None:
        """Drafted and sent to the supplier."""
        who = self.visitor(self.users["officer"])
        who.open(reverse("agreements:detail", args=[contract.pk]))
        self.act(ORDER, who, ("orders:draft", None, {}), ("orders:issue", None, {}))

    def _decide(self, action: str, document_type: str, document_id: int) -> None:
        step = cycle.turn(document_type, document_id)
        if step is None:
            raise RuntimeError(f"Nobody was asked about the {document_type}.")
        who = self.visitor(step.approver)
        who.open(reverse("inbox:decide", args=[step.pk]))
        self.act(action, who, ("inbox:decide", ("act", "approve"), {}))
