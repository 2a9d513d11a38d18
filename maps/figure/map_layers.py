"""How the layers of a workspace, their coverage, districts, a selection and a site come into the window of a figure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from layers.records import SOFT_FLAGS
from maps import phrases
from maps.figure.drawing import ink_of
from maps.figure.legend_blocks import Entry
from maps.figure.lettering import text_width
from maps.figure.plane import checked
from maps.figure.thinning import thinned
from maps.figure.wording import listed, say, say_code
from maps.markup import tag
from maps.style import STANDARD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from maps.figure.base import DistrictBase
    from maps.figure.drawing import Drawing
    from maps.figure.wording import FigureLanguage
    from maps.figure.workspace_layers import WorkspaceLayer
    from maps.style import StyleSheet
    from maps.view import Selection
    from screening.overlap import OutlineFeature

__all__ = ["draw_base", "draw_coverage", "draw_layer", "draw_selected", "draw_site", "entry_of"]

_MOST_NAMES = 400
_SHAPES = ("point", "line", "area")


def entry_of(
    layer: WorkspaceLayer, feature: OutlineFeature, shape: str, language: FigureLanguage, sheet: StyleSheet = STANDARD
) -> Entry:
    """
    The legend's line for a feature.

    One that is not in force is drawn without a fill; one whose shape only stands for a place (an extent in whole
    minutes, a circle about a name) has a dotted edge, and both say so.
    """
    style = sheet.style_of(layer.outline.kind, feature.class_)
    words = say_code("class", feature.class_, language)
    if feature.class_ == "other" and layer.card.meaning:
        words = phrases.clean(layer.card.meaning)
    soft = sorted(SOFT_FLAGS & set(feature.flags))
    if soft:
        style = replace(style, key=f"{style.key}-soft", dash="1.5 3")
        said = listed([say_code("flag", flag, language) for flag in soft], language)
        words = f"{words} ({said})" if language == "en" else f"{words}（{said}）"
    if feature.id in layer.ended:
        style = replace(style, key=f"{style.key}-ended", fill_opacity=0.0, hatch=None, dash="1.5 3.5", weight=1.2)
        words = say("sheet.not_in_force", language, class_=words)
    return Entry(text=words, style=style, shape=shape)


def _shown(entry: Entry, shape: str) -> Entry:
    """The line as it was drawn: a point has no dashes."""
    return replace(entry, shape=shape, style=replace(entry.style, dash=None) if shape == "point" else entry.style)


def draw_layer(
    drawing: Drawing[FigureLanguage], layer: WorkspaceLayer, *, opacity: float, dot: float
) -> tuple[Entry, ...]:
    """
    Draw what of a layer is in the window.

    Parameters
    ----------
    drawing
        The map.
    layer
        The layer.
    opacity
        Of all of it, 0 to 1; at 0 it counts as not seen.
    dot
        Size of a dot, units.

    Returns
    -------
    entries
        What the legend has to explain, each once; empty where nothing of the layer is seen.
    """
    features = layer.outline.features
    if not features or opacity <= 0:
        return ()
    made = thinned([one.geometry for one in features], drawing.plane, dot=dot)
    inside = shapely.box(0, 0, drawing.plane.width, drawing.plane.height)
    visible = np.flatnonzero(shapely.intersects(made.shapes, inside))
    # The largest first, so that none hides a smaller one; of points and lines the last.
    sizes = shapely.area(made.shapes[visible])
    visible = visible[np.lexsort((visible, -sizes, -shapely.get_dimensions(made.shapes[visible])))]
    entries: dict[tuple[str, str, str], Entry] = {}
    before = len(drawing.shapes)
    for row in map(int, visible):
        feature = features[row]
        entry = entry_of(layer, feature, "area", drawing.language, drawing.sheet)
        shape = drawing.add(made.shapes[row], entry.style)
        if shape is not None:
            entries.setdefault((entry.text, entry.style.key, shape), _shown(entry, shape))
    for row, places in _specks(made.specks, made.speck_rows, inside):
        feature = features[row]
        shape = _SHAPES[max(int(shapely.get_dimensions(feature.geometry)), 0)]
        entry = entry_of(layer, feature, shape, drawing.language, drawing.sheet)
        drawing.add_specks(places, entry.style)
        entries.setdefault((entry.text, entry.style.key, shape), entry)
    own = drawing.shapes[before:]
    if own:
        faded = None if opacity >= 1 else f"{opacity:g}"
        drawing.shapes[before:] = [tag("g", tag("title", layer.outline.layer), *own, opacity=faded)]
        _name(drawing, layer, made.shapes, visible)
    return tuple(entries[key] for key in sorted(entries, key=lambda one: (one[2] != "area", one[1])))


def _specks(
    places: NDArray[np.float64], rows: NDArray[np.int64], inside: BaseGeometry
) -> list[tuple[int, NDArray[np.float64]]]:
    """The specks that lie in the window, by row."""
    if not len(places):
        return []
    seen = shapely.intersects(shapely.points(places), inside)
    places, rows = places[seen], rows[seen]
    return [(int(row), places[rows == row]) for row in np.unique(rows)]


def _name(
    drawing: Drawing[FigureLanguage], layer: WorkspaceLayer, shapes: NDArray[np.object_], visible: NDArray[np.int64]
) -> None:
    """Names of the largest features, and of all points: where there is room they are written."""
    plane = drawing.plane
    for row in visible[:_MOST_NAMES]:
        feature, shape = layer.outline.features[row], shapes[row]
        name = phrases.clean(feature.name or feature.code or "")
        if not name:
            continue
        bounds = shape.bounds
        wide = min(text_width(name[:18], 9.5), 120.0)
        is_area = shape.area > 0
        if is_area and bounds[2] - bounds[0] < 0.6 * wide:
            continue
        ground = shapely.clip_by_rect(shape, 30, 12, max(plane.width - 30, 31), max(plane.height - 12, 13))
        if ground.is_empty:
            continue
        at = shapely.point_on_surface(ground)
        rank = (
            3.0 + (0 if layer.card.role == "protective" else 1) - min(shape.area / (plane.width * plane.height), 0.99)
        )
        colour = ink_of(drawing.sheet.style_of(layer.outline.kind, feature.class_).colour)
        drawing.names.append((at.x, at.y if is_area else at.y - 11, name, colour, rank))


def draw_coverage(drawing: Drawing[FigureLanguage], layers: Sequence[WorkspaceLayer], *, dot: float) -> list[Entry]:
    """Draw the edges of what the layers cover, each edge once; the legend's line for them."""
    edges: dict[bytes, BaseGeometry] = {}
    for layer in layers:
        coverage = layer.outline.coverage
        if coverage is not None and not coverage.is_empty:
            edges.setdefault(shapely.to_wkb(shapely.normalize(coverage)), coverage.boundary)
    if not edges:
        return []
    inside = shapely.box(0, 0, drawing.plane.width, drawing.plane.height)
    style = drawing.sheet.marks["coverage"]
    shown = False
    for shape in thinned(list(edges.values()), drawing.plane, dot=dot).shapes:
        if shape.intersects(inside):
            drawing.add(shape, style, outline=True)
            shown = True
    words = say("map.coverage", drawing.language)
    return [Entry(text=words, style=style, shape="outline")] if shown else []


