"""The files of one format in a room of their own, and the archive they are handed over in."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from maps.delivery.names import file_stem
from maps.phrases import clean
from spatial.conversion import FORMATS as CONVERSION
from spatial.writing.fgdc import metadata_xml
from spatial.writing.geometry import reprojected
from spatial.writing.model import Note, Table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from maps.delivery.formats import DeliveryFormat
    from maps.delivery.model import Delivery, Sheet
    from maps.style import StyleSheet
    from spatial.writing.text import Encoding

__all__ = ["Order", "Package", "data_files", "zipped"]

TILE_COLUMNS = (
    *("FEATURE_ID", "CODE", "NAME", "CLASS", "CLASS_T", "KIND", "LAYER", "IN_FORCE", "SJRQ", "LABEL", "XMMC"),
    *("ANSWER", "ANSWER_T", "RELATION", "CHECKTIME", "AS_OF", "MARK"),
)
"""Columns that tiles carry; every tile repeats them."""
_TOO_LONG = {"ATTRS"}
"""Columns that a DBF has no room for; they stand in the workbook."""
_CAD_DATA = ("FEATURE_ID", "CODE", "CLASS", "LAYER", "ANSWER")


@dataclass(frozen=True, kw_only=True)
class Order:
    """
    What is wanted in one format.

    Attributes
    ----------
    form
        The format.
    epsg
        Code of the CRS of its files: 4490 or a zone's; 0 where it has none.
    encoding
        Of text, where the format leaves a choice.
    language
        Of words the files are given.
    about
        One line: marks and what it is, for formats with a place for it.
    sheet
        Looks of styles; None takes the project's own.
    """

    form: DeliveryFormat
    epsg: int
    encoding: Encoding
    about: str
    style: StyleSheet | None = None


@dataclass(kw_only=True)
class Package:
    """
    What was written into a room: its files and what is to be said of them.

    Attributes
    ----------
    members
        Names, in the order in which they are packed; a folder stands for all that is in it.
    notes
        What was not written as it was.
    tables
        (file, table) as written, for the field dictionary.
    drawn
        (sheet, file as a style refers to it, stem of the styles), of what can be drawn.
    """

    members: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    tables: list[tuple[str, Table]] = field(default_factory=list)
    drawn: list[tuple[Sheet, str, str]] = field(default_factory=list)


def placed(sheet: Sheet, epsg: int) -> Table:
    """The table of a sheet in a CRS, which its column ``ZBX`` names."""
    moved = reprojected(sheet.table, epsg)
    names = [f.name for f in moved.fields]
    if "ZBX" not in names:
        return moved
    at = names.index("ZBX")
    rows = tuple((*row[:at], f"EPSG:{epsg}", *row[at + 1 :]) for row in moved.rows)
    return replace(moved, rows=rows)


def data_files(room: Path, delivery: Delivery, order: Order) -> Package:
    """
    Write the data of a delivery in one format.

    Parameters
    ----------
    room
        An empty folder.
    delivery, order
        What, and how.

    Raises
    ------
    WritingError
        See the writers in `spatial.writing`.
    """
    return _WRITERS[order.form.key](room, delivery, order)


def _shapefiles(room: Path, delivery: Delivery, order: Order) -> Package:
    from spatial.writing.csv_table import table_csv
    from spatial.writing.shapefile import SHAPEFILE_PARTS, stage_dbf, stage_shapefile

    made = Package()
    twin = workbook_name(delivery)
    for sheet in delivery.sheets:
        table = placed(sheet, order.epsg)
        table = _columns_of(table, {f.name for f in table.fields} - _TOO_LONG)
        for name, notes in stage_shapefile(
            room, sheet.stem, table, encoding=order.encoding, twin=twin, dated=delivery.dated
        ):
            stem = name.removesuffix(".shp")
            marks = " / ".join(text for text in (sheet.marks.text("zh"), sheet.marks.text("en")) if text)
            about = metadata_xml(
                title=clean(sheet.title), abstract=order.about, constraints=marks, dated=delivery.as_of
            )
            (room / f"{name}.xml").write_bytes(about)
            made.members += [*(stem + part for part in SHAPEFILE_PARTS), f"{name}.xml"]
            made.tables.append((name, table))
            made.notes += notes
            made.drawn.append((sheet, name, stem))
    for table in delivery.tables:
        if all(len(f.name) <= 10 and f.name.isascii() for f in table.fields):
            made.notes += stage_dbf(room, table.name, table, encoding=order.encoding, twin=twin, dated=delivery.dated)
            (room / f"{table.name}.csv").write_bytes(table_csv(table, language=delivery.language))
            made.members += [f"{table.name}.dbf", f"{table.name}.cpg", f"{table.name}.csv"]
            made.tables.append((f"{table.name}.dbf", table))
    return made


def _geopackage(room: Path, delivery: Delivery, order: Order) -> Package:
    from spatial.writing.geopackage import stage_geopackage

    name = f"{file_stem(delivery.title)}.gpkg"
    tables = [placed(sheet, order.epsg) for sheet in delivery.sheets]
    notes = stage_geopackage(
        room,
        name,
        [*tables, *delivery.tables],
        metadata={
            "MARK": delivery.marks.text("zh"),
            "MARK_EN": delivery.marks.text("en"),
            "ABOUT": order.about,
            "AS_OF": delivery.as_of,
            "CRS": f"EPSG:{order.epsg}",
        },
        dated=delivery.dated,
    )
    return Package(
        members=[name],
        notes=list(notes),
        tables=[(name, table) for table in (*tables, *delivery.tables)],
        drawn=[(sheet, f"{name}|layername={sheet.stem}", sheet.stem) for sheet in delivery.sheets],
    )


def _geodatabase(room: Path, delivery: Delivery, order: Order) -> Package:
    from spatial.writing.vector import write_filegdb

    name = f"{file_stem(delivery.title)}.gdb"
    names = CONVERSION["gdb"].rule.fitted([sheet.stem for sheet in delivery.sheets])
    tables = [
        replace(_dates_as_text(placed(sheet, order.epsg)), name=layer)
        for sheet, layer in zip(delivery.sheets, names, strict=True)
    ]
    written = write_filegdb(room / name, tables)
    drawn = [
        (sheet, f"{name}|layername={layer}", sheet.stem) for sheet, layer in zip(delivery.sheets, names, strict=True)
    ]
    notes = list(written.notes)
    for sheet, layer in zip(delivery.sheets, names, strict=True):
        if layer != sheet.title:
            zh, en = f"图层“{sheet.title}”在库中名为 {layer}", f"layer {sheet.title!r} is called {layer} in here"
            notes.append(Note(code="layer_renamed", file=name, zh=zh, en=en))
    return Package(members=[name], notes=notes, tables=[(name, table) for table in tables], drawn=drawn)


def _dates_as_text(table: Table) -> Table:
    """ISO dates as text: a geodatabase and FlatGeobuf know points in time only."""
    fields = tuple(replace(f, type="text", width=10, decimals=0) if f.type == "date" else f for f in table.fields)
    return replace(table, fields=fields)


def _kml(room: Path, delivery: Delivery, order: Order) -> Package:
    from spatial.writing.markup import write_kml

    name = f"{file_stem(delivery.title)}.kml"
    tables = [_named_as_kml_does(placed(sheet, 4490)) for sheet in delivery.sheets]
    written = write_kml(room / name, tables, about=order.about)
    return Package(
        members=[name],
        notes=list(written.notes),
        tables=[(name, table) for table in tables],
        drawn=[(sheet, f"{name}|layername={sheet.stem}", sheet.stem) for sheet in delivery.sheets],
    )


def _named_as_kml_does(table: Table) -> Table:
    """``NAME`` becomes the name of the placemark; a column beside it is lost on readers that ignore case."""
    return replace(table, fields=tuple(replace(f, name="name") if f.name == "NAME" else f for f in table.fields))


def _geojson(room: Path, delivery: Delivery, order: Order) -> Package:
    from spatial.writing.geojson import write_geojson

    made = Package()
    for sheet in delivery.sheets:
        table = placed(sheet, 4490)
        name = f"{sheet.stem}.geojson"
        members = {
            "name": sheet.title,
            "marks": {"zh": sheet.marks.text("zh"), "en": sheet.marks.text("en")},
            "about": order.about,
            "as_of": delivery.as_of,
            "fields": {f.name: {"zh": f.long_name_zh, "en": f.long_name_en} for f in table.fields},
        }
        _note_file(made, sheet, name, table, write_geojson(room / name, table, members=members).notes)
    return made


def _geoparquet(room: Path, delivery: Delivery, order: Order) -> Package:
    from spatial.writing.geoparquet import write_geoparquet

    made = Package()
    for sheet in delivery.sheets:
        table, name = placed(sheet, order.epsg), f"{sheet.stem}.parquet"
        _note_file(made, sheet, name, table, write_geoparquet(room / name, table).notes)
    return made


def _flatgeobuf(room: Path, delivery: Delivery, order: Order) -> Package:
    from spatial.writing.vector import write_flatgeobuf

    made = Package()
    for sheet in delivery.sheets:
        table, name = _dates_as_text(placed(sheet, order.epsg)), f"{sheet.stem}.fgb"
        _note_file(made, sheet, name, table, write_flatgeobuf(room / name, table).notes)
    return made


def _tiles(room: Path, delivery: Delivery, order: Order) -> Package:
    from spatial.writing.tiles import write_pmtiles

    made = Package()
    for sheet in delivery.sheets:
        name = f"{sheet.stem}.pmtiles"
        if all(g is None or g.is_empty for g in sheet.table.geometries or ()):
            zh, en = f"“{sheet.title}”没有位置，没有瓦片", f"{sheet.title!r} has no place and so no tiles"
            made.notes.append(Note(code="geometry_empty", file=name, zh=zh, en=en))
            continue
        table = _dates_as_text(_columns_of(placed(sheet, 4490), {*TILE_COLUMNS, sheet.id_field}))
        written = write_pmtiles(room / name, table, key=sheet.id_field, title=sheet.title, about=order.about)
        _note_file(made, sheet, name, table, written.notes)
    return made


def _columns_of(table: Table, names: set[str]) -> Table:
    kept = [at for at, f in enumerate(table.fields) if f.name in names]
    rows = tuple(tuple(row[at] for at in kept) for row in table.rows)
    return replace(table, fields=tuple(table.fields[at] for at in kept), rows=rows)


def _note_file(made: Package, sheet: Sheet, name: str, table: Table, notes: tuple[Note, ...]) -> None:
    made.members.append(name)
    made.tables.append((name, table))
    made.notes += notes
    made.drawn.append((sheet, name, sheet.stem))


def _drawing(room: Path, delivery: Delivery, order: Order) -> Package:
    from maps.delivery.drawing import cad_shapes
    from spatial.writing.cad import write_cad

    name = f"{file_stem(delivery.title)}.dxf"
    tables = [placed(sheet, order.epsg) for sheet in delivery.sheets]
    drawn = cad_shapes(delivery, tables, columns=_CAD_DATA, style=order.style)
    written = write_cad(room / name, drawn.shapes, colours=drawn.colours, marks=[order.about])
    return Package(
        members=[name],
        notes=list(written.notes),
        drawn=[(sheet, name, sheet.stem) for sheet in delivery.sheets if sheet.class_field is not None],
    )


_WRITERS: dict[str, Callable[[Path, Delivery, Order], Package]] = {
    "shp": _shapefiles,
    "gpkg": _geopackage,
    "geojson": _geojson,
    "kml": _kml,
    "gdb": _geodatabase,
    "geoparquet": _geoparquet,
    "fgb": _flatgeobuf,
    "pmtiles": _tiles,
    "dxf": _drawing,
}


def workbook_name(delivery: Delivery) -> str:
    """The workbook beside data that cannot hold everything."""
    return f"{file_stem(delivery.title)}_属性全文.xlsx"


def zipped(target: Path, room: Path, members: list[str], *, dated: tuple[int, int, int]) -> None:
    """The members in one archive, in that order; names in UTF-8, times the date of the delivery."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in members:
            path = room / member
            files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
            for file in files:
                entry = zipfile.ZipInfo(file.relative_to(room).as_posix(), (*dated, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                with file.open("rb") as source, archive.open(entry, "w", force_zip64=True) as packed:
                    while chunk := source.read(1 << 20):
                        packed.write(chunk)
