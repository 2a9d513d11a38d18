"""The ministry's survey text (勘测定界界址点坐标交换格式, 部标 TXT), as land offices load it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely

from spatial.coordinates import zone_of_easting
from spatial.errors import NotWritableError
from spatial.systems import gauss_kruger, identify, zone3
from spatial.writing.model import Note, WrittenFiles, grouped
from spatial.writing.staging import staging
from spatial.writing.text import CODECS, encodable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from spatial.systems import CoordinateSystem
    from spatial.writing.model import Table, Value
    from spatial.writing.text import Encoding

__all__ = ["FIELDS", "SurveyHeader", "survey_text", "write_survey_text"]

FIELDS: dict[str, tuple[str, ...]] = {
    "地块编号": ("地块编号", "DKBH", "地块号", "宗地编号"),
    "地块名称": ("地块名称", "DKMC", "地块名", "项目名称", "XMMC", "名称", "name"),
    "图幅号": ("图幅号", "TFH"),
    "地块用途": ("地块用途", "DKYT", "用途"),
    "地类编码": ("地类编码", "DLBM"),
}
"""The texts of a parcel line that are taken from a table, and the columns each is looked for in, in order."""

_MEASURED = {"界址点数", "地块面积", "图形属性", "declared_area_m2"}
_DECIMALS = (3, 4, 6, 9)  # 1 mm, and finer only where a parcel would not survive it
_SYSTEMS = {"cgcs2000": "2000国家大地坐标系", "xian80": "1980西安坐标系", "beijing54": "1954北京坐标系"}
# commas and @ are the format's own signs; readers fold full-width ones, and 、, back to them
_TWINS = {",": "；", "，": "；", "、": "；", "@": "(at)", "＠": "(at)", "\r": " ", "\n": " "}


@dataclass(frozen=True, kw_only=True)
class SurveyHeader:
    """What the header says of the data's origin; nothing is taken from the clock."""

    office: str = ""
    dated: str = ""


def write_survey_text(
    path: str | Path, table: Table, *, encoding: Encoding = "UTF-8", header: SurveyHeader | None = None
) -> WrittenFiles:
    """
    Write polygons as survey text, one parcel a row.

    Parameters
    ----------
    path
        ``F.txt``.
    table
        Polygons in a Gauss-Krüger zone whose eastings carry the zone number. Texts of the parcel line are taken from
        the columns that ``FIELDS`` names; without a number, parcels are counted from 1.
    encoding
        ``UTF-8`` (without BOM) or ``GBK``.
    header
        Office and date of the data, left blank by default.

    Returns
    -------
    written
        The file, and notes: columns that the format has no place for, declared areas that gave way to measured ones,
        parcels outside their zone, more than 3 decimals.

    Raises
    ------
    NotWritableError
        If a row is no polygon, a polygon crosses itself, the CRS is no such zone, or a parcel lies so far out that
        its numbers would no longer show their zone.

    Examples
    --------
    >>> import tempfile
    >>> from spatial.writing import Table
    >>> parcel = (shapely.box(40500000, 5450000, 40500100, 5450100),)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = Table(name="t", fields=(), rows=((),), geometries=parcel, crs=4528)
    ...     path = write_survey_text(Path(folder) / "t.txt", table).paths[0]
    ...     print(*path.read_text("utf-8").splitlines()[11:], sep="; ")
    [地块坐标]; 5,1.0000,1,,面,,,,@; J1,1,5450100.000,40500000.000; J2,1,5450100.000,40500100.000; \
J3,1,5450000.000,40500100.000; J4,1,5450000.000,40500000.000; J1,1,5450100.000,40500000.000
    """
    path = Path(path)
    text, notes = survey_text(table, file=path.name, header=header or SurveyHeader())
    made = encodable(text, encoding)
    for what, by in made.replaced:
        zh, en = f"{encoding} 没有字符 {what}，写为 {by}", f"{encoding} has no {what}; written as {by}"
        notes = (*notes, Note(code="character_replaced", file=path.name, zh=zh, en=en))
    for what in made.marked:
        zh, en = f"{encoding} 没有字符 U+{ord(what):04X}", f"{encoding} has no U+{ord(what):04X}; it is marked"
        notes = (*notes, Note(code="character_marked", file=path.name, zh=zh, en=en))
    with staging(path) as stage:
        (stage.folder / path.name).write_bytes(made.text.encode(CODECS[encoding]))
        return WrittenFiles(paths=stage.commit([path.name], asked=[path.name]), notes=grouped(notes))


