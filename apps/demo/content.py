"""
What the demo shows: layers carved inside the real outline of 满洲里, every one of them made up and named so.

All geometry is EPSG:4490 on a grid of 1e-7 degree (1 cm), so that every machine makes the same bytes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import shapely

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

    from layers.model import KindName

__all__ = ["COVERAGE", "DATA_DATE", "SOURCE", "DemoLayer", "demo_layers"]

COVERAGE = ("150703", "150781")
"""扎赉诺尔区 and 满洲里市: together the city."""
DATA_DATE = "2024-06-30"
SOURCE = "合成示例数据，由 sanxian demo 生成"
_GRID = 1e-7
_METRE_LAT = 1 / 111_200
_METRE_LON = 1 / 72_300  # at 49.5 degrees north; shapes only, nothing is measured with it


@dataclass(frozen=True, kw_only=True)
class DemoLayer:
    """A layer as it is imported: features with their fields under the names real files use."""

    kind: KindName
    name: str
    features: tuple[tuple[BaseGeometry, dict[str, Any]], ...]


def demo_layers(city: BaseGeometry) -> tuple[DemoLayer, ...]:
    """
    The layers of the demo.

    Parameters
    ----------
    city
        Outline of the city, EPSG:4490; nothing lies outside it.
    """
    priority = [_inside(city, _PLAIN), _inside(city, _HILLS)]
    red_lines = [_inside(priority[0], _GRASSLAND), _inside(priority[1], _STEPPE), _inside(city, _RIVER)]
    return (
        DemoLayer(kind="control_units", name="合成环境管控单元", features=_units(city, priority)),
        DemoLayer(
            kind="red_lines",
            name="合成生态保护红线",
            features=tuple(
                (shape, {"红线编码": f"HC-HX-{n:02d}", "红线名称": name, "红线类型": "合成类型", "备注": _NOTE})
                for n, (shape, name) in enumerate(
                    zip(red_lines, ("合成草原红线甲", "合成丘陵红线乙", "合成河岸红线丙"), strict=True), start=1
                )
            ),
        ),
        DemoLayer(kind="protected_areas", name="合成自然保护地", features=_protected(city)),
        DemoLayer(kind="water_sources", name="合成饮用水水源保护区", features=_water(city)),
        DemoLayer(kind="monitoring_sections", name="合成监测断面", features=_sections()),
        DemoLayer(kind="sensitive_targets", name="合成环境敏感目标", features=_targets()),
    )


_NOTE = "合成示例，不代表真实管控边界"


def _blob(
    lon: float, lat: float, east_m: float, north_m: float, *, turn: float = 0.0, points: int = 48
) -> BaseGeometry:
    """An area with a soft, uneven outline around a point; half widths in metres."""
    ring = []
    for k in range(points):
        t = 2 * math.pi * k / points
        r = 1 + 0.09 * math.sin(3 * t + turn) + 0.05 * math.sin(7 * t + 2 * turn) + 0.02 * math.sin(13 * t)
        ring.append((lon + east_m * r * math.cos(t) * _METRE_LON, lat + north_m * r * math.sin(t) * _METRE_LAT))
    return _gridded(shapely.Polygon(ring))


def _circle(lon: float, lat: float, radius_m: float, *, points: int = 64) -> BaseGeometry:
    angles = [2 * math.pi * k / points for k in range(points)]
    return _gridded(
        shapely.Polygon(
            [(lon + radius_m * math.cos(t) * _METRE_LON, lat + radius_m * math.sin(t) * _METRE_LAT) for t in angles]
        )
    )


def _belt(middle: Sequence[tuple[float, float]], width_m: float) -> BaseGeometry:
    """A strip along a line, pushed up and down by half its width; for lines that run from west to east."""
    half = width_m / 2 * _METRE_LAT
    return _gridded(
        shapely.Polygon([*((x, y + half) for x, y in middle), *((x, y - half) for x, y in reversed(middle))])
    )


def _gridded(shape: BaseGeometry) -> BaseGeometry:
    return shapely.set_precision(shape, _GRID)


def _inside(outer: BaseGeometry, shape: BaseGeometry) -> BaseGeometry:
    return shapely.intersection(outer, shape, grid_size=_GRID)


def _without(shape: BaseGeometry, *holes: BaseGeometry) -> BaseGeometry:
    for hole in holes:
        shape = shapely.difference(shape, hole, grid_size=_GRID)
    return shape


_PLAIN = _blob(117.70, 49.378, 9_000, 5_200, turn=0.6, points=96)
"""A priority unit in the south."""
_HILLS = shapely.box(117.27, 49.548, 117.36, 49.60)
"""A priority unit in the north-west with a straight eastern edge, beside which a sample site lies."""
_GRASSLAND = _blob(117.715, 49.392, 4_600, 2_700, turn=1.9, points=72)
_STEPPE = _blob(117.315, 49.572, 1_800, 1_500, turn=0.2)
_RIVER = _belt(
    [
        (117.530, 49.5160),
        (117.545, 49.5185),
        (117.562, 49.5150),
        (117.580, 49.5170),
        (117.598, 49.5135),
        (117.615, 49.5150),
    ],
    420,
)
_TOWN = _blob(117.45, 49.585, 4_200, 2_900, turn=2.5, points=64)
_INDUSTRY = _blob(117.70, 49.485, 3_900, 2_200, turn=1.1, points=64)


def _units(city: BaseGeometry, priority: Sequence[BaseGeometry]) -> tuple[tuple[BaseGeometry, dict[str, Any]], ...]:
    """Units that tile the city: two to protect, two to control, the rest general."""
    key = [_without(_inside(city, shape), *priority) for shape in (_TOWN, _INDUSTRY)]
    general = _without(city, *priority, *key)
    rows = [
        (priority[0], "ZH15078110001", "合成优先保护单元（南部草原）", "优先保护单元"),
        (priority[1], "ZH15078110002", "合成优先保护单元（西北丘陵）", "优先保护单元"),
        (key[0], "ZH15078120001", "合成重点管控单元（城区）", "重点管控单元"),
        (key[1], "ZH15070320001", "合成重点管控单元（工业区）", "重点管控单元"),
        (general, "ZH15078130001", "合成一般管控单元", "一般管控单元"),
    ]
    return tuple(
        (
            shape,
            {
                "环境管控单元编码": code,
                "环境管控单元名称": name,
                "管控单元分类": class_,
                "空间布局约束": f"（合成文字）{class_}的空间布局约束示例。",
                "污染物排放管控": f"（合成文字）{class_}的污染物排放管控示例。",
                "环境风险防控": f"（合成文字）{class_}的环境风险防控示例。",
                "资源开发效率要求": f"（合成文字）{class_}的资源开发效率要求示例。",
                "备注": _NOTE,
            },
        )
        for shape, code, name, class_ in rows
    )


def _protected(city: BaseGeometry) -> tuple[tuple[BaseGeometry, dict[str, Any]], ...]:
    whole = _inside(city, _blob(117.675, 49.36, 2_900, 1_900, turn=0.9, points=64))
    core = _inside(whole, _blob(117.675, 49.36, 1_400, 900, turn=0.3))
    wetland = _inside(city, _blob(117.60, 49.55, 1_300, 900, turn=1.4))
    reserve = {"保护地类型": "自然保护区", "保护地级别": "合成级别", "法律状态": "已批准", "备注": _NOTE}
    return (
        (core, {"保护地编码": "HC-ZR-01", "保护地名称": "合成自然保护区", **reserve, "功能分区": "核心保护区"}),
        (
            _without(whole, core),
            {"保护地编码": "HC-ZR-01", "保护地名称": "合成自然保护区", **reserve, "功能分区": "一般控制区"},
        ),
        (
            wetland,
            {
                "保护地编码": "HC-ZR-02",
                "保护地名称": "合成湿地公园",
                **reserve,
                "保护地类型": "自然公园",
                "功能分区": None,
            },
        ),
    )


def _water(city: BaseGeometry) -> tuple[tuple[BaseGeometry, dict[str, Any]], ...]:
    """One source: an intake with zone polygons of its own, so that its extent is known."""
    lon, lat = 117.52, 49.47
    first = _inside(city, _circle(lon, lat, 300))
    second = _without(_inside(city, _circle(lon, lat, 1_500)), first)
    own = {"水源地编码": "HC-SY-01", "水源地名称": "合成水源地甲", "备注": _NOTE}
    return (
        (first, {**own, "保护区名称": "合成水源地甲一级保护区", "要素类型": "保护区", "保护区级别": "一级"}),
        (second, {**own, "保护区名称": "合成水源地甲二级保护区", "要素类型": "保护区", "保护区级别": "二级"}),
        (
            shapely.Point(lon, lat),
            {**own, "保护区名称": "合成水源地甲取水口", "要素类型": "取水口", "保护区级别": None},
        ),
    )


def _sections() -> tuple[tuple[BaseGeometry, dict[str, Any]], ...]:
    rows = [
        (117.548, 49.5175, "合成断面一", "合成级别", "Ⅲ类"),
        (117.600, 49.5140, "合成断面二", "合成级别", "Ⅲ类"),
        (117.690, 49.4300, "合成断面三", "合成级别", "Ⅳ类"),
    ]
    return tuple(
        (
            shapely.Point(lon, lat),
            {"断面编码": f"HC-DM-{n:02d}", "断面名称": name, "断面级别": level, "水质目标": goal, "备注": _NOTE},
        )
        for n, (lon, lat, name, level, goal) in enumerate(rows, start=1)
    )


def _targets() -> tuple[tuple[BaseGeometry, dict[str, Any]], ...]:
    rows = [
        (117.455, 49.590, "合成小学", "学校"),
        (117.430, 49.576, "合成医院", "医院"),
        (117.665, 49.496, "合成居民点", "居民区"),
        (117.735, 49.425, "合成牧点", "居民点"),
    ]
    return tuple(
        (shapely.Point(lon, lat), {"目标编号": f"HC-MG-{n:02d}", "目标名称": name, "类型": type_, "备注": _NOTE})
        for n, (lon, lat, name, type_) in enumerate(rows, start=1)
    )
