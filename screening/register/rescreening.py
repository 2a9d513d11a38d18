"""Re-screening: after a change of the workspace or of the date, only the sites that it can reach are run again."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from layers.workspace.canonical_json import canonical_json
from screening.errors import RegisterDamagedError
from screening.register.answering import ENOUGH, answered_beside
from screening.register.changes import Change
from screening.register.comparison import Comparison, compared, engine
from screening.register.notices import Notice, notice_of
from screening.register.register import windows_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from screening.inquiry import Inquiry
    from screening.register.answering import Answered
    from screening.register.register import Register
    from screening.register.rows import SiteRow

__all__ = ["Rescreened", "rescreen"]


@dataclass(frozen=True, kw_only=True)
class Rescreened:
    """
    What a re-screening did.

    Attributes
    ----------
    as_of
        Date of the check.
    sites, run
        Sites in the register, and how many of them were run (witnesses included).
    everywhere
        JSON of the changes for which all sites had to be run; empty where only those in reach were.
    notices
        One for every site whose answer, or anything else said of it, changed.
    """

    as_of: str
    sites: int
    run: int
    everywhere: tuple[dict[str, Any], ...]
    notices: tuple[Notice, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON of the run."""
        return {
            "as_of": self.as_of,
            "sites": self.sites,
            "run": self.run,
            "everywhere": list(self.everywhere),
            "notices": [notice.to_dict() for notice in self.notices],
        }


@dataclass(frozen=True, kw_only=True)
class _Group:
    """Sites whose answers are of one state."""

    state: int
    shared: dict[str, Any]
    engine: str
    rows: list[SiteRow]
    lots: tuple[int, ...]


