"""Styles that other programs draw an exported layer with, made from the looks the map uses."""

from __future__ import annotations

from maps.symbology.model import StyledLayer
from maps.symbology.style_table import layer_styles_table
from maps.symbology.styles import STYLED_FORMATS, styles_for

__all__ = ["STYLED_FORMATS", "StyledLayer", "layer_styles_table", "styles_for"]
