"""The workspace as a certificate saw it: the versions it names and no later ones."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from layers.errors import DamagedVersionError
from layers.workspace.store import VersionEntry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from layers.workspace.address import Place
    from layers.workspace.store import Damage, StoredVersion, WorkspaceStore
    from screening.certificate.certificate import Certificate

__all__ = ["NamedVersions", "named_versions", "replayed"]


@dataclass(frozen=True, kw_only=True)
class NamedVersions:
    """
    What became of the versions that a certificate names.

    Attributes
    ----------
    entries
        Those on which the answer depends, in the order of then: the ones used, and the others that a layer had.
    used
        By layer, the version that answered.
    missing
        By layer, the version that answered and is gone, as far as the certificate knows it.
    rewritten
        Versions of the name that was seen whose checksums are others.
    again
        Layers whose version is gone and stands in another import of the same content: (then, now).
    later
        Versions that came since.
    """

    entries: tuple[VersionEntry, ...]
    used: dict[str, VersionEntry] = field(default_factory=dict)
    missing: dict[str, VersionEntry] = field(default_factory=dict)
    rewritten: tuple[VersionEntry, ...] = ()
    again: tuple[tuple[VersionEntry, VersionEntry], ...] = ()
    later: tuple[VersionEntry, ...] = ()


def named_versions(certificate: Certificate, store: WorkspaceStore) -> NamedVersions:
    """
    Find the versions that a certificate names.

    A version that is gone is stood in for by another import of the same layer whose card states the same content
    digest: the same data imported on another machine, or with its rows in another order.
    """
    digests = {row["name"]: row["content_digest"] for row in certificate.body["workspace"]["layers"]}
    there = {(e.layer, e.version): e for e in store.entries}
    entries: list[VersionEntry] = []
    used: dict[str, VersionEntry] = {}
    missing: dict[str, VersionEntry] = {}
    rewritten, again = [], []
    named = set()
    for row in certificate.observed["versions"]:
        seen = _entry_of(row)
        named.add((seen.layer, seen.version))
        found = there.get((seen.layer, seen.version))
        if found is not None and found.checksums_sha256 != seen.checksums_sha256:
            rewritten.append(found)
        if found is None and row["used"]:
            found = _same_content(store, seen, digests.get(seen.layer))
            if found is None:
                missing[seen.layer] = seen
            else:
                named.add((found.layer, found.version))
                again.append((seen, found))
        now = seen if found is None else replace(found, sequence=seen.sequence)
        entries.append(now)
        if row["used"] and found is not None:
            used[seen.layer] = now
    return NamedVersions(
        entries=tuple(entries),
        used=used,
        missing=missing,
        rewritten=tuple(rewritten),
        again=tuple(again),
        later=tuple(e for e in store.entries if (e.layer, e.version) not in named),
    )


def replayed(store: WorkspaceStore, versions: NamedVersions) -> WorkspaceStore:
    """A store that shows the named versions only, and of what is damaged all but what came later."""
    return cast("WorkspaceStore", _Replay(store, versions))


class _Replay:
    """What a check asks of a store."""

    def __init__(self, store: WorkspaceStore, versions: NamedVersions) -> None:
        self._store = store
        self.entries = versions.entries
        later = {(e.layer, e.version) for e in versions.later}
        self.damages: tuple[Damage, ...] = tuple(d for d in store.damages if (d.layer, d.version) not in later)

    @property
    def root(self) -> Place:
        return self._store.root

    @property
    def required_kinds(self) -> tuple[str, ...]:
        return self._store.required_kinds

    @property
    def region(self) -> str | None:
        return self._store.region

    @property
    def manifest_readable(self) -> bool:
        return self._store.manifest_readable

    def open_version(self, entry: VersionEntry) -> StoredVersion:
        return self._store.open_version(entry)


def _same_content(store: WorkspaceStore, seen: VersionEntry, digest: str | None) -> VersionEntry | None:
    for entry in reversed(store.entries):
        if entry.layer == seen.layer and entry.kind == seen.kind:
            try:
                if store.open_version(entry).card.get("content_digest") == digest:
                    return entry
            except (DamagedVersionError, OSError):
                continue
    return None


def _entry_of(row: Mapping[str, Any]) -> VersionEntry:
    """A version as far as a certificate knows it: enough to choose between versions, not to open one."""
    return VersionEntry(
        layer=row["layer"],
        folder="",
        version=row["version"],
        kind=row["kind"],
        theme=row["theme"],
        role=row["role"],
        data_date=None,
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
        sequence=row["sequence"],
        sha256=None,
        source=None,
        sizes=(),
        checksums_sha256=row["checksums_sha256"],
    )
