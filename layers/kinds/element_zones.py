"""要素管控分区 (water, air, soil …): class 优先保护区 (1) counts; the digits of ``YS`` codes are not relied on."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from layers.fields import FieldAliases, fold
from layers.kinds.control_units import class_of_word as class_of_unit_word
from layers.kinds.model import KindSpec, LayerContext, Standing, settle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layers.fields import FieldView
    from layers.model import Feature

__all__ = ["KIND", "class_of_word", "default_theme", "element_of", "interpret_feature"]

CLASSES = ("priority", "key", "general")
_CODES = {"priority": "priority_zone", "key": "key_zone", "general": "general_zone"}
_OWN = {code: name for name, code in _CODES.items()}
_MILD = re.compile(r"[\u4e00-\u9fff]{0,20}(重点|一般)(?:管控|防控)(?:区|分区|单元|区域)")
_PRIORITY = re.compile(r"[\u4e00-\u9fff]{0,20}优先保护(?:区|分区|单元|区域)?")
_DOUBT = re.compile(r"非|不|未|无|除|否|待|拟|原|曾|外|转|调")
_ELEMENTS = (
    ("water", ("水环境", "水要素", "shj", "水")),
    ("air", ("大气", "dqhj", "空气", "气")),
    ("soil", ("土壤", "trhj", "trwr", "农用地", "建设用地", "土")),
    ("resources", ("自然资源", "zrzy", "水资源", "土地资源", "能源", "高污染燃料", "资源")),
    ("shoreline", ("岸线", "axgk")),
    ("ecology", ("生态", "sthj", "stkj")),
)


@lru_cache(maxsize=4096)
def class_of_word(word: str) -> str | None:
    """
    The class that a folded word states beyond doubt; None for anything else.

    Examples
    --------
    >>> [class_of_word(w) for w in ("优先保护区", "水环境优先保护区", "大气环境高排放重点管控区", "3")]
    ['priority', 'priority', 'key', 'general']
    >>> [class_of_word(w) for w in ("非重点管控区", "优先保护区或一般管控区", "一般生态空间")]
    [None, None, None]
    """
    if word in _OWN:
        return _OWN[word]
    found = class_of_unit_word(word)
    if found is not None:
        return found
    if _DOUBT.search(word) or sum(stem in word for stem in ("优先", "重点", "一般")) != 1:
        return None
    mild = _MILD.fullmatch(word)
    if mild is not None:
        return None if "保护" in word or "红线" in word else ("key" if mild[1] == "重点" else "general")
    return "priority" if _PRIORITY.fullmatch(word) else None


@lru_cache(maxsize=4096)
def _element_of_word(word: str) -> str | None:
    text = fold(word)
    if text in dict(_ELEMENTS):
        return text
    if "水资源" in text or "水土流失" in text:
        return "resources" if "水资源" in text else "ecology"
    for element, stems in _ELEMENTS:
        if any(stem in text for stem in stems if len(stem) > 1) or text in stems:
            return element
    return None


def element_of(view: FieldView) -> str | None:
    """
    The element of a zone: water, air, soil, resources, shoreline, ecology; None if nothing says.

    From the element field, the subtype, the words of its class, else the name of its code column.

    Examples
    --------
    >>> aliases = FieldAliases.load()
    >>> element_of(aliases.view({"SHJGKFQBM": "YS1507812210001"}, kind="element_zones"))
    'water'
    """
    for meaning in ("element", "subtype", "class"):
        for cell in view.cells(meaning):
            text = cell.text
            found = None if text is None else _element_of_word(text)
            if found is not None:
                return found
    for cell in view.cells("code") + view.cells("name") + view.cells("class"):
        found = _element_of_word(cell.column)
        if found is not None and not fold(cell.column).startswith("hj"):
            return found
    return None


def default_theme(layer_name: str, features: Sequence[Feature]) -> str:
    """
    The element, several joined in order (``air+water``); the layer's own name where a zone's element is not
    known.

    Layers of one theme cover a site together, so what is not known is never pooled.
    """
    aliases = FieldAliases.load()
    found = {element_of(aliases.view(feature.attributes, kind="element_zones")) for feature in features}
    known = sorted(element for element in found if element is not None)
    return "+".join(known) if known and None not in found else layer_name


def interpret_feature(view: FieldView, _dimension: int, _layer: LayerContext) -> Standing:
    """A zone counts unless its class field (its subtype where there is none) clearly says key or general."""
    said = settle(view, "class", class_of_word, order=CLASSES, hints=("subtype", "remarks"))
    if said is None:
        return Standing(class_="unconfirmed", counts=True, flags=("class_unconfirmed",))
    sure = said.understood
    class_ = said.value if said.value is not None and (sure or said.value == "priority") else None
    flags = (("class_conflict",) if said.conflict else ()) + (() if sure else ("class_unconfirmed",))
    problems = []
    if said.conflict:
        problems.append(("class_conflict", said.column, said.label or ""))
    if said.stated and not sure:
        problems.append(("class_not_understood", said.column, said.label or ""))
    return Standing(
        class_=_CODES[class_] if class_ is not None else "unconfirmed",
        counts=class_ in (None, "priority"),
        class_label=said.label,
        flags=flags,
        problems=tuple(problems),
    )


KIND = KindSpec(
    name="element_zones",
    default_role="protective",
    areal=True,
    tiles=True,
    restricted_by_default=False,
    no_extent_m=500.0,
    default_theme=default_theme,
    interpret_feature=interpret_feature,
    own_fields=("element", "subtype", "basin", "reach"),
)
