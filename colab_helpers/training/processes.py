"""One run in several processes, as `keras.distribution` on JAX has it; else there is one.

The first process alone writes and reads checkpoints. In all of them the variables are the same, but
their disks may differ: so the first one hands the others what it read.
"""

from __future__ import annotations

import keras
import numpy as np

__all__ = ["are_several", "from_first", "is_first"]


def is_first() -> bool:
    """Whether this is the first, or only, process of the run."""
    if keras.backend.backend() != "jax":
        return True
    import jax

    return int(jax.process_index()) == 0


def are_several() -> bool:
    """Whether the run has more than one process."""
    if keras.backend.backend() != "jax":
        return False
    import jax

    return int(jax.process_count()) > 1


def from_first(content: bytes) -> bytes:
    """Returns, in each process, what the first one gives. All must call it; it waits for all.

    Args:
        content: What the first process has; of no matter in the others.
    """
    from jax.experimental.multihost_utils import broadcast_one_to_all

    own = content if is_first() else b""
    size = int(broadcast_one_to_all(np.int32(len(own))))  # all must bring an array of one shape
    if size == 0:
        return b""
    data = np.zeros(size, np.uint8)
    data[: len(own)] = np.frombuffer(own, np.uint8)
    return np.asarray(broadcast_one_to_all(data)).tobytes()
