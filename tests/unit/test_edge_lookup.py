"""What an import looks up quickly: edges by their marks, ends by sums, places by numbers; each as the slow way says."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.overlay import matching
from spatial.overlay.cells.building import _loose_ends
from spatial.overlay.edges import Edges, _by_place
from spatial.overlay.seams import seams_of
from spatial.reading import reference, worker


def array(*geometries) -> np.ndarray:
    found = np.empty(len(geometries), dtype=object)
    found[:] = geometries
    return found


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), places=st.integers(1, 40), marks=st.sampled_from([1, 2, 7, 1 << 62]))
def test_each_edge_finds_the_first_of_its_equals_however_many_places_share_a_mark(seed, places, marks):
    rng = np.random.default_rng(seed)
    place = rng.normal(size=places) + 1j * rng.normal(size=places)
    mark = rng.integers(0, marks, places).astype(np.uint64)
    low, high = rng.integers(0, places, (2, 200))
    found = matching.first_of_equals(place, low, high, mark[low] * matching.MIX[2] + mark[high])
    first: dict[tuple[complex, complex], int] = {}
    told = [first.setdefault((place[a], place[b]), n) for n, (a, b) in enumerate(zip(low, high, strict=True))]
    assert found.tolist() == told


def test_a_wedge_of_many_vertices_that_enters_at_common_vertices_is_not_sound():
    """Far from the two common vertices no edge of the one comes near one of the other: one chain, asked once, inside."""
    steps = np.linspace(0, np.pi, 400)
    arc = np.column_stack([2.5 + 0.5 * np.cos(steps), 1.9 * np.sin(steps)])  # from (3, 0) over (2.5, 1.9) to (2, 0)
    square = shapely.Polygon([(0, 0), (2, 0), (3, 0), (4, 0), (4, 4), (0, 4)])
    wedge = shapely.Polygon([(2, -1), (3, -1), (3, 0), *arc[1:-1], (2, 0)])
    assert shapely.intersection(square, wedge).area > 1
    assert not seams_of(array(square, wedge)).sound.all()
    outside = shapely.Polygon([(2, -1), (3, -1), (3, 0), *(arc[1:-1] * (1, -0.4)), (2, 0)])
    assert seams_of(array(square, outside)).sound.all()


def test_two_loose_edges_whose_ends_make_a_parallelogram_are_told():
    """At its corners the sides come out uneven by +1, -1, -1, +1: numbers in proportion to the places would cancel."""
    edges = Edges(
        xy=np.array([[1, 1, 2, 3], [5, 1, 6, 3]], dtype=float),
        left=np.array([1, 0], dtype=np.int32),
        right=np.array([0, 1], dtype=np.int32),
        set_offset=np.array([0, 0, 1]),
        set_feature=np.array([0], dtype=np.int32),
        group_offset=np.array([0, 2]),
        group_bounds=np.zeros((1, 4)),
    )
    assert _loose_ends(edges).tolist() == [True, True]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), matched=st.integers(0, 300))
def test_edges_are_ordered_by_cell_then_the_matched_by_their_ends_then_the_others_as_they_come(seed, matched):
    rng = np.random.default_rng(seed)
    corners = rng.integers(0, 3, (60, 2)) + rng.integers(0, 3, (60, 2)) * 1e-6  # many in one cell
    xy = corners[rng.integers(0, 60, (300, 2))].reshape(-1, 4)
    middle = (xy[:, :2] + xy[:, 2:]) / 2
    cell = ((middle - middle.min(axis=0)) / np.ptp(middle, axis=0) * 65535).astype(int)
    place = [sum(((int(c) >> bit & 1) << 2 * bit + k) for k, c in enumerate(one) for bit in range(16)) for one in cell]
    slow = sorted(range(300), key=lambda n: (place[n], n >= matched, tuple(xy[n]) if n < matched else (), n))
    assert xy[_by_place(xy, matched)].tolist() == xy[slow].tolist()


def test_the_points_that_tell_the_crs_of_many_are_the_corners_of_the_hull_of_all():
    rng = np.random.default_rng(2)
    lines = shapely.linestrings(rng.normal(size=(30_000, 2, 2)))
    found = reference._points(SimpleNamespace(geometries=list(lines)))
    every = shapely.get_coordinates(lines)
    assert len(every) > reference._FEW
    hull = shapely.get_coordinates(shapely.MultiPoint(every).convex_hull)
    assert np.array_equal(found[: len(hull)], hull)


def test_the_reading_process_imports_no_tables_library_that_it_does_not_use():
    program = (
        f"import importlib.util as u, sys; s = u.spec_from_file_location('w', {str(Path(worker.__file__))!r});"
        "m = u.module_from_spec(s); s.loader.exec_module(m); m.fence(['GPKG']);"
        "import pyogrio._compat as c; print(c.HAS_GEOPANDAS, c.HAS_PYARROW, sys.modules['pandas'])"
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "None"]


def test_an_import_that_is_refused_leaves_no_thread_and_no_version(tmp_path):
    from layers.errors import ImportOptionError
    from layers.importing import ImportOptions, import_layer
    from layers.workspace import FolderStore
    from tests.building import reading_of

    store = FolderStore.create(tmp_path / "ws", required_kinds=["red_lines"], region=None)
    before = threading.active_count()
    options = ImportOptions(kind="red_lines", name="红线", accept_rejected=("9",), why="试验")
    with pytest.raises(ImportOptionError, match="no rejected feature has the id 9"):
        import_layer(store, reading_of([shapely.box(117, 49, 117.1, 49.1)]), options)
    assert threading.active_count() == before
    assert FolderStore.open(store.root).entries == ()


def test_the_threads_of_an_import_are_given_no_geometry_in_common(tmp_path, monkeypatch):
    from layers import importing
    from layers.workspace import FolderStore
    from tests.building import reading_of

    given: dict[str, set[int]] = {"main": set(), "edges": set(), "pieces": set()}
    kept = []

    def noting(work, place, at):
        def noted(*asked, **named):
            if (threading.current_thread() is threading.main_thread()) == (at == "main"):  # not of the coverage's index
                kept.append(asked[place])  # so that no number is given again
                given[at].update(id(one) for one in asked[place])
            return work(*asked, **named)

        return noted

    for name, place, at in (
        ("seams_of", 0, "edges"),
        ("build_index", 0, "edges"),  # once the edges are matched
        ("pieces_of", 0, "pieces"),
        ("leaf_array", 1, "main"),
        ("interpret", 2, "main"),
        ("_coverage", 1, "main"),
    ):
        monkeypatch.setattr(importing, name, noting(getattr(importing, name), place, at))
    shapes = [shapely.box(117, 49, 117.1, 49.1), shapely.box(117.1, 49, 117.2, 49.1)]
    options = importing.ImportOptions(kind="control_units", name="单元", coverage="layer")
    importing.import_layer(
        FolderStore.create(tmp_path / "ws", required_kinds=[], region=None), reading_of(shapes), options
    )
    assert [len(some) for some in given.values()] == [2, 2, 2]
    assert len(set.union(*given.values())) == 6
