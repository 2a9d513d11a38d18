"""Geometries as file formats want them: one type a file, two dimensions, the CRS asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import shapely

from spatial.errors import NotWritableError
from spatial.vertices import not_finite
from spatial.writing.model import Note, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapely.geometry.base import BaseGeometry

__all__ = ["KINDS", "GeometryKind", "KindPart", "by_kind", "reprojected"]

GeometryKind: TypeAlias = Literal["polygon", "line", "point"]
KINDS: tuple[GeometryKind, ...] = ("polygon", "line", "point")

_LEAF: dict[str, GeometryKind] = {
    "Polygon": "polygon",
    "LineString": "line",
    "LinearRing": "line",
    "Point": "point",
}
_MULTI: dict[str, Any] = {
    "polygon": shapely.multipolygons,
    "line": shapely.multilinestrings,
    "point": shapely.multipoints,
}
_STEP_DEGREES = 0.001  # chord error below 0.6 mm at 60°N (sagitta L² tan φ / 8R)
_STEP_METRES = 100.0
_CGCS2000 = 4490
_WGS84 = 4326


@dataclass(frozen=True, kw_only=True)
class KindPart:
    """The rows of one geometry kind: their positions in the table, and one two-dimensional geometry each."""

    kind: GeometryKind
    positions: tuple[int, ...]
    geometries: tuple[BaseGeometry | None, ...]


def by_kind(geometries: Sequence[BaseGeometry | None], *, file: str) -> tuple[tuple[KindPart, ...], tuple[Note, ...]]:
    """
    Polygons, lines and points apart, in that order; every part of every row is in exactly one.

    A row with parts of several kinds is in several; a row without geometry is in the first. Heights are left
    out and noted. Polygons and lines come as multi-geometries when any row has several parts.

    Raises
    ------
    NotWritableError
        If a coordinate is not finite.
    """
    found: dict[GeometryKind, dict[int, list[BaseGeometry]]] = {}
    empty: list[int] = []
    notes: list[Note] = []
    plain = _plain(geometries)
    for position, geometry in enumerate(geometries):
        if plain[position]:
            assert geometry is not None
            found.setdefault(_LEAF[geometry.geom_type], {})[position] = [geometry]
            continue
        if geometry is None or shapely.is_empty(geometry):
            empty.append(position)
            if geometry is not None:
                notes.append(
                    _note(
                        "geometry_empty",
                        file,
                        position,
                        "空几何写为空值",
                        "an empty geometry is written as null",
                    )
                )
            continue
        if not np.isfinite(shapely.get_coordinates(geometry)).all():
            raise NotWritableError(
                file=file,
                code="coordinate",
                row=position + 1,
                detail="a coordinate is not a finite number",
                remedy="Repair the geometry first",
            )
        if shapely.has_z(geometry):
            notes.append(_note("height_dropped", file, position, "不写高程，只写平面坐标", "heights are not written"))
        kinds = set()
        for leaf in _leaves(shapely.force_2d(geometry)):
            kind = _LEAF[leaf.geom_type]
            kinds.add(kind)
            found.setdefault(kind, {}).setdefault(position, []).append(leaf)
        if len(kinds) > 1:
            notes.append(
                _note(
                    "geometry_split",
                    file,
                    position,
                    "点线面分写到不同文件，属性在每个文件中重复，汇总时勿重复计算",
                    "each kind of geometry is in its own file with the same attributes: do not add twice",
                )
            )
    parts = []
    kinds_found = [kind for kind in KINDS if kind in found] or list(KINDS[:1])
    for number, kind in enumerate(kinds_found):
        rows: dict[int, BaseGeometry | None] = dict(_merged(kind, found.get(kind, {})))
        if number == 0:
            rows.update(dict.fromkeys(empty))
        order = sorted(rows)
        parts.append(KindPart(kind=kind, positions=tuple(order), geometries=tuple(rows[p] for p in order)))
    return tuple(parts), tuple(notes)


def _plain(geometries: Sequence[BaseGeometry | None]) -> list[bool]:
    """Rows that are one point, line or polygon of finite coordinates without heights: written as they are."""
    array = np.empty(len(geometries), dtype=object)
    array[:] = geometries
    plain = np.isin(shapely.get_type_id(array), (0, 1, 3)) & ~shapely.is_empty(array)
    plain &= ~shapely.has_z(array) & ~shapely.has_m(array)
    plain &= ~not_finite(array)
    found: list[bool] = plain.tolist()
    return found


def _note(code: str, file: str, position: int, zh: str, en: str) -> Note:
    return Note(code=code, file=file, rows=(position + 1,), zh=zh, en=en)


def _leaves(geometry: BaseGeometry) -> Iterator[BaseGeometry]:
    if geometry.geom_type in _LEAF:
        if not geometry.is_empty:
            yield shapely.LineString(geometry.coords) if geometry.geom_type == "LinearRing" else geometry
        return
    for part in shapely.get_parts(geometry):
        yield from _leaves(part)


def _merged(kind: GeometryKind, rows: dict[int, list[BaseGeometry]]) -> dict[int, BaseGeometry]:
    """One geometry a row; all of them multi when one must be, since a layer has one type."""
    if all(len(leaves) == 1 for leaves in rows.values()):
        return {position: leaves[0] for position, leaves in rows.items()}
    leaves = [leaf for some in rows.values() for leaf in some]
    made = _MULTI[kind](leaves, indices=np.repeat(np.arange(len(rows)), [len(some) for some in rows.values()]))
    return dict(zip(rows, made, strict=True))


def reprojected(table: Table, crs: int) -> Table:
    """
    The table with its geometries in another CRS of the same datum.

    Use it before writing where the user asked for a 3° zone. Edges are straight in the CRS they came in, so
    they are densified there first (every 0.001° or 100 m: chord error below 1 mm); EPSG:4326 counts as
    EPSG:4490.

    Parameters
    ----------
    table
        With geometries in EPSG:4490, EPSG:4326 or a projection of CGCS2000.
    crs
        EPSG code of the same family.

    Returns
    -------
    table
        The same rows; the same object where nothing changes.

    Raises
    ------
    NotWritableError
        If one of the two is of another datum: parameters would be needed, and none are invented.
    """
    if table.geometries is None or table.crs is None or table.crs == crs:
        return table
    for code in (table.crs, crs):
        if _datum(code, file=table.name) != _CGCS2000:
            raise NotWritableError(
                file=table.name,
                code="datum",
                detail=f"EPSG:{code} is not on CGCS2000",
                remedy="Choose EPSG:4490 or a CGCS2000 zone (EPSG:4491 to 4554)",
            )
    source, target = ((_CGCS2000 if code == _WGS84 else code) for code in (table.crs, crs))
    geometries = table.geometries
    if source != target:
        from pyproj import CRS, Transformer

        transformer = Transformer.from_crs(source, target, always_xy=True)
        step = _STEP_DEGREES if CRS.from_epsg(source).is_geographic else _STEP_METRES

        def moved(points: np.ndarray) -> np.ndarray:
            return np.column_stack(transformer.transform(points[:, 0], points[:, 1]))

        geometries = tuple(
            None if g is None else shapely.transform(shapely.segmentize(shapely.force_2d(g), step), moved)
            for g in geometries
        )
    return replace(table, geometries=geometries, crs=crs)


def _datum(code: int, *, file: str) -> int | None:
    """EPSG code of the geographic CRS below; EPSG:4326 is taken as 4490."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    if code == _WGS84:
        return _CGCS2000
    try:
        geodetic = CRS.from_epsg(code).geodetic_crs
    except CRSError as error:
        raise NotWritableError(
            file=file,
            code="crs",
            detail=f"EPSG:{code} is not a known CRS",
            remedy="State an EPSG code such as 4490",
        ) from error
    found: int | None = geodetic.to_epsg() if geodetic is not None else None
    return found
