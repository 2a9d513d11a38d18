"""Tables whose cells are wanted as text: measured values, lists of names. No coordinates are asked for."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spatial.errors import MalformedSourceError

if TYPE_CHECKING:
    import os

__all__ = ["Sheet", "read_cells"]


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The cells of one sheet as text, row by row; ``name`` is None of a CSV file."""

    name: str | None
    visible: bool
    rows: list[list[str]]


def read_cells(path: str | os.PathLike[str]) -> tuple[Sheet, ...]:
    r"""
    The cells of a CSV file or a workbook (XLSX, XLSB, XLS, ODS); workbooks are parsed in the reading worker.

    Use it for tables without geometry; `spatial.reading.read` reads those with coordinates.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    sheets
        In the order of the file.

    Raises
    ------
    ReadingError
        If the file is damaged, or no table.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "names.csv")
    ...     _ = path.write_text("断面,河流\n甲,乙河\n", "utf-8")
    ...     read_cells(path)[0].rows
    [['断面', '河流'], ['甲', '乙河']]
    """
    from spatial.reading.boundary import Job, run
    from spatial.reading.sources import load
    from spatial.reading.spreadsheet import WORKBOOKS
    from spatial.reading.text import decode

    bundle = load(path)
    data = next(iter(bundle.members.values()))
    if bundle.format in WORKBOOKS:
        inner = f"source.{bundle.format}"
        job = Job(source_name=bundle.name, format=bundle.format, drivers=(), members={inner: data}, open=inner)
        facts = [layer.facts for layer in run(job).layers]
        return tuple(Sheet(name=str(f["name"]), visible=bool(f["visible"]), rows=f["rows"]) for f in facts)
    if bundle.format not in ("csv", "survey_txt"):
        raise MalformedSourceError(
            file=bundle.name,
            code="no_table",
            detail=f"it is {bundle.format}, no table",
            remedy="Give a CSV file or a workbook",
        )
    text = decode(data, file=bundle.name)[0]
    mark = max("\t;,", key=text[:4096].count)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=mark))
    return (Sheet(name=None, visible=True, rows=rows),)
