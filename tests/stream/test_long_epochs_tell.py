"""A long epoch tells by itself how far it is; short ones, looks and other processes do not."""

import pickle

from numbered_photos import Ticking, broken, decode, photos, read, small_model

from colab_helpers.stream import StreamingSequence


def sequence_of(clock, count=40, decode=decode, **options):
    train = StreamingSequence(photos(count), read, decode, batch_size=4, **options)
    train.clock = clock
    return train


def take(train, clock, seconds):
    """One epoch, in which each batch takes so many seconds."""
    train.on_epoch_begin()
    for index in range(len(train)):
        clock.sleep(seconds)
        train[index]
    train.on_epoch_end()


def told(capsys):
    return [line for line in capsys.readouterr().out.splitlines() if line]


def test_a_short_epoch_says_nothing(clock, capsys):
    train = sequence_of(clock)
    take(train, clock, 2)  # the last batch comes after 20 seconds: the epoch is over
    take(train, clock, 1.9)
    assert told(capsys) == []


def test_a_long_epoch_tells_after_20_seconds_and_then_at_doubling_times(clock, capsys):
    take(sequence_of(clock, 4000), clock, 0.25)
    assert told(capsys) == [
        "320 of 4,000 files, 16 a second, about 4 minutes left.",
        "640 of 4,000 files, 16 a second, about 4 minutes left.",
        "1,280 of 4,000 files, 16 a second, about 3 minutes left.",
        "2,560 of 4,000 files, 16 a second, about 2 minutes left.",
    ]


def test_going_through_the_files_in_order_tells_as_an_epoch_does(clock, capsys):
    train = sequence_of(clock, 4000)
    for _ in train.in_order():
        clock.sleep(0.25)
    assert told(capsys)[0] == "324 of 4,000 files, 16 a second, about 4 minutes left."
    quiet = sequence_of(clock, verbose=False)
    for _ in quiet.in_order():
        clock.sleep(10)
    assert told(capsys) == []


def test_the_rate_is_that_of_the_time_since_the_last_line(clock, capsys):
    train = sequence_of(clock, 400)
    train.on_epoch_begin()
    for index, seconds in enumerate([10] * 4 + [1] * 60):
        clock.sleep(seconds)
        train[index]
    train.close()
    assert told(capsys) == [
        "8 of 400 files, 0.4 a second, about 16 minutes left.",
        "16 of 400 files, 0.4 a second, about 16 minutes left.",
        "176 of 400 files, 4 a second, about 56 seconds left.",
    ]


def test_each_line_stands_on_its_own_below_the_bar(clock, capsys):
    take(sequence_of(clock), clock, 5)
    out = capsys.readouterr().out
    assert out.startswith("\n16 of 40 files") and out.endswith(" left.\n")


def test_what_was_left_out_is_named_when_it_is_told_how_far_it_is_and_once(clock, capsys):
    train = sequence_of(clock, decode=broken, on_bad_file="skip", shuffle=False)
    take(train, clock, 5)
    lines = told(capsys)
    assert lines[0].startswith("16 of 40 files")
    assert "it is cut off" in lines[1]
    named = [file.name for file, _ in train.skipped]
    counts = [int(line.split()[2]) for line in lines if line.startswith("Left out")]
    assert sum(counts) == len(named) == 8


def test_an_epoch_that_goes_on_counts_what_is_done_already(clock, capsys):
    train = sequence_of(clock)
    train.load_state_dict(train.state_dict(0, 5))
    take(train, clock, 10)
    assert told(capsys) == [
        "28 of 40 files, 0.4 a second, about 30 seconds left.",
        "36 of 40 files, 0.4 a second, about 10 seconds left.",
    ]


def test_a_look_is_no_progress(clock, capsys):
    train = sequence_of(clock)
    train.on_epoch_begin()
    for _ in range(9):
        clock.sleep(10)
        train[0]  # the first time it is given out; later it is looked at
    train.close()
    assert told(capsys) == []


def test_it_can_be_switched_off(clock, capsys):
    take(sequence_of(clock, verbose=False), clock, 50)
    train = sequence_of(clock)
    train.verbose = False
    take(train, clock, 50)
    assert told(capsys) == []


def test_of_several_processes_the_first_tells(clock, capsys):
    train = sequence_of(clock)
    take(train.shard(1, 2), clock, 10)
    assert told(capsys) == []
    take(train.shard(0, 2), clock, 10)
    assert told(capsys)[0] == "8 of 40 files, 0.4 a second, about 80 seconds left."


def test_a_copy_that_only_gives_batches_says_nothing(capsys):
    train = sequence_of(Ticking(15))
    train.on_epoch_begin()
    copy = pickle.loads(pickle.dumps(train))
    for index in range(len(train)):
        copy[index]
    train.close()
    assert told(capsys) == []


def test_fit_and_its_validation_tell_and_with_verbose_0_nothing_does(capsys):
    train, val = sequence_of(Ticking(15), 12), sequence_of(Ticking(15), 16)
    model = small_model(run_eagerly=True)
    model.fit(train, validation_data=val, epochs=1, verbose=0)
    assert told(capsys) == []
    model.fit(train, validation_data=val, epochs=1, verbose=2)
    out = capsys.readouterr().out
    assert "\n8 of 12 files, 0.27 a second, about 15 seconds left.\n" in out
    assert "\nValidation: 8 of 16 files, 0.27 a second, about 30 seconds left.\n" in out
