"""环境管控单元: class 优先保护 (1) counts; a code and a class field that disagree count as the stricter."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from layers.fields import fold
from layers.kinds.model import KindSpec, LayerContext, Standing, settle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layers.fields import FieldView
    from layers.model import Feature

__all__ = ["CLASSES", "KIND", "class_of_code", "class_of_word", "default_theme", "interpret_feature"]

CLASSES = ("priority", "key", "general")
"""The strictest first; their digits are 1, 2, 3."""

_CODE = re.compile(r"zh\d{6}([123])\d{4}")
_DIGIT = re.compile(r"0*([123])(?:\.0+)?")
_SEPARATOR = r"[-_.、:：;,/]?"
_WORD = re.compile(
    rf"(?:([123]){_SEPARATOR})?(?:生态)?(?:环境)?(?:综合)?(?:陆域|近岸海域|海域)?"
    r"(优先|重点|一般)((?:保护|管控|防控)?)(?:单元|区域?|分区|类)?"
    rf"(?:{_SEPARATOR}\(?([123])\)?)?"
)
_ENGLISH = re.compile(r"(?:0?[123][-_.:]?)?(priority|key|general)(?:(?:protection|control)?(?:unit|zone|area)?)")
_STEMS = {"优先": "priority", "重点": "key", "一般": "general"}
_SUITED = {"优先": ("", "保护", "管控"), "重点": ("", "管控", "防控"), "一般": ("", "管控")}


@lru_cache(maxsize=4096)
def class_of_word(word: str) -> str | None:
    """
    The class that a folded word states beyond doubt; None for anything else.

    Two classes in one word, a negation, or a word that only resembles one (一般生态空间) are not understood.

    Examples
    --------
    >>> [class_of_word(w) for w in ("优先保护单元", "优先", "1.0", "2-重点管控单元", "一般管控")]
    ['priority', 'priority', 'priority', 'key', 'general']
    >>> [class_of_word(w) for w in ("非优先保护单元", "优先/一般", "一般生态空间", "1-一般管控单元", "4")]
    [None, None, None, None, None]
    """
    digit = _DIGIT.fullmatch(word)
    if digit is not None:
        return CLASSES[int(digit[1]) - 1]
    match = _WORD.fullmatch(word)
    if match is not None:
        found = _STEMS[match[2]]
        digits = {CLASSES[int(match[i]) - 1] for i in (1, 4) if match[i]}
        return found if match[3] in _SUITED[match[2]] and digits <= {found} else None
    english = _ENGLISH.fullmatch(word)
    if english is not None and not word[0].isdigit():
        return english[1]
    return None


@lru_cache(maxsize=65_536)
def class_of_code(code: str) -> str | None:
    """
    The class digit of a unit code ``ZH`` + 6 digits + class + 4 digits; None if the code is not of that form.

    Examples
    --------
    >>> class_of_code("ZH15070210001"), class_of_code("ＺＨ44060620002 "), class_of_code("ZH1507021000")
    ('priority', 'key', None)
    """
    match = _CODE.fullmatch(fold(code))
    return None if match is None else CLASSES[int(match[1]) - 1]


def default_theme(_layer_name: str, _features: Sequence[Feature]) -> str:
    """One theme for all unit layers."""
    return "control_units"


def interpret_feature(view: FieldView, _dimension: int, _layer: LayerContext) -> Standing:
    """
    A unit counts unless its class field clearly says key or general and no well-formed code says otherwise.

    Where the file has no class column at all, the class digit of the code decides; a class column that is
    blank in a record leaves its class unconfirmed.
    """
    codes = view.texts("code")
    by_code = [class_of_code(code) for code in codes]
    problems = [("code_malformed", "code", code) for code, found in zip(codes, by_code, strict=True) if found is None]
    said = settle(view, "class", class_of_word, order=CLASSES, hints=("remarks",))
    found = [value for value in by_code if value is not None]
    flags = []
    label = None
    if said is None:
        sure = bool(found) and len(found) == len(codes)
    else:
        label = said.label
        if said.value is not None:
            found.append(said.value)
        sure = said.understood
        if said.stated and not sure and said.label is not None:
            problems.append(("class_not_understood", said.column, said.label))
    class_ = min(found, key=CLASSES.index) if found and (sure or "priority" in found) else None
    differ = len(set(found)) > 1 or (said is not None and said.conflict)
    if differ and class_ is not None:
        flags.append("class_conflict")
        problems.append(("class_conflict", said.column if said else "code", "; ".join([*codes, label or ""])))
    if not sure:
        flags.append("class_unconfirmed")
    return Standing(
        class_=class_ or "unconfirmed",
        counts=class_ in (None, "priority"),
        class_label=label,
        flags=tuple(flags),
        problems=tuple(problems),
    )


KIND = KindSpec(
    name="control_units",
    default_role="protective",
    areal=True,
    tiles=True,
    restricted_by_default=False,
    no_extent_m=500.0,
    default_theme=default_theme,
    interpret_feature=interpret_feature,
    own_fields=("province", "city", "county"),
)
