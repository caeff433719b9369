"""Promises of images.py: any picture to one shape, and pictures varied as ImageDataGenerator varies them."""

import io
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageOps

from colab_helpers.images import ImageError, augmenter, decoder

# pytest sets its own filters for each test, above those of images.py; one test looks at the warnings themselves.
pytestmark = [
    pytest.mark.filterwarnings(
        "ignore::UserWarning:PIL", "ignore::PIL.Image.DecompressionBombWarning"
    ),
    pytest.mark.filterwarnings("ignore:.*scipy.ndimage.interpolation:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def scene():
    """A colourful picture, smooth as a photograph is, 480 x 360."""
    rng = np.random.default_rng(0)
    rough = Image.fromarray(rng.integers(0, 256, (9, 12, 3), np.uint8))
    return rough.resize((480, 360), Image.Resampling.BICUBIC)


def encoded(image, format="PNG", **options):
    data = io.BytesIO()
    image.save(data, format, **options)
    return data.getvalue()


def difference(one, other):
    return np.abs(np.asarray(one, np.float64) - np.asarray(other, np.float64)).mean()


def resized(image, size, way=Image.Resampling.BILINEAR):
    return np.asarray(image.resize(size[::-1], way))


# Decoding: sizes, and what a picture may be ------------------------------------------------------------------


@pytest.mark.parametrize("format", ["JPEG", "PNG", "BMP", "WEBP", "TIFF", "GIF"])
def test_pixels_are_pillows_own_where_nothing_is_reduced(scene, format):
    data = encoded(scene, format)
    image = decoder((100, 180))(data)
    assert image.dtype == np.uint8 and image.flags.writeable
    assert np.array_equal(image, resized(Image.open(io.BytesIO(data)).convert("RGB"), (100, 180)))


@pytest.mark.parametrize(
    "interpolation, way",
    [
        ("nearest", "NEAREST"),
        ("bicubic", "BICUBIC"),
        ("area", "BOX"),
        ("lanczos3", "LANCZOS"),
        ("hamming", "HAMMING"),
    ],
)
def test_interpolation_has_the_names_of_keras(scene, interpolation, way):
    image = decoder((100, 180), interpolation=interpolation)(encoded(scene))
    assert np.array_equal(image, resized(scene, (100, 180), Image.Resampling[way]))


def test_a_large_jpeg_is_reduced_but_never_below_twice_the_size_wanted(scene):
    large = scene.resize((4000, 3000))
    data = encoded(large, "JPEG", quality=90)
    full = Image.open(io.BytesIO(data)).convert("RGB")
    for size in [(224, 224), (64, 96), (700, 900)]:
        assert difference(decoder(size)(data), resized(full, size)) < 4
    barely = (
        1501,
        2001,
    )  # half of 3000 x 4000 would be less than the size itself, so all of it is decoded
    assert np.array_equal(decoder(barely)(data), resized(full, barely))


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
    assert difference(decoder(size)(data), resized(upright, size)) < (0.01 if size[0] == 360 else 3)


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
    decode = decoder((8, 8), color_mode="grayscale", interpolation="nearest")
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
        from PIL import ImageCms

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


def test_heic_is_read_where_pillow_heif_is_installed(scene):
    pillow_heif = pytest.importorskip("pillow_heif", reason="NOT TESTED: needs pillow-heif")
    data = io.BytesIO()
    pillow_heif.from_pillow(scene).save(data, quality=90)
    assert difference(decoder((90, 120))(data.getvalue()), resized(scene, (90, 120))) < 5


def test_without_pillow_heif_a_heic_photo_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    monkeypatch.setattr(Image, "ID", [name for name in Image.ID if name != "HEIF"])
    with pytest.raises(ImageError, match="pip install pillow-heif"):
        decoder((8, 8))(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100))


# Decoding: what is refused -----------------------------------------------------------------------------------


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
from colab_helpers.images import ImageError, decoder
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
    assert (
        answer.stdout.startswith("The picture claims 10,000 x 10,000 pixels")
        and answer.stderr == ""
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"image_size": 64},
        {"image_size": (64,)},
        {"image_size": (0, 64)},
        {"image_size": (6.5, 64)},
        {"color_mode": "rgba"},
        {"interpolation": "cubic"},
        {"fit": "fill"},
        {"library": "cv2"},
    ],
)
def test_a_choice_that_does_not_exist_is_told_at_once(wrong):
    with pytest.raises(ValueError, match="Received: "):
        decoder(**({"image_size": (64, 64)} | wrong))


# Decoding: as a value ----------------------------------------------------------------------------------------


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
    assert decoder((64, 96)).key == decoder([64, 96]).key and Image.__version__ in keys.pop()


