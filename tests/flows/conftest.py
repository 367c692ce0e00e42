"""The graphs are tested with a document of our own."""

from tests.approvals.conftest import document  # noqa: F401
