"""A route through features that overlap each other is counted once."""

import numpy as np
import pytest
import shapely

from layers.workspace import FolderStore
from screening.screen import screen
from screening.site import site_of
from spatial.crs import identify, to_geographic
from tests.building import add, workspace_at


def test_a_route_through_two_zones_that_overlap_is_measured_once(tmp_path):
    """1,200 m along x; zones from 500 to 900 and from 800 to 1,100: 600 m, half of it."""

    def placed(shape):
        moved = shapely.transform(shape, lambda xy: xy + np.array([40_530_000.0, 5_480_000.0]))
        return to_geographic([shapely.segmentize(moved, 10.0)], identify(4528))[0]

    store = workspace_at(tmp_path / "ws", "red_lines")
    zones = [placed(shapely.box(500, -300, 900, 300)), placed(shapely.box(800, -200, 1100, 250))]
    add(store, "red_lines", zones, [{"红线名称": "甲"}, {"红线名称": "乙"}], name="红线")
    route = placed(shapely.LineString([(0, 3), (1200, -4)]))
    verdict = screen(site_of(route, accuracy_m=1), FolderStore.open(store.root), as_of="2026-11-22")
    (finding,) = verdict.findings
    assert finding.overlap_length_m == pytest.approx(600.0, abs=0.2)  # the plane is 7e-6 off, the slope 2e-5
    assert finding.share == pytest.approx(0.5, abs=2e-4)
