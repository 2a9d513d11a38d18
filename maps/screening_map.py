"""
The map of one screened site: a folium page in one file that opens with no network.

It shows the site, the parts of it that lie in a layer, the layers with their coverage, and beside them in words the
answer, its grounds, the dates of the data and the notes that must stand on it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from maps import phrases
from maps.errors import NotDrawableError
from maps.folium_page import new_map, put_script, rendered, template
from maps.legend import LegendEntry, legend
from maps.markup import Html, embedded_json, tag
from maps.offline import inline
from maps.panel import feature_rows, notices, panel, site_rows
from maps.style import KIND_ORDER, SITE, STANDARD, FeatureStyle, hatches, kind_rank, overlap_style_of, style_of
from screening.words import word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

    from screening.overlap import LayerOutline, OutlineFeature, Overlap
    from screening.words import Language

__all__ = ["draw"]

_DECIMALS = 7  # of a degree: 11 mm, finer than any screen
_METRES_A_DEGREE = 111_320.0
_SHAPES = {0: "point", 1: "line", 2: "area"}


@dataclass(kw_only=True)
class _Drawing:
    """What is collected for the page while the layers are gone through."""

    language: Language
    names: dict[str, dict[str, str]] = field(default_factory=dict)
    groups: int = 0
    items: list[dict[str, Any]] = field(default_factory=list)
    coverages: list[dict[str, Any]] = field(default_factory=list)
    styles: dict[str, FeatureStyle] = field(default_factory=dict)
    entries: list[LegendEntry] = field(default_factory=list)

    def group(self, heading: str, label: str) -> str:
        """A new entry of the layer control, which writes HTML and keys by name: names are made safe and unique."""
        labels = self.names.setdefault(_control_text(heading), {})
        safe = _control_text(label)
        unique, count = safe, 2
        while unique in labels:
            unique, count = f"{safe} ({count})", count + 1
        labels[unique] = f"g{self.groups}"
        self.groups += 1
        return labels[unique]

    def add(self, item: dict[str, Any], style: FeatureStyle, entry: LegendEntry) -> None:
        """One drawn thing with its line in the legend."""
        self.styles[style.key] = style
        self.items.append(item | {"style": style.key})
        self.entries.append(entry)


def draw(
    result: Mapping[str, Any],
    *,
    site: BaseGeometry,
    overlaps: Sequence[Overlap],
    layers: Sequence[LayerOutline],
    language: Language = "zh",
    title: str | None = None,
) -> str:
    """
    The page of a screened site, whole, as HTML.

    Use it for looking at a result; the answer itself is the result's, nothing is judged here. Geometries may be
    simplified for display, which the page says. The same input gives the same text.

    Parameters
    ----------
    result
        The result as in ``verdict.md`` section 8, with exactly those keys.
    site
        The site in EPSG:4490 longitude and latitude (degrees); any type, Z is dropped.
    overlaps
        The parts of the site that lie in features, EPSG:4490; empty ones are not drawn.
    layers
        The layers to draw, EPSG:4490; features with empty geometry are not drawn.
    language
        ``zh`` or ``en``.
    title
        The heading; by default that of the catalogue.

    Returns
    -------
    html
        One file: no address in it is loaded, and its content security policy forbids every request.

    Raises
    ------
    NotDrawableError
        If a geometry has coordinates that are not finite or not degrees.
    AssetsMissingError, AssetDamagedError, UnlockedResourceError
        If the locked scripts are not there, not whole, or not all that folium names.
    KeyError
        If ``result`` lacks a key of the contract.
    """
    heading = title or word("map.title", language)
    drawing = _Drawing(language=language)
    site_data = _draw_site(drawing, result, site, now=any(one.kind == "proposal" for one in layers))
    _draw_overlaps(drawing, result, overlaps)
    for outline in sorted(layers, key=lambda one: (one.role != "protective", kind_rank(one.kind))):
        _draw_layer(drawing, result, outline)
    proposed = [feature.geometry for one in layers if one.kind == "proposal" for feature in one.features]
    bounds = _view(shapely.GeometryCollection([site, *proposed]) if proposed else site, result)
    faces = notices(result, layers, language)
    data = {
        "words": {
            key: word(f"map.{key}", language)
            for key in ("close", "zoom_in", "zoom_out", "north", "layer_control", "legend", "overlap")
        },
        "styles": {key: style.to_leaflet() for key, style in drawing.styles.items()},
        "panes": [*reversed(KIND_ORDER)],
        "view": bounds,
        "site": site_data,
        "items": drawing.items,
        "coverages": drawing.coverages,
    }
    notice = tag(
        "footer",
        *[tag("span", text, class_=f"notice is-{code}") for code, text in faces],
        class_="notices",
        id="notices",
    )
    body = Html(
        panel(result, layers, language, title=heading)
        + notice
        + legend(drawing.entries, language)
        + hatches(list(drawing.styles.values()))
        + tag("script", embedded_json(data), type="application/json", id="map-data")
    )
    metas = [tag("meta", name="viewport", content="width=device-width, initial-scale=1")]
    metas += [tag("meta", name=code.replace("_", "-"), content=text) for code, text in faces]
    metas.append(tag("meta", name="as-of", content=result["as_of"]))
    html = _fold(drawing, bounds, heading=heading, head="\n".join(metas), body=body)
    return inline(html)


def _fold(drawing: _Drawing, bounds: list[list[float]], *, heading: str, head: str, body: Html) -> str:
    """The page as folium renders it, with every element under a fixed name."""
    import folium
    from folium.plugins import GroupedLayerControl, MousePosition

    centre = ((bounds[0][0] + bounds[1][0]) / 2, (bounds[0][1] + bounds[1][1]) / 2)
    page = new_map("screening", centre=centre, zoom_start=12, zoomSnap=0.25, maxZoom=21, minZoom=3)
    groups = {}
    for group, labels in drawing.names.items():
        members = []
        for label, key in labels.items():
            layer = folium.FeatureGroup(name=label)
            layer._id = key  # noqa: SLF001
            page.add_child(layer)
            members.append(layer)
        groups[group] = members
    keys = [key for labels in drawing.names.values() for key in labels.values()]
    named = ", ".join(f"{key}: feature_group_{key}" for key in keys)
    control = GroupedLayerControl(  # type: ignore[no-untyped-call]
        groups, exclusive_groups=False, collapsed=False, position="topright"
    )
    mouse = MousePosition(  # type: ignore[no-untyped-call]
        position="bottomleft",
        separator=", ",
        empty_string=word("map.mouse_empty", drawing.language),
        lng_first=True,
        prefix=word("map.mouse", drawing.language),
        lat_formatter="function (degrees) { return degrees.toFixed(6) + '°'; }",
        lng_formatter="function (degrees) { return degrees.toFixed(6) + '°'; }",
    )
    for child, name in ((control, "control"), (mouse, "mouse")):
        child._id = name  # noqa: SLF001
        page.add_child(child)
    code = f"{template('screening.js')}\ndrawScreening({page.get_name()}, {{{named}}});"
    put_script(page, code, name="call")
    css = template("screening.css")
    return rendered(page, heading=heading, language=drawing.language, head=head, body=body, css=css)


def _draw_site(drawing: _Drawing, result: Mapping[str, Any], site: BaseGeometry, *, now: bool) -> dict[str, Any]:
    """The site; ``now`` where proposals are drawn beside it."""
    language = drawing.language
    facts = result["site"]
    project, label = word("map.project", language), word("avoid.site_now" if now else "map.site", language)
    shape = _SHAPES[max(int(shapely.get_dimensions(site)), 0)]
    drawing.styles[SITE.key] = SITE
    drawing.entries.append(LegendEntry(group=project, text=label, style=SITE, shape=shape))
    radius = float(facts["radius_m"] or 0)
    if radius:
        ring = STANDARD.marks["radius"]
        drawing.styles[ring.key] = ring
        drawing.entries.append(LegendEntry(group=project, text=word("map.radius", language), style=ring, shape="area"))
    return {
        "group": drawing.group(project, label),
        "geometry": _geometry(site, label),
        "radius": radius,
        "title": phrases.clean(facts["name"] or label),
        "answer": [word("map.overall", language), phrases.code_word("answer", result["answer"], language)],
        "code": result["answer"],
        "rows": site_rows(result, language),
    }


def _draw_overlaps(drawing: _Drawing, result: Mapping[str, Any], overlaps: Sequence[Overlap]) -> None:
    """The parts of the site inside features, one entry of the control a kind."""
    language = drawing.language
    measured = _measured(result)
    cards = {card["name"]: card for card in result["layers"]}
    project, label = word("map.project", language), word("map.overlap", language)
    colon = "：" if language == "zh" else ": "
    groups: dict[str, str] = {}
    kinds = sorted({overlap.kind for overlap in overlaps}, key=kind_rank)
    for overlap in sorted(overlaps, key=lambda one: -kind_rank(one.kind)):
        if overlap.geometry.is_empty:
            continue
        feature = measured.get((overlap.layer, overlap.feature_id))
        kind = phrases.code_word("kind", overlap.kind, language)
        style = overlap_style_of(overlap.kind, feature["class"] if feature else "")
        card = cards.get(overlap.layer) or {"name": overlap.layer, "source": None, "data_date": None}
        rows = (
            feature_rows(feature, card, language, measured=True) if feature else [[word("map.layer", language), kind]]
        )
        name = (feature and (feature["name"] or feature["code"])) or overlap.feature_id
        key = f"{overlap.layer}|{overlap.feature_id}"
        if overlap.kind not in groups:
            groups[overlap.kind] = drawing.group(project, f"{label}{colon}{kind}")
        class_words = phrases.code_word("class", feature["class"], language) if feature else kind
        item = _item("overlap", groups[overlap.kind], key, f"{label}{colon}{name}", rows)
        item |= {"pane": "overlap", "geometry": _geometry(overlap.geometry, key)}
        item["width"] = 7 + 5 * kinds.index(overlap.kind)  # of lines: the strictest lies on top, none is hidden
        by_class = overlap.kind != "red_lines" and feature is not None and feature["class"] != "unconfirmed"
        words = f"{label}{colon}{class_words if by_class else kind}"
        entry = LegendEntry(group=project, text=words, style=style, shape=_shape(overlap.geometry))
        drawing.add(item, style, entry)


def _draw_layer(drawing: _Drawing, result: Mapping[str, Any], outline: LayerOutline) -> None:
    language = drawing.language
    if outline.kind == "proposal":
        _draw_proposal(drawing, outline)
        return
    measured = _measured(result)
    kind = phrases.code_word("kind", outline.kind, language)
    role = phrases.code_word("role", outline.role, language)
    heading = f"{kind}（{role}）" if language == "zh" else f"{kind} ({role})"
    date = outline.data_date or word("map.not_stated", language)
    group = drawing.group(heading, f"{outline.layer}（{date}）" if language == "zh" else f"{outline.layer} ({date})")
    card = {"name": outline.layer, "source": outline.source, "data_date": outline.data_date}
    for feature in outline.features:
        if feature.geometry.is_empty:
            continue
        facts = measured.get((outline.layer, feature.id))
        rows = feature_rows(facts or _fields(feature), card, language, measured=facts is not None)
        style = style_of(outline.kind, feature.class_)
        key = f"{outline.layer}|{feature.id}"
        title = feature.name or feature.code or word("map.no_name", language)
        item = _item("feature", group, key, title, rows)
        item |= {"pane": outline.kind if outline.kind in KIND_ORDER else "other"}
        item |= {"geometry": _geometry(feature.geometry, key)}
        words = phrases.code_word("class", feature.class_, language)
        entry = LegendEntry(group=kind, text=words, style=style, shape=_shape(feature.geometry))
        drawing.add(item, style, entry)
    if outline.coverage is not None and not outline.coverage.is_empty:
        # The line around what the layer covers, not an area: inside it there is something to say.
        edge = outline.coverage.boundary
        style = STANDARD.marks["coverage"]
        drawing.styles[style.key] = style
        geometry = _geometry(edge, f"{outline.layer}: coverage")
        drawing.coverages.append({"group": group, "style": style.key, "geometry": geometry})
        words = word("map.coverage", language)
        drawing.entries.append(LegendEntry(group=words, text=words, style=style, shape="outline"))


def _draw_proposal(drawing: _Drawing, outline: LayerOutline) -> None:
    """A proposal, above the layers, with a label that says what it changes."""
    language = drawing.language
    heading = word("avoid.title", language)
    group = drawing.group(heading, outline.layer)
    for feature in outline.features:
        style = style_of("proposal", feature.class_)
        label = phrases.clean(feature.class_label or feature.name)
        rows = [[word("avoid.column_change", language), label], ["", word("avoid.space_only", language)]]
        item = _item("feature", group, f"{outline.layer}|{feature.id}", outline.layer, rows)
        item |= {"pane": "proposal", "geometry": _geometry(feature.geometry, outline.layer), "label": label}
        item["at"] = _label_place(feature.geometry, drawing.groups)
        entry = LegendEntry(group=heading, text=label, style=style, shape=_shape(feature.geometry))
        drawing.add(item, style, entry)


def _label_place(geometry: BaseGeometry, number: int) -> list[float]:
    """Latitude and longitude: on the longest line, those of several proposals apart; else the northernmost vertex."""
    if shapely.get_dimensions(geometry) == 1:
        longest = max(shapely.get_parts(geometry), key=shapely.length)
        place = shapely.line_interpolate_point(longest, (0.35, 0.5, 0.65)[number % 3], normalized=True)
        return [round(place.y, _DECIMALS), round(place.x, _DECIMALS)]
    points = shapely.get_coordinates(geometry)
    lon, lat = points[int(np.argmax(points[:, 1]))]
    return [round(float(lat), _DECIMALS), round(float(lon), _DECIMALS)]


def _control_text(text: str) -> str:
    """
    HTML for the layer control. Braces become references too: branca reads every script a second time as a template,
    so that a layer named ``{{ … }}`` would be run by it.
    """
    return escape(phrases.clean(text)).replace("{", "&#123;").replace("}", "&#125;")


def _item(type_: str, group: str, key: str, title: object, rows: list[list[str]]) -> dict[str, Any]:
    return {
        "type": type_,
        "group": group,
        "key": phrases.clean(key),
        "title": phrases.clean(title),
        "rows": rows,
    }


def _fields(feature: OutlineFeature) -> dict[str, Any]:
    """A drawn feature under the keys of a result's."""
    names = {"class": feature.class_, "class_label": feature.class_label, "flags": feature.flags}
    return {"code": feature.code, "name": feature.name} | names


