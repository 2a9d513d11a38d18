"""Names that try to be markup, code or another name, in every place a page shows them: executed in Chromium, nothing runs."""

from __future__ import annotations

import dataclasses
import json
import re
import urllib.parse
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING

import pytest
import shapely

from layers.workspace import FolderStore
from maps.phrases import clean
from maps.public_map.chunks import Chunk
from maps.public_map.document import Contents, MapRequest, contents_of
from maps.public_map.edition import Edition
from maps.public_map.page import page_of
from maps.screening_map import draw
from spatial.packing import packed, unpacked
from tests import map_example
from tests.apps.cli import geojson, run
from tests.building import add, workspace_at
from tests.hostile_names import CANARY, EVERY, FILE_NAMES, TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.browser
DAY = "2026-11-22"
CITY = shapely.box(117.0, 49.2, 118.0, 49.9)
PLACE = (117.455, 49.585)
NAMES = [text for text in TEXTS if "\ud800" not in text]
"""Those that a file can hold: half a character is no text."""

# What must stay silent. Scripts of the page's own are those it is made of, and the judge, which is megabytes.
PROBE = f"""
window.found = [];
const note = (what) => window.found.push(what);
Object.defineProperty(window, {CANARY!r}, {{ set: (value) => note("ran " + value), get: () => undefined }});
document.addEventListener("securitypolicyviolation", (e) => note("policy " + e.violatedDirective + " " + e.blockedURI));
const RUNS = ["href", "src", "action", "formaction", "xlink:href", "data", "srcdoc", "style"];
const FOREIGN = "img,iframe,frame,object,embed,base,form,meta,link,style,video,audio,math,script,template,b[id]";
const STEERS = /[\\u202a-\\u202e\\u2066\\u2067\\u200e\\u200f\\u061c\\0-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\ud800-\\udfff]/;
const steers = (text) => STEERS.test(text.replace(/[\\ud800-\\udbff][\\udc00-\\udfff]/g, ""));
const look = (node) => {{
  if (node.nodeType === 3 && node.parentNode?.localName !== "script" && steers(node.data)) note("steers " + JSON.stringify(node.data.slice(0, 60)));
  if (node.nodeType !== 1) return;
  const own = node.localName === "script" && !node.src && node.text.length > 50000;
  if (window.isReady && node.matches(FOREIGN) && !own && !node.matches("img.leaflet-tile[src^='data:,']")) note("element " + node.outerHTML.slice(0, 80));
  for (const {{ name, value }} of node.attributes) {{
    if (/^on/i.test(name)) note("handler " + name);
    if (/^\\s*(javascript|vbscript):/i.test(value) && RUNS.includes(name)) note("address " + value);
    if (steers(value)) note("steers " + name + " " + JSON.stringify(value.slice(0, 60)));
  }}
}};
new MutationObserver((records) => {{
  for (const record of records) {{
    if (record.type !== "childList") look(record.target);
    for (const node of record.addedNodes) {{
      look(node);
      if (node.querySelectorAll) {{
        const walk = document.createTreeWalker(node, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
        while (walk.nextNode()) look(walk.currentNode);
      }}
    }}
  }}
}}).observe(document, {{ childList: true, subtree: true, attributes: true, characterData: true }});
window.print = () => {{ window.printed = (window.printed || 0) + 1; }};
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """Every text of the corpus is name, code, class and requirement of a feature; layers and sources are named so too."""
    store = workspace_at(tmp_path_factory.mktemp("hostile") / "ws", "red_lines", "control_units")
    red = [{"红线名称": text, "红线编码": text, "类型": text, text: text} for text in NAMES]
    boxes = [shapely.box(117.42, 49.56, 117.49 + i / 1e4, 49.61) for i in range(len(red))]
    add(store, "red_lines", boxes, red, name=TEXTS[1], coverage=CITY, source=EVERY.replace("\ud800", ""))
    headings = ("空间布局约束", "污染物排放管控", "环境风险防控", "资源利用效率要求")
    units = [
        {"编码": text, "名称": text, "管控单元分类": "优先保护单元", **dict.fromkeys(headings, text)} for text in NAMES
    ]
    cells = [shapely.box(117.0 + i / 60, 49.2, 117.0 + (i + 1) / 60, 49.9) for i in range(len(units))]
    add(store, "control_units", cells, units, name="__proto__", coverage=CITY, source=TEXTS[3], synthetic=True)
    add(store, "water_sources", [shapely.Point(117.3, 49.4)], [{"名称": TEXTS[5]}], name=TEXTS[5], source=TEXTS[4])
    other = {"role": "protective", "meaning": TEXTS[7]}
    add(store, "other", [CITY], [{"名称": NAMES[-9]}], name="年报\u202egpj.exe", source=TEXTS[0], **other)
    targets = [shapely.Point(117.455 + i / 2000, 49.585) for i in range(len(NAMES))]
    add(store, "sensitive_targets", targets, [{"目标名称": text, "类型": text} for text in NAMES], name="constructor")
    return store.root


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A base map whose places are named by the corpus, in a file that is named by it."""
    folder = tmp_path_factory.mktemp("base")
    plain = geojson(folder / "plain.geojson", shapely.Point(PLACE))
    document = json.loads(plain.read_text("utf-8"))
    places = [{"type": "Point", "coordinates": [117.4 + i / 500, 49.6]} for i in range(len(NAMES))]
    document["features"] = [
        {**document["features"][0], "properties": {"名称": text}, "geometry": place}
        for text, place in zip(NAMES, places, strict=True)
    ]
    file = folder / f"{FILE_NAMES[0]}.geojson"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def forged(contents: Contents) -> Contents:
    """The contents with the corpus in every text that is not a key: more than any workspace could bring."""
    texts = cycle(clean(text) for text in TEXTS)
    document = json.loads(json.dumps(contents.document))

    def both(_old):
        return {"zh": next(texts), "en": next(texts)}

    document["title"] = {"zh": clean(EVERY), "en": clean(EVERY)}
    document["review_number"] = clean(EVERY)
    for notice in document["notices"]:
        notice["text"] = both(notice["text"])
    for layer in document["layers"]:
        for name in ("name", "theme", "version", "data_date", "valid_from", "valid_until", "source", "office"):
            layer[name] = next(texts)
        layer["georeference_method"] = next(texts)
        layer["kind_label"] = both(layer["kind_label"])
        layer["notes"] = [both(None) for _ in TEXTS]
        for kind in layer["classes"]:
            kind |= {"code": next(texts), "label": both(None)}
    document["lost"] = [{"layer": text, "kind": text, "role": "context", "detail": text} for text in map(clean, TEXTS)]
    document["withheld"] = [{"layer": text, "what": both(0), "why": both(0), "ask": text} for text in map(clean, TEXTS)]
    document["not_checked"] = [clean(text) for text in TEXTS]
    for one in document["base"]:
        one |= {"name": both(None), "source": next(texts)}
    document["tiles"] = {
        "name": {"zh": clean(EVERY), "en": clean(EVERY)},
        "urls": ["data:,{z}{x}{y}"],
        "max_zoom": 18,
        "attribution": clean(EVERY),
        "key": None,
    }
    chunks = []
    for chunk in contents.chunks:
        if chunk.key.endswith("-features"):
            arrays, table = unpacked(chunk.block)
            count = len(table["id"])
            table |= {name: [next(texts) for _ in range(count)] for name in ("class", "code", "name", "class_label")}
            table["flags"] = [[next(texts), next(texts)] for _ in range(count)]
            table["facts"] = {
                str(row): [{"label": both(None), "text": next(texts)} for _ in range(4)] for row in range(count)
            }
            chunks.append(Chunk(key=chunk.key, block=packed(arrays, document=table)))
        else:
            chunks.append(chunk)
    return dataclasses.replace(contents, document=document, chunks=tuple(chunks))


