"""What claims too much is refused before a pixel of it is decoded, whatever holds it."""

import gzip
import io
import struct

import pytest
from PIL import Image, ImageFile
from scenes import encoded

from colab_helpers.stream import ImageError, decoder

pytestmark = pytest.mark.filterwarnings(
    "ignore::UserWarning:PIL", "ignore::PIL.Image.DecompressionBombWarning"
)
SIDE = 16  # of the pictures here; 200 pixels are allowed, and Pillow itself refuses from 400 on
OF_TWO = {"save_all": True, "append_images": [Image.new("RGB", (SIDE, SIDE), "blue")]}


def picture(format, **options):
    return encoded(Image.new("RGB", (SIDE, SIDE), "red"), format, **options)


def icon(*pictures, claimed=SIDE):
    """An ICO of these pictures, whose list claims another size."""
    offset = 6 + 16 * len(pictures)
    data = struct.pack("<HHH", 0, 1, len(pictures))
    for one in pictures:
        data += struct.pack("<BBBBHHII", claimed, claimed, 0, 0, 1, 32, len(one), offset)
        offset += len(one)
    return data + b"".join(pictures)


def game_texture(compression, beginning, content):
    """A BLP1: a JPEG after what all of its sizes begin with (0), or indices after a palette (1)."""
    place = 156 + len(beginning)
    header = struct.pack("<4siIIIII", b"BLP1", compression, 0, SIDE, SIDE, 4, 0)
    header += struct.pack("<32I", place, *[0] * 15, len(content), *[0] * 15)
    return header + beginning + content


def bitmap():
    """A bitmap as icons hold it: no file header, and a mask below it."""
    header = struct.pack("<IiiHHIIiiII", 40, SIDE, 2 * SIDE, 1, 32, 0, 0, 0, 0, 0, 0)
    return header + bytes(SIDE * SIDE * 4 + SIDE * SIDE // 8)


def apple_icon(kind, inner):
    block = kind + struct.pack(">I", 8 + len(inner)) + inner
    return b"icns" + struct.pack(">I", 8 + len(block)) + block


def every_container():
    Image.init()
    found = {
        "ico of png": icon(picture("PNG"), claimed=4),
        "ico of bitmap": icon(bitmap(), claimed=4),
        "ico of both": icon(encoded(Image.new("RGB", (4, 4))), picture("PNG"), claimed=4),
        "icns of png": apple_icon(b"icp4", picture("PNG")),
        "gif of two": picture("GIF", **OF_TWO),
        "png of two": picture("PNG", **OF_TWO),
        "tiff of two": picture("TIFF", **OF_TWO),
        "tiff of jpeg": picture("TIFF", compression="jpeg"),
        "webp of two": picture("WEBP", **OF_TWO),
        "mpo": picture("MPO", **OF_TWO),
        "progressive": picture("JPEG", progressive=True),
    }
    if "JPEG2000" in Image.SAVE:
        found["icns of jpeg 2000"] = apple_icon(b"icp4", picture("JPEG2000"))
    for format in sorted(set(Image.SAVE) & set(Image.OPEN) - {"ICO", "ICNS", "EPS", "WMF"}):
        for mode in ("RGB", "L", "1", "P", "F"):
            try:
                data = encoded(Image.new(mode, (SIDE, SIDE)), format)
                Image.open(io.BytesIO(data)).load()
            except Exception:
                continue  # this format does not hold this mode
            found[f"{format} {mode}"] = data
    return found


CONTAINERS = every_container()


@pytest.mark.parametrize("library", ["auto", "pillow"])
@pytest.mark.parametrize("data", CONTAINERS.values(), ids=CONTAINERS)
def test_too_many_pixels_are_refused_before_one_is_decoded(monkeypatch, data, library):
    decode = decoder((8, 8), library=library)
    assert decode(data).shape == (8, 8, 3)  # at the usual limit
    loaded = []
    load = ImageFile.ImageFile.load

    def load_and_tell(image):
        loaded.append(image)
        return load(image)

    monkeypatch.setattr(ImageFile.ImageFile, "load", load_and_tell)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 200)
    with pytest.raises(ImageError, match="claims 16 x 16 pixels, and 200 pixels"):
        decode(data)
    assert loaded == []


