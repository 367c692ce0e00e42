"""What all tests share. A room's own fixtures stand beside its tests, factories in factories.py."""

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def empty_cache():
    """Rate limits and counters of one test are nothing to the next."""
    yield
    cache.clear()