@pytest.fixture(scope="module")
def pages(workspace, base, tmp_path_factory):
    map_example.require_assets()
    folder = tmp_path_factory.mktemp("pages")
    title = EVERY.replace("\ud800", "")
    office = Edition(base=base, review_number=title)
    everyone = Edition(
        public=True, base=base, review_number=TEXTS[3], allow_locate=True, allow_upload=True, allow_annotate=True
    )
    store = FolderStore.open(workspace)
    for name, edition in (("office", office), ("public", everyone)):
        request = MapRequest(as_of=DAY, title=title, edition=edition)
        contents = contents_of(store, request, apart=False)
        written = {name: contents} | ({"forged": forged(contents)} if name == "office" else {})
        for stem, one in written.items():
            html = page_of(one, request, folder=None).html
            (folder / f"{stem}.html").write_text(html, encoding="utf-8", newline="\n")
    return folder


@dataclass
class Watched:
    """A page and whatever happened in it that names must not make happen."""

    page: object
    happened: list

    def check(self):
        self.page.wait_for_timeout(150)
        assert sorted({*self.happened, *self.page.evaluate("window.found")}) == []


@pytest.fixture
def watched(chromium):
    contexts = []

    def open_page(file: Path, *, bypass: bool, hash_: str = "", ready: str = "#page[data-ready]") -> Watched:
        context = chromium.new_context(
            viewport={"width": 1280, "height": 800}, offline=True, reduced_motion="reduce", bypass_csp=bypass
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.add_init_script(PROBE)
        address = file.as_uri()
        happened = []
        plain = ("blob:", "data:")
        page.on(
            "request",
            lambda r: (
                r.url.split("#")[0] == address or r.url.startswith(plain) or happened.append(f"asked {r.url[:99]}")
            ),
        )
        page.on("console", lambda message: happened.append(f"console {message.text[:300]}"))
        page.on("pageerror", lambda error: happened.append(f"error {error}"))
        page.on("dialog", lambda dialog: (happened.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("popup", lambda _: happened.append("popup"))
        page.goto(address + hash_)
        page.wait_for_selector(ready, state="attached")
        page.evaluate("window.isReady = true")
        return Watched(page=page, happened=happened)

    yield open_page
    for context in contexts:
        context.close()


def tour(one: Watched, *turns: str) -> None:
    """Every panel, popup, legend, search, dialog and sheet; each turn ends by a change of language."""
    page = one.page
    for turn in turns:
        page.locator("#tab-layers").click()
        if turn == "zh":
            for button in page.locator("[aria-controls^=details-]").all():
                button.click()
        box = page.locator(".layer-head input").first
        box.uncheck()
        box.check()
        for item in page.locator("#legend-body button").all()[:2]:
            item.click()
            item.click()
        for text in (NAMES[3], "{{7*7}}", "script", "=", "\u202e", "שלום"):
            page.locator("#search").fill(text[:200])
            if page.locator("#search-list [role=option][id]").count():
                page.locator("#search").press("Enter")
        page.locator("#search").fill("")
        page.evaluate(f"mapOfPage.setView([{PLACE[1]}, {PLACE[0]}], 13, {{ animate: false }})")
        page.evaluate(f"mapOfPage.fire('click', {{ latlng: L.latLng({PLACE[1]}, {PLACE[0]}) }})")
        page.locator("#panel-here .card").first.wait_for()
        page.locator("#panel-here .card .title-button").first.click()
        ask(one, f"{PLACE[0]}, {PLACE[1]}")
        page.locator("#answer .overall").wait_for()
        for button in page.locator("#answer .title-button").all()[:1]:
            button.click()
        for tab in ("measure", "about"):
            page.locator(f"#tab-{tab}").click()
        page.locator("[data-tool=share]").click()
        page.keyboard.press("Escape")
        page.locator("[data-tool=theme]").click()
        page.locator("[data-tool=language]").click()
    page.locator("[data-tool=print]").click()
    with page.expect_download() as saved:
        page.locator("[data-act=png]").click()
    name = saved.value.suggested_filename
    assert re.fullmatch(r"[\w-]{1,75}\.png", name), name
    page.locator("[data-act=print]").click()
    page.locator("#sheet").wait_for(state="attached")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")


def ask(one: Watched, text: str, shape: str = "point") -> None:
    page = one.page
    page.locator("#tab-site").click()
    if not page.locator("#typed").is_visible():
        page.locator("summary", has_text=re.compile("坐标|coordinates")).click()
    page.locator("#typed").fill(text)
    page.locator("#typed-shape").select_option(shape)
    page.locator(".way .strong").click()


POLICY = pytest.mark.parametrize("bypass", [False, True], ids=["with-policy", "without-policy"])


RUNS = [("office", True), ("public", False), ("forged", False), ("forged", True)]


@pytest.mark.parametrize(
    ("name", "bypass"), RUNS, ids=[f"{name}-{'without' if b else 'with'}-policy" for name, b in RUNS]
)
def test_names_run_nothing_wherever_the_map_shows_them(pages, watched, name, bypass):
    one = watched(pages / f"{name}.html", bypass=bypass)
    tour(one, "zh", *(["en"] if name == "forged" else []))
    if name == "forged":
        one.page.locator("#tab-layers").click()
        one.page.locator(".background button").click()  # the attribution of tiles
        assert one.page.locator(".tile-credit").inner_text().startswith("<script>")
    one.check()


KML = (
    '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>{0}</name><Placemark><name>{0}</name>'
    "<description><![CDATA[{1}]]></description><Point><coordinates>117.75,49.5</coordinates></Point></Placemark>"
    "</Document></kml>"
)
XSL = '<?xml-stylesheet type="text/xsl" href="https://elsewhere.invalid/a.xsl"?>'
HTML = '<x xmlns="http://www.w3.org/1999/xhtml"><script>window.__pwned=1</script><img src="x" onerror="window.__pwned=1"/></x>'


def sites(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Files that the page is given: each name of the corpus, and contents that try more."""
    point = json.loads(shapely.to_geojson(shapely.Point(117.75, 49.5)))
    for name in FILE_NAMES:
        file = folder / f"{name}.geojson"
        features = [{"type": "Feature", "properties": {text: text for text in NAMES}, "geometry": point}]
        document = {"type": "FeatureCollection", "name": name, "__proto__": {"x": 1}, "features": features}
        file.write_text(json.dumps(document), encoding="utf-8")
        yield file, True
    escaped = TEXTS[3].replace("<", "&lt;")
    for name, text, accepted in (
        ("点.kml", KML.format(escaped, TEXTS[3]), True),
        ("表.kml", XSL + KML.format(escaped, TEXTS[0]), True),
        ("页.kml", KML.format("x", "x").replace("<Placemark>", f"<Placemark>{HTML}"), True),
        (
            "页.gpx",
            f'<gpx xmlns="http://www.topografix.com/GPX/1/1"><wpt lat="49.5" lon="117.7">{HTML}</wpt></gpx>',
            True,
        ),
        ("脚本.svg", '<svg xmlns="http://www.w3.org/2000/svg" onload="window.__pwned=1"/>', False),
        ("名.geojson", json.dumps({"type": EVERY, "coordinates": [EVERY]}), False),
        ("系.geojson", json.dumps({**point, "crs": {"properties": {"name": EVERY}}}), False),
        ("列.csv", "经度,纬度," + TEXTS[3] + "\n" + TEXTS[3] + ",49.5,x\n", False),
    ):
        file = folder / name
        file.write_text(text, encoding="utf-8")
        yield file, accepted


def test_files_coordinates_and_links_run_nothing_and_show_no_name_as_another(pages, watched, tmp_path):
    one = watched(pages / "office.html", bypass=True)
    page = one.page
    ask(one, "117.75, 49.5")
    page.locator("#answer .overall").wait_for()
    page.locator("summary", has_text="上传").click()
    for file, accepted in sites(tmp_path):
        page.evaluate("document.querySelector('.site-card').replaceChildren()")
        page.locator("#upload").set_input_files(str(file))
        if accepted:
            page.locator(".site-card h3").wait_for()
            assert page.locator(".site-card h3").inner_text() == clean(file.name)
        else:
            page.locator(".body-site > .trouble:visible").wait_for()
            page.evaluate("document.querySelector('.body-site > .trouble').hidden = true")
    assert clean("年报\u202egpj.exe") == "年报\ufffdgpj.exe"
    for text in (TEXTS[3], TEXTS[27], "\u202e117.4, 49.5", EVERY):
        ask(one, text)
        page.locator(".body-site > .trouble:visible").wait_for()
        page.locator("#search").fill(text)
    for part in ("view", "layers", "select", "lang", "theme", "site", "__proto__", "constructor"):
        for text in (TEXTS[3], TEXTS[10], "__proto__", "n00000000:0", "polygon~5~0~<img>"):
            page.evaluate("(hash) => { location.hash = hash; }", f"#{part}={text}")
            page.evaluate("(hash) => { location.hash = hash; }", f"#{part}={urllib.parse.quote(text)}")
    one.check()


@pytest.fixture(scope="module")
def checked(workspace, tmp_path_factory):
    """The older map and the report of a check of a site that is named by the corpus."""
    folder = tmp_path_factory.mktemp("checked")
    site = geojson(
        folder / f"{FILE_NAMES[0]}.geojson", shapely.box(117.43, 49.57, 117.46, 49.6), **{text: text for text in NAMES}
    )
    files = [folder / "map.html", folder / "report.html"]
    done = run("check", site, "-w", workspace, "--as-of", DAY, "--map", files[0], "--report", files[1])
    assert done.exit_code == 0, done.stderr
    return dict(zip(("map", "report"), files, strict=True))


@POLICY
@pytest.mark.parametrize("name", ["map", "report"])
def test_names_run_nothing_in_the_map_and_the_report_of_a_check(checked, watched, name, bypass):
    one = watched(checked[name], bypass=bypass, ready={"map": "path.draw-site", "report": "main"}[name])
    page = one.page
    assert TEXTS[3] in page.locator("body").inner_text()
    if name == "map":
        for place in page.locator("[data-go]").all()[:3]:
            place.click(force=True)
        page.locator(".leaflet-popup-content").first.wait_for()
        for box in page.locator(".leaflet-control-layers input").all()[:4]:
            box.evaluate("node => node.click()")
    one.check()


def test_names_run_nothing_in_the_map_of_a_result_that_says_anything(watched, tmp_path):
    result, overlaps, outlines = map_example.result(), [], []
    result["site"] |= {"name": EVERY, "crs": EVERY}
    result |= {"warnings": list(TEXTS), "not_checked": list(TEXTS), "as_of": EVERY, "findings": [], "layers": []}
    for text in TEXTS:
        red = map_example.feature("r1", text, text, "red_line", text, relation="overlaps", overlap_m2=1.0, flags=[text])
        result["findings"].append(map_example.finding(text, "red_lines", "hit", [red], "overlaps"))
        result["layers"].append(map_example.card(text, "red_lines", text, text))
        outline = map_example.layers()[0]
        feature = dataclasses.replace(outline.features[0], code=text, name=text, class_=text, class_label=text)
        values = {"layer": text, "source": text, "data_date": text, "features": (feature,), "notes": (text,)}
        outlines.append(dataclasses.replace(outline, **values))
        overlaps.append(dataclasses.replace(map_example.overlaps()[0], layer=text))
    html = draw(result, site=map_example.SITE, overlaps=overlaps, layers=outlines, title=EVERY)
    file = tmp_path / "map.html"
    file.write_bytes(html.encode("utf-8", "replace"))
    one = watched(file, bypass=True, ready="path.draw-site")
    one.page.locator("[data-go]").first.evaluate("node => node.click()")
    one.page.locator(".leaflet-popup-content h3").first.wait_for()
    one.check()
