"""`make bench`, or `python -m tests.benchmarks`: this library beside what one would use instead.

Prints a table for each subject, in Markdown, and each single result to stderr as it comes. It
writes BENCHMARKS.md, the README's table and figures/benchmarks.png when there is a result for each
subject; results of earlier runs count (out/benchmarks.json), so that `--only cold,local` measures
some of them again. `--quick` is for trying the benchmark itself: few files, one round, numbers
without meaning, which are not kept.

A subject is a file here: it says what is compared, and how. It gives rows (table.py). What is
compared runs in turn in one process (measure.py). report.py and figure.py write the results."""

import argparse
import importlib
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.benchmarks import pictures, report
from tests.benchmarks.measure import Bench, machine

SUBJECTS = (
    *("cold", "local", "decode", "second_epoch", "augment"),
    *("targets", "first_batch", "listing", "memory"),
)


def parse():
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--folder", type=Path, help="photographs; by default they are drawn")
    parser.add_argument("--only", default=",".join(SUBJECTS), help="some of the subjects")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    choice = parser.parse_args()
    choice.only = choice.only.split(",")
    unknown = sorted(set(choice.only) - set(SUBJECTS))
    if unknown:
        parser.error(f"`--only` takes {', '.join(SUBJECTS)}. Received: {', '.join(unknown)}")
    if choice.quick:
        choice.rounds = 1
    return choice


def main():
    choice, begun = parse(), time.perf_counter()
    tables, failed = report.load(), []
    choice.is_busy = os.getloadavg()[0] > 1
    if choice.is_busy:
        say(f"The machine has other work (load {os.getloadavg()[0]:.1f}): the tables will say so.")
    with tempfile.TemporaryDirectory() as work:
        most = 64 if choice.quick else 640
        photos, kind = pictures.small(Path(work), choice.folder, most)
        for subject in choice.only:
            say(f"{subject}, {(time.perf_counter() - begun) / 60:.1f} minutes after the start")
            try:
                tables[subject] = measured(subject, Path(work), photos, kind, choice)
            except Exception:
                traceback.print_exc()
                failed.append(subject)
                continue
            print(report.with_notes([tables[subject]]), flush=True)
            if not choice.quick:
                report.save(tables)
    say(f"{(time.perf_counter() - begun) / 60:.1f} minutes.")
    if not choice.quick:
        publish(tables)
    if failed:
        sys.exit(f"Failed: {', '.join(failed)}. What else was measured is kept.")


def measured(subject, work, photos, kind, choice):
    """The table of a subject, in a folder of its own."""
    module = importlib.import_module(f"tests.benchmarks.{subject}")
    with tempfile.TemporaryDirectory(dir=work) as folder:
        bench = Bench(Path(folder), photos, choice.rounds, choice.quick)
        rows = []
        for row in module.rows(bench):
            rows.append(row)
            say(f"  {row.what} | {row.here} | {row.beside} | {row.result} | {row.asked}")
    return report.Table(module.TITLE, rows, note(kind, choice))


def note(kind, choice):
    """How to measure it again, and what was measured on what."""
    command = "make bench"
    if choice.folder:
        command += f" FOLDER=path/to/{choice.folder.resolve().name}"
    rounds = f"medians of {choice.rounds} rounds, in turn"
    if choice.quick:
        rounds = "one quick round, numbers without meaning"
    other_work = ", which had other work" if choice.is_busy else ""
    return f"`{command}`: {kind}; {rounds}; {machine()}{other_work}."


def publish(tables):
    missing = [subject for subject in SUBJECTS if subject not in tables]
    if missing:
        say(f"BENCHMARKS.md stays as it is: {', '.join(missing)} must be measured too.")
        return
    for left in report.publish([tables[subject] for subject in SUBJECTS]):
        say(left)


def say(text):
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
