"""What runs is watched: the dead and the hanging are started again, and stopping leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from procurement.config import supervisor as module
from procurement.config.embedded_postgres import EmbeddedPostgres
from procurement.config.supervisor import Part, Supervisor, fingerprint_of_sources, free_port

SLEEP = ("-c", "import time; time.sleep(60)")
DEAF = (
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
)
WITH_CHILD = ("-c", "import subprocess, time; subprocess.Popen(['sleep', '61']); time.sleep(60)")


@pytest.fixture(autouse=True)
def local_dir(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LOCAL_DIR", tmp_path)
    monkeypatch.setattr(module, "GRACE", 0.5)
    return tmp_path


def wait_until(condition, seconds=10):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


@pytest.fixture
def watched():
    """Start parts under a watching supervisor; they are stopped afterwards."""
    running = []

    def start(*parts):
        supervisor = Supervisor(list(parts))
        supervisor.start([part.name for part in parts])
        thread = threading.Thread(target=supervisor.watch)
        thread.start()
        running.append((supervisor, thread))
        return supervisor

    yield start
    for supervisor, thread in running:
        supervisor.stop()
        thread.join()


def test_what_dies_is_started_again(watched):
    part = Part("worker", SLEEP)
    watched(part)
    first = part.process.pid

    os.kill(first, signal.SIGKILL)

    wait_until(lambda: part.process.pid != first and not part.has_ended())


def test_what_hangs_is_ended_and_started_again(watched):
    part = Part("heavy", DEAF, busy_limit=5)
    watched(part)
    first = part.process.pid

    part.alive_file.write_text("busy")
    os.utime(part.alive_file, (0, 0))

    wait_until(lambda: part.process.pid != first and not part.has_ended())


def test_a_long_idle_part_does_not_hang_but_a_silent_worker_does(local_dir):
    (local_dir / "run").mkdir()
    heavy, worker = Part("heavy", SLEEP, busy_limit=5), Part("worker", SLEEP, silence_limit=5)
    for part in (heavy, worker):
        part.alive_file.write_text("idle")
        os.utime(part.alive_file, (0, 0))

    assert not heavy.hangs()
    assert worker.hangs()


def test_what_dies_at_once_again_and_again_is_given_up(watched, capsys, monkeypatch):
    monkeypatch.setattr(module, "QUICK_DEATHS", 2)
    part = Part("web", ("-c", "import sys; sys.exit('no such module')"))
    supervisor = watched(part)

    wait_until(supervisor.stopping.is_set)

    assert "no such module" in capsys.readouterr().out


def test_stopping_ends_the_deaf_and_their_children(watched):
    deaf, parent = Part("worker", DEAF), Part("heavy", WITH_CHILD)
    supervisor = watched(deaf, parent)
    wait_until(lambda: "up" in deaf.log.read_text())
    groups = [deaf.process.pid, parent.process.pid]

    supervisor.stop()

    for group in groups:
        wait_until(lambda group=group: not _group_exists(group))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent was killed")
def test_a_killed_supervisor_leaves_nothing_behind(local_dir):
    code = (
        "import sys; from pathlib import Path\n"
        "from procurement.config import supervisor as module\n"
        "module.LOCAL_DIR = Path(sys.argv[1])\n"
        f"part = module.Part('web', {SLEEP!r}); part.start(); print(part.process.pid, flush=True); part.process.wait()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(local_dir)], stdout=subprocess.PIPE, cwd=module.CHECKOUT
    ) as parent:
        child = int(parent.stdout.readline())
        parent.kill()

    wait_until(lambda: not _group_exists(child))


def test_a_taken_port_is_passed_over():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        assert free_port("127.0.0.1", port) > port


def test_only_the_opener_is_given_the_opening_key():
    parts = module.make_parts("127.0.0.1", 8000)

    assert [part.name for part in parts if "OPENER_KEY_FILE" in part.environment] == ["opener"]


def test_the_database_is_prepared_again_when_migrations_change(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CHECKOUT", tmp_path)
    migration = tmp_path / "procurement" / "bids" / "migrations" / "0001_initial.py"
    migration.parent.mkdir(parents=True)
    migration.write_text("one")
    before = fingerprint_of_sources()

    migration.write_text("two")

    assert fingerprint_of_sources() != before


def test_the_database_is_prepared_again_when_the_local_folder_was_removed(tmp_path, monkeypatch):
    server = EmbeddedPostgres(tmp_path / "local")
    server.state, server.home, server.data = tmp_path / "state", tmp_path / "home", tmp_path / "home" / "data"
    server.state.mkdir()
    server.data.mkdir(parents=True)
    (server.data / "PG_VERSION").write_text("18")
    (server.home / "prepared").write_text(fingerprint_of_sources())
    (server.state / "password").write_text("secret")
    assert module._is_prepared(server)

    (server.state / "password").unlink()

    assert not module._is_prepared(server)


def test_a_preparation_that_was_interrupted_is_not_taken_for_done(tmp_path, monkeypatch):
    server = EmbeddedPostgres(tmp_path / "local")
    server.home = tmp_path
    (tmp_path / "prepared").write_text("of the last time")
    monkeypatch.setattr(module.sys, "executable", "/bin/false")

    assert not module._prepare(server, Supervisor([], None))
    assert not (tmp_path / "prepared").exists()


def _group_exists(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{group}/stat")
    return not state.exists() or state.read_text().rsplit(")")[-1].split()[0] != "Z"
