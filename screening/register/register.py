"""The register of a workspace: sites that were checked, kept so that a change of a layer finds those it reaches."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from layers.workspace.canonical_json import canonical_json
from screening.errors import AsOfError, NoSuchSiteError, RegisterDamagedError
from screening.inquiry import Inquiry, snapped
from screening.loaded import DAMAGE, load
from screening.register.comparison import engine, layer_of
from screening.register.database import Database
from screening.register.documents import joined, parted, plain
from screening.register.notices import Notice
from screening.register.opened import opened_once
from screening.register.rows import SiteRow, digest_of, packed
from screening.register.windows import facts_of, windows_of
from screening.screen import judge

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from layers.workspace.store import WorkspaceStore
    from screening.loaded import Loaded
    from screening.register.windows import LayerFacts

__all__ = ["Answered", "Register", "RegisteredSite"]


@dataclass(frozen=True, kw_only=True)
class RegisteredSite:
    """
    One site of the register in short.

    Attributes
    ----------
    id, name
        Its number and name.
    answer
        Overall.
    as_of
        Date of the check that the answer is of.
    versions
        The version of each layer that the answer rests on.
    """

    id: int
    name: str | None
    answer: str
    as_of: str
    versions: dict[str, str]


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


class Register:
    """
    The sites of a workspace that were checked, with their answers. No check ever reads it.

    Use it as a context, so that the file is let go of.

    Parameters
    ----------
    store
        The workspace; its layers are read as they were when it was opened.
    create
        Make the register where there is none.

    Raises
    ------
    NoRegisterError
        If there is none and none is to be made.
    RegisterDamagedError
        From any method: it is never taken for an empty one.

    Examples
    --------
    >>> import tempfile, shapely
    >>> from pathlib import Path
    >>> from layers.workspace import FolderStore
    >>> from screening.site import site_of
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = FolderStore.create(Path(folder) / "ws", required_kinds=["red_lines"], region=None)
    ...     with Register(store, create=True) as register:
    ...         site = site_of(shapely.Point(117.45, 49.58), accuracy_m=5)
    ...         number = register.add(Inquiry(site=site, as_of="2026-11-22"))
    ...         number, len(register), register.document(number)["answer"]
    (1, 1, 'unknown')
    """

    def __init__(self, store: WorkspaceStore, *, create: bool = False) -> None:
        self.database = Database.create(store.root) if create else Database(store.root)
        self.store = opened_once(store)
        self._facts: dict[bytes, tuple[LayerFacts, ...]] = {}
        self._loaded: dict[str, Loaded] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self.database.close()

    def __len__(self) -> int:
        return self.database.count()

    def add(self, inquiry: Inquiry) -> int:
        """
        Check a site and keep it; one that is there already (same site, same project) is checked anew.

        Returns
        -------
        number
            Of the site in the register.
        """
        return self.add_many([inquiry])[0]

    def add_many(self, inquiries: Iterable[Inquiry | tuple[Inquiry, dict[str, Any]]]) -> list[int]:
        """
        Check sites and keep them: all of them, or none if anything goes wrong.

        Parameters
        ----------
        inquiries
            Sites are snapped (`screening.inquiry.snapped`). With an inquiry may come its verdict's document, made from
            this workspace as it is; then it is not run.

        Returns
        -------
        numbers
            Of the sites, in order; the same number again for a site given twice.
        """
        numbers = []
        states: dict[bytes, int] = {}
        with self.database.changing():
            known = {row.key for row in self.database.sites()}  # of a damaged index: a site it hides were kept twice
            number = self.database.next_site()
            for given in inquiries:
                asked, document = given if isinstance(given, tuple) else (given, None)
                kept = plain(replace(asked, site=snapped(asked.site)).to_dict())
                inquiry = Inquiry.from_dict(kept)  # asked as it will be asked again
                answered = self.answered(inquiry, document)
                key = digest_of(canonical_json({k: v for k, v in kept.items() if k != "as_of"}))
                before = self.database.site_of_key(key)
                if before is None and key in known:
                    raise RegisterDamagedError(path=self.database.path, detail="a site that is there cannot be found")
                shared = canonical_json(answered.shared)
                if shared not in states:
                    states[shared] = self.database.lot_of(self.database.put_state(answered.shared, engine()))
                own = number if before is None else before.id
                self.keep(own, states[shared], key=key, inquiry=inquiry, answered=answered, before=before)
                numbers.append(own)
                number += before is None
        return numbers

    def answered(self, inquiry: Inquiry, document: dict[str, Any] | None = None) -> Answered:
        """Run a site, or take its document as it is, and say how far around it a change matters."""
        if document is None:
            document = judge(inquiry.site, self._loaded_at(inquiry.as_of), stability=inquiry.stability).to_dict()
        shared, own = parted(document)
        return Answered(shared=shared, own=own, windows=self._windows(shared, own, inquiry))

    def keep(
        self, number: int, lot: int, *, key: bytes, inquiry: Inquiry, answered: Answered, before: SiteRow | None
    ) -> None:
        """Write a site and its answer; inside the database's `changing`."""
        asked = packed(inquiry.to_dict()) if before is None or before.key != key else None
        verdict = packed(answered.own)
        row = SiteRow(
            id=number,
            lot=lot,
            key=key,
            name=inquiry.site.name,
            answer=answered.own["answer"],
            windows=answered.windows,
            inquiry=digest_of(asked) if asked is not None or before is None else before.inquiry,
            verdict=digest_of(verdict),
        )
        area = float(answered.own["site"]["area_m2"] or 0.0)
        self.database.put_site(row, before=before, inquiry=asked, verdict=verdict, area_m2=area)

    def sites(self) -> tuple[RegisteredSite, ...]:
        """Every site in short, by number."""
        with self.database.snapshot():
            states, lots = self.database.states(), self.database.lots()
            versions = {n: {one["name"]: one["version"] for one in s["layers"]} for n, (s, _) in states.items()}
            return tuple(
                RegisteredSite(
                    id=row.id,
                    name=row.name,
                    answer=row.answer,
                    as_of=states[lots[row.lot]][0]["as_of"],
                    versions=versions[lots[row.lot]],
                )
                for row in self.database.sites()
            )

    def document(self, number: int) -> dict[str, Any]:
        """
        The verdict's document of a site as it was last found.

        Raises
        ------
        NoSuchSiteError
            If the register has no such number.
        """
        with self.database.snapshot():
            row = self._row(number)
            shared, _ = self.database.states()[self.database.lots()[row.lot]]
            return joined(shared, self.database.verdict(row))

    def inquiry(self, number: int) -> Inquiry:
        """What was asked of a site, at the date of its last answer."""
        with self.database.snapshot():
            row = self._row(number)
            shared, _ = self.database.states()[self.database.lots()[row.lot]]
            return self.inquiry_of(row, shared["as_of"])

    def inquiry_of(self, row: SiteRow, as_of: str) -> Inquiry:
        """The inquiry of a row at a date."""
        with self.database.checked():
            return Inquiry.from_dict({**self.database.inquiry(row), "as_of": as_of})

    def notices(self) -> tuple[Notice, ...]:
        """Every change notice kept, the oldest first."""
        return tuple(Notice.from_dict(document) for document in self.database.notices())

    def _loaded_at(self, as_of: str) -> Loaded:
        if as_of not in self._loaded:
            _require_date(as_of)
            self._loaded = {as_of: load(self.store, as_of)}  # one at a time: layers may be large
        return self._loaded[as_of]

    def _row(self, number: int) -> SiteRow:
        row = self.database.site(number)
        if row is None:
            raise NoSuchSiteError(path=self.database.path, site=number)
        return row

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


def windows_from(rows: list[SiteRow], layers: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The windows of some sites, (sites, layers, 2, 4)."""
    data = b"".join(row.windows for row in rows)
    return np.frombuffer(data, dtype="<f8").reshape(len(rows), layers, 2, 4)


def _require_date(text: str) -> None:
    try:
        same = date.fromisoformat(text).isoformat() == text
    except ValueError:
        same = False
    if not same:
        raise AsOfError(text)


def _unknown(summary: dict[str, Any]) -> LayerFacts:
    """Of a layer that can be read no more: every change matters."""
    from screening.register.windows import LayerFacts

    return LayerFacts(
        name=summary["name"],
        kind=summary["kind"],
        protective=True,
        has_zone=False,
        top_accuracy_m=0.0,
        coverage_accuracy_m=math.inf,
    )
