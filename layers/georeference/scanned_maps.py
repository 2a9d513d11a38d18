"""
A scanned map as a layer: control points place it, a legend says what its colours mean.

The boundary of a class is where its print ends. How far that may be from where it was meant to be is, 95 %, in squares:

``control_points``
    `spatial.raster.fitting.MapFit.accuracy_m`: 1.7308 times the root mean square error, foretold or for the degrees of
    freedom, the larger (Rayleigh: the 95 % radius of a circular normal error).
``pixel``
    Half the diagonal of a pixel: the boundary lies somewhere in its pixel, so this holds always, not in 95 % only.
``drawn_line``
    Half the width of the line drawn between areas: the boundary meant lies somewhere under it.
``simplified``
    The farthest that smoothing moved any corner, as measured; no edge bends from its image by more than a twentieth of
    a pixel, which is left out.
``hatching``
    Where a class is hatched on ground of another entry and less than 95 % of its boundary has an outline: half the gap
    between strokes, since the last stroke may be that far inside.
``scale``
    0.5 mm on the map where its scale is given: how well anybody draws. Without it the accuracy says how well the
    drawing was *read*, not how well it was drawn.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from layers.errors import ImportOptionError
from layers.georeference.model import Georeferenced, features_reading
from spatial.accuracy import AccuracyTerm, PositionalAccuracy
from spatial.crs import to_geographic
from spatial.ellipsoid import metres_per_degree
from spatial.errors import LegendError
from spatial.raster.classes import BACKGROUND, FIRST_CLASS, UNSURE, classify
from spatial.raster.colour import hexadecimal
from spatial.raster.fitting import fit
from spatial.raster.patches import mapped, patches
from spatial.reading.model import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from spatial.raster.control_points import ControlPoints
    from spatial.raster.fitting import MapFit, Method
    from spatial.raster.legend import Legend
    from spatial.raster.page import Page
    from spatial.reading.model import Reading
    from spatial.systems import CoordinateSystem

    Floats = NDArray[np.float64]

__all__ = ["accuracy_of_scan", "georeferenced_map", "map_coverage"]

_MUCH = 0.25
"""Share of a class's colour that became something else, from which on narrow areas of it may be missing."""

_OVER_PX = 1.0
"""A frame's corner may be this far off the page: it was read off by hand."""

UNSURE_NAME = "图上颜色无法判别 / undecided on the map"


