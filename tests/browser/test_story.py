"""The whole story once more, in a real browser: typed, ticked and clicked by requester, officer, supplier and the others."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.urls import reverse

from procurement.common import invariants, pdf
from procurement.common.clock import database_clock
from procurement.demo import company
from tests.keys import opener_key_file
from tests.stories.story import Story
from tests.stories.walker import Page, name_of


class Sitter:
    """Somebody at the browser; the same verbs as the walker without scripts."""

    def __init__(self, tab, email, password, language):
        self.tab, self.language = tab, language
        self.open(reverse("account_login"))
        self.send("account_login", login=email, password=password)
        assert self.view != "account_login", "not logged in"
        if not self.page.language.startswith(language[:2]):
            self.send("accounts:set_language", ("language", language))
        assert self.page.language.startswith(language[:2])

    def open(self, address):
        self.tab.goto(address)
        return self._look()

    def follow(self, name):
        link = self.page.link_to(name)
        path = urlsplit(link).path
        found = self.tab.locator(f'a[href^="{path}"]:visible')
        matching = [one for one in found.all() if name_of(one.get_attribute("href")) == name]
        if not matching:  # in a menu, or a row that is a link as a whole
            return self.open(link)
        matching[0].click()
        return self._look()

    def send(self, name, button=None, **values):
        wanted = self.page.form_to(name, button)
        form = self.tab.locator("form").nth(self.page.forms.index(wanted))
        for field, value in values.items():
            for one in value if isinstance(value, list) else [value]:
                self._fill(field, one)
        chosen = f'[name="{button[0]}"][value="{button[1]}"]' if button else ""
        submit = form.locator(f"button{chosen}:not([type=button]):visible")
        if not submit.count():  # beside its form
            submit = self.tab.locator(f"button{chosen}[form]:visible")
        submit.last.click()
        return self._look()

    def _fill(self, field, value):
        named = self.tab.locator(f'[name="{field}"]')
        kind = named.first.evaluate("e => e.tagName + ':' + e.type")
        if kind.startswith("SELECT"):
            named.first.select_option(value)
        elif kind in {"INPUT:checkbox", "INPUT:radio"}:
            box = self.tab.locator(f'[name="{field}"][value="{value}"]')
            (box if box.count() else named).first.check()
        else:
            named.first.fill(value)
            named.first.press("Tab")

    def _look(self):
        self.tab.wait_for_load_state()
        address = urlsplit(self.tab.url)
        self.page = Page(address.path + (f"?{address.query}" if address.query else ""), self.tab.content())
        self.view = name_of(address.path)
        return self.page


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
        tabs.append(new_page(locale="zh-CN" if spoken.startswith("zh") else "en-GB"))
        return Sitter(tabs[-1], email, password, spoken)

    Story(language, sit_down).tell()

    assert invariants.violations() == []
