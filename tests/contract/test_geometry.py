"""§5: where geometry lives, how it is measured, what is a boundary."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from shapely import Point, Polygon, box

from spatial.crs import from_geographic, identify, to_geographic
from spatial.ellipsoid import geod
from spatial.errors import OutsideWorkingAreaError
from spatial.measure import ellipsoidal_area
from tests.contract.places import COUNTY, FAR, ZONE, MemoryStore, ask, beside, block, finding, off, one

GK39 = 4528  # 3 degree Gauss-Kruger, zone 40
METRES = identify(GK39)


def in_plane(*points: tuple[float, float]) -> Polygon:
    """A parcel in EPSG:4528, metres from a corner at 40,450,000 E, 5,480,000 N."""
    return Polygon([(40_450_000 + x, 5_480_000 + y) for x, y in points])


def degrees(geometry: shapely.Geometry) -> shapely.Geometry:
    return to_geographic(geometry, METRES)[0]


@pytest.mark.parametrize("place", [(59.99, 30.0), (150.01, 30.0), (100.0, -0.01), (100.0, 60.01), (-117.0, 49.0)])
def test_coordinates_outside_the_working_area_are_refused(place):
    with pytest.raises(OutsideWorkingAreaError):
        MemoryStore().add("red_lines", [Point(place).buffer(0.001)], coverage=None)


@pytest.mark.parametrize("place", [(60.01, 0.01), (149.99, 59.99)])
def test_coordinates_inside_the_working_area_are_taken(place):
    MemoryStore().add("red_lines", [box(*place, place[0] + 0.001, place[1] + 0.001)], coverage=None)


def test_one_feature_outside_is_rejected_and_does_not_take_the_others_with_it():
    store = MemoryStore()
    imported = store.add("red_lines", [ZONE, box(10.0, 49.0, 10.1, 49.1)])
    assert [(r.reason, r.box) for r in imported.card.rejected] == [("outside_working_area", None)]
    assert ask(store, FAR).answer == "unknown"


def test_site_outside_the_working_area_is_refused():
    with pytest.raises(OutsideWorkingAreaError):
        ask(one("red_lines", ZONE), Point(75.0, 65.0))


def test_edges_are_straight_in_longitude_and_latitude():
    """The parallel at 49.5, not the great circle, which lies 27 m farther north in the middle of 0.4 degrees."""
    zone = box(117.3, 49.3, 117.7, 49.5)
    lon, lat = 117.5, 49.5
    assert finding(ask(one("red_lines", zone), Point(off(lon, lat, north=10.0)))).gap_m == pytest.approx(
        10.0, abs=0.002
    )


def test_edges_straight_in_a_plane_are_densified_below_a_millimetre():
    long = shapely.LineString([(40_440_000, 5_480_000), (40_452_000, 5_490_000)])
    middle = [long.interpolate(share, normalized=True) for share in np.linspace(0, 1, 2001)]
    on_earth, chord = to_geographic(middle, METRES), degrees(long)
    kx = 111_320 * math.cos(math.radians(49.5))
    assert shapely.distance(on_earth, chord).max() * kx < 1e-3
    undensified = shapely.LineString([degrees(Point(p)).coords[0] for p in long.coords])
    assert shapely.distance(on_earth, undensified).max() * kx > 1.0


def test_parcels_that_touch_in_the_plane_touch_on_the_earth():
    """They share a slanting line of 2 km, cut at different places: 0 m apart, next to nothing in common."""
    west = in_plane((0, 0), (1000, 0), (1500, 900), (1700, 1260), (2000, 1800), (0, 1800))
    east = in_plane((1000, 0), (3000, 0), (3000, 1800), (2000, 1800), (1300, 540))
    a, b = degrees(west), degrees(east)
    assert ellipsoidal_area([shapely.intersection(a, b)])[0] < 1e-2  # 5 µm over 2 km; chords stray by up to 10 µm
    found = finding(ask(one("red_lines", a), b))
    assert (found.gap_m, found.features[0].relation, found.features[0].overlap_m2) == (0.0, "touches", 0.0)


def test_area_is_that_of_the_ellipsoid_beside_the_plane_of_the_3_degree_zone():
    """0.01 degrees square at 49.5 N, 120 E (the middle of zone 40): E 0.7243 km by N 1.1122 km."""
    site = box(119.995, 49.495, 120.005, 49.505)
    written = ask(MemoryStore(), site).site
    exact = abs(geod().geometry_area_perimeter(shapely.segmentize(site, 1e-5))[0])
    assert written["area_m2"] == pytest.approx(exact, rel=1e-7)
    assert written["area_planar_m2"] == pytest.approx(exact, rel=1e-6)  # the scale is 1 at the middle of the zone
    assert written["area_planar_crs"] == "EPSG:4528"


def test_plane_and_ellipsoid_differ_by_4_in_10_000_at_the_edge_of_a_zone():
    """1.5 degrees off the middle at 40 N: (1.5 pi/180 cos 40)² = 4.02e-4."""
    written = ask(MemoryStore(), box(118.5, 40.0, 118.501, 40.001)).site
    assert written["area_planar_m2"] / written["area_m2"] - 1 == pytest.approx(4.02e-4, rel=0.02)


def test_declared_area_is_given_beside_the_measured_ones():
    assert ask(MemoryStore(), FAR.buffer(0.001), declared_area_m2=1234.5).site["declared_area_m2"] == 1234.5


def comb(teeth: int) -> Polygon:
    """A zone of many vertices, 20 by 11 km, its northern edge a comb of 2 m."""
    x = np.linspace(117.3, 117.6, 2 * teeth)
    y = 49.5 + np.where(np.arange(2 * teeth) % 2, 2e-5, 0.0)
    return Polygon([*zip(x, y, strict=True), (117.6, 49.4), (117.3, 49.4)])


@pytest.fixture(scope="module")
def large() -> MemoryStore:
    return one("red_lines", comb(4000), accuracy_m=980.0)


def test_cut_lines_of_a_large_zone_are_no_boundary(large):
    """
    A point 996 m deep is a hit at a = 980 m wherever the cuts run.

    Between the two lie the 0.2 % of the arcs and the 1 % by which GEOS smooths a toothed edge, both on the safe side.
    """
    for lon in np.linspace(117.32, 117.58, 27):
        site = Point(off(lon, 49.5, north=-996.0))
        assert ask(large, site, accuracy_m=1.0).answer == "hit"
        assert ask(large, Point(off(lon, 49.5, north=-975.0)), accuracy_m=1.0).answer == "uncertain"


def test_site_on_a_cut_line_is_within_and_does_not_touch(large):
    store = large
    version = store.open_version(store.entries[0])
    cuts = {round(float(v), 12) for v in version.array("pieces/bounds")[:, 2]} - {117.6}
    inner = [lon for lon in sorted(cuts) if 117.32 < lon < 117.58]
    assert len(inner) > 5
    for lon in inner[:6]:
        found = finding(ask(store, Point(lon, 49.45)))
        assert (found.answer, found.features[0].relation, len(found.features)) == ("hit", "within", 1)


def test_seam_of_two_features_is_boundary_only_while_one_of_them_is_not_in_force():
    west, east = box(117.4, 49.4, 117.45, 49.5), box(117.45, 49.4, 117.5, 49.5)
    store = MemoryStore()
    store.add("red_lines", [west, east], [{}, {"失效日期": "2025-12-31"}])
    place = Point(off(117.45, 49.45, east=-10.0))
    assert ask(store, place, as_of="2025-12-31").answer == "hit"
    assert ask(store, place, as_of="2026-01-01").answer == "uncertain"


@pytest.mark.parametrize("seed", range(4))
def test_neighbours_that_miss_each_other_by_a_rounding_leave_no_sliver(seed):
    """Four zones around a crossing, each corner off by up to 0.4 mm: a point there is deep inside."""
    rng = np.random.default_rng(seed)
    xs, ys = (117.4, 117.45, 117.5), (49.4, 49.45, 49.5)
    zones = []
    for i in range(2):
        for j in range(2):
            corners = [(xs[i], ys[j]), (xs[i + 1], ys[j]), (xs[i + 1], ys[j + 1]), (xs[i], ys[j + 1])]
            zones.append(Polygon(np.array(corners) + rng.uniform(-3.5e-9, 3.5e-9, (4, 2))))
    store = MemoryStore()
    store.add("red_lines", zones)
    assert ask(store, Point(117.45, 49.45)).answer == "hit"
    assert ask(store, Point(117.45, 49.43)).answer == "hit"


@pytest.mark.parametrize(
    ("metres", "relation"), [(0.0009, "touches"), (0.0011, "disjoint"), (-0.0004, "touches"), (-0.01, "overlaps")]
)
def test_touching_tolerance_is_a_millimetre(metres, relation):
    parcel = block(*beside(metres).coords[0], 100.0, 100.0)
    found = finding(ask(one("red_lines", ZONE), parcel))
    assert found.features[0].relation == relation
    assert (found.features[0].overlap_m2 > 0) == (relation == "overlaps")


def test_way_to_the_plane_and_back_keeps_a_parcel():
    parcel = in_plane((0, 0), (800, 30), (820, 600), (10, 580))
    back = from_geographic(degrees(parcel), METRES)[0]
    assert back.hausdorff_distance(parcel) < 1e-5


def test_no_answer_depends_on_where_the_coverage_is_cut():
    """A coverage of 4000 vertices: the distance to its edge, not to its cut lines."""
    wide = Polygon([*comb(4000).exterior.coords])
    store = one("red_lines", box(117.31, 49.41, 117.32, 49.42), coverage=wide)
    assert [ask(store, Point(lon, 49.45)).answer for lon in np.linspace(117.34, 117.58, 25)] == ["clear"] * 25
    assert ask(store, Point(off(117.45, 49.5, north=-40.0))).answer == "unknown"
    assert COUNTY.covers(wide)
