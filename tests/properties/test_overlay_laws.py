"""Laws of the overlay engine, on made zones and sites."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, Polygon, box

from layers.digest import content_digest
from layers.model import Feature
from screening.findings import answer_of
from screening.question import Question
from spatial.ellipsoid import geod, metres_per_degree
from spatial.measure import ellipsoidal_area
from spatial.overlay import pieces as pieces_module
from spatial.overlay.distance import distance_to, nearest_of
from spatial.overlay.edges import boundary_edges, edges_of
from spatial.overlay.index import GeometryIndex, build_index
from spatial.overlay.pieces import cut
from spatial.overlay.relate import meet, relation_to_thin
from tests.building import MemoryVersion, layer_in_memory

SEED = st.integers(0, 2**32 - 1)
GEOD = geod()


def array(*geometries: shapely.Geometry) -> np.ndarray:
    found = np.empty(len(geometries), dtype=object)
    found[:] = geometries
    return found


def star(rng: np.random.Generator, lon: float, lat: float, size_deg: float, vertices: int) -> Polygon:
    """A valid polygon around a place, its corners on no grid."""
    angle = np.sort(rng.uniform(0, 2 * math.pi, vertices))
    angle = np.unique(np.round(angle, 6))
    radius = size_deg * rng.uniform(0.4, 1.0, len(angle))
    return shapely.make_valid(Polygon(np.column_stack([lon + radius * np.cos(angle), lat + radius * np.sin(angle)])))


def as_polygon(geometry: shapely.Geometry) -> shapely.Geometry:
    parts = [p for p in shapely.get_parts(geometry) if p.geom_type == "Polygon"]
    return shapely.union_all(parts)


def zones(seed: int, count: int = 4) -> np.ndarray:
    """Stars that overlap, and four tiles that share edges."""
    rng = np.random.default_rng(seed)
    lat = rng.uniform(20, 52)
    shapes = [
        as_polygon(star(rng, 117 + rng.uniform(0, 0.02), lat + rng.uniform(0, 0.02), 0.01, 60)) for _ in range(count)
    ]
    x, y = np.sort(rng.uniform(0, 0.03, 3)), np.sort(rng.uniform(0, 0.03, 3))
    x, y = x + np.arange(3) * 1e-3, y + np.arange(3) * 1e-3
    tiles = [box(117 + x[i], lat + y[j], 117 + x[i + 1], lat + y[j + 1]) for i in range(2) for j in range(2)]
    return array(*shapes, *tiles)


# Pieces


@settings(max_examples=40, deadline=None)
@given(seed=SEED, vertices=st.integers(300, 3000))
def test_areas_of_pieces_sum_to_the_whole(seed, vertices):
    rng = np.random.default_rng(seed)
    zone = as_polygon(star(rng, rng.uniform(75, 135), rng.uniform(5, 55), rng.uniform(1e-3, 0.5), vertices))
    found = cut(array(zone))
    assert shapely.get_num_coordinates(found.geometries).max() <= pieces_module.MOST_VERTICES
    whole = float(ellipsoidal_area([zone])[0])
    assert float(np.sum(ellipsoidal_area(found.geometries))) == pytest.approx(whole, rel=1e-9)


@settings(max_examples=20, deadline=None)
@given(seed=SEED)
def test_overlaps_with_the_tiles_of_a_site_sum_to_the_overlap_with_the_site(seed):
    rng = np.random.default_rng(seed)
    zone = as_polygon(star(rng, 117.0, 49.0, 0.02, 500))
    index = GeometryIndex.of(array(zone))
    everything = index.load(index.pieces_of(np.array([True])))
    size = float(index.feature_area_m2[0])
    x, y = np.sort(rng.uniform(-0.015, 0.015, 2)), np.sort(rng.uniform(-0.015, 0.015, 2))
    site = box(117 + x[0], 49 + y[0], 117 + x[1], 49 + y[1])
    middle = (117 + (x[0] + x[1]) / 2, 49 + (y[0] + y[1]) / 2)
    quarters = [box(*sorted_box(c, middle)) for c in shapely.get_coordinates(site)[:4]]
    whole = meet(site, everything, size).overlap_m2
    assert sum(meet(q, everything, size).overlap_m2 for q in quarters) == pytest.approx(whole, rel=1e-9, abs=1e-3)


def sorted_box(one: np.ndarray, other: tuple[float, float]) -> tuple[float, float, float, float]:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[0], other[0]), max(one[1], other[1])


# Distances


def away(lon: float, lat: float, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    kx, ky = metres_per_degree(lat)
    return np.column_stack([lon + x / float(kx), lat + y / float(ky)])


def shape(rng: np.random.Generator, lat: float, x: float, y: float, size_m: float) -> shapely.Geometry:
    n = int(rng.integers(3, 9))
    angle = np.sort(rng.uniform(0, 2 * math.pi, n))
    radius = size_m * rng.uniform(0.2, 1, n)
    xy = away(117.5, lat, x + radius * np.cos(angle) * rng.uniform(0.05, 1), y + radius * np.sin(angle))
    return rng.choice(array(Point(xy[0]), LineString(xy), shapely.convex_hull(Polygon(xy))))


def by_densified_edges(one: shapely.Geometry, other: shapely.Geometry) -> float:
    """``pyproj.Geod`` between points of both edges, the best places looked at ever more closely."""
    shapes = [g if g.geom_type != "Polygon" else g.exterior for g in (one, other)]

    def places(g: shapely.Geometry, at: np.ndarray) -> np.ndarray:
        at = np.clip(at, 0, 1)
        return (
            np.array(g.coords)
            if g.geom_type == "Point"
            else shapely.get_coordinates(shapely.line_interpolate_point(g, at, normalized=True))
        )

    def between(p: np.ndarray, q: np.ndarray) -> np.ndarray:
        grid = np.broadcast_arrays(p[:, None, 0], p[:, None, 1], q[None, :, 0], q[None, :, 1])
        return GEOD.inv(*[np.ascontiguousarray(v).ravel() for v in grid])[2].reshape(len(p), len(q))

    at = np.linspace(0, 1, 200)
    metres = between(*(places(g, at) for g in shapes))
    best = math.inf
    for cell in np.argsort(metres, axis=None)[:4]:
        i, j = divmod(int(cell), metres.shape[1])
        s, t, reach = at[i], at[j], 0.01
        for _ in range(26):
            tried = [c + reach * np.linspace(-1, 1, 7) for c in (s, t)]
            found = between(*(places(g, f) for g, f in zip(shapes, tried, strict=True)))
            i, j = divmod(int(np.argmin(found)), found.shape[1])
            s, t, reach = tried[0][i % 7], tried[1][j % 7], reach * 0.6
            best = min(best, float(found.min()))
    return best


@settings(max_examples=40, deadline=None)
@given(seed=SEED, exponent=st.floats(0.5, 5.3), lat=st.floats(5, 55))
def test_distance_is_that_of_geod_on_densified_edges(seed, exponent, lat):
    """Within 1 cm up to 10 km and 0.1 % beyond."""
    rng = np.random.default_rng(seed)
    metres = 10**exponent
    size, turn = 10 ** rng.uniform(0.5, min(5.0, exponent + 1)), rng.uniform(0, 2 * math.pi)
    reach = metres + 2 * size
    site, zone = shape(rng, lat, 0, 0, size), shape(rng, lat, reach * math.cos(turn), reach * math.sin(turn), size)
    found, exact = distance_to(site, zone), by_densified_edges(site, zone)
    assert abs(found - exact) <= (0.01 if exact <= 10_000 else 1e-3 * exact)


@pytest.mark.parametrize(
    ("length_m", "apart_m", "nearer_m"),
    [(200_000, 25, 0.3), (200_000, 10_000, 100), (20_000, 10_000, 10), (1000, 10_000, 1), (20_000, 1000, 0.3)],
)
def test_nearly_parallel_edges_are_measured_where_they_are_nearest(length_m, apart_m, nearer_m):
    """A route beside a border that comes nearer towards the north: a frame of one latitude prefers the south."""
    half = length_m / 111_250 / 2
    route = LineString([(117.5, 49.5 - half), (117.5, 49.5 + half)])
    ends = [
        (117.5 + d / float(metres_per_degree(lat)[0]), lat)
        for d, lat in ((apart_m + nearer_m, 49.5 - half), (apart_m, 49.5 + half))
    ]
    assert distance_to(route, LineString(ends)) == pytest.approx(apart_m, abs=0.01)


@settings(max_examples=15, deadline=None)
@given(seed=SEED, reach=st.floats(0.01, 2.0))
def test_nearest_of_many_is_the_least_of_each(seed, reach):
    rng = np.random.default_rng(seed)
    lat = rng.uniform(10, 50)
    targets = array(*[shape(rng, lat, *rng.uniform(-reach, reach, 2) * 111_000, 300) for _ in range(25)])
    site = shape(rng, lat, 0, 0, 300)
    each = [distance_to(site, t) for t in targets]
    found = nearest_of(site, targets)
    assert found.distance_m == pytest.approx(min(each), abs=0.005, rel=1e-4)
    assert each[found.row] == pytest.approx(min(each), abs=0.005, rel=1e-4)


@settings(max_examples=40, deadline=None)
@given(seed=SEED, exponent=st.floats(1, 4.5))
def test_distance_is_the_same_from_either_side(seed, exponent):
    rng = np.random.default_rng(seed)
    site, zone = shape(rng, 45, 0, 0, 200), shape(rng, 45, 10**exponent + 500, 0, 300)
    assert distance_to(site, zone) == pytest.approx(distance_to(zone, site), abs=0.004, rel=1e-4)


# Boundary edges


def boundary(shapes: np.ndarray, counted: np.ndarray) -> np.ndarray:
    edges = edges_of(shapes, cut(shapes))
    return boundary_edges(edges, counted, np.arange(len(edges.xy)))


def length(edges: np.ndarray) -> float:
    return float(np.hypot(edges[:, 2] - edges[:, 0], edges[:, 3] - edges[:, 1]).sum())


def test_seam_of_two_zones_is_no_boundary():
    shapes = array(box(117, 49, 117.1, 49.1), box(117.1, 49, 117.2, 49.1))
    both = boundary(shapes, np.array([True, True]))
    assert length(both) == pytest.approx(0.6)
    assert not (np.isclose(both[:, 0], 117.1) & np.isclose(both[:, 2], 117.1)).any()
    assert length(boundary(shapes, np.array([True, False]))) == pytest.approx(0.4)
    assert length(boundary(shapes, np.array([False, False]))) == 0


@settings(max_examples=30, deadline=None)
@given(seed=SEED, mask=st.integers(0, 255))
def test_boundary_at_any_date_is_that_of_the_union_of_what_counts(seed, mask):
    """On corners that lie on no grid: the length of the boundary, and that every edge of it lies on the union's."""
    shapes = zones(seed)
    counted = np.array([bool(mask >> i & 1) for i in range(len(shapes))])
    found = boundary(shapes, counted)
    union = shapely.union_all(shapes[counted], grid_size=1e-8) if counted.any() else Polygon()
    assert length(found) == pytest.approx(union.length, abs=2e-6)
    if len(found):
        middle = shapely.points((found[:, :2] + found[:, 2:]) / 2)
        assert shapely.distance(union.boundary, middle).max() < 2.5e-8


