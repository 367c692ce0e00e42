"""`manage.py demo`: the whole system on one machine, started, watched and stopped together.

Only the standard library is imported here, so that the watching costs next to nothing. Every part runs in a
process group of its own; what dies or hangs is started again; on Ctrl-C, on SIGTERM, and even when the
supervisor itself is killed, nothing stays behind.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import fcntl
import hashlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from procurement.common import fonts
from procurement.config.bootstrap import CHECKOUT, LOCAL_DIR
from procurement.config.embedded_postgres import EmbeddedPostgres
from procurement.config.postgres_files import DatabaseUnavailable

HARD_LIMIT = 300.0  # seconds that one piece of long work may take
SILENCE_LIMIT = 120.0  # seconds without a finished task after which the worker counts as hung
GRACE = 25.0  # seconds for work under way when stopping
QUICK_DEATHS = 5  # so many in a row within a moment of starting, and we give up
LARGEST_LOG = 10_000_000
OPENER_KEY = "opener.key"  # written by make_keys beside the other keys; named to the opener alone

CELERY = ("-m", "celery", "-A", "procurement.config.celery")
WORKER = (*CELERY, "worker", "--without-gossip", "--without-mingle", "--without-heartbeat")


@dataclass
class Part:
    """One process of the system, and how to tell that it hangs."""

    name: str
    arguments: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    silence_limit: float | None = None  # hung when no task finished for so long
    busy_limit: float | None = None  # hung when one task takes so long
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    quick_deaths: int = 0

    @property
    def alive_file(self) -> Path:
        """Touched by the worker itself before and after each task; see celery.py."""
        return LOCAL_DIR / "run" / f"{self.name}.alive"

    @property
    def log(self) -> Path:
        return LOCAL_DIR / "log" / f"{self.name}.log"

    def start(self) -> None:
        """Start it in a group of its own; on Linux the kernel ends it when we are killed."""
        self.alive_file.parent.mkdir(parents=True, exist_ok=True)
        self.alive_file.write_text("idle")
        with _open_log(self.log) as log:
            self.process = subprocess.Popen(
                [sys.executable, *self.arguments],
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_parent,
                env={
                    **os.environ,
                    "CAIGOU_PROCESS": self.name,
                    "CAIGOU_ALIVE_FILE": str(self.alive_file),
                    "CELERY_SKIP_CHECKS": "1",  # a worker serves no pages
                    **self.environment,
                },
            )
        self.started = time.monotonic()

    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def hangs(self) -> bool:
        """Whether it has been silent, or busy with one task, for longer than it may."""
        with contextlib.suppress(OSError):
            quiet = time.time() - self.alive_file.stat().st_mtime
            if self.silence_limit and quiet > self.silence_limit:
                return True
            return bool(self.busy_limit and quiet > self.busy_limit and self.alive_file.read_text() == "busy")
        return False

    def signal(self, signum: signal.Signals) -> None:
        """To the whole group, so that what it started hears it too."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signum)

    def note_death(self) -> None:
        """Count deaths soon after the start; a part that has run for a while begins anew."""
        soon = time.monotonic() - self.started < 20
        self.quick_deaths = self.quick_deaths + 1 if soon else 0


def make_parts(host: str, port: int) -> list[Part]:
    """The processes of the system, in the order in which they start."""
    key = str(LOCAL_DIR / "keys" / OPENER_KEY)
    return [
        Part("web", ("-m", "procurement.config.web", "--host", host, "--port", str(port))),
        Part(
            "worker",
            (*WORKER, "-Q", "default", "--pool", "threads", "-c", "4", "-n", "default@%h"),
            silence_limit=SILENCE_LIMIT,
        ),
        Part("heavy", (*WORKER, "-Q", "heavy", "--pool", "solo", "-n", "heavy@%h"), busy_limit=HARD_LIMIT),
        Part(
            "opener",
            (*WORKER, "-Q", "opener", "--pool", "solo", "-n", "opener@%h"),
            environment={"OPENER_KEY_FILE": key},
            busy_limit=HARD_LIMIT,
        ),
        Part("beat", (*CELERY, "beat", "-S", "celery.beat:Scheduler", "--loglevel", "WARNING", "--pidfile=")),
    ]


