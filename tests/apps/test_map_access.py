"""The maps for those who use no mouse, enlarge, or choose colours of their own: keyboard, zoom, forced colours, axe."""

from __future__ import annotations

import pytest
import shapely

from layers.workspace import FolderStore
from maps.public_map.document import MapRequest
from maps.public_map.page import build_page
from maps.screening_map import draw
from tests import map_example
from tests.apps.cli import geojson, run, small_workspace

pytestmark = pytest.mark.browser
DAY = "2026-11-22"
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
TWICE = {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2}
"""A window of 1280 x 800 at 200 %."""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The public map, the map of a check and its report."""
    map_example.require_assets()
    folder = tmp_path_factory.mktemp("pages")
    workspace = small_workspace(folder / "ws")
    made = {name: folder / f"{name}.html" for name in ("public", "check", "report")}
    page = build_page(FolderStore.open(workspace), MapRequest(as_of=DAY))
    made["public"].write_text(page.html, encoding="utf-8", newline="\n")
    given = {"overlaps": map_example.overlaps(), "layers": map_example.layers()}
    html = draw(map_example.result(), site=map_example.SITE, **given)
    made["check"].write_text(html, encoding="utf-8", newline="\n")
    site = geojson(folder / "s.geojson", shapely.box(117.43, 49.57, 117.46, 49.6))
    done = run("check", site, "-w", workspace, "--as-of", DAY, "--report", made["report"])
    assert done.exit_code == 0, done.stderr
    return made


READY = {"public": "#page[data-ready]", "check": "path.draw-site", "report": "main"}


@pytest.fixture
def opened(chromium, files):
    contexts = []

    def open_page(name, *, script=None, **options):
        options = {"viewport": WIDE, "reduced_motion": "reduce"} | options
        context = chromium.new_context(offline=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        if script is not None:
            page.add_init_script(script)
        page.goto(files[name].as_uri())
        page.wait_for_selector(READY[name], state="attached")
        return page

    yield open_page
    for context in contexts:
        context.close()


def violations(page):
    return page.evaluate(
        "async () => (await axe.run(document, { resultTypes: ['violations'] })).violations"
        ".map((v) => v.id + ': ' + v.nodes.map((n) => n.target.join(' ')).join(' | '))"
    )


def ask(page):
    page.locator("#tab-site").click()
    page.locator("summary", has_text="坐标").click()
    page.locator("#typed").fill("117.455, 49.585")
    page.locator("#typed-shape").select_option("point")
    page.locator(".way .strong").click()
    page.locator("#answer .overall").wait_for()


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_no_violation_in_the_map_of_a_check_and_its_popups(opened, axe, viewport):
    page = opened("check", script=axe, viewport=viewport)
    assert violations(page) == []
    page.locator("[data-go]").first.evaluate("node => node.click()")
    page.locator(".leaflet-popup-content").wait_for()
    page.wait_for_timeout(400)  # it fades in
    assert violations(page) == []
    for title in page.locator(".fold-title").all():
        title.evaluate("node => node.click()")
    assert violations(page) == []


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_no_violation_in_a_report(opened, axe, viewport):
    assert violations(opened("report", script=axe, viewport=viewport)) == []


STOP = """() => {
  const node = document.activeElement;
  const style = getComputedStyle(node);
  const box = node.getBoundingClientRect();
  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  return {
    name: node.id || node.dataset.tool || node.className?.baseVal || node.className || node.localName,
    ring: ring || style.boxShadow !== "none",
    seen: box.width > 0 && box.height > 0 && box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight,
    body: node === document.body,
  };
}"""


@pytest.mark.parametrize("name", ["public", "check"])
def test_the_tab_key_goes_round_with_the_focus_always_seen_and_is_never_caught(opened, name):
    page = opened(name)
    stops = []
    for _ in range(120):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        if stop["body"] and stops:
            break
        stops.append(stop)
    else:
        pytest.fail(f"the focus never left the page: {[stop['name'] for stop in stops[-5:]]}")
    assert len(stops) > 10
    assert [stop["name"] for stop in stops if not (stop["ring"] and stop["seen"])] == []
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(STOP)["name"] == stops[-1]["name"]  # and back the same way


def test_the_first_stop_leads_past_the_panels_and_is_seen_when_it_has_the_focus(opened):
    page = opened("public")
    page.keyboard.press("Tab")
    assert page.evaluate(STOP)["name"] == "skip"
    assert page.locator(".skip").bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.classList.contains('leaflet-container')")


def test_escape_closes_what_is_open_and_gives_the_focus_back(opened):
    page = opened("public")
    for tool in ("share", "print"):
        page.locator(f"[data-tool={tool}]").focus()
        page.keyboard.press("Enter")
        assert page.locator("dialog[open]").count() == 1
        for _ in range(12):
            page.keyboard.press("Tab")
            inside = "document.activeElement === document.body || !!document.activeElement.closest('dialog[open]')"
            assert page.evaluate(inside), "the focus is behind the dialog"
        page.keyboard.press("Escape")
        assert page.locator("dialog[open]").count() == 0
        assert page.evaluate("document.activeElement.dataset.tool") == tool
    page.locator("#search").focus()
    page.keyboard.type("单元")
    assert page.locator("#search-list").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("#search-list").is_hidden()
    page.locator("#tab-site").click()
    page.locator("[data-draw=line]").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    assert page.locator("#answer .overall").count() == 0
    assert page.locator("#search").is_enabled()


def test_who_wants_no_motion_gets_none(opened):
    page = opened("public")
    ask(page)
    page.locator("[data-tool=theme]").click()
    assert page.evaluate("document.getAnimations().length") == 0
    moving = (
        "() => [...document.querySelectorAll('.page *')].filter((n) => getComputedStyle(n).transitionDuration"
        ".split(', ').some((one) => parseFloat(one) > 0)).map((n) => n.className).slice(0, 5)"
    )
    assert page.evaluate(moving) == []


def test_at_twice_the_size_nothing_is_cut_off_and_everything_is_reached(opened, axe):
    page = opened("public", script=axe, **TWICE)
    whole = "[document.documentElement.scrollWidth <= innerWidth, document.documentElement.scrollHeight <= innerHeight]"
    assert page.evaluate(whole) == [True, True]
    assert page.locator(".leaflet-container").bounding_box()["height"] >= 120
    for tab in ("layers", "here", "measure", "about"):
        page.locator(f"#tab-{tab}").click()
        panel = page.locator(f"#panel-{tab}")
        assert panel.bounding_box()["height"] >= 100
        assert panel.evaluate("n => n.scrollWidth <= n.clientWidth + 1"), tab
        assert page.locator("#notices").is_visible()
    ask(page)
    assert page.locator("#answer .overall").evaluate("n => n.scrollWidth <= n.clientWidth + 1")
    assert violations(page) == []


def test_a_page_may_be_enlarged_with_two_fingers(files):
    for name, file in files.items():
        head = file.read_text("utf-8").partition("</head>")[0]
        assert "user-scalable=no" not in head, name
        assert "maximum-scale" not in head, name


def test_with_colours_of_the_readers_own_what_is_chosen_and_what_a_sign_means_is_still_seen(opened, axe):
    page = opened("public", script=axe, forced_colors="active")
    edge = "node => [getComputedStyle(node).borderBottomColor, getComputedStyle(node).borderBottomWidth]"
    chosen, other = (page.locator(f"#tab-{tab}").evaluate(edge) for tab in ("layers", "about"))
    assert chosen[1] == "4px"
    assert chosen[0] != other[0]
    # signs of the map are pictures: their colours are not those of the reader but those on the map
    fills = page.locator("#legend-body .swatch rect:first-of-type").evaluate_all(
        "l => l.map((n) => getComputedStyle(n).fill)"
    )
    assert len(set(fills)) > 2
    page.locator("#search").fill("单元")
    rows = page.locator("#search-list [role=option]")
    outlines = rows.evaluate_all("l => l.map((n) => getComputedStyle(n).outlineStyle)")
    assert outlines[0] == "solid"
    assert set(outlines[1:]) <= {"none"}
    page.keyboard.press("Escape")
    ask(page)
    assert "■" in page.locator("#answer .overall").inner_text()  # the answer is a sign and a word, no colour
    assert violations(page) == []
