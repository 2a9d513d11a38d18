"""What the page works out for itself is what Python works out: coordinates, grids, edges, survey texts, links."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
import shapely.geometry
from hypothesis import strategies as st

from layers.placing import placed_features
from maps.errors import ViewLinkError
from maps.view import SharedSite, View, format_view, parse_view
from spatial.coordinates import fold, parse, parse_all, place, zone_of_easting
from spatial.crs import from_geographic, gauss_kruger, identify, to_geographic
from spatial.errors import CoordinateError, CRSError, ReadingError
from spatial.reading import read, read_text
from tests import page_functions
from tests.properties.test_view_links import VIEWS

pytestmark = pytest.mark.browser
NEAR = 1e-9
"""Degrees: 0.1 mm."""


@pytest.fixture(scope="module")
def twins(tmp_path_factory):
    yield from page_functions.opened(tmp_path_factory.mktemp("twins"))


def both(page, cases, python, errors):
    """Cases with what the page and what Python make of them; None for refused."""
    for case, answer in zip(cases, page, strict=True):
        try:
            own = python(case)
        except errors:
            own = None
        yield case, answer.get("value"), own


# ---- coordinates ----------------------------------------------------------------------------------------------------

SIGNS = st.sampled_from(["", "", "", "-", "+", "−", "东经", "北纬", "西经", "E", "N ", "lon:", "经度="])
ENDS = st.sampled_from(["", "", "", "E", " N", "s", "°", "度", "″", " "])
NUMBERS = st.one_of(
    st.decimals(0, 200, places=6).map(str),
    st.integers(0, 60_000_000).map(str),
    st.decimals(0, 45_999_999, places=3).map(lambda n: f"{n:,}"),
    st.sampled_from(["117.", ".5", "1e3", "1E5E", "１１７．４５", "", "3.5.6", "0", "00117.4500"]),
)
ANGLES = st.builds(
    lambda d, m, s, marks: f"{d}{marks[0]}{m}{marks[1]}{s}{marks[2]}",
    st.integers(0, 180),
    st.one_of(st.integers(0, 61), st.decimals(0, 61, places=3)),
    st.one_of(st.just(""), st.integers(0, 61), st.decimals(0, 61, places=4)),
    st.sampled_from(["°′″", "度分秒", "---", ":::", "°''", "°'\"", "° ′ ″", "º’”", "°  ", "-′ "]).map(
        lambda t: (t[0], t[1], t[2])
    ),
)
ONE = st.builds(lambda sign, body, end: sign + body + end, SIGNS, st.one_of(NUMBERS, ANGLES), ENDS)
NOISE = st.text(alphabet="0123456789.,-+eEWNS°′″'\"度分秒东经北纬 ：:=（）。、；\t", max_size=24)
SEPARATORS = st.sampled_from([" ", ",", "；", "\n", "，", "、", "", "|", " / "])
MANY = st.one_of(
    NOISE,
    st.builds(
        lambda ones, marks: "".join(a + b for a, b in zip(ones, marks, strict=False)),
        st.lists(ONE, max_size=5),
        st.lists(SEPARATORS, min_size=5, max_size=5),
    ),
)


def as_page(one):
    return {
        "value": one.value,
        "notation": one.notation,
        "decimals": one.decimals,
        "unit": one.unit,
        "axis": one.axis,
    }


def test_a_coordinate_is_the_same_number_or_refused_by_both(twins):
    cases = page_functions.drawn(st.one_of(ONE, NOISE), 1500)
    answers = list(both(twins.of("parse", cases), cases, lambda text: as_page(parse(text)), CoordinateError))
    assert [one for one in answers if one[1] != one[2]] == []
    assert sum(own is not None for _, _, own in answers) > 300
    assert sum(own is None for _, _, own in answers) > 300


def test_a_list_of_coordinates_is_the_same_or_refused_by_both(twins):
    cases = page_functions.drawn(MANY, 1500)
    answers = list(
        both(
            twins.of("parseAll", cases), cases, lambda text: [as_page(one) for one in parse_all(text)], CoordinateError
        )
    )
    assert [one for one in answers if one[1] != one[2]] == []
    assert sum(bool(own) for _, _, own in answers) > 200
    assert sum(own is None for _, _, own in answers) > 200


def test_look_alike_characters_become_the_same_plain_ones(twins):
    cases = page_functions.drawn(st.text(alphabet=st.characters(codec="utf-8", max_codepoint=0xFFFF), max_size=30), 800)
    assert [one for one in both(twins.of("fold", cases), cases, fold, ()) if one[1] != one[2]] == []


SIZES = st.one_of(
    st.floats(0, 140),
    st.floats(100_000, 900_000),
    st.floats(300_000, 7_500_000),
    st.floats(8e6, 16e6),
    st.builds(lambda zone, rest: zone * 1e6 + rest, st.integers(10, 48), st.floats(100_000, 900_000)),
    st.sampled_from([73.0, 136.0, 3.0, 54.0, 200_000.0, 800_000.0, 330_000.0, 6e6, 25_300_000.0, 45_700_000.0, 1e12]),
    st.floats(-1e7, 0),
)


def test_two_numbers_are_the_same_place_or_refused_by_both(twins):
    def python(pair):
        at = place(*pair)
        return {"east": at.east, "north": at.north, "kind": at.kind, "zone": at.zone, "swapped": at.swapped}

    cases = page_functions.drawn(st.tuples(SIZES, SIZES), 1500)
    answers = list(both(twins.of("place", cases), cases, python, CoordinateError))
    assert [one for one in answers if one[1] != one[2]] == []
    assert {own["kind"] for _, _, own in answers if own} == {
        "degrees", "zone_prefix", "no_prefix", "web_mercator", "local",
    }  # fmt: skip
    eastings = page_functions.drawn(SIZES, 500)
    zones = both(twins.of("zoneOfEasting", eastings), eastings, zone_of_easting, ())
    assert [one for one in zones if one[1] != one[2]] == []


# ---- grids and edges ------------------------------------------------------------------------------------------------

GRIDS = st.one_of(
    st.tuples(st.integers(25, 45), st.just(3), st.booleans()), st.tuples(st.integers(13, 23), st.just(6), st.booleans())
)


def system_of(zone, width, prefixed):
    return identify(gauss_kruger(zone, width, prefix=prefixed))


def easting(metres, zone, prefixed):
    return metres + (zone * 1e6 if prefixed else 0)


def test_grids_agree_to_a_thousand_millionth_of_a_degree_both_ways(twins):
    cases = page_functions.drawn(
        st.builds(
            lambda x, y, grid: [easting(x, grid[0], grid[2]), y, *grid],
            st.floats(200_000, 800_000),
            st.floats(330_000, 6_000_000),
            GRIDS,
        ),
        500,
    )
    for (x, y, *grid), one in zip(cases, twins.of("toLonLat", cases), strict=True):
        own = to_geographic(shapely.Point(x, y), system_of(*grid))[0]
        assert one["value"] == pytest.approx([own.x, own.y], abs=NEAR), grid
    places = [
        [*(float(n) for n in np.round(one["value"], 8)), *grid]
        for one, (_, _, *grid) in zip(twins.of("toLonLat", cases), cases, strict=True)
    ]
    for (lon, lat, *grid), one in zip(places, twins.of("toGrid", places), strict=True):
        own = from_geographic(shapely.Point(lon, lat), system_of(*grid))[0]
        assert one["value"] == pytest.approx([own.x, own.y], abs=1e-4), grid  # metres


def test_an_edge_gets_the_same_vertices(twins):
    step = st.one_of(st.floats(-30, 30), st.floats(-3_000, 3_000), st.floats(-40_000, 40_000))
    cases = page_functions.drawn(
        st.builds(
            lambda x, y, steps, grid: [
                [
                    [easting(x + sum(dx for dx, _ in steps[:n]), grid[0], grid[2]), y + sum(dy for _, dy in steps[:n])]
                    for n in range(len(steps) + 1)
                ],
                *grid,
            ],
            st.floats(400_000, 600_000),
            st.floats(2_000_000, 5_800_000),
            st.lists(st.tuples(step, step), min_size=1, max_size=4),
            GRIDS,
        ),
        200,
    )
    added = 0
    for (chain, *grid), one in zip(cases, twins.of("carried", cases), strict=True):
        line = shapely.LineString(chain)
        own = shapely.get_coordinates(to_geographic(line, system_of(*grid))[0])
        page = np.array(one["value"])
        assert len(page) == len(own), (chain, grid)
        assert np.abs(page - own).max() < NEAR
        added += len(own) - len(chain)
    assert added > 1000


# ---- texts ----------------------------------------------------------------------------------------------------------

HEADERS = st.builds(
    "\n".join,
    st.tuples(
        st.sampled_from(["[属性描述]", "［属性描述］", "", "格式版本号=1.01版本"]),
        st.sampled_from(["坐标系=2000国家大地坐标系", "坐标系=2000国家大地坐标系", "坐标系=CGCS2000", "坐标系=80国家大地坐标系", ""]),
        st.sampled_from(["几度分带=3", "几度分带=3", "几度分带=3°", "几度分带=6", ""]),
        st.sampled_from(["带号=39", "带号=39", "带号=20", ""]),
        st.sampled_from(["", "数据产生日期=2020-05-01", "数据产生日期=2016年5月1日"]),
        st.sampled_from(["[地块坐标]", "[地块坐标]", ""]),
    ),
)  # fmt: skip


@st.composite
def parcels(draw):
    """A parcel line and its points: a square, perhaps with a hole, now and then damaged."""
    east, north = draw(st.integers(480_000, 560_000)), draw(st.integers(5_400_000, 5_500_000))
    size = draw(st.sampled_from([12.5, 180.0, 3_000.0]))
    prefix = draw(st.sampled_from(["", "", "39"]))
    swapped, hole, close = draw(st.booleans()), draw(st.booleans()), draw(st.booleans())
    corners = [(0, 0), (1, 0), (1, 1), (0, 1)]
    rings = [[(east + size * a, north + size * b) for a, b in corners]]
    if hole:
        rings.append([(east + size * (0.3 + 0.3 * a), north + size * (0.3 + 0.3 * b)) for a, b in corners])
    lines = []
    for number, ring in enumerate(rings, start=1):
        written = [*ring, ring[0]] if close else ring
        for k, (x, y) in enumerate(written):
            first, second = (f"{prefix}{x:.3f}", f"{y:.3f}") if swapped else (f"{y:.3f}", f"{prefix}{x:.3f}")
            lines.append(f"J{k % len(ring) + 1},{number},{first},{second}")
    shape = draw(st.sampled_from(["面", "面", "面", "线", "点"]))
    declared = draw(st.sampled_from([len(lines), len(lines), len(lines) + 3]))
    damage = draw(st.sampled_from(["", "", "", "", "letters", "cut", "crossed"]))
    if damage == "letters":
        lines[-1] = lines[-1].replace(".", "x", 1)
    elif damage == "cut":
        lines[-1] = lines[-1][: len(lines[-1]) // 2]
    elif damage == "crossed":
        lines[1], lines[2] = lines[2], lines[1]
    return "\n".join([f"{declared},0.5,1,地块一,{shape},,,,@", *lines])


def same_place(page, own):
    """Whether geometries are one: every vertex of either within 1e-9 degree of one of the other's, as many, one area."""
    if page.geom_type.removeprefix("Multi") != own.geom_type.removeprefix("Multi"):
        return False
    one, other = (np.array(sorted(shapely.get_coordinates(g).round(7).tolist())) for g in (page, own))
    if len(one) != len(other) or shapely.get_num_geometries(page) != shapely.get_num_geometries(own):
        return False
    points = [shapely.points(shapely.get_coordinates(g)) for g in (page, own)]
    for here, there in (points, points[::-1]):
        _, apart = shapely.STRtree(there).query_nearest(here, return_distance=True, all_matches=False)
        if apart.max() > NEAR:
            return False
    return math.isclose(page.area, own.area, rel_tol=1e-6, abs_tol=1e-13)


