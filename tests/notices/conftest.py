"""Notices are tested with documents as their rooms leave them."""

from tests.approvals.conftest import document  # noqa: F401
