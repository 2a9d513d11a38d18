"""The figure of a report: a static map as SVG, with scale bar, north arrow, graticule, legend, date, CRS and marks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import shapely

from maps import phrases
from maps.figure.drawing import Drawing, ink_of
from maps.figure.furniture import MARGIN, frame, legend_column, north_arrow, scale_bar
from maps.figure.lettering import Labels, text, wrapped
from maps.figure.plane import checked, plane_of
from maps.legend import LegendEntry
from maps.markup import Html, join, tag
from maps.panel import notices
from maps.style import SITE, hatches, kind_rank, overlap_style_of, style_of
from screening.words import word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

    from screening.overlap import LayerOutline, Overlap
    from screening.words import Language

__all__ = ["FONTS", "UNIT_MM", "StaticMap", "static_map"]

UNIT_MM = 0.25
"""Millimetres of paper in one unit of the picture: 680 units are the 170 mm between the margins of A4."""
FONTS = "Noto Sans CJK SC, Source Han Sans SC, Microsoft YaHei, PingFang SC, SimHei, SimSun, sans-serif"
WIDTH, MAP_WIDTH, LEGEND_WIDTH = 680.0, 474.0, 150.0
_RED = "#a3001f"
_CORNERS_LABELLED = 24


@dataclass(frozen=True, kw_only=True)
class StaticMap:
    """
    A map for a page.

    Attributes
    ----------
    svg
        The picture; it loads nothing.
    width_mm, height_mm
        Its size on paper.
    alternative
        What it shows, in words.
    not_drawn
        Layers that the picture should show and does not, in words; they stand on it too.
    """

    svg: str
    width_mm: float
    height_mm: float
    alternative: str
    not_drawn: tuple[str, ...]


def static_map(
    result: Mapping[str, Any],
    *,
    geometry: BaseGeometry,
    overlaps: Sequence[Overlap],
    layers: Sequence[LayerOutline],
    language: Language = "zh",
    fonts: str = FONTS,
) -> StaticMap:
    """
    The static map of a verdict.

    Use it for figures on paper; `maps.screening_map.draw` makes the map for a screen. Nothing is judged here. It is
    drawn in the site's 3 degree Gauss-Krueger zone, so that the scale bar holds all over it. The same input gives
    the same text.

    Parameters
    ----------
    result
        The JSON of a verdict.
    geometry
        The site, EPSG:4490.
    overlaps
        Its parts that lie in features, EPSG:4490.
    layers
        The layers as they are drawn (`screening.outline.outlines_of`), EPSG:4490.
    language
        ``zh`` or ``en``.
    fonts
        Families to letter it in, first choice first.

    Raises
    ------
    NotDrawableError
        A geometry is not finite or not in degrees.
    KeyError
        ``result`` lacks a key of the contract.
    """
    plane = plane_of(geometry, result, width=MAP_WIDTH, height=_height(geometry))
    drawing: Drawing[Language] = Drawing(plane=plane, language=language)
    absent = _draw_layers(drawing, result, layers)
    _draw_overlaps(drawing, result, overlaps)
    labels = Labels(width=plane.width, height=plane.height, taken=[(plane.width - 46, 0, plane.width, 62)])
    written = [*_draw_site(drawing, result, geometry, labels), *drawing.written(labels)]
    # The site and what it meets come first in the legend, then the layers, the strictest first.
    order = {group: k for k, group in enumerate(dict.fromkeys(entry.group for entry in drawing.entries))}
    project = word("map.project", language)
    drawing.entries.sort(key=lambda entry: (entry.group != project, -order[entry.group]))
    not_drawn = _not_drawn(result, layers, language)
    marks = [words for _, words in notices(result, layers, language)]
    return _composed(drawing, result, marks=marks, not_drawn=not_drawn, absent=absent, labels=written, fonts=fonts)


def _height(geometry: BaseGeometry) -> float:
    """Height of the map: as wide as high, lower for a site that runs from west to east."""
    west, south, east, north = checked(geometry, "site").bounds
    tall = (north - south) / max((east - west) * 0.68, 1e-12)
    return max(300.0, min(MAP_WIDTH, MAP_WIDTH * tall))


def _draw_layers(drawing: Drawing[Language], result: Mapping[str, Any], layers: Sequence[LayerOutline]) -> list[str]:
    """Draw the layers, the strictest last; the names of those that have nothing in the window."""
    language, absent, edges = drawing.language, [], []
    met = {
        (owner["layer"], feature["id"]): feature["relation"] != "disjoint"
        for owner in (*result["context"], *result["findings"])
        for feature in owner["features"]
    }
    for outline in sorted(layers, key=lambda one: (one.role == "protective", -kind_rank(one.kind), one.layer)):
        shown = False
        for feature in outline.features:
            if feature.geometry.is_empty:
                continue
            checked(feature.geometry, f"{outline.layer} {feature.id}")
            geometry = drawing.plane.project(feature.geometry)
            style = style_of(outline.kind, feature.class_)
            shape = drawing.add(geometry, style)
            if shape is None:
                continue
            shown = True
            words = phrases.code_word("class", feature.class_, language)
            date = outline.data_date or word("map.not_stated", language)
            group = f"{outline.layer}（{date}）" if language == "zh" else f"{outline.layer} ({date})"
            drawing.entries.append(LegendEntry(group=group, text=words, style=style, shape=shape))
            name = feature.name or feature.code
            if name:
                rank = 0 if met.get((outline.layer, feature.id)) else 1 if (outline.layer, feature.id) in met else 2
                inside = geometry if shape == "area" else shapely.Point(shapely.get_coordinates(geometry).mean(axis=0))
                at = shapely.point_on_surface(shapely.clip_by_rect(inside, 30, 12, drawing.plane.width - 30, 1e4))
                if not at.is_empty:
                    drawing.names.append((at.x, at.y, phrases.clean(name), ink_of(style.colour), rank))
        if outline.coverage is not None and not outline.coverage.is_empty:
            edges.append(checked(outline.coverage, f"{outline.layer}: coverage").boundary)
        if not shown and outline.features:
            absent.append(outline.layer)
    style = drawing.sheet.marks["coverage"]
    for edge in edges:
        if drawing.add(drawing.plane.project(edge), style, outline=True):
            words = word("map.coverage", language)
            drawing.entries.append(LegendEntry(group=words, text=words, style=style, shape="outline"))
    return absent


def _draw_overlaps(drawing: Drawing[Language], result: Mapping[str, Any], overlaps: Sequence[Overlap]) -> None:
    """The parts of the site inside protective features, the strictest on top."""
    language = drawing.language
    classes = {(f["layer"], one["id"]): one["class"] for f in result["findings"] for one in f["features"]}
    for overlap in sorted(overlaps, key=lambda one: -kind_rank(one.kind)):
        class_ = classes.get((overlap.layer, overlap.feature_id))
        if overlap.geometry.is_empty or class_ is None:  # a unit that is only context is drawn itself
            continue
        style = overlap_style_of(overlap.kind, class_)
        shape = drawing.add(drawing.plane.project(overlap.geometry), style)
        if shape is not None:
            words = word("map.overlap", language) + ("：" if language == "zh" else ": ")
            by_class = overlap.kind != "red_lines" and class_ != "unconfirmed"
            words += phrases.code_word("class" if by_class else "kind", class_ if by_class else overlap.kind, language)
            project = word("map.project", language)
            drawing.entries.insert(0, LegendEntry(group=project, text=words, style=style, shape=shape))


def _draw_site(drawing: Drawing[Language], result: Mapping[str, Any], site: BaseGeometry, labels: Labels) -> list[Html]:
    """The site above all, the circle of a point, and its corners by the numbers of the corner table."""
    language, plane = drawing.language, drawing.plane
    geometry = plane.project(site)
    radius = float(result["site"]["radius_m"] or 0) / plane.unit_m
    if radius:
        ring = drawing.sheet.marks["radius"]
        drawing.styles[ring.key] = ring
        for x, y in shapely.get_coordinates(geometry):
            drawing.shapes.append(
                tag(
                    "circle",
                    cx=f"{x:.1f}",
                    cy=f"{y:.1f}",
                    r=f"{radius:.1f}",
                    fill="none",
                    stroke=ring.colour,
                    stroke_width=f"{ring.weight:g}",
                    stroke_dasharray=ring.dash,
                )
            )
        words = word("map.radius", language)
        drawing.entries.insert(
            0, LegendEntry(group=word("map.project", language), text=words, style=ring, shape="outline")
        )
    shape = drawing.add(geometry, SITE) or "area"
    entry = LegendEntry(group=word("map.project", language), text=word("map.site", language), style=SITE, shape=shape)
    drawing.entries.insert(0, entry)
    if shape != "area" or site.geom_type != "Polygon" or shapely.get_num_coordinates(site) > _CORNERS_LABELLED + 1:
        return []
    middle = geometry.centroid
    written = []
    for number, (x, y) in enumerate(
        shapely.get_coordinates(shapely.transform(shapely.get_exterior_ring(site), plane.units_of))[:-1], 1
    ):
        away = max(((x - middle.x) ** 2 + (y - middle.y) ** 2) ** 0.5, 1e-9)
        label = labels.place(
            x + 11 * (x - middle.x) / away, y + 11 * (y - middle.y) / away, f"J{number}", 8.5, fill="#111111"
        )
        if label is not None:
            drawing.shapes.append(tag("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="2.2", fill="#111111"))
            written.append(label)
    return written


def _not_drawn(result: Mapping[str, Any], layers: Sequence[LayerOutline], language: Language) -> tuple[str, ...]:
    """Layers that are missing on the picture: unreadable, not loaded, or found damaged when they were to be drawn."""
    colon = "：" if language == "zh" else ": "
    found = []
    for finding in result["findings"]:
        for reason in finding["reasons"]:
            if reason["code"] in ("layer_unreadable", "layer_missing"):
                name = finding["layer"] or phrases.code_word("kind", finding["kind"], language)
                found.append(f"{phrases.clean(name)}{colon}{phrases.code_word('reason', reason['code'], language)}")
    for warning in result["warnings"]:
        if warning["code"] in ("layer_unreadable", "manifest_unreadable"):
            name = warning.get("layer") or word("report.workspace", language)
            found.append(f"{phrases.clean(name)}{colon}{phrases.warning_word(warning['code'], language)}")
    damaged = word("note.not_drawn_damaged", language)
    found += [f"{phrases.clean(one.layer)}{colon}{damaged}" for one in layers if "not_drawn_damaged" in one.notes]
    return tuple(dict.fromkeys(found))


def _composed(
    drawing: Drawing[Language],
    result: Mapping[str, Any],
    *,
    marks: Sequence[str],
    not_drawn: Sequence[str],
    absent: Sequence[str],
    labels: Sequence[Html],
    fonts: str,
) -> StaticMap:
    language, plane = drawing.language, drawing.plane
    left, top = MARGIN, MARGIN
    column, column_height = legend_column(
        drawing.entries, language, x=left + plane.width + 22, y=top, width=LEGEND_WIDTH
    )
    below = top + max(plane.height, column_height) + 22
    lines: list[tuple[str, str]] = []
    comma, colon = ("、", "：") if language == "zh" else (", ", ": ")
    if not_drawn:
        lines.append((word("figure.not_drawn", language) + colon + "；".join(not_drawn), _RED))
    if absent:
        lines.append((word("figure.absent", language) + colon + comma.join(absent), "#333333"))
    crs = word("figure.crs", language, meridian=3 * plane.zone, zone=plane.zone, code=plane.system.code)
    dated = f"{word('map.as_of', language)}{colon}{result['as_of']}"
    lines += [
        (crs, "#333333"),
        (f"{dated}{'；' if language == 'zh' else '; '}{word('figure.base', language)}", "#333333"),
    ]
    stamp = [one for mark in _stamped(marks, language) for one in wrapped(phrases.clean(mark), 10.5, WIDTH - 28)]
    box = tag(
        "rect",
        x=6,
        y=f"{below:g}",
        width=WIDTH - 12,
        height=f"{8 + 15 * len(stamp):g}",
        fill="#fff5f5",
        stroke=_RED,
        stroke_width="1",
    )
    footer: list[Html] = [box]
    y = below - 1
    for line in stamp:
        y += 15
        footer.append(text(WIDTH / 2, y + 1, line, 10.5, fill=_RED, font_weight="bold", text_anchor="middle"))
    y += 10
    for words, colour in lines:
        for line in wrapped(phrases.clean(words), 10.5, WIDTH - 2 * 6):
            y += 15
            footer.append(text(6, y, line, 10.5, fill=colour))
    height = y + 8
    title = word("figure.title", language, name=result["site"]["name"] or word("map.site", language))
    patterns = hatches(list(drawing.styles.values()))
    definitions = patterns[patterns.index("<defs>") + 6 : patterns.index("</defs>")]
    clip = tag("clipPath", tag("rect", width=plane.width, height=plane.height), id="map-window")
    inner = tag("g", *drawing.shapes, *labels, clip_path="url(#map-window)")
    svg = tag(
        "svg",
        tag("title", title),
        tag("defs", Html(definitions), clip),
        tag("rect", width=WIDTH, height=f"{height:.1f}", fill="#ffffff"),
        tag(
            "g",
            tag("rect", width=plane.width, height=plane.height, fill="#fcfcfa"),
            inner,
            frame(plane),
            north_arrow(plane, language),
            scale_bar(plane, language),
            transform=f"translate({left:g} {top:g})",
        ),
        column,
        *footer,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH:g} {height:.1f}",
        width=f"{WIDTH * UNIT_MM:g}mm",
        height=f"{height * UNIT_MM:.2f}mm",
        font_family=fonts,
        role="img",
    )
    drawn = list(dict.fromkeys(entry.group for entry in drawing.entries))
    alternative = word("figure.alternative", language, title=title, layers=comma.join(drawn))
    return StaticMap(
        svg=svg,
        width_mm=WIDTH * UNIT_MM,
        height_mm=round(height * UNIT_MM, 2),
        alternative=str(join(alternative)).replace("&#x27;", "'"),
        not_drawn=tuple(not_drawn),
    )


def _stamped(marks: Sequence[str], language: Language) -> list[str]:
    """The marks, two to a line where they are short."""
    gap = "　　" if language == "zh" else "   |   "
    return [gap.join(marks)] if sum(map(len, marks)) < 48 else list(marks)
