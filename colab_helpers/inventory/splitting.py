"""Parts of a listing: training, validation and test, or a small sample of each class."""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Any

from ..drive import File
from ..drive.arguments import check_whole_number, listed_files
from ..drive.names import named
from ..drive.telling import users_level
from .folders import words_on_split
from .groups import group_by_id
from .listing import NO_LABEL, check_labels, label_of, nothing_listed
from .parts import Part, classes_of
from .shares import (
    exact_parts,
    exact_parts_of_groups,
    ids_by_class,
    lasting_part,
    were_drawn_before,
)

__all__ = ["sample", "split", "words_on_missing_classes", "words_on_shared_content"]

SUM_TOLERANCE = 1e-6  # how far the fractions' sum may be from 1
CLASSES_SHOWN = 3  # names of classes in a warning


def split(
    files: Iterable[File],
    fractions: Iterable[float],
    *,
    seed: int,
    exact: bool = False,
    labels: Mapping[str, str] | None = None,
    groups: Mapping[str, str | int] | None = None,
) -> list[Part]:
    """Splits a listing into parts, such as training, validation and test.

    By default a file's part follows from its id and the seed alone: whatever is added, removed or
    listed in another order later, a test picture stays a test picture. The parts' sizes are then
    only about right. `exact=True` gives each class its exact share of each part, and a file that
    is added later may then move others.

    Pictures of one patient, animal or scene are so alike that a model which trained on one knows
    the others. `groups` keeps them on one side.

    Example:
        >>> files = [File(str(n), f"{n}.jpg", "cat", f"{n}.jpg", 9, None, "1") for n in range(1000)]
        >>> train, test = split(files, (0.8, 0.2), seed=0)
        >>> later_test = split(files[500:], (0.8, 0.2), seed=0)[1]
        >>> later_test == [file for file in test if int(file.id) >= 500]
        True
        >>> patients = {file.id: int(file.id) // 10 for file in files}
        >>> train, test = split(files, (0.8, 0.2), seed=0, groups=patients)
        >>> {patients[file.id] for file in train} & {patients[file.id] for file in test}
        set()

    Args:
        files: Iterable of files.
        fractions: Share of each part: positive numbers whose sum is 1.
        seed: Integer; another seed gives another split. A part, or a sample, is shared out with
            another seed than it was drawn with: with the same one, each file stays where it was.
        exact: Whether shares are exact, to within one picture of each class; with `groups`, as
            close as whole groups allow.
        labels: Optional `{id: label}`.
        groups: Optional `{id: group}`, a group for each file: a text or a whole number. A group's
            part follows from its name and the seed alone; 7, 7.0 and "7" are one name.

    Returns:
        A list of parts, one for each fraction, each in the order of the listing. A `Part` is a list
        of files whose `class_names` are those of the whole, so that all parts number their classes
        alike. A warning names the classes that are missing from a part, and says when pictures of
        one content (by md5) lie in several parts, when the folders look split already, or when the
        files were drawn with this seed before.

    Raises:
        ValueError: There is no file, the fractions are not positive numbers that add up to 1,
            `seed` is no integer, a file has no group or one that is neither a text nor a whole
            number, or `labels` are no names of classes by id.
    """
    shares = _checked_shares(fractions)
    check_whole_number("seed", seed)
    check_labels(labels)
    files = listed_files(files)
    if not files:
        raise nothing_listed("split")
    part_of = _part_by_id(files, shares, seed, exact, labels, groups)
    class_names = classes_of(files, labels)
    parts = [Part([], class_names, folders_tell=labels is None) for _ in shares]
    for file in files:
        parts[part_of[file.id]].append(file)
    for words in (
        words_on_split(files),
        "" if exact else _words_on_earlier_draw(files, parts, seed, groups),
        words_on_missing_classes(parts, labels, spreads_best=exact),
        words_on_shared_content(parts),
    ):
        if words:
            warnings.warn(words, stacklevel=users_level())
    return parts


