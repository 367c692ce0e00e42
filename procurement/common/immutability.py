"""Rows that are written once: the database refuses to change or drop them."""

from __future__ import annotations

import pgtrigger

_TRUNCATE = """
    IF current_setting('caigou.testing', true) = 'on' THEN RETURN NULL; END IF;
    RAISE EXCEPTION 'rows of % are written once', TG_TABLE_NAME;
"""


def insert_only() -> list[pgtrigger.Trigger]:
    """Triggers for a table whose rows are never updated, deleted or truncated.

    Test databases set `caigou.testing`, so that a test may empty its tables.
    """
    return [
        pgtrigger.Protect(name="insert_only", operation=pgtrigger.Update | pgtrigger.Delete),
        pgtrigger.Trigger(
            name="no_truncate",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
            func=_TRUNCATE,
        ),
    ]
