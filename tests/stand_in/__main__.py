"""Serves a folder as a Drive until Ctrl-C: `python -m tests.stand_in photos`; its URL is the first line."""

import argparse
import signal
import sys
import threading

from .drive import FakeDrive


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="what My Drive holds; uploads are written here")
    parser.add_argument(
        "--mount", action="append", default=[], metavar="NAME=PATH", help="a folder shown read-only"
    )
    parser.add_argument(
        "--virtual",
        action="append",
        default=[],
        metavar="NAME=COUNT",
        help="a folder of this many files in memory, which repeat the images found",
    )
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument(
        "--latency", type=float, default=0.0, help="mean seconds before each answer"
    )
    parser.add_argument("--sigma", type=float, default=0.0, help="spread of a lognormal latency")
    parser.add_argument(
        "--reads", metavar="COUNT/SECONDS", help="downloads allowed in a window, such as 27/1"
    )
    options = parser.parse_args()
    limit = tuple(float(part) for part in options.reads.split("/")) if options.reads else None
    with FakeDrive(
        options.folder,
        mounts=dict(one.split("=", 1) for one in options.mount),
        port=options.port,
        virtual={
            name: int(count) for name, count in (one.split("=", 1) for one in options.virtual)
        },
        latency=options.latency,
        latency_sigma=options.sigma,
        reads_per_window=limit,
    ) as server:
        print(server.url, flush=True)
        signal.signal(
            signal.SIGTERM, lambda *_: sys.exit()
        )  # SIGINT may be ignored: shells do that in the background
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
