"""Two states of a workspace compared: what differs, layer by layer, and whom it can reach."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from layers.version import OpenLayer, open_layer
from screening.loaded import DAMAGE
from screening.register.changes import Change, LayerDifference
from screening.register.difference import difference_of, read_whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from layers.workspace.store import WorkspaceStore

__all__ = ["Comparison", "compared", "engine", "layer_of", "meeting"]

VALIDITY = frozenset({"date_missing", "not_valid_yet", "layer_expired"})


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """
    What differs between two states.

    Attributes
    ----------
    changes
        All of them; those without a box reach every site.
    layers
        By place in the list of layers: the boxes in which features and coverage differ.
    """

    changes: tuple[Change, ...]
    layers: tuple[LayerDifference, ...]

    @property
    def everywhere(self) -> tuple[Change, ...]:
        """The changes for which every site is run again."""
        return tuple(change for change in self.changes if change.box is None)

    def reached(self, windows: NDArray[np.float64]) -> NDArray[np.bool_]:
        """
        Which sites a change may alter.

        Parameters
        ----------
        windows
            (sites, layers, 2, 4), as `screening.register.windows.windows_of` gives them.
        """
        found = np.zeros(len(windows), dtype=bool)
        if self.everywhere:
            return ~found
        for place, layer in enumerate(self.layers):
            found |= meeting(windows[:, place, 0], layer.boxes)
            found |= meeting(windows[:, place, 1], layer.cover_boxes)
        return found


@cache
def engine() -> str:
    """What a verdict depends on besides the workspace: versions of the program and of the libraries that measure."""
    from importlib.metadata import version

    import pyproj

    parts = ("sanxian", version("sanxian")), ("GEOS", shapely.geos_version_string), ("shapely", shapely.__version__)
    more = ("PROJ", pyproj.proj_version_str), ("pyproj", pyproj.__version__), ("numpy", np.__version__)
    return " ".join(f"{name}/{number}" for name, number in (*parts, *more))


def compared(
    before: dict[str, Any],
    after: dict[str, Any],
    store: WorkspaceStore,
    *,
    engines: tuple[str, str],
    largest_site_m2: float,
) -> Comparison:
    """
    Compare the shared parts of two documents and the layer versions they name.

    Parameters
    ----------
    before, after
        Shared parts (`screening.register.documents.parted`).
    store
        In which both states' versions are looked for; a version that is pruned or damaged leaves nothing to compare,
        and then every site is reached.
    engines
        `engine` then and now.
    largest_site_m2
        See `screening.register.difference.difference_of`.
    """
    changes: list[Change] = []
    if engines[0] != engines[1]:
        changes.append(Change(code="program_changed", facts={"before": engines[0], "after": engines[1]}))
    if before["required_kinds"] != after["required_kinds"]:
        facts = {"before": before["required_kinds"], "after": after["required_kinds"]}
        changes.append(Change(code="required_kinds_changed", facts=facts))
    changes += _layer_list(before, after) + _warnings(before, after)
    old = {layer["name"]: layer for layer in before["layers"]}
    layers = []
    for layer in after["layers"]:
        found = LayerDifference()
        if layer["name"] in old:
            found = _layer(old[layer["name"]], layer, store, (before["as_of"], after["as_of"]), largest_site_m2)
        layers.append(found)
        changes += found.changes
    if not any(change.code in {"version_gone", "layer_unreadable"} for change in changes):
        changes += _pooling(before, after, store)
    return Comparison(changes=tuple(changes), layers=tuple(layers))


def layer_of(store: WorkspaceStore, summary: dict[str, Any]) -> OpenLayer | None:
    """The open version that a shared part names; None where it is gone. Raises ``DamagedVersionError``."""
    name, version = summary["name"], summary["version"]
    entry = next((e for e in store.entries if e.layer == name and e.version == version), None)
    return None if entry is None else open_layer(store, entry)


def meeting(windows: NDArray[np.float64], boxes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which windows meet any of some boxes, both (n, 4); touching counts."""
    found = np.zeros(len(windows), dtype=bool)
    rows = np.flatnonzero(np.isfinite(windows).all(axis=1))
    if len(boxes) and len(rows):
        around: Any = shapely.box(*boxes.T)
        hit, _ = shapely.STRtree(around).query(shapely.box(*windows[rows].T))
        found[rows[np.unique(hit)]] = True
    return found


