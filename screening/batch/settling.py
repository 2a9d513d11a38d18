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
from screening.details import report_on
from screening.findings import answer_of
from screening.reasons import REASONS
from spatial.ellipsoid import metres_per_degree
from spatial.measure import ellipsoidal_area
from spatial.overlay.hold import ARC_FACTOR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from screening.batch.crowd import Crowd
    from screening.batch.ground import Group, LayerGround, Outline

__all__ = ["layer_columns"]

DEEP = 1.01 * ARC_FACTOR
"""A corner this many times a deep is proof in every frame: that of the engine differs by less than 1 %."""
SHALLOW = 0.99 * ARC_FACTOR
APART_M = 2e-3
"""Nearer than this, a site is left to the engine: it may touch."""
PLAIN_M = 1.0
"""A corner this far on either side of the edge of a coverage: the site plainly lies on both."""
WINDOW = 2.6
"""The window of a proof is the site widened by 2.5 a."""
MOST_VERTICES = 10_000
"""Half of what a proof takes: with more in its window a site is left to the engine."""
_TOUCH_DEG = 3e-8
_METRES_A_DEGREE = 111_700.0
_THICK_M = 5e-3


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
    open_ |= ground.troubled(crowd.bounds, float(margin.max(initial=0.0)))
    always = [*ground.everywhere, *([validity] if validity else [])]
    gap, accuracy = np.full(count, np.inf), own.copy()
    near, hit = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    least = np.full(count, np.inf)
    for group, a_group in zip(ground.groups, a, strict=True):
        gap_group, hit_group, sure = _gap_of(group, ground, crowd, a_group)
        limit = a_group + crowd.radius_m
        sure &= (np.abs(gap_group - limit) > 1.5e-3) & (np.abs(gap_group - a_group) > 1.5e-3) | (gap_group == 0)
        near_group = gap_group <= limit
        open_ |= ~sure
        if not group.plain or len(ground.groups) > 1:
            open_ |= near_group
        near |= near_group
        hit |= hit_group
        better = (gap_group - a_group < least) | ((gap_group - a_group == least) & (a_group > accuracy))
        accuracy[better] = a_group[better]
        least[better] = (gap_group - a_group)[better]
        gap = np.minimum(gap, gap_group)
    met = near & (gap == 0)
    open_[met & ~open_] |= ~_lay_over(ground, crowd, np.flatnonzero(met & ~open_), columns)
    settled = ~open_
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
        distance = ground.coverage.distance(crowd.geometry[rest])
        inside = cells.inside(crowd.first_corner[rest])
        apart = distance > APART_M
        obstacle[rest[apart & (inside == 0)]] = "outside_coverage"
        close = apart & (inside == 1) & (distance < needed[rest] - APART_M)
        crossing = rest[~apart]
        within, beyond = _deepest_corners(ground.coverage, crowd, crossing)
        across = crossing[(within > PLAIN_M) & (beyond > PLAIN_M)]
        obstacle[rest[close]] = obstacle[across] = "partly_outside_coverage"
        settled = (inside >= 0) & apart & (np.abs(distance - needed[rest]) > APART_M)
        open_[rest[~settled]] = True
        open_[across] = False
    return obstacle, open_


