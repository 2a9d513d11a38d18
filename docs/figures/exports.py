"""
``python -m docs.figures.exports``: exported layers as QGIS draws them, one sheet a format, into ``docs/gallery/``.

A layer of each kind with a feature of each class is written in every format QGIS opens, with its styles beside it, and
drawn by QGIS itself: on the left with the QML, on the right with the SLD. The tests look at the same pictures.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import zipfile
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import shapely

from maps.delivery import Delivery, Sheet, deliver
from maps.delivery.model import apart, sheets_of
from screening.export_tables import Marks
from spatial.writing import Field, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

    from maps.style import StyleSheet

__all__ = ["CELL", "FORMATS", "SAMPLES", "Exported", "Sample", "draw_all", "export", "in_qgis", "qgis_python", "sheet"]

FORMATS = ("shp", "gpkg", "geojson", "kml", "gdb", "fgb", "dxf")
CELL = (330, 76)
"""Pixels of one layer's picture."""
WEST, SOUTH, STEP = 117.40, 49.50, 0.01
GALLERY = Path(__file__).parents[1] / "gallery"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A layer of one kind: the classes of its features from west to east, ``?`` for a value no class stands for."""

    kind: str
    geometry: str
    classes: tuple[str, ...]

    def shape(self, number: int) -> BaseGeometry:
        """The feature of a number: a box, a level line or a point in its cell of the row."""
        west = WEST + number * STEP
        if self.geometry == "point":
            return shapely.Point(west + STEP / 2, SOUTH + STEP / 2)
        if self.geometry == "line":
            return shapely.LineString([(west, SOUTH + STEP / 2), (west + 0.9 * STEP, SOUTH + STEP / 2)])
        return shapely.box(west, SOUTH, west + 0.9 * STEP, SOUTH + 0.9 * STEP)


SAMPLES = (
    Sample(kind="red_lines", geometry="polygon", classes=("red_line", "unconfirmed", "?")),
    Sample(kind="protected_areas", geometry="polygon", classes=("park_core", "reserve_general", "nature_park", "?")),
    Sample(kind="water_sources", geometry="polygon", classes=("zone_1", "zone_2", "zone_quasi", "?")),
    Sample(kind="control_units", geometry="polygon", classes=("priority", "key", "general", "?")),
    Sample(kind="element_zones", geometry="polygon", classes=("priority_zone", "key_zone", "general_zone", "?")),
    Sample(kind="monitoring_sections", geometry="point", classes=("section", "?")),
    Sample(kind="sensitive_targets", geometry="point", classes=("target", "?")),
    Sample(kind="other", geometry="line", classes=("other", "?")),
    Sample(kind="other", geometry="polygon", classes=("other", "?")),
)
_FIELDS = (
    Field(name="CODE", long_name_zh="编码", long_name_en="code"),
    Field(name="NAME", long_name_zh="名称", long_name_en="name", width=120),
    Field(name="CLASS", long_name_zh="类别代码", long_name_en="class code", width=30),
    Field(name="AREA_M2", long_name_zh="面积", long_name_en="area", type="number"),
)


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What was exported of a sample: how QGIS names it, its styles by ending, and the table that went in."""

    sample: Sample
    uri: str
    styles: dict[str, Path]
    table: Table


def export(
    folder: Path,
    to: str,
    samples: Sequence[Sample] = SAMPLES,
    *,
    crs: Literal["4490", "zone3"] = "4490",
    style: StyleSheet | None = None,
) -> list[Exported]:
    """Samples as ``sanxian export`` hands them over, unpacked; a drawing for each, which has no layers of its own."""
    if to == "dxf" and len(samples) > 1:
        return [one for n, sample in enumerate(samples) for one in export(folder / str(n), to, [sample], crs=crs)]
    marks = Marks(synthetic=True)
    sheets: list[Sheet] = []
    for sample in samples:
        table = Table(
            name=f"{sample.kind}_{sample.geometry}",
            fields=_FIELDS,
            rows=tuple(
                (f"ZH{at:03d}", f"示例{at + 1}号<&>", class_, 1000.5 * (at + 1))
                for at, class_ in enumerate(sample.classes)
            ),
            geometries=tuple(sample.shape(at) for at in range(len(sample.classes))),
            crs=4490,
        )
        label = None if to == "dxf" else "NAME"  # a label would be an entity more
        made, _ = sheets_of(
            table, kind=sample.kind, class_field="CLASS", label_field=label, id_field="CODE", marks=marks
        )
        sheets += made
    delivery = Delivery(title="示例", as_of="2026-11-22", sheets=apart(sheets), marks=marks)
    (archive,) = deliver(delivery, folder / "packed", [to], crs=crs, style=style).paths
    room = folder / "unpacked"
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(room)
    return [
        Exported(
            sample=sample,
            uri=str(room / _uri(sheet.stem, to)),
            styles={path.name[len(sheet.stem) :]: path for path in sorted(room.glob(f"{sheet.stem}.*"))},
            table=sheet.table,
        )
        for sample, sheet in zip(samples, delivery.sheets, strict=True)
    ]


def _uri(stem: str, to: str) -> str:
    """A layer in what was unpacked, as QGIS names it."""
    one_file = {"gpkg": "示例.gpkg", "gdb": "示例.gdb", "kml": "示例.kml"}
    if to in one_file:
        return f"{one_file[to]}|layername={stem}"
    # a text is a point to QGIS: what a drawing says of itself is left out
    return "示例.dxf|layername=entities|subset=Text IS NULL" if to == "dxf" else f"{stem}.{to}"