def test_cut_lines_are_no_edges():
    zone = Point(117.5, 49.5).buffer(0.1, quad_segs=1000)
    index = build_index(array(zone))
    assert len(index["pieces/feature"]) > 10
    assert length(index["edges/xy"]) == pytest.approx(zone.length, rel=1e-6)


# Piece size


def layer_of(shapes: np.ndarray):
    features = [Feature(id=str(i), code=None, name=None, class_="red_line", counts=True) for i in range(len(shapes))]
    return layer_in_memory(features, list(shapes), accuracy_m=20.0, coverage=box(116, 10, 118, 55))


@settings(max_examples=8, deadline=None)
@given(seed=SEED, size=st.sampled_from([8, 40, 10**9]))
def test_answers_do_not_depend_on_the_size_of_the_pieces(seed, size):
    shapes = zones(seed)
    rng = np.random.default_rng(seed)
    with pytest.MonkeyPatch.context() as patch:
        layer = layer_of(shapes)
        patch.setattr(pieces_module, "MOST_VERTICES", size)
        other = layer_of(shapes)
    assert (len(other.index.piece_feature) == len(layer.index.piece_feature)) == (size == 10**9)
    west, south, east, north = shapely.total_bounds(shapes)
    for _ in range(6):
        place = Point(rng.uniform(west - 0.01, east + 0.01), rng.uniform(south - 0.01, north + 0.01))
        site = rng.choice(array(place, place.buffer(rng.uniform(1e-5, 5e-3))))
        question = Question(geometry=site, accuracy_m=5.0, as_of="2026-01-01")
        one, two = answer_of(question, layer), answer_of(question, other)
        assert (one.answer, one.reasons, one.met) == (two.answer, two.reasons, two.met)
        assert one.gap_m == pytest.approx(two.gap_m, abs=0.002)


