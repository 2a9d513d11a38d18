"""What names and words say, and what they must not be taken to say."""

from __future__ import annotations

import pytest

from spatial.forensics import Hints, StatedReference
from spatial.forensics.words import (
    datum_finding,
    is_local,
    offset_finding,
    order_of_words,
    projection_family,
    zone_hints,
)


def datum(name="", *, words=()):
    return datum_finding(user=None, stated=None, by="", hints=Hints(file_name=name, header_words=words))


@pytest.mark.parametrize(
    "words", ["1980西安坐标系", "西安80", "80国家大地坐标系", "Xian_1980_3_Degree_GK", "８０坐标系"]
)
def test_words_of_xian_80(words):
    assert (datum(words).datum, datum(words).status) == ("xian80", "stated")


@pytest.mark.parametrize("words", ["1954年北京坐标系", "北京54", "54坐标", "Beijing_1954", "BJ54", "Krasovsky_1940"])
def test_words_of_beijing_54(words):
    assert (datum(words).datum, datum(words).status) == ("beijing54", "stated")


@pytest.mark.parametrize(
    "name", ["北京市第54中学.csv", "80年代老图.shp", "X=80, Y=54.txt", "西安市80米带.kml", "1954.dxf"]
)
def test_numbers_in_names_are_no_datums(name):
    assert (datum(name).datum, datum(name).status) == ("cgcs2000", "assumed")


def test_a_header_states_cgcs2000_and_a_file_name_only_hints():
    assert datum(words=("坐标系：2000国家大地坐标系",)).status == "stated"
    assert datum("红线_CGCS2000.shp").status == "assumed"


def test_words_that_differ_state_nothing():
    found = datum("西安80转CGCS2000.txt")
    assert (found.datum, found.status) == ("cgcs2000", "assumed")
    assert found.evidence[0].code == "datum_words_differ"


@pytest.mark.parametrize(
    ("name", "possible"),
    [
        ("高德POI.csv", ("gcj02",)),
        ("gaode.csv", ("gcj02",)),
        ("poi_gcj02.geojson", ("gcj02",)),
        ("百度坐标.xlsx", ("bd09", "gcj02")),
        ("奥维.kmz", ("gcj02", "bd09")),
        ("选址.kml", ()),
        ("绿带09.csv", ()),
        ("abd09x.csv", ()),
        ("damap.csv", ()),
    ],
)
def test_names_of_services_hint_at_their_offsets(name, possible):
    assert offset_finding(user=None, stated=None, hints=Hints(file_name=name)).possible == possible


def test_the_tag_of_ovital_states_and_an_unknown_one_hints():
    tagged = Hints(format="ovkml", ov_coord_types=("GCJ-02",))
    assert offset_finding(user=None, stated=None, hints=tagged).stated == "gcj02"
    strange = Hints(format="ovkml", ov_coord_types=("Google",))
    assert offset_finding(user=None, stated=None, hints=strange).possible == ("gcj02", "bd09")


def test_the_user_has_the_last_word():
    tagged = Hints(format="ovkml", ov_coord_types=("GCJ-02",))
    assert offset_finding(user="wgs84", stated=None, hints=tagged).plain_stated
    assert offset_finding(user="bd09", stated=None, hints=tagged).stated == "bd09"


@pytest.mark.parametrize(
    ("name", "meridians"),
    [
        ("界址点39带.txt", {117}),
        ("带号：40", {120}),
        ("Zone_20", {117}),
        ("CM117.csv", {117}),
        ("中央子午线114", {114}),
        ("39带转40带", {117, 120}),
        ("3度带.txt", set()),
        ("UTM zone 50", set()),
        ("绿化带2039.shp", set()),
    ],
)
def test_zones_in_names(name, meridians):
    assert zone_hints(Hints(file_name=name)) == meridians


@pytest.mark.parametrize(
    ("words", "north_first"),
    [
        (("纬度", "经度"), True),
        (("lng", "lat"), False),
        (("东坐标Y", "北坐标X"), False),
        (("X", "Y"), None),
        (("x坐标", "经度"), None),
        (None, None),
    ],
)
def test_order_of_words(words, north_first):
    assert order_of_words(words) is north_first


@pytest.mark.parametrize(
    ("words", "family"),
    [
        ("高斯克吕格", "gauss_kruger"),
        ("Gauss-Kruger 3 degree", "gauss_kruger"),
        ("Transverse_Mercator", "gauss_kruger"),
        ("UTM 50N", "utm"),
        ("Web Mercator", "web_mercator"),
        ("Albers", None),
    ],
)
def test_projections_in_words(words, family):
    assert projection_family(StatedReference(source="header", projection=words), Hints())[0] == family


def test_local_systems_are_known_by_their_words():
    assert is_local(None, Hints(file_name="满洲里独立坐标系.dxf")) == "独立坐标"
    assert is_local(StatedReference(source="header", projection="高斯克吕格"), Hints()) is None
