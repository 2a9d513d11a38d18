"""The fields that a kind has of its own: understood where they can be, the file's word where not."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from layers.kinds import interpret

POINT, PARCEL = shapely.Point(117.5, 49.5), shapely.box(117.4, 49.4, 117.5, 49.5)


def own_fields(kind, row, geometry=PARCEL):
    return interpret(kind, [row], np.array([geometry]), ["1"]).features[0].own_fields


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (
            {"断面级别": "国控", "断面类型": "控制断面", "水质目标": "Ⅴ类", "水质现状": "劣Ⅴ"},
            {"section_level": "national", "section_type": "control", "target_class": "V", "observed_class": "VI"},
        ),
        ({"断面级别": "区控", "水质目标": "Ⅲ"}, {"section_level": "provincial", "target_class": "III"}),
        ({"断面级别": "重点", "水质现状": "良好"}, {"section_level": "重点", "observed_class": "良好"}),
        ({"断面名称": "二卡牧场"}, {}),
    ],
)
def test_a_monitoring_section_has_level_type_target_and_observed_class(row, found):
    assert own_fields("monitoring_sections", row, POINT) == found


def test_a_protected_area_has_type_zone_and_legal_status():
    row = {"保护地名称": "甲", "保护地类型": "自然保护区", "功能分区": "核心保护区", "法律状态": "已批准"}
    found = own_fields("protected_areas", row)
    assert found["protected_area_type"] == "自然保护区"
    assert found["zone"] == "核心保护区"


def test_own_fields_are_kept_in_the_workspace_and_shown_in_the_result(tmp_path):
    from screening.screen import screen
    from screening.site import site_of
    from tests.building import FolderStore, add, workspace_at

    store = workspace_at(tmp_path / "ws")
    add(store, "monitoring_sections", [POINT], [{"断面名称": "甲", "断面级别": "国控"}])
    verdict = screen(site_of(PARCEL, accuracy_m=5), FolderStore.open(store.root), as_of="2026-11-22")
    (feature,) = verdict.to_dict()["context"][0]["features"]
    assert feature["own_fields"] == {"section_level": "national"}
