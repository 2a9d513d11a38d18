"""What leaves the house leaves clean: hostile names in packages for other offices are texts, no commands and no paths."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import PurePosixPath, PureWindowsPath
from xml.dom import minidom

import pytest
import shapely

from layers.workspace import FolderStore
from maps.delivery.names import file_stem
from tests.apps.cli import run
from tests.building import add, workspace_at
from tests.hostile_names import EVERY, TEXTS

NAMES = [text for text in TEXTS if "\ud800" not in text]
FORGED = "=1+1\r\n结论：未命中\u202egpj.exe"
CITY = shapely.box(117.0, 49.2, 118.0, 49.9)
STEERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    store = workspace_at(tmp_path_factory.mktemp("hostile") / "ws", "red_lines")
    boxes = [shapely.box(117.0 + i / 60, 49.2, 117.0 + (i + 1) / 60, 49.9) for i in range(len(NAMES))]
    rows = [{"红线名称": text, "红线编码": text, "类型": text, text: text} for text in NAMES]
    add(store, "red_lines", boxes, rows, name=TEXTS[1], coverage=CITY, source=EVERY.replace("\ud800", ""))
    other = {"role": "protective", "meaning": TEXTS[7]}
    add(store, "other", [CITY], [{"名称": "甲"}], name=FORGED, coverage=CITY, source=FORGED, **other)
    return store.root


@pytest.fixture(scope="module")
def packages(workspace, tmp_path_factory):
    """Members of each package by format."""
    out = tmp_path_factory.mktemp("out")
    formats = ("shp", "gpkg", "kml", "xlsx", "dxf")
    done = run("export", workspace, "--out", out, "--as-of", "2026-11-22", *(a for f in formats for a in ("--to", f)))
    assert done.exit_code == 0, done.stderr
    found = {}
    for file in out.iterdir():
        if file.suffix == ".zip":
            with zipfile.ZipFile(file) as archive:
                key = file.stem.rpartition("_")[2]
                found[key] = {info.filename: archive.read(info) for info in archive.infolist()}
        else:
            found["xlsx"] = {file.name: file.read_bytes()}
    assert sorted(found) == sorted(formats)
    return found


def members(packages, *endings):
    found = [(name, data) for held in packages.values() for name, data in held.items() if name.endswith(endings)]
    assert found
    return found


def test_a_table_of_a_geopackage_takes_a_name_that_begins_with_any_sign(packages):
    # GDAL refuses tables that begin with one of these; a name of a file that begins with - is an option of a command
    for sign in "~@^()+-={}[]`!#$%&|\\:\";'<>?,./ ":
        assert file_stem(f"{sign}红线")[0] in "_红"
    assert any(name.endswith(".gpkg") for name in packages["gpkg"])


def test_members_of_a_package_are_plain_names_in_it(packages):
    for held in packages.values():
        for name in held:
            assert not PurePosixPath(name).is_absolute()
            assert not PureWindowsPath(name).drive
            assert ".." not in PurePosixPath(name).parts
            assert not STEERS.search(name)
            assert not set(name) & set('<>:"\\|?*\r\n')
            assert not name.startswith(FORMULA)
            assert not name.lower().endswith(".exe")


def test_styles_and_metadata_are_sound_xml_that_names_neither_steer_nor_leave(packages):
    for name, data in members(packages, ".qml", ".qmd", ".sld", ".xml"):
        tree = minidom.parseString(data)
        assert not tree.getElementsByTagName("script"), name
        assert tree.doctype is None or tree.doctype.name == "qgis", name
        assert not STEERS.search(data.decode("utf-8")), name


def test_a_kml_holds_names_as_text_and_no_element_that_they_bring(packages):
    for _, data in members(packages, ".kml"):
        tree = minidom.parseString(data)
        names = {node.localName for node in tree.getElementsByTagName("*")}
        assert not names & {"script", "img", "svg", "iframe", "a", "NetworkLink", "Model", "ScreenOverlay"}
        shown = [node.firstChild.data for node in tree.getElementsByTagName("name") if node.firstChild]
        assert TEXTS[1] in shown


def test_a_readme_has_no_line_that_a_name_wrote(packages):
    for name, data in members(packages, "README.txt"):
        lines = data.decode("utf-8-sig").split("\r\n")
        assert not [line for line in lines if line.startswith(("结论", "* clear"))], name
        assert any("结论：未命中" in line for line in lines), name  # within the line of its layer
        assert not STEERS.search("\n".join(lines)), name


def test_no_cell_of_a_table_is_a_formula(packages):
    import openpyxl

    for name, data in members(packages, ".csv"):
        for row in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")):
            assert not [cell for cell in row if cell.startswith(FORMULA)], name
    for _, data in members(packages, ".xlsx"):
        cells = [c for sheet in openpyxl.load_workbook(io.BytesIO(data)) for row in sheet.iter_rows() for c in row]
        assert not [cell.coordinate for cell in cells if cell.data_type == "f" or cell.hyperlink is not None]
        assert TEXTS[0] in [cell.value for cell in cells]


def test_a_text_of_a_drawing_is_one_line_without_control_characters(packages, tmp_path):
    ezdxf = pytest.importorskip("ezdxf")
    for _, data in members(packages, ".dxf"):
        file = tmp_path / "a.dxf"
        file.write_bytes(data)
        drawn = ezdxf.readfile(file).modelspace()
        assert {entity.dxftype() for entity in drawn} == {"TEXT", "LWPOLYLINE"}
        texts = [entity.dxf.text for entity in drawn.query("TEXT")]
        assert len(texts) == len(NAMES) + 4  # the other layer, two coverages, the marks
        assert not [text for text in texts if STEERS.search(text) or "\n" in text]


@pytest.mark.parametrize("title", [TEXTS[1], TEXTS[15], "年报\u202egpj.exe", "{{7*7}}${x}"])
def test_a_figure_is_a_drawing_without_scripts_links_or_handlers(workspace, tmp_path, title):
    store = FolderStore.open(workspace)
    assert store.entries
    file = tmp_path / "f.svg"
    asked = ("--title", title, "--review-number", TEXTS[3], "--layer", TEXTS[1], "--paper", "a2")
    done = run("figure", workspace, "--out", file, "--as-of", "2026-11-22", *asked)
    assert done.exit_code == 0, done.stderr
    tree = minidom.parse(str(file))
    assert tree.doctype is None
    for node in tree.getElementsByTagName("*"):
        assert node.localName not in {"script", "foreignObject", "a", "image", "iframe"}
        for key, value in node.attributes.items():
            assert not key.lower().startswith("on")
            assert not (key.endswith("href") and not value.startswith("#"))
    assert not STEERS.search(file.read_text("utf-8"))
