"""The public map of each of the five cities is made by one command and opens in a browser without a network."""

from __future__ import annotations

import json
import re

import pytest

from layers.plans.loading import CITIES, plan
from spatial.boundaries import available
from tests.apps.cli import run

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not available(), reason="administrative boundaries are not built here: run make setup"),
]


@pytest.mark.parametrize("city", [city.key for city in CITIES])
def test_the_map_of_a_city_opens_with_every_layer_and_no_complaint(chromium, tmp_path, city):
    file = tmp_path / f"{plan(city).city}.html"
    done = run("city", city, tmp_path / "ws", "--map", file)
    assert done.exit_code == 0, done.stderr
    assert file.name in done.output
    document = json.loads(re.search(r'id="map-document"[^>]*>(.*?)</script>', file.read_text("utf-8"), re.DOTALL)[1])
    assert document["lost"] == []
    assert document["title"]["zh"].endswith(f"{plan(city).city}生态环境管控分区查询图")
    assert len(document["layers"]) >= 5
    west, south, east, north = document["bounds"]
    assert 0.1 < east - west < 8
    assert 0.1 < north - south < 5
    context = chromium.new_context(offline=True)
    try:
        page = context.new_page()
        requests, complaints = [], []
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(file.as_uri())
        for layer in document["layers"]:
            page.get_by_text(layer["name"], exact=True).first.wait_for(timeout=15_000)
        page.wait_for_timeout(500)
        assert complaints == []
        assert requests == [file.as_uri()]
        shown = page.inner_text("body")
        for words in ("示意", "无审图号", "仅供内部分析，未经地图审核，不得公开发布", "数据日期未注明"):
            assert words in shown
    finally:
        context.close()


def test_a_name_that_no_page_can_have_is_refused_before_a_workspace_is_made(tmp_path):
    done = run("city", CITIES[0].key, tmp_path / "ws", "--map", tmp_path / "map.txt")
    assert done.exit_code == 2
    assert "must end in .html" in done.output
    assert list(tmp_path.iterdir()) == []
