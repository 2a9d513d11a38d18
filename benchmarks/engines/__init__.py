"""The engines that are compared: what they are called, which tasks they take part in, and with how much."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from benchmarks.data import Data

__all__ = ["ALL", "BASE", "ENGINES", "INSTALL", "OURS", "REFERENCES", "TASKS", "Answer", "Engine", "Racer", "rivals_in"]

OURS = "ours"
INSTALL = "pip install -e .[bench]"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """
    What an engine found: rows of sites with rows of zones.

    ``value`` is what the task asks for beside them: an area (square degrees of the planar engines, square metres where
    ``metres``), a distance, or nothing.
    """

    site: NDArray[np.int64]
    zone: NDArray[np.int64]
    value: NDArray[np.float64] | None = None
    metres: bool = False


class Racer(Protocol):
    """One engine at one task, in a process of its own."""

    def load(self) -> None:
        """Read the files."""

    def prepare(self) -> None:
        """All that is done once, whatever is asked later."""

    def run(self) -> Answer:
        """The join alone."""

    def peak_mb(self) -> float | None:
        """Of processes other than this one; None where this one does the work."""

    def close(self) -> None:
        """Let go of servers and workers."""


@dataclass(frozen=True, kw_only=True)
class Engine:
    """
    A peer, or this toolkit.

    ``module`` offers ``racer(variant, task, data, count) -> Racer``. ``most`` says with how many sites it takes part in
    a task where all would take minutes a round; at the tasks ``tuned`` its pieces are as large as it likes best.
    """

    name: str
    module: str
    variant: str
    tasks: tuple[str, ...]
    needs: tuple[str, ...] = ()
    most: Mapping[str, int] = field(default_factory=dict)
    tuned: tuple[str, ...] = ()

    def missing(self) -> tuple[str, ...]:
        """What is not installed of what it needs."""
        return tuple(name for name in self.needs if find_spec(name) is None)

    def count(self, task: str, size: int) -> int:
        """With how many sites it takes part."""
        return min(size, self.most.get(task, size))


POINTS = ("points_units", "points_red_line")
OVERLAY = ("overlay_units", "overlay_red_line")
NEAREST = ("nearest_sources", "nearest_red_line")
ALL = (*POINTS, *OVERLAY, *NEAREST)
TASKS = (*ALL, "areas")

ENGINES: tuple[Engine, ...] = (
    Engine(name=OURS, module="benchmarks.engines.ours", variant="", tasks=(*ALL, "areas")),
    Engine(
        name="ours, four answers with gap and proof",
        module="benchmarks.engines.ours",
        variant="answers",
        tasks=OVERLAY,
        needs=("pyarrow",),
    ),
    Engine(
        name="geopandas",
        module="benchmarks.engines.frames",
        variant="",
        tasks=ALL,
        most={"overlay_red_line": 100, "nearest_sources": 10_000, "nearest_red_line": 60},
    ),
    Engine(
        name="geopandas, intersects",
        module="benchmarks.engines.frames",
        variant="intersects",
        tasks=POINTS,
        most={"points_red_line": 2_000},
    ),
    Engine(
        name="shapely STRtree, prepared zones",
        module="benchmarks.engines.trees",
        variant="whole",
        tasks=(*POINTS, *OVERLAY),
        most={"overlay_units": 20_000, "overlay_red_line": 200},
    ),
    Engine(name="shapely, subdivided", module="benchmarks.engines.trees", variant="subdivided", tasks=ALL),
    Engine(
        name="shapely, subdivided, 2 threads",
        module="benchmarks.engines.trees",
        variant="threads",
        tasks=ALL,
        most={"nearest_red_line": 20_000},
    ),
    Engine(
        name="DuckDB, whole",
        module="benchmarks.engines.duck",
        variant="whole",
        tasks=(*POINTS, *OVERLAY),
        needs=("duckdb", "duckdb_extension_spatial"),
        most={"points_red_line": 300, "overlay_units": 20_000, "overlay_red_line": 100},
    ),
    Engine(
        name="DuckDB, subdivided",
        module="benchmarks.engines.duck",
        variant="subdivided",
        tasks=(*POINTS, *OVERLAY),
        needs=("duckdb", "duckdb_extension_spatial"),
        tuned=(*POINTS, *OVERLAY),
    ),
    Engine(
        name="SedonaDB, whole",
        module="benchmarks.engines.sedona",
        variant="whole",
        tasks=(*POINTS, *OVERLAY),
        needs=("sedonadb",),
        most={"overlay_units": 20_000, "overlay_red_line": 100},
    ),
    Engine(
        name="SedonaDB, subdivided",
        module="benchmarks.engines.sedona",
        variant="subdivided",
        tasks=ALL,
        needs=("sedonadb",),
        most={"nearest_red_line": 5_000},
        tuned=(*POINTS, *OVERLAY),
    ),
    Engine(
        name="PostGIS, whole",
        module="benchmarks.engines.postgis",
        variant="whole",
        tasks=(*POINTS, *OVERLAY),
        needs=("psycopg",),
        most={"points_red_line": 50, "overlay_units": 20_000, "overlay_red_line": 40},
    ),
    Engine(
        name="PostGIS, ST_Subdivide",
        module="benchmarks.engines.postgis",
        variant="subdivided",
        tasks=ALL,
        needs=("psycopg",),
        tuned=(*POINTS, *OVERLAY),
    ),
    Engine(
        name="dask-geopandas, 2 workers, subdivided",
        module="benchmarks.engines.dask_frames",
        variant="subdivided",
        tasks=ALL,
        needs=("dask_geopandas", "distributed"),
        most={"nearest_red_line": 20_000},
    ),
    Engine(
        name="pyproj.Geod, a loop",
        module="benchmarks.engines.geodesic",
        variant="",
        tasks=("areas",),
        most={"areas": 10_000},
    ),
)

REFERENCES = ("shapely, subdivided", "pyproj.Geod, a loop")
"""Whose answers the others are compared with: the first takes part in every join with all sites, the other in areas."""
BASE = ("geopandas", "pyproj.Geod, a loop")
"""Whose time the others are compared with."""


def rivals_in(task: str) -> tuple[Engine, ...]:
    """The engines of a task."""
    return tuple(engine for engine in ENGINES if task in engine.tasks)


def layer_of(task: str) -> str:
    """The layer that a task joins with."""
    return task.partition("_")[2]


def files_of(task: str, data: Data, *, pieces: int | None) -> tuple[Any, Any]:
    """
    Paths of the sites and of the zones of a task, whole or in pieces of so many vertices.

    Distances are planar for peers, so their files are projected; there pieces have one size.
    """
    from benchmarks.pieces import pieces_at

    kind, _, layer = task.partition("_")
    if kind == "nearest":
        return data.path("parcels_plane"), data.path(f"{layer}{'' if pieces is None else '_pieces'}_plane")
    sites = data.path("points" if kind == "points" else "parcels")
    return sites, data.path(layer) if pieces is None else pieces_at(data, layer, pieces)
