"""`manage.py test`: everything that must hold before a change may land. What follows the command goes to pytest."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from procurement.config.bootstrap import CHECKOUT, LOCAL_DIR
from procurement.config.embedded_postgres import ensure_database
from procurement.config.postgres_files import DatabaseUnavailable

FAILED_CHECKS = "CAIGOU_FAILED_CHECKS"  # read by tests/plugin.py, which repeats them at the end

USAGE = """usage: manage.py test [--soak] [--no-checks] [arguments of pytest]

  --soak        also the tests that take minutes
  --no-checks   pytest only, without ruff, mypy, import directions, migrations and deployment checks

Without files or names of tests, they run in as many processes as there are processors."""

# Enough for the production settings to load; none of it is used.
PRETENDED_PRODUCTION = {
    "SECRET_KEY": "check-" + "x7-Kq9" * 10,
    "ALLOWED_HOSTS": "caigou.example.com",
    "SITE_URL": "https://caigou.example.com",
    "EMAIL_URL": "smtp+tls://user:password@mail.example.com:587",
    "DEFAULT_FROM_EMAIL": "Caigou <caigou@example.com>",
    "MEDIA_ROOT": "/srv/caigou/media",
    "OPENER_PUBLIC_KEY_FILE": "/etc/caigou/opener_public.key",
    "DRAFT_KEY_FILE": "/etc/caigou/draft.key",
    "RECEIPT_KEY_FILE": "/etc/caigou/receipt.key",
    "DJANGO_SETTINGS_MODULE": "procurement.config.settings.production",
}


@dataclass(frozen=True)
class Check:
    """One tool, and how to call it."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self) -> tuple[bool, str, float]:
        """Whether it is content, what it said, and how long it took."""
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, *self.arguments],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **self.environment},
        )
        return done.returncode == 0, done.stdout.strip(), time.monotonic() - began


TESTING = {"DJANGO_SETTINGS_MODULE": "procurement.config.settings.testing"}
CHECKS = (
    Check("mypy", ("-m", "mypy")),
    Check("migrations of the test database", ("-m", "tests.databases"), TESTING),
    Check("ruff check", ("-m", "ruff", "check", "--quiet")),
    Check("ruff format", ("-m", "ruff", "format", "--check", "--quiet")),
    Check("lint-imports", ("-c", "from importlinter.cli import lint_imports_command as run; run()")),
    Check("makemigrations --check", ("manage.py", "makemigrations", "--check", "--dry-run"), TESTING),
    Check(
        "check --deploy",
        ("manage.py", "check", "--deploy", "--fail-level", "WARNING"),
        PRETENDED_PRODUCTION,
    ),
)


def main(arguments: list[str]) -> int:
    """Run the checks, then pytest; the answer is bad when any of them is."""
    if {"-h", "--help"} & set(arguments):
        print(USAGE)
        return 0
    os.environ["PROCUREMENT_NO_BOOTSTRAP"] = "1"
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        ensure_database(LOCAL_DIR)
    except DatabaseUnavailable as reason:
        print(reason, file=sys.stderr)
        return 1
    failed = [] if "--no-checks" in arguments else run_checks()
    os.environ[FAILED_CHECKS] = ", ".join(failed)
    tests_failed = run_pytest([one for one in arguments if one != "--no-checks"])
    return tests_failed or bool(failed)


def run_checks() -> list[str]:
    """Two at a time; says what each found and answers with the names of those that are not content."""
    failed = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        for check, (content, said, seconds) in zip(CHECKS, pool.map(Check.run, CHECKS), strict=True):
            print(f"{'ok    ' if content else 'FAILED'}  {check.name} ({seconds:.1f} s)", flush=True)
            if not content:
                failed.append(check.name)
                print(said, flush=True)
    return failed


def run_pytest(arguments: list[str]) -> int:
    """In a folder for temporary files of its own, so that nothing is left in the machine's."""
    with tempfile.TemporaryDirectory(prefix="caigou-test-") as folder:
        environment = {**os.environ, **TESTING, "TMPDIR": folder}
        command = [sys.executable, "-m", "pytest", *pytest_arguments(arguments)]
        done = subprocess.run(command, cwd=CHECKOUT, env=environment)
    return done.returncode


def pytest_arguments(arguments: list[str]) -> list[str]:
    """All processors where everything runs; one process where somebody picked tests."""
    picked = any(Path(one.split("::")[0]).exists() for one in arguments) or "-k" in arguments
    parallel = (
        [] if picked or "-n" in arguments else ["-n", str(min(os.cpu_count() or 1, 8)), "--dist", "loadfile"]
    )
    soak = ["-m", ""] if "--soak" in arguments else []
    return [*parallel, *soak, *(one for one in arguments if one != "--soak")]
