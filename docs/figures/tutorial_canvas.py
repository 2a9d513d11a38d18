"""Panels of the tutorial's pictures: shapes in metres or pixels, drawn twice as fine, with labels that can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from benchmarks.scanned_page import chinese_font

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

__all__ = [
    "BLUE",
    "GREEN",
    "GREY",
    "INK",
    "ORANGE",
    "PURPLE",
    "SKY",
    "VERMILION",
    "Colour",
    "Panel",
    "Sheet",
    "view_of",
]

Colour = tuple[int, int, int]
INK, GREY, PAPER = (31, 39, 51), (91, 100, 112), (255, 255, 255)
BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY = (
    (0, 96, 158),
    (214, 138, 0),
    (0, 128, 96),
    (196, 78, 0),
    (176, 84, 140),
    (70, 160, 215),
)
"""Told apart with any colour vision (after Okabe and Ito, a little darker)."""
FINE = 2
HEAD = 50


class Sheet:
    """One picture of some width and height in pixels, with a headline in both languages."""

    def __init__(self, width: int, height: int, zh: str, en: str) -> None:
        from PIL import Image, ImageDraw

        self.size = (width, height)
        self.image = Image.new("RGB", (width * FINE, height * FINE), (243, 245, 247))
        self.draw: Any = ImageDraw.Draw(self.image, "RGBA")
        self.text((16, 27), zh, 20, bold=True)
        self.text((width - 16, 27), en, 14, GREY, anchor="rm")

    def text(
        self,
        at: tuple[float, float],
        words: str,
        size: float = 15,
        colour: Colour = INK,
        *,
        anchor: str = "lm",
        bold: bool = False,
        halo: bool = False,
    ) -> None:
        """Words at a place."""
        self.draw.text(
            (at[0] * FINE, at[1] * FINE),
            words,
            font=_font(size * FINE),
            fill=colour,
            anchor=anchor,
            stroke_width=3 * FINE if halo else (1 if bold else 0),
            stroke_fill=PAPER if halo else colour,
        )

    def key(self, at: tuple[float, float], colour: Colour, zh: str, en: str, *, style: str = "area") -> float:
        """One entry of a legend: how far right it ends."""
        x, y = at
        if style == "area":
            box = [x * FINE, (y - 7) * FINE, (x + 22) * FINE, (y + 7) * FINE]
            self.draw.rectangle(box, fill=(*colour, 70), outline=colour, width=2 * FINE)
        elif style == "dot":
            self.draw.ellipse([(x + 6) * FINE, (y - 5) * FINE, (x + 16) * FINE, (y + 5) * FINE], fill=colour)
        else:
            _strokes(self.draw, [(x * FINE, y * FINE), ((x + 24) * FINE, y * FINE)], colour, 3, dashed=style == "dash")
        self.text((x + 30, y), zh, 14)
        right = x + 30 + _font(14 * FINE).getlength(zh) / FINE + 6
        self.text((right, y), en, 12, GREY)
        return float(right + _font(12 * FINE).getlength(en) / FINE + 22)

    def save(self, path: Path) -> None:
        """As a PNG."""
        from PIL import Image

        self.image.resize(self.size, Image.Resampling.LANCZOS).save(path, "PNG", optimize=True)


class Panel:
    """A window of a sheet: ``view`` is (west, south, east, north) of a plane whose y goes up, or of pixels, down."""

    def __init__(
        self,
        sheet: Sheet,
        box: tuple[float, float, float, float],
        view: tuple[float, float, float, float],
        *,
        down: bool = False,
        picture: Any = None,
    ) -> None:
        from PIL import Image, ImageDraw

        self.sheet, self.box, self.view, self.down = sheet, box, view, down
        self.scale = (box[2] - box[0]) / (view[2] - view[0])
        size = (round((box[2] - box[0]) * FINE), round((box[3] - box[1]) * FINE))
        self.image = (
            Image.new("RGB", size, PAPER) if picture is None else picture.resize(size, Image.Resampling.NEAREST)
        )
        self.draw: Any = ImageDraw.Draw(self.image, "RGBA")
        self.labels: list[tuple[tuple[float, float], str, float, Colour, str]] = []

    def xy(self, x: float, y: float) -> tuple[float, float]:
        """A place in fine pixels of the panel."""
        k = self.scale * FINE
        return (x - self.view[0]) * k, ((y - self.view[1]) if self.down else (self.view[3] - y)) * k

    def area(
        self, shape: BaseGeometry, colour: Colour, *, alpha: int = 70, width: float = 2.0, dashed: bool = False
    ) -> None:
        """An area: its holes stay open."""
        from PIL import Image, ImageDraw

        if alpha:
            mask = Image.new("L", self.image.size, 0)
            pen = ImageDraw.Draw(mask)
            for part in shapely.get_parts(shape):
                pen.polygon(self._points(part.exterior), fill=alpha)
                for hole in part.interiors:
                    pen.polygon(self._points(hole), fill=0)
            self.image.paste(Image.new("RGB", self.image.size, colour), mask=mask)
        if width:
            for ring in shapely.get_parts(shapely.boundary(shape)):
                self.line(ring, colour, width=width, dashed=dashed)

    def line(self, line: BaseGeometry, colour: Colour, *, width: float = 2.0, dashed: bool = False) -> None:
        """A line or the lines of a collection."""
        for part in shapely.get_parts(line):
            _strokes(self.draw, self._points(part), colour, width, dashed=dashed)

    def dot(self, x: float, y: float, colour: Colour, *, size: float = 5.0) -> None:
        """A place."""
        px, py = self.xy(x, y)
        r = size * FINE
        self.draw.ellipse([px - r, py - r, px + r, py + r], fill=colour, outline=PAPER, width=FINE)

    def label(
        self,
        x: float,
        y: float,
        words: str,
        *,
        colour: Colour = INK,
        size: float = 15,
        anchor: str = "mm",
        off: tuple[float, float] = (0, 0),
    ) -> None:
        """Words at a place, moved by pixels."""
        px, py = self.xy(x, y)
        self.labels.append(((px / FINE + off[0], py / FINE + off[1]), words, size, colour, anchor))

    def title(self, words: str) -> None:
        """Words in the upper left corner."""
        self.labels.append(((14, 20), words, 15, INK, "lm"))

    def arrow(self, start: tuple[float, float], end: tuple[float, float], colour: Colour = INK) -> None:
        """A measure between two places, with a bar at each end."""
        (x0, y0), (x1, y1) = self.xy(*start), self.xy(*end)
        self.draw.line([x0, y0, x1, y1], fill=colour, width=2 * FINE)
        length = float(np.hypot(x1 - x0, y1 - y0)) or 1.0
        u, v = (y0 - y1) / length * 6 * FINE, (x1 - x0) / length * 6 * FINE
        for x, y in ((x0, y0), (x1, y1)):
            self.draw.line([x - u, y - v, x + u, y + v], fill=colour, width=2 * FINE)

    def scale_bar(self, metres: float, *, per_unit: float = 1.0) -> None:
        """Below on the left; ``per_unit``: metres of a unit of the plane."""
        left, base = 14 * FINE, self.image.size[1] - 16 * FINE
        wide = metres / per_unit * self.scale * FINE
        self.draw.rectangle(
            [left - 8 * FINE, base - 22 * FINE, left + wide + 8 * FINE, base + 8 * FINE], fill=(*PAPER, 215)
        )
        self.draw.line(
            [left, base - 6 * FINE, left, base, left + wide, base, left + wide, base - 6 * FINE],
            fill=INK,
            width=2 * FINE,
        )
        words = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
        self.labels.append((((left + wide / 2) / FINE, base / FINE - 12), words, 12, INK, "mm"))

    def done(self) -> None:
        """Put it on the sheet, with its labels and a frame."""
        x, y = self.box[0], self.box[1]
        self.sheet.image.paste(self.image, (round(x * FINE), round(y * FINE)))
        for (px, py), words, size, colour, anchor in self.labels:
            self.sheet.text((x + px, y + py), words, size, colour, anchor=anchor, halo=True)
        frame = [round(v * FINE) for v in self.box]
        self.sheet.draw.rectangle(frame, outline=(150, 158, 168), width=FINE)

    def _points(self, line: BaseGeometry) -> list[tuple[float, float]]:
        return [self.xy(*p[:2]) for p in shapely.get_coordinates(line)]


def _strokes(draw: Any, points: Sequence[tuple[float, float]], colour: Colour, width: float, *, dashed: bool) -> None:
    wide = max(1, round(width * FINE))
    if not dashed:
        draw.line(list(points), fill=colour, width=wide, joint="curve")
        return
    line = shapely.LineString(points)
    on, off = 9 * FINE, 6 * FINE
    for start in np.arange(0, line.length, on + off):
        piece = shapely.get_coordinates(_part(line, start, min(start + on, line.length)))
        if len(piece) > 1:
            draw.line([tuple(p) for p in piece], fill=colour, width=wide)


def _part(line: shapely.LineString, start: float, end: float) -> BaseGeometry:
    from shapely.ops import substring

    return substring(line, start, end)


_FONTS: dict[int, Any] = {}


def _font(size: float) -> Any:
    from PIL import ImageFont

    wanted = round(size)
    if wanted not in _FONTS:
        path = chinese_font()
        if path is None:
            raise RuntimeError("no font with Chinese letters: apt-get install fonts-noto-cjk")
        _FONTS[wanted] = ImageFont.truetype(path, wanted, index=2 if path.endswith("CJK-Regular.ttc") else 0)
    return _FONTS[wanted]


def view_of(shape: Any, box: tuple[float, float, float, float], margin: float) -> tuple[float, float, float, float]:
    """A view of a shape in the form of a panel, in metres, ``margin`` a share of its larger side."""
    west, south, east, north = shape.bounds
    spare = margin * max(east - west, north - south)
    ratio = (box[2] - box[0]) / (box[3] - box[1])
    wide, high = east - west + 2 * spare, north - south + 2 * spare
    wide, high = max(wide, high * ratio), max(high, wide / ratio)
    x, y = (west + east) / 2, (south + north) / 2
    return (x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)
