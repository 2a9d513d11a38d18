"""The page's answers never surer than the engine's: sites as people give them, and pages opened long after."""

from __future__ import annotations

import base64
import json
import math
from pathlib import Path

import pytest
import shapely
import shapely.geometry

from layers.workspace import FolderStore
from maps.public_map import page as page_module
from maps.public_map.document import MapRequest
from maps.public_map.edition import Edition
from maps.public_map.page import build_page
from maps.public_map.writing import write_page
from screening.errors import ScreeningError
from screening.screen import screen
from screening.site import place, site_of
from spatial.errors import SpatialError
from spatial.reading import read, read_text
from tests.building import add, workspace_at
from tests.bundling import bundled

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
DAY = "2026-11-22"
CITY = shapely.box(117.0, 49.2, 118.0, 49.9)
_PROBE = """
import * as chunks from "./chunks";
import { Refusal } from "./refusal";
import { questionOf } from "./site/site";
import { typedSite } from "./site/typed";
import { uploadedSite } from "./site/upload";
const orRefused = async (make) => {
  try { return questionOf(await make()); }
  catch (trouble) { if (trouble instanceof Refusal) return { refused: trouble.code }; throw trouble; }
};
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const judged = async (question, today) => {
  const { layers, document } = await chunks.loadJudgeLayers(await chunks.loadDocument());
  return (await chunks.loadJudge()).judge(question, layers, document, today);
};
window.probe = {
  judged,
  upload: (name, text) => orRefused(() => uploadedSite(new File([bytes(text)], name))),
  typed: (text, shape, zone) => orRefused(() => typedSite(text, shape, zone)),
};
"""


