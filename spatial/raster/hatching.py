"""
Hatching: strokes that stand closer than their own gap, and the ground between them, as areas.

A lone line of the strokes' colour is no area. Where an outline is drawn, the ground between it and the last stroke
belongs to the hatching; without one the area ends with its strokes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spatial.raster.colour import lab
from spatial.raster.gratings import gratings, regularity
from spatial.raster.masks import large, near
from spatial.raster.palette import BLENDS, colours_of, nearest_group

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spatial.raster.colour import Colour
    from spatial.raster.gratings import Grating

    Mask = NDArray[np.bool_]

__all__ = ["Hatching", "hatched", "is_inky", "outlined", "stroked"]

_REGULAR, _DOUBTFUL = 0.5, 0.25
"""Regularity (`spatial.raster.gratings`) of hatching, and below which there is none. Measured at 150 and 300 dpi, clean
and as JPEG: strokes 0.6 to 0.9 and, under names and roads, 0.25 or more; names, blocks, roads, and scale bars under 0.25
for 99 % of their pixels."""
_ACROSS, _ALONG = 2.5, 1.5  # periods that an area's strokes reach over at least
_SECOND = 0.1  # of the first pattern's weight: what a second one needs to count
_GREY = 15.0  # chroma


@dataclass(frozen=True, kw_only=True)
class Hatching:
    """
    Where a page is hatched.

    Parameters
    ----------
    area
        Hatched ground, strokes included.
    undecided
        Strokes as dense as hatching whose pattern is not that of the area, or reaches over too few strokes to tell.
    gap
        Between strokes, pixels; None without any.
    """

    area: Mask
    undecided: Mask
    gap: float | None


def is_inky(strokes: list[Colour], lines: tuple[Colour, ...], tolerance: float) -> bool:
    """Whether strokes of these colours are not told from lettering and outlines by colour: grey ones, and the lines'."""
    if not strokes:
        return False
    colours = lab(strokes)
    grey = np.hypot(colours[:, 1], colours[:, 2]) < _GREY
    if not lines:
        return bool(grey.any())
    return bool(grey.any() or (np.linalg.norm(colours[:, None] - lab(lines)[None], axis=-1) <= tolerance).any())


def stroked(
    pixels: NDArray[np.uint8],
    mean: NDArray[np.uint8],
    strokes: list[Colour],
    ground: list[Colour],
    *,
    rivals: tuple[Colour, ...],
    tolerance: float,
    tints: tuple[Colour, ...] = (),
) -> Mask:
    """
    Pixels of strokes on a ground: nearer to the stroke's colour than to the ground's, and blends of the two on average.

    Fine strokes keep their colour on average only: JPEG stores colour (not brightness) for every second pixel. Where
    the average is nearer to a blend of a rival (ink) with the ground or with another tint, it is lettering.
    """
    found = np.zeros(pixels.shape[:2], dtype=bool)
    values = pixels.astype(np.int16)
    shares = np.linspace(0.1, 1.0, BLENDS)[:, None]
    for stroke in strokes:
        for base in ground:
            way = np.array(stroke, dtype=np.float32) - np.array(base, dtype=np.float32)
            part = ((values - np.array(base, dtype=np.int16)) @ way) / float(way @ way)
            pairs = [(base, stroke), *((under, over) for over in rivals for under in (base, *tints) if under != over)]
            blends = np.concatenate(
                [np.array(under) + shares * (np.array(over) - np.array(under)) for under, over in pairs]
            )
            # several hundred blends: only whether the first ones win matters
            table = nearest_group(blends, BLENDS, tolerance)
            found |= (part > 0.35) & (colours_of(mean, table) == 0)
    return found


def hatched(  # noqa: PLR0917
    strokes: Mask, ground: Mask, even_ground: Mask, foreign: Mask, *, dpi: float, inky: bool
) -> Hatching:
    """
    Areas of hatching: strokes as regular as the page's most regular pattern of them, over several gaps both ways.

    Parameters
    ----------
    strokes, ground, even_ground
        Pixels of the strokes' colour, of the ground's, and of the ground's once noise is smoothed.
    foreign
        Decided pixels of what holds neither: hatching is not joined across them.
    dpi
        Of the page.
    inky
        Lettering and outlines are among the strokes: those without any regularity are left out. Otherwise every dense
        group of strokes that is not hatching is undecided.
    """
    from scipy import ndimage

    strokes = large(strokes, 6)
    none = np.zeros_like(strokes)
    found = gratings(strokes, dpi=dpi)
    if not found:
        gap = None if inky or not strokes.any() else _gap(strokes)
        return Hatching(area=none, undecided=none if gap is None else _joined(strokes, foreign, gap), gap=None)
    first, *others = found
    main = regularity(strokes, first)
    most, both = main.copy(), np.maximum(main, 0) ** 2
    for other in others:
        if other.weight >= _SECOND * first.weight:
            here = regularity(strokes, other)
            most = np.maximum(most, here)
            both += np.maximum(here, 0) ** 2  # strokes that cross share their pixels between two patterns
    regular = strokes & (np.sqrt(both) >= _REGULAR) & (main >= 0.5 * _REGULAR)
    gap = _gap(regular) if regular.any() else None
    scale = gap or 0.7 * first.period
    dense = _joined(strokes, foreign, scale)
    area = none if gap is None else _joined(regular, foreign, gap)
    area, few = _wide(area, regular, first)
    rest = dense & ~area
    pieces, count = ndimage.label(rest)
    if count and area.any():
        # what is shut in by hatching (a name printed over it) is hatched, too
        rim = near(area, 1)
        open_ = np.unique(pieces[near(~(dense | rim), 1) & rest])
        shut = np.ones(count + 1, dtype=bool)
        shut[open_] = False
        shut[0] = False
        area |= shut[pieces]
        rest &= ~area
    # elsewhere strokes must be dense by themselves: an outline beside hatching is a lone line
    odd = _joined(strokes & ~regular & ~area, foreign, scale)
    rest &= ndimage.distance_transform_edt(~odd) <= 1.5 * scale if odd.any() else False
    rest |= few
    if inky and rest.any():
        doubtful = strokes & (most >= _DOUBTFUL)
        beside = near(area, math.ceil(2 * first.period)) if area.any() else area
        rest &= near(doubtful, math.ceil(0.5 * first.period)) | beside | few
    if area.any():
        area = _to_outline(area, ground & ~rest, even_ground, scale)
    return Hatching(area=area, undecided=rest & ~area, gap=gap if area.any() else None)


