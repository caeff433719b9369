"""Names in a table that a spreadsheet may open: text, never a formula, and read back unchanged."""

import pytest

from colab_helpers.drive.spreadsheet import as_cell, from_cell

FORMULAS = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1)",
    "=",
    "-",
    "'=",
    "''=1",
    "+neg",
    "\uff1d1",
]
TEXTS = ["rose.jpg", "", "-5", "+1.5", "-1e3", "'quoted'", "'", "a=b", "Café", "日本"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_becomes_text(text):
    assert as_cell(text).startswith("'")


@pytest.mark.parametrize("text", TEXTS)
def test_any_other_text_stays_as_it_is(text):
    assert as_cell(text) == text


@pytest.mark.parametrize("value", [7, 0.5, None, True])
def test_what_is_no_text_stays_as_it_is(value):
    assert as_cell(value) is value


@pytest.mark.parametrize("text", [*FORMULAS, *TEXTS])
def test_a_cell_is_read_back_as_it_was(text):
    assert from_cell(as_cell(text)) == text


def test_no_two_names_have_one_cell():
    names = [mark + text for text in FORMULAS for mark in ("", "'", "''")]
    assert len({as_cell(name) for name in names}) == len(set(names))


@pytest.mark.parametrize("text", ["\t=1", "\r=1", "\n", "\x1b[31m", "caf\udce9", "\u202e=1"])
def test_what_a_screen_obeys_is_shown(text):
    shown = as_cell(text)
    assert shown.isprintable()
    assert not shown.startswith(("=", "\t", "\r"))
