"""Control points: places that are known in the picture of a map and on the Earth, and the files that hold them."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from spatial.coordinates import Coordinate, parse, place
from spatial.errors import (
    CoordinateError,
    CRSError,
    MalformedSourceError,
    MissingCRSError,
    SourceNotFoundError,
    SourceTooLargeError,
)
from spatial.raster.graticule import GraticuleTick, control_points_of_ticks
from spatial.raster.point_tables import PointTable, read_table
from spatial.reading.model import Problem
from spatial.systems import CoordinateSystem, identify

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

__all__ = ["ControlPoint", "ControlPoints", "read_control_points"]

_MAX_BYTES = 16 << 20
_MAX_POINTS = 5_000
_OFF = {"0", "false", "no", "否", "停用"}
_CORRECT = "Correct that line of the file"


@dataclass(frozen=True, kw_only=True)
class ControlPoint:
    """
    One place known in the picture and on the Earth.

    Parameters
    ----------
    id
        Its name, which residuals and warnings use.
    column, row
        In the picture, continuous, from the top left corner: the middle of the first pixel is (0.5, 0.5), x right,
        y down.
    x, y
        On the Earth, in the system of the set, x east or longitude.
    accuracy_m
        How far (x, y) may be off, metres, 95 %, where somebody said so. It is added to the accuracy of a fit, since
        an error that all points share shows in no residual.
    """

    id: str
    column: float
    row: float
    x: float
    y: float
    accuracy_m: float | None = None


@dataclass(frozen=True, kw_only=True)
class ControlPoints:
    """
    The control points of one map.

    Parameters
    ----------
    points
        In the order of the file.
    crs
        System of their x and y.
    source_sha256, source_name
        Digest and name of the file, blank for points that came from none.
    problems
        What the reader noticed: ``axes_swapped``, ``points_disabled``.
    """

    points: tuple[ControlPoint, ...]
    crs: CoordinateSystem
    source_sha256: str = ""
    source_name: str = ""
    problems: tuple[Problem, ...] = ()

    def __len__(self) -> int:
        return len(self.points)

    def without(self, *ids: str) -> ControlPoints:
        """The set without the points of these ids."""
        return replace(self, points=tuple(point for point in self.points if point.id not in ids))


def read_control_points(
    path: str | os.PathLike[str],
    *,
    crs: str | int | CoordinateSystem | None = None,
    drawn_in: CoordinateSystem | None = None,
) -> ControlPoints:
    r"""
    Control points from a file.

    Read are QGIS ``.points`` files, tables (CSV, TSV, XLSX, XLS, ODS) with a header, JSON and TOML (a list
    ``points``, and ``crs``). Columns: an id (``id``, 点号); the picture (``column`` and ``row``, 像素列 and 像素行,
    ``sourceX`` and ``sourceY``); the Earth (``x`` and ``y``, ``lon`` and ``lat``, 经度 and 纬度, ``mapX`` and ``mapY``,
    东坐标 and 北坐标); ``accuracy_m`` (精度); ``enable``. Degrees may be written as degrees, minutes and seconds. A row
    with a longitude or a latitude alone is a tick on the frame (see `spatial.raster.graticule`).

    ``sourceY`` of QGIS counts up from the top edge and is negative in the picture. Which of two numbers is east is
    told by size where China allows it, else by the header.

    Parameters
    ----------
    path
        The file, at most 16 MB and 5,000 points.
    crs
        The system of x and y, where the file does not state it (``#CRS:`` line, ``crs``). A file that states another
        one is refused.
    drawn_in
        The system the map was drawn in, for ticks.

    Returns
    -------
    points
        Points switched off in QGIS are left out, which is reported.

    Raises
    ------
    SourceNotFoundError, SourceTooLargeError, MalformedSourceError
        See there; the error names the line.
    MissingCRSError
        If nobody states the system: degrees of an older map may be Xi'an 80 or Beijing 54, some 100 m off.
    CRSError
        If file and ``crs`` contradict, or the numbers do not fit the system.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "gcp.csv")
    ...     _ = file.write_text("点号,像素列,像素行,经度,纬度\nA,120.5,80.5,119°30′,49°30′00″\n", encoding="utf-8")
    ...     found = read_control_points(file, crs=4490)
    >>> found.points[0]
    ControlPoint(id='A', column=120.5, row=80.5, x=119.5, y=49.5, accuracy_m=None)
    """
    source = Path(path)
    if not source.is_file():
        remedy = "Give the path of a file on this machine; addresses are not opened"
        raise SourceNotFoundError(file=str(source), code="not_found", detail="there is no such file", remedy=remedy)
    with source.open("rb") as file:
        data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise SourceTooLargeError(
            file=source.name, code="too_large", detail="more than 16 MB", remedy="Give the control points alone"
        )
    table = read_table(data, file=source.name, path=source)
    if len(table.rows) > _MAX_POINTS:
        detail, remedy = f"{len(table.rows)} rows", f"Give at most {_MAX_POINTS} control points"
        raise SourceTooLargeError(file=source.name, code="too_large", detail=detail, remedy=remedy)
    system = _system(crs, table.crs)
    return _points_of(table, system, source.name, hashlib.sha256(data).hexdigest(), drawn_in)


def _system(given: str | int | CoordinateSystem | None, stated: str | None) -> CoordinateSystem:
    asked = given if isinstance(given, CoordinateSystem) or given is None else identify(given)
    found = identify(stated) if stated else None
    if asked is not None and found is not None and asked.wkt != found.wkt:
        raise CRSError(
            code="crs_conflict",
            detail=f"The file says {found.code} ({found.name}), the option says {asked.code} ({asked.name})",
            remedy="Leave the option away, or correct the file",
        )
    system = asked or found
    if system is None:
        raise MissingCRSError
    return system


def _points_of(
    table: PointTable, system: CoordinateSystem, file: str, sha256: str, drawn_in: CoordinateSystem | None
) -> ControlPoints:
    points: list[ControlPoint] = []
    ticks: list[GraticuleTick] = []
    swapped: list[int] = []
    disabled = 0
    for number, cells in table.rows:
        if cells.get("enable", "").strip().lower() in _OFF:
            disabled += 1
            continue
        column = _number(cells, "column", file, number)
        row = _number(cells, "row", file, number)
        if table.up:
            row = -row
        if table.up and row < 0:
            raise MalformedSourceError(
                file=file,
                code="placed_picture",
                detail="sourceY is above the top edge, so the points were taken on a picture that already had a place",
                remedy="Take them on the picture itself, or give pixel columns and rows",
                record=number,
            )
        tick = _tick(cells, (column, row), system, file, number)
        if tick is not None:
            ticks.append(tick)
            continue
        x, y, exchanged = _earth(cells, system, file, number)
        if exchanged:
            swapped.append(number)
        accuracy = _number(cells, "accuracy", file, number) if cells.get("accuracy", "").strip() else None
        if accuracy is not None and accuracy < 0:
            raise _bad(file, number, "accuracy", f"{accuracy:g} m")
        name = cells.get("id", "").strip() or str(len(points) + 1)
        points.append(ControlPoint(id=name, column=column, row=row, x=x, y=y, accuracy_m=accuracy))
    if 0 < len(swapped) < len(points):
        raise _bad(file, swapped[0], "axis_differs", "its two numbers stand the other way round than in other lines")
    if ticks:
        points += control_points_of_ticks(ticks, crs=system, drawn_in=drawn_in)
    seen: set[str] = set()
    for point in points:
        if point.id in seen:
            detail = f"two control points are called {point.id!r}"
            raise MalformedSourceError(file=file, code="duplicate_id", detail=detail, remedy=_CORRECT)
        seen.add(point.id)
    problems = []
    if swapped:
        problems.append(Problem(code="axes_swapped", file=file, detail=f"{len(swapped)} rows"))
    if disabled:
        problems.append(Problem(code="points_disabled", file=file, detail=str(disabled)))
    return ControlPoints(
        points=tuple(points), crs=system, source_sha256=sha256, source_name=file, problems=tuple(problems)
    )


def _bad(file: str, number: int, code: str, detail: str) -> MalformedSourceError:
    return MalformedSourceError(file=file, code=code, detail=detail, remedy=_CORRECT, record=number)


def _parsed(cells: dict[str, str], key: str, file: str, number: int) -> Coordinate:
    text = cells.get(key, "").strip()
    if not text:
        raise _bad(file, number, "missing_cell", f"no {key}")
    try:
        found = parse(text)
    except CoordinateError as error:
        raise _bad(file, number, error.code, f"{key} is {text[:80]!r}, {error.detail}") from None
    if not math.isfinite(found.value):
        raise _bad(file, number, "not_finite", f"{key} is {text[:80]!r}")
    return found


def _number(cells: dict[str, str], key: str, file: str, number: int) -> float:
    found = _parsed(cells, key, file, number)
    if found.notation != "decimal" or found.axis is not None or cells[key].strip()[-1] in "°度º":
        raise _bad(file, number, "not_a_number", f"{key} is {cells[key].strip()[:80]!r}")
    return found.value


def _tick(
    cells: dict[str, str], at: tuple[float, float], system: CoordinateSystem, file: str, number: int
) -> GraticuleTick | None:
    """A row with a longitude or a latitude alone."""
    lon, lat = (bool(cells.get(key, "").strip()) for key in ("lon", "lat"))
    if lon == lat:
        return None
    if not system.is_geographic:
        detail = f"a longitude or latitude alone, but {system.code} is a projection"
        raise _bad(file, number, "crs_conflict", detail)
    axis: Literal["lon", "lat"] = "lon" if lon else "lat"
    value = _parsed(cells, axis, file, number)
    limit = 180 if lon else 90
    if value.axis not in (None, axis) or abs(value.value) > limit:
        raise _bad(file, number, "out_of_range", f"{axis} is {cells[axis].strip()[:80]!r}")
    return GraticuleTick(column=at[0], row=at[1], lon=value.value if lon else None, lat=None if lon else value.value)


def _earth(cells: dict[str, str], system: CoordinateSystem, file: str, number: int) -> tuple[float, float, bool]:
    """x, y, and whether they stood the other way round."""
    pair: Sequence[str] = ("lon", "lat") if "lon" in cells or "lat" in cells else ("x", "y")
    one, other = (_parsed(cells, key, file, number) for key in pair)
    exchanged = (one.axis, other.axis) in {("lat", "lon"), ("lat", None), (None, "lon")}
    at = place(one.value, other.value)
    if system.is_geographic:
        if at.kind == "degrees":
            return at.east, at.north, at.swapped
        x, y = (other.value, one.value) if exchanged else (one.value, other.value)
        if abs(x) > 180 or abs(y) > 90:
            raise _misfit(system, file, number, "they are no degrees")
        return x, y, exchanged
    if pair == ("lon", "lat") or "dms" in (one.notation, other.notation):
        raise _misfit(system, file, number, "they are longitude and latitude")
    if at.kind == "degrees":
        raise _misfit(system, file, number, "they look like longitude and latitude")
    if system.zone_width is not None and system.datum != "unknown":
        if system.has_zone_prefix != (at.kind == "zone_prefix"):
            said = "carry" if system.has_zone_prefix else "do not carry"
            raise _misfit(system, file, number, f"eastings of this system {said} a zone number")
        if at.zone is not None and system.central_meridian not in (at.zone * 3, at.zone * 6 - 3):
            raise _misfit(system, file, number, f"they are of zone {at.zone}")
        if at.kind in ("zone_prefix", "no_prefix"):
            return at.east, at.north, at.swapped
    return one.value, other.value, False


def _misfit(system: CoordinateSystem, file: str, number: int, why: str) -> CRSError:
    return CRSError(
        code="crs_misfit",
        detail=f"{file}, line {number}: the coordinates do not fit {system.code} ({system.name}): {why}",
        remedy="Name the system the control points are in, or correct the line",
    )
