"""An empty database is migrated quickly, to exactly what Django makes of the same migrations."""

import pytest
from django.core.management import call_command
from django.core.management.commands.migrate import Command as DjangosCommand
from django.db import connection
from django.db.migrations.state import ProjectState

from procurement.config.management.commands.migrate import Command, SwiftExecutor, SwiftState, swift

SCHEMA = """
    SELECT 'column', c.table_name || '.' || c.column_name,
        concat_ws(' ', c.data_type, c.character_maximum_length, c.numeric_precision, c.numeric_scale, c.is_nullable,
            c.column_default, c.is_identity)
    FROM information_schema.columns c WHERE c.table_schema = 'public'
    UNION ALL SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT 'trigger', tgrelid::regclass || '.' || tgname, pg_get_triggerdef(oid)
    FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'function', proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT 'sequence', sequencename, data_type::text FROM pg_sequences
    ORDER BY 1, 2, 3
"""


def test_a_database_with_rows_is_migrated_in_djangos_own_way(db):
    state = SwiftExecutor(connection)._create_project_state(with_applied_migrations=True)

    assert type(state) is ProjectState


def test_a_swift_state_stays_one_from_operation_to_operation():
    state = swift(ProjectState())

    assert isinstance(state.clone(), SwiftState)


@pytest.mark.soak
def test_the_tables_are_those_that_django_makes(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        ours, djangos = (_made_by(command) for command in (Command, DjangosCommand))

    assert ours == djangos
    assert len(ours) > 1000


def _made_by(command):
    """Every detail of a new database that this command migrates."""
    usual = connection.settings_dict["NAME"]
    name = f"{usual}_{command.__module__.partition('.')[0]}"
    connection.close()
    with connection._nodb_cursor() as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{name}"')
    try:
        connection.settings_dict["NAME"] = name
        call_command(command(), verbosity=0, interactive=False)
        with connection.cursor() as cursor:
            cursor.execute(SCHEMA)
            return cursor.fetchall()
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual
        with connection._nodb_cursor() as server:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
