"""The database that comes with the checkout: a PostgreSQL server of our own, started when someone needs it.

Only the standard library is used here, so that it works before Django can be imported. Three files in the
state directory (`.local/pg`) rule who may do what:

- `users.lock`: everyone who uses the server holds it shared, for as long as their process lives;
- `keeper.lock`: held by the keeper, the parent of the server, for as long as the server runs;
- `start.lock`: held while a user looks whether a keeper is there, and starts one.

The keeper waits for the exclusive `users.lock`. The kernel gives it that once the last user has gone, even one
that was killed; then it stops the server. So nothing has to be counted, and nothing is left behind.

`DATABASE_URL` set means: another server, never this one.
"""

from __future__ import annotations

import atexit
import ctypes
import fcntl
import hashlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from procurement.config.file_locks import is_locked, locked, open_lock
from procurement.config.postgres_files import (
    DatabaseUnavailable,
    copy_server,
    exists,
    find_binaries,
    is_our_server,
    major_version,
    pid_file_lines,
    wheel_version,
)

CHECKOUT = str(Path(__file__).resolve().parents[2])
KEEPER = "import sys; sys.path.append({checkout!r}); from procurement.config.embedded_postgres import main; main(sys.argv[1:])"
NAME = "caigou"  # of the role and of the database
LONGEST_SOCKET_DIR = 80  # a socket's whole path may have 107 bytes
LARGEST_LOG = 10_000_000
START_TIMEOUT = 300.0  # crash recovery may take its time
BOOTSTRAP_ENVIRONMENT = {"LC_ALL": "C", "PATH": os.environ.get("PATH", os.defpath)}

SERVER_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "1GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}


