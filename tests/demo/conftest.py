"""The demo company and the troupe write their own rules; nothing of theirs is approved by nobody unasked."""

import pytest


@pytest.fixture(autouse=True)
def rules_are_needed(settings):
    settings.APPROVALS_WITHOUT_RULES = False
