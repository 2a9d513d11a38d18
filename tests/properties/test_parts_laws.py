"""Laws of sizes by part and by county: what is split sums up to the whole, whatever lies where."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.district_pieces import split_by_county
from screening.parts import parts_document
from screening.site import site_of
from tests.project_example import box, checked, layer, line, site_from, workspace

USES = st.sampled_from(["永久", "临时", "工业", None])
MODES = st.sampled_from(["路基", "桥梁", "架空", "隧道", "定向钻", None])
CELL = 200
"""Metres of a cell of the grid in which parts lie, one a cell, so that none share land."""


@st.composite
def disjoint_parts(draw):
    cells = draw(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=5, unique=True))
    parts = []
    for column, row in cells:
        x, y = column * CELL, row * CELL
        w, h = draw(st.integers(20, CELL - 10)), draw(st.integers(20, CELL - 10))
        shape = box(x, y, x + w, y + h) if draw(st.booleans()) else line((x, y), (x + w, y + h), (x + w, y))
        parts.append((shape, {"永久临时": draw(USES), "占地方式": draw(MODES)}))
    return parts


ZONES = st.lists(
    st.tuples(*(st.integers(-100, 1000) for _ in range(2)), *(st.integers(30, 700) for _ in range(2))),
    min_size=1,
    max_size=3,
)


@given(disjoint_parts(), ZONES)
@settings(max_examples=15, deadline=None)
def test_disjoint_parts_sum_up_by_use_and_mode_in_total_and_in_every_layer(parts, zones):
    with tempfile.TemporaryDirectory() as folder:
        store = workspace(Path(folder))
        layer(store, "red_lines", *((box(x, y, x + w, y + h), {}) for x, y, w, h in zones))
        site = site_from(*parts)
        verdict = checked(site, store).verdict
        found = parts_document(site, verdict)
    for owner in [found, *found["layers"]]:
        rows = [owner["groups"], owner["uses"], owner["parts"]]
        for figure, slack in (("area_m2", 0.05), ("length_m", 0.05), ("points", 0)):
            for split in rows:
                assert math.fsum(row[figure] for row in split) == pytest.approx(owner["total"][figure], abs=slack)
    assert found["shared_m2"] == 0.0
    # by shapely in the plane, another way: the zones united, the parts cut one by one
    united = shapely.union_all([box(x, y, x + w, y + h) for x, y, w, h in zones])
    cut = [shapely.intersection(shape, united) for shape, _ in parts]
    inside = found["layers"][0]["total"]
    assert inside["area_m2"] == pytest.approx(math.fsum(c.area for c in cut), rel=1e-6, abs=0.6)
    lines = [c.length for c, (shape, _) in zip(cut, parts, strict=True) if shape.geom_type == "LineString"]
    assert inside["length_m"] == pytest.approx(math.fsum(lines), rel=1e-6, abs=0.05)


@st.composite
def sites_near_borders(draw):
    lon, lat = draw(st.floats(117.2, 117.8)), draw(st.floats(49.35, 49.75))
    w, h = draw(st.floats(0.001, 0.3)), draw(st.floats(0.001, 0.2))
    what = draw(st.sampled_from(["polygon", "line", "points"]))
    if what == "polygon":
        return shapely.box(lon, lat, lon + w, lat + h)
    ends = [(lon, lat), (lon + w, lat + h)]
    return shapely.LineString(ends) if what == "line" else shapely.MultiPoint([*ends, (lon, lat + h)])


@given(sites_near_borders())
@settings(max_examples=40, deadline=None)
def test_shares_of_counties_and_what_lies_in_none_sum_to_one(geometry):
    split = split_by_county(site_of(geometry, accuracy_m=1))
    assert math.fsum(piece.share for piece in split.pieces) + split.uncovered_share == pytest.approx(1.0, abs=1e-9)
    for piece in split.pieces:
        least, most = piece.share_between
        assert least <= piece.share + 1e-6
        assert piece.share <= most + 1e-6
    sizes = [piece.extent.area_m2 for piece in split.pieces]
    for one, other in [(a, b) for a in split.pieces for b in split.pieces if a.code < b.code]:
        shared = shapely.intersection(one.site.geometry, other.site.geometry)
        assert shared.area < 1e-12
        assert shared.length < 1e-6 or geometry.geom_type == "Polygon"
    assert all(size >= 0 for size in sizes)
