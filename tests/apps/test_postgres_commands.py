"""Every command on a workspace in a database prints and writes what it does on a folder of the same content."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from tests.apps.cli import run
from tests.postgres_server import DATABASE, PASSWORD

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.postgres_server import Server

DAY = ("--as-of", "2026-11-23")
SITE = "117.445,49.579"
DATED = ("--synthetic", "--coverage", "150781,150703", "--source", "例子")
COMMANDS = [
    "init WS --require red_lines --region 150781",
    "import WS a.csv --layer red_lines --name 红线 --data-date 2024-05-01 DATED",
    "import WS b.csv --layer red_lines --name 红线 --replace --data-date 2025-05-01 DATED",
    "import WS r.geojson --layer other --role context --meaning 河流 --name 河流",
    "import WS a.csv --layer red_lines --name 红线",  # is there
    "georeference text n.txt --workspace WS",
    "georeference sections s.csv --drawn downstream --workspace WS",
    "georeference place 某湿地 --point 117.7,49.4 --point-accuracy-m 500 --point-source 某文 --area 9公顷 --workspace WS",
    "layers WS",
    "layers WS --lang en",
    "check SITE -w WS DAY --json c.json --certificate cert.json --export c.gpkg --report c.csv --stability --rivers",
    "check-many p.csv -w WS DAY --out m.csv --workers 1",
    "check-many p.csv -w WS DAY --out m.gpkg --workers 1",
    "compare SITE 117.6,49.4 -w WS DAY --json d.json",
    "register add WS p.csv --each DAY",
    "import WS a.csv --layer red_lines --name 红线 --replace --data-date 2026-05-01 DATED",
    "register rescreen WS DAY --json n.json",
    "register list WS --notices",
    "register list WS --site 1 --json l.json",
    "verify cert.json -w WS --json v.json",
    "prove cert.json -w WS --out f.json",
    "avoid SITE -w WS DAY --json a.json --export a.gpkg",
    "rivers 117.0001,49.02 -w WS DAY --drawn downstream --json i.json",
    "zonal WS dem.tif --layer 红线 --json z.json",
    "quality WS DAY --json q.json --output q.gpkg",
    "export WS --to geojson --out e DAY",
    "export cert.json -w WS --to shp --out e",
    "map WS --out map.html DAY",
    "map WS --out public.html --public DAY",
    "figure WS --out g.svg DAY --site SITE",
    "plan 满洲里 WS --json p.json DAY",
    "prune WS --dry-run",
    "prune WS",
    "layers WS",
]


def prepare(folder: Path) -> None:
    """The same files under the same names for either run."""
    import numpy as np
    import rasterio  # type: ignore[import-untyped]

    corners = "点号,经度,纬度\nJ1,117.44,49.575\nJ2,{0},49.575\nJ3,{0},49.583\nJ4,117.44,49.583\n"
    (folder / "a.csv").write_text(corners.format("117.45"), "utf-8")
    (folder / "b.csv").write_text(corners.format("117.46"), "utf-8")
    (folder / "p.csv").write_text(
        "名称,经度,纬度\n甲,117.445,49.579\n乙,117.455,49.579\n丙,117.6,49.4\n丁,,\n", "utf-8"
    )
    (folder / "s.csv").write_text("断面名称,河流,距河口(km)\n甲断面,甲河,4.0\n丙断面,甲河,\n", "utf-8")
    corner = "J{} 东经117°{}′00″，北纬49°{}′00″；"
    given = "".join(corner.format(i + 1, *at) for i, at in enumerate([(40, 26), (44, 26), (44, 29), (40, 29)]))
    (folder / "n.txt").write_text(f"甲自然保护区\n一、核心保护区\n{given[:-1]}，首尾相接。\n", "utf-8")
    shapes = [
        ({"河流": "甲河"}, {"type": "LineString", "coordinates": [[117.0, 49.0], [117.0, 49.1]]}),
        ({"河流": "甲河", "端点": "河口"}, {"type": "Point", "coordinates": [117.0, 49.1]}),
    ]
    features = [{"type": "Feature", "properties": p, "geometry": g} for p, g in shapes]
    (folder / "r.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    place = {"crs": "EPSG:4490", "transform": rasterio.Affine(0.001, 0, 117.43, 0, -0.001, 49.60), "dtype": "float32"}
    with rasterio.open(folder / "dem.tif", "w", driver="GTiff", height=40, width=40, count=1, **place) as raster:
        raster.write(np.arange(1600, dtype="float32").reshape(40, 40), 1)


def done_on(workspace: str, shown: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What every command printed, with the workspace's place left out, and the digest of every file they wrote."""
    folder.mkdir()
    prepare(folder)
    monkeypatch.chdir(folder)
    words = {"WS": (workspace,), "SITE": (SITE,), "DAY": DAY, "DATED": DATED}
    found: dict[str, object] = {}
    for number, command in enumerate(COMMANDS):
        done = run(*(part for word in command.split() for part in words.get(word, (word,))))
        text = "".join(done.output.replace("\n", "").replace(shown, "@").split()).replace("=", "")
        assert PASSWORD not in done.output
        found[f"{number} {command}"] = (done.exit_code, text)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and folder / "ws" not in path.parents:
            found[path.relative_to(folder).as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def test_all_commands_print_and_write_the_same(postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    postgres.sql(DATABASE, "DROP SCHEMA IF EXISTS ws CASCADE")  # called as the folder is
    url = postgres.url(schema="ws")
    there = done_on(url, url.replace(f":{PASSWORD}", ""), tmp_path / "d", monkeypatch)
    here = done_on(str(tmp_path / "f" / "ws"), str(tmp_path / "f" / "ws"), tmp_path / "f", monkeypatch)
    refused = [key for key, (code, _) in list(here.items())[: len(COMMANDS)] if code]  # type: ignore[misc]
    assert refused == [f"4 {COMMANDS[4]}"], [here[key] for key in refused]
    assert len(here) > len(COMMANDS) + 20
    for key, meant in here.items():
        found = str(there.pop(key))
        # a folder names the file of its register
        assert found == str(meant).replace("/verdicts/register.sqlite", ""), key
    assert not there
