"""The outline of a buffer against brute force on the ellipsoid, and laws it keeps."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.buffers import geodesic_buffer
from spatial.ellipsoid import geod

STEP_M = 2.0


def dense(geometry: shapely.Geometry, step_m: float) -> np.ndarray:
    """Points along a line, straight in longitude and latitude, at most some metres apart."""
    xy = shapely.get_coordinates(geometry)
    found = [xy[:1]]
    for a, b in pairwise(xy):
        count = max(1, int(np.ceil(geod().inv(*a, *b)[2] / step_m)))
        found.append(a + np.linspace(0, 1, count + 1)[1:, None] * (b - a))
    return np.vstack(found)


def nearest_m(points: np.ndarray, line: np.ndarray) -> np.ndarray:
    """By brute force: the least geodesic distance from each point to any of the line's."""
    found = []
    for x, y in points:
        metres = geod().inv(np.full(len(line), x), np.full(len(line), y), *line.T.copy())[2]
        found.append(np.min(metres))
    return np.array(found)


lines = st.lists(
    st.tuples(st.floats(-0.02, 0.02, allow_nan=False), st.floats(-0.02, 0.02, allow_nan=False)), min_size=2, max_size=6
).map(lambda xy: shapely.LineString([(117.4 + x, 49.6 + y) for x, y in xy]))


@settings(max_examples=25, deadline=None)
@given(lines, st.sampled_from([50.0, 700.0, 5_000.0, 20_000.0]), st.integers(0, 10_000))
def test_outline_lies_at_the_distance_within_the_error_and_never_inside(
    line: shapely.LineString, metres: float, seed: int
) -> None:
    zone = geodesic_buffer(line, metres)
    assert zone.is_valid
    ring = shapely.get_coordinates(shapely.boundary(zone))
    rng = np.random.default_rng(seed)
    at = rng.integers(0, len(ring) - 1, 12)
    share = rng.uniform(0, 1, (12, 1))
    rings = shapely.get_coordinates(shapely.boundary(zone), return_index=True)[1]
    same = rings[at] == rings[at + 1]
    probes = (ring[at] + share * (ring[at + 1] - ring[at]))[same]
    found = nearest_m(probes, dense(line, STEP_M))
    # the brute line is a chain of points: of a point d away it is too far by at most (step/2)^2 / 2d
    slack = (STEP_M / 2) ** 2 / (2 * metres)
    assert (found >= metres - 1e-6).all()
    assert (found <= metres * (1 + 1e-5) + slack).all()


@settings(max_examples=25, deadline=None)
@given(lines, st.floats(20.0, 5_000.0), st.floats(1.01, 3.0))
def test_a_farther_buffer_holds_a_nearer_one_and_the_thing(
    line: shapely.LineString, metres: float, factor: float
) -> None:
    near, far = geodesic_buffer(line, metres), geodesic_buffer(line, metres * factor)
    assert near.covers(line)
    assert shapely.difference(near, far).area <= 1e-12 * near.area


@settings(max_examples=25, deadline=None)
@given(lines, st.floats(20.0, 2_000.0))
def test_direction_of_a_line_and_cuts_in_it_change_nothing(line: shapely.LineString, metres: float) -> None:
    whole = geodesic_buffer(line, metres)
    back = geodesic_buffer(shapely.reverse(line), metres)
    cut = geodesic_buffer(shapely.LineString(dense(line, 500.0)), metres)
    for other in (back, cut):
        assert shapely.symmetric_difference(whole, other).area <= 5e-5 * whole.area
