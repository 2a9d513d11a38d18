"""
What set-up built of the administrative boundaries, opened and checked: the only module that loads ``data/boundaries``.

A build is one file whose digest its manifest states; nothing of it is used where the two differ. `spatial.boundaries`
answers questions from it.
"""

from __future__ import annotations

import hashlib
import json
import math
import sqlite3
import struct
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from spatial.datafiles import data_file, data_root, toml_tables
from spatial.errors import BoundariesDamagedError, BoundariesNotBuiltError, ShippedListError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

__all__ = ["Built", "Gap", "Place", "open_built", "outlines_of"]

_FORMAT = 1
_HEADER = struct.Struct("<2sBBi4d")


@dataclass(frozen=True, kw_only=True)
class Place:
    """A district of a source, without its outline."""

    name: str
    city: tuple[str, str]
    province: tuple[str, str]
    bounds: tuple[float, float, float, float]  # west, east, south, north: the order of the blob's envelope


@dataclass(frozen=True, kw_only=True)
class Gap:
    """How far the outlines of two sources lie apart, as set-up measured it (`spatial.outlines.outline_gap`), metres."""

    p95_m: float
    max_m: float


@dataclass(frozen=True, kw_only=True)
class Built:
    """An opened, checked build."""

    path: Path
    version: str
    sources: tuple[str, ...]
    places: Mapping[str, Mapping[str, Place]]  # source -> code -> place
    gaps: Mapping[tuple[str, ...], Gap]
    third: Mapping[str, float]

    @cached_property
    def names(self) -> Mapping[str, Mapping[str, str]]:
        """
        Of each source every code and its name, sorted by code: districts, cities, provinces.

        Where a city and its only district share a code, the district's name stands.
        """
        found = {}
        for source, places in self.places.items():
            names: dict[str, str] = {}
            for code, place in places.items():
                names.setdefault(place.province[0], place.province[1])
                names.setdefault(place.city[0], place.city[1])
                names[code] = place.name
            found[source] = MappingProxyType(dict(sorted(names.items())))
        return MappingProxyType(found)

    def members(self, source: str, codes: Iterable[str]) -> tuple[str, ...]:
        """The districts of a source that some codes mean, sorted; a city's code means all its districts."""
        areas = self._areas[source]
        return tuple(sorted({code for asked in codes for code in areas.get(asked, ())}))

    def gap(self, asked: tuple[str, ...]) -> Gap | None:
        """What was measured of the very districts that some codes mean, under these codes or others."""
        if asked in self.gaps:
            return self.gaps[asked]
        return self._gaps_by_members.get(tuple(self.members(source, asked) for source in self.sources))

    @cached_property
    def _areas(self) -> dict[str, dict[str, list[str]]]:
        found: dict[str, dict[str, list[str]]] = {}
        for source, places in self.places.items():
            areas = found[source] = {}
            for code, place in places.items():
                for area in {code, place.city[0], place.province[0]}:
                    areas.setdefault(area, []).append(code)
        return found

    @cached_property
    def _gaps_by_members(self) -> dict[tuple[tuple[str, ...], ...], Gap]:
        found: dict[tuple[tuple[str, ...], ...], Gap] = {}
        for codes, gap in self.gaps.items():
            found.setdefault(tuple(self.members(source, codes) for source in self.sources), gap)
        return found


def open_built(built: Path | None) -> Built:
    """
    The checked build in a folder; a build made meanwhile is seen, since its file has another name.

    Parameters
    ----------
    built
        The folder; None: the project's own.

    Raises
    ------
    BoundariesNotBuiltError
        Set-up has not run.
    BoundariesDamagedError
        The files changed since set-up.
    """
    folder = built if built is not None else data_root() / "boundaries" / "built"
    note = folder / "built.json"
    try:
        text = note.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and not note.exists():
            raise BoundariesNotBuiltError(folder=folder) from error
        raise BoundariesDamagedError(file=note, detail="it cannot be read") from error
    return _load(folder, text)


