"""Refusals: what the program says when a rule of procurement forbids something."""

from __future__ import annotations

from django.utils.functional import Promise


class RuleViolation(Exception):
    """A rule refused the change; nothing was written. The message is fit to show to the person."""

    def __init__(self, message: str | Promise, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field

    def __str__(self) -> str:
        return str(self.message)


class StaleEdit(RuleViolation):
    """Somebody else saved the same document in the meantime."""


class AlreadyDone(RuleViolation):
    """The race is over: the message names who did it and when."""
