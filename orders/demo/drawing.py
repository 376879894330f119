"""A small drawing board on top of Pillow, for the pictures of the demo's products.

Coordinates run from 0 to 100, from the top left. The same calls give the same bytes.
"""

import io
from collections.abc import Iterable

from PIL import Image, ImageColor, ImageDraw, ImageFilter

SIZE = 1400  # pixels of the finished picture, each way
FINE = 2  # drawn this much larger, then scaled down: smooth edges
STEPS = 14  # straight pieces per bend

Point = tuple[float, float]


class Sketch:
    def __init__(self, wall: str, table: str, horizon: float = 70) -> None:
        self.side = SIZE * FINE
        self.image = Image.new("RGB", (self.side, self.side), wall)
        self.glow(35, 22, 45, "#ffffff", 90)
        self._paint(lambda draw: draw.rectangle(self._box(0, horizon, 100, 100), fill=255), table)

    def glow(self, x: float, y: float, radius: float, colour: str, strength: int = 200) -> None:
        """Light around (x, y), fading out; `strength` up to 255."""
        self._blur(self._box(x - radius, y - radius, x + radius, y + radius), radius / 3,
                   colour, strength)  # fmt: skip

    def shadow(self, x: float, y: float, width: float, depth: float = 3.5) -> None:
        """A soft shadow on the table around (x, y)."""
        around = self._box(x - width / 2, y - depth, x + width / 2, y + depth)
        self._blur(around, 1.8, "#2a2018", 110)

    def shape(self, points: list[Point], colour: str, light: float = 0.16) -> None:
        """Straight edges. `light`: how much brighter the left side is than the middle."""
        self._paint(lambda draw: draw.polygon(self._flat(points), fill=255), colour, light)

    def round(self, points: list[Point], colour: str, light: float = 0.16) -> None:
        """A closed outline that bends smoothly through the points."""
        self.shape(_bend([points[-1], *points, *points[:2]]), colour, light)

    def oval(
        self, x: float, y: float, rx: float, ry: float, colour: str, light: float = 0.16
    ) -> None:
        around = self._box(x - rx, y - ry, x + rx, y + ry)
        self._paint(lambda draw: draw.ellipse(around, fill=255), colour, light)

    def box(
        self, x0: float, y0: float, x1: float, y1: float, colour: str, r: float = 1, light=0.16
    ) -> None:
        around, radius = self._box(x0, y0, x1, y1), self._length(r)
        self._paint(lambda draw: draw.rounded_rectangle(around, radius, fill=255), colour, light)

    def line(self, points: list[Point], width: float, colour: str, bend: bool = True) -> None:
        """A rope of this width along the points, with round ends."""
        way = _bend([points[0], *points, points[-1]]) if bend and len(points) > 2 else points
        half = width / 2

        def rope(draw: ImageDraw.ImageDraw) -> None:
            draw.line(self._flat(way), fill=255, width=round(self._length(width)), joint="curve")
            for x, y in way:
                draw.ellipse(self._box(x - half, y - half, x + half, y + half), fill=255)

        self._paint(rope, colour, 0.08)

    def webp(self) -> bytes:
        file = io.BytesIO()
        self.image.reduce(FINE).save(file, "WEBP", quality=90, method=2)
        return file.getvalue()

    def _blur(self, around: list[float], soft: float, colour: str, strength: int) -> None:
        # Painted small: the cost of a blur grows with its radius, and the result looks the same.
        small = self.side // 8
        mask = Image.new("L", (small, small), 0)
        ImageDraw.Draw(mask).ellipse([value / 8 for value in around], fill=strength)
        mask = mask.filter(ImageFilter.GaussianBlur(self._length(soft) / 8))
        extent = mask.getbbox()
        if extent is None:
            return
        mask = mask.crop(extent)
        large = mask.resize((mask.width * 8, mask.height * 8), Image.Resampling.BILINEAR)
        self.image.paste(colour, (extent[0] * 8, extent[1] * 8), large)

    def _paint(self, draw, colour: str, light: float = 0) -> None:
        mask = Image.new("L", self.image.size, 0)
        draw(ImageDraw.Draw(mask))
        extent = mask.getbbox()
        if extent is None:
            return
        mask = mask.crop(extent)
        self.image.paste(_lit(colour, mask.size, light), extent[:2], mask)

    def _length(self, value: float) -> float:
        return value * self.side / 100

    def _box(self, x0: float, y0: float, x1: float, y1: float) -> list[float]:
        return [self._length(value) for value in (x0, y0, x1, y1)]

    def _flat(self, points: Iterable[Point]) -> list[tuple[float, float]]:
        return [(self._length(x), self._length(y)) for x, y in points]


def _lit(colour: str, size: tuple[int, int], light: float) -> Image.Image:
    """A patch of the colour, brighter to the left and darker to the right."""
    flat = Image.new("RGB", size, colour)
    if not light:
        return flat
    ramp = Image.linear_gradient("L").rotate(270).resize(size)  # white on the left
    bright = Image.new("RGB", size, _mixed(colour, "#ffffff", light))
    dark = Image.new("RGB", size, _mixed(colour, "#20140a", light))
    return Image.composite(bright, dark, ramp)


def _mixed(one: str, other: str, share: float) -> tuple[int, ...]:
    pairs = zip(ImageColor.getrgb(one), ImageColor.getrgb(other), strict=True)
    return tuple(round(a + (b - a) * share) for a, b in pairs)


def _bend(points: list[Point]) -> list[Point]:
    """A Catmull-Rom curve from the second to the last but one of the points."""
    curve = []
    for i in range(1, len(points) - 2):
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = points[i - 1 : i + 3]
        for step in range(STEPS):
            t = step / STEPS
            curve.append((_cubic(ax, bx, cx, dx, t), _cubic(ay, by, cy, dy, t)))
    return [*curve, points[-2]]


def _cubic(a: float, b: float, c: float, d: float, t: float) -> float:
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
