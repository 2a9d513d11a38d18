"""A synthetic workspace with one answer of every kind, and the dossier of a site in it, for the tests of reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import shapely

from layers.workspace import FolderStore
from screening.inquiry import Inquiry
from screening.outline import outlines_of
from screening.project import Project
from screening.screen import screen
from screening.site import site_of
from tests.building import add, workspace_at

if TYPE_CHECKING:
    from pathlib import Path

    from screening.overlap import LayerOutline, Overlap

NAME = "某风电场"
CITY = shapely.box(117.2, 49.3, 117.9, 49.8)
SITE = shapely.Polygon(
    [(117.455, 49.585), (117.462, 49.5855), (117.4631, 49.59), (117.458, 49.5925), (117.4545, 49.589)]
)
RED = shapely.box(117.45, 49.588, 117.46, 49.6)
LOST = "水源图层"


@dataclass(frozen=True, kw_only=True)
class Example:
    """A result with what a report of it takes."""

    result: dict[str, Any]
    overlaps: tuple[Overlap, ...]
    layers: tuple[LayerOutline, ...]
    geometry: Any = SITE

    @property
    def arguments(self) -> dict[str, Any]:
        return {"geometry": self.geometry, "overlaps": self.overlaps, "layers": self.layers}


def example(folder: Path) -> Example:
    """
    Red line: hit. Protected area, indicative: 1.4 m away, uncertain. Water source: a byte of it is gone, unknown. Priority
    unit: 1 km away, clear.
    """
    store = workspace_at(folder, "red_lines", "protected_areas", "water_sources", "control_units")
    synthetic = {"coverage": CITY, "synthetic": True}
    code = {"红线名称": "某草原红线", "红线编码": "=HX-1"}
    add(store, "red_lines", [RED], [code], name="红线图层", source="自然资源局", restricted=True, **synthetic)
    park = shapely.box(117.46312, 49.58, 117.48, 49.6)
    add(store, "protected_areas", [park], [{"名称": "某湿地公园"}], name="保护地图层", indicative=True, **synthetic)
    well = {"名称": "水源一级", "级别": "一级"}
    add(store, "water_sources", [shapely.box(117.3, 49.4, 117.31, 49.41)], [well], name=LOST, **synthetic)
    units = [shapely.box(117.2, 49.3, 117.44, 49.8), shapely.box(117.44, 49.3, 117.9, 49.8)]
    rows = [
        {"编码": "ZH15078110001", "名称": "西部优先单元", "管控单元分类": "优先保护单元"},
        {
            "编码": "ZH15078130001",
            "名称": "东部一般单元",
            "管控单元分类": "一般管控单元",
            "空间布局约束": "严格控制占用草原。",
        },
    ]
    add(store, "control_units", units, rows, name="管控单元图层", **synthetic)
    damaged = next((folder / "layers").glob(f"{LOST}*/*/features.gpkg"))
    damaged.write_bytes(damaged.read_bytes()[:-1])
    store = FolderStore.open(folder)
    site = site_of(SITE, accuracy_m=1, name=NAME)
    inquiry = Inquiry(site=site, as_of="2026-11-22", project=Project(activities=("wind_power",), industry="4415"))
    verdict = screen(inquiry.site, store, as_of=inquiry.as_of)
    result = verdict.to_dict() | {"project": inquiry.project.to_dict()}
    return Example(result=result, overlaps=verdict.overlaps, layers=outlines_of(result, store, site=SITE))


def clause(name: str, heading: str, **facts: Any) -> dict[str, Any]:
    """A clause of a ruling, with the keys of `screening.rules`."""
    keys: dict[str, Any] = {
        "id": name,
        "pack": "made",
        "level": "national",
        "state": "applies",
        "heading": heading,
        "consequence": "prohibited",
        "title_zh": f"条文{name}",
        "title_en": f"clause {name}",
        "text_zh": f"条文{name}的内容。",
        "text_en": f"text of {name}.",
        "quote": None,
        "line": None,
        "status": "verified",
        "verified_on": "2026-11-22",
        "source": "合成规则",
        "penalty_zh": "处一万元罚款",
        "penalty_en": "a fine of 10,000",
        "basis": {"law_zh": "合成法", "law_en": "Made-up Law", "article": "7"},
    }
    return keys | facts


def ruling() -> dict[str, Any]:
    """A ruling of three clauses, of three levels and two headings, one not verified, one that only may apply."""
    headings = {
        "spatial_layout": [
            clause("a-1", "spatial_layout"),
            clause("b-2", "spatial_layout", level="city", quote="严禁在草原上乱采滥挖", line=304, state="may_apply"),
        ],
        "pollutant_control": [],
        "risk_control": [clause("c-3", "risk_control", level="unit", status="unverified", consequence="requirement")],
        "resource_efficiency": [],
    }
    return {
        "headings": headings,
        "packs": [{"id": "made", "title_zh": "合成规划", "title_en": "made-up plan"}],
        "conflicts": [{"heading": "spatial_layout", "clauses": ["a-1", "b-2"], "subjects": []}],
        "questions": [
            {"code": "fact", "key": "new_land", "strictest": "prohibited", "clauses": ["b-2"]},
            {"code": "a_newer_code", "kind": "red_lines", "strictest": "prohibited", "clauses": ["b-2"]},
        ],
        "notes": [{"code": "plan_period_over", "pack": "made", "period": "2021-2025"}],
    }
