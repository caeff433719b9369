"""An act in a forked process, and how long even a slow machine may take for it."""

import multiprocessing
import sys

WATCHDOG = 60  # seconds in which even a slow machine is done


def in_a_child(act):
    """Whether an act returns something true in a forked process."""
    process = multiprocessing.get_context("fork").Process(target=lambda: sys.exit(not act()))
    process.start()
    process.join(WATCHDOG)
    if process.is_alive():
        process.kill()
        raise AssertionError("the child hangs")
    return process.exitcode == 0
