"""Many sites as columns: what every layer is asked about them, and the question of one of them where that is needed."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from screening.batch.table import sites_in
from screening.question import Question
from spatial.accuracy import combined
from spatial.measure import ellipsoidal_area

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from screening.site import Site

__all__ = ["Crowd"]

FARTHEST_M = 20_037_509.0
_ZONES_EAST = (73.5, 136.5)
"""Between these a site has a 3° zone for its planar area; beyond them the engine says so."""


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """
    Sites of one batch, row by row of its table.

    Attributes
    ----------
    table
        Of `screening.batch.table.site_schema`.
    as_of
        ISO date of the check.
    geometry
        EPSG:4490.
    middle
        (n, 2) lon, lat of the centroids; NaN for an empty site.
    accuracy_m, transformation_m, radius_m
        Metres, as of `screening.question.Question`.
    datum_assumed
        Sites whose datum nothing stated.
    plain
        Sites that can be answered together: points and polygons that are valid, whole, and where a 3° zone is known.
    """

    table: pa.Table
    as_of: str
    geometry: NDArray[Any]
    middle: NDArray[np.float64]
    accuracy_m: NDArray[np.float64]
    transformation_m: NDArray[np.float64]
    radius_m: NDArray[np.float64]
    datum_assumed: NDArray[np.bool_]
    plain: NDArray[np.bool_]

    @classmethod
    def of(cls, table: pa.Table, as_of: str) -> Crowd:
        """The sites of a table."""
        geometry = _drawn(table)
        facts = table.column("facts").combine_chunks().dictionary_encode()
        which = np.asarray(facts.indices)
        known = [json.loads(str(text)) for text in facts.dictionary.to_pylist()]

        def column(*path: str) -> NDArray[np.float64]:
            found = []
            for document in known:
                value: Any = document
                for key in path:
                    value = value[key]
                found.append(float(value))
            return np.array(found, dtype=np.float64)[which] if found else np.zeros(0)

        kind = shapely.get_type_id(geometry)
        bounds = shapely.bounds(geometry).reshape(-1, 4)
        plain = np.isin(kind, (0, 3, 6)) & ~shapely.is_empty(geometry) & (column("rejected_parts") == 0)
        centroid = shapely.centroid(geometry)
        middle = np.column_stack([shapely.get_x(centroid), shapely.get_y(centroid)])
        east = middle[:, 0]
        plain &= (east > _ZONES_EAST[0]) & (east < _ZONES_EAST[1]) & np.isfinite(bounds).all(axis=1)
        plain[plain] &= shapely.is_valid(geometry[plain])
        return cls(
            table=table,
            as_of=as_of,
            geometry=geometry,
            middle=middle,
            accuracy_m=column("accuracy", "metres"),
            transformation_m=column("transformation_m"),
            radius_m=column("radius_m"),
            datum_assumed=np.array([document["datum"] == "assumed" for document in known], dtype=bool)[which],
            plain=plain,
        )

    def __len__(self) -> int:
        return len(self.geometry)

    @cached_property
    def bounds(self) -> NDArray[np.float64]:
        """(n, 4) west, south, east, north."""
        return np.asarray(shapely.bounds(self.geometry), dtype=np.float64).reshape(-1, 4)

    @cached_property
    def is_point(self) -> NDArray[np.bool_]:
        """Which sites are points."""
        return np.asarray(shapely.get_type_id(self.geometry) == 0)

    @cached_property
    def area_m2(self) -> NDArray[np.float64]:
        """Ellipsoidal area, 0 for points."""
        return np.asarray(ellipsoidal_area(self.geometry))

    @cached_property
    def corners(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """(m, 2) vertices of all sites, and the site of each."""
        xy, site = shapely.get_coordinates(self.geometry, return_index=True)
        return np.asarray(xy), np.asarray(site)

    @cached_property
    def first_corner(self) -> NDArray[np.float64]:
        """(n, 2): one vertex of each site."""
        xy, site = self.corners
        return np.asarray(xy[np.searchsorted(site, np.arange(len(self)))])

    @cached_property
    def part_corners(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """One vertex (m, 2) of every part; those of site k lie from ``start[k]`` to ``start[k + 1]`` (n + 1)."""
        parts, site = self.geometry, np.arange(len(self))
        if not np.isin(shapely.get_type_id(parts), (0, 3)).all():
            parts, site = shapely.get_parts(parts, return_index=True)
        xy, part = shapely.get_coordinates(parts, return_index=True)
        first = np.searchsorted(part, np.arange(len(parts)))
        return np.asarray(xy[first]), np.searchsorted(site, np.arange(len(self) + 1)).astype(np.int64)

    def combined(self, layer_m: float) -> NDArray[np.float64]:
        """The combined accuracy a of each site against a feature or layer of this accuracy; as `Question.combined`."""
        terms = np.column_stack([self.accuracy_m, self.transformation_m])
        alike, which = np.unique(terms, axis=0, return_inverse=True)
        found = [combined(*(min(float(m), FARTHEST_M) for m in (site, layer_m, shift))) for site, shift in alike]
        return np.array(found, dtype=np.float64)[which.ravel()] if found else np.zeros(0)

    def question(self, row: int) -> Question:
        """What `screening.screen.judge` asks for one of them."""
        return Question(
            geometry=self.geometry[row],
            accuracy_m=float(self.accuracy_m[row]),
            as_of=self.as_of,
            radius_m=float(self.radius_m[row]),
            transformation_m=float(self.transformation_m[row]),
        )

    def site(self, row: int) -> Site:
        """One of them as a site."""
        return next(sites_in(self.table.slice(row, 1))).site

    def twin(self) -> Crowd:
        """
        The same sites, with geometries of their own, for another thread.

        GEOS fills in what it knows of a geometry while it is asked: two threads must not ask the same one.
        """
        other = replace(self, geometry=_drawn(self.table))
        vars(other).update(bounds=self.bounds, is_point=self.is_point, area_m2=self.area_m2)
        return other

    def some(self, rows: NDArray[np.int64]) -> Crowd:
        """Those of some rows."""
        return replace(
            self,
            table=self.table.take(rows),
            geometry=self.geometry[rows],
            middle=self.middle[rows],
            accuracy_m=self.accuracy_m[rows],
            transformation_m=self.transformation_m[rows],
            radius_m=self.radius_m[rows],
            datum_assumed=self.datum_assumed[rows],
            plain=self.plain[rows],
        )


def _drawn(table: pa.Table) -> NDArray[Any]:
    return np.asarray(shapely.from_wkb(table.column("geometry").to_pylist()), dtype=object)
