"""An instant as refusals and chains tell it."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from procurement.common import figures


def moment(at: datetime, *, short: bool = False) -> str:
    """In the reader's time zone."""
    return figures.moment_text(timezone.localtime(at), short=short)
