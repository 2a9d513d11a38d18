"""A file becomes a layer version: read, placed on the Earth, repaired, understood, covered, indexed, written whole."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely

from layers.card import LayerCard, RejectedFeature
from layers.coverage import Coverage, cut_to_units, of_districts, of_features, of_geometry
from layers.digest import leaf_array
from layers.errors import CoverageError, EmptyLayerError, ExpectationError, ImportOptionError, LayerExistsError
from layers.kinds import KIND_SPECS, interpret
from layers.merkle import root_of
from layers.placing import Placed, area_of, nothing, placed_features
from layers.published import published_files
from layers.records import pack
from layers.repair import repair
from spatial.accuracy import SURVEYED, UNSTATED_LAYER, accuracy_of_scale, restated
from spatial.crs import to_geographic
from spatial.overlay.index import build_index, pieces_of
from spatial.overlay.seams import seams_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from layers.model import KindName, Role
    from layers.workspace.store import VersionEntry, WorkspaceStore
    from spatial.accuracy import PositionalAccuracy
    from spatial.overlay.seams import Seams
    from spatial.reading.model import Reading

__all__ = ["ImportOptions", "Imported", "import_layer"]

FARTHEST_M = 20_037_509.0
"""Half the equator: an influence distance that reaches farther says the same."""


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """
    What the user says of a layer that its file does not say.

    Dates are ISO. ``coverage`` is a list of district codes, a Reading of a file with the area, or ``"layer"``.
    """

    kind: KindName
    name: str
    replace: bool = False
    historical: bool = False
    theme: str | None = None
    role: Role | None = None
    meaning: str | None = None
    data_date: str | None = None
    valid_from: str | None = None
    valid_until: str | None = None
    source: str | None = None
    coverage: tuple[str, ...] | Reading | Literal["layer"] | None = None
    accuracy_m: float | None = None
    scale: int | None = None
    surveyed: bool = False
    influence_m: float | None = None
    restricted: bool | None = None
    synthetic: bool = False
    indicative: bool = False
    georeference_method: str = "official_vector"
    georeference: dict[str, Any] = field(default_factory=dict)
    accuracy: PositionalAccuracy | None = None
    """The layer's accuracy as georeferencing found it, with its terms; what is stated otherwise goes before it."""
    expect_features: int | None = None
    expect_area_km2: float | None = None
    declared_none: bool = False
    accept_rejected: tuple[str, ...] = ()
    why: str | None = None
    keep_source: bool = True


@dataclass(frozen=True, kw_only=True)
class Imported:
    """A version that was written, its card, and the version that answered before it (None for a new layer)."""

    entry: VersionEntry
    card: LayerCard
    previous: VersionEntry | None = None
    problems: tuple[object, ...] = field(default=())


