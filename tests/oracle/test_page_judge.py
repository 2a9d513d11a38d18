"""The judge in the page against the engine: real Chromium, the same sites, the same answers."""

from __future__ import annotations

import dataclasses
import json
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, Point, Polygon, box

from screening.findings import answer_of
from screening.screen import judge
from screening.site import site_of
from spatial.levels import level_of
from spatial.overlay.distance import nearest_of
from spatial.overlay.frame import Frame
from tests.contract.test_proof import toothed_zone
from tests.judge_cases import question_for
from tests.judge_vectors import VECTORS, engine_says, layer_of_vector, site_of_vector
from tests.judge_worlds import ADVERSARIAL, World, adversarial, feature, jagged, uniform, world_of
from tests.page_harness import (
    JudgePage,
    differences,
    document_of,
    engine_words,
    layer_of,
    loaded_of,
    opened,
    page_layer,
    page_words,
    question_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from screening.site import Site

pytestmark = pytest.mark.browser
IN_WORLDS, WORLDS = 600, 15
"""Sites of several layers; those of single layers are in ``test_page_judge_cases.py`` and ``_more_cases.py``."""
FRAME = Frame.at(117.5, 49.4)


@pytest.fixture(scope="module")
def judging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JudgePage]:
    yield from opened(tmp_path_factory.mktemp("judge"))


def degrees(geometry: Any) -> Any:
    return FRAME.to_degrees(geometry)


def told(page: JudgePage) -> str:
    return f"{page.judged} sites, {page.milliseconds / page.judged:.1f} ms each"


# ---- full precision ------------------------------------------------------------------------------------------------


def test_at_full_precision_every_answer_area_and_distance_of_several_layers_is_the_engines(judging: JudgePage) -> None:
    answers: Counter[str] = Counter()
    each = IN_WORLDS // WORLDS
    for seed in range(WORLDS):
        world, rng = world_of(seed), np.random.default_rng(1_000 + seed)
        sites = [adversarial(world, rng, i) if i % 4 else uniform(world, rng) for i in range(each)]
        pages = asked(judging, world, sites)
        loaded = loaded_of(world.layers, *world.required)
        for number, (site, page) in enumerate(zip(sites, pages, strict=True)):
            if not site.geometry.is_valid:  # a sliver of nanometres may cross itself: both refuse it
                assert page == {"error": "SiteRefusedError: site_invalid"}
                continue
            engine = judge(site, loaded)
            way = ADVERSARIAL[number % len(ADVERSARIAL)].__name__ if number % 4 else "uniform"
            assert differences(engine_words(engine), page_words(page)) == [], (seed, number, way)
            assert page["precision"] == "full"
            answers[engine.answer] += 1
    print(f"\n{told(judging)}: {dict(answers)}")
    assert min(answers[word] for word in ("hit", "uncertain", "unknown", "clear")) >= IN_WORLDS // 20


def test_two_counties_of_one_theme_are_pooled_as_the_engine_pools_them(judging: JudgePage) -> None:
    # the counties share the border x = 0; their outer edge is at y = 2000; a = sqrt(1 + 25) = 5.1 m and so R + c + a
    west, east = degrees(box(-3000, -2000, 0, 2000)), degrees(box(0, -2000, 3000, 2000))
    zone = degrees(box(-2500, -1500, -2400, -1400))
    answers: Counter[tuple[str | None, float, str]] = Counter()
    for source, c in (("甲", 0.0), ("甲", 8.0), (None, 8.0)):
        layers = [
            layer_of(
                [feature(name)],
                [zone],
                kind="red_lines",
                name=name,
                coverage=cover,
                coverage_accuracy_m=c,
                coverage_source=source or name,
                coverage_version="1",
                accuracy_m=5.0,
            )
            for name, cover in (("西", west), ("东", east))
        ]
        judging.lay("pooled", [page_layer(layer) for layer in layers], document_of("red_lines"))
        places = [(0, 0), (3, 0), (0, 1000), *((0, 2000 - off) for off in (2, 4, 6, 8, 10, 12, 13, 14, 16, 20))]
        sites = [site_of(degrees(Point(*place)), accuracy_m=1.0) for place in places]
        loaded = loaded_of([(layer, None) for layer in layers], "red_lines")
        for site, page in zip(sites, judging.ask("pooled", [question_of(site) for site in sites]), strict=True):
            engine = judge(site, loaded)
            assert differences(engine_words(engine), page_words(page)) == [], (source, c, site.geometry.wkt)
            answers[source, c, engine.answer] += 1
    # clear from 6 m, from 14 m, and nowhere on a border between two sources that are narrowed each on its own
    assert [answers[key] for key in (("甲", 0.0, "clear"), ("甲", 8.0, "clear"), (None, 8.0, "clear"))] == [11, 6, 0]


