"""HTML made by hand without forgetting to escape: text is escaped unless it is already ``Html``."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from maps.phrases import clean

__all__ = ["Html", "embedded_json", "join", "tag"]

_VOID = {"meta", "br"}


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, /, *children: object, **attributes: object) -> Html:
    """
    One element; ``class_`` is ``class``, ``data_go`` is ``data-go``; None is left out.

    Examples
    --------
    >>> tag("p", "a < b", tag("b", "c"), class_="note")
    '<p class="note">a &lt; b<b>c</b></p>'
    """
    words = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(clean(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{words}>" if name in _VOID else f"<{name}{words}>{join(*children)}</{name}>")


def join(*children: object) -> Html:
    """Children one after the other, each escaped unless it is ``Html``."""
    return Html(
        "".join(child if isinstance(child, Html) else escape(clean(child)) for child in children if child is not None)
    )


def embedded_json(value: Any) -> Html:
    r"""
    JSON that can stand in a ``<script type="application/json">``: no ``<``, ``>``, ``&`` or line separator is in it.

    Raises
    ------
    ValueError
        If a number is not finite.

    Examples
    --------
    >>> embedded_json("</script>")
    '"\\u003c/script\\u003e"'
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Html(text)
