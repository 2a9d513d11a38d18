"""From the fields of a layer to its features: what is the same for every kind (ids, dates, extent)."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from layers.declared_area import declared_area_m2
from layers.errors import RoleError
from layers.fields import FieldAliases, fold, text_of
from layers.kinds.model import FieldProblem, Interpretation, LayerContext
from layers.kinds.registry import KIND_SPECS
from layers.model import Feature
from layers.stated import areas_stated_m2, distances_stated_m, number_stated

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from layers.fields import FieldView
    from layers.kinds.model import KindSpec, Standing
    from layers.model import KindName, Role

__all__ = ["interpret"]

_EARLIEST_END = "1950"
"""A feature cannot have ended before there were any: null dates of some formats."""
_REQUIREMENTS = ("spatial_layout", "pollutant_control", "risk_control", "resource_efficiency")
_CARRIED_FLAGS = frozenset({"outer_bound", "location_only", "repaired", "pre2020_zoning"})
_SINGLE_MEANINGS = frozenset(
    {"code", "name", "successor", "source_name", "valid_from", "valid_until", "accuracy_m", *_REQUIREMENTS}
)
_WITHOUT = {-1: "without_place", 0: "without_extent", 1: "without_extent"}
_YES = frozenset({"1", "是", "true", "yes", "y", "t", "有", "√"})
_NO = frozenset({"0", "否", "false", "no", "n", "f"})
_OUTER_WORDS = ("outer_bound", "outerbound", "四至")
_LOCATION_WORDS = ("location_only", "locationonly", "位置推定", "点位推定", "名称推定", "仅位置")
_DISTANCE_HEADERS = ("距离", "半径", "radius", "distance", "纵深")


def interpret(
    kind: KindName,
    rows: Sequence[Mapping[str, object]],
    geometries: NDArray[np.object_],
    ids: Sequence[str],
    *,
    role: Role | None = None,
    influence_m: float | None = None,
    aliases: FieldAliases | None = None,
) -> Interpretation:
    """
    Understand the fields of a layer's records: what each one is, whether it counts as a zone, and on what
    doubt.

    Use it once at import. A class, zone or status that is blank or not understood counts, flagged; no word
    that is not known drops a zone.

    Parameters
    ----------
    kind
        What the layer is.
    rows
        The records' fields under the file's own names, length n.
    geometries
        Their geometries, EPSG:4490 degrees, 2D, already repaired; None or empty for a record without
        coordinates.
    ids
        The records' own ids (file, sheet and row), length n; used where the file has no unique id field.
    role
        For ``other`` only, and required there.
    influence_m
        An influence distance stated for the layer, metres: for its points and lines, and in kinds that are
        not areal for all of its features. A distance of a feature's own wins.
    aliases
        Column names; None = the package's.

    Returns
    -------
    interpretation
        n features in the order of ``rows``, the layer's role, and everything that was not understood.

    Raises
    ------
    RoleError
        ``other`` without a role, or another kind with one that is not its own.
    ValueError
        Lengths differ, or ``influence_m`` is not a positive number.

    Examples
    --------
    >>> found = interpret(
    ...     "control_units",
    ...     [{"编码": "ZH15078110001", "管控单元分类": "优先保护单元"}, {"编码": "", "管控单元分类": "重点"}],
    ...     np.array([shapely.box(117, 49, 118, 50), shapely.box(118, 49, 119, 50)]),
    ...     ["1", "2"],
    ... )
    >>> [(f.class_, f.counts) for f in found.features], found.role
    ([('priority', True), ('key', False)], 'protective')
    """
    if not len(rows) == len(geometries) == len(ids):
        raise ValueError(f"{len(rows)} rows, {len(geometries)} geometries and {len(ids)} ids: one of each is needed")
    if influence_m is not None and not (0 < influence_m < math.inf):
        raise ValueError(f"influence_m must be a positive number of metres, not {influence_m!r}")
    spec = KIND_SPECS[kind]
    aliases = aliases or FieldAliases.load()
    columns = tuple(dict.fromkeys(column for keys in {tuple(row): None for row in rows} for column in keys))
    views = [aliases.view(_completed(row, columns), kind=kind) for row in rows]
    layer = LayerContext(role=_role(spec, role, influence_m, views), influence_m=influence_m, aliases=aliases)
    shapes = np.asarray(geometries, dtype=object)
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    dimensions = np.where(missing, -1, shapely.get_dimensions(shapes))
    problems: list[FieldProblem] = []
    names = _ids(views, ids, problems)
    standings, features = [], []
    for row, view in enumerate(views):
        standing = spec.interpret_feature(view, int(dimensions[row]), layer)
        notes = list(standing.problems)
        features.append(
            _feature(
                spec, layer, view, standing, dimension=int(dimensions[row]), name=names[row], row=rows[row], notes=notes
            )
        )
        standings.append(standing)
        notes += view.problems
        notes += [("ambiguous_field", m, "; ".join(view.texts(m))) for m in view.ambiguous if m in _SINGLE_MEANINGS]
        problems += [
            FieldProblem(code=code, record=ids[row], field=at, value=value) for code, at, value in _once(notes)
        ]
    if spec.link is not None and layer.role == "protective":
        for row, changes in spec.link(features, standings, shapes, layer).items():
            features[row] = replace(features[row], **changes)
    if spec.areal:
        problems += [
            FieldProblem(code=_WITHOUT[int(dimensions[row])], record=feature.id, field="", value="")
            for row, feature in enumerate(features)
            if feature.without_extent_m is not None and not feature.own_zones and dimensions[row] < 2
        ]
    counts = Counter(feature.class_ for feature in features)
    return Interpretation(
        features=tuple(features),
        role=layer.role,
        problems=tuple(problems),
        class_counts=dict(sorted(counts.items())),
    )


def _completed(row: Mapping[str, object], columns: tuple[str, ...]) -> Mapping[str, object]:
    """A record that lacks a column which others have is blank there."""
    return row if tuple(row) == columns else {column: row.get(column) for column in columns}


def _once(notes: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    return list(dict.fromkeys(notes))


def _role(spec: KindSpec, role: Role | None, influence_m: float | None, views: Sequence[FieldView]) -> Role:
    if spec.name == "other":
        if role is None:
            raise RoleError(kind=spec.name, role=None)
        return role
    own = spec.default_role
    if spec.name == "monitoring_sections":
        stated = influence_m is not None or any(view.lengths_m("influence_m") is not None for view in views)
        own = "protective" if stated else "context"
    if role is not None and role != own:
        raise RoleError(kind=spec.name, role=role)
    return own


def _ids(views: Sequence[FieldView], ids: Sequence[str], problems: list[FieldProblem]) -> list[str]:
    """The file's first id column in which every record has a text of its own, else the ids given."""
    cells = views[0].cells("id") if views else []
    for cell in cells:
        found = [text_of(view.attributes[cell.column]) for view in views]
        if None not in found and len(set(found)) == len(found):
            return [text for text in found if text is not None]
        if any(text is not None for text in found):
            problems.append(FieldProblem(code="id_not_unique", record="*", field=cell.column, value=""))
    return [str(name) for name in ids]


