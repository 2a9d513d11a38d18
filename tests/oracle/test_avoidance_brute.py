"""The search against brute force: the engine asked at every place of the grid, nothing left out."""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import shapely

from screening.avoidance import avoid
from screening.avoidance.detouring import detours_of
from screening.avoidance.plane import LocalPlane
from screening.avoidance.shifting import angles_within, centre_of, shifts_within
from screening.screen import screen
from screening.site import site_of
from tests.contract.places import AS_OF, COUNTY, MemoryStore, block, off

STEP_M, WITHIN_M = 30.0, 65.0
SEEDS = range(16)
MIDDLE = (117.5, 49.45)


def place(rng, reach_m):
    return off(*MIDDLE, east=rng.uniform(-reach_m, reach_m), north=rng.uniform(-reach_m, reach_m))


def parcel(rng, reach_m, least_m, most_m):
    return block(*place(rng, reach_m), rng.uniform(least_m, most_m), rng.uniform(least_m, most_m))


def workspace(rng):
    """Layers of every sort of obstacle, most of them near; now and then with a coverage that ends among the places."""
    store = MemoryStore(*rng.choice([(), ("red_lines",), ("red_lines", "water_sources")]))
    near_edge = rng.random() < 0.4
    cover = COUNTY if not near_edge else block(*off(*MIDDLE, east=-rng.uniform(150, 400), north=-400), 700, 800)
    boxes = [("9", parcel(rng, 250, 5, 30).bounds)] if rng.random() < 0.3 else []
    store.add(
        "red_lines",
        [parcel(rng, 150, 20, 150) for _ in range(rng.randint(1, 3))],
        coverage=cover,
        accuracy_m=rng.choice([1.0, 10.0, 24.0]),
        unreadable=boxes,
    )
    if rng.random() < 0.5:
        ring = {"influence_m": rng.choice([30.0, 80.0])}
        store.add("water_sources", [shapely.Point(place(rng, 150))], [{"名称": "某井"}], accuracy_m=5.0, **ring)
    if rng.random() < 0.4:
        line = shapely.LineString([place(rng, 900), place(rng, 900)])  # a zone of which only a line is known: 500 m
        store.add("protected_areas", [line], [{"名称": "某保护地"}], accuracy_m=5.0)
    if rng.random() < 0.5:
        west = off(*MIDDLE, east=rng.uniform(-150, 150))[0]
        units = [shapely.box(117.0, 49.0, west, 50.0), shapely.box(west, 49.0, 118.0, 50.0)]
        codes = [{"编码": "ZH15078110001"}, {"编码": "ZH15078130001"}]
        store.add("control_units", units, codes, accuracy_m=rng.choice([1.0, 24.0]))
    if rng.random() < 0.5:  # two counties of one theme: pooled
        east = off(*MIDDLE, east=rng.uniform(-100, 100))[0]
        halves = {"西": shapely.box(117.0, 49.0, east, 50.0), "东": shapely.box(east, 49.0, 118.0, 50.0)}
        for name, half in halves.items():
            store.add(
                "element_zones",
                [parcel(rng, 200, 10, 60)],
                [{"编码": "YS1507021110001", "类别": "优先保护区"}],
                name=name,
                theme="水",
                coverage=half,
                coverage_name=name,
                accuracy_m=5.0,
                valid_until="2025-12-31" if name == "东" and rng.random() < 0.3 else None,
            )
    return store


def site(rng):
    shape = rng.choice(["point", "parcel", "parcels"])
    if shape == "point":
        return site_of(shapely.Point(place(rng, 60)), accuracy_m=3.0, radius_m=rng.choice([0.0, 20.0]))
    geometry = parcel(rng, 60, 20, 60)
    if shape == "parcels":
        geometry = shapely.union_all([geometry, parcel(rng, 90, 10, 40)])
    return site_of(geometry, accuracy_m=rng.choice([0.5, 5.0]))


def brute(found, store, angles):
    """The engine's kinds at every place of the grid."""
    start = found.site
    plane = LocalPlane.of(start.geometry)
    about = centre_of(plane.to_plane(start.geometry))
    for angle in angles:
        for east, north in shifts_within(WITHIN_M, STEP_M):
            moved = plane.moved(start, east_m=float(east), north_m=float(north), rotation_deg=angle, about=about)
            yield angle, math.hypot(east, north), screen(moved, store, as_of=AS_OF).kinds


