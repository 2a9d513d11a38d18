"""
How each kind and class is drawn: one colour, one hatch and one dash each, so that no meaning hangs on colour alone.

The colours are data: ``maps/style.toml``, or a file of the user's that overrides it (:func:`load_style`). No official
colours are known to the project.
"""

from __future__ import annotations

from html import escape

from maps.looks import FeatureStyle, Hatch, StyleSheet
from maps.style_file import load_style

__all__ = [
    "KIND_ORDER",
    "SITE",
    "STANDARD",
    "FeatureStyle",
    "Hatch",
    "StyleSheet",
    "hatches",
    "kind_rank",
    "load_style",
    "overlap_style_of",
    "style_of",
    "swatch",
]

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

STANDARD = load_style()
"""The looks of ``maps/style.toml``."""
SITE = STANDARD.site


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
    return STANDARD.style_of(kind, class_)


def overlap_style_of(kind: str, class_: str) -> FeatureStyle:
    """
    How the part of the site inside such a feature is drawn: the same colour, full, with the hatch in white.

    Examples
    --------
    >>> overlap_style_of("red_lines", "red_line").fill == style_of("red_lines", "red_line").fill
    True
    """
    return STANDARD.overlap_style_of(kind, class_)


def hatches(styles: list[FeatureStyle]) -> str:
    """The SVG patterns that these styles fill with, for once in the page."""
    parts = []
    for style in sorted({style.key: style for style in styles if style.hatch}.values(), key=lambda s: s.key):
        pattern = style.pattern
        assert pattern is not None  # a hatch has its lines
        stroke = (
            f'stroke="{pattern.colour or style.fill}" stroke-width="{pattern.width:g}" '
            f'stroke-opacity="{pattern.opacity:g}" fill="none"'
        )
        size = f'width="{pattern.tile:g}" height="{pattern.tile:g}"'
        parts.append(
            f'<pattern id="hatch-{escape(style.key)}" {size} patternUnits="userSpaceOnUse">'
            f'<rect {size} fill="{style.fill}" fill-opacity="{style.fill_opacity}"/>'
            f'<path d="{pattern.path}" {stroke}/></pattern>'
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
