"""Any picture becomes an array of one shape, or is refused in one sentence."""

import io
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps
from scenes import difference, draw_scene, encoded, resized

from colab_helpers.stream import ImageError, decoder

# pytest sets its own filters for each test, above those of the library; one test of decoding looks
# at the warnings themselves.
pytestmark = pytest.mark.filterwarnings(
    "ignore::UserWarning:PIL", "ignore::PIL.Image.DecompressionBombWarning"
)


@pytest.fixture(scope="module")
def scene():
    return draw_scene()


# Sizes, and what a picture may be -----------------------------------------------------------------


@pytest.mark.parametrize("format", ["JPEG", "PNG", "BMP", "WEBP", "TIFF", "GIF"])
def test_pixels_are_pillows_own_where_nothing_is_reduced(scene, format):
    data = encoded(scene, format)
    image = decoder((100, 180), exact=True)(data)
    assert image.dtype == np.uint8 and image.flags.writeable
    assert np.array_equal(image, resized(Image.open(io.BytesIO(data)).convert("RGB"), (100, 180)))


@pytest.mark.parametrize(
    "interpolation, of_pillow",
    [
        ("nearest", "NEAREST"),
        ("bicubic", "BICUBIC"),
        ("area", "BOX"),
        ("lanczos3", "LANCZOS"),
        ("hamming", "HAMMING"),
    ],
)
def test_interpolation_has_the_names_of_keras(scene, interpolation, of_pillow):
    image = decoder((100, 180), interpolation=interpolation)(encoded(scene))
    assert np.array_equal(image, resized(scene, (100, 180), Image.Resampling[of_pillow]))


@pytest.mark.parametrize("library", ["pillow", "auto"])
def test_a_large_jpeg_is_reduced_but_never_below_the_size_wanted(scene, library):
    large = scene.resize((4000, 3000))
    data = encoded(large, "JPEG", quality=90)
    full = Image.open(io.BytesIO(data)).convert("RGB")
    for size in [(224, 224), (64, 96), (700, 900)]:
        assert difference(decoder(size, library=library)(data), resized(full, size)) < 4
    barely = (1501, 2001)  # half of 3000 x 4000 would be less, so all of it is decoded
    assert np.array_equal(decoder(barely, library="pillow")(data), resized(full, barely))


def test_sharper_kernels_see_twice_the_size_wanted_and_nearest_sees_all(scene):
    data = encoded(scene.resize((1600, 1200)), "JPEG", quality=90)
    full = Image.open(io.BytesIO(data)).convert("RGB")
    at_half = (601, 801)  # half the picture is as many pixels, but not twice as many
    for interpolation in ("bicubic", "lanczos3", "hamming"):
        of_pillow = {"lanczos3": "LANCZOS"}.get(interpolation, interpolation.upper())
        expected = resized(full, at_half, Image.Resampling[of_pillow])
        assert np.array_equal(decoder(at_half, interpolation=interpolation)(data), expected)
    small = decoder((20, 30), interpolation="nearest")(data)
    assert np.array_equal(small, resized(full, (20, 30), Image.Resampling.NEAREST))


@pytest.mark.parametrize("color_mode, mode", [("rgb", "RGB"), ("grayscale", "L")])
@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
def test_exact_pixels_are_those_of_a_full_decode(scene, color_mode, mode, fit):
    data = encoded(scene.resize((1600, 1200)), "JPEG", quality=90)
    full = Image.open(io.BytesIO(data)).convert(mode)
    decode = decoder((90, 90), color_mode=color_mode, fit=fit, exact=True)
    box = {"crop": (200, 0, 1400, 1200)}.get(fit)
    size = (90, 68) if fit == "pad" else (90, 90)
    expected = np.asarray(full.resize(size, Image.Resampling.BILINEAR, box=box))
    image = decode(data)
    if fit == "pad":
        image = image[11:79]
    assert np.array_equal(image.reshape(expected.shape), expected)


