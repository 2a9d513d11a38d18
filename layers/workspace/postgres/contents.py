"""What a schema holds at one moment: its manifest, and how its rows differ from what that names. Reads no blocks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layers.errors import DatabaseRefusedError, NotAWorkspaceError
from layers.workspace.inventory import LAYERS, Inventory, unnamed_damage
from layers.workspace.manifest import MANIFEST, MAX_JSON_BYTES, Manifest, manifest_in
from layers.workspace.postgres.files import DatabaseFiles
from layers.workspace.store import Damage
from layers.workspace.version import read_loose_card

if TYPE_CHECKING:
    from layers.workspace.postgres.link import Link
    from layers.workspace.store import VersionEntry

__all__ = ["Contents", "VersionRow", "contents_of", "manifest_of", "versions_of"]


@dataclass(frozen=True, kw_only=True)
class VersionRow:
    """
    A version as the database has it.

    Attributes
    ----------
    id
        Number of its row.
    folder, version
        As in the manifest.
    published
        Name of the table that a GIS opens; None where there is none.
    """

    id: int
    folder: str
    version: str
    published: str | None

    @property
    def path(self) -> str:
        """Inside the workspace, spelled as in a folder."""
        return f"{LAYERS}/{self.folder}/{self.version}"


@dataclass(frozen=True, kw_only=True)
class Contents:
    """The manifest, or why it cannot be trusted; what is out of place; versions that no manifest names."""

    manifest: Manifest | str
    inventory: Inventory


def contents_of(link: Link) -> Contents:
    """
    Read a schema, all of it at one moment.

    Raises
    ------
    NotAWorkspaceError
        If it has neither the table of the manifest nor that of the versions.
    DatabaseUnreachableError
        If the database cannot be reached.
    """
    with link.reading():
        tables = _tables(link)
        if not tables & {"ws_manifest", "ws_version"}:
            lacks = f"its database has no schema {link.address.schema!r} with the tables of one"
            raise NotAWorkspaceError(path=link.address, lacks=lacks, other="another #NAME")
        manifest = manifest_of(link) if "ws_manifest" in tables else "the table ws_manifest is lost"
        if isinstance(manifest, str):
            return Contents(manifest=manifest, inventory=_damaged("manifest_unreadable", MANIFEST, manifest))
        try:
            with link.attempt():
                return Contents(manifest=manifest, inventory=_inventory(link, tables, manifest))
        except DatabaseRefusedError as error:
            detail = f"the tables of the layers cannot be read: {error.detail}"
            return Contents(manifest=manifest, inventory=_damaged("layers_unreadable", LAYERS, detail))


def _damaged(code: str, path: str, detail: str) -> Inventory:
    damage = Damage(code=code, layer=None, version=None, kind=None, path=path, detail=detail)
    return Inventory(damages=(damage,), leftovers=())


def manifest_of(link: Link) -> Manifest | str:
    """Read the manifest; where it cannot be trusted, give the reason instead."""
    statement = (
        "SELECT octet_length(document), CASE WHEN octet_length(document) <= %s THEN document END "
        "FROM {manifest} LIMIT 2"
    )
    try:
        with link.attempt():
            rows = link.rows(statement, (MAX_JSON_BYTES,))
    except DatabaseRefusedError as error:
        return error.detail
    if len(rows) != 1:
        return f"the table ws_manifest has {'no row' if not rows else 'several rows'}, one was written"
    if rows[0][1] is None:
        return f"{rows[0][0]} bytes; at most {MAX_JSON_BYTES} are read"
    return manifest_in(bytes(rows[0][1]))


def versions_of(link: Link) -> list[VersionRow]:
    """Every version there is, named by the manifest or not."""
    rows = link.rows("SELECT id, folder, version, published FROM {version} ORDER BY folder, version, id")
    return [VersionRow(id=i, folder=str(f), version=str(v), published=p) for i, f, v, p in rows]


def _tables(link: Link) -> set[str]:
    statement = (
        "SELECT c.relname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = %s"
    )
    return {str(name) for (name,) in link.rows(statement, (link.address.schema,))}


def _inventory(link: Link, tables: set[str], manifest: Manifest) -> Inventory:
    versions = versions_of(link) if "ws_version" in tables else []
    files: dict[int, dict[str, int]] = defaultdict(dict)
    if "ws_file" in tables:
        for version, name, number in link.rows("SELECT version, name, id FROM {file}"):
            files[version][str(name)] = number
    sizes: dict[int, int] = {}
    if "ws_block" in tables:  # the lengths alone: the bytes stay where they are
        sizes = dict(link.rows("SELECT file, sum(octet_length(data))::bigint FROM {block} GROUP BY file"))
    else:
        files.clear()
    by_path = {row.path: row for row in versions}
    damages: list[Damage] = []
    for entry in manifest.entries:
        row = by_path.pop(f"{LAYERS}/{entry.folder}/{entry.version}", None)
        damages += _missing(entry, None if row is None else files[row.id], sizes)
    for path, row in sorted(by_path.items()):
        damages.append(unnamed_damage(path, read_loose_card(DatabaseFiles(link, files[row.id], None))))
    return Inventory(damages=tuple(damages), leftovers=tuple(sorted(by_path)))


def _missing(entry: VersionEntry, files: dict[str, int] | None, sizes: dict[int, int]) -> list[Damage]:
    inside = f"{LAYERS}/{entry.folder}/{entry.version}"

    def damage(code: str, path: str, detail: str) -> Damage:
        return Damage(code=code, layer=entry.layer, version=entry.version, kind=entry.kind, path=path, detail=detail)

    if files is None:
        return [damage("version_missing", inside, "the manifest names it")]
    found = []
    for name, size in entry.sizes:
        if name not in files:
            found.append(damage("file_missing", f"{inside}/{name}", "the database has no such file"))
        elif (there := sizes.get(files[name], 0)) != size:
            found.append(damage("file_size", f"{inside}/{name}", f"{there} bytes, {size} were written"))
    return found
