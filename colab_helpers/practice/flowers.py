"""Real photographs to practise with: TensorFlow's flower photos, fetched once."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import shutil
import socket
import tarfile
import zlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from .checks import check_whole_number
from .whole import fill_whole

FLOWER_PHOTOS = (
    "https://storage.googleapis.com/download.tensorflow.org/example_images/flower_photos.tgz"
)
# 228,813,984 bytes, as TensorFlow Datasets has it:
# https://github.com/tensorflow/datasets/blob/master/tensorflow_datasets/datasets/tf_flowers/checksums.tsv
FLOWER_PHOTOS_SHA256 = "4c54ace7911aaffe13a365c34f650e71dd5bf1be0a58b464e5a7183e3e595d9c"
FOLDER = "flowers"
LICENCE_FILE = "LICENSE.txt"
WHOSE = (
    "The flower photos are TensorFlow's collection, under the licence CC BY 2.0 "
    "(https://creativecommons.org/licenses/by/2.0/). Whoever shows one names its photographer, "
    "who stands in {licence}."
)
NOT_IN_NAMES = "/\\:"  # they lead to another folder or drive on some system
SILENCE = 60.0  # seconds without a byte, after which a download is given up
UNREADABLE = (EOFError, gzip.BadGzipFile, tarfile.TarError, zlib.error)  # an archive, damaged


def flowers_path(
    cache: str | os.PathLike[str] | None = None,
    *,
    per_class: int | None = None,
    origin: str = FLOWER_PHOTOS,
) -> str | None:
    """Fetches the folder `flowers`, once, for who has no photographs of their own.

    Example:
        `drive = connect(flowers_path()); files = drive.list_images("flowers")`

    These are TensorFlow's flower photos: 3,670 JPEGs (229 MB) in five classes: daisy, dandelion,
    roses, sunflowers, tulips. Their licence is CC BY 2.0; `flowers/LICENSE.txt` names the
    photographers. https://www.tensorflow.org/datasets/catalog/tf_flowers

    Args:
        cache: Where to; by default `datasets` in Keras's own folder, KERAS_HOME or `~/.keras`. It
            keeps the archive, so that another `per_class` needs no second download.
        per_class: At most how many photos of each class, 1 or more. They are drawn at random, the
            same everywhere, and a larger sample holds a smaller one. None takes all.
        origin: Address of another `.tgz` of the same form, `<folder>/<class>/<name>.jpg`.

    Returns:
        A folder that holds `flowers`, to stand in for a Drive; or None where the environment
        variable COLAB_HELPERS_DRIVE already names a source.

    Raises:
        ValueError: `per_class` is below 1.
        OSError: The archive could not be fetched, or what came is not it.
    """
    if per_class is not None:
        check_whole_number("per_class", per_class, least=1)
    if os.environ.get("COLAB_HELPERS_DRIVE"):
        return None
    place = _place_of(cache, origin)
    root = place / ("all" if per_class is None else str(per_class))
    photos = root / FOLDER
    if not photos.is_dir():
        archive = _fetched(origin, place)
        with _refused_if_unreadable(archive, origin):
            names = _sampled_names(archive, per_class)
            fill_whole(root, lambda empty: _unpack(archive, names, empty / FOLDER))
    print(WHOSE.format(licence=photos / LICENCE_FILE))
    return str(root)


def _place_of(cache: str | os.PathLike[str] | None, origin: str) -> Path:
    """A folder of its own for each address."""
    if cache is None:
        keras_home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
        cache = Path(keras_home, "datasets")
    address = hashlib.sha256(origin.encode()).hexdigest()
    return Path(cache, f"flowers-{address[:8]}").absolute()


def _fetched(origin: str, place: Path) -> Path:
    """The archive, downloaded where it is missing or not whole."""
    import keras

    archive = place / f"{FOLDER}.tgz"
    checksum = FLOWER_PHOTOS_SHA256 if origin == FLOWER_PHOTOS else None
    try:
        with _no_endless_silence():
            keras.utils.get_file(archive.name, origin, cache_subdir=str(place), file_hash=checksum)
    except Exception as error:  # Keras raises a bare one where there is no network
        archive.unlink(missing_ok=True)
        raise _not_fetched(origin, error) from error
    return archive


@contextlib.contextmanager
def _no_endless_silence() -> Iterator[None]:
    """Gives up connections that say nothing more; Keras itself would wait for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(SILENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _not_fetched(origin: str, error: Exception) -> OSError:
    return OSError(
        f"The flower photos could not be fetched from {origin}: {error!r}. Try again, or set "
        'PHOTOS = "practice" to go on with drawn pictures, which need no network.'
    )


@contextlib.contextmanager
def _refused_if_unreadable(archive: Path, origin: str) -> Iterator[None]:
    """Removes an archive that cannot be read, so that the next call fetches another."""
    try:
        yield
    except UNREADABLE as error:
        archive.unlink(missing_ok=True)
        raise _not_fetched(origin, error) from error


def _sampled_names(archive: Path, per_class: int | None) -> set[str]:
    """The names in the archive of the photos to unpack."""
    names_of_class: dict[str, list[str]] = defaultdict(list)
    with tarfile.open(archive) as photos:
        for member in photos:
            if _is_photo(member):
                names_of_class[PurePosixPath(member.name).parts[1]].append(member.name)
    if not names_of_class:
        raise tarfile.ReadError("it holds no <folder>/<class>/<name>.jpg")
    sampled: set[str] = set()
    for names in names_of_class.values():
        sampled.update(sorted(names, key=_lot)[:per_class])
    return sampled


def _lot(name: str) -> bytes:
    """What a name draws: always the same, and without regard to its place in the alphabet."""
    return hashlib.sha256(os.fsencode(PurePosixPath(name).name)).digest()


def _unpack(archive: Path, names: set[str], folder: Path) -> None:
    """Writes photos and the licence below `folder`, and nothing anywhere else."""
    folder.mkdir()
    with tarfile.open(archive) as photos:
        for member in photos:
            if member.name in names and _is_photo(member):
                _top, class_name, name = PurePosixPath(member.name).parts
                _copy(photos, member, folder / class_name / name)
            elif member.isreg() and PurePosixPath(member.name).name == LICENCE_FILE:
                _copy(photos, member, folder / LICENCE_FILE)


def _copy(photos: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    content = photos.extractfile(member)
    if content is not None:
        path.parent.mkdir(exist_ok=True)
        with content, path.open("wb") as file:
            shutil.copyfileobj(content, file)


def _is_photo(member: tarfile.TarInfo) -> bool:
    """Whether it is a file `<folder>/<class>/<name>.jpg`, and no name leads anywhere else."""
    parts = PurePosixPath(member.name).parts
    if not member.isreg() or len(parts) != 3:
        return False
    return all(map(_is_plain, parts)) and parts[2].lower().endswith(".jpg")


def _is_plain(name: str) -> bool:
    """Whether it names a file or folder in the folder where it is used, on any system."""
    return name != ".." and name.isprintable() and not set(name) & set(NOT_IN_NAMES)
