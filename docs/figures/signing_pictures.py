"""The pictures of the tutorial of signing, drawn from what its own commands left in a folder."""

from __future__ import annotations

import io
import json
import os
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from docs.figures.tutorial_canvas import BLUE, GREEN, INK, ORANGE, PURPLE, SKY, VERMILION, Panel, Sheet, view_of
from docs.figures.tutorial_page import EPSG
from spatial.buffers import geodesic_buffer
from spatial.crs import from_geographic
from spatial.systems import identify

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

__all__ = ["NAMES", "draw_all"]

NAMES = ("report", "map", "avoid", "change")
WIDE = 1120
RIVER = "HC-HX-03"


def draw_all(target: Path) -> list[Path]:
    """Run the tutorial in a folder of its own and draw every picture; their paths."""
    from docs.figures.tutorial_run import SIGNING, run_all

    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="sanxian-tutorial-", ignore_cleanup_errors=True) as folder:
        os.chdir(folder)
        try:
            run_all(SIGNING.read_text("utf-8"))
            here = Path.cwd()
            paths = {name: target / f"signing-{name}.png" for name in NAMES}
            _report(here / "报告.pdf", paths["report"])
            _map(here / "报告.docx", paths["map"])
            _avoid(here, paths["avoid"])
            _change(here, paths["change"])
        finally:
            os.chdir(before)
    return list(paths.values())


def _save(picture: Any, target: Path) -> None:
    from PIL import Image

    few = picture.convert("RGB").quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(target, "PNG", optimize=True)


def _report(pdf: Path, target: Path) -> None:
    """The first page, and that on which the compliance table begins."""
    import pypdfium2
    from PIL import Image

    document = pypdfium2.PdfDocument(pdf)
    try:
        texts = [document[n].get_textpage().get_text_range() for n in range(len(document))]
        table = next(n for n, text in enumerate(texts) if "准入要求符合性对照表" in text)
        pages = [document[n].render(scale=2.0).to_pil() for n in (0, table)]
    finally:
        document.close()
    wide = (WIDE - 36) // 2
    pages = [page.resize((wide, round(page.height * wide / page.width)), Image.Resampling.LANCZOS) for page in pages]
    sheet = Image.new("RGB", (WIDE, pages[0].height + 24), (222, 226, 230))
    for n, page in enumerate(pages):
        sheet.paste(page, (12 + n * (wide + 12), 12))
    _save(sheet, target)


def _map(docx: Path, target: Path) -> None:
    """The map of the report, as the DOCX holds it."""
    from PIL import Image

    with zipfile.ZipFile(docx) as archive:
        (name,) = (n for n in archive.namelist() if n.startswith("word/media/") and n.endswith(".png"))
        picture = Image.open(io.BytesIO(archive.read(name))).convert("RGB")
    _save(picture.resize((WIDE, round(picture.height * WIDE / picture.width)), Image.Resampling.LANCZOS), target)


def _avoid(here: Path, target: Path) -> None:
    """The detours, and how far the red line must be kept from."""
    features = json.loads((here / "避让.geojson").read_text("utf-8"))["features"]
    found = {f["properties"]["ID"]: (f["properties"], _flat(shapely.geometry.shape(f["geometry"]))) for f in features}
    red = _red_line(here / "demo" / "workspace", newest=False)
    keep = _keep(here)
    sheet = Sheet(WIDE, 600, "避让红线的绕行方案", "Detours that keep clear of the red line")
    box = (16, 50, 1104, 540)
    rebuilt = shapely.union_all([shapely.difference(shape, found["P0"][1].buffer(0.5)) for _, shape in found.values()])
    panel = Panel(sheet, box, view_of(rebuilt, box, 0.14))
    panel.area(_flat(geodesic_buffer(red, keep)), ORANGE, alpha=40, dashed=True)
    panel.area(_flat(red), VERMILION, alpha=70)
    proposals = [(name, row, shape) for name, (row, shape) in found.items() if row["WAY"] == "detour"]
    panel.line(found["P0"][1], INK, width=3)
    for (_, _, shape), (colour, width) in zip(proposals, _PENS, strict=False):
        panel.line(shapely.difference(shape, found["P0"][1].buffer(0.5)), colour, width=width)
    shown = shapely.box(panel.view[0], panel.view[1], *found["P0"][1].intersection(_flat(red)).bounds[2:])
    middle = _flat(red).intersection(shown).representative_point()
    panel.label(middle.x, middle.y, "合成河岸红线丙")
    panel.title(f"虚线以内离红线不足 {keep:.1f} 米，不算“未命中”")
    panel.scale_bar(500)
    panel.done()
    x = sheet.key((16, 570), INK, "原线", "as asked", style="line")
    for (name, row, _), (colour, _) in zip(proposals, _PENS, strict=False):
        words = f"{name} 增长 {row['ADDED_M']:,.0f}，新线 {row['REBUILT_M']:,.0f} 米"
        x = sheet.key((x, 570), colour, words, "", style="line")
    sheet.save(target)


