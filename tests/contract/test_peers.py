"""Nine ways in which a peer says "clear" when it should not; each test is named after the peer's mechanism."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import pytest
import shapely
from shapely import Point, Polygon, box

from layers.workspace import FolderStore
from screening.layer_summary import summary_of
from screening.screen import screen
from screening.site import site_of
from tests.building import add, workspace_at
from tests.contract.places import AS_OF, COUNTY, FAR, ZONE, MemoryStore, ask, beside, block, codes, finding, off, one

if TYPE_CHECKING:
    from pathlib import Path

    from screening.verdict import Verdict

INSIDE = Point(117.45, 49.45)


def with_broken_layer(path: Path) -> Verdict:
    """Two layers, of which the disk lost a file of the second."""
    store = workspace_at(path / "ws", "red_lines", "protected_areas")
    add(store, "red_lines", [ZONE], coverage=COUNTY)
    add(store, "protected_areas", [ZONE], name="某保护地", coverage=COUNTY)
    (store.root / "layers" / "某保护地").joinpath(
        next((store.root / "layers" / "某保护地").iterdir()).name, "card.json"
    ).unlink()
    return screen(site_of(FAR, accuracy_m=7.0), FolderStore.open(store.root), as_of=AS_OF)


@pytest.fixture(scope="module")
def broken(tmp_path_factory) -> Verdict:
    return with_broken_layer(tmp_path_factory.mktemp("broken"))


def test_1_planx_failed_fetch_read_as_no_constraint(broken):
    assert broken.answer == "unknown"
    assert broken.kinds == {"red_lines": "clear", "protected_areas": "unknown"}
    (lost,) = [f for f in broken.findings if f.answer == "unknown"]
    assert (lost.layer, codes(lost)) == ("某保护地", ["layer_unreadable"])


def test_2_planx_first_100_entities_only():
    """A site over 101 units: 101 are listed."""
    units = [box(117.0 + i / 1000, 49.0, 117.0 + (i + 1) / 1000, 49.1) for i in range(101)]
    store = MemoryStore()
    store.add("control_units", units, [{"分类": 1, "单元名称": f"单元{i}"} for i in range(101)])
    site = box(117.0005, 49.01, 117.1005, 49.02)
    found = finding(ask(store, site))
    assert len(found.features) == 101
    assert len({f.name for f in found.features}) == 101
    assert found.share == pytest.approx(1.0)


def test_3_planning_data_invalid_polygons_filtered_away():
    """A bow tie over the site: not used and never passed over in silence."""
    bow_tie = Polygon([(117.2, 49.2), (117.3, 49.3), (117.3, 49.2), (117.2, 49.3)])
    store = MemoryStore()
    imported = store.add("red_lines", [ZONE, bow_tie])
    verdict = ask(store, Point(117.21, 49.25))
    assert (verdict.answer, codes(finding(verdict))) == ("unknown", ["rejected_feature_near"])
    assert [(r.id, r.reason) for r in imported.card.rejected] == [("2", "area_changed")]
    assert {"code": "rejected_features"} in verdict.layers[0]["warnings"]
    assert verdict.layers[0]["rejected"] == 1


def test_4_planning_data_point_on_the_seam_is_outside():
    west, east = box(117.4, 49.4, 117.45, 49.5), box(117.45, 49.4, 117.5, 49.5)
    store = MemoryStore()
    store.add("control_units", [west, east], [{"分类": 1, "单元名称": n} for n in ("西", "东")])
    found = finding(ask(store, Point(117.45, 49.45)))
    assert found.answer == "hit"
    assert {f.name: f.relation for f in found.features} == {"西": "touches", "东": "touches"}


def test_4_planning_data_point_on_the_boundary_is_outside():
    found = finding(ask(one("control_units", ZONE, {"分类": 1}), beside(0.0)))
    assert (found.answer, codes(found)[:2]) == ("uncertain", ["within_accuracy", "touches"])


def test_5_ast_lite_failed_layer_written_as_no_overlaps(broken, tmp_path):
    """The failure is in the JSON and in the table, not in a log."""
    written = json.loads(broken.to_json())
    assert [f["reason"] for f in written["findings"] if f["layer"] == "某保护地"] == ["layer_unreadable"]
    assert written["in_protected_area"] == "unknown"
    frame = broken.to_frame()
    row = frame[frame["layer"] == "某保护地"].iloc[0]
    assert (row["answer"], row["reason"]) == ("unknown", "layer_unreadable")


def test_6_pyramid_oereb_missing_availability_means_published():
    """Outside the declared coverage, or with none declared: cannot say."""
    assert codes(finding(ask(one("red_lines", ZONE), Point(119.0, 49.5)))) == ["outside_coverage"]
    assert codes(finding(ask(one("red_lines", ZONE, coverage=None), FAR))) == ["coverage_not_stated"]


def test_6_pyramid_oereb_threshold_on_each_piece():
    """100 pieces of 0.9 m² are reported as 90 m²."""
    site = block(*off(117.5, 49.45, east=1000.0), 500.0, 500.0)
    pieces = [
        block(*off(117.5, 49.45, east=1010.0 + 40 * (i % 10), north=10.0 + 40 * (i // 10)), 0.9, 1.0)
        for i in range(100)
    ]
    found = finding(ask(one("red_lines", shapely.MultiPolygon(pieces), accuracy_m=0.05), site, accuracy_m=0.05))
    assert found.overlap_m2 == pytest.approx(90.0, rel=1e-3)
    assert found.features[0].overlap_m2 == pytest.approx(90.0, rel=1e-3)
    assert found.answer == "hit"


def test_7_space_checker_outside_loaded_area_is_a_pass():
    verdict = ask(one("red_lines", ZONE), box(118.5, 49.1, 118.6, 49.2))
    assert (verdict.answer, verdict.in_red_line) == ("unknown", "unknown")


def test_7_brazil_limit_1():
    """All hits are returned, the strictest kind first."""
    store = MemoryStore()
    store.add("red_lines", [ZONE, ZONE.buffer(0.01), ZONE.buffer(0.02)], [{"名称": n} for n in "甲乙丙"])
    store.add("protected_areas", [box(117.1, 49.1, 117.11, 49.11)])
    verdict = ask(store, INSIDE)
    assert {f.name for f in verdict.findings[0].features} == {"甲", "乙", "丙"}
    assert [f.answer for f in verdict.findings] == ["hit", "clear"]


def test_7_brazil_today_as_the_date_of_the_data():
    store = one("red_lines", ZONE, data_date=None)
    card = store.open_version(store.entries[0]).card
    assert (card["data_date"], card["valid_from"]) == (None, None)
    verdict = ask(store, FAR)
    assert verdict.layers[0]["data_date"] is None
    assert (verdict.answer, codes(finding(verdict))) == ("unknown", ["date_missing"])
    assert date.today().isoformat() not in json.dumps(verdict.layers)  # noqa: DTZ011
    assert summary_of.__module__ == "screening.layer_summary"


def test_8_dok_arealanalyse_partly_unmapped_counts_as_covered():
    """Half of the site is outside: cannot say, with the share."""
    found = finding(ask(one("red_lines", ZONE), box(117.95, 49.7, 118.05, 49.71)))
    assert (found.answer, codes(found)) == ("unknown", ["partly_outside_coverage"])
    assert found.uncovered_share == pytest.approx(0.5, abs=1e-9)
    assert dict(found.reasons[0].facts)["uncovered_share"] == pytest.approx(0.5, abs=1e-9)


def test_9_dok_arealanalyse_stops_at_the_first_hit():
    store = MemoryStore()
    kinds = ("red_lines", "protected_areas", "water_sources")
    for kind in kinds:
        store.add(kind, [ZONE])
    store.add("control_units", [ZONE], [{"分类": 1}])
    verdict = ask(store, INSIDE)
    assert {f.layer: (f.answer, len(f.features)) for f in verdict.findings} == dict.fromkeys(
        (*kinds, "control_units"), ("hit", 1)
    )
