"""
The scanned page of the tutorial: the made-up units of the demo, drawn inside the real outline of 满洲里 as plans are.

Printed in the 3-degree zone of its place at 1:250,000, on yellowish paper, laid on the scanner askew, blurred, and
saved as a JPEG. The page says itself that nothing on it is real.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from apps.demo.content import COVERAGE, demo_layers
from benchmarks.scanned_page import chinese_font
from spatial.boundaries import union
from spatial.crs import from_geographic
from spatial.systems import identify

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    Floats = NDArray[np.float64]

__all__ = ["BAD_POINT", "CLASSES", "DPI", "EPSG", "SCALE", "Scan", "city_outline", "scan", "truth"]

EPSG = 4527
"""The 3-degree zone the page is drawn in."""
DPI, SCALE = 200, 250_000
WEST, SOUTH, EAST, NORTH = 117 + 10 / 60, 49.25, 117 + 55 / 60, 49 + 40 / 60
"""The neatline: whole minutes."""
CROSSES = ([117 + m / 60 for m in (20, 30, 40, 50)], [49 + m / 60 for m in (20, 25, 30, 35)])
BAD_POINT = "P10"
"""Its longitude is written down half a minute too large."""
WRONG_MINUTES = 0.5
HIDDEN = ((117 + 20 / 60, 49 + 20 / 60),)
"""Crosses that the legend box hides."""
MARGIN_MM, TITLE_MM, LEGEND_MM = 15.0, 19.0, (60.0, 44.0)
INK, PAPER = (20, 20, 20), (255, 255, 255)
CLASSES = {
    "生态保护红线": (214, 112, 104),
    "优先保护单元": (160, 205, 140),
    "重点管控单元": (190, 176, 214),
    "一般管控单元": (250, 236, 170),
}
ENGLISH = {
    "生态保护红线": "Red line",
    "优先保护单元": "Priority unit",
    "重点管控单元": "Key unit",
    "一般管控单元": "General unit",
}


@dataclass(frozen=True, kw_only=True)
class Scan:
    """The page as bytes, and what a careful person reads off it."""

    jpeg: bytes
    points: tuple[tuple[str, float, float, float, float], ...]
    """Id, column, row, longitude, latitude of the corners and crosses, as somebody clicked them."""
    frame: tuple[tuple[float, float], ...]
    legend_box: tuple[tuple[float, float], ...]
    to_page: NDArray[np.float64]
    """From metres of `EPSG` to pixels, a homography."""


def city_outline() -> BaseGeometry:
    """Outline of the city, EPSG:4490."""
    outline: BaseGeometry = union(COVERAGE).geometry
    return outline


def truth() -> dict[str, BaseGeometry]:
    """What is printed, EPSG:4490: the areas of each class; red lines lie inside priority units."""
    layers = {layer.kind: layer for layer in demo_layers(city_outline())}
    red = shapely.union_all([shape for shape, _ in layers["red_lines"].features[:2]])
    classes: dict[str, BaseGeometry] = {"生态保护红线": red}
    for name in list(CLASSES)[1:]:
        own = [shape for shape, row in layers["control_units"].features if row["管控单元分类"] == name]
        classes[name] = shapely.difference(shapely.union_all(own), red, grid_size=1e-7)
    return classes


def scan() -> Scan:
    """Print and scan it."""
    from PIL import Image, ImageFilter

    mm = DPI / 25.4
    corners = _plane(np.array([(WEST, NORTH), (EAST, NORTH), (EAST, SOUTH), (WEST, SOUTH)]))
    k = 1000 * mm / SCALE
    west, north = corners[:, 0].min(), corners[:, 1].max()
    size_m = np.ptp(corners, axis=0)
    to_sheet = np.array([[k, 0, MARGIN_MM * mm - k * west], [0, -k, TITLE_MM * mm + k * north], [0, 0, 1]])
    width, height = np.round(size_m * k + np.array([2 * MARGIN_MM, TITLE_MM + MARGIN_MM]) * mm).astype(int)
    frame = _through(to_sheet, corners)
    box = np.array([(0, -LEGEND_MM[1]), (LEGEND_MM[0], -LEGEND_MM[1]), (LEGEND_MM[0], 0), (0, 0)]) * mm + frame[3]
    sheet = _drawn(to_sheet, (int(width), int(height)), mm=mm, frame=frame, box=box)
    turn = math.radians(-0.7)
    askew = np.array(
        [
            [1.0015 * math.cos(turn), -math.sin(turn) + 0.002, 0.004 * width],
            [math.sin(turn), 0.9985 * math.cos(turn), 0.016 * width],
            [1.2e-6, -0.8e-6, 1],
        ]
    )
    back = np.linalg.inv(askew)
    back /= back[2, 2]
    size = (int(width * 1.02), int(height * 1.02))
    sheet = sheet.transform(
        size, Image.Transform.PERSPECTIVE, tuple(back.ravel()[:8]), Image.Resampling.BICUBIC, fillcolor=PAPER
    )
    sheet = sheet.filter(ImageFilter.GaussianBlur(0.55))
    rng = np.random.default_rng(20261122)
    paper = 18 + np.asarray(sheet, np.float32) * np.array([230, 227, 214], np.float32) / 255
    seen = np.clip(paper + rng.normal(0, 4, paper.shape).astype(np.float32) + 0.5, 0, 255).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(seen).save(stream, "JPEG", quality=82, dpi=(DPI, DPI))
    whole = askew @ to_sheet
    inward = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)]) * 0.7 * mm  # inside the neatline, outside the legend's line
    return Scan(
        jpeg=stream.getvalue(),
        points=tuple(_clicked(whole, rng)),
        frame=_pairs(_through(askew, frame + inward)),
        legend_box=_pairs(_through(askew, box - inward)),
        to_page=whole,
    )


def _clicked(whole: Floats, rng: np.random.Generator) -> list[tuple[str, float, float, float, float]]:
    """Corners and crosses to within a pixel or so, one of them written down wrong."""
    places = [(WEST, NORTH), (EAST, NORTH), (EAST, SOUTH), (WEST, SOUTH)]
    places += [(x, y) for y in CROSSES[1][::-1] for x in CROSSES[0] if (x, y) not in HIDDEN]
    pixels = _through(whole, _plane(np.array(places))) + rng.normal(0, 0.6, (len(places), 2))
    return [
        (f"P{n}", round(float(c), 1), round(float(r), 1), x, y)
        for n, ((x, y), (c, r)) in enumerate(zip(places, pixels, strict=True), start=1)
    ]


def _plane(degrees: Floats) -> Floats:
    return np.asarray(shapely.get_coordinates(from_geographic(shapely.points(degrees), identify(EPSG))), np.float64)


def _through(matrix: Floats, xy: Floats) -> Floats:
    w = matrix @ np.vstack([np.asarray(xy).T, np.ones(len(xy))])
    return np.asarray((w[:2] / w[2]).T, np.float64)


def _pairs(xy: Floats) -> tuple[tuple[float, float], ...]:
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in xy)


def _drawn(to_sheet: Floats, size: tuple[int, int], *, mm: float, frame: Floats, box: Floats) -> Any:
    """The sheet, drawn twice as fine and averaged: what a printer and a scanner do to edges."""
    from PIL import Image, ImageDraw
    from rasterio.features import rasterize

    fine = 2
    unit = mm * fine
    grow = np.diag([fine, fine, 1.0]) @ to_sheet

    def on_sheet(shape: BaseGeometry) -> BaseGeometry:
        projected = from_geographic([shape], identify(EPSG))[0]
        drawn: BaseGeometry = shapely.transform(projected, lambda xy: _through(grow, xy))
        return drawn

    wide, high = size[0] * fine, size[1] * fine
    canvas = np.full((high, wide, 3), 255, np.uint8)
    shapes = {name: on_sheet(shape) for name, shape in truth().items()}
    for name, shape in shapes.items():
        mask = rasterize([shape], out_shape=(high, wide), dtype="uint8").view(bool)
        canvas[mask] = CLASSES[name]
    image = Image.fromarray(canvas)
    draw = ImageDraw.Draw(image)
    for shape in shapes.values():
        for part in shapely.get_parts(shapely.boundary(shape)):
            _line(draw, part, INK, 0.22 * unit)
    _furniture(draw, grow, unit=unit, frame=frame * fine, box=box * fine)
    return image.resize(size, Image.Resampling.BOX)


def _line(draw: Any, line: BaseGeometry, ink: tuple[int, int, int], width: float) -> None:
    draw.line(
        (shapely.get_coordinates(line) - 0.5).ravel().tolist(), fill=ink, width=max(1, round(width)), joint="curve"
    )


def _furniture(draw: Any, grow: Floats, *, unit: float, frame: Floats, box: Floats) -> None:
    """Neatline, figures, crosses, title, labels, the legend box."""
    from PIL import ImageFont

    path = chinese_font()

    def font(size_mm: float) -> Any:
        return ImageFont.truetype(path, round(size_mm * unit)) if path else ImageFont.load_default(size_mm * unit)

    def text(x: float, y: float, words: str, size_mm: float, anchor: str = "mm") -> None:
        draw.text((x, y), words, font=font(size_mm), fill=INK, anchor=anchor)

    def chosen(zh: str, en: str) -> str:
        return zh if path else en

    draw.line([*frame.ravel().tolist(), *frame[0].tolist(), *frame[1].tolist()], fill=INK, width=round(0.5 * unit))
    for lon in (WEST, *CROSSES[0], EAST):
        x, y = _through(grow, _plane(np.array([(lon, NORTH)])))[0]
        draw.line([x, y, x, y - 1.6 * unit], fill=INK, width=round(0.2 * unit))
        text(x, y - 2.2 * unit, _minutes(lon), 2.7, "ms")
    for lat in (SOUTH, *CROSSES[1], NORTH):
        x, y = _through(grow, _plane(np.array([(WEST, lat)])))[0]
        draw.line([x, y, x - 1.6 * unit, y], fill=INK, width=round(0.2 * unit))
        text(x - 2 * unit, y, _minutes(lat), 2.5, "rm")
    for lon in CROSSES[0]:
        for lat in CROSSES[1]:
            x, y = _through(grow, _plane(np.array([(lon, lat)])))[0]
            draw.line([x - 2 * unit, y, x + 2 * unit, y], fill=INK, width=round(0.2 * unit))
            draw.line([x, y - 2 * unit, x, y + 2 * unit], fill=INK, width=round(0.2 * unit))
    text(
        frame[:, 0].mean(),
        5.6 * unit,
        chosen("满洲里市生态环境管控单元图（合成示例）", "Control units (made-up data)"),
        6.2,
    )
    for lon, lat, zh, en in (
        (117.70, 49.36, "南部草原", "South steppe"),
        (117.315, 49.617, "西北丘陵", "Hills"),
        (117.45, 49.60, "城 区", "Town"),
        (117.70, 49.497, "工业区", "Works"),
        (117.54, 49.548, "某 镇", "Village"),
    ):
        x, y = _through(grow, _plane(np.array([(lon, lat)])))[0]
        text(x, y, chosen(zh, en), 3.4)
    draw.polygon([tuple(p) for p in box], fill=PAPER, outline=INK, width=round(0.3 * unit))
    left, top = box[0]
    text(left + LEGEND_MM[0] * unit / 2, top + 4.2 * unit, chosen("图　例", "Legend"), 3.8)
    for number, (name, colour) in enumerate(CLASSES.items()):
        y = top + (9 + 7.2 * number) * unit
        swatch = [left + 4 * unit, y, left + 15 * unit, y + 5 * unit]
        draw.rectangle(swatch, fill=colour)
        draw.rectangle(swatch, outline=INK, width=max(1, round(0.2 * unit)))
        text(left + 18 * unit, y + 2.5 * unit, chosen(name, ENGLISH[name]), 3.4, "lm")
    note = chosen("1∶250 000　虚构数据，不代表真实管控边界", "1:250,000  made-up data, no real boundary")
    text(frame[2][0], frame[2][1] + 4 * unit, note, 2.9, "rm")


def _minutes(degrees: float) -> str:
    whole, minutes = divmod(round(degrees * 60), 60)
    return f"{whole}°{minutes:02d}′"
