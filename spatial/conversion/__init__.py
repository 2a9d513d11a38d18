"""Conversion: what was read, written in another format or CRS; nothing left out without a word."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from spatial.conversion.features import for_shapefile, tables_of
from spatial.conversion.formats import FORMATS, Format, Keeps, format_of
from spatial.conversion.placing import moved, target_system
from spatial.errors import NotWritableError
from spatial.writing.model import Note, WrittenFiles, grouped

if TYPE_CHECKING:
    import os

    from spatial.reading.model import Reading
    from spatial.writing.model import Table
    from spatial.writing.survey_text import SurveyHeader
    from spatial.writing.text import Encoding

__all__ = ["FORMATS", "Format", "Keeps", "convert", "format_of"]


def convert(
    reading: Reading,
    path: str | os.PathLike[str],
    *,
    to: str | None = None,
    crs: str | int | None = None,
    encoding: Encoding | None = None,
    skip_unreadable: bool = False,
    header: SurveyHeader | None = None,
) -> WrittenFiles:
    r"""
    Write what was read in another format.

    Use it to hand data on. Without losses in GeoPackage, FileGDB, GeoParquet and FlatGeobuf; what every other format
    keeps is in ``FORMATS``, and the notes say what became of this file.

    Parameters
    ----------
    reading
        From `spatial.reading.read`.
    path
        What to write; a file of that name is replaced as a whole or not at all.
    to
        A key of ``FORMATS``; by default what the ending says.
    crs
        An EPSG code on CGCS2000 or WGS 84 to write in; by default the source's own, so that nothing moves.
    encoding
        ``UTF-8`` or ``GBK`` of text, where the format leaves a choice.
    skip_unreadable
        Write the rest of a source of which some features could not be read.
    header
        Office and date for the survey text.

    Returns
    -------
    written
        The files, the one asked for first, and a note for all that is not in them as it was read.

    Raises
    ------
    NotWritableError
        If there is no feature, some could not be read, the source's CRS is not known, or the format cannot hold it.
    CRSError
        If ``crs`` is not understood, or no way leads from the source's datum to it.
    WritingError
        See the writers in `spatial.writing`.

    Examples
    --------
    >>> import tempfile
    >>> from spatial.reading import read_text
    >>> site = "40500000,5450000; 40500100,5450000; 40500100,5450100"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = convert(read_text(site, geometry="polygon"), Path(folder, "site.txt"), to="survey-txt")
    ...     written.paths[0].read_text("utf-8").splitlines()[12]
    '4,0.5000,1,,面,,,,@'
    """
    path = Path(path)
    form = format_of(path, to)
    chosen = encoding or form.encodings[0]
    if chosen not in form.encodings:
        raise NotWritableError(
            file=path.name,
            code="encoding",
            detail=f"{form.title} is always {form.encodings[0]}, not {chosen}",
            remedy="Leave --encoding out",
        )
    _require_whole(reading, skip_unreadable=skip_unreadable)
    system, notes = target_system(reading, form, crs, file=path.name)
    geometries, moving = moved(reading, system, form, file=path.name)
    placed = replace(reading, geometries=geometries)
    code = int(system.code.partition(":")[2])
    tables, fitting = tables_of(placed, form, file=path.name, crs=code)
    written = _write(form, path, tables, encoding=chosen, header=header)
    lost = _unread(reading, path.name)
    return WrittenFiles(paths=written.paths, notes=grouped([*lost, *notes, *moving, *fitting, *written.notes]))


def _require_whole(reading: Reading, *, skip_unreadable: bool) -> None:
    if reading.unreadable and not skip_unreadable:
        shown = ", ".join(feature.id for feature in reading.unreadable[:10])
        first = reading.unreadable[0].problem.message
        raise NotWritableError(
            file=reading.source_name,
            code="unreadable_features",
            detail=f"{len(reading.unreadable)} of its features cannot be read ({shown}; {first}), "
            "and a copy without them would look complete",
            remedy="Repair them, or leave them out with --skip-unreadable",
        )
    if not len(reading.geometries):
        raise NotWritableError(
            file=reading.source_name,
            code="no_features",
            detail="it holds no feature that could be written",
            remedy="Check the file",
        )


def _unread(reading: Reading, file: str) -> list[Note]:
    if not reading.unreadable:
        return []
    ids = ", ".join(feature.id for feature in reading.unreadable[:20])
    zh = f"{len(reading.unreadable)} 个要素无法读取，未写：{ids}"
    en = f"{len(reading.unreadable)} features could not be read and are left out: {ids}"
    return [Note(code="unreadable_left_out", file=file, zh=zh, en=en)]


def _write(
    form: Format, path: Path, tables: list[Table], *, encoding: Encoding, header: SurveyHeader | None
) -> WrittenFiles:
    table = tables[0]
    match form.key:
        case "gpkg":
            from spatial.writing.geopackage import write_geopackage

            return write_geopackage(path, tables, {})
        case "parquet":
            from spatial.writing.geoparquet import write_geoparquet

            return write_geoparquet(path, table)
        case "geojson":
            from spatial.writing.geojson import write_geojson

            return write_geojson(path, table)
        case "shp":
            return _write_shapefile(path, table, encoding=encoding)
        case "survey-txt":
            from spatial.writing.survey_text import write_survey_text

            return write_survey_text(path, table, encoding=encoding, header=header)
        case "kml" | "gpx":
            from spatial.writing import markup

            return (markup.write_kml if form.key == "kml" else markup.write_gpx)(path, tables)
        case "csv" | "csv-wkt":
            from spatial.writing import tables as sheets

            write = sheets.write_csv if form.key == "csv" else sheets.write_wkt_csv
            return write(path, table, encoding=encoding)
        case "xlsx":
            from spatial.writing.tables import write_xlsx

            return write_xlsx(path, table)
    from spatial.writing import drawing, mapinfo, vector

    match form.key:
        case "gdb":
            return vector.write_filegdb(path, tables)
        case "fgb":
            return vector.write_flatgeobuf(path, table)
        case "gml":
            return vector.write_gml(path, table)
        case "dxf":
            return drawing.write_dxf(path, tables)
        case _:
            return mapinfo.write_mapinfo(path, table, encoding=encoding)


def _write_shapefile(path: Path, table: Table, *, encoding: Encoding) -> WrittenFiles:
    """With a GeoPackage beside it where a text is too long for a DBF."""
    from spatial.writing.shapefile import write_shapefile
    from spatial.writing.text import CODECS, encodable

    fitted, notes = for_shapefile(table, encoding=encoding, file=path.name)
    codec = CODECS[encoding]
    long = any(
        isinstance(value, str) and len(encodable(value, encoding).text.strip(" ").encode(codec)) > 254
        for row in fitted.rows
        for value in row
    )
    written = write_shapefile(path, fitted, encoding=encoding, twin=long)
    return WrittenFiles(paths=written.paths, notes=(*notes, *written.notes))
