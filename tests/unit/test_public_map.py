"""What a public map holds: its document as the page's types have it, its chunks, its policy; and what it leaves out."""

from __future__ import annotations

import base64
import hashlib
import html.parser
import json
import re
from pathlib import Path

import numpy as np
import pytest
import shapely

from layers.workspace import FolderStore
from maps.errors import AssetsMissingError, MapRequestError, OffsetTilesError
from maps.offline import locked_files
from maps.public_map import document as document_module
from maps.public_map.document import MapRequest, contents_of
from maps.public_map.edition import Edition
from maps.public_map.facts import facts_of
from maps.public_map.page import build_page
from maps.public_map.tiles import tiles_of
from spatial.packing import unpacked
from tests.apps.cli import CITY, RED, small_workspace
from tests.building import add, workspace_at

CONTRACT = (Path(__file__).parents[2] / "maps" / "page" / "contract.ts").read_text("utf-8")
DAY = "2026-11-22"
REQUEST = MapRequest(as_of=DAY)
KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return small_workspace(tmp_path_factory.mktemp("ws") / "ws")


@pytest.fixture(scope="module")
def contents(root):
    return contents_of(FolderStore.open(root), REQUEST)


@pytest.fixture(scope="module", autouse=True)
def assets():
    try:
        locked_files()
    except AssetsMissingError as missing:
        pytest.skip(f"the scripts of the maps were never built: {missing}")


def contents_in(root, **request):
    return contents_of(FolderStore.open(root), MapRequest(as_of=DAY, **request))


def page_in(root, *, folder=False, **request):
    return build_page(FolderStore.open(root), MapRequest(as_of=DAY, **request), folder=folder)


class Elements(html.parser.HTMLParser):
    """Scripts by id, and the policies, as a browser reads them."""

    def __init__(self, text):
        super().__init__()
        self.scripts, self.policies, self.executed, self._at = {}, [], [], None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        if tag == "meta" and known.get("http-equiv") == "Content-Security-Policy":
            self.policies.append(known["content"])
        if tag == "script":
            self._at = (known.get("id"), known)
            self.scripts[self._at[0]] = (known, "")

    def handle_data(self, data):
        if self._at:
            known, text = self.scripts[self._at[0]]
            self.scripts[self._at[0]] = (known, text + data)

    def handle_endtag(self, tag):
        if tag == "script" and self._at:
            known, text = self.scripts[self._at[0]]
            if "type" not in known:
                self.executed.append(text)
            self._at = None


def interface(name):
    """The keys of an interface of contract.ts, on its first level."""
    body = re.search(rf"export interface {name} \{{\n(.*?)\n\}}", CONTRACT, re.DOTALL)[1]
    return {key for key, _ in re.findall(r"^  (\w+)(\??):", body, re.MULTILINE)}


def chunk(contents, key):
    return unpacked(next(one.block for one in contents.chunks if one.key == key))


def layer(contents, name):
    return next(one for one in contents.document["layers"] if one["name"] == name)


def test_the_document_has_the_keys_of_the_contract_and_no_other(root):
    page = page_in(root)
    document = json.loads(Elements(page.html).scripts["map-document"][1])
    assert set(document) == interface("MapDocument")
    for one in document["layers"]:
        assert set(one) == interface("MapLayer")
        assert set(one["judge"]) == interface("JudgeSource")
        assert {key for each in one["levels"] for key in each} <= {"chunk", "tolerance_m", "displacement_m", "max_zoom"}
    assert {key for one in document["base"] for key in one} <= interface("BaseLayer")
    assert {key for one in document["styles"].values() for key in one} == interface("Style")
    assert {c["style"] for one in document["layers"] for c in one["classes"]} <= set(document["styles"])


def test_the_features_have_the_columns_of_the_contract_in_row_order(contents):
    for one in contents.document["layers"]:
        columns, table = chunk(contents, one["features"])
        assert set(columns) == interface("FeatureColumns")
        assert set(table) == interface("FeatureTable")
        lengths = {len(table[key]) for key in ("id", "code", "name", "class", "class_label", "flags")}
        assert lengths == {one["count"]} == {len(columns["zone"])}
        assert len(columns["bounds"]) == 4 * one["count"]
        for row, place in enumerate(columns["class_index"]):
            assert one["classes"][place]["code"] == table["class"][row]
        assert sum(c["count"] for c in one["classes"]) == one["count"]


