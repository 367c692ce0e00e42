"""The launcher: who shares the server, who stops it, and what it survives. One cluster serves the whole file."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from procurement.config.embedded_postgres import EmbeddedPostgres, ensure_database
from procurement.config.postgres_files import DatabaseUnavailable, is_our_server, pid_file_lines


def ask(url, sql):
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchone() if cursor.description else None


def postmaster(server):
    return int(pid_file_lines(server.data)[0])


def wait_until(condition, seconds=15):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


def test_the_first_user_starts_it_and_the_last_one_stops_it(server, local_dir):
    second = EmbeddedPostgres(local_dir)

    assert server.acquire() == second.acquire()
    pid = postmaster(server)
    server.release()
    assert second.has_keeper()
    assert is_our_server(pid, server.data)
    second.release()

    assert not second.has_keeper()
    assert not is_our_server(pid, server.data)


def test_it_knows_every_script_and_sits_on_a_socket_only(server):
    url = server.acquire()

    assert ask(url, "SELECT lower('ÀÉ'), '采购' ~ '^\\w+$', current_setting('listen_addresses')") == (
        "àé",
        True,
        "",
    )
    assert ask(url, "SELECT current_setting('fsync'), current_setting('synchronous_commit')") == ("on", "on")


def test_nobody_gets_in_without_the_password(server):
    server.acquire()

    assert stat.S_IMODE((server.state / "password").stat().st_mode) == 0o600
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host=str(server.socket_dir), user="caigou", dbname="caigou", password="guessed")


def test_a_user_that_is_killed_leaves_no_server_behind(server, local_dir):
    code = (
        "import sys, time; sys.path.insert(0, '.')\n"
        "from pathlib import Path; from procurement.config.embedded_postgres import EmbeddedPostgres\n"
        "server = EmbeddedPostgres(Path(sys.argv[1])); server.acquire(); print('up', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(local_dir)], stdout=subprocess.PIPE) as user:
        assert user.stdout.readline() == b"up\n"
        assert server.has_keeper()

        user.kill()

    wait_until(lambda: not server.has_keeper())


def test_what_was_committed_survives_the_server_being_killed(server):
    url = server.acquire()
    ask(url, "CREATE TABLE IF NOT EXISTS kept (value int)")
    ask(url, "INSERT INTO kept VALUES (42)")

    os.kill(postmaster(server), signal.SIGKILL)
    wait_until(lambda: not server.has_keeper())

    assert ask(server.acquire(), "SELECT max(value) FROM kept") == (42,)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent was killed")
def test_the_server_goes_when_its_keeper_is_killed(server):
    server.acquire()
    pid = postmaster(server)
    keeper = int(Path(f"/proc/{pid}/stat").read_text().split()[3])

    os.kill(keeper, signal.SIGKILL)

    wait_until(lambda: not is_our_server(pid, server.data))


def test_a_stale_pid_file_whose_pid_is_somebody_elses_by_now(server):
    server.acquire()
    lines = pid_file_lines(server.data)
    server.release()
    (server.data / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")

    assert ask(server.acquire(), "SELECT 1") == (1,)


def test_data_of_another_version_are_refused_and_left_alone(server):
    server.acquire()
    server.release()
    version = server.data / "PG_VERSION"
    kept = version.read_text()
    version.write_text("16\n")
    try:
        with pytest.raises(DatabaseUnavailable, match=r"belongs to PostgreSQL 16.*pg_upgrade"):
            server.acquire()
        assert version.read_text() == "16\n"
    finally:
        server.release()
        version.write_text(kept)


@pytest.mark.skipif(os.geteuid() != 0, reason="as root only")
def test_as_root_the_data_belong_to_nobody_and_no_folder_above_is_opened(server, local_dir):
    parents = [local_dir, *local_dir.parents]
    before = [path.stat().st_mode for path in parents]

    server.acquire()

    assert [path.stat().st_mode for path in parents] == before
    assert server.data.owner() == "nobody"
    assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
    assert stat.S_IMODE(server.socket_dir.stat().st_mode) == 0o700


def test_a_long_path_gets_a_short_socket(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1000")

    server = EmbeddedPostgres(tmp_path / ("deep/" * 20))

    assert server.socket_dir.parent == Path("/run/user/1000")


def test_a_named_database_is_used_instead(monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", "postgres://somewhere/else")

    ensure_database(tmp_path / "untouched")

    assert os.environ["DATABASE_URL"] == "postgres://somewhere/else"
    assert not (tmp_path / "untouched").exists()


def test_missing_programs_are_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PG_BIN", str(tmp_path))

    with pytest.raises(DatabaseUnavailable, match=f"no postgres in {tmp_path}"):
        EmbeddedPostgres(tmp_path / "local").acquire()