def test_crop_shows_the_middle_and_pad_shows_all(scene):
    data = encoded(scene)
    crop = decoder((120, 120), fit="crop")(data)
    middle = scene.resize((120, 120), Image.Resampling.BILINEAR, box=(60, 0, 420, 360))
    assert np.array_equal(crop, middle)
    padded = decoder((120, 120), fit="pad")(data)
    assert np.array_equal(padded[15:105], resized(scene, (90, 120)))
    assert not padded[:15].any() and not padded[105:].any()


@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
@pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 1), (5000, 3)])
def test_any_size_becomes_the_size_wanted(fit, size):
    for color_mode, channels in (("rgb", 3), ("grayscale", 1)):
        decode = decoder((7, 13), fit=fit, color_mode=color_mode)
        for format in ("PNG", "JPEG"):
            image = decode(encoded(Image.new("RGB", size[::-1], "white"), format))
            assert image.shape == decode.shape == (7, 13, channels)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("size", [(360, 480), (30, 40)], ids=["full", "reduced"])
def test_a_turned_photo_stands_upright(scene, format, orientation, size):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(scene, format, exif=exif, **({"lossless": True} if format == "WEBP" else {}))
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        upright = ImageOps.exif_transpose(image)
    expected = resized(upright, size)
    assert np.array_equal(decoder(size, exact=True)(data), expected)
    for library in ("pillow", "auto"):
        assert difference(decoder(size, library=library)(data), expected) < 3


def test_a_broken_exif_block_costs_the_turn_and_not_the_picture(scene):
    data = encoded(scene, "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff garbage")
    assert decoder((90, 120))(data).shape == (90, 120, 3)


def test_transparent_parts_become_white(scene):
    clear = scene.convert("RGBA")
    clear.paste((255, 0, 0, 0), (0, 0, 240, 360))
    for data in (
        encoded(clear),
        encoded(clear, "WEBP", lossless=True),
        encoded(clear.convert("LA")),
    ):
        image = decoder((36, 48))(data)
        assert (image[:, :23] == 255).all() and image[:, 26:].mean() < 250
    palette = Image.new("P", (40, 40), 1)
    palette.putpalette([255, 0, 0, 0, 0, 255])
    assert (decoder((9, 9))(encoded(palette, "GIF", transparency=1)) == 255).all()
    assert (decoder((9, 9))(encoded(palette, "PNG")) == (0, 0, 255)).all()


def test_half_transparent_is_mixed_with_white():
    image = decoder((5, 5))(encoded(Image.new("RGBA", (50, 50), (0, 0, 0, 128))))
    assert np.abs(image.astype(int) - 127).max() <= 1


def test_cmyk_becomes_rgb_inverted_or_not(scene):
    data = encoded(scene.convert("CMYK"), "JPEG", quality=95)  # Pillow writes Adobe's inverted kind
    assert b"Adobe" in data
    assert difference(decoder((90, 120))(data), resized(scene, (90, 120))) < 4
    plain = encoded(scene.convert("CMYK"), "TIFF")
    assert difference(decoder((90, 120))(plain), resized(scene, (90, 120))) < 2


def test_sixteen_bits_become_eight():
    values = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    for data in (encoded(Image.fromarray(values)), encoded(Image.fromarray(values), "TIFF")):
        assert np.array_equal(decoder((16, 16), color_mode="grayscale")(data)[..., 0], values >> 8)


def test_float_and_32_bit_pictures_use_the_range_that_holds_them():
    ramp = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    decode = decoder((8, 8), color_mode="grayscale")  # "nearest" is for masks: values as they are
    for white in (1, 255, 65535, 1e6):
        image = decode(encoded(Image.fromarray(ramp * white), "TIFF"))
        assert difference(image[..., 0], ramp * 255) < 1
    whole = Image.fromarray((ramp * 65535).astype(np.int32))
    assert difference(decode(encoded(whole, "TIFF"))[..., 0], ramp * 255) < 1
    holes = np.where(ramp > 0.5, np.nan, ramp).astype(np.float32)
    assert decode(encoded(Image.fromarray(holes), "TIFF")).shape == (8, 8, 1)


