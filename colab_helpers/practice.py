"""Draws a practice folder: class folders of small photo-like pictures, for those who have none at hand.

Example:
    >>> import tempfile
    >>> from pathlib import Path
    >>> from colab_helpers.practice import make_practice_folder
    >>> folder = make_practice_folder(tempfile.mkdtemp(), classes=2, files_per_class=3)
    >>> sorted(path.name for path in Path(folder, "balloon").iterdir())
    ['balloon_001.jpg', 'balloon_002.jpg', 'balloon_003.png']

Every picture is drawn from (seed, class, number) alone, so a larger folder holds the smaller one.
"""

import io
import os
import shutil
import tempfile
from math import cos, pi, sin
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

__all__ = ["draw_picture", "make_practice_folder", "practice_drive"]

# What a time of day does: the sky at the top, the sky at the horizon, and the light on all things (red, green, blue).
LIGHTS = (
    ((110, 160, 215), (252, 222, 190), (1.00, 0.93, 0.84)),  # morning
    ((56, 122, 200), (188, 220, 242), (1.00, 1.00, 0.98)),  # noon
    ((142, 154, 168), (216, 220, 222), (0.84, 0.87, 0.90)),  # overcast
    ((70, 58, 122), (250, 148, 88), (0.80, 0.60, 0.56)),  # dusk
    ((14, 20, 52), (66, 78, 128), (0.42, 0.47, 0.66)),  # moonlight
)
BRIGHT = ((214, 48, 49), (235, 120, 30), (244, 196, 48), (38, 140, 90), (40, 110, 190), (120, 70, 160), (236, 110, 150))
ASPECTS = ((4, 3), (3, 2), (1, 1), (3, 4))


