"""Things to handle in a notebook: pick a folder, try augmentations, watch a run.

The first two are made of core ipywidgets, which work in Colab (7.7) and in JupyterLab (8). Each carries a picture or a
text of itself, which is shown where widgets cannot run: in a stored notebook, on GitHub, on paper. The third is plain
HTML that updates itself, so that it stays when the notebook is closed.

Example:
    >>> import numpy as np
    >>> from colab_helpers.widgets import AugmentationExplorer
    >>> def augmenter(horizontal_flip=False, **others):    # that of colab_helpers.images has all the words
    ...     return lambda image, rng: image[:, ::-1] if horizontal_flip and rng.random() < 0.5 else image
    >>> explorer = AugmentationExplorer(np.zeros((32, 32, 3), "uint8"), augmenter)
    >>> explorer.controls["horizontal_flip"].value = True    # or by a click
    >>> print(explorer.code)
    augment = augmenter(horizontal_flip=True)
"""

import base64
import html
import io
import itertools
import time

import ipywidgets
import numpy as np
import traitlets
from PIL import Image

__all__ = ["AugmentationExplorer", "FolderPicker", "live_view"]

VIEW = "application/vnd.jupyter.widget-view+json"


class _Shown(ipywidgets.VBox):
    """A widget that brings along what is shown where no widget can be: `_static()` gives it by MIME type."""

    _ipython_display_ = None  # that of ipywidgets 7 would show nothing but the widget

    def _repr_mimebundle_(self, **kwargs):
        return {
            **self._static(),
            VIEW: {"version_major": 2, "version_minor": 0, "model_id": self.model_id},
        }


