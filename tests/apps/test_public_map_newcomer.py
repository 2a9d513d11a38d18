"""What somebody meets who opens the public map for the first time: files of theirs, a phone, layers that show nothing."""

from __future__ import annotations

import re
import zipfile
from functools import cache
from pathlib import Path

import pytest
import shapely

from layers.workspace import FolderStore
from maps.public_map.document import MapRequest
from maps.public_map.page import build_page
from screening.errors import EmptySiteError
from screening.screen import screen
from screening.site import place
from spatial.errors import SpatialError
from spatial.reading import read
from tests.building import add, workspace_at

pytestmark = pytest.mark.browser
FIELD = Path(__file__).parents[3] / "shared" / "field"
WIDE, PHONE = (1280, 800), (390, 844)
DAY = "2026-11-22"
LAND = shapely.box(98.0, 20.0, 125.0, 52.0)
WEST = (117.70, 49.50, 117.704, 49.503)  # of the red line that is drawn, all of it in one corner of the land


@cache
def site_of(file):
    """The site of a real file as the engine reads it; None where it refuses."""
    try:
        return place(read(file))
    except (EmptySiteError, SpatialError):
        return None


def red_lines():
    """The western half of every real file's box that is no larger than a district, and one of our own."""
    shapes = [shapely.box(*WEST)]
    for file in field_files():
        site = site_of(file)
        if site is None:
            continue
        west, south, east, north = shapely.total_bounds([part.geometry for part in site.parts])
        if 0 < east - west < 1:
            shapes.append(shapely.box(west, south, (west + east) / 2, north))
    return list(shapely.get_parts(shapely.union_all(shapes)))


