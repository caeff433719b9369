"""Bytes to pixels, and pixels to varied pixels.

`decoder` turns the bytes of a picture into an array of one fixed shape; `augmenter` varies such an array. Both give
plain values: they can be compared, printed, pickled, and called from any number of threads.

Example:
    >>> import io
    >>> import numpy as np
    >>> from PIL import Image
    >>> from colab_helpers.images import augmenter, decoder
    >>> photo = io.BytesIO()
    >>> Image.new("RGB", (400, 300), "orange").save(photo, "JPEG")
    >>> decode = decoder(image_size=(64, 96), fit="crop")
    >>> image = decode(photo.getvalue())
    >>> image.shape, image.dtype
    ((64, 96, 3), dtype('uint8'))
    >>> augment = augmenter(rotation_range=20, horizontal_flip=True)
    >>> augment(image, np.random.default_rng(seed=0)).shape
    (64, 96, 3)
"""

import io
import math
import re
import warnings
from dataclasses import dataclass

import numpy as np
import PIL
from PIL import Image, ImageCms

__all__ = ["ImageError", "augmenter", "decoder"]

# The names of Keras, then those of its `load_img`; Pillow antialiases all but "nearest".
INTERPOLATIONS = {
    name: Image.Resampling[name.upper()] for name in ("bilinear", "nearest", "bicubic")
}
INTERPOLATIONS |= {"area": Image.Resampling.BOX, "lanczos3": Image.Resampling.LANCZOS}
INTERPOLATIONS |= {name: Image.Resampling[name.upper()] for name in ("box", "hamming", "lanczos")}
ORIENTATION = 0x0112  # the EXIF tag, and what undoes its values 2 to 8
UPRIGHT = dict(zip(range(2, 9), map(Image.Transpose, (0, 3, 1, 5, 4, 6, 2))))
LONGEST_SIDE = 65_535  # what a JPEG can hold; Pillow spends 8 bytes on each row, however short
NOT_READ = ("EPS", "WMF")  # drawings, for which Pillow would start other programs
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")

# Readable files with odd metadata, and sizes that are refused here anyhow, are not worth a warning from a thread.
warnings.filterwarnings("ignore", category=UserWarning, module="PIL")
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


class ImageError(ValueError):
    """The bytes are no picture that can be decoded; the message is one sentence that says why."""


FILL_MODES = {
    "nearest": "edge",
    "reflect": "symmetric",
    "wrap": "wrap",
    "constant": None,
}  # as NumPy calls them


def check(name, value, allowed):
    if value not in allowed:
        raise ValueError(
            f"`{name}` must be one of {', '.join(map(repr, allowed))}. Received: {name}={value!r}"
        )


