"""
Errors of ``layers``.

* LayerError
  x WorkspaceError
    + NotAWorkspaceError        (also FileNotFoundError)
    + WorkspaceExistsError      (also FileExistsError)
    + WorkspaceBusyError        (also TimeoutError)
    + ManifestUnreadableError
    + LayerExistsError          (also FileExistsError)
    + VersionInUseError         (also PermissionError)
    + DatabaseUnreachableError  (also ConnectionError)
    + DatabaseRefusedError
  x DamagedVersionError
    + VersionUnreachableError    (the database did not give it)
  x DatabaseAddressError        (also ValueError)
  x DatabaseDriverError         (also ImportError)
  x ImportRefusedError
    + CoverageError             (also ValueError)
    + EmptyLayerError           (also ValueError)
    + ExpectationError          (also ValueError)
    + ImportOptionError         (also ValueError)
  x DelineationError            (also ValueError; a rule that cannot be applied)
    + StudyNeededError            (the standard has no figures for this: it asks for a study)
    + FlowUnknownError            (which way the river runs is not stated)
    + RiverUnclearError           (braids, crossings, two reaches equally near)
    + RiverTooShortError          (the line ends before the zone does)
    + IntakeOffWaterError         (the intake does not lie at the river or lake)
    + UnknownFigureError     (the rule has no figure of that name)
  x FieldAliasError             (also ValueError)
  x PlaceFileError              (also ValueError)
  x PlaceNotFoundError          (also LookupError)
  x PlaceUnclearError           (also LookupError)
  x PlanFileError               (also ValueError)
  x RiverLayerError             (also LookupError)
  x RoleError                   (also ValueError)
  x SampleTableError            (also ValueError)
    + SampleUnitError
    + SampleValueError
  x UnknownCityError            (also LookupError)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from layers.workspace.address import DatabaseAddress
    from layers.workspace.store import VersionEntry

__all__ = [
    "CoverageError",
    "DamagedVersionError",
    "DatabaseAddressError",
    "DatabaseDriverError",
    "DatabaseRefusedError",
    "DatabaseUnreachableError",
    "DelineationError",
    "EmptyLayerError",
    "ExpectationError",
    "FieldAliasError",
    "FlowUnknownError",
    "ImportOptionError",
    "ImportRefusedError",
    "IntakeOffWaterError",
    "LayerError",
    "LayerExistsError",
    "ManifestUnreadableError",
    "NotAWorkspaceError",
    "PlaceFileError",
    "PlaceNotFoundError",
    "PlaceUnclearError",
    "PlanFileError",
    "RiverLayerError",
    "RiverTooShortError",
    "RiverUnclearError",
    "RoleError",
    "SampleTableError",
    "SampleUnitError",
    "SampleValueError",
    "StudyNeededError",
    "UnknownCityError",
    "UnknownFigureError",
    "VersionInUseError",
    "VersionUnreachableError",
    "WorkspaceBusyError",
    "WorkspaceError",
    "WorkspaceExistsError",
]


class LayerError(Exception):
    """Base of every error that ``layers`` raises on wrong data."""

    def __reduce__(self) -> tuple[object, ...]:
        # worker processes hand errors back by pickle, which by itself knows positional arguments only
        return (_rebuilt, (type(self), self.args, self.__dict__))


def _rebuilt(cls: type[LayerError], args: tuple[object, ...], facts: dict[str, object]) -> LayerError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(facts)
    return error


class WorkspaceError(LayerError):
    """Base of what can go wrong with a workspace as a whole; ``path`` is its folder, or where its database lies."""

    def __init__(self, message: str, *, path: Path | DatabaseAddress) -> None:
        super().__init__(message)
        self.path = path


class NotAWorkspaceError(WorkspaceError, FileNotFoundError):
    """The folder holds neither ``workspace.json`` nor ``layers/``, or a database no such schema; ``lacks`` says it."""

    def __init__(
        self,
        *,
        path: Path | DatabaseAddress,
        lacks: str = "it holds neither workspace.json nor layers/",
        other: str = "another folder",
    ) -> None:
        super().__init__(
            f"{path} is not a workspace: {lacks}; name {other}, or create a workspace there",
            path=path,
        )
        self.lacks = lacks


class WorkspaceExistsError(WorkspaceError, FileExistsError):
    """A workspace is to be created where something already is; ``found`` names some of it."""

    def __init__(self, *, path: Path | DatabaseAddress, found: Sequence[str], other: str = "a new folder") -> None:
        shown = ", ".join(found[:5]) + (", ..." if len(found) > 5 else "")
        super().__init__(f"{path} is not empty ({shown}); open it if it is a workspace, or name {other}", path=path)
        self.found = tuple(found)


class WorkspaceBusyError(WorkspaceError, TimeoutError):
    """Another program is writing to the workspace, or it cannot be locked; ``waited_s`` in seconds."""

    def __init__(
        self, *, path: Path | DatabaseAddress, waited_s: float, detail: str = "another program is writing to it"
    ) -> None:
        super().__init__(
            f"{path} could not be locked within {waited_s:g} s: {detail}; nothing was changed. "
            "Wait until the other program ends and try again (a program that has died keeps no lock)",
            path=path,
        )
        self.waited_s = waited_s
        self.detail = detail


class ManifestUnreadableError(WorkspaceError):
    """``workspace.json`` is lost, damaged or of another format version, so nothing may be written."""

    def __init__(self, *, path: Path | DatabaseAddress, detail: str) -> None:
        super().__init__(
            f"{path}: workspace.json cannot be trusted ({detail}), so nothing was changed; put back an "
            "intact copy of the workspace, or create a new one and import the files of sources/ again",
            path=path,
        )
        self.detail = detail


class LayerExistsError(WorkspaceError, FileExistsError):
    """A layer of this name is there already and replacing it was not asked for."""

    def __init__(self, *, path: Path | DatabaseAddress, layer: str) -> None:
        super().__init__(
            f"{path} already has a layer {layer!r}; choose another name, or say that it is a new version (replace)",
            path=path,
        )
        self.layer = layer


class VersionInUseError(WorkspaceError, PermissionError):
    """A folder could not be moved since another program has a file of it open; ``folder`` names it."""

    def __init__(self, *, path: Path, folder: Path, detail: str) -> None:
        super().__init__(
            f"{folder} could not be moved ({detail}); close the program that has a file of it open "
            "(QGIS, ArcGIS, a virus scanner) and try again",
            path=path,
        )
        self.folder = folder
        self.detail = detail


class DatabaseUnreachableError(WorkspaceError, ConnectionError):
    """The database of a workspace cannot be reached, or the connection broke; ``detail`` is what was said of it."""

    def __init__(self, *, path: DatabaseAddress, detail: str) -> None:
        super().__init__(
            f"{path}: the database cannot be reached ({detail}); check that the server runs and host, port, database, "
            "user and password (PGPASSWORD or ~/.pgpass), then try again: a change is made whole or not at all",
            path=path,
        )
        self.detail = detail


class DatabaseRefusedError(WorkspaceError):
    """The database refused a statement: rights, space, an extension; ``detail`` says what, ``remedy`` what to do."""

    def __init__(self, *, path: DatabaseAddress, detail: str, remedy: str) -> None:
        super().__init__(f"{path}: the database refused ({detail}), so nothing was changed; {remedy}", path=path)
        self.detail = detail
        self.remedy = remedy


class DatabaseAddressError(LayerError, ValueError):
    """The address of a workspace in a database is not written as one; the text itself is not repeated."""

    def __init__(self, *, detail: str) -> None:
        super().__init__(
            f"the address of the database cannot be used: {detail}; write postgresql://USER@HOST:PORT/DATABASE#NAME "
            "and leave the password to PGPASSWORD or ~/.pgpass"
        )
        self.detail = detail


class DatabaseDriverError(LayerError, ImportError):
    """The driver for PostgreSQL is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "a workspace in PostgreSQL needs the driver psycopg, which is not installed; "
            'install it: pip install "sanxian[postgis]"'
        )


