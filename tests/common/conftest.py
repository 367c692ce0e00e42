import itertools
import threading

import pytest
from django.db import connection

from procurement.accounts.models import User

_numbers = itertools.count(1)


@pytest.fixture
def make_user():
    def make(**fields):
        number = next(_numbers)
        return User.objects.create_user(f"person{number}@common.test", name=f"Person {number}", **fields)

    return make


@pytest.fixture
def user(make_user):
    return make_user()


@pytest.fixture
def together():
    """Run functions at the same time, each in a thread with a connection of its own; returns results or errors."""

    def run(*functions, timeout=20):
        barrier, results = threading.Barrier(len(functions)), [None] * len(functions)

        def one(index, function):
            try:
                barrier.wait(timeout)
                results[index] = function()
            except Exception as problem:
                results[index] = problem
            finally:
                connection.close()

        threads = [threading.Thread(target=one, args=pair) for pair in enumerate(functions)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout)
        assert not any(thread.is_alive() for thread in threads)
        return results

    return run