def rescreen(
    register: Register,
    *,
    as_of: str,
    every: bool = False,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Rescreened:
    """
    Bring every site of a register to the workspace as it is, at a date.

    The documents kept afterwards are those that a run over every site would give; that is tested with random edits.
    Nothing is kept if it is stopped half-way.

    Parameters
    ----------
    register
        Open; its store was opened after the change.
    as_of
        ISO date of the check, for all sites.
    every
        Run every site, whatever changed.
    workers
        Processes that answer; what is kept is the same. Few sites are answered in this one.
    progress
        Is told how many sites of one group were run, and how many are to be.

    Returns
    -------
    rescreened
        Its notices are kept in the register too.
    """
    database = register.database
    notices: list[Notice] = []
    everywhere: dict[bytes, dict[str, Any]] = {}
    run = 0
    with database.changing():
        for group in _groups(register):
            one = _Run(register, group, as_of, workers=workers, progress=progress)
            notices += one.bring(every=every)
            run += one.count
            for change in one.everywhere:
                everywhere[canonical_json(change.to_dict())] = change.to_dict()
        for notice in notices:
            database.put_notice(notice.site, notice.to_dict())
        database.drop_states()
        count = database.count()
    return Rescreened(as_of=as_of, sites=count, run=run, everywhere=tuple(everywhere.values()), notices=tuple(notices))


def _groups(register: Register) -> list[_Group]:
    database = register.database
    states, lots = database.states(), database.lots()
    rows: dict[int, list[SiteRow]] = {}
    with database.checked():
        for row in database.sites():
            rows.setdefault(lots[row.lot], []).append(row)
        return [
            _Group(
                state=state,
                shared=states[state][0],
                engine=states[state][1],
                rows=some,
                lots=tuple(lot for lot, at in lots.items() if at == state),
            )
            for state, some in sorted(rows.items())
        ]


class _Run:
    """One group brought to the present."""

    def __init__(
        self,
        register: Register,
        group: _Group,
        as_of: str,
        *,
        workers: int,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self.register = register
        self.group = group
        self.as_of = as_of
        self.workers = workers
        self.progress = progress or (lambda _done, _all: None)
        self.count = 0
        self.everywhere: tuple[Change, ...] = ()
        self._answered: dict[int, Answered] = {}

    def bring(self, *, every: bool) -> list[Notice]:
        """Run the sites in reach, keep what they give, and move the lots; the notices of what changed."""
        register, group = self.register, self.group
        first = self._run(group.rows[0])
        self._answered[group.rows[0].id] = first
        shared = first.shared
        comparison = compared(
            group.shared,
            shared,
            register.store,
            engines=(group.engine, engine()),
            largest_site_m2=register.database.largest_site_m2,
        )
        windows = self._windows()
        self.everywhere = comparison.everywhere
        reached = comparison.reached(windows) | every
        if self._a_witness_differs(reached, shared):
            self.everywhere = (*self.everywhere, Change(code="witness_differs"))
            reached[:] = True
        state = register.database.put_state(shared, engine())
        notices = self._keep(reached, shared, comparison, windows)
        if state != group.state:
            for lot in group.lots:
                register.database.move_lot(lot, before=group.state, after=state)
        return notices

    def _run(self, row: SiteRow) -> Answered:
        if row.id in self._answered:
            return self._answered[row.id]
        self.count += 1
        return self.register.answered(self.register.inquiry_of(row, self.as_of))

    def _answers(self, rows: list[SiteRow]) -> Iterator[tuple[Inquiry, Answered]]:
        """What is asked of some sites and what comes of it, in their order; each is run once."""
        register, as_of = self.register, self.as_of
        left = [row for row in rows if row.id not in self._answered]
        if self.workers > 1 and len(left) >= ENOUGH:
            asked = (register.asked(row, as_of) for row in left)
            with closing(answered_beside(register.store, asked, self.workers)) as replies:
                for row in rows:
                    found = self._answered.get(row.id)
                    if found is None:
                        found = next(replies)
                        self.count += 1
                    yield register.inquiry_of(row, as_of), found
        else:
            for row in rows:
                yield register.inquiry_of(row, as_of), self._run(row)

    def _a_witness_differs(self, reached: NDArray[np.bool_], shared: dict[str, Any]) -> bool:
        beyond = [row for row, is_reached in zip(self.group.rows, reached, strict=True) if not is_reached]
        for row in _some(beyond):
            found = self._run(row)
            self._answered[row.id] = found
            if found.shared != shared or found.own != self.register.database.verdict(row):
                return True
        return False

    def _windows(self) -> NDArray[np.float64]:
        try:
            return windows_from(self.group.rows, len(self.group.shared["layers"]))
        except ValueError as error:
            raise RegisterDamagedError(path=self.register.database.path, detail="windows of another length") from error

    def _keep(
        self,
        reached: NDArray[np.bool_],
        shared: dict[str, Any],
        comparison: Comparison,
        windows: NDArray[np.float64],
    ) -> list[Notice]:
        database, group = self.register.database, self.group
        own_lots: dict[bytes, int] = {}
        names = [layer["name"] for layer in group.shared["layers"]]
        notices = []
        todo = [(row, place) for place, row in enumerate(group.rows) if reached[place]]
        answers = self._answers([row for row, _ in todo])
        for done, ((row, place), (inquiry, found)) in enumerate(zip(todo, answers, strict=True)):
            self.progress(done, len(todo))
            before = database.verdict(row)
            lot = row.lot
            if found.shared != shared:  # damage that only this site met
                key = canonical_json(found.shared)
                if key not in own_lots:
                    own_lots[key] = database.new_lot(database.put_state(found.shared, engine()))
                lot = own_lots[key]
            self.register.keep(row.id, lot, key=row.key, inquiry=inquiry, answered=found, before=row)
            if found.own != before:
                now = [layer["name"] for layer in found.shared["layers"]]
                notice = notice_of(
                    site=row.id,
                    name=row.name,
                    as_of=(group.shared["as_of"], self.as_of),
                    own=(before, found.own),
                    changes=comparison.changes,
                    windows=(windows[place], _window(found, len(now))),
                    layers=(names, now),
                )
                notices.append(notice)
        return notices


def _some(rows: list[SiteRow]) -> list[SiteRow]:
    """The first, the middle and the last of some rows."""
    return list({row.id: row for row in (*rows[:1], *rows[len(rows) // 2 :][:1], *rows[-1:])}.values())


def _window(found: Answered, layers: int) -> NDArray[np.float64]:
    return np.frombuffer(found.windows, dtype="<f8").reshape(layers, 2, 4)
