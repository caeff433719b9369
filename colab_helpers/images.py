"""Bytes to pixels, and pixels to varied pixels.

`decoder` turns the bytes of a picture into an array of one fixed shape; `augmenter` varies such an array. Both are
plain values: they can be compared, printed, pickled and called from any number of threads.

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
import warnings
from dataclasses import dataclass

import numpy as np
import PIL
from PIL import Image, ImageCms

__all__ = ["ImageError", "augmenter", "decoder"]

# Keras's names, then those of Keras's `load_img`; Pillow antialiases all of them but "nearest".
INTERPOLATIONS = {
    "bilinear": Image.Resampling.BILINEAR,
    "nearest": Image.Resampling.NEAREST,
    "bicubic": Image.Resampling.BICUBIC,
    "area": Image.Resampling.BOX,
    "lanczos3": Image.Resampling.LANCZOS,
    "box": Image.Resampling.BOX,
    "hamming": Image.Resampling.HAMMING,
    "lanczos": Image.Resampling.LANCZOS,
}
ORIENTATION = 0x0112  # the EXIF tag, and how to undo its values 2 to 8
TRANSPOSE = dict(zip(range(2, 9), map(Image.Transpose, (0, 3, 1, 5, 4, 6, 2)), strict=True))
TURNED = (5, 6, 7, 8)  # the values at which width and height change places
LONGEST_SIDE = 65_535  # what a JPEG can hold; Pillow spends 8 bytes on each row, however short
warnings.filterwarnings("ignore", category=UserWarning, module="PIL")
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
# Not pictures of their own: EPS runs Ghostscript, the others only announce a program that would read them.
NOT_READ = {"EPS", "WMF", "BUFR", "GRIB", "HDF5", "MPEG"}
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


class ImageError(ValueError):
    """The bytes are no picture that can be decoded; the message is one sentence that says why."""


def check(name, value, allowed):
    if value not in allowed:
        raise ValueError(f"`{name}` must be one of {', '.join(map(repr, allowed))}. Received: {name}={value!r}")


@dataclass(frozen=True)
class decoder:  # lower case: it is used like a function, as functools.partial is
    """Returns `decode(data: bytes) -> uint8 array of shape (height, width, channels)`, values 0 to 255.

    Example: `decode = decoder(image_size=(224, 224)); pixels = decode(drive.read(file))`.

    Every format that Pillow reads: EXIF orientation is applied, an animation gives its first frame, transparent
    parts become white, CMYK becomes RGB, 16 bits become 8, and HEIC works where `pillow-heif` is installed.
    Shrinking is antialiased. A large JPEG is decoded at 1/2, 1/4 or 1/8 of its size, which is faster, but never
    below twice `image_size`, which keeps the pixels within a mean difference of 4 (of 255) of a full decode.

    `tests/benchmarks/decode.py` prints speed and difference of each way on photographs of your own.

    Args:
        image_size: `(height, width)` in pixels.
        color_mode: "rgb" (3 channels) or "grayscale" (1 channel).
        interpolation: "bilinear", "nearest", "bicubic", "area", "lanczos3", "box", "hamming" or "lanczos".
        fit: "stretch" to the size; "crop" the middle that has its proportions; or "pad" with black.
        library: "pillow", or "opencv" for a quicker look at JPEGs: reduced down to `image_size` itself, then
            resized without ("bilinear") or with ("area") averaging. Its pixels differ a little from Pillow's.

    Raises:
        ValueError: for a choice that does not exist.
        ImageError: by `decode`, for data that is no picture, is cut off or damaged, or claims more than
            `PIL.Image.MAX_IMAGE_PIXELS` pixels (89 million; set it to change it), found out before decoding.
    """

    image_size: tuple
    color_mode: str = "rgb"
    interpolation: str = "bilinear"
    fit: str = "stretch"
    library: str = "pillow"

    def __post_init__(self):
        size = self.image_size
        if not (isinstance(size, (tuple, list)) and len(size) == 2 and all(int(n) == n > 0 for n in size)):
            raise ValueError(f"`image_size` must be (height, width) in pixels. Received: image_size={size!r}")
        object.__setattr__(self, "image_size", (int(size[0]), int(size[1])))
        check("color_mode", self.color_mode, ("rgb", "grayscale"))
        check("fit", self.fit, ("stretch", "crop", "pad"))
        check("library", self.library, ("pillow", "opencv"))
        check("interpolation", self.interpolation,
              INTERPOLATIONS if self.library == "pillow" else ("bilinear", "area"))
        if self.library == "opencv":
            import cv2  # noqa: F401  (fails here, where it is chosen, and not in a thread later)

    @property
    def shape(self):
        """`(height, width, channels)` of what `decode` returns."""
        return (*self.image_size, 3 if self.color_mode == "rgb" else 1)

    @property
    def key(self):
        """All that changes the pixels, as a string; a cache keeps it beside them."""
        version = PIL.__version__
        if self.library == "opencv":
            import cv2
            version += f" opencv-{cv2.__version__}"
        height, width, channels = self.shape
        return f"{height}x{width}x{channels} {self.interpolation} {self.fit} pillow-{version} rules-1"

    def __call__(self, data):
        """Decodes one picture. See the class."""
        try:
            return self._decode(data)
        except (ImageError, MemoryError):
            raise
        except Exception as error:  # Pillow's plugins raise nearly everything at damaged data
            said = "".join(c for c in str(error).partition("\n")[0] if c.isprintable())[:120]
            raise ImageError(f"The picture is damaged or cut off ({said or type(error).__name__}).") from error

    def _decode(self, data):
        height, width = self.image_size
        mode = "RGB" if self.color_mode == "rgb" else "L"
        with open_image(data) as image:
            is_jpeg = image.format in ("JPEG", "MPO")
            turn = orientation(image) if is_jpeg else 1
            if self.library == "opencv" and is_jpeg and image.mode in ("RGB", "L") and is_whole_jpeg(data):
                return decode_with_opencv(data, image.size if turn not in TURNED else image.size[::-1], self)
            drafted = image.draft(mode, (2 * width, 2 * height) if turn not in TURNED else (2 * height, 2 * width))
            image.load()
            if not is_jpeg:
                turn = orientation(image)  # asked after loading: Pillow turns a TIFF by itself
            # The last row and column of a draft may stand for less than a whole pixel: `box` is what they cover.
            box = drafted[1] if drafted else (0, 0, *image.size)
            if turn in TRANSPOSE:
                image = image.transpose(TRANSPOSE[turn])
                box = (0, 0, *image.size)
            size, box = fitted(box, (width, height), self.fit)
            image = plain(image, mode).resize(size, INTERPOLATIONS[self.interpolation], box=box)
            if image.mode == "RGBA":
                page = Image.new("RGBA", size, "white")
                page.alpha_composite(image)
                image = page
            if image.mode != mode:
                image = image.convert(mode)
            if size != (width, height):
                page = Image.new(mode, (width, height))
                page.paste(image, ((width - size[0]) // 2, (height - size[1]) // 2))
                image = page
            return np.array(image).reshape(self.shape)


def open_image(data):
    """Opens `data` with Pillow, which reads the header only, and refuses what should not be decoded."""
    if not data:
        raise ImageError("The file is empty.")
    if data[4:8] == b"ftyp" and data[8:12] in HEIC_BRANDS and "HEIF" not in Image.ID:
        try:
            import pillow_heif
        except ImportError:
            raise ImageError("This is a HEIC photo, which needs `pip install pillow-heif`, then a restart.") from None
        pillow_heif.register_heif_opener()
    Image.init()
    try:
        image = Image.open(io.BytesIO(data), formats=[name for name in Image.ID if name not in NOT_READ])
    except Image.UnidentifiedImageError:
        raise ImageError("This is not a picture in any format that Pillow reads.") from None
    except Image.DecompressionBombError as error:
        raise ImageError(f"The picture is too large to be decoded safely ({error}).") from None
    width, height = image.size
    limit = Image.MAX_IMAGE_PIXELS or math.inf
    if width * height > limit or max(width, height) > LONGEST_SIDE:
        image.close()
        raise ImageError(
            f"The picture claims {width:,} x {height:,} pixels, and at most {limit:,} pixels "
            f"and {LONGEST_SIDE:,} a side are decoded."
        )
    return image


def orientation(image):
    """The EXIF orientation, 1 to 8; a broken EXIF block costs the turn, not the picture."""
    try:
        return image.getexif().get(ORIENTATION, 1)
    except Exception:
        return 1


def fitted(box, size, fit):
    """Returns the size `(width, height)` to resize to, and the part of `box` to resize."""
    (width, height), (*_, wide, high) = size, box
    if fit == "crop":
        scale = max(width / wide, height / high)
        left, top = max(0, (wide - width / scale) / 2), max(0, (high - height / scale) / 2)
        return size, (left, top, wide - left, high - top)
    if fit == "pad":
        scale = min(width / wide, height / high)
        return (max(1, round(wide * scale)), max(1, round(high * scale))), box
    return size, box


def plain(image, mode):
    """Converts to "L", "RGB" or, where parts are transparent, "RGBA": the modes that are resized well."""
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in ("I", "F"):  # no format says what white is: the least of these that holds the brightest pixel
        values = np.nan_to_num(np.asarray(image, np.float32), posinf=0, neginf=0)
        brightest = float(values.max())
        white = next((w for w in ((65535,) if image.mode == "I" else (1, 255, 65535)) if brightest <= w), brightest)
        return Image.fromarray(np.clip(values * (255 / white), 0, 255).astype(np.uint8))
    if image.mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    if image.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in image.info:
        return (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
    if image.mode in ("L", "1"):
        return image.convert("L")
    return image.convert(mode)


def is_whole_jpeg(data):
    """Whether an end follows the last scan: OpenCV would fill what is cut off with grey, and Pillow says so."""
    return data.rfind(b"\xff\xd9") > data.rfind(b"\xff\xda")


def decode_with_opencv(data, size, decoder):
    """Decodes a JPEG of this size `(width, height)` at the least reduction not below the size wanted."""
    import cv2

    wanted, box = fitted((0, 0, *size), decoder.image_size[::-1], decoder.fit)
    colour = decoder.color_mode == "rgb"
    room = min((box[2] - box[0]) / wanted[0], (box[3] - box[1]) / wanted[1])
    reduction = next(r for r in (8, 4, 2, 1) if room >= r or r == 1)
    name = f"IMREAD_{'' if reduction == 1 else 'REDUCED_'}{'COLOR' if colour else 'GRAYSCALE'}"
    pixels = cv2.imdecode(
        np.frombuffer(data, np.uint8), getattr(cv2, name if reduction == 1 else f"{name}_{reduction}")
    )
    if pixels is None:
        raise ImageError("OpenCV could not decode this JPEG.")
    left, top, right, bottom = (round(edge / reduction) for edge in box)
    pixels = pixels[top:max(bottom, top + 1), left:max(right, left + 1)]
    # INTER_LINEAR looks at four pixels only: enough until two of them become less than one.
    averaging = decoder.interpolation == "area" or room / reduction >= 2
    pixels = cv2.resize(pixels, wanted, interpolation=cv2.INTER_AREA if averaging else cv2.INTER_LINEAR)
    if colour:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
    page = np.zeros(decoder.shape, np.uint8) if decoder.fit == "pad" else pixels.reshape(decoder.shape)
    if decoder.fit == "pad":
        top, left = (page.shape[0] - wanted[1]) // 2, (page.shape[1] - wanted[0]) // 2
        page[top:top + wanted[1], left:left + wanted[0]] = pixels.reshape(wanted[1], wanted[0], -1)
    return page


@dataclass(frozen=True)
class augmenter:  # lower case, as `decoder`
    """Returns `augment(image, rng) -> image`, varied as `ImageDataGenerator` does, with its words and meanings.

    Example: `augment = augmenter(rotation_range=20, zoom_range=0.2, horizontal_flip=True)`; then
    `augment(image, np.random.default_rng(seed))`. The same generator state gives the same picture.

    The image is an array of shape (height, width, channels), uint8 or float; shape and dtype stay.

    Args:
        rotation_range: degrees; turned by between `-rotation_range` and `+rotation_range`.
        width_shift_range: a float below 1 is a share of the width, from 1 on pixels; an int n means whole
            pixels from -n + 1 to n - 1; a list means one of its values, to either side.
        height_shift_range: the same, of the height.
        shear_range: degrees of the shearing angle.
        zoom_range: a float z, for 1 - z to 1 + z, or `(lowest, highest)`, drawn for height and width apart;
            below 1 enlarges what is seen.
        channel_shift_range: what is added to all values, from minus to plus this; kept in the image's own range.
        brightness_range: `(lowest, highest)` factor of brightness; 1 leaves it as it is.
        horizontal_flip: mirror left and right, every other time.
        vertical_flip: mirror top and bottom, every other time.
        fill_mode: what lies outside the picture: "nearest", "reflect", "wrap" or "constant".
        cval: the value outside for "constant".
        random_crop: a share such as 0.8: what is seen is a window of this share of height and width, anywhere in
            the picture, enlarged to its size. Not a word of ImageDataGenerator.

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
    random_crop: float | None = None

    def __post_init__(self):
        check("fill_mode", self.fill_mode, tuple(OUTSIDE))
        for name, pair in (("zoom_range", self._zoom), ("brightness_range", self.brightness_range or (1, 1))):
            if not 0 < pair[0] <= pair[1]:
                raise ValueError(f"`{name}` must stay above 0, lowest first. Received: {name}={getattr(self, name)!r}")
        if self.random_crop is not None and not 0 < self.random_crop <= 1:
            raise ValueError(f"`random_crop` must be above 0, at most 1. Received: random_crop={self.random_crop!r}")

    @property
    def _zoom(self):
        zoom = self.zoom_range
        return tuple(zoom) if np.ndim(zoom) else (1 - zoom, 1 + zoom)

    def __call__(self, image, rng):
        """Varies one image by values drawn from `rng`, a `numpy.random.Generator`."""
        matrix = self._draw_matrix(*image.shape[:2], rng)
        flips = [axis for axis, flip in enumerate((self.vertical_flip, self.horizontal_flip)) if flip and rng.random() < 0.5]
        factor = rng.uniform(*self.brightness_range) if self.brightness_range else 1.0
        added = rng.uniform(-self.channel_shift_range, self.channel_shift_range)
        if not np.array_equal(matrix, np.eye(3)):
            image = warp(image, matrix, self.fill_mode, self.cval)
        if flips:
            image = np.flip(image, flips)
        if factor != 1 or added != 0:
            image = relight(image, factor, added)
        return np.ascontiguousarray(image)

    def _draw_matrix(self, height, width, rng):
        """Returns the 3 x 3 matrix from a place (x, y) in the result to its place in the image, in pixels."""
        angle, slant = (math.radians(rng.uniform(-r, r)) for r in (self.rotation_range, self.shear_range))
        right = draw_shift(self.width_shift_range, width, rng)
        down = draw_shift(self.height_shift_range, height, rng)
        wider, higher = rng.uniform(*self._zoom, 2)
        turn = [[math.cos(angle), -math.sin(angle), 0], [math.sin(angle), math.cos(angle), 0], [0, 0, 1]]
        shift = [[1, 0, right], [0, 1, down], [0, 0, 1]]
        shear = [[1, -math.sin(slant), 0], [0, math.cos(slant), 0], [0, 0, 1]]
        zoom = np.diag([wider, higher, 1])
        to_centre = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1]])
        from_centre = np.array([[1, 0, width / 2], [0, 1, height / 2], [0, 0, 1]])
        share = self.random_crop or 1
        left, top = rng.uniform(0, 1 - share, 2) * (width, height)
        crop = np.array([[share, 0, left], [0, share, top], [0, 0, 1]])
        if turn == shift == shear and wider == higher == 1:  # all of them say: as it is
            return crop  # exactly, without what rounding makes of a way to the centre and back
        return from_centre @ turn @ shift @ shear @ zoom @ to_centre @ crop