def _feature(
    spec: KindSpec,
    layer: LayerContext,
    view: FieldView,
    standing: Standing,
    *,
    dimension: int,
    name: str,
    row: Mapping[str, object],
    notes: list[tuple[str, str, str]],
) -> Feature:
    counts = standing.counts and layer.role == "protective"
    influence, without = None, None
    if counts:
        influence, without = _extent(spec, layer, view, dimension, notes)
    flags = set(standing.flags) | _flags(view, notes)
    flags |= ({"influence"} if influence is not None else set()) | ({"no_extent"} if without is not None else set())
    valid_from, valid_until = view.date("valid_from"), view.date("valid_until")
    if valid_until is not None and (
        valid_until < _EARLIEST_END or (valid_from is not None and valid_until < valid_from)
    ):
        notes.append(("date_not_understood", "valid_until", f"{valid_from}/{valid_until}"))
        valid_from = valid_until = None
    own_accuracy = view.lengths_m("accuracy_m")
    return Feature(
        id=name,
        code=view.get("code"),
        name=view.get("name"),
        class_=standing.class_,
        counts=counts,
        class_label=standing.class_label,
        flags=tuple(sorted(flags)),
        valid_from=valid_from,
        valid_until=valid_until,
        accuracy_m=max(own_accuracy) if own_accuracy else None,
        influence_m=influence,
        without_extent_m=without,
        requirements={m: text for m in _REQUIREMENTS if (text := view.get(m)) is not None},
        own_fields={m: text for m in spec.own_fields if (text := view.get(m)) is not None} | dict(standing.own_fields),
        attributes=_attributes(row, notes),
    )


