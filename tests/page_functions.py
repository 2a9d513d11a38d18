"""A page with nothing but functions of the public map that have a twin in Python: many cases in one call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, settings

from tests.bundling import bundled
from tests.chromium import page_of_scripts

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
    with page_of_scripts(folder / "functions.html", bundled(_ENTRY)) as page:
        yield Functions(page=page)


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
