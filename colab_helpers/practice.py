"""Draws a practice folder: class folders of small photo-like pictures, for those who have none at hand.

Example:
    >>> import tempfile
    >>> from pathlib import Path
    >>> from colab_helpers.practice import make_practice_folder
    >>> folder = make_practice_folder(tempfile.mkdtemp(), classes=2, files_per_class=3)
    >>> sorted(path.name for path in Path(folder, "balloon").iterdir())
    ['balloon_001.jpg', 'balloon_002.jpg', 'balloon_003.png']
"""

import contextlib
import io
import os
import tempfile
from math import cos, pi, sin
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

__all__ = ["draw_picture", "make_practice_folder", "practice_drive"]

# What a time of day does: the sky at its top, the sky at the horizon, and the light on all things.
LIGHTS = (
    ((110, 160, 215), (252, 222, 190), (1.00, 0.93, 0.84)),  # morning
    ((56, 122, 200), (188, 220, 242), (1.00, 1.00, 0.98)),  # noon
    ((142, 154, 168), (216, 220, 222), (0.84, 0.87, 0.90)),  # overcast
    ((78, 66, 132), (250, 150, 92), (0.84, 0.66, 0.60)),  # dusk
    ((18, 26, 64), (78, 92, 146), (0.52, 0.57, 0.76)),  # moonlight
)
RED, ORANGE, YELLOW, GREEN, BLUE, VIOLET, PINK = BRIGHT = (
    (214, 48, 49),
    (235, 120, 30),
    (244, 196, 48),
    (38, 140, 90),
    (40, 110, 190),
    (120, 70, 160),
    (236, 110, 150),
)
WHITE, WOOD = (250, 246, 238), (84, 60, 42)


