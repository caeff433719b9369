"""What all tests of streaming are held to."""

import pytest
from numbered_photos import own_threads


@pytest.fixture(autouse=True)
def no_thread_is_left():
    """Whatever a test does, its reader threads end with it."""
    yield
    for thread in own_threads():
        thread.join(5)
    assert not own_threads()