_PENS = ((BLUE, 8.0), (SKY, 4.0), (PURPLE, 3.0), (GREEN, 3.0))


def _keep(here: Path) -> float:
    """The accuracy that the route has to keep from the red line."""
    from layers.workspace import FolderStore
    from screening.screen import screen
    from screening.site import place
    from spatial.reading import read

    verdict = screen(
        place(read(here / "线路.geojson")), FolderStore.open(here / "demo" / "workspace"), as_of="2026-11-22"
    )
    (found,) = (f for f in verdict.findings if f.kind == "red_lines")
    return float(found.accuracy_m)


def _change(here: Path, target: Path) -> None:
    """The red line before and after, and both alternatives."""
    workspace = here / "demo" / "workspace"
    before, after = (_flat(_red_line(workspace, newest=newest)) for newest in (False, True))
    sites = [_flat(_site(here / f"{name}.geojson")) for name in ("方案一", "方案二")]
    sheet = Sheet(
        WIDE, 600, "红线换了版本：方案二从未命中变成命中", "A new version of the red line: the second route is hit"
    )
    box = (16, 50, 1104, 540)
    panel = Panel(sheet, box, view_of(after, box, 0.10))
    panel.area(after, ORANGE, alpha=90)
    panel.area(before, VERMILION, alpha=110)
    for site, colour in zip(sites, (INK, BLUE), strict=True):
        for part in shapely.get_parts(site):
            if part.geom_type == "LineString":
                panel.line(part, colour, width=4)
            else:
                panel.area(part, colour, alpha=150)
    middle = before.representative_point()
    panel.label(middle.x, middle.y, "合成河岸红线丙")
    grown = shapely.difference(after, before).representative_point()
    panel.label(grown.x, grown.y, "新增部分", off=(0, -34))
    panel.scale_bar(1000)
    panel.done()
    x = sheet.key((16, 570), VERMILION, "原版本 2024-06-30", "before")
    x = sheet.key((x, 570), ORANGE, "新版本 2026-12-01", "after")
    x = sheet.key((x, 570), INK, "方案一：命中，前后一样", "first: hit, as before", style="line")
    sheet.key((x, 570), BLUE, "方案二：未命中，变为命中", "second: clear, now hit", style="line")
    sheet.save(target)


def _red_line(workspace: Path, *, newest: bool) -> BaseGeometry:
    """The red line at the river, EPSG:4490."""
    from spatial.reading import read

    versions = sorted((workspace / "layers" / "合成生态保护红线").iterdir(), key=lambda path: path.name)
    reading = read(versions[-1 if newest else 0] / "features.gpkg")
    rows = zip(reading.attributes, reading.geometries, strict=True)
    shape: BaseGeometry = next(shape for row, shape in rows if RIVER in row.values())
    return shape


def _site(path: Path) -> BaseGeometry:
    from spatial.reading import read

    return shapely.geometrycollections(list(read(path).geometries))


def _flat(shape: Any) -> Any:
    """Metres of the plane that is drawn in."""
    return from_geographic([shape], identify(EPSG))[0]
