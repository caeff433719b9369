"""Ends, or is interrupted, while a read is silent or a decode never returns.

A program of its own, run by test_ends.py: `end_while_streaming.py SILENT ENDING`.
"""

import os
import signal
import sys
import threading

from numbered_photos import decode, photos, read, small_model

from colab_helpers.stream import StreamingSequence

silent, ending = sys.argv[1:]
is_silent = threading.Event()
answered = []


def wait_for_ever(*_):
    is_silent.set()
    threading.Event().wait()


def silent_at_last(file):
    """Training has begun, and waits in compiled code."""
    answered.append(file)
    return read(file) if len(answered) < 30 else wait_for_ever()


def interrupt():
    is_silent.wait()
    os.kill(os.getpid(), signal.SIGINT)


steps = {"read": read, "decode": decode, silent: wait_for_ever}
sequence = StreamingSequence(photos(64), **steps, batch_size=4)
if ending == "end":
    sequence.on_epoch_begin()
    is_silent.wait()
    sys.exit("the end")
threading.Thread(target=interrupt, daemon=True).start()
if ending == "loop":
    list(sequence)
if ending == "index":
    sequence[0]
if ending == "epoch":
    sequence.on_epoch_begin()
    sequence[0]
if ending == "in_order":
    list(sequence.in_order())
if ending == "fit":
    sequence = StreamingSequence(photos(64), silent_at_last, decode, batch_size=4, reads=1)
    small_model().fit(sequence, verbose=0)
