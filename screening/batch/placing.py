"""
Many records of a reading placed at once: what `screening.site.place` and `screening.inquiry.snapped` make of each.

Only records in which nothing is to be mended go this way. What is left, and everything that one of them could be
refused for, goes one by one through those two; so a record is the same site whichever way it went.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from layers.fields import fold
from screening.batch.table import NumberedSite, site_schema, sites_table
from screening.errors import SiteError
from screening.inquiry import DECIMALS, snapped
from screening.site import declared_m2, place, site_fields
from spatial.crs import to_geographic
from spatial.errors import SpatialError
from spatial.measure import ellipsoidal_area

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from spatial.reading.model import Reading

__all__ = ["Size", "alone", "placed"]

Size = dict[str, float | None]
"""``accuracy_m``, ``radius_m``, ``area_m2`` of every site, as for `screening.site.place`."""
_COLLECTION, _FEW = 7, 16


def alone(reading: Reading, record: int, shown: str) -> Reading:
    """One record of a reading as a reading of its own, under the id that is shown."""
    return replace(
        reading,
        geometries=reading.geometries[record : record + 1],
        attributes=(reading.attributes[record],),
        ids=(shown,),
        feature_layers=(reading.feature_layers[record],),
        unreadable=(),
        declared_counts={},
    )


def placed(
    reading: Reading, records: NDArray[np.int64], numbers: NDArray[np.int64], shown: Sequence[str], size: Size
) -> tuple[pa.Table, NDArray[np.bool_]]:
    """
    The sites of those records of a reading in which nothing is amiss.

    Parameters
    ----------
    reading
        With a CRS.
    records
        Positions in it, length n.
    numbers, shown
        Place in the source, and id, of each record.
    size
        Of every site.

    Returns
    -------
    sites
        Of `screening.batch.table.site_schema`, in the order of ``records``.
    taken
        Length n: the records that are among ``sites``. The others are to be placed one by one.
    """
    chosen = reading.geometries[records]
    taken = _sound(chosen)
    if size.get("radius_m") is not None or size.get("area_m2") is not None:
        taken &= shapely.get_dimensions(chosen) == 0  # of another shape a size is refused
    columns = _Columns.of([reading.attributes[i] for i in records])
    found = np.flatnonzero(taken) if columns is not None else np.empty(0, dtype=np.int64)
    taken[:] = False
    drawn, exact, kept = _snapped(reading, chosen[found])
    found = found[kept]
    ids = [shown[i] for i in found.tolist()]
    facts = _facts(reading, records[found[:1]], ids[:1], size)
    if columns is None or facts is None or not len(found):
        return site_schema().empty_table(), taken
    taken[found] = True
    own = {"number": numbers[found], "id": ids, "declared_area_m2": _declared(columns, exact, found)}
    return _table(columns, drawn, found, own, facts), taken


def _sound(shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Geometries that `layers.repair.repair` leaves as they are."""
    kinds = shapely.get_type_id(shapes)
    sound = (kinds >= 0) & (kinds < _COLLECTION) & ~shapely.is_empty(shapes)
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    sound[owner[~np.isfinite(xy).all(axis=1)]] = False
    areal = np.flatnonzero(sound & (shapely.get_dimensions(shapes) == 2))
    sound[areal] = shapely.is_valid(shapes[areal])
    rest = np.flatnonzero(sound & (kinds > 0) & (shapely.get_dimensions(shapes) < 2))
    sound[rest] = shapely.is_valid(shapes[rest])
    return np.asarray(sound, dtype=bool)


def _snapped(
    reading: Reading, shapes: NDArray[np.object_]
) -> tuple[NDArray[np.object_], NDArray[np.object_], NDArray[np.int64]]:
    """
    Sound geometries in EPSG:4490, rounded and not, and which of them stayed sound.

    Where one of many has no place on the Earth the halves are tried, so that it costs itself and its neighbours only.
    """
    assert reading.crs is not None
    none = np.empty(0, dtype=object), np.empty(0, dtype=object), np.empty(0, dtype=np.int64)
    if not len(shapes):
        return none
    try:
        there = to_geographic(shapes, reading.crs)
    except SpatialError:
        if len(shapes) <= _FEW:
            return none
        half = len(shapes) // 2
        left, right = _snapped(reading, shapes[:half]), _snapped(reading, shapes[half:])
        both = (np.concatenate(pair) for pair in zip(left[:2], right[:2], strict=True))
        return next(both), next(both), np.concatenate([left[2], right[2] + half])
    kept = np.ones(len(there), dtype=bool) if reading.crs.is_geographic else _sound(there)
    before = shapely.get_coordinates(there)
    after = np.round(before, DECIMALS)
    changed = np.zeros(len(there), dtype=bool)
    owner = np.repeat(np.arange(len(there)), shapely.get_num_coordinates(there))
    changed[owner[(before != after).any(axis=1)]] = True
    rounded = shapely.transform(there, lambda _: after)
    moved = np.flatnonzero(kept & changed)
    kept[moved] = _sound(rounded[moved])
    found = np.flatnonzero(kept)
    return rounded[found], there[found], found


