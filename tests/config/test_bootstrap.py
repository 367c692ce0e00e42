"""From a bare Python to a running command: what is said where something is missing, and what is installed."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from procurement.config import bootstrap

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def manage():
    spec = importlib.util.spec_from_file_location("manage", CHECKOUT / "manage.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A checkout without an environment, and programs that only note how they were called."""
    calls = []

    def run(command, **options):
        calls.append([str(part) for part in command])
        failing = any(word in " ".join(calls[-1]) for word in bare.failing)
        if "venv" in command and not failing:
            bare.environment.mkdir(exist_ok=True)
        return SimpleNamespace(returncode=int(failing))

    bare = SimpleNamespace(calls=calls, failing=[], environment=tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "ENVIRONMENT", bare.environment)
    monkeypatch.setattr(bootstrap, "LOCAL_DIR", tmp_path / ".local")
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)
    monkeypatch.setattr(bootstrap.subprocess, "run", run)
    monkeypatch.setattr(bootstrap.os, "execv", lambda *call: calls.append(["exec", *call[1]]))
    monkeypatch.delenv("PROCUREMENT_NO_BOOTSTRAP", raising=False)
    monkeypatch.setattr(bootstrap, "_has_own_environment", lambda: False)
    return bare


def test_an_old_python_is_named_together_with_the_cure(manage, monkeypatch):
    monkeypatch.setattr(manage, "OLDEST", (99, 0))
    monkeypatch.setattr(manage.shutil, "which", lambda name: None)

    with pytest.raises(SystemExit) as ended:
        manage.main()

    assert f"this is Python {sys.version_info[0]}.{sys.version_info[1]}" in ended.value.code
    assert "apt install python3" in ended.value.code


def test_an_old_python_can_read_the_file():
    compile((CHECKOUT / "manage.py").read_text(), "manage.py", "exec", dont_inherit=True)
    assert not re.search(r"\bf\"|:=|\bmatch\b", (CHECKOUT / "manage.py").read_text())


def test_a_younger_python_on_the_path_takes_over(manage, monkeypatch):
    started = []
    monkeypatch.setattr(manage, "OLDEST", (99, 0))
    monkeypatch.setattr(manage.shutil, "which", lambda name: f"/opt/{name}")
    monkeypatch.setattr(manage.os, "execv", lambda path, arguments: started.append(path))
    monkeypatch.delenv("CAIGOU_PYTHON_TRIED", raising=False)

    with pytest.raises(SystemExit):
        manage.use_a_younger_python()

    assert started[0] == "/opt/python3.13"


def test_pip_installs_exactly_what_the_lock_says(bare):
    bootstrap.ensure_environment(["manage.py", "demo"], lock=bootstrap.LOCK)

    install = next(call for call in bare.calls if "install" in call)
    assert "--require-hashes" in install
    assert "--only-binary=:all:" in install
    assert install[-1] == str(CHECKOUT / "requirements.lock")
    assert bare.calls[-1][-2:] == ["manage.py", "demo"]


def test_a_second_start_installs_nothing(bare):
    bootstrap.ensure_environment(["manage.py"], lock=bootstrap.DEVELOPMENT_LOCK)
    bare.calls.clear()

    bootstrap.ensure_environment(["manage.py"], lock=bootstrap.DEVELOPMENT_LOCK)
    bootstrap.ensure_environment(["manage.py"], lock=bootstrap.LOCK)

    assert [call[0] for call in bare.calls] == ["exec", "exec"]


def test_without_ensurepip_the_pip_outside_installs(bare):
    bare.failing = [f"-m venv {bare.environment}", f"{bare.environment}/bin/python -m pip --version"]

    bootstrap.ensure_environment(["manage.py"], lock=bootstrap.LOCK)

    assert any("--without-pip" in call for call in bare.calls)
    assert any("--python" in call and "install" in call for call in bare.calls)


@pytest.mark.parametrize("failing", ["-m venv", "-m pip"])
def test_without_venv_or_pip_the_command_that_helps_is_named(bare, failing):
    bare.failing = [failing]

    with pytest.raises(bootstrap.CannotStart, match="sudo apt install python3-venv python3-pip"):
        bootstrap.ensure_environment(["manage.py"], lock=bootstrap.LOCK)


def test_an_unreachable_index_is_not_taken_for_an_installation(bare):
    bare.failing = [" install "]

    with pytest.raises(bootstrap.CannotStart, match="PIP_INDEX_URL"):
        bootstrap.ensure_environment(["manage.py"], lock=bootstrap.LOCK)

    assert not bootstrap._is_installed(bootstrap.LOCK)


def test_containers_bring_their_own_environment(bare, monkeypatch):
    monkeypatch.setenv("PROCUREMENT_NO_BOOTSTRAP", "1")

    bootstrap.ensure_environment(["manage.py"], lock=bootstrap.LOCK)

    assert bare.calls == []


@pytest.mark.parametrize("lock", [bootstrap.LOCK, bootstrap.DEVELOPMENT_LOCK])
def test_locks_name_no_host_and_hash_everything(lock):
    text = (CHECKOUT / lock).read_text()
    entries = re.split(r"\n(?=\S)", text.strip())

    assert "://" not in text
    assert "--index-url" not in text
    assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_the_development_lock_holds_the_other_one():
    def pins(lock):
        return set(re.findall(r"^[\w.\-\[\],]+==[^ ;\\]+", (CHECKOUT / lock).read_text(), flags=re.M))

    assert pins(bootstrap.LOCK) <= pins(bootstrap.DEVELOPMENT_LOCK)


def test_other_commands_know_when_the_settings_are_productions(monkeypatch):
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE")

    assert bootstrap.is_production(
        ["manage.py", "check", "--settings=procurement.config.settings.production"]
    )
    assert not bootstrap.is_production(["manage.py", "check"])


def test_help_needs_no_database():
    done = subprocess.run(
        [sys.executable, "manage.py", "demo", "--help"], cwd=CHECKOUT, capture_output=True, text=True
    )
    assert done.returncode == 0
    assert "--port" in done.stdout
