"""What answers a batch of sites: the layers of a workspace, open, and one function from sites to rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import shapely

from layers.workspace import FolderStore
from screening.batch.intake import Taken
from screening.batch.row import refused_row, row_of
from screening.batch.table import rows_table, sites_in
from screening.loaded import Loaded, load
from screening.screen import judge
from spatial import boundaries
from spatial.errors import SpatialError

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from layers.workspace.store import WorkspaceStore
    from screening.batch.table import NumberedSite

__all__ = ["Desk", "layers_of"]


def layers_of(store: WorkspaceStore) -> list[list[str]]:
    """The layers of a workspace as a batch remembers them: name, version, digest of its checksums."""
    return sorted([e.layer, e.version, e.checksums_sha256] for e in store.entries)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """
    A workspace opened once for many sites of one date.

    Every process that answers a batch has one of its own: this process, a worker, a task of a cluster.
    """

    loaded: Loaded
    layers: list[list[str]]
    """What `layers_of` said of the workspace when it was opened."""

    @classmethod
    def opened(cls, workspace: Path, as_of: str) -> Self:
        """Open the layers that answer at an ISO date."""
        store = FolderStore.open(workspace)
        return cls(loaded=load(store, as_of), layers=layers_of(store))

    def rows(self, sites: pa.Table) -> pa.Table:
        """
        The rows of some sites.

        Parameters
        ----------
        sites
            Of `screening.batch.table.site_schema`.

        Returns
        -------
        rows
            Of `screening.batch.table.row_schema`, one for each site, in its order, whatever other sites stand beside
            it. A site that cannot be judged has a row with its reason; no row stops another.
        """
        geometries = sites.column("geometry").to_pylist()
        return rows_table((self._row(one), wkb) for one, wkb in zip(sites_in(sites), geometries, strict=True))

    def _row(self, one: NumberedSite) -> dict[str, Any]:
        try:
            verdict = judge(one.site, self.loaded)
            return row_of(one.number, one.id, verdict, _district(shapely.centroid(one.site.geometry)))
        except Exception as trouble:  # noqa: BLE001 - one bad row never stops the rest: it is listed with its reason
            code, text = type(trouble).__name__, str(trouble)
            refused = Taken(number=one.number, id=one.id, name=one.site.name, site=None, code=code, trouble=text)
            return refused_row(refused, self.loaded.as_of)


def _district(middle: Any) -> tuple[str | None, str | None]:
    """Code and name of the district of a point; none where the boundaries do not tell."""
    try:
        codes = boundaries.districts_at(middle.x, middle.y)
        names = boundaries.place_names()
    except (SpatialError, ValueError):
        return None, None
    return (codes[0], names.get(codes[0])) if codes else (None, None)