@dataclass(frozen=True)
class decoder:  # lower case, as functools.partial: a class that is used as a function
    """Returns `decode(data: bytes) -> uint8 array of shape (height, width, channels)`, values 0 to 255.

    Example: `decode = decoder(image_size=(224, 224)); pixels = decode(drive.read(file))`.

    All that Pillow reads: EXIF orientation is applied, an animation gives its first frame, transparent parts
    become white, CMYK becomes RGB, 16 bits become 8, and HEIC works where `pillow-heif` is installed. Shrinking
    is antialiased. A large JPEG is decoded at 1/2, 1/4 or 1/8 of its size, but never below twice `image_size`:
    12 megapixels take a third of the time, and the pixels differ from a full decode by 0.2 of 255 on average.
    `tests/benchmarks/decode.py` measures the numbers given here on any folder of photographs.

    Args:
        image_size: `(height, width)` in pixels.
        color_mode: "rgb" (3 channels) or "grayscale" (1 channel).
        interpolation: "bilinear", "nearest", "bicubic", "area", "lanczos3", "box", "hamming" or "lanczos".
        fit: "stretch" to the size; "crop" the middle that has its proportions; or "pad" with black.
        library: "pillow", or "opencv", which decodes JPEGs at the least size not below `image_size` and then
            looks at four pixels ("bilinear": three times as fast, and a mean difference of 1.7 from Pillow's on
            photographs 500 pixels high) or averages ("area": twice, 1.4).

    Raises:
        ValueError: for a choice that does not exist.
        ImageError: by `decode`, for data that is no picture, is cut off or damaged, or claims more pixels than
            `PIL.Image.MAX_IMAGE_PIXELS` (89 million unless you set it; they take up to 2 GB while they are
            decoded), found out before decoding.
    """

    image_size: tuple
    color_mode: str = "rgb"
    interpolation: str = "bilinear"
    fit: str = "stretch"
    library: str = "pillow"

    def __post_init__(self):
        size = self.image_size
        whole = isinstance(size, (tuple, list)) and all(
            isinstance(n, (int, np.integer)) and n > 0 for n in size
        )
        if not (whole and len(size) == 2):
            raise ValueError(
                f"`image_size` must be (height, width) in pixels. Received: image_size={size!r}"
            )
        object.__setattr__(self, "image_size", (int(size[0]), int(size[1])))
        check("color_mode", self.color_mode, ("rgb", "grayscale"))
        check("fit", self.fit, ("stretch", "crop", "pad"))
        check("library", self.library, ("pillow", "opencv"))
        is_pillow = self.library == "pillow"
        check(
            "interpolation",
            self.interpolation,
            INTERPOLATIONS if is_pillow else ("bilinear", "area"),
        )
        _ = self.key  # OpenCV is missed here, where it was chosen, and not later in a thread

    @property
    def shape(self):
        """`(height, width, channels)` of what `decode` returns."""
        return (*self.image_size, 3 if self.color_mode == "rgb" else 1)

    @property
    def key(self):
        """All that changes the pixels, as a string: a cache keeps it beside them."""
        versions = f"pillow-{PIL.__version__}"
        if self.library == "opencv":
            import cv2

            versions += f" opencv-{cv2.__version__}"
        return (
            f"{'x'.join(map(str, self.shape))} {self.interpolation} {self.fit} {versions} rules-1"
        )

    def __call__(self, data):
        try:
            pixels = self._decode(data)
        except (ImageError, MemoryError):
            raise
        except Image.DecompressionBombError:  # at twice the limit, Pillow itself refuses
            raise ImageError(
                f"The picture claims more than {2 * Image.MAX_IMAGE_PIXELS:,} pixels."
            ) from None
        except Exception as error:  # at damaged data, Pillow's plugins raise nearly everything
            said = "".join(filter(str.isprintable, str(error).partition("\n")[0]))[:120].rstrip(".")
            raise ImageError(
                f"The picture is damaged or cut off ({said or type(error).__name__})."
            ) from error
        pixels = pixels.reshape(*pixels.shape[:2], -1)
        if pixels.shape == self.shape:
            return pixels
        rest = np.subtract(self.shape, pixels.shape)
        return np.pad(pixels, np.stack([rest // 2, rest - rest // 2], axis=1))

    def _decode(self, data):
        height, width = self.image_size
        mode = "RGB" if self.color_mode == "rgb" else "L"
        with open_image(data) as image:
            is_jpeg = image.format in ("JPEG", "MPO")
            turn = orientation(image) if is_jpeg else 1
            lies = turn >= 5  # on its side: width and height change places
            if (
                self.library == "opencv"
                and is_jpeg
                and image.mode in ("RGB", "L")
                and is_whole_jpeg(data)
            ):
                return self._decode_with_opencv(data, image.size[::-1] if lies else image.size)
            drafted = image.draft(
                mode, (2 * height, 2 * width) if lies else (2 * width, 2 * height)
            )
            image.load()
            if not is_jpeg:
                turn = orientation(
                    image
                )  # asked after loading, since Pillow turns a TIFF by itself
            # The last row and column of a draft may stand for less than a whole pixel: `box` is what they cover.
            box = drafted[1] if drafted else (0, 0, *image.size)
            if turn in UPRIGHT:
                image = image.transpose(UPRIGHT[turn])
                box = (0, 0, *image.size)
            size, box = self._fitted(box)
            image = plain(image, mode).resize(size, INTERPOLATIONS[self.interpolation], box=box)
            if image.mode == "RGBA":
                page = Image.new("RGBA", size, "white")
                page.alpha_composite(image)
                image = page
            return np.array(image if image.mode == mode else image.convert(mode))

    def _decode_with_opencv(self, data, size):
        import cv2

        size, box = self._fitted((0, 0, *size))
        room = min((box[2] - box[0]) / size[0], (box[3] - box[1]) / size[1])
        reduction = max(r for r in (1, 2, 4, 8) if r <= max(room, 1))
        way = "COLOR" if self.color_mode == "rgb" else "GRAYSCALE"
        way = f"IMREAD_{way}" if reduction == 1 else f"IMREAD_REDUCED_{way}_{reduction}"
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), getattr(cv2, way))
        if pixels is None:
            raise ImageError("The picture is damaged (OpenCV cannot decode it).")
        left, top, right, bottom = (round(edge / reduction) for edge in box)
        pixels = pixels[top : max(bottom, top + 1), left : max(right, left + 1)]
        # Four pixels are enough to look at until two of them become less than one.
        average = self.interpolation == "area" or room / reduction >= 2
        pixels = cv2.resize(
            pixels, size, interpolation=cv2.INTER_AREA if average else cv2.INTER_LINEAR
        )
        return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB) if self.color_mode == "rgb" else pixels

    def _fitted(self, box):
        """Returns the size (width, height) to resize to, and the part of `box` to resize."""
        (height, width), (wide, high) = self.image_size, box[2:]
        if self.fit == "crop":
            scale = max(width / wide, height / high)
            left, top = max(0, (wide - width / scale) / 2), max(0, (high - height / scale) / 2)
            box = (left, top, wide - left, high - top)
        if self.fit == "pad":
            scale = min(width / wide, height / high)
            width, height = max(1, round(wide * scale)), max(1, round(high * scale))
        return (width, height), box


