"""The layers of sensitive targets of a workspace at a date, and what may be missing from them around a site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from layers.errors import DamagedVersionError
from layers.version import OpenLayer, open_layer, version_at
from screening.covering import StatedCover, pooled_covers
from spatial.accuracy import combined
from spatial.overlay.frame import bounds_of, widened
from spatial.overlay.index import DamagedIndexError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layers.records import Standing
    from layers.workspace.store import WorkspaceStore
    from screening.site import Site

__all__ = ["TargetLayer", "doubts_within", "layers_of_targets"]

KIND = "sensitive_targets"
_DAMAGE = (DamagedVersionError, DamagedIndexError, OSError)
_NAMED = 20
"""Names of targets without a place that are listed."""


@dataclass(frozen=True, kw_only=True)
class TargetLayer:
    """A layer of targets, opened, read through once so that damage has shown, with its standing at the date."""

    name: str
    open: OpenLayer
    standing: Standing
    validity: str | None
    not_located: tuple[str, ...]

    @property
    def worst_accuracy_m(self) -> float:
        """Of any of its targets, metres."""
        return float(np.max(self.standing.accuracy_m, initial=0.0))

    def combined(self, site: Site, accuracy_m: float) -> float:
        """Combined accuracy of the site and of something of this layer, metres."""
        return combined(site.accuracy.metres, accuracy_m, site.transformation_m)

    def to_dict(self) -> dict[str, Any]:
        """What is said of the layer."""
        card = self.open.card
        return {
            "layer": self.name,
            "version": self.open.entry.version,
            "data_date": card.data_date,
            "source": card.source,
            "coverage": card.coverage_label,
            "features": card.features,
            "not_in_force": int((~self.standing.in_force).sum()),
            "indicative": card.indicative,
            "synthetic": card.synthetic,
            "restricted": card.restricted,
        }


def layers_of_targets(store: WorkspaceStore, as_of: str) -> tuple[list[TargetLayer], list[dict[str, Any]]]:
    """
    The layers of targets that can be read, and why others cannot.

    Parameters
    ----------
    store
        An open workspace.
    as_of
        ISO date: the version that answers then.

    Returns
    -------
    layers, doubts
        Doubts are ``layer_missing``, ``layer_unreadable`` (with the layer) and ``manifest_unreadable``.
    """
    lost: list[dict[str, Any]] = [] if store.manifest_readable else [{"code": "manifest_unreadable"}]
    entries = [entry for entry in store.entries if entry.kind == KIND]
    damaged = {(d.layer, d.version) for d in store.damages}
    lost += [
        {"code": "layer_unreadable", "layer": name}
        for name in dict.fromkeys(d.layer for d in store.damages if d.kind in (None, KIND))
    ]
    found: list[TargetLayer] = []
    for name in dict.fromkeys(entry.layer for entry in entries):
        entry, validity = version_at([e for e in entries if e.layer == name], as_of)
        if (entry.layer, entry.version) in damaged:
            continue
        try:
            found.append(_read(open_layer(store, entry), as_of, validity))
        except _DAMAGE:
            lost.append({"code": "layer_unreadable", "layer": name})
    if not entries and not lost:
        lost.append({"code": "layer_missing"})
    return found, lost


def _read(layer: OpenLayer, as_of: str, validity: str | None) -> TargetLayer:
    """Read all that a table will read, so that damage shows here."""
    index = layer.index
    index.load(np.arange(len(index.piece_feature), dtype=np.int64))
    standing = layer.records.standing(as_of, layer.card.accuracy_m)
    features = [layer.records.feature(row) for row in range(layer.records.count)]
    placeless = [f for f, d in zip(features, index.feature_dimension, strict=True) if d < 0]
    if layer.coverage is not None:
        cover = layer.coverage
        cover.load(np.arange(len(cover.piece_feature), dtype=np.int64))
    _ = layer.rejected_boxes
    return TargetLayer(
        name=layer.card.name,
        open=layer,
        standing=standing,
        validity=validity,
        not_located=tuple(f.name or f.id for f in placeless),
    )


def doubts_within(site: Site, layers: Sequence[TargetLayer], reach_m: float) -> list[dict[str, Any]]:
    """
    Why targets within so many metres of the site may be missing from the layers; empty where they are complete.

    Parameters
    ----------
    site
        The site.
    layers
        From `layers_of_targets`; layers of one theme complete each other.
    reach_m
        Metres beyond the boundary.
    """
    doubts: list[dict[str, Any]] = [{"code": "site_part_rejected"}] if site.rejected_parts else []
    themes: dict[str, list[TargetLayer]] = {}
    for layer in layers:
        themes.setdefault(layer.open.card.theme, []).append(layer)
        if layer.validity is not None:
            doubts.append({"code": layer.validity, "layer": layer.name})
        if layer.not_located:
            names = layer.not_located[:_NAMED]
            doubts.append(
                {"code": "not_located", "layer": layer.name, "count": len(layer.not_located), "names": list(names)}
            )
        rejected = _rejected_near(site, layer, reach_m)
        if rejected:
            doubts.append({"code": "rejected_features", "layer": layer.name, "count": rejected})
    for members in themes.values():
        doubts += _uncovered(site, members, reach_m)
    return doubts


def _uncovered(site: Site, members: Sequence[TargetLayer], reach_m: float) -> list[dict[str, Any]]:
    covers = [
        StatedCover(
            index=layer.open.coverage,
            accuracy_m=layer.open.card.coverage_accuracy_m or 0.0,
            source=layer.open.card.coverage_source or layer.name,
            version=layer.open.card.coverage_version or layer.open.entry.version,
        )
        for layer in members
        if layer.open.coverage is not None
    ]
    a = max(layer.combined(site, max(layer.open.card.accuracy_m, layer.worst_accuracy_m)) for layer in members)
    if covers and pooled_covers(site.geometry, covers, reach_m + a + site.radius_m):
        return []
    code = "partly_outside_coverage" if covers else "coverage_not_stated"
    return [{"code": code, "layer": layer.name} for layer in members]


def _rejected_near(site: Site, layer: TargetLayer, reach_m: float) -> int:
    """Rejected features that may lie within the range: near it by their box, or without a box."""
    margin = reach_m + site.radius_m + layer.combined(site, layer.open.card.accuracy_m)
    window = shapely.box(*widened(bounds_of(site.geometry), margin))
    boxes, coverage = layer.open.rejected_boxes, layer.open.coverage
    if coverage is None or not np.isfinite(coverage.feature_bounds).all():
        return len(boxes)  # then no box is believed (docs/contract/verdict.md §2)
    known = shapely.box(*coverage.feature_bounds[0])
    return sum(
        1
        for box in boxes
        if not np.isfinite(box).all()
        or not shapely.intersects(known, shapely.box(*box))
        or shapely.intersects(window, shapely.box(*box))
    )
