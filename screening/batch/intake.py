"""From a source to sites: every feature a project of its own, and every feature that is none listed with its reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from screening.errors import EmptySiteError, SiteError
from screening.inquiry import snapped
from screening.site import place
from spatial.errors import SpatialError
from spatial.reading.pieces import read_pieces

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from screening.site import Site
    from spatial.reading.model import Reading

__all__ = ["Taken", "sites_of"]


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


def sites_of(
    source: str | os.PathLike[str],
    *,
    accuracy_m: float | None = None,
    radius_m: float | None = None,
    area_m2: float | None = None,
    **said: Any,
) -> Iterator[Taken]:
    """
    The sites of a source, in its order.

    Use it for a batch; a table of points is read piece by piece (`spatial.reading.pieces.read_pieces`).

    Parameters
    ----------
    source
        A file, folder or ZIP.
    accuracy_m, radius_m, area_m2
        Of every site, as for `screening.site.place`.
    said
        What `spatial.reading.read` takes.

    Yields
    ------
    taken
        One for every record that the source declares.

    Raises
    ------
    ReadingError, CRSError
        Where the source as a whole cannot be read.
    EmptySiteError
        Where its coordinate system is not known.
    """
    size = {"accuracy_m": accuracy_m, "radius_m": radius_m, "area_m2": area_m2}
    for piece in read_pieces(source, **said):
        if piece.reading is None:
            trouble = piece.trouble
            for i in range(piece.records):
                number = piece.before + i + 1
                yield _refused(number, str(number), type(trouble).__name__, str(trouble))
            continue
        yield from _of_reading(piece.reading, piece.before, size)


def _of_reading(reading: Reading, before: int, size: dict[str, float | None]) -> Iterator[Taken]:
    if reading.crs is None:
        raise EmptySiteError(
            source=reading.source_name,
            detail="its coordinate system is not known and numbers alone do not tell it",
            remedy="state it: --crs EPSG:4528, for instance",
        )
    plain = before > 0 or all(i.isdigit() for i in (*reading.ids, *(u.id for u in reading.unreadable)))
    lost = [(u.id, u.problem.code, u.problem.message) for u in reading.unreadable]
    found: list[tuple[str, int | tuple[str, str]]] = [(name, i) for i, name in enumerate(reading.ids)]
    found += [(name, (code, message)) for name, code, message in lost]
    if plain:
        found.sort(key=lambda item: int(item[0]))
    for order, (name, what) in enumerate(found):
        number = before + (int(name) if plain else order + 1)
        shown = str(number) if plain else name
        if isinstance(what, int):
            yield _placed(reading, what, number, shown, size)
        else:
            yield _refused(number, shown, *what)


def _placed(reading: Reading, i: int, number: int, shown: str, size: dict[str, float | None]) -> Taken:
    alone = replace(
        reading,
        geometries=reading.geometries[i : i + 1],
        attributes=(reading.attributes[i],),
        ids=(shown,),
        feature_layers=(reading.feature_layers[i],),
        unreadable=(),
        declared_counts={},
    )
    try:
        site = snapped(place(alone, **size))
    except (SiteError, SpatialError) as trouble:
        return _refused(number, shown, type(trouble).__name__, str(trouble))
    name = site.parts[0].name
    return Taken(number=number, id=shown, name=name, site=replace(site, name=name or shown))


def _refused(number: int, shown: str, code: str, trouble: str) -> Taken:
    return Taken(number=number, id=shown, name=None, site=None, code=code, trouble=trouble)
