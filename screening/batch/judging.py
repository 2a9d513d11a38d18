"""The rows of many sites at once: every layer's columns, put together as `screening.screen.judge` does for one site."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from screening.batch.answers import LayerColumns
from screening.batch.row import COLUMNS, KINDS
from screening.batch.settling import layer_columns
from screening.loaded import PRIORITY_KINDS, unreadable_findings
from screening.reasons import ANSWERS, yes_no
from spatial import boundaries
from spatial.errors import SpatialError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from screening.batch.crowd import Crowd
    from screening.batch.ground import LayerGround
    from screening.loaded import Loaded

__all__ = ["Judged", "districts_at_middles", "judge_many"]

Cells = dict[str, "NDArray[Any]"]
"""Columns of rows by name: objects for text (None for nothing), floats for numbers (NaN for nothing)."""
Districts = tuple["NDArray[Any]", "NDArray[Any]"]
"""Codes and names."""
_WORDS = np.array(ANSWERS, dtype=object)
_UNKNOWN = ANSWERS.index("unknown")


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """A layer's findings, or what stands in the place of one that cannot be read (``theme`` None)."""

    kind: str
    name: tuple[str, str]
    theme: str | None
    columns: LayerColumns


class Judged:
    """Columns of n rows, and which of the rows must be asked one by one after all."""

    def __init__(self, count: int) -> None:
        self.alone = np.zeros(count, dtype=bool)
        self.cells: Cells = {
            c.name: np.full(count, np.nan) if c.type == "number" else np.full(count, None, dtype=object)
            for c in COLUMNS
        }


def judge_many(
    crowd: Crowd, loaded: Loaded, grounds: Sequence[tuple[LayerGround, str | None]], *, threads: int = 1
) -> Judged:
    """
    The rows of many sites.

    Parameters
    ----------
    crowd
        Sites that are all `plain`.
    loaded
        The layers at the date.
    grounds
        The protective ones among them, each with the reason why it cannot give ``clear``; touching damaged bytes
        raises ``DamagedVersionError`` or ``DamagedIndexError``.
    threads
        Layers asked at once; the rows are the same.

    Returns
    -------
    judged
        Rows in the order of the sites. A site whose coverages must be pooled is ``alone``.
    """
    judged = Judged(len(crowd))
    found, districts = _asked(crowd, grounds, threads)
    entries = [
        _Entry(
            kind=ground.layer.card.kind,
            name=(ground.layer.card.name, ground.layer.entry.version),
            theme=ground.layer.card.theme,
            columns=columns,
        )
        for (ground, _), columns in zip(grounds, found, strict=True)
    ]
    entries += _missing(loaded, len(crowd), {entry.kind for entry in entries})
    by_kind: dict[str, NDArray[np.int8]] = {}
    for kind in sorted({entry.kind for entry in entries}):
        own = sorted((entry for entry in entries if entry.kind == kind), key=lambda entry: entry.name)
        by_kind[kind] = np.min([entry.columns.answer for entry in own], axis=0)
        judged.alone |= _pooled(own, by_kind[kind])
        if kind in KINDS:
            judged.cells[kind][:] = _WORDS[by_kind[kind]]
        if kind in PRIORITY_KINDS:
            _kind_cells(judged.cells, kind, own)
    _own_cells(judged.cells, crowd, loaded, by_kind)
    judged.cells["district"][:], judged.cells["district_name"][:] = districts
    return judged


def _asked(
    crowd: Crowd, grounds: Sequence[tuple[LayerGround, str | None]], threads: int
) -> tuple[list[LayerColumns], Districts]:
    """What each layer says, asked by one thread about geometries that are that thread's alone; and the districts."""
    if threads == 1:
        found = [layer_columns(ground, crowd, validity) for ground, validity in grounds]
        return found, districts_at_middles(crowd.middle)
    twins = [crowd, *(crowd.twin() for _ in grounds[1:])]
    with ThreadPoolExecutor(threads) as pool:  # left when all are done, whatever one of them raises
        layers = [
            pool.submit(layer_columns, ground, twin, validity)
            for (ground, validity), twin in zip(grounds, twins, strict=False)
        ]
        districts = pool.submit(districts_at_middles, crowd.middle)
    return [one.result() for one in layers], districts.result()


def _missing(loaded: Loaded, count: int, there: set[str]) -> list[_Entry]:
    """What could not be read or is not there: unknown for every site."""
    lost = [
        (f.kind, f.layer or "", f.version or "", f.reasons[0].code)
        for f in unreadable_findings(loaded)
        if f.role == "protective"
    ]
    there = there | {kind for kind, *_ in lost}
    lost += [(kind, "", "", "layer_missing") for kind in loaded.required if kind not in there]
    found = []
    for kind, layer, version, code in lost:
        columns = LayerColumns.empty(count)
        columns.say(np.arange(count), "unknown", [code])
        found.append(_Entry(kind=kind, name=(layer, version), theme=None, columns=columns))
    return found