@pytest.fixture(scope="module")
def probe():
    """The page's readers of sites under names that a test can reach, in the place of the page's script."""
    return bundled(_PROBE)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A city whose red line has one part from 2027 on and one until 2028, and units of which a new version is in wait."""
    made = workspace_at(tmp_path_factory.mktemp("promise") / "ws", "red_lines")
    zones = [shapely.box(x, 49.3, x + 0.01, 49.31) for x in (117.1, 117.3, 117.5)]
    dates = [{}, {"生效日期": "2027-03-01"}, {"失效日期": "2028-06-30"}]
    rows = [{"红线名称": f"红{i}", **own} for i, own in enumerate(dates)]
    add(made, "red_lines", zones, rows, name="红线", coverage=CITY, accuracy_m=5.0)
    return made


@pytest.fixture(scope="module")
def opened(chromium, probe, tmp_path_factory):
    """Opens a page of a workspace whose own script is the probe."""
    own = page_module.script_text
    contexts = []

    def open_page(store, edition=None, **wanted):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(page_module, "script_text", lambda name: probe if name == "page/page.js" else own(name))
            request = MapRequest(as_of=DAY, edition=edition or Edition(), **wanted)
            file = tmp_path_factory.mktemp("page") / "map.html"
            write_page(build_page(FolderStore.open(store.root), request, name="map"), file)
        contexts.append(chromium.new_context(offline=True))
        page = contexts[-1].new_page()
        page.goto(file.as_uri())
        page.wait_for_function("window.probe !== undefined", timeout=15_000)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def page(opened, workspace):
    return opened(workspace)


# ---- sites as people give them -------------------------------------------------------------------------------------

SQUARE = [[117.4, 49.5], [117.41, 49.5], [117.41, 49.51], [117.4, 49.51], [117.4, 49.5]]
INSIDE = [[117.402, 49.502], [117.404, 49.502], [117.404, 49.504], [117.402, 49.502]]


def aside(ring, by):
    return [[x + by, y] for x, y in ring]


def polygon(*rings):
    return {"type": "Polygon", "coordinates": list(rings)}


def several(*polygons):
    return {"type": "MultiPolygon", "coordinates": [p["coordinates"] for p in polygons]}


def geojson(*shapes, **properties):
    features = [{"type": "Feature", "properties": properties, "geometry": shape} for shape in shapes]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


def kml(body):
    return f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{body}</Document></kml>'


def mark(shape, coordinates):
    return f"<Placemark><{shape}><coordinates>{coordinates}</coordinates></{shape}></Placemark>"


def gpx(body):
    return f'<gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1">{body}</gpx>'


POINT = {"type": "Point", "coordinates": [117.5, 49.5]}
TRACK = '<trkpt lat="49.5" lon="117.4"/>'
SURVEY = (
    "[属性描述]\n数据产生日期=2020-01-01\n坐标系={system}\n几度分带=3\n带号=39\n[地块坐标]\n4,9,DK1,一,面,,,,@\n"
    "J1,1,5487000,39520000\nJ2,1,5487000,39520300\nJ3,1,5487300,39520300\nJ4,1,5487300,39520000\nJ1,1,5487000,39520000\n"
)
FILES = {
    # a hole outside, parts over one another, rings that are open: the engine rejects them
    "a.geojson": geojson(polygon(SQUARE, aside(INSIDE, 0.1))),
    "b.geojson": geojson(several(polygon(SQUARE), polygon(aside(SQUARE, 0.005)))),
    "c.geojson": geojson(several(polygon(SQUARE), polygon(INSIDE))),
    "d.geojson": geojson(polygon(SQUARE[:-1])),
    # what has no place is a part that was not read
    "e.geojson": geojson(polygon(SQUARE), polygon()),
    "f.geojson": geojson(polygon(SQUARE), several()),
    "g.geojson": geojson(polygon(SQUARE), {"type": "MultiPoint", "coordinates": []}),
    "h.geojson": geojson(polygon(SQUARE), {"type": "GeometryCollection", "geometries": []}),
    # names that speak of an offset or of an old datum
    "gcj_1.geojson": geojson(POINT),
    "i.geojson": geojson(POINT, bd_lng=117.5),
    "西安80.geojson": geojson(POINT),
    # a place that is no number, a part without one, a picture that is no site
    "a.kml": kml(mark("LineString", "117.4,49.5 117.x5,49.5 117.6,49.5") + mark("Point", "117.4,49.5")),
    "b.kml": kml(
        "<Placemark><MultiGeometry><Point><coordinates>117.4,49.5</coordinates></Point><Polygon/></MultiGeometry></Placemark>"
    ),
    "c.kml": kml(
        "<GroundOverlay><LatLonBox><north>50</north><south>49</south><east>118</east><west>117</west></LatLonBox>"
        "</GroundOverlay>" + mark("Point", "117.4,49.5")
    ),
    "a.gpx": gpx('<wpt lat="49.5" lon="117.4"/><wpt lat="x" lon="117.4"/>'),
    "b.gpx": gpx(f'<wpt lat="49.5" lon="117.4"/><trk><trkseg>{TRACK}</trkseg></trk>'),
    "c.gpx": gpx(
        f'<wpt lat="49.5" lon="117.4"/><trk><trkseg>{TRACK}<trkpt lat="" lon="117.4"/><trkpt lat="49.6" lon="117.4"/></trkseg></trk>'
    ),
    # several parcels in one table, angles in three columns, a start and an end
    "a.csv": "地块,点号,经度,纬度\n甲,1,117.45,49.58\n甲,2,117.46,49.58\n甲,3,117.46,49.59\n",
    "b.csv": "点号,经度,纬度\n1,117.45,49.58\n2,117.46,49.58\n3,117.46,49.59\n1,117.56,49.60\n2,117.55,49.61\n3,117.5,49.605\n",
    "c.csv": "名称,经度,分,秒,纬度,分,秒\n甲,117,27,10,49,34,48\n",
    "d.csv": "名称,起点经度,起点纬度,终点经度,终点纬度\n甲,117.45,49.58,117.55,49.6\n",
    "e.csv": "拐点编号,经度,纬度\nJ1,117.45,49.58\nJ2,117.46,49.58\nJ3,117.46,49.59\n",
    # a word further down states no datum of the columns; one in the header does
    "f.csv": "点号,X,Y,坐标系\nJ1,5450000,39500000,CGCS2000\nJ2,5450000,39500100,\nJ3,5450100,39500100,\n",
    "g.csv": "点号,X,Y,CGCS2000\nJ1,5450000,39500000,\nJ2,5450000,39500100,\nJ3,5450100,39500100,\n",
    "a.txt": SURVEY.format(system="西安80转2000国家大地坐标系"),
    "b.txt": SURVEY.format(system="2000国家大地坐标系"),
}
TAKEN = {"e.geojson", "f.geojson", "g.geojson", "h.geojson", "c.kml", "b.gpx", "e.csv", "f.csv", "g.csv", "b.txt"}
TYPED = [
    ("39520000,5487000", "point", None),
    ("20520000,5487000", "point", None),
    ("520000,5487000", "point", {"width": 3, "zone": 39}),
    ("39520000,5487000 39523000,5487000", "line", {"width": 3, "zone": 39}),
    ("39420000,5487000 39580000,5487000 39580000,5527000", "polygon", None),
    ("117.45,49.58", "point", None),
    ("117°27′10″ 49°34′48″", "point", None),
]


def accuracy(site):
    return math.hypot(site.accuracy.metres, site.transformation_m)


def engine_of(make):
    """The engine's site; None where it takes none."""
    try:
        return place(make())
    except (SpatialError, ScreeningError):
        return None