class DamagedVersionError(LayerError):
    """
    A file of a stored version is lost or differs from what was written.

    ``entry`` is the version, ``file`` the name inside its folder and ``block``
    the number of the 64 KiB block that differs (None: the file as a whole).
    """

    def __init__(self, *, entry: VersionEntry, file: str, block: int | None, detail: str) -> None:
        where = file if block is None else f"{file}, block {block}"
        super().__init__(
            f"layer {entry.layer!r}, version {entry.version}: {where} is damaged ({detail}); "
            "its answers are unknown. Import the source again (replace), or put back an intact copy"
        )
        self.entry = entry
        self.file = file
        self.block = block
        self.detail = detail


class VersionUnreachableError(DamagedVersionError):
    """The database did not give a file of a stored version; whether it is intact is not known."""

    def __init__(self, *, entry: VersionEntry, file: str, detail: str) -> None:
        super().__init__(entry=entry, file=file, block=None, detail=detail)
        message = (
            f"layer {entry.layer!r}, version {entry.version}: {file} could not be read from the database ({detail}); "
            "its answers are unknown. Check the connection and the rights to read, and ask again"
        )
        self.args = (message,)


class ImportRefusedError(LayerError):
    """Base of what keeps a file from becoming a layer; ``detail`` says what, ``remedy`` what to do."""

    def __init__(self, *, detail: str, remedy: str) -> None:
        super().__init__(f"{detail}; {remedy}")
        self.detail = detail
        self.remedy = remedy


