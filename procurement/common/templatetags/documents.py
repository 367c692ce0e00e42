"""A printed document on a page: `{% load documents %}{% document rendering %}`."""

from __future__ import annotations

from typing import Any

from django import template

from procurement.common.models import Rendering

register = template.Library()


@register.inclusion_tag("documents/frame.html", takes_context=True)
def document(context: Any, rendering: Rendering | None, compact: bool = False) -> dict[str, Any]:
    """The PDF in its frame, or how far it is; fetched again until it is there. `compact` shows links only."""
    return {
        "rendering": rendering,
        "compact": compact,
        "csrf_token": context.get("csrf_token"),
        "user": context.get("user"),
        "request": context.get("request"),
    }
