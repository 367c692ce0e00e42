"""Document numbers: prefix, company code, year, value from one PostgreSQL sequence per kind; gaps allowed."""

from __future__ import annotations

from datetime import datetime

from django.db.migrations.operations import RunSQL

from procurement.common.sql import scalar


def next_number(*, sequence: str, prefix: str, company_code: str, at: datetime) -> str:
    """The next number of a kind, e.g. RFQ-LC-2026-000147, given at first submission."""
    value = scalar("SELECT nextval(%s::regclass)", [sequence])
    return f"{prefix}-{company_code}-{at.year}-{value:06d}"


def create_sequence(name: str) -> RunSQL:
    """Migration operation that makes a kind's sequence."""
    return RunSQL(f"CREATE SEQUENCE {name}", f"DROP SEQUENCE {name}")