def _joined(strokes: Mask, foreign: Mask, gap: float) -> Mask:
    """Strokes and the gaps between them, where they are at least as wide as a gap; a lone line is none."""
    from scipy import ndimage

    area = np.zeros_like(strokes)
    if not strokes.any():
        return area
    margin = math.ceil(3 * gap) + 2
    box = _box(strokes, margin)
    radius = 1.5 * gap
    here = np.pad(strokes[box], margin)
    joined = ndimage.distance_transform_edt(~here) <= radius
    joined = (ndimage.distance_transform_edt(joined) > radius) | here  # closed: strokes and the gaps between
    joined &= ~np.pad(foreign[box], margin)
    # a lone line stays as thin as it is: areas are what holds a disc of the gap's size
    thick = ndimage.distance_transform_edt(joined) > 0.75 * gap
    joined &= ndimage.distance_transform_edt(~thick) <= 1.75 * gap if thick.any() else False
    area[box] = joined[margin:-margin, margin:-margin]
    return area


def _box(mask: Mask, margin: int) -> tuple[slice, slice]:
    """Rows and columns of a mask's pixels, and so many around."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return (
        slice(max(0, int(rows[0]) - margin), int(rows[-1]) + margin + 1),
        slice(max(0, int(columns[0]) - margin), int(columns[-1]) + margin + 1),
    )


def _wide(area: Mask, strokes: Mask, grating: Grating) -> tuple[Mask, Mask]:
    """Areas whose strokes reach over several periods, and the others."""
    from scipy import ndimage

    pieces, count = ndimage.label(area)
    rows, columns = np.nonzero(strokes & area)
    if not len(rows):
        return np.zeros_like(area), area
    owner = pieces[rows, columns]
    kept = np.ones(count + 1, dtype=bool)
    across, along = grating.across, (-grating.across[1], grating.across[0])
    for (x, y), least in ((across, _ACROSS), (along, _ALONG)):
        place = columns * x + rows * y
        low, high = np.full(count + 1, np.inf), np.full(count + 1, -np.inf)
        np.minimum.at(low, owner, place)
        np.maximum.at(high, owner, place)
        kept &= high - low >= least * grating.period
    kept[0] = False
    wide: Mask = kept[pieces]
    return wide, area & ~wide


def _to_outline(area: Mask, ground: Mask, even_ground: Mask, gap: float) -> Mask:
    """With the ground between last stroke and outline: shut in, nowhere as wide as a gap, touching the hatching."""
    from scipy import ndimage

    box = _box(area, math.ceil(3 * gap) + 2)
    joined = area[box]
    pieces, count = ndimage.label(ground[box] & ~joined)
    if not count:
        return area
    wide = ndimage.distance_transform_edt(even_ground[box] & ~joined) > 0.75 * gap
    taken = np.zeros(count + 1, dtype=bool)
    taken[np.unique(pieces[near(joined, 2)])] = True
    taken[np.unique(pieces[wide])] = False
    taken[0] = False
    result = area.copy()
    result[box] |= taken[pieces]
    return result


def outlined(labels: NDArray[np.uint8], label: int, line: Mask, inside: Mask, window: int) -> bool:
    """Whether 95 % of a class's boundary inside the map has ink on it."""
    mask = labels == label
    edge = mask & near(~mask & inside, 1)
    return not edge.any() or float((edge & near(line, window // 2)).sum()) >= 0.95 * float(edge.sum())


def _gap(strokes: Mask) -> float | None:
    """Median distance from stroke to stroke, along rows or columns, whichever is shorter; None without any."""
    found = []
    for lines in (strokes, strokes.T):
        ends = np.diff(lines.astype(np.int8), axis=1)
        row_off, off = np.nonzero(ends == -1)
        row_on, on = np.nonzero(ends == 1)
        behind = np.searchsorted(row_on * lines.shape[1] + on, row_off * lines.shape[1] + off)
        known = behind < len(on)
        known[known] &= row_on[behind[known]] == row_off[known]
        runs = on[behind[known]] - off[known]
        if len(runs := runs[runs >= 2]):
            found.append(float(np.median(runs)))
    return min(found) if found else None
