"""PostGIS: a server of our own on loopback, as an ordinary user; tables with GiST indexes, whole or by ST_Subdivide."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.engines import Answer, files_of
from benchmarks.engines.trees import least
from benchmarks.pieces import pieces_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.data import Data

__all__ = ["Server", "racer", "unavailable"]

SETTINGS = {
    "shared_buffers": "1GB", "work_mem": "256MB", "maintenance_work_mem": "512MB", "fsync": "off",
    "synchronous_commit": "off", "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": "0",
    "max_wal_size": "4GB", "jit": "off", "max_parallel_workers_per_gather": "2", "max_parallel_workers": "2",
}  # fmt: skip


def programs() -> Path | None:
    """The folder of the server's programs: the newest of Debian's, or that on the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    there = shutil.which("initdb")
    return None if there is None else Path(there).parent


def unavailable() -> str | None:
    """Why there is no server to start, with what installs it; None where there is one."""
    folder = programs()
    if folder is None:
        return "no PostgreSQL: apt-get install postgresql-15-postgis-3"
    shown = subprocess.run([str(folder / "pg_config"), "--sharedir"], capture_output=True, text=True, check=False)
    share = Path(shown.stdout.strip() or f"/usr/share/postgresql/{folder.parent.name}")
    if not (share / "extension" / "postgis.control").exists():
        return "no PostGIS: apt-get install postgresql-15-postgis-3"
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("setpriv") is None:
        return "initdb refuses root and there is no setpriv"
    return None


class Server:
    """A server on a free port of loopback, its files in a temporary folder, gone with it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="bench-postgres-"))
        as_user: list[str] = []
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            shutil.chown(self.folder, "nobody")
            as_user = ["setpriv", "--reuid=nobody", "--clear-groups", "--"]
        found = programs()
        if found is None:
            raise RuntimeError(unavailable())
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        base = self.folder / "data"
        quiet: dict[str, Any] = {"capture_output": True, "cwd": self.folder}
        subprocess.run(
            [*as_user, str(found / "initdb"), "-D", str(base), "-U", "bench", "-A", "trust", "-E", "UTF8"],
            check=True,
            **quiet,
        )
        told = [f"-c{key}={value}" for key, value in SETTINGS.items()]
        command = [str(found / "postgres"), "-D", str(base), "-h", "127.0.0.1", "-p", str(port), "-k", "", *told]
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen([*as_user, *command], stdout=log, stderr=log, cwd=self.folder)
        self.address = f"postgresql://bench@127.0.0.1:{port}/postgres"
        self._wait()

    def _wait(self) -> None:
        import time

        import psycopg

        for _ in range(300):
            try:
                with psycopg.connect(self.address, autocommit=True) as base:
                    base.execute("CREATE EXTENSION IF NOT EXISTS postgis")
                    return
            except psycopg.OperationalError:
                time.sleep(0.1)
        raise RuntimeError((self.folder / "log").read_text(errors="replace"))

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(60)
        shutil.rmtree(self.folder, ignore_errors=True)


class Postgis:
    def __init__(self, variant: str, task: str, data: Data, count: int) -> None:
        self.kind = task.partition("_")[0]
        self.pieces = pieces_of(variant)
        self.sites_at, self.zones_at = files_of(task, data, pieces=None)
        self.count = count
        self.server: Server | None = None

    def load(self) -> None:
        import psycopg

        self.server = Server()
        self.base: Any = psycopg.connect(self.server.address, autocommit=True)
        for table, path in (("sites", self.sites_at), ("zones", self.zones_at)):
            _copied(self.base, table, path, self.count if table == "sites" else None)

    def prepare(self) -> None:
        self.zones = "zones"
        if self.pieces is not None:
            self.base.execute(
                f"CREATE UNLOGGED TABLE pieces AS SELECT id, ST_Subdivide(geom, {self.pieces}) AS geom FROM zones"
            )
            self.zones = "pieces"
        for table in {"sites", self.zones}:
            self.base.execute(f"CREATE INDEX ON {table} USING gist (geom)")
            self.base.execute(f"ANALYZE {table}")

    def run(self) -> Answer:
        join = f"FROM sites s JOIN {self.zones} z ON ST_Intersects(s.geom, z.geom)"
        if self.kind == "points":
            found = self._columns(f"SELECT DISTINCT s.id, z.id {join}", "ii")
            return Answer(site=found[0], zone=found[1])
        if self.kind == "overlay":
            area = (
                "sum(CASE WHEN ST_CoveredBy(s.geom, z.geom) THEN ST_Area(s.geom) "
                "ELSE ST_Area(ST_Intersection(s.geom, z.geom)) END)"
            )
            found = self._columns(f"SELECT s.id, z.id, {area} {join} GROUP BY s.id, z.id", "iid")
            return Answer(site=found[0], zone=found[1], value=found[2])
        found = self._columns(
            "SELECT s.id, n.id, n.d FROM sites s CROSS JOIN LATERAL "
            f"(SELECT z.id, s.geom <-> z.geom AS d FROM {self.zones} z ORDER BY d LIMIT 1) n",
            "iid",
        )
        return least(*found)

    def _columns(self, text: str, types: str) -> list[Any]:
        import numpy as np

        with self.base.cursor(binary=True) as cursor:
            rows: Sequence[Any] = cursor.execute(text).fetchall()
        kinds = {"i": "i8", "d": "f8"}
        return [np.array([row[i] for row in rows], dtype=kinds[kind]) for i, kind in enumerate(types)]

    def peak_mb(self) -> float | None:
        from benchmarks.process import peak_mb

        return peak_mb(self.base.info.backend_pid)

    def close(self) -> None:
        self.base.close()
        if self.server is not None:
            self.server.close()


def _copied(base: Any, table: str, path: Path, count: int | None) -> None:
    """Into a table: number, geometry in the plane of the file without a system."""
    import shapely

    from benchmarks.engines.trees import geometries

    found, number = geometries(path, table[:-1])
    if count is not None:
        found, number = found[:count], number[:count]
    base.execute(f"CREATE UNLOGGED TABLE {table} (id bigint, geom geometry)")
    with base.cursor() as cursor, cursor.copy(f"COPY {table} (id, geom) FROM STDIN") as copy:
        for one, wkb in zip(number.tolist(), shapely.to_wkb(found, hex=True), strict=True):
            copy.write_row((one, wkb))


def racer(variant: str, task: str, data: Data, count: int) -> Postgis:
    return Postgis(variant, task, data, count)
