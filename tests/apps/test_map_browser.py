"""The map in a real browser with the network denied: Chromium, driven by Playwright."""

from __future__ import annotations

import dataclasses

import pytest
from shapely.geometry import MultiPoint, Point

from maps.screening_map import draw
from tests import map_example as example

pytestmark = pytest.mark.browser
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


@dataclasses.dataclass
class Opened:
    """A page and all it asked for or complained about."""

    page: object
    requests: list
    complaints: list


@pytest.fixture
def opened(chromium, tmp_path):
    contexts = []

    def open_page(html, viewport=WIDE):
        file = tmp_path / "图 #1.html"
        file.write_text(html, encoding="utf-8", newline="\n")
        context = chromium.new_context(viewport=viewport, reduced_motion="reduce", offline=True)
        contexts.append(context)
        requests, complaints = [], []
        context.route("**/*", lambda route: route.continue_() if route.request.url == file.as_uri() else route.abort())
        page = context.new_page()
        page.set_default_timeout(8000)
        page.on("request", lambda request: requests.append(request.url))
        page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: (complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.goto(file.as_uri())
        page.wait_for_selector("path.draw-site", state="attached")
        assert requests == [file.as_uri()]
        return Opened(page=page, requests=requests, complaints=complaints)

    yield open_page
    for context in contexts:
        context.close()


def drawn(**changes):
    given = {
        "result": example.result(),
        "site": example.SITE,
        "overlaps": example.overlaps(),
        "layers": example.layers(),
    }
    given |= changes
    return draw(given.pop("result"), **given)


def check_no_control_lies_on_another(page, viewport):
    names = (".leaflet-control-layers", "#legend", ".leaflet-control-zoom", ".north", ".leaflet-control-scale")
    boxes = {name: page.locator(name).bounding_box() for name in (*names, ".leaflet-control-mouseposition", "#notices")}
    for name, a in boxes.items():
        assert a["x"] >= 0, name
        assert a["x"] + a["width"] <= viewport["width"] + 0.5, name
        for other, b in boxes.items():
            apart = (
                a["x"] + a["width"] <= b["x"] + 0.5
                or b["x"] + b["width"] <= a["x"] + 0.5
                or a["y"] + a["height"] <= b["y"] + 0.5
                or b["y"] + b["height"] <= a["y"] + 0.5
            )
            assert name == other or apart, (name, other)
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def click_middle(page, selector):
    frame = page.locator(selector).last.bounding_box()
    page.mouse.click(frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2)


@pytest.mark.parametrize(
    ("language", "answer", "legend"), [("zh", "总体结论命中", "生态保护红线"), ("en", "Overall answerhit", "red line")]
)
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_it_opens_without_a_network_with_no_control_on_another_and_the_sites_popup_shows_the_answer(
    opened, language, answer, legend, viewport
):
    one = opened(drawn(language=language), viewport)
    check_no_control_lies_on_another(one.page, viewport)
    click_middle(one.page, "path.draw-site")
    popup = one.page.locator(".leaflet-popup-content")
    assert example.NAME in popup.inner_text()
    assert answer in popup.locator(".overall").first.text_content()
    assert legend in one.page.locator("#legend.leaflet-control").text_content()
    assert len(one.requests) == 1
    assert one.complaints == []


@pytest.mark.parametrize(
    "site", [Point(117.404, 49.606), MultiPoint([(117.404, 49.606), (117.41, 49.6)])], ids=["one", "two"]
)
def test_a_point_site_has_a_popup_and_its_radius_is_drawn(opened, site):
    result = example.result()
    result["site"] |= {"scope": "point", "radius_m": 150.0, "area_m2": None}
    one = opened(drawn(result=result, site=site, overlaps=[]))
    parts = getattr(site, "geoms", [site])
    assert one.page.locator("path.draw-site").count() == len(parts)
    assert one.page.locator(".leaflet-site-area-pane path[stroke-dasharray]").count() == len(parts)
    click_middle(one.page, "path.draw-site")
    assert "总体结论命中" in one.page.locator(".leaflet-popup-content .overall").first.text_content()
    assert one.complaints == []


def test_the_layer_control_is_grouped_by_kind_and_role_and_takes_a_layer_off(opened):
    one = opened(drawn())
    units = ".leaflet-control_units-pane path"
    label = one.page.locator(".leaflet-control-layers label", has_text=example.UNITS)
    assert one.page.locator(units).count() == 3
    label.locator("input").click()
    assert one.page.locator(units).count() == 0
    label.locator("input").click()
    assert one.page.locator(units).count() == 3
    assert one.complaints == []
    groups = one.page.locator(".leaflet-control-layers-group-name").all_text_contents()
    assert groups == [
        "项目",
        "生态保护红线（保护性图层）",
        "自然保护地（保护性图层）",
        "饮用水水源保护区（保护性图层）",
        "环境管控单元（保护性图层）",
        "监测断面（参考图层）",
        "其他图层（参考图层）",
    ]


def test_the_popup_of_a_place_lists_what_lies_there_with_areas_and_dates(opened):
    one = opened(drawn())
    one.page.locator("[data-go$='|r1']").click()
    text = one.page.locator(".leaflet-popup-content").inner_text()
    for words in (
        "合成草原防风固沙红线",
        "合成优先保护单元甲",
        "平方米",
        "公顷",
        "亩",
        "占选址比例",
        "2023-06-30",
        "2024-01-15",
    ):
        assert words in text
    assert one.complaints == []


def test_the_site_opens_by_keyboard_and_the_popup_closes_by_it(opened):
    one = opened(drawn(language="en"))
    one.page.locator("path.draw-site").focus()
    one.page.keyboard.press("Enter")
    one.page.wait_for_selector(".leaflet-popup-content")
    assert one.page.evaluate("document.activeElement.getAttribute('aria-label')") == "Close"
    one.page.keyboard.press("Enter")
    one.page.wait_for_selector(".leaflet-popup-content", state="detached")


def test_the_mouse_position_is_in_degrees_and_the_scale_in_metres(opened):
    one = opened(drawn())
    place = one.page.locator("path.draw-site").bounding_box()
    one.page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    text = one.page.locator(".leaflet-control-mouseposition").text_content()
    west, south, east, north = example.SITE.bounds
    lon, lat = (float(word.strip(" °")) for word in text.removeprefix("CGCS2000 经纬度").split(","))
    assert (lon, lat) == pytest.approx(((west + east) / 2, (south + north) / 2), abs=1e-4)
    scale = one.page.locator(".leaflet-control-scale").text_content()
    assert scale.endswith((" m", " km"))
    assert "ft" not in scale


HOSTILE = [
    "</script><script>window.ran=1</script>",
    "<img src=x onerror=window.ran=1>",
    "${window.ran=1}",
    "`+(window.ran=1)+`",
    "'\"><svg onload=window.ran=1>",
    "{{7*7}}{%raw%}",
    "a\u2028window.ran=1\u2029b",
    "\\u003cb\\u003e&lt;b&gt; --> <!--",
    "__proto__",
]
SHOWN = [text.replace("\u2028", "\ufffd").replace("\u2029", "\ufffd") for text in HOSTILE]


def test_hostile_text_is_shown_as_text_and_runs_nothing(opened):
    result, every = example.result(), " ".join(HOSTILE)
    shown = " ".join(SHOWN)
    result["site"] |= {"name": every, "crs": every}
    result["warnings"], result["not_checked"], result["as_of"] = HOSTILE, HOSTILE, every
    result["findings"], result["layers"], overlaps, outlines = [], [], [], []
    for text in HOSTILE:
        red = example.feature("r1", text, text, "red_line", text, relation="overlaps", overlap_m2=1.0, flags=[text])
        result["findings"].append(example.finding(text, "red_lines", "hit", [red], "overlaps"))
        result["layers"].append(example.card(text, "red_lines", text, text))
        outline = example.layers()[0]
        feature = dataclasses.replace(outline.features[0], code=text, name=text, class_=text, class_label=text)
        values = {"layer": text, "source": text, "data_date": text, "features": (feature,), "notes": (text,)}
        outlines.append(dataclasses.replace(outline, **values))
        overlaps.append(dataclasses.replace(example.overlaps()[0], layer=text))
    one = opened(drawn(result=result, overlaps=overlaps, layers=outlines, title=every))
    assert one.page.title() == shown
    assert one.page.locator("#panel h1").text_content() == shown
    assert one.page.locator("#panel .site-name").text_content() == shown
    assert one.page.locator("#panel .findings h3 > span:first-child").all_text_contents() == SHOWN
    names = one.page.locator(".leaflet-control-layers-group").last.locator("label").all_text_contents()
    assert [name.strip() for name in names[1:]] == [f"{text}（{text}）" for text in SHOWN]
    assert one.page.locator("#legend li span").all_text_contents()[-len(HOSTILE) - 1 : -1] == SHOWN
    one.page.locator("[data-go]").first.click()
    titles = one.page.locator(".leaflet-popup-content h3").all_text_contents()
    assert titles == [shown, *[f"重叠部分：{text}" for text in reversed(SHOWN)]]
    assert one.page.evaluate("window.ran") is None
    assert len(one.requests) == 1
    assert one.complaints == []


def test_the_policy_of_the_page_stops_a_script_that_is_not_the_pages(opened):
    one = opened(drawn())
    one.page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.ran = 1";
            document.body.appendChild(script);
            document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.ran=2'>");
        }"""
    )
    one.page.wait_for_timeout(100)
    assert one.page.evaluate("window.ran") is None
    assert any("Content Security Policy" in words for words in one.complaints)
