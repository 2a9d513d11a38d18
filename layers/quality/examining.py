"""Layers read whole for inspection, and the outline of the city they are of."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from layers.errors import DamagedVersionError
from layers.quality.model import City, ExaminedLayer
from layers.version import open_layer, version_at
from spatial.errors import (
    BoundariesDamagedError,
    BoundariesNotBuiltError,
    DataFileMissingError,
    UnknownDistrictError,
    UnmeasuredDistrictError,
)
from spatial.overlay.index import DamagedIndexError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layers.quality.model import Unchecked
    from layers.workspace.store import VersionEntry, WorkspaceStore

__all__ = ["UNREADABLE", "city_of", "examine", "examine_all", "last_two"]

UNREADABLE = (DamagedVersionError, DamagedIndexError, OSError)
"""What reading a version that is not what was written may raise."""


def examine(store: WorkspaceStore, entry: VersionEntry, as_of: str, *, reason: str | None = None) -> ExaminedLayer:
    """
    Read one version whole.

    Parameters
    ----------
    store, entry
        The version.
    as_of
        ISO date at which features are in force or not.
    reason
        Of ``layers.version.version_at``.

    Raises
    ------
    DamagedVersionError, DamagedIndexError
        If its bytes differ from what was written.
    """
    layer = open_layer(store, entry)
    standing = layer.records.standing(as_of, layer.card.accuracy_m)
    geometries = np.empty(layer.records.count, dtype=object)
    geometries[:] = [layer.index.geometry(row) for row in range(len(geometries))]
    return ExaminedLayer(
        entry=entry,
        card=layer.card,
        reason=reason,
        features=tuple(layer.records.feature(row) for row in range(len(geometries))),
        geometries=geometries,
        in_force=standing.in_force,
        zone=standing.zone,
        soft=standing.soft,
        without_extent=~np.isnan(standing.without_extent_m),
        accuracy_m=standing.accuracy_m,
    )


def examine_all(store: WorkspaceStore, as_of: str) -> tuple[list[ExaminedLayer], list[tuple[VersionEntry, str]]]:
    """Every layer in the version that answers at a date, and those that cannot be read, with what was found."""
    found: list[ExaminedLayer] = []
    unreadable: list[tuple[VersionEntry, str]] = []
    for name in dict.fromkeys(entry.layer for entry in store.entries):
        entry, reason = version_at([e for e in store.entries if e.layer == name], as_of)
        try:
            found.append(examine(store, entry, as_of, reason=reason))
        except UNREADABLE as error:
            unreadable.append((entry, str(error)))
    return found, unreadable


def last_two(store: WorkspaceStore, layer: str) -> tuple[VersionEntry, VersionEntry] | None:
    """The last two versions of a layer by validity, of equal dates by import; None where there is only one."""
    entries = sorted((e for e in store.entries if e.layer == layer), key=lambda e: (e.valid_from or "", e.sequence))
    return None if len(entries) < 2 else (entries[-2], entries[-1])


def city_of(codes: Sequence[str]) -> City | Unchecked:
    """
    The outline of some districts, or why there is none.

    Its accuracy is that of a coverage stated by district codes: the 95 % distance between two publishers, and never
    less than what a third one shows.

    Examples
    --------
    >>> city_of([])
    'no_city'
    >>> city_of(["150781", "150703"]).names
    ('扎赉诺尔区', '满洲里市')
    """
    from spatial.boundaries import union

    if not codes:
        return "no_city"
    try:
        found = union(list(codes))
    except (BoundariesNotBuiltError, BoundariesDamagedError, DataFileMissingError):
        return "no_boundaries"
    except (UnknownDistrictError, UnmeasuredDistrictError):
        return "unknown_district"
    city = City(
        geometry=found.geometry,
        accuracy_m=found.accuracy_m,
        codes=found.codes,
        names=found.names,
        source=f"{found.source}, {found.source_version}",
    )
    third = found.third_source_m
    return city if third is None else replace(city, accuracy_m=max(city.accuracy_m, third))
