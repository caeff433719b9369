"""Notebook 04 never puts a worse model in the place of a better one, unless it is asked to."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from colab_helpers.drive import NotFoundError, connect
from course import COURSE, stand_in_drive
from one_notebook import execute, override, read_notebook

(TRAIN,) = [path for path in COURSE if path.stem.startswith("04")]
CELLS = {cell.id: cell.source for cell in read_notebook(TRAIN).cells}


class Model:
    """Saves what tells that it is the one of the last epoch."""

    def save(self, path):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text("last epoch's")


@pytest.fixture
def save(tmp_path, monkeypatch):
    """Runs the cells that save, in a new empty folder, with a drive that stays."""
    (tmp_path / "drive").mkdir()
    drive = connect(tmp_path / "drive")

    def run(accuracy, *, best=None, replace=False):
        runtime = tmp_path / f"runtime {len(list(tmp_path.iterdir()))}"
        runtime.mkdir()
        monkeypatch.chdir(runtime)
        if best is not None:
            Path("results/first").mkdir(parents=True)
            Path("results/first/best.keras").write_text(best)
        defined = {
            "history": SimpleNamespace(history={"val_accuracy": accuracy}),
            "train": SimpleNamespace(class_names=["a", "b"]),
            "decode": SimpleNamespace(library="pillow"),
            "model": Model(),
            "drive": drive,
            "results": "results",
            **{"RUN": "first", "IMAGE_SIZE": 64, "SEED": 0, "shares": (0.65, 0.15, 0.2)},
            **{"REPLACE": replace, "Path": Path, "NotFoundError": NotFoundError},
        }
        exec(CELLS["save"], defined)
        exec(CELLS["upload"], defined)
        saved = tmp_path / "drive/results"
        record = json.loads((saved / "model.json").read_text())
        return (saved / "model.keras").read_text(), record.get("score")

    return run


def test_the_model_of_the_best_epoch_is_saved_with_its_score(save):
    assert save([0.5, 0.977, 0.7], best="good") == ("good", 0.977)


def test_a_worse_one_does_not_take_its_place(save, capsys):
    save([0.5, 0.977], best="good")
    assert save([0.5, 0.791], best="worse") == ("good", 0.977)
    assert "The model on your Drive has 0.977, this one 0.791" in capsys.readouterr().out


def test_a_better_one_does_and_a_worse_one_where_it_is_asked_for(save):
    save([0.5], best="bad")
    assert save([0.9], best="good") == ("good", 0.9)
    assert save([0.791], best="worse", replace=True) == ("worse", 0.791)


def test_the_last_epochs_model_has_the_last_epochs_score(save):
    """On a fresh runtime where the run is done and its best model did not come back."""
    save([0.5, 0.977, 0.791], best="good")
    assert save([0.5, 0.977, 0.791]) == ("good", 0.977)


def test_a_record_without_a_score_is_judged_by_its_curve(save, tmp_path):
    save([0.5, 0.977], best="good")
    path = tmp_path / "drive/results/model.json"
    record = json.loads(path.read_text())
    del record["score"]
    path.write_text(json.dumps(record))
    assert save([0.791], best="worse") == ("good", None)


@pytest.mark.slow
def test_run_all_on_a_fresh_runtime_leaves_the_model_that_is_there(tmp_path):
    """The run is done, so nothing is trained; its best model comes back, and is saved again."""
    with stand_in_drive(tmp_path / "drive") as (url, _):
        results = tmp_path / "drive/colab_helpers_results/practice"
        saved = []
        for runtime in ("one", "two"):
            notebook = read_notebook(TRAIN)
            override(notebook, {"EPOCHS": 3, "PULL_THE_PLUG": False})
            execute(notebook, TRAIN.stem, url, tmp_path / runtime)
            record = json.loads((results / "model.json").read_text())
            saved.append([(results / "model.keras").read_bytes(), record["score"]])
    assert saved[0] == saved[1]
