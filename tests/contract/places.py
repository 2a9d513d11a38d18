"""
One county, places in it measured in metres, and a workspace in memory to ask about them.

A layer of 24 m and a site of 7 m give a = 25 m exactly (7-24-25), so gaps can be written by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import shapely

from layers.importing import Imported, ImportOptions, import_layer
from layers.workspace import VersionEntry
from screening.screen import screen
from screening.site import site_of
from spatial.ellipsoid import geod
from tests.building import reading_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from layers.workspace.store import Damage
    from screening.verdict import Finding, Verdict

AS_OF = "2026-11-22"
SITE_M, LAYER_M, A_M = 7.0, 24.0, 25.0
COUNTY = shapely.box(117.0, 49.0, 118.0, 50.0)
ZONE = shapely.box(117.4, 49.4, 117.5, 49.5)
"""7.2 by 11.1 km, in the middle of the county."""
FAR = shapely.Point(117.8, 49.8)
"""In the county, some 40 km from the zone."""


def off(lon: float, lat: float, *, east: float = 0.0, north: float = 0.0) -> tuple[float, float]:
    """The place so many metres east, then north."""
    lon, lat, _ = geod().fwd(lon, lat, 90.0, east)
    lon, lat, _ = geod().fwd(lon, lat, 0.0, north)
    return float(lon), float(lat)


def beside(metres: float, *, lat: float = 49.45) -> shapely.Point:
    """A point so many metres east of the zone's eastern edge; negative: inside it."""
    return shapely.Point(off(117.5, lat, east=metres))


def block(lon: float, lat: float, width: float, height: float) -> shapely.Polygon:
    """A parcel of so many metres whose south-western corner is here."""
    east, _ = off(lon, lat, east=width)
    _, north = off(lon, lat, north=height)
    return shapely.box(lon, lat, east, north)


class MemoryVersion:
    """A version that lies in memory."""

    def __init__(self, entry: VersionEntry, card: dict[str, Any], arrays: dict[str, Any]) -> None:
        self.entry, self.card, self._arrays = entry, card, arrays

    def array(self, name: str) -> Any:
        return self._arrays[name]


class MemoryStore:
    """
    A workspace that is no folder: what ``WorkspaceStore`` asks for and no more.

    It keeps no published copies (GeoPackages): screening does not read them.
    """

    root = "memory"
    region = None
    manifest_readable = True

    def __init__(self, *required: str) -> None:
        self.required_kinds = required
        self.damages: tuple[Damage, ...] = ()
        self._versions: list[MemoryVersion] = []

    @property
    def entries(self) -> tuple[VersionEntry, ...]:
        return tuple(v.entry for v in self._versions)

    def open_version(self, entry: VersionEntry) -> MemoryVersion:
        return next(v for v in self._versions if v.entry == entry)

    def write_version(
        self, *, card: Any, arrays: Any, files: Any, source: Any, replace: bool, **own: Any
    ) -> VersionEntry:
        number = len(self._versions) + 1
        entry = VersionEntry(
            **own,
            folder=own["layer"],
            version=f"v{number:04d}",
            sequence=number,
            sha256=None,
            source=None,
            sizes=(),
            checksums_sha256="",
        )
        self._versions.append(MemoryVersion(entry, dict(card), dict(arrays)))
        return entry

    def add(
        self,
        kind: str,
        geometries: Sequence[Any],
        attributes: Sequence[dict[str, Any]] | None = None,
        *,
        name: str | None = None,
        coverage: Any = COUNTY,
        coverage_name: str = "coverage.geojson",
        data_date: str | None = "2024-01-01",
        unreadable: Sequence[tuple[str, tuple[float, float, float, float] | None]] = (),
        **options: Any,
    ) -> Imported:
        """Import a layer; 24 m unless another accuracy is given, complete in the county unless told otherwise."""
        if not {"accuracy_m", "scale", "surveyed"} & set(options):
            options["accuracy_m"] = LAYER_M
        reading = reading_of(geometries, attributes, unreadable=unreadable) if len(geometries) or unreadable else None
        if hasattr(coverage, "geom_type"):
            coverage = reading_of([coverage], name=coverage_name)
        with _unpublished():
            return import_layer(
                self,  # type: ignore[arg-type]
                reading,
                ImportOptions(kind=kind, name=name or kind, coverage=coverage, data_date=data_date, **options),  # type: ignore[arg-type]
            )


def _unpublished() -> AbstractContextManager[Any]:
    from contextlib import contextmanager

    @contextmanager
    def nothing(*_: object) -> Iterator[dict[str, bytes]]:
        yield {}

    return patch("layers.importing.published_files", nothing)


def ask(
    store: Any, geometry: Any, *, accuracy_m: float = SITE_M, radius_m: float = 0.0, as_of: str = AS_OF, **site: Any
) -> Verdict:
    """The verdict on a geometry; 7 m unless another accuracy is given."""
    from dataclasses import replace

    made = replace(site_of(geometry, accuracy_m=accuracy_m, radius_m=radius_m), **site)
    return screen(made, store, as_of=as_of)


def finding(verdict: Verdict, layer: str | None = None) -> Finding:
    """The only finding, or that of a layer."""
    found = [f for f in verdict.findings if layer is None or f.layer == layer]
    assert len(found) == 1, [f.layer for f in verdict.findings]
    return found[0]


def codes(found: Finding) -> list[str]:
    """The reasons of a finding, without their facts."""
    return [r.code for r in found.reasons]


def one(kind: str, geometry: Any, attributes: dict[str, Any] | None = None, **options: Any) -> MemoryStore:
    """A workspace of one layer of one feature."""
    store = MemoryStore()
    store.add(kind, [geometry], [attributes or {}], **options)
    return store