def survey_text(table: Table, *, file: str, header: SurveyHeader) -> tuple[str, tuple[Note, ...]]:
    """The text itself, lines ending in CRLF; all else as :func:`write_survey_text`."""
    zone = _zone(table, file=file)
    notes: list[Note] = []
    geometries = table.geometries or ()
    for number, geometry in enumerate(geometries, start=1):
        _require_polygon(geometry, file=file, row=number)
        _check_place(geometry, zone, file=file, row=number, notes=notes)
    rounded, decimals = _rounded(geometries, file=file)
    if decimals > _DECIMALS[0]:
        zh, en = f"坐标写到 {decimals} 位小数，以免丢失细小部分", f"{decimals} decimals, so that no small part is lost"
        notes.append(Note(code="more_decimals", file=file, zh=zh, en=en))
    lines = [
        "[属性描述]",
        "格式版本号=1.01版本",
        f"数据产生单位={_cell(header.office)}",
        f"数据产生日期={_cell(header.dated)}",
        f"坐标系={_SYSTEMS[zone.datum]}",
        f"几度分带={zone.zone_width}",
        "投影类型=高斯克吕格",
        "计量单位=米",
        f"带号={_number(zone)}",
        f"精度={10**-decimals:.{decimals}f}",
        "转换参数=0,0,0,0,0,0,0",
        "[地块坐标]",
    ]
    columns = {name: _column(table, known) for name, known in FIELDS.items()}
    for number, (row, shape) in enumerate(zip(table.rows, rounded, strict=True), start=1):
        texts = {name: "" if at is None else _value(row[at]) for name, at in columns.items()}
        cells = {name: _cell(text) for name, text in texts.items()}
        for name, text in texts.items():
            if cells[name] != text.strip():
                zh, en = (
                    "逗号、@ 与换行是格式本身的符号，已替换",
                    "commas, @ and line ends are signs of the format: replaced",
                )
                notes.append(Note(code="character_replaced", file=file, field=name, rows=(number,), zh=zh, en=en))
        lines += _parcel(shape, cells, number=number, decimals=decimals)
        _compare_area(table, row, shape, number=number, file=file, notes=notes)
    used = {at for at in columns.values() if at is not None}
    left = [f.name for at, f in enumerate(table.fields) if at not in used and f.name not in _MEASURED]
    if left:
        shown = "、".join(left)
        zh, en = f"格式没有位置，未写：{shown}", f"the format has no place for: {', '.join(left)}"
        notes.append(Note(code="attributes_dropped", file=file, zh=zh, en=en))
    return "\r\n".join(lines) + "\r\n", grouped(notes)


def _zone(table: Table, *, file: str) -> CoordinateSystem:
    system = identify(table.crs) if table.crs is not None else None
    if system is None or not system.has_zone_prefix or system.datum not in _SYSTEMS:
        name = "no CRS" if system is None else f"{system.code} ({system.name})"
        raise NotWritableError(
            file=file,
            code="no_zone",
            detail=f"survey text holds eastings with a zone number, and {name} is no such zone",
            remedy="Name a zone: EPSG:4513 to 4533 (3 degrees; 4528 is zone 40) or 4491 to 4501 (6 degrees)",
        )
    return system


def _number(zone: CoordinateSystem) -> int:
    assert zone.central_meridian is not None
    return round(zone.central_meridian / 3) if zone.zone_width == 3 else round((zone.central_meridian + 3) / 6)


def _require_polygon(geometry: BaseGeometry | None, *, file: str, row: int) -> None:
    kind = "nothing" if geometry is None else geometry.geom_type
    if geometry is None or kind not in {"Polygon", "MultiPolygon"} or geometry.is_empty:
        raise NotWritableError(
            file=file,
            code="geometry_kind",
            row=row,
            detail=f"survey text holds parcels, and this is {kind}",
            remedy="Leave lines and points to GeoPackage, shapefile or CSV, or read them as polygons",
        )
    if not np.isfinite(shapely.get_coordinates(geometry)).all():
        raise NotWritableError(
            file=file,
            code="coordinate",
            row=row,
            detail="a coordinate is not a finite number",
            remedy="Repair the geometry first",
        )
    if not shapely.is_valid(geometry):
        raise NotWritableError(
            file=file,
            code="crosses",
            row=row,
            detail=f"a ring crosses itself or another one ({shapely.is_valid_reason(geometry)})",
            remedy="Repair it first: readers of this format take what an odd number of rings encloses",
        )


