"""
A printed and scanned map made of a known layer: for the proof of ``benchmarks.scanned_map``, for tests, for docs.

The layer has adjoining zones, a narrow strip, an enclave, a hole, plain tints, hatching on white and hatching on
another zone's tint, and a zone cut off by the frame. The page has a frame with ticks and their figures, grid crosses,
outlines, a river, place names and a legend box. A *clean* page is what a PDF gives; a *noisy* one was printed on
yellowish paper that stretched, laid on the scanner askew, blurred, and saved as a JPEG.
"""

from __future__ import annotations

import hashlib
import io
import math
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely

from benchmarks.scanned_town import crowd
from spatial.raster.legend import Legend, LegendClass
from spatial.raster.page import Page

EPSG = 4527  # CGCS2000, 3-degree zone 39, meridian 117° E
CENTRE = (39_530_000.0, 5_480_000.0)  # about 117.4° E, 49.5° N: a made-up layer in a real zone

PAPER, INK, RIVER = (255, 255, 255), (0, 0, 0), (40, 96, 200)
NAMES = {
    "red": ("生态保护红线", "Red line"),
    "green": ("一般生态空间", "Ecological space"),
    "orange": ("重点管控单元", "Key control unit"),
    "dotted": ("水土保持区", "Soil conservation"),
    "strip": ("河岸缓冲带", "River bank strip"),
    "water": ("水源一级保护区", "Water source zone 1"),
}
COLOURS = {
    "red": ((222, 120, 120),),
    "green": ((168, 208, 141),),
    "orange": ((250, 205, 150),),
    "dotted": ((40, 110, 60), (168, 208, 141)),  # strokes on the tint of "green"
    "strip": ((150, 205, 240),),
    "water": ((60, 70, 190), (255, 255, 255)),  # strokes on white paper
}


@dataclass(frozen=True, kw_only=True)
class Truth:
    """A known layer: one MultiPolygon a class in the plane of `EPSG`, and the square it is drawn in."""

    zones: dict[str, shapely.Geometry]
    river: shapely.Geometry
    side_m: float


