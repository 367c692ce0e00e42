"""Loaded before Django's settings (see pyproject.toml): starts the embedded database unless DATABASE_URL names one."""

import os

from procurement.config import bootstrap, embedded_postgres, quality

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "procurement.config.settings.testing")
embedded_postgres.ensure_database(bootstrap.LOCAL_DIR)


def pytest_terminal_summary(terminalreporter):
    """Checks that failed before the tests began must not scroll out of sight."""
    failed = os.environ.get(quality.FAILED_CHECKS)
    if failed:
        terminalreporter.section("checks before the tests", red=True)
        terminalreporter.write_line(f"FAILED: {failed} (see above)")
