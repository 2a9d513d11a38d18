"""The figure of a workspace: its layers, or those of a view, on a sheet of paper, with what must be said of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from maps.errors import FigureError
from maps.figure.base import district_base
from maps.figure.drawing import Drawing
from maps.figure.furniture import frame, north_arrow, scale_bar
from maps.figure.legend_blocks import Entry, LegendBlock
from maps.figure.lettering import Labels
from maps.figure.map_layers import draw_base, draw_coverage, draw_layer, draw_selected, draw_site
from maps.figure.map_words import LayerWords, foot_of, stamp_of
from maps.figure.plane import checked, plane_at, plane_within
from maps.figure.sheet import Face, divided, drawn_face
from maps.figure.static_map import FONTS
from maps.figure.wording import languages, listed, say
from maps.markup import Html, tag
from maps.style import STANDARD, hatches
from maps.view import View, metres_a_pixel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

    from maps.figure.base import DistrictBase
    from maps.figure.paper import Paper
    from maps.figure.plane import Plane
    from maps.figure.sheet import Division
    from maps.figure.wording import FigureLanguage
    from maps.figure.workspace_layers import WorkspaceLayer, WorkspaceLayers
    from maps.style import StyleSheet

__all__ = ["SCREEN", "Asked", "Sheet", "workspace_map"]

SCREEN = (1200, 800)
"""CSS pixels of the page that a link is taken to come from: it says centre and zoom, not how large the window was."""
_MOST_ROUNDS = 4
_MOST_MARKERS = 500
Bounds = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """
    What is wanted of a figure.

    Attributes
    ----------
    view
        Of a share link; its parts hold where nothing else is said.
    bounds
        West, south, east, north, EPSG:4490: the box to be shown whole; before ``view``.
    layers
        Names of the layers to be shown; None: those of the view, else all.
    language
        None: that of the view, else Chinese.
    title
        None: made of ``name``.
    name
        Of the workspace.
    site, site_name
        A site drawn above all, EPSG:4490; None: that of the view.
    base
        Whether district outlines are drawn.
    review_number
        审图号; None: the figure says that there is none.
    region
        Box of the workspace's region, EPSG:4490: shown where no layer has a place.
    sheet
        How everything looks, see `maps.style.load_style`.
    """

    view: View = field(default_factory=View)
    bounds: Bounds | None = None
    layers: tuple[str, ...] | None = None
    language: FigureLanguage | None = None
    title: str | None = None
    name: str = ""
    site: BaseGeometry | None = None
    site_name: str = ""
    base: bool = False
    review_number: str | None = None
    region: Bounds | None = None
    sheet: StyleSheet = STANDARD


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """
    A figure on paper.

    Attributes
    ----------
    svg
        The picture; it loads nothing.
    width_mm, height_mm
        Of the paper.
    title, alternative
        What it is, and what it shows, in words.
    language
        Its first language.
    as_of
        ISO date for which the layers were chosen.
    unknown_keys
        Layers of the link that the workspace has not.
    """

    svg: str
    width_mm: float
    height_mm: float
    title: str
    alternative: str
    language: str
    as_of: str
    unknown_keys: tuple[str, ...]


def workspace_map(
    found: WorkspaceLayers, asked: Asked, *, paper: Paper, dpi: float = 300.0, fonts: str = FONTS
) -> Sheet:
    """
    The figure of a workspace.

    Use it for the view of a map without a browser; `maps.figure.static_map.static_map` draws a verdict. Nothing is
    judged. The same input gives the same text.

    Parameters
    ----------
    found
        Of `workspace_layers`.
    asked
        What is wanted.
    paper
        The sheet.
    dpi
        Dots an inch: shapes keep what such dots show.
    fonts
        Families to letter it in, first choice first.

    Raises
    ------
    FigureError
        There is nothing to show, no such layer, no such window, or no room on the paper.
    NotDrawableError
        The site is not finite or not in degrees.
    """
    language = asked.language or asked.view.language or "zh"
    if asked.site is None and asked.view.site is not None:
        asked = replace(asked, site=asked.view.site.geometry)
    shown, hidden, unknown = _chosen(found, asked)
    bounds = asked.bounds
    if bounds is None and asked.view.zoom is None:
        bounds = _extent([layer for layer, _ in shown], asked)
    words = [LayerWords(layer, language) for layer, _ in shown]
    # What will be seen depends on the window, its shape on the room that the words leave: all layers in full at first.
    face = _face(
        found, asked, language, words=words, seen=[one.guess() for one in words], hidden=hidden, unit_mm=paper.unit_mm
    )
    for spare in range(_MOST_ROUNDS):
        division = divided(paper, face, spare=6.0 * spare)
        drawn = _Drawn.of(shown, asked, language, division=division, bounds=bounds, paper=paper, dpi=dpi)
        face = _face(
            found, asked, language, words=words, seen=drawn.seen, hidden=hidden, unit_mm=paper.unit_mm, drawn=drawn
        )
        if division.holds(paper, face):
            break
    else:
        raise FigureError(
            code="paper", detail="the words of this figure find no room", remedy="take a larger paper (--paper a3)"
        )
    svg = _svg(paper, face, division, drawn, fonts=fonts)
    visible = [one.outline.layer for (one, _), seen in zip(shown, drawn.seen, strict=True) if seen]
    alternative = say("figure.alternative", languages(language)[0], title=face.title, layers=listed(visible, language))
    return Sheet(
        svg=svg,
        width_mm=paper.width_mm,
        height_mm=paper.height_mm,
        title=face.title,
        alternative=alternative,
        language=languages(language)[0],
        as_of=found.as_of,
        unknown_keys=unknown,
    )


def _chosen(
    found: WorkspaceLayers, asked: Asked
) -> tuple[list[tuple[WorkspaceLayer, float]], list[str], tuple[str, ...]]:
    """Layers to be shown with their opacity, the names of the others, and keys of the link that mean no layer."""
    by_key = {layer.key: layer for layer in found.layers}
    wanted = None if asked.view.layers is None else {one.key: one.opacity for one in asked.view.layers}
    unknown = tuple(key for key in wanted or () if key not in by_key)
    if asked.layers is not None:
        names = [layer.outline.layer for layer in found.layers]
        missing = [name for name in asked.layers if name not in names]
        if missing:
            raise FigureError(
                code="layer",
                detail=f"the workspace has no layer {', '.join(map(repr, missing))} that can be drawn",
                remedy=f"name one of: {', '.join(names) or '(none)'}",
            )
        wanted = {key: (wanted or {}).get(key, 1.0) for key, one in by_key.items() if one.outline.layer in asked.layers}
    if wanted is None:
        wanted = dict.fromkeys(by_key, 1.0)
    shown = [(layer, wanted[layer.key]) for layer in found.layers if layer.key in wanted]
    select = asked.view.select
    if select is not None and (select.key not in by_key or select.row >= len(by_key[select.key].ids)):
        raise FigureError(
            code="selection",
            detail=f"the link selects row {select.row} of layer {select.key}, which this workspace has not",
            remedy="use the link with the workspace its map was made of, or leave select= out",
        )
    return shown, [one.outline.layer for one in found.layers if one.key not in wanted], unknown


def _extent(layers: Sequence[WorkspaceLayer], asked: Asked) -> Bounds:
    """The box of everything shown; where nothing has a place, that of the region."""
    boxes: list[Bounds] = [] if asked.site is None else [checked(asked.site, "site").bounds]
    for layer in layers:
        geometries = [feature.geometry for feature in layer.outline.features]
        if layer.outline.coverage is not None:
            geometries.append(layer.outline.coverage)
        if geometries:
            boxes.append(tuple(shapely.total_bounds(geometries)))
    boxes = [box for box in boxes if all(map(math.isfinite, box))]
    if asked.region is not None and (not boxes or asked.site is None):
        boxes.append(asked.region)
    if not boxes:
        raise FigureError(
            code="nothing",
            detail="no layer to be shown has anything with a place",
            remedy="name what to show with --bounds W,S,E,N or --site FILE, or import a layer",
        )
    corners = np.array(boxes)
    west, south = corners[:, :2].min(axis=0)
    east, north = corners[:, 2:].max(axis=0)
    return float(west), float(south), float(east), float(north)


@dataclass(frozen=True, kw_only=True)
class _Drawn:
    """A map in the frame of a division, and what is seen on it: per layer its entries, empty where nothing is."""

    plane: Plane
    drawing: Drawing[FigureLanguage]
    labels: list[Html]
    seen: list[tuple[Entry, ...]]
    own: tuple[Entry, ...]
    base: DistrictBase | None

    @classmethod
    def of(
        cls,
        shown: Sequence[tuple[WorkspaceLayer, float]],
        asked: Asked,
        language: FigureLanguage,
        *,
        division: Division,
        bounds: Bounds | None,
        paper: Paper,
        dpi: float,
    ) -> _Drawn:
        _, _, width, height = division.frame
        plane = _plane(asked.view, bounds, width=width, height=height)
        dot = max(25.4 / dpi / paper.unit_mm, 0.1)
        drawing: Drawing[FigureLanguage] = Drawing(plane=plane, language=language, sheet=asked.sheet)
        base = district_base(plane.window) if asked.base else None
        own: list[Entry] = []
        if base is not None and draw_base(drawing, base, dot=dot):
            own.append(
                Entry(text=say("sheet.district", language), style=asked.sheet.marks["district"], shape="outline")
            )
        seen: list[tuple[Entry, ...]] = [()] * len(shown)
        for k in sorted(range(len(shown)), key=lambda k: _height_of(shown[k][0], k)):
            layer, opacity = shown[k]
            seen[k] = draw_layer(drawing, layer, opacity=opacity, dot=dot)
        coverage = draw_coverage(drawing, [layer for layer, _ in shown], dot=dot)
        own += coverage
        first: list[Entry] = []
        if asked.view.select is not None:
            first += draw_selected(drawing, asked.view.select, [layer for layer, _ in shown], dot=dot)
        if asked.site is not None:
            shape = draw_site(drawing, asked.site)
            if shape is not None:
                named = say("sheet.project", language, name=asked.site_name)
                first.insert(
                    0,
                    Entry(
                        text=named if asked.site_name else say("map.site", language),
                        style=asked.sheet.site,
                        shape=shape,
                    ),
                )
        taken = [(width - 46, 0.0, width, 62.0), (0.0, height - 36, 0.36 * width + 40, height)]
        taken += [(x - r, y - r, x + r, y + r) for x, y, r in drawing.points[:_MOST_MARKERS]]
        labels = drawing.written(Labels(width=width, height=height, taken=taken))
        return cls(plane=plane, drawing=drawing, labels=labels, seen=seen, own=(*first, *own), base=base)


def _height_of(layer: WorkspaceLayer, place: int) -> tuple[bool, int]:
    """Areas lie below points and lines; of either the strictest, which come first in the list, on top."""
    areas = any(shapely.get_dimensions(feature.geometry) == 2 for feature in layer.outline.features)
    return not areas, -place


def _plane(view: View, bounds: Bounds | None, *, width: float, height: float) -> Plane:
    if bounds is not None:
        return plane_within(bounds, width=width, height=height)
    lat, lon, zoom = (float(v) for v in (view.lat or 0.0, view.lon or 0.0, view.zoom or 0.0))
    pixel_m = metres_a_pixel(lat, zoom)
    unit_m = pixel_m * max(SCREEN[0] / width, SCREEN[1] / height)
    return plane_at(lat, lon, unit_m=unit_m, width=width, height=height)


def _face(
    found: WorkspaceLayers,
    asked: Asked,
    language: FigureLanguage,
    *,
    words: Sequence[LayerWords],
    seen: Sequence[tuple[Entry, ...]],
    hidden: Sequence[str],
    unit_mm: float,
    drawn: _Drawn | None = None,
) -> Face:
    """The words around the map; before it is drawn those that it may need at most."""
    own = drawn.own if drawn is not None else ()
    blocks = [LegendBlock(heading="", about=(), marks="", entries=own)] if own else []
    blocks += [one.block(entries) for one, entries in zip(words, seen, strict=True) if entries]
    title = say("map.legend", language)
    blocks[:1] = [replace(one, title=title) for one in blocks[:1]]
    absent = [one for one, entries in zip(words, seen, strict=True) if not entries]
    return Face(
        title=asked.title or say("sheet.title", language, name=asked.name),
        stamp=stamp_of(found, asked.review_number, language),
        blocks=tuple(blocks),
        foot=foot_of(
            found,
            language,
            absent=absent,
            hidden=hidden,
            plane=None if drawn is None else drawn.plane,
            base=None if drawn is None or drawn.base is None else drawn.base.source,
            unit_mm=unit_mm,
        ),
    )


def _svg(paper: Paper, face: Face, division: Division, drawn: _Drawn, *, fonts: str) -> str:
    plane, drawing = drawn.plane, drawn.drawing
    x, y, width, height = division.frame
    patterns = hatches(list(drawing.styles.values()))
    definitions = patterns[patterns.index("<defs>") + 6 : patterns.index("</defs>")]
    clip = tag("clipPath", tag("rect", width=f"{width:.2f}", height=f"{height:.2f}"), id="map-window")
    window = tag("g", *drawing.shapes, *drawn.labels, clip_path="url(#map-window)")
    first = languages(drawing.language)[0]
    return tag(
        "svg",
        tag("title", face.title),
        tag("defs", Html(definitions), clip),
        tag("rect", width=f"{paper.width:.2f}", height=f"{paper.height:.2f}", fill="#ffffff"),
        tag(
            "g",
            tag("rect", width=f"{width:.2f}", height=f"{height:.2f}", fill="#fcfcfa"),
            window,
            frame(plane),
            north_arrow(plane, drawing.language),
            scale_bar(plane, drawing.language),
            transform=f"translate({x:.2f} {y:.2f})",
        ),
        drawn_face(paper, face, division),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {paper.width:.2f} {paper.height:.2f}",
        width=f"{paper.width_mm:g}mm",
        height=f"{paper.height_mm:g}mm",
        font_family=fonts,
        lang=first,
        role="img",
    )
