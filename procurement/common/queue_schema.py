"""The tables in which messages wait when PostgreSQL itself is the broker (pgmq, plain SQL, no extension)."""

from __future__ import annotations

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from pgmq.install import get_embedded_install_sql


def install(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Create them once; the script itself cannot be run twice."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('pgmq.meta') IS NOT NULL")
        if not cursor.fetchone()[0]:
            cursor.execute(get_embedded_install_sql())


def remove(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Messages may be dropped at any time: the sweeps find in the database what they asked for."""
    schema_editor.execute("DROP SCHEMA IF EXISTS pgmq CASCADE")
