"""The program in this process, a small workspace, and the schema made strict, for tests of the command line."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import shapely
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from apps.cli.main import main
from screening.schema import schema
from tests.building import add, workspace_at

if TYPE_CHECKING:
    from pathlib import Path

CITY = shapely.box(117.2, 49.3, 117.9, 49.8)
RED = shapely.box(117.44, 49.57, 117.47, 49.60)


def run(*arguments: str | Path, charset: str = "utf-8") -> Result:
    """``sanxian`` with these arguments; only an unexpected exception is raised."""
    result = CliRunner(charset=charset).invoke(main, [str(a) for a in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def small_workspace(path: Path) -> Path:
    """Four kinds and two of context around 117.455 E, 49.585 N; the red line and the water source are restricted."""
    store = workspace_at(path, "red_lines", "protected_areas", "water_sources", "control_units")
    add(
        store,
        "red_lines",
        [RED],
        [{"红线名称": "草原红线㎡[bold]\x1b[31m€", "红线编码": "HX-1"}],
        name="红线图层",
        coverage=CITY,
        source="自然资源局",
    )
    add(
        store,
        "control_units",
        [shapely.box(117.2, 49.3, 117.5, 49.8), shapely.box(117.5, 49.3, 117.9, 49.8)],
        [
            {"编码": "ZH15078110001", "名称": "西部优先单元", "管控单元分类": "优先保护单元"},
            {"编码": "ZH15078130001", "名称": "东部一般单元", "管控单元分类": "一般管控单元"},
        ],
        name="管控单元图层",
        coverage=CITY,
        synthetic=True,
    )
    add(
        store,
        "protected_areas",
        [shapely.box(117.6, 49.6, 117.65, 49.65)],
        [{"名称": "湿地公园"}],
        name="保护地",
        coverage=CITY,
    )
    add(
        store,
        "water_sources",
        [shapely.box(117.3, 49.4, 117.31, 49.41)],
        [{"名称": "水源一级", "级别": "一级"}],
        name="水源",
        coverage=CITY,
    )
    add(
        store,
        "sensitive_targets",
        [shapely.Point(117.46, 49.581)],
        [{"目标名称": "某小学", "类型": "学校"}],
        name="敏感目标",
    )
    add(store, "monitoring_sections", [shapely.Point(117.5, 49.5)], [{"断面名称": "某断面"}], name="断面")
    return store.root


def geojson(path: Path, *geometries: Any, **properties: Any) -> Path:
    """A GeoJSON file of these geometries."""
    features = [
        {"type": "Feature", "properties": properties, "geometry": json.loads(shapely.to_geojson(g))} for g in geometries
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def closed_schema() -> dict[str, Any]:
    """The schema with every list of properties closed: what the program gives today has no key that is not in it."""

    def close(node: Any) -> None:
        if isinstance(node, dict):
            if "properties" in node and node.get("additionalProperties") is True:
                node["additionalProperties"] = False
            for value in node.values():
                close(value)
        elif isinstance(node, list):
            for value in node:
                close(value)

    made = copy.deepcopy(schema())
    close(made)
    return made


def require_valid(document: Any) -> None:
    """Valid against the schema in the package, and against it with every object closed."""
    for one in (schema(), closed_schema()):
        found = [
            f"{'/'.join(map(str, e.absolute_path))}: {e.message}"
            for e in Draft202012Validator(one).iter_errors(document)
        ]
        assert not found, found
    assert [r["code"] for f in document["findings"] for r in f["reasons"][:1]] == [
        f["reason"] for f in document["findings"]
    ]
