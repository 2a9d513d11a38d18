"""The judge in the page where a layer is simplified or generalised: never clear or hit against the engine."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, Point, box

from screening.findings import answer_of
from screening.themes import kind_answers
from spatial.levels import level_of
from spatial.overlay.frame import Frame
from tests.judge_cases import question_for
from tests.judge_worlds import HALF, World, feature, jagged, uniform
from tests.page_harness import JudgePage, document_of, layer_of, opened, page_layer, question_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from screening.question import Question

pytestmark = pytest.mark.browser
UNIFORM = 2_000
FRAME = Frame.at(117.5, 49.4)


@pytest.fixture(scope="module")
def judging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JudgePage]:
    yield from opened(tmp_path_factory.mktemp("judge"))


def degrees(geometry: Any) -> Any:
    return FRAME.to_degrees(geometry)


def told(page: JudgePage) -> str:
    return f"{page.judged} sites, {page.milliseconds / page.judged:.1f} ms each"


# ---- simplified ----------------------------------------------------------------------------------------------------


def mapped_edge(rng: np.random.Generator, shape: Any) -> Any:
    """The same shape with a corner every 25 m, each up to 3 m aside: an edge as surveys draw it."""
    shape = shapely.segmentize(shape, 25.0)
    return shapely.transform(shape, lambda xy: xy + 3.0 * np.sin(xy[:, ::-1] * 7.13 + xy * 3.1))


def mapped_world(seed: int) -> World:
    """Red lines and units that tile, drawn like mapped boundaries, in a county known to its edge."""
    rng = np.random.default_rng(seed)
    places = rng.uniform(-2800, 2800, (6, 2)).tolist()
    reds = [mapped_edge(rng, jagged(rng, 700, x, y, corners=14)) for x, y in places]
    reds += [mapped_edge(rng, LineString(rng.uniform(-3000, 3000, (3, 2))).buffer(60.0)) for _ in range(2)]
    reds = [g if g.is_valid else g.buffer(0) for g in reds]
    cuts = np.linspace(-HALF, HALF, 4)
    cells = [mapped_edge(rng, box(x, y, x + 2 * HALF / 3, y + 2 * HALF / 3)) for x in cuts[:3] for y in cuts[:3]]
    county = degrees(box(-1.1 * HALF, -1.1 * HALF, 1.1 * HALF, 1.1 * HALF))
    red = layer_of(
        [feature(f"红{i}", accuracy_m=60.0 if i == 5 else None) for i in range(len(reds))],
        [degrees(g) for g in reds],
        kind="red_lines",
        accuracy_m=10.0,
        coverage=county,
        coverage_accuracy_m=5.0,
    )
    units = layer_of(
        [feature(f"ZH{i}", "priority" if i == 4 else "general", counts=i == 4) for i in range(9)],
        [degrees(g) for g in cells],
        kind="control_units",
        accuracy_m=10.0,
        coverage=shapely.union_all([degrees(g) for g in cells], grid_size=1e-8),
        coverage_accuracy_m=10.0,
    )
    water = layer_of(
        [feature("井", "zone_1", influence_m=800.0), feature("河", "zone_2", influence_m=200.0)],
        [degrees(Point(500, 500)), degrees(mapped_edge(rng, LineString(rng.uniform(-3000, 3000, (3, 2)))))],
        kind="water_sources",
        accuracy_m=10.0,
        coverage=county,
        coverage_accuracy_m=5.0,
    )
    return World(frame=FRAME, layers=((red, None), (units, None), (water, None)), required=())


def test_where_it_is_simplified_the_page_never_says_clear_or_hit_against_the_engine(judging: JudgePage) -> None:
    world, rng = mapped_world(5), np.random.default_rng(17)
    both: Counter[tuple[str, str]] = Counter()
    for layer, _ in world.layers:  # each site with one of the three layers in turn
        kind = layer.card.kind
        shapes = [layer.index.geometry(row) for row in range(layer.records.count)]
        cover = np.array([layer.coverage.geometry(0)], dtype=object)  # type: ignore[union-attr, type-var]
        level, around = level_of(shapes, tolerance_m=5.0), level_of(cover, tolerance_m=5.0)
        assert 4.0 < level.displacement_m < 6.0
        assert level.arrays["xy"].size / 2 < 0.7 * sum(map(shapely.get_num_coordinates, shapes))
        judging.lay("simplified", [page_layer(layer, level=level, coverage_level=around)], document_of(kind))
        sites = [uniform(world, rng, reach=1.05 * HALF) for _ in range(math.ceil(UNIFORM / len(world.layers)))]
        for site, page in zip(sites, judging.ask("simplified", [question_of(site) for site in sites]), strict=True):
            assert page["precision"] == "simplified"
            said, question = page["kinds"][kind], question_for(site)
            found = answer_of(question, layer)
            engine = kind_answers(question, [(layer, found)], [])[kind]
            both[engine, said] += 1
            if engine == said:
                continue
            assert said not in ("hit", "clear"), (kind, site.geometry.wkt)
            moved, edge = level.displacement_m, around.displacement_m
            assert in_band(question, layer, found, moved=moved, edge=edge, said=said), (kind, site.geometry.wkt)
    extra = sum(n for (engine, said), n in both.items() if said == "uncertain" != engine)
    print(f"\n{told(judging)}; simplified: {dict(both)}; uncertain besides: {extra / both.total():.2%}")
    assert 0 < extra <= 0.1 * both.total()
    assert both["hit", "hit"] > 100
    assert both["clear", "clear"] > 100


def in_band(question: Question, layer: Any, found: Any, *, moved: float, edge: float, said: str) -> bool:
    """Whether an answer less sure than the engine's is due to how far a boundary may lie from the one drawn."""
    reach = 2.02 * moved + 0.05
    if found.answer == "hit":  # nothing of the site lies deeper in one zone than a and the two displacements
        frame = Frame.around(question.geometry.bounds)
        site = frame.to_plane(question.geometry)
        for row in np.flatnonzero(found.standing.zone):
            influence = float(found.standing.influence_m[row])
            a = question.combined(float(found.standing.accuracy_m[row]))
            shape = frame.to_plane(layer.index.geometry(int(row)))
            by = influence - a - reach if influence > 0 else -(a + reach)
            if shapely.intersects(shapely.buffer(shape, by * (1.01 if by < 0 else 0.99), quad_segs=32), site):
                return False
        return said == "uncertain"
    if said == "uncertain":
        return bool(found.gap_m is not None and found.gap_m <= found.clear_margin_m + reach)
    # unknown where the engine is clear: the edge of the coverage is near
    needed = found.clear_margin_m + (layer.card.coverage_accuracy_m or 0.0) + 2.02 * edge + 0.05
    return found.cover is not None and found.cover.edge_m <= needed


