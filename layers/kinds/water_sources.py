"""饮用水水源保护区: every polygon counts; an intake counts by its influence distance, or has no extent."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from layers.fields import fold
from layers.kinds.model import KindSpec, LayerContext, Standing, settle
from spatial.ellipsoid import geod

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from layers.fields import FieldView
    from layers.model import Feature

__all__ = ["KIND", "OWN_ZONE_M", "default_theme", "interpret_feature", "link", "zone_of_word"]

OWN_ZONE_M = 5000.0
"""A zone of the same name within this geodesic distance is the intake's own."""

_ORDER = ("zone_1", "zone_2", "zone_quasi", "intake")
_STEMS = (
    ("zone_1", re.compile(r"一级|(?<![a-z\d])[1i]级|zone_?(?:1|i)(?![a-z\d])")),
    ("zone_2", re.compile(r"二级|(?<![a-z\d])(?:2|ii)级|zone_?(?:2|ii)(?![a-z\d])")),
    ("zone_quasi", re.compile(r"准(?:保护|水源|级|饮用)|quasi")),
    ("intake", re.compile(r"取水口|取水点|取水井|水源井|intake|水厂取水")),
)
_EXACT = {
    "1": "zone_1",
    "i": "zone_1",
    "一": "zone_1",
    "2": "zone_2",
    "ii": "zone_2",
    "二": "zone_2",
    "准": "zone_quasi",
}
_NEGATION = re.compile(r"非|不|未|无|除|以外|之外|外围")
_SOURCE_LEVEL = re.compile(
    r"(?:国家|省|自治区|市|盟市|地市|县|旗县|区县|乡镇|苏木|村|嘎查)级?(?:及?以[上下])?|千吨万人|百吨千人"
)
_ADMIN_CODE = re.compile(r"[1-8]\d{5}(?:\d{3}){0,2}|0+")
_BLANK_NAMES = frozenset(
    {
        "未知",
        "不详",
        "待定",
        "其他",
        "未命名",
        "unknown",
        "暂无",
        "无名",
        "0",
        "00",
        "-",
        "--",
        "—",
        "——",
        "/",
        "*",
        "?",
    }
)


@lru_cache(maxsize=4096)
def zone_of_word(word: str) -> str | None:
    """
    zone_1, zone_2, zone_quasi or intake, where a folded word names just one of them; else None.

    Examples
    --------
    >>> [zone_of_word(w) for w in ("一级保护区(水域)", "ii", "准保护区", "取水口", "补给区")]
    ['zone_1', 'zone_2', 'zone_quasi', 'intake', None]
    """
    if word in _EXACT:
        return _EXACT[word]
    found = [zone for zone, stem in _STEMS if stem.search(word)]
    return found[0] if len(found) == 1 and _NEGATION.search(word) is None else None


def default_theme(layer_name: str, _features: Sequence[Feature]) -> str:
    """The layer's own name."""
    return layer_name


def interpret_feature(view: FieldView, dimension: int, _layer: LayerContext) -> Standing:
    """
    Every feature counts: a polygon is a zone of whatever level its words say; a point or line is an intake
    unless its words name a zone (a zone given as a line or a point has no extent, and no zones of its own).
    """
    said = settle(view, "zone", zone_of_word, order=_ORDER, hints=("class",))
    other = settle(view, "class", zone_of_word, order=_ORDER)
    label = said.label if said is not None else None
    sure = said is not None and said.understood
    value = said.value if said is not None and sure else None
    if value is None and other is not None and other.understood and not (said is not None and said.stated):
        value, label = other.value, other.label
        sure = value == "intake"
    problems = []
    if said is not None and said.stated and not said.understood:
        problems.append(("zone_not_understood", said.column, said.label or ""))
    flags: tuple[str, ...] = ()
    if said is not None and said.conflict:
        flags = ("class_conflict",)
        problems.append(("class_conflict", said.column, said.label or ""))
    if dimension in (0, 1):
        # a point or line that names no zone, or only the level of its source (县级)
        if value is None and (said is None or _SOURCE_LEVEL.fullmatch(fold(said.label or "县级"))):
            value = "intake"
        sure = value is not None
    elif value == "intake":
        value, sure = None, False  # an area is no intake: of which zone is not said
    if not sure:
        flags = (*flags, "class_unconfirmed")
    return Standing(
        class_=value or "unconfirmed", counts=True, class_label=label, flags=flags, problems=tuple(problems)
    )


