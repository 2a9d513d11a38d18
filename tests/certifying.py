"""A workspace with every kind, ties and doubts, whose rows and layers can be imported in any order; certificates of it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import shapely

from layers.workspace import FolderStore
from screening.certificate import Certificate, certificate_of, settled
from screening.dossier import examine
from screening.inquiry import Inquiry
from screening.site import Site, SitePart, site_of
from spatial.accuracy import stated_accuracy
from tests.building import add, workspace_at

if TYPE_CHECKING:
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from screening.dossier import Dossier

CITY = shapely.box(117.2, 49.3, 117.9, 49.8)
AS_OF = "2026-11-22"
SITES: dict[str, BaseGeometry] = {
    # as near to one reserve as to another (they have one geometry), and so with two lines
    "ties": shapely.box(117.5 - 1 / 512, 49.549, 117.5 + 1 / 512, 49.551),
    "hit": shapely.box(117.44, 49.57, 117.46, 49.59),
    "route": shapely.LineString([(117.30, 49.40), (117.45, 49.585), (117.62, 49.64)]),
    "point": shapely.Point(117.455, 49.585),
}


def _square(lon: float, lat: float, half: float = 0.01) -> BaseGeometry:
    return shapely.box(lon - half, lat - half, lon + half, lat + half)


# kind, geometries, attributes, options; no column is an id, so that ids are numbers of rows
LAYERS: tuple[tuple[str, str, list[Any], list[dict[str, Any]], dict[str, Any]], ...] = (
    (
        "红线",
        "red_lines",
        [_square(117.45, 49.58), _square(117.455, 49.585), _square(117.46, 49.59), _square(117.7, 49.7)],
        [
            {"红线名称": "甲", "面积": 1.5},
            {"红线名称": "乙", "面积": 2},
            {"红线名称": "丙", "面积": None},
            {"红线名称": "丁"},
        ],
        {"coverage": CITY},
    ),
    (
        "保护地",
        "protected_areas",
        [
            shapely.MultiPolygon([_square(117.5 + 1 / 32, 49.55, 1 / 128)]),
            _square(117.5 - 1 / 32, 49.55, 1 / 128),
            shapely.MultiPolygon([_square(117.47, 49.7), _square(117.3, 49.7)]),
            shapely.MultiPolygon([_square(117.5 + 1 / 32, 49.55, 1 / 128)]),
        ],
        [{"名称": "东"}, {"名称": "西"}, {"名称": "远"}, {"名称": "东二"}],
        {"coverage": CITY},
    ),
    (
        "水源",
        "water_sources",
        [
            _square(117.31, 49.41),
            shapely.Point(117.62, 49.63),
            shapely.Point(117.51, 49.56),
            shapely.Point(117.49, 49.54),
            shapely.Point(117.40, 49.50),
        ],
        [
            {"名称": "一级", "级别": "一级"},
            {"名称": "取水口", "级别": "取水口"},
            {"名称": "无图一", "级别": "一级"},
            {"名称": "无图二", "级别": "二级"},
            {"名称": "旧口", "级别": "取水口"},
        ],
        {"coverage": CITY},
    ),
    (
        "单元",
        "control_units",
        [
            shapely.box(117.2, 49.3, 117.5, 49.8),
            shapely.box(117.5, 49.3, 117.9, 49.55),
            shapely.box(117.5, 49.55, 117.9, 49.8),
        ],
        [
            {"编码": "ZH15078110001", "名称": "西", "管控单元分类": "优先保护单元"},
            {"编码": "ZH15078130001", "名称": "东南", "管控单元分类": "一般管控单元"},
            {"编码": "ZH15078120001", "名称": "东北", "管控单元分类": "重点管控单元"},
        ],
        {"coverage": "layer"},
    ),
    (
        "学校",
        "sensitive_targets",
        [shapely.Point(117.5 + 1 / 64, 49.55), shapely.Point(117.5 - 1 / 64, 49.55), shapely.Point(117.46, 49.581)],
        [{"目标名称": "东小学"}, {"目标名称": "西小学"}, {"目标名称": "镇小学"}],
        {"data_date": None},
    ),
    (
        "断面",
        "monitoring_sections",
        [shapely.Point(117.5, 49.5), shapely.Point(117.5, 49.6)],
        [{"断面名称": "南"}, {"断面名称": "北"}],
        {"data_date": None},
    ),
    (
        "要素",
        "element_zones",
        [shapely.box(117.2, 49.3, 117.6, 49.8), shapely.box(117.6, 49.3, 117.9, 49.8)],
        [{"编码": "YS1507811210001", "名称": "水优先"}, {"编码": "YS1507813210001", "名称": "水一般"}],
        {"coverage": CITY},
    ),
    (
        "草原",
        "other",
        [
            shapely.LineString([(117.5 - 1 / 64, 49.5), (117.5 - 1 / 64, 49.6)]),
            shapely.LineString([(117.5 + 1 / 64, 49.5), (117.5 + 1 / 64, 49.6)]),
            shapely.LineString([(117.5 + 1 / 64, 49.5), (117.5 + 1 / 64, 49.6)]),
        ],
        [{"名称": "西线"}, {"名称": "东线"}, {"名称": "东二线"}],
        {"role": "context", "meaning": "基本草原"},
    ),
)


def workspace_of_all_kinds(path: Path, *, order: int | None = None, **options: Any) -> FolderStore:
    """The layers above; with ``order``, rows and layers in an order drawn by that number."""
    store = workspace_at(path, "red_lines", "protected_areas", "water_sources", "control_units")
    mix = random.Random(order)
    layers = list(LAYERS)
    if order is not None:
        mix.shuffle(layers)
    for name, kind, geometries, attributes, own in layers:
        rows = list(range(len(geometries)))
        if order is not None:
            mix.shuffle(rows)
        shapes, words = [geometries[i] for i in rows], [attributes[i] for i in rows]
        add(store, kind, shapes, words, name=name, valid_until="2027-01-31", **own, **options)
    return FolderStore.open(store.root)


def site_called(name: str) -> Site:
    """One of the sites, or the three that have an extent as one project."""
    if name != "parts":
        return site_of(SITES[name], accuracy_m=5, name=name)
    parts = tuple(SitePart(id=key, geometry=SITES[key], name=key) for key in ("ties", "hit", "route"))
    return Site(
        name=name,
        geometry=shapely.GeometryCollection([shapely.union_all([p.geometry for p in parts[:2]]), parts[2].geometry]),
        parts=parts,
        accuracy=stated_accuracy(5),
        crs="EPSG:4490",
        crs_status="given",
    )


def dossier_for(store: FolderStore, site: str = "hit", *, stability: bool = False) -> Dossier:
    return examine(settled(Inquiry(site=site_called(site), as_of=AS_OF, stability=stability)), store)


def certificate_for(store: FolderStore, site: str = "hit", **options: Any) -> Certificate:
    return certificate_of(dossier_for(store, site), store, **options)
