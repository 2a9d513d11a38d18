"""The dossier of a site: its verdict and everything that is said beside it, made in one pass from an inquiry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from screening.screen import screen

if TYPE_CHECKING:
    from layers.workspace.store import WorkspaceStore
    from screening.inquiry import Inquiry
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
    """

    inquiry: Inquiry
    verdict: Verdict

    def to_dict(self) -> dict[str, Any]:
        """The verdict's JSON with ``project`` beside it."""
        return {**self.verdict.to_dict(), "project": self.inquiry.project.to_dict()}


def examine(inquiry: Inquiry, workspace: WorkspaceStore) -> Dossier:
    """
    Answer one inquiry from a workspace.

    Use it wherever a whole answer is wanted (a check, a re-run, a batch); `screening.screen.screen` gives the verdict
    alone.

    Parameters
    ----------
    inquiry
        Site, project, date.
    workspace
        An open store.

    Returns
    -------
    dossier
        The same inquiry and workspace give the same dossier.
    """
    verdict = screen(inquiry.site, workspace, as_of=inquiry.as_of, stability=inquiry.stability)
    return Dossier(inquiry=inquiry, verdict=verdict)
