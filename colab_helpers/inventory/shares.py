"""Which part each file goes into: by its id and the seed alone, or by exact shares."""

from __future__ import annotations

import bisect
import hashlib
import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from ..drive import File
from .listing import label_of

__all__ = [
    "exact_parts",
    "exact_parts_of_groups",
    "ids_by_class",
    "lasting_part",
    "were_drawn_before",
]

MOST_CHANCE = 1e-6  # that names which nobody has drawn from are taken for such
ROUNDING_ERROR = 1e-9  # pictures; 0.7 * 10 is a little under 7 and means 7


def lasting_part(name: str, fractions: Sequence[float], seed: int) -> int:
    """The part that an id, or a group, has whatever else is listed.

    Example:
        >>> [lasting_part(file_id, (0.5, 0.5), seed=0) for file_id in ("1a", "1b", "1h")]
        [0, 0, 1]
    """
    bounds = list(itertools.accumulate(fractions))[:-1]
    return bisect.bisect_right(bounds, _place_of(name, seed))


def _place_of(name: str, seed: int) -> float:
    """A number in [0, 1) that follows from name and seed alone, the same in every Python process.

    Which pictures are test pictures depends on it. It stays as it is in all versions.
    """
    text = f"{seed} {name}".encode("utf-8", "surrogatepass")
    digest = hashlib.blake2b(text, digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def were_drawn_before(names: Collection[str], seed: int) -> bool:
    """Whether these are what a draw with this seed left: their places keep out of a part of [0, 1).

    Example:
        >>> names = [str(number) for number in range(200)]
        >>> first_part = [name for name in names if lasting_part(name, (0.8, 0.2), seed=0) == 0]
        >>> [were_drawn_before(some, seed=0) for some in (names, names[::9], first_part)]
        [False, False, True]
        >>> were_drawn_before(first_part, seed=1)
        False
    """
    places = sorted(_place_of(name, seed) for name in names)
    widest = max(after - before for before, after in itertools.pairwise([0.0, *places, 1.0]))
    # The chance that n places drawn evenly leave a gap of this width is at most this.
    return (len(places) + 1) * (1 - widest) ** len(places) < MOST_CHANCE


def ids_by_class(
    files: Iterable[File], seed: int, labels: Mapping[str, str] | None
) -> dict[str, list[str]]:
    """Ids by label, both in an order that no listing changes."""
    ids_by_label: dict[str, set[str]] = defaultdict(set)
    for file in files:
        ids_by_label[label_of(file, labels)].add(file.id)
    return {
        label: sorted(ids_by_label[label], key=lambda file_id: _place_of(file_id, seed))
        for label in sorted(ids_by_label, key=str)
    }


def exact_parts(
    files: Iterable[File],
    fractions: Sequence[float],
    seed: int,
    labels: Mapping[str, str] | None,
) -> dict[str, int]:
    """The part of each file by id, such that each class is shared out as exactly as it can be."""
    part_of: dict[str, int] = {}
    shares = _ExactShares(fractions)
    for ids in ids_by_class(files, seed, labels).values():
        first = 0
        for part, count in enumerate(shares.counts_for(len(ids))):
            for file_id in ids[first : first + count]:
                part_of[file_id] = part
            first += count
    return part_of


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


def exact_parts_of_groups(
    files: Iterable[File],
    fractions: Sequence[float],
    seed: int,
    labels: Mapping[str, str] | None,
    groups: Mapping[str, str],
) -> dict[str, int]:
    """The part of each group, such that each class comes as close to its shares as groups allow.

    The largest group is placed first. Each goes to the part that lacks most of what it holds.
    """
    group_sizes: dict[str, Counter[str]] = defaultdict(Counter)
    class_sizes: Counter[str] = Counter()
    for file in files:
        label = label_of(file, labels)
        group_sizes[groups[file.id]][label] += 1
        class_sizes[label] += 1
    lacking = [
        {label: fraction * size for label, size in class_sizes.items()} for fraction in fractions
    ]
    part_of: dict[str, int] = {}
    for group in _largest_first(group_sizes, seed):
        pictures = group_sizes[group]
        needs = [_need(pictures, lacking_here, class_sizes) for lacking_here in lacking]
        part = needs.index(max(needs))
        part_of[group] = part
        for label, count in pictures.items():
            lacking[part][label] -= count
    return part_of


def _largest_first(group_sizes: Mapping[str, Counter[str]], seed: int) -> list[str]:
    """Groups in an order that no listing changes."""
    return sorted(
        group_sizes, key=lambda group: (-group_sizes[group].total(), _place_of(group, seed))
    )


def _need(
    pictures: Mapping[str, int], lacking: Mapping[str, float], class_sizes: Mapping[str, int]
) -> float:
    """How much a part lacks of the classes of some pictures, each class by its own size.

    It is what the squared distance from the exact shares shrinks by, up to what is the same for all
    parts.
    """
    needs = (
        pictures[label] * lacking[label] / class_sizes[label] for label in sorted(pictures, key=str)
    )
    return math.fsum(needs)