class Canvas:
    """A picture with its sky, twice the final size, in units from 0 to 1 from the top left corner."""

    def __init__(self, rng, size):
        self.rng, self.size = rng, size
        zenith, horizon, self.light = (np.array(part) for part in LIGHTS[rng.integers(len(LIGHTS))])
        self.night = self.light[0] < 0.5
        self.haze = horizon + rng.normal(0, 6, 3)
        self.level = rng.uniform(0.5, 0.7)  # of the horizon
        self.sun = rng.uniform(0.1, 0.9), rng.uniform(0.1, 0.45)
        y, x = np.mgrid[0:1:48j, 0:1:64j]
        depth = np.clip(y / self.level, 0, 1)[..., None] ** 1.3
        sky = zenith * (1 - depth) + self.haze * depth
        far = (x - self.sun[0]) ** 2 + (y - self.sun[1]) ** 2
        sky += 90 * np.exp(-far / 0.02)[..., None] * (1, 0.92, 0.75)
        clouds = np.clip(noise(rng, (64, 48), (3, 6)) + noise(rng, (64, 48), (8, 14)) * 0.6 - 0.8, 0, 0.5)[..., None]
        sky += (np.array((255, 250, 245)) * (0.35 + 0.65 * self.light) - sky) * clouds * rng.uniform(0.4, 1.6)
        small = Image.fromarray(sky.clip(0, 255).astype(np.uint8))
        self.image = small.resize(size, Image.Resampling.BICUBIC)
        self.pen = ImageDraw.Draw(self.image, "RGBA")
        if self.night:
            for x, y in rng.uniform(0, 1, (40, 2)) * (1, self.level):
                self.disc(x, y, rng.uniform(0.001, 0.003), (255, 255, 240), lit=True)
        self.disc(*self.sun, 0.035, (255, 250, 225, 235), lit=True)

    def colour(self, colour, lit=False, far=0.0):
        """The colour under this light, drowned in haze by `far`, 0 to 1; what is lit shines by itself."""
        seen = np.array(colour[:3]) * (1 if lit else self.light)
        seen = (seen * (1 - far) + self.haze * far).clip(0, 255).astype(int)
        return (*seen.tolist(), *colour[3:])

    def shape(self, points, colour, **seen):
        self.pen.polygon([(x * self.size[0], y * self.size[1]) for x, y in points], self.colour(colour, **seen))

    def disc(self, x, y, radius, colour, wide=1.0, high=1.0, **seen):
        """An ellipse: `radius` as a share of the shorter side, times `wide` and `high`."""
        (width, height), short = self.size, min(self.size)
        x, y, wide, high = x * width, y * height, radius * short * wide, radius * short * high
        self.pen.ellipse((x - wide, y - high, x + wide, y + high), self.colour(colour, **seen))

    def at(self, x, y, points, scale):
        """Places points drawn around (0, 0), so that one unit is `scale` of the shorter side."""
        short = min(self.size)
        return [(x + px * scale * short / self.size[0], y + py * scale * short / self.size[1]) for px, py in points]

    def ridge(self, level, height, colour, steps=12, far=0.0):
        """Hills from side to side; returns their line."""
        x = np.linspace(0, 1, 60)
        rough = self.rng.uniform(-1, 1, steps)
        line = level - height * np.interp(x, np.linspace(0, 1, steps), np.convolve(rough, (0.25, 0.5, 0.25), "same"))
        self.shape([(0, 1), *zip(x, line, strict=True), (1, 1)], colour, far=far)
        return line

    def ground(self, colour, spread=14, level=None):
        """A plain from the horizon down, lighter far off, with specks."""
        level = self.level if level is None else level
        for i, y in enumerate(np.linspace(level, 1, 14)):
            self.shape([(0, y), (1, y), (1, 1), (0, 1)], colour, far=0.5 * (1 - i / 13) ** 2)
        for x, y, tone in self.rng.uniform(0, 1, (70, 3)):
            y = level + (1 - level) * y * y
            dark = tuple(int(c + spread * (tone * 2 - 1)) for c in colour)
            self.shape(self.at(x, y, ((-2, 0), (0, -0.3), (2, 0), (0, 0.3)), 0.05 * (y - level + 0.05)), (*dark, 130))

    def sea(self):
        self.ground((38, 98, 136), 26)
        for i in range(26):  # the sun's way over the water
            y = self.level + (1 - self.level) * (i / 26) ** 1.5
            x = self.sun[0] + self.rng.normal(0, 0.02 + 0.04 * i / 26)
            self.shape(self.at(x, y, ((-1, 0), (0, -0.1), (1, 0), (0, 0.1)), 0.02 + 0.05 * i / 26),
                       (255, 240, 200, 110), lit=True)

    def mirror(self):
        """Water from the horizon down, in which what stands above is seen again."""
        (width, height), horizon = self.size, int(self.level * self.size[1])
        above = self.image.crop((0, max(0, 2 * horizon - height), width, horizon))
        soft = above.resize((width // 3, height // 8)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        water = Image.new("RGB", soft.size, self.colour((46, 90, 116)))
        self.image.paste(Image.blend(soft, water, 0.35).resize((width, height - horizon)), (0, horizon))
        for x, y, tone in self.rng.uniform(0, 1, (40, 3)):
            y = self.level + (1 - self.level) * y
            self.shape(self.at(x, y, ((-1, 0), (0, -0.04), (1, 0), (0, 0.04)), 0.02 + 0.06 * y * tone), (255, 255, 255, 40))


def noise(rng, size, cells):
    """Soft noise in [0, 1] of shape (height, width), for `size` and `cells` as (width, height)."""
    rough = Image.fromarray(rng.random(cells[::-1], np.float32))
    return np.asarray(rough.resize(size, Image.Resampling.BICUBIC))


def pick(rng, colours=BRIGHT):
    return colours[rng.integers(len(colours))]


def balloon(c):
    """Hot-air balloons over hills."""
    rng = c.rng
    c.ridge(c.level + 0.2, 0.12, (96, 130, 110), far=0.5)
    c.ridge(c.level + 0.28, 0.08, (86, 126, 62), far=0.1)
    for scale in sorted(rng.uniform(0.08, 0.26, rng.integers(1, 4))):
        x, y = rng.uniform(0.15, 0.85), rng.uniform(0.22, 0.5)
        stripes, far = (pick(rng), pick(rng, (*BRIGHT, (250, 245, 235)))), max(0, 0.4 - 2.5 * scale)
        c.shape(c.at(x, y, ((-0.84, 0.55), (0.84, 0.55), (0.2, 1.35), (-0.2, 1.35)), scale), stripes[0], far=far)
        c.shape(c.at(x, y, ((-0.4, 0.8), (0.4, 0.8), (0.1, 1.35), (-0.1, 1.35)), scale), stripes[1], far=far)
        for i, wide in enumerate((1, 0.8, 0.55, 0.25)):
            c.disc(x, y, scale, stripes[i % 2], wide=wide, far=far)
        c.disc(x - 0.2 * scale, y - 0.2 * scale, scale * 0.6, (255, 255, 255, 34))
        for side in (-0.16, 0.12):
            c.shape(c.at(x, y, ((side, 1.3), (side + 0.04, 1.3), (side + 0.04, 1.65), (side, 1.65)), scale), (70, 56, 46))
        c.shape(c.at(x, y, ((-0.2, 1.6), (0.2, 1.6), (0.16, 1.9), (-0.16, 1.9)), scale), (122, 82, 48), far=far)


def flower(c):
    """Large blossoms before a meadow out of focus."""
    rng = c.rng
    c.level = rng.uniform(0.2, 0.45)
    c.ground((84, 136, 60))
    for x, y, tone in rng.uniform(0, 1, (30, 3)):
        y = c.level + (1 - c.level) * y
        c.disc(x, y, 0.02 + 0.05 * y * tone, (*pick(rng, (*BRIGHT[2:4], (60, 110, 44), (150, 190, 90))), 60))
    petal_colour = pick(rng, (*BRIGHT[:3], *BRIGHT[4:], (248, 244, 240)))
    for scale in sorted(rng.uniform(0.13, 0.3, rng.integers(1, 5))):
        x, y, petals, start = rng.uniform(0.15, 0.85), rng.uniform(0.3, 0.65), rng.integers(5, 13), rng.uniform(0, pi)
        lean = rng.uniform(-0.5, 0.5)
        c.shape(c.at(x, y, ((-0.05, 0), (0.05, 0), (lean + 0.08, 6), (lean - 0.06, 6)), scale), (56, 112, 48))
        c.shape(c.at(x, y, oval(0.45 + lean / 3, 1.5, 0.5, 0.16, -0.6), scale), (70, 130, 56))
        for ring, tone in ((1.0, 0), (0.74, 22)):
            for i in range(petals):
                angle = start + 2 * pi * (i + ring) / petals
                petal = oval(0.55 * ring * cos(angle), 0.55 * ring * sin(angle), 0.46 * ring, 1.3 * ring / petals + 0.05, angle)
                c.shape(c.at(x, y, petal, scale), shaded(petal_colour, tone + 14 * (i % 2)))
        c.disc(x, y, scale * 0.24, (150, 96, 30))
        c.disc(x, y, scale * 0.19, (222, 164, 46))


def lighthouse(c):
    """A striped tower on a headland by the sea."""
    rng = c.rng
    c.sea()
    x, foot, scale = rng.uniform(0.2, 0.8), c.level + rng.uniform(0.02, 0.12), rng.uniform(0.2, 0.3)
    rock = c.at(x, foot, [(1.7 * cos(t), -0.3 * sin(t) * rng.uniform(0.7, 1.2)) for t in np.linspace(0, pi, 14)], scale)
    side = rng.choice((-1, 1)) * 9
    c.shape([*rock, *c.at(x, foot, ((-1.7 + min(side, 0), 0.9), (1.7 + max(side, 0), 0.9)), scale)], (92, 92, 78))
    c.shape([(px, py + 0.05) for px, py in rock], (74, 74, 66))
    stripe = pick(rng, (BRIGHT[0], BRIGHT[4], (40, 44, 52), BRIGHT[1]))
    for i in range(6):
        low, high = -0.1 - 0.32 * i, -0.1 - 0.32 * (i + 1)
        wide = [0.36 + 0.09 * level for level in (low, high)]
        tower = ((-wide[0], low), (wide[0], low), (wide[1], high), (-wide[1], high))
        c.shape(c.at(x, foot, tower, scale), ((246, 242, 234), stripe)[i % 2])
        shadow = ((wide[0] * 0.35, low), (wide[0], low), (wide[1], high), (wide[1] * 0.35, high))
        c.shape(c.at(x, foot, shadow, scale), (20, 20, 40, 50))
    c.shape(c.at(x, foot, ((-0.27, -2.02), (0.27, -2.02), (0.27, -2.1), (-0.27, -2.1)), scale), (50, 50, 56))
    lamp = c.at(x, foot, ((0, -2.25),), scale)[0]
    if c.light[0] < 0.9:
        for reach in (-1, 1):
            c.shape(c.at(*lamp, ((0, 0), (5 * reach, -0.5), (5 * reach, 0.5)), scale), (255, 240, 180, 70), lit=True)
    c.shape(c.at(x, foot, ((-0.14, -2.1), (0.14, -2.1), (0.14, -2.4), (-0.14, -2.4)), scale), (255, 232, 150), lit=True)
    c.shape(c.at(x, foot, ((-0.2, -2.4), (0.2, -2.4), (0, -2.7)), scale), stripe)


def mountain(c):
    """Snow-capped peaks and their picture in a lake."""
    rng = c.rng
    for far, height in ((0.55, 0.34), (0.2, 0.26)):
        peaks = rng.integers(2, 5)
        for i in rng.permutation(peaks):
            x, top, wide = (i + rng.uniform(0.2, 0.8)) / peaks, rng.uniform(0.7, 1.1) * height, rng.uniform(0.8, 1.2) * height
            peak, base = (x, c.level - top), c.level + 0.01
            c.shape(((x - wide, base), peak, (x + wide, base)), (88, 92, 112), far=far)
            c.shape((peak, (x + wide, base), (x + 0.12 * wide, base)), (62, 66, 90), far=far)
            edge = [(x + wide * s, c.level - top * (1 - abs(s)) + top * d)
                    for s, d in zip((-0.34, -0.18, -0.06, 0.08, 0.2, 0.34), (0, 0.12, 0, 0.16, 0.03, 0), strict=True)]
            c.shape((peak, *edge[::-1]), (246, 248, 255), far=far * 0.6)
            c.shape((peak, *edge[:2:-1]), (190, 200, 226), far=far * 0.6)
    c.ridge(c.level - 0.01, 0.03, (44, 82, 58), steps=30, far=0.1)
    c.mirror()
    for x in np.sort(rng.uniform(0, 1, 9)):
        pine(c, x, 1.02, rng.uniform(0.07, 0.16))


def sailboat(c):
    """Sailing boats on open water."""
    rng = c.rng
    if rng.random() < 0.5:
        c.ridge(c.level, 0.05, (90, 110, 120), far=0.5)
    c.sea()
    for scale in sorted(rng.uniform(0.1, 0.32, rng.integers(1, 4))):
        x, y = rng.uniform(0.2, 0.8), c.level + 0.02 + scale * rng.uniform(0.6, 0.9)
        turn, sail = rng.choice((-1, 1)), pick(rng, (*BRIGHT, *[(250, 246, 238)] * 4))
        for points, colour in (
            (((-0.8, 0.1), (0.8, 0.1), (0.5, 0.5), (-0.4, 0.5)), (20, 40, 60, 90)),
            (((-0.03, -2), (0.03, -2), (0.03, 0), (-0.03, 0)), (90, 66, 46)),
            (((0.06, -1.95), (0.72, -0.25), (0.06, -0.18)), sail),
            (((-0.06, -1.7), (-0.6, -0.2), (-0.06, -0.18)), shaded(sail, 30)),
            (((-0.85, -0.08), (0.95, -0.08), (0.62, 0.24), (-0.6, 0.24)), pick(rng, (*BRIGHT, (240, 236, 228), (60, 44, 36)))),
            (((-0.85, -0.08), (0.95, -0.08), (0.9, -0.01), (-0.82, -0.01)), (250, 246, 238)),
        ):
            c.shape(c.at(x, y, [(turn * px, py) for px, py in points], scale), colour, far=max(0, 0.3 - scale))


def cactus(c):
    """Saguaros in a desert."""
    rng = c.rng
    c.ridge(c.level + 0.02, 0.12, (176, 108, 78), steps=7, far=0.4)
    c.ground((212, 164, 106))
    for scale in sorted(rng.uniform(0.08, 0.26, rng.integers(2, 5))):
        x, y, green = rng.uniform(0.1, 0.9), c.level + scale * rng.uniform(1, 1.3), (66, 116, 72)
        c.disc(x + 0.3 * scale, y, scale, (60, 40, 40, 80), wide=0.9, high=0.09)
        arms = [(-1, rng.uniform(-1.2, -0.7)), (1, rng.uniform(-1.3, -0.8))][:rng.integers(1, 3)]
        for colour, width in ((shaded(green, 24), 1.0), (green, 0.62)):
            c.shape(c.at(x, y, bar(0, -1.1, 0.2 * width, 1.1), scale), colour)
            for side, high in arms:
                c.shape(c.at(x, y, [(py, px) for px, py in bar(high, side * 0.35, 0.12 * width, 0.35)], scale), colour)
                c.shape(c.at(x, y, bar(side * 0.62, high - 0.3, 0.13 * width, 0.42), scale), colour)


def city(c):
    """A skyline with lit windows, and the river before it."""
    rng = c.rng
    for far, tallest in ((0.55, 0.42), (0.15, 0.3)):
        x = -0.02
        while x < 1:
            wide, top = rng.uniform(0.05, 0.13), c.level - rng.uniform(0.3, 1) * tallest
            wall = pick(rng, ((92, 100, 116), (128, 112, 104), (150, 150, 156), (76, 84, 104)))
            c.shape(((x, top), (x + wide, top), (x + wide, c.level + 0.01), (x, c.level + 0.01)), wall, far=far)
            glow = (255, 222, 140) if c.light[0] < 0.9 else (196, 214, 230)
            for wy in np.arange(top + 0.02, c.level - 0.02, 0.035):
                for wx in np.arange(x + 0.012, x + wide - 0.015, 0.024):
                    if rng.random() < 0.6 and far < 0.5:
                        c.shape(((wx, wy), (wx + 0.012, wy), (wx + 0.012, wy + 0.018), (wx, wy + 0.018)), glow, lit=True)
            x += wide + rng.choice((0, 0.01))
    c.mirror()


def snowman(c):
    """A snowman before firs."""
    rng = c.rng
    c.ridge(c.level + 0.02, 0.04, (214, 222, 236), far=0.2)
    for x in rng.uniform(0, 1, 8):
        pine(c, x, c.level + 0.05, rng.uniform(0.1, 0.22), snow=True)
    c.ground((232, 238, 248), 10, c.level + 0.03)
    x, scale = rng.uniform(0.25, 0.75), rng.uniform(0.11, 0.18)
    y = c.level + rng.uniform(1.1, 1.4) * scale
    at = lambda px, py: c.at(x, y, ((px, py),), scale)[0]  # noqa: E731
    c.disc(*at(0.5, 0.9), scale, (90, 100, 140, 90), wide=1.5, high=0.25)
    for side in (-1, 1):
        c.shape(c.at(x, y, ((side * 0.6, -0.8), (side * 1.7, -1.5), (side * 1.75, -1.4), (side * 0.6, -0.7)), scale), (84, 56, 38))
    for py, radius in ((0.1, 1), (-1.2, 0.74), (-2.2, 0.52)):
        c.disc(*at(0, py), scale * radius, (206, 216, 236))
        c.disc(*at(-0.08, py - 0.06), scale * radius * 0.9, (250, 252, 255))
    scarf = pick(rng, BRIGHT[:5])
    c.shape(c.at(x, y, ((-0.5, -1.9), (0.5, -1.9), (0.5, -1.68), (0.36, -1.68), (0.4, -1), (0.12, -1), (0.1, -1.68), (-0.5, -1.68)), scale), scarf)
    for px, py in ((-0.18, -2.34), (0.18, -2.34), (0, -1.35), (0, -1), (0, -0.3), (0, 0.1)):
        c.disc(*at(px, py), scale * 0.07, (30, 30, 36))
    c.shape(c.at(x, y, ((0, -2.24), (0.5, -2.12), (0, -2.08)), scale), (236, 120, 30))
    c.shape(c.at(x, y, ((-0.62, -2.6), (0.62, -2.6), (0.62, -2.7), (0.36, -2.7), (0.33, -3.3), (-0.33, -3.3), (-0.36, -2.7), (-0.62, -2.7)), scale), (44, 40, 50))
    for px, py, size in rng.uniform(0, 1, (rng.integers(0, 90), 3)):
        c.disc(px, py, 0.003 + 0.006 * size, (255, 255, 255, 200))


def windmill(c):
    """A windmill behind rows of tulips."""
    rng = c.rng
    c.ridge(c.level, 0.03, (84, 124, 84), far=0.4)
    c.ground((96, 142, 66))
    x, scale, spin = rng.uniform(0.2, 0.8), rng.uniform(0.14, 0.22), rng.uniform(0, pi / 2)
    y = c.level + 0.06
    c.shape(c.at(x, y, ((-0.8, 0), (0.8, 0), (0.45, -2), (-0.45, -2)), scale), pick(rng, ((150, 84, 62), (236, 230, 218), (96, 72, 58))))
    c.shape(c.at(x, y, ((0.25, 0), (0.8, 0), (0.45, -2), (0.15, -2)), scale), (20, 20, 40, 60))
    c.shape(c.at(x, y, [(0.52 * cos(t), -2 - 0.45 * sin(t)) for t in np.linspace(0, pi, 12)], scale), (70, 60, 64))
    for level in (-0.6, -1.3):
        c.shape(c.at(x, y, bar(0, level, 0.11, 0.16), scale), (60, 56, 70))
    for i in range(4):
        u, v = cos(spin + i * pi / 2), sin(spin + i * pi / 2)
        arm = lambda r, s: (r * u - s * v, -2.05 + r * v + s * u)  # noqa: E731
        c.shape(c.at(x, y, (arm(0, -0.04), arm(1.8, -0.04), arm(1.8, 0.04), arm(0, 0.04)), scale), (66, 50, 42))
        c.shape(c.at(x, y, (arm(0.4, 0.04), arm(1.75, 0.04), arm(1.75, 0.36), arm(0.4, 0.3)), scale), (240, 234, 220, 220))
    rows, colour = rng.integers(5, 9), None
    for i in range(rows):
        near, far = (i - 0.5) / (rows - 2) * 2.4 - 0.9, 0.3 + 0.4 * i / rows
        colour = pick(rng, [one for one in BRIGHT if one != colour])
        c.shape(((far, y + 0.05), (far + 0.04, y + 0.05), (near + 0.24, 1), (near, 1)), colour)
    for px, py, tone in rng.uniform(0, 1, (120, 3)):
        c.disc(px, y + 0.06 + (1 - y) * py, 0.004 + 0.01 * py, (50, 110, 50, 150) if tone < 0.6 else (255, 255, 255, 70))


def oval(x, y, wide, high, angle):
    """The outline of a turned ellipse."""
    turns = np.linspace(0, 2 * pi, 16, endpoint=False)
    return [(x + wide * cos(t) * cos(angle) - high * sin(t) * sin(angle),
             y + wide * cos(t) * sin(angle) + high * sin(t) * cos(angle)) for t in turns]


def bar(x, y, wide, high):
    """The outline of an upright bar with round ends."""
    return [(x + wide * cos(t), y + (high if sin(t) > 0 else -high) + wide * sin(t)) for t in np.linspace(0, 2 * pi, 20)]


def shaded(colour, tone):
    return tuple(max(0, part - tone) for part in colour)


def pine(c, x, y, scale, snow=False):
    for i in range(4):
        tier = ((-0.42 + 0.08 * i, -0.4 * i - 0.2), (0.42 - 0.08 * i, -0.4 * i - 0.2), (0, -0.4 * i - 1))
        c.shape(c.at(x, y, tier, scale), (36 + 5 * i, 74 + 6 * i, 52))
        if snow:
            c.shape(c.at(x, y, ((-0.2, -0.4 * i - 0.62), tier[2], (0.2, -0.4 * i - 0.62)), scale), (236, 242, 250))


SCENES = (balloon, flower, lighthouse, mountain, sailboat, cactus, city, snowman, windmill)


def draw_picture(index, number, *, seed=0):
    """Returns the `number`-th picture of the class with this index, a Pillow image in RGB.

    Example: `draw_picture(0, 1)` is a balloon of about 300 x 225 pixels.
    """
    rng = np.random.default_rng((seed, index, number))
    longest, (wide, high) = rng.integers(160, 401), ASPECTS[rng.integers(len(ASPECTS))]
    width, height = (int(longest * side / max(wide, high)) for side in (wide, high))
    canvas = Canvas(rng, (2 * width, 2 * height))
    SCENES[index % len(SCENES)](canvas)
    pixels = np.asarray(canvas.image.reduce(2), np.float32)  # drawn twice as large: smooth edges
    pixels = pixels * rng.uniform(0.88, 1.08) + rng.integers(-7, 8, (height, width, 1), np.int8)  # exposure and grain
    if index >= len(SCENES):  # the same scenes again, in a light of another colour
        turn = 2 * pi * 0.618 * (index // len(SCENES))
        pixels *= [0.8 + 0.35 * cos(turn + part) for part in (0, 2, 4)]
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def class_name(index):
    """balloon, flower, ... and when all scenes are used up: balloon_2, flower_2, ..."""
    again, scene = divmod(index, len(SCENES))
    return SCENES[scene].__name__ + (f"_{again + 1}" if again else "")


def encoded(image, number, **options):
    """Returns (bytes, suffix): every third picture a PNG, the others JPEGs as a camera writes them."""
    data, suffix = io.BytesIO(), ".png" if number % 3 == 0 else ".jpg"
    how = {"format": "PNG", "compress_level": 3} if suffix == ".png" else {"format": "JPEG", "quality": 88}
    image.save(data, **(how | options))
    return data.getvalue(), suffix


def make_practice_folder(folder, *, classes=5, files_per_class=60, seed=0, troubles=False):
    """Draws class folders of pictures below `folder`, and returns it as a string.

    Example: `make_practice_folder("pictures/practice", classes=3, files_per_class=20)`.

    Args:
        folder: where to; made if it does not exist, and files of the same names are replaced.
        classes: how many class folders: balloon, flower, lighthouse, mountain, sailboat, and so on.
        files_per_class: how many pictures in each, 160 to 400 pixels on the longer side, 20 kB on average.
        seed: another seed draws other pictures.
        troubles: add what a real Drive holds besides: see `add_troubles`.

    Raises:
        ValueError: if there is nothing to draw.
    """
    if classes < 1 or files_per_class < 1:
        raise ValueError(f"`classes` and `files_per_class` must be at least 1. Received: {classes}, {files_per_class}")
    folder = Path(folder)
    for index in range(classes):
        name = class_name(index)
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(1, files_per_class + 1):
            data, suffix = encoded(draw_picture(index, number, seed=seed), number)
            (folder / name / f"{name}_{number:03}{suffix}").write_bytes(data)
    if troubles:
        add_troubles(folder, seed)
    return str(folder)


def add_troubles(folder, seed=0):
    """Adds to the first class what real folders hold: files that are no pictures, and pictures that are unusual."""
    picture = draw_picture(0, 0, seed=seed)
    jpeg = encoded(picture, 1)[0]
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its side, to be turned when shown
    first = class_name(0)
    files = {
        f"{first}/broken.jpg": jpeg[: len(jpeg) // 2],
        f"{first}/empty.jpg": b"",
        f"{first}/notes.txt": b"Pictures from the practice folder.\n",
        f"{first}/page.jpg": b"<!DOCTYPE html><html><body>Sign in to continue</body></html>",
        f"{first}/photo.heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + jpeg[:500],
        f"{first}/copy of {first}_001.jpg": encoded(draw_picture(0, 1, seed=seed), 1)[0],
        f"{first}/rotated.jpg": encoded(picture.transpose(Image.Transpose.ROTATE_90), 1, exif=exif)[0],
        f"{first}/cmyk.jpg": encoded(picture.convert("CMYK"), 1)[0],
        f"{first}/transparent.png": encoded(picture.convert("RGBA").rotate(20), 3)[0],
        f"{first}/grey.png": encoded(picture.convert("L"), 3)[0],
        f"{first}/IMG_0001.jpg": encoded(draw_picture(0, 1001, seed=seed), 1)[0],
        f"more pictures/{first}/IMG_0001.jpg": encoded(draw_picture(0, 1002, seed=seed), 1)[0],
        f"more pictures/{first}/grandma's balloon.jpg": encoded(draw_picture(0, 1003, seed=seed), 1)[0],
    }
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def practice_drive(root="practice_drive"):
    """Draws the folder `practice` below `root`, once, and returns `root`: a folder to be used as if it were a Drive.

    Example: `drive = connect(practice_drive()); files = drive.list_images("practice")`.

    Returns:
        `root`, or None where the environment variable COLAB_HELPERS_DRIVE already names a source.
    """
    if os.environ.get("COLAB_HELPERS_DRIVE"):
        return None
    if not os.path.isdir(os.path.join(root, "practice")):
        os.makedirs(root, exist_ok=True)
        unfinished = tempfile.mkdtemp(prefix=".practice-", dir=root)  # a killed cell must not leave half a folder
        make_practice_folder(unfinished)
        try:
            os.chmod(unfinished, 0o755)
            os.rename(unfinished, os.path.join(root, "practice"))
        except OSError:  # another notebook was quicker
            shutil.rmtree(unfinished)
    return str(root)
