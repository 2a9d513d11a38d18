"""The forensics may settle, offer or refuse; they may not be wrong."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.forensics import TRUTHS, districts, outcome_of, sample
from spatial import boundaries
from spatial.forensics import rank
from spatial.forensics.ranking import LEAST_TOLERANCE_M

pytestmark = pytest.mark.skipif(not boundaries.available(), reason="the boundaries are not built here")
INNER_MONGOLIA = (
    tuple(sorted({code for code in districts() if code.startswith("15")})) if boundaries.available() else ()
)


@settings(max_examples=250, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), family=st.sampled_from(TRUTHS))
def test_no_made_file_of_inner_mongolia_is_read_wrongly(seed, family):
    one = sample(seed, family=family, among=INNER_MONGOLIA)
    assert one is not None
    outcome = outcome_of(one)
    assert outcome != "wrong", one.story
    # A whole layer may reach further from the meridian of an unnumbered zone than anyone is believed to work.
    assert outcome != "refused" or one.flawed or ", layer, " in one.story, one.story


def test_every_district_of_inner_mongolia_is_settled_from_an_unnumbered_easting():
    settled = 0
    for i, code in enumerate(INNER_MONGOLIA):
        area = boundaries.union([code])
        middle = area.geometry.representative_point()
        meridian = 3 * round(middle.x / 3)
        rows = _gauss(middle, meridian)
        found = rank(rows if i % 2 else rows[:, ::-1], region=area.geometry, region_tolerance_m=area.accuracy_m)
        if found.chosen is not None:
            assert found.chosen.system.central_meridian == meridian, code
            assert found.chosen.swapped is (i % 2 == 0)
            settled += 1
        else:
            assert meridian in {one.system.central_meridian for one in found.alive}, code
            assert area.geometry.bounds[2] - area.geometry.bounds[0] > 3 - 2 * LEAST_TOLERANCE_M / 70_000, code
    assert len(INNER_MONGOLIA) == 103
    assert settled >= 98  # the wide banners of Alxa and Hulunbuir hold two meridians' places


def _gauss(point, meridian):
    plane = pyproj.Proj(f"+proj=tmerc +lon_0={meridian} +k=1 +x_0=500000 +ellps=GRS80")
    return np.array([plane(point.x, point.y)])


numbers = st.one_of(st.floats(-1e8, 1e8), st.floats(0, 180), st.sampled_from([0.0, np.nan, np.inf, -np.inf, 1e300]))


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(st.tuples(numbers, numbers), max_size=20))
def test_any_numbers_get_an_answer_that_hangs_together(rows):
    found = rank(np.array(rows, dtype=float).reshape(-1, 2))
    assert (found.chosen is not None) == (found.status in ("given", "proved"))
    if found.chosen is not None:
        assert found.chosen is found.hypotheses[0]
        assert found.chosen.alive
    if found.status == "ambiguous":
        assert len(found.alive) > 1
    assert found.status != "given"  # nothing was stated
    standing = [one.standing for one in found.hypotheses]
    assert standing == sorted(standing, key=["alive", "not_excluded", "dead"].index)
