"""
Set-up of the administrative boundaries: package -> checked -> ``built/``.

Run it as a script, or let ``make setup`` or the wheel build call :func:`build`. It reads the district
outlines of two publishers from the package that ``registry.toml`` names, compares every file with the
digest recorded there, takes WGS 84 as CGCS2000 (EPSG:4490; the two agree within 1 m, see README.md), makes
geometries valid, measures how far the two publishers' outlines lie apart, and writes one GeoPackage with a
layer a publisher. Needs numpy, shapely, pyproj and the package itself, nothing else.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import importlib.util
import json
import struct
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import ModuleType

HERE = Path(__file__).resolve().parent
FORMAT = 1
MANIFEST = "built.json"
POLYGON = 5


class BoundaryBuildError(Exception):
    """The boundaries cannot be built from what is installed; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class District:
    """One row of a source: its codes and names as published, its geometry as little-endian 2D WKB."""

    code: str
    facts: tuple[str, ...]
    wkb: bytes
    bounds: tuple[float, float, float, float]


def outlines_path() -> Path:
    """The module that measures outlines; the set-up loads it alone, so that no package is imported."""
    return HERE.parents[1] / "spatial" / "outlines.py"


def geopackage_path() -> Path:
    """The module that writes the result; beside this file, and loaded like the one above."""
    return HERE / "geopackage.py"


def recipe() -> str:
    """A digest of everything that decides what is built; it changes when the register or the code changes."""
    digest = hashlib.sha256()
    for path in (HERE / "registry.toml", HERE / "build.py", geopackage_path(), outlines_path()):
        # As text: a checkout with other line ends is the same recipe.
        digest.update(path.read_text(encoding="utf-8").encode())
    return digest.hexdigest()


def is_built(target_dir: Path | None = None) -> bool:
    """
    Whether ``target_dir`` holds what this register and this code build, whole and unchanged.

    Parameters
    ----------
    target_dir
        Default: ``built`` beside this file.
    """
    target = target_dir or HERE / "built"
    try:
        manifest = json.loads((target / MANIFEST).read_text(encoding="utf-8"))
        content = (target / manifest["file"]).read_bytes()
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return bool(manifest.get("recipe") == recipe() and manifest["sha256"] == hashlib.sha256(content).hexdigest())


def build(target_dir: Path | None = None, *, quiet: bool = False) -> Path:
    """
    Build the boundaries, unless they stand already.

    Parameters
    ----------
    target_dir
        Folder for ``built.json`` and the GeoPackage it names; default ``built`` beside this file.
    quiet
        Say nothing.

    Returns
    -------
    Path
        The folder. What was there stays in place until the new files are whole.

    Raises
    ------
    BoundaryBuildError
        The package is missing, or a file of it is not the one the register describes.
    """
    target = (target_dir or HERE / "built").resolve()
    if is_built(target):
        _say(f"boundaries: up to date in {target}", quiet=quiet)
        return target
    register = tomllib.loads((HERE / "registry.toml").read_text(encoding="utf-8"))
    package, provinces = register["package"], set(register["build"]["provinces"])
    folder = _package_folder(package)
    sources: dict[str, list[District]] = {}
    for source in register["source"]:
        rows = [row for row in _districts(folder, source) if row.facts[3] in provinces]
        if len(rows) != source["built_rows"]:
            raise BoundaryBuildError(f"{source['name']}: {len(rows)} districts, {source['built_rows']} expected")
        sources[source["name"]] = sorted(rows, key=lambda row: row.code)
        _say(f"boundaries: {source['name']}: {source['rows']} rows read, {len(rows)} kept", quiet=quiet)
    gaps = dict(_gaps(register, sources))
    _say(f"boundaries: {len(gaps)} outlines measured between the two sources", quiet=quiet)
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="building-", dir=target) as scratch:
        _publish(Path(scratch), target, register=register, sources=sources, gaps=gaps)
    _say(f"boundaries: written to {target}", quiet=quiet)
    return target


def _publish(
    scratch: Path,
    target: Path,
    *,
    register: Mapping[str, Any],
    sources: Mapping[str, Sequence[District]],
    gaps: Mapping[str, tuple[float, float, float]],
) -> None:
    """Write the GeoPackage, move it in under its digest's name, then switch the manifest with one rename."""
    draft = scratch / "boundaries.gpkg"
    _load(geopackage_path(), "_boundary_geopackage").write(draft, register=register, sources=sources, gaps=gaps)
    digest = hashlib.sha256(draft.read_bytes()).hexdigest()
    name = f"boundaries-{digest[:12]}.gpkg"
    manifest = {
        "format": FORMAT,
        "file": name,
        "sha256": digest,
        "recipe": recipe(),
        "package": register["package"]["name"],
        "version": register["package"]["version"],
        "rows": {source: len(rows) for source, rows in sources.items()},
    }
    draft.replace(target / name)
    note = scratch / MANIFEST
    note.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8", newline="\n")
    note.replace(target / MANIFEST)
    for old in target.glob("boundaries-*.gpkg"):
        if old.name != name:
            try:
                old.unlink()
            except OSError:  # open in another program: it goes with the next build
                continue


# Reading the package.


def _package_folder(package: Mapping[str, Any]) -> Path:
    """The folder of the installed package's data, of exactly the version that the register names."""
    found = importlib.util.find_spec(package["name"])
    wanted = f"{package['name']}=={package['version']}"
    if found is None or found.origin is None:
        raise BoundaryBuildError(f"{package['name']} is not installed: run `pip install {wanted}`, then again")
    return Path(found.origin).parent / "data"


