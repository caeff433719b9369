"""`make gpu-bench FOLDER=...`: whether the stream keeps a GPU busy, in `fit`, 224 x 224, bfloat16.

A network is trained on batches of 64, with two cores of the processor, as Colab lends them, and
with all. What the GPU can do is shown by a batch that stays the same. Beside it stand the stream's
first epoch, from the stand-in Drive, which answers at once; its later epochs, from a
`PixelCache`; the same augmented; and what one writes without this library: `PyDataset(workers=8)`
over files on the local disk, each opened and resized by Pillow.

"GPU busy" is `nvidia-smi`'s: the share of time in which some kernel ran. "Waited" is what
`InputMeter` told. Keras's backend is JAX unless KERAS_BACKEND names another.
"""

import argparse
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from tests.benchmarks import gpu_fit  # noqa: E402
from tests.benchmarks.gpu_fit import CONSTANT, FIRST, LATER  # noqa: E402
from tests.benchmarks.measure import Server, fresh, machine, median  # noqa: E402


def parse():
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.gpu",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, help="photographs in class folders")
    parser.add_argument("--networks", default="MobileNetV2", help="of keras.applications")
    parser.add_argument("--cores", default="all,2", help="how many cores of the processor")
    parser.add_argument("--rounds", type=int, default=2)
    return parser.parse_args()


def main():
    choice = parse()
    if not choice.folder.is_dir():
        sys.exit(f"There is no folder '{choice.folder}': make gpu-bench FOLDER=path")
    print(f"{gpu_name()}; {machine()}\n", flush=True)
    print("| cores | network | what | images/s | of a constant batch | GPU busy | waited |")
    print("|---|---|---|---|---|---|---|", flush=True)
    folder = str(choice.folder.resolve())
    with tempfile.TemporaryDirectory() as work:
        drive = Path(work) / "drive"
        drive.mkdir()
        with Server(drive, "--mount", f"photos={folder}") as server:
            for cores in choice.cores.split(","):
                for network in choice.networks.split(","):
                    found = fresh(
                        gpu_fit.compare,
                        network=network,
                        cores=cores,
                        rounds=choice.rounds,
                        url=server.url,
                        folder=folder,
                        work=work,
                    )
                    print_rows(cores, network, found)


def gpu_name():
    """The name of the first GPU; without one, the end."""
    command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        sys.exit("`nvidia-smi` finds no GPU here: nothing was measured.")
    return found.stdout.splitlines()[0]


def print_rows(cores, network, found):
    print_row(cores, network, CONSTANT, found, CONSTANT, "")
    print_row(cores, network, FIRST, found, LATER, "first ")
    for name in found:
        if name != CONSTANT:
            print_row(cores, network, name, found, name, "")


def print_row(cores, network, what, found, name, epoch):
    speed = median(found, name, f"{epoch}images/s")
    share = speed / median(found, CONSTANT, "images/s")
    shares = [median(found, name, epoch + key) for key in ("busy", "waited")]
    shown = ["" if math.isnan(value) else f"{value:.0%}" for value in shares]
    cells = [cores, network, what, f"{speed:,.0f}", f"{share:.2f}", *shown]
    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
