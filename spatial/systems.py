"""Which coordinate system is meant: codes, .prj files and PROJ strings, by their numbers."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from spatial.ellipsoid import A_M, INVERSE_FLATTENING
from spatial.errors import MissingCRSError, UnknownCRSError

if TYPE_CHECKING:
    import pyproj

__all__ = ["CoordinateSystem", "Datum", "gauss_kruger", "identify", "parsed_crs", "zone3"]

Datum = Literal["cgcs2000", "wgs84", "xian80", "beijing54", "unknown"]


@dataclass(frozen=True, kw_only=True)
class CoordinateSystem:
    """
    A coordinate system as far as this toolkit needs to know it.

    Parameters
    ----------
    code
        ``EPSG:4528``, or ``custom`` where no code has the same numbers.
    name
        Its name, of the EPSG entry or as given.
    is_geographic
        Whether coordinates are longitude and latitude in degrees.
    datum
        ``cgcs2000``, ``wgs84``, ``xian80``, ``beijing54`` or ``unknown``.
    zone_width
        3 or 6 degrees for a Gauss-Krüger zone, else None.
    central_meridian
        Degrees east of a transverse Mercator projection, else None.
    has_zone_prefix
        Whether eastings carry the zone number (40 500 000), which also fixes the zone.
    wkt
        WKT2 of the system, all that is needed to compute.
    """

    code: str
    name: str
    is_geographic: bool
    datum: Datum
    zone_width: Literal[3, 6] | None
    central_meridian: float | None
    has_zone_prefix: bool
    wkt: str


# Ellipsoid (a, 1/f) -> datum, where a name says nothing else.
_ELLIPSOIDS: tuple[tuple[float, float, Datum], ...] = (
    (A_M, INVERSE_FLATTENING, "cgcs2000"),
    (A_M, 298.257223563, "wgs84"),
    (6378140.0, 298.257, "xian80"),
    (6378245.0, 298.3, "beijing54"),
)
_DATUM_NAMES: dict[str, Datum] = {
    "china 2000": "cgcs2000",
    "xian 1980": "xian80",
    "beijing 1954": "beijing54",
}
_GEOGRAPHIC: dict[Datum, int] = {"cgcs2000": 4490, "wgs84": 4326, "xian80": 4610, "beijing54": 4214}
# Codes of zone 0, had there been one: 3 degrees with prefix and without, 6 degrees with prefix and without.
_ZONE_CODES: dict[Datum, tuple[int, int, int, int]] = {
    "cgcs2000": (4488, 4509, 4478, 4489),
    "xian80": (2324, 2345, 2314, 2325),
    "beijing54": (2376, 2397, 21400, 21440),
}
_ZONES3 = range(25, 46)
_ZONES6 = range(13, 24)
_CODE = re.compile(
    r"^(?:\+init=)?(?:urn:ogc:def:crs:|https?://www\.opengis\.net/def/crs/)?(EPSG|ESRI|OGC)[:/]+"
    r"(?:[0-9.]*[:/])?([0-9]+|CRS84)$",
    re.IGNORECASE,
)


_THREE = re.compile(r"(3|三)[ _-]*(deg|度)", re.IGNORECASE)
_SIX = re.compile(r"(6|六)[ _-]*(deg|度)|(gauss|gk).*cm", re.IGNORECASE)  # the register leaves "6-degree" out
_LONGEST = 100_000  # characters of a WKT


def zone3(lon: float) -> int:
    """
    Number of the 3° zone that a longitude lies in, ``floor((lon + 1.5) / 3)``; its meridian is 3 times that.

    Examples
    --------
    >>> zone3(119.765558), zone3(118.5), zone3(118.4999)
    (40, 40, 39)
    """
    return math.floor((lon + 1.5) / 3)


def gauss_kruger(zone: int, width: Literal[3, 6] = 3, *, prefix: bool = True) -> int:
    """
    EPSG code of a CGCS2000 Gauss-Krüger zone.

    Parameters
    ----------
    zone
        25-45 for 3° zones, 13-23 for 6° zones.
    width
        Width of the zone in degrees.
    prefix
        Whether eastings carry the zone number.

    Raises
    ------
    ValueError
        If there is no such zone.

    Examples
    --------
    >>> gauss_kruger(40), gauss_kruger(40, prefix=False), gauss_kruger(20, 6)
    (4528, 4549, 4498)
    """
    if width not in (3, 6) or zone not in (_ZONES3 if width == 3 else _ZONES6):
        raise ValueError(f"no {width}-degree zone {zone}: 3-degree zones are 25-45, 6-degree zones 13-23")
    return zone + _ZONE_CODES["cgcs2000"][(0 if width == 3 else 2) + (0 if prefix else 1)]


def identify(source: str | int) -> CoordinateSystem:
    """
    The coordinate system that a code, a .prj or a PROJ string means.

    A system is the EPSG one whose numbers it has: ellipsoid, central meridian, false easting, false
    northing, origin and scale. A name alone decides nothing, since home-made .prj files put one name over
    the numbers of another; where name and numbers differ, the numbers hold.

    Parameters
    ----------
    source
        An EPSG code (4528, "4528", "EPSG:4528", a URN), the text of a .prj (ESRI), WKT 1 or 2, PROJJSON, or a
        PROJ string. Vertical parts are dropped. A bare name is not accepted.

    Returns
    -------
    system
        With a code where the numbers are those of one, else ``custom``.

    Raises
    ------
    MissingCRSError
        If ``source`` is blank.
    UnknownCRSError
        If it cannot be read, is local or geocentric, has other axes than east and north, or contradicts
        itself (a zone number in the false easting that does not belong to the central meridian).

    Examples
    --------
    >>> system = identify("+proj=tmerc +lon_0=120 +k=1 +x_0=40500000 +ellps=GRS80 +units=m")
    >>> system.code, system.zone_width, system.central_meridian, system.has_zone_prefix
    ('EPSG:4528', 3, 120.0, True)
    """
    return _identified(str(source).strip().strip("\ufeff\x00").strip())


@lru_cache(maxsize=256)
def _identified(text: str) -> CoordinateSystem:
    if not text:
        raise MissingCRSError
    crs, shifted = _horizontal(_parsed(text), text)
    datum = _datum(crs)
    if shifted and datum in ("cgcs2000", "wgs84"):
        datum = "unknown"  # it says itself that its numbers are not those of WGS 84
    if crs.is_geographic:
        return _geographic(crs, datum, text)
    if datum != "unknown":
        known = _zone_code(crs, datum, text)
        if known is not None:
            crs = parsed_crs(f"EPSG:{known}")
    # 70: the same numbers under another name, as in .prj files; 25 would be the name alone.
    exact = crs.to_epsg(70)
    tm = _transverse_mercator(crs)
    width, prefix = _zone(crs) if tm else (None, False)
    return CoordinateSystem(
        code="custom" if exact is None else f"EPSG:{exact}",
        name=str(crs.name),
        is_geographic=False,
        datum=datum,
        zone_width=width,
        central_meridian=tm["lon0"] if tm else None,
        has_zone_prefix=prefix,
        wkt=crs.to_wkt(),
    )


def _geographic(crs: pyproj.CRS, datum: Datum, text: str) -> CoordinateSystem:
    if any(abs(axis.unit_conversion_factor - math.pi / 180) > 1e-12 for axis in crs.axis_info):
        raise UnknownCRSError(source=text, reason="its angles are not in degrees")
    if crs.prime_meridian is not None and crs.prime_meridian.longitude != 0:
        raise UnknownCRSError(source=text, reason="its longitudes do not count from Greenwich")
    code = _GEOGRAPHIC.get(datum)
    if code is not None:
        crs = parsed_crs(f"EPSG:{code}")
    else:
        code = crs.to_epsg(70)
    return CoordinateSystem(
        code="custom" if code is None else f"EPSG:{code}",
        name=str(crs.name),
        is_geographic=True,
        datum=datum,
        zone_width=None,
        central_meridian=None,
        has_zone_prefix=False,
        wkt=crs.to_wkt(),
    )


def _parsed(text: str) -> pyproj.CRS:
    from pyproj.exceptions import CRSError as ProjCRSError

    code = _CODE.match(text)
    if text.isdecimal() and text.isascii():
        text = f"EPSG:{int(text)}"
    elif code:
        text = f"{code[1].upper()}:{code[2].upper()}"
    elif len(text) > _LONGEST:
        raise UnknownCRSError(source=text, reason=f"it has more than {_LONGEST} characters")
    elif not ("[" in text or text.startswith(("+", "{"))) or "+init" in text:  # +init opens files
        raise UnknownCRSError(source=text, reason="it is neither a code, nor WKT (.prj), nor a PROJ string")
    try:
        return parsed_crs(text)
    except ProjCRSError as error:
        reason = str(error).rpartition("Internal Proj Error: ")[2].rstrip(")") or "it cannot be parsed"
        raise UnknownCRSError(source=text, reason=reason) from error


@lru_cache(maxsize=256)
def parsed_crs(text: str) -> pyproj.CRS:
    """What PROJ makes of a code or WKT, parsed once."""
    import pyproj

    return pyproj.CRS.from_user_input(text)


def _horizontal(crs: pyproj.CRS, text: str) -> tuple[pyproj.CRS, bool]:
    """The plane system inside a compound or bound one, and whether that states a shift of its datum."""
    shifted = False
    for _ in range(4):
        if crs.is_compound:
            crs = crs.sub_crs_list[0]
        elif crs.is_bound and crs.source_crs is not None:
            steps = crs.coordinate_operation.params if crs.coordinate_operation else []
            shifted |= any(step.value not in (0.0, "@null") for step in steps)
            crs = crs.source_crs
    crs = crs.to_2d()
    if not (crs.is_geographic or crs.is_projected):
        raise UnknownCRSError(source=text, reason=f"it is a {crs.type_name}, not longitude/latitude or a projection")
    if {axis.direction.lower() for axis in crs.axis_info} != {"east", "north"}:
        raise UnknownCRSError(source=text, reason="its axes do not point east and north")
    return crs, shifted


def _datum(crs: pyproj.CRS) -> Datum:
    """By the numbers of the ellipsoid, unless the datum has a name that says another."""
    by_name = _datum_by_name("" if crs.datum is None else str(crs.datum.name))
    ellipsoid = crs.ellipsoid
    if ellipsoid is None:
        return "unknown"
    a, rf = ellipsoid.semi_major_metre, ellipsoid.inverse_flattening
    by_numbers: Datum = "unknown"
    for known_a, known_rf, datum in _ELLIPSOIDS:
        if abs(a - known_a) < 1e-3 and abs(rf - known_rf) < 2e-7:
            by_numbers = datum
    if by_name is not None and by_name != by_numbers:
        return "unknown"
    return by_numbers


@lru_cache(maxsize=256)
def _datum_by_name(name: str) -> Datum | None:
    """The datum a registered name means; None for a name that is in no register (home-made files)."""
    from pyproj.crs import Datum as ProjDatum  # type: ignore[attr-defined]
    from pyproj.exceptions import CRSError as ProjCRSError

    if name.lower().startswith("unknown") or not name:
        return None
    try:
        registered = str(ProjDatum.from_name(name).name).lower()
    except ProjCRSError:
        return None
    if registered.startswith("world geodetic system 1984"):
        return "wgs84"
    return _DATUM_NAMES.get(registered, "unknown")


def _transverse_mercator(crs: pyproj.CRS) -> dict[str, float] | None:
    """Its parameters in degrees and metres; None for another projection."""
    operation = crs.coordinate_operation
    if operation is None or operation.method_name not in ("Transverse Mercator", "Gauss-Kruger"):
        return None
    keys = {8801: "lat0", 8802: "lon0", 8805: "scale", 8806: "east", 8807: "north"}
    found = {"lat0": 0.0, "lon0": 0.0, "scale": 1.0, "east": 0.0, "north": 0.0}
    for parameter in operation.params:
        key = keys.get(int(parameter.code)) if str(parameter.code).isdecimal() else None
        if key is None:
            return None
        factor = parameter.unit_conversion_factor or 1.0
        value = float(parameter.value) * factor
        found[key] = math.degrees(value) if key in ("lat0", "lon0") else value
    return {key: round(value, 9) for key, value in found.items()}


def _zone(crs: pyproj.CRS) -> tuple[Literal[3, 6] | None, bool]:
    """Width and prefix of a Gauss-Krüger zone by its numbers; (None, False) if they are not those of one."""
    tm = _transverse_mercator(crs)
    metres = all(axis.unit_conversion_factor == 1 for axis in crs.axis_info)
    if tm is None or not metres or (tm["scale"], tm["lat0"], tm["north"]) != (1, 0, 0):
        return None, False
    zone, rest = divmod(tm["east"], 1_000_000)
    if rest != 500_000:
        return None, False
    if zone == 0:
        return _width_by_name(str(crs.name), tm["lon0"]), False
    if zone in _ZONES3 and tm["lon0"] == 3 * zone:
        return 3, True
    if zone in _ZONES6 and tm["lon0"] == 6 * zone - 3:
        return 6, True
    return None, False


def _width_by_name(name: str, meridian: float) -> Literal[3, 6] | None:
    """One meridian can serve a zone of either width, with the same numbers; only the name may tell."""
    if meridian % 3:
        return None
    if meridian % 6 != 3 or _THREE.search(name):
        return 3
    return 6 if _SIX.search(name) else 3


def _zone_code(crs: pyproj.CRS, datum: Datum, text: str) -> int | None:
    """EPSG code of the zone that has these numbers; None if there is none."""
    tm = _transverse_mercator(crs)
    if tm is None:
        return None
    zone, rest = divmod(tm["east"], 1_000_000)
    width, prefix = _zone(crs)
    if width is None and rest == 500_000 and (zone in _ZONES3 or zone in _ZONES6):
        meridian = 3 * zone if zone in _ZONES3 else 6 * zone - 3
        if tm["lon0"] != meridian:
            raise UnknownCRSError(
                source=text,
                reason=f"its false easting {tm['east']:.0f} is that of zone {zone:.0f}, "
                f"meridian {meridian:.0f}, but its central meridian is {tm['lon0']:g}",
            )
    codes = _ZONE_CODES.get(datum)
    if width is None or codes is None:
        return None
    number = round(tm["lon0"] / 3) if width == 3 else round((tm["lon0"] + 3) / 6)
    if number not in (_ZONES3 if width == 3 else _ZONES6):
        return None
    return number + codes[(0 if width == 3 else 2) + (0 if prefix else 1)]
