"""
One layer's answers for many sites at once: what cells, distances and overlaps settle, and the engine for the rest.

Nothing here decides otherwise than `screening.findings.answer_of` does for one site: a site is settled only where every
step of that is certain with room to spare; every other site is asked there, alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from screening.batch.answers import LayerColumns
from screening.batch.holding import corners_of, has_deep_corner, parted, witnessed
from screening.details import in_order_m2, report_on
from screening.findings import answer_of
from screening.proving import accuracy_of_proof
from screening.question import ZoneGroup
from screening.reasons import REASONS
from spatial.ellipsoid import metres_per_degree
from spatial.measure import ellipsoidal_area
from spatial.overlay.hold import ARC_FACTOR
from spatial.overlay.overlap_many import overlaps_many

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from screening.batch.crowd import Crowd
    from screening.batch.ground import Group, LayerGround, Outline
    from spatial.overlay.cells import ZoneCells
    from spatial.overlay.overlap_many import OverlapsMany

__all__ = ["layer_columns"]

DEEP = 1.01 * ARC_FACTOR
"""A corner this many times a deep is proof in every frame: that of the engine differs by less than 1 %."""
SHALLOW = 0.99 * ARC_FACTOR
APART_M = 2e-3
"""Nearer than this, a site is left to the engine: it may touch."""
AT_LIMIT_M = 1.5e-3
"""So near to a limit, the last digit of a distance decides; the engine says."""
TIE_M = 3e-3
"""So alike for two zones, it is not settled which one decides."""
PLAIN_M = 1.0
"""A corner this far on either side of the edge of a coverage: the site plainly lies on both."""
MOST_AREA_M2 = 1e8
"""Of a larger site that may be so little that its share outside is 1 all the same."""
WINDOW = 2.6
"""The window of a proof is the site widened by 2.5 a."""
MOST_A_M = 1_900.0
"""Coarser than this, the engine's window of 5 km cuts a zone short, and it may fail to prove what is deep in it."""
MOST_VERTICES = 10_000
"""Half of what a proof takes: with more in its window a site is left to the engine."""
THICK_M = 5e-3
"""What a site shares with a zone is left to the engine where it is nowhere wider than this, or may be."""


def layer_columns(ground: LayerGround, crowd: Crowd, validity: str | None) -> LayerColumns:
    """
    What one layer says of many sites.

    Parameters
    ----------
    ground
        The layer at the date; may raise ``DamagedVersionError`` or ``DamagedIndexError``.
    crowd
        The sites, all `plain`.
    validity
        The reason why this version cannot give ``clear`` at the date, if there is one.

    Returns
    -------
    columns
        Every row answered.
    """
    columns = LayerColumns.empty(len(crowd))
    if ground.has_cells:
        _settle(ground, crowd, validity, columns)
    for row in np.flatnonzero(columns.answer < 0):
        question = crowd.question(int(row))
        found = answer_of(question, ground.layer, validity=validity)
        report = report_on(question, ground.layer, found, epsg=_epsg(crowd, int(row)))
        assert report.finding is not None  # protective
        columns.take(int(row), report.finding)
    return columns


def _epsg(crowd: Crowd, row: int) -> int:
    from spatial.crs import gauss_kruger, zone3

    return gauss_kruger(zone3(float(shapely.centroid(crowd.geometry[row]).x)))


