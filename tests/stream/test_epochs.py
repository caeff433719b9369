"""The rule of epochs: whoever begins one consumes it in order, everybody else only looks."""

import random

import pytest

from colab_helpers.stream.epochs import Epochs


class Consumer:
    """Stands for Keras's adapter, that of one `fit`."""


def asked(epochs, indices, total, consumer=None):
    """(epoch, place) of the batch that each index stands for."""
    tickets = [epochs.ask(index, total, consumer) for index in indices]
    return [(ticket.epoch, ticket.place) for ticket in tickets]


def one_epoch(epochs, indices, total, consumer=None):
    epochs.begin(total, consumer)
    places = asked(epochs, indices, total, consumer)
    epochs.end(total, consumer)
    return places


def look(epochs, indices, total, consumer):
    """JAX and torch begin `fit` so, when the model is not built."""
    epochs.begin(total, consumer)
    asked(epochs, indices, total, consumer)
    return epochs.end(total, consumer, starts_over=True)


def consumer_of_a_built_model(epochs, total):
    """Keras resets it before it begins."""
    consumer = Consumer()
    epochs.end(total, consumer, starts_over=True)
    return consumer


def whole(epoch, total):
    return [(epoch, place) for place in range(total)]


@pytest.mark.parametrize("by_hand", [True, False])
def test_batches_come_in_the_order_of_the_epoch_whatever_the_order_of_the_indices(by_hand):
    epochs = Epochs()
    consumer = None if by_hand else consumer_of_a_built_model(epochs, total=4)
    assert one_epoch(epochs, [3, 0, 2, 1], 4, consumer) == whole(0, total=4)
    assert one_epoch(epochs, [1, 2, 0, 3], 4, consumer) == whole(1, total=4)


def test_by_hand_an_index_that_is_asked_for_again_stands_for_the_same_batch():
    epochs = Epochs()
    epochs.begin(total=4)
    assert asked(epochs, [2, 2, 0, 2, 0], total=4) == [(0, 0), (0, 0), (0, 1), (0, 0), (0, 1)]
    assert not epochs.ask(2, total=4).is_in_turn
    assert epochs.ask(3, total=4).is_in_turn


def test_who_looks_at_index_k_sees_batch_k_and_takes_nothing_from_the_consumer():
    epochs = Epochs()
    consumer = consumer_of_a_built_model(epochs, total=4)
    epochs.begin(4, consumer)
    assert asked(epochs, [3, 1], 4, consumer) == [(0, 0), (0, 1)]
    assert asked(epochs, [3, 1, -1], 4) == [(0, 3), (0, 1), (0, 3)]
    assert asked(epochs, [0, 2], 4, Consumer()) == [(0, 0), (0, 2)]
    assert asked(epochs, [0, 2], 4, consumer) == [(0, 2), (0, 3)]


def test_before_an_epoch_an_index_is_a_place_of_the_one_to_come():
    epochs = Epochs()
    assert asked(epochs, [2, 0, -1], total=4) == [(0, 2), (0, 0), (0, 3)]
    assert one_epoch(epochs, [3, 2, 1, 0], total=4) == whole(0, total=4)
    assert asked(epochs, [0], total=4) == [(1, 0)]


@pytest.mark.parametrize("by_hand", [True, False])
def test_an_epoch_goes_on_until_each_batch_was_handed_out(by_hand):
    """As with `steps_per_epoch`."""
    epochs = Epochs()
    consumer = None if by_hand else consumer_of_a_built_model(epochs, total=3)
    seen = [one_epoch(epochs, [index], 3, consumer) for index in (0, 1, 2, 0)]
    assert seen == [[(0, 0)], [(0, 1)], [(0, 2)], [(1, 0)]]


def test_after_an_interruption_a_new_consumer_begins_with_what_is_left_and_sees_each_batch_once():
    epochs = Epochs()
    interrupted = consumer_of_a_built_model(epochs, total=5)
    epochs.begin(5, interrupted)
    asked(epochs, [4, 0], 5, interrupted)
    consumer = consumer_of_a_built_model(epochs, total=5)
    assert one_epoch(epochs, range(5), 5, consumer) == [(0, place) for place in (2, 3, 4, 0, 1)]
    assert one_epoch(epochs, range(5), 5, consumer) == whole(1, total=5)


@pytest.mark.parametrize("looked_at", [[2], [2, 0], [2, 0, 1, 3]])
def test_a_consumer_that_starts_over_gives_back_what_it_took(looked_at):
    epochs = Epochs()
    consumer = Consumer()
    assert look(epochs, looked_at, 4, consumer) == list(range(len(looked_at)))
    assert epochs.stands_at(epoch=0, first=0)
    assert one_epoch(epochs, [1, 3, 0, 2], 4, consumer) == whole(0, total=4)
    another = Consumer()
    look(epochs, looked_at, 4, another)
    assert one_epoch(epochs, [1, 3, 0, 2], 4, another) == whole(1, total=4)


