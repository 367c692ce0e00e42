"""Loaded before Django's settings (see pyproject.toml): starts the embedded database unless DATABASE_URL names one."""

import gc
import os

import pytest

from procurement.config import bootstrap, embedded_postgres, quality

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "procurement.config.settings.testing")
embedded_postgres.ensure_database(bootstrap.LOCAL_DIR)


def pytest_terminal_summary(terminalreporter):
    """Checks that failed before the tests began must not scroll out of sight."""
    failed = os.environ.get(quality.FAILED_CHECKS)
    if failed:
        terminalreporter.section("checks before the tests", red=True)
        terminalreporter.write_line(f"FAILED: {failed} (see above)")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With several processes the slowest files are begun first (see scheduling.py)."""
    from tests.scheduling import SlowestFirst

    return SlowestFirst(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_finish():
    """What was imported stays; looking through it for garbage again and again takes a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