@pytest.mark.parametrize(
    "mode, format",
    [
        ("1", "PNG"),
        ("L", "PNG"),
        ("P", "PNG"),
        ("LA", "PNG"),
        ("L", "JPEG"),
        ("YCbCr", "JPEG"),
        ("LAB", "TIFF"),
        ("RGBX", "TIFF"),
        ("RGBA", "TIFF"),
        ("LA", "TIFF"),
        ("1", "TIFF"),
        ("P", "BMP"),
        ("L", "JPEG2000"),
        ("RGBA", "JPEG2000"),
        ("RGB", "PPM"),
        ("RGB", "TGA"),
        ("RGB", "ICO"),
        ("RGB", "ICNS"),
        ("P", "PCX"),
        ("RGB", "QOI"),
    ],
)
def test_whatever_the_mode_the_picture_is_the_same(scene, mode, format):
    if mode == "LAB":
        image = ImageCms.profileToProfile(
            scene, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
        )
    else:
        image = scene.convert(mode)
    image = image.resize((128, 128)) if format in ("ICO", "ICNS") else image
    try:
        data = encoded(image, format)
    except KeyError:
        pytest.skip(f"this Pillow does not write {format}")
    expected = scene if mode[0] not in "1L" or mode == "LAB" else scene.convert("L").convert("RGB")
    limit = 25 if mode in "1P" else 5
    assert difference(decoder((30, 40))(data), resized(expected, (30, 40))) < limit
    grey = decoder((30, 40), color_mode="grayscale")(data)
    assert difference(grey, resized(expected.convert("L"), (30, 40))[..., None]) < limit


def test_an_animation_shows_its_first_frame():
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    for format in ("GIF", "PNG", "WEBP", "TIFF"):
        data = encoded(frames[0], format, save_all=True, append_images=frames[1:])
        assert np.abs(decoder((4, 4))(data).astype(int) - (255, 0, 0)).max() < 3


# What is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data, reason",
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html>", "no picture"),
        (b"hello", "no picture"),
        (bytes(1000), "no picture"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "damaged|no picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n", "drawing"),
    ],
)
def test_what_is_no_picture_is_refused_in_one_sentence(data, reason):
    with pytest.raises(ImageError, match=reason) as caught:
        decoder((8, 8))(data)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


@pytest.mark.parametrize("no_bytes", [None, 3, "photo.jpg", io.BytesIO(b"x"), [255, 216], {}])
def test_what_is_no_bytes_is_told_as_an_error_of_the_code(no_bytes):
    kind = type(no_bytes).__name__
    with pytest.raises(TypeError, match=f"takes the bytes of a file.*Received: {kind}"):
        decoder((8, 8))(no_bytes)


def test_of_an_open_file_its_bytes_are_asked_for():
    with pytest.raises(TypeError, match=r"`data.read\(\)`"):
        decoder((8, 8))(io.BytesIO(b"x"))


def test_any_kind_of_bytes_is_decoded(scene):
    data = encoded(scene)
    decode = decoder((9, 9))
    for same in (bytearray(data), memoryview(data)):
        assert np.array_equal(decode(same), decode(data))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP"])
