"""Errors of writing: nothing was written, what was there before is as it was."""

from __future__ import annotations

from spatial.errors.base import SpatialError

__all__ = [
    "FieldNameError",
    "NotWritableError",
    "NumberNotWritableError",
    "OutputInTheWayError",
    "OutputInUseError",
    "ReadBackError",
    "TextTooLongError",
    "WritingError",
]


class WritingError(SpatialError):
    """
    An output that could not be written; nothing was changed where it was to go.

    Parameters
    ----------
    file
        Name of the file that was to be written.
    code
        What is wrong, as a code: words are made elsewhere.
    detail
        One English line with the facts.
    remedy
        The next step, one English line.
    field, row
        Where in the table, if known; rows count from 1.
    """

    def __init__(
        self,
        *,
        file: str,
        code: str,
        detail: str,
        remedy: str,
        field: str | None = None,
        row: int | None = None,
    ) -> None:
        where = file
        if field is not None:
            where += f", field {field}"
        if row is not None:
            where += f", row {row}"
        super().__init__(f"{where}: {detail}. {remedy}.")
        self.file = file
        self.code = code
        self.detail = detail
        self.remedy = remedy
        self.field = field
        self.row = row


class FieldNameError(WritingError, ValueError):
    """A field name the format cannot hold: not ASCII, over 10 bytes, reserved, or used twice."""


class TextTooLongError(WritingError, ValueError):
    """A text longer than its field, with no twin file to carry it in full."""


class NumberNotWritableError(WritingError, ValueError):
    """A number that does not fit the width of its field, or is not finite."""


class NotWritableError(WritingError, ValueError):
    """A value, date, CRS, encoding or size that the format cannot hold."""


class OutputInTheWayError(WritingError, FileExistsError):
    """A file the program would name itself is there already and was not made by an earlier export."""


class OutputInUseError(WritingError, OSError):
    """The files could not be put in place, most often because another program has one of them open."""


class ReadBackError(WritingError):
    """What was written does not read back as it was given; it was thrown away."""