STRICTER = {"no_crs", "crs_not_read"}
"""Where Python assumes a datum with 100 m, or shifts it, the page asks for a file that states CGCS2000."""


def test_a_survey_text_is_the_same_site_or_not_taken_whole_by_python_either(twins, tmp_path):
    cases = page_functions.drawn(
        st.builds(
            lambda head, some: "\n".join([head, *some]) + "\n", HEADERS, st.lists(parcels(), min_size=1, max_size=2)
        ),
        250,
    )
    file = tmp_path / "界址点.txt"
    alike = refused = 0
    for text, one in zip(cases, twins.of("readSurveyText", cases), strict=True):
        file.write_bytes(text.encode())
        try:
            reading = read(file)
            placed = placed_features(reading) if reading.crs is not None else None
        except (ReadingError, CRSError):
            placed = None
        if "refused" in one:
            whole = placed is not None and not placed.rejected and not placed.repaired
            # Of several rings that are all open Python only says that points are missing; the page takes no such file.
            warned = whole and one["refused"] in {problem.code for problem in reading.problems}
            assert not whole or warned or one["refused"] in STRICTER, (text, one)
            refused += 1
            continue
        assert placed is not None, (text, one)
        assert not placed.rejected, (text, one)
        page = flat(shapely.geometry.shape(part) for part in one["value"]["parts"])
        own = flat(placed.geometries)
        assert len(page) == len(own), text
        assert all(same_place(a, b) for a, b in zip(page, own, strict=True)), text
        alike += 1
    assert alike > 40
    assert refused > 40