class FolderPicker(_Shown):
    """Walks through the folders of a Drive; where you are is what you picked.

    Example:
        picker = FolderPicker(drive, "photos")
        picker                                      # last line of a cell
        files = drive.list_images(picker.folder_id)    # in a later cell

    A folder's children are asked for when it is opened, not before. By keyboard: type a part of a name, and Enter opens the
    first folder that is left; two dots and Enter go up. (JupyterLab keeps the arrow keys to itself.)

    Args:
        drive: Anything with `list_folders(folder)`, which yields `(id, name)`, and `list_images(folder)`.
        folder: Where to begin, as a path from the top. What is no such path is taken for a name or an id.

    Attributes:
        folder_id: str, the ID of the folder where you are; "." is the top. Can be observed.
        path: str, the way to it.
    """

    folder_id = traitlets.Unicode(".")
    path = traitlets.Unicode("")

    MOST_FOLDERS = 1000  # more than anyone scrolls through
    MOST_IMAGES = 1000  # counted in a folder when it is opened
    MOST_SECONDS = 3  # for counting

    def __init__(self, drive, folder="."):
        self._drive, self._trail, self._folders, self._found = drive, [], [], []
        self._where, self._status = ipywidgets.HTML(), ipywidgets.HTML()
        self._filter = ipywidgets.Text(
            placeholder="part of a name; Enter opens, .. goes up", layout={"width": "auto"}
        )
        self._list = ipywidgets.Select(rows=8, layout={"width": "auto"})
        self._up = ipywidgets.Button(
            description="Up", icon="arrow-up", tooltip="To the folder above"
        )
        self._open = ipywidgets.Button(
            description="Open", icon="folder-open", tooltip="Open the chosen folder"
        )
        self._filter.observe(lambda change: self._show_folders(), "value")
        self._filter.on_msg(self._entered)
        self._up.on_click(lambda button: self._go_up())
        self._open.on_click(lambda button: self._go_down())
        buttons = ipywidgets.HBox([self._open, self._up])
        super().__init__(
            [self._where, self._filter, self._list, buttons, self._status],
            layout={"max_width": "560px"},
        )
        self.add_class("folder-picker")
        self._go(self._way_to(str(folder)))

    def _way_to(self, folder):
        """The folders on the way, as (id, name); they are looked up only as far as the path leads."""
        trail = [(".", "Drive")]
        for name in folder.split("/") if folder != "." else []:
            match = next(
                (child for child in self._drive.list_folders(trail[-1][0]) if child[1] == name),
                None,
            )
            if match is None:
                return [trail[0], (folder, folder)]
            trail.append(match)
        return trail

    def _entered(self, widget, content, buffers):
        if content.get("event") == "submit":  # Enter, as both versions of ipywidgets tell it
            self._go_up() if self._filter.value == ".." else self._go_down()

    def _go_up(self):
        self._go(self._trail[: max(len(self._trail) - 1, 1)])

    def _go_down(self):
        if self._found:
            self._go([*self._trail, self._found[self._list.index or 0]])

    def _go(self, trail):
        self._status.value = "Asking …"
        try:
            folders = list(
                itertools.islice(self._drive.list_folders(trail[-1][0]), self.MOST_FOLDERS)
            )
        except Exception as error:
            if not self._trail:
                raise
            # An exception in a callback would vanish: say it where the eyes are.
            self._status.value = f"<b>{html.escape(str(error))}</b>"
            return
        self._trail, self._folders = trail, sorted(folders, key=lambda folder: folder[1].lower())
        self.path = "/".join(name for _, name in trail[1:])
        self.folder_id = trail[-1][0]
        self._where.value = " / ".join(f"<b>{html.escape(name)}</b>" for _, name in trail)
        self._up.disabled = len(trail) == 1
        self._filter.value = ""
        self._show_folders()
        self._status.value = html.escape(self._count())

    def _show_folders(self):
        wanted = self._filter.value.lower().replace("..", "")
        self._found = [folder for folder in self._folders if wanted in folder[1].lower()]
        self._list.options = [name for _, name in self._found]
        self._list.index = None  # else ipywidgets 7 marks nothing in the page
        self._list.index = 0 if self._found else None
        self._open.disabled = not self._found

    def _count(self):
        """How many folders and images are here; below the top, where that could mean all of a Drive, only folders."""
        folders = f"{len(self._folders):,}{' or more' if len(self._folders) == self.MOST_FOLDERS else ''} folders"
        if len(self._trail) == 1:
            return f"{folders}. Open the one that holds your photos."
        count, begun = 0, time.monotonic()
        try:
            for _ in itertools.islice(self._drive.list_images(self.folder_id), self.MOST_IMAGES):
                count += 1
                if time.monotonic() - begun > self.MOST_SECONDS:
                    return f"{folders}, {count:,} images or more in here and below."
        except Exception as error:  # such as: there are no images
            return f"{folders}. {error}"
        return f"{folders}, {count:,} images{' or more' if count == self.MOST_IMAGES else ''} in here and below."

    def __repr__(self):
        return f"FolderPicker at {self.path or 'the top'}: folder_id = {self.folder_id!r}"

    def _static(self):
        names = ", ".join(name for _, name in self._folders[:12]) + (
            ", …" if len(self._folders) > 12 else ""
        )
        lines = [
            repr(self),
            html.unescape(self._status.value),
            f"Folders in here: {names or 'none'}",
        ]
        return {
            "text/plain": "\n".join(lines),
            "text/html": f"<pre>{html.escape(chr(10).join(lines))}</pre>",
        }