@dataclass(frozen=True, kw_only=True)
class Scan:
    """A scanned page, and what only its maker knows: where a place of the plane is on it."""

    page: Page
    legend: Legend
    homography: np.ndarray
    side_m: float
    pixel_m: float
    line_width_px: float

    def to_page(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        w = self.homography @ np.stack([x, y, np.ones_like(x)])
        return w[0] / w[2], w[1] / w[2]

    def crosses(self, *, sigma_px: float, seed: int, count: int = 4) -> np.ndarray:
        """Grid crosses as somebody clicks them: columns column, row, x, y."""
        at = (np.linspace(-0.48, 0.48, count)) * self.side_m
        x, y = (v.ravel() for v in np.meshgrid(CENTRE[0] + at, CENTRE[1] + at))
        column, row = self.to_page(x, y)
        noise = np.random.default_rng(seed).normal(0, sigma_px, (2, len(x)))
        return np.column_stack([column + noise[0], row + noise[1], x, y])


def _ring(rng: np.random.Generator, x: float, y: float, radius: float, *, rough: float = 0.12) -> shapely.Polygon:
    angle = np.linspace(0, 2 * np.pi, 1500, endpoint=False)
    reach = np.ones_like(angle)
    for k in range(2, 60):
        reach += rough / k**1.1 * np.cos(k * angle + rng.uniform(0, 2 * np.pi)) * rng.uniform(0.3, 1)
    return shapely.make_valid(
        shapely.Polygon(np.column_stack([x + radius * reach * np.cos(angle), y + radius * reach * np.sin(angle)]))
    )


def _wave(rng: np.random.Generator, side: float, *, offset: float) -> np.ndarray:
    at = np.linspace(-0.7, 0.7, 1500)
    across = np.full_like(at, offset)
    for k in range(1, 50):
        across += 0.05 / k**1.2 * np.sin(2 * np.pi * k * at + rng.uniform(0, 2 * np.pi)) * rng.uniform(0.3, 1)
    return np.column_stack([at, across]) * side


def known_layer(side_m: float, *, seed: int = 11, strip: float = 0.006) -> Truth:
    """A layer in a square of this side around `CENTRE`; ``strip``: width of the narrow one, as a share of the side."""
    rng = np.random.default_rng(seed)
    frame = shapely.box(-side_m / 2, -side_m / 2, side_m / 2, side_m / 2)
    land = _ring(rng, 0, 0, 0.36 * side_m)
    level, upright = _wave(rng, side_m, offset=0.02), _wave(rng, side_m, offset=-0.03)[:, ::-1]
    far = 2 * side_m
    north = shapely.Polygon([*level, (far, far), (-far, far)]).buffer(0)
    east = shapely.Polygon([*upright, (far, far), (far, -far)]).buffer(0)
    course = shapely.LineString(_wave(rng, side_m, offset=-0.16))
    strip = course.buffer(strip / 2 * side_m).intersection(frame)
    enclave = _ring(rng, -0.17 * side_m, 0.15 * side_m, 0.05 * side_m)
    hole = _ring(rng, 0.15 * side_m, 0.14 * side_m, 0.04 * side_m)
    lake = _ring(rng, 0.43 * side_m, -0.36 * side_m, 0.14 * side_m).intersection(frame)
    zones = {
        "red": (land & north) - east - enclave,
        "orange": (land & north & east) - hole,
        "green": shapely.union_all([(land - north) & east, enclave]),
        "dotted": land - north - east,
        "water": lake - land,
        "strip": strip,
    }
    apart = {name: zone if name == "strip" else zone - strip for name, zone in zones.items()}
    moved = {n: shapely.transform(_areas(z), lambda xy: xy + CENTRE) for n, z in apart.items()}
    river = shapely.LineString(_wave(rng, side_m, offset=0.27)).intersection(frame)
    return Truth(zones=moved, river=shapely.transform(river, lambda xy: xy + CENTRE), side_m=side_m)


def _areas(geometry: shapely.Geometry) -> shapely.Geometry:
    parts = [p for p in shapely.get_parts(geometry) if p.geom_type == "Polygon" and p.area > 0]
    return shapely.multipolygons(parts)


def chinese_font() -> str | None:
    """Path of a font with Chinese letters, or None (labels are ASCII then)."""
    try:
        run = subprocess.run(["fc-match", "-f", "%{file}|%{lang}", ":lang=zh-cn"], capture_output=True, text=True)  # noqa: PLW1510
        path, _, languages = run.stdout.partition("|")
        if "zh-cn" in languages and Path(path).exists():
            return path
    except OSError:
        pass
    known = (
        "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
        "C:/Windows/Fonts/msyh.ttc",
        "C:/Windows/Fonts/simsun.ttc",
    )
    return next((p for p in known if Path(p).exists()), None)


def render(
    truth: Truth,
    *,
    scale: float,
    dpi: int,
    noisy: bool,
    seed: int = 1,
    outlines: bool = True,
    quality: int = 75,
    labels: bool = True,
    crowded: bool = False,
    black_hatch: bool = False,
) -> Scan:
    """
    The layer at 1:``scale`` on a page of its own size, scanned at ``dpi``.

    ``crowded`` adds what `benchmarks.scanned_town` draws; ``black_hatch`` prints the strokes of "water" in ink, the
    colour of outlines and lettering.
    """
    from PIL import Image, ImageFilter

    colours = {**COLOURS, "water": (INK, PAPER)} if black_hatch else COLOURS
    fine = 3 if dpi <= 200 else 2  # drawn finer, then averaged: what a printer and a scanner do to edges
    mm = dpi / 25.4
    margin, foot = round(18 * mm), round(34 * mm)
    side = truth.side_m / scale * 1000 * mm
    width, height = round(side + 2 * margin), round(side + margin + foot)
    k = side / truth.side_m
    to_sheet = np.array(
        [
            [k, 0, margin - k * (CENTRE[0] - truth.side_m / 2)],
            [0, -k, margin + k * (CENTRE[1] + truth.side_m / 2)],
            [0, 0, 1],
        ]
    )
    image, box = _drawn(truth, to_sheet, (width, height), fine=fine, mm=mm, side=side, margin=margin,
                        outlines=outlines, labels=labels, crowded=crowded, colours=colours)  # fmt: skip
    frame = np.array([[0, 0], [side, 0], [side, side], [0, side]]) + margin
    whole, name = to_sheet, f"map_{dpi}dpi_{'noisy.jpg' if noisy else 'clean.png'}"
    legend_colours = {n: c for n, c in colours.items() if not truth.zones[n].is_empty}
    cast = (lambda rgb: rgb) if not noisy else _cast
    if noisy:
        rng = np.random.default_rng(seed)
        turn = math.radians(0.9)
        askew = np.array(
            [
                [1.002 * math.cos(turn), -math.sin(turn) + 0.003, 0.035 * height],
                [math.sin(turn), 0.999 * math.cos(turn), 0.012 * height],
                [0.6e-6 * 3000 / height, -0.4e-6 * 3000 / height, 1],
            ]
        )
        # PIL asks where a pixel of the result comes from, corners at whole numbers
        back = np.linalg.inv(askew)
        back /= back[2, 2]
        size = (round(width * 1.04), round(height * 1.03))
        image = image.transform(
            size, Image.Transform.PERSPECTIVE, back.ravel()[:8], Image.Resampling.BICUBIC, fillcolor=PAPER
        )
        image = image.filter(ImageFilter.GaussianBlur(0.75 * dpi / 300))
        values = _cast(np.asarray(image, dtype=np.float32)) + rng.normal(0, 6, (size[1], size[0], 3)).astype(np.float32)
        image = Image.fromarray(np.clip(values + 0.5, 0, 255).astype(np.uint8))
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality, dpi=(dpi, dpi))
        image = Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")
        whole = askew @ to_sheet
        frame, box = (_through(askew, v) for v in (frame, box))
    pixels = np.array(image)
    english = chinese_font() is None

    def seen(colours: tuple[tuple[int, int, int], ...]) -> tuple[tuple[int, int, int], ...]:
        return tuple(tuple(round(float(v)) for v in cast(np.array(c, dtype=np.float32))) for c in colours)

    legend = Legend(
        classes=tuple(
            LegendClass(name=NAMES[n][english], colours=seen(c), attributes={"code": n})
            for n, c in legend_colours.items()
        ),
        background=seen((PAPER,)),
        lines=seen((RIVER,) if black_hatch else (INK, RIVER)),
        frame=tuple(map(tuple, frame.tolist())),
        exclude=(tuple(map(tuple, box.tolist())),),
    )
    page = Page(
        pixels=pixels,
        dpi=float(dpi),
        source_name=name,
        source_sha256=hashlib.sha256(pixels.tobytes()).hexdigest(),
        page=None,
    )
    return Scan(page=page, legend=legend, homography=whole, side_m=truth.side_m, pixel_m=1 / k, line_width_px=0.25 * mm)


