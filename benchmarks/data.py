"""
The data of the benchmarks: recipes with seeds, written once as GeoParquet and kept for later runs.

Jagged on purpose, as digitised boundaries are: units that share their borders, a red line of multipolygons with holes
of which one is huge, buffers of water sources, protected areas; points and parcels all over them, 118-126°E 42-50°N.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from tests.tilings import tiling

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FULL", "PLANE", "QUICK", "Data", "Sizes", "data_at", "jagged", "parcels", "subdivided"]

WEST, SOUTH, SIDE = 118.0, 42.0, 8.0
PLANE = "+proj=tmerc +lat_0=0 +lon_0=122 +k=1 +x_0=500000 +y_0=0 +ellps=GRS80 +units=m +no_defs"
"""What the planar peers measure distances in: a Gauss-Krueger strip over the middle; at its rims 0.12 % too long."""
PIECE = 128
"""Vertices of a piece, for peers with subdivided zones."""
SEEDS = {"units": 3, "red_line": 6, "huge": 9, "sources": 11, "protected": 12, "points": 21, "parcels": 22}


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much of everything."""

    name: str
    units: int
    unit_vertices: int
    red_lines: int
    red_line_vertices: int
    huge_vertices: int
    sources: int
    protected: int
    points: int
    parcels: int
    polygons: int
    """For areas alone."""


