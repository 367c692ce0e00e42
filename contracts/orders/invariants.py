"""What must hold of every purchase order, whatever door it came through."""

from __future__ import annotations

from collections.abc import Iterable

from procurement.common.invariants import invariant, rows


@invariant("An order's amounts are the sums of its lines and its freight")
def totals() -> Iterable[str]:
    """Net and tax of the latest revision."""
    found = rows("""
        SELECT o.number FROM orders_order o LEFT JOIN (
            SELECT l.order_id, v.revision, sum(v.net) AS net, sum(v.tax) AS tax
            FROM orders_orderline l JOIN orders_orderlineversion v ON v.line_id = l.id GROUP BY 1, 2
        ) s ON s.order_id = o.id AND s.revision = o.revision
        WHERE o.net IS DISTINCT FROM coalesce(s.net, 0) + o.freight OR o.tax IS DISTINCT FROM coalesce(s.tax, 0) ORDER BY 1
    """)
    return [f"{number}: the header differs from its lines" for (number,) in found]


@invariant("Allocations of an order line sum to it, in quantity and to the cent")
def allocations() -> Iterable[str]:
    """Of the latest revision."""
    found = rows("""
        SELECT o.number, l.position FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id
        JOIN orders_orderlineversion v ON v.line_id = l.id AND v.revision = o.revision
        LEFT JOIN (SELECT order_line_id, sum(quantity) AS quantity, sum(net) AS net FROM orders_orderallocation GROUP BY 1) a
            ON a.order_line_id = l.id
        WHERE a.quantity IS DISTINCT FROM v.quantity OR a.net IS DISTINCT FROM v.net ORDER BY 1, 2
    """)
    return [f"{number}, line {position}: allocations do not add up" for number, position in found]


@invariant("No more is ordered of a contract line than was agreed")
def within_the_contract() -> Iterable[str]:
    """Quantity, net and tax over all live orders."""
    found = rows("""
        SELECT c.number, cl.position FROM agreements_contractline cl JOIN agreements_contract c ON c.id = cl.contract_id
        JOIN (SELECT l.contract_line_id, sum(v.quantity) AS quantity, sum(v.net) AS net, sum(v.tax) AS tax
            FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id AND o.status <> 'cancelled'
            JOIN orders_orderlineversion v ON v.line_id = l.id AND v.revision = o.revision GROUP BY 1
        ) s ON s.contract_line_id = cl.id
        WHERE s.quantity > cl.quantity OR s.net > cl.net OR s.tax > cl.tax
            OR (s.quantity = cl.quantity AND (s.net <> cl.net OR s.tax <> cl.tax)) ORDER BY 1, 2
    """)
    return [f"{number}, line {position}: more ordered than agreed" for number, position in found]


@invariant(
    "Orders carry no more freight than their contract, and all of it, as all its money, once it is ordered whole"
)
def freight_of_the_contract() -> Iterable[str]:
    """Over all live orders."""
    found = rows("""
        WITH live AS (SELECT * FROM orders_order WHERE status <> 'cancelled'),
        ordered AS (SELECT l.contract_line_id AS line, sum(v.quantity) AS quantity FROM orders_orderline l
            JOIN live o ON o.id = l.order_id JOIN orders_orderlineversion v ON v.line_id = l.id AND v.revision = o.revision GROUP BY 1),
        open AS (SELECT DISTINCT cl.contract_id FROM agreements_contractline cl LEFT JOIN ordered ON ordered.line = cl.id
            WHERE coalesce(ordered.quantity, 0) < cl.quantity),
        sums AS (SELECT contract_id, sum(net) AS net, sum(tax) AS tax, sum(freight) AS freight FROM live GROUP BY 1)
        SELECT c.number FROM agreements_contract c JOIN sums s ON s.contract_id = c.id
        WHERE s.freight > c.freight OR (NOT EXISTS (SELECT FROM open WHERE open.contract_id = c.id)
            AND (s.net, s.tax, s.freight) IS DISTINCT FROM (c.net, c.tax, c.freight)) ORDER BY 1
    """)
    return [f"{number}: its orders do not sum to it" for (number,) in found]


@invariant("A requisition line counts as ordered what live orders hold of it")
def ordered_counters() -> Iterable[str]:
    """The counter on the line is the sum of the allocations."""
    found = rows("""
        SELECT r.number, l.position FROM requisitions_requisitionline l JOIN requisitions_requisition r ON r.id = l.requisition_id
        LEFT JOIN (SELECT a.requisition_line_id, sum(a.requested_quantity) AS quantity FROM orders_orderallocation a
            JOIN orders_orderline ol ON ol.id = a.order_line_id
            JOIN orders_order o ON o.id = ol.order_id AND o.status <> 'cancelled' GROUP BY 1) s ON s.requisition_line_id = l.id
        WHERE l.ordered <> coalesce(s.quantity, 0) ORDER BY 1, 2
    """)
    return [f"{number}, line {position}: the counter differs from the orders" for number, position in found]


@invariant("An order goes to the contract's supplier, for the company and place of those who asked")
def for_the_right_people() -> Iterable[str]:
    """Supplier and currency from the contract; company and delivery place from the requests."""
    found = rows("""
        SELECT DISTINCT o.number FROM orders_order o JOIN agreements_contract c ON c.id = o.contract_id
        LEFT JOIN orders_orderline l ON l.order_id = o.id LEFT JOIN orders_orderallocation a ON a.order_line_id = l.id
        LEFT JOIN requisitions_requisitionline r ON r.id = a.requisition_line_id
        WHERE o.supplier_id <> c.supplier_id OR o.currency <> c.currency
            OR r.company_id <> o.company_id OR r.delivery_place_id <> o.delivery_place_id ORDER BY 1
    """)
    return [f"{number}: supplier, company or place is another one" for (number,) in found]


@invariant("An order waits for the buyer exactly while an answer of its supplier is open")
def open_answers() -> Iterable[str]:
    """Change proposed or declined, of the present revision."""
    found = rows("""
        SELECT o.number FROM orders_order o
        LEFT JOIN orders_orderanswer a ON a.order_id = o.id AND a.status = 'open'
        WHERE (o.status IN ('change_proposed', 'declined')) <> (a.id IS NOT NULL) OR a.revision <> o.revision
            OR (a.kind = 'change' AND o.status <> 'change_proposed') OR (a.kind = 'decline' AND o.status <> 'declined')
        ORDER BY 1
    """)
    return [f"{number}: state and open answer differ" for (number,) in found]


@invariant("Every revision of an order says all of its lines")
def whole_revisions() -> Iterable[str]:
    """Each line has one version for each revision up to the present one."""
    found = rows("""
        SELECT o.number, l.position FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id
        LEFT JOIN orders_orderlineversion v ON v.line_id = l.id
        GROUP BY o.id, l.id HAVING count(v.id) <> o.revision ORDER BY 1, 2
    """)
    return [f"{number}, line {position}: a revision is missing" for number, position in found]
