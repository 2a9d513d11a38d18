"""What is written in any format and CRS reads back as `spatial.conversion` says, and so as the docs say."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from spatial.conversion import FORMATS, convert
from spatial.coordinates import fold
from spatial.crs import from_geographic, identify, to_geographic
from spatial.reading import read
from spatial.writing.csv_table import guarded

IN_THIS_PROCESS = ("geojson", "kml", "survey-txt", "csv", "xlsx")
IN_A_CHILD = ("gpkg", "gdb", "parquet", "fgb", "shp", "gml", "tab", "mif", "dxf")
TELL_THEMSELVES = {"EPSG:4528", "EPSG:4498", "EPSG:4490", "EPSG:4326"}  # by their numbers alone
TARGETS = (None, 4490, 4549, 4498, 32650, 4326)
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)  # shrinking files takes minutes
NAMES = ["地块名称", "CODE", "N", "X值2", "环境管控单元编码"]

CHARACTERS = st.sampled_from([*"甲乙丙管控单元ＡABab019 -_=+@.,，、；;'\"<>&|/\\㎡²()（）\n\t", "ᠮ", "𠮷"])
TEXTS = st.none() | st.text(CHARACTERS, max_size=12)
WHOLE = st.none() | st.integers(-(2**31), 2**31 - 1)
NUMBERS = st.none() | st.integers(-(10**9), 10**9).map(lambda n: n / 1000)


def piece(east, north, size, shape):
    """A polygon of zone 40 within a cell of this size."""
    corners = {
        "box": [(0, 0), (0.9, 0), (0.9, 0.9), (0, 0.9)],
        "notched": [(0, 0), (0.9, 0.1), (0.5, 0.4), (0.8, 0.9), (0.1, 0.7)],
        "holed": [(0, 0), (0.9, 0), (0.9, 0.9), (0, 0.9)],
        "three": [(0, 0), (0.9, 0.3), (0.2, 0.8)],
    }[shape]
    holes = [[(0.2, 0.2), (0.3, 0.2), (0.25, 0.3)], [(0.5, 0.5), (0.8, 0.55), (0.7, 0.8)]] if shape == "holed" else []
    place = np.array([east, north])
    return shapely.Polygon(place + np.array(corners) * size, [place + np.array(h) * size for h in holes])


@st.composite
def features(draw):
    """One polygon or several apart, from 0.6 m to 12 km, somewhere in the north of zone 40; and its attributes."""
    size = draw(st.sampled_from([0.7, 10.3, 333.3, 4001.7, 13000.0]))
    east = draw(st.floats(40_420_000, 40_470_000, allow_nan=False))
    north = draw(st.floats(4_200_000, 5_500_000, allow_nan=False))
    shapes = draw(st.lists(st.sampled_from(["box", "notched", "holed", "three"]), min_size=1, max_size=3))
    parts = [piece(east + number * size, north, size, shape) for number, shape in enumerate(shapes)]
    geometry = parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
    return geometry, (draw(TEXTS), draw(TEXTS), draw(WHOLE), draw(NUMBERS), draw(TEXTS))


SETS = st.lists(features(), min_size=1, max_size=6)
EVERYTHING = [
    (piece(40_500_000.123456789, 5_450_000.987654321, 100, "holed"), ("呼伦贝尔 某地块", "007", 1, 0.1, None)),
    (
        shapely.MultiPolygon([piece(40_501_000, 5_450_000, 0.7, "box"), piece(40_501_001, 5_450_000, 0.7, "holed")]),
        ("=1+1，甲、乙", "08", None, None, "ᠮ𠮷²"),
    ),
    (piece(40_440_000.7, 4_300_000.3, 13_000, "notched"), ("", " 空 白 ", -7, -0.125, "ZH15078110001")),
    (piece(40_500_000.1, 5_460_000.1, 333.3, "three"), (None, "1.50", 2**31 - 1, 1e6, "一" * 120)),
]


def source_of(folder, rows):
    described = [
        {
            "type": "Feature",
            "properties": dict(zip(NAMES, values, strict=True)),
            "geometry": json.loads(shapely.to_geojson(geometry)),
        }
        for geometry, values in rows
    ]
    crs = {"type": "name", "properties": {"name": "EPSG:4528"}}
    path = folder / "source.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": described}), encoding="utf-8")
    return read(path)


def holds(form, target, rows):
    """Write, read back, and compare with what the format is said to keep."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = source_of(folder, rows)
        path = folder / f"out{form.endings[0]}"
        if form.keeps.crs == "zone" and target not in (None, 4549):
            target = 4528
        written = convert(source, path, to=form.key, crs=target)
        code = crs_of(form, target)
        known = code in TELL_THEMSELVES - ({"EPSG:4326"} if form.key == "dxf" else set()) or form.keeps.crs != "numbers"
        back = read(path, crs=None if known else code)
    codes = {note.code for note in written.notes}
    assert back.unreadable == ()
    assert ("crs_dropped" in codes) == (not known)
    compare_crs(form, back, code, codes)
    wanted = expected_geometries(form, source, code)
    values = [row for _, row in rows]
    if form.keeps.parts == "no":
        wanted = list(shapely.get_parts(wanted))
    assert len(back.geometries) == len(wanted)
    for was, now in zip(wanted, back.geometries, strict=True):
        compare_geometry(form, was, now, code)
    if form.keeps.values != "none":
        compare_values(form, values, back.attributes)


def crs_of(form, target):
    if form.keeps.crs == "wgs84":
        return "EPSG:4326"
    return "EPSG:4528" if target is None or form.keeps.crs == "zone" else f"EPSG:{target}"


