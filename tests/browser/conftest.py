"""A real browser against a live server. Chromium is found by CHROMIUM or on the PATH; only CI insists on it."""

import os
import shutil

import pytest
from django.conf import settings

from tests.fire.world import door

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A process for the pop-ups of the address bar with every new window, and nobody types there; the others are what
    # Playwright turns off itself, for the last such list is the one that counts.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,AvoidUnnecessaryBeforeUnloadCheckSync,"
    "DestroyProfileOnBrowserClose,HttpsUpgrades,MediaRouter,PaintHolding,OptimizationHints,PreconnectToSearch",
]

LOOKS = [
    {"width": 1440, "height": 844, "scheme": "light"},
    {"width": 390, "height": 844, "phone": True, "scheme": "dark"},
]

# Playwright's own event loop runs in the thread of the test; the test itself is plain.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


# The shell draws no window around its pages, which saves about a fifth of the time.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)


def pytest_collection_modifyitems(config, items):
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    path = chromium()
    if path is None:
        reason = "no Chromium: install it, or name it in CHROMIUM"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return {**browser_type_launch_args, "executable_path": path, "args": FLAGS}


@pytest.fixture
def new_page(browser, live_server, request):
    """Make pages of a given size and scheme; whatever a page's console or the policy complains about fails the test."""
    contexts, complaints = [], []

    def make(*, user=None, width=1440, height=900, scheme="light", locale="en-GB", phone=False, scripts=True):
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            locale=locale,
            has_touch=phone,
            is_mobile=phone,
            java_script_enabled=scripts,
            reduced_motion="reduce",
        )
        contexts.append(context)
        if user is not None:
            context.add_cookies([session_cookie(user, live_server.url)])
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda line: complaints.append(line.text) if "Content Security Policy" in line.text else None,
        )
        return page

    yield make
    for context in contexts:
        context.close()
    assert not complaints, complaints


@pytest.fixture
def looks(thorough):
    """What a page is looked at in: what fits a phone in the dark fits elsewhere; all of them in the long tier, or for pictures."""
    return LOOKS if thorough or os.environ.get("PICTURES") else LOOKS[-1:]


@pytest.fixture
def page_as(new_page):
    """A page of somebody who is logged in: page_as(user, width=390)."""

    def make(user, **options):
        return new_page(user=user, **options)

    return make


def session_cookie(user, url):
    client = door(user)
    return {
        "name": settings.SESSION_COOKIE_NAME,
        "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
        "url": url,
    }


@pytest.fixture
def picture(request):
    """Keep a picture of a page where PICTURES names a folder: picture(page, "login")."""

    def take(page, name):
        folder = os.environ.get("PICTURES")
        if folder:
            page.screenshot(path=os.path.join(folder, f"{name}.png"), full_page=True)

    return take
