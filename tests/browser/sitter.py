"""Somebody at the browser: the same verbs as the walker without scripts, and every click is counted."""

from urllib.parse import urlsplit

from django.urls import reverse

from procurement.demo.visitor import NotThere, Page, name_of


class Sitter:
    """Sits at a tab. Typing is not counted; a click, a tick and a choice of a file are."""

    def __init__(self, tab):
        self.tab, self.clicks = tab, 0

    def log_in(self, email, password, language):
        """By password, and in this language from then on."""
        self.open(reverse("account_login"))
        self.send("account_login", login=email, password=password)
        assert self.view != "account_login", "not logged in"
        if not self.page.language.startswith(language[:2]):
            self.send("accounts:set_language", ("language", language))
        assert self.page.language.startswith(language[:2])
        return self

    def open(self, address):
        """Go to an address: how one gets there is not clicked."""
        self.tab.goto(address)
        return self.look()

    def click(self, place):
        """The mouse goes down here, and perhaps a page comes."""
        self.clicks += 1
        place.click()
        return self.look()

    def follow(self, name, to=None):
        """Click a link that is to be seen; without `to` the first one to such a page."""
        links = self.tab.locator("a[href]:visible")
        targets = links.evaluate_all("all => all.map(one => one.getAttribute('href'))")  # asked for once
        for place, target in enumerate(targets):
            if name_of(target) == name and (to is None or urlsplit(target).path == to):
                return self.click(links.nth(place))
        raise NotThere(f"{self.page.address} shows no link to {to or name}")

    def send(self, name, button=None, **values):
        """Fill in the form to a view and press its button."""
        form = self._form(name, button)
        for field, value in values.items():
            for one in value if isinstance(value, list) else [value]:
                self.fill(field, one)
        chosen = f'[name="{button[0]}"][value="{button[1]}"]' if button else ":not([name])"
        submit = form.locator(f"button{chosen}:not([type=button], [form]):visible")
        if not submit.count():  # beside its form
            submit = self.tab.locator(f"button{chosen}[form]:visible")
        return self.click(submit.last)

    def _form(self, name, button):
        wanted = self.page.form_to(name, button)
        return self.tab.locator("form").nth(self.page.forms.index(wanted))

    def fill(self, field, value):
        """Type, choose or tick."""
        named = self.tab.locator(f'[name="{field}"]')
        kind = named.first.evaluate("e => e.tagName + ':' + e.type")
        if kind.startswith("SELECT"):
            self.clicks += 1
            named.first.select_option(value)
        elif kind in {"INPUT:checkbox", "INPUT:radio"}:
            self.clicks += 1
            box = self.tab.locator(f'[name="{field}"][value="{value}"]')
            (box if box.count() else named).first.check()
        else:
            named.first.fill(value)
            named.first.press("Tab")

    def look(self):
        """Read the page that is there now."""
        self.tab.wait_for_load_state()
        address = urlsplit(self.tab.url)
        self.page = Page(address.path + (f"?{address.query}" if address.query else ""), self.tab.content())
        self.view = name_of(address.path)
        return self.page
