"""``make bench``: the figures, measured side by side in one run; medians, and ratios where two do the same."""

from __future__ import annotations

import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely
from rich.console import Console
from rich.table import Table

from layers.importing import ImportOptions, import_layer
from layers.workspace import FolderStore
from screening.screen import screen
from screening.site import site_of
from spatial.measure import ellipsoidal_area
from spatial.overlay.index import GeometryIndex, build_index
from tests.building import reading_of

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 7


def median_ms(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    work()
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1000


def jagged(lon: float, lat: float, radius: float, vertices: int, seed: int) -> shapely.Polygon:
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    reach = radius * (1 + 0.2 * np.sin(5 * angle) + 0.002 * rng.standard_normal(vertices))
    return shapely.make_valid(
        shapely.Polygon(np.column_stack([lon + reach * np.cos(angle), lat + reach * np.sin(angle)])),
        method="structure",
        keep_collapsed=False,
    )


def tiling(n: int) -> list[shapely.Polygon]:
    step = 1.0 / n
    return [
        shapely.segmentize(
            shapely.box(117 + i * step, 49 + j * step, 117 + (i + 1) * step, 49 + (j + 1) * step), step / 50
        )
        for i in range(n)
        for j in range(n)
    ]


def workspace(folder: Path) -> FolderStore:
    store = FolderStore.create(folder, required_kinds=["red_lines", "control_units"], region=None)
    area = reading_of([shapely.box(116.9, 48.9, 118.1, 50.1)], name="area.geojson")
    zone = jagged(117.5, 49.5, 0.3, 60_000, 1)
    import_layer(
        store, reading_of([zone]), ImportOptions(kind="red_lines", name="red", data_date="2024-01-01", coverage=area)
    )
    units = tiling(20)
    rows = [{"HJGKDYBM": f"ZH1507813{i:04d}", "ZHGKDYFL": "一般管控单元"} for i in range(len(units))]
    import_layer(
        FolderStore.open(folder),
        reading_of(units, rows),
        ImportOptions(kind="control_units", name="units", data_date="2024-01-01", coverage="layer"),
    )
    return FolderStore.open(folder)


def main() -> None:
    rows: list[tuple[str, str, str]] = []
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        store = workspace(Path(folder) / "ws")
        rows.append(("import: red line of 60,000 vertices and 400 units", f"{time.perf_counter() - start:.1f} s", ""))
        for name, geometry in (
            ("one check, warm: parcel inside", shapely.box(117.5, 49.5, 117.505, 49.505)),
            ("one check, warm: parcel across the boundary", shapely.box(117.7, 49.5, 117.9, 49.52)),
            ("one check, warm: point far away", shapely.Point(117.05, 49.05)),
        ):
            site = site_of(geometry, accuracy_m=5)
            rows.append((name, f"{median_ms(lambda site=site: screen(site, store, as_of='2026-11-22')):.1f} ms", ""))
        command = [sys.executable, "-m", "apps.cli.main", "check", "117.45,49.58", "-w", str(store.root)]
        process = median_ms(lambda: subprocess.run(command, check=True, capture_output=True), rounds=5)
        rows.append(("one check as a process, imports included: point typed", f"{process:.0f} ms", ""))
        opened = median_ms(
            lambda: screen(site_of(shapely.Point(117.5, 49.5), accuracy_m=5), FolderStore.open(store.root))
        )
        rows.append(("one check, warm, workspace opened anew: point inside", f"{opened:.1f} ms", ""))
    zone = jagged(117.5, 49.5, 0.3, 300_000, 2)
    start = time.perf_counter()
    index = GeometryIndex.from_arrays(build_index(np.array([zone])))
    rows.append(("index of a zone of 300,000 vertices", f"{time.perf_counter() - start:.1f} s", ""))
    site = shapely.Point(117.5, 49.5).buffer(0.003)
    box = site.bounds
    every = np.ones(1, dtype=bool)
    pieces = median_ms(lambda: shapely.intersection(site, index.load(index.pieces_meeting(box, every))))
    whole = median_ms(lambda: shapely.intersection(site, zone))
    rows.append(
        (
            "overlay of one parcel inside: pieces",
            f"{pieces:.2f} ms",
            f"{whole / pieces:.0f} x faster than the whole zone",
        )
    )
    from spatial.ellipsoid import geod

    many = np.array([jagged(117.5, 49.5, 0.01, 250, s) for s in range(500)])
    series = median_ms(lambda: ellipsoidal_area(many))
    loop = median_ms(lambda: [geod().geometry_area_perimeter(shapely.orient_polygons(p)) for p in many], rounds=3)
    rows.append(
        (
            "areas of 500 polygons of 250 vertices, series",
            f"{series:.1f} ms",
            f"{loop / series:.0f} x faster than pyproj.Geod",
        )
    )
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import screening.screen, screening.site"], check=True)
    rows.append(("a process that imports all one check needs", f"{(time.perf_counter() - start) * 1000:.0f} ms", ""))
    table = Table("what", "median", "ratio", title=f"Python {platform.python_version()}, shapely {shapely.__version__}")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    main()
