"""
shapely alone: an STRtree over the zones or over their pieces, a cover test before an overlay, one or two threads.

Each thread has prepared zones of its own: GEOS builds the parts of a prepared geometry when they are first asked for,
and two threads that ask one geometry crash.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from benchmarks.data import PIECE
from benchmarks.engines import Answer, files_of

if TYPE_CHECKING:
    from benchmarks.data import Data


def geometries(path: Any, column: str) -> tuple[Any, Any]:
    """Geometries of a GeoParquet file, and a column of numbers."""
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(path, columns=[column, "geometry"])
    return shapely.from_wkb(table.column("geometry").to_numpy(zero_copy_only=False)), table.column(column).to_numpy()


def summed(site: Any, zone: Any, value: Any) -> Answer:
    """The pieces of a zone put together: one row a site and zone."""
    key, place = np.unique(site.astype("i8") << 32 | zone, return_inverse=True)
    return Answer(site=key >> 32, zone=key & 0xFFFFFFFF, value=np.bincount(place, value, len(key)))


def least(site: Any, zone: Any, value: Any) -> Answer:
    """The nearest zone of each site."""
    order = np.lexsort((zone, value, site))
    first = np.unique(site[order], return_index=True)[1]
    pick = order[first]
    return Answer(site=site[pick], zone=zone[pick], value=value[pick], metres=True)


@dataclass(frozen=True)
class Worker:
    """One thread's zones, prepared, with their tree; the sites may be shared, as no two threads take the same."""

    sites: Any
    zones: Any
    zone: Any
    tree: shapely.STRtree
    cover_first: bool

    @classmethod
    def of(cls, sites: Any, zones: Any, zone: Any, *, cover_first: bool) -> Worker:
        shapely.prepare(zones)
        return cls(sites, zones, zone, shapely.STRtree(zones), cover_first)

    def points(self, rows: Any) -> tuple[Any, ...]:
        site, piece = self.tree.query(self.sites[rows])
        inside = shapely.contains_properly(self.zones[piece], self.sites[rows[site]])
        return rows[site[inside]], self.zone[piece[inside]]

    def overlay(self, rows: Any) -> tuple[Any, ...]:
        site, piece = self.tree.query(self.sites[rows])
        site = rows[site]
        area = np.zeros(len(site))
        rest = np.arange(len(site))
        if self.cover_first:
            covered = shapely.contains_properly(self.zones[piece], self.sites[site])
            area[covered] = shapely.area(self.sites[site[covered]])
            rest = np.flatnonzero(~covered)
        meets = rest[shapely.intersects(self.zones[piece[rest]], self.sites[site[rest]])]
        area[meets] = shapely.area(shapely.intersection(self.sites[site[meets]], self.zones[piece[meets]]))
        return site, self.zone[piece], area

    def nearest(self, rows: Any) -> tuple[Any, ...]:
        met, piece = self.tree.query(self.sites[rows], predicate="intersects")
        apart = np.setdiff1d(np.arange(len(rows)), met)
        (far, near), distance = self.tree.query_nearest(
            self.sites[rows[apart]], return_distance=True, all_matches=False
        )
        site = np.concatenate([rows[met], rows[apart[far]]])
        return site, self.zone[np.concatenate([piece, near])], np.concatenate([np.zeros(len(met)), distance])


class Trees:
    def __init__(self, variant: str, task: str, data: Data, count: int) -> None:
        self.kind = task.partition("_")[0]
        self.threads = 2 if variant == "threads" else 1
        self.cover_first = variant != "whole"
        self.sites_at, self.zones_at = files_of(task, data, pieces=None if variant == "whole" else PIECE)
        self.count = count

    def load(self) -> None:
        sites, _ = geometries(self.sites_at, "site")
        self.sites = sites[: self.count]
        self.zones = [geometries(self.zones_at, "zone") for _ in range(self.threads)]

    def prepare(self) -> None:
        self.workers = [Worker.of(self.sites, *read, cover_first=self.cover_first) for read in self.zones]

    def run(self) -> Answer:
        work = {"points": Worker.points, "overlay": Worker.overlay, "nearest": Worker.nearest}[self.kind]
        shares = [np.arange(len(self.sites))[first :: self.threads] for first in range(self.threads)]
        with ThreadPoolExecutor(self.threads) as pool:
            parts = list(pool.map(work, self.workers, shares))
        site, zone = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
        if self.kind == "points":
            key = np.unique(site.astype("i8") << 32 | zone)
            return Answer(site=key >> 32, zone=key & 0xFFFFFFFF)
        value = np.concatenate([part[2] for part in parts])
        return summed(site, zone, value) if self.kind == "overlay" else least(site, zone, value)

    def peak_mb(self) -> float | None:
        return None

    def close(self) -> None:
        """Nothing to let go of."""


def racer(variant: str, task: str, data: Data, count: int) -> Trees:
    return Trees(variant, task, data, count)