def check_as_the_engine_takes_it(said, engine):
    assert engine is not None, said
    assert said["accuracy_m"] >= accuracy(engine) - 1e-6
    assert said["part_rejected"] or not engine.rejected_parts
    shape = shapely.geometry.shape(said["geometry"])
    assert shapely.hausdorff_distance(shape, engine.geometry) < 2e-8  # 2 mm
    assert shape.area == pytest.approx(engine.geometry.area, rel=1e-7)


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_taken_as_the_engine_takes_it_or_refused(page, tmp_path, name):
    file = tmp_path / name
    file.write_text(FILES[name], encoding="utf-8")
    said = page.evaluate(
        "([name, text]) => probe.upload(name, text)", [name, base64.b64encode(file.read_bytes()).decode()]
    )
    assert ("refused" not in said) == (name in TAKEN), said
    if "refused" not in said:
        check_as_the_engine_takes_it(said, engine_of(lambda: read(file)))


@pytest.mark.parametrize(("text", "shape", "zone"), TYPED)
def test_what_is_typed_is_no_more_accurate_than_to_the_engine(page, text, shape, zone):
    said = page.evaluate("([text, shape, zone]) => probe.typed(text, shape, zone)", [text, shape, zone])
    code = None if zone is None else (4527 if text.startswith("39") else 4548)
    check_as_the_engine_takes_it(said, engine_of(lambda: read_text(text, geometry=shape, crs=code)))


def test_a_zone_chosen_against_the_number_that_eastings_carry_is_refused(page):
    said = page.evaluate("probe.typed('39520000,5487000', 'point', { width: 3, zone: 40 })")
    assert said == {"refused": "zone_conflict"}


def test_land_in_two_parts_of_a_file_counts_once(page, tmp_path):
    # two squares of 0.01 degree, the second half over the first: 1.5 squares, not 2
    file = tmp_path / "two.geojson"
    file.write_text(geojson(polygon(SQUARE), polygon(aside(SQUARE, 0.005))), encoding="utf-8")
    text = base64.b64encode(file.read_bytes()).decode()
    question = page.evaluate("text => probe.upload('two.geojson', text)", text)
    assert question["unite"]
    verdict = page.evaluate("([question, day]) => probe.judged(question, day)", [question, DAY])
    one = site_of(shapely.Polygon(SQUARE), accuracy_m=5.0)
    site = place(read(file))
    assert verdict["site"]["area_m2"] == pytest.approx(1.5 * area(one.geometry), rel=1e-6)
    assert verdict["site"]["area_m2"] == pytest.approx(area(site.geometry), abs=0.01)
    assert verdict["site"]["scope"] == "polygon"


def area(geometry):
    from spatial.measure import ellipsoidal_area

    return float(ellipsoidal_area([geometry])[0])


# ---- opened long after ---------------------------------------------------------------------------------------------


def question(lon, lat):
    geometry = {"type": "Point", "coordinates": [lon, lat]}
    return {
        "name": None, "geometry": geometry, "accuracy_m": 5, "radius_m": 0, "transformation_m": 0, "part_rejected": False
    }  # fmt: skip


@pytest.mark.parametrize("mode", ["full", "simplified", "public"])
def test_from_the_day_a_feature_comes_into_force_the_page_says_clear_no_more(opened, workspace, mode):
    request = {"precision": "simplified" if mode == "simplified" else "full"}
    shown = opened(workspace, Edition(public=mode == "public"), **request)

    def said(lon, today):
        return shown.evaluate("([question, day]) => probe.judged(question, day)", [question(lon, 49.305), today])

    assert said(117.305, "2027-02-28")["answer"] == "clear"
    # on 1 March the engine says hit there; the page was made before and cannot know what it will be
    later = said(117.305, "2027-03-01")
    assert later["answer"] == "unknown"
    assert later["findings"][0]["reason"] == "layer_expired"
    site = site_of(shapely.Point(117.305, 49.305), accuracy_m=5.0)
    assert screen(site, FolderStore.open(workspace.root), as_of="2027-03-01").answer == "hit"
    assert said(117.105, "2027-03-01")["answer"] == ("uncertain" if mode == "public" else "hit")


def test_from_the_day_another_version_answers_the_page_says_clear_no_more(opened, tmp_path):
    made = workspace_at(tmp_path / "ws", "red_lines")
    here = {"name": "红线", "coverage": CITY, "accuracy_m": 5.0}
    add(made, "red_lines", [shapely.box(117.1, 49.3, 117.11, 49.31)], [{}], valid_from="2026-01-01", **here)
    add(
        made,
        "red_lines",
        [shapely.box(117.3, 49.3, 117.31, 49.31)],
        [{}],
        valid_from="2027-01-01",
        replace=True,
        **here,
    )
    shown = opened(made)
    ask = "([question, day]) => probe.judged(question, day)"
    assert shown.evaluate(ask, [question(117.305, 49.305), "2026-12-31"])["answer"] == "clear"
    assert shown.evaluate(ask, [question(117.305, 49.305), "2027-01-01"])["answer"] == "unknown"
