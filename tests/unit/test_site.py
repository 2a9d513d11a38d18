"""The site of a reading: parts, names, areas, accuracy, radius."""

from __future__ import annotations

import math

import pytest
import shapely

from screening.errors import EmptySiteError, SiteOptionError
from screening.site import FAR_CORNER, place, site_of
from spatial.measure import ellipsoidal_area
from tests.building import reading_of

PARCEL = shapely.box(117.4, 49.5, 117.41, 49.51)


def test_the_columns_of_a_site_are_understood_whatever_their_case_and_width():
    rows = [{" 项目名称\n": "甲", "地块用途": "工业", "占地方式": "永久", "面积": "24.0公顷"}]
    part = place(reading_of([PARCEL], rows)).parts[0]
    assert (part.name, part.use, part.mode, part.declared_area_m2) == ("甲", "工业", "永久", 240_000.0)


def test_a_bare_declared_area_takes_the_unit_that_fits_the_geometry():
    area_m2 = float(ellipsoidal_area([PARCEL])[0])
    assert place(reading_of([PARCEL], [{"面积": area_m2 / 10_000}])).parts[0].declared_area_m2 == pytest.approx(area_m2)
    assert place(reading_of([PARCEL], [{"面积": 3.0}])).parts[0].declared_area_m2 is None


def test_an_area_that_the_reading_knows_is_kept_also_where_it_contradicts_the_geometry():
    assert place(reading_of([PARCEL], [{"declared_area_m2": 1.0}])).parts[0].declared_area_m2 == 1.0


def test_parts_are_one_project_and_overlaps_between_them_are_counted_once():
    site = place(reading_of([PARCEL, shapely.box(117.405, 49.5, 117.415, 49.51)]))
    assert len(site.parts) == 2
    assert site.geometry.area == pytest.approx(0.015 * 0.01)


def test_lines_points_and_polygons_of_one_file_are_a_mixed_site():
    site = place(reading_of([PARCEL, shapely.LineString([(117.5, 49.5), (117.6, 49.5)]), shapely.Point(117.7, 49.5)]))
    assert site.scope == "mixed"


@pytest.mark.parametrize(
    ("geometry", "scope"),
    [
        (PARCEL, "polygon"),
        (shapely.LineString([(117.5, 49.5), (117.6, 49.5)]), "line"),
        (shapely.MultiPoint([(117.5, 49.5), (117.6, 49.5)]), "point"),
    ],
)
def test_scope(geometry, scope):
    assert site_of(geometry, accuracy_m=5).scope == scope


def test_the_radius_of_an_area_reaches_the_far_corner_of_a_parcel_of_4_to_1():
    # sides 2 sqrt(A) and sqrt(A) / 2: half diagonal sqrt(4 + 1/4) / 2 = 1.0308 sqrt(A); from a point anywhere in it, twice that
    site = place(reading_of([shapely.Point(117.5, 49.5)]), area_m2=40_000.0)
    assert site.radius_m == pytest.approx(FAR_CORNER * 200.0)
    assert math.hypot(2.0, 0.5) <= FAR_CORNER + 0.002


def test_a_radius_is_for_points_only():
    with pytest.raises(SiteOptionError, match="only a point site has a radius"):
        place(reading_of([PARCEL]), radius_m=10.0)
    with pytest.raises(SiteOptionError, match="both given"):
        place(reading_of([shapely.Point(117.5, 49.5)]), radius_m=10.0, area_m2=10.0)


def test_a_part_that_cannot_be_repaired_is_counted_and_not_dropped_in_silence():
    bow = shapely.Polygon([(117.4, 49.5), (117.41, 49.51), (117.41, 49.5), (117.4, 49.51)])
    site = place(reading_of([PARCEL, bow], unreadable=[("9", None)]))
    assert (len(site.parts), site.rejected_parts) == (1, 2)


def test_a_site_of_which_nothing_can_be_read_is_refused():
    with pytest.raises(EmptySiteError, match=r"no part of the site could be read \(1 rejected\)"):
        place(reading_of([], unreadable=[("1", None)]))


def test_a_stated_accuracy_speaks_of_positions_and_not_of_the_datum():
    reading = reading_of([PARCEL], crs=4326)
    from dataclasses import replace

    from spatial.accuracy import assumed_accuracy

    reading = replace(
        reading, accuracy=assumed_accuracy(source="geojson", notation="degrees", decimals=None, datum="wgs84")
    )
    assert place(reading, accuracy_m=3.0).accuracy.metres == pytest.approx(math.sqrt(3.0**2 + 1.0**2))


def test_what_a_shift_of_the_datum_adds_is_the_share_of_the_transformation(tmp_path):
    """3 m of the positions, 4 m of the shift: the site is off by 3, the transformation by 4, together by 5."""
    from dataclasses import replace

    from screening.screen import screen
    from spatial.accuracy import AccuracyTerm, PositionalAccuracy
    from tests.building import FolderStore, add, workspace_at

    terms = (AccuracyTerm(code="survey", metres=3.0), AccuracyTerm(code="datum_shift", metres=4.0))
    shifted = PositionalAccuracy(metres=5.0, basis="survey", terms=terms, assumed=True)
    site = place(replace(reading_of([PARCEL]), accuracy=shifted))
    assert (site.accuracy.metres, site.transformation_m) == (3.0, 4.0)
    store = workspace_at(tmp_path / "ws", "red_lines")
    add(store, "red_lines", [shapely.box(117.0, 49.0, 117.1, 49.1)], accuracy_m=12.0)
    (finding,) = screen(site, FolderStore.open(store.root), as_of="2026-11-22").to_dict()["findings"]
    assert finding["accuracy_parts"] == {"site": 3.0, "layer": 12.0, "transformation": 4.0}
    assert finding["accuracy_m"] == 13.0
