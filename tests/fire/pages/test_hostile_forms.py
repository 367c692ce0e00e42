"""Every form that a page shows is sent back with nonsense in all its fields: no error page, nothing half stored,
nothing echoed as markup, and a refusal says what is wrong."""

import re
from itertools import cycle

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from tests.fire.crawl import local, view_of
from tests.fire.watch import changes
from tests.fire.world import door

pytestmark = pytest.mark.django_db
MARKUP = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
NONSENSE = {
    "nothing": "",
    "a zero byte": "a\x00b",
    "markup": MARKUP,
    "sql": "1'; DROP TABLE rfqs_rfq; --",
    "too long": "长x" * 20_000,
    "no number": "NaN",
    "infinite": "1e9999",
    "huge": "9" * 400,
    "negative": "-999999999999.999999",
    "no date": "2026-02-30T25:61",
    "control characters": "\x1b[2J\u202e\ufffe\x07",
    "full-width": "１２，３４５．６７",
    "JSON": '{"a": [1, null]}',
    "a template": "{{ settings.SECRET_KEY }}{% load x %}",
}
AT_ONCE = {"markup"}  # each of the rest in the long tier
FILES = {
    "empty": ("a.pdf", b""),
    "a program": ("a.pdf", b"MZ\x90\x00" * 50),
    "no ending": ("a", b"%PDF-1.7"),
    "a path": ("../../etc/passwd\x00.pdf", b"%PDF-1.7 x"),
    "a broken sheet": ("a.xlsx", b"PK\x03\x04" + b"\x00" * 60),
    "a text that is none": ("a.csv", b"\xff\xfe\x00\xd8" * 9),
}
KEPT = {"csrfmiddlewaretoken"}
LEFT_OUT = {
    "account_logout",
    "usersessions_list",
    "accounts:set_language",
}  # they end the session; tested elsewhere
REFUSAL = re.compile(
    r'class="[^"]*\berror|aria-invalid|data-tone="(?:bad|wait)"|errorlist|class="notice', re.I
)


@pytest.fixture(scope="module")
def forms(walks):
    """Each kind of form once, with who found it."""
    found = {}
    for who, walk in walks.items():
        for seen in walk.values():
            for form in seen.page.forms if seen.page and seen.status == 200 else ():
                address = local(form.action)
                if address and view_of(address) not in LEFT_OUT:
                    found.setdefault((who == "supplier", form.method, *form.key), (who, form))
    return list(found.values())


@pytest.fixture
def browsers(world):
    people = {
        "everybody": world.a.users["everybody"],
        "officer": world.a.users["officer"],
        "supplier": world.a.bidders["x"],
        "stranger": None,
    }
    return {name: door(user, raise_request_exception=False) for name, user in people.items()}


def send(browser, form, data):
    """What the answer is, and what it left in the database; then everything is as before."""
    with transaction.atomic():
        with changes() as kept:
            answer = getattr(browser, form.method)(local(form.action), data)
            content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        transaction.set_rollback(True)
    return answer, content.decode("utf-8", "replace"), kept


def judged(form, answer, text, kept):
    """What is wrong with the answer, if anything."""
    if answer.status_code >= 500:
        return f"{answer.status_code}"
    if "<script>alert(1)" in text or "<img src=x" in text:
        return "echoed as markup"
    if kept.figures:
        return "no number was stored"
    if form.method == "get" and kept:
        return f"a search wrote to {set(kept)}"
    if answer.status_code == 200 and "text/html" in answer.headers.get("Content-Type", ""):
        if form.method == "post" and kept and REFUSAL.search(text):
            return f"refused, and yet wrote to {set(kept)}"
        if form.method == "post" and not kept and not REFUSAL.search(text):
            return "nothing stored and nothing said"
    return ""


def test_the_forms_of_the_site_were_found(forms):
    assert len(forms) > 40
    assert {"portal:bid", "rfqs:spot", "requisitions:create", "account_login"} <= {
        form.key[0] for _who, form in forms
    }


@pytest.mark.parametrize(
    "nonsense",
    [
        pytest.param(value, id=name, marks=[] if name in AT_ONCE else pytest.mark.soak)
        for name, value in NONSENSE.items()
    ],
)
def test_nonsense_in_every_field_is_refused_where_it_stands(forms, browsers, nonsense):
    wrong = []
    for who, form in forms:
        data = {name: value if name in KEPT else nonsense for name, value in form.filled().items()}
        found = judged(form, *send(browsers[who], form, data))
        if found:
            wrong.append((who, form.page, form.action, found))
    assert not wrong


def test_each_field_gets_another_nonsense(forms, browsers):
    """Every nonsense comes to a field of every kind sooner or later; not each of them to each field."""
    kinds, wrong = cycle(NONSENSE.values()), []
    for who, form in forms:
        data = {name: value if name in KEPT else next(kinds) for name, value in form.filled().items()}
        found = judged(form, *send(browsers[who], form, data))
        if found:
            wrong.append((who, form.page, form.action, found, data))
    assert not wrong


@pytest.mark.parametrize("nonsense", [pytest.param(value, id=name) for name, value in NONSENSE.items()])
@pytest.mark.soak
def test_nonsense_in_one_field_among_right_ones(forms, browsers, nonsense):
    wrong = []
    for who, form in forms:
        for name in set(form.names()) - KEPT:
            found = judged(form, *send(browsers[who], form, form.filled() | {name: nonsense}))
            if (
                found and found != "nothing stored and nothing said"
            ):  # the rest was right: it may have been taken
                wrong.append((who, form.page, form.action, name, found))
    assert not wrong


@pytest.mark.parametrize("file", [pytest.param(value, id=name) for name, value in FILES.items()])
def test_files_that_are_no_files_are_refused(forms, browsers, file):
    wrong = []
    for who, form in forms:
        fields = [one.name for one in form.fields if one.kind == "file"]
        if fields:
            uploads = {name: SimpleUploadedFile(*file) for name in fields}
            found = judged(form, *send(browsers[who], form, form.filled() | uploads))
            if found:
                wrong.append((who, form.page, form.action, found))
    assert not wrong
