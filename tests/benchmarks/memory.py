"""Peak memory while pictures stream from Drive, over what was resident after the listing."""

import itertools

from tests.benchmarks.measure import BATCH, SIZE, Meter, Server, fresh, median
from tests.benchmarks.table import Row

TITLE = "Peak memory over the interpreter's, the listing not counted"


def rows(bench):
    sizes = (200, 2000) if bench.quick else (1000, 100_000)
    images = 320 if bench.quick else 4800
    virtual = [option for size in sizes for option in ("--virtual", f"n{size}={size}")]
    drive = bench.work / "drive"
    drive.mkdir(exist_ok=True)
    found = {size: [] for size in sizes}
    with Server(drive, "--mount", f"photos={bench.photos}", *virtual) as server:
        for _ in range(bench.rounds):
            for size in sizes:
                arguments = {"url": server.url, "folder": f"n{size}", "images": images}
                found[size].append(fresh(peak, **arguments))  # a process has one peak
    for size in sizes:
        megabytes = median(found, size, "memory MB")
        what = f"{size:,} files, {images:,} pictures streamed"
        yield Row(what, f"{megabytes:.0f} MB", megabytes, " MB", most=60)
    few, many = (median(found, size, "memory MB") for size in sizes)
    apart = abs(few - many)
    yield Row("the difference of the two", f"{apart:.1f} MB", apart, " MB", most=5, limit=0)


def peak(url, folder, images):
    """As many batches from few files as from many, in several epochs: only the files differ."""
    import keras  # noqa: F401

    from colab_helpers import StreamingSequence, connect, decoder

    drive = connect(endpoint=url)
    files = list(drive.list_images(folder))
    sequence = StreamingSequence(files, drive.read, decoder(SIZE), batch_size=BATCH)
    with Meter() as meter:
        epochs = itertools.chain.from_iterable(itertools.repeat(sequence))
        seen = sum(len(batch) for batch, _ in itertools.islice(epochs, images // BATCH))
    return meter.per(seen)
