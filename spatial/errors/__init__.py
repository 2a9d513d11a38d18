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
  x ShippedListError                 (a list of words, rules or names is not what was shipped)
  x NetworkError                     (also ValueError; lines of which no river graph can be made, or an unfit statement)
    + UnknownRiverError              (also LookupError)
  x BoundaryError
    + BoundariesNotBuiltError        (also FileNotFoundError; set-up has not run)
    + BoundariesDamagedError         (what set-up wrote was changed since)
    + UnknownDistrictError           (also LookupError)
    + UnmeasuredDistrictError        (no second source, so no accuracy)
"""

from __future__ import annotations

from spatial.errors.base import SpatialError
from spatial.errors.boundaries import (
    BoundariesDamagedError,
    BoundariesNotBuiltError,
    BoundaryError,
    UnknownDistrictError,
    UnmeasuredDistrictError,
)
from spatial.errors.crs import (
    ControlPointsError,
    CRSError,
    DatumShiftUnknownError,
    MissingCRSError,
    OffsetUndefinedError,
    OutsideWorkingAreaError,
    TooManyVerticesError,
    UnknownCRSError,
)
from spatial.errors.datafiles import DataFileMissingError, PackedDataError, ShippedListError
from spatial.errors.network import NetworkError, UnknownRiverError
from spatial.errors.raster import (
    RasterError,
    RasterKindError,
    RasterNotPlacedError,
    RasterSizeError,
    RasterUnreadableError,
    ZonalLibraryMissingError,
)
from spatial.errors.reading import (
    CoordinateError,
    GeometryChoiceError,
    IncompleteSourceError,
    LayerChoiceError,
    MalformedSourceError,
    ReadingError,
    ReferenceOffsetError,
    SourceNotFoundError,
    SourceTooLargeError,
    UnsafeArchiveError,
    UnsupportedFormatError,
    WorkerCrashedError,
    WorkerError,
    WorkerMemoryError,
    WorkerRefusedError,
    WorkerTimeoutError,
    ZoneConflictError,
)
from spatial.errors.scanned_maps import ClassNotOnMapError, FoldedMapError, LegendError, MapFitError, MapWarpError
from spatial.errors.writing import (
    FieldNameError,
    NotWritableError,
    NumberNotWritableError,
    OutputInTheWayError,
    OutputInUseError,
    ReadBackError,
    TextTooLongError,
    WritingError,
)

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
    "ShippedListError",
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
