"""Names that came from outside are shown and never obeyed; two normal forms are one name."""

import pytest

from colab_helpers.drive.names import composed, printable


@pytest.mark.parametrize(
    "name, shown",
    [
        ("rose 1.jpg", "rose 1.jpg"),
        ("Café Zürich 日本 🌹.jpg", "Café Zürich 日本 🌹.jpg"),
        ("a\\b.jpg", "a\\b.jpg"),
        ("", ""),
        ("a\nb", r"a\nb"),
        ("a\r\tb", r"a\r\tb"),
        ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
        ("a\0b\x7f\x85\x9b", r"a\x00b\x7f\x85\x9b"),
        ("a\u2028b\u2029", r"a\u2028b\u2029"),
        ("a\u202egpj.exe\u2066", r"a\u202egpj.exe\u2066"),
        ("cat\u200b\ufeff\u00ad", r"cat\u200b\ufeff\xad"),
        ("cat\u00a0", r"cat\xa0"),
        ("cat\u3164\u115f\u1160\u034f\uffa0", r"cat\u3164\u115f\u1160\u034f\uffa0"),
        ("caf\udce9.jpg", r"caf\udce9.jpg"),
        ("\ud83d", r"\ud83d"),
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_what_a_screen_would_obey_or_hide_is_shown(name, shown):
    assert printable(name) == shown
    assert printable(shown) == shown


@pytest.mark.parametrize("code", [*range(0x20), *range(0x7F, 0xA0), 0x200E, 0x061C, 0xDC80, 0xDCFF])
def test_a_shown_name_is_one_line_for_any_stream_in_utf_8(code):
    shown = printable(f"a{chr(code)}b")
    assert shown.encode("utf-8").decode("utf-8").isprintable()
    assert chr(code) not in shown


def test_two_normal_forms_are_one_name():
    assert composed("Cafe\u0301") == composed("Caf\u00e9") == "Caf\u00e9"
    assert composed("\u1112\u1161\u11ab") == "\ud55c"


def test_a_name_that_is_no_utf_8_stays_as_it_is():
    assert composed("caf\udce9") == "caf\udce9"