def georeferenced_map(
    page: Page,
    control_points: ControlPoints,
    *,
    legend: Legend,
    method: Method = "affine",
    plane: CoordinateSystem | None = None,
    min_patch_m2: float | None = None,
    tolerance_m: float | None = None,
    line_width_px: float | None = None,
    scale: float | None = None,
    name: str | None = None,
) -> Georeferenced:
    """
    The areas of a scanned map that a legend names, one feature an area, with an honest accuracy.

    Ground that no colour of the legend explains becomes features, too, named as undecided and ``location_only``: a site
    there is neither hit nor clear.

    Parameters
    ----------
    page
        As scanned, from `spatial.raster.page.read_page`; not warped, for resampling blends colours.
    control_points
        From `spatial.raster.control_points.read_control_points`.
    legend
        From `spatial.raster.legend.read_legend`; its frame in pixels of this page.
    method, plane
        As for `spatial.raster.fitting.fit`.
    min_patch_m2
        Areas of a class smaller than this on the ground stand as undecided; default: 1 mm² on the page.
    tolerance_m
        Farthest that smoothing may move a boundary; default 1.5 pixels. 0 keeps the steps of the pixels.
    line_width_px
        Width of the lines drawn between areas; default 0.3 mm on the page.
    scale
        N of the map's scale 1:N; adds 0.5 mm on the map to the accuracy.
    name
        Of the source, in messages; default the page's.

    Returns
    -------
    layer
        Method ``scanned_map``; features carry ``name`` and the attributes of their legend entry.

    Raises
    ------
    MapFitError, LegendError, ClassNotOnMapError, FoldedMapError
        See there.
    ImportOptionError
        If the control points are too few to say how good the fit is, or a number is out of its range.

    Notes
    -----
    Straight edges of the page stay within a twentieth of a pixel of where the fit bends them; neighbours share their
    boundary to the last bit.
    """
    found = fit(control_points, method, plane=plane)
    for given, what in ((min_patch_m2, "min_patch_m2"), (tolerance_m, "tolerance_m")):
        if given is not None and not (math.isfinite(given) and given >= 0):
            raise ImportOptionError(detail=f"{what} is {given}, not 0 or more", remedy="give metres, or leave it out")
    _require_on_page(page, legend)
    pixel = found.pixel_m
    dpi = page.dpi or 300.0
    least_px = round(min_patch_m2 / pixel**2) if min_patch_m2 is not None else round((dpi / 25.4) ** 2)
    if least_px >= page.width * page.height:
        whole = page.width * page.height * pixel**2
        raise ImportOptionError(
            detail=f"min_patch_m2 is {min_patch_m2:g}, and the whole page {whole:.0f}", remedy="give a smaller area"
        )
    tolerance_px = tolerance_m / pixel if tolerance_m is not None else 1.5
    line_px = line_width_px if line_width_px is not None else 0.3 / 25.4 * dpi
    image = classify(page, legend, line_width_px=line_px)
    made = patches(image.labels, least_px=least_px, solid_px=image.solid_px, tolerance_px=tolerance_px)
    open_gaps = [g for g in image.hatch_open_px if g]
    gap_px = max(open_gaps, default=0.0)
    accuracy = accuracy_of_scan(
        found, line_width_px=line_px, simplified_m=made.moved_px * pixel, hatch_gap_m=gap_px * pixel, scale=scale
    )
    shapes = mapped(
        made.polygons,
        _to_degrees(found),
        bend=pixel / 20,
        scale=_metres_a_degree(found),
        method=method,
    )
    attributes, ids = _features(made.labels, legend, image.hatch_gap_px)
    source = name or page.source_name
    problems = [*found.page_problems(page.width, page.height)]
    if UNSURE in made.labels:
        share = f"{image.left_unsure_share:.2%}"
        problems.append(Problem(code="map_undecided", file=source, detail=share))
    for entry, kept, lost in zip(legend.classes, image.class_px, image.astray_px, strict=True):
        if lost > _MUCH * (kept + lost):
            detail = f"{entry.name}: {lost / (kept + lost):.0%} (< {image.narrowest_px} px)"
            problems.append(Problem(code="map_too_narrow", file=source, detail=detail))
    if made.despeckled_px:
        dropped = f"{made.despeckled_px * pixel**2:,.0f} m2 < {least_px * pixel**2:,.0f} m2"
        problems.append(Problem(code="map_despeckled", file=source, detail=dropped))
    reading = features_reading(
        list(shapes),
        attributes,
        accuracy=accuracy,
        source_name=source,
        source_sha256=page.source_sha256,
        fmt="scanned_map",
        ids=ids,
        problems=problems,
    )
    parameters = {
        **_fit_parameters(found, page),
        "legend": [
            {
                "name": c.name,
                "colours": [hexadecimal(v) for v in c.colours],
                "pixels": n,
                "astray_pixels": lost,
                "hatch_gap_px": gap,
            }
            for c, n, lost, gap in zip(legend.classes, image.class_px, image.astray_px, image.hatch_gap_px, strict=True)
        ],
        "background": [hexadecimal(v) for v in legend.background],
        "lines": [hexadecimal(v) for v in legend.lines],
        "tolerance_lab": legend.tolerance,
        "frame_px": [list(p) for p in legend.frame] if legend.frame else None,
        "pixel_m": round(pixel, 4),
        "line_width_px": round(line_px, 2),
        "min_patch_m2": round(least_px * pixel**2, 1),
        "tolerance_m": round(tolerance_px * pixel, 3),
        "simplified_m": round(made.moved_px * pixel, 3),
        "narrowest_m": round(image.narrowest_px * pixel, 1),
        "despeckled_m2": round(made.despeckled_px * pixel**2, 1),
        "scale": scale,
        "unsure_share": round(image.unsure_share, 5),
        "filled_share": round(image.filled_share, 5),
        "undecided_share": round(image.left_unsure_share, 5),
        "accuracy_terms": {t.code: round(t.metres, 3) for t in accuracy.terms},
    }
    return Georeferenced(
        reading=reading, method="scanned_map", accuracy=accuracy, indicative=True, parameters=parameters
    )