def _pooled(entries: Sequence[_Entry], answer: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Sites whose answer depends on coverages taken together: neither hit nor uncertain, and several layers to take."""
    themes = [entry.theme for entry in entries if entry.theme is not None]
    if len(themes) < 2:
        return np.zeros(len(answer), dtype=bool)
    if len(set(themes)) == len(themes):  # each alone: only where all together would know more
        return np.asarray(answer == _UNKNOWN)
    return np.asarray(answer >= _UNKNOWN)


def _kind_cells(cells: Cells, kind: str, entries: Sequence[_Entry]) -> None:
    """What a row says of a kind: of the first finding its reasons and accuracy, of all what is met and how near."""
    answers = np.array([entry.columns.answer for entry in entries], dtype=np.int64)
    # findings stand in the order of answer, then of layer and version, as the entries do
    order = np.argsort(answers * len(entries) + np.arange(len(entries))[:, None], axis=0, kind="stable")
    rows = np.arange(answers.shape[1])
    first = order[0]
    reasons = np.array([entry.columns.reasons for entry in entries], dtype=object).reshape(answers.shape)[first, rows]
    cells[f"{kind}_reason"][:] = _texts(reasons.tolist())
    cells[f"{kind}_accuracy_m"][:] = np.array([entry.columns.accuracy_m for entry in entries])[first, rows]
    cells[f"{kind}_overlap_m2"][:] = np.round(np.sum([entry.columns.overlap_m2 for entry in entries], axis=0), 2)
    gaps = np.array([entry.columns.gap_m for entry in entries])
    cells[f"{kind}_gap_m"][:] = np.fmin.reduce(gaps, axis=0)
    met = [entry.columns.met for entry in entries]
    some = np.flatnonzero(np.any([own.astype(bool) for own in met], axis=0))
    if len(met) == 1:
        names = met[0][some].tolist()
    else:
        names = [tuple(name for n in order[:, row] for name in met[n][row]) for row in some]
    cells[f"{kind}_met"][some] = _texts(names, distinct=True)


def _texts(many: Sequence[tuple[str, ...]], *, distinct: bool = False) -> list[str | None]:
    """Each with its words in one text, ``distinct`` ones only once; many rows say the same."""
    known = {words: _joined(dict.fromkeys(words) if distinct else words) for words in dict.fromkeys(many)}
    return [known[words] for words in many]


def _joined(words: Iterable[str]) -> str | None:
    return "; ".join(words) or None


def _own_cells(cells: Cells, crowd: Crowd, loaded: Loaded, by_kind: dict[str, NDArray[np.int8]]) -> None:
    """What a row says beside the kinds."""
    count, table = len(crowd), crowd.table
    zone_kinds = [*PRIORITY_KINDS, *(["element_zones"] if "element_zones" in by_kind else [])]
    unknown = np.full(count, _UNKNOWN, dtype=np.int8)
    in_zone = np.min([by_kind.get(kind, unknown) for kind in zone_kinds], axis=0)
    lonlat, area = crowd.middle, crowd.area_m2
    marks = [m for m in ("indicative", "synthetic") if any(getattr(layer.card, m) for layer, _ in loaded.layers)]
    numbers: dict[str, NDArray[np.float64]] = {
        "lon": np.round(lonlat[:, 0], 9),
        "lat": np.round(lonlat[:, 1], 9),
        "area_m2": np.where(area > 0, np.round(area, 2), np.nan),
        "length_m": np.full(count, np.nan),  # points and polygons have none
        "site_accuracy_m": np.round(crowd.accuracy_m, 3),
    }
    texts: dict[str, Any] = {
        "row": table.column("number").to_pylist(),
        "site_id": table.column("id").to_pylist(),
        "site_name": table.column("name").to_pylist(),
        "answer": _WORDS[np.min(list(by_kind.values()), axis=0) if by_kind else unknown],
        "in_priority_zone": np.array([yes_no(a) for a in ANSWERS], dtype=object)[in_zone],
        "scope": np.where(crowd.is_point, "point", "polygon").astype(object),
        "as_of": loaded.as_of,
        "marks": "; ".join(marks) or None,
        "warnings": _warnings(crowd, loaded),
    }
    for name, values in (numbers | texts).items():
        cells[name][:] = values


def _warnings(crowd: Crowd, loaded: Loaded) -> NDArray[Any]:
    """Codes of `screening.screen`'s warnings; those of parts and pooling belong to sites that are asked alone."""
    codes = [] if loaded.manifest_readable else ["manifest_unreadable"]
    codes += ["layer_unreadable"] if loaded.lost else []
    codes += [validity for _, validity in loaded.layers if validity is not None]
    without, with_ = _joined(dict.fromkeys(codes)), _joined(dict.fromkeys([*codes, "datum_assumed"]))
    found = np.full(len(crowd), without, dtype=object)
    found[crowd.datum_assumed] = with_
    return found


def districts_at_middles(lonlat: NDArray[np.float64]) -> Districts:
    """Codes and names of the districts of some places; None where the boundaries do not tell."""
    nothing = np.full(len(lonlat), None, dtype=object)
    try:
        codes = boundaries.districts_of(lonlat)
        names = boundaries.place_names()
    except (SpatialError, ValueError):
        return nothing, nothing.copy()
    found = nothing.copy()
    found[:] = [None if code is None else names.get(code) for code in codes]
    return codes, found
