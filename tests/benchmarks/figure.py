"""The README's figure: how many times as fast as its peer, a bar for each headline."""

from matplotlib.ticker import FuncFormatter, NullLocator

from colab_helpers.plots.style import BLUE, GREY, ORANGE, font_size, new_figure, set_title

INCHES_A_BAR = 0.34


def draw(rows):
    """Bars on a logarithmic scale; a tick marks each row's limit."""
    figure, axes = new_figure(9, 1.2 + INCHES_A_BAR * len(rows))
    axis, places = axes[0, 0], range(len(rows))
    size = font_size(len(rows))
    colors = [ORANGE if row.peer_is_ahead else BLUE for row in rows]
    axis.barh(places, [row.measured - 1 for row in rows], left=1, color=colors, height=0.6)
    for place, row in zip(places, rows):
        beyond = max(row.measured, 1)
        axis.text(beyond * 1.04, place, f"{row.measured:.2g}x", va="center", fontsize=size)
        if row.limit is not None:
            axis.plot([row.limit] * 2, [place - 0.4, place + 0.4], color=GREY, linewidth=2)
    axis.axvline(1, color=GREY, linewidth=1)
    names = [f"{row.headline}\nbeside {row.peer}" for row in rows]
    axis.set_yticks(places, [name.replace("`", "") for name in names], fontsize=size - 1)
    axis.invert_yaxis()
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}x"))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_xlabel("times as fast; a grey tick is the limit", fontsize=size)
    axis.margins(x=0.12)
    set_title(figure, "Beside what you would use instead")
    return figure
