"""Libraries that few requests need are imported when one first does: the rest of the system starts sooner."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.utils.functional import SimpleLazyObject


def library(name: str) -> Any:
    """The module, imported at its first use."""
    return SimpleLazyObject(lambda: import_module(name))
