"""Figures that say what they show: one function, one figure, returned.

Each function returns a `matplotlib.figure.Figure` that pyplot has already let go of. As the last expression of a cell it
is shown exactly once; in the middle of a cell, `display(figure)`; in a script, `figure.savefig("name.png")`. Titles
state the finding; colours are those of Okabe and Ito (2008), which colour-blind readers can tell apart.

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

BLUE, ORANGE, GREEN, RED, PURPLE, SKY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"
GREY = "#6b6b6b"


def samples(files, read, decode, *, per_class=6, rows=8, page=0, labels=None):
    """Shows pictures by class, a class in each row. What cannot be read or decoded is marked, with the reason.

    The first pages show every class; those that follow go on with the next pictures of each class.

    Args:
        files: Iterable of files.
        read: `read(file) -> bytes`.
        decode: `decode(bytes) -> uint8 array (height, width, channels)`, as `images.decoder` makes it.
        per_class: Pictures in a row.
        rows: Rows on a page.
        page: Which page, counted from 0.
        labels: Optional `{id: label}`, for folders that do not tell the class.

    Returns:
        The Figure.

    Raises:
        ValueError: There is no file, or no such page.
    """
    groups = _by_class(files, labels)
    longest = max(len(group) for group in groups.values())
    lines = [
        (label, group[start : start + per_class])
        for start in range(0, longest, per_class)
        for label, group in groups.items()
        if group[start : start + per_class]
    ]
    pages = -(-len(lines) // rows)
    if not 0 <= page < pages:
        raise ValueError(f"`page` must be from 0 to {pages - 1}. Received: page={page}")
    lines = lines[page * rows : (page + 1) * rows]
    shown = [file for _, group in lines for file in group]
    pictures = iter(_pictures(shown, read, decode))
    figure, axes = _figure(1.3 * per_class + 1.2, 1.3 * len(lines) + 0.6, len(lines), per_class)
    broken = 0
    for (label, group), cells in zip(lines, axes):
        cells[0].set_ylabel(_short(label, 14), rotation=0, ha="right", va="center")
        for number, cell in enumerate(cells):
            _bare(cell)
            if number < len(group):
                broken += _show(cell, next(pictures))
            else:
                cell.patch.set_visible(False)
    words = _balance_in_words({label: len(group) for label, group in groups.items()})
    words += f". {broken} of the {len(shown)} shown cannot be read" if broken else ""
    return _titled(figure, words + (f" (page {page + 1} of {pages})" if pages > 1 else ""))


def class_balance(files, *, labels=None):
    """Counts pictures by class, as bars.

    Args:
        files: Iterable of files; or `{"train": files, "validation": files}` for parts, which share each bar.
        labels: Optional `{id: label}`.

    Returns:
        The Figure.
    """
    parts = files if isinstance(files, dict) else {"": files}
    counts = {name: Counter(_label(file, labels) for file in part) for name, part in parts.items()}
    totals = sum(counts.values(), Counter())
    _require(totals, "files")
    order = sorted(totals, key=lambda label: (totals[label], label))
    figure, axes = _figure(8, min(0.24 * len(order) + 1.4, 18))
    axis, left = axes[0, 0], np.zeros(len(order))
    for (name, count), color in zip(counts.items(), [BLUE, ORANGE, GREEN, PURPLE, SKY, RED] * len(counts)):
        values = np.array([count[label] for label in order])
        axis.barh(range(len(order)), values, left=left, color=color, label=name or None)
        left += values
    for place, label in enumerate(order):
        axis.annotate(f"{totals[label]:,}", (totals[label], place), (3, 0), textcoords="offset points", va="center",
                      fontsize=_font(len(order)))  # fmt: skip
    axis.set_yticks(range(len(order)), [_short(label, 30) for label in order], fontsize=_font(len(order)))
    axis.set(xlabel="pictures", ylim=(-0.6, len(order) - 0.4))
    axis.margins(x=0.1)
    axis.spines[["top", "right"]].set_visible(False)
    if len(counts) > 1:
        figure.legend(loc="outside lower center", ncols=len(counts), frameon=False)
    words = _balance_in_words(totals)
    ratio = totals[order[-1]] / totals[order[0]]
    return _titled(figure, words + (f": the largest has {ratio:.1f} times the smallest" if ratio >= 1.5 else ""))


def sizes(files, read=None, *, limit=200):
    """Shows how large the files are; with `read`, also the width and height of some pictures.

    Args:
        files: Iterable of files.
        read: Optional `read(file) -> bytes`. It reads `limit` files, spread evenly over the listing.
        limit: Most pictures to open.

    Returns:
        The Figure. Left: file sizes in kB (1000 bytes). Right: a point a picture, in pixels as stored.
    """
    files = list(files)
    _require(files, "files")
    kilobytes = np.array([file.size for file in files]) / 1000
    low, high = np.percentile(kilobytes, [10, 90])
    words = f"Most files have {low:,.0f} to {high:,.0f} kB"
    figure, axes = _figure(10 if read else 6, 4, 1, 2 if read else 1)
    axis = axes[0, 0]
    positive = kilobytes[kilobytes > 0]
    wide = len(positive) and positive.max() > 50 * positive.min()
    bins = np.geomspace(positive.min(), positive.max(), 31) if wide else 30
    axis.hist(positive, bins=bins, color=BLUE)
    axis.set(xlabel="file size in kB", ylabel="files", xscale="log" if wide else "linear")
    if wide:
        axis.xaxis.set_major_formatter("{x:,g}")
    if len(positive) < len(kilobytes):
        words += f", {len(kilobytes) - len(positive)} are empty"
    if read:
        chosen = [files[int(i)] for i in np.linspace(0, len(files) - 1, min(limit, len(files)))]
        shapes = [shape for shape in _pictures(chosen, read, _width_and_height) if not isinstance(shape, Exception)]
        if shapes:
            width, height = np.array(shapes).T
            axes[0, 1].scatter(width, height, s=18, alpha=0.5, color=ORANGE, edgecolors="none")
            top = 1.1 * max(width.max(), height.max())
            axes[0, 1].plot([0, top], [0, top], color=GREY, linewidth=1, linestyle="--")
            axes[0, 1].annotate("square", (0.85 * top, 0.85 * top), (0, 4), textcoords="offset points", rotation=45,
                                ha="center", color=GREY, rotation_mode="anchor")  # fmt: skip
            axes[0, 1].set(xlim=(0, top), ylim=(0, top), aspect="equal")
            landscape, portrait = np.mean(width > height), np.mean(width < height)
            words += f"; of {len(shapes)} opened, {landscape:.0%} are wider than high, {portrait:.0%} higher than wide"
        axes[0, 1].set(xlabel="width in pixels", ylabel="height in pixels")
    for axis in axes.flat:
        axis.spines[["top", "right"]].set_visible(False)
    return _titled(figure, words)


def augmentations(image, augment, rng=0, *, count=11):
    """Shows one picture as it is, and `count` variants as training will see them.

    Args:
        image: uint8 array `(height, width, channels)`.
        augment: `augment(image, rng) -> image`, as `images.augmenter` makes it.
        rng: A `numpy.random.Generator`, or an integer seed.
        count: How many variants.

    Returns:
        The Figure.
    """
    rng = np.random.default_rng(rng)
    columns = min(6, count + 1)
    figure, axes = _figure(1.5 * columns, 1.6 * -(-(count + 1) // columns) + 0.6, -(-(count + 1) // columns), columns)
    variants = [augment(image, rng) for _ in range(count)]
    for number, cell in enumerate(axes.flat):
        _bare(cell)
        if number > count:
            cell.set_visible(False)
            continue
        _show(cell, variants[number - 1] if number else image)
        cell.set_title("original" if not number else f"variant {number}", fontsize=9)
        cell.spines[:].set(visible=not number, color=ORANGE, linewidth=3)
    change = np.mean([np.abs(np.asarray(v, float) - np.asarray(image, float)).mean() for v in variants])
    scale = 255 if np.asarray(image).dtype.kind == "u" else 1
    if not change:
        return _titled(figure, "Nothing changes: these settings leave the picture as it is")
    return _titled(figure, f"One picture, {count} variants: a pixel moves by {change / scale:.0%} of its range on average")


def learning_curves(history):
    """Draws loss and metrics by epoch, for training and validation, with the best epoch marked.

    Args:
        history: What `model.fit` returns, or its `history`: `{"loss": [...], "val_loss": [...], ...}`.

    Returns:
        The Figure. The best epoch is the one of the lowest `val_loss` (without validation, the lowest `loss`).
    """
    history = getattr(history, "history", history)
    names = [name for name in history if f"val_{name}" in history or name == "loss" or "acc" in name]
    names = [name for name in names if not name.startswith("val_")] or list(history)
    _require([value for name in names for value in history[name]], "history")
    chosen = next((name for name in ("val_loss", "loss") if name in history), names[0])
    best = int(np.nanargmin(history[chosen])) if np.isfinite(history[chosen]).any() else 0
    epochs = len(history[chosen])
    columns = min(3, len(names))
    figure, axes = _figure(5 * columns, 3.6 * -(-len(names) // columns), -(-len(names) // columns), columns)
    for axis in axes.flat[len(names) :]:
        axis.set_visible(False)
    for axis, name in zip(axes.flat, names):
        for key, color, style, label in ((name, BLUE, "o-", "training"), (f"val_{name}", RED, "s--", "validation")):
            if key in history:
                axis.plot(range(1, len(history[key]) + 1), history[key], style, color=color, label=label, markersize=4)
        axis.axvline(best + 1, color=GREY, linewidth=1, linestyle=":", label="best epoch")
        axis.set(xlabel="epoch", ylabel=name)
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.spines[["top", "right"]].set_visible(False)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
    words = f"Best epoch: {best + 1} of {epochs}, with {chosen} {history[chosen][best]:.3g}"
    accuracy = next((n for n in ("val_accuracy", "val_acc", "val_sparse_categorical_accuracy") if n in history), None)
    words += f" and {accuracy} {history[accuracy][best]:.3g}" if accuracy else ""
    if epochs - best > 3 and chosen == "val_loss":
        words += f". The {epochs - best - 1} epochs after it did not help"
    return _titled(figure, words)


def confusion(labels, predictions, class_names):
    """Shows what was taken for what. Rows are what was expected; the shade is the share of the row.

    Args:
        labels: Class indices `(n,)` or one-hot rows `(n, classes)`.
        predictions: Class indices `(n,)` or probabilities `(n, classes)` or `(n, 1)`.
        class_names: Names in the order of the indices.

    Returns:
        The Figure. Up to 20 classes the counts are written in; above, the most frequent mix-ups stand beside it.
    """
    n = len(class_names)
    expected, predicted = _indices(labels), _indices(predictions)
    _require(expected, "labels")
    counts = np.zeros((n, n), int)
    np.add.at(counts, (expected, predicted), 1)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    wrong = counts * (1 - np.eye(n, dtype=int))
    worst = [np.unravel_index(place, wrong.shape) for place in np.argsort(-wrong, axis=None, kind="stable")[:15]]
    worst = [(i, j) for i, j in worst if wrong[i, j]]
    side = float(np.clip(0.42 * n + 2.4, 4.5, 12)) if n <= 20 else float(np.clip(0.15 * n + 3, 7, 18))
    figure, axes = _figure(side + (4 if n > 20 else 0.8), side, 1, 2 if n > 20 else 1,
                           **({"width_ratios": [side, 3]} if n > 20 else {}))  # fmt: skip
    axis = axes[0, 0]
    image = axis.imshow(share, cmap="Blues", vmin=0, vmax=1)
    names = [_short(name, 18) for name in class_names]
    axis.set_xticks(range(n), names, rotation=90 if n > 4 else 0, fontsize=_font(n))
    axis.set_yticks(range(n), names, fontsize=_font(n))
    axis.set(xlabel="predicted", ylabel="expected")
    if n <= 20:
        for i, j in zip(*np.nonzero(counts)):
            axis.text(j, i, counts[i, j], ha="center", va="center", color="white" if share[i, j] > 0.5 else "black",
                      fontsize=_font(n))  # fmt: skip
    else:
        bars = axes[0, 1]
        bars.barh(range(len(worst)), [wrong[pair] for pair in worst], color=RED)
        pairs = [f"{_short(class_names[i], 16)} as {_short(class_names[j], 16)}" for i, j in worst]
        for place, pair in enumerate(pairs):
            bars.annotate(pair, (0, place), (2, -9), textcoords="offset points", va="center", fontsize=8)
        bars.set(yticks=[], xlabel="pictures", title="most frequent mix-ups", ylim=(max(len(worst), 15), -0.6))
        bars.xaxis.get_major_locator().set_params(integer=True)
        bars.spines[["top", "right", "left"]].set_visible(False)
    figure.colorbar(image, ax=axis, label="share of the expected class", shrink=0.6, format="{x:.0%}")
    words = f"{np.trace(counts) / len(expected):.0%} of {len(expected):,} right"
    if worst:
        i, j = worst[0]
        words += f"; most often {_short(class_names[i], 18)} was taken for {_short(class_names[j], 18)} ({wrong[i, j]}x)"
    return _titled(figure, words)


def mistakes(table, files, read, decode, *, count=12):
    """Shows the most confident mistakes, each with what was expected and what was predicted.

    Args:
        table: What `evaluation.mistakes` returns: `row`, `expected`, `predicted`, `confidence`, the worst first.
        files: The files that `row` counts in, as `predict_once` returns them.
        read: `read(file) -> bytes`.
        decode: `decode(bytes) -> uint8 array`.
        count: Most pictures to show.

    Returns:
        The Figure. Without mistakes, it says so.
    """
    shown = table.head(count)
    if not len(shown):
        figure, axes = _figure(5, 1)
        axes[0, 0].set_axis_off()
        return _titled(figure, f"No mistakes in {len(files):,} pictures")
    columns = min(6, len(shown))
    lines = -(-len(shown) // columns)
    figure, axes = _figure(max(1.7 * columns, 4), 2.3 * lines + 0.6, lines, columns)
    pictures = _pictures([files[row] for row in shown["row"]], read, decode)
    for cell in axes.flat[len(shown) :]:
        cell.set_visible(False)
    for cell, picture, row in zip(axes.flat, pictures, shown.itertuples()):
        _bare(cell)
        _show(cell, picture)
        cell.set_title(f"is {_short(row.expected, 16)}", fontsize=9, color=BLUE)
        cell.set_xlabel(f"not {_short(row.predicted, 16)}\n({row.confidence:.0%} sure)", fontsize=9, color=RED)
    sure = int((table["confidence"] >= 0.9).sum())
    words = f"{len(table)} of {len(files):,} pictures are wrong" + (f", {sure} of them at 90 % or surer" if sure else "")
    return _titled(figure, words + (f". The {len(shown)} surest:" if len(shown) < len(table) else ""))


def timeline(history):
    """Shows where the time of each epoch went.

    Args:
        history: `InputMeter.history`: a dict an epoch, with the seconds `training`, `waiting`, `reading`, `decoding`.

    Returns:
        The Figure. Left: seconds on the clock, in which the model trained or waited for data. Right: seconds of work in
        the threads that read and decode; they work side by side, so that these can exceed the clock.
    """
    _require(history, "history")
    figure, axes = _figure(10, 0.32 * len(history) + 1.9, 1, 2)
    panels = (
        (axes[0, 0], "seconds on the clock", {"training": BLUE, "waiting": RED}),
        (axes[0, 1], "seconds of work in all threads", {"reading": ORANGE, "decoding": GREEN}),
    )
    for axis, words, parts in panels:
        left = np.zeros(len(history))
        for name, color in parts.items():
            values = np.array([epoch[name] for epoch in history], float)
            axis.barh(range(1, len(history) + 1), values, left=left, color=color, label=name)
            left += values
        axis.set(xlabel=words, ylabel="epoch", ylim=(len(history) + 0.6, 0.4))
        axis.yaxis.get_major_locator().set_params(integer=True)
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False)
    shares = [epoch["waiting"] / max(epoch["waiting"] + epoch["training"], 1e-9) for epoch in history]
    words = f"The model waited for data {shares[0]:.0%} of the first epoch"
    return _titled(figure, words + (f" and {shares[-1]:.0%} of the last" if len(shares) > 1 else ""))


def _figure(width, height, rows=1, columns=1, **ratios):
    figure, axes = plt.subplots(rows, columns, figsize=(width, height), dpi=100, layout="constrained", squeeze=False,
                                gridspec_kw=ratios)  # fmt: skip
    plt.close(figure)  # else the inline backend would show it a second time, and pyplot would keep it for ever
    return figure, axes


def _titled(figure, words):
    figure.suptitle(textwrap.fill(words, int(figure.get_figwidth() * 10.5)).replace("$", r"\$"), fontsize=11)
    return figure


def _short(text, length):
    """Cuts long names, and keeps matplotlib from reading `$` as mathematics."""
    text = str(text)
    return (text if len(text) <= length else text[: length - 1] + "…").replace("$", r"\$")


def _font(count):
    return 9 if count <= 30 else 8 if count <= 60 else 6.5


def _bare(axis):
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)


def _show(axis, picture):
    """Draws a picture, or marks it as broken; returns whether it is broken."""
    if isinstance(picture, Exception):
        axis.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", facecolor="#f0f0f0")
        axis.plot([0, 1], [0, 1], color=RED, linewidth=1, alpha=0.5)
        axis.plot([0, 1], [1, 0], color=RED, linewidth=1, alpha=0.5)
        reason = textwrap.shorten(str(picture).replace("$", r"\$") or type(picture).__name__, 60, placeholder="…")
        axis.text(0.5, 0.5, textwrap.fill(reason, 17), ha="center", va="center", fontsize=7,
                  bbox={"facecolor": "white", "edgecolor": RED, "boxstyle": "round,pad=0.3"})  # fmt: skip
        return True
    picture = np.asarray(picture)
    if picture.ndim == 3 and picture.shape[2] == 1:
        picture = picture[..., 0]
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
    return (values.reshape(len(values)) >= 0.5).astype(int) if values.dtype.kind == "f" else values.ravel().astype(int)


def _require(values, name):
    if not len(values):
        raise ValueError(f"There is nothing to draw: `{name}` is empty. An iterator is empty when it was used before.")
