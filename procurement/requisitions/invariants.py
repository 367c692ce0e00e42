"""What must always hold for requests."""

from __future__ import annotations

from collections.abc import Iterator

from procurement.common.invariants import invariant, rows


@invariant("A request's amounts are the sum of its lines")
def totals() -> Iterator[str]:
    """Header = Σ lines, never the other way."""
    found = rows("""
        SELECT r.id, r.net, r.tax, coalesce(sum(l.net), 0), coalesce(sum(l.tax), 0)
        FROM requisitions_requisition r LEFT JOIN requisitions_requisitionline l ON l.requisition_id = r.id
        GROUP BY r.id HAVING (r.net, r.tax) <> (coalesce(sum(l.net), 0), coalesce(sum(l.tax), 0))
    """)
    for key, net, tax, lines_net, lines_tax in found:
        yield f"requisition {key}: {net} + {tax}, lines {lines_net} + {lines_tax}"


@invariant("A request's lines stand where the request stands")
def states() -> Iterator[str]:
    """Lines of a returned request are drafts; of an approved one those are rejected that an approver left out; otherwise
    line and header say the same."""
    found = rows("""
        SELECT l.id, l.status, r.status
        FROM requisitions_requisitionline l JOIN requisitions_requisition r ON r.id = l.requisition_id
        WHERE l.status <> CASE WHEN r.status = 'returned' THEN 'draft'
            WHEN r.status = 'approved' AND EXISTS (
                SELECT FROM approvals_linerefusal f JOIN approvals_approvalcase c ON c.id = f.case_id
                WHERE f.line_id = l.id AND c.document_type = 'requisition' AND c.document_id = r.id AND c.round = r.round
            ) THEN 'rejected' ELSE r.status END
    """)
    for key, line, header in found:
        yield f"requisition line {key}: {line}, its request {header}"


@invariant("Everything named on a request belongs to its company")
def companies() -> Iterator[str]:
    """Department, lines, cost centres, projects and places."""
    found = rows("""
        SELECT r.id, l.id FROM requisitions_requisition r
        JOIN organization_department d ON d.id = r.department_id
        LEFT JOIN requisitions_requisitionline l ON l.requisition_id = r.id
        LEFT JOIN organization_costcentre c ON c.id = l.cost_centre_id
        LEFT JOIN organization_project p ON p.id = l.project_id
        LEFT JOIN organization_deliveryplace v ON v.id = l.delivery_place_id
        WHERE d.company_id <> r.company_id OR l.company_id <> r.company_id OR c.company_id <> r.company_id
           OR p.company_id <> r.company_id OR v.company_id <> r.company_id
    """)
    for key, line in found:
        yield f"requisition {key}, line {line}"


@invariant("Nothing is sourced or ordered beyond what was requested")
def quantities() -> Iterator[str]:
    """Also a CHECK; here for a database restored without it."""
    found = rows("""
        SELECT id, quantity, sourced, ordered FROM requisitions_requisitionline
        WHERE quantity <= 0 OR sourced NOT BETWEEN 0 AND quantity OR ordered NOT BETWEEN 0 AND quantity
           OR (sourced > 0 AND status <> 'approved')
    """)
    for key, quantity, sourced, ordered in found:
        yield f"requisition line {key}: {quantity} requested, {sourced} sourced, {ordered} ordered"


@invariant("A request in approval has one pending case, and no other has")
def pending_cases() -> Iterator[str]:
    """There is no submitted request without a process, and no process without one."""
    found = rows("""
        SELECT r.id, r.status, c.id FROM requisitions_requisition r
        FULL JOIN (SELECT * FROM approvals_approvalcase WHERE document_type = 'requisition' AND status = 'pending') c
          ON c.document_id = r.id AND c.round = r.round
        WHERE r.id IS NULL OR (r.status = 'in_approval') <> (c.id IS NOT NULL)
    """)
    for key, status, case in found:
        yield f"requisition {key} ({status}), pending case {case}"


@invariant("An approved request was approved by its case, or nobody had to be asked")
def approvals() -> Iterator[str]:
    """Either a case of its last round says so, or the record does."""
    found = rows("""
        SELECT r.id FROM requisitions_requisition r
        WHERE r.status = 'approved'
          AND NOT EXISTS (SELECT FROM approvals_approvalcase c WHERE c.document_type = 'requisition'
                          AND c.document_id = r.id AND c.round = r.round AND c.status = 'approved'
                          AND c.document_hash = r.document_hash)
          AND NOT EXISTS (SELECT FROM common_event e WHERE e.subject_type = 'requisitions.requisition'
                          AND e.subject_id = r.id AND e.verb = 'requisition.approved' AND e.facts->'case' = 'null')
    """)
    for (key,) in found:
        yield f"requisition {key}"


@invariant("What was submitted is kept word for word under its hash")
def revisions() -> Iterator[str]:
    """The kept words hash to what they are filed under, and every submitted request has its revision."""
    found = rows("""
        SELECT r.id, r.revision FROM requisitions_requisition r
        LEFT JOIN requisitions_requisitionrevision v ON v.requisition_id = r.id AND v.revision = r.revision
        WHERE r.status IN ('in_approval', 'approved', 'rejected')
          AND (v.id IS NULL OR v.sha256 <> r.document_hash
               OR encode(sha256(convert_to(v.content, 'UTF8')), 'hex') <> v.sha256)
    """)
    for key, revision in found:
        yield f"requisition {key}, revision {revision}"