def asked(judging: JudgePage, world: World, sites: Sequence[Site]) -> list[dict[str, Any]]:
    layers = [page_layer(layer, validity) for layer, validity in world.layers]
    judging.lay("world", layers, document_of(*world.required))
    return judging.ask("world", [question_of(site) for site in sites])


def test_every_vector_of_the_golden_file_holds_in_the_engine_and_in_the_page(judging: JudgePage) -> None:
    for vector in VECTORS:
        layer, site = layer_of_vector(vector), site_of_vector(vector)
        assert differences(vector["expected"], engine_says(vector)) == [], vector["name"]
        judging.lay("vector", [page_layer(layer, vector["validity"])], document_of("red_lines"))
        (page,) = judging.ask("vector", [question_of(site)])
        found = page_words(page)["findings"][0]
        assert differences(vector["expected"], {key: found[key] for key in vector["expected"]}) == [], vector["name"]
    assert {vector["expected"]["answer"] for vector in VECTORS} == {"hit", "uncertain", "unknown", "clear"}


def test_corner_that_geos_leaves_out_of_an_erosion_is_proof_in_the_page_too(judging: JudgePage) -> None:
    """A route 374 m deep at a = 370 m; each erosion by that much, drawn, ends beside it (``test_proof.py``)."""
    to_degrees = Frame.at(117.5, 49.5).to_degrees
    layer = layer_of(
        [feature("1")], [to_degrees(toothed_zone())], kind="red_lines", accuracy_m=math.sqrt(370.0**2 - 1.0)
    )
    route = to_degrees(LineString([(2604.5, -550), (2605.5, -550)]))
    page = said_of(judging, route, [page_layer(layer)], document_of("red_lines"))
    assert page["findings"][0]["accuracy_m"] == pytest.approx(370.0)
    assert (
        page["answer"] == judge(site_of(route, accuracy_m=1.0), loaded_of([(layer, None)], "red_lines")).answer == "hit"
    )


# ---- what the engine does not know of ----------------------------------------------------------------------------


ZONE = degrees(box(0, 0, 1000, 1000))
COUNTY = degrees(box(-9000, -9000, 9000, 9000))
FAR = degrees(box(3000, 3000, 3100, 3100))
INSIDE = degrees(box(400, 400, 600, 600))


def one_layer(**card: Any) -> dict[str, Any]:
    return page_layer(layer_of([feature("1")], [ZONE], kind="red_lines", coverage=COUNTY, accuracy_m=5.0, **card))


def said_of(judging: JudgePage, geometry: Any, layers: Sequence[Any], document: Any, **options: Any) -> dict[str, Any]:
    judging.lay("one", layers, document)
    (found,) = judging.ask("one", [question_of(site_of(geometry, accuracy_m=1.0))], **options)
    return found


def test_a_layer_whose_end_has_come_since_the_page_was_made_gives_no_clear(judging: JudgePage) -> None:
    layer = one_layer(valid_until="2026-12-31")
    document = document_of("red_lines")
    assert said_of(judging, FAR, [layer], document, today="2026-12-31")["answer"] == "clear"
    later = said_of(judging, FAR, [layer], document, today="2027-01-01")
    assert later["answer"] == "unknown"
    assert later["findings"][0]["reason"] == "layer_expired"
    assert {w["code"] for w in later["warnings"]} == {"layer_expired"}
    assert said_of(judging, INSIDE, [layer], document, today="2027-01-01")["answer"] == "hit"


