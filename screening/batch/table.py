"""
The columns in which sites and rows travel: in a job's file, between processes, to a cluster.

A batch of sites is one Arrow table of `site_schema`, its answer one Arrow table of `row_schema`, in the same order.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import shapely

from screening.batch.row import COLUMNS
from screening.inquiry import site_document, site_from
from screening.site import SitePart

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pyarrow as pa

    from screening.site import Site

__all__ = ["NumberedSite", "row_schema", "rows_table", "site_schema", "sites_in", "sites_table"]

_OWN = ("name", "parts", "geometry", "declared_area_m2")
"""What a site document says of one site; the rest is the same for a whole file, mostly."""
_NOWHERE = {"type": "Point", "coordinates": [0.0, 0.0]}


@dataclass(frozen=True, kw_only=True)
class NumberedSite:
    """A site of a batch: its place in the source, from 1, its id there, and the site itself, of one part."""

    number: int
    id: str
    site: Site


@cache
def site_schema() -> pa.Schema:
    """
    One site a row.

    ``number`` is its place in the source; ``id``, ``name``, ``part_name``, ``use``, ``mode``, ``declared_area_m2`` are
    its own; ``geometry`` is WKB, little-endian, EPSG:4490; ``facts`` the rest of its document (accuracy, coordinate
    system, radius) as JSON, the same text for most rows.
    """
    import pyarrow as pa

    fields: list[pa.Field[Any]] = [
        pa.field("number", pa.int64(), nullable=False),
        pa.field("id", pa.string(), nullable=False),
        pa.field("name", pa.string()),
        pa.field("part_name", pa.string()),
        pa.field("use", pa.string()),
        pa.field("mode", pa.string()),
        pa.field("declared_area_m2", pa.float64()),
        pa.field("geometry", pa.binary(), nullable=False),
        pa.field("facts", pa.string(), nullable=False),
    ]
    return pa.schema(fields)


@cache
def row_schema() -> pa.Schema:
    """One row a site: `screening.batch.row.COLUMNS`, then ``geometry`` (WKB, EPSG:4490; null where it was refused)."""
    import pyarrow as pa

    types = {"text": pa.string(), "integer": pa.int64(), "number": pa.float64()}
    return pa.schema([*(pa.field(c.name, types[c.type]) for c in COLUMNS), pa.field("geometry", pa.binary())])


def sites_table(sites: Sequence[NumberedSite]) -> pa.Table:
    """
    Sites as columns.

    Examples
    --------
    >>> from screening.site import site_of
    >>> one = NumberedSite(number=1, id="1", site=site_of(shapely.Point(117, 49), accuracy_m=5))
    >>> next(sites_in(sites_table([one]))) == one
    True
    """
    import pyarrow as pa

    parts = [one.site.parts[0] for one in sites]
    columns: dict[str, Any] = {
        "number": [one.number for one in sites],
        "id": [one.id for one in sites],
        "name": [one.site.name for one in sites],
        "part_name": [part.name for part in parts],
        "use": [part.use for part in parts],
        "mode": [part.mode for part in parts],
        "declared_area_m2": [part.declared_area_m2 for part in parts],
        "geometry": shapely.to_wkb([part.geometry for part in parts], byte_order=1, output_dimension=2),
        "facts": [_facts(one.site) for one in sites],
    }
    schema = site_schema()
    return pa.Table.from_arrays(
        [pa.array(columns[name], schema.field(name).type) for name in schema.names], schema=schema
    )


def sites_in(table: pa.Table) -> Iterator[NumberedSite]:
    """The sites of a table of `site_schema`, coordinate for coordinate."""
    known: dict[str, Site] = {}
    columns: dict[str, list[Any]] = {name: table.column(name).to_pylist() for name in table.schema.names}
    geometries = shapely.from_wkb(columns["geometry"])
    for row, facts in enumerate(columns["facts"]):
        if facts not in known:
            document = json.loads(facts)
            known[facts] = site_from(
                document | {"name": None, "parts": [], "geometry": _NOWHERE, "declared_area_m2": None}
            )
        own = {key: columns[key][row] for key in ("use", "mode", "declared_area_m2")}
        part = SitePart(id=columns["id"][row], geometry=geometries[row], name=columns["part_name"][row], **own)
        site = replace(
            known[facts],
            name=columns["name"][row],
            geometry=part.geometry,
            parts=(part,),
            declared_area_m2=part.declared_area_m2,
        )
        yield NumberedSite(number=columns["number"][row], id=columns["id"][row], site=site)


def rows_table(rows: Iterable[tuple[dict[str, Any], bytes | None]]) -> pa.Table:
    """Rows as columns: the cells of each, by name, with its geometry (WKB) or None."""
    import pyarrow as pa

    found = list(rows)
    columns = {c.name: [cells[c.name] for cells, _ in found] for c in COLUMNS}
    columns["geometry"] = [geometry for _, geometry in found]
    schema = row_schema()
    return pa.Table.from_arrays(
        [pa.array(columns[name], schema.field(name).type) for name in schema.names], schema=schema
    )


def _facts(site: Site) -> str:
    document = {key: value for key, value in site_document(site).items() if key not in _OWN}
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
