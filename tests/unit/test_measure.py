"""Areas, lengths and bearings: known answers, edge rule, precision."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from shapely import (
    GeometryCollection,
    LineString,
    MultiLineString,
    MultiPoint,
    MultiPolygon,
    Point,
    Polygon,
    box,
)

from spatial import measure
from spatial.crs import identify, to_geographic
from spatial.ellipsoid import A_M, B_M, E2, INVERSE_FLATTENING, geod, metres_per_degree
from spatial.measure import distance_bearing, ellipsoidal_area, geodesic_length, planar_area, planar_areas

MINUTE = 1 / 60


def official_area(ring, steps):
    """The printed method, read literally: each edge cut into ``steps``, one trapezoid a piece."""
    a2 = E2
    terms = (
        1 + 3 / 6 * a2 + 30 / 80 * a2**2 + 35 / 112 * a2**3 + 630 / 2304 * a2**4,
        1 / 6 * a2 + 15 / 80 * a2**2 + 21 / 112 * a2**3 + 420 / 2304 * a2**4,
        3 / 80 * a2**2 + 7 / 112 * a2**3 + 180 / 2304 * a2**4,
        1 / 112 * a2**3 + 45 / 2304 * a2**4,
        5 / 2304 * a2**4,
    )
    west = min(lon for lon, _ in ring)
    pieces = []
    for (lon1, lat1), (lon2, lat2) in zip(ring, ring[1:] + ring[:1], strict=True):
        for k in range(steps):
            l1, l2 = (math.radians(lon1 + (lon2 - lon1) * t / steps - west) for t in (k, k + 1))
            b1, b2 = (math.radians(lat1 + (lat2 - lat1) * t / steps) for t in (k, k + 1))
            d, m = b2 - b1, (b1 + b2) / 2
            series = sum(
                (-1) ** i * c * math.sin((2 * i + 1) / 2 * d) * math.cos((2 * i + 1) * m) for i, c in enumerate(terms)
            )
            pieces.append(2 * B_M**2 * (l1 + l2) / 2 * series)
    return abs(math.fsum(pieces))


def densified_geodesic_area(polygon, step_deg):
    rings = [polygon.exterior, *polygon.interiors]
    areas = []
    for ring in rings:
        lon, lat = np.asarray(shapely.segmentize(ring, step_deg).coords).T
        areas.append(abs(geod().polygon_area_perimeter(lon, lat)[0]))
    return areas[0] - sum(areas[1:])


def gk_square(east, north, side):
    half = side / 2
    square = box(east - half, north - half, east + half, north + half)
    return to_geographic(square, identify("EPSG:4528"))[0]


def test_ellipsoid_is_cgcs2000():
    assert pytest.approx(6356752.31414036, abs=1e-8) == B_M
    assert pytest.approx(0.0066943800229, abs=1e-13) == E2
    assert geod().a == A_M
    assert pytest.approx(INVERSE_FLATTENING, abs=1e-9) == 1 / geod().f


def test_metres_per_degree_agree_with_short_geodesics():
    lat = np.array([0.0, 23.4, 40.0, 49.2, 60.0])
    kx, ky = metres_per_degree(lat)
    zero = np.zeros_like(lat)
    east = distance_bearing(zero, lat, zero + 1e-4, lat)[0] / 1e-4
    north = distance_bearing(zero, lat - 5e-5, zero, lat + 5e-5)[0] / 1e-4
    assert kx == pytest.approx(east, rel=1e-9)
    assert ky == pytest.approx(north, rel=1e-9)


@pytest.mark.parametrize(
    ("south", "area"), [(40.0, 24_684_446.2425), (49 + 10 * MINUTE, 21_112_216.948)], ids=["40N", "49N10"]
)
def test_map_sheet_has_the_known_area(south, area):
    sheet = box(111, south, 111 + 3.75 * MINUTE, south + 2.5 * MINUTE)
    assert ellipsoidal_area(sheet)[0] == pytest.approx(area, abs=1e-3)


def test_hundred_metre_square_on_the_meridian_and_100_km_off_it():
    # 100 km off, the plane is too large by (d/R)^2 = 246 ppm: 10 000 / 1.000 246 = 9 997.545
    on, off = ellipsoidal_area([gk_square(40_500_000, 5_450_000, 100), gk_square(40_600_000, 5_450_000, 100)])
    assert on == pytest.approx(10_000.000, abs=5e-4)
    assert off == pytest.approx(9_997.545, abs=5e-4)


@pytest.mark.parametrize(("km", "ppm"), [(25, 15), (50, 62), (75, 138), (100, 246), (127, 397)])
def test_planar_area_exceeds_the_ellipsoidal_by_the_known_share(km, ppm):
    # Figures for 40 N; the zone is stated, since 127 km is its edge.
    square = gk_square(40_500_000 + km * 1000, 4_430_000, 1000)
    excess = planar_areas(square, 4528)[0] / ellipsoidal_area(square)[0] - 1
    assert excess * 1e6 == pytest.approx(ppm, abs=1)


def test_planar_area_of_a_gauss_kruger_square_is_its_own():
    found = planar_area(gk_square(40_530_000, 5_450_000, 400))
    assert found.epsg == 4528
    assert found.area_m2 == pytest.approx(160_000, abs=1e-4)


def test_planar_area_names_the_zone_of_the_centroid():
    assert planar_area(box(118.4, 45, 118.55, 45.1)).epsg == 4527  # centroid 118.475, west of 118.5
    assert planar_area(box(118.4, 45, 118.65, 45.1)).epsg == 4528


def test_planar_area_does_not_depend_on_the_zone_prefix():
    square = gk_square(40_530_000, 5_450_000, 400)
    with_prefix, without = (planar_areas(square, epsg)[0] for epsg in (4528, 4549))
    assert with_prefix == pytest.approx(without, rel=1e-9)


def test_planar_area_of_nothing_is_refused():
    with pytest.raises(ValueError, match="empty geometry lies in no zone"):
        planar_area(Polygon())


def test_planar_areas_subtract_holes_and_keep_null_rules():
    hole = gk_square(40_530_000, 5_450_000, 100)
    whole = gk_square(40_530_000, 5_450_000, 400)
    holed = Polygon(whole.exterior, [hole.exterior])
    found = planar_areas([holed, None, Polygon(), Point(120, 40)], 4528)
    assert found[0] == pytest.approx(150_000, abs=1e-3)
    assert np.isnan(found[1])
    assert list(found[2:]) == [0, 0]


def test_area_is_what_the_printed_method_tends_to_on_fine_steps():
    # A triangle of 28 km by 40 km: trapezoids a hundred times shorter are off by 1e4 less, and so on.
    ring = [(120.0, 45.0), (120.5, 45.1), (120.2, 45.4)]
    exact = ellipsoidal_area(Polygon(ring))[0]
    off = [official_area(ring, steps) - exact for steps in (1, 10, 100)]
    assert abs(off[0]) > 1000  # unsplit trapezoids are too rough for long edges
    assert off[0] / off[1] == pytest.approx(100, rel=0.01)
    assert off[0] / off[2] == pytest.approx(10_000, rel=0.01)


def test_district_of_60_000_km2_agrees_with_dense_geodesics():
    district = Polygon([(117, 47), (120.5, 46.9), (120.7, 49.4), (118.1, 49.5), (116.8, 48.2)])
    area = ellipsoidal_area(district)[0]
    assert 6e10 < area < 7.5e10
    # 0.01 m2 per km2 is 1e-8
    assert area == pytest.approx(densified_geodesic_area(district, 0.0005), rel=1e-8)


def test_edges_over_the_whole_working_area_may_be_cut_anywhere():
    corners = [(60.0, 0.0), (150.0, 60.0), (60.0, 60.0)]
    cut = [(60 + 0.15 * k, 0.1 * k) for k in range(600)]  # the first edge in 600 pieces
    whole, finer = ellipsoidal_area([Polygon(corners), Polygon([*cut, *corners[1:]])])
    # Rounding of the cuts, 1e-14 degrees, is all that differs.
    assert whole == pytest.approx(finer, rel=1e-13)


def test_parcel_of_one_square_metre_keeps_its_digits():
    # Coordinates of 40 500 000 have steps of 7e-9 m, degrees of 1e-9 m: a side of 1 m is good to 1e-8.
    assert ellipsoidal_area(gk_square(40_500_000, 5_450_000, 1))[0] == pytest.approx(1, abs=5e-8)


def test_hole_is_subtracted_whatever_its_winding():
    shell = [(120, 45), (120.1, 45), (120.1, 45.1), (120, 45.1)]
    hole = [(120.02, 45.02), (120.04, 45.02), (120.04, 45.05), (120.02, 45.05)]
    expected = ellipsoidal_area(Polygon(shell))[0] - ellipsoidal_area(Polygon(hole))[0]
    for s in (shell, shell[::-1]):
        for h in (hole, hole[::-1]):
            assert ellipsoidal_area(Polygon(s, [h]))[0] == pytest.approx(expected, rel=1e-12)


def test_collections_count_their_polygons_however_deep():
    one, two = box(120, 45, 120.1, 45.1), box(121, 45, 121.1, 45.1)
    nested = GeometryCollection(
        [Point(1, 1), LineString([(0, 0), (9, 9)]), GeometryCollection([MultiPolygon([one, two])]), one]
    )
    single, multi, deep = ellipsoidal_area([one, MultiPolygon([one, two]), nested])
    assert multi == pytest.approx(2 * single, rel=1e-9)  # same latitudes
    assert deep == pytest.approx(3 * single, rel=1e-9)


def test_null_rules_of_area():
    found = ellipsoidal_area([None, Polygon(), Point(120, 40), MultiPolygon(), GeometryCollection()])
    assert np.isnan(found[0])
    assert list(found[1:]) == [0, 0, 0, 0]
    assert ellipsoidal_area([]).shape == (0,)
    assert ellipsoidal_area([]).dtype == np.float64


def test_empty_parts_do_not_shift_areas_to_neighbours():
    one = box(120, 45, 120.1, 45.1)
    with_empty = shapely.multipolygons([Polygon(), one])
    assert shapely.get_num_geometries(with_empty) == 2
    found = ellipsoidal_area([Polygon(), with_empty, None, one])
    assert found[0] == 0
    assert found[1] == found[3] == ellipsoidal_area(one)[0]


def test_third_dimension_is_ignored():
    flat = [(120, 45), (120.1, 45), (120.1, 45.1)]
    assert ellipsoidal_area(Polygon([(*p, 800) for p in flat])) == ellipsoidal_area(Polygon(flat))


def test_same_area_alone_and_among_others():
    one = Polygon([(120, 45), (120.1, 45.01), (120.07, 45.1)])
    other = box(110, 40, 115, 43)
    assert ellipsoidal_area([other, one, other])[1] == ellipsoidal_area(one)[0]


def test_length_of_meridian_and_equator():
    # One degree: a pi/180 on the equator; 110 574.389 m on the first degree of the meridian.
    equator, meridian = geodesic_length([LineString([(100, 0), (101, 0)]), LineString([(120, 0), (120, 1)])])
    assert equator == pytest.approx(A_M * math.pi / 180, rel=1e-9)
    assert meridian == pytest.approx(110_574.3886, abs=1e-3)


def test_line_along_a_parallel_is_measured_along_the_parallel():
    # N cos B dL, not the shorter geodesic between its ends: by (dL sin B)^2 / 24 = 7.4e-6, that is 0.53 m.
    parallel = LineString([(120, 50), (121, 50)])
    kx = float(metres_per_degree(50)[0])
    assert geodesic_length(parallel)[0] == pytest.approx(kx, rel=1e-6)
    shorter = geodesic_length(parallel)[0] - distance_bearing(120, 50, 121, 50)[0]
    assert shorter == pytest.approx(0.53, abs=0.01)


def test_null_rules_of_length():
    line = LineString([(120, 50), (120.1, 50)])
    found = geodesic_length([None, LineString(), Point(120, 50), box(120, 45, 121, 46), MultiLineString([line, line])])
    assert np.isnan(found[0])
    assert list(found[1:4]) == [0, 0, 0]
    assert found[4] == pytest.approx(2 * geodesic_length(line)[0], rel=1e-12)
    mixed = GeometryCollection([line, box(120, 45, 121, 46), MultiPoint([(1, 1)])])
    assert geodesic_length(mixed)[0] == geodesic_length(line)[0]


def test_bearings_of_the_four_directions():
    lon2 = np.array([120, 121, 120, 119, 120.0])
    lat2 = np.array([41, 40, 39, 40, 40.0])
    metres, bearing = distance_bearing(120, 40, lon2, lat2)
    # A geodesic to the next meridian leaves east by half the convergence north: sin 40 / 2 = 0.32 degrees.
    assert bearing == pytest.approx([0, 90 - 0.3214, 180, 270 + 0.3214, 0], abs=1e-3)
    assert metres[4] == 0
    assert ((bearing >= 0) & (bearing < 360)).all()


def test_bearing_just_west_of_north_stays_below_360():
    # Its azimuth is about -1e-16, and -1e-16 modulo 360 is 360 in float64.
    metres, bearing = distance_bearing(0, 40, -1e-16, 41)
    assert metres > 100_000
    assert bearing == 0


def test_distance_broadcasts_and_keeps_nan():
    metres, bearing = distance_bearing([[120.0], [np.nan]], 40, [120.0, 121.0, 122.0], 40)
    assert metres.shape == bearing.shape == (2, 3)
    assert metres[0, 0] == 0
    assert np.isnan(metres[1]).all()


def test_areas_do_not_depend_on_neighbours_or_on_where_blocks_end(monkeypatch):
    hole = box(0.2, 50.2, 0.4, 50.4)
    holed = box(0, 50, 1, 51) - hole
    some = [
        box(0, 50, 1, 51),
        None,
        holed,
        Polygon(),
        MultiPolygon([hole, box(3, 50, 4, 51) - box(3.1, 50.1, 3.2, 50.2)]),
        Point(0, 50).buffer(1.3),
        GeometryCollection([Point(1, 1), hole]),
        LineString([(0, 50), (1, 51)]),
        hole,
    ]
    alone = np.array([ellipsoidal_area(one)[0] for one in some])
    assert alone[2] == pytest.approx(alone[0] - alone[8], rel=1e-14)
    assert np.array_equal(ellipsoidal_area(some), alone, equal_nan=True)
    monkeypatch.setattr(measure, "EDGES_AT_ONCE", 7)
    assert ellipsoidal_area(some) == pytest.approx(alone, rel=1e-15, nan_ok=True)


def test_a_coordinate_that_is_not_finite_spoils_its_own_polygon_only():
    with np.errstate(invalid="ignore"):
        broken = Polygon([(0, 50), (1, 50), (np.nan, 51), (0, 51)])
    squares = [box(0, 50, 1, 51), box(2, 50, 3, 51)]
    found = ellipsoidal_area([squares[0], broken, squares[1]])
    assert np.isnan(found).tolist() == [False, True, False]
    assert found[[0, 2]].tolist() == ellipsoidal_area(squares).tolist()
