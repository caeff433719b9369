"""What the folder picker promises, in ipywidgets 7.7 and 8; tests/browser looks at it in a page."""

import html

import pytest

pytest.importorskip("ipywidgets")

from colab_helpers.drive import NotFoundError, connect
from colab_helpers.widgets import FolderPicker
from colab_helpers.widgets.folder_picker import TOP, Folder, count_images, find_trail


@pytest.fixture(params=["LocalFolder", "Drive"])
def drive(request, practice, drive_server):
    if request.param == "LocalFolder":
        return connect(practice)
    return connect(endpoint=drive_server(practice).url)


def names_in(picker):
    return list(picker.controls["folders"].options)


def open_folder(picker, name):
    picker.controls["folders"].value = name
    picker.controls["open"].click()


def press_enter(picker, text):
    """What the browser tells when someone types a text into the filter and presses Enter."""
    picker.controls["filter"].value = text
    picker.controls["filter"]._handle_custom_msg({"event": "submit"}, [])


def test_the_picker_begins_at_the_top_and_walks_down_and_up(drive):
    """Children, the way to where one is, and the ID that is picked follow each step."""
    picker = FolderPicker(drive)
    assert (picker.folder_id, picker.path) == (".", "")
    assert picker.controls["up"].disabled
    assert {"balloon", "flower", "lighthouse"} <= set(names_in(picker))
    seen = []
    picker.observe(lambda change: seen.append(change["new"]), "folder_id")
    open_folder(picker, "flower")
    assert picker.path == "flower"
    assert seen == [picker.folder_id]
    assert {file.label for file in drive.list_images(picker.folder_id)} == {"flower"}
    assert names_in(picker) == []
    assert picker.controls["open"].disabled
    picker.controls["up"].click()
    assert picker.folder_id == "."
    assert names_in(picker)[0] == "balloon"


def test_images_are_counted_where_one_is(drive):
    """In a folder and below it; at the top, which may be all of a Drive, only folders are."""
    picker = FolderPicker(drive)
    assert "images" not in picker.status_line.value
    open_folder(picker, "balloon")
    assert picker.status_line.value == "0 folders, 12 images in here and below."


def test_the_count_stops_where_it_would_take_long(drive):
    """A large folder is not listed to its end for the sake of a number."""
    picker = FolderPicker(drive, "balloon", most_images=5)
    assert picker.status_line.value == "0 folders, 5 images or more in here and below."


def test_not_more_folders_are_listed_than_anyone_scrolls_through(drive):
    picker = FolderPicker(drive, most_folders=2)
    assert len(names_in(picker)) == 2
    assert picker.status_line.value.startswith("2 folders or more.")


def test_the_picker_can_begin_further_down(drive):
    """At a path, at an ID; at what does not exist, it says so at once."""
    picker = FolderPicker(drive, "flower")
    assert picker.path == "flower"
    assert FolderPicker(drive, picker.folder_id).folder_id == picker.folder_id
    with pytest.raises(NotFoundError, match="no folder 'roses'"):
        FolderPicker(drive, "roses")


def test_the_filter_narrows_the_list_by_name(drive):
    """Whatever the case; what is opened is what is shown."""
    picker = FolderPicker(drive)
    picker.controls["filter"].value = "LIGHT"
    assert names_in(picker) == ["lighthouse"]
    assert picker.controls["folders"].index == 0
    picker.controls["filter"].value = "nothing of that name"
    assert names_in(picker) == []
    assert picker.controls["open"].disabled
    picker.controls["filter"].value = "fl"
    picker.controls["open"].click()
    assert picker.path == "flower"
    assert picker.controls["filter"].value == ""


def test_where_no_folder_is_left_to_show_a_line_says_why(drive):
    """No empty box: the line takes the list's place, and gives it back."""
    picker = FolderPicker(drive)
    folders = picker.controls["folders"].layout
    assert (folders.display, picker.none_line.layout.display) == (None, "none")
    picker.controls["filter"].value = "<xyz>"
    assert (folders.display, picker.none_line.layout.display) == ("none", None)
    words = html.unescape(picker.none_line.value)
    assert words == "No folder here has '<xyz>' in its name."
    picker.controls["filter"].value = ""
    assert (folders.display, picker.none_line.layout.display) == (None, "none")
    open_folder(picker, "flower")
    assert picker.none_line.value == "No folder lies in this one."


def test_a_folder_that_was_given_by_its_id_is_shown_by_its_name(drive):
    """Where the drive tells it; its ID says nothing to anybody."""
    folder_id = dict((name, folder_id) for folder_id, name in drive.list_folders("."))["flower"]
    picker = FolderPicker(drive, folder_id)
    assert (picker.folder_id, picker.path) == (folder_id, "flower")
    assert "<b>flower</b>" in picker.trail_line.value


