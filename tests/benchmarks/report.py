"""Where the tables go: BENCHMARKS.md, the README, and what was measured, as JSON below out/.

A file shows the tables between two marks, such as `<!-- make bench: tables -->` and
`<!-- make bench: end -->`; what stands around them stays."""

import dataclasses
import json
import re

from tests.benchmarks.measure import ROOT
from tests.benchmarks.table import Row, markdown, short_markdown

KEPT = ROOT / "out" / "benchmarks.json"
FIGURE = ROOT / "figures" / "benchmarks.png"


@dataclasses.dataclass(frozen=True)
class Table:
    """What a subject found.

    Attributes:
        note: What was measured on what, and by which command.
    """

    title: str
    rows: list[Row]
    note: str

    def __str__(self):
        return f"### {self.title}\n\n{markdown(self.rows)}\n"


def load():
    """{subject: its table}, of this and earlier runs."""
    if not KEPT.exists():
        return {}
    saved = json.loads(KEPT.read_text())
    return {
        subject: Table(one["title"], [Row(**row) for row in one["rows"]], one["note"])
        for subject, one in saved.items()
    }


def save(tables):
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps({name: dataclasses.asdict(one) for name, one in tables.items()}))


def publish(tables):
    """Writes BENCHMARKS.md, the README's table and its figure; returns what was left unwritten."""
    from tests.benchmarks.figure import draw

    headlines = [row for table in tables for row in table.rows if row.headline]
    draw(headlines).savefig(FIGURE)
    texts = {
        "BENCHMARKS.md": ("tables", with_notes(tables)),
        "README.md": ("headlines", short_markdown(headlines)),
    }
    left = []
    for name, (mark, text) in texts.items():
        page = ROOT / name
        try:
            page.write_text(between_marks(page.read_text(), mark, text))
        except ValueError as error:
            left.append(f"{name}: {error} This was for it:\n\n{text}")
    return left


def with_notes(tables):
    """The tables in Markdown; those that follow each other share a note that is the same."""
    parts = []
    for table, following in zip(tables, [*tables[1:], None]):
        parts.append(str(table))
        if following is None or following.note != table.note:
            parts.append(f"{table.note}\n")
    return "\n".join(parts)


def between_marks(page, mark, text):
    """The page with `text` between its marks."""
    begin, end = f"<!-- make bench: {mark} -->", "<!-- make bench: end -->"
    found = re.compile(f"({re.escape(begin)}\n).*?({re.escape(end)})", re.DOTALL)
    if len(found.findall(page)) != 1:
        raise ValueError(f"it has no place for the table, once, between '{begin}' and '{end}'.")
    return found.sub(lambda match: f"{match[1]}\n{text.strip()}\n\n{match[2]}", page)