def _check_place(
    geometry: BaseGeometry | None, zone: CoordinateSystem, *, file: str, row: int, notes: list[Note]
) -> None:
    """Warn where a parcel leaves the longitudes of its zone; refuse where its numbers would show no zone."""
    import pyproj

    west, south, east, north = shapely.bounds(geometry)
    projection = pyproj.Transformer.from_crs(zone.wkt, pyproj.CRS(zone.wkt).geodetic_crs, always_xy=True)
    lons, _ = projection.transform([west, west, east, east], [south, north, south, north])
    number = _number(zone)
    assert zone.central_meridian is not None
    assert zone.zone_width is not None
    half = zone.zone_width / 2
    low, high = zone.central_meridian - half, zone.central_meridian + half
    if any(zone_of_easting(easting) != number for easting in (west, east)):
        middle = (min(lons) + max(lons)) / 2
        better = zone3(middle) if np.isfinite(middle) else 0
        remedy = f"Write it in zone {better} (EPSG:{gauss_kruger(better)})" if 25 <= better <= 45 else "Check the CRS"
        raise NotWritableError(
            file=file,
            code="outside_zone",
            row=row,
            detail=f"eastings {west:.0f} to {east:.0f} are so far from the meridian of zone {number} that they no "
            "longer show it",
            remedy=remedy,
        )
    if min(lons) < low or max(lons) > high:
        zh = f"超出 {number} 带的经度范围 {low:g}°–{high:g}°，投影变形增大"
        en = f"outside the longitudes of zone {number}, {low:g} to {high:g} degrees: distortion grows"
        notes.append(Note(code="outside_zone", file=file, rows=(row,), zh=zh, en=en))


def _rounded(geometries: Sequence[BaseGeometry | None], *, file: str) -> tuple[NDArray[np.object_], int]:
    """Geometries with as many decimals as all of them need to stay what they are."""
    given = np.empty(len(geometries), dtype=object)
    given[:] = shapely.force_2d(np.array(geometries, dtype=object))
    for decimals in _DECIMALS:
        made = _at(given, decimals)
        bad = ~(shapely.is_valid(made) & (abs(shapely.area(made) - shapely.area(given)) <= 0.01 * shapely.area(given)))
        if not bad.any():
            return shapely.remove_repeated_points(made), decimals
    raise NotWritableError(
        file=file,
        code="too_small",
        row=int(np.argmax(bad)) + 1,
        detail=f"a parcel does not survive being written with {_DECIMALS[-1]} decimals",
        remedy="Write a GeoPackage",
    )


def _at(given: NDArray[np.object_], decimals: int) -> NDArray[np.object_]:
    def rounded(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.round(points, decimals)

    return shapely.transform(given, rounded)


def _parcel(shape: BaseGeometry, cells: dict[str, str], *, number: int, decimals: int) -> list[str]:
    lines: list[str] = []
    count = 0
    ring_number = 0
    for part in getattr(shape, "geoms", [shape]):
        for inner, ring in enumerate((part.exterior, *part.interiors)):
            ring_number += 1
            points = _from_north_west(shapely.get_coordinates(ring), clockwise=inner == 0)
            for at, (east, north) in enumerate(points):
                name = 1 if at == len(points) - 1 else at + 1
                lines.append(f"J{name},{ring_number},{north:.{decimals}f},{east:.{decimals}f}")
            count += len(points)
    first = [str(count), f"{shape.area / 1e4:.4f}", cells["地块编号"] or str(number), cells["地块名称"], "面"]
    return [",".join([*first, cells["图幅号"], cells["地块用途"], cells["地类编码"], "@"]), *lines]


def _from_north_west(points: NDArray[np.float64], *, clockwise: bool) -> NDArray[np.float64]:
    """The ring, closed, from the corner that is nearest to the north-west of its box."""
    ring = points[:-1]
    x, y = ring[:, 0] - ring[:, 0].min(), ring[:, 1] - ring[:, 1].min()
    doubled = float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))  # twice the area, positive anticlockwise
    if (doubled > 0) == clockwise:
        ring = ring[::-1]
        x, y = x[::-1], y[::-1]
    start = int(np.lexsort((x, x - y))[0])
    turned = np.roll(ring, -start, axis=0)
    return np.vstack([turned, turned[:1]])


def _column(table: Table, known: tuple[str, ...]) -> int | None:
    names = {field.name.casefold(): at for at, field in reversed(list(enumerate(table.fields)))}
    return next((names[name.casefold()] for name in known if name.casefold() in names), None)


def _value(value: Value) -> str:
    return "" if value is None else str(value)


def _cell(text: str) -> str:
    return "".join(_TWINS.get(character, character) for character in text).strip()


def _compare_area(
    table: Table, row: tuple[Value, ...], shape: BaseGeometry, *, number: int, file: str, notes: list[Note]
) -> None:
    at = _column(table, ("declared_area_m2",))
    declared = None if at is None else row[at]
    if isinstance(declared, int | float) and abs(declared - shape.area) > 0.5:
        zh = f"申报面积 {declared / 1e4:.4f} 公顷，写入量算面积 {shape.area / 1e4:.4f} 公顷"
        en = f"declared {declared / 1e4:.4f} hm2; the measured {shape.area / 1e4:.4f} hm2 is written"
        notes.append(Note(code="area_measured", file=file, rows=(number,), zh=zh, en=en))
