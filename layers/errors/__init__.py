"""
Errors of ``layers``.

* LayerError
  x WorkspaceError
    + NotAWorkspaceError        (also FileNotFoundError)
    + WorkspaceExistsError      (also FileExistsError)
    + WorkspaceBusyError        (also TimeoutError)
    + ManifestUnreadableError
    + CopyRefusedError
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

from layers.errors.base import LayerError
from layers.errors.database import (
    DatabaseAddressError,
    DatabaseDriverError,
    DatabaseRefusedError,
    DatabaseUnreachableError,
    VersionUnreachableError,
)
from layers.errors.delineation import (
    DelineationError,
    FlowUnknownError,
    IntakeOffWaterError,
    RiverLayerError,
    RiverTooShortError,
    RiverUnclearError,
    StudyNeededError,
    UnknownFigureError,
)
from layers.errors.importing import (
    CoverageError,
    EmptyLayerError,
    ExpectationError,
    FieldAliasError,
    ImportOptionError,
    ImportRefusedError,
    RoleError,
)
from layers.errors.places import PlaceFileError, PlaceNotFoundError, PlaceUnclearError
from layers.errors.plans import PlanFileError, UnknownCityError
from layers.errors.samples import SampleTableError, SampleUnitError, SampleValueError
from layers.errors.workspace import (
    CopyRefusedError,
    DamagedVersionError,
    LayerExistsError,
    ManifestUnreadableError,
    NotAWorkspaceError,
    VersionInUseError,
    WorkspaceBusyError,
    WorkspaceError,
    WorkspaceExistsError,
)

__all__ = [
    "CopyRefusedError",
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