def _settle(ground: LayerGround, crowd: Crowd, validity: str | None, columns: LayerColumns) -> None:
    card, count = ground.layer.card, len(crowd)
    own = crowd.combined(card.accuracy_m)
    a = [crowd.combined(group.accuracy_m) for group in ground.groups]
    margin = np.max([own, *a], axis=0) + crowd.radius_m
    obstacle, open_ = _coverage_obstacle(ground, crowd, margin)
    vaguest = np.max([margin, crowd.combined(ground.vaguest_m) + crowd.radius_m], axis=0)
    open_ |= ground.troubled(crowd.bounds, float(vaguest.max(initial=0.0)))
    always = [*ground.everywhere, *([validity] if validity else [])]
    gap, accuracy = np.full(count, np.inf), own.copy()
    near, hit, unproved = (np.zeros(count, dtype=bool) for _ in range(3))
    least, second = np.full(count, np.inf), np.full(count, np.inf)
    for group, a_group in zip(ground.groups, a, strict=True):
        gap_group, hit_group, unproved_group, sure = _gap_of(group, ground, crowd, a_group)
        limit = a_group + crowd.radius_m
        sure &= (np.abs(gap_group - limit) > AT_LIMIT_M) & (np.abs(gap_group - a_group) > AT_LIMIT_M) | (gap_group == 0)
        near_group = gap_group <= limit
        open_ |= ~sure
        if not group.plain or len(ground.groups) > 1:
            open_ |= near_group
        near |= near_group
        hit |= hit_group
        unproved |= unproved_group
        short = gap_group - a_group
        accuracy = np.where(short < least, a_group, accuracy)
        least, second = np.minimum(short, least), np.minimum(np.maximum(short, least), second)
        gap = np.minimum(gap, gap_group)
    open_ |= second < least + TIE_M  # which of two zones decides, the last digits may say
    met = near & (gap == 0)
    open_[met & ~open_] |= ~_lay_over(ground, crowd, np.flatnonzero(met & ~open_), columns)
    settled = ~open_
    for row in np.flatnonzero(unproved & settled):
        hit[row] = _engine_proves(ground, crowd, int(row))
    columns.gap_m[:] = np.where(np.isfinite(gap), gap, np.nan)
    columns.accuracy_m[:] = np.round(accuracy, 3)
    inside = near & ~hit & (gap <= (a[0] if a else 0.0))
    clear = "declared_none" if card.declared_none else "outside"
    for code in np.unique(obstacle[settled]):
        codes = sorted([c for c in (str(code), *always) if c], key=REASONS.index)
        there = settled & (obstacle == code)
        columns.say(np.flatnonzero(there & hit), "hit", ["overlaps", *codes])
        columns.say(np.flatnonzero(there & inside), "uncertain", ["within_accuracy", *codes])
        columns.say(np.flatnonzero(there & near & ~hit & ~inside), "uncertain", ["within_radius", *codes])
        columns.say(np.flatnonzero(there & ~near), "unknown" if codes else "clear", codes or [clear])


