"""What must hold between documents and the rules they were judged by."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings

from procurement.common.invariants import invariant, rows
from workflows.flows import versions

_APPROVED = """
    SELECT 'requisition', id, number, decided_at FROM requisitions_requisition WHERE status = 'approved'
    UNION ALL SELECT 'rfq', id, number, published_at FROM rfqs_rfq
        WHERE status IN ('published', 'opened', 'awarded', 'unsuccessful')
    UNION ALL SELECT 'award', id, number, decided_at FROM evaluation_award WHERE status = 'active'
    UNION ALL SELECT 'contract', id, number, submitted_at FROM agreements_contract
        WHERE status IN ('pending', 'active', 'completed', 'terminated')
"""
_BY_NOBODY = f"""
    SELECT kind, number FROM ({_APPROVED}) AS approved (kind, id, number, at)
    WHERE NOT EXISTS (SELECT FROM approvals_approvalcase c
                      WHERE c.document_type = approved.kind AND c.document_id = approved.id AND c.status = 'approved')
      AND NOT EXISTS (SELECT FROM approvals_ruleset s WHERE s.valid_from <= approved.at)
"""  # noqa: S608  only our own constants


@invariant(
    "A document that nobody approved was judged by rules, unless the settings say that none are needed"
)
def approved_by_rules() -> Iterable[str]:
    """Rules were in force when it went through."""
    if settings.APPROVALS_WITHOUT_RULES:
        return ()
    return (f"{kind} {number}" for kind, number in rows(_BY_NOBODY))


@invariant("Every process and task belongs to a flow and a node that the program still knows")
def flows_are_known() -> Iterable[str]:
    """Nodes are never deleted or renamed, so whatever is stored leads to one."""
    for (text,) in rows("SELECT DISTINCT flow_class FROM viewflow_process"):
        if versions.flow_of(str(text)) is None:
            yield f"flow {text}"
    for (text,) in rows("SELECT DISTINCT flow_task FROM viewflow_task"):
        if versions.node_of(str(text)) is None:
            yield f"node {text}"
