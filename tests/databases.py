"""The tests' databases: migrated once for one state of the migrations, then copied, which takes a moment.

The template's name holds a fingerprint of everything the migrations depend on, so that it is never stale.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from pathlib import Path

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import sql

CHECKOUT = Path(__file__).resolve().parents[1]
PATTERNS = ("*/*/migrations/*.py", "procurement/common/*.py", "requirements*.lock")
PREFIX = "caigou_template_"
KEPT_TEMPLATES = 4
LOCK = 7_220_419  # for whoever makes or copies templates on this server


def fingerprint() -> str:
    digest = hashlib.sha256()
    for path in sorted({path for pattern in PATTERNS for path in CHECKOUT.glob(pattern)}):
        digest.update(str(path.relative_to(CHECKOUT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


KEPT_TABLES = ("django_migrations", "django_content_type", "auth_permission")


def empty() -> None:
    """After a test with transactions of its own: every row goes, but for what Django derives from the models.

    Django would TRUNCATE a hundred tables and make permissions and triggers anew, which takes ten times as long.
    """
    tables = [one for one in connection.introspection.table_names() if one not in KEPT_TABLES]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # triggers and keys rest meanwhile
        found = " UNION ALL ".join(f"SELECT '{one}' WHERE EXISTS (SELECT FROM \"{one}\")" for one in tables)
        cursor.execute(found)
        for (name,) in cursor.fetchall():
            cursor.execute(f'DELETE FROM "{name}"')


def create(name: str, *, afresh: bool = False) -> None:
    """Make the database of this name as the migrations want it, and connect to it."""
    with _maintenance() as server:
        template = _template(server, afresh=afresh)
        _run(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        _run(server, "CREATE DATABASE {} TEMPLATE {}", name, template)
    _connect_to(name)


def prepare() -> None:
    """Make the template ahead of the tests: `python -m tests.databases`, which runs beside the checks."""
    with _maintenance() as server:
        _template(server)


def drop(name: str) -> None:
    connection.close()
    with _maintenance() as server:
        _run(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def _template(server, *, afresh: bool = False) -> str:
    """The name of the template, which is made where it is missing; the oldest ones go."""
    template = PREFIX + fingerprint()
    known = [row[0] for row in server.execute("SELECT datname FROM pg_database ORDER BY oid").fetchall()]
    if template not in known or afresh:
        _make_template(server, template)
        others = [one for one in known if one.startswith(PREFIX) and one != template]
        for old in others[: -KEPT_TEMPLATES + 1]:
            _run(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", old)
    return template


def _make_template(server, template: str) -> None:
    """Under another name until it is whole."""
    unfinished = f"{template}_new"
    connection.settings_dict["TEST"]["NAME"] = unfinished
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    connection.close()
    _run(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", template)
    _run(server, "ALTER DATABASE {} RENAME TO {}", unfinished, template)


def _connect_to(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


def _run(server, command: str, *names: str) -> None:
    server.execute(sql.SQL(command).format(*map(sql.Identifier, names)))


@contextmanager
def _maintenance():
    """A connection to the server's own database, one process at a time."""
    with connection.creation.connection._nodb_cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        yield cursor


if __name__ == "__main__":
    import django

    django.setup()
    prepare()
