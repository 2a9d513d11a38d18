"""What each format that can be written keeps; the docs table and the round-trip tests are made from this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from spatial.conversion.names import NameRule
from spatial.errors import NotWritableError

if TYPE_CHECKING:
    from pathlib import PurePath

__all__ = ["FORMATS", "Format", "Keeps", "format_of"]

Kind = Literal["polygon", "line", "point"]
ALL: tuple[Kind, ...] = ("polygon", "line", "point")


@dataclass(frozen=True, kw_only=True)
class Keeps:
    """
    What is the same after a file was written and read back by `spatial.reading`.

    Parameters
    ----------
    kinds
        Kinds of geometry it can hold.
    mixed
        What becomes of several kinds: ``yes``, a ``layers`` or ``files`` for each kind, or ``no`` (refused).
    parts
        ``yes``: a feature keeps its parts; ``multi``: and always comes back as a multi-geometry; ``no``: every part
        becomes a feature.
    holes
        Whether holes stay holes.
    metres, degrees
        How far a coordinate may move, in the unit of a projected or geographic CRS; 0 is to the last bit.
    crs
        ``any`` code of EPSG; ``wgs84``: always degrees, read back as EPSG:4326; ``marked_wgs84``: CGCS2000 comes back
        as WGS 84 with the same numbers; ``zone``: a Gauss-Krüger zone with its number in the eastings;
        ``numbers``: only what the numbers show (a zone number, degrees).
    values
        ``typed``; ``fitted``: typed, within the widths of the format; ``guessed``: a text that looks like a number
        comes back as one; ``text``: everything comes back as text; ``some``: only columns the format names; ``none``.
    null
        Whether null is told from an empty text, and from 0.
    spaces
        Whether blanks and line ends at the ends of a text are kept.
    names
        ``yes``, ``short`` (10 ASCII letters; the dictionary beside it has the long ones) or ``words`` (letters, digits
        and ``_``).
    layers
        Whether several layers stay apart; else a column LAYER tells them apart.
    """

    kinds: tuple[Kind, ...] = ALL
    mixed: Literal["yes", "layers", "files", "no"] = "yes"
    parts: Literal["yes", "multi", "no"] = "yes"
    holes: bool = True
    metres: float = 0.0
    degrees: float = 0.0
    crs: Literal["any", "wgs84", "marked_wgs84", "zone", "numbers"] = "any"
    values: Literal["typed", "fitted", "guessed", "text", "some", "none"] = "typed"
    null: bool = True
    spaces: bool = True
    names: Literal["yes", "short", "words", "none"] = "yes"
    layers: bool = False


@dataclass(frozen=True, kw_only=True)
class Format:
    """
    A format that can be written.

    Parameters
    ----------
    key
        Its name on the command line.
    title
        Its proper name.
    endings
        File endings, the usual one first; a written file must have one of them.
    encodings
        Encodings of text there is a choice of, the default first.
    keeps
        What survives.
    rule
        What a column may be called.
    read_back
        Whether `spatial.reading` reads it.
    """

    key: str
    title: str
    endings: tuple[str, ...]
    keeps: Keeps
    rule: NameRule
    encodings: tuple[Literal["UTF-8", "GBK"], ...] = ("UTF-8",)
    read_back: bool = True

    @property
    def is_lossless(self) -> bool:
        """Whether geometry, CRS, values and nulls come back as they were."""
        kept = self.keeps
        fine = max(kept.metres, kept.degrees) <= 1e-9
        return fine and kept.crs == "any" and kept.values == "typed" and kept.null and kept.parts != "no"


_GDAL = frozenset({"fid", "geom", "geometry", "ogc_fid", "wkb_geometry"})
_ESRI = frozenset({
    "objectid", "shape", "shape_length", "shape_area", "globalid", "add", "alter", "and", "between", "by", "column",
    "create", "delete", "drop", "exists", "for", "from", "group", "in", "insert", "into", "is", "like", "not", "null",
    "or", "order", "select", "set", "table", "update", "values", "where",
})  # fmt: skip
_ANY = NameRule()
_NO_GEOMETRY = NameRule(reserved=_GDAL)
_TABLE = Keeps(mixed="no", degrees=0.0, crs="numbers", values="text", null=False, spaces=False)
_BOTH: tuple[Literal["UTF-8", "GBK"], ...] = ("UTF-8", "GBK")

FORMATS: dict[str, Format] = {
    form.key: form
    for form in (
        Format(
            key="gpkg",
            title="GeoPackage",
            endings=(".gpkg",),
            keeps=Keeps(mixed="layers", parts="multi", layers=True),
            rule=_NO_GEOMETRY,
        ),
        Format(
            key="gdb",
            title="FileGDB",
            endings=(".gdb",),
            keeps=Keeps(mixed="layers", parts="multi", layers=True, metres=1e-9, degrees=1e-13, names="words"),
            rule=NameRule(words=True, most_characters=64, reserved=_GDAL | _ESRI),
        ),
        Format(
            key="parquet",
            title="GeoParquet",
            endings=(".parquet", ".geoparquet"),
            keeps=Keeps(),
            rule=_NO_GEOMETRY,
        ),
        Format(key="fgb", title="FlatGeobuf", endings=(".fgb",), keeps=Keeps(), rule=_NO_GEOMETRY),
        Format(
            key="geojson",
            title="GeoJSON",
            endings=(".geojson", ".json"),
            keeps=Keeps(degrees=5e-8, crs="wgs84"),
            rule=_ANY,
        ),
        Format(
            key="shp",
            title="Shapefile",
            endings=(".shp",),
            keeps=Keeps(mixed="files", values="fitted", null=False, spaces=False, names="short"),
            rule=NameRule(short=True, reserved=frozenset({"fid", "shape", "oid", "objectid"})),
            encodings=_BOTH,
        ),
        Format(
            key="gml",
            title="GML 3.2",
            endings=(".gml",),
            keeps=Keeps(metres=1e-7, degrees=1e-12, values="guessed", null=False, spaces=False, names="words"),
            rule=NameRule(words=True, reserved=_GDAL | {"gml_id"}),
        ),
        Format(
            key="tab",
            title="MapInfo TAB",
            endings=(".tab",),
            keeps=Keeps(
                metres=1e-3, degrees=1e-8, crs="marked_wgs84", values="fitted", null=False, spaces=False, names="words"
            ),
            rule=NameRule(words=True, most_bytes=31, reserved=_GDAL),
            encodings=_BOTH,
        ),
        Format(
            key="mif",
            title="MapInfo MIF",
            endings=(".mif",),
            keeps=Keeps(
                metres=1e-7, degrees=1e-12, crs="marked_wgs84", values="fitted", null=False, spaces=False, names="words"
            ),
            rule=NameRule(words=True, most_bytes=31, reserved=_GDAL),
            encodings=_BOTH,
        ),
        Format(
            key="kml",
            title="KML",
            endings=(".kml",),
            keeps=Keeps(crs="wgs84", values="text", null=True, spaces=False, layers=True),
            rule=_ANY,
        ),
        Format(
            key="gpx",
            title="GPX",
            endings=(".gpx",),
            keeps=Keeps(
                kinds=("line", "point"),
                mixed="layers",
                crs="wgs84",
                values="some",
                spaces=False,
                names="none",
            ),
            rule=_ANY,
        ),
        Format(
            key="dxf",
            title="DXF",
            endings=(".dxf",),
            keeps=Keeps(parts="no", metres=1e-7, degrees=1e-12, crs="numbers", values="none", null=False, names="none"),
            rule=_ANY,
        ),
        Format(
            key="survey-txt",
            title="勘测定界 TXT",
            endings=(".txt",),
            keeps=Keeps(
                kinds=("polygon",),
                metres=5e-4,
                crs="zone",
                values="some",
                null=False,
                spaces=False,
                names="none",
            ),
            rule=_ANY,
            encodings=_BOTH,
        ),
        Format(key="csv", title="CSV", endings=(".csv",), keeps=_TABLE, rule=_ANY, encodings=_BOTH),
        Format(
            key="xlsx",
            title="XLSX",
            endings=(".xlsx",),
            keeps=Keeps(
                mixed="no",
                metres=1e-7,
                degrees=1e-12,
                crs="numbers",
                values="text",
                null=False,
                spaces=False,
            ),
            rule=_ANY,
        ),
        Format(
            key="csv-wkt",
            title="CSV + WKT",
            endings=(".csv",),
            keeps=Keeps(crs="numbers", values="text", null=False, spaces=False),
            rule=_ANY,
            encodings=_BOTH,
            read_back=False,
        ),
    )
}
"""The formats by their names on the command line."""


def format_of(path: PurePath, to: str | None) -> Format:
    """
    The format that is meant, by name or by the file's ending.

    Parameters
    ----------
    path
        What is to be written; its ending must be one of the format's.
    to
        A key of ``FORMATS``, or None: by the ending (``.txt`` is survey text, ``.csv`` corners).

    Raises
    ------
    NotWritableError
        If there is no such format, or name and ending disagree.

    Examples
    --------
    >>> from pathlib import PurePath
    >>> format_of(PurePath("site.gpkg"), None).title
    'GeoPackage'
    """
    ending = path.suffix.lower()
    if to is None:
        found = next((form for form in FORMATS.values() if ending in form.endings), None)
        if found is None:
            raise NotWritableError(
                file=path.name,
                code="format",
                detail=f"its ending {ending or '(none)'} tells no format",
                remedy=f"Name one with --to: {', '.join(FORMATS)}",
            )
        return found
    if to not in FORMATS:
        raise NotWritableError(
            file=path.name,
            code="format",
            detail=f"there is no format {to!r}",
            remedy=f"Use one of {', '.join(FORMATS)}",
        )
    form = FORMATS[to]
    if ending not in form.endings:
        raise NotWritableError(
            file=path.name,
            code="ending",
            detail=f"a {form.title} does not end in {ending or 'nothing'}",
            remedy=f"Call it {path.stem}{form.endings[0]}",
        )
    return form
