"""What comes out of a source: geometries in its own coordinates, where their CRS comes from, and what is lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from spatial.forensics.hypotheses import Hints, Hypothesis

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from spatial.accuracy import Notation, PositionalAccuracy, SourceKind
    from spatial.crs import CoordinateSystem
    from spatial.forensics.hypotheses import Offset

__all__ = [
    "Box",
    "CrsStatus",
    "DatumStatus",
    "Evidence",
    "Hints",
    "Hypothesis",
    "Problem",
    "Reading",
    "UnreadableFeature",
]

Box = tuple[float, float, float, float]
CrsStatus = Literal["given", "proved", "ambiguous", "refused"]
DatumStatus = Literal["stated", "assumed"]

_MESSAGES = {
    "no_geometry": "it has no geometry",
    "empty_geometry": "its geometry is empty",
    "not_finite": "a coordinate is not a finite number",
    "not_a_coordinate": "a cell is no coordinate",
    "two_axes": "a cell names two axes",
    "two_fractions": "a cell gives decimals of minutes and seconds besides",
    "sixty": "minutes or seconds reach 60",
    "out_of_range": "its coordinates are no place on the Earth",
    "kind_differs": "its coordinates are of another kind than those of the other rows",
    "axis_differs": "its cells name other axes than their columns",
    "ragged_row": "the row has more or fewer cells than the header",
    "missing_cell": "a coordinate cell is blank",
    "too_few_points": "it has too few distinct points for its shape",
    "ring_not_closed": "a ring is not closed",
    "bad_nesting": "its coordinates are not nested as its type demands",
    "unknown_type": "its geometry type is unknown",
    "duplicate_key": "a key stands twice in it",
    "bad_feature": "it is no feature",
    "bad_wkb": "its geometry bytes cannot be parsed",
    "curve_geometry": "it holds curves or surfaces that are not read",
    "bad_coordinates": "its coordinates cannot be parsed",
    "model_geometry": "it holds a 3D model, which has no outline on the map",
    "null_shape": "its record holds a null shape",
    "damaged_record": "its record in the .shp is damaged",
    "axes_swapped": "the header's axes and the size of the numbers disagree; the size decided",
    "encoding_replaced": "some text could not be decoded and shows replacement marks",
    "area_differs": "the declared area differs from the measured one by more than 1 %",
    "count_differs": "the declared number of points differs from the number read",
    "table_without_geometry": "the table has no geometry and was left out",
    "blank_row": "a blank row was skipped",
    "zone_conflict": "two statements about the zone contradict each other",
    "index_missing": "the .shx index is missing and was rebuilt",
    "attributes_missing": "the .dbf is missing; there are no attributes",
    "line_not_closed": "the line was closed to make a polygon of it",
    "unit_row": "a row of units under the header was skipped",
    "entity_not_read": "an entity of a kind that is not read; explode it into lines in CAD",
    "text_skipped": "text of the drawing was left out",
    "network_link": "it points to another file or address, which is not opened",
    "no_features": "the source holds no feature",
    "ring_crosses": "a ring crosses itself or another one",
    "ring_self_crosses": "its ring crosses itself; the area is repaired, look at that point",
    "zero_area": "its outline encloses no area",
    "not_pairs": "the cell does not hold exactly two coordinates",
    "other_columns": "further columns of coordinates were not read",
    "hidden_sheet_skipped": "a hidden sheet with coordinates was not read",
    "curves_densified": "curves were made chords",
    "line_is_point": "lines without length became points",
    "paper_space_skipped": "what stands on layout sheets (paper space) was left out",
    "annotation_skipped": "dimensions, pictures and the like were left out",
    "entity_damaged": "an entity is damaged",
    "block_missing": "a block that is not in the drawing",
    "block_nesting": "blocks are nested too deeply",
    "external_reference": "it points to another drawing, which is not opened; bind it in CAD",
    "curve_too_large": "a curve too large to be made chords",
    "offset_undone": "the coordinates were shifted and the offset was undone; some 10 m of doubt remain",
    "datum_shifted": "the coordinates were brought to CGCS2000 by the parameters given",
    "columns_exchanged": "north stood first; the two coordinates were exchanged",
    "missing": "it has no geometry",
    "emptied": "its geometry cannot be repaired",
    "area_changed": "repair would change its area by more than 1 %",
    "outside_working_area": "it lies outside the working area",
    "no_redundancy": "no control point is left over to check the others by; the accuracy is not known",
    "suspicious_point": "this control point disagrees with all others; look at it",
    "points_disabled": "control points that are switched off were left out",
    "map_too_narrow": "much of the colour of this class became no area of it; what is narrow as a line may be missing",
    "map_undecided": "the map has colours that its legend does not explain; what is there is not known",
    "map_despeckled": "patches too small were not taken for their class; they stand as undecided",
    "fit_extrapolates": "much of the picture lies outside the control points; nothing vouches for its accuracy there",
    "section_not_located": "the section could not be placed; it is declared, not located",
    "section_off_river": "the coordinates of the section are not on the river lines and stay as they are",
    "columns_unclear": "which columns hold the coordinates of one point is not clear",
    "no_pairs": "a list of corners without one pair of coordinates that can be read",
    "words_between": "words between two corners that are not understood",
    "label_missing": "a corner has no number while others have",
    "numbering_gap": "the numbers of the corners do not run on; one may be missing",
    "not_corners": "nothing says that these points are corners",
    "ring_nested": "a ring within a ring that nothing calls a hole",
    "hole_outside": "a hole that does not lie within its area",
    "corner_order": "the text joins the corners in another order than their list",
    "edges_in_words": "the edges between the corners follow rivers, roads or ridges, told in words only",
    "exclusion_in_words": "the text excludes something without coordinates; it is not taken out",
    "notation_differs": "a corner lacks its seconds or a mark that the others have",
    "far_apart": "corners too far apart for one area; a digit may be missing",
    "crs_open": "of the two kinds of coordinates in it one has no known CRS",
}


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One fact that a decision rests on: a code, and the value as found."""

    code: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Problem:
    """
    Something the user should know; words for it are made elsewhere.

    Parameters
    ----------
    code
        What it is.
    file, layer
        Where.
    record
        Feature, row or placemark, from 1; for survey text and tables the line of the file.
    point
        Point number or name within the record.
    detail
        A fact as found (a cell, two numbers).
    remedy
        What to do, as a code.
    """

    code: str
    file: str
    layer: str | None = None
    record: int | None = None
    point: str | None = None
    detail: str = ""
    remedy: str = ""

    @property
    def message(self) -> str:
        """One English line."""
        where = self.file
        for word, value in (("layer", self.layer), ("record", self.record), ("point", self.point)):
            if value is not None:
                where += f", {word} {value}"
        text = _MESSAGES.get(self.code, self.code.replace("_", " "))
        return f"{where}: {text}" + (f" ({self.detail})" if self.detail else "")


