"""A verdict as files another office can load: shapefile set, GeoPackage, GeoJSON, or the set zipped."""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screening.export_tables import (
    INTERNAL,
    features_table,
    findings_table,
    layers_table,
    marks_of,
    overlaps_table,
    parts_table,
    site_table,
)
from screening.words import word
from spatial.errors import NotWritableError
from spatial.writing.csv_table import table_csv
from spatial.writing.dictionary import DICTIONARY_SUFFIX, dictionary_csv, files_of_earlier_set
from spatial.writing.fgdc import metadata_xml
from spatial.writing.geojson import stage_geojson
from spatial.writing.geometry import reprojected
from spatial.writing.geopackage import stage_geopackage
from spatial.writing.model import Note, WrittenFiles, grouped
from spatial.writing.shapefile import (
    SHAPEFILE_PARTS,
    encoding_statement,
    require_encoding,
    stage_dbf,
    stage_shapefile,
)
from spatial.writing.staging import staging

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

    from screening.export_tables import Marks
    from screening.overlap import Overlap
    from screening.words import Language
    from spatial.writing.model import Field, Table
    from spatial.writing.text import Encoding

__all__ = ["EXPORT_SUFFIXES", "export", "export_name"]

EXPORT_SUFFIXES = (".shp", ".gpkg", ".geojson", ".zip")
# CGCS2000: degrees, and the zones of 6 and 3 degrees with and without prefix
_ALLOWED_CRS = {4490, *range(4491, 4555)}


def export(
    path: str | Path,
    result: Mapping[str, Any],
    *,
    site: BaseGeometry,
    overlaps: Sequence[Overlap],
    encoding: Encoding = "UTF-8",
    crs: str = "EPSG:4490",
    language: Language = "zh",
) -> WrittenFiles:
    """
    Write a verdict for another program to load; all of its files, or none.

    Use it once a site has been checked. Every format holds the site with its answer, the pieces that overlap,
    and every layer that was asked, also those that failed or are missing.

    Parameters
    ----------
    path
        Its suffix chooses the format. The name is kept as given.

        ``F.shp``
            The site (``F_line.shp``, ``F_point.shp`` for further kinds of geometry),
            ``F_overlap_polygon.shp`` (line, point), ``F_findings.dbf`` and ``.csv``, ``F_字段说明.csv``, and
            ``F.gpkg``, which carries texts too long for a DBF in full. With restricted layers the names the
            program adds read ``F_内部使用_overlap_polygon.shp`` and so on.
        ``F.gpkg``
            Layers ``site``, ``overlaps``, ``findings``, ``features``, ``layers``, ``parts``; the whole result
            as JSON in the metadata.
        ``F.geojson``
            Site and overlaps with ``role``; members ``findings``, ``marks``, ``fields`` and ``result``.
        ``F.zip``
            The shapefile set, names in UTF-8.
    result
        The JSON of a verdict.
    site
        The site, EPSG:4490 longitude and latitude; polygons, lines and points may be mixed.
    overlaps
        The pieces, EPSG:4490.
    encoding
        Of shapefile attributes: ``UTF-8`` or ``GBK`` (ArcMap up to 10.2, CASS).
    crs
        ``EPSG:4490``, or a CGCS2000 zone (``EPSG:4528``: 3° zone 40 with prefix). GeoJSON is always degrees.
    language
        Of words beside codes and of CSV headings; dictionaries have both.

    Returns
    -------
    written
        The files, the one asked for first, and a note for everything that was not written as it was.

    Raises
    ------
    NotWritableError
        For another suffix, encoding or CRS, or a value no field holds.
    TextTooLongError, NumberNotWritableError, OutputInTheWayError, OutputInUseError, ReadBackError
        As the writers of :mod:`spatial.writing`.

    Notes
    -----
    No clock is read: headers and timestamps carry ``as_of``, so the same input gives the same bytes.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    code = _epsg(crs, file=path.name)
    require_encoding(encoding, file=path.name)
    if suffix not in EXPORT_SUFFIXES:
        raise NotWritableError(
            file=path.name,
            code="format",
            detail=f"exports are {', '.join(EXPORT_SUFFIXES)}",
            remedy="Choose one of these endings",
        )
    content = _content(
        result, site, overlaps, crs=4490 if suffix == ".geojson" else code, language=language, file=path.name
    )
    with staging(path) as stage:
        asked = [path.name]
        earlier: frozenset[str] = frozenset()
        if suffix == ".geojson":
            names, notes = [path.name], list(_stage_geojson(stage.folder, path.name, content))
        elif suffix == ".gpkg":
            names, notes = [path.name], list(_stage_twin(stage.folder, path.name, content))
        elif suffix == ".shp":
            stem = path.stem
            added = _marked(stem, content)
            names, notes = _stage_set(stage.folder, stem, added, content, encoding=encoding)
            asked = [stem + part for part in (*SHAPEFILE_PARTS, ".shp.xml")]
            for other in (stem, f"{stem}_{INTERNAL}"):
                earlier |= files_of_earlier_set(path.parent / f"{other}{DICTIONARY_SUFFIX}", stem=stem)
        else:
            stem = _marked(path.stem, content)
            members, notes = _stage_set(stage.folder, stem, stem, content, encoding=encoding)
            _zip(stage.folder, path.name, members, dated=content.dated)
            names = [path.name]
        all_notes = grouped([*content.notes, *notes])
        return WrittenFiles(paths=stage.commit(names, asked=asked, earlier=earlier), notes=all_notes)


def _marked(stem: str, content: _Content) -> str:
    """A name the program adds, with 内部使用 where it must be said and the user's own name does not say it."""
    return stem if not content.marks.restricted or INTERNAL in stem else f"{stem}_{INTERNAL}"