def test_colours_of_a_texture_are_not_taken_for_the_header_of_a_jpeg():
    looks_like_a_frame = b"\xff\xc0\0\x11\x08\xff\xff\xff\xff"
    palette = looks_like_a_frame.ljust(1024, b"\0")
    texture = game_texture(1, palette, bytes(SIDE * SIDE))
    assert decoder((8, 8))(texture).shape == (8, 8, 3)


def test_the_jpeg_in_a_texture_has_its_limits_too(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 500)
    large = encoded(Image.new("RGB", (30, 30)), "JPEG")  # as many as 900, not the 256 claimed
    with pytest.raises(ImageError, match="claims 30 x 30 pixels, and 500 pixels"):
        decoder((8, 8))(game_texture(0, bytes(4), large))


@pytest.mark.parametrize("canvas", [(16_384, 16_384), (2, 70_000)])
def test_of_a_webp_no_canvas_is_made_beforehand(canvas):
    data = bytearray(picture("WEBP", **OF_TWO))
    place = data.index(b"VP8X") + 12
    data[place : place + 3] = (canvas[0] - 1).to_bytes(3, "little")
    data[place + 3 : place + 6] = (canvas[1] - 1).to_bytes(3, "little")
    with pytest.raises(ImageError, match=f"claims {canvas[0]:,} x {canvas[1]:,} pixels"):
        decoder((8, 8))(bytes(data))


def iptc(inner):
    """An IPTC record, in which a file of any format may lie."""
    fields = [(3, 60, b"\x01\0"), (3, 20, b"\0\x10"), (3, 30, b"\0\x10"), (3, 120, b"\x05")]
    data = b""
    for record, number, value in [*fields, (8, 10, inner)]:
        data += bytes([0x1C, record, number]) + struct.pack(">H", len(value)) + value
    return data


def compressed_fits():
    """A FITS file of a few pixels that says it is compressed."""
    cards = [
        "SIMPLE  =                    T",
        "NAXIS   =                    0",
        "END",
    ]
    block = "".join(card.ljust(80) for card in cards).ljust(2880).encode()
    cards = [
        "XTENSION= 'BINTABLE'",
        "BITPIX  =                    8",
        "NAXIS   =                    2",
        "NAXIS1  =                    8",
        "NAXIS2  =                    1",
        "ZIMAGE  =                    T",
        "ZCMPTYPE= 'GZIP_1  '",
        "ZBITPIX =                   16",
        "ZNAXIS  =                    2",
        "ZNAXIS1 =                   16",
        "ZNAXIS2 =                   16",
        "END",
    ]
    table = "".join(card.ljust(80) for card in cards).ljust(2880).encode()
    return block + table + bytes(8) + gzip.compress(bytes(16 * 16 * 4))


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n"


@pytest.mark.parametrize("data", [iptc(EPS), iptc(picture("PNG"))], ids=["drawing", "png"])
def test_a_wrapper_of_any_other_format_is_refused(data):
    with pytest.raises(ImageError, match="format IPTC, which is not read"):
        decoder((8, 8))(data)


def test_a_fits_file_that_is_walked_over_in_python_is_refused():
    with pytest.raises(ImageError, match="format FITS, which is not read|damaged"):
        decoder((8, 8))(compressed_fits())


@pytest.mark.parametrize("count", [0, 1, 3, 65_535])
@pytest.mark.parametrize("end", [b"", b"\0" * 7, b"\x89PNG\r\n\x1a\n"])
def test_an_icon_that_ends_anywhere_is_refused(count, end):
    data = struct.pack("<HHH", 0, 1, count) + end
    with pytest.raises(ImageError):
        decoder((8, 8))(data)


def test_an_icon_within_the_limit_is_decoded():
    data = icon(encoded(Image.new("RGB", (SIDE, SIDE), "red"), "PNG"))
    assert (decoder((4, 4))(data) == (255, 0, 0)).all()
