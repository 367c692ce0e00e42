"""A progress bar on a terminal, one line per item anywhere else."""

from __future__ import annotations

import sys
import time
from typing import TextIO

WIDTH = 24


class Bar:
    """Done of total, and what is being done. Written to the error stream, so that output stays clean."""

    def __init__(self, total: int, *, stream: TextIO | None = None) -> None:
        self.total, self.done = total, 0
        self.stream = stream or sys.stderr
        self.on_terminal = self.stream.isatty()
        self.began = time.monotonic()

    def tell(self, doing: str) -> None:
        """What is being done now."""
        if self.on_terminal:
            filled = WIDTH * self.done // max(self.total, 1)
            drawn = "█" * filled + "░" * (WIDTH - filled)
            text = f"{drawn} {self.done}/{self.total} {self.seconds:5.1f} s  {doing}"
            self.stream.write(f"\r\x1b[2K{text[:110]}")
            self.stream.flush()

    def advance(self, said: str) -> None:
        """One more is done; `said` sums it up."""
        self.done += 1
        if self.on_terminal:
            self.tell(said)
        else:
            self.stream.write(f"{self.done}/{self.total} {self.seconds:.1f} s  {said}\n")
            self.stream.flush()

    def close(self) -> None:
        """End the line."""
        if self.on_terminal:
            self.stream.write("\n")
            self.stream.flush()

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self.began
