"""dask-geopandas on two worker processes: sites in partitions, the pieces of the zones held by both workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from benchmarks.data import PIECE
from benchmarks.engines import Answer, files_of
from benchmarks.engines.trees import least, summed

if TYPE_CHECKING:
    from benchmarks.data import Data

PARTITIONS = 8


class Dask:
    def __init__(self, task: str, data: Data, count: int) -> None:
        self.kind = task.partition("_")[0]
        self.sites_at, self.zones_at = files_of(task, data, pieces=PIECE)
        self.count = count

    def load(self) -> None:
        import dask
        import dask_geopandas
        import geopandas
        from distributed import Client, LocalCluster, wait

        dask.config.set({"logging.distributed": "critical"})
        dask.config.set({"temporary-directory": str(self.sites_at.parent), "distributed.worker.daemon": False})
        self.cluster: Any = LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, memory_limit=0, silence_logs=40
        )
        self.client: Any = Client(self.cluster)
        sites = geopandas.read_parquet(self.sites_at).iloc[: self.count]
        self.sites: Any = dask_geopandas.from_geopandas(sites, npartitions=PARTITIONS, sort=False).persist()
        self.zones: Any = self.client.scatter(geopandas.read_parquet(self.zones_at), broadcast=True)
        wait([self.sites, self.zones])

    def prepare(self) -> None:
        from distributed import futures_of

        self.parts: Any = futures_of(self.sites)
        self.client.gather(self.client.map(_indexed, [self.zones] * 2, range(2), pure=False))

    def run(self) -> Answer:
        work = {"points": _points, "overlay": _overlay, "nearest": _nearest}[self.kind]
        tables = self.client.gather(self.client.map(work, self.parts, zones=self.zones, pure=False))
        columns = [np.concatenate([table[i] for table in tables]) for i in range(len(tables[0]))]
        if self.kind == "points":
            key = np.unique(columns[0].astype("i8") << 32 | columns[1])
            return Answer(site=key >> 32, zone=key & 0xFFFFFFFF)
        return summed(*columns) if self.kind == "overlay" else least(*columns)

    def peak_mb(self) -> float | None:
        from benchmarks.process import peak_mb

        return sum(self.client.run(peak_mb).values()) + peak_mb()

    def close(self) -> None:
        self.client.close()
        self.cluster.close()


def _indexed(zones: Any, _: int) -> bool:
    return bool(zones.sindex.size)


def _points(sites: Any, zones: Any) -> tuple[Any, ...]:
    found = sites.sjoin(zones, predicate="within")
    return found["site"].to_numpy(), found["zone"].to_numpy()


def _overlay(sites: Any, zones: Any) -> tuple[Any, ...]:
    found = sites.sjoin(zones, predicate="intersects")
    theirs = zones.geometry.to_numpy()[found["index_right"].to_numpy()]
    ours = found.geometry.to_numpy()
    covered = shapely.contains_properly(theirs, ours)
    area = shapely.area(ours)
    area[~covered] = shapely.area(shapely.intersection(ours[~covered], theirs[~covered]))
    return found["site"].to_numpy(), found["zone"].to_numpy(), area


def _nearest(sites: Any, zones: Any) -> tuple[Any, ...]:
    found = sites.sjoin_nearest(zones, distance_col="distance")
    return found["site"].to_numpy(), found["zone"].to_numpy(), found["distance"].to_numpy()


def racer(_variant: str, task: str, data: Data, count: int) -> Dask:
    return Dask(task, data, count)
