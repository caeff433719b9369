"""Serves a folder as a Drive until Ctrl-C; its URL is the first line printed.

python -m tests.stand_in photos
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading

from .drive import FakeDrive


def main() -> None:
    """Serves until a signal ends it."""
    options = _parse()
    with FakeDrive(
        options.folder,
        mounts=dict(options.mount),
        port=options.port,
        virtual={name: int(count) for name, count in options.virtual},
        latency=options.latency,
        latency_sigma=options.sigma,
        reads_per_window=options.reads,
    ) as server:
        print(server.url, flush=True)
        # Not SIGINT alone: a shell that starts this in the background has it ignored.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            pass


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.stand_in", description=str(__doc__).partition("\n")[0]
    )
    add = parser.add_argument
    add("folder", help="what My Drive holds; uploads are written here")
    add(
        "--mount",
        action="append",
        default=[],
        type=_pair,
        metavar="NAME=PATH",
        help="a folder shown read-only",
    )
    add(
        "--virtual",
        action="append",
        default=[],
        type=_pair,
        metavar="NAME=COUNT",
        help="a folder of this many files in memory, which repeat the images found",
    )
    add("--port", type=int, default=0)
    add("--latency", type=float, default=0.0, help="mean seconds before each answer")
    add("--sigma", type=float, default=0.0, help="spread of a lognormal latency")
    add(
        "--reads",
        type=_window,
        metavar="COUNT/SECONDS",
        help="downloads allowed in a window, such as 27/1",
    )
    return parser.parse_args()


def _pair(text: str) -> tuple[str, str]:
    """`name=value` as two texts."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"NAME=value, please. Received: {text!r}")
    return name, value


def _window(text: str) -> tuple[float, float]:
    """`27/1` as (27.0, 1.0)."""
    count, _, seconds = text.partition("/")
    return float(count), float(seconds)


if __name__ == "__main__":
    main()
