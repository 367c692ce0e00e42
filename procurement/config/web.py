"""The web of one machine: the application is loaded once, and its processes are forked from that.

Loading takes most of the time until the first answer, so each process by itself would take twice as long on two cores.
Where processes cannot be forked (macOS) each loads it anew.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import sys

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

APPLICATION = "procurement.config.wsgi:application"
WORKERS, THREADS = 2, 4
KILL_TIMEOUT = 10  # seconds for what a process is answering when it is to end


def main(arguments: list[str]) -> None:
    """Serve until told to stop; a process that dies is replaced."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args(arguments)
    if sys.platform == "linux":
        multiprocessing.set_start_method("fork")
        _load()
    Server(
        APPLICATION,
        address=options.host,
        port=options.port,
        interface=Interfaces.WSGI,
        workers=WORKERS,
        blocking_threads=THREADS,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=KILL_TIMEOUT,
        log_level=LogLevels.warning,
    ).serve()


def _load() -> None:
    """Everything that pages are made of. No connection is opened here, for two processes would share it."""
    gc.disable()  # all of this stays
    from django.urls import get_resolver

    import procurement.config.wsgi  # noqa: F401

    _ = get_resolver().url_patterns  # the views of all rooms
    gc.freeze()
    gc.enable()


if __name__ == "__main__":
    main(sys.argv[1:])
