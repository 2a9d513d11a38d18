"""What runs as a user runs it: one check, many sites from file to file, an import."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from benchmarks.engines.ours import DAY, KINDS, import_command, workspace_of
from benchmarks.engines.trees import geometries
from benchmarks.process import core_seconds, timed_process
from benchmarks.racing import LeftOut, row_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.data import Data
    from benchmarks.racing import Pace, Row

    Say = Callable[[str], None]
    Measured = tuple[list[Row], list[LeftOut]]

__all__ = ["BOTH", "EVERY", "check_many", "importing", "memory", "one_site", "row_bytes", "too_long"]

EVERY = ("units", "red_line", "sources", "protected")
BOTH = ("units", "red_line")
CHECK = "apps.cli.main"
PEER = "geopandas process"
PARCEL = [(122.001, 46.001), (122.004, 46.0012), (122.0042, 46.003), (122.0008, 46.0028)]


def one_site(data: Data, pace: Pace, _say: Say) -> Measured:
    """``screen()`` warm, and ``sanxian check`` as a process for each kind of file; all layers on disk."""
    from layers.workspace import FolderStore
    from screening.screen import screen
    from screening.site import site_of

    at = workspace_of(data, *EVERY)
    store = FolderStore.open(at)
    rows = []
    sites, _ = geometries(data.path("parcels"), "site")
    some = [site_of(one, accuracy_m=5) for one in sites[:: max(1, len(sites) // 20)][:20]]
    for site in some:
        screen(site, store, as_of=DAY)
    taken = []
    for _ in range(pace.rounds):
        for site in some:
            start = time.perf_counter()
            screen(site, store, as_of=DAY)
            taken.append(time.perf_counter() - start)
    rows.append(row_of("one_site", "screen(), warm, 20 parcels", 1, taken))
    with tempfile.TemporaryDirectory() as folder:
        for name, asked in _asked(Path(folder)).items():
            words = ["-m", CHECK, "check", *asked, "-w", str(at)]
            seconds, peak = timed_process(words, rounds=pace.rounds)
            rows.append(row_of("one_site", f"sanxian check, process: {name}", 1, seconds, peak_mb=peak))
    return rows, []


def _asked(folder: Path) -> dict[str, list[str]]:
    """The same parcel as typed, GeoJSON, CSV, survey TXT and a GeoPackage; the middle of it typed."""
    import geopandas

    parcel = shapely.Polygon(PARCEL)
    geojson = folder / "parcel.geojson"
    geojson.write_text(
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"名称": "地块"}, "geometry": '
        f"{shapely.to_geojson(parcel)}}}]}}",
        encoding="utf-8",
    )
    table = folder / "parcel.csv"
    table.write_text("编号,名称,经度,纬度\n1,井,122.0020,46.0020\n2,塔,122.0025,46.0022\n", encoding="utf-8")
    text = folder / "parcel.txt"
    corners = [*PARCEL, PARCEL[0]]
    lines = [f"J{n % 4 + 1},1,{lat:.6f},{lon:.6f}" for n, (lon, lat) in enumerate(corners)]
    head = "[属性描述]\n坐标系=2000国家大地坐标系\n几度分带=\n计量单位=度\n[地块坐标]\n4,1.0,1,地块,面,,工业,,@\n"
    text.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    package = folder / "parcel.gpkg"
    geopandas.GeoDataFrame({"名称": ["地块"]}, geometry=[parcel], crs=4490).to_file(package, driver="GPKG")
    return {
        "typed": ["122.0020,46.0020"],
        "GeoJSON": [str(geojson), "--crs", "EPSG:4490"],
        "CSV": [str(table), "--crs", "EPSG:4490"],
        "TXT": [str(text), "--crs", "EPSG:4490"],
        "GeoPackage (GDAL)": [str(package)],
    }


def memory(data: Data, pace: Pace, say: Say, *, full: bool = False) -> Measured:
    """Peak memory of ``check-many`` at ever more sites; ``full`` goes on to five million, however long that takes."""
    rows, out = [], []
    rate = _check_many_rate(data)
    for n in (10_000, 100_000, 1_000_000, 5_000_000) if pace.rounds >= 5 else (100, 1_000):
        if n > 1_000_000 and not full:
            continue
        if n * rate > 10 * pace.ours_s and not full:
            out.append(too_long("memory", n, n * rate, say))
            continue
        ran = _check_many(data, n)
        rows.append(row_of("memory", "sanxian check-many", n, [ran.seconds], peak_mb=ran.peak_mb, core_s=ran.core_s))
    return rows, out


def check_many(data: Data, pace: Pace, say: Say) -> Measured:
    """Many sites from GeoParquet to GeoParquet, four answers; against geopandas that overlays the units alone."""
    n, out = data.sizes.parcels, []
    rate = _check_many_rate(data)
    if n * rate > 5 * pace.ours_s:
        out.append(too_long("check_many", n, n * rate, say))
        n = max(100, int(5 * pace.ours_s / rate) // 100 * 100)
    sites = _sites_file(data, n)
    rounds = min(pace.rounds, 3)
    mine, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        theirs_at = Path(folder) / "out.parquet"
        for _ in range(rounds):
            mine.append(_check_many(data, n))
            words = ["-m", "benchmarks.whole_runs", str(sites), str(data.path("units")), str(theirs_at)]
            theirs.append(_ran(words))
        equal = _same_units(mine[-1].rows, theirs_at)
    return _against_peer("check_many", "sanxian check-many", n, mine, theirs, equal=equal), out


def _against_peer(
    task: str, name: str, n: int, mine: Sequence[_Run], theirs: Sequence[_Run], *, equal: bool | None = None
) -> list[Row]:
    """A row of the processes of geopandas, and one of ours."""
    base, ours = (
        row_of(
            task,
            engine,
            n,
            [run.seconds for run in runs],
            peak_mb=max(run.peak_mb for run in runs),
            core_s=float(np.median([run.core_s for run in runs])),
        )
        for engine, runs in ((PEER, theirs), (name, mine))
    )
    return [replace(base, ratio=1.0), replace(ours, ratio=base.seconds / ours.seconds, equal=equal)]


def _check_many_rate(data: Data) -> float:
    """Seconds a site of a large batch: from two small ones, so that the start of the process is no part of it."""
    few, more = (_check_many(data, n).seconds for n in (20, 320))
    return max(1e-6, (more - few) / 300)


@dataclass(frozen=True, kw_only=True)
class _Run:
    """Of a process, or of several one after another: seconds, those of all cores together, peak, and what came out."""

    seconds: float
    core_s: float
    peak_mb: float
    rows: Any = None


def _ran(*processes: list[str]) -> _Run:
    began, used = time.perf_counter(), core_seconds()
    peaks = [timed_process(words, rounds=0)[1] for words in processes]
    return _Run(seconds=time.perf_counter() - began, core_s=core_seconds() - used, peak_mb=max(peaks))


def _check_many(data: Data, n: int) -> _Run:
    """As a user runs it in one process, from file to file."""
    import pyarrow.parquet

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "rows.parquet"
        words = ["-m", CHECK, "check-many", str(_sites_file(data, n)), "-w", str(workspace_of(data, *BOTH))]
        words += ["--out", str(out), "--as-of", DAY, "--workers", "1", "--crs", "EPSG:4490"]
        return replace(_ran(words), rows=pyarrow.parquet.read_table(out))


def row_bytes(data: Data, n: int = 1_000) -> float:
    """Bytes of a row in the result, compressed as it is written."""
    import pyarrow.parquet

    rows = _check_many(data, n).rows
    with tempfile.TemporaryDirectory() as folder:
        pyarrow.parquet.write_table(rows, Path(folder) / "rows.parquet", compression="zstd")
        return float((Path(folder) / "rows.parquet").stat().st_size / n)


def _sites_file(data: Data, n: int) -> Path:
    """The first parcels as GeoParquet; beyond their number the same ones again."""
    import geopandas

    path = data.folder / f"sites-{n}.parquet"
    if not path.exists():
        parcels = geopandas.read_parquet(data.path("parcels"))
        rows = np.arange(n) % len(parcels)
        frame = geopandas.GeoDataFrame({"id": np.arange(n)}, geometry=parcels.geometry.to_numpy()[rows], crs=4490)
        frame.to_parquet(path, index=False, row_group_size=50_000)
    return path


def _same_units(rows: Any, theirs: Path) -> bool:
    """Whether the area of priority units in each site is that of the peer, planar as that one is."""
    import geopandas

    frame = geopandas.read_parquet(theirs)
    mine = np.nan_to_num(rows.column("control_units_overlap_m2").to_numpy())
    own = np.nan_to_num(rows.column("area_m2").to_numpy())
    priority = frame[frame["zone"] % 3 == 0]
    share = np.bincount(priority["id"], priority["area"], len(mine)) / np.bincount(
        frame["id"], frame["area"], len(mine)
    )
    return bool(np.allclose(mine / own, share, atol=1e-3))


def importing(data: Data, pace: Pace, _say: Say) -> Measured:
    """Both layers imported, with index and copies; against geopandas that reads and validates them."""
    from layers.workspace import FolderStore

    mine, theirs = [], []
    for _ in range(min(pace.rounds, 3)):
        with tempfile.TemporaryDirectory() as folder:
            FolderStore.create(Path(folder) / "ws", required_kinds=[KINDS[one] for one in BOTH], region=None)
            mine.append(_ran(*(import_command(data, Path(folder) / "ws", layer) for layer in BOTH)))
        theirs.append(_ran(["-m", "benchmarks.whole_runs", *(str(data.folder / f"{layer}.gpkg") for layer in BOTH)]))
    return _against_peer("importing", "sanxian import", data.sizes.units + data.sizes.red_lines, mine, theirs), []


def too_long(task: str, n: int, seconds: float, say: Say) -> LeftOut:
    """A run that was left out for its length, said at once."""
    why = f"n {n:,} would take about {seconds:,.0f} s"
    say(f"{task}: {why}")
    return LeftOut(task=task, engine="ours", why=why)


def peer(words: list[str]) -> None:
    """The process of geopandas: sites and units to a file, or layers read and validated."""
    import geopandas

    if words[-1].endswith(".gpkg"):
        for path in words:
            assert geopandas.read_file(path).geometry.is_valid.all()
        return
    sites, units, out = words
    found = geopandas.overlay(geopandas.read_parquet(sites), geopandas.read_parquet(units), how="intersection")
    found["area"] = shapely.area(found.geometry.to_numpy())
    found.to_parquet(out)


if __name__ == "__main__":
    import sys

    peer(sys.argv[1:])