def export_name(result: Mapping[str, Any], *, suffix: str) -> str:
    """
    A file name for an export nobody has named: site, date of the check, and 内部使用 where it must be said.

    Examples
    --------
    >>> card = {"name": "a", "restricted": True}
    >>> export_name({"site": {"name": "风电 1/2"}, "as_of": "2026-11-22", "layers": [card]}, suffix=".zip")
    '风电 1_2_2026-11-22_内部使用.zip'
    """
    name = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*\ud800-\udfff]', "_", result["site"].get("name") or "")
    name = name.strip(" .")[:60].rstrip(" .") or "site"
    mark = f"_{INTERNAL}" if marks_of(result["layers"]).restricted else ""
    return f"{name}_{result['as_of']}{mark}{suffix}"


@dataclass(frozen=True, kw_only=True)
class _Content:
    """Everything an export holds, before a format is chosen."""

    result: Mapping[str, Any]
    site: Table
    overlaps: Table
    findings: Table
    marks: Marks
    crs: int
    language: Language
    dated: tuple[int, int, int]
    notes: tuple[Note, ...]


def _epsg(crs: str, *, file: str) -> int:
    found = re.fullmatch(r"(?:EPSG:)?(\d{4})", crs.strip(), re.IGNORECASE | re.ASCII)
    if found is None or int(found[1]) not in _ALLOWED_CRS:
        raise NotWritableError(
            file=file,
            code="crs",
            detail=f"{crs!r} is not a CRS of CGCS2000",
            remedy="Choose EPSG:4490 or a zone, EPSG:4491 to EPSG:4554 (with prefix: 4513 to 4533 for 3°)",
        )
    return int(found[1])


def _content(
    result: Mapping[str, Any],
    site: BaseGeometry,
    overlaps: Sequence[Overlap],
    *,
    crs: int,
    language: Language,
    file: str,
) -> _Content:
    try:
        day = date.fromisoformat(result["as_of"])
    except ValueError as error:
        raise NotWritableError(
            file=file, code="as_of", detail=f"as_of is {result['as_of']!r}", remedy="Give a date, YYYY-MM-DD"
        ) from error
    marks = marks_of(result["layers"])
    pieces, unlisted = overlaps_table(result, overlaps, zbx=f"EPSG:{crs}", language=language)
    if _cardless(result, overlaps):
        marks = replace(marks, restricted=True)
    notes = []
    if not overlaps:
        notes.append(_note("no_overlaps", file))
    if unlisted:
        notes.append(replace(_note("piece_unlisted", file), rows=unlisted))
    drawn = {(piece.layer, piece.feature_id) for piece in overlaps}
    for owner in (*result["findings"], *(result.get("context") or ())):
        for feature in owner.get("features") or ():
            met = (feature.get("overlap_m2") or 0) > 0 or (feature.get("length_m") or 0) > 0
            if met and (owner.get("layer"), feature.get("id")) not in drawn:
                plain = _note("feature_without_piece", file)
                which = f"{owner.get('layer')} / {feature.get('id')}"
                notes.append(replace(plain, zh=f"{plain.zh}：{which}", en=f"{plain.en}: {which}"))
    if _outside_zone(site, crs):
        notes.append(_note("outside_zone", file))
    site_rows = site_table(result, site, zbx=f"EPSG:{crs}", language=language, marks=marks)
    return _Content(
        result=result,
        site=reprojected(site_rows, crs),
        overlaps=reprojected(pieces, crs),
        findings=findings_table(result, language=language),
        marks=marks,
        crs=crs,
        language=language,
        dated=(day.year, day.month, day.day),
        notes=tuple(notes),
    )


def _cardless(result: Mapping[str, Any], overlaps: Sequence[Overlap]) -> bool:
    """Whether a piece is of a layer whose card is lost: nobody knows that it may be shown."""
    return not {piece.layer for piece in overlaps} <= {card.get("name") for card in result["layers"]}


def _note(code: str, file: str) -> Note:
    return Note(code=code, file=file, zh=word(f"export.{code}", "zh"), en=word(f"export.{code}", "en"))


def _outside_zone(site: BaseGeometry, crs: int) -> bool:
    if crs == 4490 or site.is_empty:
        return False
    from pyproj import CRS

    use = CRS.from_epsg(crs).area_of_use
    west, _, east, _ = site.bounds
    return use is not None and (west < use.west or east > use.east)


