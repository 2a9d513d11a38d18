"""A synthetic site with layers and the result of its screening, for the tests of maps. Nothing in it is a real boundary."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import shapely
from pyproj import Geod
from shapely.geometry import LineString, Point, Polygon, box

from maps import build_assets
from screening.overlap import LayerOutline, OutlineFeature, Overlap

GEOD = Geod(ellps="GRS80")
NAME = "合成风电场一期"
SITE = Polygon(
    [
        (117.400, 49.6000),
        (117.4092, 49.6012),
        (117.4101, 49.6049),
        (117.4050, 49.6071),
        (117.3993, 49.6052),
    ]
)


def wavy(west: float, south: float, east: float, north: float, *, bumps: int = 9, depth: float = 0.0006) -> Polygon:
    """A box whose edges go in and out, so that it looks like a mapped boundary."""
    ring = []
    corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    for (x0, y0), (x1, y1) in pairwise(corners):
        length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
        nx, ny = (y1 - y0) / length, -(x1 - x0) / length
        for k in range(bumps):
            t, side = k / bumps, depth * ((k * 7 + len(ring)) % 5 - 2) / 2
            ring.append((x0 + t * (x1 - x0) + side * nx, y0 + t * (y1 - y0) + side * ny))
    return Polygon(ring).buffer(0)


RED_LINE = wavy(117.380, 49.6044, 117.4065, 49.622)
PRIORITY = wavy(117.372, 49.6030, 117.4200, 49.630, bumps=13)
KEY = wavy(117.404, 49.585, 117.4320, 49.6030, bumps=11).difference(PRIORITY)
GENERAL = box(117.36, 49.58, 117.44, 49.635).difference(shapely.union_all([PRIORITY, KEY]))
PARK = wavy(117.4165, 49.608, 117.431, 49.626, bumps=7)
WATER_1, WATER_2 = Point(117.3862, 49.5935).buffer(0.0016), Point(117.3862, 49.5935).buffer(0.0042)
COVERAGE = box(117.36, 49.58, 117.44, 49.635)


def area_m2(geometry: Any) -> float:
    return round(abs(GEOD.geometry_area_perimeter(shapely.orient_polygons(geometry))[0]), 2)


def feature(
    id_: str, code: str | None, name: str | None, class_: str, label: str | None, **facts: Any
) -> dict[str, Any]:
    """One feature of a result, with the keys of the contract."""
    keys: dict[str, Any] = {
        "id": id_,
        "code": code,
        "name": name,
        "class": class_,
        "class_label": label,
        "flags": [],
        "accuracy_m": 25.0,
        "relation": "disjoint",
        "overlap_m2": 0.0,
        "overlap_planar_m2": 0.0,
        "share": 0.0,
        "length_m": None,
        "distance_m": None,
        "bearing_deg": None,
    }
    return keys | facts


def met(id_: str, code: str | None, name: str | None, class_: str, label: str | None, zone: Any) -> dict[str, Any]:
    part = area_m2(SITE.intersection(zone))
    return feature(
        id_,
        code,
        name,
        class_,
        label,
        relation="overlaps",
        overlap_m2=part,
        overlap_planar_m2=part,
        share=part / area_m2(SITE),
        distance_m=0.0,
    )


def finding(
    layer: str | None, kind: str, answer: str, features: list[dict[str, Any]], *reasons: str, **facts: Any
) -> dict[str, Any]:
    keys: dict[str, Any] = {
        "layer": layer,
        "kind": kind,
        "theme": kind,
        "version": "2024",
        "role": "protective",
        "answer": answer,
        "reason": reasons[0],
        "reasons": [{"code": reason} for reason in reasons],
        "accuracy_m": 25.02,
        "accuracy_parts": {"site": 1.0, "layer": 25.0, "transformation": 0.0},
        "gap_m": 0.0,
        "hold_at_least_m": None,
        "distance_at_least_m": None,
        "uncovered_share": 0.0,
        "overlap_m2": sum(one["overlap_m2"] for one in features),
        "share": 0.0,
        "overlap_length_m": None,
        "features": features,
    }
    return keys | facts


def card(name: str, kind: str, date: str | None, source: str | None, **facts: Any) -> dict[str, Any]:
    keys: dict[str, Any] = {
        "name": name,
        "kind": kind,
        "version": "2024",
        "data_date": date,
        "valid_from": date,
        "valid_until": None,
        "source": source,
        "sha256": "0" * 64,
        "content_digest": "0" * 64,
        "coverage": "layer",
        "coverage_accuracy_m": 25.0,
        "accuracy_m": 25.0,
        "georeference_method": "official_vector",
        "indicative": False,
        "synthetic": True,
        "restricted": False,
        "repaired": 0,
        "rejected": 0,
        "warnings": [],
    }
    return keys | facts


RED, UNITS, PARKS, WATER = "合成生态保护红线", "合成环境管控单元", "合成自然保护地", "合成水源保护区"
SECTIONS = "合成监测断面"
RED_FEATURE = met("r1", "HLX-01", "合成草原防风固沙红线", "red_line", "防风固沙", RED_LINE)
UNIT_FEATURE = met("u1", "ZH15078110001", "合成优先保护单元甲", "priority", "优先保护单元", PRIORITY)
KEY_FEATURE = met("u2", "ZH15078120001", "合成重点管控单元乙", "key", "重点管控单元", KEY)
PARK_FEATURE = feature("p1", None, "合成湿地公园", "nature_park", "自然公园", distance_m=612.348, bearing_deg=52.3)
WATER_FEATURE = feature("w2", None, "合成水源地二级区", "zone_2", "二级", distance_m=1038.27, bearing_deg=228.9)


def result(**changes: Any) -> dict[str, Any]:
    """The result of the synthetic site, as the JSON of a check."""
    general = met("u3", "ZH15078130001", "合成一般管控单元丙", "general", "一般管控单元", GENERAL)
    keys: dict[str, Any] = {
        "schema_version": "1.0",
        "as_of": "2026-11-22",
        "answer": "hit",
        "required_kinds": ["red_lines", "protected_areas", "water_sources", "control_units"],
        "warnings": [],
        "in_priority_zone": "yes",
        "in_priority_unit": "yes",
        "in_red_line": "yes",
        "in_protected_area": "no",
        "in_water_source_zone": "unknown",
        "kinds": {"red_lines": "hit", "protected_areas": "clear", "water_sources": "unknown", "control_units": "hit"},
        "site": {
            "name": NAME,
            "scope": "polygon",
            "radius_m": 0,
            "area_m2": area_m2(SITE),
            "area_planar_m2": area_m2(SITE),
            "length_m": None,
            "declared_area_m2": None,
            "rejected_parts": 0,
            "crs": "EPSG:4528",
            "crs_status": "given",
            "crs_evidence": [{"code": "prj_file", "value": "CGCS2000 3 Degree GK Zone 40"}],
            "datum": "stated",
            "accuracy_m": 1.0,
            "accuracy_basis": "survey",
        },
        "parts": [],
        "findings": [
            finding(RED, "red_lines", "hit", [RED_FEATURE], "overlaps"),
            finding(UNITS, "control_units", "hit", [UNIT_FEATURE], "overlaps"),
            finding(PARKS, "protected_areas", "clear", [PARK_FEATURE], "outside"),
            finding(
                WATER,
                "water_sources",
                "unknown",
                [WATER_FEATURE],
                "partly_outside_coverage",
                "date_missing",
                distance_at_least_m=803.5,
            ),
        ],
        "context": [
            {"layer": UNITS, "kind": "control_units", "features": [KEY_FEATURE, general]},
            {
                "layer": SECTIONS,
                "kind": "monitoring_sections",
                "features": [feature("s1", "D-7", "合成断面七", "section", None, distance_m=890.0, bearing_deg=170.0)],
            },
        ],
        "layers": [
            card(RED, "red_lines", "2023-06-30", "合成数据（自然资源局格式）", restricted=True),
            card(UNITS, "control_units", "2024-01-15", "合成数据（生态环境局格式）"),
            card(PARKS, "protected_areas", "2022-12-31", "合成数据", indicative=True),
            card(WATER, "water_sources", None, None),
            card(SECTIONS, "monitoring_sections", "2024-03-01", "合成数据"),
        ],
        "not_checked": ["风景名胜区", "永久基本农田", "基本草原"],
    }
    return keys | changes


def outline(
    name: str, kind: str, date: str | None, source: str | None, *features: OutlineFeature, **facts: Any
) -> LayerOutline:
    values: dict[str, Any] = {"role": "protective", "restricted": False, "synthetic": True, "indicative": False}
    values |= {"layer": name, "kind": kind, "features": features, "data_date": date, "source": source}
    return LayerOutline(**(values | facts))


def drawn(one: dict[str, Any], geometry: Any) -> OutlineFeature:
    return OutlineFeature(
        id=one["id"],
        code=one["code"],
        name=one["name"],
        class_=one["class"],
        class_label=one["class_label"],
        geometry=geometry,
    )


def overlaps() -> list[Overlap]:
    return [
        Overlap(layer=RED, kind="red_lines", feature_id="r1", geometry=SITE.intersection(RED_LINE)),
        Overlap(layer=UNITS, kind="control_units", feature_id="u1", geometry=SITE.intersection(PRIORITY)),
    ]


def layers() -> list[LayerOutline]:
    general = feature("u3", "ZH15078130001", "合成一般管控单元丙", "general", "一般管控单元")
    water_1 = feature("w1", None, "合成水源地一级区", "zone_1", "一级")
    section = feature("s1", "D-7", "合成断面七", "section", None)
    return [
        outline(
            RED,
            "red_lines",
            "2023-06-30",
            "合成数据（自然资源局格式）",
            drawn(RED_FEATURE, RED_LINE),
            restricted=True,
            coverage=COVERAGE,
        ),
        outline(
            UNITS,
            "control_units",
            "2024-01-15",
            "合成数据（生态环境局格式）",
            drawn(UNIT_FEATURE, PRIORITY),
            drawn(KEY_FEATURE, KEY),
            drawn(general, GENERAL),
            coverage=COVERAGE,
            simplified_m=2.0,
        ),
        outline(PARKS, "protected_areas", "2022-12-31", "合成数据", drawn(PARK_FEATURE, PARK), indicative=True),
        outline(
            WATER,
            "water_sources",
            None,
            None,
            drawn(WATER_FEATURE, WATER_2.difference(WATER_1)),
            drawn(water_1, WATER_1),
        ),
        outline(
            SECTIONS,
            "monitoring_sections",
            "2024-03-01",
            "合成数据",
            drawn(section, Point(117.4068, 49.5921)),
            role="context",
        ),
        outline(
            "合成引水渠",
            "other",
            "2021-05-01",
            "合成数据",
            drawn(
                feature("c1", None, "合成引水渠", "other", None),
                LineString([(117.365, 49.597), (117.40, 49.5925), (117.435, 49.588)]),
            ),
            role="context",
        ),
    ]


def require_assets() -> None:
    """Build the scripts of the maps if they are not there; without npm the tests that need them say why they do not run."""
    try:
        build_assets.build()
    except build_assets.AssetBuildError as error:
        pytest.skip(f"the scripts of the maps are not built: {error}")
