"""What the rules say of one piece of a site, in short: its packs, the unit lists met there, the clauses that limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from screening.rules.access_lists import unit_packs
from screening.rules.districts import is_of
from screening.rules.matching import Circumstances
from screening.rules.model import STATES
from screening.rules.packs import packs_for
from screening.rules.ruling import clauses_of, unit_lists_unknown
from screening.rules.surveyed import survey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layers.workspace.store import WorkspaceStore
    from screening.project import Project
    from screening.rules.model import Pack
    from screening.rules.ruling import ClauseRuling
    from screening.site import Site
    from screening.verdict import Verdict

__all__ = ["LIMITING", "excerpt_of"]

LIMITING = ("prohibited", "restricted", "needs_approval")
"""Consequences that an excerpt lists, strictest first."""


def excerpt_of(
    site: Site,
    verdict: Verdict,
    project: Project,
    own: Sequence[Pack],
    *,
    store: WorkspaceStore,
    district: str | None,
) -> dict[str, Any]:
    """
    The rules of one piece of a site.

    Use it for a site that lies in several counties: each has its own packs and access lists.

    Parameters
    ----------
    site, verdict
        The piece, and its own verdict.
    project
        What the whole project is.
    own
        Packs of the user's own (`screening.rules.packs.user_packs`).
    store
        The workspace that gave the verdict.
    district
        Code of the county that the piece was cut to; packs of other districts do not speak of it. None where its border
        is too inaccurate to say that any of the site lies there: then packs are chosen as for any site.

    Returns
    -------
    excerpt
        ``packs`` that speak there (``id``, ``sha256``, titles); ``unit_lists``: the access lists of control units that
        apply or may (``id``, ``sha256``, ``title``, ``state``); ``unit_lists_unknown`` where a unit may lie there whose
        list nobody has; ``clauses``: those prohibiting, restricting or asking for approval that apply or may (``id``,
        ``pack``, ``consequence``, ``state``, titles, ``status``), strictest first.
    """
    if district is None:
        packs = (*packs_for(site), *own)
    else:
        from screening.rules.loading import shipped_packs

        packs = (*shipped_packs(), *own)
        packs = tuple(pack for pack in packs if not pack.districts or is_of(district, pack.districts))
    place = survey(verdict, store, site=site, district=district)
    units = unit_packs(place.features, taken={pack.id for pack in packs})
    rows, _ = clauses_of(Circumstances(place, project), (*packs, *units), as_of=verdict.as_of)
    alive = [row for row in rows if row.state != "does_not_apply"]
    lists = {row.pack.id: row.pack for row in alive if row.pack.level == "unit"}
    return {
        "packs": [
            {"id": pack.id, "title_zh": pack.title_zh, "title_en": pack.title_en, "sha256": pack.sha256}
            for pack in packs
        ],
        "unit_lists": [
            {"id": pack.id, "title": pack.title_zh, "sha256": pack.sha256, "state": _strictest(alive, pack)}
            for _, pack in sorted(lists.items())
        ],
        "unit_lists_unknown": unit_lists_unknown(verdict),
        "clauses": [
            {
                "id": row.clause.id,
                "pack": row.pack.id,
                "consequence": row.clause.consequence,
                "state": row.state,
                "title_zh": row.clause.title_zh,
                "title_en": row.clause.title_en,
                "status": "verified" if row.clause.verified else "unverified",
            }
            for row in alive
            if row.clause.consequence in LIMITING
        ],
    }


def _strictest(rows: Sequence[ClauseRuling], pack: Pack) -> str:
    return min((row.state for row in rows if row.pack.id == pack.id), key=STATES.index)