def shortest(places, goals, angle):
    fits = [m for a, m, kinds in places if a == angle and all(goal.met(kinds[goal.kind]) for goal in goals)]
    return min(fits, default=None)


@cache
def case(seed):
    """One workspace, one site, and what the search says of them; every eighth site is turned too."""
    rng = random.Random(seed)
    store, start = workspace(rng), site(rng)
    angles = angles_within(40, 40) if seed % 8 == 2 and start.scope == "polygon" else (0.0,)
    found = avoid(
        start, store, as_of=AS_OF, step_m=STEP_M, within_m=WITHIN_M, rotate_deg=max(angles), rotation_step_deg=40
    )
    return store, angles, found


@pytest.mark.parametrize("seed", SEEDS)
def test_the_shortest_shift_is_the_one_that_asking_everywhere_finds(seed):
    store, angles, found = case(seed)
    if not found.needed:
        return
    places = list(brute(found, store, angles))
    (search,) = [s for s in found.searches if s.way == "shift"]
    whole = [replace(goal, best="clear") for goal in search.goals]
    if any(shortest(places, whole, angle) is not None for angle in angles):
        assert all(goal.best == "clear" for goal in search.goals), "a goal was given up that can be reached"
    for goal in found.goals:  # what is said up front to be out of reach is so everywhere
        assert goal.best == "clear" or all(kinds[goal.kind] != "clear" for _, _, kinds in places)
    expected = {angle: shortest(places, search.goals, angle) for angle in angles}
    got = {p.facts["turn_deg"]: p.cost.shift_m for p in found.proposals if p.way in ("shift", "turn")}
    straight = expected[0.0]
    assert got.get(0.0) == (None if straight is None else pytest.approx(straight)), search
    for angle, metres in expected.items():  # a turn is listed where it is shorter than every smaller one
        smaller = [m for a, m in expected.items() if abs(a) < abs(angle) and m is not None]
        mirror = expected.get(-angle)
        rivals = [*smaller, *([] if mirror is None else [mirror])]
        if angle and metres is not None and metres < min(rivals, default=math.inf) - 1e-6:
            assert got[angle] == pytest.approx(metres)
    assert search.found > 0 or search.proved


def test_the_cases_of_the_brute_force_are_of_all_sorts():
    outcomes = set()
    for seed in SEEDS:
        _, _, found = case(seed)
        if not found.needed:
            outcomes.add("not needed")
            continue
        (search,) = [s for s in found.searches if s.way == "shift"]
        given_up = any(goal.best == "unknown" for goal in search.goals)
        outcomes.add(("found" if search.found else "none", "short" if given_up else "clear"))
    assert outcomes >= {("found", "clear"), ("found", "short"), ("none", "clear")}


def around(start, end, boxes):
    """The shortest way between two points around boxes: every order of every few corners tried."""
    leave = shapely.buffer(shapely.union_all(boxes), -0.005)
    shapely.prepare(leave)
    corners = [tuple(c) for b in boxes for c in shapely.get_coordinates(b)[:-1]]
    free = {}
    for a, b in itertools.permutations([start, end, *corners], 2):
        free[a, b] = not leave.intersects(shapely.LineString([a, b]))
    best = math.inf
    for count in range(5):
        for chosen in itertools.permutations(corners, count):
            steps = list(itertools.pairwise([start, *chosen, end]))
            if all(free[step] for step in steps):
                best = min(best, math.fsum(math.dist(a, b) for a, b in steps))
    return best


@pytest.mark.parametrize("seed", range(12))
def test_the_shortest_detour_is_the_one_that_trying_every_order_of_corners_finds(seed):
    rng = random.Random(seed)
    boxes = []
    for x in (rng.uniform(-250, -50), rng.uniform(50, 250)):
        low, high = -rng.uniform(5, 150), rng.uniform(5, 150)
        boxes.append(shapely.box(x - rng.uniform(5, 60), low, x + rng.uniform(5, 60), high))
    route = shapely.LineString([(-500, 0), (500, 0)])
    leave = shapely.union_all(boxes)
    (found,) = detours_of(route, leave, within_m=400, step_m=5, reach_m=5000, weights=[1.0])
    expected = around((-500, 0), (500, 0), list(shapely.get_parts(leave)))
    assert found.line.length == pytest.approx(expected, abs=0.02)
    assert not np.any(shapely.intersects(shapely.buffer(leave, -0.02), found.line))