# For a place outside of `size` pixels, the place inside that stands for it.
OUTSIDE = {
    "nearest": lambda places, size: places.clip(0, size - 1),
    "reflect": lambda places, size: size - 1 - abs(places % (2 * size) - size + 0.5).astype(int),
    "wrap": lambda places, size: places % size,
    "constant": None,
}


def draw_shift(shift, size, rng):
    """Draws a shift in pixels, by ImageDataGenerator's rules for a float, an int or a list."""
    if np.ndim(shift):
        shift = rng.choice(shift) * rng.choice((-1, 1))
        return shift * size if abs(shift) < 1 else shift
    if isinstance(shift, (int, np.integer)):
        return int(rng.integers(1 - shift, shift)) if shift > 1 else 0
    return rng.uniform(-shift, shift) * (size if shift < 1 else 1)


def warp(image, matrix, fill_mode, cval):
    """Returns the image whose place p shows what lies at `matrix @ p`, bilinear."""
    height, width = image.shape[:2]
    if fill_mode != "constant":  # lay out as much of the outside as will be seen
        x, y, _ = matrix @ [[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]]
        columns = np.arange(min(0, math.floor(x.min()) - 1), max(width, math.ceil(x.max()) + 1))
        rows = np.arange(min(0, math.floor(y.min()) - 1), max(height, math.ceil(y.max()) + 1))
        image = image[OUTSIDE[fill_mode](rows, height)].take(OUTSIDE[fill_mode](columns, width), axis=1)
        matrix = np.array([[1, 0, -columns[0]], [0, 1, -rows[0]], [0, 0, 1]]) @ matrix

    def turned(plane, fill):
        picture = Image.fromarray(plane).transform(
            (width, height), Image.Transform.AFFINE, matrix[:2].ravel(), Image.Resampling.BILINEAR, fillcolor=fill
        )
        return np.asarray(picture)

    if image.dtype == np.uint8 and image.shape[2] == 3:
        return turned(image, (int(cval),) * 3)
    planes = image.transpose(2, 0, 1).astype(np.uint8 if image.dtype == np.uint8 else np.float32)
    fill = int(cval) if image.dtype == np.uint8 else float(cval)
    return np.stack([turned(plane, fill) for plane in planes], axis=2).astype(image.dtype)


def relight(image, factor, added):
    """Multiplies by `factor`, then adds `added` within the range that the image has."""
    if image.dtype == np.uint8:  # 256 values are computed, not all pixels
        table = (np.arange(256) * factor).clip(0, 255)
        low, high = table[image.min()], table[image.max()]
        return (table + added).clip(low, high).astype(np.uint8)[image]
    brighter = image * image.dtype.type(factor)
    return (brighter + image.dtype.type(added)).clip(brighter.min(), brighter.max())