FULL = Sizes(
    name="full", units=20_000, unit_vertices=250, red_lines=3_000, red_line_vertices=900, huge_vertices=520_000,
    sources=2_000, protected=500, points=1_000_000, parcels=100_000, polygons=1_000_000,
)  # fmt: skip
QUICK = Sizes(
    name="quick", units=400, unit_vertices=60, red_lines=60, red_line_vertices=120, huge_vertices=4_000,
    sources=60, protected=20, points=10_000, parcels=1_000, polygons=5_000,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Data:
    """A folder of files made from one recipe."""

    folder: Path
    sizes: Sizes
    subdivided_s: dict[str, float]
    """Seconds that cutting the zones into pieces took, by layer."""

    def path(self, name: str) -> Path:
        return self.folder / f"{name}.parquet"

    @property
    def recipe(self) -> str:
        """The data in a line, for the tables."""
        s, vertices = self.sizes, json.loads((self.folder / "made.json").read_text(encoding="utf-8"))["vertices"]
        return (
            f"{s.units:,} units ({vertices['units']:,} vertices), red line of {s.red_lines:,} multipolygons with holes "
            f"({vertices['red_line']:,} vertices, one of {s.huge_vertices:,}), {s.sources:,} source buffers, "
            f"{s.protected:,} protected areas; {s.points:,} points; "
            f"{s.parcels:,} parcels of 23 vertices, 100 to 500 m; "
            f"{WEST:.0f}-{WEST + SIDE:.0f}°E {SOUTH:.0f}-{SOUTH + SIDE:.0f}°N; pieces of at most {PIECE} vertices; "
            f"seeds {', '.join(f'{k} {v}' for k, v in SEEDS.items())}"
        )


def data_at(root: Path, sizes: Sizes) -> Data:
    """The data of a size, made where they are not there yet."""
    text = inspect.getsource(sys.modules[__name__]) + json.dumps(asdict(sizes), sort_keys=True)
    folder = root / f"{sizes.name}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    if not (folder / "made.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (root / ".gitignore").write_text("*\n", encoding="utf-8")
        _make(folder, sizes)
    made = json.loads((folder / "made.json").read_text(encoding="utf-8"))
    return Data(folder=folder, sizes=sizes, subdivided_s=made["subdivided_s"])


def _make(folder: Path, sizes: Sizes) -> None:
    layers = {
        "units": tiling(sizes.units, sizes.unit_vertices, west=WEST, south=SOUTH, side=SIDE, seed=SEEDS["units"]),
        "red_line": red_line(sizes),
        "sources": discs(sizes.sources, (500, 3_000), 64, SEEDS["sources"], rough=0.0),
        "protected": discs(sizes.protected, (2_000, 15_000), 600, SEEDS["protected"], rough=0.01),
    }
    taken: dict[str, float] = {}
    for name, zones in layers.items():
        _write(folder / f"{name}.parquet", zones, "zone", np.arange(len(zones)))
        _delivered(folder / f"{name}.gpkg", zones, _fields(name, len(zones)))
        if name == "protected":
            continue
        start = time.perf_counter()
        pieces, rows = subdivided(zones)
        taken[name] = time.perf_counter() - start
        _write(folder / f"{name}_pieces.parquet", pieces, "zone", rows)
        if name != "units":  # distances are measured to these two
            _write(folder / f"{name}_plane.parquet", projected(zones), "zone", np.arange(len(zones)), crs=PLANE)
            _write(folder / f"{name}_pieces_plane.parquet", projected(pieces), "zone", rows, crs=PLANE)
    county = shapely.box(WEST - 0.1, SOUTH - 0.1, WEST + SIDE + 0.1, SOUTH + SIDE + 0.1)
    _delivered(folder / "coverage.gpkg", np.array([county]), {"name": ["extent"]})
    rng = np.random.default_rng(SEEDS["points"])
    points = shapely.points(rng.uniform((WEST, SOUTH), (WEST + SIDE, SOUTH + SIDE), (sizes.points, 2)))
    _write(folder / "points.parquet", points, "site", np.arange(sizes.points))
    sites = parcels(sizes.parcels, SEEDS["parcels"])
    _write(folder / "parcels.parquet", sites, "site", np.arange(len(sites)))
    _write(folder / "parcels_plane.parquet", projected(sites), "site", np.arange(len(sites)), crs=PLANE)
    vertices = {name: int(shapely.get_num_coordinates(zones).sum()) for name, zones in layers.items()}
    made = {"sizes": asdict(sizes), "seeds": SEEDS, "vertices": vertices, "subdivided_s": taken}
    (folder / "made.json").write_text(json.dumps(made, indent=1), encoding="utf-8")


def _write(path: Path, geometries: Any, column: str, rows: Any, crs: Any = 4490) -> None:
    import geopandas

    frame = geopandas.GeoDataFrame({column: np.asarray(rows, dtype="int64")}, geometry=geometries, crs=crs)
    frame.to_parquet(path, index=False)


def _fields(name: str, count: int) -> dict[str, Any]:
    """What an office delivers beside the areas: codes and classes of units, names of the rest."""
    number = range(count)
    if name == "units":
        classes = ("优先保护单元", "重点管控单元", "一般管控单元")
        return {
            "HJGKDYBM": [f"ZH1507813{one:05d}" for one in number],
            "ZHGKDYFL": [classes[one % 3] for one in number],
        }
    named: dict[str, Any] = {"名称": [f"{name} {one}" for one in number]}
    return named | ({"保护区级别": ["二级保护区"] * count} if name == "sources" else {})


def _delivered(path: Path, geometries: Any, fields: dict[str, Any]) -> None:
    """As a GeoPackage, in which an office delivers it."""
    import geopandas

    geopandas.GeoDataFrame(fields, geometry=geometries, crs=4490).to_file(path, driver="GPKG")


def parcels(count: int, seed: int) -> Any:
    """Polygons of 23 vertices, 100 to 500 metres across."""
    return discs(count, (50, 250), 23, seed, rough=0.05)


def discs(count: int, radius_m: tuple[float, float], vertices: int, seed: int, *, rough: float) -> Any:
    """Rough discs at random places, seen as round on the ground; star-shaped, so valid."""
    rng = np.random.default_rng(seed)
    middle = rng.uniform((WEST + 0.3, SOUTH + 0.3), (WEST + SIDE - 0.3, SOUTH + SIDE - 0.3), (count, 2))
    reach = rng.uniform(*radius_m, count)[:, None] * np.clip(
        1 + rough * rng.standard_normal((count, vertices)), 0.5, 1.5
    )
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    x = middle[:, :1] + reach * np.cos(angle) / (111_320 * np.cos(np.radians(middle[:, 1:])))
    y = middle[:, 1:] + reach * np.sin(angle) / 111_150
    return shapely.polygons(np.stack([x, y], axis=-1))


def red_line(sizes: Sizes) -> Any:
    """Multipolygons with a hole in each part, every one in a cell of its own, and a huge one in the middle."""
    rng = np.random.default_rng(SEEDS["red_line"])
    across = int(np.ceil(np.sqrt(sizes.red_lines * 1.1))) + 1
    step = SIDE / across
    corner = np.stack(np.meshgrid(np.arange(across), np.arange(across), indexing="ij"), axis=-1).reshape(-1, 2) * step
    middle = np.array([WEST, SOUTH]) + corner + step / 2
    middle = middle[(np.abs(middle - (WEST + SIDE / 2, SOUTH + SIDE / 2)) > 0.65 + step / 2).any(axis=1)]
    if len(middle) < sizes.red_lines - 1:
        raise AssertionError(f"{len(middle)} cells for {sizes.red_lines - 1} areas")
    middle = rng.permutation(middle)[: sizes.red_lines - 1]
    per = sizes.red_line_vertices // 4  # 4 rings: two parts, a hole in each
    found = [
        shapely.MultiPolygon(
            [
                (
                    star(place + aside, 0.2 * step, per, rng),
                    [star(place + aside, 0.06 * step, per, rng)],
                )
                for aside in (-step / 4.5, step / 4.5)
            ]
        )
        for place in middle
    ]
    return np.array([*found, _huge(sizes.huge_vertices)], dtype=object)


def star(middle: Any, radius: float, vertices: int, rng: np.random.Generator) -> Any:
    """A rough ring around a place, within 1.25 radii."""
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    wave = sum(rng.normal(0, 0.08 / k) * np.sin(k * angle + rng.uniform(0, 7)) for k in range(2, 8))
    reach = radius * np.clip(1 + wave + rng.normal(0, 0.01, vertices), 0.6, 1.25)
    return np.column_stack([middle[0] + reach * np.cos(angle), middle[1] + reach * np.sin(angle)])


def _huge(vertices: int) -> Any:
    """The graph of a random walk around a circle, with holes: one area of very many vertices."""
    rng = np.random.default_rng(SEEDS["huge"])
    holes = [(a, b) for a in (-0.2, 0.0, 0.2) for b in (-0.2, 0.0, 0.2)]
    outer = vertices * 9 // 10
    angle = np.linspace(0, 2 * np.pi, outer, endpoint=False)
    walk = np.cumsum(rng.standard_normal(outer))
    walk -= np.linspace(0, walk[-1], outer)
    reach = 0.5 * (1 + 0.2 * walk / np.abs(walk).max())
    middle = np.array([WEST + SIDE / 2, SOUTH + SIDE / 2])
    shell = np.column_stack([middle[0] + reach * np.cos(angle), middle[1] + reach * np.sin(angle)])
    rings = [star(middle + hole, 0.05, (vertices - outer) // len(holes), rng) for hole in holes]
    return shapely.MultiPolygon([(shell, rings)])


def subdivided(zones: Any, vertices: int = PIECE) -> tuple[Any, Any]:
    """Zones halved across until no piece has more vertices, and the zone of each: what peers join with."""
    parts, rows = shapely.get_parts(zones, return_index=True)
    done, done_rows = [], []
    while len(parts):
        small = shapely.get_num_coordinates(parts) <= vertices
        done.append(parts[small])
        done_rows.append(rows[small])
        parts, rows = parts[~small], rows[~small]
        west, south, east, north = shapely.bounds(parts).T
        wide = (east - west) > (north - south)
        x, y = np.where(wide, (west + east) / 2, east), np.where(wide, north, (south + north) / 2)
        x2, y2 = np.where(wide, x, west), np.where(wide, south, y)
        halves = np.concatenate(
            [
                shapely.intersection(parts, shapely.box(west, south, x, y)),
                shapely.intersection(parts, shapely.box(x2, y2, east, north)),
            ]
        )
        parts, of = shapely.get_parts(halves, return_index=True)
        rows = np.concatenate([rows, rows])[of]
        areal = shapely.get_dimensions(parts) == 2
        parts, rows = parts[areal], rows[areal]
    return np.concatenate(done), np.concatenate(done_rows)


def projected(geometries: Any) -> Any:
    """In the plane of `PLANE`."""
    from pyproj import Transformer

    change = Transformer.from_crs(4490, PLANE, always_xy=True)
    return shapely.transform(geometries, lambda xy: np.column_stack(change.transform(xy[:, 0], xy[:, 1])))


def jagged(lon: float, lat: float, radius: float, vertices: int, seed: int) -> shapely.Polygon:
    """One rough area around a place."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    reach = radius * (1 + 0.2 * np.sin(5 * angle) + 0.002 * rng.standard_normal(vertices))
    return shapely.make_valid(
        shapely.Polygon(np.column_stack([lon + reach * np.cos(angle), lat + reach * np.sin(angle)])),
        method="structure",
        keep_collapsed=False,
    )
