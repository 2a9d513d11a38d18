"""
Errors of ``spatial``.

* SpatialError
  x ReadingError (a source could not be read; nothing of it is used)
    + SourceNotFoundError            (also FileNotFoundError)
    + UnsupportedFormatError
    + SourceTooLargeError
    + IncompleteSourceError          (ends early, or holds less than it declares)
    + MalformedSourceError
    + UnsafeArchiveError
    + LayerChoiceError               (several layers, files or CRSs: one must be named)
    + GeometryChoiceError            (--geometry cannot be made of what the file holds)
    + ZoneConflictError              (two statements about the CRS or zone contradict)
    + ReferenceOffsetError           (coordinates are likely GCJ-02 or BD-09)
    + WorkerError
      + WorkerCrashedError
      + WorkerTimeoutError
      + WorkerMemoryError
      + WorkerRefusedError           (the library that parses the format refused the file)
  x WritingError (nothing was written; what was there before is as it was)
    + FieldNameError                 (also ValueError)
    + TextTooLongError               (also ValueError)
    + NumberNotWritableError         (also ValueError; too wide, or not a number)
    + NotWritableError               (also ValueError; a value, date, CRS or size the format cannot hold)
    + OutputInTheWayError            (also FileExistsError)
    + OutputInUseError               (also OSError; another program has the file open)
    + ReadBackError                  (what was written does not read back as it was)
  x CoordinateError                  (also ValueError; text that is no coordinate)
  x CRSError                         (also ValueError)
    + MissingCRSError                (nothing says which system the coordinates are in)
    + UnknownCRSError                (not understood, contradictory, or not one for maps)
    + DatumShiftUnknownError         (Xi'an 80, Beijing 54, others: no parameters are published)
    + OutsideWorkingAreaError        (not finite, or outside 60-150 E, 0-60 N)
    + OffsetUndefinedError           (GCJ-02 and BD-09 are defined in China only)
    + ControlPointsError             (too few, or so placed that no shift of a datum follows from them)
  x MapFitError                      (also ValueError; control points that place no scanned map)
  x MapWarpError                     (also ValueError; a scanned map that cannot be drawn in that plane)
  x RasterError (a raster that figures are asked of cannot be used)
    + RasterUnreadableError
    + RasterNotPlacedError           (also ValueError; no CRS, or not north up)
    + RasterKindError                (also ValueError; a band, or values, that do not fit what is asked)
    + RasterSizeError                (also ValueError)
  x ZonalLibraryMissingError         (also ImportError)
  x TooManyVerticesError             (also ValueError)
  x LegendError                      (also ValueError; the legend of a scanned map cannot be used)
    + ClassNotOnMapError             (no pixel has the colours of a class)
  x FoldedMapError                   (also ValueError; the fit lays parts of a page over each other)
  x DataFileMissingError             (also FileNotFoundError; the installation is incomplete)
  x NetworkError                     (also ValueError; lines of which no river graph can be made, or an unfit statement)
    + UnknownRiverError              (also LookupError)
  x BoundaryError
    + BoundariesNotBuiltError        (also FileNotFoundError; set-up has not run)
    + BoundariesDamagedError         (what set-up wrote was changed since)
    + UnknownDistrictError           (also LookupError)
    + UnmeasuredDistrictError        (no second source, so no accuracy)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = [
    "BoundariesDamagedError",
    "BoundariesNotBuiltError",
    "BoundaryError",
    "CRSError",
    "ClassNotOnMapError",
    "ControlPointsError",
    "CoordinateError",
    "DataFileMissingError",
    "DatumShiftUnknownError",
    "FieldNameError",
    "FoldedMapError",
    "GeometryChoiceError",
    "IncompleteSourceError",
    "LayerChoiceError",
    "LegendError",
    "MalformedSourceError",
    "MapFitError",
    "MapWarpError",
    "MissingCRSError",
    "NetworkError",
    "NotWritableError",
    "NumberNotWritableError",
    "OffsetUndefinedError",
    "OutputInTheWayError",
    "OutputInUseError",
    "OutsideWorkingAreaError",
    "PackedDataError",
    "RasterError",
    "RasterKindError",
    "RasterNotPlacedError",
    "RasterSizeError",
    "RasterUnreadableError",
    "ReadBackError",
    "ReadingError",
    "ReferenceOffsetError",
    "SourceNotFoundError",
    "SourceTooLargeError",
    "SpatialError",
    "TextTooLongError",
    "TooManyVerticesError",
    "UnknownCRSError",
    "UnknownDistrictError",
    "UnknownRiverError",
    "UnmeasuredDistrictError",
    "UnsafeArchiveError",
    "UnsupportedFormatError",
    "WorkerCrashedError",
    "WorkerError",
    "WorkerMemoryError",
    "WorkerRefusedError",
    "WorkerTimeoutError",
    "WritingError",
    "ZonalLibraryMissingError",
    "ZoneConflictError",
]


class SpatialError(Exception):
    """Base of every error that ``spatial`` raises on wrong data."""


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


class CRSError(SpatialError, ValueError):
    """
    A question about the coordinate system that has no safe answer.

    Parameters
    ----------
    detail
        One English line with the facts.
    remedy
        The next step, one English line.
    code
        What is wrong, as a code: words are made elsewhere.
    """

    def __init__(self, *, detail: str, remedy: str, code: str) -> None:
        super().__init__(f"{detail}. {remedy}.")
        self.detail = detail
        self.remedy = remedy
        self.code = code


class MissingCRSError(CRSError):
    """Nothing says which coordinate system is meant."""

    def __init__(self) -> None:
        super().__init__(
            code="crs_missing",
            detail="No coordinate system is stated",
            remedy="Name it, e.g. EPSG:4528 for CGCS2000 zone 40, or add the .prj",
        )


class UnknownCRSError(CRSError):
    """
    A coordinate system that cannot be read, contradicts itself, or cannot be used.

    Parameters
    ----------
    source
        What was given.
    reason
        Why it is not used, one English line.
    """

    def __init__(self, *, source: str, reason: str) -> None:
        shown = source if len(source) <= 120 else source[:117] + "..."
        super().__init__(
            code="crs_unknown",
            detail=f"{shown!r} is not a usable coordinate system: {reason}",
            remedy="Name it by its EPSG code, e.g. EPSG:4490 or EPSG:4528",
        )
        self.source = source
        self.reason = reason


class DatumShiftUnknownError(CRSError):
    """
    A datum from which no published parameters lead to CGCS2000.

    Parameters
    ----------
    system
        Code or name of the coordinate system.
    datum
        ``xian80``, ``beijing54`` or ``unknown``.
    """

    def __init__(self, *, system: str, datum: str) -> None:
        named = {"xian80": "Xi'an 1980", "beijing54": "Beijing 1954"}.get(datum, "of a datum not known here")
        super().__init__(
            code="datum_shift_unknown",
            detail=f"{system} is {named}; its shift to CGCS2000 (some 50-150 m) is not published",
            remedy="Have the data transformed to CGCS2000 by the surveying office that holds the parameters, "
            "or name the right system if this one is not it",
        )
        self.system = system
        self.datum = datum


class OutsideWorkingAreaError(CRSError):
    """
    A coordinate that is not finite, or lies outside 60-150 E, 0-60 N.

    Parameters
    ----------
    record
        Position of the geometry in the array, from 0.
    lon, lat
        The first such coordinate in degrees, or None where it has none.
    x, y
        The coordinate as it was given.
    """

    def __init__(self, *, record: int, lon: float | None, lat: float | None, x: float, y: float) -> None:
        place = "no place on the Earth" if lon is None or lat is None else f"{lon:.6f} E, {lat:.6f} N"
        super().__init__(
            code="outside_working_area",
            detail=f"Geometry {record}: ({x}, {y}) is {place}, not within 60-150 E, 0-60 N",
            remedy="Check the coordinate system, the zone and the order of the columns",
        )
        self.record = record
        self.lon = lon
        self.lat = lat
        self.x = x
        self.y = y


class OffsetUndefinedError(CRSError):
    """
    A coordinate where GCJ-02 and BD-09 are not defined: not finite, or not in China.

    Parameters
    ----------
    lon, lat
        The first such coordinate, degrees.
    row
        Its position in the array, from 0.
    """

    def __init__(self, *, lon: float, lat: float, row: int) -> None:
        super().__init__(
            code="offset_undefined",
            detail=f"Row {row}: GCJ-02 and BD-09 have no value at {lon}, {lat}; they are defined in China only",
            remedy="Check the order of the columns, and whether these are degrees",
        )
        self.lon = lon
        self.lat = lat
        self.row = row


class ControlPointsError(CRSError):
    """
    Control points from which no shift of a datum follows.

    Parameters
    ----------
    kind
        ``3``, ``4`` or ``7`` parameters.
    given, needed
        How many points there are, and the least there must be.
    reason
        Why they are not used, one English line.
    """

    def __init__(self, *, kind: int, given: int, needed: int, reason: str) -> None:
        super().__init__(
            code="control_points",
            detail=f"{given} control points give no {kind}-parameter shift: {reason}",
            remedy=f"Give at least {needed} points known in both systems, spread over and around the data",
        )
        self.kind = kind
        self.given = given
        self.needed = needed


class MapFitError(SpatialError, ValueError):
    """
    Control points from which no trustworthy fit of a scanned map follows.

    Parameters
    ----------
    code
        What is wrong, as a code: ``too_few``, ``duplicate_points``, ``collinear``, ``degenerate``, ``mirrored``,
        ``folds``, ``no_plane``, ``ticks``. Words are made elsewhere.
    detail
        One English line with the facts.
    remedy
        The next step, one English line.
    points
        Ids of the control points at fault, if they are known.
    """

    def __init__(self, *, code: str, detail: str, remedy: str, points: Sequence[str] = ()) -> None:
        where = f"control point {', '.join(points)}: " if points else ""
        super().__init__(f"{where}{detail}. {remedy}.")
        self.code = code
        self.detail = detail
        self.remedy = remedy
        self.points = tuple(points)


class MapWarpError(SpatialError, ValueError):
    """
    A scanned map that cannot be drawn in the plane asked for.

    Parameters
    ----------
    code
        ``too_large`` or ``outside``.
    detail
        One English line with the facts.
    remedy
        The next step, one English line.
    """

    def __init__(self, *, code: str, detail: str, remedy: str) -> None:
        super().__init__(f"{detail}. {remedy}.")
        self.code = code
        self.detail = detail
        self.remedy = remedy


class RasterError(SpatialError):
    """
    Base of what keeps a raster from being used.

    Parameters
    ----------
    file
        Its name.
    code
        What is wrong, as a code: words are made elsewhere.
    detail, remedy
        One English line each: the facts, and the next step.
    """

    def __init__(self, *, file: str, code: str, detail: str, remedy: str) -> None:
        super().__init__(f"{file}: {detail}. {remedy}.")
        self.file = file
        self.code = code
        self.detail = detail
        self.remedy = remedy


class RasterUnreadableError(RasterError):
    """It is no raster that is read here, or part of it is damaged."""


class RasterNotPlacedError(RasterError, ValueError):
    """It has no coordinate system, or its pixels do not lie north up in it."""


class RasterKindError(RasterError, ValueError):
    """It has no such band, or values that do not fit what is asked of them."""


class RasterSizeError(RasterError, ValueError):
    """More pixels or classes than one answer may have."""


class ZonalLibraryMissingError(SpatialError, ImportError):
    """A library that figures over rasters need is not installed; ``library`` names it."""

    def __init__(self, *, library: str, detail: str) -> None:
        super().__init__(
            f"figures over rasters need {library} ({detail}): pip install {library}. Where it has no wheel "
            "(exactextract on Linux for ARM), run it on another machine; everything else works without it."
        )
        self.library = library


class TooManyVerticesError(SpatialError, ValueError):
    """
    Edges so long that carrying them into another plane would take more vertices than allowed.

    Parameters
    ----------
    vertices
        How many would be added.
    limit
        How many may be.
    """

    def __init__(self, *, vertices: int, limit: int) -> None:
        super().__init__(
            f"{vertices} vertices would have to be added to keep long edges in place, {limit} are allowed. "
            "Check the coordinates, or split the data."
        )
        self.vertices = vertices
        self.limit = limit


class DataFileMissingError(SpatialError, FileNotFoundError):
    """
    A file of ``data/`` is not where the project keeps it.

    Parameters
    ----------
    name
        Path below ``data/``.
    places
        Folders that were looked in.
    """

    def __init__(self, *, name: str, places: Sequence[Path]) -> None:
        looked = ", ".join(map(str, places))
        super().__init__(f"data file {name} not found in {looked}: install the project again")
        self.name = name
        self.places = tuple(places)


class NetworkError(SpatialError, ValueError):
    """
    Lines of which no river graph can be made, or a statement about it that does not fit.

    Parameters
    ----------
    code
        What is wrong, as a code.
    detail
        One English line with the facts.
    remedy
        The next step, one English line.
    """

    def __init__(self, *, code: str, detail: str, remedy: str) -> None:
        super().__init__(f"{detail}; {remedy}")
        self.code = code
        self.detail = detail
        self.remedy = remedy


class UnknownRiverError(NetworkError, LookupError):
    """
    A river of this name is not in the network.

    Parameters
    ----------
    name
        As it was given.
    known
        Names that are there.
    """

    def __init__(self, *, name: str, known: Sequence[str]) -> None:
        shown = ", ".join(known[:10]) + (", ..." if len(known) > 10 else "")
        super().__init__(
            code="river_unknown",
            detail=f"no line is named {name!r}",
            remedy=f"the network has: {shown or 'no names at all'}",
        )
        self.name = name
        self.known = tuple(known)


class BoundaryError(SpatialError):
    """Base of what goes wrong with administrative boundaries."""


class BoundariesNotBuiltError(BoundaryError, FileNotFoundError):
    """
    The administrative boundaries were never built here.

    Parameters
    ----------
    folder
        Where they would lie.
    """

    def __init__(self, *, folder: Path) -> None:
        super().__init__(f"no administrative boundaries in {folder}: run `make setup`")
        self.folder = folder


class BoundariesDamagedError(BoundaryError):
    """
    The built boundaries are not what set-up wrote; none of them is used.

    Parameters
    ----------
    file
        The file at fault.
    detail
        What is wrong, one English line.
    """

    def __init__(self, *, file: Path, detail: str) -> None:
        super().__init__(f"{file}: {detail}; delete the folder and run `make setup`")
        self.file = file
        self.detail = detail


class UnknownDistrictError(BoundaryError, LookupError):
    """
    A code that no boundary is known for.

    Parameters
    ----------
    code
        The code as it was given.
    candidates
        Codes and names that may have been meant, the likeliest first.
    """

    def __init__(self, *, code: str, candidates: Sequence[tuple[str, str]]) -> None:
        meant = ", ".join(f"{known} {name}" for known, name in candidates) or "none is like it"
        super().__init__(
            f"no boundary for district code {code!r}; known: {meant}. For other provinces name them in "
            "data/boundaries/registry.toml and run `make setup`, or state the area by a file"
        )
        self.code = code
        self.candidates = tuple(candidates)


class UnmeasuredDistrictError(BoundaryError):
    """
    A boundary that only one source has: how accurate it is cannot be said.

    Parameters
    ----------
    codes
        The codes the second source lacks.
    source, second
        The source that has them, and the one that has not.
    """

    def __init__(self, *, codes: Sequence[str], source: str, second: str) -> None:
        super().__init__(
            f"district code {', '.join(codes)} is in {source} but not in {second}, so its accuracy is not "
            "measured: state the area by a file with an accuracy of its own, or by the code of its city"
        )
        self.codes = tuple(codes)
        self.source = source
        self.second = second


class LegendError(SpatialError, ValueError):
    """
    The legend of a scanned map cannot be used.

    Parameters
    ----------
    file
        Name of the legend file.
    entry
        The class or key it stumbles over; empty for the file as a whole.
    detail
        One English line with the next step.
    """

    def __init__(self, *, file: str, entry: str, detail: str) -> None:
        super().__init__(f"{file}{f', {entry}' if entry else ''}: {detail}")
        self.file = file
        self.entry = entry
        self.detail = detail


class ClassNotOnMapError(LegendError):
    """
    No area of the map has the colours of a class.

    ``found`` are the main colours it has; areas narrower than ``narrowest_px`` pixels are not told from lines.
    """

    def __init__(
        self, *, file: str, entry: str, colours: Sequence[str], found: Sequence[str], narrowest_px: int
    ) -> None:
        super().__init__(
            file=file,
            entry=entry,
            detail=f"no area of {narrowest_px} pixels or more across has {', '.join(colours)}; the main colours of the "
            f"map are {', '.join(found) or 'none'}. Pick the colour from the page itself, widen the tolerance, scan "
            "finer if the areas are narrow, or take the class out of the legend",
        )
        self.colours = tuple(colours)
        self.found = tuple(found)
        self.narrowest_px = narrowest_px


class PackedDataError(SpatialError, ValueError):
    """Packed arrays cannot be written or read; ``name`` is the array, None for the block as a whole."""

    def __init__(self, *, name: str | None, why: str) -> None:
        what = "the packed block" if name is None else f"packed array {name!r}"
        super().__init__(f"{what}: {why}; make it again from its source")
        self.name = name
        self.why = why


class FoldedMapError(SpatialError, ValueError):
    """
    The fit lays two parts of the page over each other, so that shapes come out crossed.

    Parameters
    ----------
    method
        Of the fit.
    column, row
        A place on the page where it does, pixels.
    """

    def __init__(self, *, method: str, column: float, row: float) -> None:
        super().__init__(
            f"the {method} fit folds the page near column {column:.0f}, row {row:.0f}; correct the control points "
            "there, add some, or take a stiffer method (affine, projective)"
        )
        self.method = method
        self.column = column
        self.row = row
