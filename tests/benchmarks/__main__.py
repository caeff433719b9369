"""`make bench`, or `python -m tests.benchmarks`: this stream against what one would use instead.

Prints a Markdown table, and each single result to stderr as it comes. `--quick` is for trying the
benchmark itself: few files, one round, numbers without meaning. `--only cold,warm` runs some of:
cold, local, warm, memory, listing."""

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks import contestants, pictures
from tests.benchmarks.measure import BATCH, Server, fresh, machine, median, ratio, rounds


def cold(work, photos, quick, count):
    """First epoch over the network."""
    images, latency, reads = (1024 if quick else 8192), 0.1, 32
    yield "**First epoch, from Drive**", "", "", ""
    options = "--mount", f"photos={photos}", "--virtual", f"big={images}"
    drive = {"folder": "big", "count": images}
    for sigma, target in ((0.0, 0.95), (0.6, 0.85)):
        with Server(work / "drive", *options, "--latency", latency, "--sigma", sigma) as server:
            peers = (
                {}
                if sigma
                else {
                    "generator": (
                        contestants.drive_generator,
                        {**drive, "url": server.url, "count": 6 * BATCH},
                    ),
                    "pydataset": (
                        contestants.drive_pydataset,
                        {**drive, "url": server.url, "count": images // 4},
                    ),
                }
            )
            results = rounds(
                count,
                ours=(contestants.drive_ours, {**drive, "url": server.url, "reads": reads}),
                **peers,
            )
        if not sigma:
            with Server(work / "drive", *options) as server:
                free = fresh(contestants.drive_ours, url=server.url, **drive)
                served = server.cpu / images * 1e3
            cpu = len(os.sched_getaffinity(0)) / (free["CPU ms"] + served) * 1e3
        speed, bound = median(results["ours"], "images/s"), min(reads / latency, cpu)
        kind = f"lognormal, sigma {sigma}" if sigma else "constant"
        yield (
            f"100 ms a read ({kind}), 32 reads in flight",
            f"{speed:.0f} images/s",
            f"at most {bound:.0f} (32 reads / 100 ms: {reads / latency:.0f}; "
            f"both cores busy: {cpu:.0f}, with "
            f"{free['CPU ms']:.1f} ms CPU an image here and {served:.1f} ms in the stand-in)",
            f"{speed / bound:.2f} of the limit (target {target})",
        )
        for name, text, wanted in (
            ("generator", "plain generator", 25),
            ("pydataset", "`PyDataset(workers=8)`", 4),
        ):
            if name in results:
                yield (
                    f"the same against the {text}",
                    f"{speed:.0f} images/s",
                    f"{median(results[name], 'images/s'):.1f} images/s",
                    f"{ratio(results, 'ours', name, 'images/s'):.1f}x (target {wanted}x)",
                )


def local(work, photos, quick, count):
    """First epoch from the local disk."""
    yield "**First epoch, from local disk** (CPU time an image, wall time in brackets)", "", "", ""
    directory = "image_dataset_from_directory"
    for kind, folder, targets in (
        ("4000 x 3000", pictures.large(work, photos, 8 if quick else 64), {"pillow": 3}),
        ("500 x 375", photos, {"pillow": 0.6, "opencv": 1.3}),
    ):
        where = {"folder": str(folder)}
        peers = {directory: (contestants.local_directory, where)}
        if folder == photos:
            peers |= {
                "flow_from_directory": (contestants.local_generator, where),
                "grain": (contestants.local_grain, where),
                "datasets": (
                    contestants.local_datasets,
                    {**where, "cache": str(work / "datasets")},
                ),
            }
        results = rounds(
            count,
            pillow=(contestants.local_ours, where),
            opencv=(contestants.local_ours, {**where, "library": "opencv"}),
            floor=(contestants.local_floor, where),
            **peers,
        )
        for library, name in [("opencv", directory), *(("pillow", peer) for peer in peers)]:
            wanted = (
                f" (target {targets[library]}x)" if name == directory and library in targets else ""
            )
            yield (
                f"{kind}, {library}, against `{name}`",
                _cpu_and_wall(results[library]),
                _cpu_and_wall(results[name]),
                f"{ratio(results, name, library, 'CPU ms'):.2f}x{wanted}",
            )
        yield (
            f"{kind}: undoing the JPEG's entropy coding alone",
            _cpu_and_wall(results["floor"]),
            "",
            "the floor",
        )


def _cpu_and_wall(results):
    return f"{median(results, 'CPU ms'):.2f} ms ({median(results, 'wall ms'):.2f})"


def warm(work, photos, quick, count):
    """The epochs after the first, inside `fit`."""
    yield "**Second epoch, in `fit` with a trivial model**", "", "", ""
    folder = pictures.many(work, photos, 640 if quick else 8000)
    steps = sum(1 for _ in folder.glob("*/*.*")) // BATCH
    results = {}
    for _ in range(count):
        cache = work / "pixels"
        for name, found in rounds(
            1,
            constant=(contestants.fit_constant, {"steps": steps}),
            memory=(contestants.fit_memory, {"steps": steps}),
            ours=(contestants.fit_ours, {"folder": str(folder), "cache": str(cache)}),
            directory=(contestants.fit_directory, {"folder": str(folder)}),
        ).items():
            results.setdefault(name, []).extend(found)
        shutil.rmtree(cache)
    step = {name: f"{median(found, 'step ms'):.1f} ms a step" for name, found in results.items()}
    yield (
        "`PixelCache` against a constant batch",
        step["ours"],
        step["constant"],
        f"{ratio(results, 'ours', 'constant', 'step ms'):.2f}x its time (target at most 1.2x)",
    )
    yield (
        "images in memory, taken out by the batch, against the same",
        step["memory"],
        step["constant"],
        f"{ratio(results, 'memory', 'constant', 'step ms'):.2f}x its time: "
        "the floor for images that differ",
    )
    yield (
        "`PixelCache` against `image_dataset_from_directory`",
        step["ours"],
        step["directory"],
        f"{ratio(results, 'directory', 'ours', 'step ms'):.1f}x as fast",
    )


def memory(work, photos, quick, count):
    """Peak memory."""
    yield "**Peak memory** over the interpreter's, the listing not counted", "", "", ""
    sizes = (200, 2000) if quick else (1000, 100_000)
    virtual = [option for size in sizes for option in ("--virtual", f"n{size}={size}")]
    found = {}
    with Server(work / "drive", "--mount", f"photos={photos}", *virtual) as server:
        for size in sizes:
            images = 400 if quick else 20_000
            arguments = {"url": server.url, "folder": f"n{size}", "count": size, "images": images}
            found[size] = median(
                rounds(count, ours=(contestants.memory_ours, arguments))["ours"], "memory MB"
            )
            yield (
                f"{size:,} files, {images:,} streamed",
                f"{found[size]:.0f} MB",
                "",
                "(target at most 60 MB)",
            )
    yield (
        "difference",
        f"{abs(found[sizes[0]] - found[sizes[1]]):.1f} MB",
        "",
        "(target at most 5 MB)",
    )


def listing(work, photos, quick, count):
    """Listing a large folder."""
    size = 3000 if quick else 100_000
    yield f"**Listing a folder of {size:,} files**", "", "", ""
    with Server(
        work / "drive", "--mount", f"photos={photos}", "--virtual", f"big={size}"
    ) as server:
        arguments = {"url": server.url, "folder": "big"}
        fresh(
            contestants.list_ours, **arguments
        )  # the stand-in keeps its pages: nobody pays for making them
        fresh(contestants.list_pydrive, **arguments)
        results = rounds(
            count,
            ours=(contestants.list_ours, arguments),
            pydrive=(contestants.list_pydrive, arguments),
        )
        first = fresh(contestants.first_pictures, **arguments)
    yield (
        "`list_images` against PyDrive2's `GetList`",
        f"{median(results['ours'], 'seconds'):.1f} s",
        f"{median(results['pydrive'], 'seconds'):.1f} s",
        f"{ratio(results, 'pydrive', 'ours', 'seconds'):.1f}x (target 2x)",
    )
    yield (
        "memory kept",
        f"{median(results['ours'], 'bytes a file'):.0f} bytes a file",
        "",
        "(target at most 450)",
    )
    yield (
        "first 32 pictures, read and decoded",
        f"{first['pages']} page requests, {first['seconds']:.2f} s",
        "",
        "(target under 3)",
    )


GROUPS = {function.__name__: function for function in (cold, local, warm, memory, listing)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default=",".join(GROUPS))
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    begun, table = time.perf_counter(), []
    if os.getloadavg()[0] > 0.5:
        print(f"Note: the machine is busy (load {os.getloadavg()[0]:.1f}).", file=sys.stderr)
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        (work / "drive").mkdir()
        photos, kind = pictures.small(work)
        for name in options.only.split(","):
            print(name, file=sys.stderr)
            for row in GROUPS[name](
                work, photos, options.quick, 1 if options.quick else options.rounds
            ):
                table.append(row)
                print("  " + " | ".join(row), file=sys.stderr, flush=True)
    print("| what | here | compared with | ratio |\n|---|---|---|---|")
    for row in table:
        print(f"| {' | '.join(row)} |")
    command = " ".join(["python -m tests.benchmarks", *sys.argv[1:]])
    round_count = 1 if options.quick else options.rounds
    minutes = (time.perf_counter() - begun) / 60
    print(
        f"\n`{command}`: {machine()}; photographs: {kind}; 224 x 224, batches of 32, "
        f"medians of {round_count} rounds, each contestant in a fresh process, in turn; "
        f"{minutes:.0f} minutes."
    )


if __name__ == "__main__":
    main()