class CoverageError(ImportRefusedError, ValueError):
    """The coverage stated at import cannot be one."""


class EmptyLayerError(ImportRefusedError, ValueError):
    """The file holds no feature, and no authority was named that declares there is none."""


class ExpectationError(ImportRefusedError, ValueError):
    """Number or area of the features is not what the user expects of the file."""


class ImportOptionError(ImportRefusedError, ValueError):
    """Options of an import that contradict each other or the kind."""


class FieldAliasError(LayerError, ValueError):
    """A user's file of field names cannot be used; ``table`` is the meaning at fault (None: the whole file)."""

    def __init__(self, *, path: object, table: str | None, detail: str) -> None:
        where = f"{path}" if table is None else f"{path}, [{table}]"
        super().__init__(f"{where}: {detail}; its shape is that of layers/fields.toml")
        self.path = path
        self.table = table
        self.detail = detail


class RiverLayerError(LayerError, LookupError):
    """No river layer is there, or several and none is named; ``found`` are those of the workspace."""

    def __init__(self, *, asked: str | None, found: Sequence[str]) -> None:
        there = ", ".join(found) or "none"
        what = "which river layer is meant is not said" if asked is None else f"no layer of rivers is named {asked!r}"
        super().__init__(
            f"{what}; there are: {there}. Import one with --layer other --role context --meaning 河流, or name it"
        )
        self.asked = asked
        self.found = tuple(found)


class RoleError(LayerError, ValueError):
    """A layer of kind ``other`` needs a role; every other kind has its own."""

    def __init__(self, *, kind: str, role: str | None) -> None:
        if role is None:
            remedy = "say whether it is protective or context"
        else:
            remedy = f"it cannot be given ({role}); only a layer of kind other is given one"
        super().__init__(f"role of a layer of kind {kind}: {remedy}")
        self.kind = kind
        self.role = role


class PlanFileError(LayerError, ValueError):
    """A file of ``data/plans`` is missing or wrong; ``entry`` is the table at fault (empty: the whole file)."""

    def __init__(self, *, path: Path, entry: str, detail: str) -> None:
        where = f"{path}, {entry}" if entry else f"{path}"
        super().__init__(f"{where}: {detail}; its shape is that of data/plans/README.md")
        self.path = path
        self.entry = entry
        self.detail = detail


class UnknownCityError(LayerError, LookupError):
    """No plan is held of a city called so; ``known`` are those there are."""

    def __init__(self, *, name: str, known: Sequence[str]) -> None:
        super().__init__(f"no plan is held of {name!r}; there are those of {', '.join(known)}")
        self.name = name
        self.known = tuple(known)


