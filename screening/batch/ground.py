"""A layer at a date, made ready for many sites: cells, boundary and pieces of the zones that decide."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from screening.batch.answers import called
from screening.findings import box_counts
from spatial.once import once
from spatial.overlay.cells import narrow_rings
from spatial.overlay.frame import boxes_meet, widened
from spatial.overlay.nearest_many import BoundaryLookup, depth_many, nearest_many
from spatial.overlay.overlap_many import OverlayLookup

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from layers.records import Standing
    from layers.version import OpenLayer
    from spatial.overlay.cells import ZoneCells
    from spatial.overlay.index import GeometryIndex

__all__ = ["Group", "LayerGround", "Outline"]


class Outline:
    """
    The boundary of some features of an index that count together, and what lies inside it.

    Lines and points among them are boundary as they are, and nothing lies inside them. ``areas`` gives the pieces of
    all areas among them where they are read already; ``threads`` seek distances at once.
    """

    def __init__(
        self,
        index: GeometryIndex,
        counted: NDArray[np.bool_],
        areas: Callable[[], NDArray[Any]] | None = None,
        *,
        threads: int = 1,
    ) -> None:
        self._index = index
        self._counted = counted
        self._threads = threads
        self._areas = areas or (lambda: index.load(index.pieces_of(counted & (index.feature_dimension == 2))))

    @once
    def cells(self) -> ZoneCells:
        """Which cells lie inside, outside, or are crossed by the boundary."""
        cells = self._index.cells
        assert cells is not None
        return cells.zone(self._counted)

    @once
    def _lookup(self) -> BoundaryLookup | None:
        boundary = self.cells.boundary
        thin = self._index.pieces_of(self._counted & (self._index.feature_dimension < 2))
        if len(thin):
            boundary = np.concatenate([boundary, _edges_of(self._index.load(thin))])
        return BoundaryLookup(boundary) if len(boundary) else None

    def make_ready(self) -> None:
        """Read the cells and the boundary now, so that the first sites need not wait for them."""
        self.cells.make_ready()
        _ = self._lookup, self._narrow

    def distance(self, sites: NDArray[Any], within_m: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Geodesic metres from each site to the boundary, 0 where they meet; infinite where none is within so many."""
        if self._lookup is None:
            return np.full(len(sites), np.inf)
        return nearest_many(sites, self._lookup, within_m=within_m, threads=self._threads).distance_m

    @once
    def _narrow(self) -> BoundaryLookup | None:
        """Areas so narrow that nothing of them may be left among the boundary edges."""
        rings = narrow_rings(self._areas())
        return BoundaryLookup(rings) if len(rings) else None

    @property
    def has_narrow(self) -> bool:
        """Whether there are areas of next to no width."""
        return self._narrow is not None

    def narrow_distance(self, sites: NDArray[Any]) -> NDArray[np.float64]:
        """Geodesic metres from each site to the nearest area of next to no width; infinite where there is none."""
        if self._narrow is None:
            return np.full(len(sites), np.inf)
        return nearest_many(sites, self._narrow).distance_m

    def depth(self, lonlat: NDArray[np.float64], within_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Geodesic metres from each point (n, 2) to the boundary; infinite where none is within so many."""
        if self._lookup is None:
            return np.full(len(lonlat), np.inf)
        return depth_many(lonlat, self._lookup, within_m=within_m)


def _edges_of(thin: NDArray[Any]) -> NDArray[np.float64]:
    """The edges of lines, and points as edges without length: (k, 4)."""
    parts = shapely.get_parts(shapely.get_parts(thin))
    xy, part = shapely.get_coordinates(parts, return_index=True)
    joined = part[1:] == part[:-1]
    points = xy[np.isin(part, np.flatnonzero(shapely.get_dimensions(parts) == 0))]
    return np.concatenate([np.hstack([xy[:-1], xy[1:]])[joined], np.hstack([points, points])]).reshape(-1, 4)


@dataclass(frozen=True, kw_only=True)
class Group:
    """Zones that are as accurate and prove as much as each other."""

    rows: NDArray[np.bool_]
    accuracy_m: float
    influence_m: float
    """0 where there is none."""
    plain: bool
    """Areas that may prove a hit, without influence distance; of others only how far they are is settled together."""
    outline: Outline


class LayerGround:
    """
    What many sites are compared with; built on first use, once for a layer and a date.

    Parameters
    ----------
    layer
        An open version; touching damaged bytes raises ``DamagedVersionError``.
    as_of
        ISO date.
    threads
        How many work at its distances and overlaps at once; the answers are the same.
    """

    def __init__(self, layer: OpenLayer, as_of: str, *, threads: int = 1) -> None:
        self.layer = layer
        self.threads = threads
        self.standing: Standing = layer.records.standing(as_of, layer.card.accuracy_m)
        self._known_words: dict[int, tuple[str, str]] = {}
        self._known_sets: dict[int, tuple[str, ...]] = {}

    def make_ready(self) -> None:
        """Read now what nearly every site is compared with."""
        if self.has_cells:
            for group in self.groups:
                group.outline.make_ready()

    @property
    def has_cells(self) -> bool:
        """Whether the version has cells; one that was written before there were any has none."""
        own = self.layer.coverage
        return self.layer.index.cells is not None and (own is None or own.cells is not None)

    @once
    def groups(self) -> tuple[Group, ...]:
        """The zones by what they answer with."""
        index = self.layer.index
        return tuple(
            Group(
                rows=rows,
                accuracy_m=accuracy,
                influence_m=max(influence, 0.0),
                plain=not soft and influence < 0 and bool((index.feature_dimension[rows] == 2).all()),
                outline=Outline(index, rows, partial(self._areas_of, rows), threads=self.threads),
            )
            for rows, accuracy, influence, soft in self.standing.alike
        )

    @once
    def everywhere(self) -> tuple[str, ...]:
        """Reasons against ``clear`` that hold wherever a site lies: what was lost without place may be anywhere."""
        found = []
        if any(not box_counts(box, self._covered) for box in self.layer.rejected_boxes):
            found.append("rejected_feature_near")
        # a finding names it once for each feature
        found += ["extent_not_given"] * int(np.count_nonzero(self._vague & ~self._placed))
        return tuple(found)

    def troubled(self, boxes: NDArray[np.float64], margin_m: float) -> NDArray[np.bool_]:
        """
        Sites near a feature that was rejected, has no extent, or has ended: which are asked alone.

        Parameters
        ----------
        boxes
            (n, 4) of the sites.
        margin_m
            The largest a + R among them.
        """
        found = np.zeros(len(boxes), dtype=bool)
        reach = [(box, margin_m) for box in self._trouble_boxes]
        reach += [(box, max(margin_m, own) + margin_m) for box, own in self._without_extent]
        for box, metres in reach:
            west, south, east, north = (float(v) for v in box)
            found |= boxes_meet(boxes, widened((west, south, east, north), metres))
        return found

    @property
    def _covered(self) -> NDArray[np.float64]:
        own = self.layer.coverage
        return np.full(4, np.nan) if own is None else own.feature_bounds[0]

    @once
    def _trouble_boxes(self) -> list[NDArray[np.float64]]:
        layer, index = self.layer, self.layer.index
        found = [box for box in layer.rejected_boxes if box_counts(box, self._covered)]
        if layer.card.kind == "control_units":
            ended = (index.feature_dimension == 2) & ~self.standing.in_force
            found += list(index.feature_bounds[ended])
        return found

    @once
    def vaguest_m(self) -> float:
        """The largest accuracy among the features without extent, 0 where there are none."""
        return float(self.standing.accuracy_m[self._vague].max(initial=0.0))

    @once
    def _vague(self) -> NDArray[np.bool_]:
        return ~np.isnan(self.standing.without_extent_m)

    @once
    def _placed(self) -> NDArray[np.bool_]:
        """Features without extent that have a reach and a place to reach from."""
        drawn = np.isfinite(self.layer.index.feature_bounds).all(axis=1)
        return np.isfinite(self.standing.without_extent_m) & drawn

    @once
    def _without_extent(self) -> list[tuple[NDArray[np.float64], float]]:
        own = self.standing.without_extent_m
        return [(self.layer.index.feature_bounds[row], float(own[row])) for row in np.flatnonzero(self._placed)]

    @once
    def coverage(self) -> Outline | None:
        """The edge of what the layer covers; None where no coverage is stated."""
        own = self.layer.coverage
        if own is None:
            return None
        return Outline(own, np.ones(len(own.feature_dimension), dtype=bool), threads=self.threads)

    @once
    def overlay(self) -> OverlayLookup:
        """The pieces of all zones, for what sites share with them."""
        return OverlayLookup(self.layer.index, self.standing.zone)

    def _areas_of(self, rows: NDArray[np.bool_]) -> NDArray[Any]:
        """The pieces of some zones, of those that are read for their overlaps."""
        return np.asarray(self.overlay.pieces[rows[self.overlay.feature]])

    @once
    def edge_groups(self) -> shapely.STRtree:
        """The boxes of the groups of edges: how many vertices lie in a window."""
        boxes: Any = shapely.box(*self.layer.index.group_bounds.T)
        return shapely.STRtree(boxes)

    @once
    def overlapping(self) -> bool:
        """Whether two zones lie over each other anywhere."""
        cells = self.layer.index.cells
        assert cells is not None
        offset, feature = cells.members
        inside = np.append(0, np.cumsum(self.standing.zone[feature]))
        return bool((np.diff(inside[offset]) > 1).any())

    def called(self, row: int) -> str:
        """What a feature is called in a row of a batch."""
        return self._words(row)[0]

    def id_of(self, row: int) -> str:
        """The id of a feature."""
        return self._words(row)[1]

    def _words(self, row: int) -> tuple[str, str]:
        if row not in self._known_words:
            self._learn(np.array([row]))
        return self._known_words[row]

    def _learn(self, rows: NDArray[np.int64]) -> None:
        for row, (code, name, own_id) in zip(rows.tolist(), self.layer.records.names(rows), strict=True):
            self._known_words[row] = called(code, name, own_id), own_id

    def names_in(self, sets: NDArray[np.int64]) -> dict[int, tuple[str, ...]]:
        """What the zones of side sets are called, in the order of a finding: they all share the whole site."""
        new = np.array([number for number in sets.tolist() if number not in self._known_sets], dtype=np.int64)
        cells = self.layer.index.cells
        assert cells is not None
        bounds, members = cells.features_of(new.astype(np.int32))
        zones = np.unique(members[self.standing.zone[members]]).astype(np.int64)
        self._learn(zones[[row not in self._known_words for row in zones.tolist()]])
        for number, start, end in zip(new.tolist(), bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            own = [row for row in members[start:end].tolist() if self.standing.zone[row]]
            if len(own) > 1:
                own.sort(key=self.id_of)
            self._known_sets[number] = tuple(self.called(row) for row in own)
        return {number: self._known_sets[number] for number in sets.tolist()}