# Order of rows


@settings(max_examples=12, deadline=None)
@given(seed=SEED)
def test_order_of_rows_moves_neither_digest_nor_answer(seed):
    rng = np.random.default_rng(seed)
    shapes = zones(seed)
    rows = [
        Feature(
            id=str(i),
            code=None,
            name=f"区{i}",
            class_="red_line",
            counts=True,
            accuracy_m=float(rng.choice([1, 30])),
            attributes={"n": i},
        )
        for i in range(len(shapes))
    ]
    order = rng.permutation(len(shapes))
    assert content_digest(rows, shapes) == content_digest([rows[i] for i in order], shapes[order])
    one = layer_in_memory(rows, list(shapes), accuracy_m=20.0)
    two = layer_in_memory([rows[i] for i in order], list(shapes[order]), accuracy_m=20.0)
    west, south, east, north = shapely.total_bounds(shapes)
    for _ in range(4):
        site = Point(rng.uniform(west, east), rng.uniform(south, north)).buffer(rng.uniform(1e-5, 3e-3))
        question = Question(geometry=site, accuracy_m=5.0, as_of="2026-01-01")
        a, b = answer_of(question, one), answer_of(question, two)
        assert (a.answer, a.reasons, a.accuracy_m, a.gap_m) == (b.answer, b.reasons, b.accuracy_m, b.gap_m)
        assert {rows[i].id for i in a.met} == {rows[order[i]].id for i in b.met}


