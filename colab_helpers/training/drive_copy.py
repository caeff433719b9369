"""The copy on Drive of the newest checkpoint: fetched on a fresh machine, sent meanwhile."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from pathlib import Path
from typing import Any, Protocol

from ..atomic import atomic_write

__all__ = ["CHECKPOINT", "FILES", "CheckpointDrive", "DriveCopy"]

# What lies on Drive, in the order in which it gets there: no checkpoint comes before its files.
FILES = "files.npz"
CHECKPOINT = "checkpoint.npz"  # one file, uploaded whole; locally there are two, written in turn
ON_DRIVE = (FILES, CHECKPOINT)


class CheckpointDrive(Protocol):
    """Where a copy of the checkpoints can be kept: `Drive`, `LocalFolder`, or a class of your own.

    Example:
        >>> class Shelf:
        ...     '''Keeps files in a dictionary.'''
        ...
        ...     def __init__(self):
        ...         self.files = {}
        ...
        ...     def find(self, path):
        ...         if path not in self.files:
        ...             raise NotFoundError(path)
        ...         return path
        ...
        ...     def read(self, file):
        ...         return self.files[file]
        ...
        ...     def upload(self, path, folder):
        ...         self.files[f"{folder}/{path.name}"] = path.read_bytes()
        >>> class NotFoundError(Exception):
        ...     pass
        >>> shelf: CheckpointDrive = Shelf()
    """

    def find(self, path: str, /) -> Any:
        """The file at this path, in any form that `read` takes.

        Raises:
            NotFoundError: There is none. The class must be called so; every other error means that
                the drive cannot tell, and ends the run before it begins anew by mistake.
        """
        ...

    def read(self, file: Any, /) -> bytes:
        """The bytes of a file."""
        ...

    def upload(self, path: Path, folder: str, /) -> Any:
        """Puts a local file into a folder, in place of one of the same name."""
        ...


class DriveCopy:
    """Keeps a copy of the newest checkpoint and its files on Drive; training does not wait.

    While a checkpoint is sent, only the newest of the others waits: those that were overtaken are
    never sent. The thread that sends never keeps the program from ending. A forked process has a
    sender of its own, and sends only what it made itself.

    Example:
        ```python
        copy = DriveCopy(drive, Path("/content/results/run1"), "results/run1")
        content = copy.fetch(CHECKPOINT)
        copy.send(Path("/content/results/run1/checkpoint-0.npz"), CHECKPOINT)
        copy.wait()
        ```

    Args:
        drive: Where to.
        local_folder: Where the checkpoints lie. What waits and what is sent stand in a folder of
            their own in it, since the checkpoint's own file may be written anew meanwhile.
        drive_folder: The path on the drive.

    Attributes:
        has_lost_files: Whether FILES were lost on their way, and are to be given to `send` again.
    """

    def __init__(self, drive: CheckpointDrive, local_folder: Path, drive_folder: str) -> None:
        self.drive = drive
        self.local_folder = local_folder
        self.drive_folder = drive_folder
        self._aside = local_folder / "to_drive"
        self.has_lost_files = False
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()  # held to change `_sender`, `_waits`, and what waits
        self._sender: threading.Thread | None = None  # None while there is nothing to send
        self._waits: set[str] = set()  # names of what is put aside
        self._taken: set[str] = set()  # names of what the sender has taken, and not yet sent

    def fetch(self, name: str) -> bytes | None:
        """The content of CHECKPOINT or FILES on Drive, or None where there is none."""
        try:
            file = self.drive.find(f"{self.drive_folder}/{name}")
            return self.drive.read(file)
        except Exception as error:
            # By name, as any class can be the drive. No copy means that this is the first run;
            # nothing else may look like it.
            if type(error).__name__ == "NotFoundError":
                return None
            raise

    def send(self, path: Path, name: str) -> None:
        """Has a file sent as CHECKPOINT, as soon as what is under way is there, or as FILES.

        FILES are sent with the next CHECKPOINT.

        Raises:
            OSError: It cannot be put aside for that, as where the disk is full.
        """
        self._leave_what_a_parent_sends()
        with self._lock:
            self._aside.mkdir(exist_ok=True)
            self._waits.discard(name)
            _give_second_name(path, self._waiting(name))
            self._waits.add(name)
            if name == FILES:
                self.has_lost_files = False
            if name == CHECKPOINT and self._sender is None:
                self._sender = threading.Thread(
                    target=self._send_all, name="ResumeTraining", daemon=True
                )
                self._sender.start()

    def wait(self) -> None:
        """Returns when nothing is left to send."""
        self._leave_what_a_parent_sends()
        sender = self._sender
        if sender is not None:
            sender.join()

    def _leave_what_a_parent_sends(self) -> None:
        if self._process != os.getpid():  # after a fork
            self._aside = self.local_folder / f"to_drive-{os.getpid()}"
            self._begin_anew()

    def _waiting(self, name: str) -> Path:
        return self._aside / f"waiting-{name}"

    def _send_all(self) -> None:
        while self._take_waiting():
            try:
                self._send_taken()
            except Exception as error:
                self._tell(error)

    def _take_waiting(self) -> bool:
        """Takes all that waits to be sent; without a checkpoint in it, the sender is done."""
        with self._lock:
            if CHECKPOINT not in self._waits:
                self._sender = None
                return False
            while self._waits:
                self._take(self._waits.pop())
            return True

    def _take(self, name: str) -> None:
        try:
            os.replace(self._waiting(name), self._aside / name)
        except OSError as error:
            self._lose(name, error)
        else:
            self._taken.add(name)

    def _send_taken(self) -> None:
        for name in ON_DRIVE:
            if name in self._taken:
                self._send_one(name)

    def _send_one(self, name: str) -> None:
        path = self._aside / name
        if not path.exists():
            self._taken.discard(name)
            self._lose(name, FileNotFoundError(f"'{path}' is gone."))
            return
        self.drive.upload(path, self.drive_folder)
        self._taken.discard(name)
        path.unlink()

    def _lose(self, name: str, error: OSError) -> None:
        """Goes on without a file that was put aside, and that somebody took away."""
        if name == FILES:
            self.has_lost_files = True
        self._tell(error)

    def _tell(self, error: Exception) -> None:
        with contextlib.suppress(Exception):  # no text and no closed screen ends the sender
            print(
                f"\nThe checkpoint in '{self.local_folder}' did not get to Drive: "
                f"{_text_of(error)} Training goes on; the next checkpoint is sent in its turn."
            )


def _give_second_name(path: Path, other: Path) -> None:
    """Lets a content stay under another name when its own gets another content."""
    other.unlink(missing_ok=True)
    try:
        os.link(path, other)  # without a copy
    except OSError:  # not every file system has such links
        with open(path, "rb") as source, atomic_write(other) as copy:
            shutil.copyfileobj(source, copy)


def _text_of(error: Exception) -> str:
    """What an error says, as any screen can show it; its kind where it says nothing."""
    try:
        text = str(error).strip()
    except Exception:  # of a class whose text raises an error
        text = ""
    shown = text.encode("utf-8", "backslashreplace").decode()
    return shown or f"{type(error).__name__}."
