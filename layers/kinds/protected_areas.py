"""自然保护地: type and zone give the class, the legal status decides whether a polygon counts."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from layers.fields import fold
from layers.kinds.model import KindSpec, LayerContext, Standing, settle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from layers.fields import FieldView
    from layers.model import Feature

__all__ = [
    "KIND",
    "default_theme",
    "interpret_feature",
    "link",
    "status_of_word",
    "type_of_word",
    "zone_of_word",
]

COVERED_SHARE = 0.99
"""Share of a merged area that its successor must cover to stand for it."""

_TYPES = ("park", "reserve", "nature_park")
_ZONES = ("core", "core_pre2020", "general", "general_pre2020")
_STATUSES = ("in_force", "merged", "cancelled")
_OWN_CLASSES = {
    **{f"{kind}_{zone}": (kind, zone) for kind in ("park", "reserve") for zone in ("core", "general")},
    **{kind: (kind, None) for kind in _TYPES},
}
_NATURE_PARK: tuple[str, ...] = ("自然公园", "森林公园", "湿地公园", "地质公园", "草原公园", "沙漠公园")
_NATURE_PARK += ("荒漠公园", "石漠公园", "海洋公园", "矿山公园", "冰川公园")
_ENGLISH_TYPES = {"park": "park", "nationalpark": "park", "reserve": "reserve", "naturereserve": "reserve"}
_ENGLISH_TYPES |= {"nature_park": "nature_park", "naturepark": "nature_park"}
_NEGATION = re.compile(r"非|不|未|无|除|否|以外|之外|外围")
_IN_FORCE = frozenset(
    {"现行", "有效", "现行有效", "批准", "批复", "设立", "建立", "已建", "建成", "正式", "公布", "生效"}
)
_IN_FORCE |= {"已批准", "已批复", "已设立", "已建立", "已建成", "正式设立", "已公布", "已生效", "在册", "已划定"}
_IN_FORCE |= {"批准设立", "已批准设立", "in_force", "inforce", "valid", "approved", "established", "active"}
_CANCELLED = frozenset({"撤销", "已撤销", "予以撤销", "取消", "已取消", "废止", "已废止", "调出", "已调出", "全部调出"})
_CANCELLED |= {"注销", "已注销", "cancelled", "canceled", "revoked", "repealed", "abolished"}
_MERGED = re.compile(
    r"已?(?:整体|整合)?(?:优化)?(?:整合|归并|并入|合并|整合归并|整合并入|归并整合|merged)"
    r"(?:(?:并?入|至|到|进|为|into|to)?[:：]?(.*))"
)


@lru_cache(maxsize=4096)
def type_of_word(word: str) -> str | None:
    """
    park, reserve or nature_park; None where a folded word names none or two of them (风景名胜区 is none).

    Examples
    --------
    >>> [type_of_word(w) for w in ("国家公园", "国家级自然保护区", "国家湿地公园", "风景名胜区")]
    ['park', 'reserve', 'nature_park', None]
    """
    if word in _ENGLISH_TYPES:
        return _ENGLISH_TYPES[word]
    found = {
        name
        for name, stems in (
            ("park", ("国家公园",)),
            ("reserve", ("自然保护区",)),
            ("nature_park", _NATURE_PARK),
        )
        if any(stem in word for stem in stems)
    }
    return found.pop() if len(found) == 1 and _NEGATION.search(word) is None else None


@lru_cache(maxsize=4096)
def zone_of_word(word: str) -> str | None:
    """
    The zone: core or general, with ``_pre2020`` where the old three zones are named; None if not understood.

    Examples
    --------
    >>> [zone_of_word(w) for w in ("核心保护区", "核心区", "缓冲区", "实验区", "核心区及实验区")]
    ['core', 'core_pre2020', 'core_pre2020', 'general_pre2020', None]
    """
    if _NEGATION.search(word):
        return None
    core = any(stem in word for stem in ("核心保护", "core"))
    general = any(stem in word for stem in ("一般控制", "general"))
    old_core = any(stem in word for stem in ("核心区", "缓冲区", "缓冲带", "buffer"))
    old_general = any(stem in word for stem in ("实验区", "experiment"))
    if (core or old_core) == (general or old_general):
        return None
    return ("core" if core or old_core else "general") + ("_pre2020" if old_core or old_general else "")


@lru_cache(maxsize=4096)
def status_of_word(word: str) -> str | None:
    """
    in_force, merged or cancelled, where a folded word states it beyond doubt; None (unconfirmed) for
    anything else.

    Examples
    --------
    >>> [status_of_word(w) for w in ("已批准", "已撤销", "并入某某自然保护区", "拟撤销", "在建")]
    ['in_force', 'cancelled', 'merged', None, None]
    """
    if word in _IN_FORCE:
        return "in_force"
    if word in _CANCELLED:
        return "cancelled"
    return "merged" if _MERGED.fullmatch(word) else None


def default_theme(layer_name: str, _features: Sequence[Feature]) -> str:
    """The layer's own name."""
    return layer_name


