"""A delivery written: for each format one file that can be passed on, all of them or none."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import shapely

from maps.delivery.drawing import cad_layer
from maps.delivery.formats import FORMATS
from maps.delivery.names import file_stem
from maps.delivery.packing import Order, Package, data_files, workbook_name, zipped
from maps.delivery.readme import DICTIONARY, README, about_line, readme_lines, readme_text, system_words
from maps.delivery.workbook import workbook_of
from maps.errors import DeliverySourceError
from maps.phrases import clean
from screening.export_tables import INTERNAL
from screening.words import word
from spatial.crs import gauss_kruger, zone3
from spatial.errors import NotWritableError
from spatial.systems import identify
from spatial.writing.cad import HOLES
from spatial.writing.dictionary import dictionary_csv
from spatial.writing.model import Note, WrittenFiles, grouped
from spatial.writing.shapefile import encoding_statement
from spatial.writing.staging import staging

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maps.delivery.formats import DeliveryFormat
    from maps.delivery.model import Delivery, Sheet
    from maps.style import StyleSheet
    from spatial.writing.text import Encoding

__all__ = ["Systems", "deliver"]

Systems = Literal["4490", "zone3"]
_FIXED = {"degrees": 4490, "mercator": 4490, "none": 0}
_HALF_ZONE = 1.5  # degrees


def deliver(
    delivery: Delivery,
    folder: str | Path,
    formats: Sequence[str],
    *,
    crs: Systems | None = None,
    encoding: Encoding = "UTF-8",
    style: StyleSheet | None = None,
) -> WrittenFiles:
    """
    Write a delivery: one file a format, with styles, field dictionary and readme inside.

    Use it for what goes to another office; `spatial.conversion` turns one file into another, and `screening.export`
    writes the verdict of a check on its own.

    Parameters
    ----------
    delivery
        From `layers_delivery` or `result_delivery`.
    folder
        Where to; made if it is not there. Files of the same names are replaced.
    formats
        Keys of ``FORMATS``.
    crs
        ``4490``: degrees of CGCS2000; ``zone3``: the 3-degree zone with prefix in which the middle of the data lies;
        None: degrees, and the zone for DXF. Formats that hold one CRS only keep it, which is noted.
    encoding
        Of the text of shapefiles.
    style
        Looks of the styles, by default the project's own.

    Returns
    -------
    written
        A zip for each format (an ``.xlsx`` for the workbook), in the order of ``formats``, and what is not in them as
        it was.

    Raises
    ------
    DeliverySourceError
        If there is nothing to write, or a format is unknown.
    WritingError
        If a format cannot hold the data; nothing is written then, in any format.
    """
    chosen = [_format(key) for key in dict.fromkeys(formats)]
    if not delivery.sheets and not delivery.tables:
        raise DeliverySourceError(source=delivery.title, why="it has no feature", remedy="export another layer")
    folder = Path(folder)
    made_here = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotWritableError(
            file=str(folder),
            code="folder",
            detail=f"it cannot be made ({error.strerror or error})",
            remedy="Choose a folder you may write to",
        ) from error
    done = False
    try:
        with staging(folder / "delivery") as stage:
            names, notes = [], []
            for form in chosen:
                order = _order(delivery, form, crs=crs, encoding=encoding, style=style)
                room = stage.folder / form.key
                room.mkdir()
                name = _file_name(delivery, order)
                notes += _write(stage.folder / name, room, delivery, order, asked=crs)
                names.append(name)
            paths = stage.commit(names, asked=names)
            done = True
            return WrittenFiles(paths=paths, notes=grouped([*delivery.notes, *notes]))
    finally:
        if made_here and not done:
            with suppress(OSError):
                folder.rmdir()


def _format(key: str) -> DeliveryFormat:
    if key not in FORMATS:
        raise DeliverySourceError(source=key, why="there is no such format", remedy=f"use one of {', '.join(FORMATS)}")
    return FORMATS[key]


def _order(
    delivery: Delivery, form: DeliveryFormat, *, crs: Systems | None, encoding: Encoding, style: StyleSheet | None
) -> Order:
    epsg = _FIXED.get(form.keeps.crs)
    if epsg is None:
        zone = crs == "zone3" or (crs is None and form.keeps.crs == "unstated")
        epsg = _zone(delivery) if zone else 4490
    return Order(
        form=form,
        epsg=epsg,
        encoding=encoding if form.gbk else "UTF-8",
        about=about_line(delivery, epsg=epsg),
        style=style,
    )


def _zone(delivery: Delivery) -> int:
    """The 3-degree zone of the middle of the data; coverages do not decide it."""
    boxes = [
        shapely.bounds(np.array([g for g in sheet.table.geometries or () if g is not None], dtype=object))
        for sheet in delivery.sheets
        if sheet.kind != "coverage"
    ]
    found = np.concatenate([box.reshape(-1, 4) for box in boxes]) if boxes else np.empty((0, 4))
    if not np.isfinite(found).any():
        raise DeliverySourceError(
            source=delivery.title, why="nothing in it has a place, so no zone follows", remedy="use --crs 4490"
        )
    middle = (np.nanmin(found[:, 0]) + np.nanmax(found[:, 2])) / 2
    return int(gauss_kruger(zone3(float(middle))))


def _file_name(delivery: Delivery, order: Order) -> str:
    """Title, date, CRS, format; 内部使用 where it must be said."""
    tag = {
        "mercator": "WebMercator_EPSG3857",
        "degrees": "WGS84_EPSG4326" if order.form.key == "kml" else "CGCS2000_EPSG4490",
        "none": "CGCS2000",
    }.get(order.form.keeps.crs)
    if tag is None:
        system = identify(order.epsg)
        zone = "" if system.central_meridian is None else f"_3度{round(system.central_meridian / 3)}带"
        tag = f"CGCS2000{zone}_EPSG{order.epsg}"
    mark = f"_{INTERNAL}" if delivery.marks.restricted else ""
    packed = f"_{order.form.key}.zip" if order.form.packed else order.form.ending
    return f"{file_stem(delivery.title)}_{delivery.as_of}_{tag}{mark}{packed}"


def _write(target: Path, room: Path, delivery: Delivery, order: Order, *, asked: Systems | None) -> list[Note]:
    notes = _crs_notes(delivery, order, asked=asked, file=target.name)
    if not order.form.packed:
        lines = readme_lines(delivery, order, Package(notes=notes))
        content, more = workbook_of(delivery, file=target.name, readme=lines)
        target.write_bytes(content)
        return [*notes, *more]
    package = data_files(room, delivery, order)
    package.notes[:0] = notes
    _write_styles(room, delivery, order, package)
    if order.form.needs_workbook or (delivery.tables and order.form.key != "gpkg"):
        name = workbook_name(delivery)
        lines = readme_lines(delivery, order, package)
        content, more = workbook_of(delivery, file=name, readme=lines, placed=order.form.keeps.values != "cut")
        (room / name).write_bytes(content)
        package.members.append(name)
        package.notes += more
    statements = [
        *([(delivery.marks.text("zh"), delivery.marks.text("en"))] if delivery.marks.text("zh") else []),
        *delivery.statements,
        system_words(order.epsg, order.form),
        *([encoding_statement(order.encoding)] if order.form.gbk else []),
    ]
    (room / DICTIONARY).write_bytes(
        dictionary_csv(
            files=[
                (file if order.form.each else f"{file} | {table.name}", table.fields) for file, table in package.tables
            ],
            members=package.members,
            statements=statements,
            notes=grouped(package.notes),
        )
    )
    (room / README).write_bytes(readme_text(delivery, order, package))
    zipped(target, room, [README, DICTIONARY, *package.members], dated=delivery.dated)
    return package.notes


def _crs_notes(delivery: Delivery, order: Order, *, asked: Systems | None, file: str) -> list[Note]:
    def note(code: str) -> Note:
        return Note(code=code, file=file, zh=word(f"delivery.{code}", "zh"), en=word(f"delivery.{code}", "en"))

    notes = []
    if asked == "zone3" and order.form.keeps.crs in _FIXED:
        notes.append(note("crs_fixed"))
    if order.form.keeps.crs == "unstated" and identify(order.epsg).is_geographic:
        notes.append(note("drawn_in_degrees"))
    meridian = None if not order.epsg else identify(order.epsg).central_meridian
    if meridian is not None:
        edges = [
            shapely.bounds(g)[[0, 2]]
            for sheet in delivery.sheets
            for g in sheet.table.geometries or ()
            if g is not None
        ]
        if edges and np.nanmax(np.abs(np.array(edges) - meridian)) > _HALF_ZONE:
            notes.append(note("outside_zone"))
    return notes


def _label_field(sheet: Sheet, order: Order) -> str | None:
    if order.form.key == "dxf":
        return None  # names are texts of their own
    return "Name" if order.form.key == "kml" and sheet.label_field == "NAME" else sheet.label_field


def _holed(sheet: Sheet) -> bool:
    parts = shapely.get_parts(np.array([g for g in sheet.table.geometries or () if g is not None], dtype=object))
    return bool(shapely.get_num_interior_rings(parts).sum())


def _write_styles(room: Path, delivery: Delivery, order: Order, package: Package) -> None:
    """Styles beside the data, of the same looks as the map; in a GeoPackage also within it."""
    from maps.symbology import StyledLayer, layer_styles_table, styles_for

    if not order.form.styles:
        return
    cad = order.form.key == "dxf"
    styled = []
    for sheet, file, stem in package.drawn:
        # styles draw the first class lowest, and the strictest belongs on top
        classes = tuple(reversed(sheet.classes))
        valued = [(one, one) for one in classes]
        if cad:
            valued = [(cad_layer(sheet, one, delivery.language), one) for one in classes]
            if _holed(sheet):  # inner rings lie on layers of their own and look as the outlines of their class do
                valued = [*((f"{name}{HOLES}", one) for name, one in valued), *valued]
        layer = StyledLayer(
            name=" ".join(clean(sheet.title).split()),
            kind=sheet.kind,
            geometry="line" if cad and sheet.geometry == "polygon" else sheet.geometry,
            class_field="Layer" if cad else sheet.class_field or "KIND",
            classes=tuple(valued),
            label_field=_label_field(sheet, order),
            file=file,
            epsg=4326 if order.form.key in {"kml", "geojson"} else order.epsg,
            notes=tuple(f"{zh} / {en}" for zh, en in ((sheet.marks.text("zh"), sheet.marks.text("en")),) if zh),
        )
        styled.append(layer)
        for suffix, content in styles_for(layer, order.form.key, sheet=order.style).items():
            (room / f"{stem}{suffix}").write_bytes(content)
            package.members.append(f"{stem}{suffix}")
    if order.form.key == "gpkg":
        layer_styles_table(room / package.members[0], styled, sheet=order.style)
