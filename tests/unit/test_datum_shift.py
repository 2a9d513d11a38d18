"""From Xi'an 80 and Beijing 54 to CGCS2000 by parameters and by control points."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
import shapely

from spatial.crs import identify
from spatial.datum_fit import fit
from spatial.datum_shift import FourParameters, GeocentricParameters, three_parameters, to_geographic
from spatial.ellipsoid import metres_per_degree
from spatial.errors import ControlPointsError, CRSError, OutsideWorkingAreaError

XIAN, BEIJING = identify(4610), identify(4214)
XIAN_39, XIAN_39_PREFIX, CGCS_39 = identify(2384), identify(2363), identify(4548)
CGCS = identify(4490)
OFFSET = np.array([-63.0, 41.5])
SEVEN = GeocentricParameters(
    datum="xian80", x_m=-41.2, y_m=17.3, z_m=33.1, x_arcsec=0.8, y_arcsec=-1.1, z_arcsec=0.4, scale_ppm=-3.2
)
PLACES = np.array([[116.8, 43.1], [117.4, 43.0], [117.1, 43.6], [116.9, 43.4], [117.6, 43.5], [117.2, 43.2]])


def shifted(points, system, shift):
    return shapely.get_coordinates(to_geographic(shapely.points(points), system, shift))


def metres(one, other):
    return np.abs((one - other) * np.column_stack(metres_per_degree(one[:, 1]))).max()


@pytest.mark.parametrize("rotation", ["coordinate_frame", "position_vector"])
def test_seven_parameters_agree_with_proj_in_both_conventions(rotation):
    shift = GeocentricParameters(
        **{name: getattr(SEVEN, name) for name in ("datum", "x_m", "y_m", "z_m", "x_arcsec", "y_arcsec", "z_arcsec")},
        scale_ppm=SEVEN.scale_ppm,
        rotation=rotation,
    )
    way = pyproj.Transformer.from_pipeline(
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart +a=6378140 +rf=298.257 "
        f"+step +proj=helmert +x=-41.2 +y=17.3 +z=33.1 +rx=0.8 +ry=-1.1 +rz=0.4 +s=-3.2 +convention={rotation} "
        "+step +inv +proj=cart +ellps=GRS80 +step +proj=unitconvert +xy_in=rad +xy_out=deg"
    )
    expected = np.column_stack(way.transform(PLACES[:, 0], PLACES[:, 1]))
    assert metres(shifted(PLACES, XIAN, shift), expected) < 1e-4


def test_the_published_parameters_of_the_ordos_basin_move_a_place_as_proj_does():
    shift = three_parameters("beijing54", 12.646, -155.176, -80.863)  # EPSG:15918
    way = pyproj.Transformer.from_pipeline(
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart +ellps=krass "
        "+step +proj=helmert +x=12.646 +y=-155.176 +z=-80.863 +step +inv +proj=cart +ellps=WGS84 "
        "+step +proj=unitconvert +xy_in=rad +xy_out=deg"
    )
    here = np.array([[109.0, 39.0]])
    there = shifted(here, BEIJING, shift)
    assert metres(there, np.column_stack(way.transform([109.0], [39.0]))) < 1e-3
    east, north = ((there - here) * np.column_stack(metres_per_degree([39.0])))[0]
    assert np.hypot(east, north) == pytest.approx(52.5, abs=1)


def test_seven_parameters_are_found_again_from_points_they_made():
    new = shifted(PLACES, XIAN, SEVEN)
    found = fit(7, PLACES, new, source_system=XIAN, target_system=CGCS)
    assert found.rmse_m < 1e-3
    assert found.redundancy == 2 * 6 - 7
    elsewhere = np.array([[117.0, 43.3], [117.3, 43.35]])
    assert metres(shifted(elsewhere, XIAN, found.shift), shifted(elsewhere, XIAN, SEVEN)) < 1e-3


def test_three_parameters_are_found_again():
    shift = three_parameters("beijing54", 15.0, -150.0, -80.0)
    new = shifted(PLACES[:3], BEIJING, shift)
    found = fit(3, PLACES[:3], new, source_system=BEIJING, target_system=CGCS)
    assert found.rmse_m < 1e-4
    # A shift along the normal leaves no trace in longitude and latitude; what it does to places is what counts.
    assert metres(shifted(PLACES, BEIJING, found.shift), shifted(PLACES, BEIJING, shift)) < 0.01


def test_four_parameters_are_found_again_in_the_convention_of_chinese_survey():
    k, angle = 1 + 2.5e-6, np.radians(3.2 / 3600)
    old = np.array(
        [[480_000.0, 4_700_000.0], [520_000.0, 4_705_000.0], [500_000.0, 4_750_000.0], [510_000.0, 4_720_000.0]]
    )
    east, north = old.T
    new_north = 41.5 + k * (north * np.cos(angle) - east * np.sin(angle))
    new_east = -63.0 + k * (north * np.sin(angle) + east * np.cos(angle))
    found = fit(4, old, np.column_stack([new_east, new_north]), source_system=XIAN_39, target_system=CGCS_39)
    shift = found.shift
    assert isinstance(shift, FourParameters)
    assert (shift.north_m, shift.east_m) == pytest.approx((41.5, -63.0), abs=1e-5)
    assert (shift.rotation_arcsec, shift.scale_ppm) == pytest.approx((3.2, 2.5), abs=1e-6)
    assert found.worst_m < 1e-6
    place = shifted(old[:1], XIAN_39, shift)
    way = pyproj.Transformer.from_crs(4490, 4548, always_xy=True)
    assert np.column_stack(way.transform(*place.T))[0] == pytest.approx((new_east[0], new_north[0]), abs=1e-4)


def test_residuals_show_the_point_that_was_mistyped():
    old = np.array(
        [[480_000.0, 4_700_000.0], [520_000.0, 4_705_000.0], [500_000.0, 4_750_000.0], [515_000.0, 4_740_000.0]]
    )
    new = old + OFFSET
    new[2, 0] += 4.0
    found = fit(4, old, new, source_system=XIAN_39, target_system=CGCS_39)
    lengths = np.hypot(*found.residuals_m.T)
    assert int(np.argmax(lengths)) == 2
    assert found.worst_m == pytest.approx(lengths.max())
    assert found.rmse_m == pytest.approx(np.sqrt((lengths**2).mean()))
    # four points give 8 measurements, less 4 parameters: sigma = root of the sum of squares over 4
    assert found.accuracy_m == pytest.approx(2.448 * np.sqrt((lengths**2).sum() / 4))


@pytest.mark.parametrize(("kind", "least"), [(3, 2), (4, 3), (7, 4)])
def test_too_few_points_are_refused(kind, least):
    systems = {"source_system": XIAN_39, "target_system": CGCS_39}
    old = np.array(
        [[500_000.0, 4_700_000.0], [520_000.0, 4_710_000.0], [505_000.0, 4_750_000.0], [530_000.0, 4_730_000.0]]
    )
    assert fit(kind, old[:least], old[:least] + OFFSET, **systems).redundancy >= 1
    with pytest.raises(ControlPointsError, match=f"at least {least} are needed"):
        fit(kind, old[: least - 1], old[: least - 1] + OFFSET, **systems)


def test_points_in_one_place_or_on_one_line_are_refused():
    one = np.tile([[500_000.0, 4_700_000.0]], (5, 1))
    with pytest.raises(ControlPointsError, match="in one place"):
        fit(4, one, one + 40.0, source_system=XIAN_39, target_system=CGCS_39)
    line = one + np.outer(np.arange(5.0), [3_000.0, 4_000.0])
    with pytest.raises(ControlPointsError, match="on one line"):
        fit(7, line, line + 40.0, source_system=XIAN_39, target_system=CGCS_39)


def test_parameters_are_used_only_where_they_hold():
    plane = fit(4, *two_planes(), source_system=XIAN_39, target_system=CGCS_39).shift
    with pytest.raises(CRSError, match="hold in EPSG:2384, the data are in EPSG:2363"):
        to_geographic(shapely.Point(39_500_000, 4_700_000), XIAN_39_PREFIX, plane)
    with pytest.raises(CRSError, match="lead from xian80, the data are in EPSG:4214 of beijing54"):
        to_geographic(shapely.Point(117, 43), BEIJING, SEVEN)
    with pytest.raises(CRSError, match="is of cgcs2000, not of xian80 or beijing54"):
        fit(4, *two_planes(), source_system=CGCS_39, target_system=CGCS_39)
    with pytest.raises(CRSError, match="in degrees"):
        fit(4, *two_planes(), source_system=XIAN, target_system=CGCS_39)


def two_planes():
    old = np.array([[480_000.0, 4_700_000.0], [520_000.0, 4_705_000.0], [500_000.0, 4_750_000.0]])
    return old, old + OFFSET


def test_edges_stay_where_they_were_in_the_old_plane():
    plane = fit(4, *two_planes(), source_system=XIAN_39, target_system=CGCS_39).shift
    edge = shapely.LineString([(480_000, 4_700_000), (520_000, 4_700_000)])
    there = to_geographic(edge, XIAN_39, plane)[0]
    middle = to_geographic(shapely.Point(500_000, 4_700_000), XIAN_39, plane)[0]
    straight = shapely.LineString([there.coords[0], there.coords[-1]])
    assert there.distance(middle) * 111_000 < 0.001
    assert straight.distance(middle) * 111_000 > 10  # 40 km at 42 N bends by some 28 m
    assert to_geographic([None, shapely.Polygon()], XIAN_39, plane)[0] is None


def test_a_place_outside_the_working_area_is_an_error():
    with pytest.raises(OutsideWorkingAreaError, match="Geometry 0"):
        to_geographic(shapely.Point(10.0, 43.0), XIAN, SEVEN)


@pytest.mark.parametrize(
    ("old", "match"),
    [([[1.0, 2.0, 3.0]], "two arrays"), ([[np.nan, 1.0]], "not finite")],
)
def test_control_points_of_another_shape_or_not_finite_are_mistakes(old, match):
    with pytest.raises(ValueError, match=match):
        fit(4, old, old, source_system=XIAN_39, target_system=CGCS_39)