def _gap_of(
    group: Group, ground: LayerGround, crowd: Crowd, a: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """The distance to some zones rounded down to 1 mm, whether a hit is proved, and of which sites both are settled."""
    count = len(crowd)
    outline = group.outline
    gap, hit, sure = np.zeros(count), np.zeros(count, dtype=bool), np.ones(count, dtype=bool)
    state = outline.cells.around(crowd.bounds, WINDOW * a + 1.0)
    hit[state == 1] = True
    rest = np.flatnonzero(state != 1)
    if not len(rest):
        return gap, hit, sure
    distance = np.maximum(0.0, outline.distance(crowd.geometry[rest]) - group.influence_m)
    inside = outline.cells.inside(crowd.first_corner[rest])
    apart = distance > APART_M
    sure[rest[apart & (inside < 0)]] = False
    outside = apart & (inside == 0)
    gap[rest[outside]] = np.floor(distance[outside] * 1000 + 1e-7) / 1000
    within = apart & (inside == 1)
    a_rest = a[rest]
    hit[rest[within]] = (distance >= DEEP * a_rest)[within]
    # a point that is not deep enough is uncertain; a parcel may hold by other ways, which the engine tries
    shallow = within & (distance < DEEP * a_rest)
    sure[rest[shallow]] = (crowd.is_point[rest] & (distance < SHALLOW * a_rest))[shallow]
    crossing = rest[~apart]
    # whatever moves a site by less than its deepest corner lies deep leaves that corner inside
    proved = _deepest_corners(outline, crowd, crossing)[0] >= DEEP * a[crossing]
    hit[crossing] = proved
    sure[crossing] = proved
    found = np.flatnonzero(hit)
    sure[found[_crowded(ground, crowd, found, a)]] = False
    return gap, hit, sure


def _deepest_corners(
    outline: Outline, crowd: Crowd, rows: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How deep the deepest corner of some sites lies inside an outline, and how far out the outermost, metres."""
    wanted = np.zeros(len(crowd), dtype=bool)
    wanted[rows] = True
    xy, site = crowd.corners
    xy, site = xy[wanted[site]], site[wanted[site]]
    within, beyond = np.zeros(len(crowd)), np.zeros(len(crowd))
    if len(xy):
        depth, inside = outline.depth(xy), outline.cells.inside(xy)
        np.maximum.at(within, site[inside == 1], depth[inside == 1])
        np.maximum.at(beyond, site[inside == 0], depth[inside == 0])
    return within[rows], beyond[rows]


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
    names = {int(number): _names_in(ground, int(number)) for number in np.unique(sole[sole >= 0])}
    for place in np.flatnonzero(sole >= 0):
        own = names[int(sole[place])]
        if not own:
            sure[place] = False  # the set is not that of a zone after all: the engine finds out
            continue
        columns.met[rows[place]] = own
        columns.overlap_m2[rows[place]] = round(float(crowd.area_m2[rows[place]]), 2)
    sure[points & (sole < 0)] = False
    crossing = np.flatnonzero(~points & (sole < 0))
    if len(crossing):
        sure[crossing] = _cut_out(ground, crowd, rows[crossing], columns)
    return sure


def _names_in(ground: LayerGround, number: int) -> tuple[str, ...]:
    """What the zones of a side set are called, in the order of a finding: they all share the whole site."""
    cells = ground.layer.index.cells
    assert cells is not None
    _, members = cells.features_of(np.array([number], dtype=np.int32))
    zones = [int(row) for row in members if ground.standing.zone[row]]
    if len(zones) > 1:
        zones.sort(key=lambda row: ground.layer.records.feature(row).id)
    return tuple(ground.called(row) for row in zones)


def _cut_out(ground: LayerGround, crowd: Crowd, rows: NDArray[np.int64], columns: LayerColumns) -> NDArray[np.bool_]:
    """Overlaps with every feature, piece by piece; a site inside a piece needs no overlay."""
    piece_rows, pieces, tree = ground.pieces
    sites = crowd.geometry[rows]
    shapely.prepare(sites)
    near = tree.query(sites, predicate="dwithin", distance=_TOUCH_DEG)
    order = np.lexsort((near[1], near[0]))
    site, piece = near[0][order], near[1][order]
    sure = np.ones(len(rows), dtype=bool)
    meets = shapely.intersects(pieces[piece], sites[site])
    sure[site[~meets]] = False  # nearly touching: which relation that is, the engine says
    site, piece = site[meets], piece[meets]
    covered = shapely.covers(pieces[piece], sites[site])
    shared = sites[site].copy()
    shared[~covered] = shapely.intersection(sites[site[~covered]], pieces[piece[~covered]])
    area = ellipsoidal_area(shared)
    length = shapely.length(shared) * _METRES_A_DEGREE
    feature = ground.layer.index.piece_feature[piece_rows[piece]]
    # pieces of one feature follow each other in no order of features: sum by site and feature
    key = site.astype(np.int64) * len(ground.standing.zone) + feature
    pairs, which = np.unique(key, return_inverse=True)
    total = np.bincount(which, weights=area, minlength=len(pairs))
    around = np.bincount(which, weights=length, minlength=len(pairs))
    owner, own = pairs // len(ground.standing.zone), pairs % len(ground.standing.zone)
    sure[owner[total < _THICK_M * around]] = False
    found = np.bincount(owner, minlength=len(rows))
    sure[found == 0] = False
    if ground.overlapping:
        sure[found > 1] = False
    together = np.bincount(owner, weights=total, minlength=len(rows))
    starts = np.searchsorted(owner, np.arange(len(rows) + 1))
    for place in np.flatnonzero(sure):
        some = slice(starts[place], starts[place + 1])
        features, areas = own[some], total[some]
        first = np.argsort(-areas, kind="stable")
        columns.met[rows[place]] = tuple(ground.called(int(features[k])) for k in first)
        columns.overlap_m2[rows[place]] = round(float(together[place]), 2)
    return sure
