"""Which coordinate system two columns are in: one file at a time."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
import shapely

from spatial.crs import identify
from spatial.datum_shift import three_parameters
from spatial.errors import DatumShiftUnknownError
from spatial.forensics import CODES, Evidence, Hints, StatedReference, place, rank
from spatial.offsets import wgs84_to_bd09, wgs84_to_gcj02

HAILAR = np.array([[119.765558, 49.212189]])
PREFIX = np.array([[40482918.4554, 5453252.0109]])
PLAIN = np.array([[482918.4554, 5453252.0109]])
SIX = np.array([[20701488.4265, 5456908.6220]])
AROUND = shapely.box(119.0, 48.9, 120.4, 49.6)  # narrower than the 3 degrees between meridians
OVKML = Hints(format="ovkml", file_name="选址.ovkml")


def codes(evidence):
    return {one.code for one in evidence}


def near(found, rows, expected, metres=0.01):
    assert found.chosen is not None, found.evidence
    away = (place(rows, found.chosen) - expected) * [72_900, 111_200]
    assert np.hypot(*away.T).max() < metres


# Numbers alone


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (HAILAR, "cgcs2000"),
        (PREFIX, "cgcs2000_3_prefix:40"),
        (SIX, "cgcs2000_6_prefix:20"),
        ([[13332240.9311, 6310942.4225]], "web_mercator"),
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_sizes_settle_projection_zone_and_order(rows, code, swapped):
    rows = np.asarray(rows)[:, ::-1] if swapped else np.asarray(rows)
    found = rank(rows)
    assert (found.status, found.datum) == ("proved", "assumed")
    assert (found.chosen.code, found.chosen.swapped) == (code, swapped)
    near(found, rows, HAILAR, metres=0.05)
    assert found.hypotheses[0] is found.chosen


def test_an_easting_without_zone_leaves_every_zone_of_china_open():
    found = rank(PLAIN)
    assert (found.status, found.chosen) == ("ambiguous", None)
    three = {one.code for one in found.alive if one.code.startswith("cgcs2000_3:")}
    assert "cgcs2000_3:40" in three
    assert "cgcs2000_3:30" in three  # 90 E, 49 N: in Xinjiang by the wide band of its latitude
    assert "cgcs2000_3:25" not in three  # 75 E, 49 N: Kazakhstan
    places = {tuple(place(PLAIN, one)[0].round(6)) for one in found.alive}
    assert (119.765558, 49.212189) in places
    assert len(places) < len(found.alive)  # 6 degree zones share meridians with 3 degree ones


def test_a_region_settles_the_zone():
    found = rank(PLAIN, region=AROUND)
    assert (found.status, found.chosen.code) == ("proved", "cgcs2000_3:40")
    near(found, PLAIN, HAILAR)
    assert "local_not_excluded" in codes(found.chosen.evidence_against)
    assert {one.code for one in found.hypotheses if "outside_region" in codes(one.evidence_against)} >= {
        "cgcs2000_3:39",
        "cgcs2000_3:41",
    }


def test_both_widths_of_one_meridian_are_one_place():
    rows = [[527364.5984, 5496185.6683]]  # Manzhouli, meridian 117: zone 39 of 3 degrees, 20 of 6
    found = rank(rows, region=shapely.box(117, 49.3, 118, 49.8))
    assert found.status == "proved"
    assert [one.code for one in found.alive] == ["cgcs2000_3:39", "cgcs2000_6:20"]
    assert Evidence(code="same_place", value="cgcs2000_3:39") in found.alive[1].evidence_for
    assert np.allclose(place(rows, found.alive[0]), place(rows, found.alive[1]), atol=1e-12)


def test_a_wide_easting_speaks_for_the_wider_zone():
    east, north = 701488.4265, 5456908.6220  # 2.77 degrees from 117
    found = rank([[east, north]], region=AROUND)
    assert found.chosen.code == "cgcs2000_6:20"
    assert "beyond_zone" in codes(found.alive[1].evidence_against)
    near(found, [[east, north]], HAILAR)


def test_a_region_that_two_zones_reach_leaves_them_open():
    found = rank(PLAIN, region=shapely.box(115, 48, 121, 50))
    assert found.status == "ambiguous"
    assert {one.code for one in found.alive} == {"cgcs2000_3:39", "cgcs2000_3:40", "cgcs2000_6:20"}


def test_a_region_never_decides_between_offsets():
    here = HAILAR[0]
    tight = shapely.Point(here).buffer(0.0005)  # 50 m: the shifted place is 577 m away
    rows = wgs84_to_gcj02(HAILAR)
    found = rank(rows, region=tight, hints=OVKML)
    assert found.status == "ambiguous"
    assert [one.code for one in found.alive] == ["gcj02", "bd09", "cgcs2000"]


def test_the_whole_file_counts():
    rows = np.vstack([PREFIX, [[39482918.0, 5453252.0]]])
    found = rank(rows)
    assert found.status == "refused"
    assert "several_zones" in codes(found.evidence)
    mixed = np.vstack([HAILAR, PREFIX])
    assert rank(mixed).status == "refused"


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (np.empty((0, 2)), "no_coordinates"),
        ([[np.nan, 40.0]], "not_finite"),
        ([[np.inf, 40.0]], "not_finite"),
        ([[1234.5, 678.9]], "nothing_fits"),
        ([[24_500_000.0, 4_500_000.0]], "nothing_fits"),  # there is no zone 24
        ([[119.7, 119.8]], "nothing_fits"),
        ([[45_500_000.0, 2_000_000.0]], "nothing_fits"),  # 135 E, 18 N: the Pacific
    ],
)
def test_what_fits_nothing_is_refused_with_the_reason(rows, code):
    found = rank(rows)
    assert (found.status, found.chosen, found.alive) == ("refused", None, ())
    assert code in codes(found.evidence)


def test_web_mercator_and_a_zone_of_six_degrees_can_have_the_same_digits():
    rows = [[13_500_000.0, 4_300_000.0]]  # 121.3 E 36.0 N, or zone 13: 75 E 38.8 N
    assert {one.code for one in rank(rows).alive} == {"web_mercator", "cgcs2000_6_prefix:13"}
    assert rank(rows).status == "ambiguous"
    assert rank(rows, region=shapely.box(120, 35, 122, 37)).chosen.code == "web_mercator"


def test_utm_is_not_taken_unless_something_names_it():
    rows = np.column_stack(pyproj.Proj("+proj=utm +zone=49 +ellps=WGS84")([111.749995], [40.842356]))
    region = shapely.box(111, 40, 112.5, 41.5)
    unnamed = rank(rows, region=region)
    assert unnamed.chosen.code == "cgcs2000_3:37"
    (dead,) = [one for one in unnamed.hypotheses if one.code == "utm"]
    assert dead.evidence_against == (Evidence(code="utm_not_stated", value="1809 m"),)
    assert rank(rows, region=region, hints=Hints(file_name="UTM49N.csv")).status == "ambiguous"
    assert rank(rows, region=region, datum="wgs84").status == "ambiguous"
    stated = rank(rows, stated=StatedReference(source="header", zone=49, projection="UTM"))
    assert (stated.status, stated.chosen.code) == ("given", "utm:49")
    assert place(rows, stated.chosen)[0] == pytest.approx((111.749995, 40.842356), abs=1e-7)


def test_decimals_that_read_as_minutes_and_seconds_are_pointed_at_and_no_more():
    found = rank([[119.4556, 49.1243]])
    assert found.status == "proved"
    assert "ddmmss_possible" in codes(found.evidence)
    assert "ddmmss_possible" not in codes(rank([[119.7655, 49.2121]]).evidence)


# What is stated


def test_a_prj_gives_the_system():
    wkt = pyproj.CRS.from_epsg(4528).to_wkt("WKT1_ESRI")
    found = rank(PREFIX, stated=StatedReference(source="prj", text=wkt))
    assert (found.status, found.datum, found.chosen.code) == ("given", "stated", "cgcs2000_3_prefix:40")
    assert found.chosen.accuracy_terms == ()


def test_a_header_gives_zone_and_datum():
    stated = StatedReference(source="header", datum="cgcs2000", width=3, zone=40, projection="高斯克吕格")
    for rows in (PLAIN, PREFIX):
        found = rank(rows, stated=stated)
        assert (found.status, found.datum) == ("given", "stated")
        near(found, rows, HAILAR)


@pytest.mark.parametrize(
    "stated",
    [
        StatedReference(source="prj", text=4527),  # another zone
        StatedReference(source="prj", text=4549),  # no zone number
        StatedReference(source="prj", text=4490),  # degrees
        StatedReference(source="header", zone=39),
        StatedReference(source="header", width=6),
        StatedReference(source="header", meridian=117.0),
        StatedReference(source="header", zone=24),
        StatedReference(source="header", projection="UTM"),
    ],
)
def test_a_statement_that_the_numbers_contradict_is_refused_and_the_numbers_are_offered(stated):
    found = rank(PREFIX, stated=stated)
    assert (found.status, found.chosen) == ("refused", None)
    assert "stated_misfit" in codes(found.evidence)
    assert [one.code for one in found.alive] == ["cgcs2000_3_prefix:40"]


def test_a_statement_that_the_region_contradicts_is_refused_and_the_region_offered():
    found = rank(PLAIN, stated=StatedReference(source="prj", text=4548), region=AROUND)
    assert found.status == "refused"
    assert [one.code for one in found.alive] == ["cgcs2000_3:40"]


def test_a_region_that_is_only_likely_refutes_no_statement_and_no_zone_number():
    far = shapely.box(111, 40, 112, 41)
    stated = rank(PLAIN, stated=StatedReference(source="prj", text=4549), region=far, region_must_hold=False)
    assert (stated.status, stated.chosen.code) == ("given", "cgcs2000_3:40")
    assert "outside_region" in codes(stated.chosen.evidence_against)
    assert rank(PREFIX, region=far, region_must_hold=False).status == "proved"
    assert rank(PREFIX, region=far).status == "refused"


def test_what_cannot_be_read_is_refused():
    found = rank(PREFIX, stated=StatedReference(source="prj", text="LOCAL_CS[]"))
    assert found.status == "refused"
    assert "crs_not_understood" in codes(found.evidence)


@pytest.mark.parametrize("words", ["呼伦贝尔市独立坐标系", "地方坐标系"])
def test_a_local_system_is_refused_even_where_the_numbers_fit(words):
    assert rank(PLAIN, region=AROUND, stated=StatedReference(source="header", projection=words)).status == "refused"
    assert rank(PLAIN, region=AROUND, hints=Hints(header_words=(words,))).status == "refused"


def test_a_name_that_speaks_of_another_zone_than_the_region_found_is_not_overruled():
    assert rank(PLAIN, region=AROUND, hints=Hints(file_name="界址点39带.txt")).status == "refused"
    assert rank(PLAIN, region=AROUND, hints=Hints(file_name="界址点40带.txt")).status == "proved"
    prefixed = rank(PREFIX, hints=Hints(file_name="界址点39带.txt"))  # the number in the easting wins
    assert prefixed.status == "proved"
    assert "zone_hint_differs" in codes(prefixed.chosen.evidence_against)


def test_words_over_the_columns_never_decide_their_order():
    found = rank(PREFIX, hints=Hints(axis_words=("北坐标", "东坐标")))
    assert found.chosen.swapped is False
    assert "order_against_words" in codes(found.chosen.evidence_against)


def test_a_conical_projection_stated_keeps_the_order_of_its_format():
    albers = "+proj=aea +lat_1=25 +lat_2=47 +lat_0=0 +lon_0=105 +ellps=GRS80 +units=m"
    rows = np.column_stack(pyproj.Proj(albers)(*HAILAR.T))
    found = rank(rows, stated=StatedReference(source="prj", text=albers), hints=Hints(format="shapefile"))
    assert (found.status, found.chosen.swapped) == ("given", False)
    near(found, rows, HAILAR)


# The datum


def test_numbers_never_prove_a_datum():
    found = rank(PREFIX)
    assert found.datum == "assumed"
    assert [(term.code, term.metres) for term in found.chosen.accuracy_terms] == [("datum_unstated", 100.0)]
    others = {one.code: one.system.code for one in found.hypotheses if one.standing == "not_excluded"}
    assert others == {"xian80_3_prefix:40": "EPSG:2364", "beijing54_3_prefix:40": "EPSG:2416"}
    degrees = rank(HAILAR)
    assert [(term.code, term.metres) for term in degrees.chosen.accuracy_terms] == [("datum_wgs84_assumed", 1.0)]


def test_the_users_word_and_a_date_state_the_datum():
    for found in (rank(PREFIX, datum="cgcs2000"), rank(PREFIX, hints=Hints(dates=("2018-07-01",)))):
        assert (found.status, found.datum, found.chosen.accuracy_terms) == ("proved", "stated", ())
    assert rank(PREFIX, hints=Hints(dates=("2018-06-30",))).datum == "assumed"
    wgs = rank(HAILAR, stated=StatedReference(source="crs_member", text=4326))
    assert [(term.code, term.metres) for term in wgs.chosen.accuracy_terms] == [("datum_wgs84", 1.0)]


@pytest.mark.parametrize(
    "said",
    [
        {"stated": StatedReference(source="prj", text=2364)},
        {"stated": StatedReference(source="header", datum="xian80")},
        {"datum": "xian80"},
        {"hints": Hints(file_name="界址点_西安80.txt")},
        {"hints": Hints(header_words=("坐标系：1980西安坐标系",))},
    ],
)
def test_xian_80_is_refused_without_parameters_and_placed_with_them(said):
    found = rank(PREFIX, **said)
    assert (found.status, found.chosen) == ("refused", None)
    assert "no_parameters" in codes(found.evidence)
    assert found.alive[0].code == "xian80_3_prefix:40"
    with pytest.raises(DatumShiftUnknownError, match="Xi'an 1980"):
        place(PREFIX, found.alive[0])
    shift = three_parameters("xian80", -41.0, 17.0, 33.0)
    held = rank(PREFIX, shift=shift, **said)
    assert held.status in ("given", "proved")
    assert held.chosen.system.code == "EPSG:2364"
    moved = (place(PREFIX, held.chosen, shift=shift) - HAILAR) * [72_900, 111_200]
    assert 20 < np.hypot(*moved[0]) < 120
    other = three_parameters("beijing54", 12.0, -155.0, -80.0)
    assert rank(PREFIX, shift=other, **said).status == "refused"


def test_a_name_of_an_old_datum_takes_the_proof_from_a_prj_but_not_from_the_user():
    hints = Hints(file_name="西安80转.shp")
    prj = StatedReference(source="prj", text=4528)
    assert rank(PREFIX, stated=prj, hints=hints).datum == "assumed"
    assert rank(PREFIX, stated=prj, hints=hints).chosen.accuracy_terms[0].metres == 100.0
    assert rank(PREFIX, stated=prj, hints=hints, datum="cgcs2000").datum == "stated"


def test_the_users_word_corrects_the_datum_of_a_prj():
    found = rank(PREFIX, stated=StatedReference(source="prj", text=2364), datum="cgcs2000")
    assert (found.status, found.chosen.system) == ("given", identify(4528))
    near(found, PREFIX, HAILAR)


# The offset


def test_offsets_are_dead_without_a_hint():
    found = rank(HAILAR, hints=Hints(format="kml", file_name="选址.kml"))
    assert found.status == "proved"
    dead = {one.code: codes(one.evidence_against) for one in found.hypotheses if one.offset}
    assert dead == {"gcj02": {"offset_not_hinted"}, "bd09": {"offset_not_hinted"}}


@pytest.mark.parametrize(
    "hints",
    [
        OVKML,
        Hints(file_name="奥维互动地图导出.kml"),
        Hints(file_name="高德POI.csv"),
        Hints(field_names=("name", "gcj_lng")),
        Hints(field_names=("name", "amap_id")),
        Hints(format="ovkml", ov_coord_types=("GCJ-02", "CGCS2000")),
    ],
)
def test_a_hint_makes_an_offset_possible_and_the_file_ambiguous(hints):
    rows = wgs84_to_gcj02(HAILAR)
    found = rank(rows, hints=hints)
    assert found.status == "ambiguous"
    (one,) = [one for one in found.alive if one.code == "gcj02"]
    assert place(rows, one)[0] == pytest.approx(HAILAR[0], abs=2e-9)
    assert "cgcs2000" in {one.code for one in found.alive}


@pytest.mark.parametrize(
    ("said", "offset"),
    [
        ({"datum": "gcj02"}, "gcj02"),
        ({"datum": "bd09"}, "bd09"),
        ({"hints": Hints(format="ovkml", ov_coord_types=("GCJ-02",))}, "gcj02"),
        ({"hints": Hints(axis_words=("bd09_lng", "bd09_lat"))}, "bd09"),
        ({"hints": Hints(axis_words=("经度（火星坐标）", "纬度（火星坐标）"))}, "gcj02"),
    ],
)
def test_an_offset_that_is_stated_is_undone_and_its_ten_metres_kept(said, offset):
    rows = {"gcj02": wgs84_to_gcj02, "bd09": wgs84_to_bd09}[offset](HAILAR)
    found = rank(rows, **said)
    assert (found.status, found.chosen.code) == ("given", offset)
    near(found, rows, HAILAR)
    assert ("offset_undone", 10.0) in [(term.code, term.metres) for term in found.chosen.accuracy_terms]


@pytest.mark.parametrize(
    "said",
    [
        {"datum": "cgcs2000"},
        {"hints": Hints(format="ovkml", file_name="a.ovkml", ov_coord_types=("CGCS2000",))},
        {"hints": Hints(file_name="高德.csv", axis_words=("wgs84_lng", "wgs84_lat"))},
        {"stated": StatedReference(source="user", text=4490), "hints": OVKML},
    ],
)
def test_what_is_said_not_to_be_shifted_is_not(said):
    found = rank(HAILAR, **said)
    assert found.status in ("given", "proved")
    assert found.chosen.offset is None


def test_a_default_of_the_format_does_not_outweigh_a_hint():
    found = rank(HAILAR, stated=StatedReference(source="format", text=4326), hints=OVKML)
    assert found.status == "ambiguous"


# The rim


def test_every_code_of_evidence_has_its_words():
    found = [rank(PREFIX), rank(PLAIN, region=AROUND), rank(HAILAR, hints=OVKML), rank([[1.0, 2.0]])]
    used = {e.code for f in found for h in f.hypotheses for e in (*h.evidence_for, *h.evidence_against)}
    assert len(used) > 8
    assert used <= CODES.keys()
    with pytest.raises(ValueError, match="no evidence is called"):
        Evidence(code="gut_feeling")


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"coordinates": [1.0, 2.0]}, r"shape \(n, 2\)"),
        ({"coordinates": HAILAR, "datum": "cgcs"}, "is none of"),
        ({"coordinates": HAILAR, "region": shapely.Polygon()}, "region is empty"),
    ],
)
def test_mistakes_of_the_caller_are_value_errors(arguments, match):
    with pytest.raises(ValueError, match=match):
        rank(**arguments)


def test_a_family_has_no_place():
    (family,) = [one for one in rank(PLAIN, region=AROUND).hypotheses if one.code == "utm"]
    with pytest.raises(ValueError, match="family"):
        place(PLAIN, family)


def test_a_file_of_a_million_rows_is_ranked_in_seconds():
    rng = np.random.default_rng(3)
    rows = PLAIN + rng.uniform(-30_000, 30_000, (1_000_000, 2))
    assert rank(rows, region=AROUND).chosen.code == "cgcs2000_3:40"
