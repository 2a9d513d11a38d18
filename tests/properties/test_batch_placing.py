"""Records placed many at once are what each is by itself, and a file in pieces is what it is as a whole."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.batch import intake
from screening.batch.intake import chunks_of
from screening.batch.placing import alone, placed
from screening.batch.table import sites_in
from screening.errors import SiteError
from screening.inquiry import snapped
from screening.site import place
from spatial.errors import SourceTooLargeError, SpatialError, WorkerCrashedError
from spatial.reading import read
from spatial.reading.batches import BatchStream
from spatial.reading.draft import Draft
from spatial.reading.pieces import read_pieces
from spatial.reading.sound import plain
from spatial.reading.vector_pieces import vector_format
from tests.building import reading_of

EAST, NORTH = st.floats(117, 118), st.floats(49, 50)
PLACES = st.tuples(EAST, NORTH)
STEPS = st.tuples(st.sampled_from([-1, 0, 1, 2]), st.sampled_from([-1, 0, 1, 2]))


def near(place, steps, size):
    return [(place[0] + size * x, place[1] + size * y) for x, y in steps]


SIZES = st.sampled_from([4e-10, 3e-9, 1e-6, 1e-3])
RINGS = st.builds(near, PLACES, st.lists(STEPS, min_size=3, max_size=7), SIZES)
SHAPES = st.one_of(
    PLACES.map(shapely.Point),
    st.sampled_from([shapely.Point(10, 10), shapely.Point(float("nan"), 1), shapely.Point(), shapely.Polygon()]),
    st.builds(near, PLACES, st.lists(STEPS, min_size=2, max_size=5), SIZES).map(shapely.LineString),
    RINGS.map(shapely.Polygon),
    st.lists(RINGS.map(shapely.Polygon), min_size=1, max_size=3).map(shapely.MultiPolygon),
    st.lists(PLACES, min_size=1, max_size=3).map(shapely.MultiPoint),
    RINGS.map(lambda ring: shapely.GeometryCollection([shapely.Point(ring[0]), shapely.Polygon(ring)])),
)
VALUES = st.sampled_from([None, "", " 甲 ", "3亩", "0.5", 3.0, 12, "临时", True])
COLUMNS = st.sampled_from(
    ["名称", "name", "NAME", "用途", "占地性质", "占地方式", "面积", "占地面积", "declared_area_m2", "x"]
)
RECORDS = st.lists(st.tuples(SHAPES, st.dictionaries(COLUMNS, VALUES, max_size=5)), min_size=1, max_size=8)
SIZE = st.fixed_dictionaries(
    {
        "accuracy_m": st.sampled_from([None, 2.0]),
        "radius_m": st.sampled_from([None, None, 30.0]),
        "area_m2": st.sampled_from([None, None, 400.0]),
    }
)


@settings(max_examples=100, deadline=None)
@given(records=RECORDS, size=SIZE, projected=st.booleans())
def test_what_is_placed_at_once_is_what_each_is_alone(records, size, projected):
    """And what is not placed at once is left: nothing is refused on this way."""
    reading = reading_of([g for g, _ in records], [a for _, a in records])
    if projected:
        to_metres = lambda xy: np.column_stack([4e7 + 8e4 * (xy[:, 0] - 114), 1.11e5 * xy[:, 1]])  # noqa: E731
        shapes = shapely.transform(reading.geometries, to_metres)
        reading = reading_of(list(shapes), [a for _, a in records], crs=4528)
    count = len(records)
    shown = [f"S{i}" for i in range(count)]
    sites, taken = placed(reading, np.arange(count), np.arange(1, count + 1), shown, size)
    found = {one.number: one for one in sites_in(sites)}
    assert sorted(found) == (np.flatnonzero(taken) + 1).tolist()
    for i in range(count):
        try:
            site = snapped(place(alone(reading, i, shown[i]), **size))
        except (SiteError, SpatialError):
            assert not taken[i]
            continue
        if taken[i]:
            own = found[i + 1].site
            assert own.name == (site.parts[0].name or shown[i])
            assert own.parts == site.parts
            assert shapely.equals_identical(own.geometry, site.geometry)
            assert (own.accuracy, own.radius_m, own.crs, own.declared_area_m2) == (
                site.accuracy, site.radius_m, site.crs, site.declared_area_m2,
            )  # fmt: skip


def test_sound_records_all_go_at_once():
    boxes = [shapely.box(117 + i / 100, 49, 117.005 + i / 100, 49.005) for i in range(50)]
    sites, taken = placed(
        reading_of(boxes), np.arange(50), np.arange(1, 51), [str(i) for i in range(50)], {"accuracy_m": None}
    )
    assert taken.all()
    assert sites.num_rows == 50


@pytest.mark.parametrize("said", [{"radius_m": 30.0}, {"area_m2": 400.0}])
def test_a_size_is_never_given_to_what_is_no_point(said):
    shapes = [shapely.Point(117.1, 49.1), shapely.box(117, 49, 117.005, 49.005), shapely.Point(117.2, 49.1)]
    sites, taken = placed(reading_of(shapes), np.arange(3), np.arange(1, 4), ["1", "2", "3"], said)
    assert taken.tolist() == [True, False, True]
    assert all(one.site.radius_m >= 30 for one in sites_in(sites))


ODD = [
    None,
    shapely.Point(float("nan"), 49),
    shapely.Polygon(),
    shapely.Polygon([(117.3, 49.5), (117.31, 49.51), (117.31, 49.5), (117.3, 49.51)]),
    shapely.Point(117.5, 49.5, 7),
    shapely.Polygon([(117.4, 49.4), (117.41, 49.4), (117.42, 49.4)]),
    shapely.GeometryCollection([shapely.Point(117.4, 49.5), shapely.box(117.3, 49.4, 117.31, 49.41)]),
    shapely.MultiPolygon([shapely.box(117.3, 49.4, 117.31, 49.41), shapely.box(117.32, 49.4, 117.33, 49.41)]),
]


def frame(count):
    shapes = [shapely.box(117.2 + i / 1e3, 49.3, 117.2005 + i / 1e3, 49.3007) for i in range(count)]
    for k, odd in enumerate(ODD):
        shapes[3 + 4 * k] = odd
    names = [None if i % 5 == 0 else f"地块{i}" for i in range(count)]
    return gpd.GeoDataFrame({"名称": names, "面积": np.arange(count) * 1.5}, geometry=shapes, crs=4490)


def whole(path):
    """The records of a file read as a whole, one by one: the reference."""
    reading = read(path)
    found = {}
    for i, name in enumerate(reading.ids):
        try:
            site = snapped(place(alone(reading, i, name)))
        except (SiteError, SpatialError) as trouble:
            found[int(name)] = (type(trouble).__name__, str(trouble))
            continue
        found[int(name)] = (site.geometry.wkb, site.parts[0].name, site.accuracy, site.crs, site.crs_evidence)
    return found | {int(u.id): (u.problem.code, None) for u in reading.unreadable}


@pytest.mark.parametrize(("suffix", "crs"), [(".parquet", 4490), (".gpkg", 4528)])
def test_a_file_in_pieces_says_what_it_says_as_a_whole(suffix, crs, tmp_path):
    path, made = tmp_path / f"s{suffix}", frame(40)
    made = made.drop(index=7).to_crs(crs) if suffix == ".gpkg" else made
    made.to_parquet(path) if suffix == ".parquet" else made.to_file(path, driver="GPKG")
    assert vector_format(path) is not None
    expected = whole(path)
    count = len(made)
    for rows in (1, 16):
        found = {}
        chunks = list(chunks_of(path, rows=rows))
        for chunk in chunks:
            for one in sites_in(chunk.sites):
                site = one.site
                found[one.number] = (site.geometry.wkb, site.parts[0].name, site.accuracy, site.crs, site.crs_evidence)
            found |= {t.number: (t.code, t.trouble) for t in chunk.refused}
        assert [c.first for c in chunks] == list(range(1, count + 1, rows))
        assert [c.last for c in chunks] == [min(i + rows - 1, count) for i in range(1, count + 1, rows)]
        assert sorted(found) == list(range(1, count + 1)) == sorted(expected)
        for number, one in expected.items():
            told = 1 if len(one) == 2 else None  # of a refusal the code: its text names the layer by the file
            assert found[number][:told] == one[:told]


def test_a_geopackage_of_two_layers_is_read_as_a_whole(tmp_path):
    path = tmp_path / "two.gpkg"
    plain = frame(40).iloc[31:40]
    plain.to_file(path, layer="甲")
    plain.to_file(path, layer="乙", mode="a")
    (piece,) = read_pieces(path, rows=4)
    assert piece.reading.ids[0] == "甲/1"
    assert [(c.first, c.last) for c in chunks_of(path, rows=5)] == [(1, 5), (6, 10), (11, 15), (16, 18)]


def test_records_passed_over_are_not_placed_again(tmp_path):
    path = tmp_path / "s.parquet"
    frame(40).to_parquet(path)
    chunks = list(chunks_of(path, rows=10, after=25))
    assert [(c.first, c.last) for c in chunks] == [(26, 30), (31, 40)]


def test_a_damaged_file_is_refused_and_no_record_of_it_made_up(tmp_path):
    path = tmp_path / "s.parquet"
    frame(40).to_parquet(path)
    data = bytearray(path.read_bytes())
    data[4:400] = bytes(396)  # of the first column chunk
    path.write_bytes(bytes(data))
    with pytest.raises((SpatialError, WorkerCrashedError)):
        list(chunks_of(path))


def test_a_stream_that_is_left_ends_its_worker(tmp_path):
    path = tmp_path / "s.parquet"
    frame(40).to_parquet(path)
    pieces = read_pieces(path, rows=1)
    assert next(pieces).records == 1
    with pytest.MonkeyPatch.context() as patch:
        closed = []
        original = BatchStream.close
        patch.setattr(BatchStream, "close", lambda self: (original(self), closed.append(self._child.returncode)))
        pieces.close()
    assert closed
    assert closed[0] is not None


def test_intake_takes_more_records_than_a_whole_reading_may_hold(tmp_path, monkeypatch):
    """The bound on features guards memory; in pieces none is needed."""
    from spatial.reading import draft

    path = tmp_path / "s.parquet"
    frame(40).to_parquet(path)
    monkeypatch.setattr(draft, "_LIMITS", draft.Limits(features=15))
    with pytest.raises(SourceTooLargeError):
        read(path)
    assert sum(c.last - c.first + 1 for c in intake.chunks_of(path, rows=10)) == 40


@pytest.mark.parametrize("last", [(40_482_918.0, 5_453_252.0), (39_482_918.0, 5_453_252.0)])
def test_the_coordinate_system_is_found_of_all_records_not_of_the_first_piece(last, tmp_path):
    """Eastings that begin with 40 are of zone 40; with one of zone 39 at the end nothing is proved, as in the whole."""
    path = tmp_path / "z.parquet"
    places = [shapely.Point(40_482_000 + i, 5_453_000) for i in range(30)] + [shapely.Point(last)]
    gpd.GeoDataFrame({"名称": ["甲"] * 31}, geometry=places, crs=None).to_parquet(path)
    expected = read(path)
    pieces = [piece.reading for piece in read_pieces(path, rows=10)]
    assert [len(p.ids) for p in pieces] == [10, 10, 10, 1]
    assert {(p.crs_status, p.crs, p.crs_evidence, p.datum) for p in pieces} == {
        (expected.crs_status, expected.crs, expected.crs_evidence, expected.datum)
    }
    assert (expected.crs is None) == (last[0] < 40e6)


@settings(max_examples=100, deadline=None)
@given(shapes=st.lists(st.one_of(SHAPES, st.sampled_from(ODD)), min_size=1, max_size=6))
def test_a_reading_takes_at_once_only_what_it_takes_one_by_one(shapes):
    array = np.empty(len(shapes), dtype=object)
    array[:] = [None if shape is None else shapely.force_2d(shape) for shape in shapes]
    for shape, vouched in zip(array, plain(array), strict=True):
        draft = Draft(file="f", format="geojson", source_kind="geojson")
        draft.add(shape, {}, layer="a")
        assert not vouched or draft.geometries == [shape]