@settings(max_examples=30, deadline=None)
@given(seed=SEED, which=st.sampled_from(["attribute", "corner", "row lost", "row twice"]))
def test_content_digest_sees_every_change(seed, which):
    rng = np.random.default_rng(seed)
    shapes = zones(seed)
    rows = [
        Feature(id=str(i), code=None, name=None, class_="x", counts=True, attributes={"n": i})
        for i in range(len(shapes))
    ]
    changed, moved = list(rows), shapes.copy()
    row = int(rng.integers(len(rows)))
    if which == "attribute":
        changed[row] = Feature(id="0", code=None, name=None, class_="x", counts=True, attributes={"n": -1})
    elif which == "corner":
        moved[row] = shapely.transform(
            shapes[row], lambda xy: np.where(np.arange(len(xy))[:, None] == 1, xy + 1e-9, xy)
        )
    elif which == "row lost":
        changed, moved = changed[:-1], moved[:-1]
    else:
        changed, moved = [*changed, changed[row]], np.append(moved, moved[row])
    assert content_digest(changed, moved) != content_digest(rows, shapes)


# Relations


@settings(max_examples=60, deadline=None)
@given(seed=SEED)
def test_relation_and_its_converse_agree(seed):
    rng = np.random.default_rng(seed)
    a, b = (
        as_polygon(star(rng, 117 + rng.uniform(0, 0.01), 49 + rng.uniform(0, 0.01), rng.uniform(1e-4, 0.01), 12))
        for _ in range(2)
    )

    def relation(site: shapely.Geometry, zone: shapely.Geometry) -> str:
        return meet(site, cut(array(zone)).geometries, float(ellipsoidal_area([zone])[0])).relation

    converse = {"within": "contains", "contains": "within"}
    found = relation(a, b)
    assert relation(b, a) == converse.get(found, found)
    assert relation(a, a) == "equals"
    inner = as_polygon(shapely.affinity.scale(a, 0.3, 0.3, origin=a.representative_point()))
    if a.contains(inner) and a.boundary.distance(inner) > 1e-6:
        assert (relation(inner, a), relation(a, inner)) == ("within", "contains")


