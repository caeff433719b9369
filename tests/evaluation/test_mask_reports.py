"""What the evaluation promises of masks: Keras's sums, batch by batch, and the right names."""

import io
import tracemalloc

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import jaccard_score

from colab_helpers.drive import File
from colab_helpers.evaluation import compare_masks, predict_once, rank_masks, report_masks
from colab_helpers.stream import PixelCache, StreamingSequence, decoder

NAMES = ["nothing", "cat", "dog"]
SIZE = (6, 8)
COUNT = 21


def make_files(count=COUNT):
    return [
        File(f"id{n:03}", f"cat_{n}.jpg", "x", f"x/{n}.jpg", 9, None, "1") for n in range(count)
    ]


def true_mask(number):
    return np.random.default_rng(number).integers(0, 3, SIZE, np.uint8)


def said_mask(number):
    """What the model says of a picture: the true mask with ever more pixels of another one."""
    rng = np.random.default_rng(100 + number)
    is_wrong = rng.random(SIZE) < (number * 5 % COUNT) / COUNT
    return np.where(is_wrong, rng.integers(0, 3, SIZE), true_mask(number)).astype(int)


class Batches:
    """A sequence of masks; the first pixel of each picture tells its number."""

    label_mode = "image"

    def __init__(self, count=COUNT, masks=true_mask, batch_size=4, files=None):
        self.files = make_files(count) if files is None else files
        self.masks = masks
        self.batch_size = batch_size

    def in_order(self):
        for start in range(0, len(self.files), self.batch_size):
            files = self.files[start : start + self.batch_size]
            images = np.zeros((len(files), *SIZE, 3), "uint8")
            images[:, 0, 0, 0] = [int(file.id[2:]) for file in files]
            masks = np.stack([self.masks(int(file.id[2:])) for file in files])
            yield images, masks.reshape(len(files), *SIZE, -1), files


class Model:
    """Says the mask of the number that it sees, in one channel a class."""

    def predict_on_batch(self, images):
        masks = np.stack([said_mask(number) for number in images[:, 0, 0, 0]])
        return np.eye(3, dtype="float32")[masks] * 0.6 + 0.1


class Shares:
    """Says one channel of class 1, or whatever it is told to."""

    def __init__(self, answers=None):
        self.answers = answers

    def predict_on_batch(self, images):
        if self.answers is not None:
            return self.answers
        return np.stack([said_mask(number) > 0 for number in images[:, 0, 0, 0]])[..., None] * 0.9


def own_overlap(number):
    """By scikit-learn, of the classes in the true mask."""
    true, said = true_mask(number).ravel(), said_mask(number).ravel()
    return jaccard_score(true, said, labels=np.unique(true), average="macro")


def true_and_said(count=COUNT):
    numbers = range(count)
    return np.stack([true_mask(n) for n in numbers]), np.stack([said_mask(n) for n in numbers])


# Sums


def test_by_class_the_sums_are_scikit_learns():
    table = report_masks(compare_masks(Model(), Batches()), NAMES)
    true, said = true_and_said()
    expected = jaccard_score(true.ravel(), said.ravel(), average=None)
    np.testing.assert_allclose(table.loc[NAMES, "iou"], expected)
    assert table.loc[NAMES, "expected"].tolist() == np.bincount(true.ravel()).tolist()
    assert table.loc[NAMES, "predicted"].tolist() == np.bincount(said.ravel()).tolist()
    assert table.loc["mean", "support"] == COUNT


@pytest.mark.parametrize("ignore_class", [None, 0, 2])
def test_the_mean_is_keras_mean_iou(ignore_class):
    keras = pytest.importorskip("keras")
    metric = keras.metrics.MeanIoU(3, ignore_class=ignore_class)
    metric.update_state(*true_and_said())
    compared = compare_masks(Model(), Batches(), ignore_class=ignore_class)
    assert compared.mean_overlap == pytest.approx(float(metric.result()), abs=1e-6)


