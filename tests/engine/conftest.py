"""The engine is tested with the flow of requests and a document of our own."""

from tests.approvals.conftest import document  # noqa: F401
