"""An area narrower than the grid of the edges has no boundary of its own; its pieces still hold it."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from spatial.overlay.distance import distance_to
from spatial.overlay.index import GeometryIndex


def test_a_sliver_narrower_than_the_grid_is_indexed_and_found_and_has_no_edge() -> None:
    # 2e-9 degree is 0.2 mm; the grid is 1e-8
    sliver = shapely.box(117.4900000, 40.0000000, 117.4900000 + 2e-9, 40.00001)
    index = GeometryIndex.of(np.array([sliver]))
    assert len(index.group_bounds) == 0
    assert distance_to(shapely.Point(117.49, 40.000005), index.geometry(0)) == 0
    assert distance_to(shapely.Point(117.49, 40.00002), index.geometry(0)) == pytest.approx(1.11, abs=0.01)