def import_layer(
    store: WorkspaceStore,
    reading: Reading | None,
    options: ImportOptions,
    *,
    source: tuple[Path | bytes, str] | None = None,
) -> Imported:
    """
    Write one version of a layer.

    Parameters
    ----------
    store
        An open workspace.
    reading
        The file, read; None only with ``declared_none``.
    options
        What the user says of it.
    source
        The imported bytes and their extension, kept in the workspace unless ``keep_source`` is False.

    Returns
    -------
    imported
        The new version; the workspace has changed whole.

    Raises
    ------
    ImportRefusedError
        With what to do, before anything is written.
    """
    options = _named(options)
    _require_consistent(options, reading)
    previous = _previous(store, options)
    placed = placed_features(reading) if reading is not None else nothing()
    accuracy = _layer_accuracy(reading, options)
    accuracy_m = accuracy.metres
    own = shapely.force_2d(placed.geometries)  # a copy: GEOS notes things in a geometry that it is asked about
    with _beside() as pool:
        matching = pool.submit(_seams_to_share, own)
        cutting = pool.submit(pieces_of, shapely.force_2d(placed.geometries))
        understood = interpret(
            options.kind, placed.rows, placed.geometries, placed.ids, role=options.role, influence_m=options.influence_m
        )
        features = tuple(_marked(f, placed.repaired, reading) for f in understood.features)
        if options.influence_m is not None and features and all(f.influence_m is None for f in features):
            raise ImportOptionError(
                detail="the influence distance applies to no feature: "
                f"polygons of {options.kind} are zones by themselves",
                remedy="leave out --influence-m, or import the buffer as --layer other --role protective --influence-m",
            )
        _require_expected(options, reading, placed)
        indexing = pool.submit(lambda: build_index(own, seams=matching.result(), pieces=cutting.result()))
        leaves = leaf_array(features, placed.geometries)
        digest = root_of(bytes(leaf) for leaf in leaves).hex()
        coverage = _coverage(options, placed.geometries, matching.result(), accuracy, digest)
        accepted = _accepted(options, placed.rejected)
        kind = KIND_SPECS[options.kind]
        restricted = kind.restricted_by_default if options.restricted is None else options.restricted
        card = LayerCard(
            name=options.name,
            kind=options.kind,
            role=understood.role,
            theme=options.theme or kind.default_theme(options.name, features),
            meaning=options.meaning,
            source=options.source,
            source_file=None if reading is None else reading.source_name,
            sha256=None if reading is None else reading.source_sha256,
            format=None if reading is None else reading.format,
            encoding=None if reading is None else reading.encoding,
            content_digest=digest,
            crs=None if reading is None or reading.crs is None else reading.crs.code,
            crs_status=None if reading is None else reading.crs_status,
            crs_evidence=() if reading is None else tuple((e.code, e.value) for e in reading.crs_evidence),
            datum=None if reading is None else reading.datum,
            data_date=options.data_date,
            valid_from=options.valid_from or options.data_date,
            valid_until=options.valid_until,
            accuracy_m=accuracy_m,
            accuracy_basis=accuracy.basis,
            accuracy_terms=tuple((t.code, t.metres) for t in accuracy.terms),
            coverage_kind=None if coverage is None else coverage.kind,
            coverage_label=None if coverage is None else coverage.label,
            coverage_source=None if coverage is None else coverage.source,
            coverage_version=None if coverage is None else coverage.version,
            coverage_accuracy_m=None if coverage is None else coverage.accuracy_m,
            georeference_method=options.georeference_method,
            georeference=options.georeference,
            indicative=options.indicative,
            synthetic=options.synthetic,
            restricted=restricted,
            declared_none=options.declared_none,
            features=len(features),
            class_counts=dict(sorted(understood.class_counts.items())),
            area_m2=0.0,
            repaired=len(placed.repaired),
            rejected=accepted,
            influence_m=options.influence_m,
            problems=tuple(_problem_code(p) for p in (*(reading.problems if reading else ()), *understood.problems)),
        )
        arrays: dict[str, NDArray[Any]] = pack(features)
        if coverage is not None:
            cover = build_index(np.array([coverage.geometry], dtype=object))
            arrays |= {f"coverage/{name}": values for name, values in cover.items()}
        arrays["records/leaf"] = leaves
        arrays["rejected/box"] = np.array([r.box or (math.nan,) * 4 for r in accepted], dtype="<f8").reshape(-1, 4)
        arrays["rejected/accepted"] = np.array([r.accepted is not None for r in accepted], dtype=np.uint8)
        with published_files(card, features, placed.geometries, accepted, coverage) as files:
            arrays |= indexing.result()
            card = replace(card, area_m2=round(_area_m2(arrays), 2))
            entry = store.write_version(
                layer=options.name,
                kind=options.kind,
                theme=card.theme,
                role=card.role,
                data_date=card.data_date,
                valid_from=card.valid_from,
                valid_until=card.valid_until,
                card=card.to_dict(),
                arrays=arrays,
                files=files,
                source=source if options.keep_source else None,
                replace=options.replace,
            )
        return Imported(entry=entry, card=card, previous=previous, problems=understood.problems)


