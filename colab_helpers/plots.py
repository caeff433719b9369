"""Figures that say what they show: one function, one figure, returned.

Each returns a `matplotlib.figure.Figure` that pyplot has let go of: as the last expression of a cell it is shown exactly
once, in mid-cell by `display(figure)`, in a script by `figure.savefig("name.png")`. Titles state the finding; colours
are those of Okabe and Ito (2008), which colour-blind readers can tell apart.

Arguments of one name mean the same everywhere: `files` is an iterable of files, `read(file) -> bytes`,
`decode(bytes) -> uint8 array (height, width, channels)` as `images.decoder` makes it, and `labels` an optional
`{id: label}` for folders that do not tell the class. What is empty raises `ValueError`.

Example:
    >>> from colab_helpers.plots import learning_curves
    >>> figure = learning_curves({"loss": [1.0, 0.5, 0.3], "val_loss": [1.1, 0.7, 0.8]})
    >>> print(figure.get_suptitle())
    Best epoch: 2 of 3, with val_loss 0.7
"""

import io
import textwrap
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor

import matplotlib.pyplot as plt
import numpy as np

__all__ = [
    "augmentations", "class_balance", "confusion", "learning_curves", "mistakes", "samples", "sizes", "timeline"
]  # fmt: skip

BLUE, ORANGE, GREEN, RED, PURPLE, SKY = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#56B4E9",
)
GREY = "#6b6b6b"


