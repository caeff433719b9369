"""The newest checkpoint's copy on Drive: fetched on a fresh machine, sent in the background."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path
from typing import Any, Protocol

__all__ = ["CheckpointDrive", "DriveCopy"]

ON_DRIVE = "checkpoint.npz"  # one file, uploaded whole; locally there are two, written in turn


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
    """Keeps a copy of the newest checkpoint on Drive; training does not wait for it.

    While a checkpoint is sent, only the newest of the others waits: those that were overtaken are
    never sent.

    Example:
        ```python
        copy = DriveCopy(drive, Path("/content/results/run1"), "results/run1")
        content = copy.fetch()
        copy.send(Path("/content/results/run1/checkpoint-0.npz"))
        copy.wait()
        ```

    Args:
        drive: Where to.
        local_folder: Where the checkpoints lie. The one that waits and the one that is sent stand
            beside them under names of their own, since the checkpoint's own file may be written
            anew meanwhile.
        drive_folder: The path on the drive.
    """

    def __init__(self, drive: CheckpointDrive, local_folder: Path, drive_folder: str) -> None:
        self.drive = drive
        self.local_folder = local_folder
        self.drive_folder = drive_folder
        self._waiting = local_folder / "waiting.npz"
        self._sending = local_folder / ON_DRIVE
        self._lock = threading.Lock()  # held to change `_sender`, and what lies at `_waiting`
        self._sender: threading.Thread | None = None  # None while there is nothing to send

    def fetch(self) -> bytes | None:
        """The content of the copy on Drive, or None where there is none."""
        try:
            file = self.drive.find(f"{self.drive_folder}/{ON_DRIVE}")
            return self.drive.read(file)
        except Exception as error:
            # By name, as any class can be the drive. No copy means that this is the first run;
            # nothing else may look like it.
            if type(error).__name__ == "NotFoundError":
                return None
            raise

    def send(self, path: Path) -> None:
        """Has a checkpoint sent as soon as the one before is there."""
        with self._lock:
            self._waiting.unlink(missing_ok=True)
            try:
                os.link(path, self._waiting)  # a second name for the same content, without a copy
            except OSError:
                shutil.copyfile(path, self._waiting)
            if self._sender is None:
                self._sender = threading.Thread(
                    target=self._send_all, name="ResumeTraining", daemon=True
                )
                self._sender.start()

    def wait(self) -> None:
        """Returns when nothing is left to send."""
        sender = self._sender
        if sender is not None:
            sender.join()

    def _send_all(self) -> None:
        while self._take_waiting():
            try:
                self.drive.upload(self._sending, self.drive_folder)
            except Exception as error:
                print(
                    f"\nThe checkpoint in '{self.local_folder}' did not get to Drive: {error} "
                    "Training goes on; the next checkpoint is sent in its turn."
                )

    def _take_waiting(self) -> bool:
        """Makes the checkpoint that waits the one to send; if none waits, the sender is done."""
        with self._lock:
            if not self._waiting.exists():
                self._sender = None
                return False
            os.replace(self._waiting, self._sending)
            return True