class PlaceFileError(LayerError, ValueError):
    """A gazetteer cannot be used; ``place`` is the entry at fault."""

    def __init__(self, *, file: str, place: str, detail: str) -> None:
        super().__init__(f"{file}, place {place!r}: {detail}; its shape is that of data/places/README.md")
        self.file = file
        self.place = place
        self.detail = detail


class PlaceNotFoundError(LayerError, LookupError):
    """No gazetteer says where a place is; ``city`` is the plan whose own entries were looked at, if one."""

    def __init__(self, *, name: str, city: str | None) -> None:
        super().__init__(
            f"no gazetteer says where {name!r} is{'' if city is None else f' ({city})'}: it stays declared, not "
            "located; give its point and who says so (--point LON,LAT --point-accuracy-m M --point-source TEXT), "
            "or a gazetteer of your own (--gazetteer FILE)"
        )
        self.name = name
        self.city = city


class PlaceUnclearError(LayerError, LookupError):
    """Several places bear the name; ``places`` are those found."""

    def __init__(self, *, name: str, places: Sequence[str]) -> None:
        super().__init__(
            f"{len(places)} places are called {name!r}: {'; '.join(places)}; name the city (--city), or give the point"
        )
        self.name = name
        self.places = tuple(places)


class DelineationError(LayerError, ValueError):
    """A rule cannot be applied to what is given; ``detail`` says why, ``remedy`` what to do."""

    def __init__(self, *, detail: str, remedy: str) -> None:
        super().__init__(f"{detail}; {remedy}")
        self.detail = detail
        self.remedy = remedy


class StudyNeededError(DelineationError):
    """The standard has no figures for such a source and asks for a study; it is named in both languages."""

    def __init__(self, *, detail: str, detail_zh: str, study: str, study_zh: str) -> None:
        super().__init__(
            detail=f"{detail} ({detail_zh})",
            remedy=f"it asks for a study: {study} ({study_zh}); import the approved polygons when there are any",
        )
        self.study = study
        self.study_zh = study_zh


class FlowUnknownError(DelineationError):
    """Nothing states which way a river runs, so that upstream and downstream cannot be told apart."""


class RiverUnclearError(DelineationError):
    """The lines of a river do not show one way for the water; ``lon`` and ``lat`` say where."""

    def __init__(self, *, detail: str, lon: float, lat: float, remedy: str) -> None:
        super().__init__(detail=f"{detail} at {lon:.6f}, {lat:.6f}", remedy=remedy)
        self.lon = lon
        self.lat = lat


class RiverTooShortError(DelineationError):
    """The line of a river ends ``missing_m`` before a zone does, ``side`` up or down."""

    def __init__(self, *, side: str, needed_m: float, missing_m: float) -> None:
        super().__init__(
            detail=f"the river line ends {missing_m:.0f} m short of the {needed_m:.0f} m needed {side}stream",
            remedy="give a longer line, or say that the river itself ends there (--river-ends-here)",
        )
        self.side = side
        self.needed_m = needed_m
        self.missing_m = missing_m


class IntakeOffWaterError(DelineationError):
    """An intake lies ``offset_m`` from the water it is said to draw from, more than ``allowed_m``."""

    def __init__(self, *, name: str, offset_m: float, allowed_m: float) -> None:
        super().__init__(
            detail=f"intake {name!r} lies {offset_m:.1f} m from the water, more than the {allowed_m:g} m allowed",
            remedy="check its coordinates and the line or polygon; if both are right, allow more (--max-offset-m)",
        )
        self.offset_m = offset_m
        self.allowed_m = allowed_m


class UnknownFigureError(DelineationError):
    """A rule pack has no figure of that name."""

    def __init__(self, *, code: str, known: Sequence[str]) -> None:
        super().__init__(detail=f"the rule has no figure {code!r}", remedy=f"it has: {', '.join(known)}")
        self.code = code
        self.known = tuple(known)


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
