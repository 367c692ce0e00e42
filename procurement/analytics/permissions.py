"""Who may read figures: officers, category managers, auditors and approvers, of their companies only.

A company's figures are those of what was bought for it, whoever bought. A figure leads to documents, and of those each
person sees what the documents' own rooms show them.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from procurement.organization.access import standing
from procurement.organization.models import Company, Role

READERS = (Role.OFFICER, Role.CATEGORY_MANAGER, Role.AUDITOR, Role.APPROVER)


def may_read(user: Any) -> bool:
    """Whether analytics is a place for this person."""
    return any(standing(user).has(role) for role in READERS)


def visible_to(user: Any) -> QuerySet[Company]:
    """Companies whose figures this person may read."""
    companies = standing(user).companies(*READERS)
    return Company.objects.all() if companies is None else Company.objects.filter(pk__in=companies)
