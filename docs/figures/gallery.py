"""
``python -m docs.figures.gallery``: the public map, the figure and the five cities as pictures, into ``docs/gallery/``.

Nothing is drawn here: the commands that a user types are run, their pages are opened in Chromium with the network off,
and what a reader would do there is done (click, ask, print). ``python -m docs.figures.gallery city figure`` makes those
only whose names begin so.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docs.figures.judging import AS_OF

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["CITIES", "NAMES", "SHOTS", "Shot", "draw_all"]

GALLERY = Path(__file__).parents[1] / "gallery"
WIDE, PHONE = (1280, 800), (390, 844)
SHEET_WIDE = 1240
"""Pixels across that a sheet of paper is shown with."""
FLAT = 160
"""Colours of a picture that are kept to the digit, the most frequent."""
SITE = "合成风电场.geojson"
CITIES = {"tongliao": "通辽", "hohhot": "呼和浩特", "erenhot": "二连浩特", "manzhouli": "满洲里", "arxan": "阿尔山"}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


@dataclass(frozen=True, kw_only=True)
class Shot:
    """A picture of a page: which page, how large and how it is asked for, and what is done before it is taken."""

    page: str
    size: tuple[int, int] = WIDE
    view: str = ""
    act: Callable[[Any, Path], bytes | None] | None = None


def _tab(page: Any, name: str) -> None:
    """Open a panel; a press on the tab of an open one would fold it on a phone."""
    if not page.locator(f"#panel-{name}").is_visible():
        page.locator(f"#tab-{name}").click()


def _here(page: Any, _: Path) -> None:
    at = page.evaluate(
        "() => { const at = mapOfPage.latLngToContainerPoint([49.45, 117.64]);"
        " const box = mapOfPage.getContainer().getBoundingClientRect(); return [at.x + box.left, at.y + box.top]; }"
    )
    page.mouse.click(*at)
    page.wait_for_timeout(500)


def _ask(page: Any, demo: Path) -> None:
    """Give the page the demo's wind farm as its reader would, and wait for the answer."""
    _tab(page, "site")
    if not page.locator("#upload").is_visible():
        page.locator("details:has(#upload) > summary").click()
    page.locator("#upload").set_input_files(str(demo / "sites" / SITE))
    page.wait_for_selector("#answer .overall")
    page.locator(".site-card .row .plain").first.click()
    page.locator("#answer .overall").scroll_into_view_if_needed()
    page.locator("#answer").evaluate("node => node.scrollIntoView()")


def _sheet(page: Any, demo: Path) -> bytes:
    """The PNG that the page itself writes for paper."""
    _ask(page, demo)
    page.locator("[data-tool=print]").click()
    with page.expect_download() as download:
        page.locator("[data-act=png]").click()
    return Path(download.value.path()).read_bytes()


def _withheld(page: Any, _: Path) -> None:
    _tab(page, "about")
    page.locator("#panel-about .withheld").evaluate("node => node.scrollIntoView({ block: 'center' })")


SHOTS = {
    "map-overview": Shot(page="demo"),
    "map-here": Shot(page="demo", act=_here),
    "map-site": Shot(page="demo", act=_ask),
    "map-dark": Shot(page="demo", view="theme=dark", act=_ask),
    "map-phone": Shot(page="demo", size=PHONE, act=_ask),
    "map-sheet": Shot(page="demo", act=_sheet),
    "map-english": Shot(page="demo", view="lang=en", act=_ask),
    "map-public": Shot(page="public", act=_withheld),
    **{f"city-{key}": Shot(page=f"city-{key}") for key in CITIES},
}
NAMES = (*SHOTS, "figure")
"""Every picture made here, without its ending."""