def test_each_pictures_own_overlap_is_scikit_learns():
    table = rank_masks(compare_masks(Model(), Batches()), NAMES)
    for row, overlap in zip(table["row"], table["iou"]):
        assert overlap == pytest.approx(own_overlap(row))


def test_a_class_that_occurs_nowhere_is_no_zero():
    compared = compare_masks(Model(), Batches(masks=lambda n: said_mask(n) * 0 + 1), keep=0)
    table = report_masks(compared, NAMES)
    assert table.loc["nothing", "iou"] == 0  # predicted, and in no true mask
    perfect = compare_masks(
        Shares(np.zeros((4, *SIZE, 1))), Batches(masks=lambda n: np.zeros(SIZE))
    )
    table = report_masks(perfect, ["nothing", "thing"])
    assert table["iou"].fillna(-1).tolist() == [1, -1, 1]


def test_one_channel_counts_from_a_half_on():
    compared = compare_masks(Shares(), Batches(masks=lambda n: true_mask(n) > 0))
    true, said = true_and_said()
    assert compared.class_overlaps[1] == pytest.approx(
        jaccard_score(true.ravel() > 0, said.ravel() > 0)
    )


def test_one_hot_masks_are_taken_too():
    one_hot = Batches(masks=lambda n: np.eye(3, dtype="float32")[true_mask(n)])
    expected = compare_masks(Model(), Batches())
    assert compare_masks(Model(), one_hot).overlaps.tolist() == expected.overlaps.tolist()


# Which pictures


def test_the_worst_come_first_by_name():
    table = rank_masks(compare_masks(Model(), Batches()), NAMES)
    assert table["iou"].is_monotonic_increasing
    assert table["name"].tolist() == [f"cat_{row}.jpg" for row in table["row"]]
    assert table["iou"].iloc[-1] == 1 and table["row"].iloc[-1] == 0  # its mask is said as it is


def test_a_stray_pixel_of_another_class_does_not_make_a_picture_the_worst():
    """The class overlaps by nothing, in the report of all pictures too, but it is one pixel."""
    answers = np.zeros((2, *SIZE, 3))
    answers[:, :3, :, 1] = 1
    answers[0, 0, 0, 2] = 2
    answers[1, :2, :, 1] = -1
    half = np.repeat([1, 1, 1, 0, 0, 0], SIZE[1]).reshape(SIZE)
    compared = compare_masks(Shares(answers), Batches(2, lambda n: half, batch_size=2))
    table = rank_masks(compared, NAMES)
    assert table["row"].tolist() == [1, 0]
    assert table["iou"][1] == pytest.approx((1 + 23 / 24) / 2)
    assert table["worst_class"].tolist() == ["cat", "cat"]


def test_masks_of_the_worst_are_kept_whichever_batch_they_were_in():
    whole = rank_masks(compare_masks(Model(), Batches()), NAMES)
    for batch_size in (1, 4, COUNT):
        compared = compare_masks(Model(), Batches(batch_size=batch_size), keep=3)
        assert [mask.row for mask in compared.worst] == whole["row"].tolist()[:3]
        for mask in compared.worst:
            assert mask.image[0, 0, 0] == mask.row
            assert (mask.expected == true_mask(mask.row)).all()
            assert (mask.predicted == said_mask(mask.row)).all()


def test_what_is_kept_does_not_keep_its_batch_in_memory():
    compared = compare_masks(Model(), Batches(), keep=3)
    for mask in compared.worst:
        for array in (mask.image, mask.expected, mask.predicted):
            assert array.base is None


class SameBatch:
    """Ten pictures of 64 x 64, so many times."""

    label_mode = "image"

    def __init__(self, times):
        self.times = times
        self.batch = (np.zeros((10, 64, 64, 3)), np.zeros((10, 64, 64, 1)), make_files(10))

    def in_order(self):
        for _ in range(self.times):
            yield self.batch


