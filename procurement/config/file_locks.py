"""Locks between processes, by `flock`: the kernel gives them back when a process ends, however it ends."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


def open_lock(path: Path) -> IO[bytes]:
    return path.open("ab")


def is_locked(path: Path, how: int) -> bool:
    """Whether this kind of lock is not to be had just now."""
    try:
        with open_lock(path) as file:
            fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with open_lock(path) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
