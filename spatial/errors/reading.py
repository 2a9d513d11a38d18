"""Errors of reading: text that is no coordinate, a source that could not be read as a whole."""

from __future__ import annotations

from spatial.errors.base import SpatialError

__all__ = [
    "CoordinateError",
    "GeometryChoiceError",
    "IncompleteSourceError",
    "LayerChoiceError",
    "MalformedSourceError",
    "ReadingError",
    "ReferenceOffsetError",
    "SourceNotFoundError",
    "SourceTooLargeError",
    "UnsafeArchiveError",
    "UnsupportedFormatError",
    "WorkerCrashedError",
    "WorkerError",
    "WorkerMemoryError",
    "WorkerRefusedError",
    "WorkerTimeoutError",
    "ZoneConflictError",
]


class CoordinateError(SpatialError, ValueError):
    """
    Text that is not a coordinate, or a pair that fits no place in China.

    Parameters
    ----------
    code
        What is wrong, as a code: words are made elsewhere.
    text
        The text as it stood.
    detail
        One English line.
    """

    def __init__(self, *, code: str, text: str, detail: str) -> None:
        super().__init__(f"{text!r}: {detail}")
        self.code = code
        self.text = text
        self.detail = detail


class ReadingError(SpatialError):
    """
    A source that could not be read as a whole; nothing of it may be used.

    Parameters
    ----------
    file
        Name of the file (or member of an archive).
    code
        What is wrong, as a code: words are made elsewhere.
    detail
        One English line with the facts.
    remedy
        The next step, one English line.
    layer, record
        Where in the file, if known; records count from 1.
    """

    def __init__(
        self,
        *,
        file: str,
        code: str,
        detail: str,
        remedy: str,
        layer: str | None = None,
        record: int | None = None,
    ) -> None:
        where = file
        if layer is not None:
            where += f", layer {layer}"
        if record is not None:
            where += f", record {record}"
        super().__init__(f"{where}: {detail}. {remedy}.")
        self.file = file
        self.code = code
        self.detail = detail
        self.remedy = remedy
        self.layer = layer
        self.record = record


class SourceNotFoundError(ReadingError, FileNotFoundError):
    """No such file or folder on this machine; addresses on a network are not opened."""


class UnsupportedFormatError(ReadingError):
    """A format that is not read here; the remedy says what to save it as."""


class SourceTooLargeError(ReadingError):
    """More bytes, features or vertices than a source may have."""


class IncompleteSourceError(ReadingError):
    """A source that ends early, lacks a part, or holds fewer features than it declares."""


class MalformedSourceError(ReadingError):
    """A source whose frame cannot be parsed (its single features may still be unreadable one by one)."""


class UnsafeArchiveError(ReadingError):
    """A ZIP that climbs out of its folder, unpacks to far more than it is, or needs a password."""


class LayerChoiceError(ReadingError):
    """A source with several layers or files that cannot be read together; one must be named."""


class GeometryChoiceError(ReadingError):
    """What the file holds cannot be taken as the geometry that was asked for."""


class ZoneConflictError(ReadingError):
    """Two statements about the CRS or zone of the coordinates, or one and their size, contradict each other."""


class ReferenceOffsetError(ReadingError):
    """Coordinates that are likely GCJ-02 or BD-09, hundreds of metres off, and do not say so."""


class WorkerError(ReadingError):
    """The child process that parses foreign formats gave no answer."""


class WorkerCrashedError(WorkerError):
    """The child process died while it read the file."""


class WorkerTimeoutError(WorkerError):
    """The child process took too long and was ended."""


class WorkerMemoryError(WorkerError):
    """The child process reached its memory limit."""


class WorkerRefusedError(WorkerError):
    """The library that parses the format refused the file."""
