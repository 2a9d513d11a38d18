"""The pictures of the tutorial of georeferencing, drawn from what its own commands made in a folder."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from docs.figures import georeference as made
from docs.figures.tutorial_canvas import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, SKY, VERMILION, Panel, Sheet, view_of
from docs.figures.tutorial_page import EPSG, city_outline, scan, truth
from spatial.buffers import geodesic_buffer
from spatial.crs import from_geographic
from spatial.systems import identify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapely.geometry.base import BaseGeometry

__all__ = ["NAMES", "draw_all"]

NAMES = ("scan", "residuals", "overlay", "notice", "indicative", "map", "rivers")
WIDE = 1120
_ENDINGS = {"scan": "jpg", "residuals": "jpg"}
CLASS_COLOURS = {"优先": GREEN, "重点": PURPLE, "一般": ORANGE}
SITE = INK


def draw_all(target: Path) -> list[Path]:
    """
    Run the tutorial in a folder of its own and draw every picture.

    Returns
    -------
    paths
        Of the pictures; the map is left out where there is no Chromium.
    """
    from docs.figures.tutorial_run import PAGE, run_all

    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="sanxian-tutorial-", ignore_cleanup_errors=True) as folder:
        os.chdir(folder)
        try:
            run_all(PAGE.read_text("utf-8"))
            here = Path.cwd()
            paths = {name: target / f"georeference-{name}.{_ENDINGS.get(name, 'png')}" for name in NAMES}
            _small(here / "管控单元图.jpg", paths["scan"], 900)
            _small(here / "残差.png", paths["residuals"], 1000)
            _overlay(here, paths["overlay"])
            _notice(here, paths["notice"])
            _indicative(here, paths["indicative"])
            _rivers(here, paths["rivers"])
            if not _map(here / "地图.html", paths["map"]):
                del paths["map"]
        finally:
            os.chdir(before)
    return list(paths.values())


def _small(source: Path, target: Path, width: int) -> None:
    """A picture of the tutorial as it is, smaller."""
    from PIL import Image

    picture = Image.open(source).convert("RGB")
    size = (width, round(picture.height * width / picture.width))
    picture.resize(size, Image.Resampling.LANCZOS).save(target, "JPEG", quality=82, subsampling=0, optimize=True)


def _features(here: Path, layer: str) -> Iterator[tuple[dict[str, Any], Any]]:
    """Columns and shape, EPSG:4490, of the first version of a layer of the workspace."""
    from spatial.reading import read

    first = min((here / "工作区" / "layers" / layer).iterdir(), key=lambda path: path.name)
    reading = read(first / "features.gpkg")
    for row, shape in zip(reading.attributes, reading.geometries, strict=True):
        yield row, shape.geoms[0] if shape.geom_type == "MultiPoint" else shape


def _flat(shape: Any) -> Any:
    """Metres of the plane the page is drawn in."""
    return from_geographic([shape], identify(EPSG))[0]


def _place(lon: float, lat: float) -> tuple[float, float]:
    point = _flat(shapely.Point(lon, lat))
    return float(point.x), float(point.y)


# --- truth and result ----------------------------------------------------------------------------------------------


def _overlay(here: Path, target: Path) -> None:
    import io

    from PIL import Image

    sheet = Sheet(WIDE, 610, "扫描图读出来的界线与真值", "Boundaries as read off the scan, and the truth")
    units = list(_features(here, "管控单元"))
    accuracy = _layer_accuracy(here, "管控单元")
    left = (16, 50, 590, 550)
    flat = [(row["name"], _flat(shape)) for row, shape in units]
    panel = Panel(sheet, left, view_of(_flat(city_outline()), left, 0.03))
    for name, shape in flat:
        panel.area(shape, CLASS_COLOURS[name[:2]], alpha=60, width=0)
    for _, shape in flat:
        panel.line(shapely.boundary(shape), BLUE, width=2.5)
    actual = {name: _flat(shape) for name, shape in truth().items()}
    corner = _place(117.36, 49.60)
    half = 620.0
    window = shapely.box(corner[0] - half * 1.02, corner[1] - half, corner[0] + half * 1.02, corner[1] + half)
    panel.area(shapely.box(*window.centroid.buffer(1500).bounds), VERMILION, alpha=0, width=2.5)
    for lon, lat, words in (
        (117.72, 49.40, "优先"),
        (117.45, 49.585, "重点"),
        (117.705, 49.485, "重点"),
        (117.58, 49.53, "一般"),
    ):
        panel.label(*_place(lon, lat), words)
    panel.scale_bar(10_000)
    panel.done()

    page = scan()
    picture = Image.open(io.BytesIO(page.jpeg))
    pixels = _pixels(page.to_page, window)
    west, south, east, north = (round(v) for v in pixels.bounds)
    right = (606, 50, 1104, 50 + round(498 * (north - south) / (east - west)))
    zoom = Panel(sheet, right, (west, south, east, north), down=True, picture=picture.crop((west, south, east, north)))
    seen = [(name, shape) for name, shape in flat if name.startswith("优先") and shape.intersects(window)]
    near = window.buffer(300)
    edge = shapely.intersection(shapely.boundary(shapely.union_all([shape for _, shape in seen])), near)
    zoom.area(_pixels(page.to_page, shapely.buffer(edge, accuracy)), VERMILION, alpha=0, width=2.2, dashed=True)
    zoom.line(_pixels(page.to_page, edge), BLUE, width=3)
    real = shapely.union_all([shape for name, shape in actual.items() if name in {"优先保护单元", "生态保护红线"}])
    zoom.line(_pixels(page.to_page, shapely.intersection(shapely.boundary(real), near)), INK, width=2, dashed=True)
    middle = _pixels(page.to_page, shapely.Point(corner[0] - 330, corner[1] - 380))
    zoom.label(middle.x, middle.y, "优先保护单元")
    zoom.scale_bar(200, per_unit=(window.area / pixels.area) ** 0.5)
    zoom.done()
    y = 584.0
    x = sheet.key((16, y), BLUE, "读出的界线", "as read", style="line")
    x = sheet.key((x, y), INK, "真值", "truth", style="dash")
    x = sheet.key((x, y), VERMILION, f"读出的界线两侧 {accuracy:.0f} 米（95% 精度）", "its accuracy", style="dash")
    sheet.key((x, y), VERMILION, "右图所在", "where the right panel is", style="line")
    sheet.save(target)


def _layer_accuracy(here: Path, layer: str) -> float:
    card = json.loads(min((here / "工作区" / "layers").glob(f"{layer}/*/card.json")).read_text("utf-8"))
    return float(card["accuracy_m"])


def _pixels(matrix: Any, shape: Any) -> Any:
    """A shape of the plane on the scanned page."""

    def through(xy: Any) -> Any:
        w = matrix @ np.vstack([xy.T, np.ones(len(xy))])
        return (w[:2] / w[2]).T

    return shapely.transform(shape, through)


# --- the notice ----------------------------------------------------------------------------------------------------


def _notice(here: Path, target: Path) -> None:
    sheet = Sheet(WIDE, 580, "公告文字变成的图形", "What the notice becomes")
    zones = [(row, shape) for row, shape in _features(here, "自然保护地")]
    left, right = (16, 50, 552, 520), (568, 50, 1104, 520)
    polygons = [(row, _flat(shape)) for row, shape in zones if row["name"] == "合成湿地自然保护区"]
    panel = Panel(sheet, left, view_of(shapely.union_all([s for _, s in polygons]), left, 0.13))
    for row, shape in sorted(polygons, key=lambda item: item[0]["class"], reverse=True):
        core = row["class"] == "reserve_core"
        panel.area(shape, VERMILION if core else GREEN, alpha=75 if core else 55)
    for letter, corners in (("J", made.WHOLE), ("H", made.CORE)):
        middle = shapely.Polygon([_place(*map(_degrees, c)) for c in corners]).centroid
        for n, corner in enumerate(corners, 1):
            x, y = _place(*map(_degrees, corner))
            panel.dot(x, y, INK, size=3.5)
            out = np.array([x - middle.x, middle.y - y])
            out = out / np.hypot(*out) * (17 if letter == "J" else -17)
            panel.label(x, y, f"{letter}{n}", size=13, off=(float(out[0]), float(out[1])))
    panel.label(*_place(117.604, 49.5505), "核心保护区")
    panel.label(*_place(117.5865, 49.5385), "一般控制区")
    panel.title("合成湿地自然保护区：拐点到秒，精度 15 米")
    panel.scale_bar(1000)
    panel.done()

    ((row, box),) = [(row, shape) for row, shape in zones if row["name"] == "合成草原自然公园"]
    accuracy = float(row["accuracy_m"])
    ring = _flat(geodesic_buffer(box, accuracy))
    panel = Panel(sheet, right, view_of(ring, right, 0.11))
    panel.area(ring, ORANGE, alpha=45, dashed=True)
    panel.area(_flat(box), BLUE, alpha=55)
    site = _site(here, "选址丙")
    panel.area(_flat(site), SITE, alpha=120)
    panel.label(*_place(site.centroid.x, site.centroid.y), "选址丙", off=(0, 22))
    west, south, east, north = box.bounds
    panel.title(f"合成草原自然公园：只公布四至，取整到分，精度 {accuracy:,.0f} 米")
    panel.label(*_place((west + east) / 2, north), "四至之内：边界不确定", off=(0, 26))
    panel.label(*_place((west + east) / 2, south), "虚线之内：仍是边界不确定", off=(0, 30))
    panel.scale_bar(1000)
    panel.done()
    x = sheet.key((16, 550), VERMILION, "核心保护区", "core zone")
    x = sheet.key((x, 550), GREEN, "一般控制区", "general zone")
    x = sheet.key((x, 550), BLUE, "公布的四至", "published extent")
    sheet.key((x, 550), ORANGE, "四至的取整误差：其外才是“未命中”", "its rounding")
    sheet.save(target)


def _degrees(text: str) -> float:
    from spatial.coordinates import parse

    return float(parse(text).value)


def _site(here: Path, name: str) -> BaseGeometry:
    from spatial.reading import read

    shape: BaseGeometry = read(here / f"{name}.csv").geometries[0]
    return shape


# --- wells and a place ---------------------------------------------------------------------------------------------


def _indicative(here: Path, target: Path) -> None:
    sheet = Sheet(WIDE, 580, "按规则与按名称推定的示意图形", "Indicative shapes: by a rule, by a name")
    left, right = (16, 50, 552, 520), (568, 50, 1104, 520)
    zones = [(row, _flat(shape)) for row, shape in _features(here, "水源地")]
    panel = Panel(sheet, left, view_of(shapely.union_all([s for _, s in zones]), left, 0.10))
    for row, shape in sorted(zones, key=lambda item: -item[1].area):
        first = row["class"] == "zone_1"
        panel.area(shape, VERMILION if first else SKY, alpha=110 if first else 60)
    for n, at in enumerate(made.WELLS, 1):
        panel.dot(*_place(*at), INK, size=3)
        panel.label(*_place(*at), f"{n}号井", size=13, off=(0, -32 if n == 2 else 30))
    x, y = _place(*made.WELLS[2])
    panel.arrow((x, y), (x + 500 * 0.8, y + 500 * 0.6))
    panel.label(x + 240, y + 180, "500 m", size=14, anchor="rm", off=(-8, -8))
    panel.label(*_place(made.WELLS[1][0], 49.5287), "二级保护区：井群外包线向外 500 米", off=(0, 0))
    panel.label(*_place(made.WELLS[1][0], 49.5225), "一级保护区：各井 50 米", off=(0, 0))
    panel.scale_bar(200)
    panel.done()

    ((row, shape),) = list(_features(here, "合成敖包自然公园"))
    accuracy = float(row["accuracy_m"] or _layer_accuracy(here, "合成敖包自然公园"))
    ring = _flat(geodesic_buffer(shape, accuracy))
    panel = Panel(sheet, right, view_of(ring, right, 0.07))
    panel.area(ring, ORANGE, alpha=45, dashed=True)
    panel.area(_flat(shape), BLUE, alpha=60)
    x, y = _place(*made.PLACE)
    panel.dot(x, y, INK)
    radius = (800_000 / np.pi) ** 0.5
    panel.label(x + radius, y, "点位误差 500 米", anchor="lm", off=(10, 0))
    panel.label(x - radius, y, "80 公顷的圆", anchor="rm", off=(-10, 0))
    panel.arrow((x, y - radius), (x, y - radius - accuracy))
    panel.label(x, y - radius - accuracy / 2, f"精度 {accuracy:,.0f} m", anchor="lm", off=(10, 12))
    panel.label(x, y + radius + accuracy * 0.55, "圆内与此带内：边界不确定")
    panel.scale_bar(1000)
    panel.done()
    x = sheet.key((16, 550), VERMILION, "一级", "zone 1")
    x = sheet.key((x, 550), SKY, "二级（HJ 338 默认值）", "zone 2, defaults")
    x = sheet.key((x, 550), BLUE, "由面积推定的形状", "shape from the area")
    sheet.key((x, 550), ORANGE, "它的精度", "its accuracy")
    sheet.save(target)


# --- rivers --------------------------------------------------------------------------------------------------------


def _rivers(here: Path, target: Path) -> None:
    sheet = Sheet(WIDE, 590, "选址甲沿河往下：下游最近断面", "Down the river from site 甲: the next section")
    box = (16, 50, 1104, 530)
    lines = {name: _flat(shapely.LineString(xy)) for name, xy in (("合成河", made.MAIN), ("合成支河", made.BRANCH))}
    panel = Panel(sheet, box, view_of(shapely.union_all(list(lines.values())), box, 0.05))
    panel.area(_flat(city_outline()), GREY, alpha=22, width=1.5)
    sections = {row["name"]: shape for row, shape in _features(here, "监测断面") if shape is not None}
    down = _downstream(lines, _flat(_site(here, "选址甲")), sections["合成断面二"])
    for line in lines.values():
        panel.line(line, SKY, width=2.5)
    panel.line(down, BLUE, width=5)
    for _, shape in _features(here, "水源地"):
        panel.area(_flat(shape), ORANGE, alpha=120)
    panel.label(*_place(*made.WELLS[1]), "水源地", off=(0, 26))
    site = _site(here, "选址甲")
    panel.area(_flat(site), SITE, alpha=200, width=4)
    panel.label(*_place(117.605, 49.55), "选址甲", off=(44, -6))
    for name, shape in sections.items():
        x, y = _place(shape.x, shape.y)
        missed = name == "合成断面二"
        panel.dot(x, y, VERMILION if missed else GREEN, size=7)
        panel.label(x, y, name, off=(0, -40))
        panel.label(x, y, "目标 Ⅲ，现状 Ⅳ：未达" if missed else "目标 Ⅲ，现状 Ⅲ", size=13, off=(0, -20))
    panel.label(*_place(117.672, 49.5155), f"沿河 {_along(here):.1f} km", colour=BLUE, off=(10, 30))
    panel.label(*_place(*made.MAIN[52]), "合成河", colour=BLUE, size=14, off=(0, 22))
    panel.label(*_place(*made.BRANCH[20]), "合成支河", colour=BLUE, size=14, anchor="rm", off=(-10, -4))
    panel.label(*_place(*made.MAIN[-1]), "河口", size=14, off=(0, -18))
    panel.scale_bar(5000)
    panel.done()
    x = sheet.key((16, 562), SKY, "河流（合成）", "made-up rivers", style="line")
    x = sheet.key((x, 562), BLUE, "从选址到断面", "from the site to the section", style="line")
    x = sheet.key((x, 562), GREEN, "达标断面", "meets its target", style="dot")
    x = sheet.key((x, 562), VERMILION, "未达标断面", "misses it", style="dot")
    sheet.key((x, 562), ORANGE, "水源保护区", "water source")
    sheet.save(target)


def _along(here: Path) -> float:
    """Kilometres along the river that the program says."""
    from docs.figures.tutorial_run import run

    run("sanxian rivers 选址甲.csv --workspace 工作区 --json 河流.json")
    found = json.loads((here / "河流.json").read_text("utf-8"))
    return float(found["reaches"][0]["next_section"]["items"][0]["shortest_m"]) / 1000


def _downstream(lines: dict[str, Any], site: Any, section: Any) -> Any:
    """The stretch from the site to a section: down the branch, then down the main river."""
    from shapely.ops import substring

    main, branch = lines["合成河"], lines["合成支河"]
    inside = shapely.intersection(branch, site)
    start = max(branch.project(shapely.Point(xy)) for xy in shapely.get_coordinates(inside))
    joined = main.project(shapely.Point(shapely.get_coordinates(branch)[-1]))
    first = shapely.get_coordinates(substring(branch, start, branch.length))
    second = shapely.get_coordinates(substring(main, joined, main.project(_flat(section))))
    return shapely.LineString(np.vstack([first, second[1:]]))


# --- the map -------------------------------------------------------------------------------------------------------


def _map(page: Path, target: Path) -> bool:
    """Photograph a map; False where there is no Chromium."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        return False
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        window = browser.new_page(viewport={"width": 1180, "height": 720}, offline=True)
        window.goto(page.resolve().as_uri())
        window.wait_for_timeout(2500)
        window.screenshot(path=target)
        browser.close()
    return True
