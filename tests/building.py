"""Readings, workspaces and layers made in code, for tests that are not about reading files."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from layers.card import LayerCard
from layers.importing import Imported, ImportOptions, import_layer
from layers.records import pack
from layers.version import OpenLayer
from layers.workspace import FolderStore, VersionEntry, create_workspace, open_workspace
from spatial.accuracy import assumed_accuracy
from spatial.crs import identify
from spatial.overlay.index import build_index
from spatial.reading.model import Evidence, Problem, Reading, UnreadableFeature

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from layers.model import Feature


def reading_of(
    geometries: Sequence[Any],
    attributes: Sequence[dict[str, Any]] | None = None,
    *,
    crs: str | int = 4490,
    name: str = "made.geojson",
    unreadable: Sequence[tuple[str, tuple[float, float, float, float] | None]] = (),
) -> Reading:
    """A reading of geometries at hand; datum CGCS2000 stated, so that nothing is added to an accuracy."""
    array = np.empty(len(geometries), dtype=object)
    array[:] = list(geometries)
    rows = tuple(dict(a) for a in (attributes or [{} for _ in geometries]))
    system = identify(crs)
    wkb = b"".join(b"" if g is None else shapely.to_wkb(g) for g in geometries)
    return Reading(
        source_name=name,
        source_sha256=hashlib.sha256(wkb).hexdigest(),
        format="geojson",
        encoding="UTF-8",
        encoding_evidence=(),
        layer_names=("made",),
        geometries=array,
        attributes=rows,
        ids=tuple(str(i + 1) for i in range(len(geometries))),
        feature_layers=("made",) * len(geometries),
        unreadable=tuple(
            UnreadableFeature(
                id=i, layer="made", box=box, problem=Problem(code="bad_wkb", file=name, record=1, detail="made so")
            )
            for i, box in unreadable
        ),
        crs=system,
        crs_status="given",
        crs_evidence=(Evidence(code="made", value=str(crs)),),
        datum="stated",
        notation="degrees" if system.is_geographic else "projected",
        decimals=None,
        source_kind="vector",
        accuracy=assumed_accuracy(
            source="geojson",
            notation="degrees" if system.is_geographic else "projected",
            decimals=None,
            datum="cgcs2000",
        ),
    )


def workspace_at(path: Path, *required: str) -> FolderStore:
    """A new workspace that asks for these kinds."""
    return create_workspace(path, required_kinds=list(required), region=None)  # type: ignore[return-value]


def add(
    store: FolderStore,
    kind: str,
    geometries: Sequence[Any],
    attributes: Sequence[dict[str, Any]] | None = None,
    *,
    name: str | None = None,
    coverage: Any = None,
    data_date: str | None = "2024-01-01",
    unreadable: Sequence[tuple[str, tuple[float, float, float, float] | None]] = (),
    crs: str | int = 4490,
    **options: Any,
) -> Imported:
    """One layer from geometries at hand; ``coverage`` a geometry, a tuple of codes, ``"layer"`` or None."""
    reading = reading_of(geometries, attributes, crs=crs, unreadable=unreadable) if geometries or unreadable else None
    cover = reading_of([coverage], name="coverage.geojson") if hasattr(coverage, "geom_type") else coverage
    return import_layer(
        open_workspace(store.root),
        reading,
        ImportOptions(kind=kind, name=name or kind, coverage=cover, data_date=data_date, **options),  # type: ignore[arg-type]
    )


class MemoryVersion:
    """A stored version that lies in memory: what ``OpenLayer`` asks of a store, without a disk."""

    def __init__(self, card: LayerCard, arrays: dict[str, Any]) -> None:
        self.card = card.to_dict()
        self._arrays = arrays
        self.entry = VersionEntry(
            layer=card.name,
            folder=card.name,
            version="v0001",
            kind=card.kind,
            theme=card.theme,
            role=card.role,
            data_date=card.data_date,
            valid_from=card.valid_from,
            valid_until=card.valid_until,
            sequence=1,
            sha256=None,
            source=None,
            sizes=(),
            checksums_sha256="",
        )

    def array(self, name: str) -> Any:
        return self._arrays[name]


def layer_in_memory(
    features: Sequence[Feature],
    geometries: Sequence[Any],
    *,
    accuracy_m: float,
    coverage: Any = None,
    coverage_accuracy_m: float = 0.0,
    rejected_boxes: Sequence[Any] = (),
    **card: Any,
) -> OpenLayer:
    """An open layer straight from features, for judging the engine alone."""
    array = np.empty(len(geometries), dtype=object)
    array[:] = list(geometries)
    arrays = {**pack(features), **build_index(array)}
    if coverage is not None:
        cover = build_index(np.array([coverage], dtype=object))
        arrays |= {f"coverage/{name}": values for name, values in cover.items()}
    arrays["rejected/box"] = np.array([b or (math.nan,) * 4 for b in rejected_boxes], dtype="<f8").reshape(-1, 4)
    arrays["rejected/accepted"] = np.zeros(len(rejected_boxes), dtype=np.uint8)
    return OpenLayer(
        MemoryVersion(  # type: ignore[arg-type]
            LayerCard(
                content_digest="",
                accuracy_m=accuracy_m,
                coverage_kind=None if coverage is None else "file",
                coverage_accuracy_m=coverage_accuracy_m,
                **{"name": "layer", "kind": "red_lines", "role": "protective", "theme": "red_lines"} | card,  # type: ignore[arg-type]
            ),
            arrays,
        )
    )
