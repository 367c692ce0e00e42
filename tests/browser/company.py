"""One company at work, to look at and to click through: less than what the attackers of tests/fire have."""

from contracts.agreements import library
from contracts.agreements.models import Clause, ContractTemplate, TemplateClause
from contracts.orders import services as orders
from procurement.common import documents
from tests.fire.world import Builder, Side, fire_rules, make_side, quick_print


def a_company() -> Side:
    """One company with a document in each stage that somebody looks at or works on here."""
    library.install(Clause, ContractTemplate, TemplateClause)
    fire_rules()
    side = make_side("a")
    build = Builder(side)
    with quick_print():
        for stage in ("draft", "approved", "in_approval"):
            side.keep("requisition", stage, build.request(stage))
        build.bid(side.keep("rfq", "published", build.rfq()), "x", "77.7", keep_copy=True)
        side.keep("rfq", "closed", build.closed(confirmed=1))
        side.keep("rfq", "opened", build.opened())
        side.keep("award", "in_approval", build.award("in_approval"))
        side.keep("award", "active", build.award("active"))
        side.keep("contract", "pending_signature", build.contract("pending_signature"))
        active = side.keep("contract", "active", build.contract("active"))
        (order,) = orders.draft_for_contract(contract_id=active.pk, actor=side.users["officer"])
        side.keep("order", "issued", order)
        orders.issue(order_id=order.pk, actor=side.users["officer"])
        documents.render_pending()
    return side
