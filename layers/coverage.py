"""Where a layer claims to be complete; outside it there is no ``clear``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import shapely

from layers.errors import CoverageError
from layers.model import TILING_KINDS
from spatial.overlay.frame import Frame, bounds_of
from spatial.overlay.seams import seams_of, united

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from layers.model import KindName
    from spatial.overlay.seams import Seams

__all__ = ["Coverage", "close_gaps", "cut_to_units", "of_districts", "of_features", "of_geometry"]

GAP_M = 1.0
"""Gaps between neighbouring units narrower than this are no hole in what is known."""


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """
    A stated coverage: EPSG:4490 area, its 95 % accuracy in metres, and where it came from.

    Two coverages with the same ``source`` and ``version`` share their edges exactly and may be united before they are
    narrowed by their accuracy.
    """

    kind: Literal["districts", "file", "layer"]
    geometry: BaseGeometry
    accuracy_m: float
    label: str
    source: str
    version: str


def of_districts(codes: Sequence[str]) -> Coverage:
    """
    The union of administrative districts, by GB/T 2260 code.

    Its accuracy is the 95 % distance between two sources, and never less than what a third source shows where one
    is known (at Manzhouli both sources lie 753 m off the third: they share the offset).
    """
    from spatial.boundaries import union

    found = union(list(codes))
    return Coverage(
        kind="districts",
        geometry=found.geometry,
        accuracy_m=max(found.accuracy_m, found.third_source_m or 0.0),
        label=",".join(found.codes),
        source=found.source,
        version=str(found.source_version),
    )


def of_geometry(geometry: BaseGeometry, *, accuracy_m: float, label: str, sha256: str) -> Coverage:
    """A coverage from a file: its polygons united."""
    areas = [
        p for p in shapely.get_parts(shapely.union_all([geometry], grid_size=1e-8)) if shapely.get_dimensions(p) == 2
    ]
    if not areas:
        raise CoverageError(detail=f"{label} holds no polygon", remedy="give a file with the polygons of the area")
    return Coverage(
        kind="file", geometry=shapely.union_all(areas), accuracy_m=accuracy_m, label=label, source=label, version=sha256
    )


def of_features(
    kind: KindName, geometries: NDArray[Any], *, accuracy_m: float, digest: str, seams: Seams | None = None
) -> Coverage:
    """
    The union of a layer's own features (``--coverage layer``), for kinds whose features tile the land.

    Raises
    ------
    CoverageError
        For a kind that does not tile: the union of its zones says nothing about where there is none.
    """
    if kind not in TILING_KINDS:
        raise CoverageError(
            detail=f"the features of {kind} do not tile the land, so their union is no coverage",
            remedy="state district codes or a file with the area in which the layer is complete",
        )
    return Coverage(
        kind="layer",
        geometry=close_gaps(geometries, seams),
        accuracy_m=accuracy_m,
        label="layer",
        source="layer",
        version=digest,
    )


def cut_to_units(coverage: Coverage, geometries: NDArray[Any], seams: Seams | None = None) -> Coverage:
    """The part of a stated coverage in which there is a unit, of any class: a lost unit is a hole in what is known."""
    units = close_gaps(geometries, seams)
    return Coverage(
        kind=coverage.kind,
        geometry=_areal(shapely.intersection(coverage.geometry, units)),
        accuracy_m=coverage.accuracy_m,
        label=coverage.label,
        source=f"{coverage.source} x units",
        version=coverage.version,
    )


def close_gaps(geometries: NDArray[Any], seams: Seams | None = None) -> BaseGeometry:
    """
    The union of polygons with gaps below 1 m closed; ``seams`` are theirs, where they are at hand.

    Examples
    --------
    >>> import numpy as np
    >>> gap = 0.4 / 72_900  # 0.4 m of longitude at 49 degrees north
    >>> shut = close_gaps(np.array([shapely.box(117, 49, 117.1, 49.1), shapely.box(117.1 + gap, 49, 117.2, 49.1)]))
    >>> shut.geom_type
    'Polygon'
    """
    found = seams_of(geometries) if seams is None else seams
    if not len(found):
        return shapely.Polygon()
    union = united(geometries, found)
    frame = Frame.around(bounds_of(union))
    plane = frame.to_plane(union)
    grown = shapely.buffer(plane, GAP_M / 2, join_style="mitre", mitre_limit=2.0)
    closed = frame.to_degrees(shapely.buffer(grown, -GAP_M / 2, join_style="mitre", mitre_limit=2.0))
    return _areal(shapely.union_all([union, closed], grid_size=1e-8))


def _areal(geometry: BaseGeometry) -> BaseGeometry:
    return shapely.union_all([p for p in shapely.get_parts(geometry) if shapely.get_dimensions(p) == 2])


def empty() -> BaseGeometry:
    """No area at all."""
    return shapely.from_wkt("POLYGON EMPTY")
