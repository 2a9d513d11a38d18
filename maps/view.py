"""
What of a map is seen: centre and zoom, layers and their opacity, what is selected, language, theme, a site. In a link.

The page writes it behind the ``#`` of its address and reads it again; `sanxian figure --view` draws the same.

``#view=LAT,LON,ZOOM&layers=KEY,KEY:0.5&select=KEY:ROW&lang=zh&theme=dark&site=…``: every part may be missing, none may
come twice. The page's side is ``maps/page/link.ts``; it leaves out a part that this module refuses, and reads every
other one as it is read here.
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote

import shapely

from maps.errors import ViewLinkError

if TYPE_CHECKING:
    from screening.words import Language

__all__ = [
    "GREATEST_ZOOM",
    "MOST_SHARED",
    "Selection",
    "SharedSite",
    "ShownLayer",
    "View",
    "format_view",
    "layer_key",
    "metres_a_pixel",
    "parse_view",
]

GREATEST_ZOOM = 24.0
MOST_SHARED = 150
"""Vertices of a site that still stands in a link."""
Theme = Literal["light", "dark"]
_PARTS = ("view", "layers", "select", "lang", "theme", "site")
_GREATEST_LAT = 85.06
_LONGEST = 20_000
_EARTH_M = 2 * math.pi * 6378137.0
_NUMBER = re.compile(r"-?\d{1,3}(?:\.\d{1,15})?", re.ASCII)
_KEY = re.compile(r"n[0-9a-f]{8}", re.ASCII)
_ROW = re.compile(r"\d{1,9}", re.ASCII)
_METRES = re.compile(r"\d{1,6}(?:\.\d{1,3})?", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class ShownLayer:
    """A layer that is switched on: its `layer_key` and its opacity, 0 to 1."""

    key: str
    opacity: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Selection:
    """A feature that is selected: the `layer_key` of its layer and its row there, from 0."""

    key: str
    row: int


@dataclass(frozen=True, kw_only=True)
class SharedSite:
    """A site that was asked about: a point, line or polygon (EPSG:4490), its 95 % accuracy and its radius, metres."""

    geometry: shapely.Point | shapely.LineString | shapely.Polygon
    accuracy_m: float
    radius_m: float = 0.0


@dataclass(frozen=True, kw_only=True)
class View:
    """
    A view; None means that the link does not say, so that the reader's own default holds.

    Attributes
    ----------
    lat, lon
        Centre, degrees of EPSG:4490; both or none, with ``zoom``.
    zoom
        As Leaflet counts: at 0 the equator is 256 pixels long.
    layers
        Those switched on, in the order of the link; empty: none is.
    select
        What is selected.
    language
        ``zh`` or ``en``.
    theme
        ``light`` or ``dark``, of the page on a screen; paper is always light.
    site
        What was asked about.
    """

    lat: float | None = None
    lon: float | None = None
    zoom: float | None = None
    layers: tuple[ShownLayer, ...] | None = None
    select: Selection | None = None
    language: Language | None = None
    theme: Theme | None = None
    site: SharedSite | None = None


def layer_key(name: str) -> str:
    """
    The short key of a layer in links: the same for the same name, however its characters are composed.

    Examples
    --------
    >>> layer_key("管控单元")
    'n13677ef5'
    """
    return "n" + hashlib.sha256(unicodedata.normalize("NFC", name).encode("utf-8", "surrogatepass")).hexdigest()[:8]


def metres_a_pixel(lat: float, zoom: float) -> float:
    """
    Metres on the ground in one CSS pixel of the page at a latitude (spherical Mercator, tiles of 256 pixels).

    Examples
    --------
    >>> round(metres_a_pixel(0.0, 0), 2), round(metres_a_pixel(60.0, 10), 3)
    (156543.03, 76.437)
    """
    return math.cos(math.radians(lat)) * _EARTH_M / 256 / 2**zoom


def format_view(view: View) -> str:
    """
    A view as the part of a link behind its address.

    Centres are rounded to 1e-6 degree, zoom and opacity to 0.01, a site to 1e-9 degree and 1 mm.

    Raises
    ------
    ValueError
        The site has more than `MOST_SHARED` vertices.

    Examples
    --------
    >>> shown = (ShownLayer(key="n00000001"), ShownLayer(key="n00000002", opacity=0.5))
    >>> format_view(View(lat=49.6, lon=117.43, zoom=11, layers=shown, language="zh"))
    '#view=49.6,117.43,11&layers=n00000001,n00000002:0.5&lang=zh'
    """
    parts = []
    if view.lat is not None and view.lon is not None and view.zoom is not None:
        parts.append(f"view={_said(view.lat, 6)},{_said(view.lon, 6)},{_said(view.zoom, 2)}")
    if view.layers is not None:
        named = (one.key + ("" if round(one.opacity, 2) == 1 else f":{_said(one.opacity, 2)}") for one in view.layers)
        parts.append("layers=" + ",".join(named))
    if view.select is not None:
        parts.append(f"select={view.select.key}:{view.select.row}")
    if view.language is not None:
        parts.append(f"lang={view.language}")
    if view.theme is not None:
        parts.append(f"theme={view.theme}")
    if view.site is not None:
        parts.append(f"site={_site_text(view.site)}")
    return "#" + "&".join(parts)


def parse_view(text: str) -> View:
    """
    The view that a link, or the part of it behind ``#``, asks for.

    Parameters
    ----------
    text
        A whole link, ``#view=…``, or ``view=…``. One level of percent-encoding is undone, as mail programs add it.

    Raises
    ------
    ViewLinkError
        A part is unknown, comes twice, or is not what it should be; nothing of the link is used then.

    Examples
    --------
    >>> parse_view("file:///C:/图/map.html#view=49.6,117.43,11&lang=en")
    View(lat=49.6, lon=117.43, zoom=11.0, layers=None, select=None, language='en', theme=None, site=None)
    >>> parse_view("#site=point~5~0~117.45,49.58").site
    SharedSite(geometry=<POINT (117.45 49.58)>, accuracy_m=5.0, radius_m=0.0)
    """
    if len(text) > _LONGEST:
        raise ViewLinkError(part=f"{text[:40]}…", why=f"a link has at most {_LONGEST:,} characters")
    _, mark, behind = text.strip().partition("#")
    if not mark:
        behind = text.strip()
        if behind and not behind.startswith(tuple(f"{name}=" for name in _PARTS)):
            raise ViewLinkError(part=behind, why="it has no part behind a #")
    found: dict[str, str] = {}
    for part in behind.split("&") if behind else ():
        name, equals, value = unquote(part, errors="replace").partition("=")
        if name not in _PARTS or not equals:
            raise ViewLinkError(part=part, why="there is no such part")
        if name in found:
            raise ViewLinkError(part=part, why="it comes twice")
        found[name] = value
    lat, lon, zoom = _centre(found["view"]) if "view" in found else (None, None, None)
    language = found.get("lang")
    if language not in (None, "zh", "en"):
        raise ViewLinkError(part=f"lang={language}", why="it is zh or en")
    theme = found.get("theme")
    if theme not in (None, "light", "dark"):
        raise ViewLinkError(part=f"theme={theme}", why="it is light or dark")
    return View(
        lat=lat,
        lon=lon,
        zoom=zoom,
        layers=_layers(found["layers"]) if "layers" in found else None,
        select=_selection(found["select"]) if "select" in found else None,
        language=language,  # type: ignore[arg-type]  # one of the two, see above
        theme=theme,  # type: ignore[arg-type]
        site=_site(found["site"]) if "site" in found else None,
    )


def _centre(value: str) -> tuple[float, float, float]:
    part, numbers = f"view={value}", value.split(",")
    if len(numbers) != 3 or not all(_NUMBER.fullmatch(one) for one in numbers):
        raise ViewLinkError(part=part, why="it is latitude, longitude and zoom, three plain numbers")
    lat, lon, zoom = (float(one) + 0.0 for one in numbers)
    if not (abs(lat) <= _GREATEST_LAT and abs(lon) <= 180 and 0 <= zoom <= GREATEST_ZOOM):
        raise ViewLinkError(part=part, why=f"there is no such place, or no such zoom (0 to {GREATEST_ZOOM:g})")
    return lat, lon, zoom


def _layers(value: str) -> tuple[ShownLayer, ...]:
    shown: list[ShownLayer] = []
    for one in value.split(",") if value else ():
        key, colon, opacity = one.partition(":")
        if not _KEY.fullmatch(key):
            raise ViewLinkError(part=f"layers={one}", why="a layer's key is n and eight digits of 0-9a-f")
        if colon and not (_NUMBER.fullmatch(opacity) and 0 <= float(opacity) <= 1):
            raise ViewLinkError(part=f"layers={one}", why="an opacity is a number from 0 to 1")
        if any(key == other.key for other in shown):
            raise ViewLinkError(part=f"layers={one}", why="the layer comes twice")
        shown.append(ShownLayer(key=key, opacity=float(opacity) + 0.0 if colon else 1.0))
    return tuple(shown)


def _selection(value: str) -> Selection:
    key, _, row = value.partition(":")
    if not (_KEY.fullmatch(key) and _ROW.fullmatch(row)):
        raise ViewLinkError(part=f"select={value}", why="it is a layer's key, a colon and a row")
    return Selection(key=key, row=int(row))


def _site(value: str) -> SharedSite:
    """``polygon~ACCURACY~RADIUS~LON,LAT~LON,LAT~*~LON,LAT…``: a star begins the next ring."""
    part = f"site={value}"
    shape, *rest = value.split("~")
    if shape not in ("point", "line", "polygon"):
        raise ViewLinkError(part=part, why="it begins with point, line or polygon")
    if len(rest) < 2 or not all(_METRES.fullmatch(one) for one in rest[:2]):
        raise ViewLinkError(part=part, why="accuracy and radius follow, in metres")
    if len(rest) - 2 > 2 * MOST_SHARED:
        raise ViewLinkError(part=part, why=f"a link holds a site of at most {MOST_SHARED} vertices")
    rings: list[list[tuple[float, float]]] = [[]]
    for one in rest[2:]:
        if one == "*":
            rings.append([])
        else:
            rings[-1].append(_position(part, one))
    geometry = _shape(shape, rings)
    if geometry is None:
        raise ViewLinkError(part=part, why="its vertices make no such shape (a ring ends where it begins)")
    return SharedSite(geometry=geometry, accuracy_m=float(rest[0]), radius_m=float(rest[1]))


def _position(part: str, text: str) -> tuple[float, float]:
    numbers = text.split(",")
    if len(numbers) != 2 or not all(_NUMBER.fullmatch(number) for number in numbers):
        raise ViewLinkError(part=part, why=f"{text[:40]!r} is no longitude and latitude")
    lon, lat = (float(number) + 0.0 for number in numbers)
    if not (abs(lon) <= 180 and abs(lat) <= 90):
        raise ViewLinkError(part=part, why=f"there is no place {text[:40]!r}")
    return lon, lat


def _shape(
    shape: str, rings: list[list[tuple[float, float]]]
) -> shapely.Point | shapely.LineString | shapely.Polygon | None:
    if shape == "polygon":
        sound = all(len(ring) >= 4 and ring[0] == ring[-1] for ring in rings)
        return shapely.Polygon(rings[0], rings[1:]) if sound else None
    if len(rings) > 1:
        return None
    if shape == "line":
        return shapely.LineString(rings[0]) if len(rings[0]) > 1 else None
    return shapely.Point(rings[0][0]) if len(rings[0]) == 1 else None


def _site_text(site: SharedSite) -> str:
    geometry = site.geometry
    if shapely.get_num_coordinates(geometry) > MOST_SHARED:
        raise ValueError(f"a link holds a site of at most {MOST_SHARED} vertices")
    name = {"Point": "point", "LineString": "line", "Polygon": "polygon"}[geometry.geom_type]
    rings = [geometry.exterior, *geometry.interiors] if isinstance(geometry, shapely.Polygon) else [geometry]
    said = ["~".join(f"{_said(x, 9)},{_said(y, 9)}" for x, y in shapely.get_coordinates(ring)) for ring in rings]
    return "~".join([name, _said(site.accuracy_m, 3), _said(site.radius_m, 3), "~*~".join(said)])


def _said(number: float, decimals: int) -> str:
    """A number without needless digits: 0.5, 117, never -0 or 1e-05; half a digit goes up, as in the page."""
    text = f"{Decimal(number).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text
