"""
``python -m docs.figures.signing FOLDER``: the files that the tutorial of signing works with.

A gas pipeline of a made-up project in two alternatives, each with a station and a working site; its route and the
working site alone; an envelope; the red lines as they might be published later; a script that flips a bit. All of
it is made up and says so; it lies inside the real outline of 满洲里.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from apps.demo.content import demo_layers
from docs.figures.tutorial_page import city_outline

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FIRST", "SECOND", "main", "write_files"]

Place = tuple[float, float]

_NORTH = ((117.5290, 49.5480), (117.5480, 49.5390), (117.5760, 49.5330), (117.5960, 49.5270))
_BORE = ((117.6085, 49.5208), (117.6100, 49.5100))
_SOUTH = ((117.6235, 49.4985), (117.6480, 49.4900), (117.6660, 49.4868))
_EAST = (117.6225, 49.5225)
FIRST: tuple[Place, ...] = (*_NORTH, *_BORE, *_SOUTH)
"""The route under the river."""
SECOND: tuple[Place, ...] = (*_NORTH, _EAST, *_SOUTH)
"""The route around it."""
_STATION: Place = (117.6668, 49.4866)
_WORKING_SITES: tuple[Place, Place] = ((117.6080, 49.5167), (117.6240, 49.5200))

_ENVELOPE = """\
operator = "张三（合成）"
unit = "合成环境科学研究院"
time = 2026-11-22T10:00:00+08:00

[[layer]]
name = "合成生态保护红线"
supplier = "合成自然资源局"
document = "合成函〔2026〕1号"

[[office]]
name = "合成生态环境局"
reply = "尚未答复"
"""
_FLIP = """\
import sys
from pathlib import Path

(path,) = Path().glob(sys.argv[1])
data, word = bytearray(path.read_bytes()), sys.argv[2].encode()
data[data.index(word) + len(word) - 1] ^= 1
path.write_bytes(data)
"""


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
    first, second = (_parcel("定向钻入土场地", "临时占地", "地面", at, (80, 60)) for at in _WORKING_SITES)
    station = _parcel("合成末站", "永久占地", "地面", _STATION, (120, 90))
    texts = {
        "方案一.geojson": _collection(
            [
                _route("管道北段", "直埋", (*_NORTH, _BORE[0])),
                _route("穿河段", "定向钻", _BORE),
                _route("管道南段", "直埋", (_BORE[1], *_SOUTH)),
                station,
                first,
            ]
        ),
        "方案二.geojson": _collection([_route("管道", "直埋", SECOND), station, second | {"properties": _camp()}]),
        "线路.geojson": _collection([_route("管道", "直埋", FIRST)]),
        "场地.geojson": _collection([first]),
        "红线_新.geojson": _red_lines(),
        "信封.toml": _ENVELOPE,
        "翻一位.py": _FLIP,
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return [folder / name for name in texts]


def _camp() -> dict[str, str]:
    return {"名称": "施工营地", "占地性质": "临时占地", "敷设方式": "地面", "备注": "合成示例"}


def _route(name: str, mode: str, places: Sequence[Place]) -> dict[str, Any]:
    row = {"名称": name, "占地性质": "永久", "敷设方式": mode, "备注": "合成示例"}
    return _feature(shapely.LineString(places), row)


def _parcel(name: str, use: str, mode: str, middle: Place, size_m: Place) -> dict[str, Any]:
    east, north = size_m[0] / 2 / 72_300, size_m[1] / 2 / 111_200
    corners = [(-east, -north), (east, -north), (east, north), (-east, north)]
    shape = shapely.Polygon([(round(middle[0] + x, 6), round(middle[1] + y, 6)) for x, y in corners])
    return _feature(shape, {"名称": name, "占地性质": use, "敷设方式": mode, "备注": "合成示例"})


def _red_lines() -> str:
    """The red lines of the demo; the one at the river reaches 720 m further east, and there is a new one far off."""
    (layer,) = (layer for layer in demo_layers(city_outline()) if layer.kind == "red_lines")
    features = []
    for shape, row in layer.features:
        taken = shape
        if row["红线编码"] == "HC-HX-03":
            east = shapely.box(117.614, 49.5133, 117.625, 49.5167)
            taken = shapely.union(shape, east, grid_size=1e-7)
        features.append(_feature(taken, row))
    new = {
        "红线编码": "HC-HX-04",
        "红线名称": "合成草原红线丁",
        "红线类型": "合成类型",
        "备注": features[0]["properties"]["备注"],
    }
    features.append(_feature(shapely.box(117.40, 49.53, 117.42, 49.54), new))
    return _collection(features)


def _feature(shape: Any, row: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "properties": row, "geometry": shapely.geometry.mapping(shape)}


def _collection(features: list[dict[str, Any]]) -> str:
    """GeoJSON that names its system, a feature a line."""
    crs = '{"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}'
    rows = ",\n".join(json.dumps(feature, ensure_ascii=False) for feature in features)
    return f'{{"type": "FeatureCollection", "crs": {crs}, "features": [\n{rows}\n]}}\n'


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("python -m docs.figures.signing FOLDER")
    main(sys.argv[1])