class EmbeddedPostgres:
    """The server of one checkout."""

    def __init__(self, local_dir: Path) -> None:
        self.local_dir = local_dir.resolve()
        self.state = self.local_dir / "pg"
        self.as_root = os.geteuid() == 0
        self.home = _home_for_root(self.local_dir) if self.as_root else self.state
        self.data = self.home / "data"
        self.log = self.local_dir / "log" / "postgres.log"
        self._users: IO[bytes] | None = None

    # --- what users call ---

    def acquire(self) -> str:
        """Be a user of the running server, starting it (again) where needed; answers with its URL."""
        self._prepare_folders()
        with locked(self.state / "start.lock"):
            users = self._users or open_lock(self.state / "users.lock")
            try:
                fcntl.flock(users, fcntl.LOCK_SH)  # waits for a keeper that is just stopping
                if not self.has_keeper():
                    self._start_keeper()
                self._wait_until_ready()
            except BaseException:
                users.close()
                self._users = None
                raise
            self._users = users
        return self.url

    def release(self) -> None:
        """Use the server no longer. The last user waits until it has stopped."""
        if self._users is None:
            return
        self._users.close()
        self._users = None
        self.wait_stopped(timeout=15)

    def wait_stopped(self, timeout: float) -> bool:
        """Wait for the keeper to go; False when it did not, or when others still use the server."""
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            if not self.has_keeper():
                return True
            if self.in_use():
                return False
            time.sleep(0.02)
        return False

    def has_keeper(self) -> bool:
        return is_locked(self.state / "keeper.lock", fcntl.LOCK_SH)

    def has_data(self) -> bool:
        """Whether there are data and their password; who removes .local wants to start afresh."""
        return (self.data / "PG_VERSION").exists() and (self.state / "password").exists()

    def in_use(self) -> bool:
        """Whether anyone holds the users' lock shared (the keeper holds it exclusively while it stops)."""
        path = self.state / "users.lock"
        return is_locked(path, fcntl.LOCK_EX) and not is_locked(path, fcntl.LOCK_SH)

    @property
    def socket_dir(self) -> Path:
        usual = self.home / "run"
        if len(os.fsencode(usual)) <= LONGEST_SOCKET_DIR:
            return usual
        base = Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp")  # noqa: S108 (made 0700 and checked)
        return base / f"{NAME}-{os.geteuid()}-{_short_hash(self.home)}"

    @property
    def url(self) -> str:
        password = (self.state / "password").read_text("ascii").strip()
        host = str(self.socket_dir).replace("/", "%2F")
        return f"postgres://{NAME}:{password}@{host}/{NAME}"

    def _prepare_folders(self) -> None:
        self.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.log.parent.mkdir(parents=True, exist_ok=True)

    def _start_keeper(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        log = os.open(self.log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        keeper = os.posix_spawn(  # not a Popen: nobody waits for the keeper, it outlives whoever started it
            sys.executable,
            [sys.executable, "-I", "-S", "-c", KEEPER.format(checkout=CHECKOUT), "keep", str(self.local_dir)],
            {**os.environ, "CAIGOU_PG_BINARIES": str(find_binaries())},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, log, 1),
                (os.POSIX_SPAWN_DUP2, log, 2),
            ],
        )
        os.close(log)
        _wait_for(
            lambda: self.has_keeper() or os.waitpid(keeper, os.WNOHANG)[0] == keeper,
            30,
            "its keeper did not start",
            self.log,
        )

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + START_TIMEOUT
        while not self.is_ready():
            if not self.has_keeper():
                raise DatabaseUnavailable(f"The embedded PostgreSQL did not start. {_last_words(self.log)}")
            if time.monotonic() > until:
                raise DatabaseUnavailable(f"The embedded PostgreSQL is not ready; see {self.log}.")
            time.sleep(0.02)

    def is_ready(self) -> bool:
        """Whether the server answers, as it notes itself in the eighth line of its pid file."""
        lines = pid_file_lines(self.data)
        return len(lines) >= 8 and lines[7].strip() == "ready" and is_our_server(int(lines[0]), self.data)

    # --- what the keeper does ---

    def keep(self) -> None:
        """Run the server until its last user has gone."""
        os.setsid()  # Ctrl-C in the terminal is not meant for the server
        os.chdir("/")
        with locked(self.state / "keeper.lock"):
            for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(signum, _stop_waiting)
            server = self._start_server()
            try:
                self._wait_for_last_user(server)
            except KeyboardInterrupt:
                pass
            finally:
                _stop(server)

    def _start_server(self) -> subprocess.Popen[bytes]:
        binaries = self._usable_binaries(Path(os.environ["CAIGOU_PG_BINARIES"]))
        major = major_version(binaries)
        self._ensure_cluster(binaries)
        self._refuse_other_version(major)
        self._disown_stale_pid_file()
        self._ensure_socket_dir()
        uid, gid = self._account() or (None, None)
        settings = {**SERVER_SETTINGS, "unix_socket_directories": str(self.socket_dir)}
        command = [str(binaries / "postgres"), "-D", str(self.data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return subprocess.Popen(
            command,
            cwd="/",
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_keeper,
            env=BOOTSTRAP_ENVIRONMENT,
            user=uid,
            group=gid,
            extra_groups=[] if uid else None,
        )

    def _wait_for_last_user(self, server: subprocess.Popen[bytes]) -> None:
        """Hold on to the exclusive lock once it is ours, so that a newcomer waits for the stop."""
        signal.signal(signal.SIGCHLD, _stop_waiting)  # the server died: no reason to stay
        if server.poll() is None:
            self._users = open_lock(self.state / "users.lock")
            fcntl.flock(self._users, fcntl.LOCK_EX)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)

    def _account(self) -> tuple[int, int] | None:
        """PostgreSQL refuses to run as root; `nobody` exists everywhere."""
        if not self.as_root:
            return None
        nobody = pwd.getpwnam("nobody")
        return nobody.pw_uid, nobody.pw_gid

    def _usable_binaries(self, binaries: Path) -> Path:
        """As root, a copy that `nobody` can reach without loosening any folder above the checkout."""
        if not self.as_root or os.environ.get("PG_BIN"):
            return binaries
        source = binaries.parents[2]  # site-packages
        copy = self.home.parent / f"server-{_short_hash(source)}-{wheel_version(source)}"
        if not copy.exists():
            copy_server(source, copy)
        return copy / "embedded_postgres" / "pginstall" / "bin"

    def _ensure_cluster(self, binaries: Path) -> None:
        """Make the data folder in one step: either it is whole, or it is not there."""
        if self.has_data():
            return
        if (self.data / "PG_VERSION").exists():
            self.data.rename(self.home / f"data.{int(time.time())}")  # someone removed .local: start afresh
        self.home.mkdir(parents=True, exist_ok=True, mode=0o711 if self.as_root else 0o700)
        password = secrets.token_urlsafe(32)
        new = self.home / "data.new"
        shutil.rmtree(new, ignore_errors=True)
        self._own(new, folder=True)
        password_file = self.home / "initial-password"
        password_file.touch(mode=0o600)
        password_file.write_text(password, "ascii")
        self._own(password_file)
        try:
            self._initdb(binaries, new, password_file)
        finally:
            password_file.unlink()
        self._write_password(password)
        new.rename(self.data)

    def _initdb(self, binaries: Path, new: Path, password_file: Path) -> None:
        self._run(
            [
                str(binaries / "initdb"),
                *("-D", str(new), "-U", NAME, f"--pwfile={password_file}"),
                *("--auth-local=scram-sha-256", "--auth-host=scram-sha-256", "--encoding=UTF8"),
                *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            ]
        )
        self._run(
            [str(binaries / "postgres"), "--single", "-D", str(new), "postgres"],
            stdin=f"CREATE DATABASE {NAME};\n",
        )

    def _run(self, command: list[str], stdin: str = "") -> None:
        uid, gid = self._account() or (None, None)
        done = subprocess.run(
            command,
            input=stdin,
            text=True,
            capture_output=True,
            cwd="/",
            env=BOOTSTRAP_ENVIRONMENT,
            user=uid,
            group=gid,
            extra_groups=[] if uid else None,
        )
        if done.returncode:
            raise DatabaseUnavailable(f"{Path(command[0]).name} failed: {done.stderr.strip()}")

    def _write_password(self, password: str) -> None:
        path = self.state / "password"
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(password)

    def _own(self, path: Path, folder: bool = False) -> None:
        if folder:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if account := self._account():
            os.chown(path, *account)

    def _ensure_socket_dir(self) -> None:
        folder = self.socket_dir
        self._own(folder, folder=True)
        found = folder.lstat()
        if found.st_mode & 0o077 or folder.is_symlink():
            raise DatabaseUnavailable(f"{folder} is open to others; remove it.")
        for left in folder.glob(".s.PGSQL.*"):
            left.unlink()

    def _refuse_other_version(self, major: int) -> None:
        there = int((self.data / "PG_VERSION").read_text("ascii"))
        if there != major:
            raise DatabaseUnavailable(
                f"The data in {self.data} belongs to PostgreSQL {there}, the server here is PostgreSQL {major}. "
                f"Set PG_BIN to a PostgreSQL {there} and dump the data (pg_dump), or move it with pg_upgrade."
            )

    def _disown_stale_pid_file(self) -> None:
        """After a crash the noted pid may belong to someone else by now, and PostgreSQL would not start.

        A server of ours that lost its keeper is stopped. Any other pid is replaced by the keeper's own:
        PostgreSQL knows that its parent is no rival, and still checks the shared memory noted in the file.
        """
        lines = pid_file_lines(self.data)
        if not lines or not lines[0].isdigit():
            return
        pid = int(lines[0])
        if is_our_server(pid, self.data):
            os.kill(pid, signal.SIGINT)
            _wait_for(lambda: not is_our_server(pid, self.data), 60, "an old server does not stop", self.log)
        elif exists(pid):
            (self.data / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:], ""]))