@dataclass(frozen=True, kw_only=True)
class UnreadableFeature:
    """
    A feature that the source holds and that could not be read.

    Parameters
    ----------
    id
        Its id among the source's features.
    layer
        Its layer.
    box
        West, south, east, north in source coordinates, only if every coordinate was read and is finite.
    problem
        Why.
    """

    id: str
    layer: str
    box: Box | None
    problem: Problem


@dataclass(frozen=True, kw_only=True)
class Reading:
    """
    A source, read: ``len(geometries) + len(unreadable)`` is what the source declares.

    Parameters
    ----------
    source_name, source_sha256
        File name and digest of its bytes (of several files: digest over their sorted names and digests).
    format
        Name of the format.
    encoding, encoding_evidence
        How text was decoded, and why so.
    layer_names
        The layers read.
    geometries
        Shapely geometries, 2D, x = east or longitude, y = north or latitude, in source coordinates; in EPSG:4490 where
        an offset was undone or a datum shifted, so that nobody can forget to.
    attributes, ids, feature_layers
        One a geometry. Ids are the position in the file, from 1 (``layer/3`` with several layers).
    unreadable
        The features that could not be read.
    crs
        Of ``geometries``. None if ``crs_status`` is ``ambiguous`` or ``refused``: nothing may be computed from the
        coordinates then (but see `spatial.reading.under`).
    crs_status
        ``given`` by the user or the file, ``proved`` by the numbers, ``ambiguous`` (several ``hypotheses`` are alive),
        or ``refused``.
    crs_evidence
        What that rests on.
    datum
        ``assumed`` if nothing states it.
    notation
        ``degrees``, ``dms``, ``dm`` or ``projected``; None without any coordinate.
    decimals
        Most decimals of the last unit where coordinates stand as text, else None.
    source_kind
        As `spatial.accuracy` names it.
    accuracy
        Assumed positional accuracy.
    problems
        What is not fatal.
    declared_counts
        Features a layer declares.
    hints
        What names and words around the coordinates say about their system.
    hypotheses
        The ways to read the coordinates, ranked, with what speaks for and against each (`spatial.forensics.rank`);
        ``swapped`` is relative to the geometries as they were before anything was exchanged.
    offset
        The offset that was undone, or None.
    without_place
        Ids of features that are declared and have no place: their geometry is None on purpose, none was lost.
    """

    source_name: str
    source_sha256: str
    format: str
    encoding: str
    encoding_evidence: tuple[Evidence, ...]
    layer_names: tuple[str, ...]
    geometries: NDArray[np.object_]
    attributes: tuple[dict[str, Any], ...]
    ids: tuple[str, ...]
    feature_layers: tuple[str, ...]
    unreadable: tuple[UnreadableFeature, ...]
    crs: CoordinateSystem | None
    crs_status: CrsStatus
    crs_evidence: tuple[Evidence, ...]
    datum: DatumStatus
    notation: Notation | None
    decimals: int | None
    source_kind: SourceKind
    accuracy: PositionalAccuracy
    problems: tuple[Problem, ...] = ()
    declared_counts: dict[str, int] = field(default_factory=dict)
    hints: Hints = field(default_factory=Hints)
    hypotheses: tuple[Hypothesis, ...] = ()
    offset: Offset | None = None
    without_place: frozenset[str] = frozenset()
