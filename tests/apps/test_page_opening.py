"""While a large page is still being read it says so, and where no script may run it says why nothing is shown."""

from __future__ import annotations

import http.server
import threading

import pytest

from layers.workspace import FolderStore
from maps.public_map.document import MapRequest
from maps.public_map.page import build_page
from tests.apps.cli import small_workspace

pytestmark = pytest.mark.browser
TITLE = "查询图 <b>{{ 7 }}</b>"


@pytest.fixture(scope="module")
def html(tmp_path_factory):
    store = FolderStore.open(small_workspace(tmp_path_factory.mktemp("map") / "ws"))
    request = MapRequest(as_of="2026-11-22", title=TITLE, precision="simplified")
    return build_page(store, request, folder=False).html


def test_a_page_that_has_arrived_in_part_says_that_it_opens_and_then_is_the_map(chromium, html):
    first, rest = html[: html.index('id="chunk-')].encode(), html[html.index('id="chunk-') :].encode()
    go_on = threading.Event()

    class Slow(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(first) + len(rest)))
            self.end_headers()
            self.wfile.write(first)
            self.wfile.flush()
            go_on.wait(60)
            self.wfile.write(rest)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    try:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{server.server_address[1]}/map.html", wait_until="commit")
        page.wait_for_selector("#opening", state="visible")
        assert page.inner_text("#opening").split("\n")[0] == TITLE
        assert "正在打开地图" in page.inner_text("#opening")
        assert page.locator("#page").count() == 0
        box = page.locator("#opening").bounding_box()
        assert (box["width"], box["height"]) == (390, 844)  # nothing half-made shows beside it
        go_on.set()
        page.wait_for_selector("#page[data-ready]")
        assert page.locator("#opening").count() == 0
    finally:
        go_on.set()
        context.close()
        server.shutdown()
        server.server_close()


def test_where_no_script_may_run_the_page_says_so_instead_of_standing_blank(chromium, html, tmp_path):
    file = tmp_path / "map.html"
    file.write_text(html, encoding="utf-8", newline="\n")
    context = chromium.new_context(offline=True, java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(file.as_uri())
        assert page.get_by_text("本页须允许运行脚本才能显示").is_visible()
    finally:
        context.close()


def test_a_page_that_refuses_its_data_shows_the_reason_and_no_waiting(chromium, html, tmp_path):
    file = tmp_path / "map.html"
    file.write_text(html.replace('"format":1', '"format":2', 1), encoding="utf-8", newline="\n")
    context = chromium.new_context(offline=True)
    try:
        page = context.new_page()
        page.goto(file.as_uri())
        page.wait_for_selector("main.broken")
        assert page.locator("#opening").count() == 0
        assert "数据已损坏" in page.inner_text("main.broken")
    finally:
        context.close()
