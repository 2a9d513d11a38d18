"""
Which class of a legend every pixel of a scanned map belongs to.

A colour alone decides little on a scan: edges are blends of their two sides, and a blend of green and white may be the
colour of a third class; JPEG and scanner add noise; strokes of lettering and hatching cross everything. So a pixel is
decided by the ground it stands on:

1. every pixel is taken for the nearest colour of the legend in CIELAB, or for none (``unsure``) beyond the tolerance;
2. a *core* of a colour is where most of a small window has it: what is thinner than the window (rings of blended
   pixels, lines, lettering, strokes) has none;
3. *hatching* is where strokes of a class's own colour are regular (`spatial.raster.gratings`) over several gaps:
   strokes are joined over gaps, a lone line or a name is not; ground between the last stroke and an outline is given to
   the hatching it touches; what is as dense but not as regular, and what a town's lettering hides beside hatching, is
   undecided;
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
from spatial.raster.colour import hexadecimal
from spatial.raster.hatching import hatched, is_inky, outlined, stroked
from spatial.raster.legend import suggest_legend
from spatial.raster.masks import large, near
from spatial.raster.palette import NONE, averaged, colours_of, is_blend, nearest, softened, uneven

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from spatial.raster.colour import Colour
    from spatial.raster.legend import Legend, LegendClass, Ring
    from spatial.raster.page import Page

    Labels = NDArray[np.uint8]
    Mask = NDArray[np.bool_]

__all__ = ["BACKGROUND", "FIRST_CLASS", "OUTSIDE", "UNSURE", "ClassImage", "classify", "framed_mask"]

OUTSIDE, BACKGROUND, UNSURE, FIRST_CLASS = 0, 1, 2, 3
"""Labels: no map; ground of no class; undecided; the class at index 0, the next ones following."""

_BLACK = (0, 0, 0)
_NOT_CORE = 254
_CORE_SHARE = 0.7


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
    astray_px
        Pixels of each class's own colour that became something else: edges and narrow pieces of it, or blends of
        others that happen to look like it.
    hatch_gap_px
        Gap between the strokes of each class that is hatched on ground of another entry, else None.
    hatch_open_px
        The same where less than 95 % of its boundary has an outline, so that it may lie up to a gap outside the last
        stroke; else 0.
    narrowest_px
        Areas narrower than this have no core: they are `UNSURE`, or taken for a line.
    solid_px
        Areas of fewer pixels than this had no core: scraps between areas that meet, and no print.
    """

    labels: Labels
    unsure_share: float
    left_unsure_share: float
    filled_share: float
    class_px: tuple[int, ...]
    astray_px: tuple[int, ...]
    hatch_gap_px: tuple[float | None, ...]
    hatch_open_px: tuple[float, ...]
    narrowest_px: int
    solid_px: int


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
        If a class gets no pixel, and no hatching that might be its is undecided.
    """
    dpi = page.dpi or 300.0
    width = line_width_px or 0.3 / 25.4 * dpi
    reach = fill_px or max(6.0, 2.5 * dpi / 25.4)
    window = 2 * (math.ceil(width / _CORE_SHARE) // 2) + 1
    window = max(5, window if width < _CORE_SHARE * window else window + 2)
    inside = framed_mask(page.pixels.shape[:2], legend.frame, legend.exclude)
    palette, meaning = _palette(legend)
    table = nearest(palette, legend.tolerance)
    soft = softened(page.pixels)
    smooth = colours_of(soft, table)

    labels = np.zeros(inside.shape, dtype=np.uint8)
    cores = _cores(smooth, inside, range(len(palette)), window)
    for colour, label in enumerate(meaning):
        if label is not None:
            labels[cores == colour] = label
    even = np.where(uneven(soft), _NOT_CORE, smooth)
    labels[large(_cores(even, inside, (NONE,), window) == NONE, (0.4 * reach) ** 2)] = UNSURE
    solid = [i for i in range(len(palette)) if meaning[i] is None and palette[i] not in legend.lines]
    labels[large(np.isin(cores, solid), (0.4 * reach) ** 2)] = UNSURE  # of strokes' colour, but no strokes
    _widen(labels, smooth, meaning, window // 2 + 1)
    gaps, lines, unclear = _hatch(labels, cores, page, legend, palette, inside, window, reach)

    own_colour = labels > 0
    labels = _filled(labels, inside, reach) if fill_labels else np.where(labels == 0, UNSURE, labels).astype(np.uint8)
    labels[~inside] = OUTSIDE
    if fill_labels:
        labels[_too_thin(labels, smooth, legend, palette, inside, window, reach)] = UNSURE
    total = max(1, int(inside.sum()))
    counts = np.bincount(labels.ravel(), minlength=FIRST_CLASS + len(legend.classes))
    for index, entry in enumerate(legend.classes):
        if not counts[FIRST_CLASS + index] and index not in unclear:
            raise ClassNotOnMapError(
                file=legend.source_name,
                entry=entry.name,
                colours=[hexadecimal(c) for c in entry.colours],
                found=[f.colour for f in suggest_legend(page)],
                narrowest_px=math.ceil(_CORE_SHARE * window),
            )
    return ClassImage(
        labels=labels,
        unsure_share=float((inside & (smooth == NONE)).sum()) / total,
        left_unsure_share=float(counts[UNSURE]) / total,
        filled_share=float((inside & ~own_colour).sum()) / total,
        class_px=tuple(int(c) for c in counts[FIRST_CLASS : FIRST_CLASS + len(legend.classes)]),
        astray_px=_astray(labels, smooth, legend, palette, meaning, inside),
        hatch_gap_px=tuple(gaps),
        hatch_open_px=tuple(
            gap if gap and not outlined(labels, FIRST_CLASS + i, lines[i], inside, window) else 0.0
            for i, gap in enumerate(gaps)
        ),
        narrowest_px=math.ceil(_CORE_SHARE * window),
        solid_px=math.ceil(_CORE_SHARE * window**2),
    )


def _strokes(entry: LegendClass, legend: Legend) -> tuple[list[Colour], list[Colour]]:
    """The colours of a class's strokes and of the ground they stand on; none if it is not hatched on shared ground."""
    own = [c for c in entry.colours if not legend.shared(c)]
    if len(entry.colours) == 1 or len(own) == len(entry.colours):
        return [], []
    strokes = own or [entry.colours[0]]
    return strokes, [c for c in entry.colours if c not in strokes]


