"""A plane in metres around 117 E, 49 N for projects whose sizes are known by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import shapely

from layers.workspace import FolderStore
from screening.dossier import examine
from screening.inquiry import Inquiry, snapped
from screening.site import place
from spatial.crs import identify, to_geographic
from tests.building import add, reading_of, workspace_at

if TYPE_CHECKING:
    from pathlib import Path

    from screening.dossier import Dossier
    from screening.site import Site

EAST, NORTH = 39_500_000.0, 5_430_000.0
"""On the central meridian of zone 39 (EPSG:4527), where a metre of the plane is a metre."""
PLANE = 4527
DAY = "2026-11-22"
FAR = (-30_000, -30_000, 30_000, 30_000)


def box(x1: float, y1: float, x2: float, y2: float) -> Any:
    return shapely.box(EAST + x1, NORTH + y1, EAST + x2, NORTH + y2)


def line(*xy: tuple[float, float]) -> Any:
    return shapely.LineString([(EAST + x, NORTH + y) for x, y in xy])


def point(x: float, y: float) -> Any:
    return shapely.Point(EAST + x, NORTH + y)


def degrees(geometry: Any) -> Any:
    return to_geographic([geometry], identify(PLANE))[0]


def site_from(*parts: tuple[Any, dict[str, Any]], name: str = "project.geojson", accuracy_m: float = 1.0) -> Site:
    geometries, rows = zip(*parts, strict=True)
    return place(reading_of(geometries, rows, crs=PLANE, name=name), accuracy_m=accuracy_m)


def workspace(path: Path, *required: str) -> FolderStore:
    return workspace_at(path / "ws", *(required or ("red_lines",)))


def layer(store: FolderStore, kind: str, *features: tuple[Any, dict[str, Any]], **more: Any) -> None:
    geometries, rows = zip(*features, strict=True)
    options = {"coverage": degrees(box(*FAR)), "accuracy_m": 1.0, **more}
    add(store, kind, geometries, rows, crs=PLANE, **options)


def checked(site: Site, store: FolderStore) -> Dossier:
    return examine(Inquiry(site=snapped(site), as_of=DAY), FolderStore.open(store.root))


def damage(store: FolderStore, name: str, file: str) -> None:
    (path,) = (p for p in (store.root / "layers").rglob(file) if name in p.parts)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
