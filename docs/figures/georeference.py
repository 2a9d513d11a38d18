"""
``python -m docs.figures.georeference FOLDER``: the files that the tutorial of georeferencing works with.

A scanned page, its control points and legends, a notice, wells, a gazetteer, rivers with sections, sites, and what the
official vectors might look like. All of it is made up and says so; it lies inside the real outline of 满洲里.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from apps.demo.content import demo_layers
from docs.figures.tutorial_page import BAD_POINT, WRONG_MINUTES, Scan, city_outline, scan

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["BRANCH", "MAIN", "PLACE", "SITES", "WELLS", "main", "write_files"]

NOTE = "合成示例，不代表真实管控边界"

COLOURS = {"red": "#d37669", "green": "#a3c888", "violet": "#bdafc6", "yellow": "#f4e4a0", "paper": "#f8f5e8"}
"""As ``sanxian georeference map`` lists them for the page."""
INKS = ("#2a2824",)

CORE = (("117°35′24″", "49°32′40″"), ("117°37′05″", "49°32′36″"), ("117°37′20″", "49°33′18″"),
        ("117°36′30″", "49°33′40″"), ("117°35′18″", "49°33′25″"))  # fmt: skip
WHOLE = (("117°34′40″", "49°32′10″"), ("117°36′20″", "49°32′02″"), ("117°38′10″", "49°32′20″"),
         ("117°38′05″", "49°33′40″"), ("117°36′40″", "49°34′05″"), ("117°34′35″", "49°33′50″"))  # fmt: skip
WELLS = ((117.5210, 49.5255), (117.5226, 49.5259), (117.5241, 49.5251))
PLACE = (117.405, 49.548)
SITES: dict[str, tuple[tuple[float, float], float, float]] = {
    "选址甲": ((117.6050, 49.5500), 320.0, 220.0),
    "选址乙": ((117.3629, 49.5740), 260.0, 200.0),
    "选址丙": ((117.7650, 49.4500), 300.0, 240.0),
    "选址丁": ((117.5800, 49.4800), 300.0, 240.0),
    "选址戊": ((117.6600, 49.5545), 240.0, 200.0),
}
"""Middle, width and height in metres of each site."""


def _river(points: Sequence[tuple[float, float]], *, wave: float) -> list[tuple[float, float]]:
    """A course that winds about a chain of places, 7 decimals."""
    line = shapely.LineString(points)
    found = []
    for i in range(121):
        part = i / 120
        at = line.interpolate(part, normalized=True)
        off = wave * math.sin(math.pi * part) * (math.sin(23 * part) + 0.5 * math.sin(51 * part + 1))
        found.append((round(at.x, 7), round(at.y + off, 7)))
    return found


MAIN = _river([(117.37, 49.528), (117.50, 49.524), (117.64, 49.512), (117.74, 49.522), (117.855, 49.478)], wave=0.0028)
BRANCH = [*_river([(117.585, 49.578), (117.602, 49.551), (117.630, 49.535), MAIN[66]], wave=0.0016)[:-1], MAIN[66]]


def main(folder: str) -> None:
    """Write the files."""
    for path in write_files(Path(folder)):
        sys.stdout.write(f"{path}\n")


def write_files(folder: Path) -> list[Path]:
    """
    The files in a folder.

    Parameters
    ----------
    folder
        Made where it is not there.

    Returns
    -------
    paths
        Of the files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    page = scan()
    (folder / "管控单元图.jpg").write_bytes(page.jpeg)
    texts = {
        "控制点.csv": _points(page, wrong=True),
        "控制点_已改.csv": _points(page, wrong=False),
        "图例_管控单元.toml": _legend(page, units=True),
        "图例_红线.toml": _legend(page, units=False),
        "公告.txt": _notice(),
        "井位.csv": "名称,经度,纬度\n" + "".join(f"{n}号井,{x:.5f},{y:.5f}\n" for n, (x, y) in enumerate(WELLS, 1)),
        "地名库.toml": _gazetteer(),
        "河流.geojson": _rivers(),
        "断面.csv": _SECTIONS,
        "管控单元_正式.geojson": _official(),
        **{f"{name}.csv": _site(*given) for name, given in SITES.items()},
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return [folder / name for name in ("管控单元图.jpg", *texts)]


def _points(page: Scan, *, wrong: bool) -> str:
    lines = ["# 坐标系: EPSG:4490", "点号,像素列,像素行,经度,纬度"]
    for name, column, row, lon, lat in page.points:
        east = lon + WRONG_MINUTES / 60 if wrong and name == BAD_POINT else lon
        lines.append(f"{name},{column},{row},{_dms(east)},{_dms(lat)}")
    return "\n".join(lines) + "\n"


def _dms(degrees: float) -> str:
    seconds = round(degrees * 3600)
    return f"{seconds // 3600}°{seconds % 3600 // 60:02d}′{seconds % 60:02d}″"


def _legend(page: Scan, *, units: bool) -> str:
    """A legend as a reader writes it, from the colours that the program lists."""
    green, violet, yellow, red = (COLOURS[k] for k in ("green", "violet", "yellow", "red"))
    ground = [COLOURS["paper"]] if units else [COLOURS["paper"], green, violet, yellow]
    head = [
        f"# {NOTE}",
        f"background = {json.dumps(ground)}",
        f"lines = {json.dumps(list(INKS))}",
        f"frame = {json.dumps([list(p) for p in page.frame])}",
        f"exclude = [{json.dumps([list(p) for p in page.legend_box])}]",
    ]
    kinds = [("生态保护红线", [red], "红线类型", "合成类型")]
    if units:
        kinds = [
            ("优先保护单元（红线部分）", [red], "管控单元分类", "优先保护单元"),
            ("优先保护单元", [green], "管控单元分类", "优先保护单元"),
            ("重点管控单元", [violet], "管控单元分类", "重点管控单元"),
            ("一般管控单元", [yellow], "管控单元分类", "一般管控单元"),
        ]
    for name, colours, column, value in kinds:
        head += ["", "[[class]]", f'name = "{name}"', f"colours = {json.dumps(colours)}", f'"{column}" = "{value}"']
    return "\n".join(head) + "\n"


def _notice() -> str:
    def ring(letter: str, corners: tuple[tuple[str, str], ...]) -> str:
        return "、".join(f"{letter}{n}（东经{x}，北纬{y}）" for n, (x, y) in enumerate(corners, 1)) + "，依次连线。"

    return "\n".join(
        [
            f"满洲里市自然保护地范围公告（{NOTE}）",
            "本公告所列为全市全部自然保护地。坐标采用2000国家大地坐标系。",
            "自治区人民政府批准设立合成湿地自然保护区。自治区人民政府批准设立合成草原自然公园。",
            "一、合成湿地自然保护区",
            "（一）核心保护区面积375.2公顷，拐点坐标：" + ring("H", CORE),
            "（二）一般控制区，外圈拐点：" + ring("J", WHOLE),
            "扣除范围拐点：" + ring("H", CORE),
            "二、合成草原自然公园",
            "位于东经117°44′—117°48′，北纬49°26′—49°28′之间，总面积600公顷。",
            "",
        ]
    )


def _gazetteer() -> str:
    return "\n".join(
        [
            f"# {NOTE}",
            "[[place]]",
            'name = "合成敖包自然公园"',
            f"point = {{ lon = {PLACE[0]}, lat = {PLACE[1]} }}",
            "accuracy_m = 500",
            'area = "80公顷"',
            'status = "unconfirmed"',
            "[[place.source]]",
            'title = "教程编写者的话，合成示例"',
            'address = "user"',
            'retrieved = "2026-11-22"',
            f'says = "点位 {PLACE[0]}，{PLACE[1]}，误差 500 米；80 公顷"',
            "",
        ]
    )


_SECTIONS = """\
断面名称,河流,距河口(km),断面级别,水质目标,水质类别
合成断面一,合成河,30,国控,Ⅲ类,Ⅲ类
合成断面二,合成河,9.5,国控,Ⅲ类,Ⅳ类
合成断面三,合成河,,市控,Ⅲ类,
"""


def _rivers() -> str:
    lines = [("合成河", MAIN), ("合成支河", BRANCH)]
    features = [_feature(shapely.LineString(xy), {"河流名称": name, "流向": "正向"}) for name, xy in lines]
    ends = [(MAIN[0], "源头"), (BRANCH[0], "源头"), (MAIN[-1], "河口")]
    features += [_feature(shapely.Point(at), {"端点": word}) for at, word in ends]
    return _collection(features)


def _official() -> str:
    """The units with their codes, as an authority might hand them over."""
    units = next(layer for layer in demo_layers(city_outline()) if layer.kind == "control_units")
    kept = ("环境管控单元编码", "环境管控单元名称", "管控单元分类", "备注")
    return _collection([_feature(shape, {key: row[key] for key in kept}) for shape, row in units.features])


def _feature(shape: Any, row: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "properties": row, "geometry": shapely.geometry.mapping(shape)}


def _collection(features: list[dict[str, Any]]) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False) + "\n"


def _site(middle: tuple[float, float], width_m: float, height_m: float) -> str:
    east, north = width_m / 2 / 72_300, height_m / 2 / 111_200
    corners = [(-east, -north), (east, -north), (east, north), (-east, north)]
    lines = [f"J{n},{middle[0] + x:.6f},{middle[1] + y:.6f}" for n, (x, y) in enumerate(corners, 1)]
    return "\n".join(["点号,经度,纬度", *lines]) + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("python -m docs.figures.georeference FOLDER")
    main(sys.argv[1])
