"""Where the checkpoints of a run are: two local files, and a copy on Drive."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

from ..atomic import atomic_write, remove_left_overs
from . import processes
from .checkpoint import Checkpoint
from .drive_copy import CHECKPOINT, FILES, CheckpointDrive, DriveCopy
from .kept_files import KeptFiles, Stamp
from .sealed import DamagedError, NewerFormatError

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
        files: Where the files of kept callbacks are.
        next_serial: What the next checkpoint is numbered; known when `newest` was asked for.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.paths = [folder / "checkpoint-0.npz", folder / "checkpoint-1.npz"]
        self.files = folder / FILES
        self.next_serial = 1

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

    def newest(self) -> Checkpoint | None:
        """The newest checkpoint that is whole, or None. One that is damaged is named.

        Raises:
            NewerFormatError: One is of a later version of this package.
        """
        for path in [*self.paths, self.files]:
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
    except DamagedError as error:
        _tell_damage(path, error)
        return None
    except NewerFormatError as error:
        raise NewerFormatError(
            f"The checkpoint '{path}' was written by a later version of colab_helpers: {error}. "
            "Go on with that version, or give the run another folder."
        ) from error


def _tell_damage(path: Path, error: DamagedError) -> None:
    print(f"The checkpoint's file '{path}' is damaged ({error}), and is not used.")


class CheckpointStore:
    """Writes the checkpoints of a run, and finds the newest: here, or on Drive on a fresh machine.

    With them go the files of kept callbacks. Of several processes, the first does all that.

    Example:
        ```python
        store = CheckpointStore(Path("results/run1"), drive, "results/run1", KeptFiles([best]))
        checkpoint = store.newest()
        store.bring_files_back()
        store.save(dataclasses.replace(checkpoint, serial=store.next_serial))
        store.wait()
        ```

    Args:
        folder: On the local disk.
        drive: Where a copy goes; None for nowhere.
        drive_folder: The folder of the copy.
        kept_files: Those of kept callbacks.
    """

    def __init__(
        self,
        folder: Path,
        drive: CheckpointDrive | None,
        drive_folder: str,
        kept_files: KeptFiles,
    ) -> None:
        self._folder = CheckpointFolder(folder)
        self._kept_files = kept_files
        self._stored: list[Stamp] = []  # of the kept files, as they were stored last
        self._copy: DriveCopy | None = None
        if drive is not None:
            self._copy = DriveCopy(drive, folder, drive_folder)

    @property
    def is_copied(self) -> bool:
        """Whether checkpoints go to a Drive, too."""
        return self._copy is not None

    @property
    def next_serial(self) -> int:
        """The number of the next checkpoint; known when `newest` was asked for."""
        return self._folder.next_serial

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

    def bring_files_back(self) -> None:
        """Puts files of kept callbacks that are missing where they belong, and says so."""
        path = self._folder.files
        if not processes.is_first() or not path.exists():
            return
        try:
            with open(path, "rb") as file:
                self._kept_files.bring_back(file)
        except DamagedError as error:
            _tell_damage(path, error)
        except OSError as error:
            _warn(f"Could not bring back the files of `keep`: {error}.")

    def save(self, checkpoint: Checkpoint) -> None:
        """Writes a checkpoint, and has it sent. A full disk is a warning, not an error."""
        self._save_files()
        path = self._folder.path_of(checkpoint.serial)
        try:
            self._folder.write(checkpoint)
        except OSError as error:
            _warn(
                f"Could not write the checkpoint '{path}': {error}. Training goes on, and the next "
                "one is tried in its turn; the one before is whole."
            )
            return
        self._send(path, CHECKPOINT)

    def wait(self) -> None:
        """Returns when the newest checkpoint is on Drive, or could not be sent."""
        if self._copy is not None:
            self._copy.wait()

    def _newest(self) -> Checkpoint | None:
        newest = self._folder.newest()
        if newest is not None or self._copy is None:
            return newest
        self._fetch(self._copy, CHECKPOINT, self._folder.paths[0])
        self._fetch(self._copy, FILES, self._folder.files)
        return self._folder.newest()

    def _fetch(self, copy: DriveCopy, name: str, path: Path) -> None:
        content = copy.fetch(name)
        if content is not None:
            with atomic_write(path) as out:
                out.write(content)

    def _save_files(self) -> None:
        """Stores the files of kept callbacks, where one of them changed since."""
        path = self._folder.files
        try:
            stamps = self._kept_files.stamps()
            if not stamps or self._are_stored(stamps):
                return
            with atomic_write(path) as out:
                self._kept_files.write(out, stamps)
        except OSError as error:
            _warn(
                f"Could not write '{path}', which holds the files of `keep`: {error}. Training "
                "goes on, and it is tried again with the next checkpoint."
            )
            return
        if self._send(path, FILES):
            self._stored = stamps

    def _are_stored(self, stamps: list[Stamp]) -> bool:
        is_lost = self._copy is not None and self._copy.has_lost_files
        return stamps == self._stored and not is_lost

    def _send(self, path: Path, name: str) -> bool:
        """Has a file sent; False where it could not be put aside for that."""
        if self._copy is None:
            return True
        try:
            self._copy.send(path, name)
        except OSError as error:
            _warn(
                f"Could not put '{path}' aside to be sent to Drive: {error}. Training goes on, and "
                "the next one is tried in its turn."
            )
            return False
        return True


def _warn(text: str) -> None:
    warnings.warn(text, stacklevel=3)
