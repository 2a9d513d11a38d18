"""Layers that we write, opened by QGIS itself: valid, placed, with every feature and its Chinese text."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess

import pytest
import shapely

from tests.apps.cli import run, small_workspace
from tests.building import add, workspace_at

SCRIPT = """
import json, os, sys
from qgis.core import QgsApplication, QgsVectorLayer
application = QgsApplication([], False)
application.initQgis()
found = {}
for uri in sys.argv[1:]:
    layer = QgsVectorLayer(uri, "x", "ogr")
    box = layer.extent()
    found[uri] = {
        "valid": layer.isValid(),
        "crs": layer.crs().authid(),
        "count": layer.featureCount(),
        "box": [box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()],
        "rows": [
            {**{f.name(): str(feature[f.name()]) for f in layer.fields()}, "valid": feature.geometry().isGeosValid()}
            for feature in layer.getFeatures()
        ],
    }
print(json.dumps(found), flush=True)
os._exit(0)  # QGIS 3.22 may crash while it takes itself down
"""


@pytest.fixture(scope="session")
def qgis():
    """What QGIS says of some layers."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    environment.pop("PYTHONPATH", None)
    python = next(
        (
            p
            for p in ("/usr/bin/python3", shutil.which("python3"))
            if p and subprocess.run([p, "-c", "import qgis.core"], env=environment, capture_output=True).returncode == 0
        ),
        None,
    )
    if python is None:
        pytest.skip("QGIS is not installed; as root: apt-get install python3-qgis")

    def opened(*uris):
        done = subprocess.run(
            [python, "-c", SCRIPT, *map(str, uris)], env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout.splitlines()[-1])
        return [found[str(uri)] for uri in uris]

    return opened


def test_qgis_opens_the_problems_of_a_workspace(qgis, tmp_path):
    """Two units that overlap by 0.002° x 0.05° on 117.448, one code twice."""
    store = workspace_at(tmp_path / "ws", "control_units")
    shapes = [shapely.box(117.40, 49.50, 117.45, 49.55), shapely.box(117.448, 49.50, 117.50, 49.55)]
    rows = [{"编码": "ZH15078110001", "名称": name, "管控单元分类": "优先保护单元"} for name in ("示例一", "示例二")]
    add(store, "control_units", shapes, rows, name="管控单元", coverage="layer", synthetic=True)
    out = tmp_path / "问题.gpkg"
    assert run("quality", store.root, "--as-of", "2026-11-22", "--output", out).exit_code == 0
    (areas,) = qgis(f"{out}|layername=problem_areas")
    assert (areas["valid"], areas["crs"]) == (True, "EPSG:4490")
    assert all(row["valid"] for row in areas["rows"])
    overlap = [row for row in areas["rows"] if any("重叠" in value for value in row.values() if isinstance(value, str))]
    assert overlap
    assert areas["count"] == len(areas["rows"])
    west, south, east, north = areas["box"]
    assert west <= 117.448 <= 117.45 <= east
    assert south <= 49.50 <= 49.55 <= north


def test_qgis_opens_a_layer_of_the_workspace_itself(qgis, tmp_path):
    folder = small_workspace(tmp_path / "工作 区")
    layers = sorted((folder / "layers").glob("*/*/features.gpkg"))
    assert len(layers) >= 4
    for found in qgis(*layers):
        assert (found["valid"], found["crs"]) == (True, "EPSG:4490")
        assert found["count"] == len(found["rows"]) > 0


@pytest.mark.parametrize("encoding", ["shp", "gpkg"])
def test_qgis_reads_the_chinese_of_an_export(encoding, qgis, tmp_path):
    folder = small_workspace(tmp_path / "ws")
    out = tmp_path / f"成果.{encoding}"
    site = tmp_path / "地块.geojson"
    site.write_text(shapely.to_geojson(shapely.box(117.445, 49.575, 117.46, 49.59)), encoding="utf-8")
    assert run("check", site, "-w", folder, "--export", out).exit_code == 0
    written = [str(p) for p in sorted(tmp_path.glob("*.shp"))]
    if encoding == "gpkg":
        with sqlite3.connect(out) as base:
            named = base.execute("SELECT table_name FROM gpkg_contents WHERE data_type = 'features'").fetchall()
        written = [f"{out}|layername={name}" for (name,) in named]
    texts = [
        value for found in qgis(*written) for row in found["rows"] for value in row.values() if isinstance(value, str)
    ]
    assert any("草原红线" in text for text in texts)
    assert all(found["valid"] and found["crs"] == "EPSG:4490" for found in qgis(*written))
