"""Which CRS a file is written in, and the geometries in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from spatial.crs import from_geographic, gauss_kruger, identify, to_geographic, zone3
from spatial.errors import NotWritableError
from spatial.writing.model import Note

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spatial.conversion.formats import Format
    from spatial.crs import CoordinateSystem
    from spatial.reading.model import Reading

__all__ = ["moved", "target_system"]

_CORNERS = {"survey-txt", "csv", "xlsx"}
_BEND_M = 5e-4  # a corner table need not bend its edges by less than half a millimetre
_TRUSTED = ("cgcs2000", "wgs84")


def target_system(
    reading: Reading, form: Format, crs: str | int | None, *, file: str
) -> tuple[CoordinateSystem, tuple[Note, ...]]:
    """
    The CRS a reading is written in.

    Parameters
    ----------
    reading
        With a CRS.
    form
        May allow only degrees, or only zones.
    crs, file
        Asked for; None keeps the source's, or what comes nearest in the format; the name for notes.

    Returns
    -------
    system, notes
        A system with a code of EPSG.

    Raises
    ------
    CRSError
        If ``crs`` is not understood.
    NotWritableError
        If the source's CRS is not known, the target has no code, its datum is another one, or is no zone where the
        format needs one.
    """
    source = reading.crs
    if source is None:
        shown = "; ".join(f"{e.code} {e.value}".strip()[:60] for e in reading.crs_evidence)
        raise NotWritableError(
            file=reading.source_name,
            code="no_crs",
            detail=f"which CRS its coordinates are in is not known ({shown})",
            remedy="Say it with --from-crs",
        )
    asked = None if crs is None else identify(crs)
    if asked is not None and asked.datum not in _TRUSTED and asked.code != source.code:
        raise NotWritableError(
            file=file,
            code="datum",
            detail=f"{asked.code} ({asked.name}) is neither on CGCS2000 nor on WGS 84",
            remedy="Choose EPSG:4490, a CGCS2000 zone (EPSG:4491 to 4554) or a WGS 84 system",
        )
    if form.keeps.crs == "wgs84":
        system = identify(4326)
        if asked is None or asked.is_geographic:
            return system, ()
        zh, en = (
            f"{form.title} 只有经纬度，未用 {asked.code}",
            f"{form.title} has only degrees; not written in {asked.code}",
        )
        return system, (Note(code="crs_fixed", file=file, zh=zh, en=en),)
    if form.keeps.crs == "zone":
        return _zone(reading, source, asked, file=file)
    system = asked or source
    if system.code == "custom":
        raise NotWritableError(
            file=file,
            code="custom_crs",
            detail=f"{system.name} has no EPSG code",
            remedy="Name a CRS with a code, e.g. --crs 4490 or 4528",
        )
    return system, ()


def _zone(
    reading: Reading, source: CoordinateSystem, asked: CoordinateSystem | None, *, file: str
) -> tuple[CoordinateSystem, tuple[Note, ...]]:
    wanted = asked or source
    if wanted.has_zone_prefix:
        return wanted, ()
    if wanted.zone_width is not None and wanted.datum == "cgcs2000" and wanted.central_meridian is not None:
        meridian = round(wanted.central_meridian)
        zone = meridian // 3 if wanted.zone_width == 3 else (meridian + 3) // 6
        system = identify(gauss_kruger(zone, wanted.zone_width))
        zh, en = f"格式的横坐标带带号：写为 {system.code}", f"eastings of the format carry the zone: {system.code}"
        return system, (Note(code="zone_prefix_added", file=file, zh=zh, en=en),)
    west, _, east, _ = shapely.total_bounds(to_geographic(reading.geometries, source))
    zone = zone3((west + east) / 2) if np.isfinite(west) else 0
    if asked is not None or not 25 <= zone <= 45:
        fitting = f", e.g. --crs {gauss_kruger(zone)}" if 25 <= zone <= 45 else ""
        raise NotWritableError(
            file=file,
            code="no_zone",
            detail=f"survey text holds eastings with a zone number, and {wanted.code} ({wanted.name}) is no such zone",
            remedy=f"Name a zone{fitting}",
        )
    system = identify(gauss_kruger(zone))
    zh, en = (
        f"按地块所在经度取 {zone} 带（{system.code}）",
        f"zone {zone} ({system.code}), by the longitude of the parcels",
    )
    return system, (Note(code="zone_chosen", file=file, zh=zh, en=en),)


def moved(
    reading: Reading, target: CoordinateSystem, form: Format, *, file: str
) -> tuple[NDArray[np.object_], tuple[Note, ...]]:
    """
    The geometries of a reading in another CRS, edges where they were.

    Between two grids on one meridian only the false easting differs, so nothing is computed; between CGCS2000 and
    WGS 84 degrees nothing moves. Otherwise edges are given vertices so that they stay in place; a format that lists
    corners gets them only where an edge would leave its place by more than half a millimetre.

    Raises
    ------
    DatumShiftUnknownError, OutsideWorkingAreaError, TooManyVerticesError
        See there.
    """
    source = reading.crs
    assert source is not None
    given = reading.geometries
    if target.code == source.code:
        return given, ()
    notes: list[Note] = []
    if {source.datum, target.datum} == set(_TRUSTED):
        zh, en = "CGCS2000 与 WGS 84 视为相同（相差不超过 1 m）", "CGCS2000 and WGS 84 are taken as one (within 1 m)"
        notes.append(Note(code="datum_taken_as_one", file=file, zh=zh, en=en))
    shift = _shift(source, target)
    if shift is not None:
        return shapely.transform(given, lambda points: points + np.array([shift, 0.0])), tuple(notes)
    result = from_geographic(to_geographic(given, source), target)
    added = shapely.get_num_coordinates(result) > shapely.get_num_coordinates(given)
    if form.key in _CORNERS and added.any():
        plain = _corners_only(given, source, target)
        near = added & (_bend(given, source, target) <= _BEND_M)
        result[near] = plain[near]
        added &= ~near
    if added.any():
        rows = tuple(int(i) + 1 for i in np.flatnonzero(added))
        zh, en = "长边加密了顶点，使其在新坐标系中位置不变", "vertices are added to long edges, to keep them in place"
        notes.append(Note(code="vertices_added", file=file, rows=rows, zh=zh, en=en))
    return result, tuple(notes)


def _shift(source: CoordinateSystem, target: CoordinateSystem) -> float | None:
    """Difference of the false eastings, for two grids that are otherwise the same."""
    import pyproj

    if source.is_geographic and target.is_geographic and source.datum in _TRUSTED and target.datum in _TRUSTED:
        return 0.0
    same = source.datum == target.datum and source.central_meridian == target.central_meridian
    if not (same and source.zone_width is not None and target.zone_width is not None):
        return None
    eastings: list[float] = []
    for system in (source, target):
        operation = pyproj.CRS(system.wkt).coordinate_operation
        values = {p.name.casefold(): p.value for p in operation.params} if operation is not None else {}
        if "false easting" not in values:
            return None
        eastings.append(float(values["false easting"]))
    return eastings[1] - eastings[0]


def _project(points: NDArray[np.float64], source: CoordinateSystem, target: CoordinateSystem) -> NDArray[np.float64]:
    """Points only, through degrees."""
    here = from_geographic(to_geographic(shapely.multipoints(points), source), target)
    made: NDArray[np.float64] = shapely.get_coordinates(here)
    return made


def _corners_only(
    given: NDArray[np.object_], source: CoordinateSystem, target: CoordinateSystem
) -> NDArray[np.object_]:
    made: NDArray[np.object_] = shapely.transform(given, lambda points: _project(points, source, target))
    return made


def _bend(given: NDArray[np.object_], source: CoordinateSystem, target: CoordinateSystem) -> NDArray[np.float64]:
    """How far the edges of each geometry would leave their place without further vertices, metres."""
    lines, owner = _lines(given)
    farthest = np.zeros(len(given))
    if not len(lines):
        return farthest
    points, line = shapely.get_coordinates(lines, return_index=True)
    edge = np.flatnonzero(line[1:] == line[:-1])
    start, end = points[edge], points[edge + 1]
    moved_start, moved_end = _project(start, source, target), _project(end, source, target)
    metres = 111_320.0 if target.is_geographic else 1.0
    for part in (0.25, 0.5, 0.75):
        there = _project(start + (end - start) * part, source, target)
        chord = moved_start + (moved_end - moved_start) * part
        np.maximum.at(farthest, owner[line[edge]], np.hypot(*(there - chord).T) * metres)
    return farthest


def _lines(given: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Rings and lines of geometries, and the geometry each belongs to."""
    parts, owner = given, np.arange(len(given))
    while (shapely.get_type_id(parts) >= 4).any():
        parts, index = shapely.get_parts(parts, return_index=True)
        owner = owner[index]
    polygons = shapely.get_type_id(parts) == 3
    rings, index = shapely.get_rings(parts[polygons], return_index=True)
    lines = (shapely.get_type_id(parts) == 1) | (shapely.get_type_id(parts) == 2)
    return np.concatenate([parts[lines], rings]), np.concatenate([owner[lines], owner[polygons][index]])
