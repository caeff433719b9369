"""A listing and a Drive show what they are, and a long listing tells how far it is."""

import pytest

from colab_helpers.drive import Drive, File, Listing, connect
from colab_helpers.inventory import take_inventory


def file(number):
    return File(f"id{number}", f"{number}.jpg", "rose", f"rose/{number}.jpg", 9, None, "1")


def slow_listing(clock, seconds, folder="flowers17"):
    """A listing whose n-th file comes after so many seconds."""

    def walk(at):
        for number, wait in enumerate(seconds):
            clock.sleep(wait)
            yield file(number)

    return Listing(walk, folder=folder, clock=clock)


def test_a_listing_shows_how_far_it_is_and_asks_for_nothing(photos):
    listing = connect(photos.parent).list_images("photos", label=None)
    assert repr(listing) == "Listing of 'photos': not begun; `files = list(...)` asks for its files"
    next(listing)
    assert repr(listing) == "Listing of 'photos': 1 file so far, and not at its end"
    assert len(list(listing)) == 9
    assert repr(listing) == "Listing of 'photos': 10 files, all given out"


def test_a_listing_on_drive_shows_itself_before_the_first_request(drive_server, photos):
    server = drive_server(photos.parent)
    drive = connect(endpoint=server.url)
    before = len(server.log)
    listing = drive.list_images("photos", label=None)
    assert "not begun" in repr(listing)
    assert len(server.log) == before
    next(listing)
    rest = drive.list_images("photos", position=listing.position, label=None)
    asked = len(server.log)
    assert "goes on from a position" in repr(rest)
    assert len(server.log) == asked


@pytest.mark.parametrize(
    "folder",
    ["<b>\x1b[31m\u202egpj\n", "https://drive.google.com/drive/folders/1AbC?resourcekey=0-secret"],
)
def test_a_folder_is_shown_without_what_a_screen_obeys_and_without_its_key(folder, clock, capsys):
    listing = slow_listing(clock, [30], folder)
    list(listing)
    for text in (repr(listing), capsys.readouterr().out.rstrip("\n")):
        assert text.isprintable() and "secret" not in text and "Listing" in text


def test_a_short_listing_says_nothing(clock, capsys):
    list(slow_listing(clock, [1.9] * 10))
    assert capsys.readouterr().out == ""


def test_a_long_listing_tells_after_20_seconds_and_then_at_doubling_times(clock, capsys):
    list(slow_listing(clock, [1] * 30 + [0.5] * 120))
    assert capsys.readouterr().out.splitlines() == [
        "Listing 'flowers17': 20 files so far, 1 a second.",
        "Listing 'flowers17': 50 files so far, 2 a second.",
        "Listing 'flowers17': 130 files so far, 2 a second.",
    ]


def test_what_is_done_between_two_files_does_not_count(clock, capsys):
    for _ in slow_listing(clock, [1] * 10):
        clock.sleep(100)
    assert capsys.readouterr().out == ""


def test_a_listing_can_be_told_to_say_nothing(clock, capsys):
    listing = slow_listing(clock, [30] * 10)
    listing.verbose = False
    list(listing)
    assert capsys.readouterr().out == ""


def test_where_a_bar_tells_the_listing_does_not(clock, capsys, tmp_path):
    class Slow:
        def list_images(self, folder, *, position=None):
            return slow_listing(clock, [30] * 10, folder)

    assert len(take_inventory(Slow(), "flowers17", tmp_path / "list.jsonl")) == 10
    assert "Listing 'flowers17'" not in capsys.readouterr().out


def test_a_drive_shows_where_it_is_and_no_password():
    drive = Drive(object(), "http://somebody:secret@127.0.0.1:9")
    assert repr(drive) == "Drive('http://127.0.0.1:9')"