def test_an_old_page_says_so_and_a_clock_that_is_behind_changes_nothing(judging: JudgePage) -> None:
    layer, document = one_layer(), document_of("red_lines")
    assert said_of(judging, FAR, [layer], document, today="2027-11-22")["warnings"] == []
    assert [w["code"] for w in said_of(judging, FAR, [layer], document, today="2027-11-23")["warnings"]] == [
        "page_older_than"
    ]
    behind = said_of(judging, FAR, [layer], document, today="2001-01-01")
    assert (behind["answer"], behind["warnings"]) == ("clear", [])


def test_what_was_lost_is_unknown_and_what_is_lost_without_a_kind_makes_every_kind_unknown(judging: JudgePage) -> None:
    one = {"layer": "甲", "kind": "red_lines", "role": "protective", "detail": "DamagedVersionError"}
    found = said_of(judging, FAR, [one_layer()], document_of("red_lines", lost=[one]))
    assert found["kinds"] == {"red_lines": "unknown"}
    everything = {**one, "layer": None, "kind": None}
    found = said_of(judging, FAR, [one_layer()], document_of("red_lines", lost=[everything]))
    priority = ("control_units", "protected_areas", "red_lines", "water_sources")
    assert found["kinds"] == dict.fromkeys(priority, "unknown")
    context = {**one, "kind": "other", "role": "context"}
    assert said_of(judging, FAR, [one_layer()], document_of("red_lines", lost=[context]))["answer"] == "clear"


def test_a_required_kind_without_a_layer_is_unknown(judging: JudgePage) -> None:
    found = said_of(judging, FAR, [one_layer()], document_of("red_lines", "water_sources"))
    assert found["kinds"] == {"red_lines": "clear", "water_sources": "unknown"}
    assert [f["reason"] for f in found["findings"]] == ["layer_missing", "outside"]


@pytest.mark.parametrize(
    "harm",
    [
        lambda layer: layer["index"].pop("pieces/wkb"),
        lambda layer: layer["index"].update({"pieces/wkb": {"u1": layer["index"]["pieces/wkb"]["u1"][:80]}}),
        lambda layer: layer["index"].update({"pieces/feature": {"i4": "BwAAAA=="}}),
        lambda layer: layer["index"].update({"pieces/offset": {"i4": "AAAAAA=="}, "pieces/wkb": {"u1": ""}}),
        lambda layer: layer["columns"].update({"zone": {"u1": ""}}),
        lambda layer: layer["columns"].pop("rejected_boxes"),
        lambda layer: layer["columns"].update({"without_extent_m": {"f8": ""}}),
        lambda layer: layer["table"].update({"id": []}),
        lambda layer: layer.update({"index": None}),
        lambda layer: layer["index"].pop("coverage/edges/xy"),
        lambda layer: layer["layer"]["judge"].update({"coverage_stated": False}),
        lambda layer: layer["layer"]["judge"].update({"precision": "simplified"}),
        lambda layer: layer["layer"].update({"accuracy_m": None}),
        lambda layer: layer["layer"].pop("judge"),
    ],
)
def test_whatever_a_page_has_lost_of_a_layer_no_site_is_clear(judging: JudgePage, harm: Any) -> None:
    layer = one_layer()
    assert said_of(judging, FAR, [layer], document_of("red_lines"))["answer"] == "clear"
    layer = json.loads(json.dumps(layer))
    harm(layer)
    assert said_of(judging, FAR, [layer], document_of("red_lines"))["answer"] == "unknown"


def test_a_level_that_lacks_a_zone_or_its_displacement_makes_nothing_clear(judging: JudgePage) -> None:
    layer = layer_of([feature("1"), feature("2")], [ZONE, FAR], kind="red_lines", coverage=COUNTY, accuracy_m=5.0)
    cover = level_of(np.array([COUNTY], dtype=object), tolerance_m=1.0)
    whole = page_layer(layer, level=level_of([ZONE, FAR], tolerance_m=1.0), coverage_level=cover)
    elsewhere = degrees(box(-3000, -3000, -2900, -2900))
    assert said_of(judging, elsewhere, [whole], document_of("red_lines"))["answer"] == "clear"
    part = page_layer(layer, level=level_of([ZONE, None], tolerance_m=1.0), coverage_level=cover)
    found = said_of(judging, elsewhere, [part], document_of("red_lines"))
    assert (found["answer"], found["findings"][0]["reason"]) == ("unknown", "extent_not_given")
    for wrong in (None, -1.0):
        whole["layer"]["judge"]["displacement_m"] = wrong
        assert said_of(judging, elsewhere, [whole], document_of("red_lines"))["answer"] == "unknown"


