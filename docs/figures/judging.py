"""
Small made situations in metres, and the engine's real answer to each.

Nothing here knows an answer beforehand: `judge` writes the shapes as files, imports them into a workspace and asks
``screening.screen``, as the program does. Site accuracy 15 m and layer accuracy 20 m make a = 25 m, to be followed by
hand.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from layers.importing import ImportOptions, import_layer
from layers.workspace import FolderStore
from screening.screen import screen
from screening.site import place
from spatial.overlay.frame import Frame
from spatial.overlay.hold import holds_in_zone
from spatial.reading import read

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from layers.model import KindName

__all__ = ["AS_OF", "FRAME", "LAYER_M", "SITE_M", "Figure", "Judged", "Scene", "judge"]

FRAME = Frame.at(120.0, 45.0)
"""Metres of every scene around this place; edges straight here are straight in degrees."""
SITE_M, LAYER_M = 15.0, 20.0
AS_OF = "2026-11-22"


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One made situation. Shapes are metres of `FRAME`; ``view`` is (west, south, east, north)."""

    key: str
    zh: str
    en: str
    site: BaseGeometry
    zones: tuple[BaseGeometry, ...] = ()
    coverage: BaseGeometry | None = None
    kind: KindName = "red_lines"
    fields: dict[str, Any] = field(default_factory=dict)
    radius_m: float | None = None
    declared_none: bool = False
    measure: str | None = None
    """What is drawn besides: ``gap``, ``hold``, ``edge``."""
    view: tuple[float, float, float, float] = (-190.0, -115.0, 190.0, 115.0)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A scene and what the engine said: the JSON of the verdict, and the hold that could be proved where asked for."""

    scene: Scene
    result: dict[str, Any]
    hold_at_least_m: float | None

    @property
    def finding(self) -> dict[str, Any]:
        """The finding of the one layer."""
        return dict(self.result["findings"][0])

    @property
    def answer(self) -> str:
        """The overall answer."""
        return str(self.result["answer"])


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One picture: scenes in rows of ``columns``."""

    name: str
    zh: str
    en: str
    columns: int
    scenes: tuple[Scene, ...]


def judge(scene: Scene) -> Judged:
    """Ask the engine, by files and a workspace in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="sanxian-figure-") as folder:
        root = Path(folder)
        store = FolderStore.create(root / "ws", required_kinds=[scene.kind], region=None)
        zones = None
        if scene.zones:
            zones = read(_file(root / "zones.geojson", scene.zones, scene.fields), crs="EPSG:4490")
        coverage = None
        if scene.coverage is not None:
            coverage = read(_file(root / "coverage.geojson", (scene.coverage,), {}), crs="EPSG:4490")
        options = ImportOptions(
            kind=scene.kind,
            name="zones",
            coverage=coverage,
            accuracy_m=LAYER_M,
            data_date="2024-01-01",
            source="made",
            declared_none=scene.declared_none,
            synthetic=True,
        )
        import_layer(store, zones, options)
        reading = read(_file(root / "site.geojson", (scene.site,), {}), crs="EPSG:4490")
        site = place(reading, accuracy_m=SITE_M, radius_m=scene.radius_m)
        result = screen(site, FolderStore.open(root / "ws"), as_of=AS_OF).to_dict()
    hold = _proved_hold(scene) if scene.measure == "hold" else None
    return Judged(scene=scene, result=result, hold_at_least_m=hold)


def _file(path: Path, shapes: tuple[BaseGeometry, ...], fields: dict[str, Any]) -> Path:
    features = [
        {"type": "Feature", "properties": fields, "geometry": shapely.geometry.mapping(FRAME.to_degrees(shape))}
        for shape in shapes
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def _proved_hold(scene: Scene) -> float:
    """The largest a, to 0.1 m, at which the engine's own test still proves the hit."""
    site = FRAME.to_degrees(scene.site)
    zone = FRAME.to_degrees(shapely.union_all(scene.zones))
    low, high = 0, 10_000  # tenths of a metre
    while high - low > 1:
        middle = (low + high) // 2
        if holds_in_zone(site, lambda _: zone, middle / 10):
            low = middle
        else:
            high = middle
    return low / 10
