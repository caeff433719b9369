"""A program ends when it should, whatever a sequence waits for."""

import pytest
from on_each_backend import on_each_backend, run_on

WATCHDOG_SECONDS = 120


@pytest.mark.parametrize(
    "silent, ending",
    [
        ("read", "end"),
        ("decode", "end"),
        ("read", "loop"),
        ("decode", "index"),
        ("read", "epoch"),
        ("decode", "in_order"),
    ],
)
def test_neither_a_silent_read_nor_a_decode_without_end_keeps_a_program(silent, ending):
    last_words = what_it_said(silent, ending, backend="numpy").splitlines()[-1]
    assert last_words == ("the end" if ending == "end" else "KeyboardInterrupt")


@on_each_backend
def test_fit_that_waits_for_a_silent_read_can_be_interrupted(backend):
    """On TensorFlow, the main thread then waits where Python's own handler does not run."""
    assert "KeyboardInterrupt" in what_it_said("read", "fit", backend)


def what_it_said(silent, ending, backend):
    done = run_on(backend, "end_while_streaming.py", silent, ending, timeout=WATCHDOG_SECONDS)
    return done.stderr