def test_a_picture_cut_off_is_refused(scene, format):
    data = encoded(scene, format)
    with pytest.raises(ImageError):
        decoder((64, 64))(data[: len(data) * 2 // 3])


def test_a_picture_of_absurd_size_is_refused_before_it_is_decoded(monkeypatch):
    data = bytearray(encoded(Image.new("L", (10, 10)), "BMP"))
    for width, height in ((60_000, 60_000), (10_000, 9_000), (1, 70_000), (2_000_000_000, 3)):
        data[18:26] = width.to_bytes(4, "little") + height.to_bytes(4, "little")
        with pytest.raises(ImageError, match="claims"):
            decoder((8, 8))(bytes(data))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 99)
    with pytest.raises(ImageError, match="99 pixels"):
        decoder((8, 8))(encoded(Image.new("L", (10, 10))))


def test_nothing_is_printed_and_no_warning_leaves(tmp_path):
    """Warnings, told in a fresh interpreter, where no test runner has set its own filters."""
    code = """
import io, sys
from PIL import Image
from colab_helpers.stream import ImageError, decoder
data = io.BytesIO()
Image.new("L", (10_000, 10_000)).save(data, "PNG")
try:
    decoder((8, 8))(data.getvalue())
except ImageError as error:
    print(error)
"""
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60
    )
    assert answer.stdout.startswith("The picture claims 10,000 x 10,000 pixels")
    assert answer.stderr == ""


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"image_size": 64}, r"must be \(height, width\) in pixels. Received: image_size=64"),
        ({"image_size": (64,)}, "Received: image_size="),
        ({"image_size": (0, 64)}, "Received: image_size="),
        ({"image_size": (6.5, 64)}, "Received: image_size="),
        ({"color_mode": "rgba"}, "one of 'rgb', 'grayscale'. Received: color_mode='rgba'"),
        ({"interpolation": "cubic"}, "'bilinear', 'nearest', .* Received: interpolation='cubic'"),
        ({"fit": "fill"}, "`fit` must be one of 'stretch', 'crop', 'pad'. Received: fit='fill'"),
        ({"library": "cv2"}, "'auto', 'pillow', 'opencv'. Received: library='cv2'"),
        ({"exact": "yes"}, "`exact` must be one of False, True. Received: exact='yes'"),
    ],
)
def test_a_choice_that_does_not_exist_is_told_at_once(wrong, message):
    with pytest.raises(ValueError, match=message):
        decoder(**({"image_size": (64, 64)} | wrong))


# As a value ---------------------------------------------------------------------------------------


def test_the_key_names_all_that_changes_the_pixels():
    choices = [
        {},
        {"color_mode": "grayscale"},
        {"interpolation": "area"},
        {"fit": "crop"},
        {"fit": "pad"},
    ]
    keys = {decoder(size, **choice).key for choice in choices for size in ((64, 96), (96, 64))}
    assert len(keys) == 10
    assert decoder((64, 96)).key == decoder([64, 96]).key


def test_the_key_tells_apart_what_gives_other_pixels_and_never_an_old_decoder():
    """Another key than in versions of other rules: pixels cached by these are not found."""
    pillow = f"64x96x3 bilinear stretch pillow-{Image.__version__}"
    assert decoder((64, 96), library="pillow").key == f"{pillow} rules-2"
    assert decoder((64, 96), exact=True).key == f"{pillow} exact rules-2"
    grey = decoder((64, 96), color_mode="grayscale", interpolation="area", fit="crop")
    assert grey.key.startswith(f"64x96x1 area crop pillow-{Image.__version__} ")


def test_it_prints_as_it_is_written():
    for decode in (decoder((64, 96), fit="crop"), decoder((64, 96), exact=True)):
        assert eval(repr(decode)) == decode
        assert f"library={decode.library!r}" in repr(decode)


def test_it_travels_to_another_process_and_decodes_the_same(scene):
    decode = decoder((64, 64), fit="crop")
    other = pickle.loads(pickle.dumps(decode))
    assert other == decode and other.key == decode.key
    assert np.array_equal(other(encoded(scene)), decode(encoded(scene)))


def test_many_threads_decode_the_same_pixels(scene):
    data = [
        encoded(scene.rotate(angle), format) for angle in range(8) for format in ("JPEG", "PNG")
    ]
    decode = decoder((64, 64))
    with ThreadPoolExecutor(8) as pool:
        for image, expected in zip(pool.map(decode, data * 5), [decode(one) for one in data] * 5):
            assert np.array_equal(image, expected)
