"""A public map in Chromium, from a file, the network denied: its chunks, its judge, its policy; and what is damaged."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.server
import json
import re
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from layers.workspace import FolderStore
from maps.public_map import page as page_module
from maps.public_map.document import MapRequest
from maps.public_map.edition import Edition
from maps.public_map.page import build_page
from maps.public_map.tiles import tiles_of
from maps.public_map.writing import write_page
from spatial.packing import packed
from tests.apps.cli import small_workspace
from tests.bundling import bundled

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
DAY = "2026-11-22"
# far from every zone, inside the city that every layer covers: the engine says clear
CLEAR = {"type": "Point", "coordinates": [117.85, 49.35]}
HIT = {"type": "Point", "coordinates": [117.455, 49.585]}
_PROBE = """
import * as chunks from "./chunks";
import { digestOf, plainDigestOf } from "./digest";
const ask = async (geometry) => {
  const page = await chunks.loadDocument();
  const { layers, document, lost } = await chunks.loadJudgeLayers(page);
  const judge = await chunks.loadJudge();
  const question = { name: null, geometry, accuracy_m: 5, radius_m: 0, transformation_m: 0, part_rejected: false };
  return { verdict: judge.judge(question, layers, document, "%(day)s"), lost: lost.map((one) => one.message) };
};
Object.assign(window, { probe: { ...chunks, digestOf, plainDigestOf, ask } });
"""


@pytest.fixture(scope="module")
def probe():
    """The page's own modules of chunks under a name that a test can reach, in the place of the page's script."""
    return bundled(_PROBE % {"day": DAY})


@pytest.fixture(scope="module")
def pages(tmp_path_factory, probe):
    """The same workspace as a page of one file and as a page with its chunks beside it, under an awkward name."""
    root = small_workspace(tmp_path_factory.mktemp("ws") / "ws")
    own = page_module.script_text
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(page_module, "script_text", lambda name: probe if name == "page/page.js" else own(name))
        found = {}
        for apart in (False, True, "damaged", "public"):
            folder = tmp_path_factory.mktemp("页 #1")
            file = folder / "地图 1%#.html"
            request = MapRequest(as_of=DAY, tiles=tiles_of("tianditu"), edition=Edition(public=apart == "public"))
            page = build_page(store_of(root, damaged=apart == "damaged"), request, name=file.stem, folder=apart is True)
            write_page(page, file)
            found[apart] = file
        return found


def store_of(root, *, damaged):
    """The workspace, or a copy in which a byte of the red line's geometry differs."""
    if not damaged:
        return FolderStore.open(root)
    copy = root.with_name("damaged")
    shutil.copytree(root, copy)
    folder = next(p for p in (copy / "layers").iterdir() if "红线" in p.name)
    path = next(folder.rglob("pieces.wkb.bin"))
    data = path.read_bytes()
    path.write_bytes(data[:30] + bytes([data[30] ^ 4]) + data[31:])
    return FolderStore.open(copy)


@pytest.fixture
def opened(chromium, tmp_path):
    with contextlib.ExitStack() as stack:

        def open_page(file, *, change=None, url=None, offline=True):
            """A copy of the page, changed; what it asked for and complained about is kept on it."""
            folder = tmp_path / str(len(list(tmp_path.iterdir())))
            shutil.copytree(file.parent, folder)
            if change:
                change(folder)
            context = chromium.new_context(offline=offline and url is None)
            stack.callback(context.close)
            page = context.new_page()
            page.requests, page.complaints = [], []
            page.on("request", lambda request: page.requests.append(request.url))
            page.on("console", lambda message: page.complaints.append(message.text))
            page.on("pageerror", lambda error: page.complaints.append(str(error)))
            page.goto((folder / file.name).as_uri() if url is None else url)
            page.wait_for_function("window.probe !== undefined", timeout=15_000)
            return page

        yield open_page


def asked(page, geometry):
    return page.evaluate("geometry => probe.ask(geometry)", geometry)


def edit(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8", newline="\n")


@pytest.mark.parametrize("apart", [False, True], ids=["one file", "beside"])
def test_it_answers_with_no_network_as_the_engine_does(opened, pages, apart):
    page = opened(pages[apart])
    found = asked(page, CLEAR)
    assert found["lost"] == []
    assert (found["verdict"]["answer"], found["verdict"]["precision"]) == ("clear", "full")
    assert asked(page, HIT)["verdict"]["in_red_line"] == "yes"
    assert page.complaints == []
    assert len(page.requests) == 1 + apart * len(list(pages[apart].parent.rglob("*-features.js"))) * 2 + apart
    assert all(url.startswith("file:") for url in page.requests)


def test_a_damaged_workspace_is_unknown_in_the_page_and_never_clear(opened, pages):
    page = opened(pages["damaged"])
    verdict = asked(page, CLEAR)["verdict"]
    assert (verdict["answer"], verdict["in_red_line"], verdict["in_water_source_zone"]) == ("unknown", "unknown", "no")
    assert (asked(page, HIT)["verdict"]["in_red_line"], asked(page, HIT)["verdict"]["answer"]) == ("unknown", "hit")


def test_a_public_edition_proves_nothing_of_what_it_generalises(opened, pages):
    page = opened(pages["public"])
    found = asked(page, HIT)["verdict"]
    assert (found["in_red_line"], found["precision"]) == ("uncertain", "generalised")
    assert asked(page, CLEAR)["verdict"]["in_red_line"] == "no"


def test_the_index_lies_beside_the_page_until_a_site_is_asked(opened, pages):
    page = opened(pages[True])
    page.evaluate("probe.loadDocument().then(d => probe.loadLevel(d.layers[0].levels[0].chunk)).then(l => l.xy.length)")
    assert len(page.requests) == 2
    page.evaluate("probe.loadDocument().then(d => probe.loadLevel(d.layers[0].levels[0].chunk)).then(l => l.xy.length)")
    assert len(page.requests) == 2


def damaged_chunk(key, change):
    """A chunk beside the page, changed."""

    def made(folder):
        (path,) = folder.rglob(f"{key}.js")
        content = change(path.read_bytes())
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)

    return made