class AugmentationExplorer(_Shown):
    """Shows what augmentation does to one photo while you move the sliders, and the line of code to copy.

    Example:
        AugmentationExplorer(image, augmenter, rotation_range=20, horizontal_flip=True)

    Args:
        image: uint8 array `(height, width, channels)`.
        augmenter: `augmenter(**settings)` returns `augment(image, rng)`, as that of `colab_helpers.images`.
        seed: Of the variants. Moving a slider keeps it, so that what changes is what the slider does.
        **settings: Where the sliders stand at first: `rotation_range` (degrees), `width_shift_range`,
            `height_shift_range` (shares of the side), `shear_range` (degrees), `zoom_range` (share), `random_crop` (share
            of the side that is kept), `horizontal_flip`, `vertical_flip`, `fill_mode`.

    Attributes:
        settings: dict of what differs from an augmenter that does nothing.
        code: str, the line that makes this augmenter.
        augment: That augmenter.
        controls: The sliders and boxes by their word.
    """

    SLIDERS = {  # word: (off, smallest, largest, step)
        "rotation_range": (0, 0, 180, 5),
        "width_shift_range": (0.0, 0.0, 0.5, 0.05),
        "height_shift_range": (0.0, 0.0, 0.5, 0.05),
        "shear_range": (0, 0, 45, 5),
        "zoom_range": (0.0, 0.0, 0.9, 0.05),
        "random_crop": (1.0, 0.3, 1.0, 0.05),
    }
    FLIPS = ("horizontal_flip", "vertical_flip")
    FILL_MODES = ("nearest", "reflect", "wrap", "constant")
    ROWS, COLUMNS, GAP = 2, 4, 4  # pictures and pixels

    def __init__(self, image, augmenter, *, seed=0, **settings):
        self._image, self._augmenter, self._seed = np.asarray(image), augmenter, seed
        self.controls = {}
        style, layout = {"description_width": "130px"}, {"width": "330px"}
        for word, (off, low, high, step) in self.SLIDERS.items():
            slider = ipywidgets.FloatSlider if isinstance(step, float) else ipywidgets.IntSlider
            self.controls[word] = slider(
                off,
                min=low,
                max=high,
                step=step,
                description=word,
                style=style,
                layout=layout,
                continuous_update=False,
            )
        for word in self.FLIPS:
            self.controls[word] = ipywidgets.Checkbox(
                False, description=word, style=style, layout=layout
            )
        self.controls["fill_mode"] = ipywidgets.Dropdown(
            options=self.FILL_MODES, description="fill_mode", style=style, layout=layout
        )
        self._off = {word: control.value for word, control in self.controls.items()}
        unknown = set(settings) - set(self.controls)
        if unknown:
            raise ValueError(
                f"The settings are {', '.join(self.controls)}. Received: {', '.join(sorted(unknown))}"
            )
        for word, control in self.controls.items():
            control.value = settings.get(word, control.value)
            control.add_class(word.replace("_", "-"))
            control.observe(self._draw, "value")
        self._picture = ipywidgets.Image(
            format="png", layout={"width": "auto", "max_width": "620px"}
        )
        self._code = ipywidgets.HTML()
        again = ipywidgets.Button(
            description="Other variants", icon="refresh", layout={"width": "150px"}
        )
        again.on_click(self._other)
        left = ipywidgets.VBox([*self.controls.values(), again], layout={"min_width": "350px"})
        right = ipywidgets.VBox([self._picture, self._code], layout={"flex": "1 1 400px"})
        super().__init__([ipywidgets.HBox([left, right], layout={"flex_flow": "row wrap"})])
        self.add_class("augmentation-explorer")
        self._draw()

    @property
    def settings(self):
        values = {word: control.value for word, control in self.controls.items()}
        changed = {word: value for word, value in values.items() if value != self._off[word]}
        return {
            word: round(value, 2) if isinstance(value, float) else value
            for word, value in changed.items()
        }

    @property
    def code(self):
        return f"augment = augmenter({', '.join(f'{word}={value!r}' for word, value in self.settings.items())})"

    @property
    def augment(self):
        return self._augmenter(**self.settings)

    def _other(self, button):
        self._seed += 1
        self._draw()

    def _draw(self, change=None):
        augment, rng = self.augment, np.random.default_rng(self._seed)
        pictures = [
            self._image,
            *(augment(self._image, rng) for _ in range(self.ROWS * self.COLUMNS - 1)),
        ]
        height, width = self._image.shape[:2]
        grid = np.full(
            (self.ROWS * (height + self.GAP), self.COLUMNS * (width + self.GAP), 3), 255, "uint8"
        )
        for place, picture in enumerate(pictures):
            y, x = (
                n * (side + self.GAP)
                for n, side in zip(divmod(place, self.COLUMNS), (height, width))
            )
            grid[y : y + height, x : x + width] = picture
        larger = max(1, 150 // width)  # small pictures, so that a stored one is not a stamp
        grid = grid[: -self.GAP, : -self.GAP].repeat(larger, axis=0).repeat(larger, axis=1)
        png = io.BytesIO()
        Image.fromarray(grid).save(png, "PNG", compress_level=1)
        self._picture.value = png.getvalue()
        self._code.value = f"The first picture is the photo itself.<pre style='white-space: pre-wrap; word-break: normal'>{html.escape(self.code)}</pre>"

    def __repr__(self):
        return f"AugmentationExplorer: {self.code}"

    def _static(self):
        return {
            "text/plain": repr(self),
            "image/png": base64.b64encode(self._picture.value).decode(),
        }


def live_view(sequence, *, seconds=0.5):
    """Returns a Keras callback that shows a run while it goes, and stays as a table when it is over.

    Example:
        model.fit(train, validation_data=val, epochs=10, verbose=0, callbacks=[live_view(train)])

    A row an epoch: loss and metrics, images a second, the share of the time in which the model waited for data. Above it
    the progress, the time left, and how many files were skipped. Outside a notebook it prints a line an epoch.

    Args:
        sequence: The `StreamingSequence` that is trained on; its `stats` and `skipped` are shown.
        seconds: Shortest time between two updates.
    """
    import keras
    from IPython import get_ipython
    from IPython.display import display

    class LiveView(keras.callbacks.Callback):
        async_safe = (
            True  # Keras need not wait for the GPU at each batch on account of this callback
        )

        def on_train_begin(self, logs=None):
            self.rows, self.handle, self.begun, self.updated, self.batches = (
                [],
                None,
                time.monotonic(),
                0,
                0,
            )

        def on_epoch_begin(self, epoch, logs=None):
            self.epoch, self.before, self.epoch_begun = (
                epoch,
                dict(sequence.stats),
                time.monotonic(),
            )
            self.ended = self.epoch_begun
            self.first = self.epoch if not self.rows else self.first

        def on_train_batch_end(self, batch, logs=None):
            self.batches, self.ended = self.batches + 1, time.monotonic()
            if time.monotonic() - self.updated >= seconds:
                self.show([*self.rows, self.row(logs)], batch + 1)

        def on_epoch_end(self, epoch, logs=None):
            self.rows.append(self.row(logs))
            if get_ipython() is None:
                print(_line(self.rows[-1]))
            self.show(self.rows, self.params["steps"])

        def on_train_end(self, logs=None):
            if self.rows:
                self.show(self.rows, None)

        def row(self, logs):
            passed = max(self.ended - self.epoch_begun, 1e-9)  # without validation
            spent = {
                name: sequence.stats[name] - self.before[name] for name in ("images", "waiting")
            }
            numbers = {name: f"{float(value):.4g}" for name, value in (logs or {}).items()}
            speed, waited = spent["images"] / passed, min(spent["waiting"] / passed, 1)
            return {
                "epoch": f"{self.epoch + 1}",
                **numbers,
                "images/s": f"{speed:,.0f}",
                "waited": f"{waited:.0%}",
            }

        def show(self, rows, batch):
            self.updated = time.monotonic()
            if get_ipython() is None:
                return
            epochs, steps, skipped = (
                self.params["epochs"],
                self.params["steps"] or 1,
                len(sequence.skipped),
            )
            passed = self.updated - self.begun
            left = passed * (((epochs - self.first) * steps) / max(self.batches, 1) - 1)
            if batch is None:
                words = f"Finished {len(rows)} epochs in {_clock(passed)}"
            else:
                words = f"Epoch {self.epoch + 1} of {epochs}, batch {batch} of {steps}, about {_clock(left)} left"
            words += f"; skipped files: {skipped}" if skipped else ""
            bar = "" if batch is None else f"<progress value='{batch}' max='{steps}'></progress> "
            view = {
                "text/plain": f"{words}: {_line(rows[-1])}",
                "text/html": f"<p>{bar}{words}</p>{_html_table(rows)}",
            }
            if self.handle is None:
                self.handle = display(view, raw=True, display_id=True)
            else:
                self.handle.update(view, raw=True)

    return LiveView()


def _clock(seconds):
    return f"{max(int(seconds), 0) // 60}:{max(int(seconds), 0) % 60:02}"


def _line(row):
    return ", ".join(f"{name} {value}" for name, value in row.items())


def _html_table(rows):
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = [columns, *([row.get(name, "") for name in columns] for row in rows)]
    cells = (
        "".join(f"<td style='text-align: right'>{html.escape(cell)}</td>" for cell in line)
        for line in lines
    )
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in cells)}</table>"
