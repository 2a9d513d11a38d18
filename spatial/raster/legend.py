"""
What the colours of a scanned map mean: a legend file, and help to write one.

A legend names for each class the colours its areas are printed in, with the attributes its polygons get; the colours of
ground that belongs to none (``background``); the colours of lines and lettering, which mean no area (``lines``);
and where on the page the map is (``frame``, without ``exclude``), in pixels: x right, y down, the centre of the first
pixel at 0.5, 0.5.

TOML (JSON has the same keys)::

    background = ["#ffffff"]
    lines = ["#000000"]
    frame = [[212, 190], [2210, 205], [2198, 3010], [200, 2995]]
    exclude = [[[1700, 2500], [2190, 2500], [2190, 2990], [1700, 2990]]]   # the legend box

    [[class]]
    name = "生态保护红线"
    colours = ["#c03030"]
    [[class]]
    name = "一级保护区"
    colours = ["#2050b0", "#ffffff"]   # blue hatching on white
    zone = "一级"

CSV has a row a class (``name``/``名称``, ``colours``/``颜色``, each further column an attribute); rows of the name
``background``/``背景`` and ``lines``/``线划`` give those colours; there the frame is given apart.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spatial.errors import LegendError, SourceNotFoundError
from spatial.raster.colour import colour_of, hexadecimal, lab

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spatial.raster.colour import Colour
    from spatial.raster.page import Page

__all__ = ["ColourShare", "Legend", "LegendClass", "Ring", "read_legend", "suggest_legend"]

Ring = tuple[tuple[float, float], ...]
"""Corners of an area of the page in pixels."""

MAX_CLASSES = 200
TOLERANCE = 14.0
"""How far (CIELAB, ΔE*ab) a pixel may be from a colour of the legend to be taken for it."""

_LARGEST = 1_000_000  # bytes of a legend file
_STROKE = 40  # levels that a stroke is darker than what is around it
_APART = 18.0  # ΔE*ab of a stroke's colour from others and from their blends: JPEG keeps half of its colour
_BACKGROUND, _LINES = ("background", "背景", "底色", "无"), ("lines", "line", "线划", "线", "注记")
_NAMES, _COLOURS = ("name", "名称", "类别", "图例"), ("colours", "colour", "colors", "color", "颜色", "色值")
_RESERVED = {"colours", "colour", "colors", "color", "name"}


@dataclass(frozen=True, kw_only=True)
class LegendClass:
    """
    One entry of a legend.

    Parameters
    ----------
    name
        As printed; the ``name`` of its polygons unless the attributes give one.
    colours
        Every colour seen inside its areas: one of a plain tint; of hatching the strokes first, then the ground.
        A colour may stand in several entries (hatching on white beside white ground): the pattern then decides.
    attributes
        Columns of its polygons.
    """

    name: str
    colours: tuple[Colour, ...]
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Legend:
    """
    What the colours of a map mean, and where on the page the map is.

    Parameters
    ----------
    classes
        In the order of the file.
    background
        Ground that belongs to no class.
    lines
        Boundaries, rivers, roads, lettering: no area; what lies under them is filled from beside them.
    tolerance
        Largest ΔE*ab between a pixel and the colour it is taken for.
    frame
        The map's neatline in pixels; None: the whole page is map.
    exclude
        Areas inside the frame that are no map (legend box, inset, title): nothing is known there.

    Raises
    ------
    LegendError
        If it has no class, a class without a colour, two entries that cannot be told apart, or a bad ring.

    Examples
    --------
    >>> legend = Legend(classes=(LegendClass(name="红线", colours=((192, 48, 48),)),))
    >>> legend.background, legend.shared((255, 255, 255))
    (((255, 255, 255),), False)
    """

    classes: tuple[LegendClass, ...]
    background: tuple[Colour, ...] = ((255, 255, 255),)
    lines: tuple[Colour, ...] = ((0, 0, 0),)
    tolerance: float = TOLERANCE
    frame: Ring | None = None
    exclude: tuple[Ring, ...] = ()
    source_name: str = "legend"

    def __post_init__(self) -> None:
        """Refuse what could not be told apart on any page."""
        if not self.classes or len(self.classes) > MAX_CLASSES:
            raise LegendError(
                file=self.source_name,
                entry="",
                detail=f"it has {len(self.classes)} classes; 1 to {MAX_CLASSES} are needed",
            )
        if not 0 < self.tolerance <= 100:
            raise self._refused("", f"tolerance {self.tolerance:g} is not above 0 and at most 100")
        for entry in self.classes:
            if not entry.colours:
                raise self._refused(entry.name, "it has no colour; give one as #rrggbb")
        named = [(entry.name, entry.colours) for entry in self.classes] + [("background", self.background)]
        for (first, some), (second, others) in itertools.combinations(named, 2):
            if set(some) == set(others):
                raise self._refused(first, f"it has the same colours as {second}; no pixel could tell them apart")
        for entry in self.classes:
            for colour in set(entry.colours) & set(self.lines):
                raise self._refused(
                    entry.name, f"its colour {hexadecimal(colour)} is listed under lines, too; keep it in one of them"
                )
        for ring in (*((self.frame,) if self.frame else ()), *self.exclude):
            if len(ring) < 3 or not np.isfinite(np.asarray(ring, dtype=float)).all():
                raise self._refused("frame", "an area needs three corners or more, each [column, row] in pixels")

    def _refused(self, entry: str, detail: str) -> LegendError:
        return LegendError(file=self.source_name, entry=entry, detail=detail)

    def shared(self, colour: Colour) -> bool:
        """Whether the colour stands in more than one entry, the background counted as one."""
        return sum(colour in entry.colours for entry in self.classes) + (colour in self.background) > 1

    def framed(self, frame: Ring | None, exclude: tuple[Ring, ...] = ()) -> Legend:
        """The same legend for a page whose map lies elsewhere."""
        return replace(self, frame=frame, exclude=exclude)


@dataclass(frozen=True, kw_only=True)
class ColourShare:
    """
    A main colour of a page.

    Parameters
    ----------
    colour
        ``#rrggbb``.
    share
        Of all pixels.
    strokes
        Whether it is one of lines, lettering or hatching, not of even ground.
    """

    colour: str
    share: float
    strokes: bool = False


def read_legend(path: str | Path) -> Legend:
    """
    A legend out of TOML, JSON or CSV (UTF-8, with or without a mark, or GBK).

    Parameters
    ----------
    path
        The file; see the module for its keys.

    Raises
    ------
    SourceNotFoundError
        There is no such file.
    LegendError
        If the file cannot be read or parsed, a colour is none, or the legend contradicts itself; it names the entry.
    """
    path = Path(path)
    if not path.is_file():
        remedy = "Give the path of a file on this machine; addresses are not opened"
        raise SourceNotFoundError(file=str(path), code="not_found", detail="there is no such file", remedy=remedy)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LegendError(file=path.name, entry="", detail=f"it cannot be read ({error.strerror})") from error
    if len(data) > _LARGEST:
        raise LegendError(file=path.name, entry="", detail="it is larger than 1 MB, which no legend is")
    text = _decoded(path.name, data)
    try:
        if path.suffix.lower() == ".json":
            stated = json.loads(text)
        elif path.suffix.lower() == ".csv":
            stated = _of_table(path.name, text)
        else:
            stated = tomllib.loads(text)
    except (ValueError, RecursionError, csv.Error) as error:
        if isinstance(error, LegendError):
            raise
        raise LegendError(file=path.name, entry="", detail=f"it cannot be parsed: {error}") from error
    if not isinstance(stated, dict):
        raise LegendError(file=path.name, entry="", detail="it holds no keys")
    return _of_keys(path.name, stated)


def _decoded(name: str, data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise LegendError(file=name, entry="", detail="its text is neither UTF-8 nor GBK; save it as UTF-8")


def _of_keys(name: str, stated: dict[str, Any]) -> Legend:
    known = {"background", "lines", "tolerance", "frame", "exclude", "class"}
    if unknown := sorted(set(stated) - known):
        raise LegendError(file=name, entry=unknown[0], detail=f"no such key; there are {', '.join(sorted(known))}")
    entries = stated.get("class", [])
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise LegendError(file=name, entry="class", detail="each class is a table [[class]] of its own")
    classes = []
    for number, entry in enumerate(entries, start=1):
        given = next((entry[k] for k in ("colours", "colour", "colors", "color") if k in entry), None)
        called = str(entry.get("name", "") or "").strip()
        if not called:
            raise LegendError(file=name, entry=f"class {number}", detail="it has no name")
        rest = {k: v for k, v in entry.items() if k not in _RESERVED}
        if bad := [k for k, v in rest.items() if not isinstance(v, str | int | float | bool)]:
            raise LegendError(file=name, entry=called, detail=f"{bad[0]} is neither text nor a number")
        classes.append(LegendClass(name=called, colours=_colours(name, called, given), attributes=rest))
    tolerance = stated.get("tolerance", TOLERANCE)
    if isinstance(tolerance, bool) or not isinstance(tolerance, int | float):
        raise LegendError(file=name, entry="tolerance", detail="it is no number")
    exclude = stated.get("exclude") or []
    return Legend(
        classes=tuple(classes),
        background=_colours(name, "background", stated.get("background", ["#ffffff"])),
        lines=_colours(name, "lines", stated.get("lines", ["#000000"])),
        tolerance=float(tolerance),
        frame=_ring(name, "frame", stated["frame"]) if stated.get("frame") else None,
        exclude=tuple(_ring(name, "exclude", ring) for ring in exclude),
        source_name=name,
    )


def _colours(name: str, entry: str, given: Any) -> tuple[Colour, ...]:
    texts = re.split(r"[\s;；,，/、]+", given.strip()) if isinstance(given, str) else given
    if not isinstance(texts, list):
        raise LegendError(file=name, entry=entry, detail="its colours are missing; give them as #rrggbb")
    try:
        return tuple(dict.fromkeys(colour_of(text) for text in texts if text != ""))
    except (ValueError, TypeError) as error:
        raise LegendError(file=name, entry=entry, detail=str(error)) from error


def _ring(name: str, entry: str, given: Any) -> Ring:
    try:
        return tuple((float(column), float(row)) for column, row in given)
    except (TypeError, ValueError) as error:
        detail = "its corners are not pairs [column, row] of pixels"
        raise LegendError(file=name, entry=entry, detail=detail) from error


def _of_table(name: str, text: str) -> dict[str, Any]:
    rows = list(csv.DictReader(io.StringIO(text), strict=True))
    header = [h for h in (rows[0] if rows else {}) if isinstance(h, str)]
    called = next((h for h in header if h.strip().lower() in _NAMES), None)
    coloured = next((h for h in header if h.strip().lower() in _COLOURS), None)
    if called is None or coloured is None:
        raise LegendError(file=name, entry="", detail="its header needs the columns name (名称) and colours (颜色)")
    stated: dict[str, Any] = {"class": []}
    for row in rows:
        label, colours = (row[called] or "").strip(), row[coloured] or ""
        if label.lower() in _BACKGROUND:
            stated["background"] = f"{stated.get('background', '')} {colours}"
        elif label.lower() in _LINES:
            stated["lines"] = f"{stated.get('lines', '')} {colours}"
        elif label or colours.strip():
            rest = {h: v for h in header if h not in (called, coloured) and (v := (row[h] or "").strip())}
            stated["class"].append({**rest, "name": label, "colours": colours})
    return stated


def suggest_legend(page: Page, *, count: int = 16, least_share: float = 0.0005) -> tuple[ColourShare, ...]:
    """
    The main colours of a page: what a legend file is written from.

    Those of even ground, the largest share first, then those of strokes, marked as such: lines, lettering, hatching.
    Pixels on edges are left out, and blends; colours of ground closer than ΔE*ab 8 are one, those of strokes closer
    than 18. Strokes are thin, so on a scan they are paler than printed: take their colour from an enlarged view.

    Parameters
    ----------
    page
        As read.
    count, least_share
        At most so many of ground, each with at least this share; a quarter as many of strokes, with a fifth of it.
    """
    from PIL import Image, ImageFilter

    image = Image.fromarray(page.pixels).filter(ImageFilter.MedianFilter(3))
    even = np.asarray(image)
    spread = np.asarray(image.filter(ImageFilter.MaxFilter(3))).astype(np.int16) - np.asarray(
        image.filter(ImageFilter.MinFilter(3))
    )
    flat = spread.max(axis=2) <= 24
    least = least_share * flat.size
    grounds = _peaks(even[flat], count=count, least=least, merged=8)
    grey = Image.fromarray(page.pixels).convert("L")
    dark = np.asarray(grey).astype(np.int16)
    darkest, lightest = (np.asarray(grey.filter(f)) for f in (ImageFilter.MinFilter(3), ImageFilter.MaxFilter(5)))
    middle = (dark <= darkest.astype(np.int16) + 2) & (lightest - dark > _STROKE)  # of a stroke, not its edge
    base = np.array([c for c, _ in grounds], dtype=float).reshape(-1, 3)
    strokes = _peaks(page.pixels[middle], count=max(1, count // 4), least=least / 5, merged=_APART, grounds=base)
    return tuple(
        ColourShare(
            colour=hexadecimal((round(float(c[0])), round(float(c[1])), round(float(c[2])))),
            share=pixels / flat.size,
            strokes=thin,
        )
        for found, thin in ((grounds, False), (strokes, True))
        for c, pixels in sorted(found, key=lambda f: -f[1])
    )


def _peaks(
    pixels: NDArray[np.uint8], *, count: int, least: float, merged: float, grounds: NDArray[np.float64] | None = None
) -> list[tuple[NDArray[np.float64], float]]:
    """Mean colour and pixels of the most frequent colours; with ``grounds`` without these and blends with them."""
    if not len(pixels):
        return []
    cells = (pixels.astype(np.uint32) >> 3) @ np.array([1 << 10, 1 << 5, 1], dtype=np.uint32)
    order, inverse, counts = np.unique(cells, return_inverse=True, return_counts=True)
    means = np.column_stack([np.bincount(inverse, pixels[:, band], len(order)) for band in range(3)]) / counts[:, None]
    left, colours = counts.astype(np.int64), lab(means)
    found: list[tuple[NDArray[np.float64], float]] = []

    def close_to(others: NDArray[np.float64]) -> NDArray[np.bool_]:
        nearest: NDArray[np.float64] = np.min(
            np.linalg.norm(colours[:, None] - lab(others)[None], axis=-1), axis=1, initial=np.inf
        )
        return nearest < merged

    part = np.linspace(0, 1, 11)[:, None, None]
    if grounds is not None:
        pairs = grounds[None] * part[..., None] + grounds[:, None] * (1 - part[..., None])
        left[close_to(pairs.reshape(-1, 3))] = 0
    while len(found) < count and left.any():
        peak = int(np.argmax(left))
        near = (np.linalg.norm(colours - colours[peak], axis=1) < merged) & (left > 0)
        pixels_near = float(left[near].sum())
        mean = np.average(means[near], axis=0, weights=left[near])
        left[near] = 0
        if pixels_near >= least:
            found.append((mean, pixels_near))
        if grounds is not None:
            left[close_to((grounds * part + mean * (1 - part)).reshape(-1, 3))] = 0
    return found
