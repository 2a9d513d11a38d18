"""Answering the sites of a register with the engine of one site: layers opened once, in this process or several."""

from __future__ import annotations

import math
import multiprocessing
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layers.workspace import open_workspace
from layers.workspace.canonical_json import canonical_json
from layers.workspace.opening import place_of
from screening.errors import AsOfError, RegisterUnusableError
from screening.inquiry import Inquiry
from screening.loaded import DAMAGE, load
from screening.register.comparison import layer_of
from screening.register.documents import joined, parted
from screening.register.opened import opened_once
from screening.register.windows import LayerFacts, facts_of, windows_of
from screening.screen import judge
from spatial.parent import end_with_parent

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from layers.workspace.store import WorkspaceStore
    from screening.loaded import Loaded

__all__ = ["ENOUGH", "Answered", "Answering", "answered_beside"]

STEP = 16
"""Sites that a process is given at a time."""
ENOUGH = 100
"""Fewer sites are answered before another process has begun."""


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What one run over a site gave: both parts of its document, and its windows as bytes."""

    shared: dict[str, Any]
    own: dict[str, Any]
    windows: bytes

    @property
    def document(self) -> dict[str, Any]:
        """The verdict's document."""
        return joined(self.shared, self.own)


class Answering:
    """
    A workspace of which each version is opened once, and one function from what was asked to what is kept.

    Parameters
    ----------
    store
        Its layers are read as they were when it was opened.
    """

    def __init__(self, store: WorkspaceStore) -> None:
        self.store = opened_once(store)
        self._facts: dict[bytes, tuple[LayerFacts, ...]] = {}
        self._loaded: dict[str, Loaded] = {}

    def answered(self, inquiry: Inquiry, document: dict[str, Any] | None = None) -> Answered:
        """Run a site, or take its document as it is, and say how far around it a change matters."""
        if document is None:
            document = judge(inquiry.site, self._loaded_at(inquiry.as_of), stability=inquiry.stability).to_dict()
        shared, own = parted(document)
        return Answered(shared=shared, own=own, windows=self._windows(shared, own, inquiry))

    def _loaded_at(self, as_of: str) -> Loaded:
        if as_of not in self._loaded:
            _require_date(as_of)
            self._loaded = {as_of: load(self.store, as_of)}  # one at a time: layers may be large
        return self._loaded[as_of]

    def _windows(self, shared: dict[str, Any], own: dict[str, Any], inquiry: Inquiry) -> bytes:
        key = canonical_json([shared["as_of"], shared["layers"]])
        if key not in self._facts:
            self._facts[key] = self._facts_of(shared)
        return windows_of(own, inquiry, self._facts[key]).astype("<f8").tobytes()

    def _facts_of(self, shared: dict[str, Any]) -> tuple[LayerFacts, ...]:
        found = []
        for summary in shared["layers"]:
            try:
                layer = layer_of(self.store, summary)
            except DAMAGE:
                layer = None
            found.append(_unknown(summary) if layer is None else facts_of(layer, shared["as_of"]))
        return tuple(found)


def answered_beside(
    store: WorkspaceStore, inquiries: Iterable[dict[str, Any]], workers: int
) -> Generator[Answered, None, None]:
    """
    Run sites in several processes, each of which opens the workspace for itself; what they give is the same.

    Parameters
    ----------
    store
        The workspace, as it is to be found by each.
    inquiries
        Documents of what is asked (`screening.inquiry.Inquiry.to_dict`).
    workers
        How many processes.

    Yields
    ------
    answered
        In the order of the inquiries.

    Raises
    ------
    RegisterUnusableError
        If the workspace is another by now, or a process dies.
    """
    context = multiprocessing.get_context("spawn")  # as on Windows; nothing is inherited
    where = store.root if isinstance(store.root, Path) else store.root.written_out  # through a pipe, never a file
    told = (where, _layers_of(store))
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_told, initargs=told) as pool:
        waiting = deque()  # type: ignore[var-annotated]
        try:
            asked = iter(inquiries)
            while some := list(islice(asked, STEP)):
                waiting.append(pool.submit(_reply, some))
                if len(waiting) > 2 * workers:
                    yield from _taken(waiting.popleft().result(), store)
            while waiting:
                yield from _taken(waiting.popleft().result(), store)
        except BrokenProcessPool:
            detail = "a process was ended from outside; nothing was changed, give fewer --workers"
            raise RegisterUnusableError(path=store.root, detail=detail) from None
        finally:
            for future in waiting:
                future.cancel()


def _taken(reply: list[Answered] | None, store: WorkspaceStore) -> list[Answered]:
    if reply is None:
        detail = "a layer of the workspace was replaced meanwhile; nothing was changed"
        raise RegisterUnusableError(path=store.root, detail=detail)
    return reply


def _layers_of(store: WorkspaceStore) -> list[tuple[str, str, str]]:
    return sorted((e.layer, e.version, e.checksums_sha256) for e in store.entries)


_TOLD: list[tuple[Path | str, list[tuple[str, str, str]]]] = []
_HERE: list[Answering] = []


def _told(where: Path | str, layers: list[tuple[str, str, str]]) -> None:
    end_with_parent()
    _TOLD.append((where, layers))


def _reply(inquiries: list[dict[str, Any]]) -> list[Answered] | None:
    """Answers in a process of its own; None where it finds another workspace than it was told of."""
    if not _HERE:
        where, layers = _TOLD[-1]
        store = open_workspace(place_of(where))
        if _layers_of(store) != layers:
            return None
        _HERE.append(Answering(store))
    return [_HERE[-1].answered(Inquiry.from_dict(document)) for document in inquiries]


def _require_date(text: str) -> None:
    try:
        same = date.fromisoformat(text).isoformat() == text
    except ValueError:
        same = False
    if not same:
        raise AsOfError(text)


def _unknown(summary: dict[str, Any]) -> LayerFacts:
    """Of a layer that can be read no more: every change matters."""
    return LayerFacts(
        name=summary["name"],
        kind=summary["kind"],
        protective=True,
        has_zone=False,
        top_accuracy_m=0.0,
        coverage_accuracy_m=math.inf,
    )
