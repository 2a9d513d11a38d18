"""From a source to sites: every feature a project of its own, and every feature that is none listed with its reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from screening.batch.placing import alone, placed
from screening.batch.table import NumberedSite, site_schema, sites_in, sites_table
from screening.errors import EmptySiteError, SiteError
from screening.inquiry import snapped
from screening.site import place
from spatial.errors import SpatialError
from spatial.reading.pieces import read_pieces

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    import pyarrow as pa
    from numpy.typing import NDArray

    from screening.batch.placing import Size
    from screening.site import Site
    from spatial.reading.model import Reading

__all__ = ["CHUNK", "Taken", "TakenChunk", "chunks_of", "sites_of"]

CHUNK = 5_000
"""Records that are taken in at once: what a kill costs at most."""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """
    One record of a source.

    Attributes
    ----------
    number
        Its place in the source, from 1; the row of the result.
    id, name
        As in the source.
    site
        Snapped; None where it cannot be judged.
    code, trouble
        Why not: a code of an unreadable feature or the name of an error, and one line of English.
    """

    number: int
    id: str
    name: str | None
    site: Site | None
    code: str = ""
    trouble: str = ""


@dataclass(frozen=True, kw_only=True)
class TakenChunk:
    """
    Some records of a source, one after another.

    Attributes
    ----------
    first, last
        Their places in the source, from 1; each between them is a site or refused, and none is both.
    sites
        Of `screening.batch.table.site_schema`, in order.
    refused
        The records that cannot be judged, in order.
    """

    first: int
    last: int
    sites: pa.Table
    refused: tuple[Taken, ...]

    def after(self, number: int) -> TakenChunk | None:
        """What of it comes after a record; None: nothing."""
        if number < self.first:
            return self
        if number >= self.last:
            return None
        passed = int((self.sites.column("number").to_numpy() <= number).sum())
        refused = tuple(taken for taken in self.refused if taken.number > number)
        return TakenChunk(first=number + 1, last=self.last, sites=self.sites.slice(passed), refused=refused)


def sites_of(
    source: str | os.PathLike[str],
    *,
    accuracy_m: float | None = None,
    radius_m: float | None = None,
    area_m2: float | None = None,
    **said: Any,
) -> Iterator[Taken]:
    """
    The sites of a source one by one, in its order; what `chunks_of` gives, which takes the same, as objects.

    Use it for a few; a batch goes by `chunks_of`.

    Yields
    ------
    taken
        One for every record that the source declares.
    """
    for chunk in chunks_of(source, accuracy_m=accuracy_m, radius_m=radius_m, area_m2=area_m2, **said):
        sites = (Taken(number=s.number, id=s.id, name=s.site.parts[0].name, site=s.site) for s in sites_in(chunk.sites))
        yield from sorted((*sites, *chunk.refused), key=lambda taken: taken.number)


def chunks_of(
    source: str | os.PathLike[str],
    *,
    accuracy_m: float | None = None,
    radius_m: float | None = None,
    area_m2: float | None = None,
    rows: int = CHUNK,
    after: int = 0,
    **said: Any,
) -> Iterator[TakenChunk]:
    """
    The sites of a source in columns, some at a time.

    Use it for a batch; what `spatial.reading.pieces.read_pieces` reads piece by piece needs no more memory however many
    records there are.

    Parameters
    ----------
    source
        A file, folder or ZIP.
    accuracy_m, radius_m, area_m2
        Of every site, as for `screening.site.place`.
    rows
        Records of a chunk at most.
    after
        Records that are passed over, taken in before.
    said
        What `spatial.reading.read` takes.

    Yields
    ------
    chunk
        In the order of the source, without a gap.

    Raises
    ------
    ReadingError, CRSError
        Where the source as a whole cannot be read.
    EmptySiteError
        Where its coordinate system is not known.
    """
    size = {"accuracy_m": accuracy_m, "radius_m": radius_m, "area_m2": area_m2}
    for piece in read_pieces(source, rows=rows, **said):
        if piece.before + piece.records <= after:
            continue
        if piece.reading is None:
            trouble, numbers = piece.trouble, range(piece.before + 1, piece.before + piece.records + 1)
            code, why = type(trouble).__name__, str(trouble)
            lost = [_refused(number, str(number), code, why) for number in numbers if number > after]
            yield TakenChunk(
                first=lost[0].number, last=lost[-1].number, sites=site_schema().empty_table(), refused=tuple(lost)
            )
            continue
        for records in _Records.of(piece.reading, piece.before).parts(rows, after):
            yield _chunk(piece.reading, records, size)


@dataclass(frozen=True, kw_only=True)
class _Records:
    """The records of a reading in order: number, id, position among the readable, or among the unreadable from -1."""

    numbers: NDArray[np.int64]
    shown: list[str]
    places: NDArray[np.int64]

    @classmethod
    def of(cls, reading: Reading, before: int) -> _Records:
        if reading.crs is None:
            raise EmptySiteError(
                source=reading.source_name,
                detail="its coordinate system is not known and numbers alone do not tell it",
                remedy="state it: --crs EPSG:4528, for instance",
            )
        ids = [*reading.ids, *(lost.id for lost in reading.unreadable)]
        places = np.concatenate(
            [np.arange(len(reading.ids), dtype=np.int64), -1 - np.arange(len(reading.unreadable), dtype=np.int64)]
        )
        if before == 0 and not all(name.isdigit() for name in ids):
            return cls(numbers=np.arange(1, len(ids) + 1, dtype=np.int64), shown=ids, places=places)
        numbers = np.array([int(name) for name in ids], dtype=np.int64) + before
        order = np.argsort(numbers, kind="stable")
        return cls(numbers=numbers[order], shown=[str(n) for n in numbers[order].tolist()], places=places[order])

    def parts(self, rows: int, after: int) -> Iterator[_Records]:
        for start in range(int(np.searchsorted(self.numbers, after, side="right")), len(self.numbers), rows):
            some = slice(start, start + rows)
            yield _Records(numbers=self.numbers[some], shown=self.shown[some], places=self.places[some])


def _chunk(reading: Reading, records: _Records, size: Size) -> TakenChunk:
    import pyarrow as pa

    readable = np.flatnonzero(records.places >= 0)
    shown = [records.shown[i] for i in readable.tolist()]
    sites, taken = placed(reading, records.places[readable], records.numbers[readable], shown, size)
    rest = np.concatenate([readable[~taken], np.flatnonzero(records.places < 0)])
    others, refused = [], []
    for i in np.sort(rest).tolist():
        number, name, where = int(records.numbers[i]), records.shown[i], int(records.places[i])
        if where < 0:
            problem = reading.unreadable[-1 - where].problem
            refused.append(_refused(number, name, problem.code, problem.message))
            continue
        one = _placed(reading, where, number, name, size)
        if one.site is None:
            refused.append(one)
        else:
            others.append(NumberedSite(number=number, id=name, site=one.site))
    if others:
        more = sites_table(others).cast(site_schema())
        sites = pa.concat_tables([sites, more]).sort_by("number")
    return TakenChunk(first=int(records.numbers[0]), last=int(records.numbers[-1]), sites=sites, refused=tuple(refused))


def _placed(reading: Reading, i: int, number: int, shown: str, size: Size) -> Taken:
    try:
        site = snapped(place(alone(reading, i, shown), **size))
    except (SiteError, SpatialError) as trouble:
        return _refused(number, shown, type(trouble).__name__, str(trouble))
    name = site.parts[0].name
    return Taken(number=number, id=shown, name=name, site=replace(site, name=name or shown))


def _refused(number: int, shown: str, code: str, trouble: str) -> Taken:
    return Taken(number=number, id=shown, name=None, site=None, code=code, trouble=trouble)