def _metadata(content: _Content) -> dict[str, str]:
    result, text = content.result, content.marks.text
    return {
        "MARK": text("zh"),
        "MARK_EN": text("en"),
        "ANSWER": str(result["answer"]),
        "ANSWER_T": word(f"answer.{result['answer']}", content.language),
        "AS_OF": str(result["as_of"]),
        "CRS": f"EPSG:{content.crs}",
        "NOTICE": word("note.not_permission", "zh"),
        "NOTICE_EN": word("note.not_permission", "en"),
        "RESULT": json.dumps(result, ensure_ascii=False, sort_keys=True),
    }


def _stage_twin(folder: Path, name: str, content: _Content) -> tuple[Note, ...]:
    result, language = content.result, content.language
    tables = [
        content.site,
        content.overlaps,
        content.findings,
        features_table(result, language=language),
        layers_table(result),
        parts_table(result),
    ]
    return stage_geopackage(folder, name, tables, metadata=_metadata(content), dated=content.dated)


def _stage_geojson(folder: Path, name: str, content: _Content) -> tuple[Note, ...]:
    tables = [content.site, replace(content.overlaps, name="overlap")]
    findings = content.findings
    names = [f.name for f in findings.fields]
    fields: dict[str, dict[str, str]] = {}
    for table in (*tables, findings):
        fields.update({f.name: {"zh": f.long_name_zh, "en": f.long_name_en} for f in table.fields})
    marks = {key: text for key, text in _metadata(content).items() if key != "RESULT"}
    members = {
        "name": Path(name).stem,
        "marks": marks,
        "findings": [dict(zip(names, row, strict=True)) for row in findings.rows],
        "fields": fields,
        "result": dict(content.result),
    }
    return stage_geojson(folder, name, tables, members=members)


def _stage_set(
    folder: Path, stem: str, added: str, content: _Content, *, encoding: Encoding
) -> tuple[list[str], list[Note]]:
    """The shapefile set: what the user named begins with ``stem``, what the program names with ``added``."""
    twin = f"{added}.gpkg"
    names: list[str] = []
    notes: list[Note] = list(_stage_twin(folder, twin, content))
    files: list[tuple[str, Sequence[Field]]] = []
    statements = _statements(content, encoding)
    tables = [(stem, content.site, False, "site_file")]
    if content.overlaps.rows:
        tables.append((f"{added}_overlap", content.overlaps, True, "overlap_file"))
    for base, table, kind_in_name, what in tables:
        made = stage_shapefile(
            folder, base, table, encoding=encoding, twin=twin, dated=content.dated, kind_in_name=kind_in_name
        )
        for name, part_notes in made:
            files.append((name, table.fields))
            notes += part_notes
            (folder / f"{name}.xml").write_bytes(_xml(name, what, content))
            names += [*(name.removesuffix(".shp") + part for part in SHAPEFILE_PARTS), f"{name}.xml"]
            statements.append(_described(name, what))
    findings = f"{added}_findings"
    notes += stage_dbf(folder, findings, content.findings, encoding=encoding, twin=twin, dated=content.dated)
    (folder / f"{findings}.csv").write_bytes(table_csv(content.findings, language=content.language))
    files.append((f"{findings}.dbf", content.findings.fields))
    dictionary = f"{added}{DICTIONARY_SUFFIX}"
    names += [f"{findings}.dbf", f"{findings}.cpg", f"{findings}.csv", twin, dictionary]
    statements += [_described(f"{findings}.dbf, .csv", "findings_file"), _described(twin, "twin_file")]
    (folder / dictionary).write_bytes(
        dictionary_csv(files=files, members=names, statements=statements, notes=grouped([*content.notes, *notes]))
    )
    return names, notes


def _statements(content: _Content, encoding: Encoding) -> list[tuple[str, str]]:
    as_of, crs = content.result["as_of"], f"EPSG:{content.crs}"
    marks = content.marks.text
    said = [(marks("zh"), marks("en"))] if marks("zh") else []
    return [
        *said,
        (word("note.not_permission", "zh"), word("note.not_permission", "en")),
        (f"{word('export.crs', 'zh')} {crs}", f"{word('export.crs', 'en')} {crs}"),
        (f"{word('export.as_of', 'zh')} {as_of}", f"{word('export.as_of', 'en')} {as_of}"),
        encoding_statement(encoding),
    ]


def _described(name: str, what: str) -> tuple[str, str]:
    return f"{name}：{word(f'export.{what}', 'zh')}", f"{name}: {word(f'export.{what}', 'en')}"


def _xml(name: str, what: str, content: _Content) -> bytes:
    zh, en = content.marks.text("zh"), content.marks.text("en")
    return metadata_xml(
        title=name,
        abstract=" / ".join(_described(name, what)),
        constraints=" / ".join((*((zh, en) if zh else ()), word("note.not_permission", "zh"))),
        dated=str(content.result["as_of"]),
    )


def _zip(folder: Path, name: str, members: Sequence[str], *, dated: tuple[int, int, int]) -> None:
    """The members in one archive; names carry the UTF-8 flag, times are the date of the check."""
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in members:
            entry = zipfile.ZipInfo(member, (*dated, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, (folder / member).read_bytes())
