"""Write a report: one content, the format by the ending of the file's name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maps.errors import ReportFormatError
from maps.figure.static_map import FONTS
from maps.report.content import report_of
from maps.report.model import Companion
from maps.report.titles import say
from spatial.writing.staging import staging

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

    from maps.report.model import Report
    from screening.overlap import LayerOutline, Overlap
    from screening.words import Language

__all__ = ["FORMATS", "report_bytes", "write_report"]

FORMATS: tuple[str, ...] = (".docx", ".pdf", ".html", ".xlsx", ".csv")
"""Endings that a report can have."""
_KINDS = {
    ".html": "map",
    ".json": "json",
    ".shp": "export",
    ".gpkg": "export",
    ".geojson": "export",
    ".zip": "export",
    ".docx": "report",
    ".pdf": "report",
    ".xlsx": "report",
    ".csv": "report",
}


def write_report(
    path: Path,
    result: Mapping[str, Any],
    *,
    geometry: BaseGeometry,
    overlaps: Sequence[Overlap],
    layers: Sequence[LayerOutline],
    language: Language = "zh",
    certificate: Mapping[str, str] | None = None,
    siblings: Sequence[Path] = (),
) -> Path:
    """
    Write the report of a result, whole or not at all.

    Use it for the report that goes with a check; DOCX, PDF, HTML, XLSX and CSV say the same, CSV the findings only. The
    same input and fonts give the same bytes: the only date in it is that of the check.

    Parameters
    ----------
    path
        The file; its ending, one of ``FORMATS``, is the format.
    result
        The JSON of a verdict or a dossier; ``ruling``, ``certainty`` and ``districts`` are told where they are there.
    geometry
        The site, EPSG:4490.
    overlaps
        Its parts that lie in features, EPSG:4490.
    layers
        The layers as they are drawn (`screening.outline.outlines_of`).
    language
        ``zh`` or ``en``.
    certificate
        ``sha256`` and ``file`` of the certificate; None where none was made.
    siblings
        Other files written with this one; they are listed, in XLSX and HTML as links relative to the report.

    Returns
    -------
    path
        The file written.

    Raises
    ------
    ReportFormatError
        The ending is none of ``FORMATS``.
    FontMissingError
        There is no Chinese font to letter a DOCX, PDF or XLSX with.
    NotDrawableError
        A geometry cannot be drawn.
    NotWritableError, OutputInUseError
        The file cannot be written; nothing has changed then.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise ReportFormatError(path=path, formats=FORMATS)
    report = report_of(
        result,
        geometry=geometry,
        overlaps=overlaps,
        layers=layers,
        language=language,
        certificate=certificate,
        companions=_companions(path, siblings, certificate, language),
        fonts=_fonts(suffix),
    )
    content = report_bytes(report, suffix)
    with staging(path) as stage:
        (stage.folder / path.name).write_bytes(content)
        return stage.commit([path.name], asked=[path.name])[0]


def report_bytes(report: Report, suffix: str) -> bytes:
    """
    A report in one format.

    Parameters
    ----------
    report
        From `maps.report.report_of`.
    suffix
        One of ``FORMATS``.
    """
    if suffix == ".docx":
        from maps.report.docx import docx_of

        return docx_of(report)
    if suffix == ".pdf":
        from maps.report.pdf import pdf_of

        return pdf_of(report)
    if suffix == ".html":
        from maps.report.html import html_of

        return html_of(report).encode()
    if suffix == ".xlsx":
        from maps.report.xlsx import xlsx_of

        return xlsx_of(report)
    if suffix == ".csv":
        from maps.report.csv import csv_of

        return csv_of(report)
    raise ReportFormatError(path=Path(f"report{suffix}"), formats=FORMATS)


def _fonts(suffix: str) -> str:
    """A page's figure is lettered by its reader's fonts; one that is rasterised or embedded, by a font that is here."""
    if suffix in (".html", ".csv"):
        return FONTS
    from maps.figure.fonts import chinese_fonts

    return chinese_fonts()[0]


def _companions(
    path: Path, siblings: Sequence[Path], certificate: Mapping[str, str] | None, language: Language
) -> list[Companion]:
    """Files beside the report, each as a link relative to it; one on another drive keeps its whole path."""
    folder = path.resolve().parent
    found = []
    for sibling in siblings:
        place = sibling.resolve()
        if place == path.resolve():
            continue
        try:
            link = Path(os.path.relpath(place, folder)).as_posix()
        except ValueError:
            link = place.as_posix()
        kind = _KINDS.get(sibling.suffix.lower(), "other")
        if certificate is not None and Path(certificate["file"]).name == sibling.name:
            kind = "certificate"
        found.append(Companion(link=link, what=say(f"file_{kind}", language)))
    return sorted(found, key=lambda one: one.link)
