"""Workbooks (XLSX, XLSB, XLS, ODS): their sheets come from the worker as rows of text, and are read as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from spatial.errors import IncompleteSourceError, LayerChoiceError, MalformedSourceError, WorkerRefusedError
from spatial.reading.boundary import Job, run
from spatial.reading.tables import parse_rows

if TYPE_CHECKING:
    from spatial.reading.boundary import Limits
    from spatial.reading.draft import Draft
    from spatial.reading.sources import Bundle

__all__ = ["WORKBOOKS", "check_parts", "parse_workbook"]

WORKBOOKS = ("xlsx", "xlsb", "xls", "ods")
_SAVE = "Save it again as XLSX or CSV"


def check_parts(parts: dict[str, bytes], *, file: str) -> None:
    """
    Refuse a workbook whose XML declares entities.

    Parameters
    ----------
    parts
        Members of the file.
    file
        For the error.

    Raises
    ------
    MalformedSourceError
        If a part has a document type or an entity.
    """
    for name, data in parts.items():
        if name.lower().endswith((".xml", ".rels")):
            text = data.replace(b"\0", b"")  # UTF-16 too
            if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
                detail = f"its part {name} declares entities, which are not read"
                raise MalformedSourceError(file=file, code="entities", detail=detail, remedy=_SAVE)


def parse_workbook(
    bundle: Bundle,
    *,
    geometry: Literal["point", "line", "polygon"] | None = None,
    sheet: str | None = None,
    limits: Limits | None = None,
) -> Draft:
    """
    Features of the sheet that holds coordinates.

    Parameters
    ----------
    bundle
        The bytes.
    geometry
        As in `spatial.reading.tables.parse_rows`.
    sheet
        Which sheet, where several hold coordinates; a hidden one is read only if it is named.
    limits
        What it may cost.

    Returns
    -------
    draft
        A layer with the sheet's name; records are rows of the sheet.

    Raises
    ------
    MalformedSourceError
        If no sheet holds columns of coordinates, or it has a password.
    IncompleteSourceError
        If it is damaged.
    LayerChoiceError
        If several sheets hold coordinates, or there is no such sheet.
    """
    sheets = _sheets(bundle, limits)
    names = [str(one["name"]) for one in sheets]
    if sheet is not None and sheet not in names:
        detail = f"there is no sheet {sheet!r}; there are: {', '.join(names)}"
        raise LayerChoiceError(file=bundle.name, code="layer_unknown", detail=detail, remedy="Name one of these")
    drafts: list[Draft] = []
    hidden: list[str] = []
    failure: MalformedSourceError | None = None
    for one in sheets:
        name = str(one["name"])
        if sheet is not None and name != sheet:
            continue
        try:
            draft = parse_rows(one["rows"], file=bundle.name, format_=bundle.format, geometry=geometry, layer=name)
        except MalformedSourceError as error:
            failure = failure or error
            continue
        if one["visible"] or sheet is not None:
            drafts.append(draft)
        else:
            hidden.append(name)
    if len(drafts) > 1:
        raise LayerChoiceError(
            file=bundle.name,
            code="several_sheets",
            detail=f"several sheets hold coordinates: {', '.join(draft.layers[0] for draft in drafts)}",
            remedy="Name one of these as the layer",
        )
    if not drafts and hidden:
        raise LayerChoiceError(
            file=bundle.name,
            code="hidden_sheets",
            detail=f"only hidden sheets hold coordinates: {', '.join(hidden)}",
            remedy="Name the sheet as the layer if it is the one",
        )
    if not drafts:
        raise failure or MalformedSourceError(
            file=bundle.name, code="no_sheets", detail="it holds no sheet of cells", remedy="Save it as CSV"
        )
    for name in hidden:
        drafts[0].warn("hidden_sheet_skipped", layer=name)
    return drafts[0]


def _sheets(bundle: Bundle, limits: Limits | None) -> list[dict[str, Any]]:
    suffix = f".{bundle.format}"
    job = Job(
        source_name=bundle.name,
        format=bundle.format,
        drivers=(),
        members={f"source{suffix}": next(iter(bundle.members.values()))},
        open=f"source{suffix}",
    )
    try:
        answer = run(job, limits=limits)
    except IncompleteSourceError as error:
        detail, code = error.detail, error.code
        raise IncompleteSourceError(file=bundle.name, code=code, detail=detail, remedy=_SAVE) from None
    except WorkerRefusedError as error:
        remedy = "Open it, take the password off and save it" if error.code == "password" else _SAVE
        raise MalformedSourceError(file=bundle.name, code=error.code, detail=error.detail, remedy=remedy) from None
    return [layer.facts for layer in answer.layers]