def _seams_to_share(polygons: NDArray[Any]) -> Seams:
    """The seams of polygons; of their shapes both threads ask only for the envelopes, which are settled."""
    found = seams_of(polygons)
    shapely.bounds(found.shapes)
    return found


@contextmanager
def _beside() -> Iterator[ThreadPoolExecutor]:
    """Threads for what GEOS and numpy do without the interpreter; what has not begun is dropped on an error."""
    pool = ThreadPoolExecutor(2)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _named(options: ImportOptions) -> ImportOptions:
    """With the name in NFC, in which the workspace keeps and compares names."""
    from layers.workspace.names import normal_layer_name

    try:
        return replace(options, name=normal_layer_name(options.name))
    except ValueError as trouble:
        raise ImportOptionError(detail=str(trouble), remedy="give it one: --name NAME") from None


def _require_consistent(options: ImportOptions, reading: Reading | None) -> None:
    if options.kind == "other" and (options.role is None or not options.meaning):
        raise ImportOptionError(
            detail="a layer of kind other needs a role and a meaning",
            remedy="add --role protective|context and --meaning TEXT",
        )
    if options.kind != "other" and options.role is not None:
        raise ImportOptionError(
            detail=f"the role of {options.kind} follows from its kind", remedy="--role is for --layer other only"
        )
    if options.declared_none and (not options.source or options.coverage is None):
        raise ImportOptionError(
            detail="that there is none must be declared by someone for some area",
            remedy="add --source and --coverage to --declared-none",
        )
    if options.accept_rejected and not options.why:
        raise ImportOptionError(
            detail="rejected features are accepted only with a reason", remedy="add --why TEXT to --accept-rejected"
        )
    if reading is None and not options.declared_none:
        raise EmptyLayerError(detail="there is no file", remedy="name a file, or declare that there is none")
    if reading is not None and reading.crs is None and len(reading.geometries) > 0:
        raise ImportOptionError(
            detail=f"{reading.source_name}: its coordinate system is not known and numbers alone do not tell it",
            remedy="state it: --crs EPSG:4528, for instance",
        )
    if reading is not None and len(reading.geometries) + len(reading.unreadable) == 0 and not options.declared_none:
        raise EmptyLayerError(
            detail=f"{reading.source_name} holds no feature",
            remedy="give the right file; if an authority declares there is none: --declared-none --source --coverage",
        )
    if options.declared_none and reading is not None and len(reading.geometries) + len(reading.unreadable) > 0:
        raise ImportOptionError(
            detail=f"{reading.source_name} holds features, so there is not none", remedy="leave out --declared-none"
        )


def _previous(store: WorkspaceStore, options: ImportOptions) -> VersionEntry | None:
    versions = [e for e in store.entries if e.layer == options.name]
    if not versions:
        return None
    if not options.replace:
        raise LayerExistsError(path=store.root, layer=options.name)
    newest = max(versions, key=lambda e: (e.valid_from or "", e.sequence))
    if newest.kind != options.kind:
        raise ImportOptionError(
            detail=f"layer {options.name!r} is of kind {newest.kind}, not {options.kind}", remedy="choose another name"
        )
    start = options.valid_from or options.data_date
    if start and newest.valid_from and start < newest.valid_from and not options.historical:
        raise ImportOptionError(
            detail=f"the new version is valid from {start}, before the newest one ({newest.valid_from})",
            remedy="add --historical if an older version is meant",
        )
    return newest


def _marked(feature: Any, repaired: frozenset[str], reading: Reading | None) -> Any:
    """With what repair and the file's datum add: a feature's own accuracy speaks of its positions as given."""
    if feature.influence_m is not None:
        feature = replace(feature, influence_m=min(feature.influence_m, FARTHEST_M))
    if feature.id in repaired:
        feature = replace(feature, flags=(*feature.flags, "repaired"))
    if feature.accuracy_m is None or reading is None:
        return feature
    return replace(feature, accuracy_m=restated(reading.accuracy, feature.accuracy_m).metres)