def samples(files, read, decode, *, per_class=6, rows=8, page=0, labels=None):
    """Shows pictures by class, a class in each row. What cannot be read or decoded is marked, with the reason.

    The first pages show every class; those that follow go on with the next pictures of each class.

    Args:
        files, read, decode, labels: See above.
        per_class: Pictures in a row.
        rows: Rows on a page.
        page: Which page, counted from 0.

    Raises:
        ValueError: There is no file, or no such page.
    """
    groups = _by_class(files, labels)
    longest = max(map(len, groups.values()))
    lines = [
        (label, group[start : start + per_class])
        for start in range(0, longest, per_class)
        for label, group in groups.items()
        if group[start:]
    ]
    pages = -(-len(lines) // rows)
    if not 0 <= page < pages:
        raise ValueError(f"`page` must be from 0 to {pages - 1}. Received: page={page}")
    lines = lines[page * rows : (page + 1) * rows]
    shown = [file for _, group in lines for file in group]
    pictures = iter(_pictures(shown, read, decode))
    per_class = min(per_class, longest)
    figure, axes = _figure(
        max(1.3 * per_class + 1.3, 4), 1.3 * len(lines) + 0.6, len(lines), per_class
    )
    broken = 0
    for (label, group), cells in zip(lines, axes):
        name = textwrap.wrap(_short(label, 28), 14) or [""]
        cells[0].set_ylabel("\n".join(name), rotation=0, ha="right", va="center")
        for number, cell in enumerate(cells):
            _bare(cell)
            if number < len(group):
                broken += _show(cell, next(pictures))
    words = _balance_in_words({label: len(group) for label, group in groups.items()})
    words += f". {broken} of the {len(shown)} shown cannot be read" if broken else ""
    return _titled(figure, words + (f" (page {page + 1} of {pages})" if pages > 1 else ""))


def class_balance(files, *, labels=None):
    """Counts pictures by class, as bars; of more than 100 classes, it draws the 50 largest and the 50 smallest.

    Args:
        files: Iterable of files; or `{"train": files, "validation": files}`, parts that share each bar.
        labels: Optional `{id: label}`.
    """
    parts = files if isinstance(files, dict) else {"": files}
    counts = {name: Counter(_label(file, labels) for file in part) for name, part in parts.items()}
    totals = sum(counts.values(), Counter())
    _require(totals, "files")
    order = sorted(totals, key=lambda label: (-totals[label], label))
    words = _balance_in_words(totals)
    ratio = totals[order[0]] / totals[order[-1]]
    words += f": the largest has {ratio:.1f} times the smallest" if ratio >= 1.5 else ""
    if len(order) > 100:
        words, order = f"{words} (the 50 largest and the 50 smallest)", order[:50] + order[-50:]
    figure, axes = _figure(8, 0.17 * max(len(order), 1.5 * min(len(order), 24)) + 1.4)
    axis, left, size = axes[0, 0], np.zeros(len(order)), _font(len(order))
    for (name, count), color in zip(
        counts.items(), (BLUE, ORANGE, GREEN, PURPLE, SKY, RED) * len(counts)
    ):
        values = np.array([count[label] for label in order])
        axis.barh(range(len(order)), values, left=left, color=color, label=name or None)
        left += values
    for place, label in enumerate(order):
        axis.text(
            totals[label] + 0.005 * totals[order[0]],
            place,
            f"{totals[label]:,}",
            va="center",
            fontsize=size,
        )
    axis.set_yticks(range(len(order)), [_short(label, 30) for label in order], fontsize=size)
    axis.set(xlabel="pictures", ylim=(len(order) - 0.4, -0.6), xlim=(0, 1.1 * totals[order[0]]))
    axis.xaxis.set_major_locator(_whole_numbers())
    if len(counts) > 1:
        words += (
            " ("
            + ", ".join(f"{name} {sum(count.values()):,}" for name, count in counts.items())
            + ")"
        )
        figure.legend(loc="outside lower center", ncols=len(counts), frameon=False)
    return _titled(figure, words)


def sizes(files, read=None, *, limit=200):
    """Shows how large the files are in kB (1000 bytes); with `read`, also the width and height of some pictures.

    Args:
        files: Iterable of files.
        read: Optional. It reads `limit` files, spread evenly over the listing.
        limit: Most pictures to open.
    """
    files = list(files)
    _require(files, "files")
    kilobytes = np.array([file.size for file in files]) / 1000
    low, high = np.percentile(kilobytes, [10, 90])
    words = (
        f"Most files have {low:,.{0 if low >= 10 else 2}f} to {high:,.{0 if high >= 10 else 2}f} kB"
    )
    words += f", {np.sum(kilobytes == 0)} are empty" if not kilobytes.all() else ""
    figure, axes = _figure(10 if read else 6, 4, 1, 2 if read else 1)
    kilobytes = kilobytes[kilobytes > 0]
    wide = kilobytes.size and kilobytes.max() > 50 * kilobytes.min()
    bins = np.geomspace(kilobytes.min(), kilobytes.max(), 31) if wide else 30
    axes[0, 0].hist(kilobytes, bins=bins, color=BLUE)
    axes[0, 0].set(xlabel="file size in kB", ylabel="files", xscale="log" if wide else "linear")
    axes[0, 0].xaxis.set_major_formatter("{x:,g}")
    if read:
        chosen = [files[int(i)] for i in np.linspace(0, len(files) - 1, min(limit, len(files)))]
        shapes = [
            shape
            for shape in _pictures(chosen, read, _width_and_height)
            if isinstance(shape, tuple)
        ]
        width, height = np.array(shapes or [(np.nan, np.nan)]).T
        top = 1.1 * np.max([width, height]) if shapes else 1
        axes[0, 1].scatter(width, height, s=18, alpha=0.5, color=ORANGE, edgecolors="none")
        axes[0, 1].plot([0, top], [0, top], "--", color=GREY, linewidth=1)
        axes[0, 1].text(
            0.9 * top,
            0.91 * top,
            "square",
            rotation=45,
            ha="right",
            rotation_mode="anchor",
            color=GREY,
        )
        axes[0, 1].set(
            xlabel="width in pixels",
            ylabel="height in pixels",
            xlim=(0, top),
            ylim=(0, top),
            aspect=1,
        )
        words += f"; of {len(shapes)} opened, {np.mean(width > height):.0%} are wider than high, "
        words += f"{np.mean(width < height):.0%} higher than wide"
    return _titled(figure, words)


def augmentations(image, augment, rng=0, *, count=11):
    """Shows one picture as it is, and `count` variants as training will see them.

    Args:
        image: uint8 array `(height, width, channels)`.
        augment: `augment(image, rng) -> image`, as `images.augmenter` makes it.
        rng: A `numpy.random.Generator`, or an integer seed.
        count: How many variants.
    """
    rng = np.random.default_rng(rng)
    variants = [augment(image, rng) for _ in range(count)]
    columns, rows = min(6, count + 1), -(-(count + 1) // 6)
    figure, axes = _figure(1.5 * columns, 1.7 * rows + 0.4, rows, columns)
    for cell in axes.flat:
        _bare(cell)
    for number, (cell, picture) in enumerate(zip(axes.flat, [image, *variants])):
        _show(cell, picture)
        cell.set_title(f"variant {number}" if number else "original", fontsize=9)
    axes[0, 0].spines[:].set(visible=True, color=ORANGE, linewidth=3)
    change = np.mean(
        [
            np.abs(np.asarray(variant, float) - np.asarray(image, float)).mean()
            for variant in variants
        ]
    )
    if not change:
        return _titled(figure, "Nothing changes: these settings leave the picture as it is")
    change /= 255 if np.asarray(image).dtype.kind == "u" else 1
    return _titled(
        figure,
        f"One picture, {count} variants: pixels change by {change:.0%} of their range on average",
    )


def learning_curves(history):
    """Draws loss and metrics by epoch, for training and validation, with the best epoch marked.

    Args:
        history: What `model.fit` returns, or its `history`: `{"loss": [...], "val_loss": [...], ...}`. The best epoch
            is the one of the lowest `val_loss`; without validation none is marked, as the training tells of none.
    """
    history = getattr(history, "history", history)
    names = [name for name in history if not name.startswith("val_") and name != "learning_rate"]
    _require([value for name in names for value in history[name]], "history")
    chosen = next((name for name in ("val_loss", "loss") if name in history), names[0])
    epochs, validated = len(history[chosen]), chosen == "val_loss"
    best = int(np.argmin(np.nan_to_num(history[chosen], nan=np.inf)))
    columns, rows = min(3, len(names)), -(-len(names) // 3)
    figure, axes = _figure(5 * columns, 3.7 * rows, rows, columns)
    for axis in axes.flat[len(names) :]:
        axis.set_visible(False)
    for axis, name in zip(axes.flat, names):
        for key, color, style, label in (
            (name, BLUE, "o-", "training"),
            (f"val_{name}", RED, "s--", "validation"),
        ):
            if key in history:
                axis.plot(
                    range(1, epochs + 1),
                    history[key],
                    style,
                    color=color,
                    label=label,
                    markersize=4,
                )
        if validated:
            axis.axvline(best + 1, color=GREY, linewidth=1, linestyle=":", label="best epoch")
        axis.set(xlabel="epoch", ylabel=name, xlim=(0.5, epochs + 0.5))
        axis.xaxis.set_major_locator(_whole_numbers())
    figure.legend(
        *axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False
    )
    if not validated:
        return _titled(
            figure,
            f"After {epochs} epochs: {chosen} {history[chosen][-1]:.3g} in training, none in validation",
        )
    words = f"Best epoch: {best + 1} of {epochs}, with {chosen} {history[chosen][best]:.3g}"
    accuracy = next((name for name in history if name.startswith("val_") and "acc" in name), None)
    words += f" and {accuracy} {history[accuracy][best]:.3g}" if accuracy else ""
    late = epochs - best - 1
    return _titled(
        figure, words + (f"; the {late} epochs after it did not help" if late > 2 else "")
    )


def confusion(labels, predictions, class_names):
    """Shows what was taken for what: in rows what was expected, the shade is the share of the row.

    Args:
        labels: Class indices `(n,)` or one-hot rows `(n, classes)`.
        predictions: Class indices `(n,)` or probabilities `(n, classes)` or `(n, 1)`.
        class_names: Names in the order of the indices. Up to 20 classes, the counts are written in; above, the most
            frequent mix-ups stand beside the matrix.
    """
    n = len(class_names)
    expected, predicted = _indices(labels), _indices(predictions)
    _require(expected, "labels")
    counts = np.zeros((n, n), int)
    np.add.at(counts, (expected, predicted), 1)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    wrong = counts * (1 - np.eye(n, dtype=int))
    worst = [divmod(int(place), n) for place in np.argsort(-wrong, axis=None, kind="stable")[:15]]
    worst = [pair for pair in worst if wrong[pair]]
    side = min(0.42 * n + 3.5, 11) if n <= 20 else min(0.08 * n + 5, 13)
    columns, ratios = (1, [1]) if n <= 20 else (2, [side, 3.4])
    figure, axes = _figure(
        side + (0.8 if n <= 20 else 4.8),
        side - (0.6 if n <= 20 else 0),
        1,
        columns,
        width_ratios=ratios,
    )
    axis = axes[0, 0]
    image = axis.imshow(share, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    names = [_short(name, 18) for name in class_names]
    across = ["\n".join(textwrap.wrap(name, 10)) for name in names] if n <= 5 else names
    axis.set_xticks(range(n), across, rotation=90 if n > 5 else 0, fontsize=_font(n))
    axis.set_yticks(range(n), names, fontsize=_font(n))
    axis.set(xlabel="predicted", ylabel="expected")
    axis.spines[:].set_visible(True)
    if n <= 20:
        for i, j in zip(*np.nonzero(counts)):
            axis.text(
                j,
                i,
                counts[i, j],
                ha="center",
                va="center",
                size=9,
                color="white" if share[i, j] > 0.5 else "black",
            )
    else:
        bars = axes[0, 1]
        bars.barh(range(len(worst)), [wrong[pair] for pair in worst], height=0.25, color=RED)
        for place, (i, j) in enumerate(worst):
            bars.text(0, place - 0.2, f"{names[i]} as {names[j]}", va="bottom", fontsize=8)
        bars.set(yticks=[], xlabel="pictures", title="most frequent mix-ups", ylim=(14.5, -0.8))
        bars.spines["left"].set_visible(False)
        bars.xaxis.set_major_locator(_whole_numbers())
    figure.colorbar(
        image, ax=axis, label="share of the expected class", shrink=0.6, format="{x:.0%}"
    )
    words = f"{np.trace(counts) / len(expected):.0%} of {len(expected):,} right"
    for i, j in worst[:1]:
        words += f"; most often, {names[i]} was taken for {names[j]} ({wrong[i, j]}x)"
    return _titled(figure, words)


def mistakes(table, files, read, decode, *, count=12):
    """Shows the most confident mistakes, each with what was expected and what was predicted.

    Args:
        table: What `evaluation.mistakes` returns: `row`, `expected`, `predicted`, `confidence`, the surest first.
        files: The files that `row` counts in, as `predict_once` returns them.
        read, decode: See above.
        count: Most pictures to show.
    """
    shown = table.head(count)
    columns, rows = max(1, min(6, len(shown))), max(1, -(-len(shown) // 6))
    figure, axes = _figure(
        max(1.8 * columns, 4), 2.4 * rows + 0.6 if len(shown) else 0.6, rows, columns
    )
    for cell in axes.flat:
        _bare(cell)
    pictures = _pictures([files[row] for row in shown["row"]], read, decode)
    for cell, picture, row in zip(axes.flat, pictures, shown.itertuples()):
        _show(cell, picture)
        cell.set_title(f"expected {_short(row.expected, 14)}", fontsize=9, color=BLUE)
        cell.set_xlabel(
            f"predicted {_short(row.predicted, 14)}\n({row.confidence:.0%} sure)",
            fontsize=9,
            color=RED,
        )
    if not len(shown):
        return _titled(figure, f"No mistakes in {len(files):,} pictures")
    sure = sum(table["confidence"] >= 0.9)
    words = f"Mistakes: {len(table)} of {len(files):,} pictures" + (
        f", {sure} at 90 % or surer" if sure else ""
    )
    return _titled(
        figure, words + (f". The {len(shown)} surest:" if len(shown) < len(table) else "")
    )


def timeline(history):
    """Shows where the time of each epoch went.

    Left: seconds on the clock, in which the model trained or waited for data. Right: seconds of work in the threads that
    read and decode; they work side by side, so that these can exceed the clock.

    Args:
        history: `InputMeter.history`: a dict an epoch, with the seconds `training`, `waiting`, `reading`, `decoding`.
    """
    _require(history, "history")
    epochs = np.arange(1, len(history) + 1)
    figure, axes = _figure(10, min(0.32 * len(history), 6) + 2, 1, 2)
    panels = ("seconds on the clock", {"training": BLUE, "waiting": RED}), (
        "seconds of work, all threads together", {"reading": ORANGE, "decoding": GREEN})  # fmt: skip
    for axis, (words, parts) in zip(axes.flat, panels):
        left = np.zeros(len(history))
        for name, color in parts.items():
            values = np.array([epoch[name] for epoch in history], float)
            axis.barh(epochs, values, left=left, color=color, label=name)
            left += values
        axis.set(xlabel=words, ylabel="epoch", ylim=(len(history) + 0.6, 0.4))
        axis.yaxis.set_major_locator(_whole_numbers())
        axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False)
    shares = [
        epoch["waiting"] / max(epoch["waiting"] + epoch["training"], 1e-9) for epoch in history
    ]
    words = f"The model waited for data {shares[0]:.0%} of the first epoch"
    return _titled(
        figure, words + (f" and {shares[-1]:.0%} of the last" if len(shares) > 1 else "")
    )


def _figure(width, height, rows=1, columns=1, **ratios):
    with plt.rc_context({"axes.spines.top": False, "axes.spines.right": False}):
        figure, axes = plt.subplots(
            rows,
            columns,
            figsize=(width, height),
            dpi=100,
            layout="constrained",
            squeeze=False,
            **ratios,
        )
    plt.close(
        figure
    )  # else the inline backend would show it a second time, and pyplot would keep it for ever
    return figure, axes


def _titled(figure, words):
    figure.suptitle(
        textwrap.fill(words, int(figure.get_figwidth() * 10.5)).replace("$", r"\$"), fontsize=11
    )
    return figure


def _short(text, length):
    """Takes out of the middle of a long name what does not fit, and keeps `$` from being read as mathematics."""
    text = str(text)
    if len(text) > length:
        text = f"{text[: length - length // 3 - 1]}…{text[-(length // 3) :]}"
    return text.replace("$", r"\$")


def _font(count):
    return 9 if count <= 30 else 8 if count <= 60 else 6.5


def _whole_numbers():
    return plt.MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10])


def _bare(axis):
    axis.set(xticks=[], yticks=[])
    axis.patch.set_visible(False)
    axis.spines[:].set_visible(False)


def _show(axis, picture):
    """Draws a picture, or marks it as broken; returns whether it is broken."""
    if isinstance(picture, Exception):
        axis.set(xlim=(0, 1), ylim=(0, 1), aspect=1)
        axis.plot([0, 1, np.nan, 0, 1], [0, 1, np.nan, 1, 0], color=RED, linewidth=1)
        reason = textwrap.shorten(
            str(picture).replace("$", r"\$") or type(picture).__name__, 60, placeholder="…"
        )
        box = {"facecolor": "white", "edgecolor": RED}
        axis.text(
            0.5, 0.5, textwrap.fill(reason, 17), ha="center", va="center", fontsize=7, bbox=box
        )
        return True
    picture = np.asarray(picture)
    axis.imshow(picture, cmap="gray", vmin=0, vmax=255 if picture.dtype.kind == "u" else 1)
    return False


def _pictures(files, read, decode):
    """Reads and decodes a screenful, eight at a time; in place of a broken picture stands its exception."""

    def picture(file):
        try:
            return decode(read(file))
        except Exception as error:
            if getattr(error, "ends_run", False):  # no sign-in: no picture would come
                raise
            return error

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(picture, files))


def _width_and_height(data):
    from PIL import Image

    with Image.open(io.BytesIO(data)) as image:
        return image.size


def _label(file, labels):
    return file.label if labels is None else labels.get(file.id, "(no label)")


def _by_class(files, labels):
    groups = defaultdict(list)
    for file in files:
        groups[_label(file, labels)].append(file)
    _require(groups, "files")
    return dict(sorted(groups.items()))


def _balance_in_words(counts):
    low, high = min(counts.values()), max(counts.values())
    span = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    classes = "1 class" if len(counts) == 1 else f"{len(counts)} classes"
    return f"{classes}, {span} picture{'s' if high > 1 else ''}{' each' if len(counts) > 1 else ''}"


def _indices(values):
    values = np.asarray(values)
    if values.ndim == 2 and values.shape[1] > 1:
        return values.argmax(axis=1)
    return (
        (values.reshape(len(values)) >= 0.5).astype(int)
        if values.dtype.kind == "f"
        else values.ravel().astype(int)
    )


def _require(values, name):
    if not len(values):
        raise ValueError(
            f"There is nothing to draw: `{name}` is empty. An iterator is empty when it was used before."
        )
