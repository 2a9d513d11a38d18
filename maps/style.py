"""
How each kind and class is drawn: one colour, one hatch and one dash each, so that no meaning hangs on colour alone.

The three classes of control units keep #145242, #fba66a and #f5f53d apart for red-, green- and blue-blind readers; the
other kinds carry a hatch besides. No official colours are known to the project.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

__all__ = ["KIND_ORDER", "SITE", "FeatureStyle", "hatches", "kind_rank", "overlap_style_of", "style_of", "swatch"]

KIND_ORDER: tuple[str, ...] = (
    "red_lines",
    "protected_areas",
    "water_sources",
    "control_units",
    "element_zones",
    "monitoring_sections",
    "sensitive_targets",
    "other",
)
"""From the strictest down; drawing goes the other way, so that the strictest lies on top."""

_HATCHES = {
    "diagonal": (8, '<path d="M-2 2L2 -2M0 8L8 0M6 10L10 6" {stroke}/>'),
    "backward": (8, '<path d="M-2 6L2 10M0 0L8 8M6 -2L10 2" {stroke}/>'),
    "level": (6, '<path d="M0 3H6" {stroke}/>'),
    "upright": (7, '<path d="M3.5 0V7" {stroke}/>'),
    "crossed": (9, '<path d="M0 4.5H9M4.5 0V9" {stroke}/>'),
}


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
    solid_hatch: bool = False
    radius: float = 6.0

    @property
    def paint(self) -> str:
        """What fills an area: a colour, or the hatch of this style in the page."""
        return f"url(#hatch-{self.key})" if self.hatch else self.fill

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


def _style(key: str, colour: str, fill: str | None = None, /, *, opacity: float, **rest: object) -> FeatureStyle:
    return FeatureStyle(key=key, colour=colour, fill=fill or colour, fill_opacity=opacity, **rest)  # type: ignore[arg-type]


_RED, _PURPLE, _VIOLET, _BLUE, _SKY, _PALE = "#b8002e", "#4b1d7e", "#7d4fb0", "#08488f", "#2a7fc0", "#5fa8d6"
_STYLES: dict[tuple[str, str], FeatureStyle] = {
    ("red_lines", "*"): _style("red", _RED, opacity=0.10, weight=2.4, hatch="diagonal"),
    ("protected_areas", "*"): _style("park", _VIOLET, opacity=0.10, weight=2, dash="9 4", hatch="backward"),
    ("protected_areas", "park_core"): _style("core", _PURPLE, opacity=0.22, weight=2.4, hatch="backward"),
    ("protected_areas", "reserve_core"): _style("core", _PURPLE, opacity=0.22, weight=2.4, hatch="backward"),
    ("water_sources", "*"): _style("water", _BLUE, opacity=0.12, weight=2, dash="3 3", hatch="level"),
    ("water_sources", "zone_1"): _style("water1", _BLUE, opacity=0.26, weight=2.4, hatch="level"),
    ("water_sources", "zone_2"): _style("water2", _SKY, opacity=0.14, weight=2, dash="8 3", hatch="level"),
    ("water_sources", "zone_quasi"): _style("quasi", _PALE, opacity=0.08, weight=2, dash="2 4", hatch="level"),
    ("control_units", "*"): _style("unit", "#5c5c5c", "#9a9a9a", opacity=0.30, dash="2 3"),
    ("control_units", "priority"): _style("priority", "#0b3a2e", "#145242", opacity=0.55),
    ("control_units", "key"): _style("key", "#b4600f", "#fba66a", opacity=0.55, dash="10 4"),
    ("control_units", "general"): _style("general", "#8f8f12", "#f5f53d", opacity=0.55, dash="3 4"),
    ("element_zones", "*"): _style("zone", "#8a6d4b", opacity=0.10, dash="2 4", hatch="upright"),
    ("element_zones", "priority_zone"): _style("zone1", "#5b3413", opacity=0.20, hatch="upright", weight=2),
    ("element_zones", "key_zone"): _style("zone2", "#8f5a26", opacity=0.14, dash="10 4", hatch="upright"),
    ("monitoring_sections", "*"): _style("section", "#8a0f5f", "#c2188a", opacity=0.5, weight=2, radius=6),
    ("sensitive_targets", "*"): _style("target", "#263238", "#607d8b", opacity=0.5, dash="2 2", radius=5),
    ("proposal", "*"): _style("proposal", "#0038c7", opacity=0.06, weight=3, dash="10 5"),
    ("proposal", "cut"): _style("cutting", "#8a2b00", opacity=0.06, weight=3, dash="3 6"),
    ("proposal", "detour"): _style("detour", "#0038c7", opacity=0.06, weight=3, dash="14 5"),
    ("other", "*"): _style("other", "#3d3d3d", opacity=0.08, dash="6 3", hatch="crossed"),
}

SITE = FeatureStyle(key="site", colour="#111111", fill="#111111", fill_opacity=0.05, weight=3)


def style_of(kind: str, class_: str) -> FeatureStyle:
    """
    How a feature of a kind and class is drawn.

    Parameters
    ----------
    kind, class_
        Codes of the catalogue; a class without a style of its own takes its kind's, an unknown kind that of ``other``.

    Examples
    --------
    >>> style_of("control_units", "priority").fill
    '#145242'
    >>> style_of("red_lines", "unconfirmed").hatch
    'diagonal'
    """
    return _STYLES.get((kind, class_)) or _STYLES.get((kind, "*")) or _STYLES["other", "*"]


def overlap_style_of(kind: str, class_: str) -> FeatureStyle:
    """
    How the part of the site inside such a feature is drawn: the same colour, full, with the hatch in white.

    Examples
    --------
    >>> overlap_style_of("red_lines", "red_line").fill == style_of("red_lines", "red_line").fill
    True
    """
    style = style_of(kind, class_)
    return FeatureStyle(
        key=f"part-{style.key}",
        colour="#111111",
        fill=style.fill,
        fill_opacity=0.92,
        weight=1.2,
        hatch=style.hatch,
        solid_hatch=True,
        radius=style.radius + 1,
    )


def hatches(styles: list[FeatureStyle]) -> str:
    """The SVG patterns that these styles fill with, for once in the page."""
    parts = []
    for style in sorted({style.key: style for style in styles if style.hatch}.values(), key=lambda s: s.key):
        size, shape = _HATCHES[str(style.hatch)]
        line = "#ffffff" if style.solid_hatch else style.fill
        opacity = 0.85 if style.solid_hatch else 0.75
        stroke = f'stroke="{line}" stroke-width="1.3" stroke-opacity="{opacity}" fill="none"'
        parts.append(
            f'<pattern id="hatch-{escape(style.key)}" width="{size}" height="{size}" patternUnits="userSpaceOnUse">'
            f'<rect width="{size}" height="{size}" fill="{style.fill}" fill-opacity="{style.fill_opacity}"/>'
            f"{shape.format(stroke=stroke)}</pattern>"
        )
    defs = "".join(parts)
    return f'<svg class="hatches" width="0" height="0" aria-hidden="true"><defs>{defs}</defs></svg>'


def swatch(style: FeatureStyle, shape: str) -> str:
    """
    A small picture of a style for the legend.

    Parameters
    ----------
    style
        What is drawn.
    shape
        ``area``, ``line``, ``point`` or ``outline`` (an area without a fill).
    """
    dash = f' stroke-dasharray="{style.dash}"' if style.dash else ""
    stroke = f'stroke="{style.colour}" stroke-width="{style.weight}"{dash}'
    opacity = 1.0 if style.hatch else style.fill_opacity
    if shape == "line" and style.solid_hatch:
        body = f'<path d="M2 9H32" fill="none" stroke="{style.fill}" stroke-width="7"/>'
    elif shape == "line":
        body = f'<path d="M2 9H32" fill="none" {stroke}/>'
    elif shape == "point":
        body = f'<circle cx="17" cy="9" r="{min(style.radius, 7)}" fill="{style.fill}" fill-opacity="0.85" {stroke}/>'
    else:
        fill = "none" if shape == "outline" else style.paint
        body = f'<rect x="2" y="2" width="30" height="14" fill="{fill}" fill-opacity="{opacity}" {stroke}/>'
    return f'<svg class="swatch" width="34" height="18" viewBox="0 0 34 18" aria-hidden="true">{body}</svg>'


def kind_rank(kind: str) -> int:
    """Place of a kind in the order in which kinds are listed and drawn; kinds that are not known come last."""
    return KIND_ORDER.index(kind) if kind in KIND_ORDER else len(KIND_ORDER)
