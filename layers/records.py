"""The features of a layer version as packed columns.

What every check reads is small; the words of a feature are read on demand.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from layers.model import Feature

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from spatial.overlay.index import ArraySource

__all__ = ["SOFT_FLAGS", "Records", "pack"]

SOFT_FLAGS = frozenset({"outer_bound", "location_only"})
"""Features with one of these never prove a hit."""
NO_START, NO_END = 0, 99_999_999
LAST_DAY = 9999_12_31
_WORDS = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=True)


def pack(features: Sequence[Feature]) -> dict[str, NDArray[Any]]:
    """
    The columns of some features, by array name.

    Examples
    --------
    >>> one = Feature(id="1", code=None, name="甲", class_="red_line", counts=True, valid_from="2024-01-01")
    >>> arrays = pack([one])
    >>> int(arrays["records/valid_from"][0]), Records(arrays.__getitem__).feature(0) == one
    (20240101, True)
    """
    texts = [_WORDS.encode(vars(f)).encode() for f in features]

    def column(values: list[float | None]) -> NDArray[np.float64]:
        return np.array([np.nan if v is None else v for v in values], dtype="<f8")

    def dates(values: list[str | None], default: int) -> NDArray[np.int32]:
        return np.array([default if v is None else int(v.replace("-", "")) for v in values], dtype="<i4")

    return {
        "records/counts": np.array([f.counts for f in features], dtype=np.uint8),
        "records/soft": np.array([bool(SOFT_FLAGS & set(f.flags)) for f in features], dtype=np.uint8),
        "records/accuracy": column([f.accuracy_m for f in features]),
        "records/influence": column([f.influence_m for f in features]),
        "records/without_extent": column([f.without_extent_m for f in features]),
        "records/valid_from": dates([f.valid_from for f in features], NO_START),
        "records/valid_until": dates([f.valid_until for f in features], NO_END),
        "records/successor": np.array([-1 if f.successor is None else f.successor for f in features], dtype="<i4"),
        "records/own_zone_offset": np.concatenate([[0], np.cumsum([len(f.own_zones) for f in features])]).astype("<i8"),
        "records/own_zone": np.array([z for f in features for z in f.own_zones], dtype="<i4"),
        "records/text_offset": np.concatenate([[0], np.cumsum([len(t) for t in texts])]).astype("<i8"),
        "records/text": np.frombuffer(b"".join(texts), dtype=np.uint8),
    }


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What the features of a layer are at one date; masks and columns of n rows."""

    zone: NDArray[np.bool_]
    """Counted, in force, with extent: part of Z."""
    soft: NDArray[np.bool_]
    """Part of Z but never the proof of a hit."""
    without_extent_m: NDArray[np.float64]
    """Reach in which a feature without extent keeps the layer from clear; NaN where it has extent or does not count."""
    accuracy_m: NDArray[np.float64]
    """Accuracy of each feature, the layer's where it has none of its own."""
    influence_m: NDArray[np.float64]
    in_force: NDArray[np.bool_]

    @cached_property
    def alike(self) -> tuple[tuple[NDArray[np.bool_], float, float, bool], ...]:
        """
        The zones in groups that are as accurate, reach as far and prove as much as each other.

        Of each its mask of n rows, accuracy, influence distance (metres; -1 where there is none) and softness.
        """
        if not self.zone.any():
            return ()
        influence = np.nan_to_num(self.influence_m, nan=-1.0)
        keys = np.column_stack([self.accuracy_m, influence, self.soft.astype(float)])
        rows = keys[self.zone]
        groups = rows[:1] if (rows == rows[0]).all() else np.unique(rows, axis=0)  # mostly there is but one
        return tuple(
            (self.zone & (keys == key).all(axis=1), float(key[0]), float(key[1]), bool(key[2])) for key in groups
        )


