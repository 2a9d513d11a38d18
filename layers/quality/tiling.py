"""
Control units tile their city: gaps between them, overlaps of them, what they leave of the city or reach beyond it.

A gap is a hole of the union of all units: it needs no outline of the city. Where the union is open to the outside,
only the city's outline can tell what is missing, and that comes from another publisher with an accuracy of its own:
differences within c = √(outline² + layer²) of the outline are summed up as information, and what lies deeper inside is
a gap at the edge. Narrower than the accuracy of the units (no circle of that diameter fits) a gap or an overlap is a
sliver; below 5 mm it is rounding.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import shapely

from layers.quality.model import finding
from layers.quality.shapes import (
    GRID_DEG,
    NOISE_M,
    area_of,
    deeper_than,
    filled,
    joined,
    polygons_of,
    united,
    wider_than,
)
from spatial.overlay.frame import Frame, bounds_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from layers.quality.model import City, ExaminedLayer, FeatureName, QualityFinding

__all__ = ["Units", "tiling_findings", "units_of"]

_NEAR_DEG = 3 * GRID_DEG


class Units:
    """The control units of all layers together: their polygons, names and accuracies, and a tree over them."""

    def __init__(
        self, geometries: NDArray[np.object_], names: Sequence[FeatureName], accuracy_m: Iterable[float]
    ) -> None:
        self.geometries = geometries
        self.names = tuple(names)
        self.accuracy_m = np.asarray(list(accuracy_m), dtype=float)
        self.tree = shapely.STRtree(geometries)

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers they are of."""
        return tuple(dict.fromkeys(name.layer for name in self.names))

    def beside(self, polygon: BaseGeometry) -> tuple[int, ...]:
        """Rows of the units that touch a polygon (within 3 mm)."""
        return tuple(sorted(int(row) for row in self.tree.query(polygon, predicate="dwithin", distance=_NEAR_DEG)))


def units_of(layers: Iterable[ExaminedLayer]) -> Units:
    """The units in force of every layer of control units, of every class."""
    geometries: list[BaseGeometry] = []
    names: list[FeatureName] = []
    accuracies: list[float] = []
    for layer in layers:
        if layer.card.kind == "control_units":
            rows = np.flatnonzero(layer.areal())
            geometries += list(layer.geometries[rows])
            names += [layer.named(int(row)) for row in rows]
            accuracies += list(layer.accuracy_m[rows])
    array = np.empty(len(geometries), dtype=object)
    array[:] = geometries
    return Units(array, names, accuracies)


def tiling_findings(units: Units, city: City | None) -> list[QualityFinding]:
    """
    Gaps, overlaps and slivers of some units, and how they fit their city.

    Parameters
    ----------
    units
        At least one.
    city
        The outline they should tile; None: holes of their union are gaps all the same, and nothing is said of the
        edge.

    Returns
    -------
    findings
        Slivers between the same units are one finding with several parts; each other gap is its own, and each
        overlap is one of two units.

    Examples
    --------
    Three tiles of a square of four: the fourth is a notch, and only the city tells that it is missing.

    >>> from layers.quality.model import City, FeatureName
    >>> tiles = np.array([shapely.box(x, y, x + 0.01, y + 0.01) for x, y in ((0, 0), (0.01, 0), (0, 0.01))])
    >>> units = Units(tiles, [FeatureName(layer="u", id=str(n), code=None, name=None) for n in range(3)], [25.0] * 3)
    >>> [found.code for found in tiling_findings(units, None)]
    []
    >>> city = City(geometry=shapely.box(0, 0, 0.02, 0.02), accuracy_m=100.0, codes=(), names=(), source="")
    >>> [found.code for found in tiling_findings(units, city)]
    ['gap_at_edge', 'covered']
    """
    union = united(units.geometries, on_grid=True)
    shell = filled(union)
    found = [*_gaps(units, shapely.difference(shell, union)), *_overlaps(units)]
    if city is not None:
        found += _edge(units, city, union, shell)
    return found


def _gaps(units: Units, holes: BaseGeometry) -> list[QualityFinding]:
    exact = [_exact(units, hole, None) for hole in _real(holes, NOISE_M / 2)]  # the grid moves an edge by up to 0.7 mm
    gaps = _real(np.array(exact, dtype=object))
    between = [units.beside(gap) for gap in gaps]
    limits = np.array([max(units.accuracy_m[list(rows)], default=0.0) for rows in between])
    wide = wider_than(gaps, limits)
    found = [
        finding(
            "gap", layers=_layers(units, rows), features=_names(units, rows), geometry=gap, facts={"accuracy_m": limit}
        )
        for gap, rows, limit in zip(gaps[wide], _at(between, wide), limits[wide].tolist(), strict=True)
    ]
    slivers: dict[tuple[int, ...], list[BaseGeometry]] = {}
    for gap, rows in zip(gaps[~wide], _at(between, ~wide), strict=True):
        slivers.setdefault(rows, []).append(gap)
    return found + [
        finding(
            "gap_sliver",
            layers=_layers(units, rows),
            features=_names(units, rows),
            geometry=joined(np.array(parts, dtype=object)),
            facts={"accuracy_m": float(max(units.accuracy_m[list(rows)], default=0.0))},
        )
        for rows, parts in slivers.items()
    ]