def flipped(at):
    def change(content):
        place = int(at * (len(content) - 1))
        return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]

    return change


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("features", lambda content: None),
        ("features", flipped(0.35)),
        ("index", lambda content: b""),
        ("index", lambda content: content[: len(content) // 2]),
        ("index", lambda content: content[: -len(content) // 4] + b'");\n'),
        ("index", flipped(0.0)),
        ("index", flipped(0.6)),
        ("index", flipped(0.97)),
    ],
    ids=["lost", "flipped", "empty", "cut", "cut and closed", "flipped first", "flipped inside", "flipped last"],
)
def test_a_chunk_that_is_lost_or_altered_makes_its_kind_unknown_never_clear(opened, pages, part, change):
    key = key_of(pages[True], "red_lines")
    page = opened(pages[True], change=damaged_chunk(f"{key}-{part}", change))
    found = asked(page, CLEAR)
    assert len(found["lost"]) == 1
    assert found["lost"][0].startswith(f"{key}-{part}: ")
    assert (found["verdict"]["answer"], found["verdict"]["in_red_line"]) == ("unknown", "unknown")
    assert found["verdict"]["in_water_source_zone"] == "no"
    others = asked(page, HIT)["verdict"]
    assert (others["in_red_line"], others["in_priority_unit"]) == ("unknown", "yes")


def key_of(file, kind):
    text = re.search(r'id="map-document"[^>]*>(.*?)</script>', file.read_text("utf-8"), re.DOTALL)[1]
    return next(layer["key"] for layer in json.loads(text)["layers"] if layer["kind"] == kind)


def test_two_chunks_exchanged_are_refused_both(opened, pages):
    red, water = key_of(pages[True], "red_lines"), key_of(pages[True], "water_sources")

    def exchange(folder):
        (one,), (two,) = folder.rglob(f"{red}-index.js"), folder.rglob(f"{water}-index.js")
        first, second = one.read_text("ascii"), two.read_text("ascii")
        one.write_text(second.replace(f"{water}-index", f"{red}-index"), encoding="ascii")
        two.write_text(first, encoding="ascii")

    verdict = asked(opened(pages[True], change=exchange), CLEAR)["verdict"]
    assert (verdict["in_red_line"], verdict["in_water_source_zone"]) == ("unknown", "unknown")


@pytest.mark.parametrize("at", [0.02, 0.9])
def test_a_byte_of_a_chunk_in_the_page_makes_its_kind_unknown(opened, pages, at):
    key = key_of(pages[False], "red_lines")

    def change(folder):
        path = folder / pages[False].name
        text = path.read_text("utf-8")
        begin = text.index(">", text.index(f'id="chunk-{key}-index"')) + 1
        place = begin + int(at * (text.index("<", begin) - begin))
        other = "A" if text[place] != "A" else "B"
        path.write_text(text[:place] + other + text[place + 1 :], encoding="utf-8", newline="\n")

    verdict = asked(opened(pages[False], change=change), CLEAR)["verdict"]
    assert (verdict["answer"], verdict["in_red_line"]) == ("unknown", "unknown")


def test_a_document_in_which_anything_was_changed_is_not_used(opened, pages):
    def change(folder):
        edit(folder / pages[False].name, '"role":"protective"', '"role":"context"')

    page = opened(pages[False], change=change)
    told = page.evaluate("probe.ask({type:'Point',coordinates:[117.85,49.35]}).catch(e => `${e.name} ${e.loss}`)")
    assert told == "ChunkLostError altered"


@pytest.mark.parametrize("apart", [False, True], ids=["one file", "beside"])
def test_a_judge_that_was_altered_never_runs(opened, pages, apart):
    """Even where the digests in the document were made to fit: the policy holds the judge's own."""

    def change(folder):
        path = folder / pages[apart].name
        text = path.read_text("utf-8")
        document = json.loads(re.search(r'id="map-document"[^>]*>(.*?)</script>', text, re.DOTALL)[1])
        if apart:
            (file,) = folder.rglob("judge.js")
            block = base64.b64decode(re.search(rb',"([^"]*)"', file.read_bytes())[1])
        else:
            block = base64.b64decode(re.search(r'id="chunk-judge">([^<]*)<', text)[1])
        evil = packed({"code": np.frombuffer(b"window.startJudge = () => 1;", dtype=np.uint8)})
        old, entry = base64.b64encode(block).decode(), document["chunks"]["judge"]
        new = base64.b64encode(evil).decode()
        if apart:
            file.write_bytes(file.read_bytes().replace(old.encode(), new.encode()))
        else:
            text = text.replace(old, new)
        fitting = f'"bytes":{len(evil)},"sha256":"{hashlib.sha256(evil).hexdigest()}"'
        text = text.replace(f'"bytes":{entry["bytes"]},"sha256":"{entry["sha256"]}"', fitting)
        body = re.search(r'id="map-document"[^>]*>(.*?)</script>', text, re.DOTALL)[1]
        text = re.sub(r'data-sha256="[0-9a-f]*"', f'data-sha256="{hashlib.sha256(body.encode()).hexdigest()}"', text)
        path.write_text(text, encoding="utf-8", newline="\n")

    page = opened(pages[apart], change=change)
    told = page.evaluate("probe.loadDocument().then(() => probe.loadJudge()).catch(e => `${e.name} ${e.loss}`)")
    assert told == "ChunkLostError unreadable"
    assert page.evaluate("window.startJudge") is None
    assert any("Content Security Policy" in text for text in page.complaints)


ATTEMPTS = """async ([own, far_away]) => {
  const broken = [];
  document.addEventListener("securitypolicyviolation", (e) => broken.push(e.effectiveDirective));
  const script = document.createElement("script");
  script.textContent = "window.evil = 'inline'";
  document.head.append(script);
  const far = document.createElement("script");
  far.src = far_away + "evil.js";
  document.head.append(far);
  document.body.insertAdjacentHTML("beforeend", '<img src="data:," onerror="window.evil = 1">');
  const holder = document.createElement("div");
  document.body.append(holder);
  holder.innerHTML = '<iframe srcdoc="<script>parent.evil = 2</script>"></iframe>';
  const asked = await Promise.allSettled([fetch(far_away), fetch(own)]);
  new Image().src = far_away + "pixel.png";
  try { new WebSocket(far_away.replace("http", "ws")); } catch (e) { broken.push("socket"); }
  // not at once: what a test evaluates may evaluate
  setTimeout(() => { try { eval("window.evil = 3"); } catch (e) { broken.push("eval"); } });
  await new Promise((done) => setTimeout(done, 300));
  return { evil: window.evil ?? null, broken: [...new Set(broken)].sort(), asked: asked.map((one) => one.status) };
}"""


@pytest.mark.parametrize("apart", [False, True], ids=["one file", "beside"])
def test_no_script_of_anybody_else_runs_and_nothing_leaves_the_page(opened, pages, apart, tmp_path):
    with served(tmp_path) as (address, hits):
        page = opened(pages[apart], offline=False)
        found = page.evaluate(ATTEMPTS, [pages[apart].as_uri(), address])
    assert found["evil"] is None
    assert found["asked"] == ["rejected", "rejected"]
    assert {"connect-src", "eval", "img-src", "script-src-attr", "script-src-elem"} <= set(found["broken"])
    assert hits == []


def test_a_script_that_stands_in_the_markup_beside_the_page_does_not_load(opened, pages):
    def change(folder):
        (folder / "evil.js").write_text("window.evil = 1;", encoding="ascii")
        edit(folder / pages[True].name, "</body>", '<script src="evil.js"></script></body>')

    page = opened(pages[True], change=change)
    assert page.evaluate("window.evil ?? null") is None
    assert any("evil.js" in text for text in page.complaints)


def test_it_works_from_a_web_server_as_well(opened, pages):
    with served(pages[True].parent) as (address, hits):
        page = opened(pages[True], url=address + pages[True].as_uri().rpartition("/")[2])
        assert asked(page, CLEAR)["verdict"]["answer"] == "clear"
    assert [text for text in page.complaints if "favicon" not in text] == []
    assert any(hit.endswith("-index.js") for hit in hits)


@contextlib.contextmanager
def served(folder):
    """A folder behind an address of this machine, and what was asked of it."""
    hits = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *given):
            super().__init__(*given, directory=str(folder))

        def log_request(self, *_):
            hits.append(self.path)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", hits
        server.shutdown()


def test_a_digest_made_here_is_the_browsers_own(opened, pages):
    page = opened(pages[False])
    found = page.evaluate(
        """async () => {
          const wrong = [];
          for (const length of [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 1000, 300000]) {
            const bytes = Uint8Array.from({ length }, (_, i) => (i * 7919 + length) & 255);
            const own = await crypto.subtle.digest("SHA-256", bytes);
            const hex = [...new Uint8Array(own)].map((b) => b.toString(16).padStart(2, "0")).join("");
            if (probe.plainDigestOf(bytes) !== hex || (await probe.digestOf(bytes)) !== hex) wrong.push(length);
          }
          return wrong;
        }"""
    )
    assert found == []
