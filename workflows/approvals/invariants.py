"""What must hold between documents' cases, their steps and the processes behind them."""

from __future__ import annotations

from collections.abc import Iterable

from procurement.common.invariants import invariant, rows


def _lines(sql: str, text: str) -> Iterable[str]:
    return (text.format(*row) for row in rows(sql))


@invariant("Nobody decides their own request, also not on behalf of somebody")
def own_request() -> Iterable[str]:
    """The database checks it too; here against the case itself."""
    return _lines(
        "SELECT s.id, c.id FROM approvals_approvalstep s JOIN approvals_approvalcase c ON c.id = s.case_id"
        " WHERE s.requester_id <> c.requester_id OR c.requester_id IN (s.approver_id, s.decided_by_id, s.on_behalf_of_id)",
        "step {} of case {}",
    )


@invariant(
    "A case in approval has somebody whose turn it is, and a running process; a decided one has neither"
)
def somebody_is_asked() -> Iterable[str]:
    """Pending exactly while a step is active and the process runs."""
    return _lines(
        "SELECT c.id, c.status, p.status FROM approvals_approvalcase c LEFT JOIN viewflow_process p ON p.id = c.process_id"
        " WHERE (c.status = 'pending') <> EXISTS (SELECT 1 FROM approvals_approvalstep s WHERE s.case_id = c.id AND s.status = 'active')"
        " OR (c.status = 'pending') <> (coalesce(p.status, '') = 'NEW')",
        "case {} is {}, its process {}",
    )


@invariant("An approved case has every step approved; a returned or rejected one exactly one that says so")
def outcome_follows_steps() -> Iterable[str]:
    """The outcome is what the steps say."""
    return _lines(
        "SELECT c.id, c.status FROM approvals_approvalcase c JOIN approvals_approvalstep s ON s.case_id = c.id"
        " GROUP BY c.id HAVING (c.status = 'approved' AND bool_or(s.status <> 'approved'))"
        " OR (c.status = 'returned' AND count(*) FILTER (WHERE s.status = 'returned') <> 1)"
        " OR (c.status = 'rejected' AND count(*) FILTER (WHERE s.status = 'rejected') <> 1)"
        " OR (c.status <> 'pending' AND bool_or(s.status IN ('active', 'waiting')))",
        "case {} is {}",
    )


@invariant("Stages are asked in order: nobody decided or is asked before the stage before is approved")
def stages_in_order() -> Iterable[str]:
    """A later stage is touched only after all of the earlier one."""
    return _lines(
        "SELECT DISTINCT late.id FROM approvals_approvalstep late JOIN approvals_approvalstep early"
        " ON early.case_id = late.case_id AND early.stage < late.stage"
        " WHERE late.status IN ('active', 'approved', 'returned', 'rejected') AND early.status <> 'approved'",
        "step {}",
    )


@invariant("What was decided on is what was submitted")
def same_document() -> Iterable[str]:
    """Every decision carries the hash of its case."""
    return _lines(
        "SELECT s.id FROM approvals_approvalstep s JOIN approvals_approvalcase c ON c.id = s.case_id"
        " WHERE s.decided_at IS NOT NULL AND s.document_hash <> c.document_hash",
        "step {}",
    )


@invariant("Every active step is exactly one person's open task in the engine, and the other way round")
def steps_are_tasks() -> Iterable[str]:
    """Inbox (steps) and engine (tasks) say the same."""
    return _lines(
        "WITH step AS (SELECT s.id, s.approver_id, c.process_id FROM approvals_approvalstep s"
        "  JOIN approvals_approvalcase c ON c.id = s.case_id WHERE s.status = 'active'),"
        " task AS (SELECT (t.data->>'step')::bigint AS id, t.owner_id AS approver_id, t.process_id FROM viewflow_task t"
        "  WHERE t.status = 'ASSIGNED')"
        " SELECT 'step', * FROM (SELECT * FROM step EXCEPT ALL SELECT * FROM task) a"
        " UNION ALL SELECT 'task of step', * FROM (SELECT * FROM task EXCEPT ALL SELECT * FROM step) b",
        "{} {} of user {}, process {}",
    )


@invariant("No task of a process is in error, and no process ended around an open task")
def no_task_in_error() -> Iterable[str]:
    """An exception always rolls its act back, so there can be none."""
    return _lines(
        "SELECT t.id, t.status, p.status FROM viewflow_task t JOIN viewflow_process p ON p.id = t.process_id"
        " WHERE t.status = 'ERROR' OR (p.status <> 'NEW' AND t.status NOT IN ('DONE', 'CANCELED'))",
        "task {} is {}, its process {}",
    )