def _hatch(  # noqa: PLR0917
    labels: Labels,
    cores: Labels,
    page: Page,
    legend: Legend,
    palette: list[Colour],
    inside: Mask,
    window: int,
    reach: float,
) -> tuple[list[float | None], dict[int, Mask], set[int]]:
    """
    Label hatched classes.

    Gives the gap of each class's strokes, where ink is on those classes' ground, and which classes may have more area.
    """
    pairs = [_strokes(entry, legend) for entry in legend.classes]
    gaps: list[float | None] = [None] * len(pairs)
    lines: dict[int, Mask] = {}
    unclear: set[int] = set()
    if not any(strokes for strokes, _ in pairs):
        return gaps, lines, unclear
    table = nearest(palette, legend.tolerance)
    soft, mean = softened(page.pixels), averaged(page.pixels, window)
    smooth, raw = colours_of(soft, table), colours_of(page.pixels, table)
    every = {c for strokes, _ in pairs for c in strokes}
    tints = tuple(c for c in palette if c not in every and c not in legend.lines)
    doubtful, areas = np.zeros_like(inside), np.zeros_like(inside)
    for index, (strokes, ground) in enumerate(pairs):
        if not strokes:
            continue
        has = [[palette.index(c) for c in colours] for colours in (strokes, ground)]
        inky = is_inky(strokes, legend.lines, legend.tolerance)
        others = [s for s, _ in pairs if s and s != strokes]
        inks = (*legend.lines, *(c for s in others if is_inky(s, legend.lines, legend.tolerance) for c in s))
        inks += () if inky or _BLACK in inks else (_BLACK,)
        rivals = tuple(dict.fromkeys((*inks, *(c for s in others for c in s if c not in strokes))))
        mask = inside & stroked(
            page.pixels, mean, strokes, ground, rivals=rivals, tints=tints, tolerance=legend.tolerance
        )
        if legend.shared(strokes[0]):  # the same colour is plain elsewhere: strokes are what has no core of it near
            mask &= ~near(np.isin(cores, has[0]), window)
        foreign = (labels > 0) & (labels != UNSURE) & ~np.isin(smooth, has[0] + has[1])
        ink = stroked(page.pixels, mean, list(inks), ground, rivals=tuple(strokes), tolerance=legend.tolerance)
        lines[index] = ink | np.isin(raw, [palette.index(c) for c in inks if c in palette])
        found = hatched(
            mask,
            coloured=np.isin(raw, has[0]) & inside,
            ink=ink & inside,
            ground=np.isin(raw, has[1]) & inside,
            even_ground=np.isin(smooth, has[1]) & inside,
            foreign=foreign,
            dpi=page.dpi or 300.0,
            lettering=reach,
            inky=inky,
        )
        seen = mask | np.isin(raw, has[0] + has[1])
        labels[found.area] = np.where(seen, FIRST_CLASS + index, 0)[found.area]
        doubtful |= found.undecided & (seen | ink)
        areas |= found.area
        if found.undecided.any():
            unclear.add(index)
        gaps[index] = found.gap
    labels[doubtful & ~areas] = UNSURE
    return gaps, lines, unclear


