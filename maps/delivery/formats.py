"""What each format of a delivery keeps; the table in the docs is made from this, and tests hold it to what is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from screening.words import word

if TYPE_CHECKING:
    from screening.words import Language

__all__ = ["FORMATS", "DeliveryFormat", "Keeps", "keeps_rows"]


@dataclass(frozen=True, kw_only=True)
class Keeps:
    """
    What a reader finds again.

    Parameters
    ----------
    moves_m
        How far a coordinate lies at most from where it was written, metres; 0 is to the last bit, ``inf`` none is kept.
        Of tiles at the deepest zoom that a delivery may take.
    shapes
        ``whole``: parts and holes; ``outlines``: every ring a closed line of its own; ``none``.
    values
        ``typed``: every column as it was; ``cut``: within the widths of a DBF, longer texts are cut and stand in the
        workbook; ``text``: every column, as text; ``few``: names, codes and marks, the rest in the workbook;
        ``ids``: ids and codes as extended data, the rest in the workbook.
    null
        Whether null is told from an empty text.
    crs
        ``chosen``: of degrees and the 3-degree zone that which is asked for; ``degrees``: EPSG:4490 numbers, which the
        format calls WGS 84; ``mercator``: EPSG:3857; ``unstated``: as chosen, but the file does not say it; ``none``.
    """

    moves_m: float
    shapes: Literal["whole", "outlines", "none"]
    values: Literal["typed", "cut", "text", "few", "ids"]
    null: bool
    crs: Literal["chosen", "degrees", "mercator", "unstated", "none"]


@dataclass(frozen=True, kw_only=True)
class DeliveryFormat:
    """
    A format that can be handed over.

    Parameters
    ----------
    key, title
        Its name on the command line, and its proper one.
    ending
        Of the data files.
    each
        Whether every sheet is a file of its own; else all are in one.
    keeps
        What survives.
    gbk
        Whether its text may be GBK instead of UTF-8.
    styles
        Whether styles go beside it.
    packed
        As a zip; else the file itself.
    """

    key: str
    title: str
    ending: str
    each: bool
    keeps: Keeps
    gbk: bool = False
    styles: bool = True
    packed: bool = True

    @property
    def needs_workbook(self) -> bool:
        """Whether what it cannot hold must stand in a workbook beside it."""
        return self.packed and self.keeps.values in {"cut", "few", "ids"}


_WHOLE = Keeps(moves_m=0.0, shapes="whole", values="typed", null=True, crs="chosen")

FORMATS: dict[str, DeliveryFormat] = {
    form.key: form
    for form in (
        DeliveryFormat(
            key="shp",
            title="Shapefile",
            ending=".shp",
            each=True,
            keeps=Keeps(moves_m=0.0, shapes="whole", values="cut", null=False, crs="chosen"),
            gbk=True,
        ),
        DeliveryFormat(key="gpkg", title="GeoPackage 1.2", ending=".gpkg", each=False, keeps=_WHOLE),
        DeliveryFormat(
            key="geojson",
            title="GeoJSON",
            ending=".geojson",
            each=True,
            keeps=Keeps(moves_m=0.012, shapes="whole", values="typed", null=True, crs="degrees"),
        ),
        DeliveryFormat(
            key="kml",
            title="KML",
            ending=".kml",
            each=False,
            keeps=Keeps(moves_m=0.0, shapes="whole", values="text", null=True, crs="degrees"),
        ),
        DeliveryFormat(
            key="gdb",
            title="FileGDB",
            ending=".gdb",
            each=False,
            keeps=Keeps(moves_m=2e-8, shapes="whole", values="typed", null=True, crs="chosen"),
        ),
        DeliveryFormat(key="geoparquet", title="GeoParquet 1.1", ending=".parquet", each=True, keeps=_WHOLE),
        DeliveryFormat(key="fgb", title="FlatGeobuf", ending=".fgb", each=True, keeps=_WHOLE),
        DeliveryFormat(
            key="pmtiles",
            title="PMTiles",
            ending=".pmtiles",
            each=True,
            keeps=Keeps(moves_m=153.0, shapes="whole", values="few", null=False, crs="mercator"),
            styles=False,
        ),
        DeliveryFormat(
            key="xlsx",
            title="XLSX",
            ending=".xlsx",
            each=False,
            keeps=Keeps(moves_m=float("inf"), shapes="none", values="typed", null=False, crs="none"),
            styles=False,
            packed=False,
        ),
        DeliveryFormat(
            key="dxf",
            title="DXF R2000",
            ending=".dxf",
            each=False,
            keeps=Keeps(moves_m=1e-9, shapes="outlines", values="ids", null=False, crs="unstated"),
        ),
    )
}
"""The formats by their names on the command line."""


def keeps_rows(language: Language) -> list[tuple[str, ...]]:
    """
    The table of the docs: head, then a row a format.

    Examples
    --------
    >>> keeps_rows("en")[2]
    ('GeoPackage 1.2 `gpkg`', 'one file', '0', 'parts and holes', 'all, typed', 'yes', '4490 or zone')
    """

    def say(code: str) -> str:
        return word(f"delivery_keeps.{code}", language)

    head = tuple(say(code) for code in ("format", "files", "moves", "shapes", "values", "null", "crs"))
    rows = [head]
    for form in FORMATS.values():
        kept = form.keeps
        moves = "-" if kept.moves_m == float("inf") else f"{kept.moves_m:g}"
        rows.append(
            (
                f"{form.title} `{form.key}`",
                say("file_each" if form.each else "one_file"),
                moves,
                say(f"shapes_{kept.shapes}"),
                say(f"values_{kept.values}"),
                say("yes" if kept.null else "no"),
                say(f"crs_{kept.crs}"),
            )
        )
    return rows
