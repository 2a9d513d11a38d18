"""A page with nothing but functions of the public map that have a twin in Python: many cases in one call."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.drawing_page import bundle
from tests.page_harness import ARGUMENTS, HINT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from hypothesis.strategies import SearchStrategy

_ENTRY = """
import { fold, parse, parseAll, place, zoneOfEasting } from "./coordinates";
import { toGrid, toLonLat } from "./grid";
import { formatView, parseView } from "./link";
import { Refusal } from "./refusal";
import { carried } from "./site/edges";
import { readSurveyText } from "./site/files/survey";
import { readMarkup } from "./site/files/markup";
import { typedSite } from "./site/typed";
const grid = (zone, width, prefixed) => ({ zone, width, prefixed });
const functions = {
  fold, parse, parseAll, place: ([a, b]) => place(a, b), zoneOfEasting, parseView,
  formatView: (text) => formatView(parseView(text)),
  toLonLat: ([x, y, zone, width, prefixed]) => toLonLat(x, y, grid(zone, width, prefixed)),
  toGrid: ([lon, lat, zone, width, prefixed]) => toGrid([lon, lat], grid(zone, width, prefixed)),
  carried: ([chain, zone, width, prefixed]) => carried(chain, (x, y) => toLonLat(x, y, grid(zone, width, prefixed))),
  readSurveyText, readMarkup, typedSite: ([text, shape]) => typedSite(text, shape, null),
};
window.answers = (name, cases) => cases.map((one) => {
  try { return { value: functions[name](one) }; }
  catch (trouble) {
    if (trouble instanceof Refusal) return { refused: trouble.code };
    return { broke: `${trouble.name}: ${trouble.message}` };
  }
});
"""


@dataclass(frozen=True, kw_only=True)
class Functions:
    """Functions of the page by name."""

    page: Any

    def of(self, name: str, cases: Sequence[Any]) -> list[dict[str, Any]]:
        """For each case ``{"value": …}``, or ``{"refused": key}``; another error of the page fails the test."""
        found: list[dict[str, Any]] = self.page.evaluate("([name, cases]) => answers(name, cases)", [name, list(cases)])
        broken = [(case, one["broke"]) for case, one in zip(cases, found, strict=True) if "broke" in one]
        assert broken == []
        return found


def opened(folder: Path) -> Iterator[Functions]:
    """The functions in Chromium, opened from a file; skips where it cannot be."""
    script = bundle(_ENTRY)
    playwright = pytest.importorskip("playwright.sync_api", reason=f"no Playwright; {HINT}")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip(f"no Chromium; {HINT}")
    file = folder / "functions.html"
    file.write_text(f'<!doctype html><meta charset="utf-8"><script>{script}</script>', encoding="utf-8")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=ARGUMENTS)
        page = browser.new_context(offline=True).new_page()
        page.set_default_timeout(60_000)
        page.goto(file.as_uri())
        yield Functions(page=page)
        browser.close()


def drawn(strategy: SearchStrategy[Any], count: int) -> list[Any]:
    """Cases that hypothesis makes, the same each time, so that all can be asked in one call."""
    found: list[Any] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def take(case: Any) -> None:
        found.append(case)

    take()
    return found