def open_image(data):
    """Opens `data` with Pillow, which reads the header only, and refuses what should not be decoded."""
    if not data:
        raise ImageError("The file is empty.")
    if data[4:8] == b"ftyp" and data[8:12] in HEIC_BRANDS and "HEIF" not in Image.ID:
        try:
            import pillow_heif
        except ImportError:
            raise ImageError("A HEIC photo can be read after `pip install pillow-heif`.") from None
        pillow_heif.register_heif_opener()
    try:
        image = Image.open(io.BytesIO(data))
    except Image.UnidentifiedImageError:
        raise ImageError("This is no picture in any format that Pillow reads.") from None
    (width, height), limit = image.size, Image.MAX_IMAGE_PIXELS or math.inf
    if image.format in NOT_READ:
        raise ImageError(f"This is a drawing in the format {image.format}, which is not read.")
    if width * height > limit or max(width, height) > LONGEST_SIDE:
        most = f"{limit:,} pixels and {LONGEST_SIDE:,} a side"
        raise ImageError(
            f"The picture claims {width:,} x {height:,} pixels, and {most} are the most that is decoded."
        )
    # A scan costs a dozen bytes and makes a decoder walk over the whole picture; real JPEGs have one to ten. By
    # chance these two bytes stand once in 65,536, as in a film appended to a photo.
    is_jpeg = image.format in ("JPEG", "MPO", "BLP") or image.info.get("compression") == "jpeg"
    if is_jpeg and len(re.findall(b"\xff\xda", data)) > 100 + len(data) // 16_384:
        raise ImageError(
            "The picture is a JPEG of more than 100 scans, which would take very long to decode."
        )
    return image


def orientation(image):
    """The EXIF orientation, 1 to 8; a broken EXIF block costs the turn, not the picture."""
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:
        return 1


def is_whole_jpeg(data):
    """Whether an end follows the last scan: what is missing, Pillow reports and OpenCV fills with grey."""
    return data.rfind(b"\xff\xd9") > data.rfind(b"\xff\xda")