def draw_base(drawing: Drawing[FigureLanguage], base: DistrictBase, *, dot: float) -> bool:
    """Draw district outlines and note their names; whether any is seen."""
    made = thinned(list(base.outlines), drawing.plane, dot=dot)
    inside = shapely.box(0, 0, drawing.plane.width, drawing.plane.height)
    style = drawing.sheet.marks["district"]
    shown = False
    for name, shape in zip(base.names, made.shapes, strict=True):
        ground = shape if shape.is_empty else shapely.clip_by_rect(shape, 0, 0, *inside.bounds[2:])
        if ground.is_empty:
            continue
        shown = True
        drawing.add(shape, style, outline=True)
        at = shapely.point_on_surface(ground)
        drawing.names.append((at.x, at.y, phrases.clean(name), ink_of(style.colour), 9.0))
    return shown


def draw_selected(
    drawing: Drawing[FigureLanguage], select: Selection, layers: Sequence[WorkspaceLayer], *, dot: float
) -> list[Entry]:
    """Draw the selected feature with a bright edge above all layers; the legend's line for it."""
    layer = next((one for one in layers if one.key == select.key), None)
    if layer is None:  # switched off: then there is nothing to mark
        return []
    id_ = layer.ids[select.row]
    feature = next((one for one in layer.outline.features if one.id == id_), None)
    if feature is None:
        return []
    made = thinned([feature.geometry], drawing.plane, dot=dot)
    name = phrases.clean(feature.name or feature.code or feature.id)
    style = drawing.sheet.marks["selected"]
    shape = drawing.add(made.shapes[0], drawing.sheet.casing_of(style), outline=True)
    drawing.add(made.shapes[0], style, outline=True)
    if shape is None:
        if not len(made.specks):
            return []
        drawing.add_specks(made.specks, replace(style, weight=7.0))
        shape = "point"
    at = made.shapes[0].centroid if not made.shapes[0].is_empty else shapely.Point(made.specks[0])
    drawing.names.append((at.x, at.y - 14, name, style.colour, 0.0))
    words = say("sheet.selected", drawing.language, name=name)
    return [Entry(text=words, style=style, shape="outline" if shape in {"area", "outline"} else shape)]


def draw_site(drawing: Drawing[FigureLanguage], site: BaseGeometry) -> str | None:
    """Draw a site above all; how it is drawn, None where it is not in the window."""
    geometry = drawing.plane.project(checked(site, "site"))
    inside = shapely.box(0, 0, drawing.plane.width, drawing.plane.height)
    if geometry.is_empty or not geometry.intersects(inside):
        return None
    return drawing.add(geometry, drawing.sheet.site)
