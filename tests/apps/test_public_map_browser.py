"""The public map as people use it: Chromium, a page from a file, the network off; by mouse, by keyboard, by touch."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from pathlib import Path

import pytest
import shapely

from layers.workspace import FolderStore
from maps.public_map.document import MapRequest
from maps.public_map.edition import Edition
from maps.public_map.page import build_page
from tests.map_page import DAY, PHONE, SMALL, WIDE, open_in, workspace

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return workspace(tmp_path_factory.mktemp("map"))


@pytest.fixture(scope="module")
def files(store, tmp_path_factory):
    folder = tmp_path_factory.mktemp("页 #1")
    editions = {"standard": Edition(), "public": Edition(public=True)}
    for name, edition in editions.items():
        page = build_page(FolderStore.open(store), MapRequest(as_of=DAY, edition=edition, title="查询图"))
        (folder / f"{name}.html").write_text(page.html, encoding="utf-8", newline="\n")
    return folder


@pytest.fixture
def opened(chromium, files):
    pages = []

    def open_page(name="standard", size=WIDE, hash_="", **options):
        pages.append(open_in(chromium, files / f"{name}.html", size=size, hash_=hash_, **options))
        return pages[-1]

    yield open_page
    for one in pages:
        one.page.context.close()


@pytest.fixture(scope="module")
def kept(chromium, files):
    one = open_in(chromium, files / "standard.html")
    yield one
    one.page.context.close()


@pytest.fixture
def desk(kept):
    """One page for all that ask about sites: each clears the desk first and reads what comes."""
    kept.clear()
    kept.complaints.clear()
    return kept


def key_of(name):
    return "n" + hashlib.sha256(name.encode()).hexdigest()[:8]


def violations(page):
    return page.evaluate(
        "async () => (await axe.run(document, { resultTypes: ['violations'] })).violations"
        ".map((v) => v.id + ': ' + v.nodes.map((n) => n.target.join(' ')).join(' | '))"
    )


# ---- what everyone sees -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [WIDE, PHONE, SMALL], ids=["wide", "phone", "small"])
def test_it_asks_nothing_of_a_network_and_fits_its_screen(opened, size):
    one = opened(size=size)
    assert len(one.requests) == 1
    assert one.complaints == []
    assert one.page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert one.page.evaluate("document.documentElement.scrollHeight") <= size[1]


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_dates_sources_review_number_and_marks_are_in_sight_whatever_panel_is_open(opened, size):
    one = opened(size=size)
    for tab in ("layers", "here", "site", "measure", "about"):
        one.page.locator(f"#tab-{tab}").click()
        assert one.page.locator(f"#panel-{tab}").is_visible()
        notices = one.page.locator("#notices")
        assert notices.is_visible()
        assert notices.evaluate("node => node.scrollHeight <= node.clientHeight + 1"), "a notice is cut off"
        for words in ("2024-01-01", "自然资源局", "生态环境局", "无审图号", "合成示例"):
            assert words in notices.inner_text()


def test_every_button_can_be_hit_with_a_finger(opened):
    one = opened(size=PHONE, has_touch=True)
    for tab in ("layers", "here", "site", "measure", "about"):
        one.page.locator(f"#tab-{tab}").click()
        small = one.page.evaluate(
            "() => [...document.querySelectorAll('button, input, select, summary, .leaflet-bar a')]"
            ".filter((n) => n.offsetParent && !['checkbox'].includes(n.type) && !n.classList.contains('title-button'))"
            ".map((n) => [n.className || n.id, n.getBoundingClientRect()])"
            ".filter(([, b]) => b.height < 39.5 || b.width < 39.5).map(([name]) => name)"
        )
        assert small == [], tab


def test_layers_stand_in_groups_of_their_kind_and_go_off_and_on_with_the_legend(opened):
    one = opened()
    assert one.page.locator(".group legend").all_inner_texts() == ["生态保护红线", "环境管控单元"]
    legend = one.page.locator("#legend-body")
    assert "生态保护红线" in legend.inner_text()
    box = one.page.get_by_label("生态红线", exact=True)
    box.focus()
    one.page.keyboard.press("Space")
    assert not box.is_checked()
    assert "生态保护红线" not in legend.inner_text()
    assert "优先保护单元" in legend.inner_text()
    one.page.keyboard.press("Space")
    assert "生态保护红线" in legend.inner_text()


def test_the_legend_lists_only_what_is_in_the_view(opened):
    one = opened()
    legend = one.page.locator("#legend-body")
    assert "一般管控单元" in legend.inner_text()
    one.page.evaluate("mapOfPage.setView([49.58, 117.2], 13, { animate: false })")
    assert "一般管控单元" not in legend.inner_text()
    assert "优先保护单元" in legend.inner_text()


def test_opacity_and_a_class_switched_off_change_what_is_painted(opened):
    one = opened()
    one.page.evaluate("mapOfPage.setView([49.58, 117.75], 12, { animate: false })")
    one.page.wait_for_timeout(500)
    clip = dict(zip(("x", "y"), one.map_point(117.75, 49.58), strict=True)) | {"width": 40, "height": 40}
    full = one.page.screenshot(clip=clip)
    one.page.locator("[aria-controls^=details-]").last.click()
    slider = one.page.locator(".opacity:visible")
    slider.focus()
    one.page.keyboard.press("Home")
    one.page.wait_for_timeout(300)
    bare = one.page.screenshot(clip=clip)
    one.page.keyboard.press("End")
    one.page.wait_for_timeout(300)
    assert one.page.screenshot(clip=clip) == full
    one.page.locator("#legend-body button", has_text="一般管控单元").click()
    one.page.wait_for_timeout(500)
    assert one.page.screenshot(clip=clip) == bare != full


# ---- search and what applies here ---------------------------------------------------------------------------------


def test_search_by_name_and_code_opens_the_feature_by_keyboard_alone(desk):
    one = desk
    for query, title in [("草原", "草原红线"), ("ZH1507813", "东部一般单元"), ("ｚｈ15078110001", "西部优先单元")]:
        one.page.locator("#search").fill("")
        one.page.locator("#search").focus()
        one.page.keyboard.type(query)
        assert title in one.page.locator("#search-list [aria-selected=true]").inner_text()
        one.page.keyboard.press("Enter")
        assert title in one.page.locator("#panel-here").inner_text()
        assert one.page.locator("#search-list").is_hidden()


PLACES_WRITTEN = [
    ("117.455, 49.585", 117.455, 49.585),
    ("49.585 117.455", 117.455, 49.585),
    ("东经117°27′18″ 北纬49°35′06″", 117.455, 49.585),
    ("E117-27-18 N49-35-06", 117.455, 49.585),
    ("5495218.6, 39532896.9", 117.4551, 49.5851),
]


def test_search_by_coordinate_goes_there_and_says_what_applies(desk):
    one = desk
    for query, lon, lat in PLACES_WRITTEN:
        one.page.locator("#search").fill(query)
        one.page.locator("#search-list [role=option]").first.click()
        place = one.page.locator("#panel-here .place strong").inner_text()
        found = [float(number) for number in place.split(",")]
        assert found == pytest.approx([lon, lat], abs=2e-2 if "39532896" in query else 1e-6)
        assert "草原红线" in one.page.locator("#panel-here").inner_text()


def test_an_easting_without_a_zone_offers_the_zones_that_lie_on_the_map_and_guesses_none(desk):
    one = desk
    one.page.locator("#search").fill("5495218, 532896")
    shown = one.page.locator("#search-list [role=option]").all_inner_texts()
    assert len(shown) == 2
    assert "3 度带第 39 带" in shown[0]
    assert "6 度带第 20 带" in shown[1]


def test_a_click_lists_class_requirements_under_four_headings_source_date_and_marks(opened):
    one = opened()
    one.click(117.45, 49.58)
    text = one.page.locator("#panel-here").inner_text()
    rows = ("空间布局约束", "禁止开矿", "污染物排放管控", "零排放", "环境风险防控", "建立预案", "节约用水")
    for words in (*rows, "草原红线", "优先保护单元", "自然资源局", "2024-01-01", "合成示例", "图上此处有 2 个要素"):
        assert words in text
    one.page.locator("[data-tool=language]").click()
    text = one.page.locator("#panel-here").inner_text()
    assert "2 features lie here" in text
    assert "priority protection unit" in text


def test_the_middle_of_the_map_is_asked_by_keyboard(opened):
    one = opened()
    one.page.evaluate("mapOfPage.setView([49.58, 117.8], 11, { animate: false })")
    one.page.locator(".skip").focus()
    one.page.keyboard.press("Enter")
    assert one.page.locator(".cross").is_visible()
    one.page.keyboard.press("Enter")
    assert "东部一般单元" in one.page.locator("#panel-here").inner_text()
    assert one.page.evaluate("document.activeElement.tagName") == "H2"


# ---- a site and its answer ----------------------------------------------------------------------------------------


def test_a_parcel_drawn_by_mouse_is_answered_with_reasons_areas_and_what_is_always_said(opened):
    one = opened()
    one.page.evaluate("mapOfPage.setView([49.585, 117.455], 13, { animate: false })")
    one.page.locator("#tab-site").click()
    one.page.locator("[data-draw=polygon]").click()
    for lon, lat in ((117.44, 49.575), (117.46, 49.575), (117.46, 49.59), (117.44, 49.59), (117.44, 49.575)):
        one.click(lon, lat)
    one.page.wait_for_selector("#answer .overall")
    assert one.page.locator("#answer .overall").get_attribute("data-answer") == "hit"
    answer = one.page.locator("#answer").inner_text()
    for words in (
        "命中",
        "不在优先保护单元不等于符合准入要求",
        "有重叠，且大于综合精度",
        "公顷",
        "草原红线",
        "按完整数据判断",
    ):
        assert words in answer
    rows = one.page.locator("#answer tr[data-layer]")
    assert {row.get_attribute("data-layer"): row.get_attribute("data-answer") for row in rows.all()} == {
        "生态红线": "hit",
        "管控单元": "hit",
    }
    assert one.page.locator("#site-accuracy").input_value() == "24.8"  # two pixels at zoom 13: 2 * 12.4 m
    assert one.complaints == []


def test_a_route_is_drawn_with_the_keyboard_alone(opened):
    one = opened()
    one.page.evaluate("mapOfPage.setView([49.585, 117.8], 14, { animate: false })")
    one.page.locator("#tab-site").focus()
    one.page.keyboard.press("Enter")
    one.page.locator("[data-draw=line]").focus()
    one.page.keyboard.press("Enter")
    for keys in (["Space"], ["ArrowRight"] * 5, ["Space"], ["Backspace"], ["Space"], ["Control+Enter"]):
        for key in keys:
            one.page.keyboard.press(key)
    one.page.wait_for_selector("#answer .overall")
    assert one.page.locator("#answer .overall").get_attribute("data-answer") == "clear"
    assert "线路" in one.page.locator("#answer").inner_text()


def test_a_point_is_drawn_by_touch_on_a_phone(opened):
    one = opened(size=PHONE, has_touch=True)
    one.page.locator("#tab-site").tap()
    one.page.locator("[data-draw=point]").tap()
    box = one.page.locator(".leaflet-container").bounding_box()
    one.page.touchscreen.tap(box["x"] + 120, box["y"] + 90)
    one.page.wait_for_selector("#answer .overall")
    assert "点" in one.page.locator("#answer").inner_text()


TYPED = [
    ("117.455, 49.585", "point", "hit"),
    ("117.42, 49.585", "point", "hit"),  # on the edge of the red line, but deep in the priority unit
    ("117.75, 49.5", "point", "clear"),
    ("119.5, 49.5", "point", "unknown"),
    ("117.5, 49.3", "point", "uncertain"),
    ("117.7,49.5; 117.72,49.5; 117.72,49.52; 117.7,49.52", "polygon", "clear"),
]


def test_typed_coordinates_give_each_of_the_four_answers(desk):
    one = desk
    for text, shape, answer in TYPED:
        assert one.ask(text, shape) == answer, text


def test_another_accuracy_or_radius_is_another_question(opened):
    one = opened()
    assert one.ask("117.501, 49.3") == "clear"  # 72 m east of the priority unit; a = hypot(55.65, 25) for 3 decimals
    one.page.locator("#site-accuracy").fill("100")
    one.page.keyboard.press("Tab")
    one.page.wait_for_selector("#answer .overall[data-answer=uncertain]")
    one.page.locator("#site-accuracy").fill("5")
    one.page.keyboard.press("Tab")
    one.page.wait_for_selector("#answer .overall[data-answer=clear]")
    one.page.locator("#site-radius").fill("80")
    one.page.keyboard.press("Tab")
    one.page.wait_for_selector("#answer .overall[data-answer=uncertain]")
    assert "点位半径" in one.page.locator("#answer").inner_text()


NO_SITES = [
    ("117.45 起 49.58", "不是坐标"),
    ("5495218, 532896", "请选择投影带"),
    ("117.1,49.1;117.3,49.3;117.3,49.1;117.1,49.3", "自相交"),
    ("13075000, 6370000", "墨卡托"),
    ("117.45", "每个点需要两个"),
]


def test_what_cannot_be_a_site_is_refused_with_the_reason(desk):
    one = desk
    for text, said in NO_SITES:
        one.type(text)
        assert said in one.refused()


def geojson_of(geometry, **more):
    return json.dumps(
        {"type": "Feature", "properties": {}, "geometry": json.loads(shapely.to_geojson(geometry))} | more
    )


def shapefile_zip(tmp_path, crs, *, drop=()):
    import geopandas as gpd

    folder = tmp_path / "shape"
    folder.mkdir()
    parcel = shapely.box(117.7, 49.5, 117.72, 49.52)
    frame = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[parcel], crs=4490).to_crs(crs)
    frame.to_file(folder / "site.shp", encoding="UTF-8")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for file in sorted(folder.iterdir()):
            if file.suffix not in drop:
                archive.write(file, f"内/{file.name}")
    return stream.getvalue()


SURVEY = "[属性描述]\n坐标系={system}\n几度分带=3\n带号=39\n[地块坐标]\n4,0,1,地块,面,,,,@\n" + "".join(
    f"J{i},1,{x},{y}\n"
    for i, (x, y) in enumerate([(5486000, 550000), (5486000, 551000), (5487000, 551000), (5487000, 550000)], start=1)
)
KML = (
    '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>{name}</name><Placemark><Point><coordinates>'
    "117.75,49.5</coordinates></Point></Placemark></Document></kml>"
)
GPX = '<gpx xmlns="http://www.topografix.com/GPX/1/1" creator="x"><wpt lat="49.5" lon="117.75"/></gpx>'


def kmz():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("doc.kml", KML.format(name="甲"))
    return stream.getvalue()


FILES = [
    ("点.geojson", geojson_of(shapely.Point(117.75, 49.5)), "5.099"),  # hypot(5, 1)
    ("点.kml", KML.format(name="甲"), "10.05"),  # hypot(10, 1)
    ("点.kmz", kmz(), "10.05"),
    ("点.gpx", GPX, "10.05"),
    ("点.csv", "名称,经度,纬度\n甲,117.7501,49.5\n", "5.654"),  # hypot(111300 / 2e4, 1)
    ("点.csv", "名称\t经度\t纬度\r\n甲\t117.750001\t49.5\r\n".encode("gb18030"), "5.099"),
    ("界址点.txt", SURVEY.format(system="2000国家大地坐标系"), "1"),
    ("界址点.txt", SURVEY.format(system="2000国家大地坐标系").encode("gb18030"), "1"),
]


def test_files_are_read_with_the_accuracy_of_their_kind(desk, tmp_path):
    one = desk
    for name, content, accuracy in FILES:
        one.upload(name, content, tmp_path)
        one.page.wait_for_selector("#answer .overall")
        assert one.page.locator("#answer .overall").get_attribute("data-answer") == "clear"
        assert one.page.locator("#site-accuracy").input_value() == accuracy
        assert name in one.page.locator(".site-card").inner_text()
        assert len(one.requests) == 1


@pytest.mark.parametrize("crs", [4490, 4326, 4527, 4548])
def test_a_zipped_shapefile_is_read_in_the_system_its_prj_states(desk, tmp_path, crs):
    one = desk
    one.upload("地块.zip", shapefile_zip(tmp_path, crs), tmp_path)
    one.page.wait_for_selector("#answer .overall")
    area = re.search(r"([\d,.]+) 平方米", one.page.locator("#answer .facts").inner_text())[1]
    assert float(area.replace(",", "")) == pytest.approx(3_222_000, rel=2e-3)  # 1,447.6 m x 2,225 m


REFUSED = [
    ("高德导出.geojson", geojson_of(shapely.Point(117.75, 49.5)), "GCJ-02"),
    ("点.kml", KML.format(name="百度坐标 BD-09"), "BD-09"),
    ("点.csv", "名称,gcj02经度,gcj02纬度\n甲,117.75,49.5\n", "GCJ-02"),
    ("线.ovkml", KML.format(name="甲"), "奥维"),
    ("点.csv", "名称,X,Y\n甲,5486000,39550000\n", "没有注明坐标系"),
    ("界址点.txt", SURVEY.format(system="西安80"), "西安80"),
    ("界址点.txt", SURVEY.format(system=""), "没有注明坐标系"),
    ("界址点.txt", SURVEY.format(system="2000国家大地坐标系").replace("4,0,1", "9,0,1"), "没有闭合"),
    ("点.geojson", geojson_of(shapely.Point(550000, 5486000)), "不在本工具的范围"),
    ("点.geojson", geojson_of(shapely.Point(1, 1), crs={"properties": {"name": "EPSG:2364"}}), "EPSG:2364"),
    ("点.geojson", geojson_of(shapely.Point(117, 49))[:-9], "不完整"),
    ("点.kml", "<!DOCTYPE x [<!ENTITY a 'b'>]>" + KML.format(name="&a;"), "实体"),
    ("点.kml", KML.format(name="甲")[:-20], "不完整"),
    ("空.csv", "", "空的"),
    ("大.geojson", b" " * (20 * 1024 * 1024 + 1), "超过 20 MB"),
    ("图.png", b"\x89PNG\r\n\x1a\n\0\0", "不读这种文件"),
    ("坏.zip", b"PK\x03\x04" + b"\0" * 40, "无法完成"),
]


def test_a_file_that_states_no_system_is_shifted_cut_or_too_large_is_refused_with_the_reason(desk, tmp_path):
    one = desk
    for name, content, said in REFUSED:
        one.upload(name, content, tmp_path)
        assert said in one.refused(), name


@pytest.mark.parametrize(("drop", "said"), [((".prj",), "缺少 .prj"), ((".shx",), "缺少 .shx")])
def test_a_shapefile_without_what_proves_it_is_refused(desk, tmp_path, drop, said):
    one = desk
    one.upload("地块.zip", shapefile_zip(tmp_path, 4490, drop=drop), tmp_path)
    assert said in one.refused()


# ---- measure, share, print, languages -----------------------------------------------------------------------------


def test_a_length_is_measured_on_the_ellipsoid(opened):
    one = opened()
    one.page.evaluate("mapOfPage.setView([49.5, 117.5], 11, { animate: false })")
    one.page.locator("#tab-measure").click()
    one.page.locator("[data-measure=line]").click()
    one.click(117.45, 49.5)
    one.click(117.55, 49.5)
    one.page.locator(".body-measure .sketch-bar .strong").click()
    one.page.wait_for_selector(".measured .big")
    # a tenth of a degree on the parallel of 49.5: 111,319.49 cos B / sqrt(1 - e2 sin2 B) / 10 = 7,243.6 m
    metres = float(re.search(r"[\d,.]+", one.page.locator(".measured strong").inner_text())[0].replace(",", ""))
    assert metres == pytest.approx(7243.6, abs=60)  # a pixel is 49 m


def test_a_shared_link_restores_view_layers_opacity_selection_language_theme_and_site(opened):
    one = opened()
    one.ask("117.455, 49.585")
    one.page.get_by_role("tab", name="图层").click()
    one.page.get_by_label("管控单元", exact=True).uncheck()
    one.page.locator("[data-tool=theme]").click()
    one.page.locator("[data-tool=language]").click()
    one.page.locator("#search").fill("草原")
    one.page.keyboard.press("Enter")
    one.page.evaluate("mapOfPage.setView([49.6, 117.5], 10.5, { animate: false })")
    one.page.locator("[data-tool=share]").click()
    assert "site=" not in one.page.locator("#share-link").input_value()
    one.page.locator("#share-site").check()
    link = one.page.locator("#share-link").input_value()
    other = opened(hash_=link[link.index("#") :])
    page = other.page
    page.wait_for_selector("#answer .overall", state="attached")
    assert page.evaluate(
        "[mapOfPage.getCenter().lat, mapOfPage.getCenter().lng, mapOfPage.getZoom()]"
    ) == pytest.approx([49.6, 117.5, 10.5], abs=1e-3)
    assert page.evaluate("[document.documentElement.lang, document.documentElement.dataset.theme]") == ["en", "dark"]
    assert page.locator("#answer .overall").get_attribute("data-answer") == "hit"
    page.locator("#tab-layers").click()
    assert not page.get_by_label("管控单元", exact=True).is_checked()
    assert page.get_by_label("生态红线", exact=True).is_checked()
    page.locator("#tab-here").click()
    assert "草原红线" in page.locator("#panel-here").inner_text()


@pytest.mark.parametrize(
    "hash_",
    [
        "#view=nan,117,10&layers=x&lang=<img src=x onerror=alert(1)>",
        "#view=1e3,2,3&select=n00000000:99999999&theme=__proto__",
        "#%E0%A4%A&view=49.5",
        "#site=polygon~5~0~117,49~118,49~117,49&layers=" + "n00000000," * 900,
        "#site=point~5~0~200,95&select=__proto__:1",
        "#layers=constructor:1&site=__proto__~1~1~1,1",
        "#" + "a" * 30_000,
        "#javascript:alert(1)",
    ],
)
def test_a_hostile_link_changes_nothing(opened, hash_):
    one = opened(hash_=hash_)
    assert one.complaints == []
    assert one.page.locator(".group input:checked").count() == 2
    assert one.page.evaluate("document.documentElement.lang") == "zh-CN"
    assert one.page.evaluate("mapOfPage.getBounds().contains([49.5, 117.5])")
    assert one.page.locator("#answer .overall").count() == 0


@pytest.mark.parametrize(
    ("paper", "turn", "size"), [("a4", "landscape", (1754, 1240)), ("a3", "portrait", (1754, 2480))]
)
def test_a_png_has_the_size_of_its_paper_and_holds_the_map(opened, tmp_path, paper, turn, size):
    from PIL import Image

    one = opened(color_scheme="dark")
    one.ask("117.455, 49.585")
    one.page.locator("[data-tool=print]").click()
    one.page.locator("#paper").select_option(paper)
    one.page.locator("#turn").select_option(turn)
    with one.page.expect_download() as download:
        one.page.locator("[data-act=png]").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert file.name == f"查询图-{DAY}.png"
    with Image.open(file) as image:
        assert image.size == size
        colours = image.convert("RGB").getcolors(1 << 24)
    shares = {colour: count / (size[0] * size[1]) for count, colour in colours}
    assert min(max(shares, key=shares.get)) > 240  # paper and ground, not the dark page
    assert (
        sum(share for (r, g, b), share in shares.items() if g > r + 15 and g > b) > 0.02
    )  # the priority unit is there
    assert one.page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_printing_gives_one_sheet_of_that_paper_and_the_answer_behind_it(opened, tmp_path):
    pypdfium2 = pytest.importorskip("pypdfium2", reason="no pypdfium2")
    one = opened(script="window.print = () => { window.printed = true; };")
    one.ask("117.455, 49.585")
    one.page.locator("[data-tool=print]").click()
    one.page.locator("[data-act=print]").click()
    one.page.wait_for_selector("#sheet", state="attached")
    assert one.page.evaluate("window.printed")
    pdf = one.page.pdf(prefer_css_page_size=True)
    document = pypdfium2.PdfDocument(pdf)
    pages = [[round(side * 25.4 / 72) for side in page.get_size()] for page in document]
    assert pages[0] == [297, 210]
    assert len(pages) >= 2
    assert "不在优先保护单元不等于符合准入要求" in document[1].get_textpage().get_text_bounded()


def test_every_word_changes_with_the_language_and_none_is_missing(opened):
    one = opened()
    one.ask("117.455, 49.585")
    one.page.locator("[data-tool=language]").click()
    chinese = set("西东部优先一般单元草原红线生态管控查询图自然资源局环境禁止开矿零排放建立预案节约用水中文")
    base = json.loads(one.page.locator("#map-document").text_content())["base"]  # what sources are called is data
    chinese |= set("".join(layer["source"] for layer in base))
    for tab in ("layers", "here", "site", "measure", "about"):
        one.page.locator(f"#tab-{tab}").click()
        text = one.page.locator(".panel").inner_text() + one.page.locator(".legend").inner_text()
        left = {letter for letter in text if "一" <= letter <= "鿿"} - chinese
        assert not left, (tab, left)
        assert not re.search(r"\b(refused|mark|tab|told|reason|precision|verdict)_\w+", text), tab
        assert not re.search(r"\{\w+\}", text), tab


# ---- for everyone -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_no_violation_in_any_panel_or_dialog(opened, axe, size, scheme):
    one = opened(size=size, color_scheme=scheme, script=axe)
    page = one.page
    assert violations(page) == []
    one.ask("117.455, 49.585")
    assert violations(page) == []
    page.evaluate("mapOfPage.fire('click', { latlng: L.latLng(49.58, 117.45) })")
    assert violations(page) == []
    for tab in ("measure", "about", "layers"):
        page.locator(f"#tab-{tab}").click()
        assert violations(page) == [], tab
    page.locator("[aria-controls^=details-]").first.click()
    page.locator("#search").fill("单元")
    assert violations(page) == []
    page.keyboard.press("Escape")
    for tool in ("share", "print"):
        page.locator(f"[data-tool={tool}]").click()
        assert violations(page) == [], tool
        page.keyboard.press("Escape")


def test_every_control_is_reached_by_the_tab_key(opened):
    one = opened()
    wanted = one.page.evaluate(
        "() => { let n = 0; for (const e of document.querySelectorAll('button, input, select, textarea, a[href], summary'))"
        " if (e.offsetParent && !e.disabled && e.tabIndex >= 0 && !(e.closest('.opacity'))) e.dataset.wanted = n++;"
        " return n; }"
    )
    seen = set()
    for _ in range(wanted + 12):
        one.page.keyboard.press("Tab")
        at = one.page.evaluate("document.activeElement.dataset.wanted ?? null")
        if at is not None:
            seen.add(at)
    assert len(seen) == wanted
    assert wanted > 15


def test_the_answer_is_spoken_and_is_a_plain_table(desk):
    one = desk
    one.ask("117.75, 49.5")
    assert one.page.locator("[role=status].live").inner_text() == "总体结论：未命中"
    table = one.page.locator("#answer .list-answer_by_layer")
    assert table.locator("caption").inner_text() == "各图层的结论与依据"
    assert table.locator("thead th").all_inner_texts() == ["图层", "结论", "依据"]
    assert table.locator("tbody th[scope=row]").count() == 2


def test_the_public_edition_offers_no_upload_no_locating_and_no_drawing_of_sites(opened):
    one = opened("public")
    one.page.locator("#tab-site").click()
    assert one.page.locator("#upload").count() == 0
    assert one.page.locator("[data-draw]").count() == 0
    assert one.page.get_by_role("button", name="我的位置").count() == 0
    assert one.ask("117.75, 49.5") in {"clear", "uncertain"}
    assert one.complaints == []
