"""监测断面: context beside the answer; protective within an influence distance, once one is stated."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from layers.fields import fold
from layers.kinds.model import KindSpec, LayerContext, Standing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layers.fields import FieldView
    from layers.model import Feature

__all__ = ["KIND", "default_theme", "interpret_feature", "level_of", "type_of", "water_class_of"]

_LEVELS = (("国", "national"), ("省", "provincial"), ("区控", "provincial"), ("市", "municipal"), ("县", "county"))
_TYPES = (
    ("背景", "background"),
    ("对照", "reference"),
    ("削减", "attenuation"),
    ("消减", "attenuation"),
    ("入境", "entry"),
    ("出境", "exit"),
    ("入海", "sea_outlet"),
    ("控制", "control"),
)
_CLASS = re.compile(r"(劣)?(iii|ii|iv|vi|v|i|[1-6一二三四五六])类?(?:水质?)?")
_NUMERALS = {"i": "I", "ii": "II", "iii": "III", "iv": "IV", "v": "V", "vi": "VI"}
_NUMERALS |= dict(zip("123456", _NUMERALS.values(), strict=True))
_NUMERALS |= dict(zip("一二三四五六", ("I", "II", "III", "IV", "V", "VI"), strict=True))


def level_of(word: str) -> str | None:
    """
    Management level of a section: ``national``, ``provincial``, ``municipal`` or ``county``; None if not understood.

    Examples
    --------
    >>> level_of("国控"), level_of("自治区控"), level_of("市控断面"), level_of("其他")
    ('national', 'provincial', 'municipal', None)
    """
    return next((code for sign, code in _LEVELS if sign in word), None)


def type_of(word: str) -> str | None:
    """
    Type of a section (HJ 91.2-2022); None if not understood.

    Examples
    --------
    >>> type_of("控制断面"), type_of("入境断面")
    ('control', 'entry')
    """
    return next((code for sign, code in _TYPES if sign in word), None)


def water_class_of(word: str) -> str | None:
    """
    Class of surface water (GB 3838-2002) ``I`` to ``V``; ``VI`` is worse than class V; None if not understood.

    Examples
    --------
    >>> water_class_of("Ⅲ类"), water_class_of("劣Ⅴ"), water_class_of("2"), water_class_of("良好")
    ('III', 'VI', 'II', None)
    """
    found = _CLASS.fullmatch(fold(word))
    if found is None:
        return None
    if found[1]:
        return "VI" if _NUMERALS[found[2]] == "V" else None
    return _NUMERALS[found[2]]


def default_theme(layer_name: str, _features: Sequence[Feature]) -> str:
    """The layer's own name."""
    return layer_name


def interpret_feature(view: FieldView, _dimension: int, _layer: LayerContext) -> Standing:
    """A section of the level and type that its fields name; it counts where the layer is protective."""
    words = [word for meaning in ("section_level", "section_type") if (word := view.get(meaning)) is not None]
    understood = []
    parsers = (
        ("section_level", level_of),
        ("section_type", type_of),
        ("target_class", water_class_of),
        ("observed_class", water_class_of),
    )
    for meaning, parse in parsers:
        word = view.get(meaning)
        code = None if word is None else parse(word)
        if code is not None:
            understood.append((meaning, code))
    return Standing(
        class_="section",
        counts=True,
        class_label=" ".join(dict.fromkeys(words)) or None,
        own_fields=tuple(understood),
    )


KIND = KindSpec(
    name="monitoring_sections",
    default_role="context",
    areal=False,
    tiles=False,
    restricted_by_default=False,
    no_extent_m=500.0,
    default_theme=default_theme,
    interpret_feature=interpret_feature,
    own_fields=("section_level", "section_type", "target_class", "observed_class"),
)
