"""The web or PostgreSQL killed in the middle of submissions: what a supplier was shown a receipt for is there, once."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlencode

import pytest

from procurement.config.embedded_postgres import EmbeddedPostgres
from procurement.config.postgres_files import pid_file_lines
from procurement.config.supervisor import free_port

pytestmark = pytest.mark.soak

CHECKOUT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("CAIGOU_KILLS", "100"))
BETWEEN = 4  # receipts between one kill and the next
SUPPLIERS_AT_ONCE = 4
PATIENCE = 120.0  # seconds without any receipt
TOKEN = "k" * 32  # what a page's form and cookie agree on


class Site:
    """A database and a web server of this test's own."""

    def __init__(self, folder):
        self.server = EmbeddedPostgres(folder)
        self.port = free_port("127.0.0.1", 18000)
        self.folder = folder
        self.environment = {
            **os.environ,
            "DATABASE_URL": self.server.acquire(),
            "CAIGOU_LOCAL_DIR": str(folder),
            "DJANGO_SETTINGS_MODULE": "procurement.config.settings.demo",
        }

    def run(self, *arguments):
        command = [sys.executable, "-m", "tests.races.submitting", *map(str, arguments)]
        done = subprocess.run(
            command, cwd=CHECKOUT, env=self.environment, stdout=subprocess.PIPE, check=True, text=True
        )
        return json.loads(done.stdout)

    def start_web(self):
        command = [sys.executable, *("-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1")]
        command += ["--port", str(self.port), "--workers", "1", "--blocking-threads", "4"]
        with (self.folder / "web.log").open("ab") as log:
            self.web = subprocess.Popen(
                [*command, "procurement.config.wsgi:application"],
                cwd=CHECKOUT,
                env={**self.environment, "CAIGOU_PROCESS": "web"},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill_web(self):
        os.killpg(self.web.pid, signal.SIGKILL)
        self.web.wait(30)
        self.start_web()

    def kill_database(self):
        os.kill(int(pid_file_lines(self.server.data)[0]), signal.SIGKILL)
        until = time.monotonic() + 60
        while self.server.has_keeper() and time.monotonic() < until:
            time.sleep(0.01)
        self.server.acquire()  # recovers from the crash

    def close(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.web.pid, signal.SIGKILL)
        self.web.wait(30)
        self.server.release()


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path / "local")
    site.start_web()
    yield site
    site.close()


def send(port, form):
    """The address of the receipt, or None when no answer shows one: then it is sent again, unchanged."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": f"sessionid={form['session']}; csrftoken={TOKEN}",
        "Host": "localhost",
    }
    try:
        body = urlencode({**form["values"], "csrfmiddlewaretoken": TOKEN})
        connection.request("POST", form["path"], body, headers)
        answer = connection.getresponse()
        return answer.getheader("Location") if answer.status == 302 else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


class Rush:
    """Suppliers who send their bids at once, again and again until they have a receipt."""

    def __init__(self, port, forms):
        self.port, self.waiting, self.shown = port, queue.SimpleQueue(), {}
        for form in forms:
            self.waiting.put(form)
        self.threads = [threading.Thread(target=self._run) for _n in range(SUPPLIERS_AT_ONCE)]

    def _run(self):
        with contextlib.suppress(queue.Empty):
            while True:
                form = self.waiting.get_nowait()
                until = time.monotonic() + PATIENCE
                while time.monotonic() < until:
                    receipt = send(self.port, form)
                    if receipt:
                        self.shown[receipt] = form["supplier"]
                        break
                    time.sleep(0.02)

    def killing(self, kill, times):
        """Kill it each time a few more receipts have been shown; answers with how often."""
        for thread in self.threads:
            thread.start()
        killed = 0
        while any(thread.is_alive() for thread in self.threads):
            if killed < times and len(self.shown) >= (killed + 1) * BETWEEN:
                kill()
                killed += 1
            time.sleep(0.005)
        return killed


@pytest.mark.parametrize("victim", ["kill_web", "kill_database"])
def test_no_bid_with_a_receipt_is_lost_and_none_is_doubled(site, victim):
    forms = site.run("stage", KILLS * BETWEEN + SUPPLIERS_AT_ONCE)
    rush = Rush(site.port, forms)

    killed = rush.killing(getattr(site, victim), KILLS)

    found = site.run("judge")
    assert killed == KILLS
    assert len(rush.shown) == len(forms) == found["versions"]
    assert found["receipts"] == rush.shown
    assert found["violations"] == []
    assert found["findings"] == []
