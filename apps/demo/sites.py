"""The sample sites of the demo, each written in another format, as the people who send them write them."""

from __future__ import annotations

import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from xml.sax.saxutils import escape

import shapely

from spatial.writing import Field, Table, reprojected, write_geojson, write_geopackage, write_shapefile

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

__all__ = ["SHOWN", "SITES", "SampleSite", "write_sites"]

Format = Literal["geojson", "shapefile", "kml", "geopackage", "csv_ring", "csv_points", "typed"]
_CRS = 4490
_ZONE = 4527  # CGCS2000, 3 degree zone 39 with prefix
_METRE_LON = 1 / 72_300


@dataclass(frozen=True, kw_only=True)
class SampleSite:
    """
    One sample.

    ``argument`` is what stands after ``sanxian check``: a file name inside ``sites/``, or coordinates; ``result`` the
    stem of its file in ``results/``; ``points`` names the single places of a table of points.
    """

    argument: str
    result: str
    format: Format
    geometry: BaseGeometry
    name: str
    use: str
    points: tuple[str, ...] = ()


SITES: tuple[SampleSite, ...] = (
    SampleSite(
        argument="合成风电场.geojson",
        result="合成风电场",
        format="geojson",
        name="合成风电场一期",
        use="风力发电",
        geometry=shapely.Polygon(
            [(117.7320, 49.4020), (117.7660, 49.4075), (117.7790, 49.4270), (117.7520, 49.4400), (117.7270, 49.4290)]
        ),
    ),
    SampleSite(
        argument="合成物流园区.zip",
        result="合成物流园区",
        format="shapefile",
        name="合成物流园区",
        use="仓储用地",
        geometry=shapely.Polygon([(117.690, 49.478), (117.704, 49.478), (117.704, 49.487), (117.690, 49.487)]),
    ),
    SampleSite(
        argument="合成输电线路.kml",
        result="合成输电线路",
        format="kml",
        name="合成输电线路",
        use="输电线路",
        geometry=shapely.LineString(
            [
                (117.470, 49.560),
                (117.540, 49.535),
                (117.572, 49.495),
                (117.610, 49.445),
                (117.690, 49.385),
                (117.708, 49.350),
            ]
        ),
    ),
    SampleSite(
        argument="合成光伏电站.gpkg",
        result="合成光伏电站",
        format="geopackage",
        name="合成光伏电站",
        use="光伏发电",
        # 12 m off the straight edge of a priority unit whose accuracy nobody states: 25 m
        geometry=shapely.box(round(117.36 + 12 * _METRE_LON, 7), 49.560, 117.372, 49.568),
    ),
    SampleSite(
        argument="合成采石场.csv",
        result="合成采石场",
        format="csv_ring",
        name="合成采石场",
        use="采矿用地",
        geometry=shapely.Polygon([(117.9300, 49.4700), (117.9420, 49.4712), (117.9431, 49.4791), (117.9309, 49.4785)]),
    ),
    SampleSite(
        argument="合成风机点位.csv",
        result="合成风机点位",
        format="csv_points",
        name="合成风机点位",
        use="风力发电",
        geometry=shapely.MultiPoint([(117.530, 49.476), (117.552, 49.458), (117.565, 49.450)]),
        points=("合成1号风机", "合成2号风机", "合成3号风机"),
    ),
    SampleSite(
        argument="117.45,49.58",
        result="坐标_117.45_49.58",
        format="typed",
        name="117.45,49.58",
        use="",
        geometry=shapely.Point(117.45, 49.58),
    ),
)
"""In the order in which they are checked; the first is the one on the map."""
SHOWN = SITES[0]


def _corners(site: SampleSite) -> list[tuple[float, ...]]:
    """The corners of a parcel, the first again at the end."""
    return [tuple(xy) for xy in shapely.get_coordinates(site.geometry)]


def write_sites(folder: Path) -> None:
    """Write the samples that are files into a folder that is there."""
    for site in SITES:
        path = folder / site.argument
        if site.format == "geojson":
            write_geojson(path, _table(site))
        elif site.format == "geopackage":
            write_geopackage(path, [_table(site)], {"title": site.name})
        elif site.format == "shapefile":
            _write_zip(path, site)
        elif site.format == "kml":
            path.write_text(_kml(site), encoding="utf-8", newline="\n")
        elif site.format == "csv_ring":
            rows = [f"J{n},{x:.6f},{y:.6f}" for n, (x, y) in enumerate(_corners(site), start=1)]
            _write_csv(path, ["点号,经度,纬度", *rows[:-1]])
        elif site.format == "csv_points":
            places = zip(site.points, shapely.get_parts(site.geometry), strict=True)
            _write_csv(path, ["名称,经度,纬度", *(f"{name},{p.x:.6f},{p.y:.6f}" for name, p in places)])


def _table(site: SampleSite) -> Table:
    fields = (
        Field(name="XMMC", long_name_zh="项目名称", long_name_en="project", width=120),
        Field(name="YT", long_name_zh="用途", long_name_en="use", width=60),
        Field(name="BZ", long_name_zh="备注", long_name_en="remark", width=120),
    )
    rows = ((site.name, site.use, "合成示例"),)
    return Table(name="site", fields=fields, rows=rows, geometries=(site.geometry,), crs=_CRS)


def _write_zip(path: Path, site: SampleSite) -> None:
    """A zipped shapefile in a projection, as surveyors send it."""
    with tempfile.TemporaryDirectory(prefix="sanxian-") as folder:
        written = write_shapefile(Path(folder) / f"{path.stem}.shp", reprojected(_table(site), _ZONE))
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in written.paths:
                member = zipfile.ZipInfo(part.name, date_time=(1980, 1, 1, 0, 0, 0))
                member.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(member, part.read_bytes())


def _kml(site: SampleSite) -> str:
    route = " ".join(f"{x:.6f},{y:.6f}" for x, y in site.geometry.coords)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<kml xmlns="http://www.opengis.net/kml/2.2">\n<Document>\n<Placemark>\n'
        f"<name>{escape(site.name)}</name>\n<description>{escape(site.use)}（合成示例）</description>\n"
        f"<LineString>\n<coordinates>{route}</coordinates>\n</LineString>\n"
        "</Placemark>\n</Document>\n</kml>\n"
    )


def _write_csv(path: Path, lines: list[str]) -> None:
    # with a byte order mark, without which Excel takes UTF-8 for GBK
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode("utf-8-sig"))
