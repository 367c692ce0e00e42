"""The demo company's people and suppliers, without documents: the stories make those."""

from datetime import timedelta

import pytest

from procurement.common import pdf
from procurement.common.clock import database_clock
from procurement.demo import company
from tests.keys import opener_key_file


@pytest.fixture
def blank_pdf(monkeypatch):
    """What stands on printed pages is tested elsewhere, and takes its time."""
    monkeypatch.setattr(pdf, "make", lambda html: (b"%PDF-1.7 blank", 1))


@pytest.fixture
def group(db, settings):
    """The demo group; this process plays the opener as well."""
    settings.OPENER_KEY_FILE = opener_key_file()
    company.load(at=database_clock() - timedelta(days=1))
