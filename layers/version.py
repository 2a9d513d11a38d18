"""One layer version, opened for screening: card, records, geometry, coverage. Bytes are checked on touch."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from layers.card import LayerCard
from layers.records import Records
from spatial.overlay.index import GeometryIndex

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from layers.workspace.store import StoredVersion, VersionEntry, WorkspaceStore

__all__ = ["OpenLayer", "open_layer", "version_at"]

_OPENED = "_opened_layers"
"""Name under which a store keeps the layers that were opened from it."""


class OpenLayer:
    """A version of a layer; every property may raise ``DamagedVersionError`` when its bytes differ."""

    def __init__(self, stored: StoredVersion) -> None:
        self.stored = stored
        self.entry: VersionEntry = stored.entry
        self.card = LayerCard.from_dict(stored.card)
        self.records = Records(stored.array)
        self.index = GeometryIndex(stored.array)

    @cached_property
    def coverage(self) -> GeometryIndex | None:
        """The stated coverage as an index of one feature; None where none is stated."""
        return None if self.card.coverage_kind is None else GeometryIndex(self.stored.array, "coverage/")

    @cached_property
    def rejected_boxes(self) -> NDArray[np.float64]:
        """(k, 4) boxes of the rejected features that nobody accepted; NaN where a feature has no box."""
        boxes = np.asarray(self.stored.array("rejected/box")[:]).reshape(-1, 4)
        return np.asarray(boxes[np.asarray(self.stored.array("rejected/accepted")[:]) == 0], dtype=np.float64)


def open_layer(store: WorkspaceStore, entry: VersionEntry) -> OpenLayer:
    """
    Open one version; raises ``DamagedVersionError``.

    A store opens a version once: what was read and checked of it is there for whoever asks the same store next, and
    gone with the store. What changes on the disk after it was read can do no harm, as long as it is not read again.
    """
    opened: dict[VersionEntry, OpenLayer] = vars(store).setdefault(_OPENED, {})
    if entry not in opened:
        opened[entry] = OpenLayer(store.open_version(entry))
    return opened[entry]


def version_at(entries: list[VersionEntry], as_of: str) -> tuple[VersionEntry, str | None]:
    """
    The version of one layer that answers at a date, and the reason why it can give no ``clear``, if there is one.

    The latest ``valid_from`` not after ``as_of``, of equal ones the last imported; if none qualifies, or a version has
    no date, the last imported with the reason ``not_valid_yet`` or ``date_missing``; past its end ``layer_expired``.

    Parameters
    ----------
    entries
        All versions of one layer, at least one.
    as_of
        ISO date.
    """
    last = max(entries, key=lambda e: e.sequence)
    if any(e.valid_from is None for e in entries):
        return last, "date_missing"
    started = [e for e in entries if (e.valid_from or "") <= as_of]
    if not started:
        return last, "not_valid_yet"
    chosen = max(started, key=lambda e: (e.valid_from or "", e.sequence))
    if chosen.valid_until is not None and chosen.valid_until < as_of:
        return chosen, "layer_expired"
    return chosen, None