def _layer_list(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    keys = ("name", "kind", "role", "theme")
    lists = [[tuple(layer[k] for k in keys) for layer in shared["layers"]] for shared in (before, after)]
    if lists[0] == lists[1]:
        return []
    kinds = [{layer["name"]: layer["kind"] for layer in shared["layers"]} for shared in (before, after)]
    found = [Change(code="layer_added", layer=n, kind=k) for n, k in kinds[1].items() if n not in kinds[0]]
    found += [Change(code="layer_removed", layer=n, kind=k) for n, k in kinds[0].items() if n not in kinds[1]]
    old = {row[0]: row for row in lists[0]}
    for row in lists[1]:
        fields = [k for k, a, b in zip(keys, old.get(row[0], row), row, strict=True) if a != b]
        found += [Change(code="card_changed", layer=row[0], kind=row[1], facts={"fields": fields})] if fields else []
    return found or [Change(code="card_changed", facts={"fields": ["order"]})]


def _warnings(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    if before["warnings"] == after["warnings"]:
        return []
    found = []
    sides = [{w["layer"]: w["code"] for w in shared["warnings"] if w["code"] in VALIDITY} for shared in (before, after)]
    for layer in sorted(sides[0].keys() | sides[1].keys()):
        codes = sides[0].get(layer), sides[1].get(layer)
        if codes[0] != codes[1]:
            found.append(Change(code="validity_changed", layer=layer, facts={"before": codes[0], "after": codes[1]}))
    found += [
        Change(code="layer_unreadable", layer=warning["layer"], kind=warning["kind"])
        for warning in after["warnings"]
        if warning["code"] == "layer_unreadable" and warning not in before["warnings"]
    ]
    return found or [Change(code="warnings_changed")]


def _layer(
    before: dict[str, Any], after: dict[str, Any], store: WorkspaceStore, days: tuple[str, str], largest_site_m2: float
) -> LayerDifference:
    name, kind = after["name"], after["kind"]
    try:
        new = layer_of(store, after)
        if new is None:
            raise FileNotFoundError(name)
        read_whole(new)
    except DAMAGE:  # nothing that was said of this layer holds without being asked again
        return LayerDifference(changes=(Change(code="layer_unreadable", layer=name, kind=kind),))
    if before["version"] == after["version"] and days[0] == days[1]:
        return LayerDifference()
    gone = Change(code="version_gone", layer=name, kind=kind, facts={"version": before["version"]})
    try:
        old = layer_of(store, before)
        if old is None or any(damage.layer == name and damage.version == before["version"] for damage in store.damages):
            return LayerDifference(changes=(gone,))
        return difference_of(old, new, before=days[0], after=days[1], largest_site_m2=largest_site_m2)
    except DAMAGE:
        return LayerDifference(changes=(gone,))


def _pooling(before: dict[str, Any], after: dict[str, Any], store: WorkspaceStore) -> list[Change]:
    """Kinds whose coverages count as one where they did not, or no more: those of one source and version are united."""
    found = []
    sides = [_sources(shared, store) for shared in (before, after)]
    for kind in sides[0].keys() & sides[1].keys():
        one, other = sides[0][kind], sides[1][kind]
        if len(one) > 1 and [one.index(key) for key in one] != [other.index(key) for key in other]:
            found.append(Change(code="pooling_changed", kind=kind))
    return found


def _sources(shared: dict[str, Any], store: WorkspaceStore) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for summary in shared["layers"]:
        layer = layer_of(store, summary) if summary["role"] == "protective" else None
        if layer is not None and layer.coverage is not None:
            card = layer.card
            key = card.coverage_source or card.name, card.coverage_version or layer.entry.version
            found.setdefault(card.kind, []).append(key)
    return found
