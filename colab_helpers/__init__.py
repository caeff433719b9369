"""Train Keras models on pictures that stay on Google Drive.

Example:
    ```python
    from colab_helpers import StreamingSequence, augmenter, connect, decoder, split

    drive = connect()
    files = drive.list_images("flowers17")
    train_files, val_files, test_files = split(files, (0.7, 0.1, 0.2), seed=0)
    decode = decoder(image_size=(64, 64))
    train = StreamingSequence(train_files, drive.read, decode, augment=augmenter(rotation_range=20))
    ```

The rooms, in the direction in which a picture goes; an arrow says which others a room uses:

    drive        sign in, list a folder by ID, read bytes, upload a result
    sources      a ZIP or a CSV on Drive as the source; packing           -> drive, atomic
    inventory    a listing as a table; split it, save it, refresh it      -> drive, atomic
    stream       bytes to pixels to batches: what `model.fit` takes
    dataset      all of the above in one call     -> drive, inventory, stream
    training     resume a run that was cut off; what it waits for         -> atomic
    evaluation   predict each picture once; reports, rankings of the worst     -> drive (types)
    plots        one function, one figure           -> drive, inventory, evaluation
    widgets      pick a folder, try augmentations, watch a run            -> drive, training
    kedro_io     a listing and a stream as datasets of a Kedro pipeline
                                         -> drive, stream, sources, inventory, atomic
    practice     draws a folder of pictures to practise with
    atomic       files that are written whole or not at all

`drive` and `stream` use no other room: each can be copied alone beside a notebook. Each public name
can be imported from its room or from here; nothing is imported before it is asked for (PEP 562).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what an editor goes by
    from .dataset import *  # noqa: F403
    from .drive import *  # noqa: F403
    from .evaluation import *  # noqa: F403
    from .inventory import *  # noqa: F403
    from .plots import *  # noqa: F403
    from .practice import *  # noqa: F403
    from .sources import *  # noqa: F403
    from .stream import *  # noqa: F403
    from .training import *  # noqa: F403
    from .widgets import *  # noqa: F403

__version__ = "0.2.0"

# What each room offers: its `__all__`, written here too, so that no room is imported to know it.
_OFFERS = {
    "drive": (
        *("connect", "Drive", "LocalFolder", "Source", "File", "Listing", "Changes"),
        *("DriveError", "SignInError", "NotFoundError", "QuotaError", "TransientError"),
    ),
    "stream": (
        *("StreamingSequence", "decoder", "ImageError", "augmenter", "cached", "PixelCache"),
    ),
    "sources": (
        *("open_archive", "Archive", "ArchiveError", "pack"),
        *("open_csv", "Rows", "PixelDecoder", "CsvError"),
    ),
    "inventory": (
        *("describe", "file_table", "duplicates", "read_labels", "pair"),
        *("split", "split_by_folder", "sample", "Part"),
        *("take_inventory", "refresh_inventory", "save_inventory", "load_inventory"),
    ),
    "dataset": ("image_dataset_from_drive",),
    "training": ("ResumeTraining", "InputMeter"),
    "evaluation": (
        *("Predictions", "class_indices", "predict_once", "rank_mistakes", "report"),
        *("rank_labels", "report_labels", "rank_numbers", "report_numbers"),
        *("ComparedMasks", "compare_masks", "rank_masks", "report_masks"),
    ),
    "plots": (
        *("plot_samples", "plot_class_balance", "plot_learning_curves"),
        *("plot_timeline", "plot_confusion", "plot_mistakes", "plot_numbers", "plot_masks"),
        "plot_comparison",
    ),
    "widgets": ("FolderPicker", "AugmentationExplorer", "live_view"),
    "practice": ("practice_path", "flowers_path", "make_practice_folder", "draw_picture"),
}

# The names until 0.2; gone in 0.3.
_OLD_NAMES = {
    "inventory": ("table", "resume", "refresh", "save", "load"),
    "evaluation": ("mistakes",),
    "plots": ("samples", "class_balance", "learning_curves", "timeline", "confusion"),
    "practice": ("practice_drive",),
}

_ROOM_OF = {name: room for room, names in _OFFERS.items() for name in names}
_ROOM_OF_OLD_NAME = {name: room for room, names in _OLD_NAMES.items() for name in names}

__all__ = ["__version__", *_ROOM_OF]


def __getattr__(name: str) -> Any:
    """Imports the room that offers a name, when it is first asked for."""
    room = _ROOM_OF.get(name, _ROOM_OF_OLD_NAME.get(name))
    if room is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{room}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_ROOM_OF})
