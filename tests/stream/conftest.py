"""What all tests of streaming are held to."""

import pytest
from numbered_photos import own_threads


@pytest.fixture(autouse=True)
def no_thread_is_left():
    """Whatever a test does, its reader threads end with it."""
    before = set(own_threads())
    yield
    for thread in set(own_threads()) - before:
        thread.join(5)
    assert set(own_threads()) <= before
