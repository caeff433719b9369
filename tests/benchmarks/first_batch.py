"""From a fresh interpreter to the first trained batch of a large folder, step by step."""

import os
import statistics
import subprocess
import sys
import time

from tests.benchmarks.listing import make_pages
from tests.benchmarks.measure import BATCH, ENVIRONMENT, SIZE, Server, fresh
from tests.benchmarks.table import Row

TITLE = "First trained batch of a folder, from a fresh interpreter, 100 ms a request (seconds)"
STEPS = ("import Keras", "import the library", "sign in", "list", "read", "train")


def rows(bench):
    size = 3000 if bench.quick else 100_000
    drive = bench.work / "drive"
    drive.mkdir(exist_ok=True)
    options = ["--mount", f"photos={bench.photos}", "--virtual", f"big={size}", "--latency", 0.1]
    with Server(drive, *options) as server:
        fresh(make_pages, url=server.url)
        found = {"ours": [], "plain": []}
        for _ in range(bench.rounds):
            found["ours"].append(fresh(ours, url=server.url))
            found["plain"].append(fresh(plainly, url=server.url))
    yield _total(found, size)
    for step in STEPS:
        yield _step(found, step)
    yield _import_row(bench.rounds)


def _total(found, size):
    totals = {name: [sum(one.values()) for one in runs] for name, runs in found.items()}
    ratios = [plain / ours for ours, plain in zip(totals["ours"], totals["plain"])]
    needed = [one["import Keras"] + one["train"] for one in found["ours"]]
    limits = [plain / least for plain, least in zip(totals["plain"], needed)]
    return Row(
        f"all of it, {size:,} files",
        f"{statistics.median(totals['ours']):.1f}",
        statistics.median(ratios),
        peer="PyDrive2's `GetList` and a plain loop",
        there=f"{statistics.median(totals['plain']):.1f}",
        limit=statistics.median(limits),
        limit_is="Keras's import and first step alone",
        headline=f"first trained batch of {size:,} files",
    )


def _step(found, step):
    ours, plain = (
        statistics.median(one[step] for one in found[name]) for name in ("ours", "plain")
    )
    return Row(f"of that: {step}", f"{ours:.2f}", there=f"{plain:.2f}")


def _import_row(rounds):
    pairs = [(started("pass"), started("import colab_helpers")) for _ in range(4 * rounds + 1)]
    taken = statistics.median(with_import - bare for bare, with_import in pairs) * 1000
    bare = statistics.median(bare for bare, _ in pairs) * 1000
    return Row(
        "`import colab_helpers`, the interpreter's start not counted",
        f"{taken:.0f} ms",
        taken,
        " ms",
        peer="the interpreter's start",
        there=f"{bare:.0f} ms",
        most=50,
    )


def started(code):
    """Seconds that a fresh interpreter takes for a line."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, **ENVIRONMENT})
    return time.perf_counter() - begun


class Laps(dict):
    """Seconds of each step."""

    def __init__(self):
        super().__init__()
        self._last = time.perf_counter()

    def end(self, step):
        now = time.perf_counter()
        self[step], self._last = now - self._last, now


def ours(url):
    laps = Laps()
    import keras  # noqa: F401

    laps.end("import Keras")
    from colab_helpers import StreamingSequence, connect, decoder

    laps.end("import the library")
    drive = connect(endpoint=url)
    laps.end("sign in")
    files = list(drive.list_images("big"))
    laps.end("list")
    train = StreamingSequence(files, drive.read, decoder(SIZE), batch_size=BATCH)
    train[0]  # of the epoch to come: `fit` takes it from here
    laps.end("read")
    train_one_batch(train, laps)
    return laps


def plainly(url):
    """The same with PyDrive2 and a generator."""
    laps = Laps()
    import keras  # noqa: F401

    laps.end("import Keras")
    from tests.benchmarks import plain

    laps.end("import the library")
    drive = plain.plain_drive(url)
    laps.end("sign in")
    files = plain.list_plainly(drive, plain.folder_id(drive, "big"))
    laps.end("list")
    batches = plain.generate(files)
    first = next(batches)
    laps.end("read")
    train_one_batch((batch for batch in (first, first)), laps)
    return laps


def train_one_batch(data, laps):
    """`fit`, until the end of the first step; its model is made here too."""
    import keras

    from tests.benchmarks.fitting import trivial_model

    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 0:
                laps.end("train")
            self.model.stop_training = True

    trivial_model().fit(data, steps_per_epoch=1, verbose=0, callbacks=[Stop()])
