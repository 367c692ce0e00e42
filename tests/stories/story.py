"""One need from request to order, by everybody whose work it is: what each of them does on which page."""

from datetime import timedelta

from django.db.models import F

from contracts.agreements.models import Contract
from contracts.orders.models import Order
from procurement.common import documents, events
from procurement.common.clock import database_clock
from procurement.demo import people
from procurement.evaluation.models import Award
from procurement.requisitions.models import Requisition
from procurement.rfqs.models import Rfq
from tests.stories.walker import Visitor

PRICES = {"shen@jnlk.example": "395.50", "fang@taihe.example": "402.65", "he@beichen.example": "388.25"}
WINNER = "he@beichen.example"


def days_pass():
    """Bidding has begun eight days ago and is over now."""
    before = {name: F(name) - timedelta(days=8) for name in ("submitted_at", "published_at", "opens_at")}
    Rfq.objects.update(closes_at=database_clock(), **before)


class Story:
    """Everybody speaks `language`; whoever acts logs in for it and finds the work on the front page."""

    def __init__(self, language, visitor=Visitor):
        self.language, self.visitor = language, visitor

    def enter(self, who):
        email = who if "@" in who else f"{who}@{people.DOMAIN}"
        return self.visitor(email, people.PASSWORD, self.language)

    def tell(self):
        """All of it."""
        self.request()
        self.publish()
        for who, price in PRICES.items():
            self.bid(who, price)
        self.nobody_of_ours_learns_of_bids()
        self.open()
        self.award()
        self.contract()
        self.order()
        self.where_is_my_request()

    def approve(self, who):
        approver = self.enter(who)
        approver.follow("inbox:decide")
        approver.send("inbox:decide", ("act", "approve"))

    # --- the need ---

    def request(self):
        he = self.enter("he")
        he.follow("requisitions:create")
        form = he.page.form_to("requisitions:create")
        he.send(
            "requisitions:create",
            ("save", "1"),
            **{
                "title": "二期闸阀 Gate valves",
                "need_date": (database_clock() + timedelta(days=60)).date().isoformat(),
                "cost_centre": form.choices["cost_centre"][1],
                "delivery_place": form.choices["delivery_place"][1],
                "lines-0-item": "V-1001",
                "lines-0-quantity": "40",
                "lines-1-item": "V-1003",
                "lines-1-quantity": "100",
            },
        )
        assert he.view == "requisitions:detail"
        he.follow("requisitions:submit")
        he.send("requisitions:submit")
        self.approve("ma")  # head of the department
        self.approve("sun")  # budget holder, from 50,000
        assert Requisition.objects.get().status == "approved"

    # --- the market ---

    def publish(self):
        lin = self.enter("lin")
        lin.follow("requisitions:pool")
        lines = lin.page.form_to("rfqs:propose").choices["line"]
        lin.send("rfqs:propose", line=lines)
        lin.send("rfqs:create")
        closes = database_clock() + timedelta(days=8)
        lin.send(
            "rfqs:edit",
            title="闸阀询价 Gate valves",
            closes_at=closes.strftime("%Y-%m-%dT%H:%M"),
            scope="DAP, as specified",
        )
        lin.follow("rfqs:submit")
        lin.send("rfqs:submit")
        self.approve("zhao")  # category manager, from 100,000
        assert Rfq.objects.get().status == "published"

    def bid(self, who, price):
        supplier = self.enter(who)
        supplier.follow("portal:rfq")
        supplier.follow("portal:bid")
        names = [name for name in supplier.page.form_to("portal:bid").values if name.startswith("unit_price")]
        supplier.send("portal:bid", ("review", "1"), **dict.fromkeys(names, price))
        assert supplier.view == "portal:submit"
        supplier.send("portal:submit")
        assert supplier.view == "portal:receipt"

    def nobody_of_ours_learns_of_bids(self):
        for who in ("lin", "wang", "zhao", "zheng"):
            visitor = self.enter(who)
            visitor.open(f"/rfqs/{Rfq.objects.get().pk}/history/")
            assert not any(price in visitor.page.text for price in PRICES.values())
            assert "bid.submitted" not in visitor.page.text

    def open(self):
        days_pass()
        for who in ("wang", "sun"):
            opener = self.enter(who)
            opener.follow("bids:open")
            opener.follow("bids:confirm")
            opener.send("bids:confirm")
        while events.deliver_due(queue="opener"):
            pass
        opener.open(opener.page.address)
        opener.follow("bids:opening")
        assert Rfq.objects.get().status == "opened"

    # --- the decision ---

    def award(self):
        lin = self.enter("lin")
        lin.follow("evaluation:comparison")
        assert all(price in lin.page.text.replace(",", "") for price in PRICES.values())
        lin.follow("evaluation:award_create")
        lin.send("evaluation:award_create", justification="最低价 Lowest price")
        lin.follow("evaluation:submit")
        lin.send("evaluation:submit")
        self.approve("zhao")
        award = Award.objects.get()
        assert award.status == "active"
        assert {line.supplier.name_en for line in award.lines.all()} == {"Beichen Valves"}

    # --- the contract ---

    def contract(self):
        lin = self.enter("lin")
        lin.follow("agreements:create")
        lin.send("agreements:create")
        lin.send("agreements:edit", ("next", "submit"))
        lin.send("agreements:submit")
        documents.render_pending()
        wu = self.enter("wu")
        wu.follow("agreements:sign")
        wu.send("agreements:sign", agree="on")
        supplier = self.enter(WINNER)
        supplier.follow("portal:sign_contract")
        supplier.send("portal:sign_contract", agree="on")
        assert Contract.objects.get().status == "active"

    def order(self):
        lin = self.enter("lin")
        lin.follow("orders:draft")
        lin.send("orders:draft")
        lin.follow("orders:issue")
        lin.send("orders:issue")
        supplier = self.enter(WINNER)
        supplier.follow("portal:orders")
        supplier.follow("portal:order")
        supplier.send("portal:answer_order")
        assert Order.objects.get().status == "acknowledged"

    def where_is_my_request(self):
        he = self.enter("he")
        he.follow("requisitions:list")
        he.follow("requisitions:detail")
        he.follow("office:trace")
        for number in (Rfq.objects.get().number, Order.objects.get().number):
            assert number in he.page.text
