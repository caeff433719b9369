"""How a comparison is made: what is compared runs in one fresh process, in turn, several rounds.

`fresh` runs a function of a module in a process of its own and returns the dict that it returns.
There, `interleaved` runs A, B, A, B, ... so that whatever else the machine does falls on all alike;
`median` and `ratio` look at what it found, and a ratio is taken within a round."""

import contextlib
import gc
import importlib
import importlib.util
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]
BATCH, SIZE = 32, (224, 224)
MB = 1e6
ENVIRONMENT = {
    "PYTHONPATH": str(ROOT),
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "PYTHONWARNINGS": "ignore",
    "NO_ALBUMENTATIONS_UPDATE": "1",  # or it asks the network for its newest version
}
VERSIONS = (
    *("keras", "tensorflow", "numpy", "pillow", "opencv-python-headless"),
    *("PyDrive2", "grain", "albumentations"),
)


# in the process that is measured


class Meter:
    """Seconds by the wall and of CPU (children too), and megabytes above those at the start."""

    def __enter__(self):
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5")  # forgets the peak of before
        self._rss, self._cpu, self._wall = _status("VmRSS"), _cpu(), time.perf_counter()
        return self

    def __exit__(self, *error):
        self.wall, self.cpu = time.perf_counter() - self._wall, _cpu() - self._cpu
        self.memory = (_status("VmHWM") - self._rss) / MB

    def per(self, images):
        return {
            "images/s": images / self.wall,
            "wall ms": self.wall / images * 1e3,
            "CPU ms": self.cpu / images * 1e3,
            "memory MB": self.memory,
        }


def _cpu():
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _status(name):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024


def interleaved(rounds, ways, warm_up=True):
    """{name: [what it returned in each round]} of `{name: function}`, in turn in each round."""
    found = {name: [] for name in ways}
    for number in range(0 if warm_up else 1, rounds + 1):
        for name, way in ways.items():
            result = way()
            if number:
                found[name].append(result)
                print(f"    round {number} of {rounds}, {name}: {_shown(result)}", flush=True)
    return found


def _shown(result):
    return ", ".join(f"{name} {value:.4g}" for name, value in result.items())


def is_installed(module):
    """Whether a peer is installed; says so where it is left out."""
    if importlib.util.find_spec(module):
        return True
    print(f"    left out: {module} is not installed", flush=True)
    return False


# in the process that compares


@dataclass(frozen=True)
class Bench:
    """What a subject is given.

    Attributes:
        work: A folder for what it needs on the local disk.
        photos: Small pictures in class folders, in `work` too.
        rounds: How many.
        quick: Few files, for numbers without meaning.
    """

    work: Path
    photos: Path
    rounds: int
    quick: bool


def fresh(function, **arguments):
    """Runs a function of a module in a process of its own; returns its dict.

    What else it prints is shown as progress, as it comes."""
    command = [sys.executable, "-m", "tests.benchmarks.measure"]
    command += [function.__module__, function.__name__, json.dumps(arguments)]
    with tempfile.TemporaryFile("w+") as errors:
        with subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **ENVIRONMENT},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process:
            for line in process.stdout:
                if line.startswith("{"):
                    result = json.loads(line)
                else:
                    print(line, end="", file=sys.stderr, flush=True)
        if process.returncode:
            errors.seek(0)
            name = f"{function.__module__}.{function.__name__}"
            raise RuntimeError(f"{name} failed:\n{errors.read()[-3000:]}")
    return result


def median(found, name, key):
    return statistics.median(result[key] for result in found[name])


def ratio(found, one, other, key):
    """The median over the rounds of one way's value through another's."""
    return statistics.median(a[key] / b[key] for a, b in zip(found[one], found[other]))


class Server:
    """The stand-in Drive in a process of its own, so that its CPU is not the client's."""

    def __init__(self, folder, *options):
        self._command = [sys.executable, "-m", "tests.stand_in", str(folder), *map(str, options)]

    def __enter__(self):
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        self.url = self._process.stdout.readline().strip()
        return self

    def __exit__(self, *error):
        self._process.kill()  # it has nothing to save
        self._process.wait()
        self._process.stdout.close()


def machine():
    """The machine and the versions, without a name of either."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    cores = len(os.sched_getaffinity(0))
    versions = []
    for name in VERSIONS:
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions.append(f"{name.replace('-python-headless', '')} {metadata.version(name)}")
    listed = f"Python {platform.python_version()}, {', '.join(versions)}"
    return f"{listed}; {cores} cores ({model})"


if __name__ == "__main__":
    module, name, arguments = sys.argv[1:]
    found = getattr(importlib.import_module(module), name)(**json.loads(arguments))
    print(json.dumps(found), flush=True)
    os._exit(0)  # a peer's threads must not hold the process
