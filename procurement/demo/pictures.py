"""Pictures of the main pages of the demo company, taken with a headless browser by the people whose pages they are."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from django.conf import settings
from django.core.management import CommandError
from django.urls import reverse
from PIL import Image

from contracts.agreements.models import Contract
from procurement.common import documents, fonts
from procurement.demo import people
from procurement.rfqs.models import Invitation, Rfq
from workflows.approvals.models import ApprovalStep

WIDTH, HEIGHT = 1280, 800
PHONE = (390, 844)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
]
LARGEST = 150_000  # bytes of one picture
PALETTES = (128, 64, 32)  # tried until the picture is small enough
STARTS_WITHIN = 60.0  # seconds
PLAYWRIGHT = "{python} -m pip install playwright"
CHROMIUM = "sudo apt install chromium   (or: {python} -m playwright install chromium)"


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: of which page, as whom, how wide."""

    name: str
    person: str
    address: Callable[[], str]
    scheme: Literal["light", "dark"] = "light"
    size: tuple[int, int] = (WIDTH, HEIGHT)

    @property
    def on_phone(self) -> bool:
        """Whether fingers point."""
        return self.size == PHONE


def _rfq(title: str) -> Rfq:
    return Rfq.objects.filter(title__contains=title).latest("pk")


def _bid() -> str:
    asked = Invitation.objects.get(
        rfq=_rfq("截止阀集中询价"), supplier__members__user__email="shen@jnlk.example"
    )
    return reverse("portal:bid", args=[asked.public_id])


def _decision() -> str:
    steps = ApprovalStep.objects.filter(
        status=ApprovalStep.Status.ACTIVE, approver__email=_email("zhao"), case__document_type="award"
    )
    return reverse("inbox:decide", args=[steps.earliest("pk").pk])


def _contract() -> str:
    """The one to be signed, beside its PDF, which no worker has made yet."""
    contract = Contract.objects.filter(title__contains="动力电缆").latest("pk")
    if printed := documents.latest("contract", contract):
        documents.render(rendering_id=printed.pk)
    return reverse("agreements:detail", args=[contract.pk])


def _email(key: str) -> str:
    return f"{key}@{people.DOMAIN}"