def _measured(result: Mapping[str, Any]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """The result's features by layer and id; what is met goes before what is only near."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for part in (*result["findings"], *result["context"]):
        for feature in part["features"]:
            found.setdefault((part["layer"], feature["id"]), feature)
    return found


def _shape(geometry: BaseGeometry) -> str:
    return _SHAPES[max(int(shapely.get_dimensions(geometry)), 0)]


def _geometry(geometry: BaseGeometry, what: str) -> dict[str, Any]:
    """GeoJSON in degrees, rounded for display."""
    coordinates = shapely.get_coordinates(geometry)
    if not len(coordinates):
        raise NotDrawableError(what=what, why="it is empty")
    if not np.isfinite(coordinates).all():
        raise NotDrawableError(what=what, why="a coordinate is not a finite number")
    if (np.abs(coordinates) > (180.0, 90.0)).any():
        first = coordinates[(np.abs(coordinates) > (180.0, 90.0)).any(axis=1)][0]
        raise NotDrawableError(what=what, why=f"({first[0]:.3f}, {first[1]:.3f}) is not in degrees")
    flat = shapely.transform(shapely.force_2d(geometry), lambda points: np.round(points, _DECIMALS))
    mapped: dict[str, Any] = shapely.geometry.mapping(flat)
    return mapped


def _view(site: BaseGeometry, result: Mapping[str, Any]) -> list[list[float]]:
    """South-west and north-east corner of the first view: the site, some ground around it, the nearest zone if near."""
    west, south, east, north = site.bounds
    per_lat, per_lon = _METRES_A_DEGREE, _METRES_A_DEGREE * math.cos(math.radians((south + north) / 2))
    size = max((east - west) * per_lon, (north - south) * per_lat)
    near = [
        feature["distance_m"]
        for finding in result["findings"]
        for feature in finding["features"]
        if feature["distance_m"]
    ]
    ground = max(0.35 * size, 250.0, float(result["site"]["radius_m"] or 0), min(1.2 * min(near, default=0.0), 2e4))
    dx, dy = ground / per_lon, ground / per_lat
    corners = ((south - dy, west - dx), (north + dy, east + dx))
    return [[round(value, _DECIMALS) for value in corner] for corner in corners]