def test_the_picker_goes_by_keyboard_alone(drive):
    """A part of a name and Enter open the first that is left; two dots and Enter go up."""
    picker = FolderPicker(drive)
    press_enter(picker, "light")
    assert picker.path == "lighthouse"
    press_enter(picker, "no such name")
    assert picker.path == "lighthouse"
    press_enter(picker, "..")
    press_enter(picker, "..")
    assert picker.path == ""
    assert "balloon" in names_in(picker)


def test_a_folder_is_listed_when_it_is_opened_and_not_before(drive_server, tmp_path):
    """The number of requests does not grow with the number of folders that are not opened."""
    for number in range(30):
        (tmp_path / f"folder_{number:02}" / "below").mkdir(parents=True)
    server = drive_server(tmp_path)
    picker = FolderPicker(connect(endpoint=server.url))
    asked = len(server.log)
    assert asked <= 3
    assert len(names_in(picker)) == 31
    open_folder(picker, "folder_07")
    assert len(server.log) <= asked + 8
    assert names_in(picker) == ["below"]


def test_names_are_shown_as_they_are_and_run_nothing(tmp_path):
    """A folder's name is text, whatever is in it."""
    name = "<img src=x onerror=alert(1)> & co"
    (tmp_path / name).mkdir()
    picker = FolderPicker(connect(tmp_path))
    open_folder(picker, name)
    for shown in (picker.trail_line.value, picker.static()["text/html"]):
        assert "&lt;img" in shown
        assert "<img" not in shown
    assert "<img" not in picker.status_line.value


def test_what_goes_wrong_is_said_in_the_picker(tmp_path):
    """A folder that vanished: the reason is shown, and one stays where one was."""
    (tmp_path / "gone").mkdir()
    picker = FolderPicker(connect(tmp_path))
    (tmp_path / "gone").rmdir()
    picker.controls["open"].click()
    assert "no folder" in html.unescape(picker.status_line.value)
    assert picker.folder_id == "."
    assert names_in(picker) == ["gone"]


def test_an_error_of_an_observer_is_not_taken_for_one_of_the_drive(tmp_path):
    """The folder is entered and shown; Jupyter tells the error, as that of any callback."""
    (tmp_path / "photos" / "roses").mkdir(parents=True)
    picker = FolderPicker(connect(tmp_path))

    def fail(change):
        raise RuntimeError("an error of the observer")

    picker.observe(fail, "folder_id")
    open_folder(picker, "photos")
    assert picker.path == picker.folder_id == "photos"
    assert picker.trail_line.value.endswith("<b>photos</b>")
    assert names_in(picker) == ["roses"]
    assert picker.status_line.value.startswith("1 folder. There are no images")


# The parts of it that need no page


class Tree:
    """Folders in a dictionary; remembers what was asked for."""

    FOLDERS = {".": [("a1", "a"), ("b1", "b")], "b1": [("c1", "c")], "c1": []}

    def __init__(self):
        self.asked = []

    def list_folders(self, folder):
        self.asked.append(folder)
        return iter(self.FOLDERS[folder])

    def list_images(self, folder):
        return iter(())


TRAILS = [
    (".", [], []),
    ("b", [Folder("b1", "b")], ["."]),
    ("b/c", [Folder("b1", "b"), Folder("c1", "c")], [".", "b1"]),
    ("b/nothing", [Folder("b/nothing", "b/nothing")], [".", "b1"]),
    ("an-id", [Folder("an-id", "an-id")], ["."]),
]


@pytest.mark.parametrize("folder, below_the_top, asked", TRAILS)
def test_the_way_to_a_folder_is_asked_for_only_as_far_as_it_leads(folder, below_the_top, asked):
    """What is no path is taken for a name or an id."""
    tree = Tree()
    assert find_trail(tree, folder) == [TOP, *below_the_top]
    assert tree.asked == asked


class SlowClock:
    """A second passes with each look at it."""

    def __init__(self):
        self.now = 0

    def __call__(self):
        self.now += 1
        return self.now


@pytest.mark.parametrize(
    "files, most, seconds, words",
    [
        (0, 10, 100, "0 images"),
        (1, 10, 100, "1 image"),
        (9, 10, 100, "9 images"),
        (10, 10, 100, "10 images or more"),
        (1234, 5000, 9999, "1,234 images"),
        (1000, 5000, 3, "4 images or more"),
    ],
)
def test_counting_stops_at_a_number_and_after_a_time(files, most, seconds, words):
    counted = count_images(range(files), most=most, seconds=seconds, clock=SlowClock())
    assert str(counted) == words


@pytest.mark.parametrize("drive", [None, "flowers"])
def test_what_is_no_drive_is_refused(drive):
    with pytest.raises(ValueError, match="`drive` must be what `connect` returned"):
        FolderPicker(drive)