@cache
def qgis_python() -> str | None:
    """A Python that has QGIS, None where there is none."""
    candidates = dict.fromkeys(path for path in ("/usr/bin/python3", shutil.which("python3")) if path)
    for path in candidates:
        tried = [path, "-c", "import qgis.core"]
        done = subprocess.run(tried, env=environment(), capture_output=True, check=False)  # noqa: S603 - a fixed command
        if done.returncode == 0:
            return path
    return None


def environment(home: Path | None = None) -> dict[str, str]:
    """A clean environment for QGIS: none of our Python's, no display, settings of its own."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR", "SYSTEMROOT") if name in os.environ}
    folder = str(home or Path(tempfile.gettempdir()))
    return {**kept, "HOME": folder, "XDG_RUNTIME_DIR": folder, "QT_QPA_PLATFORM": "offscreen", "LC_ALL": "C.UTF-8"}


def in_qgis(jobs: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """What QGIS says of some layers (see ``docs/figures/qgis_side.py``)."""
    python = qgis_python()
    if python is None:
        raise RuntimeError("QGIS is not installed; as root: apt-get install python3-qgis")
    asked, answer = folder / "jobs.json", folder / "found.json"
    asked.write_text(json.dumps(jobs), encoding="utf-8")
    script = Path(__file__).with_name("qgis_side.py")
    done = subprocess.run(  # noqa: S603 - our own script
        [python, str(script), str(asked), str(answer)],
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    if done.returncode or not answer.is_file():
        raise RuntimeError(f"QGIS failed ({done.returncode}): {done.stderr[-2000:]}")
    return json.loads(answer.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def job(exported: Exported, ending: str | None, picture: Path) -> dict[str, Any]:
    """A picture of a layer with one of its styles; None for the style that QGIS finds by itself."""
    width, height = CELL
    degrees = 1.2 * STEP / height
    west, south = WEST - 0.35 * STEP, SOUTH - 0.15 * STEP
    return {
        "uri": exported.uri,
        "name": exported.table.name,
        "picture": str(picture),
        "box": [west, south, west + width * degrees, south + height * degrees],
        "size": [width, height],
        **({} if ending is None else {"style": str(exported.styles[ending])}),
    }


def pixel(x: float, y: float) -> tuple[float, float]:
    """Where a place of the samples lies in a picture made by :func:`job`, from its upper left corner."""
    _, height = CELL
    degrees = 1.2 * STEP / height
    return (x - WEST + 0.35 * STEP) / degrees, height - (y - SOUTH + 0.15 * STEP) / degrees


def sheet(pictures: Sequence[tuple[Path, Path]], path: Path) -> None:
    """Pairs of pictures (QML, SLD) below one another, in 256 colours."""
    from PIL import Image

    width, height = CELL
    page = Image.new("RGB", (2 * width + 8, len(pictures) * (height + 4)), "#ffffff")
    for row, pair in enumerate(pictures):
        for column, picture in enumerate(pair):
            with Image.open(picture) as image:
                page.paste(image, (column * (width + 8), row * (height + 4)))
    path.parent.mkdir(parents=True, exist_ok=True)
    page.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


def demo_map(folder: Path, path: Path) -> Path:
    """The demo's workspace, exported as a GeoPackage and opened by QGIS with the styles it finds in the file."""
    from PIL import Image

    from apps.cli.main import main
    from apps.demo.build import build

    workspace = build(folder / "demo").folder / "workspace"
    wanted = ["--out", str(folder / "demo-out"), "--to", "gpkg", "--as-of", "2026-11-22"]
    main(["export", str(workspace), *wanted], standalone_mode=False)
    (archive,) = (folder / "demo-out").glob("*.zip")
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder / "demo-data")
    (data,) = (folder / "demo-data").glob("*.gpkg")
    with closing(sqlite3.connect(data)) as base:
        names = [name for (name,) in base.execute("SELECT table_name FROM gpkg_geometry_columns ORDER BY rowid")]
        boxes = base.execute("SELECT min_x, min_y, max_x, max_y FROM gpkg_contents WHERE min_x IS NOT NULL").fetchall()
    # points above areas, the units under all else
    order = sorted(
        names, key=lambda name: ("单元" in name, not any(word in name for word in ("断面", "目标", "point")))
    )
    columns = list(zip(*boxes, strict=True))
    west, south, east, north = min(columns[0]), min(columns[1]), max(columns[2]), max(columns[3])
    top, *below = (f"{data}|layername={name}" for name in order)
    picture = folder / "demo.png"
    asked = {"picture": str(picture), "box": [west, south, east, north], "size": [1000, 520], "labels": False}
    in_qgis([{"uri": top, "below": below, **asked}], folder)
    with Image.open(picture) as image:
        image.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)
    return path


def draw_all(gallery: Path = GALLERY) -> list[Path]:
    """Every sheet anew."""
    drawn = []
    with tempfile.TemporaryDirectory(prefix="sanxian-gallery-") as name:
        folder = Path(name)
        every = {to: export(folder / to, to) for to in FORMATS}
        jobs = [
            job(each, ending, folder / f"{to}-{number}{ending}.png")
            for to, exported in every.items()
            for number, each in enumerate(exported)
            for ending in (".qml", ".sld")
        ]
        in_qgis(jobs, folder)
        for to, exported in every.items():
            pairs = [(folder / f"{to}-{n}.qml.png", folder / f"{to}-{n}.sld.png") for n in range(len(exported))]
            path = gallery / f"export-{to}.png"
            sheet(pairs, path)
            drawn.append(path)
        drawn.append(demo_map(folder, gallery / "export-demo.png"))
    return drawn


if __name__ == "__main__":
    for each_path in draw_all():
        sys.stdout.write(f"docs/gallery/{each_path.name}\n")
