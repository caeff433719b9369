"""What other labels than classes cost: a batch with them over a batch of the same pictures."""

from tests.benchmarks import pictures
from tests.benchmarks.augment import WORDS
from tests.benchmarks.measure import BATCH, SIZE, Meter, fresh, interleaved, median, ratio
from tests.benchmarks.table import TIME, Row

TITLE = "Masks and other labels beside classes, from the local disk (CPU ms an image)"
INT = '`label_mode="int"`'
MASKS, AUGMENTED = '`label_mode="image"` (masks)', ", augmented"
OTHERS = ('`label_mode="multi_label"`', '`label_mode="raw"`')


def rows(bench):
    masks = pictures.masks(bench.work, bench.photos)
    found = fresh(
        compare,
        photos=str(bench.photos),
        masks=str(masks),
        most=64 if bench.quick else 640,
        rounds=bench.rounds,
    )

    def row(name, alone, **asked):
        return Row(
            name,
            f"{median(found, name, 'CPU ms'):.2f} ms",
            ratio(found, name, alone, "CPU ms"),
            TIME,
            limit=1,
            limit_is=f"{alone}: {median(found, alone, 'CPU ms'):.2f} ms",
            **asked,
        )

    yield row(MASKS, INT, most=2)
    yield row(MASKS + AUGMENTED, INT + AUGMENTED, most=2)
    for other in OTHERS:
        yield row(other, INT, most=1.05)  # 1 and the noise of a round


def compare(photos, masks, most, rounds):
    """All ways in one process, in turn."""
    from colab_helpers import augmenter, connect, pair

    drive = connect(photos)
    files = list(drive.list_images("."))[:most]
    stems = {file.name for file in files}
    mask_drive = connect(masks)
    mask_of = pair(files, [f for f in mask_drive.list_images(".") if _as_jpeg(f.name) in stems])
    mask_ids = {file.id for file in mask_of.values()}

    def read(file):
        return (mask_drive if file.id in mask_ids else drive).read(file)

    labels = {
        '"int"': None,
        '"image"': mask_of,
        '"multi_label"': {file.id: [file.label, "flower"] for file in files},
        '"raw"': {file.id: 1.5 for file in files},
    }
    usual = augmenter(**WORDS)
    ways = {}
    for name, mode, augment in (
        (INT, "int", None),
        (MASKS, "image", None),
        (OTHERS[0], "multi_label", None),
        (OTHERS[1], "raw", None),
        (INT + AUGMENTED, "int", usual),
        (MASKS + AUGMENTED, "image", usual),
    ):
        choices = {"label_mode": mode, "labels": labels[f'"{mode}"'], "augment": augment}
        ways[name] = lambda choices=choices: timed(files, read, choices)
    return interleaved(rounds, ways)


def _as_jpeg(name):
    return name.removesuffix(".png") + ".jpg"


def timed(files, read, choices):
    from colab_helpers import StreamingSequence, decoder

    sequence = StreamingSequence(files, read, decoder(SIZE), batch_size=BATCH, **choices)
    with Meter() as meter:
        images = sum(len(pixels) for pixels, _ in sequence)
    return meter.per(images)