def _cast(rgb: np.ndarray) -> np.ndarray:
    """Yellowish paper, and inks that are not quite black."""
    return 22 + rgb * np.array([226, 222, 206], dtype=np.float32) / 255


def _through(matrix: np.ndarray, xy: np.ndarray) -> np.ndarray:
    w = matrix @ np.vstack([xy.T, np.ones(len(xy))])
    return (w[:2] / w[2]).T


def _drawn(truth, to_sheet, size, *, fine, mm, side, margin, outlines, labels, crowded, colours):
    from PIL import Image, ImageDraw
    from rasterio.features import rasterize

    grow = np.diag([fine, fine, 1.0]) @ to_sheet
    places = {n: shapely.transform(z, lambda xy: _through(grow, xy)) for n, z in truth.zones.items()}
    wide, high = size[0] * fine, size[1] * fine
    canvas = np.full((high, wide, 3), 255, dtype=np.uint8)
    unit = mm * fine
    rows, columns = np.mgrid[0:high, 0:wide].astype(np.float32)
    for name, zone in places.items():
        if zone.is_empty:
            continue
        mask = rasterize([zone], out_shape=(high, wide), dtype="uint8").view(bool)
        canvas[mask] = colours[name][-1]
        if len(colours[name]) == 2:
            canvas[mask & _strokes(name, columns, rows, unit)] = colours[name][0]
    del rows, columns
    image = Image.fromarray(canvas)
    draw = ImageDraw.Draw(image)
    thin = max(1, round(0.25 * unit))
    if outlines:
        for zone in places.values():
            for part in shapely.get_parts(shapely.boundary(zone)):
                draw.line((shapely.get_coordinates(part) - 0.5).ravel().tolist(), fill=INK, width=thin, joint="curve")
    for part in shapely.get_parts(shapely.transform(truth.river, lambda xy: _through(grow, xy))):
        draw.line((shapely.get_coordinates(part) - 0.5).ravel().tolist(), fill=RIVER, width=round(0.35 * unit))
    low, far = margin * fine - 0.5, (margin + side) * fine - 0.5
    draw.line([low, low, far, low, far, far, low, far, low, low], fill=INK, width=round(0.5 * unit))
    box = _furniture(draw, truth, places, unit=unit, low=low, far=far, labels=labels, crowded=crowded, colours=colours)
    return image.resize(size, Image.Resampling.BOX), box / fine


