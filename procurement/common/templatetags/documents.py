"""A printed document on a page: `{% load documents %}{% document rendering %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.db import models

from procurement.common import documents
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


@register.simple_tag
def find_document(name: str, subject: models.Model, version: int = 1) -> Rendering | None:
    """`{% find_document "opening_record" opening as rendering %}`: a document of a subject, if it was requested."""
    return documents.find(name, subject, version=version)


@register.simple_tag
def latest_document(name: str, subject: models.Model) -> Rendering | None:
    """`{% latest_document "rfq" rfq as rendering %}`: the last version that was requested."""
    return documents.latest(name, subject)
