"""Text in an encoding: nothing is dropped silently.

The stated rule, in this order:

1. A character the encoding holds stays.
2. Superscript and subscript digits become plain ones after a letter, a closing bracket or another such digit
   (``m²`` → ``m2``, ``SO₂`` → ``SO2``); elsewhere ``²`` becomes ``^2`` and ``₂`` becomes ``_2``, so that no
   number changes.
3. A few characters become their twin in the encoding: U+00B5 ``µ`` → U+03BC ``μ``, no-break space → space.
4. Any other becomes the mark ``〓`` in GBK (the printer's mark for a missing sign), ``U+FFFD`` in UTF-8.

Steps 2 to 4 are reported. NUL ends a text in most programs, so it counts as a character that no encoding
holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["CODECS", "ELLIPSIS", "EncodableText", "Encoding", "cut", "encodable", "mark_of"]

Encoding: TypeAlias = Literal["UTF-8", "GBK"]

CODECS: dict[str, str] = {"UTF-8": "utf-8", "GBK": "gbk"}
ELLIPSIS = "…"
_MARKS: dict[str, str] = {"UTF-8": "\ufffd", "GBK": "〓"}
_SUPERSCRIPT = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True))
_SUBSCRIPT = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))
_TWINS = {
    "\u00b5": "\u03bc",
    "\u00a0": " ",
    "\u2022": "·",
    "\u2011": "-",
    "\u2212": "-",
    "\u202f": " ",
    "\u33a5": "m3",
    "\u207b": "^-",
}


@dataclass(frozen=True, kw_only=True)
class EncodableText:
    """A text the encoding holds, the replacements in it (``what``, ``by``), and the characters marked."""

    text: str
    replaced: tuple[tuple[str, str], ...] = ()
    marked: tuple[str, ...] = ()


def mark_of(encoding: Encoding) -> str:
    """The visible mark that stands for a character the encoding cannot hold."""
    return _MARKS[encoding]


def encodable(text: str, encoding: Encoding) -> EncodableText:
    """
    The text as the encoding can hold it, by the rule of this module.

    Parameters
    ----------
    text
        Any text; lone surrogates and NUL are allowed and marked.
    encoding
        ``UTF-8`` or ``GBK``.

    Returns
    -------
    fitted
        A text that encodes without error and has no NUL; what was replaced and what was marked.

    Examples
    --------
    >>> encodable("10 µg/m³", "GBK").text
    '10 μg/m3'
    >>> encodable("10²", "GBK").text
    '10^2'
    >>> encodable("𠮷林", "GBK")
    EncodableText(text='〓林', replaced=(), marked=('𠮷',))
    """
    codec = CODECS[encoding]
    if "\0" not in text and _holds(text, codec):
        return EncodableText(text=text)
    parts: list[str] = []
    replaced: dict[tuple[str, str], None] = {}
    marked: dict[str, None] = {}
    before = ""
    for character in text:
        if character != "\0" and _holds(character, codec):
            put = character
        else:
            put = _stand_in(character, before)
            if put and _holds(put, codec):
                replaced[character, put] = None
            else:
                put = _MARKS[encoding]
                marked[character] = None
        parts.append(put)
        before = character
    return EncodableText(text="".join(parts), replaced=tuple(replaced), marked=tuple(marked))


def _holds(text: str, codec: str) -> bool:
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def _stand_in(character: str, before: str) -> str:
    for digits, sign in ((_SUPERSCRIPT, "^"), (_SUBSCRIPT, "_")):
        if character in digits:
            joined = before.isalpha() or before in digits or before in {")", "）", "]", "\u207b"}
            return digits[character] if joined else sign + digits[character]
    return _TWINS.get(character, "")


def cut(text: str, width: int, encoding: Encoding) -> str:
    """
    The longest beginning that, with ``…`` behind it, fits ``width`` bytes; never half a character.

    Examples
    --------
    >>> cut("环境管控单元", 12, "GBK")
    '环境管控单元'
    >>> cut("环境管控单元", 11, "GBK")
    '环境管控…'
    """
    codec = CODECS[encoding]
    data = text.encode(codec)
    if len(data) <= width:
        return text
    room = width - len(ELLIPSIS.encode(codec))
    return data[: max(room, 0)].decode(codec, errors="ignore").rstrip(" ") + ELLIPSIS
