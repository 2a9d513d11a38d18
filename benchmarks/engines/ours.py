"""
This toolkit, by one function a task; the only module of the benchmarks that knows where its engine lies.

The joins answer from the workspace that `workspace_of` imports once, through what is stored beside each layer.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from benchmarks.data import parcels
from benchmarks.engines import Answer, layer_of
from benchmarks.engines.geodesic import SEED
from benchmarks.engines.trees import geometries

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from benchmarks.data import Data
    from spatial.overlay.index import GeometryIndex

__all__ = [
    "DAY",
    "KINDS",
    "alone",
    "areas",
    "import_command",
    "nearest",
    "overlay_areas",
    "points_in",
    "racer",
    "workspace_of",
]

DAY = "2026-11-23"
KINDS = {"units": "control_units", "red_line": "red_lines", "sources": "water_sources", "protected": "protected_areas"}
THREADS = 2
CODE = "SANXIAN_BENCH_CODE"
REPO = Path(__file__).resolve().parents[2]


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """On one thread: a profile sees no other."""
    global THREADS  # noqa: PLW0603 - of this process, which measures nothing else meanwhile
    THREADS, several = 1, THREADS
    try:
        yield
    finally:
        THREADS = several


def points_in(index: GeometryIndex, lonlat: Any) -> tuple[Any, Any]:
    """Rows of points (n, 2) and of the features that hold them: by the cells, and where those are unsure by pieces."""
    cells = index.cells
    if cells is None:
        return _points_by_pieces(index, lonlat, np.arange(len(lonlat)))
    sets, unsure = cells.sets_at(lonlat, threads=THREADS)
    held = np.flatnonzero(sets)
    offset, zone = cells.features_of(sets[held])
    site = np.repeat(held, np.diff(offset))
    if not unsure.any():
        return site, zone
    more_sites, more_zones = _points_by_pieces(index, lonlat, np.flatnonzero(unsure))
    return np.concatenate([site, more_sites]), np.concatenate([zone, more_zones])


def _points_by_pieces(index: GeometryIndex, lonlat: Any, rows: Any) -> tuple[Any, Any]:
    tree, pieces = _tree(index)
    points = shapely.points(lonlat[rows])
    site, piece = tree.query(points)
    inside = shapely.intersects(pieces[piece], points[site])
    key = np.unique(rows[site[inside]].astype("i8") << 32 | index.piece_feature[piece[inside]])
    return key >> 32, key & 0xFFFFFFFF


def overlay_areas(index: GeometryIndex, sites: Any) -> tuple[Any, Any, Any]:
    """Rows of sites and features that overlap, and the ellipsoidal area of the overlap, square metres."""
    from spatial.overlay.overlap_many import OverlayLookup, overlaps_many

    every = np.ones(len(index.feature_dimension), dtype=bool)
    found = overlaps_many(sites, _once(index, "overlay", lambda: OverlayLookup(index, every)), threads=THREADS)
    some = found.area_m2 > 0
    return found.site[some], found.feature[some], found.area_m2[some]


def nearest(index: GeometryIndex, sites: Any) -> Any:
    """Geodesic metres from each site to the nearest zone, 0 where they meet; exact on the ellipsoid."""
    from spatial.overlay.edges import boundary_edges
    from spatial.overlay.nearest_many import BoundaryLookup, nearest_many

    every = np.ones(len(index.feature_dimension), dtype=bool)

    def lookup() -> Any:
        edges, rows = index.edges_meeting((-180.0, -90.0, 180.0, 90.0))
        return BoundaryLookup(boundary_edges(edges, every, rows))

    found = np.array(nearest_many(sites, _once(index, "lookup", lookup), threads=THREADS).distance_m)
    first = shapely.get_coordinates(shapely.get_point(shapely.get_exterior_ring(sites), 0))
    found[np.unique(points_in(index, first)[0])] = 0.0  # a site within a zone: no edge may be near
    return found


def areas(polygons: Any) -> Any:
    """Square metres on the ellipsoid."""
    from spatial.measure import ellipsoidal_area

    return ellipsoidal_area(polygons)


def answers(workspace: Path, sites: pa.Table) -> pa.Table:
    """Rows with the four answers, their gaps and what proves them."""
    from screening.batch.desk import Desk

    return Desk.opened(workspace, DAY, threads=THREADS).rows(sites)


def site_table(sites: Any, numbers: Any) -> pa.Table:
    """Sites as `Desk.rows` takes them."""
    from screening.batch.table import NumberedSite, sites_table
    from screening.inquiry import snapped
    from screening.site import site_of

    return sites_table(
        [
            NumberedSite(number=int(n) + 1, id=str(n), site=snapped(site_of(one, accuracy_m=5)))
            for one, n in zip(sites, numbers, strict=True)
        ]
    )


def _once(index: GeometryIndex, name: str, made: Any) -> Any:
    kept = index.__dict__.setdefault("_benchmarks", {})
    if name not in kept:
        kept[name] = made()
    return kept[name]


def _tree(index: GeometryIndex) -> tuple[Any, Any]:
    def made() -> tuple[Any, Any]:
        pieces = index.load(np.arange(len(index.piece_feature)))
        shapely.prepare(pieces)
        return shapely.STRtree(pieces), pieces

    tree, pieces = _once(index, "tree", made)
    return tree, pieces


def code_digest() -> str:
    """Of the programs that write a workspace: one that an older program wrote is not measured. The same for a run."""
    if CODE in os.environ:
        return os.environ[CODE]
    found = hashlib.sha256()
    for part in ("spatial", "layers"):
        for path in sorted((REPO / part).rglob("*.py")):
            found.update(path.read_bytes())
    os.environ[CODE] = found.hexdigest()[:8]
    return os.environ[CODE]


def workspace_of(data: Data, *layers: str) -> Path:
    """A workspace with some layers of the data, imported where it is not there yet."""
    at = data.folder / f"ws-{'-'.join(layers)}-{code_digest()}"
    if at.exists():
        return at / "ws"
    for old in data.folder.glob(f"ws-{'-'.join(layers)}-*"):
        shutil.rmtree(old)
    from benchmarks.process import timed_process
    from layers.workspace import FolderStore

    with tempfile.TemporaryDirectory(dir=data.folder) as made:
        FolderStore.create(Path(made) / "ws", required_kinds=[KINDS[one] for one in layers], region=None)
        for layer in layers:
            timed_process(import_command(data, Path(made) / "ws", layer), rounds=0)
        with contextlib.suppress(OSError):  # another run was first
            (Path(made) / "whole").mkdir()
            (Path(made) / "ws").rename(Path(made) / "whole" / "ws")
            (Path(made) / "whole").rename(at)
    return at / "ws"


def import_command(data: Data, workspace: Path, layer: str) -> list[str]:
    """The words after ``python`` that import a layer."""
    told = ["--layer", KINDS[layer], "--name", layer, "--data-date", "2024-01-01", "--no-copy"]
    extent = ["--coverage", str(data.folder / "coverage.gpkg")]
    return ["-m", "apps.cli.main", "import", str(workspace), str(data.folder / f"{layer}.gpkg"), *told, *extent]


class Ours:
    """The overlay alone: the index of the layer and the sites."""

    def __init__(self, task: str, data: Data, count: int) -> None:
        self.kind, self.layer, self.data, self.count = task.partition("_")[0], layer_of(task), data, count

    @cached_property
    def index(self) -> GeometryIndex:
        from screening.loaded import load

        store = _opened(workspace_of(self.data, self.layer))
        return load(store, DAY).layers[0][0].index

    def load(self) -> None:
        if self.kind == "areas":
            self.sites: Any = parcels(self.data.sizes.polygons, SEED)[: self.count]
            return
        name = "points" if self.kind == "points" else "parcels"
        self.sites = geometries(self.data.path(name), "site")[0][: self.count]
        if self.kind == "points":
            self.sites = shapely.get_coordinates(self.sites)
        assert len(self.index.piece_feature) > 0

    def prepare(self) -> None:
        """What a process does once: it reads the edges, parses pieces and orders the boundary."""
        if self.kind == "points":
            points_in(self.index, self.index.cells.xy[:1, :2] if self.index.cells else self.sites[:1])
        elif self.kind == "nearest":
            nearest(self.index, self.sites[:1])
        elif self.kind == "overlay":
            overlay_areas(self.index, self.sites[:1])

    def run(self) -> Answer:
        if self.kind == "points":
            site, zone = points_in(self.index, self.sites)
            return Answer(site=site, zone=zone)
        if self.kind == "overlay":
            site, zone, value = overlay_areas(self.index, self.sites)
            return Answer(site=site, zone=zone, value=value, metres=True)
        value = nearest(self.index, self.sites) if self.kind == "nearest" else areas(self.sites)
        rows = np.arange(len(value))
        return Answer(site=rows, zone=np.full_like(rows, -1), value=value, metres=True)

    def coordinates(self) -> Any:
        """Of all sites."""
        return self.sites if self.kind == "points" else shapely.get_coordinates(self.sites)

    def peak_mb(self) -> float | None:
        return None

    def close(self) -> None:
        """Nothing to let go of."""


class OurAnswers:
    """The four answers: what `Desk.rows` gives, features met and the overlap of each site."""

    def __init__(self, task: str, data: Data, count: int) -> None:
        self.layer, self.data, self.count = layer_of(task), data, count

    def load(self) -> None:
        from screening.batch.desk import Desk

        sites = geometries(self.data.path("parcels"), "site")[0][: self.count]
        self.sites = site_table(sites, np.arange(len(sites)))
        self.desk = Desk.opened(workspace_of(self.data, self.layer), DAY, threads=THREADS)

    def prepare(self) -> None:
        """Built at import."""

    def run(self) -> Answer:
        rows = self.desk.rows(self.sites)
        area = rows.column(f"{KINDS[self.layer]}_overlap_m2").to_numpy()
        some = np.flatnonzero(np.nan_to_num(area) > 0)
        return Answer(site=some, zone=np.full_like(some, -1), value=area[some], metres=True)

    def coordinates(self) -> Any:
        """Of all sites."""
        return shapely.get_coordinates(shapely.from_wkb(self.sites.column("geometry").to_pylist()))

    def peak_mb(self) -> float | None:
        return None

    def close(self) -> None:
        """Nothing to let go of."""


def _opened(workspace: Path) -> Any:
    from layers.workspace import FolderStore

    return FolderStore.open(workspace)


def racer(variant: str, task: str, data: Data, count: int) -> Ours | OurAnswers:
    return OurAnswers(task, data, count) if variant == "answers" else Ours(task, data, count)
