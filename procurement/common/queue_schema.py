"""The tables in which messages wait when PostgreSQL itself is the broker (pgmq, plain SQL, no extension)."""

from __future__ import annotations

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from pgmq.install import get_embedded_install_sql

# Whoever declares a queue, sender or worker, has its trigger made anew: two at once would stumble over one another.
ENABLE_NOTIFY_ONCE = """
    ALTER FUNCTION pgmq.enable_notify_insert(text, integer) RENAME TO enable_notify_insert_anew;
    CREATE FUNCTION pgmq.enable_notify_insert(queue_name text, throttle_interval_ms integer DEFAULT 250)
    RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pgmq.acquire_queue_lock(queue_name);
        IF NOT EXISTS (
            SELECT FROM pgmq.notify_insert_throttle AS known
            WHERE known.queue_name = enable_notify_insert.queue_name
                AND known.throttle_interval_ms = enable_notify_insert.throttle_interval_ms
        ) THEN
            PERFORM pgmq.enable_notify_insert_anew(queue_name, throttle_interval_ms);
        END IF;
    END
    $$;
"""
ENABLE_NOTIFY_ANEW = """
    DROP FUNCTION pgmq.enable_notify_insert(text, integer);
    ALTER FUNCTION pgmq.enable_notify_insert_anew(text, integer) RENAME TO enable_notify_insert;
"""


def install(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Create them once; the script itself cannot be run twice."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('pgmq.meta') IS NOT NULL")
        if not cursor.fetchone()[0]:
            cursor.execute(get_embedded_install_sql())


def remove(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Messages may be dropped at any time: the sweeps find in the database what they asked for."""
    schema_editor.execute("DROP SCHEMA IF EXISTS pgmq CASCADE")
