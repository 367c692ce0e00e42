"""The whole story once more, in a real browser: typed, ticked and clicked by requester, officer, supplier and the others."""

from datetime import timedelta

import pytest

from procurement.common import invariants, pdf
from procurement.common.clock import database_clock
from procurement.demo import company
from tests.browser.sitter import Sitter
from tests.keys import opener_key_file
from tests.stories.story import Story


@pytest.fixture
def group(settings, monkeypatch):
    """The demo group; this process plays the opener, and prints blank paper."""
    settings.OPENER_KEY_FILE = opener_key_file()
    monkeypatch.setattr(pdf, "make", lambda html: (b"%PDF-1.7 blank", 1))
    company.load(at=database_clock() - timedelta(days=1))


@pytest.mark.parametrize("language", ["en", pytest.param("zh-hans", marks=pytest.mark.soak)])
def test_one_need_from_request_to_order_in_a_browser(language, group, new_page):
    tabs = []

    def sit_down(email, password, spoken):
        if not tabs:
            tabs.append(new_page(locale="zh-CN" if spoken.startswith("zh") else "en-GB"))
        tabs[0].context.clear_cookies()  # whoever was there before has left
        return Sitter(tabs[0]).log_in(email, password, spoken)

    Story(language, sit_down).tell()

    assert invariants.violations() == []