def _overlaps(units: Units) -> list[QualityFinding]:
    first, second = units.tree.query(units.geometries, predicate="intersects")
    once = first < second
    first, second = first[once], second[once]
    met = shapely.intersection(units.geometries[first], units.geometries[second])
    found = []
    for one, other, geometry in zip(first.tolist(), second.tolist(), met, strict=True):
        parts = _real(geometry)
        limit = float(max(units.accuracy_m[one], units.accuracy_m[other]))
        wide = wider_than(parts, limit)
        for code, some in (("overlap", parts[wide]), ("overlap_sliver", parts[~wide])):
            if len(some):
                rows = (one, other)
                found.append(
                    finding(
                        code,
                        layers=_layers(units, rows),
                        features=_names(units, rows),
                        geometry=joined(some),
                        facts={"accuracy_m": limit},
                    )
                )
    return found


def _edge(units: Units, city: City, union: BaseGeometry, shell: BaseGeometry) -> list[QualityFinding]:
    c = round(math.hypot(city.accuracy_m, float(units.accuracy_m.max())), 3)
    outline = shapely.boundary(city.geometry)
    found = []
    left_out = _real(shapely.difference(city.geometry, shell))
    beyond = _real(shapely.difference(union, city.geometry))
    for part in _deep(left_out, outline, c):
        for exact in _real(_exact(units, part, city.geometry)):
            rows = units.beside(exact)
            found.append(
                finding(
                    "gap_at_edge",
                    layers=_layers(units, rows) or units.layers,
                    features=_names(units, rows),
                    geometry=exact,
                    facts={"accuracy_m": c},
                )
            )
    for part in _deep(beyond, outline, c):
        rows = tuple(int(row) for row in np.sort(units.tree.query(part, predicate="intersects")))
        rows = tuple(row for row in rows if shapely.intersection(units.geometries[row], part).area > 0)
        found.append(
            finding(
                "outside_city",
                layers=_layers(units, rows),
                features=_names(units, rows),
                geometry=part,
                facts={"accuracy_m": c},
            )
        )
    city_m2 = area_of(city.geometry)
    covered_m2 = city_m2 - area_of(_real(shapely.difference(city.geometry, union)))
    short_m2, over_m2 = _rest(left_out, found), _rest(beyond, found)
    if max(short_m2, over_m2) > 0.01:
        found.append(
            finding(
                "edge_difference",
                layers=units.layers,
                facts={"short_m2": round(short_m2, 2), "over_m2": round(over_m2, 2), "accuracy_m": c},
            )
        )
    covered = finding(
        "covered",
        layers=units.layers,
        facts={
            "covered_share": round(covered_m2 / city_m2, 9),
            "covered_m2": round(covered_m2, 2),
            "city_m2": round(city_m2, 2),
            "units": len(units.names),
            "city": "、".join(city.names),
        },
    )
    return [*found, covered]


def _rest(parts: NDArray[np.object_], found: Iterable[QualityFinding]) -> float:
    """Square metres of some polygons that no finding is about."""
    told = shapely.union_all([each.geometry for each in found if each.geometry is not None])
    return area_of(_real(shapely.difference(joined(parts), told)))


def _real(geometry: BaseGeometry | NDArray[np.object_], noise_m: float = NOISE_M) -> NDArray[np.object_]:
    """The polygons that are more than rounding."""
    parts = polygons_of(geometry)
    return parts[wider_than(parts, noise_m)]


def _deep(parts: NDArray[np.object_], outline: BaseGeometry, c: float) -> list[BaseGeometry]:
    """The parts that reach farther than c from the outline."""
    found: list[BaseGeometry] = []
    shapely.prepare(outline)
    for part in parts:
        west, south, east, north = bounds_of(part)
        frame = Frame.around((west, south, east, north))
        small = math.hypot((east - west) * frame.kx, (north - south) * frame.ky) <= c
        if not (small and shapely.dwithin(outline, part, _NEAR_DEG)):
            deep = deeper_than(part, outline, c)
            found += [] if deep is None else list(polygons_of(deep))
    return found


def _exact(units: Units, gap: BaseGeometry, within: BaseGeometry | None) -> BaseGeometry:
    """A gap found on the 1 mm grid, bounded by the very edges of the units (and the city) around it."""
    exact = shapely.buffer(gap, 2 * GRID_DEG, join_style="mitre")
    for row in units.beside(gap):
        exact = shapely.difference(exact, units.geometries[row])
    return exact if within is None else shapely.intersection(exact, within)


def _at(items: list[tuple[int, ...]], mask: NDArray[np.bool_]) -> list[tuple[int, ...]]:
    return [items[int(row)] for row in np.flatnonzero(mask)]


def _names(units: Units, rows: Iterable[int]) -> list[FeatureName]:
    return [units.names[row] for row in rows]


def _layers(units: Units, rows: Iterable[int]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(units.names[row].layer for row in rows))