def sample(
    files: Iterable[File],
    per_class: int,
    *,
    seed: int,
    labels: Mapping[str, str] | None = None,
) -> Part:
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
        A `Part`: a list of files, in the order of the listing, that knows the classes of the whole.

    Raises:
        ValueError: There is no file, `per_class` is no integer or less than 1, `seed` is none, or
            `labels` are no names of classes by id.
    """
    check_whole_number("per_class", per_class, least=1)
    check_whole_number("seed", seed)
    check_labels(labels)
    files = listed_files(files)
    if not files:
        raise nothing_listed("sample")
    chosen: set[str] = set()
    for ids in ids_by_class(files, seed, labels).values():
        chosen.update(ids[:per_class])
    of_sample = (file for file in files if file.id in chosen)
    return Part(of_sample, classes_of(files, labels), folders_tell=labels is None)


def _checked_shares(fractions: Any) -> list[float]:
    """The share of each part.

    Raises:
        ValueError: They are no positive numbers that add up to 1; a single one says what to write.
    """
    cure = ", such as (0.7, 0.1, 0.2)"
    received = repr(fractions)
    if isinstance(fractions, float) and 0 < fractions < 1:
        smaller, larger = sorted([float(fractions), 1 - float(fractions)])
        cure = f", one for each part: write ({larger:g}, {smaller:g})"
    elif isinstance(fractions, Iterable) and not isinstance(fractions, (str, Mapping)):
        given = tuple(fractions)
        received = repr(given)
        if all(isinstance(fraction, Real) for fraction in given):
            shares = [float(fraction) for fraction in given]
            total = sum(shares)
            if min(shares, default=0) > 0 and math.isclose(total, 1, abs_tol=SUM_TOLERANCE):
                return shares
            received = f"{tuple(shares)}, with the sum {total:g}"
    raise ValueError(
        f"`fractions` must be positive numbers that add up to 1{cure}. "
        f"Received: fractions={received}"
    )


def _part_by_id(
    files: Sequence[File],
    shares: Sequence[float],
    seed: int,
    exact: bool,
    labels: Mapping[str, str] | None,
    groups: Mapping[str, str | int] | None,
) -> dict[str, int]:
    """The number of the part that each file goes into."""
    if groups is None:
        if exact:
            return exact_parts(files, shares, seed, labels)
        return {file.id: lasting_part(file.id, shares, seed) for file in files}
    group_of = group_by_id(files, groups)
    if exact:
        part_of_group = exact_parts_of_groups(files, shares, seed, labels, group_of)
        return {file.id: part_of_group[group_of[file.id]] for file in files}
    return {file.id: lasting_part(group_of[file.id], shares, seed) for file in files}


def _words_on_earlier_draw(
    files: Sequence[File],
    parts: Sequence[Sequence[File]],
    seed: int,
    groups: Mapping[str, str | int] | None,
) -> str:
    """Says that shares come out wrong, as files were drawn with the same seed; else ""."""
    names = {file.id for file in files}
    if groups is not None:
        names = set(group_by_id(files, groups).values())
    if not were_drawn_before(names, seed):
        return ""
    sizes = ", ".join(f"{len(part):,}" for part in parts)
    return (
        f"These files were drawn with seed {seed} before, by `split` or `sample`, so that the "
        f"shares come out wrong: {sizes} pictures. Give another `seed`, such as {seed + 1}."
    )


def words_on_missing_classes(
    parts: Sequence[Sequence[File]], labels: Mapping[str, str] | None, *, spreads_best: bool
) -> str:
    """Says which part has no picture of which class; "" where each has all.

    Args:
        parts: The files of each part.
        labels: Labels by id, where the files' own do not count.
        spreads_best: Whether no other way to divide would do better.
    """
    counts = Counter(label_of(file, labels) for part in parts for file in part)
    counts.pop(NO_LABEL, None)
    sentences = []
    for number, part in enumerate(parts, start=1):
        present = {label_of(file, labels) for file in part}
        missing = sorted(counts.keys() - present, key=str)
        if not missing:
            continue
        sentences.append(
            f"Part {number} of {len(parts)} has no picture of {len(missing)} of {len(counts)} "
            f"classes: {_with_counts(missing, counts)}."
        )
    if not sentences:
        return ""
    advice = "" if spreads_best else "; split(..., exact=True) spreads best"
    return (
        f"{' '.join(sentences)} Add pictures, or leave small classes out{advice}. "
        "All parts number their classes alike."
    )


def _with_counts(labels: Sequence[str], counts: Mapping[str, int]) -> str:
    """The first classes of some, each with its number of pictures."""
    first = labels[:CLASSES_SHOWN]
    words = ", ".join(f"{named([label])} (which has {counts[label]})" for label in first)
    more = len(labels) - len(first)
    return f"{words} and {more} more" if more else words


def words_on_shared_content(parts: Iterable[Iterable[File]]) -> str:
    """Says how many pictures lie in several parts; "" where none does."""
    parts_with_content: Counter[str] = Counter()
    for part in parts:
        parts_with_content.update({file.md5 for file in part if file.md5})
    shared = parts_with_content.total() - len(parts_with_content)
    if not shared:
        return ""
    return (
        f"{shared} pictures of one part lie as copies in another, so a test score will flatter. "
        "duplicates(files) names them; keep one of each."
    )
