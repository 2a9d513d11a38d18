"""What stands around and on a static map: frame and graticule, north arrow, scale bar, legend."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from maps.figure.lettering import text, text_width, wrapped
from maps.figure.wording import say
from maps.markup import Html, join, tag
from maps.phrases import clean
from maps.style import swatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from maps.figure.plane import Plane
    from maps.figure.wording import FigureLanguage
    from maps.legend import LegendEntry

__all__ = ["MARGIN", "frame", "legend_column", "north_arrow", "scale_bar"]

MARGIN = 18.0
"""Room around the map for the labels of the graticule, in units."""
_SIZE = 8.5
_GREY = "#44505a"


def frame(plane: Plane) -> Html:
    """Graticule, its labels outside, and the neat line."""
    graticule = plane.graticule()
    lines, labels = [], []
    for name, xy in graticule.meridians:
        lines.append(_line(xy, plane))
        x = _crossing(xy[:, 1], xy[:, 0], plane.height)
        if x is not None and 4 < x < plane.width - 4:
            labels.append(text(x, plane.height + 11, name, _SIZE, text_anchor="middle", fill=_GREY))
            labels.append(text(x, -4, name, _SIZE, text_anchor="middle", fill=_GREY))
    for name, xy in graticule.parallels:
        lines.append(_line(xy, plane))
        for edge, turn in ((0.0, f"{-4:g}"), (plane.width, f"{plane.width + 11:g}")):
            y = _crossing(xy[:, 0], xy[:, 1], edge)
            if y is not None and 24 < y < plane.height - 24:
                where = f"translate({turn} {y:.2f}) rotate(-90)"
                labels.append(tag("text", name, transform=where, font_size=_SIZE, text_anchor="middle", fill=_GREY))
    neat = tag("rect", width=plane.width, height=plane.height, fill="none", stroke="#111111", stroke_width="1.2")
    return join(tag("g", *lines, clip_path="url(#map-window)"), neat, *labels)


def _line(xy: NDArray[np.float64], plane: Plane) -> Html:
    inside = np.clip(xy, -plane.width, 2 * max(plane.width, plane.height))
    points = " ".join(f"{x:.2f} {y:.2f}" for x, y in inside)
    return tag("path", d=f"M{points}", fill="none", stroke="#6b7c88", stroke_width="0.5", stroke_opacity="0.6")


def _crossing(along: NDArray[np.float64], across: NDArray[np.float64], at: float) -> float | None:
    """Where a line crosses an edge of the frame."""
    order = np.argsort(along, kind="stable")
    if not along[order[0]] <= at <= along[order[-1]]:
        return None
    return float(np.interp(at, along[order], across[order]))


def north_arrow(plane: Plane, language: FigureLanguage) -> Html:
    """An arrow to true north, turned by the convergence of the meridians at the middle of the map."""
    right = tag("path", d="M0 -20L6.5 8L0 3.5Z", fill="#111111", stroke="#111111", stroke_width="0.8")
    left = tag("path", d="M0 -20L-6.5 8L0 3.5Z", fill="#ffffff", stroke="#111111", stroke_width="0.8")
    turned = tag("g", right, left, transform=f"rotate({plane.convergence():.3f})")
    letter = text(0, 20, say("map.north", language), 10, text_anchor="middle", font_weight="bold", fill="#111111")
    back = tag("rect", x="-17", y="-26", width="34", height="52", rx="3", fill="#ffffff", fill_opacity="0.85")
    return tag("g", back, turned, letter, transform=f"translate({plane.width - 24:g} 31)")


def scale_bar(plane: Plane, language: FigureLanguage) -> Html:
    """A bar of a round length, in four parts, with its length in metres or kilometres."""
    metres = plane.width * plane.unit_m * 0.3
    power = 10 ** math.floor(math.log10(metres))
    length = max(step * power for step in (1, 2, 5) if step * power <= metres)
    wide = length / plane.unit_m
    kilometres = length >= 1000
    unit = say("figure.kilometres" if kilometres else "unit.metres", language)
    number = length / 1000 if kilometres else length
    parts = [
        tag(
            "rect",
            x=f"{k * wide / 4:.2f}",
            y="0",
            width=f"{wide / 4:.2f}",
            height="5",
            fill="#111111" if k % 2 == 0 else "#ffffff",
            stroke="#111111",
            stroke_width="0.7",
        )
        for k in range(4)
    ]
    last = f"{number:g} {unit}"
    marks = [
        text(0, -4, "0", _SIZE, text_anchor="middle"),
        text(wide / 2, -4, f"{number / 2:g}", _SIZE, text_anchor="middle"),
        text(wide - 3, -4, last, _SIZE),
    ]
    full = wide + text_width(last, _SIZE) + 12
    back = tag("rect", x="-8", y="-15", width=f"{full:.1f}", height="25", rx="3", fill="#ffffff", fill_opacity="0.85")
    return tag("g", back, *parts, *marks, transform=f"translate(18 {plane.height - 16:g})")


def legend_column(
    entries: Sequence[LegendEntry], language: FigureLanguage, *, x: float, y: float, width: float
) -> tuple[Html, float]:
    """The legend in a column, and how high it is: only what is drawn, equal entries once."""
    ordered = sorted(entries, key=lambda entry: entry.shape == "outline" and entry.style.key == "coverage")
    groups: dict[str, dict[tuple[str, str], LegendEntry]] = {}
    for entry in ordered:
        groups.setdefault(entry.group, {}).setdefault((entry.text, entry.style.key), entry)
    parts = [text(0, 11, say("map.legend", language), 12, font_weight="bold")]
    down = 18.0
    for group, members in groups.items():
        heading = [] if [e.text for e in members.values()] == [group] else wrapped(clean(group), 9.5, width)
        down += 4
        for line in heading:
            down += 13
            parts.append(text(0, down - 2, line, 9.5, font_weight="bold", fill="#222222"))
        for entry in members.values():
            lines = wrapped(entry.text, 9.5, width - 42)
            picture = swatch(entry.style, entry.shape).replace("<svg ", f'<svg x="0" y="{down + 2:g}" ', 1)
            parts.append(Html(picture))
            for k, line in enumerate(lines):
                parts.append(text(40, down + 14 + 12 * k, line, 9.5, fill="#222222"))
            down += max(20.0, 8 + 12.0 * len(lines))
    return tag("g", *parts, transform=f"translate({x:g} {y:g})"), down
