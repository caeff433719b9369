"""Notebooks in JupyterLab, in a real page: look, run, pick a folder, move a slider.

Pictures go to out/browser.

`make test-full` does it again with ipywidgets 7.7.1, which is what Colab has.
"""

import importlib.util
import re
import shutil
from pathlib import Path

import pytest
from browser.lab import (
    CHROMIUM,
    ROOT,
    WIDGETS,
    Notebook,
    StoredNotebook,
    chromium,
    fresh_copy,
    jupyter_lab,
)

from course import NOTEBOOKS, stand_in_drive
from one_notebook import read_notebook

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM,
        reason="NOT TESTED in a browser: no Chromium here (Debian: apt install chromium)",
    ),
    pytest.mark.skipif(
        not all(map(importlib.util.find_spec, ("jupyterlab", "playwright"))),
        reason="NOT TESTED in a browser: `make browser-test` installs what it needs",
    ),
]
PICTURES = ROOT / "out" / ("browser_ipywidgets7" if WIDGETS else "browser")
NAMES = ("02_inventory", "03_stream")
LONGER = ("04_train", "05_evaluate")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab over fresh copies of the notebooks, with the practice folder on a Drive."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "stored").mkdir()
    for path in NOTEBOOKS:
        shutil.copy(path, folder / "stored")
    for name in NAMES + LONGER:
        fresh_copy(ROOT / "notebooks" / f"{name}.ipynb", folder)
    with (
        stand_in_drive(tmp_path_factory.mktemp("drive")) as (url, _),
        jupyter_lab(folder, url) as address,
    ):
        yield address


@pytest.fixture(scope="module")
def new_page():
    with chromium() as new_page:
        yield new_page


@pytest.fixture(scope="module")
def opened(lab, new_page):
    """Opens a notebook in a page of its own and runs it, once: `opened("02_inventory")`."""
    notebooks = {}

    def open_and_run(name):
        if name not in notebooks:
            notebook = Notebook(new_page(), lab.format(f"/tree/{name}.ipynb"))
            assert not notebook.panel.locator(".jp-OutputArea-output").count()
            notebook.run_all()
            notebook.pictures(PICTURES / name)
            notebooks[name] = notebook
        return notebooks[name]

    return open_and_run


@pytest.fixture(scope="module")
def page_for_stored(lab, new_page):
    page = new_page(height=1600)  # so that the longest cell is in one picture
    page.goto(lab.format(""), timeout=120_000)
    page.wait_for_function("window.jupyterapp", timeout=120_000)
    page.evaluate("() => jupyterapp.restored.then(() => null)")
    return page


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_stored_notebook_is_seen_whole(page_for_stored, path):
    """Opened in a window 1280 pixels wide: no code, text or table is cut off or on red."""
    notebook = StoredNotebook(
        page_for_stored, f"stored/{path.name}", len(read_notebook(path).cells)
    )
    assert notebook.pictures(PICTURES / "stored" / path.stem) >= 8
    assert notebook.cut_off() == []
    assert notebook.warnings() == []
    assert notebook.errors() == []


@pytest.mark.parametrize(
    "name", [*NAMES, *(pytest.param(name, marks=pytest.mark.slow) for name in LONGER)]
)
def test_the_notebook_runs_to_its_end(opened, name):
    """Run > Run All Cells: no error, no warning in the way, nothing cut off."""
    notebook = opened(name)
    assert notebook.errors() == []
    assert notebook.warnings() == []
    assert notebook.cut_off() == []


def test_the_folder_picker_walks_through_the_drive(opened):
    """Up, filter, open by click and keyboard: list, path and count follow, no cell runs again."""
    notebook = opened("02_inventory")
    page, picker = notebook.page, notebook.panel.locator(".folder-picker")
    picker.scroll_into_view_if_needed()
    assert picker.inner_text().startswith("Drive / practice")
    assert "300 images" in picker.inner_text()
    options = picker.locator("option")
    assert "lighthouse" in options.all_inner_texts()
    picker.get_by_role("button", name="Up").click()
    options.get_by_text("practice", exact=True).wait_for(state="attached")
    picker.locator("select").select_option(label="practice")
    picker.screenshot(path=PICTURES / "picker_at_the_top.png")
    picker.get_by_role("button", name="Open").click()
    options.get_by_text("sailboat", exact=True).wait_for(state="attached")

    picker.locator("input[type=text]").click()
    page.keyboard.type("light")
    options.get_by_text("sailboat", exact=True).wait_for(state="detached")
    assert options.all_inner_texts() == ["lighthouse"]
    page.keyboard.press("Enter")
    picker.get_by_text("60 images in here").wait_for()
    assert picker.inner_text().startswith("Drive / practice / lighthouse")
    picker.screenshot(path=PICTURES / "picker_in_a_class.png")


def test_a_slider_changes_the_picture_and_the_code(opened):
    """One step of a slider by the keyboard: another picture, and the line of code that makes it."""
    notebook = opened("03_stream")
    page, explorer = notebook.page, notebook.panel.locator(".augmentation-explorer")
    explorer.scroll_into_view_if_needed()
    picture, code = explorer.locator("img"), explorer.locator("pre")
    before, line = picture.get_attribute("src"), code.inner_text()
    degrees = int(re.search(r"rotation_range=(\d+)", line)[1])
    explorer.screenshot(path=PICTURES / "explorer_before.png")
    # The class shows which ipywidgets draws it: 7 or 8.
    explorer.locator(".rotation-range").locator(
        ".ui-slider-handle" if WIDGETS else ".noUi-handle"
    ).focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    code.get_by_text(f"rotation_range={degrees + 25}").wait_for()
    page.wait_for_function(
        "([image, before]) => image.src != before", arg=[picture.element_handle(), before]
    )
    explorer.screenshot(path=PICTURES / "explorer_after.png")


def test_pictures_were_taken(opened):
    """What a test saw can be looked at afterwards."""
    for name in NAMES:
        opened(name)
        assert len(list((PICTURES / name).glob("cell_*.png"))) >= 8
    assert all(Path(path).stat().st_size > 1000 for path in PICTURES.rglob("*.png"))