def _facts(reading: Reading, records: NDArray[np.int64], shown: list[str], size: Size) -> str | None:
    """What is the same of every site of a reading: it is that of the first one, placed by itself."""
    if not len(records):
        return None
    try:
        site = snapped(place(alone(reading, int(records[0]), shown[0]), **size))
    except (SiteError, SpatialError):
        return None
    return str(sites_table([NumberedSite(number=1, id=shown[0], site=site)]).column("facts")[0].as_py())


class _Columns:
    """The attributes of some records, column by column, under the folded names of their columns."""

    def __init__(self, rows: list[dict[str, Any]], names: dict[str, str]) -> None:
        self.rows = rows
        self.names = names

    @classmethod
    def of(cls, rows: list[dict[str, Any]]) -> _Columns | None:
        """None where two columns have one folded name: which of them counts, each record tells by itself."""
        spelt = dict.fromkeys(name for row in rows for name in row)
        names = {fold(name): name for name in spelt}
        return cls(rows, names) if len(names) == len(spelt) else None

    def meant(self, meaning: str) -> list[str]:
        """The columns that mean something, the first name of the list first."""
        found = (self.names.get(fold(alias)) for alias in site_fields()[meaning])
        return list(dict.fromkeys(name for name in found if name is not None))

    def texts(self, meaning: str, records: NDArray[np.int64]) -> list[str | None]:
        """The first value of a meaning as text."""
        names = self.meant(meaning)
        if not names:
            return [None] * len(records)
        return [None if value is None else str(value).strip() or None for value in self.values(names, records)]

    def values(self, names: list[str], records: NDArray[np.int64]) -> list[Any]:
        """The first value of some columns that says something; None where none does."""
        if len(names) == 1:
            (name,) = names
            found = [self.rows[i].get(name) for i in records.tolist()]
            return [None if value == "" else value for value in found]
        return [_first(self.rows[i], names) for i in records.tolist()]

    def joined(self, meaning: str, records: NDArray[np.int64]) -> list[str | None]:
        """What all columns of a meaning say."""
        names = self.meant(meaning)
        if not names:
            return [None] * len(records)
        found = ([str(self.rows[i].get(name) or "").strip() for name in names] for i in records.tolist())
        return ["；".join(dict.fromkeys(filter(None, values))) or None for values in found]


def _first(row: dict[str, Any], names: list[str]) -> Any:
    return next((value for name in names if (value := row.get(name)) not in (None, "")), None)


def _table(
    columns: _Columns,
    shapes: NDArray[np.object_],
    records: NDArray[np.int64],
    own: dict[str, Any],
    facts: str,
) -> pa.Table:
    """The sites of some records; ``own``: their numbers, ids and declared areas."""
    import pyarrow as pa

    names = columns.texts("name", records)
    values: dict[str, Any] = {
        **own,
        "name": [name or shown for name, shown in zip(names, own["id"], strict=True)],
        "part_name": names,
        "use": columns.joined("use", records),
        "mode": columns.joined("mode", records),
        "geometry": shapely.to_wkb(shapes, byte_order=1, output_dimension=2),
        "facts": pa.repeat(facts, len(names)),
    }
    schema = site_schema()
    arrays = [pa.array(values[f.name], f.type) if f.name != "facts" else values["facts"] for f in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def _declared(columns: _Columns, shapes: NDArray[np.object_], records: NDArray[np.int64]) -> list[float | None]:
    """The declared area of each, by the rules of one: a reading that knows the unit says so by its name."""
    rows = [columns.rows[i] for i in records.tolist()]
    found: list[float | None] = [None] * len(rows)
    if "declared_area_m2" in columns.names.values():
        known = (row.get("declared_area_m2") for row in rows)
        found = [float(area) if isinstance(area, int | float) else None for area in known]
    names = columns.meant("area")
    said = columns.values(names, records) if names else []
    asked = [(k, value) for k, value in enumerate(said) if value is not None and found[k] is None]
    if asked:
        measured = np.nan_to_num(ellipsoidal_area(shapes[[k for k, _ in asked]]))
        for (k, value), area in zip(asked, measured.tolist(), strict=True):
            found[k] = declared_m2(value, area)
    return found
