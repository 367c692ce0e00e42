"""The web's processes are forked from one that has loaded the pages; a dead one is replaced."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from procurement.config.supervisor import _answers, free_port

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def web(tmp_path):
    port = free_port("127.0.0.1", 18100)
    with (tmp_path / "web.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "procurement.config.web", "--host", "127.0.0.1", "--port", str(port)],
            cwd=CHECKOUT,
            env={**os.environ, "CAIGOU_PROCESS": "web"},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    yield psutil.Process(process.pid), port
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)


def wait_until(condition):
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


def test_a_dead_process_is_replaced_and_all_end_together(web):
    server, port = web
    wait_until(lambda: _answers("127.0.0.1", port))
    wait_until(lambda: len(server.children()) == 2)
    first = server.children()[0]

    first.kill()

    wait_until(lambda: first.pid not in {child.pid for child in server.children()})
    wait_until(lambda: len(server.children()) == 2 and _answers("127.0.0.1", port))
    children = server.children()
    server.terminate()
    wait_until(lambda: not any(child.is_running() for child in children))
