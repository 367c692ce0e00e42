"""What must hold of every contract, whatever door it came through."""

from __future__ import annotations

from collections.abc import Iterable

from procurement.common.invariants import invariant, rows


@invariant("A contract's amounts are the sums of its lines and its freight")
def totals() -> Iterable[str]:
    """Net and tax."""
    found = rows("""
        SELECT c.number FROM agreements_contract c
        LEFT JOIN (SELECT contract_id, sum(net) AS net, sum(tax) AS tax FROM agreements_contractline GROUP BY 1) l
            ON l.contract_id = c.id
        WHERE c.net IS DISTINCT FROM coalesce(l.net, 0) + c.freight OR c.tax IS DISTINCT FROM coalesce(l.tax, 0) ORDER BY 1
    """)
    return [f"{number}: the header differs from its lines" for (number,) in found]


@invariant("A contract buys what its award gave to its supplier, at its price")
def as_awarded() -> Iterable[str]:
    """Supplier, award, quantity and price of each line."""
    found = rows("""
        SELECT c.number, l.position FROM agreements_contractline l
        JOIN agreements_contract c ON c.id = l.contract_id JOIN evaluation_awardline a ON a.id = l.award_line_id
        WHERE a.award_id <> c.award_id OR a.supplier_id <> c.supplier_id OR a.currency <> c.currency
            OR l.rfq_line_id <> a.rfq_line_id OR l.quantity > a.quantity OR l.unit_price <> a.unit_price
            OR l.net > a.net ORDER BY 1, 2
    """)
    return [f"{number}, line {position}: not as awarded" for number, position in found]


@invariant("Contracts take what their award gives each supplier, in lines and in freight, to the cent")
def contracts_sum_to_the_award() -> Iterable[str]:
    """Of every contract that was not given up: as many lines, as much money."""
    found = rows("""
        SELECT c.number FROM agreements_contract c
        JOIN (SELECT award_id, supplier_id, sum(net) AS net, sum(tax) AS tax FROM evaluation_awardline GROUP BY 1, 2) l
            ON l.award_id = c.award_id AND l.supplier_id = c.supplier_id
        LEFT JOIN (SELECT award_id, supplier_id, sum(amount) AS freight FROM evaluation_awardfreight GROUP BY 1, 2) f
            ON f.award_id = c.award_id AND f.supplier_id = c.supplier_id
        WHERE c.status <> 'cancelled' AND (c.freight <> coalesce(f.freight, 0)
            OR c.net <> l.net + coalesce(f.freight, 0) OR c.tax <> l.tax) ORDER BY 1
    """)
    return [f"{number}: not what the award gives its supplier" for (number,) in found]


@invariant("An active contract has both signatures on its latest version, on the PDF that was made of it")
def signed_by_both() -> Iterable[str]:
    """Two confirmed signatures, each with the rendering's own digest."""
    found = rows("""
        SELECT c.number FROM agreements_contract c
        WHERE c.status IN ('active', 'completed', 'terminated') AND 2 <> (
            SELECT count(DISTINCT s.side) FROM agreements_signature s
            JOIN agreements_contractversion v ON v.id = s.version_id
            JOIN common_rendering r ON r.id = s.rendering_id JOIN common_storedfile f ON f.id = r.file_id
            WHERE v.contract_id = c.id AND v.number = c.version AND s.confirmed_at IS NOT NULL
                AND r.template = 'contract' AND r.subject_id = c.id AND r.version = v.number
                AND s.pdf_sha256 = f.sha256 AND r.input_hash = v.content_hash
        ) ORDER BY 1
    """)
    return [f"{number}: not signed by both on its latest version" for (number,) in found]


@invariant("Nobody signs for the buyer what they drafted")
def not_by_the_drafter() -> Iterable[str]:
    """Neither the contract's manager nor who sent the text; a scan is confirmed by a second person."""
    found = rows("""
        SELECT c.number FROM agreements_signature s JOIN agreements_contractversion v ON v.id = s.version_id
        JOIN agreements_contract c ON c.id = v.contract_id
        WHERE s.confirmed_at IS NOT NULL AND ((s.side = 'buyer' AND s.method = 'door'
            AND s.signer_id IN (v.created_by_id, s.drafter_id)) OR s.drafter_id <> v.created_by_id
            OR (s.method = 'scan' AND s.confirmed_by_id = s.signer_id)) ORDER BY 1
    """)
    return [f"{number}: signed by its drafter" for (number,) in found]


@invariant("What waits for approval or signature is the latest version's text")
def text_is_the_latest() -> Iterable[str]:
    """The contract names the version and its hash."""
    found = rows("""
        SELECT c.number FROM agreements_contract c
        LEFT JOIN agreements_contractversion v ON v.contract_id = c.id AND v.number = c.version
        WHERE c.status IN ('in_approval', 'pending', 'active', 'completed')
            AND c.document_hash IS DISTINCT FROM v.content_hash ORDER BY 1
    """)
    return [f"{number}: its text is not that of its latest version" for (number,) in found]


@invariant("A contract in approval has a case that waits, or none is in approval")
def in_approval_has_a_case() -> Iterable[str]:
    """No document waits for nobody."""
    found = rows("""
        SELECT c.number FROM agreements_contract c WHERE c.status = 'in_approval' AND NOT EXISTS (
            SELECT 1 FROM approvals_approvalcase a WHERE a.document_type = 'contract' AND a.document_id = c.id
                AND a.status = 'pending' AND a.round = c.round) ORDER BY 1
    """)
    return [f"{number}: in approval, but nobody is asked" for (number,) in found]
