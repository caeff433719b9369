"""How far a listing is: a dict that JSON can hold, and back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .arguments import no_position
from .client import Client
from .errors import DriveError
from .items import below
from .labels import Label, check_label
from .lookup import ItemKind, find_item

__all__ = ["Place", "Position"]

# Drive itself allows 100: https://support.google.com/a/users/answer/7338880
MOST_LEVELS = 2_000  # of folders in folders
MOST_STEPS = 16  # of a path that is written out

Folders = dict[str, str | list[str]]  # see `Position.folders`


class Place(NamedTuple):
    """A page that is still to be listed.

    Attributes:
        folder_id: The folder.
        path: The way to it below the folder that is listed, "" for that one; None where that is
            long, and only `Position.path` tells it.
        page_token: Of the page; None for the folder's first.
    """

    folder_id: str
    path: str | None
    page_token: str | None

    @property
    def first_page(self) -> Place:
        """The first page of the same folder."""
        return self._replace(page_token=None)


@dataclass(slots=True)
class Position:
    """How far a listing is.

    Attributes:
        name: Of the folder that is listed.
        drive: ID of the shared drive it lies in, or None.
        folders: {ID: path} of all folders whose pages were given out or are in `todo`; where a path
            is long, [ID of the folder above, name] in its place, so that folders in folders in
            folders make no long position.
        links: {file ID: [path of the folder, name]} of the files that shortcuts led to.
        shortcuts: {ID of a shortcut: ID of the file or folder that it led to}.
        change_token: Where Drive's list of changes ended when the listing began.
        todo: Pages still to be listed; the last comes first.
        label: Which folder is the class.
    """

    name: str
    drive: str | None
    folders: Folders
    links: dict[str, list[str]]
    change_token: str
    todo: list[Place]
    label: Label = "parent"
    shortcuts: dict[str, str] = field(default_factory=dict)

    @classmethod
    def at_start(cls, client: Client, folder: str, label: Label) -> Position:
        """The position before the first page of a folder."""
        top = find_item(client, folder, ItemKind.FOLDER)
        drive = top.get("driveId")
        return cls(
            name=below("", top["title"]),
            drive=drive,
            folders={top["id"]: ""},
            links={},
            change_token=client.change_token(drive),
            todo=[Place(top["id"], "", None)],
            label=label,
        )

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Position:
        """The position that `to_json` gave, perhaps in another process, or an older version.

        Raises:
            ValueError: It is none.
        """
        try:
            label = saved.get("label", "parent")
            check_label(label)
            folders = dict(saved["folders"])
            todo = [Place(*place) for place in saved["todo"]]
            _check_folders(folders, todo)
            return cls(
                name=saved["name"],
                drive=saved["drive"],
                folders=folders,
                links=dict(saved["links"]),
                change_token=saved["change_token"],
                todo=todo,
                label=label,
                shortcuts=dict(saved.get("shortcuts", {})),  # none in positions of 0.2
            )
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise no_position(saved) from error

    def to_json(self) -> dict[str, Any]:
        """A dict that JSON can hold.

        It shares `folders`, `links` and `shortcuts` with this position: with thousands of folders,
        a copy for each page would take longer than the pages.
        """
        position: dict[str, Any] = {
            "name": self.name,
            "drive": self.drive,
            "folders": self.folders,
            "links": self.links,
            "change_token": self.change_token,
            "todo": list(self.todo),
        }
        if self.label != "parent":
            position["label"] = self.label
        if self.shortcuts:
            position["shortcuts"] = self.shortcuts
        return position

    def place_below(self, above_id: str, folder_id: str, name: str) -> Place:
        """The first page of a folder that lies in one of the folders."""
        above = self.folders[above_id]
        if isinstance(above, str) and above.count("/") < MOST_STEPS:
            return Place(folder_id, below(above, name), None)
        return Place(folder_id, None, None)

    def add(self, above_id: str, folder_id: str, name: str) -> None:
        """Adds a folder that lies in one of the folders."""
        path = self.place_below(above_id, folder_id, name).path
        self.folders[folder_id] = [above_id, name] if path is None else path

    def path(self, folder_id: str) -> str:
        """The way to a folder below the one that is listed; "" for that one.

        Raises:
            DriveError: It lies deeper than folders can.
        """
        names: list[str] = []
        place = self.folders[folder_id]
        while not isinstance(place, str):
            above_id, name = place
            names.append(name)
            if len(names) > MOST_LEVELS:
                raise DriveError(
                    f"Could not list the folder {names[0]!r} (id {folder_id}): it lies more than "
                    f"{MOST_LEVELS} folders deep, where Drive allows 100. List a folder in it."
                )
            place = self.folders[above_id]
        return "/".join([place, *reversed(names)])


def _check_folders(folders: Folders, todo: list[Place]) -> None:
    """Raises an error of Python's own unless these can be the folders of a position."""
    for place in folders.values():
        if isinstance(place, str):
            continue
        above_id, _ = place
        if above_id not in folders:
            raise ValueError("A folder lies in one that is not among the folders.")
    for page in todo:
        if page.folder_id not in folders:
            raise ValueError("A page is of a folder that is not among the folders.")