def accuracy_of_scan(
    found: MapFit,
    *,
    line_width_px: float,
    simplified_m: float = 0.0,
    hatch_gap_m: float = 0.0,
    scale: float | None = None,
) -> PositionalAccuracy:
    """
    Accuracy of boundaries read off a scanned map; see the module for each term.

    Parameters
    ----------
    found
        The fit.
    line_width_px
        Width of the lines drawn between areas, pixels.
    simplified_m, hatch_gap_m
        What smoothing moved at most; the largest gap between strokes; metres on the ground.
    scale
        N of the map's scale 1:N.

    Raises
    ------
    ImportOptionError
        If the fit has no accuracy, for want of control points.
    """
    if found.accuracy_m is None:
        raise ImportOptionError(
            detail=f"{len(found.points)} control points fit {found.method} whatever their errors, so nothing says how "
            "well the map is placed",
            remedy="measure one more at least, or take a stiffer method",
        )
    if not (math.isfinite(line_width_px) and line_width_px >= 0):
        raise ImportOptionError(
            detail=f"line_width_px is {line_width_px}, not 0 or more", remedy="give pixels, or leave it out"
        )
    terms = [
        AccuracyTerm(code="control_points", metres=found.accuracy_m),
        AccuracyTerm(code="pixel", metres=math.sqrt(0.5) * found.pixel_m),
        AccuracyTerm(code="drawn_line", metres=line_width_px / 2 * found.pixel_m),
        AccuracyTerm(code="simplified", metres=simplified_m),
        AccuracyTerm(code="hatching", metres=hatch_gap_m / 2),
        AccuracyTerm(code="scale", metres=scale / 2000 if scale else 0.0),
    ]
    terms = [term for term in terms if term.metres > 0]
    metres = math.hypot(*(term.metres for term in terms))
    return PositionalAccuracy(metres=metres, basis="control_points", terms=tuple(terms), assumed=False)


def map_coverage(page: Page, control_points: ControlPoints, *, legend: Legend, method: Method = "affine") -> Reading:
    """
    Where a scanned map says what there is: its frame without excluded areas, as far as control points hold it.

    To give as ``coverage`` when the layer is imported. The frame is cut to the hull of the control points, widened by a
    twentieth of its extent; beyond it nothing shows how far off the fit is. Without a frame the hull itself.

    Parameters
    ----------
    page, control_points, legend, method
        As for `georeferenced_map`.
    """
    found = fit(control_points, method)
    _require_on_page(page, legend)
    area: BaseGeometry = shapely.box(0, 0, page.width, page.height)
    if legend.frame:
        area = shapely.intersection(area, shapely.make_valid(shapely.Polygon(legend.frame)))
    for ring in legend.exclude:
        area = shapely.difference(area, shapely.make_valid(shapely.Polygon(ring)))
    hull = shapely.convex_hull(shapely.multipoints([(p.column, p.row) for p in control_points.points]))
    if legend.frame:  # without one, what lies beyond the points may be margin, title or legend
        hull = shapely.buffer(hull, 0.05 * math.sqrt(hull.area), join_style="mitre")
    held = shapely.intersection(area, hull)
    parts = np.array([p for p in shapely.get_parts(held) if p.geom_type == "Polygon"], dtype=object)
    shapes = mapped(parts, _to_degrees(found), bend=found.pixel_m / 20, scale=_metres_a_degree(found), method=method)
    accuracy = accuracy_of_scan(found, line_width_px=0)
    return features_reading(
        list(shapes), [{"name": page.source_name}] * len(shapes), accuracy=accuracy,
        source_name=page.source_name, source_sha256=page.source_sha256, fmt="scanned_map",
    )  # fmt: skip


