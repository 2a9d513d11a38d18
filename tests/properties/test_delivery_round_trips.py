"""A layer that is handed over and imported again is the same layer, in each of the four formats that lose nothing."""

from __future__ import annotations

import tempfile
import zipfile
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from layers.importing import ImportOptions, import_layer
from layers.leaves import stored_features
from layers.version import open_layer
from layers.workspace import FolderStore
from maps.delivery import FORMATS, deliver, layers_delivery
from spatial.reading import read
from tests.building import add, workspace_at

PROMISED = ("gpkg", "gdb", "geoparquet", "fgb")
STEP_DEGREES = {"gdb": 1e-13}  # the grid of a geodatabase, as docs/reference/conversion.md has it
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
CHARACTERS = st.sampled_from([*"甲乙丙优先保护单元ＡABab019 -_=+.,，、；;'\"<>&|/\\㎡²()（）{}\n", "ᠮ", "𠮷", "😀"])
TEXTS = st.text(CHARACTERS, max_size=12)
DATES = st.none() | st.dates(min_value=date(1990, 1, 1)).map(str)
CLASSES = st.sampled_from(["优先保护单元", "重点管控单元", "一般管控单元", "", "看不懂"])


@st.composite
def units(draw):
    """Some control units: polygons with and without holes and parts, beside each other, with words and dates."""
    rows = []
    for number in range(draw(st.integers(1, 4))):
        west, south = 117.0 + 0.01 * number + draw(st.floats(0, 1e-3)), 49.0 + draw(st.floats(0, 1e-2))
        size = draw(st.sampled_from([1e-4, 3.3e-3, 8.7e-3]))
        shape = shapely.box(west, south, west + size, south + size)
        if draw(st.booleans()):
            shape = shape.difference(
                shapely.box(west + size / 3, south + size / 3, west + size / 2, south + size / 1.7)
            )
        if draw(st.booleans()):
            shape = shapely.MultiPolygon([shape, shapely.box(west, south + 0.02, west + size, south + 0.02 + size)])
        fields = {
            "环境管控单元编码": f"ZH150781{draw(st.integers(1, 3))}{number:04d}",
            "环境管控单元名称": draw(TEXTS),
            "管控单元分类": draw(CLASSES),
            "生效日期": draw(DATES),
            "精度_m": draw(st.none() | st.integers(1, 400).map(lambda n: n / 8)),
            "空间布局约束": draw(TEXTS),
            "备注": draw(TEXTS),
            "数": draw(st.none() | st.integers(-(2**40), 2**40)),
        }
        rows.append((shape, fields))
    return rows


ODD = [
    (
        shapely.box(117.123456789012, 49.1, 117.2, 49.2).difference(shapely.box(117.15, 49.12, 117.16, 49.13)),
        {"环境管控单元编码": "ZH15078110001", "环境管控单元名称": "../CON|甲'\"😀", "管控单元分类": "优先保护单元", "备注": "长" * 5000},
    ),
    (shapely.box(117.2, 49.1, 117.3, 49.2), {"环境管控单元编码": "乱码", "管控单元分类": "=1+1", "生效日期": "2024-01-01"}),
]  # fmt: skip


def first_workspace(folder, rows):
    store = workspace_at(folder / "a", "control_units")
    add(store, "control_units", [shape for shape, _ in rows], [fields for _, fields in rows], name="单元")
    return FolderStore.open(store.root)


def layer_of(store):
    return open_layer(store, store.entries[-1])


def delivered(store, folder, key):
    delivery = layers_delivery(store, as_of="2026-11-22")
    (path,) = deliver(delivery, folder / "out", [key]).paths
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder / "un")
    ending = FORMATS[key].ending
    (file,) = [p for p in (folder / "un").iterdir() if p.suffix == ending]
    return delivery, file


def corners(shape):
    return [shapely.get_coordinates(part) for part in shapely.get_parts(shapely.normalize(shape))]


@pytest.mark.parametrize("key", PROMISED)
def test_odd_units_read_back_and_import_as_they_were(key):
    holds(key, ODD)


@pytest.mark.slow
@pytest.mark.parametrize("key", PROMISED)
@settings(max_examples=3, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(rows=units())
def test_any_units_read_back_and_import_as_they_were(key, rows):
    holds(key, rows)


def holds(key, rows):
    """Import, hand over, read, import again; and compare both times."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = first_workspace(folder, rows)
        delivery, file = delivered(store, folder, key)
        (sheet,) = delivery.sheets
        reading = read(file, layer=sheet.stem if key in {"gpkg", "gdb"} else None)
        again = workspace_at(folder / "b", "control_units")
        options = ImportOptions(kind="control_units", name="单元", data_date="2024-01-01")
        import_layer(FolderStore.open(again.root), reading, options)
        was, now = layer_of(store), layer_of(FolderStore.open(again.root))
        compare_tables(sheet, reading, step=STEP_DEGREES.get(key, 0.0))
        compare_layers(was, now, step=STEP_DEGREES.get(key, 0.0))


def compare_tables(sheet, reading, *, step):
    assert reading.crs.code == "EPSG:4490"
    assert reading.unreadable == ()
    names = [field.name for field in sheet.table.fields]
    for row, found in zip(sheet.table.rows, reading.attributes, strict=True):
        for column, value in zip(names, row, strict=True):
            expected = "EPSG:4490" if column == "ZBX" else value
            if isinstance(value, int | float):
                assert type(found[column]) is type(value), column
            assert found.get(column) == expected, column
    for was, now in zip(sheet.table.geometries, reading.geometries, strict=True):
        same_shape(was, now, step=step)


def same_shape(was, now, *, step):
    one, two = corners(was), corners(now)
    assert len(one) == len(two)
    for a, b in zip(one, two, strict=True):
        assert a.shape == b.shape
        assert np.abs(a - b).max() <= step


def compare_layers(was, now, *, step):
    assert was.card.features == now.card.features
    assert was.card.class_counts == now.card.class_counts
    shapes = [[shapely.from_wkb(f.wkb) for f in stored_features(layer.stored)] for layer in (was, now)]
    for row in range(was.records.count):
        one, two = was.records.feature(row), now.records.feature(row)
        for name in (
            "id",
            "code",
            "name",
            "class_",
            "counts",
            "valid_from",
            "valid_until",
            "accuracy_m",
            "requirements",
        ):
            assert getattr(one, name) == getattr(two, name), name
        same_shape(shapes[0][row], shapes[1][row], step=step)


def test_the_formats_of_the_promise_are_those_that_claim_to_lose_nothing():
    claimed = {
        key for key, form in FORMATS.items() if form.keeps.values == "typed" and form.keeps.null and form.keeps.crs == "chosen"
    }  # fmt: skip
    assert claimed == set(PROMISED)
    assert all(FORMATS[key].keeps.moves_m <= 2e-8 for key in PROMISED)
