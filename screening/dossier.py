"""The dossier of a site: its verdict and everything that is said beside it, made in one pass from an inquiry."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screening.certainty import certainty_of
from screening.districts import districts_document
from screening.parts import parts_document
from screening.rules.packs import packs_for, user_packs
from screening.rules.ruling import rule
from screening.screen import screen

if TYPE_CHECKING:
    from layers.workspace.store import WorkspaceStore
    from screening.inquiry import Inquiry, RuleFile
    from screening.rules.model import Pack
    from screening.rules.ruling import Ruling
    from screening.verdict import Verdict

__all__ = ["Dossier", "examine"]


@dataclass(frozen=True, kw_only=True)
class Dossier:
    """
    One inquiry and its answer.

    Attributes
    ----------
    inquiry
        What was asked.
    verdict
        Where the site lies; the contract's answer. Nothing else in a dossier moves it.
    certainty
        What the figures of each finding mean (`screening.certainty.certainty_of`).
    ruling
        The clauses that apply, and those that may.
    occupation
        Areas and lengths by part, use and mode (`screening.parts.parts_document`).
    districts
        The site by county (`screening.districts.districts_document`).
    """

    inquiry: Inquiry
    verdict: Verdict
    certainty: dict[str, Any]
    ruling: Ruling
    occupation: dict[str, Any]
    districts: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """The verdict's JSON, with what is said beside it under keys of its own."""
        return {
            **self.verdict.to_dict(),
            "project": self.inquiry.project.to_dict(),
            "certainty": self.certainty,
            "ruling": self.ruling.to_dict(),
            "occupation": self.occupation,
            "districts": self.districts,
        }


def examine(inquiry: Inquiry, workspace: WorkspaceStore) -> Dossier:
    """
    Answer one inquiry from a workspace, whole.

    Use it wherever everything is wanted that can be said of a site (a check, its re-run); `screening.screen.screen`
    gives the verdict alone, and is what answers many sites.

    Parameters
    ----------
    inquiry
        Site, project, rules, date.
    workspace
        An open store.

    Returns
    -------
    dossier
        The same inquiry and workspace give the same dossier.

    Raises
    ------
    AsOfError
        If the date is none.
    RulePackError, AccessListError
        If one of the inquiry's rule files cannot be read.
    """
    site = inquiry.site
    own = _own_packs(inquiry.rules)
    verdict = screen(site, workspace, as_of=inquiry.as_of, stability=inquiry.stability)
    return Dossier(
        inquiry=inquiry,
        verdict=verdict,
        certainty=certainty_of(inquiry, verdict, workspace, stability=inquiry.stability),
        ruling=rule(verdict, inquiry.project, (*packs_for(site), *own), store=workspace, site=site),
        occupation=parts_document(site, verdict),
        districts=districts_document(site, verdict, workspace, project=inquiry.project, packs=own),
    )


def _own_packs(files: tuple[RuleFile, ...]) -> tuple[Pack, ...]:
    """The packs of the inquiry's own files, which are read from disk as they are."""
    if not files:
        return ()
    with tempfile.TemporaryDirectory(prefix="rules-") as folder:
        paths = []
        for number, file in enumerate(files):
            (place := Path(folder, str(number))).mkdir()
            (place / file.name).write_bytes(file.content)
            paths.append(place / file.name)
        return user_packs(paths)
