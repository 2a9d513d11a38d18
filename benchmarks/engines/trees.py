"""shapely alone: an STRtree over the zones or over their pieces, a cover test before an overlay, one or two threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

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


class Trees:
    def __init__(self, variant: str, task: str, data: Data, count: int) -> None:
        self.kind = task.partition("_")[0]
        self.threads = 2 if variant == "threads" else 1
        self.cover_first = variant != "whole"
        self.sites_at, self.zones_at = files_of(task, data, subdivided=variant != "whole")
        self.count = count

    def load(self) -> None:
        sites, _ = geometries(self.sites_at, "site")
        self.sites = sites[: self.count]
        self.zones, self.zone = geometries(self.zones_at, "zone")

    def prepare(self) -> None:
        self.tree = shapely.STRtree(self.zones)
        shapely.prepare(self.zones)

    def run(self) -> Answer:
        work = {"points": self._points, "overlay": self._overlay, "nearest": self._nearest}[self.kind]
        share = np.array_split(np.arange(len(self.sites)), 8 * self.threads if self.threads > 1 else 1)
        if self.threads == 1:
            parts = [work(share[0])]
        else:
            with ThreadPoolExecutor(self.threads) as pool:
                parts = list(pool.map(work, share))
        site, zone = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
        if self.kind == "points":
            key = np.unique(site.astype("i8") << 32 | zone)
            return Answer(site=key >> 32, zone=key & 0xFFFFFFFF)
        value = np.concatenate([part[2] for part in parts])
        return summed(site, zone, value) if self.kind == "overlay" else least(site, zone, value)

    def _points(self, rows: Any) -> tuple[Any, ...]:
        site, piece = self.tree.query(self.sites[rows])
        inside = shapely.contains_properly(self.zones[piece], self.sites[rows[site]])
        return rows[site[inside]], self.zone[piece[inside]]

    def _overlay(self, rows: Any) -> tuple[Any, ...]:
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

    def _nearest(self, rows: Any) -> tuple[Any, ...]:
        met, piece = self.tree.query(self.sites[rows], predicate="intersects")
        apart = np.setdiff1d(np.arange(len(rows)), met)
        (far, near), distance = self.tree.query_nearest(
            self.sites[rows[apart]], return_distance=True, all_matches=False
        )
        site = np.concatenate([rows[met], rows[apart[far]]])
        return site, self.zone[np.concatenate([piece, near])], np.concatenate([np.zeros(len(met)), distance])

    def peak_mb(self) -> float | None:
        return None

    def close(self) -> None:
        """Nothing to let go of."""


def racer(variant: str, task: str, data: Data, count: int) -> Trees:
    return Trees(variant, task, data, count)