def _require_on_page(page: Page, legend: Legend) -> None:
    """A frame that reaches over the page is that of another picture: nothing is known beyond the page."""
    for column, row in legend.frame or ():
        if not (-_OVER_PX <= column <= page.width + _OVER_PX and -_OVER_PX <= row <= page.height + _OVER_PX):
            raise LegendError(
                file=page.source_name,
                entry="frame",
                detail=f"its corner ({column:g}, {row:g}) is not on the page of {page.width} by {page.height} pixels; "
                "measure it on this very picture",
            )


def _to_degrees(found: MapFit) -> Callable[[Floats, Floats], tuple[Floats, Floats]]:
    def project(column: Floats, row: Floats) -> tuple[Floats, Floats]:
        x, y = found.to_map(column, row)
        places = shapely.get_coordinates(to_geographic(shapely.points(x, y), found.plane))
        return places[:, 0], places[:, 1]

    return project


def _metres_a_degree(found: MapFit) -> tuple[float, float]:
    middle = to_geographic(shapely.Point(*found.places.mean(axis=0)), found.plane)[0]
    per_lon, per_lat = metres_per_degree(middle.y)
    return float(per_lon), float(per_lat)


def _features(
    labels: NDArray[np.uint8], legend: Legend, hatch_gap_px: Sequence[float | None]
) -> tuple[list[dict[str, Any]], list[str]]:
    """
    Columns and ids (class number, then number of the area in it).

    Areas hatched on ground of another entry are ``location_only``: outlines and lettering have been read as hatching,
    so nothing there may prove a hit.
    """
    attributes: list[dict[str, Any]] = []
    ids: list[str] = []
    counts: dict[int, int] = {}
    for label in labels.tolist():
        counts[label] = counts.get(label, 0) + 1
        if label == UNSURE:
            attributes.append({"name": UNSURE_NAME, "location_only": 1})
            ids.append(f"unsure-{counts[label]}")
            continue
        entry = legend.classes[label - FIRST_CLASS]
        hatched = hatch_gap_px[label - FIRST_CLASS] is not None
        attributes.append({"name": entry.name, **entry.attributes, **({"location_only": 1} if hatched else {})})
        ids.append(f"{label - BACKGROUND - 1}-{counts[label]}")
    return attributes, ids


def _fit_parameters(found: MapFit, page: Page) -> dict[str, Any]:
    """What the place of the map depends on."""
    return {
        "page": page.page,
        "page_sha256": page.source_sha256,
        "dpi": page.dpi,
        "method": found.method,
        "plane": found.plane.code,
        "rmse_m": round(found.rmse_m, 3),
        "leave_one_out_rmse_m": round(found.loo_rmse_m, 3) if math.isfinite(found.loo_rmse_m) else None,
        "worst_point": found.worst,
        "suspicious_points": list(found.suspicious),
        "control_points_sha256": found.points.source_sha256,
        "outside_control_points_share": round(found.extrapolates((0, 0, page.width, page.height)), 4),
        "control_points": [
            {
                "id": point.id,
                "column": point.column,
                "row": point.row,
                "x": point.x,
                "y": point.y,
                "residual_m": round(float(residual), 3),
                "leave_one_out_m": round(float(foretold), 3) if math.isfinite(foretold) else None,
            }
            for point, residual, foretold in zip(
                found.points.points, found.residuals_m[:, 2], found.leave_one_out_m, strict=True
            )
        ],
    }
