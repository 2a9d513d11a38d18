"""One layer of a page: its card in short, its features, its levels of detail, and what the judge judges with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from maps.phrases import clean, warning_word
from maps.public_map.chunks import Chunk
from maps.public_map.facts import both
from maps.public_map.features import features_of
from maps.public_map.shown import facts_left_out, shown_of, version_shown
from maps.view import layer_key
from screening.layer_summary import summary_of
from spatial.levels import STEP, level_of, levels_for
from spatial.overlay.index import DamagedIndexError
from spatial.packing import packed

if TYPE_CHECKING:
    from layers.version import OpenLayer
    from maps.public_map.edition import Edition
    from maps.public_map.shown import Shown
    from maps.style import StyleSheet
    from spatial.levels import PackedLevel

__all__ = ["PageLayer", "page_layer"]

_INDEX = ("pieces/feature", "pieces/offset", "pieces/wkb")
_COVERAGE = ("coverage/pieces/offset", "coverage/pieces/wkb", "coverage/edges/xy", "coverage/edges/group_offset")


@dataclass(frozen=True, kw_only=True)
class PageLayer:
    """
    A layer, packed, without the engine's own index: it judges with its finest level.

    Attributes
    ----------
    layer, shown
        The open version, and what the page may hold of it.
    document
        A ``MapLayer`` of ``maps/page/contract.ts``.
    chunks
        Features, levels and coverage. The coverage has the key ``KEY-coverage`` also where the page draws none: it
        judges with it.
    """

    layer: OpenLayer
    shown: Shown
    document: dict[str, Any]
    chunks: tuple[Chunk, ...]

    @property
    def index_bytes(self) -> int | None:
        """Length of the geometry in the engine's index; None where the page may not hold it."""
        return len(self.layer.stored.array("pieces/wkb")) if self.shown.precision == "full" else None

    def index(self) -> Chunk:
        """The engine's own index, packed; damaged bytes raise one of `screening.loaded.DAMAGE`."""
        stored = self.layer.stored
        names = _INDEX + (() if self.layer.coverage is None else _COVERAGE)
        arrays = {name: np.asarray(stored.array(name)[:]) for name in names}
        return Chunk(key=f"{self.document['key']}-index", block=packed(arrays))

    def with_index(self, index: Chunk) -> PageLayer:
        """The same layer judging with the engine's own numbers."""
        judge = self.document["judge"] | {
            "precision": "full",
            "chunk": index.key,
            "displacement_m": 0.0,
            "coverage_displacement_m": 0.0,
        }
        return replace(self, document=self.document | {"judge": judge}, chunks=(*self.chunks, index))


def page_layer(layer: OpenLayer, validity: str | None, *, as_of: str, edition: Edition, sheet: StyleSheet) -> PageLayer:
    """
    A layer as a page holds it; all that goes into it has been read and checked.

    Parameters
    ----------
    layer
        An open version; damaged bytes raise one of `screening.loaded.DAMAGE`.
    validity
        The reason why it gives no ``clear`` at the date, if there is one.
    as_of
        ISO date.
    edition
        For whom the page is.
    sheet
        The looks.
    """
    card = layer.card
    standing = layer.records.standing(as_of, card.accuracy_m)
    shown = shown_of(layer, standing, edition)
    if len(shown.geometries) != layer.records.count:
        raise DamagedIndexError(array="features", detail="not as long as the records")
    key = layer_key(card.name)
    features = features_of(layer, shown, as_of=as_of, sheet=sheet)
    exact = shown.precision == "full"
    tiles = card.kind in ("control_units", "element_zones")
    levels = _levels(shown, tiles=tiles)
    finest = levels[-1].displacement_m if levels else 0.0
    coverage = _coverage_level(shown)
    chunks = [Chunk(key=f"{key}-features", block=packed(features.columns, document=features.table))]
    chunks += [Chunk(key=f"{key}-level{n}", block=level.block()) for n, level in enumerate(levels)]
    if coverage is not None:
        chunks.append(Chunk(key=f"{key}-coverage", block=coverage.block()))
    document = _card(layer, validity) | {
        "version": version_shown(layer.entry.version, shown),
        "key": key,
        "bounds": _bounds(shown),
        "count": layer.records.count,
        "classes": features.classes,
        "features": f"{key}-features",
        "levels": [
            {
                "chunk": f"{key}-level{n}",
                "tolerance_m": level.tolerance_m,
                "displacement_m": level.displacement_m,
                "max_zoom": level.max_zoom,
            }
            for n, level in enumerate(levels)
        ],
        "coverage": {"chunk": f"{key}-coverage"} if coverage is not None and shown.draws_coverage else None,
        "judge": {
            "precision": "simplified" if exact else "generalised",
            "chunk": None,
            "displacement_m": finest,
            "coverage_displacement_m": 0.0 if coverage is None else coverage.displacement_m,
            "proves": shown.proves,
            "coverage_stated": layer.coverage is not None,
            "coverage_accuracy_m": card.coverage_accuracy_m,
            "coverage_source": card.coverage_source,
            "coverage_version": card.coverage_version,
        },
    }
    if features.left_out:
        shown = replace(shown, withheld=(*shown.withheld, facts_left_out(layer, features.left_out)))
    return PageLayer(layer=layer, shown=shown, document=document, chunks=tuple(chunks))


def _card(layer: OpenLayer, validity: str | None) -> dict[str, Any]:
    card = layer.card
    warnings = [w["code"] for w in summary_of(layer, validity)["warnings"]]
    return {
        "name": clean(card.name),
        "kind": card.kind,
        "kind_label": both(f"kind.{card.kind}"),
        "role": card.role,
        "theme": card.theme,
        "data_date": card.data_date,
        "valid_from": card.valid_from,
        "valid_until": card.valid_until,
        "validity": validity,
        "source": None if card.source is None else clean(card.source),
        "georeference_method": card.georeference_method,
        "indicative": card.indicative,
        "synthetic": card.synthetic,
        "restricted": card.restricted,
        "notes": [{"zh": warning_word(code, "zh"), "en": warning_word(code, "en")} for code in dict.fromkeys(warnings)],
        "accuracy_m": card.accuracy_m,
        "declared_none": card.declared_none,
    }


def _levels(shown: Shown, *, tiles: bool) -> list[PackedLevel]:
    """
    The coarsest first. What is generalised stays on its grid and its finest level is not simplified: it is judged with
    and must not shrink.
    """
    if not (~shapely.is_missing(shown.geometries)).any():
        return []
    if shown.precision == "full":
        return levels_for(shown.geometries, tiles=tiles)
    return levels_for(shown.geometries, tiles=tiles, step=shown.coordinate_step or STEP, finest_m=0.0)


def _coverage_level(shown: Shown) -> PackedLevel | None:
    if shown.coverage is None or shown.coverage.is_empty:
        return None
    own: Any = np.array([shown.coverage], dtype=object)
    if shown.precision == "full":
        return levels_for(own)[-1]
    return level_of(own, tolerance_m=0.0, step=shown.coordinate_step or STEP)


def _bounds(shown: Shown) -> list[float] | None:
    """Of the features and the coverage, as shown."""
    boxes = [shapely.total_bounds(shown.geometries)] if len(shown.geometries) else []
    if shown.coverage is not None and not shown.coverage.is_empty:
        boxes.append(np.asarray(shown.coverage.bounds))
    whole = np.array([box for box in boxes if np.isfinite(box).all()])
    if not len(whole):
        return None
    return [float(v) for v in (*whole[:, :2].min(axis=0), *whole[:, 2:].max(axis=0))]