class Records:
    """Questions to the packed columns of a layer version."""

    def __init__(self, array: Callable[[str], ArraySource]) -> None:
        self._array = array
        self._standing: dict[tuple[str, float], Standing] = {}

    @cached_property
    def count(self) -> int:
        """Number of features."""
        return len(self._array("records/counts"))

    def _column(self, name: str) -> NDArray[Any]:
        return np.asarray(self._array(f"records/{name}")[:])

    def feature(self, row: int) -> Feature:
        """One feature with all its words."""
        offset = self._array("records/text_offset")
        start, end = int(offset[row]), int(offset[row + 1])
        fields = json.loads(np.asarray(self._array("records/text")[start:end]).tobytes())
        return Feature(**{**fields, "flags": tuple(fields["flags"]), "own_zones": tuple(fields["own_zones"])})

    def names(self, rows: NDArray[np.int64]) -> list[tuple[str | None, str | None, str]]:
        """Code, name and id of some features, as `feature` gives them; for many it takes a fraction of the time."""
        offset, text = self._array("records/text_offset"), self._array("records/text")
        places = zip(np.asarray(offset[rows]).tolist(), np.asarray(offset[rows + 1]).tolist(), strict=True)
        found = (json.loads(np.asarray(text[start:end]).tobytes()) for start, end in places)
        return [(fields["code"], fields["name"], fields["id"]) for fields in found]

    def standing(self, as_of: str, layer_accuracy_m: float) -> Standing:
        """
        Which features are zones at ``as_of`` (ISO date), and how.

        A merged area gives way to its successor only while that is itself counted and in force; an intake has extent
        only while a zone polygon of its own source is counted and in force. It is worked out once for a date.
        """
        asked = (as_of, layer_accuracy_m)
        if asked not in self._standing:
            self._standing[asked] = self._standing_at(as_of, layer_accuracy_m)
        return self._standing[asked]

    def _standing_at(self, as_of: str, layer_accuracy_m: float) -> Standing:
        day = int(as_of.replace("-", ""))
        in_force = (self._column("valid_from") <= day) & (day <= self._column("valid_until"))
        counted = self._column("counts").astype(bool) & in_force
        successor = self._column("successor")
        counted &= ~self._replaced(successor, counted)
        without = np.where(counted, self._column("without_extent"), np.nan)
        offset, own = self._column("own_zone_offset"), self._column("own_zone")
        for row in np.flatnonzero(~np.isnan(without) & (np.diff(offset) > 0)):
            if counted[own[offset[row] : offset[row + 1]]].any():
                without[row] = np.nan
                counted[row] = False
        own_accuracy = self._column("accuracy")
        return Standing(
            zone=counted & np.isnan(without),
            soft=self._column("soft").astype(bool),
            without_extent_m=without,
            accuracy_m=np.where(np.isnan(own_accuracy), layer_accuracy_m, own_accuracy),
            influence_m=self._column("influence"),
            in_force=in_force,
        )

    def changes_on(self, as_of: str) -> str | None:
        """
        The first day after ``as_of`` (ISO date) on which a feature comes into force or has ended; None where none does.

        Use it for an answer that is kept: from that day on it may be another one.

        Examples
        --------
        >>> one = Feature(id="1", code=None, name="甲", class_="red_line", counts=True, valid_until="2024-12-31")
        >>> records = Records(pack([one]).__getitem__)
        >>> records.changes_on("2024-06-01"), records.changes_on("2025-01-01")
        ('2025-01-01', None)
        """
        day = int(as_of.replace("-", ""))
        start, end = self._column("valid_from"), self._column("valid_until")
        begins, ends = int(start[start > day].min(initial=NO_END)), int(end[end >= day].min(initial=NO_END))
        found = [_iso(begins)] if begins < NO_END else []
        if ends < LAST_DAY:
            found.append((date.fromisoformat(_iso(ends)) + timedelta(days=1)).isoformat())
        return min(found, default=None)

    @staticmethod
    def _replaced(successor: NDArray[np.int32], counted: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Rows whose successor counts after all, that is, is not itself replaced; a ring of mergers replaces nobody."""
        settled: dict[int, bool] = {}
        for start in np.flatnonzero((successor >= 0) & counted):
            path: list[int] = []
            row = int(start)
            while row not in settled and row not in path and counted[row] and successor[row] >= 0:
                path.append(row)
                row = int(successor[row])
            if row in path:  # a ring
                settled.update(dict.fromkeys(path, True))
            stays = settled.get(row, bool(counted[row]))
            for earlier in reversed(path):
                if earlier not in settled:
                    settled[earlier] = not stays
                stays = settled[earlier]
        replaced = np.zeros(len(successor), dtype=bool)
        replaced[[row for row, stays in settled.items() if not stays]] = True
        return replaced


def _iso(day: int) -> str:
    return f"{day // 10_000:04d}-{day // 100 % 100:02d}-{day % 100:02d}"
