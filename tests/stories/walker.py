"""A visitor without scripts: reads pages, follows their links, fills in their forms. Knows addresses only by name."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from django.test import Client
from django.urls import Resolver404, resolve, reverse


def name_of(address):
    """agreements:sign for /contracts/7/sign/."""
    try:
        return resolve(urlsplit(address).path).view_name
    except Resolver404:
        return ""


@dataclass
class Form:
    action: str
    method: str
    values: dict = field(default_factory=dict)  # name: list of values, as they would be sent untouched
    choices: dict = field(default_factory=dict)  # name: every value that can be chosen
    buttons: list = field(default_factory=list)  # (name, value)

    @property
    def name(self):
        return name_of(self.action)


class Page(HTMLParser):
    """What is on a page: its words, links and forms."""

    def __init__(self, address, text):
        super().__init__()
        self.address, self.text = address, text
        self.links, self.forms, self.language = [], [], ""
        self._by_id, self._open, self._select, self._area, self._loose = {}, None, None, None, []
        self.feed(text)
        for form_id, kind, attributes in self._loose:
            self._add(self._by_id[form_id], kind, attributes)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "html":
            self.language = given.get("lang", "")
        elif tag == "a" and given.get("href"):
            self.links.append(urljoin(self.address, given["href"]))
        elif tag == "form":
            action = urljoin(self.address, given.get("action") or self.address)
            self._open = Form(action, given.get("method", "get").lower())
            self.forms.append(self._open)
            self._by_id[given.get("id")] = self._open
        elif tag == "option":
            self._option(given)
        elif tag in {"input", "select", "textarea", "button"}:
            self._control(tag, given)

    def _control(self, tag, given):
        if "form" in given and given["form"] not in self._by_id:
            self._loose.append((given["form"], tag, given))
            return
        form = self._by_id[given["form"]] if "form" in given else self._open
        if form is not None and "disabled" not in given:
            self._add(form, tag, given)

    def _add(self, form, tag, given):
        name, kind = given.get("name"), given.get("type", "text")
        if tag == "button" or kind == "submit":
            form.buttons.append((name, given.get("value", "")))
        elif not name:
            return
        elif tag == "select":
            self._select = (form, name)
            form.choices.setdefault(name, [])
        elif tag == "textarea":
            form.values[name] = [""]
            self._area = (form, name)
        elif kind in {"checkbox", "radio"}:
            form.choices.setdefault(name, []).append(given.get("value", "on"))
            if "checked" in given:
                form.values.setdefault(name, []).append(given.get("value", "on"))
        elif kind != "file":
            form.values.setdefault(name, []).append(given.get("value") or "")

    def _option(self, given):
        if self._select:
            form, name = self._select
            form.choices[name].append(given.get("value", ""))
            if "selected" in given or name not in form.values:
                form.values[name] = [given.get("value", "")]

    def handle_data(self, data):
        if self._area:
            form, name = self._area
            form.values[name][0] += data.removeprefix("\n") if not form.values[name][0] else data

    def handle_endtag(self, tag):
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None

    def link_to(self, name):
        found = [link for link in self.links if name_of(link) == name]
        assert found, (
            f"{self.address} has no link to {name}: {sorted({name_of(link) for link in self.links})}"
        )
        return found[0]

    def form_to(self, name, button=None):
        """The one that changes something, where a page also has a search of the same address."""
        found = [one for one in self.forms if one.name == name and (button is None or button in one.buttons)]
        assert found, (
            f"{self.address} has no form to {name}: {[(one.name, one.buttons) for one in self.forms]}"
        )
        return max(found, key=lambda one: one.method == "post")


class Visitor:
    """Somebody at a browser, logged in by their password."""

    def __init__(self, email, password, language):
        self.client = Client(headers={"accept-language": language})
        self.language = language
        self.open(reverse("account_login"))
        self.send("account_login", login=email, password=password)
        assert self.page.address != reverse("account_login"), "not logged in"
        if not self.page.language.startswith(language[:2]):
            self.send("accounts:set_language", button=("language", language))
        assert self.page.language.startswith(language[:2])

    def open(self, address):
        """Go to an address and read the page."""
        return self._read(self.client.get(address, follow=True), address)

    def follow(self, name):
        """Follow the page's link to a view."""
        return self.open(self.page.link_to(name))

    def send(self, name, button=None, **values):
        """Fill in the page's form to a view and send it; what is not named stays as it is."""
        form = self.page.form_to(name, button)
        unknown = values.keys() - form.values.keys() - form.choices.keys()
        assert not unknown, f"{self.page.address}: nothing to fill in {unknown}"
        sent = {
            **form.values,
            **{key: value if isinstance(value, list) else [value] for key, value in values.items()},
        }
        if button:
            sent[button[0]] = [button[1]]
        if form.method == "get":
            return self._read(self.client.get(form.action, sent, follow=True), form.action)
        return self._read(self.client.post(form.action, sent, follow=True), form.action)

    def _read(self, answer, address):
        if answer.redirect_chain:
            address = urljoin(address, answer.redirect_chain[-1][0])
        assert answer.status_code == 200, f"{address}: {answer.status_code}"
        self.page = Page(address, answer.content.decode())
        self.view = name_of(address)
        return self.page
