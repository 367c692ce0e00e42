"""From a bare Python to a running command: the checkout's own environment, then the database, then Django.

Only the standard library is imported here, and nothing of Django before the environment is known to be ours.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from procurement.config.file_locks import locked

CHECKOUT = Path(__file__).resolve().parents[2]
LOCAL_DIR = Path(os.environ.get("CAIGOU_LOCAL_DIR") or CHECKOUT / ".local")
ENVIRONMENT = CHECKOUT / ".venv"
LOCK = "requirements.lock"
DEVELOPMENT_LOCK = "requirements-dev.lock"  # everything of requirements.lock, and the tools

WITHOUT_DATABASE = {
    "collectstatic",
    "compilemessages",
    "findstatic",
    "help",
    "makemessages",
    "startapp",
    "startproject",
    "version",
}

INSTALL_PIP = """Python's pip or venv is missing here, so the packages cannot be installed. One of these helps:
  Debian, Ubuntu:  sudo apt install python3-venv python3-pip
  Fedora, RHEL:    sudo dnf install python3-pip
  Alpine:          apk add py3-pip
or install uv (https://docs.astral.sh/uv/), which is used when it is on the PATH."""

INSTALL_FAILED = """The packages of {lock} could not be installed (see above).
A package index must be reachable; set PIP_INDEX_URL (or UV_INDEX_URL) when yours has another address.
Where there is no built package for this machine (Alpine, uncommon processors), use a glibc Linux or a container."""


class CannotStart(Exception):
    """Something is missing on this machine; the message names the command that helps."""


def main(argv: list[str]) -> None:
    """What `manage.py` does."""
    command = argv[1] if len(argv) > 1 else "help"
    try:
        ensure_environment(argv, lock=DEVELOPMENT_LOCK if command == "test" else LOCK)
    except CannotStart as reason:
        sys.exit(str(reason))
    run(command, argv)


def run(command: str, argv: list[str]) -> None:
    """Inside the right environment: the commands that work without Django, or Django's."""
    if command == "database":
        from procurement.config import embedded_postgres

        sys.exit(embedded_postgres.main([argv[2] if len(argv) > 2 else "status", str(LOCAL_DIR)]))
    if command == "demo":
        from procurement.config import supervisor

        sys.exit(supervisor.main(argv[2:]))
    if command == "test":
        from procurement.config import quality

        sys.exit(quality.main(argv[2:]))
    run_django(command, argv)


def run_django(command: str, argv: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "procurement.config.settings.demo")
    asks_for_help = {"-h", "--help", "--version"} & set(argv)
    if command not in WITHOUT_DATABASE and not asks_for_help and not is_production(argv):
        from procurement.config import embedded_postgres, postgres_files

        try:
            embedded_postgres.ensure_database(LOCAL_DIR)
        except postgres_files.DatabaseUnavailable as reason:
            sys.exit(str(reason))
    from django.core.management import execute_from_command_line

    execute_from_command_line(argv)


def is_production(argv: list[str]) -> bool:
    """Production names its database itself; the settings say so when it does not."""
    named = [os.environ.get("DJANGO_SETTINGS_MODULE", ""), *(one for one in argv if "settings" in one)]
    return any(one.endswith(".production") for one in named)


# --- the environment ---


def ensure_environment(argv: list[str], lock: str) -> None:
    """Run on in `.venv` with exactly the packages of the lock; returns when that is where we are."""
    if os.environ.get("PROCUREMENT_NO_BOOTSTRAP") == "1" or _has_own_environment():
        return
    python = ENVIRONMENT / "bin" / "python"
    LOCAL_DIR.mkdir(parents=True, exist_ok=True)
    with locked(LOCAL_DIR / "bootstrap.lock"):
        if not _is_installed(lock):
            _install(python, lock)
    if not _is_running_in(ENVIRONMENT):
        os.environ.pop("CAIGOU_PYTHON_TRIED", None)
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or every process compiles every module again
        os.execv(python, [str(python), *argv])


def _has_own_environment() -> bool:
    """A container or a developer's environment that already has what we need is left alone."""
    in_some_environment = sys.prefix != sys.base_prefix
    is_ours = _is_running_in(ENVIRONMENT)
    return in_some_environment and not is_ours and importlib.util.find_spec("viewflow") is not None


def _is_running_in(environment: Path) -> bool:
    return Path(sys.prefix).resolve() == environment.resolve()


def _stamp(lock: str) -> Path:
    return ENVIRONMENT / f".{lock}.sha256"


def _fingerprint(lock: str) -> str:
    return hashlib.sha256((CHECKOUT / lock).read_bytes()).hexdigest()


def _is_installed(lock: str) -> bool:
    stamp = _stamp(lock)
    return stamp.exists() and stamp.read_text("ascii") == _fingerprint(lock)


def _install(python: Path, lock: str) -> None:
    said = "the first time, this takes half a minute" if not python.exists() else "they changed"
    print(
        f"Installing the packages of {lock} into {ENVIRONMENT.name} ({said}) …", file=sys.stderr, flush=True
    )
    if not _installed_by_uv(python, lock) and not _installed_by_pip(python, lock):
        raise CannotStart(INSTALL_FAILED.format(lock=lock))
    _stamp(lock).write_text(_fingerprint(lock), "ascii")
    if lock == DEVELOPMENT_LOCK:  # which holds the other as well
        _stamp(LOCK).write_text(_fingerprint(LOCK), "ascii")


def _exact(lock: str) -> list[str]:
    return ["--require-hashes", "--only-binary=:all:", "-r", str(CHECKOUT / lock)]


def _installed_by_uv(python: Path, lock: str) -> bool:
    uv = shutil.which("uv")
    if not uv or subprocess.run([uv, "--version"], capture_output=True).returncode:
        return False
    if not python.exists():
        made = [uv, "venv", "--quiet", "--python", sys.executable, str(ENVIRONMENT)]
        if subprocess.run(made).returncode:
            return False
    command = [uv, "pip", "install", "--quiet", "--python", str(python), *_exact(lock)]
    return subprocess.run(command).returncode == 0


def _installed_by_pip(python: Path, lock: str) -> bool:
    if not python.exists():
        _make_environment()
    pip = [str(python), "-m", "pip"]
    if subprocess.run([*pip, "--version"], capture_output=True).returncode:
        pip = _pip_from_outside(python)
    options = [
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "--no-compile",
    ]  # compiled when first used
    return subprocess.run([*pip, "install", *options, *_exact(lock)]).returncode == 0


def _make_environment() -> None:
    """With pip inside where Python can, without where Debian took that part away."""
    make = [sys.executable, "-m", "venv"]
    if subprocess.run([*make, str(ENVIRONMENT)], capture_output=True).returncode == 0:
        return
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    if subprocess.run([*make, "--without-pip", str(ENVIRONMENT)], capture_output=True).returncode:
        raise CannotStart(INSTALL_PIP)


def _pip_from_outside(python: Path) -> list[str]:
    pip = [getattr(sys, "_base_executable", sys.executable), "-m", "pip"]
    if subprocess.run([*pip, "--version"], capture_output=True).returncode:
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        raise CannotStart(INSTALL_PIP)
    return [*pip, "--python", str(python)]
