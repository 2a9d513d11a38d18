"""Backgrounds: none, Tianditu, or tiles of the user's own; never tiles whose coordinates are offset."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from maps.errors import MapRequestError, OffsetTilesError
from maps.phrases import clean

__all__ = ["KEY", "TIANDITU_VARIABLE", "TileSource", "tiles_of"]

KEY = "{key}"
"""Stands in an address for the key that the page asks its reader for."""
TIANDITU_VARIABLE = "TIANDITU_TK"
_HOSTS = range(8)
_TIANDITU = (
    "https://t{{host}}.tianditu.gov.cn/{layer}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={layer}"
    "&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILECOL={{x}}&TILEROW={{y}}&TILEMATRIX={{z}}&tk={{key}}"
)
_PLAIN_KEY = re.compile(r"[0-9A-Za-z_-]{8,64}", re.ASCII)
# hosts, service, system, least and most metres of the offset in China as measured with spatial.offsets
_OFFSET = (
    (r"(^|\.)(autonavi|amap|gaode)\.com$|\.is\.autonavi\.", "Gaode / AMap", "GCJ-02"),
    (r"(^|\.)(gtimg\.com|map\.qq\.com|qq\.com|tencent\.com)$", "Tencent", "GCJ-02"),
    (r"(^|\.)(google\.cn|google\.com\.cn|gstatic\.cn)$", "Google China", "GCJ-02"),
    (r"(^|\.)(bdimg\.com|baidu\.com|bdstatic\.com)$", "Baidu", "BD-09"),
    (r"(^|\.)(geoq\.cn|mapabc\.com|51ditu\.com|sogoucdn\.com|sogou\.com)$", "GeoQ, MapABC, 51ditu, Sogou", "GCJ-02"),
)
_METRES = {"GCJ-02": (33, 700), "BD-09": (700, 1500)}


@dataclass(frozen=True, kw_only=True)
class TileSource:
    """
    Tiles that a page draws below its layers (``TileSource`` of ``maps/page/contract.ts``).

    Attributes
    ----------
    name, attribution
        What it is called, and whom the page names.
    urls
        Address templates with ``{z}``, ``{x}``, ``{y}``, perhaps ``{key}`` and ``{host}``, drawn in this order.
    hosts
        Every origin that the page may ask for images, as its policy names them.
    key
        Written into the file; None: the page asks its reader and keeps it in memory only.
    """

    name: dict[str, str]
    urls: tuple[str, ...]
    hosts: tuple[str, ...]
    max_zoom: int
    attribution: str
    key: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """As the document holds it."""
        return {
            "name": self.name,
            "urls": list(self.urls),
            "max_zoom": self.max_zoom,
            "attribution": self.attribution,
            "key": self.key,
        }


def tiles_of(asked: str, *, key: str | None = None, write_key: bool = False) -> TileSource | None:
    """
    The background that a user asks for.

    Parameters
    ----------
    asked
        ``none``, ``tianditu``, or an address with ``{z}``, ``{x}`` and ``{y}`` in CGCS2000 or WGS 84 Web Mercator.
    key
        Of Tianditu. It is written into the page only with ``write_key``: whoever gets the file gets the key.
    write_key
        See ``key``.

    Raises
    ------
    OffsetTilesError
        If the host serves tiles in GCJ-02 or BD-09.
    MapRequestError
        If the address is none, or a key is to be written and none is there.

    Examples
    --------
    >>> source = tiles_of("tianditu", key="0123456789abcdef0123456789abcdef")
    >>> source.key is None, source.hosts[0]
    (True, 'https://t0.tianditu.gov.cn')
    >>> tiles_of("https://webrd01.is.autonavi.com/appmaptile?x={x}&y={y}&z={z}")
    Traceback (most recent call last):
        ...
    maps.errors.OffsetTilesError: webrd01.is.autonavi.com (Gaode / AMap) serves tiles in GCJ-02...
    """
    if asked == "none":
        return None
    if asked == "tianditu":
        return _tianditu(key, write_key=write_key)
    return _own(asked)


def _tianditu(key: str | None, *, write_key: bool) -> TileSource:
    if write_key and key is None:
        raise MapRequestError(
            code="key_missing",
            detail="--write-key writes a key into the page, and there is none",
            remedy=f"give --tianditu-key KEY or set {TIANDITU_VARIABLE}",
        )
    if key is not None and not _PLAIN_KEY.fullmatch(key):
        raise MapRequestError(
            code="key_malformed",
            detail="the key of Tianditu is letters and digits",
            remedy="copy it again from its console",
        )
    return TileSource(
        name={"zh": "天地图", "en": "Tianditu"},
        urls=tuple(_TIANDITU.format(layer=layer) for layer in ("vec", "cva")),
        hosts=tuple(f"https://t{number}.tianditu.gov.cn" for number in _HOSTS),
        max_zoom=18,
        attribution="天地图 / Tianditu",
        key=key if write_key else None,
    )


def _own(asked: str) -> TileSource:
    parts = urlsplit(asked)
    host = (parts.hostname or "").lower().rstrip(".")
    for pattern, service, system in _OFFSET:
        if re.search(pattern, host):
            raise OffsetTilesError(host=host, service=service, system=system, metres=_METRES[system])
    there = all(f"{{{name}}}" in asked for name in "zxy")
    plain = re.fullmatch(r"[a-z0-9.-]+", host, re.ASCII) and not parts.username
    if (
        parts.scheme not in ("https", "http")
        or not plain
        or not there
        or set(re.findall(r"\{(\w+)\}", asked)) - set("zxy")
    ):
        raise MapRequestError(
            code="tile_address",
            detail=f"--basemap {asked!r} is no address of tiles",
            remedy="give none, tianditu, or https://HOST/…{z}…{x}…{y}, without other places in braces",
        )
    port = "" if parts.port is None else f":{parts.port}"
    return TileSource(
        name={"zh": clean(host), "en": clean(host)},
        urls=(asked,),
        hosts=(f"{parts.scheme}://{host}{port}",),
        max_zoom=18,
        attribution=clean(host),
    )
