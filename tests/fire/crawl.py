"""A browser that follows every link of the site and keeps what it was shown, and what is on each page."""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

from django.urls import Resolver404, resolve

SKIPPED = ("/static/", "/media/", "/accounts/logout/", "/admin/logout/", "/admin/jsi18n/")
ADDRESSES = {"href", "src", "data-src", "hx-get", "data-url", "data-suggest", "data-href", "data"}
VARIANTS = 3  # of one view's filters, the plainest first; the long tier tries all of them
HANDLER = re.compile(r"on[a-z]+")


@dataclass
class Field:
    name: str
    kind: str
    value: str = ""
    options: list[str] = field(default_factory=list)


@dataclass
class Form:
    """A form as a person sees it: where it goes, by which method, with what in it."""

    page: str
    action: str
    method: str
    enctype: str = ""
    fields: list[Field] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def names(self):
        return [one.name for one in self.fields]

    def filled(self):
        """What would be sent if nothing were changed; a list of values for each name."""
        sent: dict[str, list[str]] = {}
        for one in self.fields:
            if one.kind in {"checkbox", "radio"} and not one.value:
                continue
            if one.kind != "file":
                sent.setdefault(one.name, []).append(one.value)
        return sent

    @property
    def key(self):
        """The same form on another document is the same form."""
        path = urlsplit(self.action).path
        try:
            found = resolve(path)
            where = found.view_name or found.route
        except Resolver404:
            where = path
        return where, tuple(sorted({re.sub(r"[0-9a-f-]{30,}|\d+", "#", name) for name in self.names()}))


class Page(HTMLParser):
    """Links, forms, and whatever a strict content policy forbids."""

    def __init__(self, url: str, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.url = url
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.forbidden: list[str] = []
        self.by_id: dict[str, Form] = {}
        self._form: Form | None = None
        self._script = self._select = self._area = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        given = {name: value or "" for name, value in attributes}
        self._judge(tag, given)
        for name in ADDRESSES & given.keys():
            self.links.append(urljoin(self.url, given[name]))
        if tag == "form":
            self._form = Form(
                self.url,
                urljoin(self.url, given.get("action") or self.url),
                given.get("method", "get").lower(),
                given.get("enctype", ""),
            )
            self.forms.append(self._form)
            if given.get("id"):
                self.by_id[given["id"]] = self._form
        elif tag in {"input", "select", "textarea", "button"}:
            self._control(tag, given)
        elif tag == "option" and self._select is not None:
            self._select.options.append(given.get("value", ""))
            if "selected" in given or (len(self._select.options) == 1 and self._select.kind == "select"):
                self._select.value = given.get("value", "")

    handle_startendtag = handle_starttag

    def _control(self, tag, given):
        form = self.by_id.get(given.get("form", "")) or self._form
        name = given.get("name", "")
        if form is None or not name:
            return
        if tag == "button" or given.get("type") in {"submit", "image"}:
            form.buttons.append((name, given.get("value", "")))
            return
        kind = given.get("type", "text") if tag == "input" else tag
        value = given.get("value", "")
        if kind in {"checkbox", "radio"}:
            value = (value or "on") if "checked" in given else ""
        one = Field(name, kind, value)
        form.fields.append(one)
        if tag == "select":
            self._select = one
            one.kind = "select" if "multiple" not in given else "multiple"
        elif tag == "textarea":
            self._area = one

    def _judge(self, tag, given):
        if "style" in given:
            self.forbidden.append(f"<{tag} style=…>")
        self.forbidden += [f"<{tag} {name}=…>" for name in given if HANDLER.fullmatch(name)]
        if tag == "style":
            self.forbidden.append("<style>")
        if tag == "script":
            self._script = given
            if not given.get("src") and given.get("type") not in {"application/json", "application/ld+json"}:
                self.forbidden.append("<script> without src")
        self.forbidden += [
            f"{name}={given[name][:30]}"
            for name in ("href", "src", "action")
            if given.get(name, "").strip().lower().startswith("javascript:")
        ]

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None
        elif tag == "script":
            self._script = None

    def handle_data(self, text):
        if self._area is not None:
            self._area.value += text


@dataclass
class Seen:
    """One answer."""

    url: str
    status: int
    headers: dict[str, str]
    content: bytes
    page: Page | None
    found_on: str = ""

    @property
    def text(self):
        return self.content.decode("utf-8", "replace")


def look(client, url, **headers) -> Seen:
    """One page, its whole body read."""
    answer = client.get(url, headers=headers or None)
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    html = "text/html" in answer.headers.get("Content-Type", "")
    page = Page(url, content.decode("utf-8", "replace")) if html else None
    seen = Seen(url, answer.status_code, dict(answer.headers), content, page)
    if "Location" in answer.headers and page is None:
        seen.page = Page(url, "")
    if "Location" in answer.headers:
        seen.page = seen.page or Page(url, "")
        seen.page.links.append(urljoin(url, answer.headers["Location"]))
    return seen


def shape(url):
    """Two addresses that differ in the values of their query only are looked at once."""
    parts = urlsplit(url)
    return parts.path, tuple(sorted(name for name, _value in parse_qsl(parts.query, keep_blank_values=True)))


def local(url):
    parts = urlsplit(url)
    if parts.scheme not in {"", "http"} or parts.netloc not in {"", "testserver"}:
        return None
    if not parts.path.startswith("/") or parts.path.startswith(SKIPPED):
        return None
    return parts.path + (f"?{parts.query}" if parts.query else "")


def view_of(url):
    """The name of the page, whatever document it shows."""
    try:
        found = resolve(urlsplit(url).path)
    except Resolver404:
        return url
    return found.view_name or found.route


def crawl(client, starts, *, limit=400, inside="/", each=None) -> dict[str, Seen]:
    """Every page that can be reached from `starts`, by address; of each kind of page at most `each`.

    The filters of a view are tried in a few combinations only; in the administration `limit` is enough.
    """
    waiting, known, found = deque((url, "") for url in starts), {shape(url) for url in starts}, {}
    kinds: Counter[tuple[str, tuple[str, ...]]] = Counter()
    variants: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
    while waiting and len(found) < limit:
        url, source = waiting.popleft()
        kind = (view_of(url), shape(url)[1])
        if each and kinds[kind] >= each:
            continue
        if each and inside == "/" and len(variants[kind[0]] | {kind[1]}) > VARIANTS:
            continue
        kinds[kind] += 1
        variants[kind[0]].add(kind[1])
        seen = found[url] = look(client, url)
        seen.found_on = source
        for link in seen.page.links if seen.page else ():
            address = local(link)
            if address and address.startswith(inside) and shape(address) not in known:
                known.add(shape(address))
                waiting.append((address, url))
    return found
