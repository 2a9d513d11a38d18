"""
Many sites: what it costs to take them in, to keep them and to write them, and the memory that takes.

``python -m benchmarks.batch points 10000 100000 1000000`` takes GeoParquet points in, answers each with an empty row in
no time, and writes GeoParquet: what is measured is all of `check-many` but the judging. ``parcels`` are polygons of 20
vertices, ``table`` a CSV of points. ``python -m benchmarks.batch judged 2000`` answers as many sites, layers and all.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import shapely

DAY = "2026-11-22"
BLOCK = 100_000


def table(path: Path, count: int) -> None:
    """Points in decimal degrees over the layer and around it."""
    with path.open("w", encoding="utf-8") as file:
        file.write("编号,名称,经度,纬度\n")
        file.writelines(
            f"P{i},站点{i},{117.2 + (i * 7919 % 600_000) / 1e6:.6f},{49.3 + (i * 104_729 % 400_000) / 1e6:.6f}\n"
            for i in range(count)
        )


def parquet(path: Path, count: int, vertices: int) -> None:
    """GeoParquet of points, or of polygons of so many vertices, written in blocks."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    import pyproj

    drawn = np.random.default_rng(14)
    crs = json.loads(pyproj.CRS.from_epsg(4490).to_json())
    meta = {"version": "1.1.0", "primary_column": "geometry"}
    meta |= {"columns": {"geometry": {"encoding": "WKB", "geometry_types": [], "crs": crs}}}
    schema = pa.schema({"name": pa.string(), "area": pa.float64(), "geometry": pa.binary()})
    schema = schema.with_metadata({b"geo": json.dumps(meta).encode()})
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for start in range(0, count, BLOCK):
            n = min(BLOCK, count - start)
            at = drawn.uniform((117.2, 49.3), (117.8, 49.7), (n, 2))
            if vertices:
                turn = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
                far = 0.001 * (1 + 0.3 * drawn.random((n, vertices)))
                x, y = at[:, :1] + far * np.cos(turn), at[:, 1:] + far * np.sin(turn)
                shapes = shapely.polygons(np.stack([x, y], axis=-1))
            else:
                shapes = shapely.points(at)
            names = [f"站点{i}" for i in range(start, start + n)]
            block = {"name": names, "area": [None] * n, "geometry": shapely.to_wkb(shapes)}
            writer.write_table(pa.table(block, schema=schema))


def workspace(path: Path) -> None:
    """One red line of 400 squares."""
    from tests.building import add, workspace_at

    store = workspace_at(path, "red_lines")
    zones = [
        shapely.box(117.2 + 0.03 * i, 49.3 + 0.02 * j, 117.21 + 0.03 * i, 49.31 + 0.02 * j)
        for i in range(20)
        for j in range(20)
    ]
    add(store, "red_lines", zones, name="红线", coverage=shapely.box(117, 49, 118, 50))


def carried(source: Path) -> dict[str, float]:
    """All of a batch but the judging, in this process: seconds of each step, and peak resident memory in MB."""
    import pyarrow as pa

    from screening.batch.intake import chunks_of
    from screening.batch.job import Answered, Job
    from screening.batch.running import take_in
    from screening.batch.table import row_schema
    from screening.batch.writing import write_rows

    clock = time.process_time  # what it costs, whoever else is at work on the machine
    begun = time.perf_counter()
    found, started = {"idle_mb": _peak()}, clock()
    for _ in chunks_of(source):
        pass
    found |= {"read_s": clock() - started}
    started = clock()
    with Job(source.with_suffix(".job"), {}) as job:
        take_in(job, chunks_of(source), as_of=DAY)
        found |= {"take_s": clock() - started, "take_mb": _peak(), "sites": job.total}
        started = clock()
        for some in job.open_sites(lambda: 5_000):
            n = some.sites.num_rows
            same = {"answer": "clear", "district": "150781", "as_of": DAY, "lon": 117.5, "lat": 49.5, "scope": "point"}
            own = {"row": some.sites.column("number"), "site_id": some.sites.column("id")}
            own |= {"site_name": some.sites.column("name"), "geometry": some.sites.column("geometry")}
            arrays = [
                own[f.name].combine_chunks() if f.name in own else pa.repeat(pa.scalar(same.get(f.name), f.type), n)
                for f in row_schema()
            ]
            job.answer(some, Answered.of(pa.Table.from_arrays(arrays, schema=row_schema())))
        found |= {"keep_s": clock() - started, "job_mb": source.with_suffix(".job").stat().st_size / 2**20}
        started = clock()
        write_rows(source.with_name("rows.parquet"), job, language="en")
        found |= {"write_s": clock() - started, "peak_mb": _peak(), "wall_s": time.perf_counter() - begun}
    found |= {"worker_s": _worker_s() / 2}
    return found


def judged(folder: Path, count: int) -> dict[str, float]:
    """Sites answered in this process."""
    from screening.batch.intake import chunks_of
    from screening.batch.job import Job
    from screening.batch.running import answer, take_in

    workspace(folder / "ws")
    table(folder / "t.csv", count)
    with Job(folder / "t.job", {}) as job:
        take_in(job, chunks_of(folder / "t.csv"), as_of=DAY)
        started = time.perf_counter()
        answer(job, folder / "ws", as_of=DAY)
        if job.answered != count:
            raise AssertionError(f"{job.answered} of {count} rows were answered")
    return {"sites": count, "answer_s": time.perf_counter() - started, "peak_mb": _peak()}


def _worker_s() -> float:
    """Processor time of the processes that read, both times."""
    import resource  # not there on Windows, where this benchmark is not run

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _peak() -> float:
    """Of this program; what the system says of a process may be inherited from the one that started it."""
    status = Path("/proc/self/status")
    if status.exists():
        return float(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    import resource  # not there on Windows, where this benchmark is not run

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(kind: str = "points", *counts: str) -> None:
    """Each number of sites in a process of its own."""
    for count in map(int, counts or ("10000", "100000")):
        with tempfile.TemporaryDirectory() as name:
            source = Path(name, "sites.csv" if kind == "table" else "sites.parquet")
            if kind == "table":
                table(source, count)
            elif kind != "judged":
                parquet(source, count, 20 if kind == "parcels" else 0)
            command = [sys.executable, "-m", "benchmarks.batch", f"--{kind}", name, str(count)]
            found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        if kind == "judged":
            print(f"{count:,} answered: {count / found['answer_s']:,.0f} sites/s, peak {found['peak_mb']:.0f} MB")
            continue
        names = ("worker", "read", "take", "keep", "write")
        steps = " ".join(f"{step} {found[f'{step}_s'] / count * 1e6:.1f}" for step in names)
        print(
            f"{count:,} {kind}: microseconds of processor a site: {steps} (take: read and place), all of it twice read "
            f"in {found['wall_s']:.0f} s; peak {found['take_mb']:.0f} MB "
            f"taken in, {found['peak_mb']:.0f} MB in all (idle {found['idle_mb']:.0f}); job {found['job_mb']:.0f} MB"
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--judged"]:
        print(json.dumps(judged(Path(sys.argv[2]), int(sys.argv[3]))))
    elif sys.argv[1:2] and sys.argv[1].startswith("--"):
        (there,) = Path(sys.argv[2]).glob("sites.*")
        print(json.dumps(carried(there)))
    else:
        main(*sys.argv[1:])
