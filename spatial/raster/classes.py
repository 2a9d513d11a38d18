"""
Which class of a legend every pixel of a scanned map belongs to.

A colour alone decides little on a scan: edges are blends of their two sides, and a blend of green and white may be the
colour of a third class; JPEG and scanner add noise; strokes of lettering and hatching cross everything. So a pixel is
decided by the ground it stands on:

1. every pixel is taken for the nearest colour of the legend in CIELAB, or for none (``unsure``) beyond the tolerance;
2. a *core* of a colour is where most of a small window has it: what is thinner than the window (rings of blended
   pixels, lines, lettering, strokes) has none;
3. *hatching* is where strokes stand closer than their own gap: strokes are joined over gaps, a lone line is not;
   ground between the last stroke and an outline is given to the hatching it touches;
4. pixels of a core's colour beside it are the core's; every other pixel goes to the nearest decided one, so that lines
   and lettering vanish and two areas meet in the middle of the line between them;
5. even ground of a colour that the legend lacks, what is farther than ``fill_px`` from anything decided, and what has
   a class's colour but is too thin to tell an area from a line, stays `UNSURE`: it is never taken for background.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spatial.errors import ClassNotOnMapError
from spatial.raster.colour import hexadecimal, lab
from spatial.raster.legend import suggest_legend

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from spatial.raster.colour import Colour
    from spatial.raster.legend import Legend, Ring
    from spatial.raster.page import Page

    Labels = NDArray[np.uint8]
    Mask = NDArray[np.bool_]

__all__ = ["BACKGROUND", "FIRST_CLASS", "OUTSIDE", "UNSURE", "ClassImage", "classify", "framed_mask"]

OUTSIDE, BACKGROUND, UNSURE, FIRST_CLASS = 0, 1, 2, 3
"""Labels: no map; ground of no class; undecided; the class at index 0, the next ones following."""

_NONE, _NOT_CORE = 255, 254
_CORE_SHARE = 0.7
_BLENDS = 19
_EVEN = 24  # levels
_BITS = 6  # of each band in the table of nearest colours: a step of 4 levels, below the noise of any scan


@dataclass(frozen=True, kw_only=True)
class ClassImage:
    """
    A page, decided.

    Parameters
    ----------
    labels
        uint8, the page's shape: `OUTSIDE`, `BACKGROUND`, `UNSURE`, or `FIRST_CLASS` + index in the legend.
    unsure_share
        Share of the map's pixels that no colour of the legend is near; most are filled from beside them.
    left_unsure_share
        Share that stays `UNSURE`.
    filled_share
        Share decided by what stands beside them (lines, lettering, edges).
    class_px
        Pixels of each class, in the legend's order.
    hatch_gap_px
        Gap between the strokes of each class that is hatched on ground of another entry, else None.
    hatch_open_px
        The same where less than 95 % of its boundary has an outline, so that it may lie up to a gap outside the last
        stroke; else 0.
    narrowest_px
        Areas narrower than this have no core: they are `UNSURE`, or taken for a line.
    """

    labels: Labels
    unsure_share: float
    left_unsure_share: float
    filled_share: float
    class_px: tuple[int, ...]
    hatch_gap_px: tuple[float | None, ...]
    hatch_open_px: tuple[float, ...]
    narrowest_px: int


def framed_mask(shape: tuple[int, int], frame: Ring | None, exclude: tuple[Ring, ...] = ()) -> Mask:
    """
    Pixels whose centre lies in the frame and in no excluded area.

    Parameters
    ----------
    shape
        Rows and columns.
    frame, exclude
        Rings in pixels; no frame: the whole page.
    """
    from rasterio.features import geometry_mask
    from rasterio.transform import Affine

    mask = np.ones(shape, dtype=bool)
    for ring, inside in ((frame, True), *((ring, False) for ring in exclude)):
        if ring is not None:
            area = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
            mask &= geometry_mask([area], out_shape=shape, transform=Affine.identity(), invert=inside)
    return mask


def classify(
    page: Page,
    legend: Legend,
    *,
    line_width_px: float | None = None,
    fill_px: float | None = None,
    fill_labels: bool = True,
) -> ClassImage:
    """
    Decide every pixel of a page; see the module for how.

    Parameters
    ----------
    page
        As scanned, not warped: every resampling blends colours.
    legend
        Colours, and the map's frame.
    line_width_px
        Widest line drawn across or between areas; default 0.3 mm at the page's resolution (3.5 pixels without one).
        Areas narrower than about 1.5 times that are not told from lines.
    fill_px
        How far from decided ground an undecided pixel may be to take its class: half the height of dense lettering.
        Default 2.5 mm on the page. Even ground of a colour that the legend lacks is never filled.
    fill_labels
        False leaves lines and lettering `UNSURE`; to look at what was filled.

    Raises
    ------
    ClassNotOnMapError
        If a class gets no pixel.
    """
    dpi = page.dpi or 300.0
    width = line_width_px or 0.3 / 25.4 * dpi
    reach = fill_px or max(6.0, 2.5 * dpi / 25.4)
    window = 2 * (math.ceil(width / _CORE_SHARE) // 2) + 1
    window = max(5, window if width < _CORE_SHARE * window else window + 2)
    inside = framed_mask(page.pixels.shape[:2], legend.frame, legend.exclude)
    palette, meaning = _palette(legend)
    table = _nearest(palette, legend.tolerance)
    soft = _softened(page.pixels)
    smooth, raw = _indices(soft, table), _indices(page.pixels, table)

    labels = np.zeros(inside.shape, dtype=np.uint8)
    cores = _cores(smooth, inside, range(len(palette)), window)
    for colour, label in enumerate(meaning):
        if label is not None:
            labels[cores == colour] = label
    even = np.where(_uneven(soft), _NOT_CORE, smooth)
    labels[_large(_cores(even, inside, (_NONE,), window) == _NONE, (0.4 * reach) ** 2)] = UNSURE
    _widen(labels, smooth, meaning, window // 2 + 1)
    gaps: list[float | None] = []
    lines: dict[int, Mask] = {}
    mean = _averaged(page.pixels, window) if any(len(e.colours) > 1 for e in legend.classes) else soft
    for index, entry in enumerate(legend.classes):
        shared = [palette.index(c) for c in entry.colours if legend.shared(c)]
        own = [palette.index(c) for c in entry.colours if not legend.shared(c)]
        if len(entry.colours) == 1 or not shared:
            gaps.append(None)
            continue
        strokes = own or [palette.index(entry.colours[0])]
        ground = [palette.index(c) for c in entry.colours if palette.index(c) not in strokes]
        pair = [palette[i] for i in strokes], [palette[i] for i in ground]
        mask = _stroked(page.pixels, mean, *pair, rivals=legend.lines, tolerance=legend.tolerance) & inside
        if not own:  # the same colour is plain elsewhere: strokes are what has no core of it near
            mask &= ~_near(np.isin(cores, strokes), window)
        foreign = (labels >= FIRST_CLASS) & ~np.isin(smooth, ground + strokes)
        ink = _stroked(page.pixels, mean, list(legend.lines), pair[1], rivals=tuple(pair[0]), tolerance=legend.tolerance)
        lines[index] = ink | np.isin(raw, [palette.index(c) for c in legend.lines])
        area, gap = _hatched(mask, np.isin(raw, ground) & inside, np.isin(smooth, ground) & inside, foreign)
        labels[area] = np.where(mask | np.isin(raw, ground + strokes), FIRST_CLASS + index, 0)[area]
        gaps.append(gap)

    own_colour = labels > 0
    labels = _filled(labels, inside, reach) if fill_labels else np.where(labels == 0, UNSURE, labels).astype(np.uint8)
    if fill_labels:
        labels[_too_thin(labels, smooth, legend, palette, inside, window, reach)] = UNSURE
    labels[~inside] = OUTSIDE
    line = ~np.isin(raw, [i for i, m in enumerate(meaning) if m is not None])
    total = max(1, int(inside.sum()))
    counts = np.bincount(labels.ravel(), minlength=FIRST_CLASS + len(legend.classes))
    for index, entry in enumerate(legend.classes):
        if not counts[FIRST_CLASS + index]:
            raise ClassNotOnMapError(
                file=legend.source_name,
                entry=entry.name,
                colours=[hexadecimal(c) for c in entry.colours],
                found=[f.colour for f in suggest_legend(page)],
                narrowest_px=math.ceil(_CORE_SHARE * window),
            )
    return ClassImage(
        labels=labels,
        unsure_share=float((inside & (smooth == _NONE)).sum()) / total,
        left_unsure_share=float(counts[UNSURE]) / total,
        filled_share=float((inside & ~own_colour).sum()) / total,
        class_px=tuple(int(c) for c in counts[FIRST_CLASS : FIRST_CLASS + len(legend.classes)]),
        hatch_gap_px=tuple(gaps),
        hatch_open_px=tuple(
            gap if gap and not _outlined(labels, FIRST_CLASS + i, lines[i], inside, window) else 0.0
            for i, gap in enumerate(gaps)
        ),
        narrowest_px=math.ceil(_CORE_SHARE * window),
    )


def _palette(legend: Legend) -> tuple[list[Colour], list[int | None]]:
    """Every colour once, and the label its core means: none for lines and for colours that a pattern must decide."""
    palette = list(dict.fromkeys(c for e in legend.classes for c in e.colours))
    palette += [c for c in (*legend.background, *legend.lines) if c not in palette]
    meaning: list[int | None] = []
    for colour in palette:
        label: int | None = BACKGROUND if colour in legend.background else None
        plain = [i for i, e in enumerate(legend.classes) if e.colours == (colour,)]
        holders = [i for i, e in enumerate(legend.classes) if colour in e.colours]
        if label is None and (plain or len(holders) == 1):
            label = FIRST_CLASS + (plain or holders)[0]
        meaning.append(label)
    return palette, meaning


def _nearest(palette: list[Colour], tolerance: float) -> Labels:
    """Index of the palette for every colour of a coarse cube, or `_NONE`."""
    levels = np.arange(1 << _BITS) * (256 >> _BITS) + (128 >> _BITS) - 0.5
    cube = lab(np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1))
    best = np.full(cube.shape[:3], np.inf)
    table = np.full(cube.shape[:3], _NONE, dtype=np.uint8)
    for index, colour in enumerate(lab(palette)):
        distance = np.linalg.norm(cube - colour, axis=-1)
        closer = distance < best
        best[closer], table[closer] = distance[closer], index
    table[best > tolerance] = _NONE
    return table


def _softened(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    from PIL import Image, ImageFilter

    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.MedianFilter(3)))


def _uneven(pixels: NDArray[np.uint8]) -> Mask:
    """Where a band changes by more than noise does from pixel to pixel: edges, lettering, fine patterns."""
    from PIL import Image, ImageFilter

    image = Image.fromarray(pixels)
    high, low = (np.asarray(image.filter(f(3))) for f in (ImageFilter.MaxFilter, ImageFilter.MinFilter))
    uneven: Mask = (high - low).max(axis=2) > _EVEN
    return uneven


def _indices(pixels: NDArray[np.uint8], table: Labels) -> Labels:
    coarse = pixels >> (8 - _BITS)
    found: Labels = table[coarse[..., 0], coarse[..., 1], coarse[..., 2]]
    return found


def _cores(indices: Labels, inside: Mask, colours: Iterable[int], window: int) -> Labels:
    """The colour that most of the window around a pixel has, where the pixel has it too; else `_NOT_CORE`."""
    from scipy.ndimage import uniform_filter

    result = np.full(indices.shape, _NOT_CORE, dtype=np.uint8)
    for colour in colours:
        mask = (indices == colour) & inside
        if mask.any():
            share = uniform_filter(mask.astype(np.float32), window, mode="nearest")
            result[mask & (share > _CORE_SHARE - 1e-4)] = colour
    return result


def _large(mask: Mask, least: float) -> Mask:
    """Its 8-connected pieces of at least so many pixels."""
    from scipy.ndimage import label

    pieces, _ = label(mask, structure=np.ones((3, 3)))
    kept = np.bincount(pieces.ravel()) >= least
    kept[0] = False
    found: Mask = kept[pieces]
    return found


def _widen(labels: Labels, indices: Labels, meaning: list[int | None], pixels: int) -> None:
    """Give undecided pixels of a core's own colour, so near to it, the core's label."""
    open_ = labels == 0
    for label in {m for m in meaning if m is not None}:
        colours = [i for i, m in enumerate(meaning) if m == label]
        near = open_ & np.isin(indices, colours)
        near &= _near(labels == label, pixels)
        labels[near] = label


def _near(mask: Mask, pixels: int) -> Mask:
    """Pixels within so many of the mask, along rows and columns together (a square)."""
    from scipy.ndimage import maximum_filter

    grown: Mask = maximum_filter(mask.view(np.uint8), 2 * pixels + 1, mode="constant").view(bool)
    return grown


def _averaged(pixels: NDArray[np.uint8], window: int) -> NDArray[np.uint8]:
    from PIL import Image, ImageFilter

    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.BoxBlur(window // 2)))


def _stroked(
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
                    np.array(base) + np.linspace(0.1, 1.0, _BLENDS)[:, None] * (np.array(other) - np.array(base))
                    for other in (stroke, *rivals)
                ]
            )
            table = _nearest([tuple(b) for b in blends], tolerance)
            found |= (part > 0.35) & (_indices(mean, table) < _BLENDS)
    return found


def _hatched(strokes: Mask, ground: Mask, even_ground: Mask, foreign: Mask) -> tuple[Mask, float | None]:
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

    strokes = _large(strokes, 6)
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
        taken[np.unique(pieces[_near(joined, 2)])] = True
        taken[np.unique(pieces[wide])] = False
        taken[0] = False
        joined |= taken[pieces]
    area = np.zeros_like(strokes)
    area[box] = joined
    return area, gap


def _outlined(labels: Labels, label: int, line: Mask, inside: Mask, window: int) -> bool:
    """Whether 95 % of a class's boundary inside the map has ink on it."""
    mask = labels == label
    edge = mask & _near(~mask & inside, 1)
    return not edge.any() or float((edge & _near(line, window // 2)).sum()) >= 0.95 * float(edge.sum())


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


def _filled(labels: Labels, inside: Mask, reach: float) -> Labels:
    """Every undecided pixel takes the nearest decided one's label within reach; else `UNSURE`."""
    from scipy.ndimage import distance_transform_edt

    if not labels.any():
        return np.where(inside, UNSURE, OUTSIDE).astype(np.uint8)
    distance, (rows, columns) = distance_transform_edt(labels == 0, return_indices=True)
    filled = labels[rows, columns]
    filled[distance > reach] = UNSURE
    return filled


def _is_blend(colour: Colour, palette: list[Colour], tolerance: float) -> bool:
    """Whether a blend of two other colours could be taken for it."""
    others = np.array([c for c in palette if c != colour], dtype=float)
    part = np.linspace(0, 1, _BLENDS)[:, None, None, None]
    blends = others[:, None] * part + others[None] * (1 - part)
    return bool((np.linalg.norm(lab(blends) - lab(colour), axis=-1) <= tolerance).any())


def _too_thin(
    labels: Labels, indices: Labels, legend: Legend, palette: list[Colour], inside: Mask, window: int, reach: float
) -> Mask:
    """
    Pixels of a class's colour inside an area that has no such colour, in pieces longer than letters.

    A colour that is a blend of two others is met along every edge between those, so it counts away from edges and lines
    only.
    """
    from scipy import ndimage

    fits = np.zeros((FIRST_CLASS + len(legend.classes), 256), dtype=bool)  # label, colour -> nothing astray
    fits[:, len(palette) :] = True
    fits[UNSURE] = True
    fits[:, [palette.index(c) for c in (*legend.background, *legend.lines)]] = True
    for index, entry in enumerate(legend.classes):
        fits[FIRST_CLASS + index, [palette.index(c) for c in entry.colours]] = True
    astray: Mask = ~fits[labels, indices] & inside
    line = np.isin(indices, [palette.index(c) for c in legend.lines])
    flat = ndimage.maximum_filter(labels, window + 2) == ndimage.minimum_filter(labels, window + 2)
    blended = [i for i, colour in enumerate(palette) if _is_blend(colour, palette, legend.tolerance)]
    astray &= (flat & ~_near(line, 2)) | ~np.isin(indices, blended)
    pieces, count = ndimage.label(astray, structure=np.ones((3, 3)))
    if not count:
        return astray
    large = np.bincount(pieces.ravel()) >= window * window
    spans = [max(s.stop - s.start for s in found) for found in ndimage.find_objects(pieces)]
    large &= np.array([0, *spans]) > 2 * reach
    kept: Mask = large[pieces]
    return kept
