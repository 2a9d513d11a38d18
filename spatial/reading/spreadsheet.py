"""XLSX tables, read from the XML they are made of: values only, no formulas are run, nothing is fetched."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING, Literal

from spatial.errors import IncompleteSourceError, LayerChoiceError, MalformedSourceError, ReadingError
from spatial.reading.markup import read_xml
from spatial.reading.tables import parse_rows

if TYPE_CHECKING:
    import xml.etree.ElementTree as ET

    from spatial.reading.draft import Draft

__all__ = ["parse_xlsx"]

_MAX_CELLS = 5_000_000
_CELL = re.compile(r"([A-Z]{1,3})(\d{1,7})")


def parse_xlsx(
    data: bytes,
    *,
    file: str,
    geometry: Literal["point", "line", "polygon"] | None = None,
    sheet: str | None = None,
) -> Draft:
    """
    Features of the sheet that holds coordinates.

    Parameters
    ----------
    data
        The whole file; its members were unpacked once already within the caps.
    file
        Its name.
    geometry
        As in `spatial.reading.tables.parse_rows`.
    sheet
        Which sheet, where several hold coordinates.

    Returns
    -------
    draft
        A layer with the sheet's name.

    Raises
    ------
    MalformedSourceError
        If no sheet holds columns of coordinates.
    LayerChoiceError
        If several do, or there is no such sheet.
    """
    sheets = _sheets(data, file)
    if sheet is not None and sheet not in sheets:
        raise LayerChoiceError(
            file=file,
            code="layer_unknown",
            detail=f"there is no sheet {sheet!r}; there are: {', '.join(sheets)}",
            remedy="Name one of these",
        )
    drafts: list[Draft] = []
    failure: ReadingError | None = None
    for name, rows in sheets.items():
        if sheet is None or name == sheet:
            try:
                drafts.append(parse_rows(rows, file=file, format_="xlsx", geometry=geometry, layer=name))
            except MalformedSourceError as error:
                failure = failure or error
    if len(drafts) > 1:
        raise LayerChoiceError(
            file=file,
            code="several_sheets",
            detail=f"several sheets hold coordinates: {', '.join(draft.layers[0] for draft in drafts)}",
            remedy="Name one of these as the layer",
        )
    if not drafts:
        raise failure or MalformedSourceError(
            file=file, code="no_sheets", detail="it holds no sheet", remedy="Save it as CSV"
        )
    return drafts[0]


def _local(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _sheets(data: bytes, file: str) -> dict[str, list[list[str]]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            book = read_xml(archive.read("xl/workbook.xml"), file=file)
            links = read_xml(archive.read("xl/_rels/workbook.xml.rels"), file=file)
            targets = {link.get("Id"): str(link.get("Target", "")) for link in links}
            shared: list[str] = []
            if "xl/sharedStrings.xml" in names:
                strings = read_xml(archive.read("xl/sharedStrings.xml"), file=file)
                shared = [_words(item) for item in strings if _local(item) == "si"]
            found: dict[str, list[list[str]]] = {}
            for sheet in book.iter():
                if _local(sheet) != "sheet":
                    continue
                link = next((value for key, value in sheet.items() if key.endswith("}id")), None)
                target = targets.get(link, "")
                path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
                if path in names and "worksheets" in path:
                    found[str(sheet.get("name"))] = _rows(read_xml(archive.read(path), file=file), shared, file)
    except (KeyError, zipfile.BadZipFile, IndexError, ValueError) as error:
        raise IncompleteSourceError(
            file=file, code="xlsx", detail=f"the workbook is damaged: {error}", remedy="Save it again as XLSX or CSV"
        ) from None
    return found


def _words(item: ET.Element) -> str:
    """Text of a cell, without the phonetic readings some writers add."""
    return "".join(
        part.text or "" for child in item if _local(child) in {"t", "r"} for part in child.iter() if _local(part) == "t"
    )


def _rows(sheet: ET.Element, shared: list[str], file: str) -> list[list[str]]:
    rows: list[list[str]] = []
    cells = 0
    for row in sheet.iter():
        if _local(row) != "row":
            continue
        number = int(row.get("r") or len(rows) + 1)
        while len(rows) < number - 1 and len(rows) < 1_048_576:
            rows.append([])
        made: list[str] = []
        for cell in row:
            place = _CELL.fullmatch(cell.get("r", ""))
            column = _column(place[1]) if place else len(made)
            made.extend([""] * (column - len(made)))
            made.append(_value(cell, shared))
        cells += len(made)
        if cells > _MAX_CELLS:
            raise MalformedSourceError(
                file=file, code="too_large", detail=f"more than {_MAX_CELLS} cells", remedy="Cut it into smaller files"
            )
        rows.append(made)
    return rows


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number - 1


def _value(cell: ET.Element, shared: list[str]) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return "".join(_words(child) for child in cell if _local(child) == "is").strip()
    raw = next((child.text or "" for child in cell if _local(child) == "v"), "")
    if kind == "s" and raw:
        return shared[int(raw)].strip()
    if kind == "e":
        return ""
    if kind == "n" and raw:
        # the shortest text of the number: a file may hold 117.38999999999999
        number = float(raw)
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else f"{number:.15g}"
    return raw.strip()