# ---- generalised ---------------------------------------------------------------------------------------------------


def test_where_it_is_generalised_it_proves_nothing_and_is_clear_only_where_the_engine_is(judging: JudgePage) -> None:
    rng = np.random.default_rng(3)
    world = mapped_world(6)
    layer = world.layers[0][0]
    # a superset: every zone widened by 100 m and more
    shapes = [degrees(FRAME.to_plane(layer.index.geometry(row)).buffer(110)) for row in range(layer.records.count)]
    inner = np.array([degrees(FRAME.to_plane(layer.coverage.geometry(0)).buffer(-150))], dtype=object)  # type: ignore[union-attr, type-var]
    shown = page_layer(
        layer,
        level=level_of(shapes, tolerance_m=0.0),
        coverage_level=level_of(inner, tolerance_m=0.0),
        precision="generalised",
    )
    judging.lay("generalised", [shown], document_of("red_lines"))
    sites = [uniform(world, rng) for _ in range(200)]
    both: Counter[tuple[str, str]] = Counter()
    for site, page in zip(sites, judging.ask("generalised", [question_of(site) for site in sites]), strict=True):
        engine, said = answer_of(question_for(site), layer).answer, page["answer"]
        both[engine, said] += 1
        assert said != "hit"
        assert said != "clear" or engine == "clear"
        (finding,) = page["findings"]
        assert (finding["reason"] == "generalised") == (said == "uncertain")
        assert {f["overlap_m2"] for f in finding["features"]} <= {0}
        assert page["precision"] == "generalised"
    assert both["hit", "uncertain"] > 10
    assert both["clear", "clear"] > 10
