"""What answers a batch of sites: the layers of a workspace, open, and one function from sites to rows."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np
import shapely

from layers.errors import DatabaseUnreachableError
from layers.workspace import open_workspace
from screening.batch.crowd import Crowd
from screening.batch.ground import LayerGround
from screening.batch.intake import Taken
from screening.batch.judging import districts_at_middles, judge_many
from screening.batch.row import COLUMNS, refused_row, row_of
from screening.batch.table import row_schema, sites_in
from screening.loaded import Loaded, load
from screening.screen import judge

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa
    from numpy.typing import NDArray

    from layers.workspace.address import Place
    from layers.workspace.store import WorkspaceStore
    from screening.batch.judging import Cells
    from screening.batch.table import NumberedSite

__all__ = ["Desk", "layers_of", "patiently"]

_T = TypeVar("_T")
_PATIENCE_S = (0.5, 2.0, 5.0, 10.0)
"""Seconds between attempts to reach a database: about what it takes to start it anew."""


def layers_of(store: WorkspaceStore) -> list[list[str]]:
    """The layers of a workspace as a batch remembers them: name, version, digest of its checksums."""
    return sorted([e.layer, e.version, e.checksums_sha256] for e in store.entries)


def patiently(ask: Callable[[], _T]) -> _T:
    """
    Ask a database, and again for some seconds where it does not answer.

    Use it where what was not read must not become a row: a batch keeps its rows, and one site is asked again anyway.

    Raises
    ------
    DatabaseUnreachableError
        If it stays so.
    """
    for pause in _PATIENCE_S:
        try:
            return ask()
        except DatabaseUnreachableError:
            time.sleep(pause)
    return ask()


@dataclass(frozen=True, kw_only=True)
class Desk:
    """
    A workspace opened once for many sites of one date.

    Every process that answers a batch has one of its own: this process, a worker, a task of a cluster.
    """

    loaded: Loaded
    layers: list[list[str]]
    """What `layers_of` said of the workspace when it was opened."""
    one_by_one: bool = False
    """Whether every site is asked alone, as `sanxian check` does: slow, and what the rest is compared to."""
    store: WorkspaceStore | None = field(default=None, repr=False)
    """Where the layers lie; tells whether that place answered all the time."""
    threads: int = 1
    """Layers asked at once, and where they are fewer the threads of each; the rows are the same."""
    _grounds: list[tuple[LayerGround, str | None]] = field(default_factory=list, repr=False)

    @classmethod
    def opened(cls, workspace: Place, as_of: str, *, one_by_one: bool = False, threads: int = 1) -> Self:
        """
        Open the layers that answer at an ISO date.

        Parameters
        ----------
        workspace
            Folder or address.
        as_of
            ISO date.
        one_by_one
            Whether every site is asked alone.
        threads
            How many work at once, for a process that has several cores to itself: each at a layer, or several at one
            where there are fewer layers. A database is asked by one.

        Raises
        ------
        DatabaseUnreachableError
            If the database of the workspace does not answer for some seconds.
        """
        own = threads if isinstance(workspace, Path) else 1
        return patiently(lambda: cls._opened(workspace, as_of, one_by_one=one_by_one, threads=own))

    @classmethod
    def _opened(cls, workspace: Place, as_of: str, *, one_by_one: bool, threads: int) -> Self:
        store = open_workspace(workspace)
        desk = cls(
            loaded=load(store, as_of), layers=layers_of(store), one_by_one=one_by_one, store=store, threads=threads
        )
        desk._require_unbroken(0)  # a layer that was not given now would be lost to every site
        return desk

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

        Raises
        ------
        DatabaseUnreachableError
            If the database of the workspace does not answer for some seconds. What could not be asked is no row: a
            layer is ``unknown`` in rows where what the database gives is not what was written.
        """
        return patiently(lambda: self._rows(sites))

    def _rows(self, sites: pa.Table) -> pa.Table:
        import pyarrow as pa

        before = self._breaks
        crowd = Crowd.of(sites, self.loaded.as_of)
        cells: Cells = {
            c.name: np.full(
                len(crowd), np.nan if c.type == "number" else None, dtype=float if c.type == "number" else object
            )
            for c in COLUMNS
        }
        alone = np.ones(len(crowd), dtype=bool)
        if not self.one_by_one:
            together = np.flatnonzero(crowd.plain)
            found = self._together(crowd.some(together)) if len(together) else None
            self._require_unbroken(before)
            if found is not None:
                for name, values in found.cells.items():
                    cells[name][together] = values
                alone[together] = found.alone
        rows = np.flatnonzero(alone)
        for row, one in zip(rows, sites_in(sites.take(pa.array(rows, pa.int64()))), strict=True):
            for name, value in self._row(one).items():
                cells[name][row] = value
            self._require_unbroken(before)
        return _table(cells, sites)

    @property
    def _breaks(self) -> int:
        return 0 if self.store is None else self.store.breaks

    def _require_unbroken(self, before: int) -> None:
        """Raise where the workspace did not answer since then: what was found may be less than what is there."""
        if self.store is not None and self.store.breaks > before:
            assert not isinstance(self.store.root, Path)
            raise DatabaseUnreachableError(path=self.store.root, detail="it broke off while sites were judged")

    def _together(self, crowd: Crowd) -> Any:
        """All rows at once; None where something fails, damaged layers above all: each site is asked alone then."""
        try:
            return judge_many(crowd, self.loaded, self._opened_grounds(), threads=self.threads)
        except Exception:  # noqa: BLE001 - damage, or one site that the geometry engine refuses: each is told what it is
            return None

    def _opened_grounds(self) -> list[tuple[LayerGround, str | None]]:
        if not self._grounds:  # all of them or none: with one left out, a damaged layer would answer nothing
            layers = self.loaded.protective
            each = max(1, self.threads // max(1, len(layers)))  # what layers leave over
            self._grounds.extend(
                [(LayerGround(layer, self.loaded.as_of, threads=each), validity) for layer, validity in layers]
            )
        return self._grounds

    def make_ready(self) -> None:
        """
        Read what a first question would read, layer by layer or several at once, as ``threads`` says.

        Use it while the sites are still being read. What is damaged is left for the questions to find.
        """
        if self.one_by_one:
            return
        with suppress(Exception), ThreadPoolExecutor(self.threads) as pool:
            for ground, _ in self._opened_grounds():
                pool.submit(ground.make_ready)

    def _row(self, one: NumberedSite) -> dict[str, Any]:
        try:
            verdict = judge(one.site, self.loaded)
            codes, names = districts_at_middles(shapely.get_coordinates(shapely.centroid(one.site.geometry)))
            return row_of(one.number, one.id, verdict, (codes[0], names[0]))
        except Exception as trouble:  # noqa: BLE001 - one bad row never stops the rest: it is listed with its reason
            code, text = type(trouble).__name__, str(trouble)
            refused = Taken(number=one.number, id=one.id, name=one.site.name, site=None, code=code, trouble=text)
            return refused_row(refused, self.loaded.as_of)


def _table(cells: Cells, sites: pa.Table) -> pa.Table:
    import pyarrow as pa

    schema = row_schema()
    arrays = []
    for column in COLUMNS:
        values: NDArray[Any] = cells[column.name]
        mask = np.isnan(values) if column.type == "number" else None
        arrays.append(pa.array(values, schema.field(column.name).type, mask=mask))
    geometry = sites.column("geometry")
    return pa.Table.from_arrays([*arrays, geometry], schema=schema)