class Supervisor:
    """Starts the parts, keeps them running, and stops them in order."""

    def __init__(self, parts: list[Part], server: EmbeddedPostgres | None = None) -> None:
        self.parts = parts
        self.server = server
        self.stopping = threading.Event()

    def start(self, names: Iterable[str]) -> None:
        wanted = set(names)
        for part in self.parts:
            if part.name in wanted and not self.stopping.is_set():
                part.start()

    def watch(self) -> None:
        """Until asked to stop: start again what has died, end and start again what hangs."""
        while not self.stopping.wait(0.5):
            if self.server and not self.server.has_keeper():
                print("The database ended and is started again.", flush=True)
                self.server.acquire()
            for part in self.parts:
                if part.process is None:
                    continue
                if part.hangs():
                    print(f"{part.name} hangs and is started again; see {part.log}", flush=True)
                    part.signal(signal.SIGKILL)
                    part.process.wait()
                if part.has_ended():
                    self._start_again(part)

    def _start_again(self, part: Part) -> None:
        part.signal(signal.SIGKILL)  # what its group left behind
        part.note_death()
        if part.quick_deaths >= QUICK_DEATHS:
            print(f"{part.name} ends again and again; see {part.log}\n{last_lines(part.log)}", flush=True)
            part.process = None
            if part.name == "web":
                self.stopping.set()
            return
        self.stopping.wait(min(part.quick_deaths, 5))
        if not self.stopping.is_set():
            part.start()

    def stop(self) -> None:
        """The web first, so that nothing new comes in; then the workers, with time for what they are at."""
        self.stopping.set()
        for group in (["web"], ["beat", "worker", "heavy", "opener"]):
            running = [part for part in self.parts if part.name in group and not part.has_ended()]
            for part in running:
                part.signal(signal.SIGTERM)
            until = time.monotonic() + GRACE
            for part in running:
                self._wait(part, until)
                part.signal(signal.SIGKILL)  # and whatever is left of its group
                self._wait(part, time.monotonic() + 5)

    @staticmethod
    def _wait(part: Part, until: float) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            if part.process is not None:
                part.process.wait(timeout=max(0.1, until - time.monotonic()))


# --- the command ---


def main(arguments: list[str]) -> int:
    """Start everything, say where it is, stay until Ctrl-C."""
    options = _parse(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "procurement.config.settings.demo")
    os.environ["PROCUREMENT_NO_BOOTSTRAP"] = "1"
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or every part compiles every module at each start
    (LOCAL_DIR / "run").mkdir(parents=True, exist_ok=True)
    with (LOCAL_DIR / "run" / "demo.lock").open("a+") as lock:
        if not _claim(lock):
            print(f"The demo of this checkout is running already: {_read(lock)}", file=sys.stderr)
            return 1
        try:
            return _run(options, lock)
        except DatabaseUnavailable as reason:
            print(reason, file=sys.stderr)
            return 1


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="manage.py demo", description="Run the whole system on this machine, with a small demo company."
    )
    parser.add_argument("--port", type=int, default=8000, help="or the next free one (default: 8000)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    return parser.parse_args(arguments)


def _run(options: argparse.Namespace, lock: IO[str]) -> int:
    server = None if os.environ.get("DATABASE_URL") else EmbeddedPostgres(LOCAL_DIR)
    port = free_port(options.host, options.port)
    address = f"http://{'localhost' if options.host == '127.0.0.1' else options.host}:{port}"
    os.environ.setdefault("SITE_URL", address)
    supervisor = Supervisor(make_parts(options.host, port), server)
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, lambda *_: supervisor.stopping.set())
    try:
        if server and _is_prepared(server):
            os.environ["DATABASE_URL"] = server.url
            supervisor.start(["web"])  # it takes longer to load than the database to start
            server.acquire()
        else:
            if server:
                os.environ["DATABASE_URL"] = server.acquire()
            if not _prepare(server, supervisor):
                return 1
            supervisor.start(["web"])
        if not _wait_for_answer(supervisor, options.host, port):
            return 1
        _write(lock, address)
        _say_where(address)
        _start_workers(supervisor)
        supervisor.watch()
    finally:
        print("Stopping …", flush=True)
        supervisor.stop()
        if server:
            server.release()
    print("Stopped.", flush=True)
    return 0