def _palette(legend: Legend) -> tuple[list[Colour], list[int | None]]:
    """Every colour once, and the label its core means: none for lines and for colours that a pattern must decide."""
    palette = list(dict.fromkeys(c for e in legend.classes for c in e.colours))
    palette += [c for c in (*legend.background, *legend.lines) if c not in palette]
    meaning: list[int | None] = []
    for colour in palette:
        label: int | None = BACKGROUND if colour in legend.background else None
        plain = [i for i, e in enumerate(legend.classes) if e.colours == (colour,)]
        holders = [
            i for i, e in enumerate(legend.classes) if colour in e.colours and colour not in _strokes(e, legend)[0]
        ]
        if label is None and (plain or len(holders) == 1):
            label = FIRST_CLASS + (plain or holders)[0]
        meaning.append(label)
    return palette, meaning


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


def _widen(labels: Labels, indices: Labels, meaning: list[int | None], pixels: int) -> None:
    """Give undecided pixels of a core's own colour, so near to it, the core's label."""
    open_ = labels == 0
    for label in {m for m in meaning if m is not None}:
        colours = [i for i, m in enumerate(meaning) if m == label]
        beside = open_ & np.isin(indices, colours)
        beside &= near(labels == label, pixels)
        labels[beside] = label


def _filled(labels: Labels, inside: Mask, reach: float) -> Labels:
    """Every undecided pixel takes the nearest decided one's label within reach; else `UNSURE`."""
    from scipy.ndimage import distance_transform_edt

    if not labels.any():
        return np.where(inside, UNSURE, OUTSIDE).astype(np.uint8)
    distance, (rows, columns) = distance_transform_edt(labels == 0, return_indices=True)
    filled: Labels = labels[rows, columns]
    filled[distance > reach] = UNSURE
    return filled


def _astray(  # noqa: PLR0917
    labels: Labels, indices: Labels, legend: Legend, palette: list[Colour], meaning: list[int | None], inside: Mask
) -> tuple[int, ...]:
    """Pixels of the colours that mean one class, where another stands that has no such colour."""
    found = []
    for label in range(FIRST_CLASS, FIRST_CLASS + len(legend.classes)):
        strokes = _strokes(legend.classes[label - FIRST_CLASS], legend)[0]
        told = [] if is_inky(strokes, legend.lines, legend.tolerance) else strokes
        own = [i for i, m in enumerate(meaning) if m == label or palette[i] in told]
        holders = [FIRST_CLASS + i for i, e in enumerate(legend.classes) if {palette[o] for o in own} & set(e.colours)]
        lost = np.isin(indices, own) & inside & ~np.isin(labels, [UNSURE, *holders])
        found.append(int(lost.sum()))
    return tuple(found)


def _too_thin(  # noqa: PLR0917
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
    inky = [s for s, _ in (_strokes(e, legend) for e in legend.classes) if is_inky(s, legend.lines, legend.tolerance)]
    fits[:, [palette.index(c) for strokes in inky for c in strokes]] = True  # lettering and outlines have it, too
    for index, entry in enumerate(legend.classes):
        fits[FIRST_CLASS + index, [palette.index(c) for c in entry.colours]] = True
    astray: Mask = ~fits[labels, indices] & inside
    line = np.isin(indices, [palette.index(c) for c in legend.lines])
    flat = ndimage.maximum_filter(labels, window + 2) == ndimage.minimum_filter(labels, window + 2)
    blended = [i for i, colour in enumerate(palette) if is_blend(colour, palette, legend.tolerance)]
    astray &= (flat & ~near(line, 2)) | ~np.isin(indices, blended)
    pieces, count = ndimage.label(astray, structure=np.ones((3, 3)))
    if not count:
        return astray
    long = np.bincount(pieces.ravel()) >= window * window
    spans = [max(s.stop - s.start for s in found) for found in ndimage.find_objects(pieces)]
    long &= np.array([0, *spans]) > 2 * reach
    kept: Mask = long[pieces]
    return kept