def peak_memory(times):
    sequence = SameBatch(times)
    model = Shares(np.zeros((10, 64, 64, 1)))
    tracemalloc.start()
    compare_masks(model, sequence)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_of_a_picture_far_less_than_a_mask_stays_in_memory():
    """So the masks of 10,000 pictures need not be there at once."""
    peak_memory(1)  # what is made once
    added = peak_memory(60) - peak_memory(10)
    assert added / 500 < 64 * 64 / 4  # bytes


def test_pixels_that_do_not_count_are_marked_and_a_picture_of_them_alone_comes_last():
    def with_a_frame(number):
        mask = true_mask(number)
        mask[0] = 255
        return mask if number else np.full(SIZE, 255)

    compared = compare_masks(Model(), Batches(masks=with_a_frame), ignore_class=255)
    assert (compared.worst[0].expected[0] == -1).all()
    assert compared.expected.sum() == (COUNT - 1) * (SIZE[0] - 1) * SIZE[1]
    table = rank_masks(compared, NAMES)
    assert table["row"].iloc[-1] == 0 and np.isnan(table["iou"].iloc[-1])


def png(array):
    data = io.BytesIO()
    Image.fromarray(array).save(data, "PNG")
    return data.getvalue()


def read(file):
    """The picture of a number, or its mask; two pictures and one mask are damaged."""
    number = int(file.id[-3:])
    if file.id.startswith("mask"):
        return b"no mask" if number == 7 else png(true_mask(number))
    if number in (0, 11):
        return b"no picture"
    picture = np.zeros((*SIZE, 3), np.uint8)
    picture[0, 0, 0] = number
    return png(picture)


@pytest.mark.parametrize("has_cache", [False, True])
def test_masks_stay_with_their_pictures_from_the_files_to_the_ranking(has_cache, tmp_path):
    """Also where files were left out, weights go along, and pixels come from a cache."""
    files = make_files()
    masks = {
        file.id: File(f"mask{file.id[2:]}", "m.png", None, "m.png", 9, None, "1") for file in files
    }
    sequence = StreamingSequence(
        files[::-1],
        read,
        decoder(SIZE),
        labels=masks,
        label_mode="image",
        sample_weight={file.id: number for number, file in enumerate(files)},
        batch_size=4,
        cache=PixelCache(tmp_path, max_bytes=1e6) if has_cache else None,
        on_bad_file="skip",
    )
    for _ in range(2):
        compared = compare_masks(Model(), sequence)
        table = rank_masks(compared, NAMES)
        assert sorted(table["id"]) == [f"id{n:03}" for n in range(COUNT) if n not in (0, 7, 11)]
        for id, name, overlap in zip(table["id"], table["name"], table["iou"]):
            assert name == f"cat_{int(id[2:])}.jpg"
            assert overlap == pytest.approx(own_overlap(int(id[2:])))
    answers, labels, kept_files = predict_once(Model(), sequence)
    for answer, label, file in zip(answers, labels, kept_files):
        assert (label[..., 0] == true_mask(int(file.id[2:]))).all()
        assert (answer.argmax(axis=-1) == said_mask(int(file.id[2:]))).all()


# Several outputs


class Outputs:
    """Says a class beside the mask."""

    def predict_on_batch(self, images):
        return {"kind": np.ones((len(images), 2)), "mask": Model().predict_on_batch(images)}


class BatchesOfOutputs(Batches):
    label_mode = {"kind": "int", "mask": "image"}

    def in_order(self):
        for images, masks, files in super().in_order():
            yield (
                {"image": images, "at": 0 * images},
                {"kind": masks[:, 0, 0, 0], "mask": masks},
                files,
            )


def test_of_several_outputs_one_is_the_mask():
    class Model2(Outputs):
        def predict_on_batch(self, images):
            return super().predict_on_batch(images["image"])

    compared = compare_masks(Model2(), BatchesOfOutputs(), output="mask")
    assert compared.mean_overlap == compare_masks(Model(), Batches()).mean_overlap
    assert compared.worst[0].image[0, 0, 0] == compared.worst[0].row
    with pytest.raises(ValueError, match=r"gives \['kind', 'mask'\]: say which.*output=None"):
        compare_masks(Model2(), BatchesOfOutputs())


