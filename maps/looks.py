"""What a look is made of: colour, fill, dash, hatch; and a sheet of looks by kind and class."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MARK", "FeatureStyle", "Hatch", "Overlap", "StyleSheet"]

MARK = "mark-"
"""What the keys of marks begin with, and of no look of a class."""


@dataclass(frozen=True, kw_only=True)
class Hatch:
    """
    The lines of a hatch: ``angles`` in degrees anticlockwise from level, lengths in CSS pixels.

    The pattern repeats every ``tile``; ``colour`` is that of the lines, None for the fill's own.

    Examples
    --------
    >>> Hatch(name="diagonal", tile=8, angles=(45,), width=1.3, opacity=0.75).path
    'M-2 2L2 -2M0 8L8 0M6 10L10 6'
    >>> round(Hatch(name="diagonal", tile=8, angles=(45,), width=1.3, opacity=0.75).spacing(45), 3)
    5.657
    """

    name: str
    tile: float
    angles: tuple[int, ...]
    width: float
    opacity: float
    colour: str | None = None

    def spacing(self, angle: int) -> float:
        """From line to line, across them: the side of the tile, for slanting lines its half diagonal."""
        return self.tile / math.sqrt(2) if angle in {45, 135} else self.tile

    @property
    def path(self) -> str:
        """The lines in one tile as an SVG path; slanting ones reach over the corners, so that tiles join."""
        t = self.tile
        shapes = {
            0: f"M0 {t / 2:g}H{t:g}",
            90: f"M{t / 2:g} 0V{t:g}",
            45: f"M-2 2L2 -2M0 {t:g}L{t:g} 0M{t - 2:g} {t + 2:g}L{t + 2:g} {t - 2:g}",
            135: f"M-2 {t - 2:g}L2 {t + 2:g}M0 0L{t:g} {t:g}M{t - 2:g} -2L{t + 2:g} 2",
        }
        return "".join(shapes[angle] for angle in self.angles)


@dataclass(frozen=True, kw_only=True)
class FeatureStyle:
    """How one class is drawn; lengths in CSS pixels, ``dash`` and ``hatch`` are the cue beside the colour."""

    key: str
    colour: str
    fill: str
    fill_opacity: float
    weight: float = 1.6
    dash: str | None = None
    hatch: str | None = None
    pattern: Hatch | None = None
    """The lines of ``hatch``."""
    solid_hatch: bool = False
    radius: float = 6.0

    @property
    def paint(self) -> str:
        """What fills an area: a colour, or the hatch of this style in the page."""
        return f"url(#hatch-{self.key})" if self.hatch else self.fill

    @property
    def dashes(self) -> tuple[float, ...]:
        """Lengths of strokes and gaps in turn; none for a full line."""
        return tuple(float(length) for length in (self.dash or "").split())

    def to_leaflet(self) -> dict[str, str | float | None]:
        """The path options of Leaflet."""
        return {
            "color": self.colour,
            "weight": self.weight,
            "dashArray": self.dash,
            "fillColor": self.paint,
            "fillOpacity": 1.0 if self.hatch else self.fill_opacity,
            "radius": self.radius,
            "pointColor": self.fill,
        }


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """What the part of a site inside a feature is drawn with; the fill's colour is the feature's."""

    colour: str
    fill_opacity: float
    weight: float
    hatch_colour: str
    hatch_opacity: float


@dataclass(frozen=True, kw_only=True)
class StyleSheet:
    """
    Every look, by kind and class (``*``: any other class of the kind), as `maps.style_file.load_style` read them.

    ``site`` is the project site; ``overlap`` what the part of a site inside a feature has in place of the feature's
    own outline and opacity; ``marks`` the lines of the map itself by name: ``site`` and ``coverage``, and those under
    ``[marks]`` of the file.
    """

    looks: Mapping[tuple[str, str], FeatureStyle]
    site: FeatureStyle
    overlap: Overlap
    marks: Mapping[str, FeatureStyle]

    def casing_of(self, style: FeatureStyle) -> FeatureStyle:
        """The light line below one that must stand out on every ground."""
        casing = self.marks["casing"]
        return replace(casing, key=f"{casing.key}-{style.key}", weight=style.weight + casing.weight)

    def style_of(self, kind: str, class_: str) -> FeatureStyle:
        """How a feature is drawn: as its class, else as its kind (``site`` is one), else as ``other``."""
        if kind == "site":
            return self.site
        looks = self.looks
        return looks.get((kind, class_)) or looks.get((kind, "*")) or looks["other", "*"]

    def overlap_style_of(self, kind: str, class_: str) -> FeatureStyle:
        """How the part of the site inside such a feature is drawn: the same fill and hatch, plainer and stronger."""
        style, part = self.style_of(kind, class_), self.overlap
        pattern = style.pattern and replace(style.pattern, colour=part.hatch_colour, opacity=part.hatch_opacity)
        return FeatureStyle(
            key=f"part-{style.key}",
            colour=part.colour,
            fill=style.fill,
            fill_opacity=part.fill_opacity,
            weight=part.weight,
            hatch=style.hatch,
            pattern=pattern,
            solid_hatch=True,
            radius=style.radius + 1,
        )
