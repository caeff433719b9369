"""Files that stand in a list more than once, as when a rare class is oversampled."""

from collections import Counter

import numpy as np
import pytest
from numbered_photos import Photo, Reads, decode, epoch_of, numbers, photos, read, same

from colab_helpers.stream import PixelCache, StreamingSequence

RARE = photos(4)
OTHERS = photos(40)[4:]
OVERSAMPLED = [*RARE, *OTHERS, *RARE * 8]


def noise(image, rng):
    varied = image.copy()
    varied[..., 2] = rng.integers(0, 256, image.shape[:2], np.uint8)
    return varied


def keyed(data):
    return decode(data)


keyed.key = "3x2"
keyed.shape = (3, 2, 3)


def sequence_of(files=OVERSAMPLED, **options):
    return StreamingSequence(files, read, keyed, batch_size=8, augment=noise, **options)


def seen(batches):
    """The number of each image, and its pixels."""
    return [
        (number, image.tobytes())
        for images, _ in batches
        for number, image in zip(numbers(images), images)
    ]


@pytest.mark.parametrize("epoch", [0, 1])
def test_each_occurrence_comes_once_an_epoch_and_varied_in_its_own_way(epoch):
    sequence = sequence_of()
    sequence.load_state_dict(sequence.state_dict(epoch, 0))
    images = seen(epoch_of(sequence))
    counts = Counter(number for number, _ in images)
    assert counts == {n: 9 if n < 4 else 1 for n in range(40)}
    assert len(set(images)) == len(images) == len(OVERSAMPLED)


def test_occurrences_are_spread_over_the_epoch():
    rare_in_batch = [
        sum(number < 4 for number in numbers(images)) for images, _ in epoch_of(sequence_of())
    ]
    assert sum(rare_in_batch) == 36
    assert all(1 <= count <= 7 for count in rare_in_batch)


def test_files_that_stand_once_keep_their_places_among_themselves_and_their_variations():
    plain = seen(epoch_of(sequence_of([*RARE, *OTHERS])))
    oversampled = seen(epoch_of(sequence_of()))
    assert [image for image in oversampled if image in set(plain)] == plain


def test_the_order_of_the_list_changes_nothing():
    assert same(epoch_of(sequence_of()), epoch_of(sequence_of(OVERSAMPLED[::-1])))


@pytest.mark.parametrize("epoch", [0, 1])
def test_each_occurrence_has_its_own_label_weight_and_input_where_these_are_lists(epoch):
    files = [*photos(8)] * 4
    own = list(range(len(files)))
    sequence = StreamingSequence(
        files,
        read,
        decode,
        labels=own,
        label_mode="raw",
        sample_weight=own,
        inputs={"place": own},
        batch_size=5,
    )
    sequence.load_state_dict(sequence.state_dict(epoch, 0))
    shown = []
    for inputs, labels, weights in epoch_of(sequence):
        assert labels.tolist() == weights.tolist() == inputs["place"].tolist()
        assert numbers(inputs["image"]) == [int(label) % 8 for label in labels]
        shown += labels.tolist()
    assert sorted(shown) == own and shown != own


def test_shards_and_a_resumed_run_see_the_same_occurrences():
    whole = epoch_of(sequence_of())
    shards = [epoch_of(sequence_of().shard(index, 2)) for index in range(2)]
    for batch, first, second in zip(whole, *shards, strict=True):
        assert same([batch], [(np.concatenate([first[0], second[0]]), [*first[1], *second[1]])])
    resumed = sequence_of()
    resumed.load_state_dict(resumed.state_dict(0, 3))
    assert same(epoch_of(resumed), whole[3:])


def test_a_cache_keeps_a_repeated_file_once_and_changes_nothing(tmp_path):
    cache = PixelCache(tmp_path, max_bytes=10**6)
    cached = sequence_of(cache=cache)
    plain = sequence_of()
    for _ in range(2):
        assert same(epoch_of(cached), epoch_of(plain))
    assert cache.stats["records"] == 40
    cache.close()


def test_in_blocks_each_repetition_has_a_turn_of_its_own():
    """A block is read once for each repetition, rather than all of them in a row."""
    files = [Photo(f"id{n:05d}", f"{n}.jpg", "a", block=n // 10) for n in range(200)]
    sequence = StreamingSequence(files + files[:10] * 9, read, decode, batch_size=290)
    images, _ = sequence[0]
    places = np.flatnonzero(np.array(numbers(images)) < 10)
    assert len(places) == 100
    assert np.ptp(places) > 200


def test_a_bad_file_is_named_once_however_often_it_stands_there(capsys):
    def refuse_one(file):
        if file.id == "id00001":
            raise OSError("it is gone")
        return read(file)

    sequence = StreamingSequence(OVERSAMPLED, refuse_one, decode, batch_size=8, on_bad_file="skip")
    images = seen(epoch_of(sequence))
    assert len(images) == len(OVERSAMPLED) - 9
    assert [file.id for file, _ in sequence.skipped] == ["id00001"]
    assert capsys.readouterr().out.count("Left out 1 of") == 1


def test_repeated_files_are_read_once_for_each_occurrence_without_a_cache():
    reads = Reads()
    epoch_of(StreamingSequence(OVERSAMPLED, reads, decode, batch_size=8))
    assert reads.count["id00000"] == 9 and reads.count["id00010"] == 1