def _start_workers(supervisor: Supervisor) -> None:
    """The libraries for documents may have to be fetched first; nobody waits for that to log in."""
    supervisor.start(["worker", "beat", "opener"])
    if not supervisor.stopping.is_set() and not fonts.ensure_pango(LOCAL_DIR):
        print(
            f"PDF documents cannot be made here: pango is missing. Run: {fonts.how_to_install()}", flush=True
        )
    supervisor.start(["heavy"])


# --- tables, keys and the demo company ---


def _prepare(server: EmbeddedPostgres | None, supervisor: Supervisor) -> bool:
    """Bring the database up to date. A stamp of before is void until this has succeeded."""
    wanted = fingerprint_of_sources()
    if server:
        _stamp(server).unlink(missing_ok=True)
    print("Preparing the database and the demo company …", flush=True)
    environment = {
        **os.environ,
        "OPENER_KEY_FILE": str(LOCAL_DIR / "keys" / OPENER_KEY),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "procurement.config.preparation"], cwd=CHECKOUT, env=environment
    )
    while process.poll() is None:
        if supervisor.stopping.wait(0.1):
            process.terminate()
            process.wait()
    if process.returncode:
        return False
    if server:
        _stamp(server).write_text(wanted)
    return True


def _stamp(server: EmbeddedPostgres) -> Path:
    """Which sources its database was prepared from."""
    return server.home / "prepared"


def _is_prepared(server: EmbeddedPostgres) -> bool:
    """Whether nothing has changed since the last time."""
    stamp = _stamp(server)
    return server.has_data() and stamp.exists() and stamp.read_text() == fingerprint_of_sources()


def fingerprint_of_sources() -> str:
    """Changes when a migration, the demo company, or the packages change."""
    digest = hashlib.sha256()
    patterns = ("*/*/migrations/*.py", "procurement/demo/**/*.py", "requirements.lock")
    for path in sorted({path for pattern in patterns for path in CHECKOUT.glob(pattern)}):
        digest.update(str(path.relative_to(CHECKOUT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _say_where(address: str) -> None:
    logins = LOCAL_DIR / "demo-logins.txt"
    print(f"\nCaigou is running:  {address}\n", flush=True)
    if logins.exists():
        print(logins.read_text("utf-8"), flush=True)
    print(
        f"Mails are written to {LOCAL_DIR / 'mail'}, logs to {LOCAL_DIR / 'log'}. Ctrl-C stops everything.",
        flush=True,
    )


# --- small things ---


def free_port(host: str, wanted: int) -> int:
    """The wanted port, or the next that nobody listens on."""
    for port in range(wanted, wanted + 100):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    raise DatabaseUnavailable(f"No port from {wanted} to {wanted + 99} is free.")


def _wait_for_answer(supervisor: Supervisor, host: str, port: int) -> bool:
    web = supervisor.parts[0]
    while not supervisor.stopping.is_set():
        if web.has_ended():
            print(f"The web did not start; see {web.log}\n{last_lines(web.log)}", flush=True)
            return False
        if _answers(host, port):
            return True
        time.sleep(0.05)
    return False


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=30)
    try:
        connection.request("GET", "/accounts/login/")
        return connection.getresponse().status > 0
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def last_lines(path: Path, count: int = 15) -> str:
    try:
        return "\n".join(path.read_text("utf-8", "replace").splitlines()[-count:])
    except OSError:
        return ""


def _open_log(path: Path) -> IO[bytes]:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LARGEST_LOG:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def _claim(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(lock: IO[str]) -> str:
    lock.seek(0)
    return lock.read().strip() or "it is just starting"


def _write(lock: IO[str], text: str) -> None:
    lock.seek(0)
    lock.truncate()
    lock.write(text)
    lock.flush()
