"""The way from a document's chain to its process."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse

from workflows.approvals.models import ApprovalCase
from workflows.approvals.permissions import visible_to

register = template.Library()


@register.simple_tag(takes_context=True)
def process_url(context: Any, case: ApprovalCase) -> str:
    """The address of a case's process, for those who may see the case; empty for everybody else.

    One statement for all rounds of a document.
    """
    document = {"document_type": case.document_type, "document_id": case.document_id}
    known = context.render_context.setdefault(process_url, {})
    key = tuple(document.values())
    if key not in known:
        cases = visible_to(context["user"]).filter(**document)
        known[key] = frozenset(cases.values_list("pk", flat=True))
    return reverse("flows:process", args=[case.pk]) if case.pk in known[key] else ""
