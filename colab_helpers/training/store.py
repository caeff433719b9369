"""Where the checkpoints of a run are: two local files, and a copy on Drive."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

from ..atomic import atomic_write, remove_left_overs
from . import processes
from .checkpoint import Checkpoint
from .drive_copy import CheckpointDrive, DriveCopy

__all__ = ["CheckpointFolder", "CheckpointStore"]


class CheckpointFolder:
    """The checkpoints of a run on the local disk: two files, written in turn.

    While one is written, the other is whole.

    Example:
        ```python
        files = CheckpointFolder(Path("results/run1"))
        checkpoint = files.newest()
        ```

    Args:
        folder: Made with the first checkpoint.

    Attributes:
        next_serial: What the next checkpoint is numbered; known when `newest` was asked for.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.paths = [folder / "checkpoint-0.npz", folder / "checkpoint-1.npz"]
        self.next_serial = 1

    def is_empty(self) -> bool:
        """Whether there is no checkpoint, not even a damaged one."""
        return not any(path.exists() for path in self.paths)

    def path_of(self, serial: int) -> Path:
        """Where the checkpoint of this number belongs."""
        return self.paths[serial % 2]

    def write(self, checkpoint: Checkpoint) -> Path:
        """Writes a checkpoint in place of the one before the last.

        Raises:
            OSError: The disk is full, or the folder cannot be written to. The last one is whole.
        """
        path = self.path_of(checkpoint.serial)
        with atomic_write(path) as out:
            checkpoint.write(out)
        self.next_serial = checkpoint.serial + 1
        return path

    def add(self, content: bytes) -> None:
        """Puts the file of a checkpoint here that comes from elsewhere."""
        with atomic_write(self.paths[0]) as out:
            out.write(content)

    def newest(self) -> Checkpoint | None:
        """The newest checkpoint that is whole, or None. One that is damaged is named."""
        for path in self.paths:
            remove_left_overs(path)  # of a run that was killed: as large as the model
        newest: Checkpoint | None = None
        for path in self.paths:
            checkpoint = _read_if_whole(path)
            if checkpoint is None:
                continue
            if newest is None or checkpoint.serial > newest.serial:
                newest = checkpoint
        self.next_serial = 1 if newest is None else newest.serial + 1
        return newest


def _read_if_whole(path: Path) -> Checkpoint | None:
    try:
        return Checkpoint.read(path)
    except FileNotFoundError:
        return None
    except Exception as error:
        reason = str(error) or type(error).__name__
        print(f"The checkpoint '{path}' is damaged ({reason}), and is not used.")
        return None


class CheckpointStore:
    """Writes the checkpoints of a run, and finds the newest: here, or on Drive on a fresh machine.

    Of several processes, the first does both.

    Example:
        ```python
        store = CheckpointStore(Path("results/run1"), drive, "results/run1")
        checkpoint = store.newest()
        store.save(dataclasses.replace(checkpoint, serial=store.next_serial))
        store.wait()
        ```

    Args:
        folder: On the local disk.
        drive: Where a copy goes; None for nowhere.
        drive_folder: The folder of the copy.
    """

    def __init__(self, folder: Path, drive: CheckpointDrive | None, drive_folder: str) -> None:
        self._files = CheckpointFolder(folder)
        self._copy: DriveCopy | None = None
        if drive is not None:
            self._copy = DriveCopy(drive, folder, drive_folder)

    @property
    def next_serial(self) -> int:
        """The number of the next checkpoint; known when `newest` was asked for."""
        return self._files.next_serial

    def newest(self) -> Checkpoint | None:
        """The newest checkpoint that the first process finds; each process gets it, or None."""
        if not processes.are_several():
            return self._newest()
        content = b""
        if processes.is_first():
            newest = self._newest()
            if newest is not None:
                content = newest.to_bytes()
        content = processes.from_first(content)
        if not content:
            return None
        return Checkpoint.read(io.BytesIO(content))

    def save(self, checkpoint: Checkpoint) -> None:
        """Writes a checkpoint, and has it sent. A full disk is a warning, not an error."""
        try:
            path = self._files.write(checkpoint)
        except OSError as error:
            warnings.warn(
                f"Could not write the checkpoint '{self._files.path_of(checkpoint.serial)}': "
                f"{error}. Training goes on, and the next one is tried in its turn; the one before "
                "is whole.",
                stacklevel=2,
            )
            return
        if self._copy is not None:
            self._copy.send(path)

    def wait(self) -> None:
        """Returns when the newest checkpoint is on Drive, or could not be sent."""
        if self._copy is not None:
            self._copy.wait()

    def _newest(self) -> Checkpoint | None:
        if self._copy is not None and self._files.is_empty():
            content = self._copy.fetch()
            if content is not None:
                self._files.add(content)
        return self._files.newest()
