"""A workspace in a schema of PostgreSQL: manifest, files and digests as in a folder, changed by transactions."""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import replace as changed
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layers.errors import LayerExistsError, ManifestUnreadableError, VersionUnreachableError, WorkspaceError
from layers.workspace.address import DatabaseAddress
from layers.workspace.canonical_json import canonical_json
from layers.workspace.changes import folder_for, number_after
from layers.workspace.lock import LOCK_TIMEOUT_S
from layers.workspace.manifest import Manifest, decode_manifest, encode_manifest, is_version_name
from layers.workspace.names import normal_ext, normal_layer_name
from layers.workspace.postgres.contents import Contents, contents_of, manifest_of, versions_of
from layers.workspace.postgres.files import DatabaseFiles, PostgresVersion
from layers.workspace.postgres.filling import put_source, put_version, sha256_of_source, source_pieces
from layers.workspace.postgres.link import Link
from layers.workspace.postgres.published import drop_published
from layers.workspace.postgres.tables import lock_key, make_tables, pieces_of
from layers.workspace.store import Damage, VersionEntry
from layers.workspace.verifying import every_damage
from layers.workspace.version import write_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy as np

    from layers.workspace.store import WorkspaceStore

__all__ = ["PostgresStore"]


class PostgresStore:
    """
    Versions of layers in a schema of a PostgreSQL database with PostGIS (`WorkspaceStore`).

    Use it where several people share a workspace. Opening and reading never write:
    the right to read the tables is enough. A store is a picture of the moment it was
    opened or last wrote. Screening reads the digested blocks, of which only those
    that a site touches are fetched; the tables of features beside them are a copy
    for QGIS and ArcGIS. Not safe: editing the tables ``ws_*`` by hand, which makes
    answers ``unknown``.

    Raises
    ------
    DatabaseDriverError
        If psycopg is not installed.
    DatabaseUnreachableError, DatabaseRefusedError
        From any method but `open_version` and what it gives, which raise
        ``VersionUnreachableError`` (a ``DamagedVersionError``).
    """

    def __init__(self, address: DatabaseAddress, *, lock_timeout_s: float) -> None:
        self._address = address
        self._lock_timeout_s = lock_timeout_s
        self._link = Link(address)
        self._contents: Contents = contents_of(self._link)

    @classmethod
    def create(
        cls,
        address: DatabaseAddress | str,
        *,
        required_kinds: Sequence[str],
        region: str | None,
        lock_timeout_s: float = LOCK_TIMEOUT_S,
    ) -> PostgresStore:
        """
        Make an empty workspace in a new or empty schema of a database that is there.

        Parameters
        ----------
        address
            The database and the schema.
        required_kinds
            Kinds without which an answer is not complete, each once.
        region
            What the workspace is for, in the caller's words.
        lock_timeout_s
            Seconds to wait for another writer.

        Raises
        ------
        WorkspaceExistsError
            If anything is in the schema.
        ValueError
            If a kind is blank or named twice.
        """
        kinds = tuple(required_kinds)
        if isinstance(required_kinds, str) or not all(kinds) or len(set(kinds)) != len(kinds):
            raise ValueError(f"required kinds are names, each once: {required_kinds!r}")
        where = _address(address)
        link = Link(where)
        with link.writing(lock_key(where.schema), timeout_s=lock_timeout_s):
            make_tables(link, encode_manifest(Manifest(required_kinds=kinds, region=region, sequence=0, entries=())))
        return cls(where, lock_timeout_s=lock_timeout_s)

    @classmethod
    def open(cls, address: DatabaseAddress | str, *, lock_timeout_s: float = LOCK_TIMEOUT_S) -> PostgresStore:
        """
        Open a workspace, whatever has become of it; damage is listed in `damages`.

        Raises
        ------
        NotAWorkspaceError
            If the schema has neither the table of the manifest nor that of the versions.
        """
        return cls(_address(address), lock_timeout_s=lock_timeout_s)

    @property
    def root(self) -> DatabaseAddress:
        """Where the workspace lies; its text has no password."""
        return self._address

    @property
    def name(self) -> str:
        """The schema's name."""
        return self._address.schema

    @property
    def manifest_readable(self) -> bool:
        """Whether the manifest is what was written; if not, every kind is unknown."""
        return self._manifest is not None

    @property
    def manifest(self) -> Manifest | None:
        """What the row of the list says; None where it is unreadable."""
        return self._manifest

    @property
    def required_kinds(self) -> tuple[str, ...]:
        """Kinds as stated at `create`; empty where the manifest is unreadable."""
        return self._manifest.required_kinds if self._manifest else ()

    @property
    def region(self) -> str | None:
        """The region as stated at `create`; None where the manifest is unreadable."""
        return self._manifest.region if self._manifest else None

    @property
    def entries(self) -> tuple[VersionEntry, ...]:
        """Every version, in the order of import; empty where the manifest is unreadable."""
        return self._manifest.entries if self._manifest else ()

    @property
    def damages(self) -> tuple[Damage, ...]:
        """What was found lost or out of place when the store was opened or last wrote."""
        return self._contents.inventory.damages

    def leftovers(self) -> tuple[str, ...]:
        """Versions in the tables that no manifest names; `prune` removes them."""
        return self._contents.inventory.leftovers

    @property
    def breaks(self) -> int:
        """How often the database could not be reached, or the connection broke, since the store was opened."""
        return self._link.breaks

    def open_version(self, entry: VersionEntry) -> PostgresVersion:
        """
        Open a version for reading.

        Raises
        ------
        DamagedVersionError
            If its checksums or its card are not what was written, or the database does not give them.
        """
        statement = (
            "SELECT f.name, f.id FROM {version} v JOIN {file} f ON f.version = v.id "
            "WHERE v.folder = %s AND v.version = %s"
        )
        try:
            ids = {str(name): int(number) for name, number in self._link.rows(statement, (entry.folder, entry.version))}
        except WorkspaceError as error:
            detail = str(getattr(error, "detail", error))
            raise VersionUnreachableError(entry=entry, file="checksums.json", detail=detail) from error
        return PostgresVersion(DatabaseFiles(self._link, ids, entry), entry)

    def source_pieces(self, name: str) -> Iterator[bytes]:
        """What the database holds of an imported file, as it is; raises OSError where it cannot be read."""
        try:
            yield from source_pieces(self._link, name)
        except WorkspaceError as error:
            raise OSError(str(error)) from error

    def records(self) -> tuple[bytes, ...]:
        """What the register of checked sites holds, as it is; raises OSError where it cannot be read."""
        try:
            rows = self._link.rows("SELECT data FROM {register} ORDER BY number")
        except WorkspaceError as error:
            raise OSError(str(error)) from error
        return (b"".join(bytes(data) for (data,) in rows),) if rows else ()

    def verify(self) -> tuple[Damage, ...]:
        """Check every byte of every version and source; what is found, `damages` included."""
        return every_damage(self, lambda name: sha256_of_source(self._link, name))

    def write_version(
        self,
        *,
        layer: str,
        kind: str,
        theme: str,
        role: str,
        data_date: str | None,
        valid_from: str | None,
        valid_until: str | None,
        card: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray[Any, Any]],
        files: Mapping[str, Path | bytes],
        source: tuple[bytes | Path, str] | None,
        replace: bool,
    ) -> VersionEntry:
        """
        Add a version and its published table, whole or not at all; parameters as of `FolderStore.write_version`.

        Raises
        ------
        LayerExistsError
            If the layer is there and ``replace`` is false.
        WorkspaceBusyError
            If another program is writing.
        ManifestUnreadableError
            If the list of layers is damaged.
        ValueError, TypeError
            If a name, the card or an array cannot be stored.
        """
        layer = normal_layer_name(layer)
        if card.get("kind", kind) != kind:
            raise ValueError(f"the card says kind {card['kind']!r}, not {kind!r}")
        ext = "" if source is None else normal_ext(source[1])
        own: dict[str, Any] = {"kind": kind, "theme": theme, "role": role, "data_date": data_date}
        own |= {"valid_from": valid_from, "valid_until": valid_until, "sha256": None, "source": None}
        with self._changing() as manifest, tempfile.TemporaryDirectory(prefix="sanxian-") as folder:
            if not replace and any(entry.layer == layer for entry in manifest.entries):
                raise LayerExistsError(path=self._address, layer=layer)
            staged = Path(folder)
            sizes, own["checksums_sha256"] = write_files(staged, card=card, arrays=arrays, files=files, durable=False)
            own["sizes"] = tuple(sorted(sizes.items()))
            if source is not None:
                own["sha256"], own["source"] = self._keep_source(source[0], ext)
            content = hashlib.sha256(canonical_json({**own, "layer": layer})).hexdigest()
            present = versions_of(self._link)
            inside = folder_for(manifest, layer, present=[row.folder for row in present])
            number = number_after(manifest, inside, present=[r.version for r in present if r.folder == inside])
            entry = VersionEntry(
                **own,
                layer=layer,
                folder=inside,
                version=f"v{number:04d}-{content[:8]}",
                sequence=manifest.sequence + 1,
            )
            put_version(self._link, entry, staged, card)
            self._put_manifest(changed(manifest, sequence=entry.sequence, entries=(*manifest.entries, entry)))
        return entry

    def prune(self, keep: Callable[[VersionEntry], bool]) -> tuple[VersionEntry, ...]:
        """
        Remove versions that ``keep`` is false for, leftovers, and sources nothing refers to; their tables with them.

        Returns
        -------
        removed
            The versions that are no longer listed.

        Raises
        ------
        DatabaseRefusedError
            If something depends on a published table; nothing is removed then.
        WorkspaceBusyError, ManifestUnreadableError
            As for `write_version`.
        """
        with self._changing() as manifest:
            kept = tuple(entry for entry in manifest.entries if keep(entry))
            removed = tuple(entry for entry in manifest.entries if entry not in kept)
            if removed:
                self._put_manifest(changed(manifest, entries=kept))
            named = {(entry.folder, entry.version) for entry in kept}
            for row in versions_of(self._link):
                if (row.folder, row.version) not in named and is_version_name(row.version):
                    drop_published(self._link, row.published)
                    self._link.rows("DELETE FROM {version} WHERE id = %s", (row.id,))
            wanted = [entry.source for entry in kept if entry.source is not None]
            self._link.rows("DELETE FROM {source} WHERE name <> ALL(%s)", (wanted,))
        return removed

    @property
    def _manifest(self) -> Manifest | None:
        found = self._contents.manifest
        return None if isinstance(found, str) else found

    @contextmanager
    def _changing(self) -> Iterator[Manifest]:
        """Hold the lock and a transaction; give the manifest, read anew since others may have written."""
        try:
            with self._link.writing(lock_key(self._address.schema), timeout_s=self._lock_timeout_s):
                yield self._manifest_to_change()
        except BaseException:
            with suppress(WorkspaceError):  # what went wrong is said by the first error
                self._contents = contents_of(self._link)
            raise
        self._contents = contents_of(self._link)

    def _manifest_to_change(self) -> Manifest:
        manifest = manifest_of(self._link)
        if isinstance(manifest, str):
            raise ManifestUnreadableError(path=self._address, detail=manifest)
        return manifest

    def _put_manifest(self, manifest: Manifest) -> None:
        document = encode_manifest(manifest)
        decode_manifest(document)  # what could not be read back is refused
        self._link.rows("UPDATE {manifest} SET document = %s", (document,))

    def _keep_source(self, content: bytes | Path, ext: str) -> tuple[str, str]:
        """Copy imported bytes into the database, unless an intact copy is there."""
        digest = hashlib.sha256()
        for data in pieces_of(content):
            digest.update(data)
        sha256 = digest.hexdigest()
        name = f"{sha256}.{ext}"
        if sha256_of_source(self._link, name) != sha256:
            put_source(self._link, name, pieces_of(content))
        return sha256, name


if TYPE_CHECKING:
    _conforms: type[WorkspaceStore] = PostgresStore


def _address(where: DatabaseAddress | str) -> DatabaseAddress:
    return DatabaseAddress.parse(where) if isinstance(where, str) else where
