"""The public map in Chromium, opened from a file: what its tests share."""

from __future__ import annotations

import re
from dataclasses import dataclass

import shapely

from tests.building import add, workspace_at

WIDE, PHONE, SMALL = (1280, 800), (390, 844), (360, 640)
DAY = "2026-11-22"
CITY = shapely.box(117.0, 49.2, 118.0, 49.9)
RED = shapely.box(117.42, 49.56, 117.49, 49.61)
UNITS = [shapely.box(117.0, 49.2, 117.5, 49.9), shapely.box(117.5, 49.2, 118.0, 49.9)]


def workspace(folder):
    """A red line in the western of two units."""
    made = workspace_at(folder / "ws", "red_lines", "control_units")
    add(
        made,
        "red_lines",
        [RED],
        [{"红线名称": "草原红线", "红线编码": "HX-1"}],
        name="生态红线",
        coverage=CITY,
        source="自然资源局",
    )
    headings = {"空间布局约束": "禁止开矿", "污染物排放管控": "零排放"}
    headings |= {"环境风险防控": "建立预案", "资源利用效率要求": "节约用水"}
    add(
        made,
        "control_units",
        UNITS,
        [
            {"编码": "ZH15078110001", "名称": "西部优先单元", "管控单元分类": "优先保护单元", **headings},
            {"编码": "ZH15078130001", "名称": "东部一般单元", "管控单元分类": "一般管控单元"},
        ],
        name="管控单元",
        coverage=CITY,
        source="生态环境局",
        synthetic=True,
    )
    return made.root


@dataclass
class Opened:
    page: object
    requests: list
    complaints: list

    def open_site(self):
        """The panel of the site; on a phone a second press would fold it."""
        if not self.page.locator("#panel-site").is_visible():
            self.page.locator("#tab-site").click()

    def clear(self):
        """The desk empty, so that what is read next is new."""
        self.open_site()
        remove = self.page.locator(".site-card .row .plain").last
        if remove.is_visible():
            remove.click()

    def upload(self, name, content, folder):
        """Give the page a file."""
        self.clear()
        if not self.page.locator("#upload").is_visible():
            self.page.locator("summary", has_text="上传").click()
        file = folder / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.page.locator("#upload").set_input_files(str(file))

    def refused(self):
        """Why the last site was refused; there is no answer then."""
        self.page.wait_for_selector(".body-site > .trouble:visible")
        assert self.page.locator("#answer .overall").count() == 0
        return self.page.locator(".body-site > .trouble").inner_text()

    def ask(self, text, shape="point"):
        """Type coordinates and wait for the answer."""
        self.clear()
        self.type(text, shape)
        self.page.wait_for_selector("#answer .overall")
        return self.page.locator("#answer .overall").get_attribute("data-answer")

    def type(self, text, shape="polygon"):
        """Type coordinates and ask."""
        self.open_site()
        if not self.page.locator("#typed").is_visible():
            self.page.locator("summary", has_text=re.compile("坐标|coordinates")).click()
        self.page.locator("#typed").fill(text)
        self.page.locator("#typed-shape").select_option(shape)
        self.page.locator(".way .strong").click()

    def map_point(self, lon, lat):
        """Where a place lies on the screen."""
        at = self.page.evaluate(
            "([lon, lat]) => { const at = mapOfPage.latLngToContainerPoint([lat, lon]);"
            " const box = mapOfPage.getContainer().getBoundingClientRect(); return [at.x + box.left, at.y + box.top]; }",
            [lon, lat],
        )
        return at[0], at[1]

    def click(self, lon, lat):
        self.page.mouse.click(*self.map_point(lon, lat))
        self.page.wait_for_timeout(320)  # apart, so that two clicks are no double click


def open_in(chromium, file, *, size=WIDE, hash_="", script=None, **options):
    """The page of a file in a context of its own, the network off, ready to be used."""
    viewport = {"width": size[0], "height": size[1]}
    context = chromium.new_context(**{"viewport": viewport, "offline": True, "reduced_motion": "reduce"} | options)
    page = context.new_page()
    page.set_default_timeout(10_000)
    if script is not None:
        page.add_init_script(script)
    one = Opened(page=page, requests=[], complaints=[])
    page.on("request", lambda request: one.requests.append(request.url))
    page.on("console", lambda message: one.complaints.append(message.text))
    page.on("pageerror", lambda error: one.complaints.append(str(error)))
    page.on("dialog", lambda dialog: (one.complaints.append(dialog.message), dialog.dismiss()))
    page.goto(file.as_uri() + hash_)
    page.wait_for_selector("#page[data-ready]")
    return one