@settings(max_examples=60, deadline=None)
@given(seed=SEED)
def test_relation_agrees_with_gap_and_overlap(seed):
    rng = np.random.default_rng(seed)
    zone = as_polygon(star(rng, 117, 49, 0.01, 30))
    place = Point(117 + rng.uniform(-0.02, 0.02), 49 + rng.uniform(-0.02, 0.02))
    site = rng.choice(array(place, place.buffer(rng.uniform(1e-4, 0.01)), LineString([place, (117, 49)])))
    found = meet(site, cut(array(zone)).geometries, float(ellipsoidal_area([zone])[0]))
    gap = distance_to(site, zone)
    assert (found.relation == "disjoint") == (gap >= 1e-3)
    if shapely.get_dimensions(site) == 2:
        assert (found.overlap_m2 > 0) == (found.relation not in {"disjoint", "touches"})
    if shapely.get_dimensions(site) == 1:
        assert (found.overlap_length_m > 0) == (found.relation not in {"disjoint", "touches"})


@pytest.mark.parametrize(
    ("site", "feature", "relation"),
    [
        (box(0, 0, 2, 2), Point(1, 1), "contains"),
        (box(0, 0, 2, 2), Point(2, 1), "touches"),
        (box(0, 0, 2, 2), Point(3, 1), "disjoint"),
        (box(0, 0, 2, 2), LineString([(-1, 1), (3, 1)]), "crosses"),
        (box(0, 0, 2, 2), LineString([(0.5, 1), (1.5, 1)]), "contains"),
        (box(0, 0, 2, 2), LineString([(2, -1), (2, 3)]), "touches"),
        (LineString([(0, 0), (2, 0)]), LineString([(1, -1), (1, 1)]), "crosses"),
        (LineString([(0, 0), (2, 0)]), LineString([(1, 0), (3, 0)]), "overlaps"),
        (LineString([(0, 0), (2, 0)]), LineString([(2, 0), (2, 1)]), "touches"),
        (LineString([(0, 0), (2, 0)]), LineString([(-1, 0), (3, 0)]), "within"),
        (Point(1, 0), LineString([(0, 0), (2, 0)]), "within"),
        (Point(1, 0), Point(1, 0), "equals"),
    ],
)
def test_relation_to_points_and_lines(site, feature, relation):
    def placed(g: shapely.Geometry) -> shapely.Geometry:
        return shapely.transform(g, lambda xy: xy * 0.01 + (117, 49))

    assert relation_to_thin(placed(site), placed(feature)) == relation


# Size


def test_check_against_a_zone_of_500_000_vertices_touches_a_small_part_of_it():
    angle = np.linspace(0, 2 * math.pi, 500_000, endpoint=False)
    radius = 0.3 + 2e-5 * np.sin(angle * 20_000)
    zone = Polygon(np.column_stack([117.5 + radius * np.cos(angle), 49.5 + radius * np.sin(angle)]))
    arrays = build_index(array(zone))
    assert len(arrays["pieces/feature"]) > 500_000 / pieces_module.MOST_VERTICES
    assert np.bincount(arrays["pieces/feature"]).tolist() == [len(arrays["pieces/feature"])]
    read: dict[str, int] = {}

    class Counted:
        """An array that counts the bytes asked of it."""

        def __init__(self, name: str) -> None:
            self.name = name

        def __len__(self) -> int:
            return len(arrays[self.name])

        def __getitem__(self, key):
            found = arrays[self.name][key]
            read[self.name] = read.get(self.name, 0) + np.asarray(found).nbytes
            return found

    index = GeometryIndex(Counted)
    layer = layer_of(array(box(117, 49, 117.1, 49.1)))
    layer.index = index
    assert isinstance(layer.stored, MemoryVersion)
    for site in (Point(117.8, 49.5), Point(117.5, 49.5), box(117.79, 49.49, 117.81, 49.51)):
        answer_of(Question(geometry=site, accuracy_m=5.0, as_of="2026-01-01"), layer)
    whole = len(arrays["pieces/wkb"])
    assert 0 < read["pieces/wkb"] < 0.05 * whole
    assert len(index._pieces) < 0.05 * len(arrays["pieces/feature"])
