"""What the widgets promise, in ipywidgets 7.7 and 8; tests/browser looks at them in a real page."""

import base64
import dataclasses
import html
import io

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("ipywidgets")

from colab_helpers.drive import NotFoundError, connect
from colab_helpers.images import augmenter
from colab_helpers.widgets import VIEW, AugmentationExplorer, FolderPicker, live_view


@pytest.fixture(params=["LocalFolder", "Drive"])
def drive(request, practice, drive_server):
    if request.param == "LocalFolder":
        return connect(practice)
    return connect(endpoint=drive_server(practice).url)


def names_in(picker):
    return list(picker._list.options)


def open_folder(picker, name):
    picker._list.value = name
    picker._open.click()


def test_the_picker_begins_at_the_top_and_walks_down_and_up(drive):
    """Children, the way to where one is, and the ID that is picked follow each step."""
    picker = FolderPicker(drive)
    assert picker.folder_id == "." and picker.path == "" and picker._up.disabled
    assert {"balloon", "flower", "lighthouse"} <= set(names_in(picker))
    seen = []
    picker.observe(lambda change: seen.append(change["new"]), "folder_id")
    open_folder(picker, "flower")
    assert picker.path == "flower" and seen == [picker.folder_id]
    assert {file.label for file in drive.list_images(picker.folder_id)} == {"flower"}
    assert names_in(picker) == [] and picker._open.disabled
    picker._up.click()
    assert picker.folder_id == "." and names_in(picker)[0] == "balloon"


def test_images_are_counted_where_one_is(drive):
    """In a folder and below it; at the top, which may be all of a Drive, only folders are."""
    picker = FolderPicker(drive)
    assert "images" not in picker._status.value
    open_folder(picker, "balloon")
    assert picker._status.value == "0 folders, 12 images in here and below."


def test_the_count_stops_where_it_would_take_long(drive):
    """A large folder is not listed to its end for the sake of a number."""

    class Few(FolderPicker):
        MOST_IMAGES = 5

    assert Few(drive, "balloon")._status.value == "0 folders, 5 images or more in here and below."


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
    picker._filter.value = "LIGHT"
    assert names_in(picker) == ["lighthouse"] and picker._list.index == 0
    picker._filter.value = "nothing of that name"
    assert names_in(picker) == [] and picker._open.disabled
    picker._filter.value = "fl"
    picker._open.click()
    assert picker.path == "flower" and picker._filter.value == ""


def test_the_picker_goes_by_keyboard_alone(drive):
    """A part of a name and Enter open the first that is left; two dots and Enter go up."""
    picker = FolderPicker(drive)

    def enter(text):
        picker._filter.value = text
        picker._filter._handle_custom_msg({"event": "submit"}, [])

    enter("light")
    assert picker.path == "lighthouse"
    enter("no such name")
    assert picker.path == "lighthouse"
    enter("..")
    enter("..")
    assert picker.path == "" and "balloon" in names_in(picker)


def test_a_folder_is_listed_when_it_is_opened_and_not_before(practice, drive_server, tmp_path):
    """The number of requests does not grow with the number of folders that are not opened."""
    for n in range(30):
        (tmp_path / f"folder_{n:02}" / "below").mkdir(parents=True)
    server = drive_server(tmp_path)
    picker = FolderPicker(connect(endpoint=server.url))
    asked = len(server.log)
    assert asked <= 3 and len(names_in(picker)) == 31
    open_folder(picker, "folder_07")
    assert len(server.log) <= asked + 8 and names_in(picker) == ["below"]


def test_names_are_shown_as_they_are_and_run_nothing(tmp_path):
    """A folder's name is text, whatever is in it."""
    (tmp_path / "<img src=x onerror=alert(1)> & co").mkdir()
    picker = FolderPicker(connect(tmp_path))
    open_folder(picker, "<img src=x onerror=alert(1)> & co")
    shown = picker._where.value + picker._status.value + picker._repr_mimebundle_()["text/html"]
    assert "<img" not in shown and "&lt;img" in shown


def test_what_goes_wrong_is_said_in_the_picker(tmp_path):
    """A folder that vanished: the reason is shown, and one stays where one was."""
    (tmp_path / "gone").mkdir()
    picker = FolderPicker(connect(tmp_path))
    (tmp_path / "gone").rmdir()
    picker._open.click()
    assert "no folder" in html.unescape(picker._status.value) and picker.folder_id == "."


def grid_of(explorer):
    picture = np.asarray(Image.open(io.BytesIO(explorer._picture.value)))
    larger = picture.shape[1] // (4 * 48)
    return picture[::larger, ::larger]


@pytest.fixture
def photo():
    return np.random.default_rng(0).integers(0, 255, (32, 48, 3)).astype("uint8")


