"""
Reading: a file, folder, ZIP or typed text to geometries in their own coordinates, and where their CRS comes from.

Nothing is lost silently: every feature a source declares is read, or listed as unreadable, or the reading stops.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spatial.errors import LayerChoiceError
from spatial.reading.assembling import Said, check_arguments, finished
from spatial.reading.model import Evidence, Hints, Hypothesis, Problem, Reading, UnreadableFeature

if TYPE_CHECKING:
    import os

    from shapely.geometry.base import BaseGeometry

    from spatial.datum_shift import Shift
    from spatial.reading.assembling import Shape
    from spatial.reading.draft import Draft
    from spatial.reading.sources import Bundle

__all__ = [
    "Evidence",
    "Hints",
    "Hypothesis",
    "Problem",
    "Reading",
    "UnreadableFeature",
    "read",
    "read_table",
    "read_text",
    "under",
]


def read(
    source: str | os.PathLike[str],
    *,
    crs: str | int | None = None,
    datum: str | None = None,
    geometry: Shape | None = None,
    layer: str | None = None,
    typed: bool = False,
    region: BaseGeometry | None = None,
    region_must_hold: bool = True,
    shift: Shift | None = None,
    shift_m: float = 10.0,
) -> Reading:
    r"""
    Read a source: a file, a folder or a ZIP.

    Formats: shapefile, GeoPackage, FileGDB, FlatGeobuf, GeoParquet, GeoJSON, KML and KMZ, GPX, GML, MapInfo TAB and
    MIF, DXF, survey TXT, CSV, XLSX, XLSB, XLS, ODS, lists of coordinates (CASS, 奥维); told by content. What GDAL,
    ezdxf or calamine parse is read in a child process without network, within limits of memory and time.

    Parameters
    ----------
    source
        A path; with ``typed`` the text itself (see `read_text`).
    crs
        CRS of the source (``EPSG:4528``, WKT …); overrides what the file says.
    datum
        ``cgcs2000``, ``wgs84``, ``xian80`` or ``beijing54``, for coordinates whose datum nothing states; or ``gcj02``
        or ``bd09``, the offset to undo.
    geometry
        What points or lines are to make. ``polygon`` closes lines; of a table or survey text see there. A closed
        polyline of a drawing is a polygon unless ``line`` is asked for.
    layer
        The layer, sheet or drawing layer, or the file of a folder or ZIP, where there are several.
    typed
        ``source`` is text.
    region
        Where the data must lie, EPSG:4490; it settles what the numbers leave open.
    region_must_hold
        False for a region that is only likely (the coverage of a workspace): it then refutes no statement.
    shift, shift_m
        Parameters from Xi'an 80 or Beijing 54 to CGCS2000 (`spatial.datum_shift`), and what they add to the accuracy,
        metres.

    Returns
    -------
    reading
        Geometries in source coordinates, x east and y north, not transformed; only an offset that is undone, and a
        datum that is shifted, leave EPSG:4490. ``crs`` is None where neither the user, the file, the numbers nor the
        region say what it is; ``hypotheses`` then hold what it may be, for `under`.

    Raises
    ------
    ReadingError
        If the source as a whole cannot be read, is incomplete, unsafe or too large.
    CRSError
        If ``crs`` is not understood.
    ValueError
        If ``datum`` or ``geometry`` is none of their values.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "site.csv")
    ...     text = "点号,X,Y\nJ1,5450000,40500000\nJ2,5450000,40500100\nJ3,5450100,40500100\n"
    ...     _ = path.write_text(text, "utf-8")
    ...     reading = read(path)
    >>> reading.geometries[0].area, reading.crs.code, reading.crs_status, reading.datum
    (5000.0, 'EPSG:4528', 'proved', 'assumed')
    """
    from spatial.reading.sources import load

    check_arguments(datum, geometry)
    if typed:
        return read_text(
            str(source),
            crs=crs,
            datum=datum,
            geometry=geometry,
            region=region,
            region_must_hold=region_must_hold,
            shift=shift,
            shift_m=shift_m,
        )
    bundle = load(source, layer=layer)
    if bundle.chosen:
        layer = None
    draft = _parse(bundle, geometry=geometry, layer=layer)
    if layer is not None and draft.layers != [layer]:
        draft = _only(draft, layer)
    said = Said(crs=crs, datum=datum, region=region, must_hold=region_must_hold, shift=shift, shift_m=shift_m)
    return finished(draft, bundle.sha256, said, geometry=geometry)


def read_text(
    text: str,
    *,
    crs: str | int | None = None,
    datum: str | None = None,
    geometry: Shape | None = None,
    region: BaseGeometry | None = None,
    region_must_hold: bool = True,
    shift: Shift | None = None,
    shift_m: float = 10.0,
) -> Reading:
    """
    Read coordinates typed on a command line.

    Parameters
    ----------
    text
        ``117.45,49.58``, in either order; several pairs parted by spaces or semicolons are a line, or a polygon
        with ``geometry="polygon"``; degrees, minutes and seconds in the usual forms; eastings and northings.
    crs, datum, geometry, region, region_must_hold, shift, shift_m
        As for `read`.

    Returns
    -------
    reading
        One feature. Degrees are EPSG:4490 with the datum assumed.

    Raises
    ------
    CoordinateError
        If the text is no pair of coordinates of a place in China.

    Examples
    --------
    >>> reading = read_text("49.58, 117.45")
    >>> reading.geometries[0].wkt, reading.crs.code, reading.datum
    ('POINT (117.45 49.58)', 'EPSG:4490', 'assumed')
    """
    import hashlib

    from spatial.reading.typed import parse_typed

    check_arguments(datum, geometry)
    draft = parse_typed(text, geometry=geometry)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    said = Said(crs=crs, datum=datum, region=region, must_hold=region_must_hold, shift=shift, shift_m=shift_m)
    return finished(draft, digest, said, geometry=None)


def read_table(
    data: bytes,
    *,
    file: str,
    crs: str | int | None = None,
    datum: str | None = None,
    geometry: Shape | None = None,
    region: BaseGeometry | None = None,
    region_must_hold: bool = True,
    shift: Shift | None = None,
    shift_m: float = 10.0,
) -> Reading:
    r"""
    Read the bytes of a text table: what `read` makes of a CSV file of them.

    Parameters
    ----------
    data
        The whole table with its header.
    file
        Its name, for messages.
    crs, datum, geometry, region, region_must_hold, shift, shift_m
        As for `read`.

    Raises
    ------
    ReadingError
        If they are no table of coordinates.

    Examples
    --------
    >>> read_table("名称,经度,纬度\n甲,117.45,49.58\n".encode(), file="t.csv").ids
    ('1',)
    """
    import hashlib

    from spatial.reading.tables import parse_csv

    check_arguments(datum, geometry)
    draft = parse_csv(data, file=file, geometry=geometry)
    said = Said(crs=crs, datum=datum, region=region, must_hold=region_must_hold, shift=shift, shift_m=shift_m)
    return finished(draft, hashlib.sha256(data).hexdigest(), said, geometry=geometry)


def under(reading: Reading, hypothesis: Hypothesis, *, shift: Shift | None = None, shift_m: float = 10.0) -> Reading:
    """A reading whose CRS is open, as it were under one of its hypotheses; see `spatial.reading.placing.under`."""
    from spatial.reading import placing

    return placing.under(reading, hypothesis, shift=shift, shift_m=shift_m)


def _parse(bundle: Bundle, *, geometry: Shape | None, layer: str | None) -> Draft:
    data = next(iter(bundle.members.values()))
    match bundle.format:
        case "geojson":
            from spatial.reading.geojson import parse_geojson

            return parse_geojson(data, file=bundle.name)
        case "kml":
            from spatial.reading.markup import parse_kml

            ovital = bundle.name.lower().endswith((".ovkml", ".ovkmz"))
            return parse_kml(data, file=bundle.name, ovital=ovital)
        case "gpx":
            from spatial.reading.markup import parse_gpx

            return parse_gpx(data, file=bundle.name)
        case "survey_txt":
            from spatial.reading.survey_text import parse_survey_text

            return parse_survey_text(data, file=bundle.name, geometry=geometry)
        case "csv":
            from spatial.reading.tables import parse_csv

            return parse_csv(data, file=bundle.name, geometry=geometry)
        case "xlsx" | "xlsb" | "xls" | "ods":
            from spatial.reading.spreadsheet import parse_workbook

            return parse_workbook(bundle, geometry=geometry, sheet=layer)
        case "dxf":
            from spatial.reading.drawing import parse_drawing

            return parse_drawing(bundle, layer=layer, geometry=geometry)
        case _:
            from spatial.reading.vector import parse_vector

            return parse_vector(bundle, layer=layer)


def _only(draft: Draft, layer: str) -> Draft:
    """The draft with one of its layers."""
    from dataclasses import replace

    if layer not in draft.layers:
        raise LayerChoiceError(
            file=draft.file,
            code="layer_unknown",
            detail=f"there is no layer {layer!r}; there are: {', '.join(draft.layers)}",
            remedy="Name one of these",
        )
    chosen = [i for i, key in enumerate(draft.keys) if key[0] == layer]
    return replace(
        draft,
        layers=[layer],
        geometries=[draft.geometries[i] for i in chosen],
        attributes=[draft.attributes[i] for i in chosen],
        keys=[draft.keys[i] for i in chosen],
        lost=[item for item in draft.lost if item[0] == layer],
        declared={name: count for name, count in draft.declared.items() if name == layer},
    )
