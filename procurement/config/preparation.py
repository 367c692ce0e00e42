"""What `manage.py demo` does before the first page: tables, keys, and the demo company. Safe to repeat."""

from __future__ import annotations

import contextlib
import io
import sys

import django
from django.conf import settings
from django.core.management import CommandError, call_command, get_commands


def main() -> int:
    """Run in a process of its own, which alone may open bids besides the opener."""
    django.setup()
    try:
        call_command("migrate", verbosity=0, interactive=False)
        call_if_there("make_keys")
        logins = call_if_there("load_demo")
    except CommandError as refusal:
        print(refusal, file=sys.stderr)
        return 1
    if logins:
        (settings.LOCAL_DIR / "demo-logins.txt").write_text(logins, "utf-8")
    return 0


def call_if_there(name: str) -> str:
    """Run a room's command where that room brings one; answers with what it printed."""
    if name not in get_commands():
        return ""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        call_command(name, stdout=printed)
    return printed.getvalue()


if __name__ == "__main__":
    sys.exit(main())