def test_on_a_seam_that_a_level_has_closed_no_hit_is_said(judging: JudgePage) -> None:
    # two zones 4 m apart, drawn as if they touched: a point between them lies in neither
    west, east = degrees(box(-500, -500, -2, 500)), degrees(box(2, -500, 500, 500))
    drawn = [degrees(box(-500, -500, 0, 500)), degrees(box(0, -500, 500, 500))]
    layer = layer_of([feature("1"), feature("2")], [west, east], kind="red_lines", coverage=COUNTY, accuracy_m=0.05)
    level = dataclasses.replace(level_of(drawn, tolerance_m=0.0), displacement_m=2.2)
    site = degrees(Point(0, 0))
    assert answer_of(question_for(site_of(site, accuracy_m=1.0)), layer).answer == "clear"
    cover = level_of(np.array([COUNTY], dtype=object), tolerance_m=0.0)
    shown = page_layer(layer, level=level, coverage_level=cover)
    assert said_of(judging, site, [shown], document_of("red_lines"))["answer"] == "uncertain"
    deep = said_of(judging, degrees(Point(100, 0)), [shown], document_of("red_lines"))
    assert deep["answer"] == "hit"


def test_between_a_and_a_and_the_displacement_the_page_says_why_it_is_uncertain(judging: JudgePage) -> None:
    layer = layer_of([feature("1")], [ZONE], kind="red_lines", coverage=COUNTY, accuracy_m=5.0)
    level = dataclasses.replace(level_of([ZONE], tolerance_m=0.0), displacement_m=10.0)
    cover = level_of(np.array([COUNTY], dtype=object), tolerance_m=0.0)
    shown = page_layer(layer, level=level, coverage_level=cover)

    def reason_at(x: float) -> str:
        found = said_of(judging, degrees(Point(1000 + x, 500)), [shown], document_of("red_lines"))
        reason: str = found["findings"][0]["reason"]
        return reason

    # a = sqrt(1 + 25) = 5.1 m, rounded up; the displacement is 10 m
    assert [reason_at(x) for x in (4.9, 5.3, 14.9, 15.3)] == [
        "within_accuracy",
        "within_displacement",
        "within_displacement",
        "outside",
    ]


@pytest.mark.parametrize(
    ("geometry", "code"),
    [
        (Polygon([(117, 49), (117.1, 49.1), (117.1, 49), (117, 49.1)]), "site_invalid"),
        (Point(151, 49), "site_outside"),
        (Point(117, 61), "site_outside"),
    ],
)
def test_a_site_that_nothing_can_be_said_of_is_refused(judging: JudgePage, geometry: Any, code: str) -> None:
    judging.lay("one", [one_layer()], document_of("red_lines"))
    question = question_of(site_of(Point(117, 49), accuracy_m=1.0))
    question["geometry"] = shapely.geometry.mapping(geometry)
    assert judging.ask("one", [question]) == [{"error": f"SiteRefusedError: {code}"}]


def test_ten_thousand_questions_leave_nothing_behind(judging: JudgePage) -> None:
    judging.lay("many", [one_layer()], document_of("red_lines"))
    shapes = [degrees(box(x, 900, x + 40, 1000.02)) for x in (0, 400)]
    shapes += [degrees(Point(x, 1000.02)) for x in range(0, 900, 50)]
    questions = [question_of(site_of(shape, accuracy_m=1.0)) for shape in shapes]
    before = judging.repeat("many", questions, 1)
    assert judging.repeat("many", questions, 500) == before
    assert before["bytes"] < 64_000_000


def test_the_page_measures_areas_and_lengths_as_the_engine_does(judging: JudgePage) -> None:
    # 3'45" by 2'30" at 40 degrees, the sheet of the engine's own example; a degree of the meridian from the equator
    sheet = shapely.geometry.mapping(box(111, 40, 111.0625, 40 + 2.5 / 60))
    line = shapely.geometry.mapping(LineString([(120, 0), (120, 1)]))
    found = judging.page.evaluate(
        "async ([a, b]) => { const judge = await startJudge(); return [judge.area(a), judge.length(b)]; }",
        [sheet, line],
    )
    assert found == pytest.approx([24_684_446.242, 110_574.389], abs=1e-3)


