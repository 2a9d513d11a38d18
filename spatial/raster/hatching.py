"""
Hatching: strokes that stand closer than their own gap, and the ground between them, as areas.

A lone line of the strokes' colour is no area. Where an outline is drawn, the ground between it and the last stroke
belongs to the hatching; without one the area ends with its strokes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from spatial.raster.masks import large, near
from spatial.raster.palette import BLENDS, colours_of, nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spatial.raster.colour import Colour

    Mask = NDArray[np.bool_]

__all__ = ["hatched", "outlined", "stroked"]


def stroked(
    pixels: NDArray[np.uint8],
    mean: NDArray[np.uint8],
    strokes: list[Colour],
    ground: list[Colour],
    *,
    rivals: tuple[Colour, ...],
    tolerance: float,
) -> Mask:
    """
    Pixels of strokes on a ground: nearer to the stroke's colour than to the ground's, and blends of the two on average.

    Fine strokes keep their colour on average only: JPEG stores colour (not brightness) for every second pixel. Where
    the average is nearer to a blend of the ground with a rival (ink), it is lettering.
    """
    found = np.zeros(pixels.shape[:2], dtype=bool)
    values = pixels.astype(np.int16)
    for stroke in strokes:
        for base in ground:
            way = np.array(stroke, dtype=np.float32) - np.array(base, dtype=np.float32)
            part = ((values - np.array(base, dtype=np.int16)) @ way) / float(way @ way)
            blends = np.concatenate(
                [
                    np.array(base) + np.linspace(0.1, 1.0, BLENDS)[:, None] * (np.array(other) - np.array(base))
                    for other in (stroke, *rivals)
                ]
            )
            table = nearest([tuple(b) for b in blends], tolerance)
            found |= (part > 0.35) & (colours_of(mean, table) < BLENDS)
    return found


def hatched(strokes: Mask, ground: Mask, even_ground: Mask, foreign: Mask) -> tuple[Mask, float | None]:
    """
    Areas of hatching, and the gap between strokes.

    Parameters
    ----------
    strokes, ground, even_ground
        Pixels of the strokes' colour, of the ground's, and of the ground's once noise is smoothed.
    foreign
        Decided pixels of classes that hold neither: hatching is not joined across them.
    """
    from scipy import ndimage

    strokes = large(strokes, 6)
    gap = _gap(strokes) if strokes.any() else None
    if gap is None:
        return np.zeros_like(strokes), None
    rows, columns = np.flatnonzero(strokes.any(axis=1)), np.flatnonzero(strokes.any(axis=0))
    margin = math.ceil(3 * gap) + 2
    box = (
        slice(max(0, rows[0] - margin), rows[-1] + margin + 1),
        slice(max(0, columns[0] - margin), columns[-1] + margin + 1),
    )
    radius = 1.5 * gap
    here = np.pad(strokes[box], margin)
    joined = ndimage.distance_transform_edt(~here) <= radius
    joined = (ndimage.distance_transform_edt(joined) > radius) | here  # closed: strokes and the gaps between
    joined &= ~np.pad(foreign[box], margin)
    # a lone line stays as thin as it is: areas are what holds a disc of the gap's size
    thick = ndimage.distance_transform_edt(joined) > 0.75 * gap
    joined &= ndimage.distance_transform_edt(~thick) <= 1.75 * gap if thick.any() else False
    joined = joined[margin:-margin, margin:-margin]
    # ground between the last stroke and the outline: shut in, nowhere as wide as a gap, touching the hatching
    pieces, count = ndimage.label(ground[box] & ~joined)
    if count:
        wide = ndimage.distance_transform_edt(even_ground[box] & ~joined) > 0.75 * gap
        taken = np.zeros(count + 1, dtype=bool)
        taken[np.unique(pieces[near(joined, 2)])] = True
        taken[np.unique(pieces[wide])] = False
        taken[0] = False
        joined |= taken[pieces]
    area = np.zeros_like(strokes)
    area[box] = joined
    return area, gap


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