def plain(image, mode):
    """Converts to what is resized well: "L", "RGB" or, where parts are transparent, "RGBA"."""
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in (
        "I",
        "F",
    ):  # no file says what white is: the least of these that holds the brightest pixel
        values = np.nan_to_num(np.asarray(image, np.float32), posinf=0, neginf=0)
        brightest = max(float(values.max()), 1e-30)
        white = next(
            (w for w in ((1, 255, 65535) if image.mode == "F" else (65535,)) if brightest <= w),
            brightest,
        )
        return Image.fromarray((values * (255 / white)).clip(0, 255).astype(np.uint8))
    if image.mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    if image.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in image.info:
        return (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
    return image if image.mode in (mode, "L") else image.convert("L" if image.mode == "1" else mode)


@dataclass(frozen=True)
class augmenter:  # lower case, as `decoder`
    """Returns `augment(image, rng) -> image`, varied with the words and meanings of Keras's `ImageDataGenerator`.

    Example: `augment = augmenter(rotation_range=20, zoom_range=0.2, horizontal_flip=True)`; then
    `augment(image, np.random.default_rng(seed))`. The same state of the generator gives the same picture.

    An image is an array of shape (height, width, channels), uint8 or float; shape and dtype stay. What lies
    between pixels is bilinear.

    Args:
        rotation_range: degrees; turned by between `-rotation_range` and `+rotation_range`.
        width_shift_range: a float below 1 is a share of the width, from 1 on pixels; an int n means whole
            pixels from -n + 1 to n - 1; a list means one of its values, to either side.
        height_shift_range: the same, of the height.
        shear_range: degrees of the shearing angle.
        zoom_range: a float z for 1 - z to 1 + z, or `(lowest, highest)`; width and height are drawn apart, and
            a value below 1 enlarges what is seen.
        channel_shift_range: what is added to all values, from minus to plus this, within the image's own range.
        brightness_range: `(lowest, highest)` factor; 1 leaves the brightness as it is.
        horizontal_flip: mirror left and right, every other time.
        vertical_flip: mirror top and bottom, every other time.
        fill_mode: what is seen outside the picture: "nearest", "reflect", "wrap" or "constant".
        cval: the value outside, for "constant".
        random_crop: a share such as 0.8: a window of this share of width and height, anywhere in the picture, is
            enlarged to its size. Not a word of ImageDataGenerator.

    Raises:
        ValueError: for a choice that does not exist.
    """

    rotation_range: float = 0.0
    width_shift_range: object = 0.0
    height_shift_range: object = 0.0
    shear_range: float = 0.0
    zoom_range: object = 0.0
    channel_shift_range: float = 0.0
    brightness_range: tuple | None = None
    horizontal_flip: bool = False
    vertical_flip: bool = False
    fill_mode: str = "nearest"
    cval: float = 0.0
    random_crop: float = 1.0

    def __post_init__(self):
        check("fill_mode", self.fill_mode, FILL_MODES)
        for name, (low, high) in (
            ("zoom_range", self._zoom),
            ("brightness_range", self.brightness_range or (1, 1)),
            ("random_crop", (self.random_crop, 1)),
        ):
            if not (0 <= low <= high and (low or name == "brightness_range")):
                raise ValueError(
                    f"`{name}` is out of range. Received: {name}={getattr(self, name)!r}"
                )

    @property
    def _zoom(self):
        return (
            self.zoom_range
            if np.ndim(self.zoom_range)
            else (1 - self.zoom_range, 1 + self.zoom_range)
        )

    def __call__(self, image, rng):
        """Varies one image by values drawn from `rng`, a `numpy.random.Generator`."""
        matrix = self._draw_matrix(*image.shape[:2], rng)
        if not np.array_equal(matrix, np.eye(3)):
            image = warp(image, matrix, self.fill_mode, self.cval)
        for axis, flip in enumerate((self.vertical_flip, self.horizontal_flip)):
            if flip and rng.random() < 0.5:
                image = np.flip(image, axis)
        factor = rng.uniform(*self.brightness_range) if self.brightness_range else 1
        added = rng.uniform(-self.channel_shift_range, self.channel_shift_range)
        if factor != 1 or added != 0:
            image = relight(image, factor, added)
        return np.ascontiguousarray(image)

    def _draw_matrix(self, height, width, rng):
        """Draws the 3 x 3 matrix from a place (x, y) in the result to its place in the image, in pixels."""
        angle, slant = (
            math.radians(rng.uniform(-r, r)) for r in (self.rotation_range, self.shear_range)
        )
        right = draw_shift(self.width_shift_range, width, rng)
        down = draw_shift(self.height_shift_range, height, rng)
        zoom_x, zoom_y = rng.uniform(*self._zoom, 2)
        left, top = rng.uniform(0, 1 - self.random_crop, 2) * (width, height)
        crop = np.array([[self.random_crop, 0, left], [0, self.random_crop, top], [0, 0, 1]])
        if angle == slant == right == down == 0 and zoom_x == zoom_y == 1:
            return crop  # exactly, without what rounding makes of a way to the centre and back
        to_centre = [[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1]]
        zoom = [[zoom_x, 0, 0], [0, zoom_y, 0], [0, 0, 1]]
        shear = [[1, -math.sin(slant), 0], [0, math.cos(slant), 0], [0, 0, 1]]
        shift = [[1, 0, right], [0, 1, down], [0, 0, 1]]
        turn = [
            [math.cos(angle), -math.sin(angle), 0],
            [math.sin(angle), math.cos(angle), 0],
            [0, 0, 1],
        ]
        back = [[1, 0, width / 2], [0, 1, height / 2], [0, 0, 1]]
        return np.linalg.multi_dot([back, turn, shift, shear, zoom, to_centre, crop])


def draw_shift(shift, size, rng):
    """Draws a shift in pixels by the rules for a float, an int or a list."""
    if np.ndim(shift):
        return rng.choice(shift) * rng.choice((-1, 1)) * (size if np.max(shift) < 1 else 1)
    if isinstance(shift, (int, np.integer)):
        return int(rng.integers(1 - shift, shift)) if shift else 0
    return rng.uniform(-shift, shift) * (size if shift < 1 else 1)


def warp(image, matrix, fill_mode, cval):
    """Returns the image that shows at each place p what lies at `matrix @ p`."""
    height, width = image.shape[:2]
    if fill_mode != "constant":  # lay out as much of the outside as will be seen
        seen = (matrix @ [[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]])[:2]
        left, top = np.maximum(0, 1 - np.floor(seen.min(axis=1))).astype(int)
        right, bottom = np.maximum(0, 1 + np.ceil(seen.max(axis=1)) - (width, height)).astype(int)
        image = np.pad(image, ((top, bottom), (left, right), (0, 0)), FILL_MODES[fill_mode])
        matrix = [[1, 0, left], [0, 1, top], [0, 0, 1]] @ matrix
    kind, number = (np.uint8, int) if image.dtype == np.uint8 else (np.float32, float)

    def warped(plane, fill):
        way = Image.Transform.AFFINE, matrix[:2].ravel(), Image.Resampling.BILINEAR
        return np.asarray(Image.fromarray(plane).transform((width, height), *way, fillcolor=fill))

    if kind is np.uint8 and image.shape[2] == 3:
        return warped(image, (int(cval),) * 3)
    planes = [warped(plane.astype(kind), number(cval)) for plane in image.transpose(2, 0, 1)]
    return np.stack(planes, axis=2).astype(image.dtype)


def relight(image, factor, added):
    """Multiplies by `factor`, then adds `added` within the range that the image has."""
    if image.dtype == np.uint8:  # 256 values are computed instead of all pixels
        table = (np.arange(256) * factor).clip(0, 255)
        return (table + added).clip(table[image.min()], table[image.max()]).astype(np.uint8)[image]
    brighter = image * image.dtype.type(factor)
    return (brighter + image.dtype.type(added)).clip(brighter.min(), brighter.max())
