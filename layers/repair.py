"""Polygons made valid, or rejected with the reason; nothing is dropped in silence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely

from spatial.overlay.validity import valid
from spatial.vertices import not_finite

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MOST_AREA_CHANGE", "Repaired", "repair"]

MOST_AREA_CHANGE = 0.01
Outcome = Literal["sound", "repaired", "missing", "not_finite", "emptied", "area_changed"]


@dataclass(frozen=True, kw_only=True)
class Repaired:
    """Geometries after repair (None where rejected) and, row by row, what happened: ``Outcome``."""

    geometries: NDArray[Any]
    outcome: NDArray[np.str_]

    @property
    def rejected(self) -> NDArray[np.bool_]:
        """Rows whose geometry cannot be used."""
        return np.isin(self.outcome, ("missing", "not_finite", "emptied", "area_changed"))


def repair(geometries: NDArray[Any]) -> Repaired:
    """
    Valid 2D geometries, by ``make_valid(method="structure", keep_collapsed=False)``.

    A repair that empties a geometry, or changes the area of its rings by more than 1 %, is a rejection: the structure
    method returns nothing for a shell and a hole swapped, a covering hole or a there-and-back corridor. The same holds
    for each part of a multipart geometry: beside a large part a lost small one is less than 1 %.

    Parameters
    ----------
    geometries
        Shapely geometries in any one plane, length n; None and empty count as ``missing``, a coordinate that is NaN or
        infinite as ``not_finite`` (GEOS would drop the vertex and call what is left repaired).

    Examples
    --------
    >>> bow = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    >>> repair(np.array([bow, shapely.box(0, 0, 1, 1), None])).outcome.tolist()
    ['area_changed', 'sound', 'missing']
    """
    source = np.array(geometries, dtype=object)
    high = shapely.has_z(source) | shapely.has_m(source)
    source[high] = shapely.force_2d(source[high])
    result = source.copy()
    outcome = np.full(len(source), "sound", dtype="<U12")
    missing = shapely.is_missing(source) | shapely.is_empty(source)
    outcome[missing] = "missing"
    result[missing] = None
    wild = not_finite(source)
    outcome[wild] = "not_finite"
    result[wild] = None
    broken = np.flatnonzero(~missing & ~wild & ~valid(source))
    for row in broken:
        mended = shapely.make_valid(source[row], method="structure", keep_collapsed=False)
        before, after = _ring_area(source[row]), float(shapely.area(mended))
        if mended.is_empty or shapely.get_dimensions(mended) < shapely.get_dimensions(source[row]):
            outcome[row], result[row] = "emptied", None
        elif not abs(after - before) <= MOST_AREA_CHANGE * before:
            outcome[row], result[row] = "area_changed", None
        elif (lost := _lost_part(source[row], mended)) is not None:
            outcome[row], result[row] = lost, None
        else:
            outcome[row], result[row] = "repaired", mended
    return Repaired(geometries=result, outcome=outcome)


def _lost_part(geometry: Any, mended: Any) -> Outcome | None:
    """What the repair would do to a part if that part stood alone; None where no part is lost or changed."""
    parts = shapely.get_parts(geometry)
    if len(parts) < 2:
        return None
    for part in parts[~shapely.is_valid(parts) & ~shapely.is_empty(parts)]:
        alone = shapely.make_valid(part, method="structure", keep_collapsed=False)
        before, after = _ring_area(part), float(shapely.area(alone))
        emptied = alone.is_empty or shapely.get_dimensions(alone) < shapely.get_dimensions(part)
        changed = not abs(after - before) <= MOST_AREA_CHANGE * before
        if (emptied or changed) and not shapely.covers(mended, _hull_of_rings(part)):
            return "emptied" if emptied else "area_changed"
    return None


def _hull_of_rings(part: Any) -> Any:
    """The convex hull of every vertex: of a broken polygon the holes may lie outside the shell."""
    return shapely.convex_hull(shapely.multipoints(shapely.get_coordinates(part)))


def _ring_area(geometry: Any) -> float:
    """Area of the shells less that of the holes, as drawn: what the author of the polygon meant by its rings."""
    total = 0.0
    for part in shapely.get_parts(geometry):
        if shapely.get_type_id(part) != 3:
            continue
        total += float(shapely.area(shapely.Polygon(part.exterior)))
        total -= sum(float(shapely.area(shapely.Polygon(ring))) for ring in part.interiors)
    return total
