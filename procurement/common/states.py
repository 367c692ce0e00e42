"""How a stored state is shown: its word and its tone."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Stateful(models.Model):
    """A document with a `status` of its own choices; `TONES` maps each to idle, go, wait, good or bad."""

    TONES: ClassVar[dict[str, str]] = {}

    class Meta:
        abstract = True

    @property
    def status_label(self) -> str:
        """The word people read."""
        return str(self.get_status_display())  # type: ignore[attr-defined]

    @property
    def status_tone(self) -> str:
        """The meaning behind the colour."""
        return self.TONES.get(self.status, "idle")  # type: ignore[attr-defined]
