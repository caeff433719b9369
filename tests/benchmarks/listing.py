"""Listing: one folder of very many files, the first pictures of it, and many folders."""

import json
import urllib.request

from tests.benchmarks.measure import SIZE, Meter, Server, fresh, interleaved, median, ratio
from tests.benchmarks.table import Row

LATENCY = 0.1
TITLE = "Listing"
OURS, PLAIN = "`list_images`", "PyDrive2's `GetList`"
TRACED, FIRST = "traced", "first"


def rows(bench):
    size, folders = (3000, 20) if bench.quick else (100_000, 200)
    drive = bench.work / "drive"
    drive.mkdir(exist_ok=True)
    options = ["--mount", f"photos={bench.photos}", "--virtual", f"big={size}"]
    with Server(drive, *options) as server:
        found = fresh(one_folder, url=server.url, rounds=bench.rounds)
    yield from _one_folder_rows(found, size)
    tree = bench.work / "folders"
    for number in range(folders):
        picture = tree / "folders" / f"{number:04}" / "1.jpg"
        picture.parent.mkdir(parents=True)
        picture.write_bytes(b"a picture")
    with Server(tree, "--latency", LATENCY) as server:
        found = fresh(many_folders, url=server.url, rounds=min(bench.rounds, 2))
    yield _many_folders_row(found, folders)


def _one_folder_rows(found, size):
    yield Row(
        f"{size:,} files of one folder",
        f"{median(found, OURS, 'seconds'):.1f} s",
        ratio(found, PLAIN, OURS, "seconds"),
        peer=PLAIN,
        there=f"{median(found, PLAIN, 'seconds'):.1f} s",
        least=2,
        headline=f"listing {size:,} files",
    )
    kept = median(found, TRACED, "bytes")
    what = "memory that a listed file keeps"
    yield Row(what, f"{kept:.0f} bytes", kept, " bytes", most=450)
    yield Row(
        f"the first 32 pictures of {size:,}, read and decoded",
        f"{median(found, FIRST, 'seconds'):.2f} s",
        median(found, FIRST, "pages"),
        " requests for pages",
        most=2,
        limit=1,
    )


def _many_folders_row(found, folders):
    one_by_one = folders * LATENCY
    return Row(
        f"{folders} folders at 100 ms a request",
        f"{median(found, OURS, 'seconds'):.1f} s",
        ratio(found, PLAIN, OURS, "seconds"),
        peer=f"{PLAIN}, folder by folder",
        there=f"{median(found, PLAIN, 'seconds'):.1f} s",
        least=one_by_one / 4,  # 4 s for 200 folders
        limit=one_by_one / 0.5,
        limit_is="0.5 s for 200, with 40 requests in flight",
        headline=f"listing {folders} folders at 100 ms a request",
    )


def one_folder(url, rounds):
    """All ways in one process, in turn. In the warm-up, the stand-in makes its pages."""
    from tests.benchmarks.plain import folder_id, list_plainly, plain_drive

    plain = plain_drive(url)
    folder = folder_id(plain, "big")
    ways = {
        OURS: lambda: seconds(lambda: list_ours(url, "big")),
        PLAIN: lambda: seconds(lambda: list_plainly(plain, folder)),
        FIRST: lambda: first_pictures(url, "big"),
    }
    found = interleaved(rounds, ways)
    traced = kept(lambda: list_ours(url, "big"))
    return {**found, TRACED: [{"bytes": traced}]}


def make_pages(url):
    """Lists the folder both ways, so that the stand-in makes its pages, and keeps them."""
    from tests.benchmarks.plain import folder_id, list_plainly, plain_drive

    plain = plain_drive(url)
    list_ours(url, "big")
    list_plainly(plain, folder_id(plain, "big"))
    return {}


def many_folders(url, rounds):
    """Each folder costs a request."""
    from tests.benchmarks.plain import folder_id, list_plainly, plain_drive

    plain = plain_drive(url)
    top = folder_id(plain, "folders")
    ways = {
        OURS: lambda: seconds(lambda: list_ours(url, "folders")),
        PLAIN: lambda: seconds(
            lambda: [list_plainly(plain, folder["id"]) for folder in list_plainly(plain, top)]
        ),
    }
    return interleaved(rounds, ways, warm_up=False)


def list_ours(url, folder):
    from colab_helpers import connect

    return list(connect(endpoint=url).list_images(folder))


def seconds(work):
    with Meter() as meter:
        work()
    return {"seconds": meter.wall}


def kept(make):
    """Bytes that each item of a list keeps, by Python's own count."""
    import gc
    import tracemalloc

    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    items = make()
    gc.collect()
    found = (tracemalloc.get_traced_memory()[0] - before) / len(items)
    tracemalloc.stop()
    return found


def first_pictures(url, folder, count=32):
    """Requests for pages until the first pictures of a large folder are read and decoded."""
    import itertools

    from colab_helpers import connect, decoder

    decode = decoder(SIZE)
    drive = connect(endpoint=url)
    before = page_requests(url)
    with Meter() as meter:
        for file in itertools.islice(drive.list_images(folder), count):
            decode(drive.read(file))
    looked_up = 1  # finding the folder by its name is no page of it
    return {"pages": page_requests(url) - before - looked_up, "seconds": meter.wall}


def page_requests(url):
    with urllib.request.urlopen(f"{url}/counts", timeout=10) as answer:
        return json.load(answer)["list"]
