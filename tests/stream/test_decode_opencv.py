"""`library="opencv"` shows the same pictures as Pillow, sooner."""

import io
import pickle
import struct

import numpy as np
import pytest
from cached_photos import start_python
from PIL import Image, ImageOps
from scenes import difference, draw_scene, encoded, resized

from colab_helpers.stream import ImageError, decoder

cv2 = pytest.importorskip("cv2", reason="NOT TESTED: needs opencv-python-headless")


@pytest.fixture(scope="module")
def scene():
    return draw_scene()


def test_opencv_shows_the_same_picture(scene):
    for data in (
        encoded(scene, "JPEG", quality=90),
        encoded(scene.resize((2000, 1500)), "JPEG", quality=90),
    ):
        for fit in ("stretch", "crop", "pad"):
            for color_mode in ("rgb", "grayscale"):
                for interpolation in ("bilinear", "area"):
                    for size in ((100, 100), (60, 120), (400, 500)):
                        how = {"image_size": size, "fit": fit, "color_mode": color_mode}
                        fast = decoder(library="opencv", interpolation=interpolation, **how)(data)
                        plain = decoder(library="pillow", **how)
                        assert fast.shape == plain.shape
                        assert difference(fast, plain(data)) < 4, (how, interpolation)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_opencv_turns_as_pillow_does(scene, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(scene, "JPEG", exif=exif, quality=90)
    for fit in ("stretch", "crop", "pad"):
        fast = decoder((50, 90), library="opencv", fit=fit)
        assert difference(fast(data), decoder((50, 90), library="pillow", fit=fit)(data)) < 3


def exif_block(order, *entries):
    """An EXIF block of these entries: tag, type, amount, value."""
    block = b"II*\0" if order == "<" else b"MM\0*"
    block += struct.pack(f"{order}IH", 8, len(entries))
    for tag, kind, amount, value in entries:
        block += struct.pack(f"{order}HHI", tag, kind, amount)
        block += struct.pack(f"{order}I" if kind == 4 else f"{order}HH", *value)
    return b"Exif\0\0" + block + bytes(4)


WIDTH, ORIENTATION, SHORT, LONG = 0x0100, 0x0112, 3, 4
XMP = b"http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation='%d'/>"
ODD_EXIF = {
    "little": [exif_block("<", (ORIENTATION, SHORT, 1, (6, 0)))],
    "big": [exif_block(">", (ORIENTATION, SHORT, 1, (6, 0)))],
    "second entry": [exif_block("<", (WIDTH, SHORT, 1, (9, 0)), (ORIENTATION, SHORT, 1, (8, 0)))],
    "twice": [exif_block("<", *[(ORIENTATION, SHORT, 1, (turn, 0)) for turn in (6, 3)])],
    "long": [exif_block("<", (ORIENTATION, LONG, 1, (6,)))],
    "two shorts": [exif_block("<", (ORIENTATION, SHORT, 2, (6, 3)))],
    "no turn": [exif_block("<", (ORIENTATION, SHORT, 1, (0, 0)))],
    "ninth turn": [exif_block("<", (ORIENTATION, SHORT, 1, (9, 0)))],
    "not given": [exif_block(">", (WIDTH, SHORT, 1, (9, 0)))],
    "empty": [exif_block(">")],
    "cut off": [exif_block("<", (ORIENTATION, SHORT, 1, (6, 0)))[:-8]],
    "rubbish": [b"Exif\0\0rubbish"],
    "two blocks": [exif_block("<", (ORIENTATION, SHORT, 1, (turn, 0))) for turn in (6, 3)],
    "xmp": [XMP % 6],
    "both": [exif_block("<", (ORIENTATION, SHORT, 1, (3, 0))), XMP % 6],
    "exif without it and xmp": [exif_block("<", (WIDTH, SHORT, 1, (9, 0))), XMP % 8],
}


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("blocks", ODD_EXIF.values(), ids=ODD_EXIF)
def test_both_libraries_understand_an_odd_exif_block_alike(scene, blocks):
    """As Pillow reads it, which costs more, and is done where the block is not plain."""
    data = encoded(scene, "JPEG", quality=90)
    segments = b"".join(b"\xff\xe1" + struct.pack(">H", 2 + len(one)) + one for one in blocks)
    data = data[:2] + segments + data[2:]
    with Image.open(io.BytesIO(data)) as image:
        try:
            upright = ImageOps.exif_transpose(image)
        except Exception:  # Pillow finds the block broken
            upright = image.convert("RGB")
        expected = resized(upright.convert("RGB"), (50, 90))
    for library in ("pillow", "opencv"):
        assert difference(decoder((50, 90), library=library)(data), expected) < 3


def test_opencv_leaves_to_pillow_what_it_reads_otherwise(scene):
    for data in (
        encoded(scene),
        encoded(scene.convert("CMYK"), "JPEG"),
        encoded(scene.convert("RGBA"), "WEBP"),
    ):
        fast = decoder((50, 90), library="opencv")(data)
        assert np.array_equal(fast, decoder((50, 90), library="pillow")(data))


def test_opencv_does_not_fill_what_is_cut_off(scene):
    data = encoded(scene, "JPEG")
    with pytest.raises(ImageError, match="truncated"):
        decoder((50, 90), library="opencv")(data[: len(data) // 2])


def test_opencv_has_a_key_of_its_own_and_two_interpolations():
    fast = decoder((8, 8), library="opencv")
    assert fast.key == (
        f"8x8x3 bilinear stretch pillow-{Image.__version__} opencv-{cv2.__version__} rules-2"
    )
    assert fast.key != decoder((8, 8), library="pillow").key
    with pytest.raises(ValueError, match="'bilinear', 'area'"):
        decoder((8, 8), library="opencv", interpolation="bicubic")
    with pytest.raises(ValueError, match="`exact` must be one of False. Received: exact=True"):
        decoder((8, 8), library="opencv", exact=True)


@pytest.mark.parametrize(
    "choices, library",
    [
        ({}, "opencv"),
        ({"interpolation": "area", "fit": "crop", "color_mode": "grayscale"}, "opencv"),
        ({"interpolation": "bicubic"}, "pillow"),
        ({"interpolation": "nearest"}, "pillow"),
        ({"exact": True}, "pillow"),
        ({"library": "pillow"}, "pillow"),
    ],
)
def test_auto_is_opencv_where_it_can_and_says_so(scene, choices, library):
    decode = decoder((50, 90), **choices)
    assert decode.library == library
    assert f"library='{library}'" in repr(decode)
    assert ("opencv" in decode.key) == (library == "opencv")
    assert decode == eval(repr(decode)) == pickle.loads(pickle.dumps(decode))
    assert decode(encoded(scene, "JPEG")).shape == decode.shape


WITHOUT_OPENCV = """
import sys
sys.modules["cv2"] = None  # as if it were not installed
from colab_helpers.stream import augmenter, decoder
print(decoder((8, 8)).library, augmenter(rotation_range=5).library)
try:
    decoder((8, 8), library="opencv")
except ImportError as error:
    print(error)
"""


def test_without_opencv_auto_is_pillow():
    process = start_python(WITHOUT_OPENCV)
    answer, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    libraries, refusal = answer.splitlines()
    assert libraries == "pillow pillow"
    assert "pip install opencv-python-headless" in refusal


def test_a_jpeg_that_opencv_would_wave_through_is_judged_as_ever(scene, monkeypatch):
    """Too many pixels, or too many scans, are refused before either library decodes."""
    fast = decoder((8, 8), library="opencv")
    data = encoded(scene, "JPEG", progressive=True)
    scan = data.index(b"\xff\xda")
    length = int.from_bytes(data[scan + 2 : scan + 4], "big")
    many = data[:scan] + data[scan : scan + 2 + length] * 2000 + data[scan:]
    with pytest.raises(ImageError, match="more than 100 scans"):
        fast(many)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 99)
    with pytest.raises(ImageError, match="claims 480 x 360 pixels, and 99 pixels"):
        fast(encoded(scene, "JPEG"))