def test_moving_a_slider_changes_the_picture_and_the_code(photo):
    """The first picture stays the photo itself; the line is the one that makes what is seen."""
    explorer = AugmentationExplorer(photo, augmenter)
    assert explorer.code == "augment = augmenter()"
    before = grid_of(explorer)
    explorer.controls["rotation_range"].value = 40
    explorer.controls["horizontal_flip"].value = True
    after = grid_of(explorer)
    assert explorer.code == "augment = augmenter(rotation_range=40, horizontal_flip=True)"
    assert (after[:32, :48] == photo).all() and (after[:, 52:] != before[:, 52:]).any()
    assert html.unescape(explorer._code.value).endswith(f">{explorer.code}</pre>")


def test_the_code_makes_the_augmenter_that_is_seen(photo):
    """Every control of the explorer is a word of `images.augmenter`."""
    explorer = AugmentationExplorer(photo, augmenter)
    for word, control in explorer.controls.items():
        control.value = {"fill_mode": "wrap", "random_crop": 0.7}.get(
            word, getattr(control, "max", True)
        )
    names = {"augmenter": augmenter}
    exec(explorer.code, names)
    expected = names["augment"](photo, np.random.default_rng(1))
    assert (explorer.augment(photo, np.random.default_rng(1)) == expected).all()
    assert set(explorer.settings) == set(explorer.controls)


def test_other_variants_and_the_same_again(photo):
    """The button draws others; the seed alone decides which."""
    explorer = AugmentationExplorer(photo, augmenter, rotation_range=40)
    first = grid_of(explorer)
    button = explorer.children[0].children[0].children[-1]
    button.click()
    assert (grid_of(explorer) != first).any()
    assert (grid_of(AugmentationExplorer(photo, augmenter, rotation_range=40)) == first).all()


def test_a_grey_photo_and_unknown_settings(photo):
    """One channel is fine; a word that does not exist is refused with those that do."""
    AugmentationExplorer(photo[..., :1], augmenter, vertical_flip=True)
    with pytest.raises(ValueError, match="rotation_range.*Received: brightness"):
        AugmentationExplorer(photo, augmenter, brightness=2)


def test_where_no_widget_can_be_a_picture_or_a_text_is(photo, practice):
    """A stored notebook and a printed page lose nothing: IPython is given both, with ipywidgets 7 and 8."""
    from IPython.core.formatters import DisplayFormatter

    for widget in (
        AugmentationExplorer(photo, augmenter, zoom_range=0.2),
        FolderPicker(connect(practice), "flower"),
    ):
        data, _ = DisplayFormatter().format(widget)
        assert data[VIEW]["model_id"] == widget.model_id and len(data["text/plain"]) > 20
        assert "image/png" in data or "folder_id" in data["text/html"]
    explorer_data = AugmentationExplorer(photo, augmenter)._repr_mimebundle_()
    assert base64.b64decode(explorer_data["image/png"])[:4] == b"\x89PNG"


@pytest.fixture
def run(practice):
    """Trains two epochs on a real stream; returns the arguments with which to call it."""
    keras = pytest.importorskip("keras")
    from colab_helpers.images import decoder
    from colab_helpers.sequence import StreamingSequence

    source = connect(practice)
    files = list(source.list_images("."))
    gone = dataclasses.replace(files[0], id="gone.jpg")
    stream = StreamingSequence(
        [*files, gone], source.read, decoder((16, 16)), batch_size=8, on_bad_file="skip"
    )
    model = keras.Sequential(
        [keras.Input((16, 16, 3)), keras.layers.Flatten(), keras.layers.Dense(3)]
    )
    model.compile(
        "sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
    )
    return lambda **options: model.fit(
        stream, epochs=2, verbose=0, callbacks=[live_view(stream, seconds=0)], **options
    )


def test_the_live_view_prints_a_line_an_epoch_outside_a_notebook(run, capsys):
    """Nothing is lost in a plain terminal."""
    run()
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("epoch")]
    assert [line.split(",")[0] for line in lines] == ["epoch 1", "epoch 2"]
    assert all(word in lines[-1] for word in ("loss", "accuracy", "images/s", "waited"))


def test_the_live_view_updates_itself_and_stays_as_a_table(run):
    """One output, updated; what stays has a row an epoch, the skipped files, and no progress bar."""
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    InteractiveShell.instance()
    try:
        with capture_output() as captured:
            run()
    finally:
        InteractiveShell.clear_instance()
    views = [output.data for output in captured.outputs]
    assert (
        "Epoch 1 of 2, batch 1 of 5, about" in views[0]["text/html"]
        and "<progress" in views[0]["text/html"]
    )
    assert views[-1]["text/plain"].startswith("Finished 2 epochs in 0:0")
    assert (
        "skipped files: 1" in views[-1]["text/html"] and "<progress" not in views[-1]["text/html"]
    )
    assert views[-1]["text/html"].count("<tr>") == 3
