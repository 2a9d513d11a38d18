"""SedonaDB: spatial joins in SQL over views that are held in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.engines import Answer, files_of
from benchmarks.engines.trees import least
from benchmarks.pieces import pieces_of

if TYPE_CHECKING:
    from benchmarks.data import Data


class Sedona:
    def __init__(self, variant: str, task: str, data: Data, count: int) -> None:
        self.kind = task.partition("_")[0]
        self.sites_at, self.zones_at = files_of(task, data, pieces=pieces_of(variant))
        self.count = count

    def load(self) -> None:
        import sedonadb

        self.base: Any = sedonadb.connect()
        for table, path in (("sites", self.sites_at), ("zones", self.zones_at)):
            self.base.read_parquet(path.as_posix()).to_view(f"{table}_file", overwrite=True)
            where = f"WHERE site < {self.count}" if table == "sites" else ""
            self.base.sql(f"SELECT * FROM {table}_file {where}").to_memtable().to_view(table, overwrite=True)

    def prepare(self) -> None:
        """Its join builds its own index."""

    def run(self) -> Answer:
        join = "FROM sites s JOIN zones z ON ST_Intersects(s.geometry, z.geometry)"
        if self.kind == "points":
            found = self._columns(f"SELECT DISTINCT s.site AS site, z.zone AS zone {join}")
            return Answer(site=found[0], zone=found[1])
        if self.kind == "overlay":
            area = "sum(ST_Area(ST_Intersection(s.geometry, z.geometry))) AS value"
            found = self._columns(f"SELECT s.site AS site, z.zone AS zone, {area} {join} GROUP BY s.site, z.zone")
            return Answer(site=found[0], zone=found[1], value=found[2])
        found = self._columns(
            "SELECT s.site AS site, z.zone AS zone, ST_Distance(s.geometry, z.geometry) AS value "
            "FROM sites s JOIN zones z ON ST_KNN(s.geometry, z.geometry, 1, false)"
        )
        return least(found[0], found[1], found[2])

    def _columns(self, text: str) -> list[Any]:
        import pyarrow as pa

        table = pa.table(self.base.sql(text))
        return [table.column(i).to_numpy() for i in range(table.num_columns)]

    def peak_mb(self) -> float | None:
        return None

    def close(self) -> None:
        """Nothing to let go of."""


def racer(variant: str, task: str, data: Data, count: int) -> Sedona:
    return Sedona(variant, task, data, count)
