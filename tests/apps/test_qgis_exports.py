"""Every export that QGIS opens, opened and drawn by QGIS itself with the styles beside it, and looked at."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from PIL import Image

from docs.figures import exports
from docs.figures.exports import FORMATS, SAMPLES, SOUTH, STEP, WEST, export, in_qgis, job, pixel, qgis_python
from maps.style import load_style, style_of
from maps.symbology import StyledLayer, styles_for
from spatial.writing import Table
from spatial.writing.geojson import write_geojson

HOSTILE = "O'Brien \"x\" <&> ]]> ' OR 1=1 OR '"
AREAL = [(n, sample) for n, sample in enumerate(SAMPLES) if sample.geometry == "polygon"]
ATTRIBUTED = [to for to in FORMATS if to != "dxf"]
CRS = {"kml": "EPSG:4326", "geojson": "EPSG:4326", "dxf": ""}
OWN_FIELDS = {"gpkg": {"fid"}, "gdb": {"OBJECTID"}, "shp": set(), "geojson": set(), "fgb": set()}
BY_ITSELF = ("shp", "gpkg", "geojson", "fgb")  # elsewhere QGIS looks for one style for all layers of a file


@pytest.fixture(scope="module")
def looked(tmp_path_factory):
    """All formats written once and shown to QGIS once: by (format, sample, way of styling), what it found."""
    if qgis_python() is None:
        pytest.skip("QGIS is not installed; as root: apt-get install python3-qgis")
    folder = tmp_path_factory.mktemp("qgis")
    every = {to: export(folder / to, to) for to in FORMATS}
    keys, jobs = [], []
    for to, written in every.items():
        for number, each in enumerate(written):
            for way in (".qml", ".sld", *(["found"] if to in BY_ITSELF else [])):
                picture = folder / f"{to}-{number}{way}.png"
                keys.append((to, number, way))
                jobs.append(job(each, None if way == "found" else way, picture) | {"labels": False})
    found = in_qgis(jobs, folder)
    for entry, asked in zip(found, jobs, strict=True):
        if Path(asked["picture"]).is_file():
            with Image.open(asked["picture"]) as image:
                entry["pixels"] = np.asarray(image.convert("RGB"), dtype=float)
    return every, dict(zip(keys, found, strict=True))


def channels(colour):
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], dtype=float)


def over(colour, opacity, paper=(255.0, 255.0, 255.0)):
    """A colour laid over a paper."""
    return opacity * channels(colour) + (1 - opacity) * np.asarray(paper)


def band(pixels, number):
    """The upper part of a feature, within its outline."""
    left, top = pixel(WEST + number * STEP, SOUTH + 0.9 * STEP)
    right, _ = pixel(WEST + (number + 0.9) * STEP, SOUTH)
    return pixels[round(top) + 4 : round(top) + 18, round(left) + 4 : round(right) - 4]


def edge(pixels, number, colour):
    """The row of pixels on the upper outline of a feature, without its corners."""
    left, top = pixel(WEST + number * STEP, SOUTH + 0.9 * STEP)
    right, _ = pixel(WEST + (number + 0.9) * STEP, SOUTH)
    rows = pixels[round(top) - 2 : round(top) + 3, round(left) + 3 : round(right) - 3]
    return rows[int(np.abs(rows - channels(colour)).max(axis=2).min(axis=1).argmin())]


def shown(sample, number):
    class_ = sample.classes[number]
    return style_of(sample.kind, "*" if class_ == "?" else class_)


@pytest.mark.parametrize("to", FORMATS)
def test_qgis_opens_every_kind_with_each_feature_in_its_place(to, looked):
    every, found = looked
    for number, sample in enumerate(SAMPLES):
        entry = found[to, number, ".qml"]
        assert entry["valid"]
        assert entry["crs"] == CRS.get(to, "EPSG:4490")
        assert entry["count"] == entry["stated_count"] == len(sample.classes)
        assert entry["sound"]
        bounds = shapely.total_bounds(every[to][number].table.geometries)
        assert entry["box"] == pytest.approx(list(bounds), abs=6e-8)  # GeoJSON has 7 decimals


@pytest.mark.parametrize("to", ATTRIBUTED)
def test_qgis_finds_the_same_fields_texts_and_areas(to, looked):
    every, found = looked
    for number, sample in enumerate(SAMPLES):
        entry, table = found[to, number, ".qml"], every[to][number].table
        names = [field.name for field in table.fields]
        if to == "kml":  # the placemark's own name takes the place of the column
            names[1] = "Name"
        assert set(names) <= set(entry["fields"])
        if to in OWN_FIELDS:
            assert set(entry["fields"]) - set(names) == OWN_FIELDS[to]
        at = [entry["fields"].index(name) for name in names]
        rows = [[row[i] for i in at] for row in entry["rows"]]
        assert [row[:3] for row in rows] == [[str(value) for value in row[:3]] for row in table.rows]
        assert [float(row[3]) for row in rows] == [row[3] for row in table.rows]
        if sample.geometry == "polygon":
            # 0.9 x 0.01 degrees square; GeoJSON rounds each side by at most 1e-7
            assert entry["areas"] == pytest.approx([0.009 * 0.009] * len(sample.classes), rel=3e-5)


@pytest.mark.parametrize("way", [".qml", ".sld"])
@pytest.mark.parametrize("to", ATTRIBUTED)
def test_the_inside_of_every_area_has_the_colours_of_its_class(to, way, looked):
    _, found = looked
    for number, sample in AREAL:
        for at in range(len(sample.classes)):
            style, inside = shown(sample, at), band(found[to, number, way]["pixels"], at)
            fill = over(style.fill, style.fill_opacity)
            if style.hatch is None:
                assert np.abs(inside - fill).max() <= 2, (sample.kind, at)
                continue
            ink = over(style.fill, style.pattern.opacity, fill)
            assert np.abs(inside - fill).max(axis=2).min() <= 4, (sample.kind, at)
            # how much of the way from the fill to the ink each pixel goes; on the average: width / spacing
            share = ((inside - fill) @ (ink - fill)) / ((ink - fill) @ (ink - fill))
            free = 1.0
            for angle in style.pattern.angles:
                free *= 1 - style.pattern.width / style.pattern.spacing(angle)
            assert share.max() > 0.6, (sample.kind, at)
            assert share.mean() == pytest.approx(1 - free, rel=0.3), (sample.kind, at)


@pytest.mark.parametrize("way", [".qml", ".sld"])
@pytest.mark.parametrize("to", ATTRIBUTED)
def test_every_hatch_runs_the_way_its_style_says(to, way, looked):
    """Moving along the lines changes nothing: one pixel right, up, or right and up or down (rows count downwards)."""
    _, found = looked
    along = {0: (0, 1), 90: (1, 0), 45: (-1, 1), 135: (1, 1)}
    seen = set()
    for number, sample in AREAL:
        for at in range(len(sample.classes)):
            style, inside = shown(sample, at), band(found[to, number, way]["pixels"], at).sum(axis=2)
            if style.hatch is None or len(style.pattern.angles) > 1:
                continue
            change = {
                angle: np.abs(inside[1:-1, 1:-1] - np.roll(inside, step, (0, 1))[1:-1, 1:-1]).mean()
                for angle, step in along.items()
            }
            assert (min(change, key=change.__getitem__),) == style.pattern.angles, (sample.kind, at, change)
            seen.add(style.hatch)
    assert seen == {"diagonal", "backward", "level", "upright"}


@pytest.mark.parametrize("way", [".qml", ".sld"])
@pytest.mark.parametrize("to", FORMATS)
def test_every_outline_has_its_colour_and_its_dash(to, way, looked):
    _, found = looked
    for number, sample in AREAL:
        for at in range(len(sample.classes)):
            style, row = shown(sample, at), edge(found[to, number, way]["pixels"], at, shown(sample, at).colour)
            nearest = np.abs(row - channels(style.colour)).max(axis=1)
            assert nearest.min() <= 40, (sample.kind, at)  # a line 1.6 wide is two pixels, not quite full
            away = over(style.fill, style.fill_opacity / 2) - channels(style.colour)
            inked = 1 - np.clip(((row - channels(style.colour)) @ away) / (away @ away), 0, 1)
            dashes = style.dashes or (1.0, 0.0)
            duty = sum(dashes[::2]) / sum(dashes)
            full = inked.max()
            assert (inked / full).mean() == pytest.approx(duty, abs=0.17), (sample.kind, at)


@pytest.mark.parametrize("way", [".qml", ".sld"])
@pytest.mark.parametrize("to", FORMATS)
def test_points_and_lines_have_the_colours_of_their_class(to, way, looked):
    _, found = looked
    for number, sample in enumerate(SAMPLES):
        for at in range(len(sample.classes)):
            pixels, style = found[to, number, way]["pixels"], shown(sample, at)
            if sample.geometry == "point":
                x, y = pixel(WEST + (at + 0.5) * STEP, SOUTH + STEP / 2)
                assert np.abs(pixels[round(y), round(x)] - over(style.fill, 0.9)).max() <= 4
            elif sample.geometry == "line":
                left, y = pixel(WEST + at * STEP, SOUTH + STEP / 2)
                rows = pixels[round(y) - 2 : round(y) + 2, round(left) + 2 : round(left) + 50]
                row = rows[int(rows.sum(axis=(1, 2)).argmin())].mean(axis=1)
                assert np.abs(row.min() - channels(style.colour).mean()) <= 60
                assert (row < 200).mean() == pytest.approx(6 / 9, abs=0.15)  # dash "6 3"


@pytest.mark.parametrize("to", BY_ITSELF)
def test_qgis_takes_up_the_style_by_itself(to, looked):
    """From the file beside the data, in a GeoPackage from the table inside it."""
    _, found = looked
    for number, _ in enumerate(SAMPLES):
        alone, asked = found[to, number, "found"], found[to, number, ".qml"]
        assert alone["renderer"] == asked["renderer"] == "categorizedSymbol"
        assert np.array_equal(alone["pixels"], asked["pixels"])


def test_the_legend_lists_the_classes_from_the_strictest_down_in_both_languages(looked):
    _, found = looked
    number = next(n for n, sample in enumerate(SAMPLES) if sample.kind == "control_units")
    assert found["shp", number, ".qml"]["legend"] == [
        "优先保护单元 / priority protection unit",
        "重点管控单元 / key control unit",
        "一般管控单元 / general control unit",
        "?",
        "其他值 / any other value",
    ]


@pytest.mark.parametrize("to", ["shp", "geojson", "fgb"])
def test_qgis_shows_the_title_and_the_notes_of_a_layer(to, looked):
    _, found = looked
    entry = found[to, 0, ".qml"]
    assert entry["title"] == "red_lines_polygon"
    assert entry["abstract"].startswith("合成示例，不代表真实管控边界 / Synthetic example")
    assert entry["labels"]


def test_a_geopackage_is_styled_with_nothing_beside_it(tmp_path):
    if qgis_python() is None:
        pytest.skip("QGIS is not installed; as root: apt-get install python3-qgis")
    (written,) = export(tmp_path / "a", "gpkg", SAMPLES[:1])
    for path in written.styles.values():
        path.unlink()
    (entry,) = in_qgis([job(written, None, tmp_path / "a.png") | {"labels": False}], tmp_path)
    assert entry["renderer"] == "categorizedSymbol"
    with Image.open(tmp_path / "a.png") as image:
        pixels = np.asarray(image.convert("RGB"), dtype=float)
    assert np.abs(edge(pixels, 0, "#b8002e") - channels("#b8002e")).max() <= 40


def test_hostile_values_and_names_are_data(tmp_path):
    """A value that would end a literal matches itself alone; the feature beside it is drawn as any other value."""
    if qgis_python() is None:
        pytest.skip("QGIS is not installed; as root: apt-get install python3-qgis")
    sample = replace(SAMPLES[3], classes=("priority", "key"))
    table = Table(
        name="t",
        fields=exports._FIELDS,
        rows=(("1", HOSTILE, HOSTILE, 1.0), ("2", "b", "OR", 2.0)),
        geometries=(sample.shape(0), sample.shape(1)),
        crs=4490,
    )
    path = tmp_path / "t.geojson"
    write_geojson(path, table)
    layer = StyledLayer(
        name=HOSTILE + "\x1b\ud800</qgis><script>",
        kind="control_units",
        geometry="polygon",
        class_field="CLASS",
        classes=((HOSTILE, "priority"),),
        label_field="NAME",
        file=path.name,
        epsg=4326,
        notes=(HOSTILE,),
    )
    styles = {ending: tmp_path / f"other{ending}" for ending in (".qml", ".sld")}
    for ending, style in styles.items():
        style.write_bytes(styles_for(layer, "geojson")[ending])
    written = exports.Exported(sample=sample, uri=str(path), styles=styles, table=table)
    jobs = [job(written, ending, tmp_path / f"t{ending}.png") | {"labels": False} for ending in styles]
    for entry, ending in zip(in_qgis(jobs, tmp_path), styles, strict=True):
        assert entry["styled"], entry["message"]
        with Image.open(tmp_path / f"t{ending}.png") as image:
            pixels = np.asarray(image.convert("RGB"), dtype=float)
        assert np.abs(band(pixels, 0) - over("#145242", 0.55)).max() <= 2
        assert np.abs(band(pixels, 1) - over("#9a9a9a", 0.30)).max() <= 2


def test_a_style_file_of_the_office_reaches_qgis(tmp_path):
    if qgis_python() is None:
        pytest.skip("QGIS is not installed; as root: apt-get install python3-qgis")
    own = tmp_path / "own.toml"
    own.write_text(
        '[looks.control_units]\npriority = { key = "priority", colour = "#102030", fill = "#00ff00", fill_opacity = 1 }\n',
        encoding="utf-8",
    )
    (written,) = export(tmp_path / "a", "geojson", SAMPLES[3:4], style=load_style(own))
    in_qgis([job(written, ".qml", tmp_path / "a.png") | {"labels": False}], tmp_path)
    with Image.open(tmp_path / "a.png") as image:
        pixels = np.asarray(image.convert("RGB"), dtype=float)
    assert np.abs(band(pixels, 0) - channels("#00ff00")).max() <= 2
    assert np.abs(band(pixels, 1) - over("#fba66a", 0.55)).max() <= 2


def test_a_zone_with_its_prefix_is_understood_with_its_areas(tmp_path):
    """117.4 E lies in zone 39 (central meridian 117): EPSG:4527, eastings of 39 million; areas are those of the plane."""
    if qgis_python() is None:
        pytest.skip("QGIS is not installed; as root: apt-get install python3-qgis")
    written = [export(tmp_path / to, to, SAMPLES[3:4], crs="zone3")[0] for to in ("shp", "gpkg", "gdb", "fgb")]
    for entry in in_qgis([{"uri": each.uri} for each in written], tmp_path):
        assert (entry["valid"], entry["crs"], entry["count"]) == (True, "EPSG:4527", 4)
        west, south, east, north = entry["box"]
        assert 39_500_000 < west < east < 39_600_000
        assert 5_480_000 < south < north < 5_500_000
        # 0.009 degrees: 1000.9 m of meridian; of the parallel 111.3 km x cos 49.5 x 0.009 x (1 + 2.4e-3) = 652.5 m
        assert entry["areas"] == pytest.approx([1000.9 * 652.5] * 4, rel=5e-3)


def test_qgis_process_reads_every_format_and_counts_the_same(tmp_path):
    """Its own program, without its wrapper, puts the areas of all six formats with attributes into one layer."""
    program = Path("/usr/bin/qgis_process.bin")
    if not program.is_file():
        pytest.skip("qgis_process is not installed; as root: apt-get install qgis")
    uris = [export(tmp_path / to, to, SAMPLES[3:4])[0].uri for to in ATTRIBUTED]
    out = tmp_path / "all.geojson"
    done = subprocess.run(
        [program, "run", "native:mergevectorlayers", *(f"--LAYERS={uri}" for uri in uris), f"--OUTPUT={out}"],
        env=exports.environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert out.is_file(), done.stderr[-2000:]
    text = out.read_text(encoding="utf-8")
    assert text.count('"type": "Feature",') == 4 * len(ATTRIBUTED)
    assert text.count("示例1号<&>") == len(ATTRIBUTED)


@pytest.mark.parametrize("to", FORMATS)
def test_the_gallery_has_a_small_sheet_of_every_format(to):
    path = exports.GALLERY / f"export-{to}.png"
    assert path.stat().st_size < 150_000
    with Image.open(path) as image:
        width, height = exports.CELL
        assert image.size == (2 * width + 8, len(SAMPLES) * (height + 4))
