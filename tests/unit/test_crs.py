"""Which coordinate system is meant, and the way to longitude and latitude and back."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
import shapely
from shapely import (
    GeometryCollection,
    LinearRing,
    LineString,
    MultiLineString,
    MultiPoint,
    MultiPolygon,
    Point,
    Polygon,
    box,
)

from spatial import edges
from spatial.crs import from_geographic, gauss_kruger, identify, to_geographic, zone3
from spatial.ellipsoid import metres_per_degree
from spatial.errors import (
    CRSError,
    DatumShiftUnknownError,
    MissingCRSError,
    OutsideWorkingAreaError,
    SpatialError,
    TooManyVerticesError,
    UnknownCRSError,
)
from spatial.measure import ellipsoidal_area

# place, lon, lat, 3-degree E with prefix, N, 6-degree E with prefix, N
PLACES = [
    ("Hohhot", 111.749995, 40.842356, 37563251.3385, 4523337.2896, 19563251.3385, 4523337.2896),
    ("Hailar", 119.765558, 49.212189, 40482918.4554, 5453252.0109, 20701488.4265, 5456908.6220),
    ("Alxa", 105.728957, 38.851892, 35563278.7270, 4302314.4366, 18563278.7270, 4302314.4366),
    ("Ejin", 101.055731, 41.954550, 34421710.5649, 4647019.9343, 17670443.9728, 4648633.2834),
    ("Manzhouli", 117.378529, 49.597841, 39527364.5984, 5496185.6683, 20527364.5984, 5496185.6683),
    ("Oroqen", 123.725684, 50.591655, 41551386.9014, 5606911.0835, 21551386.9014, 5606911.0835),
    ("Tongliao", 122.243444, 43.652890, 41438966.7912, 4835533.5373, 21438966.7912, 4835533.5373),
]
FAMILIES = {
    "cgcs2000": (4488, 4509, 4478, 4489),
    "xian80": (2324, 2345, 2314, 2325),
    "beijing54": (2376, 2397, 21400, 21440),
}


def home_made(*, name="CGCS_2000_3_Degree_GK_Zone_35", east=35_500_000.0, meridian=105.0, rf=298.257222101):
    return (
        f'PROJCS["{name}",GEOGCS["GCS_CGCS_2000",DATUM["D_CGCS_2000",SPHEROID["CGCS_2000",6378137.0,{rf}]],'
        'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],'
        f'PARAMETER["False_Easting",{east}],PARAMETER["False_Northing",0.0],'
        f'PARAMETER["Central_Meridian",{meridian}],PARAMETER["Scale_Factor",1.0],'
        'PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
    )


# --- identify ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("datum", "width", "prefix"),
    [(d, w, p) for d in FAMILIES for w in (3, 6) for p in (True, False)],
)
def test_every_zone_is_recognised_by_code_and_by_esri_prj(datum, width, prefix):
    base = FAMILIES[datum][(0 if width == 3 else 2) + (0 if prefix else 1)]
    for zone in (25, 34, 40, 45) if width == 3 else (13, 20, 23):
        meridian = 3 * zone if width == 3 else 6 * zone - 3
        for source in (base + zone, pyproj.CRS(base + zone).to_wkt("WKT1_ESRI")):
            system = identify(source)
            assert system.code == f"EPSG:{base + zone}"
            assert (system.datum, system.zone_width, system.has_zone_prefix) == (datum, width, prefix)
            assert system.central_meridian == meridian
            assert not system.is_geographic


@pytest.mark.parametrize("code", [4548, 4509])
def test_name_tells_the_width_where_one_meridian_serves_both(code):
    assert identify(pyproj.CRS(code).to_wkt("WKT1_GDAL")).code == f"EPSG:{code}"


@pytest.mark.parametrize(
    "source",
    [
        4528,
        "4528",
        "EPSG:4528",
        "epsg:4528",
        "urn:ogc:def:crs:EPSG::4528",
        "+init=epsg:4528",
        "\ufeffEPSG:4528 \n",
    ],
)
def test_spellings_of_a_code(source):
    assert identify(source).code == "EPSG:4528"


@pytest.mark.parametrize(
    ("source", "code", "datum"),
    [
        (4490, "EPSG:4490", "cgcs2000"),
        (4480, "EPSG:4490", "cgcs2000"),  # 3D
        (4326, "EPSG:4326", "wgs84"),
        ("OGC:CRS84", "EPSG:4326", "wgs84"),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "wgs84"),
        (4610, "EPSG:4610", "xian80"),
        (4214, "EPSG:4214", "beijing54"),
        ("+proj=longlat +ellps=GRS80", "EPSG:4490", "cgcs2000"),
        (4258, "EPSG:4258", "unknown"),  # ETRS89 has the ellipsoid of CGCS2000 but a datum of its own
        (4555, "EPSG:4555", "unknown"),  # New Beijing has the ellipsoid of Beijing 1954
    ],
)
def test_geographic_systems(source, code, datum):
    system = identify(source)
    assert system.is_geographic
    assert (system.code, system.datum) == (code, datum)


def test_home_made_prj_is_found_by_its_numbers():
    system = identify(home_made())
    assert system.code == "EPSG:4523"
    assert system.name == "CGCS2000 / 3-degree Gauss-Kruger zone 35"


def test_chinese_name_does_no_harm():
    assert identify(home_made(name="国家2000三度带35带")).code == "EPSG:4523"


def test_numbers_hold_where_the_name_says_another_zone():
    system = identify(home_made(east=36_500_000.0, meridian=108.0))  # still called zone 35
    assert (system.code, system.central_meridian) == ("EPSG:4524", 108)


def test_same_name_over_wgs84_is_not_cgcs2000():
    system = identify(home_made(rf=298.257223563))
    assert (system.code, system.datum) == ("custom", "wgs84")
    assert (system.zone_width, system.has_zone_prefix) == (3, True)


def test_zone_number_of_another_meridian_is_a_contradiction():
    with pytest.raises(UnknownCRSError, match="zone 35, meridian 105, but its central meridian is 108"):
        identify(home_made(meridian=108.0))


def test_local_meridian_is_custom_and_usable():
    system = identify("+proj=tmerc +lon_0=116.35 +x_0=500000 +ellps=GRS80")
    assert (system.code, system.datum, system.zone_width) == ("custom", "cgcs2000", None)
    assert system.central_meridian == 116.35
    assert to_geographic(Point(500_000, 4_430_000), system)[0].x == pytest.approx(116.35, abs=1e-12)


def test_utm_is_no_gauss_kruger_zone():
    system = identify("+proj=utm +zone=50 +datum=WGS84")
    assert (system.code, system.datum, system.zone_width) == ("EPSG:32650", "wgs84", None)
    assert system.central_meridian == 117


def test_shift_written_into_the_system_makes_its_datum_unknown():
    assert identify("+proj=tmerc +lon_0=120 +x_0=500000 +ellps=GRS80 +towgs84=0,0,0").datum == "cgcs2000"
    assert identify("+proj=tmerc +lon_0=120 +x_0=500000 +ellps=GRS80 +towgs84=15,-150,-90").datum == "unknown"


def test_ellipsoid_of_one_under_the_datum_name_of_another_is_unknown():
    contradictory = pyproj.CRS(2363).to_wkt("WKT1_ESRI").replace("6378140.0,298.257", "6378137.0,298.257222101")
    assert identify(contradictory).datum == "unknown"


@pytest.mark.parametrize("source", ["", "  \n", "\ufeff"])
def test_blank_is_missing(source):
    with pytest.raises(MissingCRSError, match="No coordinate system is stated"):
        identify(source)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("CGCS2000", "neither a code, nor WKT"),  # a name is a guess
        ("EPSG:99999", "crs not found"),
        (4479, "Geocentric"),
        ('LOCAL_CS["here",UNIT["metre",1]]', "Engineering"),
        ('GEOGCS["torn', "missing"),
        ("+init=/etc/passwd:1", "neither a code"),
        ("+proj=longlat +ellps=GRS80 +pm=paris", "Greenwich"),
        ("+proj=tmerc +lon_0=120 +ellps=GRS80 +axis=wsu", "east and north"),
        ("[" * 100_001, "more than 100000 characters"),
    ],
)
def test_what_is_no_usable_system_is_refused_with_the_reason(source, reason):
    with pytest.raises(UnknownCRSError, match=reason) as caught:
        identify(source)
    assert caught.value.source == str(source)
    assert "EPSG:4528" in caught.value.remedy


def test_errors_are_one_tree():
    for leaf in (MissingCRSError, UnknownCRSError, DatumShiftUnknownError, OutsideWorkingAreaError):
        assert issubclass(leaf, CRSError)
        assert issubclass(leaf, (SpatialError, ValueError))


# --- zones ------------------------------------------------------------------------------------------------


def test_zone_of_a_longitude_changes_at_half_the_width():
    assert [zone3(lon) for lon in (97.4999, 97.5, 118.4999, 118.5, 121.4999)] == [32, 33, 39, 40, 40]


def test_codes_of_zones():
    assert gauss_kruger(25) == 4513
    assert gauss_kruger(45) == 4533
    assert gauss_kruger(25, prefix=False) == 4534
    assert gauss_kruger(13, 6) == 4491
    assert gauss_kruger(23, 6, prefix=False) == 4512


@pytest.mark.parametrize(("zone", "width"), [(24, 3), (46, 3), (12, 6), (24, 6), (40, 6), (40, 4)])
def test_zones_that_are_none(zone, width):
    with pytest.raises(ValueError, match=f"no {width}-degree zone {zone}"):
        gauss_kruger(zone, width)


# --- to and from longitude and latitude -------------------------------------------------------------------


@pytest.mark.parametrize("place", PLACES, ids=[row[0] for row in PLACES])
def test_known_places_both_ways(place):
    _, lon, lat, east3, north3, east6, north6 = place
    zone6 = int(lon // 6) + 1
    for epsg, east, north in (
        (gauss_kruger(zone3(lon)), east3, north3),
        (gauss_kruger(zone3(lon), prefix=False), east3 % 1e6, north3),
        (gauss_kruger(zone6, 6), east6, north6),
        (gauss_kruger(zone6, 6, prefix=False), east6 % 1e6, north6),
    ):
        system = identify(epsg)
        there = from_geographic(Point(lon, lat), system)[0]
        assert (there.x, there.y) == pytest.approx((east, north), abs=1e-4, rel=0)
        back = to_geographic(Point(east, north), system)[0]
        assert (back.x, back.y) == pytest.approx((lon, lat), abs=2e-9, rel=0)


def test_utm_zone_49_of_hohhot():
    found = from_geographic(Point(111.749995, 40.842356), identify(32649))[0]
    assert (found.x, found.y) == pytest.approx((563226.04, 4521527.95), abs=0.01, rel=0)


def test_wrong_meridian_moves_by_three_degrees():
    lons = [to_geographic(Point(482918.4554, 5453252.0109), identify(e))[0].x for e in (4548, 4549, 4550)]
    assert lons == pytest.approx([116.765558, 119.765558, 122.765558], abs=1e-8)


@pytest.mark.parametrize("code", [4490, 4326])
def test_geographic_coordinates_are_kept_to_the_last_bit(code):
    shape = Polygon([(120.1234567890123, 45, 7), (121, 45, 7), (121, 46, 7)])
    found = to_geographic(shape, identify(code))[0]
    assert not found.has_z
    assert shapely.equals_exact(found, shapely.force_2d(shape), tolerance=0)


@pytest.mark.parametrize(
    ("source", "named"),
    [(2363, "Xi'an 1980"), (4610, "Xi'an 1980"), (2415, "Beijing 1954"), (4555, "not known here")],
)
def test_datum_without_published_shift_is_refused(source, named):
    system = identify(source)
    for way in (to_geographic, from_geographic):
        with pytest.raises(DatumShiftUnknownError, match=named) as caught:
            way(Point(39_500_000, 5_000_000), system)
        assert caught.value.datum == system.datum
        assert "surveying office" in caught.value.remedy


@pytest.mark.parametrize(
    ("source", "x", "y"),
    [
        (4490, 150.001, 40),
        (4490, 59.999, 40),
        (4490, 120, 60.001),
        (4490, 120, -0.001),
        (4490, 45, 120),  # columns swapped
        (4490, np.nan, 40),
        (4490, np.inf, 40),
        (4528, 5_453_252, 40_482_918),  # columns swapped
        (4528, 482_918, 5_453_252),  # prefix missing
        (4528, np.nan, 5_453_252),
        (4528, 40_500_000, np.inf),
        (4528, 1e300, 5_453_252),
    ],
)
def test_outside_the_working_area_is_refused_and_named(source, x, y):
    inside = Point(120, 45) if source == 4490 else Point(40_500_000, 5_000_000)
    with np.errstate(invalid="ignore"):
        line = LineString([(x, y), (x, y)])
    with pytest.raises(OutsideWorkingAreaError, match="not within 60-150 E, 0-60 N") as caught:
        to_geographic([inside, None, line], identify(source))
    assert caught.value.record == 2
    assert (caught.value.x, caught.value.y) == pytest.approx((x, y), nan_ok=True)


def test_types_nesting_empties_and_nulls_are_kept():
    system = identify(4528)
    e, n = 40_500_000, 5_000_000
    square = box(e, n, e + 300, n + 300)
    holed = Polygon(square.exterior, [box(e + 100, n + 100, e + 200, n + 200).exterior])
    line = LineString([(e, n), (e + 300, n), (e + 300, n + 300)])
    shapes = [
        Point(e, n),
        MultiPoint([(e, n), (e + 1, n)]),
        line,
        LinearRing(square.exterior),
        holed,
        MultiLineString([line, line]),
        shapely.multipolygons([holed, Polygon(), box(e + 900, n, e + 950, n + 9)]),
        GeometryCollection([Point(e, n), GeometryCollection([holed, line]), MultiPolygon([square])]),
        GeometryCollection(),
        Polygon(),
        None,
    ]
    found = to_geographic(shapes, system)
    back = from_geographic(found, system)
    for before, there, after in zip(shapes, found, back, strict=True):
        if before is None:
            assert there is after is None
            continue
        assert there.geom_type == after.geom_type == before.geom_type
        assert there.is_empty == before.is_empty
        assert shapely.get_num_geometries(there) == shapely.get_num_geometries(before)
        # Not the Hausdorff distance: GEOS 3.14 finds 946 m between a multipolygon with an empty part and itself.
        for one, other in ((before, after), (after, before)):
            vertices = shapely.points(shapely.get_coordinates(one))
            assert (shapely.distance(vertices, other) < 1e-4).all()
    assert shapely.get_num_interior_rings(found[4]) == 1
    deep = shapely.get_parts(shapely.get_parts(found[7])[1])
    assert [part.geom_type for part in deep] == ["Polygon", "LineString"]
    assert list(shapely.get_type_id(shapely.get_parts(found[6]))) == [3, 3, 3]


def test_vertices_of_the_source_stay_vertices():
    system = identify(4528)
    corners = [(40_480_000, 5_500_000), (40_483_000, 5_501_000), (40_482_000, 5_504_000)]
    found = to_geographic(Polygon(corners), system)[0]
    kept = {tuple(p) for p in shapely.get_coordinates(found)}
    for corner in corners:
        alone = to_geographic(Point(corner), system)[0]
        assert (alone.x, alone.y) in kept


@pytest.mark.parametrize("length", [15, 100, 1_000, 10_000, 100_000])
@pytest.mark.parametrize("north", [1_000, 2_500_000, 4_400_000, 5_500_000])
def test_chords_stay_within_a_millimetre_of_straight_survey_edges(north, length):
    inverse = pyproj.Transformer.from_crs(4528, 4490, always_xy=True)
    limit = 1e-5 if length <= 10_000 else 5e-4  # what is aimed at; 1e-3 is what is promised
    for azimuth in np.radians(np.arange(0, 180, 15)):
        start = np.array([40_620_000, north])
        end = start + length * np.array([np.sin(azimuth), np.cos(azimuth)])
        low, high = sorted([tuple(start), tuple(end)])
        if min(start[1], end[1]) < 0:
            continue
        xy = shapely.get_coordinates(to_geographic(LineString([low, high]), identify(4528))[0])
        pieces = len(xy) - 1
        part = (np.arange(pieces)[:, None] + np.array([0.25, 0.5, 0.75])) / pieces
        true = np.array(low) + (np.array(high) - np.array(low)) * part[..., None]
        lon, lat = inverse.transform(true[..., 0], true[..., 1])
        kx, ky = metres_per_degree(xy[:-1, 1])
        chord = np.diff(xy, axis=0) * np.column_stack([kx, ky])
        dx, dy = (lon - xy[:-1, :1]) * kx[:, None], (lat - xy[:-1, 1:]) * ky[:, None]
        off = np.abs(dx * chord[:, 1:] - dy * chord[:, :1]) / np.hypot(*chord.T)[:, None]
        assert off.max() < limit
        assert pieces <= max(1, length / 8)  # vertices stay few


def test_undensified_chord_would_be_far_off():
    # tan B / R * L^2 / 8 at 50 N: 1.19 / 6.38e6 * 1e6 / 8 = 2.3 cm for 1 km, so the test above can fail.
    ends = [(40_500_000, 5_540_000), (40_501_000, 5_540_000)]
    whole = to_geographic(LineString(ends), identify(4528))[0]
    corners = LineString([whole.coords[0], whole.coords[-1]])
    assert shapely.distance(whole.interpolate(0.5, normalized=True), corners) * 111_000 == pytest.approx(
        0.023, abs=1e-3
    )


def test_neighbours_share_a_common_edge_to_the_last_bit():
    system = identify(4528)
    p, q = (40_480_000.123, 5_500_000.456), (40_483_000.789, 5_501_000.012)
    left = Polygon([p, q, (40_480_000, 5_504_000)])
    right = Polygon([q, p, (40_483_000, 5_497_000)])
    one, two = to_geographic([left, right], system)
    assert shapely.area(shapely.intersection(one, two)) == 0
    assert shapely.union(one, two).geom_type == "Polygon"
    assert len(shapely.get_rings(shapely.union(one, two))) == 1
    assert shapely.relate_pattern(one, two, "F***1****")


def test_an_edge_gets_the_same_vertices_whichever_way_it_runs():
    rng = np.random.default_rng(7)
    ends = rng.uniform((40_400_000, 4_500_000), (40_600_000, 4_520_000), (40, 2, 2))
    forth = to_geographic(shapely.linestrings(ends), identify(4528))
    back = to_geographic(shapely.linestrings(ends[:, ::-1]), identify(4528))
    for one, two in zip(forth, back, strict=True):
        assert np.array_equal(shapely.get_coordinates(one), shapely.get_coordinates(two)[::-1])


def test_parcels_that_split_a_common_edge_differently_hardly_overlap():
    # Undensified they would overlap by tan B / R * L^3 / 12 * (1 - 1/4): tens of square metres for 3 km.
    system = identify(4528)
    p, q = (40_480_000, 5_500_000), (40_483_000, 5_501_000)
    middle = (40_481_500, 5_500_500)
    left = Polygon([p, q, (40_480_000, 5_504_000)])
    right = Polygon([middle, p, (40_482_000, 5_497_000)])
    one, two = to_geographic([left, right], system)
    assert ellipsoidal_area(shapely.intersection(one, two))[0] < 0.01
    assert shapely.distance(one, two) == 0
    bare = [Polygon([to_geographic(Point(c), system)[0].coords[0] for c in s.exterior.coords]) for s in (left, right)]
    assert ellipsoidal_area(shapely.intersection(*bare))[0] > 10 or shapely.distance(*bare) * 111_000 > 0.01


def test_way_back_adds_no_vertices():
    system = identify(4528)
    there = to_geographic(box(40_500_000, 5_000_000, 40_503_000, 5_002_000), system)
    back = from_geographic(there, system)
    assert shapely.get_num_coordinates(back)[0] == shapely.get_num_coordinates(there)[0]


def test_straight_lines_of_degrees_are_bent_in_the_plane():
    parallel = LineString([(119.9, 50), (120.1, 50)])
    bent = from_geographic(parallel, identify(4528))[0]
    assert bent.length - LineString([bent.coords[0], bent.coords[-1]]).length > 0
    middle = from_geographic(Point(120, 50), identify(4528))[0]
    assert shapely.distance(bent, middle) < 1e-3
    assert shapely.distance(LineString([bent.coords[0], bent.coords[-1]]), middle) > 4


def test_web_mercator_and_albers_are_carried_too():
    for source in (3857, "+proj=aea +lat_1=25 +lat_2=47 +lon_0=105 +ellps=GRS80"):
        system = identify(source)
        place = box(120, 45, 120.01, 45.01)
        back = to_geographic(from_geographic(place, system), system)[0]
        assert shapely.hausdorff_distance(back, place) < 1e-9


def test_hostile_edges_are_refused_not_filled(monkeypatch):
    monkeypatch.setattr(edges, "MAX_ADDED_VERTICES", 1_000)
    with pytest.raises(TooManyVerticesError, match="1000 are allowed"):
        to_geographic(LineString([(40_400_000, 5_000_000), (40_600_000, 5_000_000)]), identify(4528))


def test_edge_of_500_km_takes_a_bounded_number_of_vertices():
    found = to_geographic(LineString([(40_250_000, 5_500_000), (40_750_000, 5_500_000)]), identify(4528))[0]
    assert 3_000 < shapely.get_num_coordinates(found) < 6_000


def test_input_is_not_changed():
    shapes = np.array([box(40_500_000, 5_000_000, 40_503_000, 5_002_000)], dtype=object)
    before = shapes[0].wkb
    to_geographic(shapes, identify(4528))
    assert shapes[0].wkb == before
