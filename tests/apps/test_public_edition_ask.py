"""A “maybe” of a public edition says whom to ask: in the answer itself, in both languages."""

from __future__ import annotations

import pytest
import shapely

from layers.workspace import FolderStore
from maps.public_map.document import MapRequest
from maps.public_map.edition import Edition
from maps.public_map.page import build_page
from tests.building import add, workspace_at

pytestmark = pytest.mark.browser
CITY = shapely.box(117.0, 49.2, 118.0, 49.9)
NAMED, NAMELESS = shapely.box(117.42, 49.56, 117.49, 49.61), shapely.box(117.7, 49.3, 117.75, 49.35)


@pytest.fixture(scope="module")
def pages(chromium, tmp_path_factory):
    folder = tmp_path_factory.mktemp("public")
    store = workspace_at(folder / "ws", "red_lines")
    rest = {"coverage": CITY, "restricted": True}
    add(store, "red_lines", [NAMED], [{}], name="受限红线", source="某自然资源局", **rest)
    add(store, "protected_areas", [NAMELESS], [{}], name="受限保护地", **rest)
    page = build_page(FolderStore.open(store.root), MapRequest(as_of="2026-11-22", edition=Edition(public=True)))
    file = folder / "map.html"
    file.write_text(page.html, encoding="utf-8", newline="\n")
    return lambda hash_: answer_at(chromium, f"{file.as_uri()}#{hash_}")


def answer_at(browser, address):
    """The row of each layer in the answer about the site of a share link."""
    page = browser.new_page()
    page.set_default_timeout(20_000)
    page.goto(address)
    page.wait_for_selector("#page[data-ready]")
    page.wait_for_selector("#answer .overall", state="attached")
    rows = {
        row.get_attribute("data-layer"): (row.get_attribute("data-answer"), row.text_content())
        for row in page.locator("#answer tr[data-layer]").all()
    }
    page.close()
    return rows


@pytest.mark.parametrize(("language", "says"), [("zh", "是否涉及，请询问：某自然资源局"), ("en", "ask: 某自然资源局")])
def test_the_source_of_the_layer_is_whom_to_ask(pages, language, says):
    rows = pages(f"site=point~1~0~117.455,49.585&lang={language}")
    answer, text = rows["受限红线"]
    assert answer == "uncertain"
    assert says in text
    assert "ask: " not in rows["受限保护地"][1]
    assert "请询问" not in rows["受限保护地"][1]


def test_where_no_source_is_stated_it_is_whoever_made_the_data(pages):
    answer, text = pages("site=point~1~0~117.72,49.32&lang=zh")["受限保护地"]
    assert (answer, "是否涉及，请询问：数据提供单位" in text) == ("uncertain", True)


def test_nobody_is_to_be_asked_where_the_answer_is_clear(pages):
    rows = pages("site=point~1~0~117.2,49.8&lang=zh")
    assert {answer for answer, _ in rows.values()} == {"clear"}
    assert all("请询问" not in text for _, text in rows.values())