def flat(geometries):
    """Parts in turn."""
    found = []
    for geometry in geometries:
        found += list(shapely.get_parts(geometry))
    return found


def test_typed_text_is_the_same_site_or_refused_by_both(twins):
    pairs = st.one_of(
        st.tuples(st.decimals(100, 125, places=4), st.decimals(20, 53, places=4)).map(lambda p: f"{p[0]},{p[1]}"),
        st.tuples(st.integers(39_450_000, 39_560_000), st.integers(5_400_000, 5_500_000)).map(
            lambda p: f"{p[1]},{p[0]}"
        ),
        st.sampled_from(["东经117°27′18″ 北纬49°35′06″", "49.5N 117.5E", "117.5E 118E", "5495218,532896", "1,2"]),
    )
    texts = page_functions.drawn(st.lists(pairs, min_size=1, max_size=5).map("; ".join), 300)
    for shape in ("point", "line", "polygon"):
        answers = twins.of("typedSite", [[text, shape] for text in texts])
        for text, one in zip(texts, answers, strict=True):
            try:
                reading = read_text(text, geometry=shape)
                placed = placed_features(reading) if reading.crs is not None else None
            except (CoordinateError, ReadingError, CRSError):
                placed = None
            own = None if placed is None or placed.rejected or placed.repaired else placed.geometries[0]
            if "refused" in one:
                assert own is None, (text, shape, one, own)
            else:
                assert own is not None, (text, shape, one)
                own = shapely.remove_repeated_points(own)  # the page drops a corner that is typed twice
                page = shapely.remove_repeated_points(shapely.geometry.shape(one["value"]["geometry"]))
                assert same_place(page, own), (text, shape)