def _districts(folder: Path, source: Mapping[str, Any]) -> Iterator[District]:
    """The districts of one source, after its files' digests, row count and key were checked."""
    import shapely

    table = _checked(folder, source["table"]).decode("utf-8-sig")
    rows = list(csv.DictReader(table.splitlines()))
    blobs = _split(_checked(folder, source["geometry"]))
    codes = [row[source["key"]] for row in rows]
    if not len(rows) == len(blobs) == source["rows"] == len(set(codes)):
        raise BoundaryBuildError(
            f"{source['name']}: {len(rows)} rows, {len(blobs)} geometries, {len(set(codes))} codes; "
            f"{source['rows']} expected of each"
        )
    for row, code, blob in zip(rows, codes, blobs, strict=True):
        geometry = _geometry(blob)
        if not shapely.is_valid(geometry):
            geometry = shapely.make_valid(geometry, method="structure", keep_collapsed=False)
        facts = (
            row["district_name"],
            row["city_adcode"],
            row["city_name"],
            row["province_adcode"],
            row["province_name"],
        )
        west, south, east, north = shapely.bounds(geometry).tolist()
        wkb = shapely.to_wkb(geometry, byte_order=1, output_dimension=2)
        yield District(code=code, facts=facts, wkb=wkb, bounds=(west, south, east, north))


def _checked(folder: Path, entry: Mapping[str, str]) -> bytes:
    path = folder / entry["path"]
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BoundaryBuildError(f"{path}: cannot be read; install the package again") from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != entry["sha256"]:
        raise BoundaryBuildError(
            f"{path}: sha256 {digest}, the register says {entry['sha256']}; install the version it names"
        )
    return content


# The package's own format, all numbers little-endian. A list is: uint32 count, that many uint32 sizes, the
# items. The file is a list of geometries; a geometry is a uint32 kind (5 Polygon, 6 MultiPolygon) and its
# body; a multipolygon is a list of polygons, a polygon a list of rings. A ring is a uint32 flag and its
# vertices as steps of 2e-6 degree from -180, -90: flag 0, all as uint32 pairs; flag 1, the first as a
# uint32 pair and then int16 differences.


def _split(block: bytes) -> list[bytes]:
    (count,) = struct.unpack_from("<I", block)
    sizes = struct.unpack_from(f"<{count}I", block, 4)
    items, at = [], 4 + 4 * count
    for size in sizes:
        items.append(block[at : at + size])
        at += size
    if at != len(block):
        raise BoundaryBuildError(f"a block of {len(block)} bytes declares {at}; install the package again")
    return items


def _ring(block: bytes) -> Any:
    import numpy as np

    (differences,) = struct.unpack_from("<I", block)
    if differences:
        first = np.frombuffer(block, "<u4", 2, 4).astype(np.int64)
        rest = np.frombuffer(block, "<i2", -1, 12).astype(np.int64).reshape(-1, 2)
        steps = np.vstack([first, rest]).cumsum(axis=0)
    else:
        steps = np.frombuffer(block, "<u4", -1, 4).astype(np.int64).reshape(-1, 2)
    return (2 * steps - [180_000_000, 90_000_000]) / 1e6  # whole millionths: exact before the division


def _polygon(block: bytes) -> Any:
    import shapely

    rings = [_ring(item) for item in _split(block)]
    return shapely.Polygon(rings[0], rings[1:])


def _geometry(block: bytes) -> Any:
    import shapely

    (kind,) = struct.unpack_from("<I", block)
    if kind == POLYGON:
        return _polygon(block[4:])
    return shapely.MultiPolygon([_polygon(item) for item in _split(block[4:])])


# Accuracy: what two publishers' outlines of the same area differ by.


def _gaps(
    register: Mapping[str, Any], sources: Mapping[str, Sequence[District]]
) -> Iterator[tuple[str, tuple[float, float, float]]]:
    """For each district, city and province of the measured provinces, and each city of the register."""
    outlines = _load(outlines_path(), "_boundary_outlines")
    one, other = (sources[source["name"]] for source in register["source"])
    measured = set(register["build"]["measured"])
    wanted = {(code,) for row in one if row.facts[3] in measured for code in (row.code, row.facts[1], row.facts[3])}
    wanted |= {tuple(sorted(city["codes"])) for city in register["city"]}
    for codes in sorted(wanted):
        first, second = _united(one, codes), _united(other, codes)
        if first is not None and second is not None:
            gap = outlines.outline_gap(first, second)
            yield ",".join(codes), (gap.median_m, gap.p95_m, gap.max_m)


def _united(rows: Sequence[District], codes: Sequence[str]) -> Any | None:
    """The union of the districts under ``codes``; None if the source lacks one of the codes."""
    import shapely

    members: dict[str, bytes] = {}
    for code in codes:
        found = {row.code: row.wkb for row in rows if code in (row.code, row.facts[1], row.facts[3])}
        if not found:
            return None
        members |= found
    return shapely.union_all(shapely.from_wkb([members[code] for code in sorted(members)]), grid_size=1e-8)


def _load(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def _say(text: str, *, quiet: bool) -> None:
    if not quiet:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Build from the command line; 1 and one line on stderr when it cannot be done."""
    parser = argparse.ArgumentParser(description="Build the administrative boundaries from the registered package.")
    parser.add_argument("--target", type=Path, help="folder to write to (default: built/ beside this script)")
    parser.add_argument("--quiet", action="store_true", help="say nothing")
    options = parser.parse_args(arguments)
    try:
        build(options.target, quiet=options.quiet)
    except BoundaryBuildError as error:
        sys.stderr.write(f"boundaries: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
