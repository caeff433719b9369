"""How a comparison is made: each contestant in a fresh process, in turn, several rounds, medians.

A contestant is a module-level function that takes plain arguments and returns a dict of numbers.
`rounds` runs A, B, A, B, ... so that whatever else the machine does falls on all alike, and ratios
are taken within a round."""

import contextlib
import gc
import importlib
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]
BATCH, SIZE = 32, (224, 224)
MB = 1e6


# in the contestant's process


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
            "images": images,
            "images/s": images / self.wall,
            "wall ms": self.wall / images * 1e3,
            "CPU ms": self.cpu / images * 1e3,
            "memory MB": self.memory,
        }


def _cpu():
    own, children = (
        resource.getrusage(resource.RUSAGE_SELF),
        resource.getrusage(resource.RUSAGE_CHILDREN),
    )
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _status(name):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024


# in the process that compares


def fresh(function, **arguments):
    """Runs a contestant in a process of its own; returns its dict."""
    command = [
        sys.executable,
        "-m",
        "tests.benchmarks.measure",
        function.__module__,
        function.__name__,
        json.dumps(arguments),
    ]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONWARNINGS": "ignore",
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    }
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=1800
    )
    if done.returncode:
        raise RuntimeError(
            f"{function.__module__}.{function.__name__} failed:\n{done.stderr[-3000:]}"
        )
    return json.loads(done.stdout.splitlines()[-1])


def rounds(count, **contestants):
    """{name: [result of each round]} of `{name: (function, arguments)}`, in turn in each round."""
    results = {name: [] for name in contestants}
    for _ in range(count):
        for name, (function, arguments) in contestants.items():
            results[name].append(fresh(function, **arguments))
            print(f"    {name}: {_shown(results[name][-1])}", file=sys.stderr, flush=True)
    return results


def median(results, key):
    return statistics.median(result[key] for result in results)


def ratio(results, one, other, key):
    """The median over the rounds of one contestant's value through another's."""
    return statistics.median(a[key] / b[key] for a, b in zip(results[one], results[other]))


def _shown(result):
    return ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in result.items()
    )


class Server:
    """The stand-in Drive in a process of its own, so that its CPU is not the client's."""

    def __init__(self, folder, *options):
        self._command = [
            sys.executable,
            "-m",
            "tests.stand_in",
            str(folder),
            *map(str, options),
        ]

    def __enter__(self):
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        self.url = self._process.stdout.readline().strip()
        return self

    def __exit__(self, *error):
        self._process.kill()  # it has nothing to save
        self._process.wait()
        self._process.stdout.close()

    @property
    def cpu(self):
        """Seconds of CPU until now."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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
    names = (
        "keras",
        "tensorflow",
        "numpy",
        "pillow",
        "opencv-python-headless",
        "PyDrive2",
        "grain",
        "datasets",
    )
    versions = []
    for name in names:
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions.append(f"{name.replace('-python-headless', '')} {metadata.version(name)}")
    return f"{cores} cores ({model}), Python {platform.python_version()}, {', '.join(versions)}"


if __name__ == "__main__":
    module, name, arguments = sys.argv[1:]
    print(
        json.dumps(getattr(importlib.import_module(module), name)(**json.loads(arguments))),
        flush=True,
    )
    os._exit(0)  # a peer's threads must not hold the process