def test_figures_are_rounded_as_the_engine_rounds_them(judging: JudgePage) -> None:
    # 0.0625 and 0.1875 lie half way between two thousandths: to the even one
    layer = layer_of([feature("1", accuracy_m=0.0625), feature("2", accuracy_m=0.1875)], [ZONE, FAR], kind="red_lines")
    site = site_of(degrees(box(-50, -50, 3200, 3200)), accuracy_m=0.0625)
    engine = judge(site, loaded_of([(layer, None)], "red_lines"))
    judging.lay("rounded", [page_layer(layer)], document_of("red_lines"))
    (page,) = judging.ask("rounded", [question_of(site)])
    own = [f["accuracy_m"] for f in page["findings"][0]["features"]]
    assert own == [f.to_dict()["accuracy_m"] for f in engine.findings[0].features] == [0.062, 0.188]


def test_the_nearest_of_two_edges_is_the_engines_at_every_distance(judging: JudgePage) -> None:
    rng = np.random.default_rng(8)
    layer = layer_of([feature("1")], [degrees(jagged(rng, 900, 0, 0))], kind="red_lines", coverage=None)
    judging.lay("distance", [page_layer(layer)], document_of("red_lines"))
    sites = [
        site_of(degrees(jagged(rng, 300, *(metres * np.array([math.cos(t), math.sin(t)])))), accuracy_m=1.0)
        for metres, t in zip(np.geomspace(1_500, 90_000, 25), rng.uniform(0, 6.28, 25), strict=True)
    ]
    zone = np.array([layer.index.geometry(0)], dtype=object)
    for site, page in zip(sites, judging.ask("distance", [question_of(site) for site in sites]), strict=True):
        engine = nearest_of(site.geometry, zone)
        listed = page["findings"][0]["features"][0]
        assert listed["distance_m"] == pytest.approx(engine.distance_m, abs=1e-3)
        assert listed["bearing_deg"] == pytest.approx(engine.bearing_deg, abs=0.01)


def test_far_away_the_nearest_pair_is_the_engines_to_the_digit_that_is_printed(judging: JudgePage) -> None:
    # 105 km to 3,300 km; edges of 10 m, of 4° and of 60°, and of none at all; a point, a parcel and a route each time
    wide = Polygon([(112.0, 30.0), (116.0, 30.4), (116.2, 34.0), (112.3, 33.1)])
    border = LineString([(74.0, 20.0), (134.0, 22.0)])
    layer = layer_of(
        [feature("1"), feature("2"), feature("3"), feature("4")],
        [wide, border, ZONE, Point(128.0, 3.5)],
        kind="red_lines",
        coverage=None,
    )
    judging.lay("far", [page_layer(layer)], document_of("red_lines"))
    rng = np.random.default_rng(12)
    shapes = []
    for lon, lat in rng.uniform((75, 4), (134, 53), (12, 2)):
        shapes += [
            Point(lon, lat),
            box(lon, lat, lon + 0.01, lat + 0.007),
            LineString([(lon, lat), (lon + 1.5, lat + 0.4)]),
        ]
    sites = [site_of(shape, accuracy_m=1.0) for shape in shapes]
    zones = [np.array([layer.index.geometry(row)], dtype=object) for row in range(4)]
    metres = []
    for site, page in zip(sites, judging.ask("far", [question_of(site) for site in sites]), strict=True):
        engine = min((nearest_of(site.geometry, zone) for zone in zones), key=lambda found: found.distance_m)
        listed = page["findings"][0]["features"][0]
        assert listed["distance_m"] == pytest.approx(engine.distance_m, abs=1e-3)
        assert listed["bearing_deg"] == pytest.approx(engine.bearing_deg, abs=0.01)
        metres.append(engine.distance_m)
    assert sum(m > 100_000 for m in metres) > 20


def test_the_library_in_the_page_is_the_one_that_was_compared(judging: JudgePage) -> None:
    version = judging.page.evaluate("async () => (await startJudge()).geosVersion")
    assert version.startswith("3.13.")
