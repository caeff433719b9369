"""What else a real Drive holds: broken files, unusual pictures, awkward names."""

from __future__ import annotations

from pathlib import Path

from PIL import ExifTags, Image

from .picture import as_jpeg, as_png, draw_picture

ROTATE_CLOCKWISE = 6  # for whoever shows it, see https://exiftool.org/TagNames/EXIF.html
HEIC_HEADER = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
SIGN_IN_PAGE = b"<!DOCTYPE html><html><body>Sign in to continue</body></html>"


def add_troubles(folder: Path, *, seed: int = 0) -> None:
    """Adds all these to a practice folder that holds at least `balloon/balloon_001.jpg`."""
    picture = draw_picture(0, 0, seed=seed)
    troubles = {
        **_no_pictures(picture),
        **_unusual_pictures(picture),
        **_awkward_names(folder, seed),
    }
    for name, data in troubles.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _no_pictures(picture: Image.Image) -> dict[str, bytes]:
    """Files that no decoder reads, by path."""
    jpeg = as_jpeg(picture)
    return {
        "balloon/broken.jpg": jpeg[: len(jpeg) // 2],
        "balloon/empty.jpg": b"",
        "balloon/notes.txt": b"Not a picture.\n",
        "balloon/page.jpg": SIGN_IN_PAGE,
        "balloon/photo.heic": HEIC_HEADER + jpeg[:500],
    }


def _unusual_pictures(picture: Image.Image) -> dict[str, bytes]:
    """Pictures that a careless decoder gets wrong, by path."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = ROTATE_CLOCKWISE
    return {
        "balloon/rotated.jpg": as_jpeg(picture.transpose(Image.Transpose.ROTATE_90), exif=exif),
        "balloon/cmyk.jpg": as_jpeg(picture.convert("CMYK")),
        "balloon/transparent.png": as_png(picture.convert("RGBA").rotate(20)),
    }


def _awkward_names(folder: Path, seed: int) -> dict[str, bytes]:
    """A copy, a name that two files share, a name with a quote and a heart; by path."""
    first = folder / "balloon" / "balloon_001.jpg"
    return {
        "balloon/copy of balloon_001.jpg": first.read_bytes(),
        "balloon/IMG_0001.jpg": as_jpeg(draw_picture(0, 1001, seed=seed)),
        "more pictures/balloon/IMG_0001.jpg": as_jpeg(draw_picture(0, 1002, seed=seed)),
        "more pictures/balloon/grandma's \u2665.jpg": as_jpeg(draw_picture(0, 1003, seed=seed)),
    }
