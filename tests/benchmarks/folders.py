"""Times the listing of a folder of many folders, each with one picture.

    python -m tests.benchmarks.folders --folders 200 --latency 0.1

Each folder costs a request. Beside it stands what they take one after the other at the least."""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from colab_helpers.drive import connect  # noqa: E402
from stand_in import Extra, FakeDrive  # noqa: E402


def pictures_in_folders(count):
    yield Extra(".", "photos")
    for number in range(count):
        yield Extra("photos", f"{number:04}")
        yield Extra(f"photos/{number:04}", "1.jpg", b"a picture")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folders", type=int, default=200)
    parser.add_argument("--latency", type=float, default=0.1, help="seconds a request")
    choice = parser.parse_args()
    extra = pictures_in_folders(choice.folders)
    with FakeDrive(latency=choice.latency, extra=extra) as server:
        drive = connect(endpoint=server.url)
        start = time.perf_counter()
        count = len(list(drive.list_images("photos")))
        taken = time.perf_counter() - start
    one_by_one = choice.folders * choice.latency
    print(f"{count} pictures of {choice.folders} folders at {choice.latency:g} s a request:")
    print(f"{taken:.1f} s; one request after the other takes at least {one_by_one:.1f} s")


if __name__ == "__main__":
    main()
