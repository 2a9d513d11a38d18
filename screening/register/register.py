"""The register of a workspace: sites that were checked, kept so that a change of a layer finds those it reaches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from layers.workspace.canonical_json import canonical_json
from screening.errors import NoSuchSiteError, RegisterDamagedError
from screening.inquiry import Inquiry, snapped
from screening.register.answering import Answering
from screening.register.comparison import engine
from screening.register.database import Database
from screening.register.documents import joined, plain
from screening.register.notices import Notice
from screening.register.rows import SiteRow, digest_of, packed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from layers.workspace.store import WorkspaceStore
    from screening.register.answering import Answered

__all__ = ["Register", "RegisteredSite"]


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
        self.answering = Answering(store)
        self.store = self.answering.store

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
        return self.answering.answered(inquiry, document)

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
            return Inquiry.from_dict(self.asked(row, as_of))

    def asked(self, row: SiteRow, as_of: str) -> dict[str, Any]:
        """The document of the inquiry of a row at a date."""
        return {**self.database.inquiry(row), "as_of": as_of}

    def notices(self) -> tuple[Notice, ...]:
        """Every change notice kept, the oldest first."""
        return tuple(Notice.from_dict(document) for document in self.database.notices())

    def _row(self, number: int) -> SiteRow:
        row = self.database.site(number)
        if row is None:
            raise NoSuchSiteError(path=self.database.path, site=number)
        return row


def windows_from(rows: list[SiteRow], layers: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The windows of some sites, (sites, layers, 2, 4)."""
    data = b"".join(row.windows for row in rows)
    return np.frombuffer(data, dtype="<f8").reshape(len(rows), layers, 2, 4)
