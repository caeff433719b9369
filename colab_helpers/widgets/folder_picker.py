"""`FolderPicker`: walk through the folders of a Drive, and pick the one where you are."""

from __future__ import annotations

import html
import itertools
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import ipywidgets
import traitlets

from ..drive.arguments import check_source
from ..drive.names import composed, printable
from .shown import Shown

if TYPE_CHECKING:
    from ..drive import File

__all__ = ["Folder", "FolderPicker", "ImageCount", "WalkableDrive", "count_images", "find_trail"]

MOST_NAMES = 12  # folders that are named where no widget can be shown


class Folder(NamedTuple):
    """A folder as it is shown."""

    id: str
    name: str


TOP = Folder(".", "Drive")


class WalkableDrive(Protocol):
    """What can be walked through: `Drive`, `LocalFolder`, or a class of your own."""

    def list_folders(self, folder: str, /) -> Iterable[tuple[str, str]]:
        """Yields `(id, name)` of each folder in a folder."""
        ...

    def list_images(self, folder: str, /) -> Iterable[File]:
        """Yields the pictures in a folder and in all folders below it."""
        ...


def _counted(number: int, thing: str) -> str:
    """Such as "1 folder" and "1,200 folders"."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def find_trail(drive: WalkableDrive, folder: str) -> list[Folder]:
    """The folders on the way to a folder, from the top; asked for only as far as the path leads.

    Args:
        drive: To look in. One with `folder_name(folder)` tells the name of a folder by its id.
        folder: A path from the top. What is no such path is taken for a name, an id or an address.
    """
    trail = [TOP]
    if folder == TOP.id:
        return trail
    for name in folder.split("/"):
        child = _child_named(drive, trail[-1], name)
        if child is None:
            return [TOP, Folder(folder, _name_of(drive, folder))]
        trail.append(child)
    return trail


def _name_of(drive: WalkableDrive, folder: str) -> str:
    """The folder's own name where the drive tells it, else what it was called."""
    folder_name: Callable[[str], str] | None = getattr(drive, "folder_name", None)
    return folder if folder_name is None else folder_name(folder)


def _child_named(drive: WalkableDrive, parent: Folder, name: str) -> Folder | None:
    for child_id, child_name in drive.list_folders(parent.id):
        if composed(child_name) == composed(name):
            return Folder(child_id, child_name)
    return None


@dataclass(frozen=True)
class ImageCount:
    """A number of images.

    Attributes:
        number: As many were counted.
        may_be_more: Whether counting was broken off.
    """

    number: int
    may_be_more: bool

    def __str__(self) -> str:
        if self.may_be_more:
            return f"{_counted(self.number, 'image')} or more"
        return _counted(self.number, "image")


