"""Whoever reads Chinese reads Chinese: every page that a role can reach by links, looked at for English that was left."""

import re
from collections import Counter
from html.parser import HTMLParser
from io import StringIO
from urllib.parse import urljoin, urlsplit

import pytest
from django.apps import apps
from django.conf import settings as configured
from django.core.management import call_command
from django.db import models
from django.test import Client
from django.urls import Resolver404, resolve

from procurement.accounts.models import User
from procurement.common import pdf, translations
from procurement.demo import doors

pytestmark = pytest.mark.django_db

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
UNREAD = {"script", "style", "code", "kbd", "svg", "template", "noscript"}
SAID = ("aria-label", "alt", "placeholder", "title")  # attributes that are read or heard
SAME_KIND = (1, 3)  # pages of one view looked at for each person, and in the long tier
ROLES = (2, 100)  # people who look at a page of one view
LEAST_PAGES = 90
MONTHS = 2  # of the demo's past: enough for every kind of page
ELSEWHERE = ("/admin/", "/accounts/logout/", "/static/")
NAMES = re.compile(  # proper names and codes that stay as they are
    r"Caigou|Incoterms®? ?\d{0,4}|Markdown|Merkle|SHA-256|Ed25519|AGPL|RFC \d+|ISO \d+|Excel|Word|English"
    r"|[\w.+-]+@[\w.-]+|https?://\S+|(?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific|US)/.+"
)
WORDS = re.compile(r"[A-Za-z]{2,}(?:[ ,.:;–—-]+[A-Za-z’']{2,})+")


class Reader(HTMLParser):
    """What a person sees or hears of a page, and where its links lead. Whatever says that it is English may be."""

    def __init__(self):
        super().__init__()
        self.texts, self.links, self._open = [], [], []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        silent = tag in UNREAD or (attrs.get("lang") or "").startswith("en")
        if tag == "a" and attrs.get("href"):
            self.links.append(attrs["href"])
        if not silent and not self._silent:
            self.texts += [attrs[name] for name in SAID if attrs.get(name)]
        if tag not in VOID:
            self._open.append((tag, silent))

    def handle_endtag(self, tag):
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if data.strip() and not self._silent:
            self.texts.append(" ".join(data.split()))

    @property
    def _silent(self):
        return any(silent for _tag, silent in self._open)


@pytest.fixture
def demo(settings, monkeypatch):
    """The demo company with everybody reading Chinese."""
    settings.DEMO = True
    monkeypatch.setattr(pdf, "make", lambda html: (b"%PDF-1.7 blank", 1))
    call_command("load_demo", months=MONTHS, stdout=StringIO())
    User.objects.update(language="zh-hans")


def typed():
    """What people typed into the demo's documents: theirs, in whatever language."""
    found = set()
    for model in apps.get_models():
        names = [
            field.name
            for field in model._meta.concrete_fields
            if isinstance(field, models.CharField | models.TextField) and not field.choices
        ]
        for row in model._base_manager.values_list(*names) if names and model._meta.managed else ():
            for value in (one for one in row if isinstance(one, str)):
                found.update([value, " ".join(value.split()), *(line.strip() for line in value.splitlines())])
    return sorted((text for text in found if re.search("[A-Za-z]{2}", text)), key=len, reverse=True)


def pages_of(user, each, done=frozenset()):
    """Address and texts of the pages that this person, or a stranger, reaches from the front page."""
    client = Client(headers={"accept-language": "zh-CN"})
    if user is not None:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    waiting, known, looked, found_on = ["/"], {"/"}, Counter(), {}
    while waiting:
        address = waiting.pop(0)
        if address != "/" and (view_of(address) in done or not looking_at(address, looked, each)):
            continue
        response = client.get(address, follow=True)
        assert response.status_code == 200, f"{user} is led from {found_on.get(address)} to {address}"
        if response.streaming or not response.headers["Content-Type"].startswith("text/html"):
            b"".join(response)  # read to its end, which closes the file
            continue
        reader = Reader()
        reader.feed(response.content.decode())
        assert response.headers["Content-Language"] == "zh-hans", address
        yield address, reader.texts
        for link in reader.links:
            target = urlsplit(urljoin(address, link))
            if not target.netloc and target.path.startswith("/") and target.path not in known:
                known.add(target.path)
                waiting.append(target.path + (f"?{target.query}" if target.query else ""))
                found_on[waiting[-1]] = address


def view_of(address):
    try:
        return resolve(urlsplit(address).path).view_name
    except Resolver404:
        return None


def looking_at(address, looked, each):
    view = view_of(address)
    looked[view] += 1
    return view is not None and not urlsplit(address).path.startswith(ELSEWHERE) and looked[view] <= each


def english_in(text, values, catalogue):
    """The English that is left in a text once names and what people typed are taken out."""
    rest = NAMES.sub("·", text)
    begins = re.sub(r"(?:…|\.\.\.)$", "", text)  # what was typed may be shown by how it begins
    if text in values or rest == "·" or (begins != text and any(one.startswith(begins) for one in values)):
        return ""
    if text in catalogue:
        return text
    if not WORDS.search(rest):
        return ""
    for value in values:
        if value in rest:
            rest = rest.replace(value, "·")
    found = WORDS.search(rest)
    return found.group() if found else ""


def test_no_english_is_left_on_the_pages_of_any_role(demo, thorough):
    stored = translations.stored(configured.BASE_DIR)
    catalogue = {
        message.id for message in stored if isinstance(message.id, str) and message.string != message.id
    }
    values = dict.fromkeys(typed())
    left, seen, roles = {}, set(), Counter()

    people = {door.role: door.user for door in reversed(doors.listed())}
    for role, user in [("stranger", None), *people.items()]:
        done = {view for view, count in roles.items() if count >= ROLES[thorough]}
        here = set()
        for address, texts in pages_of(user, SAME_KIND[thorough], done):
            seen.add(address)
            here.add(view_of(address))
            for text in texts:
                if found := english_in(text, values, catalogue):
                    left.setdefault(found, f"{address} as {role}: {text[:120]}")
        roles.update(here)

    assert not left, "\n".join(f"{found!r} on {where}" for found, where in left.items())
    assert len(seen) >= LEAST_PAGES