def test_a_dict_of_one_output_is_that_output():
    class Named(Model):
        def predict_on_batch(self, images):
            return {"mask": super().predict_on_batch(images)}

    expected = compare_masks(Model(), Batches()).mean_overlap
    assert compare_masks(Named(), Batches()).mean_overlap == expected
    assert compare_masks(Named(), Batches(), output="mask").mean_overlap == expected


def test_half_precision_is_taken():
    """A model with mixed precision may answer in bfloat16, which NumPy does not count as float."""
    ml_dtypes = pytest.importorskip("ml_dtypes")

    class Half(Model):
        def predict_on_batch(self, images):
            return super().predict_on_batch(images).astype(ml_dtypes.bfloat16)

    expected = compare_masks(Model(), Batches()).overlaps
    np.testing.assert_array_equal(compare_masks(Half(), Batches()).overlaps, expected)


# What does not fit


@pytest.mark.parametrize(
    "model, masks, options, message",
    [
        (Model(), lambda n: true_mask(n) + np.uint8(1), {}, "'cat_0.jpg' holds 3, .* 3 classes"),
        (Shares(), lambda n: true_mask(n) * 0 + 255, {}, "holds 255, .* 2.*ignore_class=255"),
        (Model(), lambda n: true_mask(n) - 1.0, {"ignore_class": 255}, "'cat_0.jpg' holds -1"),
        (Model(), lambda n: true_mask(n) / 2, {}, "fractions.*nearest.*'cat_0.jpg'"),
        (Shares(np.zeros((4, 3, 4, 3))), true_mask, {}, r"masks \(4, 6, 8, 1\), .* \(4, 3, 4, 3\)"),
        (Shares(np.zeros((4, 3))), true_mask, {}, r"of one size.*predictions \(4, 3\)"),
        (Shares(np.full((4, *SIZE, 1), 4)), true_mask, {}, "sigmoid.*from 4 to 4"),
        (Model(), true_mask, {"output": "mask"}, "The model gives one array.*'mask'"),
    ],
)
def test_what_does_not_fit_is_refused(model, masks, options, message):
    with pytest.raises(ValueError, match=message):
        compare_masks(model, Batches(masks=masks), **options)


def test_a_sequence_without_masks_is_refused():
    sequence = StreamingSequence(make_files()[1:3], read, decoder(SIZE))
    with pytest.raises(ValueError, match=r"label_mode=\"image\".*masks \(2,\)"):
        compare_masks(Model(), sequence)
    sequence = StreamingSequence(make_files()[1:3], read, decoder(SIZE), label_mode=None)
    with pytest.raises(ValueError, match="needs true masks"):
        compare_masks(Model(), sequence)


def test_a_name_for_each_class_of_the_model_is_wanted():
    compared = compare_masks(Model(), Batches())
    for evaluate in (report_masks, rank_masks):
        with pytest.raises(ValueError, match="gives 3 classes.*has 2 names"):
            evaluate(compared, NAMES[:2])


def test_no_picture_at_all_is_refused():
    with pytest.raises(ValueError, match="yielded no picture"):
        compare_masks(Model(), Batches(files=[]))


@pytest.mark.parametrize("model_names_it", [True, False])
def test_the_only_output_is_found_without_its_name(model_names_it):
    class Named(Batches):
        label_mode = {"mask": "image"}

        def in_order(self):
            for images, masks, files in super().in_order():
                yield images, {"mask": masks}, files

    class Answers(Model):
        def predict_on_batch(self, images):
            answers = super().predict_on_batch(images)
            return {"mask": answers} if model_names_it else answers

    expected = compare_masks(Model(), Batches()).mean_overlap
    assert compare_masks(Answers(), Named()).mean_overlap == expected