def count_images(
    files: Iterable[File],
    *,
    most: int,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> ImageCount:
    """Counts files, and breaks off where that would take long.

    Example:
        >>> print(count_images(range(7), most=1000, seconds=3))
        7 images
        >>> print(count_images(range(7), most=5, seconds=3))
        5 images or more

    Args:
        files: A listing; no more of it is asked for than is counted.
        most: Number of files at which to stop.
        seconds: Time after which to stop.
        clock: Gives seconds.
    """
    number = 0
    begun = clock()
    for _ in itertools.islice(files, most):
        number += 1
        if clock() - begun > seconds:
            return ImageCount(number, may_be_more=True)
    return ImageCount(number, may_be_more=number == most)


class FolderPicker(Shown):
    """Walks through the folders of a Drive; where you are is what you picked.

    Example:
        ```python
        picker = FolderPicker(drive, "photos")
        picker                                      # last line of a cell
        files = drive.list_images(picker.folder_id)    # in a later cell
        ```

    A folder's children are asked for when it is opened, not before. By keyboard: type a part of a
    name, and Enter opens the first folder that is left; two dots and Enter go up. (JupyterLab keeps
    the arrow keys to itself.)

    Args:
        drive: Anything with `list_folders(folder)`, which yields `(id, name)`, and
            `list_images(folder)`.
        folder: Where to begin, as a path from the top. What is no such path is taken for a name, an
            id or an address; the way to it is then its name alone.
        most_folders: Folders that are listed; more than a thousand nobody scrolls through.
        most_images: Images at which counting stops.
        most_seconds: Time after which counting stops.

    Attributes:
        folder_id: str, the ID of the folder where you are; "." is the top. Can be observed.
        path: str, the way to it.
        controls: What you handle, by name: "filter" (a text), "folders" (a list), and the buttons
            "open" and "up".
        trail_line: The line that shows the way, HTML.
        none_line: The line in the place of the list where no folder is left to show, HTML.
        status_line: The line that shows what is here, or what went wrong, HTML.

    Raises:
        Exception: What the drive raises where there is no such folder to begin with.
    """

    folder_id = traitlets.Unicode(".")
    path = traitlets.Unicode("")

    def __init__(
        self,
        drive: WalkableDrive,
        folder: str = ".",
        *,
        most_folders: int = 1000,
        most_images: int = 1000,
        most_seconds: float = 3,
    ) -> None:
        check_source(drive, "list_folders")
        self._drive = drive
        self._most_folders = most_folders
        self._most_images = most_images
        self._most_seconds = most_seconds
        self._trail: list[Folder] = []  # from the top to where one is
        self._children: list[Folder] = []  # all folders that are here
        self._listed: list[Folder] = []  # those of them that the filter leaves
        self.trail_line = ipywidgets.HTML()
        self.none_line = ipywidgets.HTML()
        self.status_line = ipywidgets.HTML()
        self.controls = self._make_controls()
        buttons = ipywidgets.HBox([self.controls["open"], self.controls["up"]])
        lines = [
            self.trail_line,
            self.controls["filter"],
            self.controls["folders"],
            self.none_line,
            buttons,
            self.status_line,
        ]
        super().__init__(lines, layout={"max_width": "560px"})
        self.add_class("folder-picker")
        trail = find_trail(drive, str(folder))
        self._enter(trail, self._children_of(trail[-1]))

    def _make_controls(self) -> dict[str, Any]:
        wide = {"width": "auto"}
        name_filter = ipywidgets.Text(
            placeholder="part of a name; Enter opens, .. goes up", layout=wide
        )
        name_filter.observe(self._on_filter, "value")
        name_filter.on_msg(self._on_message)
        open_button = ipywidgets.Button(
            description="Open", icon="folder-open", tooltip="Open the chosen folder"
        )
        open_button.on_click(self._on_open)
        up_button = ipywidgets.Button(
            description="Up", icon="arrow-up", tooltip="To the folder above"
        )
        up_button.on_click(self._on_up)
        return {
            "filter": name_filter,
            "folders": ipywidgets.Select(rows=8, layout=wide),
            "open": open_button,
            "up": up_button,
        }

    # What the page tells

    def _on_filter(self, change: Any) -> None:
        self._list_children()

    def _on_open(self, button: Any) -> None:
        self._go_down()

    def _on_up(self, button: Any) -> None:
        self._go_up()

    def _on_message(self, widget: Any, content: dict[str, Any], buffers: Any) -> None:
        if content.get("event") != "submit":  # Enter, as both versions of ipywidgets tell it
            return
        if self.controls["filter"].value == "..":
            self._go_up()
        else:
            self._go_down()

    # Walking

    def _go_up(self) -> None:
        if len(self._trail) > 1:
            self._go(self._trail[:-1])
        else:
            self._go(self._trail)

    def _go_down(self) -> None:
        if self._listed:
            chosen = self.controls["folders"].index or 0
            self._go([*self._trail, self._listed[chosen]])

    def _go(self, trail: Sequence[Folder]) -> None:
        """Enters the folder at the end of a trail; where it cannot be listed, says why."""
        self.status_line.value = "Asking …"
        try:
            children = self._children_of(trail[-1])
        except Exception as error:
            # An exception in a callback would vanish: say it where the eyes are.
            self.status_line.value = f"<b>{_as_html(str(error))}</b>"
            return
        self._enter(trail, children)

    def _children_of(self, folder: Folder) -> list[Folder]:
        """Asks the drive for the folders in a folder, and sorts them by name."""
        listing = itertools.islice(self._drive.list_folders(folder.id), self._most_folders)
        children = [Folder(*child) for child in listing]
        return sorted(children, key=lambda child: composed(child.name).lower())

    def _enter(self, trail: Sequence[Folder], children: list[Folder]) -> None:
        """Shows the folder at the end of a trail, and then tells whoever observes where one is."""
        self._trail = list(trail)
        self._children = children
        self.trail_line.value = " / ".join(f"<b>{_as_html(folder.name)}</b>" for folder in trail)
        self.controls["up"].disabled = len(trail) == 1
        self.controls["filter"].value = ""
        self._list_children()
        self.status_line.value = _as_html(self._describe())
        # Last: an error of an observer must not leave half a folder on the screen.
        self.path = "/".join(folder.name for folder in trail[1:])
        self.folder_id = trail[-1].id

    def _list_children(self) -> None:
        """Lists the folders that the filter leaves, and chooses the first."""
        wanted = composed(self.controls["filter"].value).lower().replace("..", "")
        self._listed = [child for child in self._children if wanted in _as_typed(child)]
        folders = self.controls["folders"]
        folders.options = [printable(child.name) for child in self._listed]
        folders.index = None  # else ipywidgets 7 marks nothing in the page
        if self._listed:
            folders.index = 0
        self.controls["open"].disabled = not self._listed
        self._show_list_or_why_not()

    def _show_list_or_why_not(self) -> None:
        """Shows a line in the place of the list where that is empty."""
        if self._children:
            words = f"No folder here has {self.controls['filter'].value!r} in its name."
        else:
            words = "No folder lies in this one."
        self.none_line.value = _as_html(words)
        self.none_line.layout.display = "none" if self._listed else None
        self.controls["folders"].layout.display = None if self._listed else "none"

    def _describe(self) -> str:
        """How many folders and images are here; at the top, which may be a whole Drive, folders."""
        folders = _counted(len(self._children), "folder")
        if len(self._children) == self._most_folders:
            folders += " or more"
        if len(self._trail) == 1:
            return f"{folders}. Open the one that holds your photos."
        try:
            images = count_images(
                self._drive.list_images(self._trail[-1].id),
                most=self._most_images,
                seconds=self._most_seconds,
            )
        except Exception as error:  # such as: there are no images
            return f"{folders}. {error}"
        return f"{folders}, {images} in here and below."

    # What is shown in its place

    def __repr__(self) -> str:
        path = printable(self.path) or "the top"
        return f"FolderPicker at {path}: folder_id = {self.folder_id!r}"

    def static(self) -> dict[str, str]:
        """A text: where one is, and what is there."""
        names = [printable(child.name) for child in self._children[:MOST_NAMES]]
        if len(self._children) > MOST_NAMES:
            names.append("…")
        lines = [
            repr(self),
            html.unescape(self.status_line.value),
            f"Folders in here: {', '.join(names) or 'none'}",
        ]
        text = "\n".join(lines)
        return {"text/plain": text, "text/html": f"<pre>{html.escape(text)}</pre>"}


def _as_typed(folder: Folder) -> str:
    """A folder's name as someone may type a part of it."""
    return composed(printable(folder.name)).lower()


def _as_html(text: str) -> str:
    """A text that a page shows as it is: no tag, and nothing that a page cannot hold."""
    return html.escape(printable(text))
