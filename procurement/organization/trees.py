"""Rows that stand above one another: departments, categories, managers."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

DEEPEST = 30


def ancestors(row: models.Model, link: str = "parent") -> list[Any]:
    """Parent, grandparent and so on upward; stops at a loop."""
    found: list[Any] = []
    above = getattr(row, link, None)
    while above is not None and above.pk not in {known.pk for known in found} and len(found) < DEEPEST:
        found.append(above)
        above = getattr(above, link)
    return found


def refuse_loop(row: models.Model, link: str = "parent") -> None:
    """Raises ValidationError at `link` where a row would stand above itself."""
    if row.pk is not None and any(above.pk == row.pk for above in ancestors(row, link)):
        raise ValidationError({link: _("It cannot stand above itself.")})
