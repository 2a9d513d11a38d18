"""The ways out of a zone for one site: searched, judged by the engine, listed by what they cost."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from screening.avoidance.cutting import EXTRA_M, LEAST_PIECE_M2, cuts_of
from screening.avoidance.detouring import WEIGHTS, detours_of, is_walled_off, loose_ends
from screening.avoidance.goals import Goal, Judge, at_best, goals_of, reached
from screening.avoidance.obstacles import area_to_leave, surely_closed, surroundings_of
from screening.avoidance.plane import LocalPlane, replaced
from screening.avoidance.proposals import Cost, Proposal, undominated
from screening.avoidance.result import Avoidance, Search
from screening.avoidance.shifting import (
    angles_within,
    centre_of,
    search_shifts,
    shifts_within,
    some_place_open,
)
from screening.reasons import ANSWERS
from screening.screen import screen
from spatial.measure import ellipsoidal_area, geodesic_length
from spatial.overlay.frame import bounds_of, widened
from spatial.overlay.parts import simple_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shapely.geometry.base import BaseGeometry

    from layers.workspace.store import WorkspaceStore
    from screening.avoidance.cutting import Cut
    from screening.avoidance.detouring import Detour
    from screening.avoidance.obstacles import Obstacle, Surroundings
    from screening.avoidance.proposals import Way
    from screening.avoidance.shifting import Shift
    from screening.reasons import Answer
    from screening.site import Site
    from screening.verdict import Verdict

__all__ = ["avoid"]


def avoid(
    site: Site,
    store: WorkspaceStore,
    *,
    within_m: float = 500.0,
    step_m: float = 5.0,
    rotate_deg: float = 0.0,
    rotation_step_deg: float = 5.0,
    kinds: Sequence[str] = (),
    layers: Sequence[str] = (),
    as_of: str | None = None,
) -> Avoidance:
    """
    Ways for a site to keep clear of protective layers: the smallest shift, turn, cut, or detour.

    Use it where a check has met something and the site can still be changed. Clear of a zone is a matter of space
    alone: it is no consent of anybody.

    Parameters
    ----------
    site
        A placed site. Areas are shifted, turned and cut; lines are led around with their ends fixed; points are
        shifted; a site of several kinds of geometry is shifted as a whole. Its accuracy is that of every proposal.
    store
        The workspace.
    within_m
        How far it may be moved, or a route led from its old line, metres.
    step_m
        Of the square grid of shifts, and between the points at which a route may be left, metres.
    rotate_deg, rotation_step_deg
        The greatest turn to either side, and the step of the angles, degrees.
    kinds, layers
        What is to be clear; default every protective kind (those that are clear already stay so).
    as_of
        ISO date; default today in UTC+8.

    Returns
    -------
    avoidance
        Proposals with the engine's verdict on each, and the searches made.

    Raises
    ------
    NothingToAvoidError
        A kind or layer named does not decide here.
    SearchTooLargeError
        The grid has too many places.
    """
    verdict = screen(site, store, as_of=as_of)
    run = _Run(
        site=site,
        store=store,
        verdict=verdict,
        goals=goals_of(verdict, kinds=kinds, layers=layers),
        within_m=within_m,
        step_m=step_m,
        angles=angles_within(rotate_deg, rotation_step_deg),
    )
    return run.result()


class _Run:
    """One search, with what its ways share."""

    def __init__(
        self,
        *,
        site: Site,
        store: WorkspaceStore,
        verdict: Verdict,
        goals: tuple[Goal, ...],
        within_m: float,
        step_m: float,
        angles: tuple[float, ...],
    ) -> None:
        self.site, self.store, self.verdict = site, store, verdict
        self.within_m, self.step_m, self.angles = within_m, step_m, angles
        self.shifts = shifts_within(within_m, step_m)
        self.plane = LocalPlane.of(site.geometry)
        self.parts = [self.plane.to_plane(part.geometry) for part in site.parts]
        self.shape = self.plane.to_plane(site.geometry)
        self.refused = 0
        self.judge = Judge(site, store, verdict, goals)
        west, south, east, north = bounds_of(self.shape)
        reach = within_m + (math.hypot(east - west, north - south) if max(angles) > 0 else 0.0)
        swept = widened(bounds_of(site.geometry), reach)
        self.around = [surroundings_of(self.judge, goal, plane=self.plane, swept=swept) for goal in goals]
        self.goals = tuple(at_best(around.goal, around.blockers) for around in self.around)

    def result(self) -> Avoidance:
        """Every way that this kind of site has."""
        proposals: list[Proposal] = []
        searches: list[Search] = []
        if any(not goal.met(goal.now) for goal in self.goals):
            scope = self.site.scope
            ways = {"polygon": (self._shift, self._cut), "line": (self._detour,)}.get(scope, (self._shift,))
            for way in ways:
                found, search = way()
                proposals += found
                searches.append(search)
        return Avoidance(
            site=self.site,
            verdict=self.verdict,
            goals=self.goals,
            within_m=self.within_m,
            proposals=undominated(proposals),
            searches=tuple(searches),
            refused=self.refused,
        )

    def _obstacles(self, goals: Iterable[Goal]) -> list[Obstacle]:
        """What stands in the way of some goals: zones first, they exclude most."""
        best = {goal.key: goal.best for goal in goals}
        found = [o for around in self.around for o in around.obstacles(best[around.goal.key])]
        return sorted(found, key=lambda o: o.code != "zone")

    def _lowered(self, open_: list[bool]) -> tuple[Goal, ...]:
        """The goals of one way: ``unknown`` is all that is left where a goal's other obstacles close every place."""
        found = []
        for goal, around, is_open in zip(self.goals, self.around, open_, strict=True):
            codes = [] if is_open else _reasons(around)
            found.append(goal if is_open else at_best(goal, codes))
        return tuple(found)

    def _tries(self, goals: tuple[Goal, ...]) -> list[tuple[Goal, ...]]:
        """The goals of a way; then, in case nothing is found, without what coverage and the like forbid."""
        if not any(goal.best == "clear" and around.others for goal, around in zip(goals, self.around, strict=True)):
            return [goals]
        lower = [goal.best == "unknown" or not around.others for goal, around in zip(goals, self.around, strict=True)]
        return [goals, self._lowered(lower)]

    def _proposal(
        self, way: Way, site: Site, cost: Cost, goals: Sequence[Goal], facts: dict[str, Any]
    ) -> Proposal | None:
        """The proposal where the engine agrees, else None."""
        verdict = screen(site, self.store, as_of=self.verdict.as_of)
        answers: list[tuple[str, str | None, Answer]] = [(g.kind, g.layer, reached(verdict, g)) for g in goals]
        if not all(goal.met(answer) for goal, (_, _, answer) in zip(goals, answers, strict=True)):
            self.refused += 1
            return None
        worse = [
            kind
            for kind, answer in verdict.kinds.items()
            if ANSWERS.index(answer) < ANSWERS.index(self.verdict.kinds.get(kind, answer))
        ]
        short = [
            goal.layer or goal.kind for goal, (_, _, answer) in zip(goals, answers, strict=True) if answer != "clear"
        ]
        return Proposal(
            way=way,
            site=site,
            cost=cost,
            verdict=verdict,
            reached=tuple(answers),
            falls_short=tuple(short),
            worse=tuple(worse),
            facts=facts,
        )

    # ---- shift and turn

    def _shift(self) -> tuple[list[Proposal], Search]:
        grid = {"shifts": self.shifts, "angles": self.angles}
        goals = self._lowered(
            [
                goal.best == "unknown" or some_place_open(self.shape, around.others, **grid)  # type: ignore[arg-type]
                for goal, around in zip(self.goals, self.around, strict=True)
            ]
        )
        first = self.judge.asked
        for goals in self._tries(goals):  # noqa: B020 - the goals of the try that counts
            found = search_shifts(
                self.shape,
                self._obstacles(goals),
                lambda shift, goals=goals: self.judge.reaches(self._moved(shift), goals),  # type: ignore[misc]
                **grid,  # type: ignore[arg-type]
            )
            if found.found:
                break
        proposals = [p for p in (self._shifted(shift, goals) for shift in found.found) if p is not None]
        facts = {
            "step_m": self.step_m,
            "angles_deg": list(self.angles),
            "places": found.places,
            "excluded": found.excluded,
            "asked": self.judge.asked - first,
            "beyond": found.beyond,
        }
        proved = None if proposals else not found.found
        if not proposals:
            facts["closed_by"] = [
                around.goal.layer or around.goal.kind
                for around, goal in zip(self.around, goals, strict=True)
                if not some_place_open(self.shape, around.obstacles(goal.best), **grid)  # type: ignore[arg-type]
            ]
        return proposals, Search(way="shift", found=len(proposals), proved=proved, goals=goals, facts=facts)

    def _moved(self, shift: Shift) -> Site:
        return self.plane.moved(
            self.site,
            east_m=shift.east_m,
            north_m=shift.north_m,
            rotation_deg=shift.rotation_deg,
            about=centre_of(self.shape),
        )

    def _shifted(self, shift: Shift, goals: Sequence[Goal]) -> Proposal | None:
        cost = Cost(shift_m=shift.length_m, rotation_deg=abs(shift.rotation_deg))
        bearing = shift.bearing_deg
        facts = {
            "east_m": round(shift.east_m, 3),
            "north_m": round(shift.north_m, 3),
            "bearing_deg": None if bearing is None else round(bearing, 2) % 360,
            "turn_deg": round(shift.rotation_deg, 6),
        }
        return self._proposal("turn" if shift.rotation_deg else "shift", self._moved(shift), cost, goals, facts)

    # ---- cut

    def _cut(self) -> tuple[list[Proposal], Search]:
        goals = self._lowered(
            [
                goal.best == "unknown" or not shapely.covers(area_to_leave(around.others), self.shape)
                for goal, around in zip(self.goals, self.around, strict=True)
            ]
        )
        proposals: list[Proposal] = []
        for tried in self._tries(goals):
            goals, obstacles = tried, self._obstacles(tried)
            for extra in EXTRA_M:
                drawn = [self._cut_as(cut, goals, extra) for cut in cuts_of(self.parts, obstacles, extra)]
                proposals = [found for found in drawn if found is not None]
                if proposals or not drawn:
                    break
            if proposals:
                break
        closed = shapely.union_all([o.area_surely_closed() for o in obstacles])
        nothing = bool(shapely.covers(closed, self.shape))
        return proposals, Search(
            way="cut",
            found=len(proposals),
            proved=None if proposals else nothing,
            goals=goals,
            reason="nothing_left" if nothing and not proposals else None,
            facts={"least_piece_m2": LEAST_PIECE_M2},
        )

    def _cut_as(self, cut: Cut, goals: Sequence[Goal], extra: float) -> Proposal | None:
        kept: list[Any] = [None if left is None else self.plane.to_degrees(left) for left in cut.left]
        site = replaced(self.site, kept)
        parts = tuple(replace(part, declared_area_m2=None) for part in site.parts)
        site = replace(site, declared_area_m2=None, parts=parts)
        area, left_m2 = (float(np.sum(ellipsoidal_area([s.geometry]))) for s in (self.site, site))
        lost = max(0.0, area - left_m2)
        before = sum(int(shapely.get_dimensions(p) == 2) for p in simple_parts(self.shape))
        facts = {
            "lost_share": round(lost / area, 9),
            "left_m2": round(left_m2, 2),
            "pieces": cut.pieces,
            "parts_gone": [p.id for p, left in zip(self.site.parts, cut.left, strict=True) if left is None],
            "kept_away_m": round(extra, 3),
        }
        return self._proposal("cut", site, Cost(lost_m2=lost, pieces=max(0, cut.pieces - before)), goals, facts)

    # ---- detour

    def _detour(self) -> tuple[list[Proposal], Search]:
        lines = [list(simple_parts(part)) for part in self.parts]
        every = [one for part in lines for one in part]
        ends: Any = shapely.points(np.concatenate([shapely.get_coordinates(one)[[0, -1]] for one in every]))
        goals = self._lowered(
            [
                goal.best == "unknown" or not surely_closed(around.others, ends).any()
                for goal, around in zip(self.goals, self.around, strict=True)
            ]
        )
        proposals: list[Proposal] = []
        for tried in self._tries(goals):
            goals, obstacles = tried, self._obstacles(tried)
            for extra in EXTRA_M:
                drawn = self._led_around(lines, area_to_leave(obstacles, extra))
                judged = [self._detour_as(lines, detours, goals, extra) for detours in drawn]
                proposals = [found for found in judged if found is not None]
                if proposals or not drawn:
                    break
            if proposals:
                break
        reason, proved = None, None
        if not proposals:
            closed = shapely.union_all([o.area_surely_closed() for o in obstacles])
            inside = bool(np.any(shapely.intersects(closed, ends)))
            proved = inside or any(is_walled_off(one, closed, within_m=self.within_m) for one in every)
            reason = "end_inside" if inside else "walled_off" if proved else "no_way_found"
        facts: dict[str, Any] = {"step_m": self.step_m, "ends": "fixed", "weights": list(WEIGHTS)}
        return proposals, Search(
            way="detour", found=len(proposals), proved=proved, goals=goals, reason=reason, facts=facts
        )

    def _led_around(self, lines: list[list[Any]], leave: BaseGeometry) -> list[list[list[Detour]]]:
        """Every line of every part led around, once a weight; nothing where one of them cannot be."""
        by_weight: list[list[list[Detour]]] = [[] for _ in WEIGHTS]
        for part in lines:
            made: list[list[Detour]] = [[] for _ in WEIGHTS]
            for one in part:
                found: tuple[Detour, ...] = ()
                for reach in (self.within_m, 4 * self.within_m, one.length):
                    found = detours_of(one, leave, within_m=self.within_m, step_m=self.step_m, reach_m=reach)
                    if found or reach >= one.length:
                        break
                if not found:
                    return []
                for own, detour in zip(made, found, strict=True):
                    own.append(detour)
            for whole, own in zip(by_weight, made, strict=True):
                whole.append(own)
        return by_weight

    def _detour_as(
        self, lines: list[list[Any]], detours: list[list[Detour]], goals: Sequence[Goal], extra: float
    ) -> Proposal | None:
        shapes: list[list[Any]] = [[d.line for d in part] for part in detours]
        parts: list[Any] = [part[0] if len(part) == 1 else shapely.MultiLineString(part) for part in shapes]
        site = replaced(self.site, [self.plane.to_degrees(part) for part in parts])
        old_m, new_m = (float(np.sum(geodesic_length([s.geometry]))) for s in (self.site, site))
        new = self.plane.to_plane(site.geometry)
        stations: Any = shapely.points(shapely.get_coordinates(shapely.segmentize(new, 10.0)))
        facts = {
            "length_m": round(new_m, 3),
            "farthest_m": round(float(shapely.distance(self.shape, stations).max()), 1),
            "stretches": sum(d.stretches for part in detours for d in part),
            "loose_ends": loose_ends(lines, new),
            "kept_away_m": round(extra, 3),
        }
        cost = Cost(added_m=new_m - old_m, rebuilt_m=float(sum(d.rebuilt_m for part in detours for d in part)))
        return self._proposal("detour", site, cost, goals, facts)


def _reasons(around: Surroundings) -> list[str]:
    """The codes of reasons behind a goal's other obstacles."""
    names = {
        "outside": "outside_coverage",
        "extent": "extent_not_given",
        "rejected": "rejected_feature_near",
        "expired_unit": "layer_expired",
        "layer": "layer_expired",
    }
    return list(dict.fromkeys(names[o.code] for o in around.others)) or ["outside_coverage"]
