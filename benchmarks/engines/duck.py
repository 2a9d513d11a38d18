"""DuckDB with its spatial extension from the registry package, two threads, tables in memory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.engines import Answer, files_of
from benchmarks.pieces import pieces_of

if TYPE_CHECKING:
    from benchmarks.data import Data


def connected() -> Any:
    """A database in memory with the extension loaded from where its package put it."""
    import duckdb
    import duckdb_extension_spatial

    found = next(Path(next(iter(duckdb_extension_spatial.__path__))).rglob("spatial.duckdb_extension"))
    base = duckdb.connect()
    base.execute(f"LOAD '{found.as_posix()}'")
    base.execute("SET threads = 2")
    return base


class Duck:
    def __init__(self, variant: str, task: str, data: Data, count: int) -> None:
        self.kind = task.partition("_")[0]
        self.sites_at, self.zones_at = files_of(task, data, pieces=pieces_of(variant))
        self.count = count

    def load(self) -> None:
        self.base = connected()
        for table, path in (("sites", self.sites_at), ("zones", self.zones_at)):
            column = table[:-1]
            where = f"WHERE site < {self.count}" if table == "sites" else ""
            self.base.execute(
                f"CREATE TABLE {table} AS SELECT {column}, geometry FROM read_parquet('{path.as_posix()}') {where}"
            )

    def prepare(self) -> None:
        """Its join builds its own index."""

    def run(self) -> Answer:
        join = "FROM sites s JOIN zones z ON ST_Intersects(s.geometry, z.geometry)"
        if self.kind == "points":
            found = self.base.execute(f"SELECT DISTINCT s.site, z.zone {join}").fetchnumpy()
            return Answer(site=found["site"], zone=found["zone"])
        found = self.base.execute(
            f"SELECT s.site, z.zone, sum(ST_Area(ST_Intersection(s.geometry, z.geometry))) AS area {join} GROUP BY ALL"
        ).fetchnumpy()
        return Answer(site=found["site"], zone=found["zone"], value=found["area"])

    def peak_mb(self) -> float | None:
        return None

    def close(self) -> None:
        self.base.close()


def racer(variant: str, task: str, data: Data, count: int) -> Duck:
    return Duck(variant, task, data, count)