def outlines_of(path: Path, source: str, members: Sequence[str]) -> dict[str, bytes]:
    """
    Outlines of districts, EPSG:4490, as little-endian 2D WKB by code, sorted.

    Parameters
    ----------
    path
        File of a `Built`.
    source
        One of its sources.
    members
        Codes of districts that the source has.

    Raises
    ------
    BoundariesDamagedError
        The file is gone.
    """
    query = f"SELECT geom FROM {source} WHERE code = ?"  # noqa: S608 - a name of the register
    with closing(_connect(path)) as db:
        return {code: db.execute(query, (code,)).fetchone()[0][_HEADER.size :] for code in sorted(members)}


@lru_cache(maxsize=4)
def _load(folder: Path, note: str) -> Built:
    manifest_file = folder / "built.json"
    try:
        manifest = json.loads(note)
        path, wanted = folder / str(manifest["file"]), manifest["sha256"]
        version = f"{manifest['package']} {manifest['version']}"
        if manifest["format"] != _FORMAT:
            raise BoundariesDamagedError(file=manifest_file, detail="it is of another version")
        if path.parent != folder or path.name != manifest["file"]:
            raise BoundariesDamagedError(file=manifest_file, detail="it names a file elsewhere")
    except (ValueError, KeyError, TypeError) as error:
        raise BoundariesDamagedError(file=manifest_file, detail="it is not what set-up writes") from error
    try:
        with path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise BoundariesDamagedError(file=path, detail="it cannot be read") from error
    if digest != wanted:
        raise BoundariesDamagedError(file=path, detail="its sha256 is not the one recorded")
    sources, third = _registered(data_file("boundaries", "registry.toml"))
    with closing(_connect(path)) as db:
        places = {source: MappingProxyType(_places(db, source)) for source in sources}
        rows = db.execute("SELECT codes, p95_m, max_m FROM accuracy").fetchall()
    gaps = {tuple(codes.split(",")): Gap(p95_m=p95, max_m=largest) for codes, p95, largest in rows}
    return Built(
        path=path,
        version=version,
        sources=sources,
        places=MappingProxyType(places),
        gaps=MappingProxyType(gaps),
        third=MappingProxyType(third),
    )


def _registered(file: Path) -> tuple[tuple[str, ...], dict[str, float]]:
    """Names of the sources, and of each district measured how far a third source lies off, metres."""
    try:
        register = toml_tables(file)
        sources = tuple(str(source["name"]) for source in register["source"])
        third = {
            row["code"]: float(math.ceil(math.hypot(row["east_m"], row["north_m"]))) for row in register["third_source"]
        }
        whole = len(third) == register["build"]["third_sources"]
    except (ShippedListError, OSError, ValueError, KeyError, TypeError) as error:
        raise _not_shipped(file) from error
    if not whole:
        raise _not_shipped(file)
    return sources, third


def _not_shipped(file: Path) -> BoundariesDamagedError:
    return BoundariesDamagedError(file=file, detail="it is not what was shipped", remedy="install the project again")


def _connect(path: Path) -> sqlite3.Connection:
    if not path.is_file():  # sqlite3 would make an empty one
        raise BoundariesDamagedError(file=path, detail="it is gone")
    return sqlite3.connect(path)


def _places(db: sqlite3.Connection, source: str) -> dict[str, Place]:
    columns = "code, name, city_code, city_name, province_code, province_name"
    query = f"SELECT {columns}, substr(geom, 1, {_HEADER.size}) FROM {source} ORDER BY code"  # noqa: S608 - a name of the register
    return {
        code: Place(
            name=name,
            city=(city_code, city),
            province=(province_code, province),
            bounds=_HEADER.unpack(header)[4:],
        )
        for code, name, city_code, city, province_code, province, header in db.execute(query)
    }
