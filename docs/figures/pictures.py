"""
The pictures of the README: what ``sanxian check`` prints for the demo's first site, and the map it draws.

They are taken from the demo itself, at a fixed date. The map is photographed with Chromium.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import tempfile
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from docs.figures.judging import AS_OF

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layers.workspace import FolderStore
    from screening.verdict import Verdict
    from screening.words import Language

__all__ = ["COLUMNS", "SECTIONS", "demo_verdict", "map_picture", "output_svg"]

COLUMNS = {"zh": 104, "en": 124}
SECTIONS = 2
"""Headed sections shown of the output: the answers of the layers, the features met."""
CELL, LINE, PAD, SIZE = 8.4, 20, 18, 14
FONT = (
    "'Cascadia Mono',Consolas,'DejaVu Sans Mono','Noto Sans Mono CJK SC','Noto Sans CJK SC',"
    "'Microsoft YaHei','PingFang SC',monospace"
)
COLOURS = {1: "#ff7b72", 2: "#7ee787", 3: "#e3b341", 5: "#d2a8ff", 6: "#79c0ff"}
"""By number of the terminal's colour: red, green, yellow, magenta, cyan."""


def demo_verdict(demo: Path, site: str = "合成风电场.geojson") -> tuple[Verdict, FolderStore]:
    """The verdict of one site of a demo that stands in a folder."""
    from layers.workspace import FolderStore
    from screening.screen import screen
    from screening.site import place
    from spatial.reading import read

    store = FolderStore.open(demo / "workspace")
    return screen(place(read(demo / "sites" / site)), store, as_of=AS_OF), store


def output_svg(verdict: Verdict, language: Language) -> str:
    """The first sections of what a terminal shows, as SVG that loads nothing."""
    lines = _printed(verdict, language)
    width, height = round(COLUMNS[language] * CELL) + 2 * PAD, len(lines) * LINE + 2 * PAD
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f"<style>text{{font-family:{FONT};font-size:{SIZE}px;white-space:pre;fill:#e6edf3}}</style>",
        f'<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>',
    ]
    for row, line in enumerate(lines):
        y = PAD + row * LINE + 15
        drawn += [_run(text, style, PAD + column * CELL, y) for text, style, column in _runs(line)]
    return "\n".join([*drawn, "</svg>"]) + "\n"


def _printed(verdict: Verdict, language: Language) -> list[Text]:
    from apps.cli.table import print_verdict

    stream = io.StringIO()
    console = Console(
        file=stream,
        width=COLUMNS[language],
        force_terminal=True,
        color_system="standard",
        legacy_windows=False,
        markup=False,
        highlight=False,
        emoji=False,
    )
    print_verdict(console, verdict.to_dict(), language)
    found: list[Text] = []
    headings = 0
    for line in stream.getvalue().splitlines():
        text = Text.from_ansi(line)
        text.rstrip()
        headings += text.plain.startswith("[ ")
        if headings > SECTIONS:
            break
        found.append(text)
    while found and not found[-1].plain:
        found.pop()
    return [*found, Text("...", style="dim")]


def _runs(line: Text) -> Iterator[tuple[str, str, int]]:
    """Text of one style and one width of characters, with the column it begins in; blanks are left out."""
    console, column, run, begun = Console(), 0, "", 0
    kind: tuple[str, int] | None = None
    for i, sign in enumerate(line.plain):
        style = line.get_style_at_offset(console, i)
        colour = COLOURS.get(style.color.number or 0) if style.color is not None else None
        css = f"fill:{colour};" if colour else ""
        css += "font-weight:700;" if style.bold else ""
        css += "fill-opacity:.62;" if style.dim else ""
        css += "font-style:italic;" if style.italic else ""
        this = (css, cell_len(sign))
        if this != kind:
            if run.strip() and kind is not None:
                yield run, kind[0], begun
            run, begun, kind = "", column, this
        run += sign
        column += cell_len(sign)
    if run.strip() and kind is not None:
        yield run, kind[0], begun


def _run(text: str, style: str, x: float, y: float) -> str:
    blank = len(text) - len(text.lstrip(" "))
    shown = text.strip(" ")
    given = f' style="{style}"' if style else ""
    return (
        f'<text x="{x + blank * CELL:.1f}" y="{y}" textLength="{cell_len(shown) * CELL:.1f}" '
        f'lengthAdjust="spacingAndGlyphs"{given}>{escape(shown)}</text>'
    )


def map_picture(verdict: Verdict, store: FolderStore, target: Path, language: Language = "zh") -> bool:
    """Photograph the map of a verdict; False where there is no Chromium to do it with."""
    from apps.cli.outputs import map_of

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        return False
    from playwright.sync_api import TimeoutError as Waited
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(prefix="sanxian-map-") as folder, sync_playwright() as play:
        page_file = Path(folder) / "map.html"
        page_file.write_text(map_of(verdict, verdict.to_dict(), store, language=language), encoding="utf-8")
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1240, "height": 760}, offline=True)
        page.goto(page_file.as_uri())
        with contextlib.suppress(Waited):
            page.wait_for_function("document.fonts.ready.then(() => true)", timeout=5000)
        page.wait_for_timeout(1500)
        page.screenshot(path=target)
        browser.close()
    return True
