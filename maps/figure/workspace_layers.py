"""The layers of a workspace as a figure draws them: the version of a date, checked, and what of it has no place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from layers.errors import DamagedVersionError
from layers.version import open_layer, version_at
from maps.style import kind_rank
from maps.view import layer_key
from screening.outline import outlines_of
from spatial.crs import WORKING_AREA

if TYPE_CHECKING:
    from layers.card import LayerCard
    from layers.workspace.store import VersionEntry, WorkspaceStore
    from screening.overlap import LayerOutline

__all__ = ["LostLayer", "WorkspaceLayer", "WorkspaceLayers", "workspace_layers"]

_ALL = 10**12


@dataclass(frozen=True, kw_only=True)
class WorkspaceLayer:
    """
    One layer at a date.

    Attributes
    ----------
    outline
        Its features with geometry, in the order of their rows, and its coverage; EPSG:4490.
    card
        What is known of the version.
    validity
        The reason why the version cannot answer for the date, if there is one.
    ids
        Ids of all features by row, those without geometry too.
    ended
        Ids of features that are not in force at the date.
    """

    outline: LayerOutline
    card: LayerCard
    validity: str | None
    ids: tuple[str, ...]
    ended: frozenset[str]

    @property
    def key(self) -> str:
        """Of share links."""
        return layer_key(self.outline.layer)

    @property
    def without_place(self) -> int:
        """How many features nobody can draw: declared without a geometry."""
        return len(self.ids) - len(self.outline.features)


@dataclass(frozen=True, kw_only=True)
class LostLayer:
    """A layer, or all that a workspace no longer knows of (``layer`` None), that cannot be drawn; ``code`` says why."""

    layer: str | None
    kind: str | None
    code: str


@dataclass(frozen=True, kw_only=True)
class WorkspaceLayers:
    """The layers of a workspace at a date, the strictest first, and what could not be read."""

    as_of: str
    layers: tuple[WorkspaceLayer, ...]
    lost: tuple[LostLayer, ...]


def workspace_layers(store: WorkspaceStore, *, as_of: str) -> WorkspaceLayers:
    """
    All layers of a workspace as a figure draws them.

    Nothing is judged. A layer whose files are not what was written is not drawn in part: it is among ``lost``, and the
    figure says so.

    Parameters
    ----------
    store
        The workspace.
    as_of
        ISO date for which versions and features are chosen.
    """
    by_name: dict[str, list[VersionEntry]] = {}
    for entry in store.entries:
        by_name.setdefault(entry.layer, []).append(entry)
    found: list[WorkspaceLayer] = []
    lost: list[LostLayer] = []
    for name, entries in by_name.items():
        entry, validity = version_at(entries, as_of)
        try:
            found.append(_layer(store, entry, validity, as_of))
        except (DamagedVersionError, OSError):
            lost.append(LostLayer(layer=name, kind=entry.kind, code="layer_unreadable"))
    if not store.manifest_readable:
        lost.append(LostLayer(layer=None, kind=None, code="manifest_unreadable"))
    for damage in store.damages:
        if damage.layer is None and damage.code != "manifest_unreadable":
            lost.append(LostLayer(layer=None, kind=damage.kind, code=damage.code))
        elif damage.layer is not None and damage.layer not in by_name:
            lost.append(LostLayer(layer=damage.layer, kind=damage.kind, code=damage.code))
    found.sort(key=lambda one: (one.card.role != "protective", kind_rank(one.card.kind), one.outline.layer))
    return WorkspaceLayers(as_of=as_of, layers=tuple(found), lost=tuple(dict.fromkeys(lost)))


def _layer(store: WorkspaceStore, entry: VersionEntry, validity: str | None, as_of: str) -> WorkspaceLayer:
    opened = open_layer(store, entry)
    card, records = opened.card, opened.records
    asked = {
        "name": entry.layer,
        "version": entry.version,
        "kind": card.kind,
        "role": card.role,
        "data_date": card.data_date,
        "source": card.source,
        "restricted": card.restricted,
        "synthetic": card.synthetic,
        "indicative": card.indicative,
    }
    everywhere = shapely.box(*WORKING_AREA)
    outline, *_ = outlines_of({"layers": [asked]}, store, site=everywhere, most_vertices=_ALL)
    if "not_drawn_damaged" in outline.notes:
        raise DamagedVersionError(entry=entry, file="features.gpkg", block=None, detail="it cannot be read whole")
    in_force = records.standing(as_of, card.accuracy_m).in_force
    ids = tuple(records.feature(row).id for row in range(records.count))
    return WorkspaceLayer(
        outline=outline,
        card=card,
        validity=validity,
        ids=ids,
        ended=frozenset(ids[row] for row in np.flatnonzero(~in_force)),
    )
