"""Which Chinese font a report is set in: one of the system's, or one in a folder that the user names."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from maps.errors import FontMissingError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typst import Fonts

__all__ = ["FOLDER_VARIABLE", "SANS", "SERIF", "chinese_fonts", "font_folders", "fonts_for_typst"]

FOLDER_VARIABLE = "SANXIAN_FONTS"
"""Environment variable: a folder with font files (.ttf, .otf, .ttc) to look in besides the system's."""
SANS: tuple[str, ...] = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Noto Sans SC",
    "Microsoft YaHei",
    "SimHei",
    "DengXian",
    "PingFang SC",
    "Heiti SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
)
SERIF: tuple[str, ...] = (
    "Noto Serif CJK SC",
    "Source Han Serif SC",
    "Noto Serif SC",
    "SimSun",
    "NSimSun",
    "Songti SC",
    "STSong",
    "FangSong",
)


def font_folders() -> tuple[str, ...]:
    """The folder of fonts that the user named, if any."""
    named = os.environ.get(FOLDER_VARIABLE, "")
    return (named,) if named and Path(named).is_dir() else ()


def chinese_fonts(families: Iterable[str] | None = None) -> tuple[str, str]:
    """
    The families to letter figures in and to set text in.

    Parameters
    ----------
    families
        What there is; default: the fonts of the system and of ``SANXIAN_FONTS``.

    Returns
    -------
    sans, serif
        Each the first of its list that is there; where only one of the two kinds is, it serves for both.

    Raises
    ------
    FontMissingError
        No font with Chinese characters is there.

    Examples
    --------
    >>> chinese_fonts(["SimSun", "Arial", "Microsoft YaHei"])
    ('Microsoft YaHei', 'SimSun')
    >>> chinese_fonts(["SimSun"])
    ('SimSun', 'SimSun')
    """
    there = set(fonts_for_typst().families() if families is None else families)
    sans = next((family for family in SANS if family in there), None)
    serif = next((family for family in SERIF if family in there), None)
    if sans is None and serif is None:
        raise FontMissingError(looked_for=SANS[:4] + SERIF[:4], variable=FOLDER_VARIABLE)
    return sans or str(serif), serif or str(sans)


def fonts_for_typst() -> Fonts:
    """The fonts of the system and of ``SANXIAN_FONTS``, found once."""
    return _found(font_folders())


@lru_cache(maxsize=4)
def _found(folders: tuple[str, ...]) -> Fonts:
    import typst

    return typst.Fonts(include_system_fonts=True, include_embedded_fonts=True, font_paths=list(folders))