def link(
    features: Sequence[Feature],
    _standings: Sequence[Standing],
    geometries: NDArray[np.object_],
    layer: LayerContext,
) -> Mapping[int, Mapping[str, Any]]:
    """
    The zone polygons of each intake's own source: row -> ``own_zones``.

    Of the same code (a code that is only an administrative one names no source), or of the same name (of
    the zone or of its source) within 5 km of the intake on the ellipsoid.
    """
    dimensions = shapely.get_dimensions(geometries)
    intakes = [
        row for row, f in enumerate(features) if f.class_ == "intake" and f.without_extent_m is not None and f.counts
    ]
    zones = [row for row, f in enumerate(features) if f.counts and f.without_extent_m is None and dimensions[row] == 2]
    if not intakes or not zones:
        return {}
    by_code: dict[str, list[int]] = {}
    by_name: dict[str, list[int]] = {}
    for row in zones:
        code = _source_code(features[row])
        if code is not None:
            by_code.setdefault(code, []).append(row)
        for name in _source_names(features[row], layer):
            by_name.setdefault(name, []).append(row)
    groups = {name: _Zones(rows, geometries) for name, rows in by_name.items()}
    found: dict[int, dict[str, Any]] = {}
    for row in intakes:
        own = set(by_code.get(_source_code(features[row]) or "", ()))
        if dimensions[row] >= 0:
            for name in _source_names(features[row], layer):
                if name in groups:
                    own |= groups[name].within_reach(geometries[row])
        if own:
            found[row] = {"own_zones": tuple(sorted(own))}
    return found


def _source_code(feature: Feature) -> str | None:
    code = fold(feature.code or "")
    return code if code and _ADMIN_CODE.fullmatch(code) is None else None


def _source_names(feature: Feature, layer: LayerContext) -> set[str]:
    view = layer.aliases.view(feature.attributes, kind="water_sources")
    names = {fold(name) for name in (feature.name, *view.texts("source_name")) if name is not None}
    return {name for name in names if name and name not in _BLANK_NAMES}


class _Zones:
    """The zone polygons of one name, asked which of them lie within reach of an intake."""

    def __init__(self, rows: list[int], geometries: NDArray[np.object_]) -> None:
        self._rows = np.array(rows)
        self._shapes = geometries[self._rows]
        self._tree = shapely.STRtree(self._shapes)
        self._scaled: dict[float, NDArray[np.object_]] = {}

    def within_reach(self, intake: shapely.Geometry) -> set[int]:
        """Rows within 5 km. The pair of points found is nearest in a plane, so its geodesic is never too short."""
        west, south, east, north = shapely.bounds(intake)
        band = min(math.ceil(max(abs(south), abs(north)) * 10 + 1) / 10, 89.0)
        scale = np.array([110_500.0 * math.cos(math.radians(band)), 110_500.0])  # metres a degree, a little too few
        lon, lat = OWN_ZONE_M / scale
        near = self._tree.query(shapely.box(west - lon, south - lat, east + lon, north + lat))
        if not len(near):
            return set()
        if band not in self._scaled:
            self._scaled[band] = shapely.transform(self._shapes, lambda xy: xy * scale)
        lines = shapely.shortest_line(shapely.transform(intake, lambda xy: xy * scale), self._scaled[band][near])
        ends = shapely.get_coordinates(lines).reshape(-1, 4) / np.tile(scale, 2)
        metres = geod().inv(*ends.T.copy())[2]
        return {int(row) for row in self._rows[near[metres <= OWN_ZONE_M]]}


KIND = KindSpec(
    name="water_sources",
    default_role="protective",
    areal=True,
    tiles=False,
    restricted_by_default=True,
    no_extent_m=5000.0,
    default_theme=default_theme,
    interpret_feature=interpret_feature,
    own_fields=("zone", "level", "source_name"),
    link=link,
)