def _extent(
    spec: KindSpec, layer: LayerContext, view: FieldView, dimension: int, notes: list[tuple[str, str, str]]
) -> tuple[float | None, float | None]:
    """(influence distance, reach without extent), metres: at most one is set, neither for a plain polygon."""
    if dimension < 0:
        return None, math.inf
    own = view.lengths_m("influence_m")
    if own:
        return max(own), None
    wide = layer.influence_m if dimension < 2 or spec.default_role == "context" else None
    if own is None:
        if wide is not None:
            return wide, None
        if dimension == 2 and spec.areal:
            return None, None
        if spec.name == "monitoring_sections":
            notes.append(("influence_not_stated", "influence_m", ""))
    return None, max(spec.no_extent_m, wide or 0.0, _reach_of_words(view))


def _reach_of_words(view: FieldView) -> float:
    """The largest distance that a record's fields state, and twice the radius of the largest area, metres."""
    distances, areas = [0.0], [declared_area_m2(view, None) or 0.0]
    for column, value in view.attributes.items():
        text = text_of(value)
        if text is None or isinstance(value, bool):
            continue
        number = number_stated(text)
        if number is None:
            distances += distances_stated_m(text)
            areas += areas_stated_m2(text)
        elif number > 0 and any(word in fold(column) for word in _DISTANCE_HEADERS):
            header = fold(column)
            distances.append(number * (1000.0 if any(u in header for u in ("km", "公里", "千米")) else 1.0))
    return max(*distances, 2 * math.sqrt(max(areas) / math.pi))


def _flags(view: FieldView, notes: list[tuple[str, str, str]]) -> set[str]:
    found = set()
    for text in view.texts("flags"):
        found |= {word for word in re.split(r"[\s,;|、，；]+", text.casefold()) if word in _CARRIED_FLAGS}
    for meaning in ("outer_bound", "location_only"):
        for cell in view.cells(meaning):
            word = fold(cell.text or "")
            if word and word not in _NO:
                found.add(meaning)
                if word not in _YES:
                    notes.append(("flag_not_understood", cell.column, cell.text or ""))
    for text in view.texts("geometry_method"):
        word = fold(text)
        found |= {"outer_bound"} if any(stem in word for stem in _OUTER_WORDS) else set()
        found |= {"location_only"} if any(stem in word for stem in _LOCATION_WORDS) else set()
    return found


def _attributes(
    row: Mapping[str, object], notes: list[tuple[str, str, str]]
) -> dict[str, str | int | float | bool | None]:
    """JSON scalars under folded names; a name met twice gets a number."""
    found: dict[str, str | int | float | bool | None] = {}
    for column, value in row.items():
        name = base = fold(str(column))
        count = 1
        while name in found:
            count += 1
            name = f"{base}_{count}"
        if isinstance(value, bytes | bytearray | memoryview):
            notes.append(("bytes_dropped", str(column), f"{len(value)} bytes"))
            continue
        found[name] = _scalar(value, str(column), notes)
    return found


def _scalar(value: Any, column: str, notes: list[tuple[str, str, str]]) -> str | int | float | bool | None:
    if isinstance(value, str):
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                notes.append(("text_not_decodable", column, value.encode("ascii", "backslashreplace").decode()))
                return str(value.encode("utf-8", "replace").decode())
        return str(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, np.datetime64):
        return None if np.isnat(value) else str(value)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime | date):
        text = value.isoformat()
        return None if text == "NaT" else text
    if type(value).__name__ == "NAType":
        return None
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