# ---- links ----------------------------------------------------------------------------------------------------------

METRES = st.integers(0, 99_999_999).map(lambda n: n / 1000)
PLACES = st.tuples(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9)).map(lambda p: (p[0] / 1e7, p[1] / 2e7))
RINGS = st.lists(PLACES, min_size=3, max_size=6).map(lambda ring: [*ring, ring[0]])
SHAPES = st.one_of(
    PLACES.map(shapely.Point),
    st.lists(PLACES, min_size=2, max_size=9).map(shapely.LineString),
    st.lists(RINGS, min_size=1, max_size=3).map(lambda rings: shapely.Polygon(rings[0], rings[1:])),
)
SITES = st.builds(SharedSite, geometry=SHAPES, accuracy_m=METRES, radius_m=METRES)
WHOLE = st.builds(
    lambda view, theme, site: View(**{**view.__dict__, "theme": theme, "site": site}),
    VIEWS,
    st.sampled_from([None, "light", "dark"]),
    st.none() | SITES,
)
TORN = st.builds(
    lambda text, at, put: text[: at % (len(text) + 1)] + put + text[at % (len(text) + 1) + 1 :],
    WHOLE.map(format_view),
    st.integers(0, 10_000),
    st.sampled_from(["", "0", "9", "~", ",", ":", "*", "-", ".", "%2C", "%", "n", "é", "&", "=", "~*", "e5"]),
)


def said(view):
    """A view of Python as the page says it."""
    found = {}
    if view.zoom is not None:
        found["centre"] = {"lat": view.lat, "lon": view.lon, "zoom": view.zoom}
    if view.layers is not None:
        found["layers"] = [{"key": one.key, "opacity": one.opacity} for one in view.layers]
    if view.select is not None:
        found["select"] = {"key": view.select.key, "row": view.select.row}
    found |= {key: value for key, value in (("language", view.language), ("theme", view.theme)) if value}
    if view.site is not None:
        geometry = shapely.geometry.mapping(view.site.geometry)
        where = {"type": geometry["type"], "coordinates": listed(geometry["coordinates"])}
        found["site"] = {"geometry": where, "accuracy_m": view.site.accuracy_m, "radius_m": view.site.radius_m}
    return found


def listed(value):
    return [listed(one) for one in value] if isinstance(value, tuple | list) else value


def kept(view):
    """What the page read, without the parts that it left out."""
    return {key: value for key, value in view.items() if value is not None}


def test_page_and_python_write_and_read_the_same_links(twins):
    views = page_functions.drawn(WHOLE, 300)
    links = [format_view(view) for view in views]
    for view, link, page, again in zip(
        views, links, twins.of("parseView", links), twins.of("formatView", links), strict=True
    ):
        assert parse_view(link) == view
        assert kept(page["value"]) == said(view), link
        assert again["value"] == link
    assert sum(view.site is not None for view in views) > 100


def test_what_python_refuses_of_a_link_the_page_leaves_out(twins):
    links = page_functions.drawn(TORN, 600)
    refused = 0
    for link, page in zip(links, twins.of("parseView", links), strict=True):
        try:
            assert kept(page["value"]) == said(parse_view(link)), link
        except ViewLinkError:
            refused += 1
            expected = {}
            for part in link.removeprefix("#").split("&"):
                try:
                    one = said(parse_view("#" + part))
                except ViewLinkError:
                    continue
                expected = one | expected  # of two the page takes the first
            assert kept(page["value"]) == expected, link
    assert refused > 150