class Canvas:
    """A picture that begins as a sky; places are given from 0 to 1 from its top left corner."""

    def __init__(self, rng, size):
        self.rng, self.size = rng, size
        zenith, horizon, self.light = (np.array(part) for part in LIGHTS[rng.integers(len(LIGHTS))])
        self.is_dark = self.light[0] < 0.9
        self.haze = horizon + rng.normal(0, 6, 3)
        self.level = rng.uniform(0.5, 0.7)  # of the horizon
        self.sun = rng.uniform(0.1, 0.9), rng.uniform(0.1, 0.4)
        y, x = np.mgrid[0:1:48j, 0:1:64j]
        depth = np.clip(y / self.level, 0, 1)[..., None] ** 1.3
        sky = zenith * (1 - depth) + self.haze * depth
        glow = np.exp(-((x - self.sun[0]) ** 2 + (y - self.sun[1]) ** 2) / 0.02)
        sky += 90 * glow[..., None] * (1, 0.92, 0.75)
        cover = (soft_noise(rng, (3, 6)) + 0.6 * soft_noise(rng, (8, 14)) - 0.8).clip(0, 0.5)[
            ..., None
        ]
        sky += (np.array(WHITE) * (0.35 + 0.65 * self.light) - sky) * cover * rng.uniform(0.4, 1.6)
        self.image = Image.fromarray(sky.clip(0, 255).astype(np.uint8)).resize(
            size, Image.Resampling.BICUBIC
        )
        self.pen = ImageDraw.Draw(self.image, "RGBA")
        if self.light[0] < 0.6:  # stars
            for x, y in rng.uniform(0, 1, (40, 2)) * (1, self.level):
                self.disc(x, y, rng.uniform(0.001, 0.003), (255, 255, 240), lit=True)
        self.disc(*self.sun, 0.035, (255, 250, 225, 235), lit=True)

    def colour(self, colour, lit=False, far=0.0):
        """The colour (and opacity) in this light, drowned in haze by `far`; what is lit shines by itself."""
        seen = np.array(colour[:3]) * (1 if lit else self.light)
        seen = (seen * (1 - far) + self.haze * far).clip(0, 255).astype(int)
        return (*seen.tolist(), *colour[3:])

    def shape(self, points, colour, **seen):
        self.pen.polygon(
            [(x * self.size[0], y * self.size[1]) for x, y in points], self.colour(colour, **seen)
        )

    def disc(self, x, y, radius, colour, wide=1.0, **seen):
        """An ellipse, `wide` times as wide as high; radii and scales are shares of the shorter side."""
        x, y, radius = x * self.size[0], y * self.size[1], radius * min(self.size)
        corners = (x - radius * wide, y - radius, x + radius * wide, y + radius)
        self.pen.ellipse(corners, self.colour(colour, **seen))

    def at(self, x, y, scale, points):
        """Takes points drawn around (0, 0) to (x, y)."""
        wide, high = scale * min(self.size) / np.array(self.size)
        return [(x + px * wide, y + py * high) for px, py in points]

    def hills(self, level, height, colour, far=0.0):
        x = np.linspace(0, 1, 50)
        line = level - height * np.interp(
            x, np.linspace(0, 1, 15), soft_noise(self.rng, (5, 3), (15, 3))[1]
        )
        self.shape([(0, 1), *zip(x, line), (1, 1)], colour, far=far)

    def ground(self, colour):
        """A plain from the horizon down: paler far off, with specks."""
        for near in np.linspace(0, 1, 14):
            y = self.level + (1 - self.level) * near
            self.shape([(0, y), (1, y), (1, 1), (0, 1)], colour, far=0.5 * (1 - near) ** 2)
        for x, near, tone in self.rng.uniform(0, 1, (60, 3)):
            self.glint(x, near**2, 0.01 + 0.07 * near**2, (*shaded(colour, 20 - 40 * tone), 130))

    def glint(self, x, near, scale, colour, **seen):
        y = self.level + (1 - self.level) * near
        self.shape(self.at(x, y, scale, ((-1, 0), (0, -0.12), (1, 0), (0, 0.12))), colour, **seen)

    def sea(self):
        self.ground((38, 98, 136))
        for near in np.linspace(0, 1, 26):  # the way of the sun over the water
            x = self.sun[0] + self.rng.normal(0, 0.02 + 0.04 * near)
            self.glint(x, near**1.5, 0.02 + 0.05 * near, (255, 240, 200, 110), lit=True)

    def lake(self):
        """Water from the horizon down, in which what stands above it is seen again."""
        (width, height), shore = self.size, int(self.level * self.size[1])
        above = self.image.crop((0, max(0, 2 * shore - height), width, shore)).resize(
            (width // 3, height // 8)
        )
        water = Image.blend(above, Image.new("RGB", above.size, self.colour((46, 90, 116))), 0.35)
        water = water.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize((width, height - shore))
        self.image.paste(water, (0, shore))
        for x, near in self.rng.uniform(0, 1, (40, 2)):
            self.glint(x, near**2, 0.01 + 0.06 * near, (255, 255, 255, 40))


def soft_noise(rng, cells, size=(64, 48)):
    """Noise in [0, 1] of shape (height, width), for `cells` and `size` as (width, height)."""
    rough = Image.fromarray(rng.random(cells[::-1], np.float32))
    return np.asarray(rough.resize(size, Image.Resampling.BICUBIC))


def pick(rng, *colours):
    return colours[rng.integers(len(colours))]


def shaded(colour, tone):
    return tuple(int(min(255, max(0, part - tone))) for part in colour)


def oval(x, y, long, short, angle):
    """The outline of a turned ellipse."""
    turns = [(long * cos(t), short * sin(t)) for t in np.linspace(0, 2 * pi, 16)]
    return [
        (x + u * cos(angle) - v * sin(angle), y + u * sin(angle) + v * cos(angle)) for u, v in turns
    ]


def balloon(c, rng):
    """Hot-air balloons over hills."""
    c.hills(c.level + 0.22, 0.16, (96, 130, 110), far=0.5)
    c.hills(c.level + 0.3, 0.12, (86, 126, 62), far=0.1)
    for scale in sorted((rng.uniform(0.16, 0.28), *rng.uniform(0.06, 0.18, rng.integers(0, 3)))):
        x, y, far = rng.uniform(0.15, 0.85), rng.uniform(0.22, 0.5), max(0, 0.4 - 2.5 * scale)
        stripes = pick(rng, *BRIGHT), pick(rng, *BRIGHT, WHITE, WHITE)
        for side in (-0.17, 0.17):  # ropes
            c.shape(
                c.at(
                    x, y, scale, ((side, 1.3), (side + 0.04, 1.3), (side + 0.04, 1.7), (side, 1.7))
                ),
                WOOD,
                far=far,
            )
        for wide, top, colour in ((0.84, 0.55, stripes[0]), (0.4, 0.8, stripes[1])):
            c.shape(
                c.at(x, y, scale, ((-wide, top), (wide, top), (wide / 4, 1.35), (-wide / 4, 1.35))),
                colour,
                far=far,
            )
        for i, wide in enumerate((1, 0.8, 0.55, 0.25)):
            c.disc(x, y, scale, stripes[i % 2], wide=wide, far=far)
        c.disc(x - 0.2 * scale, y - 0.2 * scale, scale * 0.6, (255, 255, 255, 34))
        c.shape(
            c.at(x, y, scale, ((-0.2, 1.6), (0.2, 1.6), (0.16, 1.9), (-0.16, 1.9))),
            (122, 82, 48),
            far=far,
        )


def flower(c, rng):
    """Large blossoms before a meadow out of focus."""
    c.level = rng.uniform(0.2, 0.45)
    c.ground((84, 136, 60))
    for x, y, tone in rng.uniform(0, 1, (30, 3)):
        spot = pick(rng, YELLOW, GREEN, (60, 110, 44), (150, 190, 90))
        c.disc(x, c.level + (1 - c.level) * y, 0.02 + 0.05 * y * tone, (*spot, 60))
    colour = pick(rng, RED, ORANGE, YELLOW, BLUE, VIOLET, PINK, WHITE, WHITE)
    for scale in sorted(rng.uniform(0.14, 0.3, rng.integers(1, 5))):
        x, y, lean = rng.uniform(0.15, 0.85), rng.uniform(0.3, 0.65), rng.uniform(-0.5, 0.5)
        c.shape(
            c.at(x, y, scale, ((-0.05, 0), (0.05, 0), (lean + 0.08, 6), (lean - 0.06, 6))),
            (56, 112, 48),
        )
        c.shape(c.at(x, y, scale, oval(0.45 + lean / 3, 1.5, 0.5, 0.16, -0.6)), (70, 130, 56))
        petals, start = rng.integers(5, 13), rng.uniform(0, pi)
        for ring, tone in ((1.0, 0), (0.74, 22)):
            for i in range(petals):
                turn = start + 2 * pi * (i + ring) / petals
                petal = oval(0.55 * cos(turn), 0.55 * sin(turn), 0.46, 1.2 / petals + 0.05, turn)
                c.shape(c.at(x, y, scale * ring, petal), shaded(colour, tone + 14 * (i % 2)))
        c.disc(x, y, scale * 0.24, (150, 96, 30))
        c.disc(x, y, scale * 0.19, (222, 164, 46))


def lighthouse(c, rng):
    """A striped tower on a rock by the sea."""
    c.sea()
    x, foot, scale = rng.uniform(0.2, 0.8), c.level + rng.uniform(0.02, 0.1), rng.uniform(0.16, 0.2)
    for lift, tone in ((0, 24), (0.08, 0)):
        rock = [
            (2.2 * cos(t), lift - 0.5 * sin(t) * rng.uniform(0.7, 1.2))
            for t in np.linspace(0, pi, 16)
        ]
        c.shape(
            c.at(
                x, foot + 0.06, scale, [*rock, (-2.6, 0.5), (-1.2, 0.75), (1.4, 0.8), (2.7, 0.45)]
            ),
            shaded((96, 94, 80), tone),
        )
    stripe = pick(rng, RED, BLUE, ORANGE, (40, 44, 52))
    for i in range(6):
        low, high = -0.32 * i, -0.32 * (i + 1)
        left, right = 0.36 + 0.09 * low, 0.36 + 0.09 * high
        for edge, colour in (
            (-1, (WHITE, stripe)[i % 2]),
            (0.3, (20, 20, 40, 60)),
        ):  # the tower, its shaded side
            part = ((left * edge, low), (left, low), (right, high), (right * edge, high))
            c.shape(c.at(x, foot, scale, part), colour)
    if c.is_dark:
        beams = c.at(
            x, foot, scale, ((-6, -2.8), (0, -2.15), (6, -2.8), (6, -1.5), (0, -2.15), (-6, -1.5))
        )
        c.shape(beams, (255, 240, 180, 60), lit=True)
    c.shape(
        c.at(x, foot, scale, ((-0.27, -1.9), (0.27, -1.9), (0.27, -2), (-0.27, -2))), (50, 50, 56)
    )
    c.shape(
        c.at(x, foot, scale, ((-0.14, -2), (0.14, -2), (0.14, -2.3), (-0.14, -2.3))),
        (255, 232, 150),
        lit=True,
    )
    c.shape(c.at(x, foot, scale, ((-0.2, -2.3), (0.2, -2.3), (0, -2.6))), stripe)


def mountain(c, rng):
    """Snowy peaks, and their picture in a lake."""
    for far, highest in ((0.5, 0.45), (0.15, 0.36)):
        peaks = rng.integers(1, 4)
        for i in rng.permutation(peaks):
            x, wide, height = (
                (i + rng.uniform(0.2, 0.8)) / peaks,
                rng.uniform(0.3, 0.5),
                rng.uniform(0.7, 1) * highest,
            )
            on = lambda side, down: (x + side * wide, c.level + 0.01 - height * (1 - down))  # noqa: B023, E731
            c.shape((on(-1, 1), on(0, 0), on(1, 1)), (88, 92, 112), far=far)
            c.shape((on(0, 0), on(1, 1), on(0.1, 1), on(-0.06, 0.5)), (62, 66, 90), far=far)
            snow = [
                on(-0.38, 0.38),
                on(-0.2, 0.52),
                on(-0.1, 0.3),
                on(0.07, 0.55),
                on(0.2, 0.34),
                on(0.36, 0.36),
            ]
            c.shape((on(0, 0), *snow), (246, 248, 255), far=far * 0.6)
            c.shape((on(0, 0), on(-0.02, 0.3), *snow[3:]), (184, 196, 226), far=far * 0.6)
    c.hills(c.level, 0.06, (44, 82, 58), far=0.1)
    c.lake()
    for x, scale in rng.uniform((-0.05, 0.09), (1.05, 0.2), (8, 2)):
        for tier in range(4):  # of a fir
            wide, foot = 0.42 - 0.08 * tier, -0.4 * tier - 0.2
            fir = ((-wide, foot), (wide, foot), (0, foot - 0.8))
            c.shape(c.at(x, 1.03, scale, fir), (36 + 5 * tier, 74 + 6 * tier, 52))


def sailboat(c, rng):
    """Sailing boats on open water."""
    if rng.random() < 0.5:
        c.hills(c.level + 0.01, 0.08, (90, 110, 120), far=0.5)
    c.sea()
    for scale in sorted((rng.uniform(0.18, 0.32), *rng.uniform(0.07, 0.16, rng.integers(0, 3)))):
        x, y = rng.uniform(0.2, 0.8), c.level + 0.02 + scale * rng.uniform(0.6, 0.9)
        turn, sail, hull = (
            rng.choice((-1, 1)),
            pick(rng, WHITE, WHITE, *BRIGHT),
            pick(rng, WHITE, WOOD, *BRIGHT),
        )
        for points, colour in (
            (((-0.8, 0.1), (0.8, 0.1), (0.5, 0.5), (-0.4, 0.5)), (20, 40, 60, 90)),
            (((-0.03, -2), (0.03, -2), (0.03, 0), (-0.03, 0)), WOOD),
            (((0.06, -1.95), (0.45, -1.1), (0.72, -0.25), (0.06, -0.18)), sail),
            (((-0.06, -1.7), (-0.6, -0.2), (-0.06, -0.18)), shaded(sail, 30)),
            (((-0.85, -0.08), (0.95, -0.08), (0.62, 0.24), (-0.6, 0.24)), hull),
            (((-0.85, -0.08), (0.95, -0.08), (0.9, -0.01), (-0.82, -0.01)), shaded(hull, 40)),
        ):
            c.shape(
                c.at(x, y, scale, [(turn * px, py) for px, py in points]),
                colour,
                far=max(0, 0.3 - scale),
            )


SCENES = (balloon, flower, lighthouse, mountain, sailboat)


def draw_picture(index, number, *, seed=0):
    """Returns picture `number` of the class with this index: RGB, 160 to 400 pixels on its longer side.

    Example: `draw_picture(0, 1)` shows balloons. A picture depends on its three numbers only.
    """
    rng = np.random.default_rng((seed, index, number))
    longest, shape = rng.integers(160, 401), pick(rng, (4, 3), (3, 2), (1, 1), (3, 4))
    width, height = (int(longest * side / max(shape)) for side in shape)
    canvas = Canvas(rng, (2 * width, 2 * height))
    SCENES[index % len(SCENES)](canvas, rng)
    pixels = np.asarray(
        canvas.image.reduce(2), np.float32
    )  # drawn twice as large, for smooth edges
    again = index // len(SCENES)  # the same scenes again, each time in light of another colour
    tint = [0.8 + 0.35 * cos(3.9 * again + part) for part in (0, 2, 4)] if again else (1, 1, 1)
    exposure = (rng.uniform(0.88, 1.08) * np.array(tint)).astype(np.float32)
    grain = rng.integers(-7, 8, (height, width, 1), np.int8)
    return Image.fromarray((pixels * exposure + grain).clip(0, 255).astype(np.uint8))


def encode(image, format="JPEG", **options):
    data = io.BytesIO()
    image.save(
        data, format, **({"quality": 88} if format == "JPEG" else {"compress_level": 3}), **options
    )
    return data.getvalue()


def make_practice_folder(folder, *, classes=5, files_per_class=60, seed=0, troubles=False):
    """Draws class folders below `folder`, and returns it as a string.

    Example: `make_practice_folder("pictures/practice", classes=3, files_per_class=20)`.

    Args:
        folder: where to; made if it does not exist. Files of the same names are replaced.
        classes: how many: balloon, flower, lighthouse, mountain, sailboat, balloon_2 and so on.
        files_per_class: how many pictures in each, about 20 kB, every third a PNG and the others JPEGs.
        seed: another seed draws other pictures.
        troubles: whether to add what else a real Drive holds (`add_troubles`).
    """
    if classes < 1 or files_per_class < 1:
        raise ValueError(
            f"`classes` and `files_per_class` must be at least 1. Received: {classes}, {files_per_class}"
        )
    for index in range(classes):
        again, scene = divmod(index, len(SCENES))
        name = SCENES[scene].__name__ + (f"_{again + 1}" if again else "")
        Path(folder, name).mkdir(parents=True, exist_ok=True)
        for number in range(1, files_per_class + 1):
            format, suffix = ("PNG", "png") if number % 3 == 0 else ("JPEG", "jpg")
            data = encode(draw_picture(index, number, seed=seed), format)
            Path(folder, name, f"{name}_{number:03}.{suffix}").write_bytes(data)
    if troubles:
        add_troubles(Path(folder), seed)
    return str(folder)


def add_troubles(folder, seed=0):
    """Adds files that are no pictures, pictures that are unusual, and names that are not easy."""
    picture, exif = draw_picture(0, 0, seed=seed), Image.Exif()
    exif[0x0112] = 6  # stored lying on its side, to be turned when shown
    jpeg = encode(picture)
    for name, data in {
        "balloon/broken.jpg": jpeg[: len(jpeg) // 2],
        "balloon/empty.jpg": b"",
        "balloon/notes.txt": b"Not a picture.\n",
        "balloon/page.jpg": b"<!DOCTYPE html><html><body>Sign in to continue</body></html>",
        "balloon/photo.heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + jpeg[:500],
        "balloon/copy of balloon_001.jpg": Path(folder, "balloon", "balloon_001.jpg").read_bytes(),
        "balloon/rotated.jpg": encode(picture.transpose(Image.Transpose.ROTATE_90), exif=exif),
        "balloon/cmyk.jpg": encode(picture.convert("CMYK")),
        "balloon/transparent.png": encode(picture.convert("RGBA").rotate(20), "PNG"),
        "balloon/IMG_0001.jpg": encode(draw_picture(0, 1001, seed=seed)),
        "more pictures/balloon/IMG_0001.jpg": encode(draw_picture(0, 1002, seed=seed)),
        "more pictures/balloon/grandma's \u2665.jpg": encode(draw_picture(0, 1003, seed=seed)),
    }.items():
        Path(folder, name).parent.mkdir(parents=True, exist_ok=True)
        Path(folder, name).write_bytes(data)


def practice_drive(root="practice_drive"):
    """Draws the folder `practice` below `root`, once, and returns `root`, to be used as if it were a Drive.

    Example: `drive = connect(practice_drive()); files = drive.list_images("practice")`.

    Returns:
        `root`; or None where the environment variable COLAB_HELPERS_DRIVE already names a source.
    """
    if os.environ.get("COLAB_HELPERS_DRIVE"):
        return None
    if not Path(root, "practice").is_dir():
        os.makedirs(root, exist_ok=True)
        with tempfile.TemporaryDirectory(
            prefix=".practice-", dir=root
        ) as unfinished:  # a stopped cell leaves nothing
            drawn = make_practice_folder(Path(unfinished, "practice"))
            with contextlib.suppress(OSError):  # another notebook was quicker
                os.rename(drawn, Path(root, "practice"))
    return str(root)
