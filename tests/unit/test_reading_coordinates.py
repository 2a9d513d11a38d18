"""Coordinates as people write them."""

from __future__ import annotations

import pytest

from spatial.coordinates import parse, parse_all, place, zone_of_easting
from spatial.errors import CoordinateError
from spatial.reading import read_text

LON = 119 + 45 / 60 + 56.01 / 3600


@pytest.mark.parametrize(
    "text",
    [
        "119°45′56.01″",
        "东经119°45′56.01″",
        "E119°45'56.01\"",
        "119度45分56.01秒",
        "119°45.9335′",
        "119°45′56.01''",
        "119°45′56.01″E",
        "119-45-56.01",
        "119:45:56.01",
        "１１９°４５′５６．０１″",
        "\u00a0119 ° 45 ′ 56.01 ″ ",
        "119º45’56.01”",
    ],
)
def test_every_way_of_writing_degrees_minutes_seconds_is_the_same_angle(text: str) -> None:
    found = parse(text)
    assert found.value == pytest.approx(LON, abs=1e-12)
    assert found.notation == "dms"


def test_decimals_are_those_of_the_last_unit_written() -> None:
    assert (parse("119°45′56″").decimals, parse("119°45′56″").unit) == (0, "second")
    assert (parse("119°45.9335′").decimals, parse("119°45.9335′").unit) == (4, "minute")
    assert (parse("119.7655").decimals, parse("119.7655").unit) == (4, "number")


def test_dd_mmss_of_field_books_is_read_as_decimal_degrees() -> None:
    assert parse("119.4556").value == 119.4556


@pytest.mark.parametrize("text", ["119°60′00″", "119°45′60″", "119-75-00"])
def test_sixty_minutes_or_seconds_are_refused(text: str) -> None:
    with pytest.raises(CoordinateError, match="below 60"):
        parse(text)


@pytest.mark.parametrize("text", ["", "abc", "1.5.2", "3 4", "20-5", "117.45x", "117°45.5′30″", "nan", "inf", "E117N"])
def test_text_that_is_no_coordinate_is_refused(text: str) -> None:
    with pytest.raises(CoordinateError):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "117.45,49.58",
        "49.58 117.45",
        "117.45，49.58",
        "lat=49.58 lon=117.45",
        "经度：117.45，纬度：49.58",
        "(49.58, 117.45)",
        "117°27′00″E 49°34′48″N",
        "北纬49°34′48″东经117°27′00″",
        "49-34-48 117-27-00",
    ],
)
def test_a_typed_pair_is_the_same_place_in_every_order_and_form(text: str) -> None:
    reading = read_text(text)
    assert reading.geometries[0].x == pytest.approx(117.45, abs=1e-12)
    assert reading.geometries[0].y == pytest.approx(49.58, abs=1e-12)
    assert (reading.crs.code, reading.crs_status, reading.datum) == ("EPSG:4490", "proved", "assumed")


def test_accuracy_of_typed_text_follows_how_it_is_written() -> None:
    # half of 0.01 degrees of 111.3 km, and 1 m for the datum that nobody stated
    assert read_text("117.45,49.58").accuracy.metres == pytest.approx((556.5**2 + 1) ** 0.5)
    assert read_text("117°27′00″,49°34′48″").accuracy.metres == pytest.approx((15**2 + 1) ** 0.5)
    assert read_text("117.45,49.58", datum="cgcs2000").accuracy.metres == pytest.approx(556.5)


def test_several_pairs_are_a_line_or_a_polygon_if_asked_for() -> None:
    text = "117.1,49.1; 117.2,49.1 117.2,49.2"
    assert read_text(text).geometries[0].wkt == "LINESTRING (117.1 49.1, 117.2 49.1, 117.2 49.2)"
    polygon = read_text(text, geometry="polygon").geometries[0]
    assert polygon.wkt == "POLYGON ((117.1 49.1, 117.2 49.1, 117.2 49.2, 117.1 49.1))"


def test_an_easting_with_a_zone_prefix_proves_the_zone() -> None:
    reading = read_text("5453252.0109, 40482918.4554")
    assert (reading.crs.code, reading.crs_status, reading.datum) == ("EPSG:4528", "proved", "assumed")
    assert reading.geometries[0].coords[0] == (40482918.4554, 5453252.0109)
    assert reading.accuracy.metres == pytest.approx((1 + 100**2) ** 0.5)
    assert read_text("5456908.622, 20701488.4265", datum="cgcs2000").crs.code == "EPSG:4498"
    assert read_text("5453252.01, 40482918.45", datum="xian80").crs.code == "EPSG:2364"


def test_an_easting_without_prefix_leaves_the_crs_open() -> None:
    reading = read_text("5453252.01, 482918.45")
    assert (reading.crs, reading.crs_status) == (None, "ambiguous")
    assert read_text("5453252.01, 482918.45", crs=4549).crs.code == "EPSG:4549"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("117.45", "needs two"),
        ("117.45,49.58,117.46", "needs two"),
        ("10,10", "no place in China"),
        ("117.45,49.58 and more", "is no coordinate"),
        ("117.4549.58,3", "not parted"),
        ("东经49.58 北纬117.45", "disagree"),
        ("49°N 48°N", "one axis"),
    ],
)
def test_typed_text_that_is_no_place_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(CoordinateError, match=why):
        read_text(text)


def test_sizes_tell_north_from_east_and_zones_from_each_other() -> None:
    assert place(3505480.372, 526656.982).east == 526656.982
    assert place(526656.982, 3505480.372).east == 526656.982
    assert zone_of_easting(24_500_000) is None  # there is no zone 24
    assert zone_of_easting(40_900_000) is None  # 400 km from the meridian of a 3-degree zone
    assert place(7.0, 10.0).kind == "local"
    assert place(13_000_000.0, 6_300_000.0).kind == "web_mercator"


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="datum is 'wgs'"):
        read_text("117.45,49.58", datum="wgs")
    with pytest.raises(ValueError, match="geometry is 'ring'"):
        read_text("117.45,49.58", geometry="ring")  # type: ignore[arg-type]


def test_many_coordinates_in_one_text_keep_their_order() -> None:
    assert [one.value for one in parse_all("[117.1 49.1, 117.2 49.2]")] == [117.1, 49.1, 117.2, 49.2]
