"""Chromium for the tests: the one place that starts it, with what each of them needs besides."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_HINT = "install with: python -m pip install playwright, and apt-get install chromium"
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run", "--no-default-browser-check"),
)
_ASSETS = Path(__file__).parents[1] / "maps" / "assets"


@contextmanager
def launched() -> Iterator[Any]:
    """A browser, closed at the end; skips with what to install where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason=f"no Playwright; {_HINT}")
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        pytest.skip(f"no Chromium; {_HINT}")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=list(_ARGUMENTS))
        yield browser
        browser.close()


@contextmanager
def page_of_scripts(file: Path, *scripts: str) -> Iterator[Any]:
    """A page with nothing but these scripts, opened from ``file``, the network denied."""
    body = "".join(f"<script>{script}</script>" for script in scripts)
    file.write_text(f'<!doctype html><meta charset="utf-8">{body}', encoding="utf-8")
    with launched() as browser:
        page = browser.new_context(offline=True).new_page()
        page.set_default_timeout(60_000)
        page.goto(file.as_uri())
        yield page


def axe_script() -> str:
    """The script that finds what keeps people out of a page; skips where it has not been built."""
    found = list(_ASSETS.glob("axe-core-*/axe.min.js"))
    if not found:
        pytest.skip("axe-core is not built; run python maps/build_assets.py")
    return found[0].read_text(encoding="utf-8")
