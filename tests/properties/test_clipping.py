"""What pairs of polygons share by their edges alone is what GEOS says; what is in doubt is said to be."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.measure import ellipsoidal_area
from spatial.overlay.clipping import clip, rings_of
from tests.tilings import blob


def clipped(sites, pieces):
    """Of each pair of two lists as long as each other."""
    every = np.arange(len(sites))
    one, other = (np.asarray(shapes, dtype=object) for shapes in (sites, pieces))
    return clip(rings_of(one), every, rings_of(other), every)


def shape(rng):
    """A blob, one with holes, or several, wound as it comes."""
    x, y = rng.uniform((117.0, 49.0), (117.02, 49.02))
    own = blob(x, y, rng.choice([0.0005, 0.004, 0.02]), int(rng.integers(4, 70)), rng)
    if rng.random() < 0.4:
        holes = [blob(*rng.uniform((x - 0.005, y - 0.005), (x + 0.005, y + 0.005)), 0.001, 9, rng) for _ in range(4)]
        own = own.difference(shapely.union_all(holes))
    if rng.random() < 0.3:
        own = own.union(blob(*rng.uniform((117.0, 49.0), (117.02, 49.02)), 0.002, 12, rng))
    if own.is_empty or shapely.get_dimensions(own) < 2 or own.geom_type == "GeometryCollection":
        return shapely.box(117.0, 49.0, 117.01, 49.01)
    return rng.choice([own, own.normalize(), own.reverse()])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_what_is_said_is_what_geos_says(seed):
    rng = np.random.default_rng(seed)
    sites, pieces = (np.array([shape(rng) for _ in range(80)], dtype=object) for _ in range(2))
    found = clipped(sites, pieces)
    assert found.sure.mean() > 0.9, "hardly any comes so near by chance"
    meets, held = shapely.intersects(sites, pieces), shapely.covers(pieces, sites)
    assert (found.meets == meets)[found.sure].all()
    assert (found.held == held)[found.sure].all()
    cut = np.flatnonzero(found.sure & meets & ~held)
    shared = shapely.intersection(sites[cut], pieces[cut])
    assert found.area[cut] == pytest.approx(ellipsoidal_area(shared), rel=1e-9, abs=1e-6)
    assert found.outline[cut] == pytest.approx(shapely.length(shared), rel=1e-9, abs=1e-13)


ZONE = shapely.box(117.0, 49.0, 117.01, 49.01)


@pytest.mark.parametrize(
    "site",
    [
        ZONE,
        shapely.box(117.01, 49.002, 117.02, 49.004),  # along an edge
        shapely.box(117.01, 49.01, 117.02, 49.02),  # at a corner
        shapely.box(117.002, 49.002, 117.01, 49.004),  # inside, along an edge
        shapely.box(117.01 + 2e-8, 49.002, 117.02, 49.004),  # 1.5 mm away
        shapely.Polygon([(117.0, 49.0), (117.02, 49.02), (117.02, 49.0)]),  # through two corners
        shapely.Polygon([(117.005, 49.01), (117.003, 49.02), (117.007, 49.02)]),  # a corner on an edge
    ],
)
def test_where_outlines_touch_nothing_is_said(site):
    assert clipped([site], [ZONE]).sure.tolist() == [False]
    assert clipped([ZONE], [site]).sure.tolist() == [False]


def test_a_site_within_one_around_one_in_a_hole_and_one_beside():
    ring = shapely.box(117.0, 49.0, 117.09, 49.09) - shapely.box(117.01, 49.01, 117.08, 49.08)
    sites = [
        shapely.box(117.001, 49.001, 117.005, 49.004),
        shapely.box(116.9, 48.9, 117.2, 49.2),
        shapely.box(117.03, 49.03, 117.05, 49.05),
        shapely.box(117.2, 49.0, 117.3, 49.1),
        shapely.box(117.005, 49.005, 117.085, 49.085),
    ]
    found = clipped(sites, [ring] * 5)
    assert found.sure.tolist() == [True] * 5
    assert found.meets.tolist() == [True, True, False, False, True]
    assert found.held.tolist() == [True, False, False, False, False]
    areas = ellipsoidal_area([ring, sites[4], shapely.box(117.01, 49.01, 117.08, 49.08)])
    assert found.area[[1, 4]] == pytest.approx([areas[0], areas[1] - areas[2]], rel=1e-12)
    # outline in degrees: 4 x (0.09 + 0.07), and 4 x (0.08 + 0.07) where the site cuts the ring all around
    assert found.outline[[1, 4]] == pytest.approx([0.64, 0.60], rel=1e-9)


def test_company_does_not_change_what_is_said():
    rng = np.random.default_rng(4)
    sites, pieces = ([shape(rng) for _ in range(40)] for _ in range(2))
    alone, many = clipped(sites, pieces), clipped(sites * 5, pieces * 5)
    for name in ("sure", "meets", "held", "area", "outline"):
        assert np.array_equal(np.tile(getattr(alone, name), 5), getattr(many, name)), name


def test_an_outline_that_is_not_closed_is_left_to_geos(monkeypatch):
    ours = shapely.Polygon([(117.001, 49.003), (117.02, 49.005), (117.001, 49.007)])
    assert clipped([ours], [ZONE]).sure.tolist() == [True]
    real = shapely.contains_xy
    monkeypatch.setattr(shapely, "contains_xy", lambda *asked: ~real(*asked))
    assert clipped([ours], [ZONE]).sure.tolist() == [False]


def test_vertices_given_twice_do_no_harm():
    ours = shapely.Polygon([(117.001, 49.003), (117.001, 49.003), (117.02, 49.005), (117.001, 49.007)])
    found = clipped([ours], [ZONE])
    if found.sure[0]:
        assert found.area == pytest.approx(ellipsoidal_area([ours & ZONE]), rel=1e-9)


def test_no_polygons_have_no_rings():
    none = np.array([], dtype=object)
    assert clipped(none, none).sure.tolist() == []
    assert rings_of(none).start.tolist() == [0]
