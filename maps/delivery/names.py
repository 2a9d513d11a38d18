"""Names of files and layers that every disk, archive and program takes, made of names that people gave."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["file_stem", "stems_apart"]

_LONGEST = 40  # characters: a path of Windows has 260, and a zip is unpacked into a folder of its own
_FORBIDDEN = "<>:\"/\\|?*'`!#%&;,$."
_NOT_FIRST = "~@^()+-={}[]"  # a table of a GeoPackage cannot begin so; a command takes "-x" for an option
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$)", re.IGNORECASE)


def file_stem(name: str, *, fallback: str = "layer") -> str:
    r"""
    The name as the beginning of a file's name.

    Letters and digits stay, Chinese too where GBK has them (old zip programs write names in it). Signs that some
    system, archive or address keeps for itself become ``_``; unseen ones go; devices of Windows get a ``_`` behind,
    what begins with a sign one before.

    Parameters
    ----------
    name
        Any text.
    fallback
        What is taken where nothing of it is left.

    Examples
    --------
    >>> file_stem("../../红线/一级*区"), file_stem("CON"), file_stem("a😀b\u202e.shp "), file_stem("...")
    ('红线_一级_区', 'CON_', 'a_b_shp', 'layer')
    >>> file_stem("-rf"), file_stem("(草案)红线")
    ('_-rf', '_(草案)红线')
    """
    made = []
    for character in unicodedata.normalize("NFC", name):
        category = unicodedata.category(character)
        if category in {"Cf", "Cc", "Cs", "Cn", "Co"}:
            continue
        known = character not in _FORBIDDEN and category[0] not in {"Z", "M"} and _in_gbk(character)
        made.append(character if known else " " if category == "Zs" else "_")
    text = re.sub(r"\s+", "_", re.sub(r"_+", "_", "".join(made)).strip(" ._"))
    text = text[:_LONGEST].rstrip(" ._")
    if not text:
        return fallback
    if text[0] in _NOT_FIRST:
        text = f"_{text}"
    return f"{text}_" if _RESERVED.fullmatch(text) else text


def _in_gbk(character: str) -> bool:
    try:
        character.encode("gbk")
    except UnicodeEncodeError:
        return False
    return True


def stems_apart(names: Iterable[str], *, fallback: str = "layer") -> tuple[str, ...]:
    """
    A stem for each name, none twice whatever its case.

    Examples
    --------
    >>> stems_apart(["A/b", "a_B", "红线"])
    ('A_b', 'a_B_2', '红线')
    """
    made: list[str] = []
    taken: set[str] = set()
    for name in names:
        stem = file_stem(name, fallback=fallback)
        unique, count = stem, 1
        while unique.casefold() in taken:
            count += 1
            unique = f"{stem}_{count}"
        taken.add(unique.casefold())
        made.append(unique)
    return tuple(made)
