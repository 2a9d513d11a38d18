"""Many sites answered together have the rows that each has alone: worlds of several layers, cases of single ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
import shapely

from layers.workspace import FolderStore
from screening.batch import judging, settling
from screening.batch.desk import Desk
from screening.batch.row import COLUMNS
from screening.batch.table import NumberedSite, sites_table
from screening.findings import answer_of
from screening.loaded import load
from screening.proving import accuracy_of_proof
from screening.site import site_of
from spatial.overlay.frame import Frame
from tests.building import add, workspace_at
from tests.judge_cases import single
from tests.judge_worlds import adversarial, feature, uniform, world_of
from tests.oracle.cases import seeded
from tests.page_harness import layer_of, loaded_of
from tests.tilings import blob, tiling

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from layers.version import OpenLayer
    from screening.loaded import Loaded
    from screening.site import Site

MEASURED = {c.name for c in COLUMNS if c.type == "number"}
AS_OF = "2026-11-22"
GAP_M, SHARE = 1.001e-3, 1e-9
FAR_M = 10_000.0
"""Beyond this a distance is known to 0.1 % only."""


def rows_of(loaded: Loaded, sites: Sequence[Site], *, one_by_one: bool) -> list[dict[str, Any]]:
    numbered = [NumberedSite(number=n, id=f"S{n}", site=site) for n, site in enumerate(sites, 1)]
    desk = Desk(loaded=loaded, layers=[], one_by_one=one_by_one)
    rows: list[dict[str, Any]] = desk.rows(sites_table(numbered)).drop_columns(["geometry"]).to_pylist()
    return rows


def assert_same(together: dict[str, Any], alone: dict[str, Any], site: Site) -> None:
    for name, value in alone.items():
        found = together[name]
        where = f"{name} of {site.geometry.wkt[:200]}: {found!r} together, {value!r} alone"
        if name not in MEASURED or value is None or found is None:
            assert found == value, where
        elif name.endswith("_m2"):
            assert found == pytest.approx(value, rel=SHARE, abs=0.0101), where
        elif value > FAR_M:
            assert found == pytest.approx(value, rel=1e-3), where
        else:
            assert found == pytest.approx(value, rel=0, abs=GAP_M), where


def single_part(site: Site) -> bool:
    return len(site.parts) == 1


@pytest.mark.parametrize("seed", range(6))
def test_a_crowd_in_a_world_of_layers_is_answered_as_each_site_alone(seed: int) -> None:
    world = world_of(seed)
    rng = np.random.default_rng(seed)
    sites = [adversarial(world, rng, n) for n in range(12)] + [uniform(world, rng) for _ in range(20)]
    sites = [site for site in sites if single_part(site)]
    loaded = loaded_of(world.layers, *world.required)
    together, alone = (rows_of(loaded, sites, one_by_one=way) for way in (False, True))
    for mine, truth, site in zip(together, alone, sites, strict=True):
        assert_same(mine, truth, site)


def test_a_crowd_at_one_layer_is_answered_as_each_site_alone() -> None:
    for case in seeded(96, first_seed=140):
        layer, validity, site = single(case)
        if not single_part(site):
            continue
        loaded = loaded_of([(layer, validity)], layer.card.kind)
        (mine,), (truth,) = (rows_of(loaded, [site], one_by_one=way) for way in (False, True))
        assert_same(mine, truth, site)


def parcels(rng: np.random.Generator, count: int, box: tuple[float, float, float, float]) -> list[Site]:
    """Parcels of 22 corners and some 100 to 800 metres, and points, anywhere in a box."""
    found = []
    for number in range(count):
        x, y = rng.uniform(box[:2], box[2:])
        if number % 5 == 0:
            found.append(site_of(shapely.Point(x, y), accuracy_m=5, radius_m=float(rng.choice([0.0, 100.0]))))
            continue
        angle = np.sort(rng.uniform(0, 2 * np.pi, 22))
        reach = rng.uniform(0.0005, 0.004) * rng.uniform(0.6, 1, 22)
        ring = np.column_stack([x + reach * np.cos(angle), y + reach * np.sin(angle)])
        found.append(site_of(shapely.Polygon(ring), accuracy_m=float(rng.choice([1.0, 5.0]))))
    return found


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """100 units that share rough borders, 60 rough red lines; on disk, as an import leaves them."""
    rng = np.random.default_rng(14)
    units = tiling(100, 120, west=117.0, south=49.0, side=0.5)
    lines = [blob(*rng.uniform((117.05, 49.05), (117.45, 49.45)), rng.uniform(0.004, 0.02), 80, rng) for _ in range(60)]
    store = workspace_at(tmp_path_factory.mktemp("county") / "ws", "control_units", "red_lines")
    rows = [{"HJGKDYBM": f"ZH1507813{n:05d}", "ZHGKDYFL": str(n % 3 + 1)} for n in range(len(units))]
    add(store, "control_units", list(units), rows, coverage=shapely.box(116, 48, 119, 51))
    add(
        store,
        "red_lines",
        lines,
        [{"名称": f"红线{n}"} for n in range(60)],
        coverage=shapely.box(116.9, 48.9, 117.6, 49.6),
    )
    return store.root


def test_a_county_is_answered_as_each_site_alone_and_mostly_together(county, monkeypatch) -> None:
    sites = parcels(np.random.default_rng(3), 240, (116.95, 48.95, 117.55, 49.55))
    loaded = load(FolderStore.open(county), AS_OF)
    alone = rows_of(loaded, sites, one_by_one=True)
    asked = []
    monkeypatch.setattr(settling, "answer_of", lambda *a, **k: asked.append(1) or answer_of(*a, **k))
    together = rows_of(loaded, sites, one_by_one=False)
    for mine, truth, site in zip(together, alone, sites, strict=True):
        assert_same(mine, truth, site)
    assert {row["answer"] for row in alone} == {"hit", "uncertain", "clear", "unknown"}
    assert len(asked) < 0.1 * 2 * len(sites), "nearly all is settled without the engine of one site"


def at_an_edge(rng: np.random.Generator, edge: Any, count: int) -> list[Site]:
    """Parcels from a tenth to thirty times their accuracy wide, thin ones among them, on a line or beside it."""
    found: list[Site] = []
    while len(found) < count:
        accuracy, angle = float(rng.choice([1.0, 5.0, 30.0])), np.sort(rng.uniform(0, 2 * np.pi, 9))
        reach = accuracy * 10 ** rng.uniform(-1, 1.5) * rng.uniform(0.5, 1, 9)
        around = np.column_stack([reach * np.cos(angle), reach * np.sin(angle) * rng.choice([1.0, 0.1])])
        middle = shapely.get_coordinates(shapely.line_interpolate_point(edge, rng.uniform(), normalized=True))[0]
        ring = np.round(middle + (around + rng.normal(0, 1.2 * accuracy, 2)) / (PLACE.kx, PLACE.ky), 9)
        if shapely.is_valid(polygon := shapely.Polygon(ring)):
            found.append(site_of(polygon, accuracy_m=accuracy))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_parcels_at_an_edge_are_proved_together_as_the_engine_proves_each(seed: int, monkeypatch) -> None:
    rng = np.random.default_rng(seed)
    zone = blob(117.5, 49.5, 0.02, 300, rng)
    loaded = loaded_of([(lines([zone]), None)], "red_lines")
    sites = at_an_edge(rng, shapely.boundary(zone), 60)
    alone = rows_of(loaded, sites, one_by_one=True)
    asked = []
    monkeypatch.setattr(settling, "accuracy_of_proof", lambda *a: asked.append(1) or accuracy_of_proof(*a))
    together = rows_of(loaded, sites, one_by_one=False)
    for mine, truth, site in zip(together, alone, sites, strict=True):
        assert_same(mine, truth, site)
    assert min(sum(row["answer"] == answer for row in alone) for answer in ("hit", "uncertain")) > 10
    assert len(asked) <= 12, "few are so near to the limit that the engine must say"


def test_how_wide_a_parcel_is_beyond_the_zone_proves_nothing_and_a_strip_may_be_swallowed() -> None:
    """No corner in the zone is as deep as a, which is 10.05 m."""
    layer = lines([metres(0, -2000, 2000, 2000)])
    rows = both_ways(layer, *(metres(-15, -300, east, 300) for east in (9, 9.8, 9.95)), metres(1, -3, 9.9, 3))
    assert [row["answer"] for row in rows] == ["uncertain"] * 4
    strip = lines([metres(0, -2000, 7, 2000)])
    (over,) = both_ways(strip, metres(-100, -100, 100, 100))
    assert (over["answer"], over["red_lines_reason"]) == ("hit", "overlaps")


def test_a_row_does_not_depend_on_the_sites_beside_it(county) -> None:
    sites = parcels(np.random.default_rng(5), 90, (116.95, 48.95, 117.55, 49.55))
    loaded = load(FolderStore.open(county), AS_OF)
    table = sites_table([NumberedSite(number=n, id=f"S{n}", site=site) for n, site in enumerate(sites, 1)])
    whole = Desk(loaded=loaded, layers=[]).rows(table)
    parts = [Desk(loaded=loaded, layers=[]).rows(table.slice(at, 7)) for at in range(0, 90, 7)]
    assert pa.concat_tables(parts).to_pylist() == whole.to_pylist()


LAND = shapely.box(117.0, 49.0, 118.0, 50.0)
PLACE = Frame.at(117.5, 49.5)


def metres(west: float, south: float, east: float, north: float) -> Any:
    """A box in metres about a place."""
    return PLACE.to_degrees(shapely.box(west, south, east, north))


def lines(zones: Sequence[Any], *fields: dict[str, Any], **card: Any) -> OpenLayer:
    """Red lines with what is said of each; sure to 10 m, known of a degree of land."""
    words = fields or ({},) * len(zones)
    features = [feature(f"线{n}", **own) for n, own in enumerate(words)]
    return layer_of(features, zones, **{"kind": "red_lines", "accuracy_m": 10.0, "coverage": LAND, **card})


def both_ways(layer: OpenLayer, *sites: Any, accuracy_m: float = 1.0, radius_m: float = 0.0) -> list[dict[str, Any]]:
    """The rows of sites, which are the same together and alone."""
    loaded = loaded_of([(layer, None)], layer.card.kind)
    asked = [site_of(geometry, accuracy_m=accuracy_m, radius_m=radius_m) for geometry in sites]
    together, alone = (rows_of(loaded, asked, one_by_one=way) for way in (False, True))
    for mine, truth, site in zip(together, alone, asked, strict=True):
        assert_same(mine, truth, site)
    return together


FAR, NEAR = shapely.box(5000, 0, 5100, 100), shapely.box(0, 0, 100, 100)


@pytest.mark.parametrize("parts", [(FAR, NEAR), (NEAR, FAR)])
def test_every_part_of_a_site_is_asked_where_it_lies(parts: tuple[Any, Any]) -> None:
    site = PLACE.to_degrees(shapely.MultiPolygon(parts))
    (row,) = both_ways(lines([metres(-1000, -1000, 1000, 1000)]), site)
    assert (row["answer"], row["red_lines_overlap_m2"]) == ("hit", pytest.approx(10_000, rel=1e-4))
    known = metres(-2000, -2000, 2000, 2000)
    (row,) = both_ways(lines([metres(-1900, -1900, -1800, -1800)], coverage=known), site)
    assert (row["answer"], row["red_lines_reason"]) == ("unknown", "partly_outside_coverage")


def test_a_hit_coarser_than_the_window_of_a_proof_is_left_to_the_engine() -> None:
    layer = lines([metres(-30_000, -20_000, 30_000, 20_000)])
    for accuracy, answer in ((1_500.0, "hit"), (3_000.0, "uncertain")):
        rows = both_ways(layer, metres(0, 0, 100, 100), metres(0, 0, 0.1, 0.1), accuracy_m=accuracy)
        assert {row["answer"] for row in rows} == {answer}


@pytest.mark.parametrize(("place", "accuracy_m"), [(shapely.Point(117.5, 49.5), 5_000.0), (None, 10.0)])
def test_a_feature_without_extent_is_near_as_far_as_its_own_accuracy_or_anywhere(place, accuracy_m) -> None:
    far, vague = metres(-20_000, 0, -19_900, 100), {"without_extent_m": 500.0, "accuracy_m": accuracy_m}
    (row,) = both_ways(lines([far, place], {}, vague), metres(3_000, 0, 3_100, 100))  # 3 km from it
    assert (row["answer"], row["red_lines_reason"]) == ("unknown", "extent_not_given")


def test_a_zone_lost_in_a_crack_between_others_still_has_its_distance() -> None:
    crack = shapely.box(117.5, 49.5, 117.5 + 1e-9, 49.51)  # 0.07 mm
    units = [shapely.box(117.49, 49.5, 117.5, 49.51), crack, shapely.box(117.5 + 1e-9, 49.5, 117.51, 49.51)]
    beside = ({"counts": False}, {}, {"counts": False})
    layer = lines(units, *beside, kind="control_units")
    rows = both_ways(layer, *(metres(x, 200, x + 100, 300) for x in (-150, -120, -105, -50, 5, 20)))
    assert [row["control_units"] for row in rows] == ["clear", "clear", "uncertain", "hit", "uncertain", "clear"]
    assert [row["control_units_gap_m"] for row in rows] == pytest.approx([50, 20, 5, 0, 5, 20], abs=5e-3)


def test_a_site_so_large_that_its_share_outside_rounds_to_all_is_outside() -> None:
    layer = lines([metres(30_000, 0, 30_100, 100)], coverage=metres(0, 0, 35_000, 35_000))
    rows = both_ways(layer, metres(-60_000, -60_000, 1.2, 1.2), metres(-600, -600, 1.2, 1.2))
    # of 3.6e9 m² some 1.4 m² lie within: 4e-10; of 3.6e5 m² it is 4e-6
    assert [row["red_lines_reason"] for row in rows] == ["outside_coverage", "partly_outside_coverage"]


def test_where_neighbours_overlap_by_less_than_a_millimetre_the_land_counts_once() -> None:
    middle = 117.5 + 5e-9  # the western one reaches 0.36 mm into the eastern: 0.72 m² of 2 km
    layer = lines([shapely.box(117.45, 49.45, middle, 49.55), shapely.box(117.5, 49.45, 117.55, 49.55)])
    (row,) = both_ways(layer, metres(-300, -1000, 400, 1000))
    assert row["red_lines_overlap_m2"] == pytest.approx(1_400_000.0, abs=0.1)


def test_zones_that_share_a_whole_site_are_named_in_the_order_of_their_ids() -> None:
    rng = np.random.default_rng(1)
    zones = [blob(117.5, 49.5, 0.08, 90, rng) for _ in range(3)]
    sites = [metres(x, y, x + 1234.5, y + 777.7) for x in (-900, -700, 0, 100) for y in (-800, -300, 200)]
    rows = both_ways(lines(zones), *sites)
    assert {row["red_lines_met"] for row in rows} == {"线0 区线0; 线1 区线1; 线2 区线2"}


def test_of_two_zones_as_near_for_their_accuracies_the_engine_says_which_decides() -> None:
    east = {"accuracy_m": 40.0}
    for step in (0.0, 4e-4, 9e-4, 1.4e-3):  # a: 10.05 and 40.02, so that 29.97 m make them even
        layer = lines([metres(-200, 0, -100, 100), metres(229.962 + step, 0, 300, 100)], {}, east)
        both_ways(layer, metres(0, 0, 100, 100))


def test_a_site_that_cannot_be_judged_stops_no_other(county, monkeypatch) -> None:
    sites = parcels(np.random.default_rng(3), 6, (116.95, 48.95, 117.55, 49.55))
    loaded = load(FolderStore.open(county), AS_OF)
    truth = rows_of(loaded, sites, one_by_one=True)

    def broken(*_: Any, **__: Any) -> Any:
        raise shapely.GEOSException("TopologyException: made so")

    monkeypatch.setattr(judging, "layer_columns", broken)
    assert rows_of(loaded, sites, one_by_one=False) == truth


def test_a_tip_that_is_not_quite_deep_proves_nothing() -> None:
    layer = lines([metres(0, -2000, 2000, 2000)])  # a = 10.05
    tips = [PLACE.to_degrees(shapely.Polygon([(-300, -200), (depth, 0), (-300, 200)])) for depth in (7, 8, 9)]
    assert {row["answer"] for row in both_ways(layer, *tips)} == {"uncertain"}


def test_a_point_is_a_hit_just_where_it_is_deeper_than_a() -> None:
    layer = lines([metres(0, -2000, 2000, 2000)])  # a = 10.05
    rows = both_ways(layer, *(PLACE.to_degrees(shapely.Point(x, 0)) for x in (7, 9.9, 10.1, 10.15, 13)))
    assert [row["answer"] for row in rows] == ["uncertain", "uncertain", "hit", "hit", "hit"]


def test_deep_is_measured_in_a_however_fine_the_cells_are() -> None:
    edge = shapely.segmentize(shapely.box(-5000, -5000, 5000, 5000), 20)  # many edges, so that cells are small
    layer = lines([PLACE.to_degrees(edge)])
    places = [PLACE.to_degrees(shapely.Point(4700, y)) for y in (-900, 0, 900)]  # 300 m deep
    for accuracy, answer in ((100.0, "hit"), (400.0, "uncertain")):
        assert {row["answer"] for row in both_ways(layer, *places, accuracy_m=accuracy)} == {answer}


def test_a_site_less_than_a_millimetre_away_touches() -> None:
    layer = lines([shapely.box(117.5, 49.5, 117.51, 49.51)])
    rows = both_ways(layer, *(shapely.box(117.49, 49.502, 117.5 - off, 49.504) for off in (0, 1e-9, 8e-9, 3e-8)))
    reasons = [row["red_lines_reason"] for row in rows]
    assert reasons == ["within_accuracy; touches"] * 3 + ["within_accuracy"]  # the last 2.2 mm away


@pytest.mark.parametrize("off", [4.9e-9, 5.1e-9])
def test_at_the_limit_itself_the_last_millimetre_is_the_engines(off: float) -> None:
    zone = shapely.box(117.5 + off, 49.5, 117.51, 49.51)  # among the edges it begins 0.35 mm farther west, or east
    degree = PLACE.kx * np.cos(np.radians(49.505)) / np.cos(np.radians(49.5))
    sites = []
    for step in np.arange(-8, 24):  # about a, which is 10.05 m, in tenths of a millimetre
        east = 117.5 + off - (10.05 + step * 1e-4) / degree
        sites.append(shapely.box(east - 1e-3, 49.505 - 1e-6, east, 49.505 + 1e-6))
    rows = both_ways(lines([zone]), *sites)
    assert {row["answer"] for row in rows} == {"uncertain", "clear"}
    known = shapely.box(117.3, 49.4, 117.5 + off, 49.6)
    rows = both_ways(lines([metres(-9000, 0, -8900, 100)], coverage=known), *sites)
    assert {row["answer"] for row in rows} == {"unknown", "clear"}


def test_a_site_with_next_to_nothing_in_the_coverage_is_asked_alone() -> None:
    layer = lines([metres(-9000, 0, -8900, 100)], coverage=metres(-9500, -9500, 0, 9500))
    rows = both_ways(layer, *(metres(-inner, 0, 1000, 100) for inner in (3e-3, 0.02, 0.5, 2)))
    assert {row["red_lines_reason"] for row in rows} == {"partly_outside_coverage"}


def test_what_is_shared_in_less_than_a_millimetre_is_no_area() -> None:
    zones = [metres(-1000, -1000, 0, 1000), shapely.box(117.5 + 1.4e-3 - 1e-8, 49.5, 117.51, 49.51)]
    site = shapely.box(117.499, 49.501, 117.5 + 1.4e-3, 49.503)  # 0.7 mm of 222 m in the second: 0.16 m2
    (row,) = both_ways(lines(zones), site)
    assert (row["answer"], row["red_lines_met"]) == ("hit", "线0 区线0; 线1 区线1")
    assert row["red_lines_overlap_m2"] == pytest.approx(72.38 * 222.45, rel=1e-3)


def test_what_was_lost_without_a_place_is_not_clear_anywhere() -> None:
    layer = lines([metres(-9000, 0, -8900, 100)], rejected_boxes=[None])
    (row,) = both_ways(layer, metres(0, 0, 100, 100))
    assert (row["answer"], row["red_lines_reason"]) == ("unknown", "rejected_feature_near")


def test_where_two_counties_meet_their_coverages_are_taken_together() -> None:
    counties = (shapely.box(117, 49, 117.5, 50), shapely.box(117.5, 49, 118, 50))
    zone, site = metres(9000, 0, 9100, 100), site_of(metres(-50, 0, 50, 100), accuracy_m=1)
    for theme, answer in (("red_lines", "clear"), (None, "unknown")):
        layers = [
            (
                lines(
                    [zone],
                    name=f"县{n}",
                    theme=theme or f"县{n}",
                    coverage=county,
                    coverage_source="省",
                    coverage_version="1",
                ),
                None,
            )
            for n, county in enumerate(counties)
        ]
        (mine,), (truth,) = (rows_of(loaded_of(layers, "red_lines"), [site], one_by_one=way) for way in (False, True))
        assert_same(mine, truth, site)
        assert mine["answer"] == answer
