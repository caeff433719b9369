"""First epoch from Drive at 100 ms a read: how near to what the network allows, and beside others.

With 32 reads in flight, 100 ms each allow 320 images a second. Uneven latency has the same mean and
is lognormal, with a sigma of 0.6."""

from tests.benchmarks.measure import BATCH, SIZE, Meter, Server, fresh, interleaved, median, ratio
from tests.benchmarks.table import Row

TITLE = "First epoch, from Drive at 100 ms a read, 32 reads in flight, to 224 x 224"
LATENCY, READS = 0.1, 32
LIMIT = READS / LATENCY
FIT, INDEX = "`fit`", "`for i in range(len(seq)): seq[i]`"
LOOP, WORKERS = "a plain loop", "`PyDataset(workers=8)`"
ASKED = {("even", FIT): 0.95, ("even", INDEX): 0.9, ("uneven", FIT): 0.85, ("uneven", INDEX): 0.8}
ASKED |= {LOOP: 25, WORKERS: 4}


def rows(bench):
    images = 512 if bench.quick else 3200
    for kind, sigma in (("even", 0.0), ("uneven", 0.6)):
        options = ["--mount", f"photos={bench.photos}", "--virtual", f"big={images}"]
        options += ["--latency", LATENCY, "--sigma", sigma]
        with Server(_empty(bench.work / "drive"), *options) as server:
            found = fresh(
                compare, url=server.url, images=images, rounds=bench.rounds, peers=not sigma
            )
        for way in (FIT, INDEX):
            speed = median(found, way, "images/s")
            yield Row(
                f"{way}, {kind} latency",
                f"{speed:.0f} images/s",
                speed / LIMIT,
                " of the limit",
                least=ASKED[kind, way],
                limit=1,
                limit_is=f"{LIMIT:.0f} images/s",
            )
        if not sigma:
            yield from _beside(found)


def _beside(found):
    for peer in (LOOP, WORKERS):
        speed = median(found, peer, "images/s")
        yield Row(
            "`fit`, even latency",
            f"{median(found, FIT, 'images/s'):.0f} images/s",
            ratio(found, FIT, peer, "images/s"),
            peer=peer,
            there=f"{speed:.1f} images/s",
            least=ASKED[peer],
            limit=LIMIT / speed,
            limit_is=f"{LIMIT:.0f} images/s",
            headline="first epoch, from Drive at 100 ms a read",
        )


def _empty(folder):
    folder.mkdir(exist_ok=True)
    return folder


def compare(url, images, rounds, peers):
    """All ways in one process, in turn. The slow ones read fewer pictures."""
    from tests.benchmarks.plain import first_files

    few, some = 2 * BATCH, 512
    ways = {FIT: lambda: by_fit(url), INDEX: lambda: by_index(url)}
    if peers:
        files = first_files(url, "big", some)
        ways[LOOP] = lambda: plain_loop(files[:few])
        ways[WORKERS] = lambda: plain_workers(files)
    return interleaved(rounds, ways, warm_up=False)


def ours(url):
    from colab_helpers import StreamingSequence, connect, decoder

    drive = connect(endpoint=url)
    files = list(drive.list_images("big"))
    return StreamingSequence(files, drive.read, decoder(SIZE), batch_size=BATCH, reads=READS)


def by_fit(url):
    from tests.benchmarks.fitting import timed_fit

    return timed_fit(ours(url))


def by_index(url):
    sequence = ours(url)
    images = 0
    with Meter() as meter:
        for index in range(len(sequence)):
            images += len(sequence[index][0])
    sequence.close()
    return meter.per(images)


def plain_loop(files):
    """Download, open, resize, append, yield."""
    from tests.benchmarks.fitting import timed_fit
    from tests.benchmarks.plain import generate

    return timed_fit(generate(files), steps_per_epoch=len(files) // BATCH)


def plain_workers(files):
    """keras.utils.PyDataset with eight workers, the same reading in __getitem__."""
    import keras
    import numpy as np

    from tests.benchmarks.fitting import timed_fit
    from tests.benchmarks.plain import download

    class Plain(keras.utils.PyDataset):
        def __len__(self):
            return len(files) // BATCH

        def __getitem__(self, index):
            chosen = files[index * BATCH : (index + 1) * BATCH]
            return np.array([download(file) for file in chosen]), np.zeros(BATCH, np.int32)

    return timed_fit(Plain(workers=8, max_queue_size=10))
