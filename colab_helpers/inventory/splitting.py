"""Parts of a listing: training, validation and test, or a small sample of each class."""

from __future__ import annotations

import bisect
import hashlib
import itertools
import math
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ..drive import File
from .listing import label_of, nothing_listed

__all__ = ["sample", "split"]

SUM_TOLERANCE = 1e-6  # how far the fractions' sum may be from 1
ROUNDING_ERROR = 1e-9  # pictures; 0.7 * 10 is a little under 7 and means 7
CLASSES_SHOWN = 3  # names of classes in a warning


def split(
    files: Iterable[File],
    fractions: Iterable[float],
    *,
    seed: int,
    exact: bool = False,
    labels: Mapping[str, str] | None = None,
) -> list[list[File]]:
    """Splits a listing into parts, such as training, validation and test.

    By default a file's part follows from its id and the seed alone: whatever is added, removed or
    listed in another order later, a test picture stays a test picture. The parts' sizes are then
    only about right. `exact=True` gives each class its exact share of each part, and a file that
    is added later may then move others.

    Example:
        >>> files = [File(str(n), f"{n}.jpg", "cat", f"{n}.jpg", 9, None, "1") for n in range(1000)]
        >>> train, test = split(files, (0.8, 0.2), seed=0)
        >>> later_test = split(files[500:], (0.8, 0.2), seed=0)[1]
        >>> later_test == [file for file in test if int(file.id) >= 500]
        True

    Args:
        files: Iterable of files.
        fractions: Share of each part: positive numbers whose sum is 1.
        seed: Integer; another seed gives another split.
        exact: Whether shares are exact, to within one picture of each class.
        labels: Optional `{id: label}`.

    Returns:
        A list of lists of files, one for each fraction, each in the order of the listing. A
        warning names the classes that are missing from a part, and says when pictures of one
        content (by md5) lie in several parts.

    Raises:
        ValueError: There is no file, or the fractions are not positive numbers that add up to 1.
    """
    fractions = [float(fraction) for fraction in fractions]
    _check_fractions(fractions)
    files = list(files)
    if not files:
        raise nothing_listed("split")
    if exact:
        part_of = _exact_parts(files, fractions, seed, labels)
    else:
        part_of = _lasting_parts(files, fractions, seed)
    parts: list[list[File]] = [[] for _ in fractions]
    for file in files:
        parts[part_of[file.id]].append(file)
    _warn_of_missing_classes(parts, labels)
    _warn_of_shared_content(parts)
    return parts


def sample(
    files: Iterable[File],
    per_class: int,
    *,
    seed: int,
    labels: Mapping[str, str] | None = None,
) -> list[File]:
    """Takes some files of each class, for a first try on a part that stands for the whole.

    Example:
        >>> files = [File(str(n), f"{n}.jpg", "cat", f"{n}.jpg", 9, None, "1") for n in range(1000)]
        >>> len(sample(files, 20, seed=0))
        20

    Args:
        files: Iterable of files.
        per_class: Most files of a class; a class that has fewer gives all it has.
        seed: Integer. With one seed, a larger sample holds the smaller one.
        labels: Optional `{id: label}`.

    Returns:
        A list of files, in the order of the listing.

    Raises:
        ValueError: `per_class` is less than 1.
    """
    if per_class < 1:
        raise ValueError(f"`per_class` must be at least 1. Received: per_class={per_class}")
    files = list(files)
    chosen: set[str] = set()
    for ids in _ids_by_class(files, seed, labels).values():
        chosen.update(ids[:per_class])
    return [file for file in files if file.id in chosen]


def _check_fractions(fractions: Sequence[float]) -> None:
    total = sum(fractions)
    are_positive = all(fraction > 0 for fraction in fractions)
    if are_positive and math.isclose(total, 1, abs_tol=SUM_TOLERANCE):
        return
    raise ValueError(
        "`fractions` must be positive numbers that add up to 1, such as (0.7, 0.1, 0.2). "
        f"Received: fractions={tuple(fractions)}, with the sum {total:g}"
    )