def ensure_database(local_dir: Path) -> None:
    """Set DATABASE_URL to the embedded server, running until this process ends; a set one stays."""
    if os.environ.get("DATABASE_URL"):
        return
    server = EmbeddedPostgres(local_dir)
    os.environ["DATABASE_URL"] = server.acquire()
    owner = os.getpid()
    atexit.register(lambda: server.release() if os.getpid() == owner else None)


# --- small things ---


def _home_for_root(local_dir: Path) -> Path:
    base = Path("/var/lib")
    if not os.access(base, os.W_OK) and os.environ.get("XDG_STATE_HOME"):
        base = Path(os.environ["XDG_STATE_HOME"])
    return base / NAME / _short_hash(local_dir)


def _short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:10]


def _wait_for(condition: Callable[[], bool], seconds: float, trouble: str, log: Path) -> None:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise DatabaseUnavailable(f"The embedded PostgreSQL: {trouble}. {_last_words(log)}")
        time.sleep(0.02)


def _last_words(log: Path) -> str:
    try:
        lines = log.read_text("utf-8", "replace").splitlines()[-8:]
    except OSError:
        lines = []
    return "\n".join(["Its log ends:", *lines, f"({log})"])


def _stop_waiting(signum: int, frame: object) -> None:
    raise KeyboardInterrupt


def _die_with_keeper() -> None:
    """On Linux the server gets a fast shutdown when its keeper is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGINT)  # PR_SET_PDEATHSIG


def _stop(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is None:
        server.send_signal(signal.SIGINT)  # fast shutdown: roll back, write all, leave
        try:
            server.wait(timeout=60)
        except subprocess.TimeoutExpired:
            server.send_signal(signal.SIGQUIT)
            server.wait()


def main(arguments: list[str]) -> int:
    """`keep DIR` is the keeper; `status`, `stop` and `url` are for people (`manage.py database …`)."""
    action = arguments[0] if arguments else "status"
    server = EmbeddedPostgres(Path(arguments[1]))
    try:
        if action == "keep":
            server.keep()
        elif action == "url":
            print(server.url if server.has_keeper() else "not running")
        elif action == "stop":
            return _stop_by_hand(server)
        else:
            print("running" if server.has_keeper() else "not running")
    except DatabaseUnavailable as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


def _stop_by_hand(server: EmbeddedPostgres) -> int:
    lines = pid_file_lines(server.data)
    if lines and is_our_server(int(lines[0]), server.data):
        os.kill(int(lines[0]), signal.SIGINT)
        _wait_for(lambda: not server.has_keeper(), 60, "it does not stop", server.log)
    print("stopped")
    return 0
