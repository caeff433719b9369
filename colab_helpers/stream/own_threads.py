"""A PyDataset that Keras starts no threads for, and deals out to no processes: it has its own."""

from __future__ import annotations

from typing import Any

import keras

__all__ = ["OwnThreads", "refuse_shards_of_keras"]


class OwnThreads(keras.utils.PyDataset):
    """A PyDataset with threads of its own.

    Keras's workers would start before an epoch begins, ask for its batches in no order, and end
    with it: https://keras.io/api/utils/python_utils/#pydataset-class
    """

    def __init__(self) -> None:
        super().__init__(workers=1)

    @property
    def workers(self) -> int:
        """Threads of Keras: 1, the one that takes batches. Those that read are `reads`."""
        return 1

    @workers.setter
    def workers(self, count: int) -> None:
        if count != 1:
            raise ValueError(
                "A StreamingSequence has threads of its own: leave `workers` at 1, and give it "
                f"`reads=...` for more reads at a time. Received: workers={count!r}"
            )

    @property
    def use_multiprocessing(self) -> bool:
        """Whether Keras starts processes: False."""
        return False

    @use_multiprocessing.setter
    def use_multiprocessing(self, value: bool) -> None:
        if value:
            raise ValueError(
                "A StreamingSequence has threads of its own: leave `use_multiprocessing` at False. "
                f"Received: use_multiprocessing={value!r}"
            )


def refuse_shards_of_keras() -> None:
    """Refuses to be dealt out to processes by Keras, batch by batch.

    Keras 3.16 asks each process for other indices. A StreamingSequence gives batches in the order
    of its seed, whatever index is asked for: each process would train on the same ones.

    Raises:
        ValueError: A distribution is set that deals out data sets by itself.
    """
    distribution: Any = keras.distribution.distribution()
    if not getattr(distribution, "auto_shard_dataset", False):
        return
    if getattr(distribution, "num_data_shards", 1) > 1:
        raise ValueError(
            "Keras would deal out batches to processes by their index, and a StreamingSequence "
            "gives each process the same ones. Make the distribution with "
            "`keras.distribution.DataParallel(auto_shard_dataset=False)`, and give each process "
            "`sequence.shard(process, processes)`."
        )