def test_layers_stand_from_the_strictest_down(contents):
    kinds = [one["kind"] for one in contents.document["layers"]]
    assert kinds == [
        *("red_lines", "protected_areas", "water_sources", "control_units", "monitoring_sections", "sensitive_targets")
    ]


def test_every_word_of_the_catalogue_that_the_page_needs_is_there_in_both_languages(contents):
    words = contents.document["words"]
    assert set(words["zh"]) == set(words["en"])
    for code in ("answer.clear", "reason.layer_missing", "note.not_permission", "public_map.chunk_missing"):
        assert words["zh"][code] != words["en"][code]
    assert words["zh"]["not_checked.风景名胜区"] == "风景名胜区"
    assert words["en"]["not_checked.风景名胜区"].isascii()


def test_the_four_headings_of_a_unit_come_first_then_what_its_kind_states(tmp_path):
    store = workspace_at(tmp_path / "ws", "control_units")
    fields = {
        "编码": "ZH15078110001",
        "名称": "甲",
        "管控单元分类": "优先保护单元",
        "资源利用效率要求": "四",
        "空间布局约束": "一",
        "污染物排放管控": "二",
        "环境风险防控": "三",
        "市": "呼伦贝尔市",
        "MJ": 80_000_000.0,
    }
    add(store, "control_units", [shapely.box(117.4, 49.5, 117.5, 49.6)], [fields], name="单元", coverage=CITY)
    found = contents_in(tmp_path / "ws")
    rows = chunk(found, layer(found, "单元")["features"])[1]["facts"]["0"]
    assert [(row["label"]["zh"], row["text"]) for row in rows[:5]] == [
        ("空间布局约束", "一"),
        ("污染物排放管控", "二"),
        ("环境风险防控", "三"),
        ("资源利用效率", "四"),
        ("市（盟）", "呼伦贝尔市"),
    ]
    assert ("声明面积", "80,000,000 m² (8,000.00 hm²)") in [(row["label"]["zh"], row["text"]) for row in rows]


def test_a_coded_status_is_told_in_both_languages_and_reading_marks_are_taken_out():
    from layers.model import Feature

    park = Feature(
        id="1", code=None, name="甲", class_="park", counts=True, own_fields={"status": "in_force", "zone": "a\u202eb"}
    )
    rows = {row["label"]["en"]: row["text"] for row in facts_of(park, kind="protected_areas", area_m2=0.0)}
    assert rows == {"Legal status": "现行 / in force", "Zone": "a\ufffdb"}


def test_the_index_in_the_page_is_the_engines_own_bit_for_bit(root, contents):
    store = FolderStore.open(root)
    for entry in store.entries:
        one = layer(contents, entry.layer)
        assert one["judge"]["precision"] == "full"
        arrays, _ = chunk(contents, one["judge"]["chunk"])
        stored = store.open_version(entry)
        names = {"pieces/feature", "pieces/offset", "pieces/wkb"}
        if one["judge"]["coverage_stated"]:
            names |= {
                "coverage/pieces/offset",
                "coverage/pieces/wkb",
                "coverage/edges/xy",
                "coverage/edges/group_offset",
            }
        assert set(arrays) == names
        for name, values in arrays.items():
            whole = np.asarray(stored.array(name)[:]).ravel()
            assert values.tobytes() == whole.astype(values.dtype).tobytes()
            assert (whole == whole.astype(values.dtype)).all()


@pytest.mark.parametrize(("precision", "found"), [("full", {"full"}), ("simplified", {"simplified"})])
def test_precision_is_what_is_asked_for(root, precision, found):
    document = contents_in(root, precision=precision).document
    assert {one["judge"]["precision"] for one in document["layers"]} == found
    assert all((one["judge"]["chunk"] is None) == (precision == "simplified") for one in document["layers"])
    assert all(one["judge"]["displacement_m"] == 0 for one in document["layers"]) == (precision == "full")


def test_the_budget_goes_to_the_smallest_indexes_and_beside_the_page_there_is_none(root, contents, monkeypatch):
    sizes = {
        one["name"]: len(next(c.block for c in contents.chunks if c.key == one["judge"]["chunk"]))
        for one in contents.document["layers"]
    }
    smallest = sorted(sizes, key=sizes.get)[:2]
    monkeypatch.setattr(document_module, "INDEX_BUDGET", sum(sizes[name] for name in smallest))
    found = contents_in(root).document["layers"]
    assert {one["name"] for one in found if one["judge"]["precision"] == "full"} == set(smallest)
    apart = contents_of(FolderStore.open(root), REQUEST, apart=True).document["layers"]
    assert {one["judge"]["precision"] for one in apart} == {"full"}