def draw_all(target: Path = GALLERY, names: Sequence[str] = NAMES) -> list[Path]:
    """
    Run the commands, open the pages, take the pictures; their paths.

    Parameters
    ----------
    target
        Folder the pictures go to.
    names
        Which of `NAMES`.

    Raises
    ------
    RuntimeError
        There is no Chromium.
    """
    target.mkdir(parents=True, exist_ok=True)
    drawn = []
    with tempfile.TemporaryDirectory(prefix="sanxian-gallery-") as name:
        folder = Path(name)
        _run("demo", folder / "demo")
        for page in sorted({SHOTS[one].page for one in names if one in SHOTS}):
            _make(folder, page)
        if "figure" in names:
            out = folder / "figure.png"
            site = folder / "demo" / "sites" / SITE
            asked = ("--site", site, "--base", "boundaries", "--dpi", 150, "--as-of", AS_OF)
            _run("figure", folder / "demo" / "workspace", "--out", out, *asked)
            drawn.append(_save(out.read_bytes(), target / "figure.png", SHEET_WIDE))
        with _chromium() as browser:
            for one in names:
                if one in SHOTS:
                    taken = _taken(browser, SHOTS[one], folder)
                    drawn.append(_save(taken, target / f"{one}.png", SHEET_WIDE if one == "map-sheet" else None))
    return drawn


def _run(*words: object) -> None:
    """A command as it is typed, its talk kept back unless it fails."""
    from apps.cli.main import main

    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            code = main.main([str(word) for word in words], standalone_mode=False)
        except SystemExit as end:
            code = end.code
    if code:
        raise RuntimeError(f"sanxian {' '.join(map(str, words))}: {said.getvalue()}")


def _make(folder: Path, page: str) -> None:
    kind, _, key = page.partition("-")
    workspace = folder / "demo" / "workspace"
    if kind == "city":
        workspace = folder / key
        _run("city", CITIES[key], workspace)
    _run("map", workspace, "--out", folder / f"{page}.html", "--as-of", AS_OF, *(["--public"] * (kind == "public")))


@contextlib.contextmanager
def _chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        raise RuntimeError("there is no Chromium (apt-get install chromium)")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


def _taken(browser: Any, shot: Shot, folder: Path) -> bytes:
    wide, high = shot.size
    phone = shot.size == PHONE
    context = browser.new_context(
        viewport={"width": wide, "height": high}, offline=True, reduced_motion="reduce", has_touch=phone
    )
    try:
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.goto((folder / f"{shot.page}.html").as_uri() + (f"#{shot.view}" if shot.view else ""))
        page.wait_for_selector("#page[data-ready]")
        page.wait_for_timeout(500)
        taken = shot.act(page, folder / "demo") if shot.act else None
        if taken is None:
            page.mouse.move(2, 2)
            page.wait_for_timeout(600)
            page.locator(".live").evaluate("node => node.classList.remove('is-said')")  # else six seconds a picture
            page.wait_for_timeout(300)
            taken = page.screenshot()
    finally:
        context.close()
    return bytes(taken)


def _save(png: bytes, target: Path, wide: int | None = None) -> Path:
    """With a palette, and no wider than asked: what a page of documentation can carry."""
    from PIL import Image

    picture = Image.open(io.BytesIO(png)).convert("RGB")
    if wide is not None and picture.width > wide:
        picture = picture.resize((wide, round(picture.height * wide / picture.width)), Image.Resampling.LANCZOS)
    counted = sorted(picture.getcolors(picture.width * picture.height) or [], key=lambda one: -one[0])
    often = [colour for _, colour in counted[:FLAT]]  # those of areas and texts stay what they are
    rest = picture.quantize(256 - FLAT, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in often for part in colour] + rest[: 3 * (256 - FLAT)])
    picture.quantize(palette=palette, dither=Image.Dither.NONE).save(target, "PNG", optimize=True)
    return target


if __name__ == "__main__":
    wanted = tuple(name for name in NAMES if not sys.argv[1:] or name.startswith(tuple(sys.argv[1:])))
    for path in draw_all(names=wanted):
        sys.stdout.write(f"docs/gallery/{path.name} {path.stat().st_size:,}\n")