def test_it_travels_to_another_process_and_decodes_the_same(scene):
    decode = decoder((64, 64), fit="crop")
    other = pickle.loads(pickle.dumps(decode))
    assert other == decode and other.key == decode.key
    assert np.array_equal(other(encoded(scene)), decode(encoded(scene)))
    augment = augmenter(rotation_range=20, zoom_range=(0.8, 1.2))
    assert pickle.loads(pickle.dumps(augment)) == augment


def test_many_threads_decode_the_same_pixels(scene):
    data = [
        encoded(scene.rotate(angle), format) for angle in range(8) for format in ("JPEG", "PNG")
    ]
    decode = decoder((64, 64))
    with ThreadPoolExecutor(8) as pool:
        for image, expected in zip(pool.map(decode, data * 5), [decode(one) for one in data] * 5):
            assert np.array_equal(image, expected)


# OpenCV ------------------------------------------------------------------------------------------------------


@pytest.fixture
def cv2():
    return pytest.importorskip("cv2", reason="NOT TESTED: needs opencv-python-headless")


def test_opencv_shows_the_same_picture(cv2, scene):
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
                        assert fast.shape == decoder(**how).shape
                        assert difference(fast, decoder(**how)(data)) < 4, (how, interpolation)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_opencv_turns_as_pillow_does(cv2, scene, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(scene, "JPEG", exif=exif, quality=90)
    fast = decoder((50, 90), library="opencv")
    assert difference(fast(data), decoder((50, 90))(data)) < 3


def test_opencv_leaves_to_pillow_what_it_reads_otherwise(cv2, scene):
    for data in (
        encoded(scene),
        encoded(scene.convert("CMYK"), "JPEG"),
        encoded(scene.convert("RGBA"), "WEBP"),
    ):
        assert np.array_equal(decoder((50, 90), library="opencv")(data), decoder((50, 90))(data))


def test_opencv_does_not_fill_what_is_cut_off(cv2, scene):
    data = encoded(scene, "JPEG")
    with pytest.raises(ImageError, match="truncated"):
        decoder((50, 90), library="opencv")(data[: len(data) // 2])


def test_opencv_has_a_key_of_its_own_and_two_interpolations(cv2):
    assert decoder((8, 8), library="opencv").key != decoder((8, 8)).key
    with pytest.raises(ValueError, match="'bilinear', 'area'"):
        decoder((8, 8), library="opencv", interpolation="bicubic")


# Augmentation ------------------------------------------------------------------------------------------------


class Drawn:
    """Stands for a generator: hands out given numbers from -1 (lowest) to 1 (highest), so a test can say what is drawn."""

    def __init__(self, *numbers):
        self.numbers = list(numbers)

    def uniform(self, low, high, size=None):
        if size:
            return np.array([self.uniform(low, high) for _ in range(size)])
        number = self.numbers.pop(0) if low != high and self.numbers else 0
        return (low + high) / 2 + number * (high - low) / 2


@pytest.fixture(scope="module")
def keras_image():
    return pytest.importorskip("keras.src.legacy.preprocessing.image")


@pytest.mark.parametrize("fill_mode", ["nearest", "reflect", "wrap", "constant"])
@pytest.mark.parametrize(
    "ours, drawn, theirs",
    [
        ({"rotation_range": 30}, 1, {"theta": 30}),
        ({"width_shift_range": 0.2}, 1, {"tx": 0.2 * 120}),
        ({"height_shift_range": 0.2}, 1, {"ty": 0.2 * 120}),
        ({"width_shift_range": 7.0}, -1, {"tx": -7}),
        ({"shear_range": 20}, 1, {"shear": 20}),
        ({"zoom_range": (0.7, 0.9)}, 1, {"zx": 0.9, "zy": 0.8}),
        ({"zoom_range": 0.4}, 1, {"zx": 1.4, "zy": 1.0}),
    ],
)
def test_the_geometry_is_that_of_keras(keras_image, scene, fill_mode, ours, drawn, theirs):
    """One value is drawn, the others lie in the middle; Keras names its axes tx for x and ty for y."""
    pytest.importorskip("scipy")
    image = decoder((120, 120))(encoded(scene))
    expected = keras_image.apply_affine_transform(
        image.astype("float32"),
        **theirs,
        row_axis=0,
        col_axis=1,
        channel_axis=2,
        fill_mode=fill_mode,
        cval=50,
    )
    varied = augmenter(**ours, fill_mode=fill_mode, cval=50)(image, Drawn(drawn))
    # SciPy wraps with a period one pixel shorter, and mixes less at the border: one pixel's row of difference.
    assert difference(varied, expected) < (4 if fill_mode == "wrap" else 1.5)


def test_a_shift_to_the_side_is_a_shift_to_the_side(scene):
    """In Keras's own generator, `width_shift_range` has come to move pictures up and down."""
    image = decoder((120, 160))(encoded(scene))
    assert np.array_equal(
        augmenter(width_shift_range=9.0)(image, Drawn(1))[:, :150], image[:, 9:159]
    )
    assert np.array_equal(augmenter(height_shift_range=9.0)(image, Drawn(1))[:110], image[9:119])


def test_an_int_shifts_by_whole_pixels_and_a_list_by_one_of_its_values():
    image = np.zeros((40, 40, 1), np.uint8)
    image[20, 20] = 255

    def shifts(**choice):
        augment, rng = augmenter(**choice, fill_mode="constant"), np.random.default_rng(0)
        found = [np.argwhere(augment(image, rng)[..., 0] > 200) for _ in range(200)]
        return {int(20 - places[0][1]) for places in found if len(places)}

    assert shifts(width_shift_range=3) == {-2, -1, 0, 1, 2}
    assert shifts(width_shift_range=[4, 8]) == {-8, -4, 4, 8}


def test_flips_happen_every_other_time(scene):
    image = decoder((30, 40))(encoded(scene))
    rng = np.random.default_rng(0)
    for words, axis in (({"horizontal_flip": True}, 1), ({"vertical_flip": True}, 0)):
        varied = [augmenter(**words)(image, rng) for _ in range(200)]
        flipped = sum(np.array_equal(one, np.flip(image, axis)) for one in varied)
        same = sum(np.array_equal(one, image) for one in varied)
        assert flipped + same == 200 and 70 < flipped < 130


def test_a_random_crop_shows_a_window_at_full_size(scene):
    image = decoder((100, 100))(encoded(scene))
    varied = augmenter(random_crop=0.5)(image, Drawn(-1, 1))  # leftmost, lowest
    window = Image.fromarray(image).resize(
        (100, 100), Image.Resampling.BILINEAR, box=(0, 50, 50, 100)
    )
    assert difference(varied[2:-2, 2:-2], np.asarray(window)[2:-2, 2:-2]) < 1


def test_brightness_and_channel_shift_are_those_of_keras(scene):
    image = decoder((30, 40))(encoded(scene))
    assert np.array_equal(
        augmenter(brightness_range=(0.5, 1.5))(image, Drawn(-1)), (image * 0.5).astype(np.uint8)
    )
    shifted = augmenter(channel_shift_range=30)(image, Drawn(1))
    assert np.array_equal(shifted, np.clip(image.astype(int) + 30, image.min(), image.max()))


def test_the_same_state_of_the_generator_gives_the_same_picture(scene):
    image = decoder((60, 60))(encoded(scene))
    augment = augmenter(
        rotation_range=30,
        width_shift_range=0.2,
        height_shift_range=5,
        shear_range=10,
        zoom_range=0.3,
        channel_shift_range=9,
        brightness_range=(0.8, 1.2),
        horizontal_flip=True,
        random_crop=0.9,
    )
    first, second = (augment(image, np.random.default_rng(7)) for _ in range(2))
    assert np.array_equal(first, second)
    assert difference(first, augment(image, np.random.default_rng(8))) > 5


def test_nothing_chosen_changes_nothing(scene):
    image = decoder((30, 40))(encoded(scene))
    assert np.array_equal(augmenter()(image, np.random.default_rng(0)), image)


@pytest.mark.parametrize("dtype", ["uint8", "float16", "float32", "float64"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_shape_and_dtype_stay_and_the_picture_handed_in_too(dtype, channels):
    image = np.random.default_rng(0).integers(0, 256, (20, 31, channels)).astype(dtype)
    before = image.copy()
    rng = np.random.default_rng(0)
    for fill_mode in ("nearest", "reflect", "wrap", "constant"):
        augment = augmenter(
            rotation_range=180,
            zoom_range=(0.3, 4),
            height_shift_range=3.0,
            fill_mode=fill_mode,
            brightness_range=(0, 2),
            channel_shift_range=50,
            vertical_flip=True,
        )
        varied = augment(image, rng)
        assert (
            varied.shape == image.shape
            and varied.dtype == image.dtype
            and varied.flags.c_contiguous
        )
    assert np.array_equal(image, before)


def test_what_lies_outside_is_never_black_unless_asked():
    white = np.full((50, 70, 3), 255, np.uint8)
    rng = np.random.default_rng(0)
    for fill_mode in ("nearest", "reflect", "wrap"):
        augment = augmenter(
            rotation_range=180,
            width_shift_range=0.9,
            zoom_range=(0.2, 5),
            shear_range=40,
            fill_mode=fill_mode,
        )
        assert all((augment(white, rng) == 255).all() for _ in range(50))


@pytest.mark.parametrize(
    "wrong",
    [
        {"fill_mode": "mirror"},
        {"zoom_range": 1.0},
        {"zoom_range": (1.2, 0.8)},
        {"brightness_range": (-1, 1)},
        {"random_crop": 0},
        {"random_crop": 1.5},
    ],
)
def test_a_wrong_word_is_told_at_once(wrong):
    with pytest.raises(ValueError, match="Received: "):
        augmenter(**wrong)