def test_a_page_too_large_for_one_file_lies_apart_by_itself(root, monkeypatch):
    assert page_in(root, folder=None).files == {}
    monkeypatch.setattr(document_module, "LARGEST", 1000)
    page = page_in(root, folder=None)
    assert "map_files/judge.js" in page.files
    assert "application/octet-stream" not in page.html


def test_a_layer_left_out_makes_its_kind_unknown_and_one_that_decides_nothing_does_not(root):
    document = contents_in(root, layers=("红线图层",)).document
    assert [one["name"] for one in document["layers"]] == ["红线图层"]
    assert sorted((one["kind"], one["detail"]) for one in document["lost"]) == [
        ("control_units", "left_out"),
        ("protected_areas", "left_out"),
        ("water_sources", "left_out"),
    ]


def test_a_layer_that_is_not_there_is_refused(root):
    with pytest.raises(MapRequestError, match="'红线', which is no layer of the workspace"):
        contents_in(root, layers=("红线",))


def test_any_byte_that_differs_leaves_the_page_as_it_was_or_loses_the_layer(tmp_path):
    root = small_workspace(tmp_path / "ws")
    whole = contents_in(root)
    folder = next(p for p in (root / "layers").iterdir() if "红线" in p.name)
    files = [p for p in folder.rglob("*") if p.is_file() and p.stat().st_size]
    assert len(files) > 20
    lost = 0
    for number, path in enumerate(files):
        good = path.read_bytes()
        at = (0, len(good) // 2, len(good) - 1)[number % 3]
        path.write_bytes(good[:at] + bytes([good[at] ^ 0x10]) + good[at + 1 :])
        found = contents_in(root)
        if found.document["lost"]:
            lost += 1
            assert [one["kind"] for one in found.document["lost"]] == ["red_lines"]
            assert "红线图层" not in [one["name"] for one in found.document["layers"]]
        else:
            assert found.chunks == whole.chunks
        path.write_bytes(good)
    assert lost > 15


def test_a_workspace_without_its_list_makes_every_kind_unknown(tmp_path):
    root = small_workspace(tmp_path / "ws")
    (root / "workspace.json").write_text("{}")
    document = contents_in(root).document
    assert (None, "protective") in [(one["kind"], one["role"]) for one in document["lost"]]
    assert document["required_kinds"] == ["red_lines", "protected_areas", "water_sources", "control_units"]


def test_a_folder_that_nobody_names_makes_its_kind_unknown(tmp_path):
    import shutil

    root = small_workspace(tmp_path / "ws")
    folder = next(p for p in (root / "layers").iterdir() if "红线" in p.name)
    shutil.copytree(folder, folder.with_name("stray"))
    assert [one["kind"] for one in contents_in(root).document["lost"]] == ["red_lines"]


def test_the_same_workspace_gives_the_same_page(root):
    assert page_in(root).html == page_in(root).html


def test_names_are_data_whatever_stands_in_them(tmp_path):
    names = ["</script><script>alert(1)</script>", "{{ 7*7 }}{% raw %}${1}`", "<!--", "a\u202eb\u2028c", "&lt;", '"]}']
    store = workspace_at(tmp_path / "ws", "red_lines")
    boxes = [shapely.box(117.3 + i / 10, 49.5, 117.35 + i / 10, 49.55) for i in range(len(names))]
    rows = [{"红线名称": name, "红线编码": name} for name in names]
    add(store, "red_lines", boxes, rows, name="{{层}}<b>", coverage=shapely.box(117, 49, 119, 50), source=names[0])
    page = page_in(tmp_path / "ws", title=names[0] + names[1])
    read = Elements(page.html)
    assert set(read.scripts) >= {"map-document", "licences", "chunk-judge"}
    document = json.loads(read.scripts["map-document"][1])
    assert document["layers"][0]["name"] == "{{层}}<b>"
    assert document["layers"][0]["source"] == names[0]
    assert document["title"]["zh"] == names[0] + names[1]
    _, table = unpacked(base64.b64decode(read.scripts[f"chunk-{document['layers'][0]['features']}"][1]))
    assert table["name"] == [name.replace("\u202e", "\ufffd").replace("\u2028", "\ufffd") for name in names]
    assert len(read.executed) == len(Elements(page_in(tmp_path / "ws").html).executed)
    assert "<title>&lt;/script&gt;" in page.html


def test_the_page_carries_the_digest_of_its_document_and_of_every_chunk(root):
    read = Elements(page_in(root).html)
    known, text = read.scripts["map-document"]
    assert known["data-sha256"] == hashlib.sha256(text.encode()).hexdigest()
    entries = json.loads(text)["chunks"]
    assert {f"chunk-{key}" for key in entries} == {key for key in read.scripts if key and key.startswith("chunk-")}
    for key, entry in entries.items():
        block = base64.b64decode(read.scripts[f"chunk-{key}"][1])
        assert (len(block), hashlib.sha256(block).hexdigest(), None) == (entry["bytes"], entry["sha256"], entry["file"])


def quoted(text):
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_the_policy_names_every_script_of_the_page_and_the_judge_and_lets_nothing_out(root):
    page = page_in(root)
    read = Elements(page.html)
    judge = next(f for f in locked_files() if f.file == "page/judge.js").content.decode().strip()
    (policy,) = read.policies
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    hashes = sorted({*map(quoted, read.executed), quoted(judge)})
    assert rules == {
        "default-src": "'none'",
        "script-src": " ".join([*hashes, "'wasm-unsafe-eval'"]),
        "style-src": "'unsafe-inline'",
        "img-src": "data: blob:",
        "connect-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_beside_the_page_two_policies_hold_and_each_names_the_same_scripts(root):
    page = page_in(root, folder=True)
    first, second = Elements(page.html).policies
    scripts = re.search(r"script-src ([^;]*)", first)[1]
    assert scripts.endswith(" 'wasm-unsafe-eval' 'strict-dynamic'")
    assert second == "script-src " + scripts.replace("'strict-dynamic'", "'self'")
    assert not re.search(r"<script[^>]* src=", page.html)
    names = {entry["file"] for entry in json.loads(Elements(page.html).scripts["map-document"][1])["chunks"].values()}
    assert names == set(page.files)


@pytest.mark.parametrize(
    ("host", "metres"),
    [
        ("webrd01.is.autonavi.com", "33 to 700 m"),
        ("rt0.map.gtimg.com", "33 to 700 m"),
        ("www.google.cn", "33 to 700 m"),
        ("mt2.GOOGLE.cn", "33 to 700 m"),
        ("online3.map.bdimg.com", "700 to 1500 m"),
        ("map.geoq.cn.", "33 to 700 m"),
    ],
)
def test_offset_tiles_are_refused_with_the_metres_they_are_off(host, metres):
    with pytest.raises(OffsetTilesError, match=metres):
        tiles_of(f"https://{host}/tile?x={{x}}&y={{y}}&z={{z}}")


def test_the_metres_they_are_off_are_those_of_the_offset_itself():
    from spatial.ellipsoid import geod
    from spatial.offsets import wgs84_to_bd09, wgs84_to_gcj02

    grid = np.array([(lon, lat) for lon in np.arange(74, 135, 0.25) for lat in np.arange(18.5, 53.5, 0.25)])
    for change, (least, most) in ((wgs84_to_gcj02, (33, 700)), (wgs84_to_bd09, (700, 1500))):
        moved = np.asarray(change(grid))
        metres = geod().inv(grid[:, 0], grid[:, 1], moved[:, 0], moved[:, 1])[2]
        assert least <= metres.min() <= least + 20
        assert most - 20 <= metres.max() <= most


@pytest.mark.parametrize(
    "address",
    [
        "https://tiles.example.org/{z}/{x}.png",
        "javascript:alert({z}{x}{y})",
        "https://a b/{z}{x}{y}",
        "https://u:p@h/{z}{x}{y}",
        "https://h/{z}{x}{y}{s}",
        "osm",
        "https://h; script-src *;/{z}{x}{y}",
    ],
)
def test_what_is_no_address_of_tiles_is_refused(address):
    with pytest.raises(MapRequestError, match="is no address of tiles"):
        tiles_of(address)


def test_a_key_is_in_the_file_only_when_it_was_asked_to_be_and_images_come_from_there_alone(root):
    kept = page_in(root, tiles=tiles_of("tianditu", key=KEY))
    written = page_in(root, tiles=tiles_of("tianditu", key=KEY, write_key=True))
    assert KEY not in kept.html
    assert written.html.count(KEY) == 1
    for page in (kept, written):
        images = re.search(r"img-src ([^;]*)", Elements(page.html).policies[0])[1]
        assert images.split() == ["data:", "blob:", *(f"https://t{n}.tianditu.gov.cn" for n in range(8))]
        assert "connect-src 'none'" in page.html
    with pytest.raises(MapRequestError, match="TIANDITU_TK"):
        tiles_of("tianditu", write_key=True)
    with pytest.raises(MapRequestError, match="letters and digits"):
        tiles_of("tianditu", key="'; alert(1)")


def test_tiles_of_ones_own_are_allowed_by_their_origin(root):
    source = tiles_of("https://Tiles.Example.org:8443/wmts/{z}/{y}/{x}.png")
    assert source.hosts == ("https://tiles.example.org:8443",)
    assert set(source.to_dict()) == interface("TileSource")


def test_a_public_edition_shows_no_boundary_of_its_own_and_names_no_digest(root):
    found = contents_in(root, edition=Edition(public=True))
    document = found.document
    assert document["base"] == []
    assert document["allow"] == {"locate": False, "upload": False, "annotate": False}
    red = layer(found, "红线图层")
    assert (red["judge"]["precision"], red["judge"]["proves"], red["judge"]["chunk"]) == ("generalised", False, None)
    _, table = chunk(found, red["features"])
    assert (table["name"], table["code"], table["id"], table["facts"]) == ([None], [None], ["1"], {})
    assert {one["judge"]["coverage_version"] for one in document["layers"]} <= {"1", "2", "3", "4", "5", "6", None}
    versions = {entry.layer: entry.version for entry in FolderStore.open(root).entries}
    text = json.dumps(document, ensure_ascii=False)
    assert versions["红线图层"].partition("-")[2] not in text
    assert found.restricted == ()
    assert {"public_edition", "no_review_number"} <= {notice["code"] for notice in document["notices"]}
    assert "internal_map" not in {notice["code"] for notice in document["notices"]}


def test_a_public_edition_leaves_out_words_that_state_a_place_and_outlines_of_districts(tmp_path):
    store = workspace_at(tmp_path / "ws", "protected_areas")
    rows = [{"名称": "湿地，东经117°28′12″", "保护区级别": "国家级"}, {"名称": "草原公园"}]
    boxes = [shapely.box(117.4, 49.5, 117.5, 49.6), shapely.box(117.6, 49.5, 117.7, 49.6)]
    add(store, "protected_areas", boxes, rows, name="保护地", coverage=CITY, restricted=False)
    public = contents_in(tmp_path / "ws", edition=Edition(public=True))
    (one,) = public.document["layers"]
    assert chunk(public, one["features"])[1]["name"] == [None, "草原公园"]
    assert [line["layer"] for line in public.document["withheld"]] == ["保护地"]
    assert "117°28" not in json.dumps(public.document, ensure_ascii=False)
    assert chunk(contents_in(tmp_path / "ws"), one["features"])[1]["name"][0] == rows[0]["名称"]


def test_a_coverage_that_is_not_drawn_is_judged_with_all_the_same(tmp_path):
    from spatial.boundaries import available

    if not available():
        pytest.skip("administrative boundaries are not built here: run make setup")
    store = workspace_at(tmp_path / "ws", "protected_areas")
    add(store, "protected_areas", [RED], name="保护地", coverage=("150781",), restricted=True)
    found = contents_in(tmp_path / "ws", edition=Edition(public=True))
    (one,) = found.document["layers"]
    assert one["coverage"] is None
    assert len(chunk(found, f"{one['key']}-coverage")[0]["xy"]) > 10
    standard = contents_in(tmp_path / "ws").document["layers"][0]
    assert standard["coverage"] == {"chunk": f"{one['key']}-coverage"}


def test_a_reviewed_base_map_is_shown_whole_with_its_number(root, tmp_path):
    from tests.apps.cli import geojson

    path = geojson(tmp_path / "底图.geojson", RED, shapely.LineString([(117.3, 49.5), (117.6, 49.6)]), 名称="河")
    found = contents_in(root, edition=Edition(public=True, base=path, review_number="蒙S(2026)001号"))
    assert [(one["kind"], one["labels"]) for one in found.document["base"]] == [("district", ["河"]), ("river", ["河"])]
    assert found.document["review_number"] == "蒙S(2026)001号"
    said = {notice["code"]: notice["text"]["zh"] for notice in found.document["notices"]}
    assert said["review_number"] == "审图号：蒙S(2026)001号"
    assert "no_review_number" not in said


def test_the_restricted_layers_that_stand_in_full_are_named(contents):
    assert contents.restricted == ("红线图层", "水源")
    assert "restricted" in {notice["code"] for notice in contents.document["notices"]}