def compare_crs(form, back, code, codes):
    meant = identify(code)
    if form.keeps.crs == "marked_wgs84" and meant.datum == "cgcs2000":
        assert "crs_marked_wgs84" in codes
        assert (back.crs.datum, back.crs.is_geographic) == ("wgs84", meant.is_geographic)
        assert back.crs.central_meridian == meant.central_meridian
    else:
        assert back.crs.code == code


def expected_geometries(form, source, code):
    """By way of degrees, but for the two ways of numbering one zone."""
    if code == "EPSG:4528":
        return source.geometries
    if code == "EPSG:4549":
        return shapely.transform(source.geometries, lambda points: points - [40_000_000, 0])
    return from_geographic(to_geographic(source.geometries, source.crs), identify(code))


def compare_geometry(form, was, now, code):
    degrees = identify(code).is_geographic
    step = form.keeps.degrees if degrees else form.keeps.metres
    if form.key in {"survey-txt", "csv", "xlsx"} and code not in {"EPSG:4528", "EPSG:4549"}:
        step += 5e-9 if degrees else 5.1e-4  # the half millimetre up to which they add no corners
    # 1e-9 m: half a unit of the last bit of 4e7, and what one subtraction costs; the same for degrees
    slack = 1.5 * step + (2e-14 if degrees else 1e-8)
    if code == "EPSG:4528" and step == 0:
        assert_same_parts(was, now)
        assert np.array_equal(
            np.unique(shapely.get_coordinates(was), axis=0), np.unique(shapely.get_coordinates(now), axis=0)
        )
    else:
        assert_same_parts(was, now)
        assert shapely.hausdorff_distance(was, now) <= slack
    assert abs(was.area - now.area) <= 2 * slack * was.length + 1e-12 * was.area
    if form.keeps.parts == "multi":
        assert now.geom_type == "MultiPolygon"
    else:
        assert now.geom_type == was.geom_type


def assert_same_parts(was, now):
    def parts(shape):
        return sorted(len(part.interiors) for part in shapely.get_parts(shape))

    assert parts(was) == parts(now)


def compare_values(form, rows, attributes):
    names = form.rule.fitted(NAMES)
    for at, (row, found) in enumerate(zip(rows, attributes, strict=True)):
        if form.key == "survey-txt":
            name = row[0] or ""
            for sign, twin in ((",", ";"), ("，", ";"), ("、", ";"), ("@", "(at)"), ("\n", " "), ("\t", "\t")):
                name = name.replace(sign, twin)
            assert found.get("地块名称", "") == fold(name.strip()).strip()
            continue
        for column, (name, value) in enumerate(zip(names, row, strict=True)):
            compare_value(form, value, found.get(name), [other[column] for other in rows], row_number=at)


def compare_value(form, was, now, column, *, row_number):
    kept = form.keeps
    if kept.values == "typed":
        assert now == was
        assert type(now) is type(was) or all(value is None for value in column)
    elif kept.values == "text":
        text = "" if was is None else guarded(was) if form.key == "csv" and isinstance(was, str) else str(was)
        if kept.null and was is None:
            assert now is None
        elif isinstance(was, float):
            assert float(now) == was
        else:
            assert (now or "") == text.strip()
    elif kept.values == "guessed":
        if isinstance(was, str) and isinstance(now, str):
            assert now.strip() == was.strip()
        elif was is None or (isinstance(was, str) and not was.strip()):
            assert now in (None, "")
        else:
            assert float(now) == float(was)
    elif isinstance(was, str) or was is None:  # fitted
        text = was or ""
        if form.key == "mif":
            text = " ".join(text.splitlines()) if "\n" in text else text
        elif form.key == "shp":
            text = text.strip(" ")
        from spatial.writing.text import cut

        assert (now or "").rstrip(" ") == cut(text, 254, "UTF-8").rstrip(" ")
    else:
        assert float(now) == was


@pytest.mark.parametrize("key", IN_THIS_PROCESS)
@settings(max_examples=10, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow], phases=PHASES)
@given(rows=SETS, target=st.sampled_from(TARGETS))
@example(rows=EVERYTHING, target=None)
@example(rows=EVERYTHING, target=4490)
def test_any_polygons_read_back_as_the_table_says(key, rows, target):
    holds(FORMATS[key], target, rows)


@pytest.mark.slow
@pytest.mark.parametrize("key", IN_A_CHILD)
@settings(max_examples=1, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow], phases=PHASES)
@given(rows=SETS, target=st.sampled_from(TARGETS))
@example(rows=EVERYTHING, target=None)
def test_any_polygons_read_back_through_the_child_as_the_table_says(key, rows, target):
    holds(FORMATS[key], target, rows)


def test_every_format_that_is_read_back_is_tested_here():
    assert {*IN_THIS_PROCESS, *IN_A_CHILD, "gpx"} == {key for key, form in FORMATS.items() if form.read_back}


def test_the_four_formats_of_the_promise_are_lossless_and_no_other():
    assert [key for key, form in FORMATS.items() if form.is_lossless] == ["gpkg", "gdb", "parquet", "fgb"]


@pytest.mark.parametrize("target", [4490, 4498, 32650])
def test_a_geodatabase_keeps_every_bit_within_a_zone(tmp_path, target):
    source = source_of(tmp_path, EVERYTHING)
    first = convert(source, tmp_path / "a.parquet", crs=target).paths[0]
    second = convert(source, tmp_path / "a.gdb", crs=target).paths[0]
    for was, now in zip(read(first).geometries, read(second).geometries, strict=True):
        apart = np.abs(
            shapely.get_coordinates(was.normalize())
            - shapely.get_coordinates(
                shapely.get_parts(now.normalize())[0].normalize() if was.geom_type == "Polygon" else now.normalize()
            )
        )
        assert apart.max() <= (1e-13 if target == 4490 else 1e-9)