def _coverage_obstacle(
    ground: LayerGround, crowd: Crowd, margin: NDArray[np.float64]
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """The reason that coverage gives against ``clear``, "" for none; and the sites of which it is not settled."""
    count = len(crowd)
    open_ = np.zeros(count, dtype=bool)
    if ground.coverage is None:
        return np.full(count, "coverage_not_stated", dtype=object), open_
    obstacle = np.full(count, "", dtype=object)
    needed = (ground.layer.card.coverage_accuracy_m or 0.0) + margin
    cells = ground.coverage.cells
    state = cells.around(crowd.bounds, 1.02 * needed + 0.1)
    obstacle[state == 0] = "outside_coverage"
    rest = np.flatnonzero(state < 0)
    if len(rest):
        distance = ground.coverage.distance(crowd.geometry[rest], needed[rest] + PLAIN_M)
        inside = _side(cells, crowd, rest)
        apart = distance > APART_M
        obstacle[rest[apart & (inside == 0)]] = "outside_coverage"
        close = apart & (inside == 1) & (distance < needed[rest] - APART_M)
        crossing = rest[~apart]
        across = crossing[_plainly_both(ground.coverage, crowd, crossing) & (crowd.area_m2[crossing] < MOST_AREA_M2)]
        obstacle[rest[close]] = obstacle[across] = "partly_outside_coverage"
        settled = (inside >= 0) & apart & (np.abs(distance - needed[rest]) > APART_M)
        open_[rest[~settled]] = True
        open_[across] = False
    return obstacle, open_


def _gap_of(
    group: Group, ground: LayerGround, crowd: Crowd, a: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """
    Gap, hit, unproved, sure: the distance to some zones rounded down to 1 mm; whether a hit is proved; whether that is
    all that is left to the engine; of which sites all this is settled.
    """
    count = len(crowd)
    outline = group.outline
    gap, hit, sure = np.zeros(count), np.zeros(count, dtype=bool), np.ones(count, dtype=bool)
    unproved = np.zeros(count, dtype=bool)
    state = outline.cells.around(crowd.bounds, WINDOW * a + 1.0)
    hit[state == 1] = True
    rest = np.flatnonzero(state != 1)
    if len(rest):
        _measure(group, crowd, rest, a, gap=gap, hit=hit, sure=sure, unproved=unproved)
    if not group.plain or len(ground.groups) > 1:
        return gap, hit, np.zeros(count, dtype=bool), sure & ~unproved
    _prove(ground, group, crowd, a, hit=hit, unproved=unproved)
    sure[hit & (a > MOST_A_M)] = False
    found = np.flatnonzero(hit)
    sure[found[_crowded(ground, crowd, found, a)]] = False
    return gap, hit, unproved, sure


def _measure(
    group: Group,
    crowd: Crowd,
    rest: NDArray[np.int64],
    a: NDArray[np.float64],
    *,
    gap: NDArray[np.float64],
    hit: NDArray[np.bool_],
    sure: NDArray[np.bool_],
    unproved: NDArray[np.bool_],
) -> None:
    """What `_gap_of` says, written into its columns, of the sites that are near the boundary or outside."""
    outline = group.outline
    inside = _side(outline.cells, crowd, rest)
    # within a zone only what is near counts; outside every distance is printed
    reach = np.where(inside == 1, group.influence_m + DEEP * a[rest] + 1.0, np.inf)
    distance = np.maximum(0.0, outline.distance(crowd.geometry[rest], reach) - group.influence_m)
    apart = distance > APART_M
    sure[rest[apart & (inside < 0)]] = False
    outside = apart & (inside == 0)
    if outline.has_narrow:
        distance = np.minimum(
            distance, np.maximum(0.0, outline.narrow_distance(crowd.geometry[rest]) - group.influence_m)
        )
        sure[rest[outside & (distance <= APART_M)]] = False
    gap[rest[outside]] = np.floor(distance[outside] * 1000 + 1e-7) / 1000
    within = apart & (inside == 1)
    a_rest = a[rest]
    hit[rest[within]] = (distance >= DEEP * a_rest)[within]
    # a point that is not deep enough is uncertain; a parcel may hold by other ways
    shallow = within & (distance < DEEP * a_rest)
    points = crowd.is_point[rest]
    sure[rest[shallow & points]] = (distance < SHALLOW * a_rest)[shallow & points]
    crossing = rest[~apart]
    # whatever moves a site by less than its deepest corner lies deep leaves that corner inside
    hit[crossing] = has_deep_corner(outline, crowd, crossing, DEEP * a[crossing])
    unproved[rest[shallow & ~points]] = True
    meets = (distance[~apart] == 0.0) & ~crowd.is_point[crossing]
    unproved[crossing] = ~hit[crossing] & meets
    sure[crossing[~hit[crossing] & ~meets]] = False


def _prove(
    ground: LayerGround,
    group: Group,
    crowd: Crowd,
    a: NDArray[np.float64],
    *,
    hit: NDArray[np.bool_],
    unproved: NDArray[np.bool_],
) -> None:
    """Of the parcels of which a hit is not proved yet, those are settled that are plainly parted or plainly held."""
    asked = np.flatnonzero(unproved & ~crowd.is_point & (a <= MOST_A_M))
    unproved[asked[parted(ground, crowd, asked, a[asked])]] = False
    asked = asked[unproved[asked]]
    held = asked[witnessed(ground, group.outline, crowd, asked, a[asked])]
    hit[held] = True
    unproved[held] = False


def _engine_proves(ground: LayerGround, crowd: Crowd, row: int) -> bool:
    """Whether the engine of one site proves a hit for a site that meets zones, all of one plain group."""
    (group,) = ground.groups
    question = crowd.question(row)
    zones = ZoneGroup(
        rows=group.rows,
        accuracy_m=group.accuracy_m,
        influence_m=-1.0,
        soft=False,
        a=question.combined(group.accuracy_m),
        gap_m=0.0,
        nearest=None,
    )
    return accuracy_of_proof(question, ground.layer, [zones]) is not None


def _side(cells: ZoneCells, crowd: Crowd, rows: NDArray[np.int64]) -> NDArray[np.int8]:
    """
    On which side sites lie that meet no boundary: 1 inside, 0 outside, -1 where the cells do not tell or parts differ.

    Every part is asked: one may lie in a zone while another is far from it.
    """
    xy, start = crowd.part_corners
    number = np.diff(start)[rows]
    which = np.arange(number.sum()) + np.repeat(start[rows] - (np.cumsum(number) - number), number)
    inside = cells.inside(xy[which])
    at = np.cumsum(number) - number
    low, high = np.minimum.reduceat(inside, at), np.maximum.reduceat(inside, at)
    return np.where(low == high, low, np.int8(-1))


def _plainly_both(outline: Outline, crowd: Crowd, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which sites have corners plainly inside of an outline and plainly outside of it."""
    xy, place = corners_of(crowd, rows)
    inside = outline.cells.inside(xy)
    known = np.flatnonzero(inside >= 0)
    plain = known[outline.depth(xy[known], np.full(len(known), 2 * PLAIN_M)) > PLAIN_M]
    sides = [np.bincount(place[plain[inside[plain] == side]], minlength=len(rows)) > 0 for side in (0, 1)]
    return np.asarray(sides[0] & sides[1])


def _crowded(ground: LayerGround, crowd: Crowd, rows: NDArray[np.int64], a: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which sites have so many vertices around them that a proof may be out of reach."""
    if not len(rows):
        return np.zeros(0, dtype=bool)
    west, south, east, north = crowd.bounds[rows].T
    kx, ky = metres_per_degree(np.minimum(np.maximum(np.abs(south), np.abs(north)) + 0.1, 89.0))
    dx, dy = WINDOW * a[rows] / kx, WINDOW * a[rows] / ky * 1.01
    boxes: Any = shapely.box(west - dx, south - dy, east + dx, north + dy)
    site, _ = ground.edge_groups.query(boxes)
    vertices = np.bincount(site, minlength=len(rows)) * 2 * 64 + shapely.get_num_coordinates(crowd.geometry[rows])
    return np.asarray(vertices > MOST_VERTICES)


def _lay_over(ground: LayerGround, crowd: Crowd, rows: NDArray[np.int64], columns: LayerColumns) -> NDArray[np.bool_]:
    """The features that sites lie over and the area they share; of which of these rows that is settled."""
    sure = np.ones(len(rows), dtype=bool)
    if not len(rows):
        return sure
    points = crowd.is_point[rows]
    cells = ground.layer.index.cells
    assert cells is not None
    sole = np.full(len(rows), -1, dtype=np.int64)
    sole[~points] = cells.sole_set(crowd.bounds[rows[~points]])
    if points.any():
        sets, unsure = cells.sets_at(crowd.first_corner[rows[points]])
        sole[points] = np.where(unsure, -1, sets)
    names = ground.names_in(np.unique(sole[sole >= 0]))
    alone = np.flatnonzero(sole >= 0)
    own = np.fromiter((names[number] for number in sole[alone].tolist()), dtype=object, count=len(alone))
    told = own.astype(bool)
    sure[alone[~told]] = False  # the set is not that of a zone after all: the engine finds out
    columns.met[rows[alone[told]]] = own[told]
    columns.overlap_m2[rows[alone[told]]] = np.round(crowd.area_m2[rows[alone[told]]], 2)
    sure[points & (sole < 0)] = False
    crossing = np.flatnonzero(~points & (sole < 0))
    if len(crossing):
        sure[crossing] = _cut_out(ground, crowd, rows[crossing], columns)
    return sure


def _cut_out(ground: LayerGround, crowd: Crowd, rows: NDArray[np.int64], columns: LayerColumns) -> NDArray[np.bool_]:
    """Overlaps with every zone of sites that an edge crosses; of which of these rows that is settled."""
    found = overlaps_many(crowd.geometry[rows], ground.overlay, areas_m2=crowd.area_m2[rows], threads=ground.threads)
    sure = ~found.nearly  # nearly touching: which relation that is, the engine says
    sure[found.site[found.area_m2 <= THICK_M * found.outline_m]] = False
    count = np.bincount(found.site, minlength=len(rows))
    sure[count == 0] = False
    if ground.overlapping:
        sure[count > 1] = False
    together = np.bincount(found.site, weights=found.area_m2, minlength=len(rows))
    starts = np.searchsorted(found.site, np.arange(len(rows) + 1))
    # neighbours may overlap by less than the grid of the cells: what lies in both counts once
    several = np.flatnonzero(sure & (count > 1))
    together[several] = _united_m2(ground, crowd.geometry[rows], several, found)
    for place in np.flatnonzero(sure):
        some = slice(starts[place], starts[place + 1])
        features = found.feature[some]
        if len(features) > 1:
            weight = [
                (-in_order_m2(area), ground.id_of(int(row)))
                for area, row in zip(found.area_m2[some].tolist(), features, strict=True)
            ]
            features = features[sorted(range(len(features)), key=weight.__getitem__)]
        columns.met[rows[place]] = tuple(ground.called(int(row)) for row in features)
        columns.overlap_m2[rows[place]] = round(float(together[place]), 2)
    return sure


def _united_m2(
    ground: LayerGround, sites: NDArray[Any], places: NDArray[np.int64], found: OverlapsMany
) -> NDArray[np.float64]:
    """What the sites at some places share with all they are found to meet together, square metres."""
    lookup = ground.overlay
    which, piece = lookup.tree.query(sites[places], predicate="intersects")
    wide = len(lookup.counted)
    met = np.isin(places[which] * wide + lookup.feature[piece], found.site * wide + found.feature)
    which, piece = which[met], piece[met]
    parts, of = shapely.get_parts(shapely.intersection(sites[places[which]], lookup.pieces[piece]), return_index=True)
    areal = shapely.get_dimensions(parts) == 2
    order = np.argsort(which[of[areal]], kind="stable")
    parts, start = parts[areal][order], np.searchsorted(which[of[areal]][order], np.arange(len(places) + 1))
    united = np.empty(len(places), dtype=object)
    for number in range(len(places)):
        united[number] = shapely.union_all(parts[start[number] : start[number + 1]])
    return np.asarray(ellipsoidal_area(united), dtype=np.float64)
