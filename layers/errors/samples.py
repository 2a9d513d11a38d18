"""Errors of tables of water samples."""

from __future__ import annotations

from layers.errors.base import LayerError

__all__ = ["SampleTableError", "SampleUnitError", "SampleValueError"]


class SampleTableError(LayerError, ValueError):
    """A table of water samples cannot be used; ``file`` names it, ``detail`` says what is wrong."""

    def __init__(self, *, file: str, detail: str, remedy: str) -> None:
        super().__init__(f"{file}: {detail}. {remedy}.")
        self.file = file
        self.detail = detail
        self.remedy = remedy


class SampleUnitError(SampleTableError):
    """The unit of a column is missing, unknown, or not one of its indicator; ``column`` is its header."""

    def __init__(self, *, file: str, column: str, detail: str) -> None:
        where = f"column {column!r}: " if column else ""
        super().__init__(
            file=file,
            detail=f"{where}{detail}",
            remedy="Write the unit into the header, such as 氨氮(mg/L) or 汞(ug/L), or above the table as 单位：mg/L",
        )
        self.column = column


class SampleValueError(SampleTableError):
    """A cell is no measured value; ``row`` counts from 1, ``column`` is the indicator, ``text`` the cell."""

    def __init__(self, *, file: str, row: int, column: str, text: str) -> None:
        super().__init__(
            file=file,
            detail=f"row {row}, {column}: {text!r} is no measured value",
            remedy="Write a number, <0.01 or 0.01L below a detection limit, or leave the cell blank",
        )
        self.row = row
        self.column = column
        self.text = text
