"""The difference of two versions of a layer (or of one version at two dates), and how far it can be felt."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from screening.details import LISTED_WHOLE
from screening.findings import box_counts
from screening.register.alignment import in_order, paired, unpaired
from screening.register.changes import Change, LayerDifference, no_boxes
from screening.register.displacement import moved_m
from screening.register.windows import facts_of, feature_reach_m, inflated
from spatial.overlay.frame import widened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from layers.model import Feature
    from layers.records import Standing
    from layers.version import OpenLayer
    from spatial.overlay.index import GeometryIndex

__all__ = ["difference_of", "read_whole"]

MOST_BOXES = 20_000
"""More changed boxes than these are looked for no more: the change reaches every site."""
LINKS = ("own_zones", "successor")
"""Fields that name rows of the same version; what they amount to stands in the standing."""
DATES = ("valid_from", "valid_until")
MEASURES = ("accuracy_m", "influence_m", "without_extent_m")


def read_whole(layer: OpenLayer) -> None:
    """Touch every byte that screening may read; raises ``DamagedVersionError`` where one differs."""
    stored = layer.stored
    for name in stored.names:
        stored.array(name)[:]


def difference_of(
    old: OpenLayer, new: OpenLayer, *, before: str, after: str, largest_site_m2: float
) -> LayerDifference:
    """
    What differs between a layer at one date and its next version at another.

    Parameters
    ----------
    old, new
        Open versions of one layer, of the same kind, role and theme; may be the same version.
    before, after
        ISO dates at which each is asked.
    largest_site_m2
        The largest area of a registered site: a feature larger than this is compared piece by piece, for no site can
        equal or contain it.

    Returns
    -------
    difference
        Equal versions at dates between which nothing begins or ends give none.
    """
    changes = _card_changes(old, new, before, after)
    rejected, rejected_boxes = _rejected_changes(old, new)
    cover, cover_boxes = _coverage_changes(old, new)
    features, boxes = _feature_changes(_Side(old, before), _Side(new, after), largest_site_m2)
    found = [*changes, *rejected, *cover, *features]
    boxes = np.concatenate([boxes, rejected_boxes])
    if max(len(boxes), len(cover_boxes)) > MOST_BOXES:
        found = [*found, _of(new, "card_changed", fields=["features"])]
    return LayerDifference(changes=tuple(found), boxes=boxes, cover_boxes=cover_boxes)


def _of(layer: OpenLayer, code: str, box: NDArray[np.float64] | None = None, **facts: Any) -> Change:
    return Change(code=code, layer=layer.card.name, kind=layer.card.kind, facts=facts, box=box)


# --- card, rejected features, coverage -------------------------------------------------------------------------------


def _card_changes(old: OpenLayer, new: OpenLayer, before: str, after: str) -> list[Change]:
    one, other = facts_of(old, before), facts_of(new, after)
    found = []
    accuracies = [(old.card.accuracy_m, one.top_accuracy_m), (new.card.accuracy_m, other.top_accuracy_m)]
    if accuracies[0] != accuracies[1]:
        # the largest accuracy of a layer says how far from the edge of the coverage every site must be
        found.append(_of(new, "layer_accuracy", before=max(accuracies[0]), after=max(accuracies[1])))
    covered = [layer.card.coverage_kind is not None for layer in (old, new)]
    if covered[0] != covered[1]:
        found.append(_of(new, "coverage_changed", before=old.card.coverage_label, after=new.card.coverage_label))
    elif one.coverage_accuracy_m != other.coverage_accuracy_m:
        found.append(_of(new, "coverage_accuracy", before=one.coverage_accuracy_m, after=other.coverage_accuracy_m))
    if old.card.declared_none != new.card.declared_none:
        found.append(_of(new, "card_changed", fields=["declared_none"]))
    return found


def _rejected_changes(old: OpenLayer, new: OpenLayer) -> tuple[list[Change], NDArray[np.float64]]:
    """Rejected features by their boxes; one whose box does not count keeps the whole layer from clear."""
    sides = []
    for layer in (old, new):
        boxes = layer.rejected_boxes
        cover = layer.coverage
        counts = [cover is not None and box_counts(box, cover.feature_bounds[0]) for box in boxes]
        sides.append((boxes, counts))
    keys = [[(box.tobytes(), counts) for box, counts in zip(*side, strict=True)] for side in sides]
    gone, come = unpaired(sorted(keys[0]), sorted(keys[1]))
    if not len(gone) and not len(come):
        return [], no_boxes()
    differing = [sorted(keys[0])[i] for i in gone] + [sorted(keys[1])[i] for i in come]
    facts: dict[str, Any] = {"before": len(sides[0][0]), "after": len(sides[1][0])}
    if not all(counts for _, counts in differing):
        return [_of(new, "rejected_changed", **facts)], no_boxes()
    boxes = np.array([np.frombuffer(box) for box, _ in differing])
    return [_of(new, "rejected_changed", box=_around(boxes), **facts)], boxes


def _coverage_changes(old: OpenLayer, new: OpenLayer) -> tuple[list[Change], NDArray[np.float64]]:
    if old.coverage is None or new.coverage is None or old.stored is new.stored:
        return [], no_boxes()
    boxes = [_differing_pieces(old.coverage, new.coverage), _differing_edges(old.coverage, new.coverage)]
    found = np.concatenate(boxes)
    if not len(found):
        return [], found
    said = {"before": old.card.coverage_label, "after": new.card.coverage_label}
    return [_of(new, "coverage_changed", box=_around(found), **said)], found


def _differing_pieces(old: GeometryIndex, new: GeometryIndex) -> NDArray[np.float64]:
    keys = [_piece_keys(index, np.arange(len(index.piece_feature))) for index in (old, new)]
    gone, come = unpaired(*keys)
    return np.concatenate([old.piece_bounds[gone], new.piece_bounds[come]])


def _differing_edges(old: GeometryIndex, new: GeometryIndex) -> NDArray[np.float64]:
    keys = [[edges.wkb for edges in index.load_edge_groups(np.arange(len(index.group_bounds)))] for index in (old, new)]
    gone, come = unpaired(*keys)
    return np.concatenate([old.group_bounds[gone], new.group_bounds[come]])


def _piece_keys(index: GeometryIndex, rows: NDArray[np.int64]) -> list[bytes]:
    return [piece.wkb for piece in index.load(rows)]


def _around(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


# --- features --------------------------------------------------------------------------------------------------------


class _Side:
    """One version at one date: its features with what they amount to, and a key that tells equal ones."""

    def __init__(self, layer: OpenLayer, as_of: str) -> None:
        self.layer, self.as_of = layer, as_of
        self.standing: Standing = layer.records.standing(as_of, layer.card.accuracy_m)
        index = layer.index
        self.count = layer.records.count
        self.dimension = index.feature_dimension
        self.starts = np.searchsorted(index.piece_feature, np.arange(self.count + 1))
        standing = self.standing
        # whether a feature is a zone, and how: all that the engine reads of it besides its words and its geometry
        columns = (standing.zone, standing.soft, standing.in_force, standing.accuracy_m)
        table = np.column_stack([*(c.astype(float) for c in columns), standing.influence_m, standing.without_extent_m])
        self.status = [row.tobytes() for row in np.nan_to_num(table, nan=-1.0)]
        stored = layer.stored
        offset, wkb = np.asarray(stored.array("pieces/offset")[:]), np.asarray(stored.array("pieces/wkb")[:]).data
        at = offset[self.starts]
        self.geometry = [hashlib.blake2b(wkb[at[i] : at[i + 1]], digest_size=16).digest() for i in range(self.count)]
        offset, text = (np.asarray(stored.array(f"records/{n}")[:]) for n in ("text_offset", "text"))
        self.texts = text.tobytes()
        self.text = [self.texts[offset[i] : offset[i + 1]] for i in range(self.count)]
        self._features: dict[int, Feature] = {}

    def keys(self) -> list[tuple[bytes, bytes, bytes]]:
        return list(zip(self.status, self.geometry, self.text, strict=True))

    def feature(self, row: int) -> Feature:
        if row not in self._features:
            self._features[row] = self.layer.records.feature(row)
        return self._features[row]

    def words(self, row: int) -> str:
        """Everything said of a feature but the rows that it names."""
        said = asdict(self.feature(row))
        return repr(sorted((k, v) for k, v in said.items() if k not in LINKS))

    def reach_m(self, row: int) -> float:
        standing = self.standing
        return feature_reach_m(
            zone=bool(standing.zone[row]),
            influence_m=float(standing.influence_m[row]),
            accuracy_m=float(standing.accuracy_m[row]),
            without_extent_m=float(standing.without_extent_m[row]),
        )

    def counted(self, row: int) -> bool:
        """Whether a feature is a zone, or keeps the layer from clear without being one."""
        return bool(self.standing.zone[row]) or not math.isnan(float(self.standing.without_extent_m[row]))

    def like_no_other(self, row: int) -> bool:
        """Whether no other feature has the same fields: ties of distance are settled by fields, then by geometry."""
        fields = json.dumps(self.feature(row).attributes, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return self.texts.count(f'"attributes":{fields}'.encode()) == 1

    def listed_everywhere(self, row: int) -> bool:
        """Whether every document lists the feature, however far it is."""
        return self.layer.card.kind in LISTED_WHOLE and not self.standing.zone[row] and self.dimension[row] >= 0


@dataclass(frozen=True, kw_only=True)
class _Pair:
    """A feature before and after; None where it was not there."""

    old: int | None
    new: int | None


def _feature_changes(old: _Side, new: _Side, largest_site_m2: float) -> tuple[list[Change], NDArray[np.float64]]:
    if old.layer.stored is new.layer.stored:
        rows = [i for i in range(old.count) if old.status[i] != new.status[i]]
        pairs = [_Pair(old=i, new=i) for i in rows]
    else:
        pairs = _differing(old, new)
    changes: list[Change] = []
    boxes: list[NDArray[np.float64]] = []
    for pair in pairs:
        around = _boxes_of(pair, old, new, largest_site_m2)
        whole = (
            None if around is None else (_around(around) if len(around) else np.array([math.inf] * 2 + [-math.inf] * 2))
        )
        changes += _named(pair, old, new, whole)
        if around is not None:
            boxes.append(around)
    return changes, np.concatenate(boxes) if boxes else no_boxes()


def _differing(old: _Side, new: _Side) -> list[_Pair]:
    """Features that are not the same at the same place in the order, those of one name taken together."""
    same = paired(old.keys(), new.keys())
    left = set(range(old.count)) - {a for a, _ in same}
    come = set(range(new.count)) - {b for _, b in same}
    rows = sorted(left), sorted(come)  # rows that others name may have shifted: compare the words themselves
    again = paired(
        *([(s.status[i], s.geometry[i], s.words(i)) for i in r] for s, r in zip((old, new), rows, strict=True))
    )
    same = sorted([*same, *((rows[0][a], rows[1][b]) for a, b in again)])
    kept = in_order(same)
    gone, come = set(range(old.count)) - {a for a, _ in kept}, set(range(new.count)) - {b for _, b in kept}
    found = [_Pair(old=a, new=b) for a, b in same if a in gone and b in come]  # moved in the order only
    gone -= {p.old for p in found if p.old is not None}
    come -= {p.new for p in found if p.new is not None}
    for meaning in ("code", "name", "place", "id"):  # the same place goes before an id: that may be a row's number
        before, after = _once(old, gone, meaning), _once(new, come, meaning)
        for text in before.keys() & after.keys():
            if meaning == "id" and _another(old, before[text], new, after[text]):
                continue  # an id may be no more than the number of a row
            found.append(_Pair(old=before[text], new=after[text]))
            gone.discard(before[text])
            come.discard(after[text])
    found += [_Pair(old=a, new=None) for a in gone] + [_Pair(old=None, new=b) for b in come]
    return sorted(found, key=lambda p: (-1 if p.new is None else p.new, -1 if p.old is None else p.old))


def _another(old: _Side, a: int, new: _Side, b: int) -> bool:
    """Whether two rows of one id are two features: neither place nor name is the same."""
    one, other = old.feature(a), new.feature(b)
    named = (one.name or one.code) is not None and (other.name or other.code) is not None
    return named and old.geometry[a] != new.geometry[b] and (one.name, one.code) != (other.name, other.code)


def _once(side: _Side, rows: set[int], meaning: str) -> dict[str, int]:
    """The rows whose text of a meaning is theirs alone among these; "place" is what their geometry is."""
    found: dict[str, list[int]] = {}
    for row in rows:
        text = side.geometry[row].hex() if meaning == "place" else getattr(side.feature(row), meaning)
        if text:
            found.setdefault(text, []).append(row)
    return {text: some[0] for text, some in found.items() if len(some) == 1}


def _boxes_of(pair: _Pair, old: _Side, new: _Side, largest_site_m2: float) -> NDArray[np.float64] | None:
    """Where the difference can be felt; None where everywhere, no box where nowhere."""
    sides = [(old, pair.old), (new, pair.new)]
    present = [(side, row) for side, row in sides if row is not None]
    if any(side.listed_everywhere(row) for side, row in present):
        return None
    reach = inflated(max(side.reach_m(row) for side, row in present))
    if math.isinf(reach):
        return None
    if pair.old is not None and pair.new is not None and _by_pieces(pair.old, pair.new, old, new, largest_site_m2):
        found = _piece_boxes(pair.old, pair.new, old, new)
    else:
        found = np.array([side.layer.index.feature_bounds[row] for side, row in present])
    found = found[np.isfinite(found).all(axis=1)]
    boxes = [widened((float(w), float(s), float(e), float(n)), reach) for w, s, e, n in found]
    return np.array(boxes).reshape(-1, 4)


def _by_pieces(a: int, b: int, old: _Side, new: _Side, largest_site_m2: float) -> bool:
    """Whether only the geometry differs, of a plain polygon that no site can equal or contain."""
    if old.dimension[a] != 2 or new.dimension[b] != 2 or old.status[a] != new.status[b]:
        return False
    plain = math.isnan(old.standing.influence_m[a]) and math.isnan(old.standing.without_extent_m[a])
    area = min(float(old.layer.index.feature_area_m2[a]), float(new.layer.index.feature_area_m2[b]))
    unlike = old.like_no_other(a) and new.like_no_other(b)
    same_words = old.text[a] == new.text[b] or old.words(a) == new.words(b)
    return (
        plain and same_words and old.geometry[a] != new.geometry[b] and area > 1.001 * largest_site_m2 + 1.0 and unlike
    )


def _piece_boxes(a: int, b: int, old: _Side, new: _Side) -> NDArray[np.float64]:
    rows = [np.arange(s.starts[i], s.starts[i + 1]) for s, i in ((old, a), (new, b))]
    gone, come = unpaired(_piece_keys(old.layer.index, rows[0]), _piece_keys(new.layer.index, rows[1]))
    return np.concatenate([old.layer.index.piece_bounds[rows[0][gone]], new.layer.index.piece_bounds[rows[1][come]]])


def _named(pair: _Pair, old: _Side, new: _Side, box: NDArray[np.float64] | None) -> list[Change]:
    """What happened to a feature, the gravest first; one that only moved in the order gives a change without words."""
    after = None if pair.new is None else new.feature(pair.new)
    before = None if pair.old is None else old.feature(pair.old)
    one = after or before
    assert one is not None
    ids = frozenset(f.id for f in (before, after) if f is not None)
    said = {"id": one.id, "code": one.code, "name": one.name}
    card = new.layer.card

    def change(code: str, **facts: Any) -> Change:
        return Change(code=code, layer=card.name, kind=card.kind, ids=ids, feature=said, facts=facts, box=box)

    if before is None or after is None:
        return [change("feature_added" if before is None else "feature_removed")]
    assert pair.old is not None
    assert pair.new is not None
    found = []
    if before.class_ != after.class_ or before.counts != after.counts or before.class_label != after.class_label:
        found.append(change("feature_reclassed", before=_class_of(before), after=_class_of(after)))
    if old.geometry[pair.old] != new.geometry[pair.new]:
        found.append(change("feature_moved", moved_m=_moved(pair.old, pair.new, old, new)))
    if any(getattr(before, f) != getattr(after, f) for f in DATES):
        dates = [[getattr(f, name) for name in DATES] for f in (before, after)]
        found.append(change("feature_dates", before=dates[0], after=dates[1]))
    elif old.standing.in_force[pair.old] != new.standing.in_force[pair.new]:
        code, day = _date_passed(after, old.as_of, new.as_of, in_force=bool(new.standing.in_force[pair.new]))
        found.append(change(code, date=day))
    measures = [[getattr(f, name) for name in MEASURES] for f in (before, after)]
    if measures[0] != measures[1]:
        found.append(change("feature_accuracy", before=_finite(measures[0]), after=_finite(measures[1])))
    named = {*LINKS, *DATES, *MEASURES, "class_", "counts", "class_label"}
    fields = [k for k, v in asdict(before).items() if k not in named and asdict(after)[k] != v]
    if fields:
        found.append(change("feature_attributes", fields=fields))
    if not found and old.status[pair.old] == new.status[pair.new]:
        found.append(change("feature_reordered"))
    if not found and old.counted(pair.old) != new.counted(pair.new):  # through another: a successor, an own zone
        counted = old.counted(pair.old), new.counted(pair.new)
        found.append(change("feature_reclassed", before={"counts": counted[0]}, after={"counts": counted[1]}))
    return found or [change("feature_accuracy")]


def _date_passed(feature: Feature, before: str, after: str, *, in_force: bool) -> tuple[str, str | None]:
    """The code and the day of a feature between whose dates the date of the check went, forward or back."""
    start, end = feature.valid_from, feature.valid_until
    if in_force:
        return ("feature_came_into_force", start) if before < (start or "") else ("feature_not_ended", end)
    return ("feature_not_begun", start) if after < (start or "") else ("feature_ended", end)


def _class_of(feature: Feature) -> dict[str, Any]:
    return {"class": feature.class_, "class_label": feature.class_label, "counts": feature.counts}


def _finite(values: Sequence[float | None]) -> list[float | str | None]:
    return [None if v is None else v if math.isfinite(v) else "everywhere" for v in values]


def _moved(a: int, b: int, old: _Side, new: _Side) -> float | None:
    shapes = old.layer.index.geometry(a), new.layer.index.geometry(b)
    return None if None in shapes else moved_m(*shapes)
