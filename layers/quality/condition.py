"""The condition of the layers themselves: damage, rejected and repaired features, dates and coverage not stated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from layers.quality.model import finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from layers.quality.model import ExaminedLayer, Fact, QualityFinding
    from layers.workspace.store import Damage, VersionEntry, WorkspaceStore

__all__ = ["condition_findings", "damage_findings"]


def damage_findings(damages: Iterable[Damage], unreadable: Iterable[tuple[VersionEntry, str]]) -> list[QualityFinding]:
    """What is lost or altered in a workspace, and the layers that cannot be read for it; answers are unknown there."""
    found = [
        finding(
            "damaged",
            layers=[each.layer] if each.layer else [],
            facts={"damage": each.code, "path": each.path, "version": each.version, "detail": each.detail},
        )
        for each in damages
    ]
    return found + [
        finding(
            "layer_unreadable",
            layers=[entry.layer],
            facts={"version": entry.version, "kind": entry.kind, "detail": detail},
        )
        for entry, detail in unreadable
    ]


def condition_findings(store: WorkspaceStore, layers: Sequence[ExaminedLayer]) -> list[QualityFinding]:
    """What the cards and features of the layers say of themselves."""
    found: list[QualityFinding] = []
    for layer in layers:
        found += _of_layer(layer)
    kinds = {entry.kind for entry in store.entries}
    return found + [
        finding("required_kind_missing", layers=[], facts={"kind": kind})
        for kind in store.required_kinds
        if kind not in kinds
    ]


def _of_layer(layer: ExaminedLayer) -> list[QualityFinding]:
    card = layer.card
    found = []
    if layer.reason is not None:
        dates: dict[str, Fact] = {"valid_from": card.valid_from or "-", "valid_until": card.valid_until or "-"}
        found.append(finding(layer.reason, layers=[layer.name], facts=dates))
    if card.role == "protective" and card.coverage_kind is None:
        found.append(finding("coverage_missing", layers=[layer.name]))
    if card.indicative:
        found.append(finding("indicative", layers=[layer.name], facts={"method": card.georeference_method}))
    refused = [each for each in card.rejected if each.accepted is None]
    if card.rejected:
        boxes = [shapely.box(*each.box) for each in refused if each.box is not None]
        found.append(
            finding(
                "features_rejected",
                layers=[layer.name],
                at=boxes[0] if boxes else None,
                facts={
                    "rejected": len(refused),
                    "accepted": len(card.rejected) - len(refused),
                    "ids": _listed([each.id for each in card.rejected]),
                },
            )
        )
    if card.repaired:
        repaired = np.array(["repaired" in feature.flags for feature in layer.features], dtype=bool)
        found += [_some("features_repaired", layer, repaired, count=card.repaired)]
    bad = ~shapely.is_missing(layer.geometries) & ~shapely.is_valid(layer.geometries)
    for code, rows in (
        ("geometry_invalid", bad),
        ("without_extent", layer.without_extent & layer.in_force),
        ("soft_features", layer.soft & layer.in_force),
    ):
        if rows.any():
            found.append(_some(code, layer, rows, count=int(rows.sum())))
    return found


def _some(code: str, layer: ExaminedLayer, rows: NDArray[np.bool_], count: int) -> QualityFinding:
    numbers = np.flatnonzero(rows)
    shapes = [layer.geometries[row] for row in numbers if layer.geometries[row] is not None]
    return finding(
        code,
        layers=[layer.name],
        features=[layer.named(int(row)) for row in numbers],
        at=shapes[0] if shapes else None,
        facts={"count": count},
    )


def _listed(words: list[str], most: int = 20) -> str:
    return ", ".join(words[:most]) + (", ..." if len(words) > most else "")
