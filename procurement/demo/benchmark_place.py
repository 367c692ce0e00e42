"""Where benchmarks run: a database, keys, files and processes of their own, made for the run and gone after it."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.backends.postgresql.psycopg_any import sql

from procurement.bids import keys
from procurement.bids.keys import Keyring
from procurement.common import pdf

Told = Callable[[str], None]
PATIENCE = 300.0  # seconds that a worker may take besides the measured ones
BLANK = b"%PDF-1.7 blank"


@contextmanager
def scratch(*, printing: bool = False) -> Iterator[Keyring]:
    """An empty database `<name>_benchmark` with its own keys; answers with the opener's.

    Unless `printing`, a PDF is a blank one: what is measured is what users wait for.
    """
    usual = connection.settings_dict["NAME"]
    name = f"{usual}_benchmark"
    with tempfile.TemporaryDirectory() as folder, _settings(Path(folder), printing):
        _server(("DROP DATABASE IF EXISTS {} WITH (FORCE)", name), ("CREATE DATABASE {}", name))
        connection.close()
        connection.settings_dict["NAME"] = name
        try:
            call_command("migrate", verbosity=0, interactive=False)
            yield keys.opener_keyring()
        finally:
            connection.close()
            connection.settings_dict["NAME"] = usual
            _server(("DROP DATABASE IF EXISTS {} WITH (FORCE)", name))


@contextmanager
def _settings(folder: Path, printing: bool) -> Iterator[None]:
    """Nothing of a benchmark reaches the keys, files or workers of the installation."""
    files = keys.KeyFiles.in_folder(folder)
    keys.make(files)
    ours: dict[str, Any] = {
        "OPENER_KEY_FILE": str(files.opener),
        "OPENER_PUBLIC_KEY_FILE": str(files.opener_public),
        "DRAFT_KEY_FILE": str(files.draft),
        "RECEIPT_KEY_FILE": str(files.receipt),
        "WAKE_WORKERS": False,
        "ALLOWED_HOSTS": ["testserver"],  # as the visitors of our pages name it
        "SECURE_SSL_REDIRECT": False,
    }
    before = {name: getattr(settings, name) for name in ours}
    making, storing = pdf.make, settings.STORAGES
    settings.STORAGES = {
        **storing,
        "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    }
    if not printing:
        pdf.make = lambda html: (BLANK, 1)
    for name, value in ours.items():
        setattr(settings, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(settings, name, value)
        pdf.make, settings.STORAGES = making, storing


def _server(*commands: tuple[str, str]) -> None:
    with connection._nodb_cursor() as cursor:
        for command, name in commands:
            cursor.execute(sql.SQL(command).format(sql.Identifier(name)))


# --- processes ---


def in_processes(count: int, work: Callable[..., dict[str, Any]], *arguments: Any) -> list[dict[str, Any]]:
    """What `count` processes answer that begin their measured part together. One that fails ends the run."""
    context = multiprocessing.get_context("fork")
    start, answers = context.Barrier(count), context.Queue()
    processes = [
        context.Process(target=_answering, args=(answers, work, *arguments, start), daemon=True)
        for _number in range(count)
    ]
    for process in processes:
        process.start()
    try:
        return [_answer(answers) for _process in processes]
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _answering(answers: Any, work: Callable[..., dict[str, Any]], *arguments: Any) -> None:
    try:
        answers.put(work(*arguments))
    except Exception as failure:
        answers.put(f"{type(failure).__name__}: {failure}")
        raise
    finally:
        connection.close()


def _answer(answers: Any) -> dict[str, Any]:
    try:
        found: dict[str, Any] | str = answers.get(timeout=PATIENCE)
    except Empty:
        raise CommandError("A worker of the benchmark does not answer.") from None
    if isinstance(found, str):
        raise CommandError(f"A worker of the benchmark failed. {found}")
    return found


def while_time(seconds: float, act: Callable[[int], object]) -> list[float]:
    """Do it again and again for so long, at least once; how many milliseconds each time took."""
    taken: list[float] = []
    until = time.monotonic() + seconds
    while not taken or time.monotonic() < until:
        began = time.perf_counter()
        act(len(taken))
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def percentile(taken: list[float], share: float) -> float:
    """The value below which this share of them lies."""
    ordered = sorted(taken)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 1)