def field_files():
    """Real files whose system is stated; those that state none are refused by both and tested elsewhere."""
    folders = [FIELD / name for name in ("survey_txt", "ovkml", "made_here")]
    return sorted(
        file
        for folder in folders
        if folder.is_dir()
        for file in folder.iterdir()
        if file.suffix in {".txt", ".kml", ".ovkml", ".ovkmz", ".shp"}
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    made = workspace_at(tmp_path_factory.mktemp("map") / "ws", "red_lines", "protected_areas")
    add(made, "red_lines", red_lines(), name="红线", coverage=LAND, source="某局")
    add(made, "protected_areas", [None], [{"名称": "某保护区"}], name="只有名称", coverage=LAND, source="某规划")
    return FolderStore.open(made.root)


@pytest.fixture(scope="module")
def page_file(store, tmp_path_factory):
    file = tmp_path_factory.mktemp("page") / "地图.html"
    file.write_text(build_page(store, MapRequest(as_of=DAY)).html, encoding="utf-8", newline="\n")
    return file


@pytest.fixture(scope="module")
def opened(chromium, page_file):
    """The page once in each size; a test leaves it with an empty desk."""
    contexts, pages = [], {}

    def open_page(size=WIDE):
        if size not in pages:
            context = chromium.new_context(
                viewport={"width": size[0], "height": size[1]}, offline=True, reduced_motion="reduce"
            )
            contexts.append(context)
            page = pages[size] = context.new_page()
            page.set_default_timeout(20_000)
            page.goto(page_file.as_uri())
            page.wait_for_selector("#page[data-ready]")
        return pages[size]

    yield open_page
    for context in contexts:
        context.close()


def give(page, file):
    """Load a file in the page; the answer, or why there is none."""
    if not page.locator("#panel-site").is_visible():
        page.locator("#tab-site").click()
    remove = page.locator(".site-card .row .plain").last
    if remove.is_visible():
        remove.click()
    if not page.locator("#upload").is_visible():
        page.locator("details:has(#upload) > summary").click()
    page.locator(".body-site > .trouble").evaluate("node => { node.hidden = true; }")
    page.locator("#upload").set_input_files(str(file))
    page.wait_for_selector("#answer .overall, .body-site > .trouble:visible")
    found = page.locator("#answer .overall")
    if found.count():
        return found.get_attribute("data-answer"), page.locator("#answer").inner_text()
    return None, page.locator(".body-site > .trouble").inner_text()


def in_view(page):
    """How wide the drawn site is on the screen, and whether it lies wholly within the map."""
    return page.evaluate(
        "() => { const a = document.querySelector('path.site-edge').getBoundingClientRect();"
        " const b = document.querySelector('.stage .leaflet-container').getBoundingClientRect();"
        " return [Math.max(a.width, a.height),"
        " a.left >= b.left && a.right <= b.right && a.top >= b.top && a.bottom <= b.bottom]; }"
    )


def kml(body, *, name="地块", own=""):
    return (
        f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>{name}</name><Placemark>{own}{body}'
        "</Placemark></Document></kml>"
    )


def ring(west, south, east, north):
    corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    points = " ".join(f"{x},{y}" for x, y in corners)
    outer = f"<outerBoundaryIs><LinearRing><coordinates>{points}</coordinates></LinearRing></outerBoundaryIs>"
    return f"<Polygon>{outer}</Polygon>"


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_a_small_parcel_is_shown_wherever_the_map_was(opened, tmp_path, size):
    page = opened(size)
    file = tmp_path / "地块.kml"
    file.write_text(kml(ring(117.702, 49.5, 117.706, 49.503)), "utf-8")
    for away in ([36.0, 110.0, 5], [30.0, 100.5, 13]):  # in view but a speck; not in view
        page.evaluate("at => mapOfPage.setView([at[0], at[1]], at[2], { animate: false })", away)
        give(page, file)
        wide, within = in_view(page)
        assert wide >= 32
        assert within
    page.evaluate("mapOfPage.setView([30, 100.5], 13, { animate: false })")
    page.locator(".site-card .row .plain").first.click()  # 缩放到选址
    assert in_view(page)[1]


def test_the_middle_of_the_map_stays_the_middle_when_a_panel_rises_on_a_phone(opened):
    page = opened(PHONE)
    if page.locator(".fold").is_visible():
        page.locator(".fold").click()
        page.wait_for_timeout(300)
    page.evaluate("mapOfPage.setView([49.5, 117.7], 10, { animate: false })")
    before = page.evaluate("mapOfPage.getSize().y")
    page.locator("#tab-about").click()
    page.wait_for_function("before => mapOfPage.getSize().y < before", arg=before)
    page.wait_for_timeout(200)
    lat, lng = page.evaluate("[mapOfPage.getCenter().lat, mapOfPage.getCenter().lng]")
    assert (lat, lng) == (pytest.approx(49.5, abs=0.002), pytest.approx(117.7, abs=0.002))


def test_a_layer_whose_features_have_no_place_says_so_and_shows_no_colour(opened):
    page = opened(WIDE)
    page.locator("#tab-layers").click()
    rows = {row.locator("label").inner_text(): row for row in page.locator("#panel-layers .layer").all()}
    assert "图上没有位置" in rows["只有名称"].inner_text()
    assert rows["只有名称"].locator(".swatch").count() == 0
    assert "图上没有位置" not in rows["红线"].inner_text()
    assert rows["红线"].locator(".swatch").count() == 1


OVITAL = [
    ("<OvCoordType>CGCS2000</OvCoordType>", None),
    ("<OvCoordType>WGS84</OvCoordType>", None),
    ("<OvCoordType>GCJ02</OvCoordType>", "GCJ-02"),
    ("<OvCoordType>BD09</OvCoordType>", "BD-09"),
    ("<OvCoordType>CGCS2000</OvCoordType><OvCoordType>GCJ02</OvCoordType>", "GCJ-02"),
    ("<OvCoordType>CGCS2000</OvCoordType><OvCoordType>自定义</OvCoordType>", "奥维"),
    ("<OvAttr><OvIcon>4</OvIcon></OvAttr>", "奥维"),
]


@pytest.mark.parametrize("packed", [False, True], ids=["kml", "ovkmz"])
def test_an_export_of_ovital_is_read_only_where_it_says_that_nothing_is_shifted(opened, tmp_path, packed):
    page = opened(WIDE)
    for own, refused in OVITAL:
        text = kml(ring(117.702, 49.5, 117.706, 49.503), own=own)
        file = tmp_path / ("地块.ovkmz" if packed else "地块.kml")
        if packed:
            with zipfile.ZipFile(file, "w") as archive:
                archive.writestr("doc.kml", text)
        else:
            file.write_text(text, "utf-8")
        answer, said = give(page, file)
        if refused:
            assert answer is None, own
            assert refused in said
        else:
            assert answer == "hit", own
            assert page.locator("#site-accuracy").input_value() == ("10" if "CGCS2000" in own else "10.05")


def test_an_outline_that_encloses_nothing_is_refused_by_page_and_engine_alike(opened, tmp_path):
    page = opened(WIDE)
    file = tmp_path / "一条线.txt"
    head = "[属性描述]\n坐标系=2000国家大地坐标系\n几度分带=3\n[地块坐标]\n{count},0,1,地块,面,,,,@\n"
    diagonal = [(5486000.1 + i / 9, 39550000.1 + i / 9) for i in range(1, 5)]
    sliver = [(5486000, 39550000), (5486000, 39550100), (5486000.000001, 39550050)]  # mean width 0.5 micrometres
    for points, reason in ((diagonal, "没有围出面积|自相交"), (sliver, "没有围出面积")):
        lines = [f"J{i},1,{x:.6f},{y:.6f}\n" for i, (x, y) in enumerate([*points, points[0]], start=1)]
        file.write_text(head.format(count=len(points)) + "".join(lines), "utf-8")
        with pytest.raises(EmptySiteError, match="encloses no area"):
            place(read(file))
        answer, said = give(page, file)
        assert answer is None
        assert re.search(reason, said)


def test_a_drawing_is_named_as_what_it_is_not_as_a_table_without_columns(opened, tmp_path):
    file = tmp_path / "宗地.dxf"
    file.write_text("999\r\nmade\r\n  0\r\nSECTION\r\n  2\r\nENTITIES\r\n  0\r\nENDSEC\r\n  0\r\nEOF\r\n", "utf-8")
    answer, said = give(opened(WIDE), file)
    assert answer is None
    assert "本页不读这种文件：宗地.dxf" in said


def test_several_parcels_are_parcels_and_no_mixture(opened, tmp_path):
    file = tmp_path / "两块.kml"
    two = "</Placemark><Placemark>".join([ring(117.702, 49.5, 117.703, 49.501), ring(117.704, 49.5, 117.705, 49.501)])
    file.write_text(kml(two), "utf-8")
    _, said = give(opened(WIDE), file)
    assert "地块" in said
    assert "混合" not in said
    file.write_text(kml("<Point><coordinates>117.7,49.5</coordinates></Point></Placemark><Placemark>" + two), "utf-8")
    assert "混合" in give(opened(WIDE), file)[1]


def test_real_files_get_the_engines_answer_or_are_refused_with_a_reason(opened, store, tmp_path):
    if not FIELD.is_dir():
        pytest.skip(f"there are no files of the field here: {FIELD}")
    page = opened(WIDE)
    answered = []
    for file in field_files():
        given = file
        if file.suffix == ".shp":
            given = tmp_path / f"{file.stem}.zip"
            with zipfile.ZipFile(given, "w") as archive:
                for one in file.parent.glob(f"{file.stem}.*"):
                    archive.write(one, one.name)
        answer, said = give(page, given)
        if answer is None:
            assert said, file.name
            continue
        site = site_of(file)
        assert site is not None, f"{file.name}: the engine refuses it, the page says {answer}"
        verdict = screen(site, store, as_of=DAY)
        assert answer == verdict.answer, file.name
        (engine,) = (one for one in verdict.findings if one.layer == "红线")
        row = page.locator("#answer tr[data-layer='红线']")
        assert row.get_attribute("data-answer") == engine.answer, file.name
        if engine.overlap_m2:
            assert f"{engine.overlap_m2:,.2f}".rstrip("0").rstrip(".") in row.inner_text(), file.name
        answered.append(file.name)
    assert len(answered) >= 15, answered
