"""KML and GPX: longitude and latitude of WGS 84 for globes, phones and hand-held receivers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

import shapely

from spatial.errors import NotWritableError
from spatial.writing.columns import visible
from spatial.writing.geometry import reprojected
from spatial.writing.model import Note, WrittenFiles, grouped
from spatial.writing.staging import staging

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapely.geometry.base import BaseGeometry

    from spatial.writing.model import Table, Value

__all__ = ["GPX_FIELDS", "write_gpx", "write_kml"]

GPX_FIELDS = ("name", "cmt", "desc", "type")
"""Elements a waypoint or track has for texts, in the order of the schema."""

_NAMES = ("名称", "地块名称", "项目名称", "dkmc", "xmmc", "点号")
_WGS84 = 4326


def write_kml(path: str | Path, tables: Sequence[Table], *, about: str = "") -> WrittenFiles:
    """
    Write tables as folders of one KML.

    Parameters
    ----------
    path
        ``F.kml``.
    tables
        One folder each; EPSG:4490, EPSG:4326 or a CGCS2000 projection, which is turned into degrees. Values are
        written as text; nulls are left out.
    about
        Description of the whole document; none if empty.

    Returns
    -------
    written
        The file, and notes on texts that XML cannot hold.

    Raises
    ------
    NotWritableError
        If the CRS is of another datum, or a coordinate is not finite.

    Examples
    --------
    >>> import tempfile
    >>> from spatial.writing import Table
    >>> table = Table(name="t", fields=(), rows=((),), geometries=(shapely.Point(120, 49),), crs=4326)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_kml(Path(folder) / "t.kml", [table]).paths[0]
    ...     "<coordinates>120.0,49.0</coordinates>" in path.read_text("utf-8")
    True
    """
    path = Path(path)
    notes: list[Note] = []
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<kml xmlns="http://www.opengis.net/kml/2.2">',
        f"<Document><name>{_text(path.stem)}</name>",
        *([f"<description>{_text(about)}</description>"] if about else []),
    ]
    for given in tables:
        table = reprojected(given, _WGS84)
        lines.append(f"<Folder><name>{_text(table.name)}</name>")
        names = [field.name for field in table.fields]
        for number, row in enumerate(table.rows, start=1):
            geometry = None if table.geometries is None else table.geometries[number - 1]
            values = _values(names, row, number=number, file=path.name, notes=notes)
            name = values.pop("name", None) or next((values[n] for n in values if n.casefold() in _NAMES), None)
            description = values.pop("description", None)
            lines.append("<Placemark>")
            if name is not None:
                lines.append(f"<name>{_text(name)}</name>")
            if description is not None:
                lines.append(f"<description>{_text(description)}</description>")
            if values:
                data = "".join(
                    f"<Data name={_quoted(key)}><value>{_text(value)}</value></Data>" for key, value in values.items()
                )
                lines.append(f"<ExtendedData>{data}</ExtendedData>")
            if geometry is not None and not geometry.is_empty:
                lines.append(_shape(_checked(geometry, file=path.name, row=number)))
            lines.append("</Placemark>")
        lines.append("</Folder>")
    lines.append("</Document></kml>\n")
    return _written(path, lines, notes)


def write_gpx(path: str | Path, tables: Sequence[Table]) -> WrittenFiles:
    """
    Write points as waypoints and lines as tracks of a GPX.

    Parameters
    ----------
    path
        ``F.gpx``.
    tables
        Points and lines in EPSG:4490, EPSG:4326 or a CGCS2000 projection. A multi-point becomes several waypoints, the
        lines of a multi-line segments of one track.

    Returns
    -------
    written
        The file, and notes: columns other than ``GPX_FIELDS`` (``名称`` counts as ``name``) are left out.

    Raises
    ------
    NotWritableError
        If there are polygons, which the format does not have.
    """
    path = Path(path)
    notes: list[Note] = []
    points: list[str] = []
    tracks: list[str] = []
    left: dict[str, None] = {}
    for given in tables:
        table = reprojected(given, _WGS84)
        columns = _gpx_columns([field.name for field in table.fields])
        left.update(dict.fromkeys(f.name for at, f in enumerate(table.fields) if at not in columns.values()))
        for number, row in enumerate(table.rows, start=1):
            geometry = None if table.geometries is None else table.geometries[number - 1]
            if geometry is None or geometry.is_empty:
                continue
            values = _values(
                list(columns), [row[at] for at in columns.values()], number=number, file=path.name, notes=notes
            )
            inner = "".join(f"<{key}>{_text(values[key])}</{key}>" for key in GPX_FIELDS if key in values)
            lines = []
            leaves = list(_leaves(_checked(geometry, file=path.name, row=number)))
            for leaf in leaves:
                if leaf.geom_type == "Point":
                    points.append(f"<wpt {_place(leaf)}>{inner}</wpt>")
                elif leaf.geom_type in {"LineString", "LinearRing"}:
                    lines.append("".join(f"<trkpt {_place(shapely.Point(xy))}/>" for xy in leaf.coords))
                else:
                    raise NotWritableError(
                        file=path.name,
                        code="geometry_kind",
                        row=number,
                        detail=f"GPX holds points and lines, and this is a {leaf.geom_type}",
                        remedy="Write KML, which holds polygons, or give the boundary as a line",
                    )
            if lines:
                tracks.append(f"<trk>{inner}{''.join(f'<trkseg>{line}</trkseg>' for line in lines)}</trk>")
            if len(leaves) - max(len(lines) - 1, 0) > 1:
                zh, en = "各点分写为航点，属性重复", "its points became waypoints, each with the same attributes"
                notes.append(Note(code="geometry_split", file=path.name, rows=(number,), zh=zh, en=en))
    if left:
        zh, en = f"格式没有位置，未写：{'、'.join(left)}", f"the format has no place for: {', '.join(left)}"
        notes.append(Note(code="attributes_dropped", file=path.name, zh=zh, en=en))
    head = ['<?xml version="1.0" encoding="UTF-8"?>', '<gpx version="1.1" creator="sanxian" ']
    head[-1] += 'xmlns="http://www.topografix.com/GPX/1/1">'
    return _written(path, [*head, *points, *tracks, "</gpx>\n"], notes)


def _gpx_columns(names: list[str]) -> dict[str, int]:
    """Element -> column."""
    at = {name: number for number, name in enumerate(names)}
    found = {key: at[key] for key in GPX_FIELDS if key in at}
    if "name" not in found:
        number = next((at[name] for name in names if name.casefold() in _NAMES), None)
        if number is not None:
            found["name"] = number
    return found


def _values(names: Sequence[str], row: Sequence[Value], *, number: int, file: str, notes: list[Note]) -> dict[str, str]:
    """The values that are not null, as text that XML can hold."""
    found: dict[str, str] = {}
    for name, value in zip(names, row, strict=True):
        if value is None:
            continue
        text = visible(str(value))
        if text != str(value):
            zh, en = "控制字符或孤立代理码写为 U+FFFD", "a control character or half a character is written as U+FFFD"
            notes.append(Note(code="character_marked", file=file, field=name, rows=(number,), zh=zh, en=en))
        found[visible(name)] = text
    return found


def _written(path: Path, lines: list[str], notes: list[Note]) -> WrittenFiles:
    with staging(path) as stage:
        (stage.folder / path.name).write_bytes("\n".join(lines).encode("utf-8"))
        return WrittenFiles(paths=stage.commit([path.name], asked=[path.name]), notes=grouped(notes))


def _text(text: str) -> str:
    return escape(visible(text), {"\r": "&#13;"})


def _quoted(text: str) -> str:
    return quoteattr(visible(text))


def _checked(geometry: BaseGeometry, *, file: str, row: int) -> BaseGeometry:
    """Two-dimensional, outer rings anticlockwise as KML wants them, every part with coordinates on the Earth."""
    flat: BaseGeometry = shapely.orient_polygons(shapely.force_2d(geometry), exterior_cw=False)
    west, south, east, north = shapely.bounds(flat)
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise NotWritableError(
            file=file,
            code="coordinate",
            row=row,
            detail="a coordinate is no longitude or latitude",
            remedy="Check the CRS of the source",
        )
    return flat


def _leaves(geometry: BaseGeometry) -> Iterator[BaseGeometry]:
    for part in getattr(geometry, "geoms", ()):
        yield from _leaves(part)
    if not hasattr(geometry, "geoms") and not geometry.is_empty:
        yield geometry


def _place(point: BaseGeometry) -> str:
    ((x, y),) = shapely.get_coordinates(point).tolist()
    return f'lat="{y!r}" lon="{x!r}"'


def _shape(geometry: Any) -> str:
    kind = geometry.geom_type
    if kind == "Polygon":
        holes = "".join(
            f"<innerBoundaryIs><LinearRing>{_line(ring)}</LinearRing></innerBoundaryIs>" for ring in geometry.interiors
        )
        outer = f"<outerBoundaryIs><LinearRing>{_line(geometry.exterior)}</LinearRing></outerBoundaryIs>"
        return f"<Polygon>{outer}{holes}</Polygon>"
    if kind in {"Point", "LineString", "LinearRing"}:
        return f"<{kind}>{_line(geometry)}</{kind}>"
    parts = [_shape(part) for part in shapely.get_parts(geometry) if not part.is_empty]
    return f"<MultiGeometry>{''.join(parts)}</MultiGeometry>"


def _line(geometry: BaseGeometry) -> str:
    text = " ".join(f"{x!r},{y!r}" for x, y in shapely.get_coordinates(geometry).tolist())
    return f"<coordinates>{text}</coordinates>"
