"""
Hatching: regular strokes of one colour, and the ground between them, as areas.

A stroke has the class's own colour, not just any that is darker than the ground, and stands among others as the page's
most regular pattern of that colour has it. A lone line, a name, blocks of houses are no area. Where colour tells
strokes from ink, whatever else is as dense in that colour is undecided; where it does not (black hatching), lettering
is what has no regularity, and what is regular along rows or columns (lines of text, tables) or somewhat regular is
undecided. Where an outline is drawn, the ground between it and the last stroke belongs to the hatching; without one the
area ends with its strokes.
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
"""Regularity (`spatial.raster.gratings`) of hatching, and below which there is none. As measured at 150 and 300 dpi,
clean and as JPEG: strokes 0.6 to 0.9 and, under names and roads, 0.25 or more; 99 % of the pixels of names, blocks,
roads and scale bars below 0.29, and what is more (contour lines) over too few strokes."""
_ACROSS, _ALONG = 2.5, 1.5  # periods that an area's strokes reach over at least
_UPRIGHT = 0.25  # sine of the angle to rows or columns, some 14 degrees
_NARROW = 0.25  # gaps: half the width of the narrowest hatching; its strokes are regular, so no lone line is among them
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
        Strokes as dense as hatching whose pattern is not that of the area, or reaches over too few strokes to tell; and
        what a town's lettering hides beside the area.
    gap
        Between strokes, pixels; None without any.
    """

    area: Mask
    undecided: Mask
    gap: float | None


def is_inky(strokes: list[Colour], lines: tuple[Colour, ...], tolerance: float) -> bool:
    """Whether colour does not tell these strokes from lettering and outlines: they are grey, or of a line's colour."""
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


def hatched(
    strokes: Mask,
    *,
    coloured: Mask,
    ink: Mask,
    ground: Mask,
    even_ground: Mask,
    foreign: Mask,
    dpi: float,
    lettering: float,
    inky: bool,
) -> Hatching:
    """
    Areas of hatching: strokes as regular as the page's most regular pattern of them, over several gaps both ways.

    Parameters
    ----------
    strokes, coloured
        Pixels of strokes, as `stroked` finds them; pixels of their colour.
    ink
        Lines and lettering on the ground.
    ground, even_ground
        Pixels of the ground's colour, and of that once noise is smoothed.
    foreign
        Decided pixels of what holds neither: hatching is not joined across them.
    dpi
        Of the page.
    lettering
        Half the height of names, pixels: ink beside hatching that is dense over more than that is a town or a table,
        and strokes under it are not seen.
    inky
        Lettering and outlines are among the strokes: those without any regularity are left out, and those regular along
        rows or columns are undecided. Otherwise every dense group of strokes that is not hatching is undecided.
    """
    from scipy import ndimage

    strokes = large(strokes, 6)
    none = np.zeros_like(strokes)
    found = gratings(strokes, dpi=dpi, least=0.4 if inky else 0.33)
    # lines of text, tables, blocks of houses are regular along rows or columns: ink that is so is never an area
    upright = [g for g in found if inky and min(map(abs, g.across)) < _UPRIGHT]
    found = tuple(g for g in found if g not in upright)
    few = none
    for grating in upright:
        even = strokes & (regularity(strokes, grating) >= _REGULAR)
        few = few | _wide(_joined(even, foreign, 0.7 * grating.period), even, grating)[0]
    if not found:
        gap = None if inky or not strokes.any() else _gap(strokes)
        dense = few if gap is None else _joined(strokes, foreign, gap)
        return Hatching(area=none, undecided=dense, gap=None)
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
    area, small = _wide(none if gap is None else _joined(regular, none, gap, least=_NARROW), regular, first)
    area &= ~foreign  # a narrow strip of another class parts an area, and no strokes from their pattern
    small &= ~foreign
    dense = _joined(strokes, foreign, scale) & ~area
    if area.any():
        shut = _shut_in(dense, area)  # a name printed over hatching is hatched, too
        area |= shut
        dense &= ~shut
    # elsewhere strokes must be dense by themselves: an outline beside hatching is a lone line
    rest = dense & _within(_joined(strokes & ~regular & ~area, foreign, scale), 1.5 * scale)
    thick = ndimage.distance_transform_edt(rest) > 0.75 * scale if rest.any() else rest
    rest &= _within(thick, 1.75 * scale)
    if inky:
        doubtful = strokes & (most >= _DOUBTFUL)
        rest &= near(doubtful, math.ceil(0.5 * first.period)) | near(area, math.ceil(2 * first.period))
    rest |= (few & ~area) | small
    if area.any():
        area = _to_outline(area, ground & ~rest, coloured & ~rest, even_ground, scale)
        veil = _joined(ink, foreign, 0.6 * scale) & ~area
        thick = ndimage.distance_transform_edt(veil) > lettering if veil.any() else veil
        rest |= _touching(veil & _within(thick, 1.2 * lettering), near(area, math.ceil(scale)))
    return Hatching(area=area, undecided=rest & ~area, gap=gap if area.any() else None)


def _within(mask: Mask, distance: float) -> Mask:
    """Pixels so near to the mask's."""
    from scipy import ndimage

    if not mask.any():
        return mask
    found: Mask = ndimage.distance_transform_edt(~mask) <= distance
    return found


def _touching(mask: Mask, other: Mask) -> Mask:
    """The pieces of a mask that share a pixel with the other."""
    from scipy import ndimage

    pieces, count = ndimage.label(mask)
    met = np.zeros(count + 1, dtype=bool)
    met[np.unique(pieces[other])] = True
    met[0] = False
    found: Mask = met[pieces]
    return found


def _shut_in(mask: Mask, area: Mask) -> Mask:
    """The pieces of a mask that have only area, or the mask, beside them."""
    from scipy import ndimage

    pieces, count = ndimage.label(mask)
    shut = np.ones(count + 1, dtype=bool)
    shut[np.unique(pieces[near(~(mask | near(area, 1)), 1) & mask])] = False
    shut[0] = False
    found: Mask = shut[pieces]
    return found


def _joined(strokes: Mask, foreign: Mask, gap: float, *, least: float = 0.75) -> Mask:
    """Strokes and the gaps between them, where a disc of ``least`` gaps' radius fits: in no lone line, for one."""
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
    # a lone line stays as thin as it is: areas are what holds a disc
    thick = ndimage.distance_transform_edt(joined) > least * gap
    joined &= ndimage.distance_transform_edt(~thick) <= (least + 1) * gap if thick.any() else False
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


def _to_outline(area: Mask, ground: Mask, coloured: Mask, even_ground: Mask, gap: float) -> Mask:
    """With the ground between last stroke and outline: shut in, nowhere as wide as a gap, touching the hatching."""
    from scipy import ndimage

    box = _box(area, math.ceil(3 * gap) + 2)
    joined, result = area[box], area.copy()
    wide = ndimage.distance_transform_edt(even_ground[box] & ~joined) > 0.75 * gap
    for open_ in (ground[box] & ~joined, (ground | coloured)[box] & ~joined):
        pieces, count = ndimage.label(open_)
        taken = np.zeros(count + 1, dtype=bool)
        taken[np.unique(pieces[near(joined, 2)])] = True
        taken[np.unique(pieces[wide])] = False
        taken[0] = False
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
