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


_CONTENT = (  # enough of a group agreed; only our own constants are put in
    "(SELECT count(*) FROM approvals_approvalstep g WHERE g.case_id = {0}.case_id AND g.stage = {0}.stage"
    ' AND g."group" = {0}."group" AND g.status = \'approved\') >= {0}.needed'
)


@invariant("An approved case has enough of every group approved; one sent back has somebody who did it")
def outcome_follows_steps() -> Iterable[str]:
    """The outcome is what the steps say."""
    return _lines(
        "SELECT c.id, c.status FROM approvals_approvalcase c JOIN approvals_approvalstep s ON s.case_id = c.id"  # noqa: S608
        f" GROUP BY c.id HAVING (c.status = 'approved' AND bool_or(NOT {_CONTENT.format('s')}))"
        " OR (c.status = 'approved' AND bool_or(s.status IN ('returned', 'lapsed')))"
        " OR (c.status = 'returned' AND count(*) FILTER (WHERE s.status IN ('returned', 'lapsed')) <> 1)"
        " OR (c.status = 'rejected' AND count(*) FILTER (WHERE s.status = 'rejected') < 1)"
        " OR (c.status <> 'pending' AND bool_or(s.status IN ('active', 'waiting')))",
        "case {} is {}",
    )


@invariant("Stages are asked in order: nobody decided or is asked before the stage before is approved")
def stages_in_order() -> Iterable[str]:
    """A later stage is touched only after all of the earlier one."""
    return _lines(
        "SELECT DISTINCT late.id FROM approvals_approvalstep late JOIN approvals_approvalstep early"  # noqa: S608
        " ON early.case_id = late.case_id AND early.stage < late.stage"
        " WHERE late.status IN ('active', 'approved', 'returned', 'rejected', 'lapsed')"
        f" AND NOT {_CONTENT.format('early')}",
        "step {}",
    )


@invariant("What was decided on is what was submitted")
def same_document() -> Iterable[str]:
    """Every decision carries the hash of its case, unless it was carried over from an earlier round."""
    return _lines(
        "SELECT s.id FROM approvals_approvalstep s JOIN approvals_approvalcase c ON c.id = s.case_id"
        " WHERE s.decided_at IS NOT NULL AND s.carried_from_id IS NULL AND s.document_hash <> c.document_hash",
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


@invariant("What is carried over was approved by the same person in an earlier round of the same document")
def carried_was_given() -> Iterable[str]:
    """A carried step points at a real decision."""
    return _lines(
        "SELECT s.id FROM approvals_approvalstep s JOIN approvals_approvalcase c ON c.id = s.case_id"
        " JOIN approvals_approvalstep f ON f.id = s.carried_from_id JOIN approvals_approvalcase e ON e.id = f.case_id"
        " WHERE f.status <> 'approved' OR f.decided_by_id <> s.decided_by_id OR e.round >= c.round"
        " OR (e.document_type, e.document_id) <> (c.document_type, c.document_id)",
        "step {}",
    )


@invariant("Nobody who was banned from a case is asked in it or decided it")
def not_by_banned() -> Iterable[str]:
    """The database checks it too."""
    return _lines(
        "SELECT s.id FROM approvals_approvalstep s JOIN approvals_approvalcase c ON c.id = s.case_id"
        " WHERE s.approver_id = ANY(c.banned) OR s.decided_by_id = ANY(c.banned) OR s.on_behalf_of_id = ANY(c.banned)",
        "step {}",
    )


@invariant("Rules in force were activated by somebody else than who proposed them")
def rules_by_two() -> Iterable[str]:
    """Unless the program itself loaded them."""
    return _lines(
        "SELECT version FROM approvals_ruleset WHERE status = 'active' AND source <> 'setup'"
        " AND (proposed_by_id IS NULL OR activated_by_id IS NULL OR proposed_by_id = activated_by_id)",
        "version {}",
    )
