"""A workspace with something to hide: a restricted red line, intakes with their zones, units past their date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
import shapely.affinity

from layers.workspace import FolderStore
from maps.public_map.edition import Edition
from maps.public_map.shown import Shown, shown_of
from screening.loaded import load
from spatial.ellipsoid import metres_per_degree
from tests.building import add, layer_in_memory, workspace_at

if TYPE_CHECKING:
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from layers.version import OpenLayer

AS_OF = "2026-11-22"
PUBLIC = Edition(public=True)
CENTRE = (117.413, 49.587)
KX, KY = (float(v) for v in metres_per_degree(CENTRE[1]))


def in_metres(shape: BaseGeometry) -> BaseGeometry:
    """Degrees to metres about ``CENTRE``."""
    return shapely.transform(shape, lambda xy: (xy - np.array(CENTRE)) * np.array([KX, KY]))


def in_degrees(shape: BaseGeometry) -> BaseGeometry:
    """Metres about ``CENTRE`` to degrees."""
    return shapely.transform(shape, lambda xy: xy / np.array([KX, KY]) + np.array(CENTRE))


def jagged(rng: np.random.Generator, *, radius_m: float, rough: float = 0.25, halvings: int = 7) -> BaseGeometry:
    """An area with a fractal boundary, metres."""
    turn = np.linspace(0, 2 * np.pi, 7)[:-1]
    xy = np.column_stack([np.cos(turn), np.sin(turn)]) * radius_m
    for _ in range(halvings):
        step = np.roll(xy, -1, axis=0) - xy
        aside = np.column_stack([-step[:, 1], step[:, 0]]) * rng.uniform(-rough, rough, (len(xy), 1))
        xy = np.stack([xy, xy + step / 2 + aside], axis=1).reshape(-1, 2)
    return shapely.make_valid(shapely.Polygon(xy), method="structure")


def intakes(rng: np.random.Generator, count: int) -> list[BaseGeometry]:
    """Places of intakes within some 20 km, degrees."""
    return [in_degrees(shapely.Point(xy)) for xy in rng.uniform(-20_000, 20_000, (count, 2))]


def restricted_workspace(path: Path) -> FolderStore:
    """Red lines and water sources that are restricted, open units that share an edge with the red line."""
    rng = np.random.default_rng(20261122)
    store = workspace_at(path, "red_lines", "water_sources", "control_units")
    county = in_degrees(shapely.box(-30_000, -25_000, 30_000, 25_000))
    first = jagged(rng, radius_m=6_000)
    second = shapely.affinity.translate(jagged(rng, radius_m=2_500), 14_000, 9_000)
    hole = shapely.Point(500, 300).buffer(1_500)
    red = [in_degrees(first.difference(hole)), in_degrees(second)]
    add(
        store,
        "red_lines",
        red,
        [{"名称": f"秘密红线{n}号", "编码": f"HX{n:05d}"} for n in (1, 2)],
        name="红线",
        coverage=county,
        restricted=True,
        source="某市自然资源局",
        unreadable=[("3", in_degrees(shapely.box(20_000, -20_000, 20_400, -19_700)).bounds)],
    )
    wells = intakes(rng, 12)
    zones = [in_degrees(in_metres(well).buffer(300 + 150 * n)) for n, well in enumerate(wells[:8])]
    strip = in_degrees(shapely.LineString([(-9_000, -4_000), (-4_000, -6_500), (2_000, -7_200)]).buffer(120))
    add(
        store,
        "water_sources",
        [*wells, *zones, strip],
        [
            *({"名称": f"秘密水厂{n}取水口", "类型": "取水口", "影响距离": 800 if n % 2 else None} for n in range(12)),
            *({"名称": f"秘密水厂{n}取水口", "级别": "一级保护区"} for n in range(8)),
            {"名称": "河道水源", "级别": "二级保护区"},
        ],
        name="水源",
        coverage=county,
        source="某市生态环境局",
    )
    west, east = shapely.box(-30_000, -25_000, 0, 25_000), shapely.box(0, -25_000, 30_000, 25_000)
    units = [*(in_degrees(side.difference(second)) for side in (west, east)), red[1]]
    add(
        store,
        "control_units",
        units,
        [
            {
                "编码": f"ZH150781{'3' if n < 3 else '1'}000{n}",
                "名称": f"单元{n}",
                "管控单元分类": "一般管控单元" if n < 3 else "优先保护单元",
                "空间布局约束": "取水口（东经117.5013°，北纬49.6017°）周围禁止新建" if n == 1 else "禁止开矿",
            }
            for n in (1, 2, 3)
        ],
        name="单元",
        coverage="layer",
        source="某市生态环境局",
    )
    return FolderStore.open(path)


@dataclass(frozen=True, kw_only=True)
class Paired:
    """A layer and what the public edition shows of it."""

    layer: OpenLayer
    shown: Shown

    @property
    def originals(self) -> Any:
        """(n, 2) every vertex of the layer, degrees."""
        rows = range(self.layer.records.count)
        shapes = np.array([self.layer.index.geometry(row) for row in rows], dtype=object)
        return shapely.get_coordinates(shapes[~shapely.is_missing(shapes)])


def paired(store: FolderStore, edition: Edition = PUBLIC) -> dict[str, Paired]:
    """Every layer of a workspace with what an edition shows of it, by name."""
    return {
        layer.card.name: Paired(layer=layer, shown=shown_by(layer, edition)) for layer, _ in load(store, AS_OF).layers
    }


def shown_by(layer: OpenLayer, edition: Edition = PUBLIC) -> Shown:
    """What an edition shows of a layer."""
    return shown_of(layer, layer.records.standing(AS_OF, layer.card.accuracy_m), edition)


def as_page(layer: OpenLayer, shown: Shown) -> OpenLayer:
    """
    What a page holds of a generalised layer, as a layer for the engine.

    Every feature is one that never proves a hit, which is what ``proves: false`` says to the page's judge.
    """
    from dataclasses import replace

    without = shown.columns["without_extent_m"]
    features = [
        replace(
            feature,
            flags=("outer_bound",),
            own_zones=(),
            counts=bool(feature.counts),
            without_extent_m=None if np.isnan(without[row]) else float(without[row]),
            attributes={},
        )
        for row, feature in enumerate(map(layer.records.feature, range(layer.records.count)))
    ]
    standing = layer.records.standing(AS_OF, layer.card.accuracy_m)
    features = [
        replace(f, counts=bool(standing.zone[row] or not np.isnan(without[row]))) for row, f in enumerate(features)
    ]
    card = layer.card.to_dict()
    return layer_in_memory(
        features,
        list(shown.geometries),
        accuracy_m=card["accuracy_m"],
        coverage=shown.coverage,
        coverage_accuracy_m=card["coverage_accuracy_m"] or 0.0,
        rejected_boxes=[None if np.isnan(box).any() else tuple(box) for box in shown.columns["rejected_boxes"]],
    )
