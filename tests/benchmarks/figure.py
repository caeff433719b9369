"""The README's figure: how many times as fast as its peer, a bar for each headline."""

from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from colab_helpers.plots.style import BLUE, GREY, ORANGE, font_size, new_figure, set_title

INCHES_A_BAR = 0.34
WORDS = "times as fast as what the second line names; orange: that is ahead; grey: the limit"


def draw(rows):
    """Bars on a logarithmic scale, from 1 on; a tick marks each row's limit."""
    figure, axes = new_figure(9, 1.2 + INCHES_A_BAR * len(rows))
    axis, places, size = axes[0, 0], range(len(rows)), font_size(len(rows)) - 1
    colors = [ORANGE if row.peer_is_ahead else BLUE for row in rows]
    axis.barh(places, [row.measured - 1 for row in rows], left=1, color=colors, height=0.6)
    for place, row in zip(places, rows):
        limit = row.limit or 1
        if row.limit is not None:
            axis.plot([limit] * 2, [place - 0.4, place + 0.4], color=GREY, linewidth=2)
        right = max(row.measured, limit, 1) * 1.05
        axis.text(right, place, f"{row.measured:.2g}x", va="center", fontsize=size)
    axis.axvline(1, color=GREY, linewidth=1)
    names = [f"{row.headline}\n{row.peer}".replace("`", "") for row in rows]
    axis.set_yticks(places, names, fontsize=size)
    axis.invert_yaxis()
    axis.set_xscale("log")
    axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}x"))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.tick_params(axis="x", labelsize=size)
    figure.supxlabel(WORDS, fontsize=size)
    axis.margins(x=0.1)
    set_title(figure, "Beside what you would use instead")
    return figure