def interpret_feature(view: FieldView, _dimension: int, _layer: LayerContext) -> Standing:
    """An area counts unless every status it states is a cancellation; type and zone only name its class."""
    problems: list[tuple[str, str, str]] = []
    flags: list[str] = []
    status = settle(view, "status", status_of_word, order=_STATUSES)
    counts = True
    relation = None
    if status is None or not status.understood or status.value is None:
        flags.append("status_unconfirmed")
        if status is not None and status.stated:
            problems.append(("status_not_understood", status.column, status.label or ""))
    elif status.value == "merged":
        flags.append("status_unconfirmed")
        relation = _successor(view, status.label or "")
    elif status.conflict:
        flags.append("status_unconfirmed")
        problems.append(("ambiguous_field", status.column, status.label or ""))
    else:
        counts = status.value == "in_force"
    class_, label = _class_of(view, flags, problems)
    return Standing(
        class_=class_,
        counts=counts,
        class_label=label,
        flags=tuple(flags),
        problems=tuple(problems),
        relation=relation,
    )


def _class_of(view: FieldView, flags: list[str], problems: list[tuple[str, str, str]]) -> tuple[str, str | None]:
    own = _OWN_CLASSES.get(fold(view.get("class") or view.get("protected_area_type") or ""))
    type_ = settle(view, "protected_area_type", type_of_word, order=_TYPES, hints=("class",))
    zone = settle(view, "zone", zone_of_word, order=_ZONES, hints=("class",))
    kind = type_.value if type_ is not None and type_.understood and not type_.conflict else None
    label = " ".join(dict.fromkeys(s.label for s in (type_, zone) if s is not None and s.label is not None)) or None
    part = zone.value if zone is not None and zone.understood else None
    if own is not None and (type_ is None or not type_.conflict):
        kind, part = own[0], part or own[1]
    unsure = kind is None
    for settled, code in ((type_, "type_not_understood"), (zone, "zone_not_understood")):
        if settled is not None and settled.stated and not settled.understood and own is None:
            problems.append((code, settled.column, settled.label or ""))
        if settled is not None and settled.conflict:
            flags.append("class_conflict")
            problems.append(("class_conflict", settled.column, settled.label or ""))
    if part is not None and part.endswith("_pre2020"):
        flags.append("pre2020_zoning")
        part = part.removesuffix("_pre2020")
    if kind is None:
        # the type is blank: its name may still say it, but that is no field
        kind = type_of_word(fold(view.get("name") or "")) if type_ is None or not type_.stated else None
    if kind in ("park", "reserve"):
        unsure = unsure or part is None
        class_ = f"{kind}_{part}" if part is not None else kind
    else:
        unsure = unsure or (zone is not None and zone.stated and part is None)
        class_ = kind or "unconfirmed"
    if unsure:
        flags.append("class_unconfirmed")
    return class_, label


def _successor(view: FieldView, label: str) -> str | None:
    named = view.texts("successor")
    if named:
        return named[0] if len({fold(name) for name in named}) == 1 else None
    match = _MERGED.fullmatch(fold(label))
    return match[1] if match is not None and match[1] else None


def link(
    features: Sequence[Feature],
    standings: Sequence[Standing],
    geometries: NDArray[np.object_],
    _layer: LayerContext,
) -> Mapping[int, Mapping[str, Any]]:
    """
    The successors of merged areas: row -> ``successor``.

    A successor is named by code, else by a name that only one other row bears; it must itself be a counted
    polygon, with a boundary that can prove a hit, and cover at least 99 % of the merged area (planar share
    in degrees: both areas are in one place). Whether it is in force is asked at the date of a check.
    """
    by_code: dict[str, list[int]] = {}
    by_name: dict[str, list[int]] = {}
    merged = [row for row, standing in enumerate(standings) if standing.relation and features[row].counts]
    if merged:
        for row, feature in enumerate(features):
            if feature.code is not None:
                by_code.setdefault(fold(feature.code), []).append(row)
            if feature.name is not None:
                by_name.setdefault(fold(feature.name), []).append(row)
    found: dict[int, dict[str, Any]] = {}
    for row in merged:
        word = fold(standings[row].relation or "")
        named = by_code.get(word) or by_name.get(word) or []
        if len(named) != 1 or named[0] == row or not _stands_for(features, geometries, row, named[0]):
            continue
        found[row] = {"successor": named[0]}
    return found


def _stands_for(features: Sequence[Feature], geometries: NDArray[np.object_], row: int, successor: int) -> bool:
    other = features[successor]
    if not other.counts or other.without_extent_m is not None or {"outer_bound", "location_only"} & set(other.flags):
        return False
    if features[row].without_extent_m is not None or features[row].influence_m is not None:
        return False
    one, two = geometries[row], geometries[successor]
    if shapely.get_dimensions(one) != 2 or shapely.get_dimensions(two) != 2:
        return False
    try:
        share = shapely.area(shapely.intersection(one, two)) / shapely.area(one)
    except shapely.GEOSException:
        return False
    return bool(np.isfinite(share) and share >= COVERED_SHARE)


KIND = KindSpec(
    name="protected_areas",
    default_role="protective",
    areal=True,
    tiles=False,
    restricted_by_default=False,
    no_extent_m=500.0,
    default_theme=default_theme,
    interpret_feature=interpret_feature,
    own_fields=("protected_area_type", "zone", "level", "status", "successor"),
    link=link,
)
