"""A row: what was measured, what it stands beside, and what was asked; and rows as Markdown."""

from dataclasses import dataclass

FASTER = "x"  # as fast as the peer: more is better
OFF = "x its difference"  # as far off as the peer: less is better
TIME = "x its time"


@dataclass(frozen=True)
class Row:
    """A line of a table.

    `measured` is the number that is judged, in `unit`, if one is; `limit` and what is asked
    (`least`, `most`) are in the same unit. With a `headline` the row stands in the README's table
    and figure too."""

    what: str
    here: str
    measured: float | None = None
    unit: str = FASTER
    peer: str = ""
    there: str = ""
    least: float | None = None
    most: float | None = None
    limit: float | None = None
    limit_is: str = ""
    headline: str = ""

    @property
    def peer_is_ahead(self):
        if self.unit == OFF:
            return self.measured > 1
        return self.unit == FASTER and self.measured < 1

    @property
    def result(self):
        if self.measured is None:
            return ""
        result = number(self.measured) + self.unit
        return f"**{result}: the peer is ahead**" if self.peer_is_ahead else result

    @property
    def asked(self):
        if self.least is not None:
            asked, is_met = f"at least {number(self.least)}", self.measured >= self.least
        elif self.most is not None:
            asked, is_met = f"at most {number(self.most)}", self.measured <= self.most
        else:
            return ""
        return f"{asked}: {'yes' if is_met else '**no**'}"

    @property
    def beside(self):
        return ": ".join(filter(None, (self.peer, self.there)))

    @property
    def bound(self):
        limit = "" if self.limit is None else number(self.limit) + self.unit
        return ": ".join(filter(None, (limit, self.limit_is)))


def number(value):
    """As many digits as one reads: 0.43, 12.3, 1,234."""
    if abs(value) < 10:
        return f"{value:.2f}"
    return f"{value:.1f}" if abs(value) < 100 else f"{value:,.0f}"


def markdown(rows):
    """All of a subject."""
    lines = ["| what | here | beside it | result | asked | limit |", "|---|---|---|---|---|---|"]
    for row in rows:
        cells = row.what, row.here, row.beside, row.result, row.asked, row.bound
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def short_markdown(rows):
    """The headlines, for the README."""
    lines = ["| what | beside | times as fast | limit |", "|---|---|---|---|"]
    for row in rows:
        limit = "" if row.limit is None else f"{number(row.limit)}x"
        lines.append(f"| {row.headline} | {row.peer} | {number(row.measured)}x | {limit} |")
    return "\n".join(lines)