def _place_of(file_id: str, seed: int) -> float:
    """A number in [0, 1) that follows from id and seed alone, the same in every Python process.

    Which pictures are test pictures depends on it. It stays as it is in all versions.
    """
    text = f"{seed} {file_id}".encode("utf-8", "surrogatepass")
    digest = hashlib.blake2b(text, digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def _lasting_parts(files: Iterable[File], fractions: Sequence[float], seed: int) -> dict[str, int]:
    """The part of each file by id, told by where the file's number falls between the bounds."""
    bounds = list(itertools.accumulate(fractions))[:-1]
    return {file.id: bisect.bisect_right(bounds, _place_of(file.id, seed)) for file in files}


def _exact_parts(
    files: Iterable[File],
    fractions: Sequence[float],
    seed: int,
    labels: Mapping[str, str] | None,
) -> dict[str, int]:
    """The part of each file by id, such that each class is shared out as exactly as it can be."""
    part_of: dict[str, int] = {}
    shares = _ExactShares(fractions)
    for ids in _ids_by_class(files, seed, labels).values():
        first = 0
        for part, count in enumerate(shares.counts_for(len(ids))):
            for file_id in ids[first : first + count]:
                part_of[file_id] = part
            first += count
    return part_of


def _ids_by_class(
    files: Iterable[File], seed: int, labels: Mapping[str, str] | None
) -> dict[str, list[str]]:
    """Ids by label, both in an order that no listing changes."""
    ids_by_label: dict[str, set[str]] = defaultdict(set)
    for file in files:
        ids_by_label[label_of(file, labels)].add(file.id)
    return {
        label: sorted(ids, key=lambda file_id: _place_of(file_id, seed))
        for label, ids in sorted(ids_by_label.items())
    }


class _ExactShares:
    """Shares out one class after another, each within one picture of its exact shares.

    What rounding kept from a part in one class comes back to it in a later class. Without this,
    many small classes would all round in favour of the same part.
    """

    def __init__(self, fractions: Sequence[float]) -> None:
        self._fractions = fractions
        self._owed = [0.0] * len(fractions)  # pictures that rounding kept from each part so far

    def counts_for(self, size: int) -> list[int]:
        """How many of the `size` pictures of the next class go into each part."""
        counts = []
        for part, fraction in enumerate(self._fractions):
            wanted = size * fraction
            count = math.floor(wanted + ROUNDING_ERROR)
            counts.append(count)
            self._owed[part] = self._owed[part] + wanted - count
        left_over = size - sum(counts)
        for part in self._most_owed_first()[:left_over]:
            counts[part] += 1
            self._owed[part] -= 1
        return counts

    def _most_owed_first(self) -> list[int]:
        parts = range(len(self._owed))
        return sorted(parts, key=self._owed.__getitem__, reverse=True)


def _warn_of_missing_classes(
    parts: Sequence[Sequence[File]], labels: Mapping[str, str] | None
) -> None:
    """Warns the caller of `split` of each part in which a class has no picture."""
    counts = Counter(label_of(file, labels) for part in parts for file in part)
    for number, part in enumerate(parts, start=1):
        present = {label_of(file, labels) for file in part}
        missing = sorted(counts.keys() - present)
        if not missing:
            continue
        names = [f"'{label}' (which has {counts[label]})" for label in missing[:CLASSES_SHOWN]]
        if len(missing) > CLASSES_SHOWN:
            names.append("...")
        warnings.warn(
            f"Part {number} of {len(parts)} has no picture of {len(missing)} of {len(counts)} "
            f"classes: {', '.join(names)}. Add pictures, or leave small classes out; exact=True "
            "spreads best.",
            stacklevel=3,
        )


def _warn_of_shared_content(parts: Iterable[Iterable[File]]) -> None:
    """Warns the caller of `split` of pictures that lie in several parts."""
    parts_with_content: Counter[str] = Counter()
    for part in parts:
        parts_with_content.update({file.md5 for file in part if file.md5})
    shared = parts_with_content.total() - len(parts_with_content)
    if shared:
        warnings.warn(
            f"{shared} pictures of one part lie as copies in another, so a test score will "
            "flatter. duplicates(files) names them; keep one of each.",
            stacklevel=3,
        )