SHOTS = (
    Shot("officer", _email("lin"), lambda: reverse("office:home")),
    Shot("manager", _email("zhao"), lambda: reverse("office:home")),
    Shot("supplier", "shen@jnlk.example", lambda: reverse("portal:home")),
    Shot("pool", _email("lin"), lambda: reverse("requisitions:pool")),
    Shot("rfq", _email("lin"), lambda: reverse("rfqs:detail", args=[_rfq("截止阀集中询价").pk])),
    Shot("comparison", _email("wang"), lambda: reverse("evaluation:comparison", args=[_rfq("阀门第一批询价").pk])),
    Shot("bid", "shen@jnlk.example", _bid),
    Shot("decision", _email("zhao"), _decision, size=PHONE),
    Shot("contract", _email("wu"), _contract),
    Shot("savings", _email("zhao"), lambda: f"{reverse('analytics:savings')}?period=24"),
    Shot("spend", _email("zhao"), lambda: f"{reverse('analytics:spend')}?period=24", scheme="dark"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tools:
    """What takes pictures, found on this machine."""

    start: Any  # playwright's `sync_playwright`
    chromium: str | None


def find_tools() -> Tools:
    """Playwright and a Chromium, or a CommandError that names the command to install what is missing."""
    try:
        start = import_module("playwright.sync_api").sync_playwright
    except ImportError as missing:
        command = PLAYWRIGHT.format(python=sys.executable)
        raise CommandError(
            f"Pictures are taken with Playwright, which is not installed:  {command}"
        ) from missing
    named = os.environ.get("CHROMIUM")
    found = named or next(
        filter(
            None,
            map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chromium-headless-shell")),
        ),
        None,
    )
    return Tools(start, found)


def take(folder: Path, *, said: Callable[[str], None]) -> int:
    """Take all of them into a folder; answers with their size in bytes together."""
    tools = find_tools()
    addresses = {
        shot.name: shot.address() for shot in SHOTS
    }  # before the browser: it brings a loop of its own
    users = {shot.person for shot in SHOTS}
    folder.mkdir(parents=True, exist_ok=True)
    total = 0
    with served() as site, tools.start() as playwright:
        browser = _launch(playwright, tools)
        states = {email: _logged_in(browser, site, email) for email in sorted(users)}
        for shot in SHOTS:
            picture = smaller(_picture(browser, site + addresses[shot.name], shot, states[shot.person]))
            (folder / f"{shot.name}.png").write_bytes(picture)
            total += len(picture)
            said(f"{shot.name}.png  {len(picture) // 1024} KB")
        browser.close()
    return total


def _launch(playwright: Any, tools: Tools) -> Any:
    environment = {**os.environ, "FONTCONFIG_FILE": str(_with_chinese())}
    try:
        return playwright.chromium.launch(executable_path=tools.chromium, args=FLAGS, env=environment)
    except Exception as missing:
        command = CHROMIUM.format(python=sys.executable)
        raise CommandError(f"Pictures need Chromium, which could not be started:  {command}") from missing


def _with_chinese() -> Path:
    """The machine's own fonts and, for it may have no Chinese ones, those that print our documents."""
    folders = "".join(f"<dir>{folder}</dir>" for folder in fonts.font_folders())
    system = '<include ignore_missing="yes">/etc/fonts/fonts.conf</include>'
    path = settings.LOCAL_DIR / "fonts" / "pictures.conf"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'<?xml version="1.0"?><fontconfig>{system}{folders}</fontconfig>', "utf-8")
    return Path(path)


def _logged_in(browser: Any, site: str, email: str) -> Any:
    """Through the door that the log-in page of a demo has."""
    context = browser.new_context(base_url=site, locale="en-GB")
    page = context.new_page()
    page.goto("/accounts/login/")
    page.fill('input[name="login"]', email)
    page.fill('input[name="password"]', people.PASSWORD)
    page.click('form[action$="login/"] button.primary')
    page.wait_for_url(lambda url: "login" not in url)
    state = context.storage_state()
    context.close()
    return state


def _picture(browser: Any, address: str, shot: Shot, state: Any) -> bytes:
    width, height = shot.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=shot.scheme,
        locale="en-GB",
        timezone_id="Asia/Shanghai",
        storage_state=state,
        is_mobile=shot.on_phone,
        has_touch=shot.on_phone,
        reduced_motion="reduce",
    )
    page = context.new_page()
    answer = page.goto(address, wait_until="networkidle")
    if answer is None or answer.status != 200:
        raise CommandError(f"{shot.name}: {address} answered {answer.status if answer else 'nothing'}.")
    taken: bytes = page.screenshot()
    context.close()
    return taken


def smaller(png: bytes) -> bytes:
    """With a palette: pages have few colours, and a repository should stay light."""
    with Image.open(io.BytesIO(png)) as image:
        plain = image.convert("RGB")
    for colours in PALETTES:
        out = io.BytesIO()
        plain.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        if out.tell() <= LARGEST:
            break
    return out.getvalue()


@contextlib.contextmanager
def served() -> Iterator[str]:
    """The web part alone, on a port of its own, as long as pictures are taken."""
    port = _free_port()
    site = f"http://127.0.0.1:{port}"
    web = subprocess.Popen(
        [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
            *("--no-ws", "--workers", "1", "procurement.config.wsgi:application"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_for(f"{site}/accounts/login/", web)
        yield site
    finally:
        web.terminate()
        web.wait(timeout=20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait_for(address: str, web: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until and web.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=20):  # noqa: S310 - our own server
                return
        except OSError:
            time.sleep(0.3)
    raise CommandError("The web server did not start; `manage.py demo` may say why.")
