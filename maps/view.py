"""
What of a map is seen: centre and zoom, layers and their opacity, what is selected, language. It stands in a link.

The page writes it behind the ``#`` of its address and reads it again; `sanxian figure --view` draws the same.

``#view=LAT,LON,ZOOM&layers=KEY,KEY:0.5&select=KEY:ROW&lang=zh``: every part may be missing, none may come twice.
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from maps.errors import ViewLinkError

if TYPE_CHECKING:
    from screening.words import Language

__all__ = [
    "GREATEST_ZOOM",
    "Selection",
    "ShownLayer",
    "View",
    "format_view",
    "layer_key",
    "metres_a_pixel",
    "parse_view",
]

GREATEST_ZOOM = 24.0
_GREATEST_LAT = 85.06
_LONGEST = 20_000
_EARTH_M = 2 * math.pi * 6378137.0
_NUMBER = re.compile(r"-?\d{1,3}(?:\.\d{1,15})?", re.ASCII)
_KEY = re.compile(r"n[0-9a-f]{8}", re.ASCII)
_ROW = re.compile(r"\d{1,9}", re.ASCII)


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
    """

    lat: float | None = None
    lon: float | None = None
    zoom: float | None = None
    layers: tuple[ShownLayer, ...] | None = None
    select: Selection | None = None
    language: Language | None = None


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
    A view as the part of a link behind its address; centres are rounded to 1e-6 degree, zoom and opacity to 0.01.

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
    View(lat=49.6, lon=117.43, zoom=11.0, layers=None, select=None, language='en')
    """
    if len(text) > _LONGEST:
        raise ViewLinkError(part=f"{text[:40]}…", why=f"a link has at most {_LONGEST:,} characters")
    _, mark, behind = text.strip().partition("#")
    if not mark:
        behind = text.strip()
        if behind and not re.match(r"(?:view|layers|select|lang)=", behind):
            raise ViewLinkError(part=behind, why="it has no part behind a #")
    found: dict[str, str] = {}
    for part in behind.split("&") if behind else ():
        name, _, value = unquote(part, errors="replace").partition("=")
        if name not in ("view", "layers", "select", "lang"):
            raise ViewLinkError(part=part, why="there is no such part")
        if name in found:
            raise ViewLinkError(part=part, why="it comes twice")
        found[name] = value
    lat, lon, zoom = _centre(found["view"]) if "view" in found else (None, None, None)
    language = found.get("lang")
    if language not in (None, "zh", "en"):
        raise ViewLinkError(part=f"lang={language}", why="it is zh or en")
    return View(
        lat=lat,
        lon=lon,
        zoom=zoom,
        layers=_layers(found["layers"]) if "layers" in found else None,
        select=_selection(found["select"]) if "select" in found else None,
        language=language,  # type: ignore[arg-type]  # one of the two, see above
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


def _said(number: float, decimals: int) -> str:
    """A number without needless digits: 0.5, 117, never -0 or 1e-05."""
    text = f"{number:.{decimals}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