def _layer_accuracy(reading: Reading | None, options: ImportOptions) -> PositionalAccuracy:
    """Stated accuracy, else 25 m; with it what the file's CRS adds (WGS 84, unstated datum), in squares."""
    given = [options.accuracy_m is not None, options.scale is not None, options.surveyed]
    if sum(given) > 1:
        raise ImportOptionError(
            detail="the accuracy is stated twice", remedy="use one of --accuracy-m, --scale and --boundary surveyed"
        )
    if options.accuracy_m is not None:
        metres, basis = options.accuracy_m, "stated"
    elif options.scale is not None:
        metres, basis = accuracy_of_scale(options.scale).metres, "scale"
    elif options.surveyed:
        metres, basis = SURVEYED.metres, SURVEYED.basis
    elif options.accuracy is not None:
        return options.accuracy
    else:
        metres, basis = UNSTATED_LAYER.metres, UNSTATED_LAYER.basis
    return restated(None if reading is None else reading.accuracy, metres, code=basis)


def _require_expected(options: ImportOptions, reading: Reading | None, placed: Placed) -> None:
    if options.expect_features is not None:
        found = 0 if reading is None else len(reading.geometries) + len(reading.unreadable)
        if found != options.expect_features:
            raise ExpectationError(
                detail=f"{options.expect_features} features are expected and the file holds {found}",
                remedy="ask for the whole file, or correct --expect-features",
            )
    if options.expect_area_km2 is not None:
        area = area_of(placed.geometries) / 1e6
        if abs(area - options.expect_area_km2) > 0.01 * options.expect_area_km2:
            raise ExpectationError(
                detail=f"{options.expect_area_km2:g} km2 are expected and the usable features measure {area:.4f} km2",
                remedy="ask for the whole file, or correct --expect-area-km2 (1 % is allowed)",
            )


def _coverage(
    options: ImportOptions, geometries: NDArray[Any], seams: Seams, accuracy: PositionalAccuracy, digest: str
) -> Coverage | None:
    accuracy_m = accuracy.metres
    if options.coverage is None:
        return None
    if options.coverage == "layer":
        return of_features(options.kind, geometries, accuracy_m=accuracy_m, digest=digest, seams=seams)
    if isinstance(options.coverage, tuple):
        found = of_districts(options.coverage)
    else:
        area = options.coverage
        if area.crs is None or len(area.unreadable) > 0:
            raise CoverageError(
                detail=f"{area.source_name}: the area of the coverage cannot be read whole",
                remedy="mend the file, or state the coverage by district codes",
            )
        mended = repair(area.geometries)
        if mended.rejected.any():
            raise CoverageError(
                detail=f"{area.source_name}: a polygon of the coverage is broken", remedy="mend the file"
            )
        shape = shapely.union_all(to_geographic(mended.geometries, area.crs))
        # the layer's own, but never without what the datum or an offset of this file adds
        accuracy_m = max(accuracy_m, restated(area.accuracy, accuracy.terms[0].metres).metres)
        found = of_geometry(shape, accuracy_m=accuracy_m, label=area.source_name, sha256=area.source_sha256)
    return cut_to_units(found, geometries, seams) if options.kind == "control_units" else found


def _area_m2(index: dict[str, NDArray[Any]]) -> float:
    """Summed ellipsoidal area of the polygons, square metres."""
    return float(np.sum(index["features/area"][index["features/dimension"] == 2]))


def _accepted(options: ImportOptions, rejected: tuple[RejectedFeature, ...]) -> tuple[RejectedFeature, ...]:
    unknown = set(options.accept_rejected) - {r.id for r in rejected}
    if unknown:
        raise ImportOptionError(
            detail=f"no rejected feature has the id {', '.join(sorted(unknown))}",
            remedy=f"the rejected ones are: {', '.join(r.id for r in rejected) or 'none'}",
        )
    return tuple(replace(r, accepted=options.why) if r.id in options.accept_rejected else r for r in rejected)


def _problem_code(problem: Any) -> dict[str, Any]:
    return {k: v for k, v in vars(problem).items() if v not in (None, "")}
