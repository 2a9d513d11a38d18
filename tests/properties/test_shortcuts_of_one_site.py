"""What is skipped for one site changes nothing: each shortcut against the way that takes none."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely import affinity

from screening import district_pieces
from spatial.boundary_near import near_boundary
from spatial.boundary_store import open_built, outlines_of
from spatial.crs import chains_from_geographic, from_geographic, identify
from spatial.errors import OutsideWorkingAreaError
from spatial.measure import ellipsoidal_area
from spatial.overlay import edge_pairs, relate
from spatial.overlay.frame import Frame, boxes_meet, widened
from spatial.overlay.index import GeometryIndex
from spatial.overlay.vantage import Vantage

MM_DEG = 1e-8
"""About a millimetre."""


def _blob(x: float, y: float, radius: float, corners: int, stretch: float) -> shapely.Polygon:
    turns = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    return shapely.Polygon(np.column_stack([x + radius * np.cos(turns), y + radius * stretch * np.sin(turns)]))


blobs = st.builds(
    _blob,
    st.floats(117.0, 117.01),
    st.floats(49.0, 49.01),
    st.sampled_from([1e-3, 1e-4, 1e-5]),
    st.integers(3, 12),
    st.sampled_from([1.0, 0.1, 1e-3, 1e-5]),
)


@settings(max_examples=120, deadline=None)
@given(blobs, st.floats(0, 180), st.sampled_from([0.0, 1.0, 3.0]))
def test_an_area_said_to_be_wide_is_not_narrower_than_a_millimetre(blob, turn, comb):
    area = affinity.rotate(blob, turn)
    if comb:  # with teeth narrower than the tolerance, which have long edges and hold nothing
        west, south, east, north = area.bounds
        teeth = shapely.union_all([shapely.box(x, south, x + 2e-9, north) for x in np.linspace(west, east, 20)])
        area = shapely.union(shapely.box(west, south, west + comb * MM_DEG, north), teeth)
    metres = float(ellipsoidal_area([area])[0])
    plane = Frame.around(area.bounds).to_plane(area)
    assert not (relate._is_wide(area, metres) and relate._is_narrow(plane))


def test_a_parcel_is_wide_and_a_strip_of_half_a_millimetre_is_not():
    parcel, strip = shapely.box(117, 49, 117.001, 49.001), shapely.box(117, 49, 117 + MM_DEG / 2, 49.001)
    assert relate._is_wide(parcel, float(ellipsoidal_area([parcel])[0]))
    assert not relate._is_wide(strip, float(ellipsoidal_area([strip])[0]))


@settings(max_examples=80, deadline=None)
@given(blobs, st.sampled_from([-1.0, 0.0, 1.0, 3.0, 30.0, 3000.0]), st.integers(0, 3))
def test_a_meeting_is_the_same_with_every_step_taken(site, aside, side):
    """The edge of the zone lies at the edge of the site, or so many millimetres beside it."""
    west, south, east, north = site.bounds
    sides = [west - 0.01, south - 0.01, east + 0.01, north + 0.01]
    sides[side] = site.bounds[side] + (-1 if side < 2 else 1) * aside * MM_DEG
    zone = shapely.box(*sides)
    area = float(ellipsoidal_area([zone])[0])
    quick = relate.meet(site, np.array([zone], dtype=object), area)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(relate, "_is_wide", lambda *_: False)
        patch.setattr(relate, "_is_deep", lambda *_: False)
        slow = relate.meet(site, np.array([zone], dtype=object), area)
    assert (quick.relation, quick.overlap_m2) == (slow.relation, slow.overlap_m2)
    assert (quick.overlap is None) == (slow.overlap is None)
    assert quick.overlap is None or shapely.to_wkb(quick.overlap) == shapely.to_wkb(slow.overlap)


def test_a_site_at_the_edge_of_a_piece_is_not_deep_in_it():
    piece = shapely.box(117, 49, 117.1, 49.1)
    inner = [shapely.box(117 + away, 49.01, 117.05, 49.05) for away in (0.0, 2 * MM_DEG, 8 * MM_DEG, 0.01)]
    assert [relate._is_deep(site, piece) for site in inner] == [False, False, True, True]


places = st.tuples(st.floats(0, 1), st.floats(0, 1))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(places, places, places), min_size=1, max_size=6))
def test_feet_are_those_of_three_turns_whenever_they_stay(rows):
    at = np.array([117.0, 49.0]) + 0.01 * np.array(rows)
    p, start, span = at[:, :1], at[:, 1:2], at[:, 2:] - at[:, 1:2]
    t = np.full(p.shape[:-1], 0.5)
    for _ in range(3):
        kx, ky = edge_pairs._scales((p[..., 1] + start[..., 1] + span[..., 1] * t) / 2)
        x, y = (p[..., 0] - start[..., 0]) * span[..., 0], (p[..., 1] - start[..., 1]) * span[..., 1]
        below = np.maximum(span[..., 0] ** 2 * (kx * kx) + span[..., 1] ** 2 * (ky * ky), 1e-30)
        t = np.clip((x * (kx * kx) + y * (ky * ky)) / below, 0.0, 1.0)
    assert edge_pairs._feet(p, start, span).tolist() == t.tolist()


@settings(max_examples=60, deadline=None)
@given(st.lists(blobs, min_size=1, max_size=5))
def test_vertices_carried_alone_are_those_of_the_carried_geometries(shapes):
    rings = np.array([shape.exterior for shape in shapes], dtype=object)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    got, of = chains_from_geographic(xy, ring, identify(4527))
    expected, owner = shapely.get_coordinates(from_geographic(rings, identify(4527)), return_index=True)
    assert got.tolist() == expected.tolist()
    assert of.tolist() == owner.tolist()


def test_a_vertex_outside_the_working_area_names_its_chain():
    xy = np.array([[117.0, 49.0], [117.1, 49.0], [117.0, 61.0], [117.1, 49.0]])
    with pytest.raises(OutsideWorkingAreaError, match="61") as caught:
        chains_from_geographic(xy, np.array([0, 0, 1, 1]), identify(4527))
    assert caught.value.record == 1


def test_groups_of_edges_are_the_same_one_by_one_and_together():
    county = shapely.Point(117, 49).buffer(0.5, 100)
    one, many = GeometryIndex.of(np.array([county])), GeometryIndex.of(np.array([county]))
    groups = np.arange(len(one.group_bounds))
    assert len(groups) > 3
    alone = [one.load_edge_groups(groups[[n]])[0] for n in groups]
    together = many.load_edge_groups(groups[::-1])[::-1]
    assert [shapely.to_wkb(line) for line in alone] == [shapely.to_wkb(line) for line in together]
    assert [len(line.geoms) for line in alone] == [64] * 6 + [16]  # 400 edges, 64 in a group


def test_distances_in_the_plane_are_the_same_one_by_one_and_together():
    site = shapely.box(117, 49, 117.01, 49.01)
    targets = np.array([shapely.Point(117.1 + n / 100, 49).buffer(0.003) for n in range(6)], dtype=object)
    one, many = Vantage(site), Vantage(site)
    alone = [float(one.plane_distances(targets[[n]])[0]) for n in (3, 1, 4, 0, 5, 2)]
    assert many.plane_distances(targets[[3, 1, 4, 0, 5, 2]]).tolist() == alone
    assert many.plane_distances(targets[[2, 2]]).tolist() == [alone[5], alone[5]]


@settings(max_examples=80, deadline=None)
@given(st.floats(-4000, 9000), st.floats(1, 2000), st.floats(10, 3000))
def test_what_lies_beyond_a_land_is_what_its_buffer_leaves(away, size, metres):
    land = shapely.Polygon([(-9000, -9000), (0, -9000), (-40, -3000), (0, 0), (-300, 2500), (0, 9000), (-9000, 9000)])
    site = shapely.box(away, -size / 2, away + size, size / 2)
    left = district_pieces._left(site, shapely.buffer(land, metres))
    assert district_pieces._beyond(site, land, metres).area == pytest.approx(left.area, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.floats(121, 127), st.floats(48, 52.5), st.floats(0.0, 5000.0))
@example(121.2, 50.0, 0.0)  # 38 km west of 鄂伦春自治旗, of whose border 64 km are in doubt
def test_counties_near_a_site_are_found_as_one_by_one(lon, lat, reach):
    store = open_built(None)
    found = store.places[store.sources[0]]
    bounds = (lon, lat, lon + 0.01, lat + 0.01)
    slow = []
    for code, place in found.items():
        west, east, south, north = place.bounds
        gap = store.gaps.get((code,))
        window = widened(bounds, reach + max(20_000.0, 0.0 if gap is None else gap.p95_m + 1.0))
        if boxes_meet(np.array([[west, south, east, north]]), window)[0]:
            slow.append(code)
    assert district_pieces._near(store, found, bounds, reach) == slow


@settings(max_examples=10, deadline=None)
@given(st.floats(116, 123), st.floats(44, 50), st.sampled_from([1e-4, 0.01, 0.2]))
def test_what_of_a_region_lies_in_a_box_is_that_of_all_counties_whose_boxes_meet_it(lon, lat, size):
    region, store = near_boundary(["150000"]), open_built(None)
    box = (lon, lat, lon + size, lat + size)
    room = shapely.box(*box)
    codes = [region._members[row] for row in np.flatnonzero(boxes_meet(region.boxes, box))]
    outlines = shapely.from_wkb(list(outlines_of(store.path, store.sources[0], codes).values()))
    whole = shapely.union_all(outlines, grid_size=1e-8)
    some = region.within(box)
    assert (shapely.covers(some, room), shapely.intersects(some, room)) == (
        shapely.covers(whole, room),
        shapely.intersects(whole, room),
    )
    assert shapely.intersection(some, room).area == pytest.approx(shapely.intersection(whole, room).area, abs=1e-12)
