"""The features of a layer as the page holds them: a table of words and columns of numbers, in row order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from maps.phrases import clean, code_word
from maps.public_map.facts import facts_of
from maps.public_map.giving_away import states_a_place
from spatial.measure import ellipsoidal_area

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from layers.model import Feature
    from layers.version import OpenLayer
    from maps.public_map.shown import Shown
    from maps.style import StyleSheet

__all__ = ["FeatureChunk", "features_of"]

_SHAPES = {-1: "area", 0: "point", 1: "line", 2: "area"}


@dataclass(frozen=True, kw_only=True)
class FeatureChunk:
    """``FeatureTable`` and ``FeatureColumns`` of ``maps/page/contract.ts``, and the classes that the rows name."""

    table: dict[str, Any]
    columns: dict[str, NDArray[Any]]
    classes: list[dict[str, Any]]
    left_out: int
    """Texts of an open layer that state a place and are therefore not in a public edition."""


def features_of(layer: OpenLayer, shown: Shown, *, as_of: str, sheet: StyleSheet) -> FeatureChunk:
    """
    The features of a layer.

    Of what may not be shown as it is, nothing finer than ``shown`` is in the result: boxes and areas are those of the
    shown geometry, words of withheld rows are left out.

    Parameters
    ----------
    layer
        An open version; touching damaged bytes raises ``DamagedVersionError``.
    shown
        What a page may hold of it.
    as_of
        ISO date.
    sheet
        The looks; a class names the key of its style.
    """
    standing = layer.records.standing(as_of, layer.card.accuracy_m)
    columns: dict[str, NDArray[Any]] = {
        "zone": standing.zone.astype(np.uint8),
        "soft": standing.soft.astype(np.uint8),
        "in_force": standing.in_force.astype(np.uint8),
        "accuracy_m": standing.accuracy_m.astype(np.float64),
        "influence_m": standing.influence_m.astype(np.float64),
        "without_extent_m": standing.without_extent_m.astype(np.float64),
    }
    columns |= _measured(layer) if shown.precision == "full" else _measured_again(layer, shown)
    columns |= {name: np.asarray(values) for name, values in shown.columns.items()}
    dimension, area = columns["dimension"], columns["area_m2"]
    table: dict[str, Any] = {"id": [], "code": [], "name": [], "class": [], "class_label": [], "flags": [], "facts": {}}
    places: dict[tuple[str, str], int] = {}
    counts: list[int] = []
    left_out = 0
    class_index = np.zeros(layer.records.count, dtype=np.int32)
    for row in range(layer.records.count):
        feature = layer.records.feature(row)
        withheld = row in shown.facts_withheld
        facts = [] if withheld else facts_of(feature, kind=layer.card.kind, area_m2=float(area[row]))
        if shown.withholds_places and not withheld:
            whole = len(facts)
            facts = [fact for fact in facts if not states_a_place(fact["text"])]
            feature, words = _without_places(feature, row)
            left_out += whole - len(facts) + words
        _write(table, feature, row, withheld=withheld)
        if facts:
            table["facts"][str(row)] = facts
        place = places.setdefault((feature.class_, _SHAPES[int(dimension[row])]), len(places))
        counts += [0] * (place + 1 - len(counts))
        counts[place] += 1
        class_index[row] = place
    columns["class_index"] = class_index
    classes = [
        {
            "code": code,
            "label": _label(layer, code, shown),
            "style": _style(layer, code, sheet),
            "count": counts[place],
            "shape": shape,
        }
        for (code, shape), place in places.items()
    ]
    return FeatureChunk(table=table, columns=columns, classes=classes, left_out=left_out)


def _label(layer: OpenLayer, code: str, shown: Shown) -> dict[str, str]:
    """What a class is called; that of a kind of one's own is what the layer's card says it means."""
    meaning = layer.card.meaning
    if code == "other" and meaning and shown.precision == "full" and not states_a_place(meaning):
        return dict.fromkeys(("zh", "en"), clean(meaning))
    return {"zh": code_word("class", code, "zh"), "en": code_word("class", code, "en")}


def _style(layer: OpenLayer, code: str, sheet: StyleSheet) -> str:
    """The key of a look; rivers of a workspace look as rivers do."""
    from layers.georeference.rivers import means_rivers

    card = layer.card
    if card.kind == "other" and card.role == "context" and means_rivers(card.meaning or ""):
        return sheet.marks["river"].key
    return sheet.style_of(card.kind, code).key


def _without_places(feature: Feature, row: int) -> tuple[Feature, int]:
    """A feature without those of its own words that state a place, and how many they were."""
    found: dict[str, Any] = {
        key: None
        for key in ("code", "name", "class_label")
        if (text := getattr(feature, key)) is not None and states_a_place(text)
    }
    if states_a_place(feature.id):
        found["id"] = str(row + 1)
    return replace(feature, **found), len(found)


def _write(table: dict[str, Any], feature: Feature, row: int, *, withheld: bool) -> None:
    """One row of words; of a withheld one what its class is, and nothing that the file says."""
    table["id"].append(str(row + 1) if withheld else clean(feature.id))
    for key, text in (("code", feature.code), ("name", feature.name), ("class_label", feature.class_label)):
        table[key].append(None if withheld or text is None else clean(text))
    table["class"].append(feature.class_)
    table["flags"].append(list(feature.flags))


def _measured(layer: OpenLayer) -> dict[str, NDArray[Any]]:
    """As the engine's index has it."""
    return {
        "dimension": np.asarray(layer.index.feature_dimension, dtype=np.int32),
        "area_m2": np.asarray(layer.index.feature_area_m2, dtype=np.float64),
        "bounds": np.asarray(layer.index.feature_bounds, dtype=np.float64).reshape(-1, 4),
        "rejected_boxes": layer.rejected_boxes,
    }


def _measured_again(layer: OpenLayer, shown: Shown) -> dict[str, NDArray[Any]]:
    """From what is shown alone; a rejected feature keeps the whole layer from clear, wherever it is."""
    dimension = shapely.get_dimensions(shown.geometries).astype(np.int32).reshape(-1)
    area, areal = np.zeros(len(dimension)), dimension == 2
    if areal.any():
        area[areal] = ellipsoidal_area(shown.geometries[areal])
    return {
        "dimension": dimension,
        "area_m2": area,
        "bounds": shapely.bounds(shown.geometries).reshape(-1, 4),
        "rejected_boxes": np.full((len(layer.rejected_boxes), 4), np.nan),
    }
