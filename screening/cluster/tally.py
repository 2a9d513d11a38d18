"""What is said of a batch at its end, gathered part by part: how many of each answer where, and what was refused."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["LISTED", "Tally"]

LISTED = 100
"""Refused records that are remembered."""


class Tally:
    """Counts by district and answer, and the first refused records, of the parts added so far, in whatever order."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str | None, str | None]] = Counter()
        self._refused: list[dict[str, Any]] = []

    def add(self, rows: pa.Table) -> None:
        """Count the rows of a part, of `screening.batch.table.row_schema`."""
        import pyarrow.compute as pc

        counted = rows.group_by(["district", "answer"]).aggregate([([], "count_all")])
        for one in counted.to_pylist():
            self._counts[one["district"], one["answer"]] += one["count_all"]
        refused = rows.filter(pc.is_null(rows.column("answer"))).drop_columns(["geometry"])
        self._refused += refused.sort_by("row").slice(0, LISTED).to_pylist()
        self._refused = sorted(self._refused, key=lambda cells: int(cells["row"]))[:LISTED]

    def summary(self) -> list[tuple[str | None, str | None, int]]:
        """Counts by district and answer, sorted, None first."""
        return [
            (district, given, self._counts[district, given])
            for district, given in sorted(self._counts, key=lambda key: tuple((v is not None, v or "") for v in key))
        ]

    def refusals(self, count: int) -> list[dict[str, Any]]:
        """The first refused records by their place in the source, at most `LISTED`."""
        return self._refused[:count]