def _strokes(name: str, columns: np.ndarray, rows: np.ndarray, unit: float) -> np.ndarray:
    along = (columns + rows) if name == "water" else (columns - rows)
    return (along / math.sqrt(2)) % (1.4 * unit) < 0.3 * unit


def _furniture(draw, truth, places, *, unit, low, far, labels, crowded, colours):
    """Ticks, crosses, names and the legend box; gives the box's corners."""
    from PIL import ImageFont

    path = chinese_font()

    def font(size_mm: float):
        return ImageFont.truetype(path, round(size_mm * unit)) if path else ImageFont.load_default(size_mm * unit)

    index = 0 if path else 1
    if crowded:
        crowd(draw, unit=unit, low=low, far=far, ink=INK, font=font, english=bool(index))
    thin, tick = max(1, round(0.2 * unit)), 2 * unit
    for i, part in enumerate(np.linspace(0.02, 0.98, 4)):
        at = low + part * (far - low)
        east = CENTRE[0] + (part - 0.5) * truth.side_m
        draw.line([at, low - tick, at, low], fill=INK, width=thin)
        draw.line([at, far, at, far + tick], fill=INK, width=thin)
        draw.line([low - tick, at, low, at], fill=INK, width=thin)
        draw.line([far, at, far + tick, at], fill=INK, width=thin)
        draw.text((at, low - tick - 3.4 * unit), f"{east / 1000:.1f}", font=font(2.6), fill=INK, anchor="mt")
        for j in range(4):
            other = low + np.linspace(0.02, 0.98, 4)[j] * (far - low)
            draw.line([at - tick, other, at + tick, other], fill=INK, width=thin)
            draw.line([at, other - tick, at, other + tick], fill=INK, width=thin)
        north = CENTRE[1] + (0.5 - part) * truth.side_m
        draw.text((low - tick - 0.5 * unit, at), f"{north / 1000:.0f}", font=font(2.4), fill=INK, anchor="rm")
        del i
    title = ("某市生态环境分区管控图（示意，虚构数据）", "Zoning map (made-up data)")[index]
    draw.text(((low + far) / 2, low - 14.5 * unit), title, font=font(6), fill=INK, anchor="mt")
    # the legend stands inside the frame, as it mostly does
    wide, step = min(52 * unit, (far - low) * 0.42), 6.2 * unit
    high = step * (len(places) + 1)
    box = np.array([[low, far - high], [low + wide, far - high], [low + wide, far], [low, far]])
    draw.rectangle([low, far - high, low + wide, far], fill=PAPER, outline=INK, width=max(1, round(0.3 * unit)))
    draw.text(
        (low + wide / 2, far - high + 1.2 * unit), ("图 例", "Legend")[index], font=font(3.6), fill=INK, anchor="mt"
    )
    for number, name in enumerate(places, start=1):
        top = far - high + step * number + 0.6 * unit
        left = low + 3 * unit
        swatch = [left, top, left + 9 * unit, top + 4.4 * unit]
        draw.rectangle(swatch, fill=colours[name][-1])
        if len(colours[name]) == 2:
            for at in np.arange(left, left + 9 * unit, 2 * unit):
                draw.line([at, top + 4.4 * unit, min(at + 2 * unit, left + 9 * unit), top], fill=colours[name][0],
                          width=max(1, round(0.3 * unit)))  # fmt: skip
        draw.rectangle(swatch, outline=INK, width=thin)
        draw.text((left + 11 * unit, top + 2.2 * unit), NAMES[name][index], font=font(3.2), fill=INK, anchor="lm")
    if labels:
        for name, zone in places.items():
            for part in shapely.get_parts(zone):
                if name == "strip" or part.area < (14 * unit) ** 2:
                    continue
                spot = part.representative_point()
                draw.text((spot.x, spot.y), NAMES[name][index], font=font(4), fill=INK, anchor="mm")
        villages = ("东庙村", "乌兰图嘎", "红旗镇", "三道沟", "白音塔拉", "新开河")
        english = ("Dongmiao", "Ulan", "Hongqi", "Sandaogou", "Bayan", "Xinkai")
        rng = np.random.default_rng(5)
        for number, spot in enumerate(rng.uniform(0.08, 0.92, (18, 2))):
            x, y = low + spot * (far - low)
            draw.ellipse([x - 0.5 * unit, y - 0.5 * unit, x + 0.5 * unit, y + 0.5 * unit], fill=INK)
            draw.text((x + 1 * unit, y), (villages, english)[index][number % 6], font=font(2.8), fill=INK, anchor="lm")
    return box + 0.5
