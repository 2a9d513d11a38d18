"""The versions of a workspace that answer at a date, opened; and what could not be."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from layers.errors import DamagedVersionError
from layers.model import DEFAULT_REQUIRED_KINDS
from layers.version import OpenLayer, open_layer, version_at
from screening.reasons import Reason
from screening.verdict import Finding
from spatial.overlay.index import DamagedIndexError

if TYPE_CHECKING:
    from layers.workspace.store import VersionEntry, WorkspaceStore

__all__ = ["DAMAGE", "PRIORITY_KINDS", "Loaded", "Lost", "load", "unreadable_findings"]

PRIORITY_KINDS = ("red_lines", "protected_areas", "water_sources", "control_units")
DAMAGE = (DamagedVersionError, DamagedIndexError, OSError)
"""What touching a damaged version raises."""


@dataclass(frozen=True, kw_only=True)
class Lost:
    """A version, or something in the place of one, that could not be read; ``kind`` None makes every kind unknown."""

    layer: str | None
    kind: str | None
    version: str | None
    role: str
    detail: str


@dataclass(kw_only=True)
class Loaded:
    """The versions that answer at the date, opened; and what could not be."""

    as_of: str
    required: tuple[str, ...]
    manifest_readable: bool
    layers: list[tuple[OpenLayer, str | None]] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)

    def lose(self, layer: OpenLayer, trouble: Exception) -> None:
        """Take out a layer that turned out damaged while it was read: it answers nothing any more."""
        self.layers = [pair for pair in self.layers if pair[0] is not layer]
        self.lost.append(_lost(layer.entry, type(trouble).__name__))

    def fresh(self) -> Loaded:
        """As it was loaded, for one site: what is lost while it is judged is lost for it alone."""
        return replace(self, layers=list(self.layers), lost=list(self.lost))

    @property
    def protective(self) -> list[tuple[OpenLayer, str | None]]:
        """The layers that decide."""
        return [pair for pair in self.layers if pair[0].card.role == "protective"]


def load(workspace: WorkspaceStore, as_of: str) -> Loaded:
    """
    Open the version of every layer that answers at a date.

    Use it once for many sites of one date, each judged by `screening.screen.judge`.
    """
    loaded = Loaded(
        as_of=as_of,
        required=workspace.required_kinds if workspace.manifest_readable else DEFAULT_REQUIRED_KINDS,
        manifest_readable=workspace.manifest_readable,
    )
    roles = {(e.layer, e.version): e.role for e in workspace.entries}
    damaged = set()
    for damage in workspace.damages:
        role = roles.get((damage.layer or "", damage.version or ""), "protective")
        damaged.add((damage.layer, damage.version))
        loaded.lost.append(
            Lost(layer=damage.layer, kind=damage.kind, version=damage.version, role=role, detail=damage.code)
        )
    versions: dict[str, list[VersionEntry]] = {}
    for entry in workspace.entries:
        versions.setdefault(entry.layer, []).append(entry)
    for entries in versions.values():
        entry, validity = version_at(entries, as_of)
        if (entry.layer, entry.version) in damaged:
            continue
        try:
            loaded.layers.append((open_layer(workspace, entry), validity))
        except DAMAGE as trouble:
            loaded.lost.append(_lost(entry, type(trouble).__name__))
    return loaded


def _lost(entry: VersionEntry, detail: str) -> Lost:
    return Lost(layer=entry.layer, kind=entry.kind, version=entry.version, role=entry.role, detail=detail)


def unreadable_findings(loaded: Loaded) -> list[Finding]:
    """A finding for every kind that something lost leaves unknown."""
    every = sorted({*loaded.required, *PRIORITY_KINDS, *(layer.card.kind for layer, _ in loaded.protective)})
    found: dict[tuple[str | None, str, str | None], Finding] = {}
    for lost in loaded.lost:
        for kind in every if lost.kind is None else [lost.kind]:
            finding = Finding(
                layer=lost.layer,
                kind=kind,
                theme=kind,
                version=lost.version,
                role=lost.role,
                answer="unknown",
                reasons=(Reason("layer_unreadable", (("detail", lost.detail),)),),
            )
            found.setdefault((lost.layer, kind, lost.version), finding)
    return list(found.values())