def test_validation_steps_show_the_same_batches_each_time():
    """`evaluate` starts over before each epoch; so says Keras's documentation of `fit`."""
    epochs = Epochs()
    consumer = consumer_of_a_built_model(epochs, total=4)
    for _ in range(3):
        assert one_epoch(epochs, [0, 1], 4, consumer) == [(0, 0), (0, 1)]
        epochs.end(4, consumer, starts_over=True)


def test_what_was_looked_at_is_said_to_come_again():
    epochs = Epochs()
    peeks = [epochs.ask(index, total=4).comes_again for index in range(4)]
    assert peeks == [True, True, False, False]
    consumer = Consumer()
    epochs.begin(4, consumer)
    assert epochs.ask(0, 4, consumer).comes_again
    assert epochs.end(4, consumer, starts_over=True) == [0]
    epochs.begin(4, consumer)
    assert not epochs.ask(0, 4, consumer).comes_again


def test_a_place_that_was_gone_to_shortens_its_epoch_alone():
    epochs = Epochs()
    epochs.go_to(epoch=5, first=2)
    assert epochs.length(total=4) == 4
    consumer = consumer_of_a_built_model(epochs, total=4)
    epochs.begin(4, consumer)
    assert epochs.length(4, consumer) == 2
    assert asked(epochs, [1, 0], 4, consumer) == [(5, 2), (5, 3)]
    with pytest.raises(IndexError):
        epochs.ask(2, 4, consumer)
    epochs.end(4, consumer)
    assert epochs.length(4, consumer) == 4
    assert one_epoch(epochs, range(4), 4, consumer) == whole(6, total=4)


def test_for_everybody_else_a_resumed_epoch_is_as_long_as_any():
    epochs = Epochs()
    epochs.go_to(epoch=5, first=2)
    interrupted = consumer_of_a_built_model(epochs, total=4)
    epochs.begin(4, interrupted)
    asked(epochs, [0], 4, interrupted)
    assert epochs.length(total=4) == 4
    assert asked(epochs, [0, 3], total=4) == [(5, 0), (5, 3)]
    consumer = consumer_of_a_built_model(epochs, total=4)
    assert one_epoch(epochs, range(4), 4, consumer) == [(5, place) for place in (3, 0, 1, 2)]


def test_predict_and_evaluate_begin_at_the_front_of_an_epoch_that_was_left():
    """`predict` gives rows in the order of the files, whatever `validation_steps` left behind."""
    epochs = Epochs()
    left = consumer_of_a_built_model(epochs, total=5)
    epochs.begin(5, left)
    asked(epochs, [0, 1], 5, left)
    predict = Consumer()
    epochs.begin(5, predict, goes_on=False)
    assert asked(epochs, range(5), 5, predict) == whole(0, total=5)


def test_when_its_consumer_is_gone_an_epoch_is_looked_at_and_not_consumed():
    epochs = Epochs()
    epochs.begin(5, interrupted := Consumer())
    asked(epochs, [3, 1], 5, interrupted)
    del interrupted
    assert asked(epochs, [4, 4, 0], total=5) == [(0, 4), (0, 4), (0, 0)]
    consumer = consumer_of_a_built_model(epochs, total=5)
    assert one_epoch(epochs, range(5), 5, consumer) == [(0, place) for place in (2, 3, 4, 0, 1)]


def test_what_was_asked_for_by_hand_is_no_matter_for_who_comes_after():
    epochs = Epochs()
    epochs.begin(total=4)
    asked(epochs, [3], total=4)
    consumer = consumer_of_a_built_model(epochs, total=4)
    assert one_epoch(epochs, range(4), 4, consumer) == [(0, place) for place in (1, 2, 3, 0)]


@pytest.mark.parametrize("seed", range(50))
def test_whatever_others_ask_for_the_consumer_gets_each_batch_in_order(seed):
    rng = random.Random(seed)
    total = rng.randint(1, 12)
    epochs = Epochs()
    consumer = Consumer()
    if rng.random() < 0.5:
        look(epochs, [0], total, consumer)
    else:
        epochs.end(total, consumer, starts_over=True)

    def others_ask():
        asked(epochs, rng.choices(range(total), k=rng.randint(0, 9)), total, rng.choice(others))

    others = [None, Consumer(), Consumer()]
    for epoch in range(4):
        others_ask()
        epochs.begin(total, consumer)
        consumed = []
        for index in rng.sample(range(total), total):
            consumed += asked(epochs, [index], total, consumer)
            others_ask()
        epochs.end(total, consumer)
        assert consumed == whole(epoch, total)
