"""
What keeps a kind from its goal, as shapes of the plane and the distance a site must keep from each.

Each obstacle is read in two ways. *Surely*: nearer than a little less than its distance the engine never says
``clear``, so a place may be left out untried. *Safely*: farther than a little more, it does; what is drawn around
obstacles (cuts, detours) keeps that distance, and is asked of the engine afterwards all the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from layers.coverage import GAP_M
from screening.findings import box_counts, floor_mm
from screening.loaded import DAMAGE
from spatial.crs import WORKING_AREA
from spatial.overlay.frame import widened
from spatial.overlay.hold import ARC_FACTOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from layers.records import Standing
    from layers.version import OpenLayer
    from screening.avoidance.goals import Goal, Judge
    from screening.avoidance.plane import LocalPlane
    from screening.question import Question
    from spatial.overlay.index import GeometryIndex

    Box = tuple[float, float, float, float]

__all__ = ["Obstacle", "Surroundings", "surroundings_of"]

SLACK_M = 0.05
"""By this much the plane, simplified outlines and rounded gaps may differ from what the engine measures."""
NEAR, NEAR_SLACK, FAR_SLACK = 10_000.0, 2e-4, 2e-3
"""Geodesic distances are right within 1 cm up to 10 km and 0.1 % beyond."""
POOLED_SLACK = 1.01
"""Pooled coverages are narrowed by up to this factor more."""
UNITED_M = 0.5


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """
    A shape of the plane that a site must stay away from.

    Attributes
    ----------
    code
        ``zone``, ``extent``, ``rejected``, ``outside`` (of the coverage), ``expired_unit`` or ``layer``.
    layer
        Whose.
    shape
        Metres of the plane; prepared.
    reach_m
        At this distance or nearer the engine does not say ``clear``.
    safe_m
        Farther than this it does, as far as this obstacle goes.
    only_near
        With a distance: counts only for a site that near to this shape as well (a layer of a theme of several keeps
        the theme from ``clear`` only around its coverage).
    """

    code: str
    layer: str
    shape: BaseGeometry
    reach_m: float
    safe_m: float
    only_near: tuple[BaseGeometry, float] | None = None

    def surely_meets(self, places: NDArray[Any]) -> NDArray[np.bool_]:
        """Which of some geometries of the plane are so near that the engine cannot say ``clear``."""
        near = np.asarray(shapely.dwithin(self.shape, places, _sure(self.reach_m)), dtype=np.bool_)
        if self.only_near is not None and near.any():
            other, metres = self.only_near
            near[near] = shapely.dwithin(other, places[near], _sure(metres))
        return near

    def area_to_leave(self, extra_m: float = 0.0) -> BaseGeometry:
        """Everything nearer than ``safe_m`` and ``extra_m`` more; arcs drawn outside."""
        return shapely.buffer(self.shape, ARC_FACTOR * (self.safe_m + extra_m), quad_segs=16)

    def area_surely_closed(self) -> BaseGeometry:
        """Where no point of a site can be; arcs drawn inside. Nothing where it counts only near something else."""
        return shapely.Polygon() if self.only_near else shapely.buffer(self.shape, _sure(self.reach_m), quad_segs=16)


@dataclass(kw_only=True)
class Surroundings:
    """
    The obstacles of one goal: zones, and what else keeps it from ``clear``.

    ``blockers`` are codes of reasons that hold wherever the site is put; with one, ``clear`` is out of reach.
    """

    goal: Goal
    zones: list[Obstacle] = field(default_factory=list)
    others: list[Obstacle] = field(default_factory=list)
    blockers: list[str] = field(default_factory=list)

    def obstacles(self, best: str) -> list[Obstacle]:
        """What stands in the way of ``clear``, or (zones alone) of ``unknown``."""
        return [*self.zones, *self.others] if best == "clear" else list(self.zones)


def _sure(reach_m: float) -> float:
    share = NEAR_SLACK if reach_m <= NEAR else FAR_SLACK
    return max(0.0, reach_m * (1 - share) - SLACK_M)


def _safe(reach_m: float) -> float:
    return reach_m * (1 + (NEAR_SLACK if reach_m <= NEAR else FAR_SLACK)) + SLACK_M


def surroundings_of(judge: Judge, goal: Goal, *, plane: LocalPlane, swept: Box) -> Surroundings:
    """
    The obstacles of a goal for a site that stays in a box.

    Parameters
    ----------
    judge
        With the layers opened.
    goal
        A kind or one layer.
    plane
        Where obstacles are drawn.
    swept
        West, south, east, north of all places tried, degrees.
    """
    found = Surroundings(goal=goal)
    question = judge.question(judge.site)
    if goal.kind in judge.lost and goal.layer is None:
        found.blockers.append("layer_unreadable" if _named_unreadable(judge, goal.kind) else "layer_missing")
    if question.part_rejected:
        found.blockers.append("site_part_rejected")
    if goal.layer is not None and goal.layer not in {layer.card.name for layer, _ in judge.layers}:
        found.blockers.append("layer_unreadable")
    themes: dict[str, list[_Near]] = {}
    for layer, validity in judge.layers:
        if layer.card.kind != goal.kind or (goal.layer is not None and layer.card.name != goal.layer):
            continue
        try:
            near = _Near(layer, validity, question, plane, swept)
            found.zones += near.zones()
            near.prepare()
        except DAMAGE:
            found.blockers.append("layer_unreadable")
            continue
        themes.setdefault(layer.card.theme, []).append(near)
    for members in themes.values():
        try:
            _add_theme(found, members, alone=goal.layer is not None)
        except DAMAGE:
            found.blockers.append("layer_unreadable")
    found.blockers = list(dict.fromkeys(found.blockers))
    return found


def _named_unreadable(judge: Judge, kind: str) -> bool:
    codes = {r.code for f in judge.verdict.findings if f.kind == kind for r in f.reasons}
    return "layer_unreadable" in codes or "layer_missing" not in codes


def _add_theme(found: Surroundings, members: list[_Near], *, alone: bool) -> None:
    if len(members) == 1 or alone:
        for one in members:
            found.blockers += one.blockers + ([] if one.covered is not None else ["coverage_not_stated"])
            found.others += one.others
            if one.covered is not None:
                reach = one.coverage_m + one.margin
                found.others += one.outside(one.covered, reach, _safe(reach))
        return
    margin = max(one.margin for one in members)
    covered = [one.covered for one in members if one.covered is not None]
    if not covered:
        found.blockers.append("coverage_not_stated")
        return
    for one in members:
        if one.covered is None:
            found.blockers += one.blockers
            found.others += one.others
            continue
        own = one.in_plane(one.covered)
        found.others += [_guarded(obstacle, own, margin) for obstacle in one.others]
        if one.blockers:
            found.others.append(one.obstacle("layer", own, margin))
    least, most = (f(one.coverage_m for one in members if one.covered is not None) for f in (min, max))
    together = shapely.union_all(covered, grid_size=1e-8)
    found.others += members[0].outside(together, margin + least, POOLED_SLACK * _safe(margin + most))


def _guarded(obstacle: Obstacle, own: BaseGeometry, margin: float) -> Obstacle:
    return Obstacle(
        code=obstacle.code,
        layer=obstacle.layer,
        shape=obstacle.shape,
        reach_m=obstacle.reach_m,
        safe_m=obstacle.safe_m,
        only_near=(own, margin),
    )


class _Near:
    """One layer around the places that are tried."""

    def __init__(
        self, layer: OpenLayer, validity: str | None, question: Question, plane: LocalPlane, swept: Box
    ) -> None:
        self.layer, self.question, self.plane, self.swept = layer, question, plane, swept
        self.standing: Standing = layer.records.standing(question.as_of, layer.card.accuracy_m)
        own = [question.combined(float(m)) for m in np.unique(self.standing.accuracy_m[self.standing.zone])]
        self.margin = max([question.combined(layer.card.accuracy_m), *own]) + question.radius_m
        self.coverage_m = float(layer.card.coverage_accuracy_m or 0.0)
        self.blockers: list[str] = [validity] if validity else []
        self.others: list[Obstacle] = []
        self.covered: BaseGeometry | None = None

    def prepare(self) -> None:
        """Read what else keeps the layer from clear, and its coverage."""
        self._extents()
        self._rejected()
        if self.layer.card.kind == "control_units":
            self._expired_units()
        if self.layer.coverage is not None:
            box = self._box(self.coverage_m + 2 * self.margin)
            every = np.ones(len(self.layer.coverage.feature_dimension), dtype=bool)
            self.covered = _clipped(self.layer.coverage, box, every)

    def zones(self) -> list[Obstacle]:
        """Zone features by accuracy and influence distance, each group one obstacle."""
        standing, found = self.standing, []
        influence = np.maximum(np.nan_to_num(standing.influence_m, nan=0.0), 0.0)
        reach = influence + np.array([self.question.combined(float(m)) for m in standing.accuracy_m]).reshape(-1)
        for metres in np.unique(reach[standing.zone]):
            whole = float(metres) + self.question.radius_m
            shape = _clipped(self.layer.index, self._box(whole), standing.zone & (reach == metres))
            if not shape.is_empty:
                found.append(self.obstacle("zone", self.in_plane(shape), whole))
        return found

    def _extents(self) -> None:
        standing = self.standing
        for row in np.flatnonzero(~np.isnan(standing.without_extent_m)):
            a = self.question.combined(float(standing.accuracy_m[row]))
            reach = max(a, float(standing.without_extent_m[row])) + self.question.radius_m
            drawn = None if math.isinf(reach) else self.layer.index.geometry(int(row))
            if drawn is None:
                self.blockers.append("extent_not_given")
                continue
            if shapely.get_dimensions(drawn) == 1:  # lines that close may be a boundary
                inside = shapely.polygonize(shapely.get_parts(shapely.union_all([drawn])))
                drawn = shapely.union_all([drawn, *shapely.get_parts(inside)])
            clip = shapely.box(*self._box(reach))
            if shapely.intersects(drawn, clip):
                self.others.append(self.obstacle("extent", self.in_plane(shapely.intersection(drawn, clip)), reach))

    def _rejected(self) -> None:
        coverage = self.layer.coverage
        for box in self.layer.rejected_boxes:
            if coverage is None or not box_counts(box, coverage.feature_bounds[0]):
                self.blockers.append("rejected_feature_near")
                return
            west, south, east, north = (float(v) for v in box)
            clip = shapely.box(*self._box(3 * self.margin))
            drawn: Any = shapely.envelope(shapely.multipoints(np.array([(west, south), (east, north)])))
            near = shapely.intersection(drawn, clip)
            if near.is_empty:
                continue
            safe = 1.5 * self.margin + SLACK_M  # the engine widens the box itself, corners too
            self.others.append(self.obstacle("rejected", self.in_plane(near), self.margin, safe))

    def _expired_units(self) -> None:
        index, standing = self.layer.index, self.standing
        areal = index.feature_dimension == 2
        box = self._box(2 * self.margin)
        then = _clipped(index, box, areal & ~standing.in_force)
        if then.is_empty:
            return
        now = self.in_plane(_clipped(index, box, areal & standing.in_force))
        hole = shapely.difference(self.in_plane(then), shapely.buffer(now, UNITED_M * GAP_M, join_style="mitre"))
        if not hole.is_empty:
            self.others.append(self.obstacle("expired_unit", hole, self.margin, 1.02 * self.margin + 2 * GAP_M))

    def outside(self, covered: BaseGeometry, reach: float, safe: float) -> list[Obstacle]:
        """What the coverage leaves out around the places tried."""
        room = shapely.box(*self._box(self.coverage_m + self.margin))
        left = shapely.difference(room, covered)
        return [] if left.is_empty else [self.obstacle("outside", self.in_plane(left), reach, safe)]

    def obstacle(self, code: str, shape: BaseGeometry, reach: float, safe: float | None = None) -> Obstacle:
        """One obstacle of this layer, its shape prepared."""
        shapely.prepare(shape)
        return Obstacle(
            code=code,
            layer=self.layer.card.name,
            shape=shape,
            reach_m=floor_mm(reach),
            safe_m=_safe(reach) if safe is None else safe,
        )

    def in_plane(self, geometry: BaseGeometry) -> BaseGeometry:
        """Degrees to metres of the plane."""
        return geometry if geometry.is_empty else self.plane.to_plane(geometry)

    def _box(self, reach: float) -> Box:
        """All that can matter within a reach, with 10 m to spare, inside the working area."""
        west, south, east, north = widened(self.swept, 1.01 * reach + 10.0)
        least_lon, least_lat, most_lon, most_lat = WORKING_AREA
        return max(west, least_lon), max(south, least_lat), min(east, most_lon), min(north, most_lat)


def _clipped(index: GeometryIndex, box: Box, rows: NDArray[np.bool_]) -> BaseGeometry:
    """The union of what some features have in a box."""
    pieces = index.pieces_meeting(box, rows)
    if len(pieces) == 0:
        return shapely.Polygon()
    return shapely.intersection(shapely.union_all(index.load(pieces), grid_size=1e-8), shapely.box(*box))


def surely_closed(obstacles: Iterable[Obstacle], places: NDArray[Any]) -> NDArray[np.bool_]:
    """Which places the engine cannot call clear, by any of some obstacles."""
    closed = np.zeros(len(places), dtype=bool)
    for obstacle in obstacles:
        left = np.flatnonzero(~closed)
        if len(left) == 0:
            break
        closed[left] = obstacle.surely_meets(places[left])
    return closed


def area_to_leave(obstacles: Sequence[Obstacle], extra_m: float = 0.0) -> BaseGeometry:
    """All that lies too near to some obstacles, as one area of the plane."""
    return shapely.union_all([obstacle.area_to_leave(extra_m) for obstacle in obstacles])
