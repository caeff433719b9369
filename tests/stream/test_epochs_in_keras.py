"""Whatever is asked for in between, `fit` trains on each picture once an epoch, on each backend."""

import functools

import pytest
from on_each_backend import on_each_backend, result_on

SITUATIONS = (
    "plain",
    "two models",
    *(f"looks, seed {seed}" for seed in range(8)),
    *(f"{steps} steps an epoch" for steps in (1, 2, 3, 10)),
    "one fit after another",
    *(f"interrupted at {at}" for at in (0, 1, 5, 9)),
    "resumed",
    "resumed at the start",
    "resumed and interrupted",
    "validated",
    "validated in part",
    "evaluated before",
    "looked at after",
)


@functools.cache
def results(backend):
    return result_on(backend, "train_with_looks.py")


@pytest.mark.parametrize("situation", SITUATIONS)
@on_each_backend
def test_training_sees_each_batch_as_seeded(backend, situation):
    """In `plain` no file is read twice, though each backend looks before it trains."""
    result = results(backend)[situation]
    assert result["trained"] == result["expected"]
    if situation == "plain":
        assert result["reads"] == 2 * result["files"]
