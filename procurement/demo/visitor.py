"""A visitor without scripts: reads pages, follows their links, fills in their forms. Knows addresses only by name."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.test import Client
from django.urls import Resolver404, resolve

from procurement.accounts.models import User

Button = tuple[str | None, str]  # name and value
Given = dict[str, str | None]


class NotThere(LookupError):
    """A page does not lead on, or is none."""


def name_of(address: str) -> str:
    """agreements:sign for /contracts/7/sign/."""
    try:
        return resolve(urlsplit(address).path).view_name
    except Resolver404:
        return ""


@dataclass
class Form:
    """One form of a page: what it would send untouched, what can be chosen, and its buttons."""

    action: str
    method: str
    values: dict[str, list[str]] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[Button] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The view it goes to."""
        return name_of(self.action)


class Page(HTMLParser):
    """What is on a page: its words, links and forms."""

    def __init__(self, address: str, text: str) -> None:
        super().__init__()
        self.address, self.text = address, text
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.language = ""
        self._by_id: dict[str | None, Form] = {}
        self._open: Form | None = None
        self._select: tuple[Form, str] | None = None
        self._area: tuple[Form, str] | None = None
        self._loose: list[tuple[str | None, str, Given]] = []
        self.feed(text)
        for form_id, kind, attributes in self._loose:
            self._add(self._by_id[form_id], kind, attributes)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Links, forms and what belongs to them."""
        given = dict(attrs)
        if tag == "html":
            self.language = given.get("lang") or ""
        elif tag == "a" and given.get("href"):
            self.links.append(urljoin(self.address, given["href"]))
        elif tag == "form":
            action = urljoin(self.address, given.get("action") or self.address)
            self._open = Form(action, (given.get("method") or "get").lower())
            self.forms.append(self._open)
            self._by_id[given.get("id")] = self._open
        elif tag == "option":
            self._option(given)
        elif tag in {"input", "select", "textarea", "button"}:
            self._control(tag, given)

    def _control(self, tag: str, given: Given) -> None:
        if "form" in given and given["form"] not in self._by_id:
            self._loose.append((given["form"], tag, given))
            return
        form = self._by_id[given["form"]] if "form" in given else self._open
        if form is not None and "disabled" not in given:
            self._add(form, tag, given)

    def _add(self, form: Form, tag: str, given: Given) -> None:
        name, kind = given.get("name"), given.get("type") or "text"
        if tag == "button" or kind == "submit":
            form.buttons.append((name, given.get("value") or ""))
        elif not name:
            return
        elif tag == "select":
            self._select = (form, name)
            form.choices.setdefault(name, [])
        elif tag == "textarea":
            form.values[name] = [""]
            self._area = (form, name)
        elif kind in {"checkbox", "radio"}:
            value = given.get("value") or "on"
            form.choices.setdefault(name, []).append(value)
            if "checked" in given:
                form.values.setdefault(name, []).append(value)
        elif kind != "file":
            form.values.setdefault(name, []).append(given.get("value") or "")

    def _option(self, given: Given) -> None:
        if self._select:
            form, name = self._select
            value = given.get("value") or ""
            form.choices[name].append(value)
            if "selected" in given or name not in form.values:
                form.values[name] = [value]

    def handle_data(self, data: str) -> None:
        """What stands in a text area."""
        if self._area:
            form, name = self._area
            form.values[name][0] += data.removeprefix("\n") if not form.values[name][0] else data

    def handle_endtag(self, tag: str) -> None:
        """Where a form or one of its parts ends."""
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None

    def link_to(self, name: str) -> str:
        """The first link to a view."""
        found = [link for link in self.links if name_of(link) == name]
        if not found:
            known = sorted({name_of(link) for link in self.links})
            raise NotThere(f"{self.address} has no link to {name}: {known}")
        return found[0]

    def form_to(self, name: str, button: Button | None = None) -> Form:
        """The one that changes something, where a page also has a search of the same address."""
        found = [one for one in self.forms if one.name == name and (button is None or button in one.buttons)]
        if not found:
            known = [(one.name, one.buttons) for one in self.forms]
            raise NotThere(f"{self.address} has no form to {name}: {known}")
        return max(found, key=lambda one: one.method == "post")

    def filled(self, name: str, button: Button | None = None, **values: Any) -> tuple[Form, dict[str, Any]]:
        """The form to a view, and what it sends; what is not named stays as it is."""
        form = self.form_to(name, button)
        if unknown := values.keys() - form.values.keys() - form.choices.keys():
            raise NotThere(f"{self.address}: nothing to fill in {unknown}")
        named = {key: value if isinstance(value, list) else [value] for key, value in values.items()}
        pressed = {button[0]: [button[1]]} if button and button[0] else {}
        return form, {**form.values, **named, **pressed}


class Visitor:
    """Somebody at a browser; `user` is logged in already."""

    page: Page
    view = ""

    def __init__(self, *, user: User | None = None, language: str = "en") -> None:
        self.client = Client(headers={"accept-language": language})
        if user is not None:
            self.client.force_login(user)
            session = self.client.session  # as if the password had been typed a moment ago
            session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
            session["account_authentication_methods_user"] = str(user.pk)
            session.save()

    def open(self, address: str) -> Page:
        """Go to an address and read the page."""
        return self.read(self.client.get(address, follow=True), address)

    def follow(self, name: str) -> Page:
        """Follow the page's link to a view."""
        return self.open(self.page.link_to(name))

    def send(self, name: str, button: Button | None = None, **values: Any) -> Page:
        """Fill in the page's form to a view and send it."""
        form, sent = self.page.filled(name, button, **values)
        send = self.client.get if form.method == "get" else self.client.post
        return self.read(send(form.action, sent, follow=True), form.action)

    def read(self, answer: Any, address: str) -> Page:
        """Read what was answered, after all redirections."""
        if answer.redirect_chain:
            address = urljoin(address, answer.redirect_chain[-1][0])
        if answer.status_code != 200:
            raise NotThere(f"{address}: {answer.status_code}")
        self.page = Page(address, answer.content.decode())
        self.view = name_of(address)
        return self.page
