"""
The parts of a project by use (permanent, temporary) and mode (surface, bridge, overhead, tunnel, drilled).

Files name both in their own words; `occupation_of` understands them by the tables of ``site_fields.toml`` and keeps
what it does not understand. `parts_document` says how much of the project there is of each, in total and inside each
layer. It stands beside the verdict and never moves it: a tunnel under a zone is as much a hit as a road through it,
and which clause applies to it is for the rules to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from layers.fields import fold
from screening.extent import Extent, common, extent_of, together
from spatial.datafiles import toml_tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shapely.geometry.base import BaseGeometry

    from screening.site import Site, SitePart
    from screening.verdict import Verdict

__all__ = [
    "MODES",
    "NOT_MEASURED",
    "USES",
    "Mode",
    "Occupation",
    "Use",
    "inside_by_use",
    "occupation_of",
    "parts_document",
]

Use = Literal["permanent", "temporary", "unstated"]
Mode = Literal["surface", "bridge", "overhead", "tunnel", "drilled", "unstated"]
USES: tuple[Use, ...] = get_args(Use)
MODES: tuple[Mode, ...] = get_args(Mode)

_SEPARATORS = re.compile(r"[；;、，,/|+()（）\[\]【】：:]+")
NOT_MEASURED = frozenset({"layer_missing", "layer_unreadable"})
"""Reasons of a finding of which nothing was measured."""
SAME_M2 = 0.01
"""Areas that differ by less are not said to overlap."""


@dataclass(frozen=True, kw_only=True)
class Occupation:
    """
    How a part occupies the land, as far as its file says.

    Attributes
    ----------
    use, mode
        ``unstated`` where the file says nothing that is understood, or two things at once.
    unknown_words
        Words that say neither, as the file has them.
    flags
        ``words_not_understood``, ``use_conflicting``, ``mode_conflicting``.
    """

    use: Use
    mode: Mode
    unknown_words: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Group:
    """Parts of one use and mode, what they share counted once."""

    use: Use
    mode: Mode
    parts: int
    geometry: BaseGeometry


def occupation_of(part: SitePart) -> Occupation:
    """
    Use and mode of a part, from the words of its file.

    Both columns are searched for both: 占地方式 says 永久 in one file and 隧道 in the next.

    Parameters
    ----------
    part
        With ``use`` and ``mode`` as the file has them.

    Returns
    -------
    occupation
        Nothing is assumed: a part of which nothing is said is neither permanent nor on the surface.

    Examples
    --------
    >>> import shapely
    >>> from screening.site import SitePart
    >>> occupation_of(SitePart(id="1", geometry=shapely.Point(117, 49), use="临时占地", mode="隧道"))
    Occupation(use='temporary', mode='tunnel', unknown_words=(), flags=())
    """
    words = [word.strip() for text in (part.use, part.mode) if text for word in _SEPARATORS.split(text)]
    uses: set[str] = set()
    modes: set[str] = set()
    unknown: list[str] = []
    for word in dict.fromkeys(w for w in words if w):
        use, mode = _codes(word, "use_words"), _codes(word, "mode_words")
        uses |= use
        modes |= mode
        if not use and not mode:
            unknown.append(word)
    flags = [
        flag
        for flag, raised in (
            ("words_not_understood", bool(unknown)),
            ("use_conflicting", len(uses) > 1),
            ("mode_conflicting", len(modes) > 1),
        )
        if raised
    ]
    return Occupation(
        use=uses.pop() if len(uses) == 1 else "unstated",  # type: ignore[arg-type]  # the table's keys are the codes
        mode=modes.pop() if len(modes) == 1 else "unstated",  # type: ignore[arg-type]
        unknown_words=tuple(unknown),
        flags=tuple(flags),
    )


@cache
def _aliases(table: str) -> dict[str, str]:
    """Folded word to code."""
    tables = toml_tables(Path(__file__).with_name("site_fields.toml"))
    return {fold(word): code for code, words in tables[table].items() for word in words}


def _codes(word: str, table: str) -> set[str]:
    """What a word says: as a whole, else by the words inside it."""
    aliases, folded = _aliases(table), fold(word)
    if folded in aliases:
        return {aliases[folded]}
    if any(no in folded for no in _aliases("not_words")):
        return set()
    return {code for alias, code in aliases.items() if len(alias) > 1 and not alias.isascii() and alias in folded}


def parts_document(site: Site, verdict: Verdict) -> dict[str, Any]:
    """
    Areas and lengths by part, use and mode, in total and inside each layer.

    Use it beside a verdict of the same site; it moves no answer.

    Parameters
    ----------
    site
        The site that was judged, EPSG:4490.
    verdict
        Its verdict, with its overlaps.

    Returns
    -------
    document
        JSON-ready. What parts of one use and mode share counts once, so do overlapping features of one layer; parts of
        different uses that share land are each counted, and ``shared_m2`` says how much that is. Square metres are
        ellipsoidal, metres geodesic. ``layers`` has every finding, also where nothing was measured (figures None).
    """
    occupations = [occupation_of(part) for part in site.parts]
    groups = _groups(site, occupations)
    total = extent_of(site.geometry)
    answers = [part.answer for part in verdict.parts]
    by_group = [extent_of(group.geometry) for group in groups]
    shared = sum(extent.area_m2 for extent in by_group) - total.area_m2
    modes = {occupation.mode for occupation in occupations}
    return {
        "total": total.to_dict(),
        "shared_m2": round(shared, 2) if shared > SAME_M2 else 0.0,
        "parts": [
            {
                "id": part.id,
                "name": part.name,
                "use": occupation.use,
                "mode": occupation.mode,
                "words": {"use": part.use, "mode": part.mode},
                "unknown_words": list(occupation.unknown_words),
                "flags": list(occupation.flags),
                "answer": answer,
                **extent_of(part.geometry).to_dict(),
            }
            for part, occupation, answer in zip(site.parts, occupations, answers, strict=True)
        ],
        "groups": [
            {"use": group.use, "mode": group.mode, "parts": group.parts, **extent.to_dict()}
            for group, extent in zip(groups, by_group, strict=True)
        ],
        "uses": _by(groups, "use"),
        "modes": _by(groups, "mode"),
        "layers": _layers(site, verdict, groups),
        "notes": ["mode_moves_no_answer"] if modes - {"surface", "unstated"} else [],
    }


def inside_by_use(site: Site, pieces: Sequence[BaseGeometry]) -> dict[Use, Extent]:
    """
    How much of the project lies on some overlaps of it, by use; a use that no part has is left out.

    Use it to set alternatives side by side, where several layers of one kind count once.

    Parameters
    ----------
    site
        The site that was judged.
    pieces
        Overlaps of its verdict; what they share counts once.
    """
    groups = _groups(site, [occupation_of(part) for part in site.parts])
    return {use: common(_united(g for g in groups if g.use == use), pieces) for use in _present(groups, "use")}


def _groups(site: Site, occupations: Sequence[Occupation]) -> list[_Group]:
    found: dict[tuple[Use, Mode], list[BaseGeometry]] = {}
    for part, occupation in zip(site.parts, occupations, strict=True):
        found.setdefault((occupation.use, occupation.mode), []).append(part.geometry)
    ordered = sorted(found.items(), key=lambda item: (USES.index(item[0][0]), MODES.index(item[0][1])))
    return [
        _Group(use=use, mode=mode, parts=len(geometries), geometry=together(geometries))
        for (use, mode), geometries in ordered
    ]


def _united(groups: Iterable[_Group]) -> Any:
    return together(group.geometry for group in groups)


def _present(groups: Sequence[_Group], what: str) -> list[Any]:
    return list(dict.fromkeys(getattr(group, what) for group in groups))


def _by(groups: Sequence[_Group], what: str) -> list[dict[str, Any]]:
    """Totals by use or by mode, what its groups share counted once."""
    order = {"use": USES, "mode": MODES}[what]
    return [
        {what: code, **extent_of(_united(g for g in groups if getattr(g, what) == code)).to_dict()}
        for code in sorted(_present(groups, what), key=order.index)
    ]


def _layers(site: Site, verdict: Verdict, groups: Sequence[_Group]) -> list[dict[str, Any]]:
    """One entry for each finding, and one for what else of a layer the site lies in (other units, context)."""
    found = []
    for finding in verdict.findings:
        ids = {feature.id for feature in finding.features}
        pieces = [o.geometry for o in verdict.overlaps if o.layer == finding.layer and o.feature_id in ids]
        entry: dict[str, Any] = {
            "layer": finding.layer,
            "kind": finding.kind,
            "version": finding.version,
            "role": "protective",
            "answer": finding.answer,
        }
        if {reason.code for reason in finding.reasons} & NOT_MEASURED:
            found.append({**entry, "total": None, "groups": [], "uses": [], "parts": [], "modes": []})
            continue
        met = common(site.geometry, pieces)
        whole = Extent(area_m2=finding.overlap_m2, length_m=met.length_m, points=met.points)
        found.append({**entry, **_inside(site, groups, pieces, whole)})
    for context in verdict.context:
        ids = {feature.id for feature in context.features}
        pieces = [o.geometry for o in verdict.overlaps if o.layer == context.layer and o.feature_id in ids]
        whole = common(site.geometry, pieces)
        if not whole.nothing:
            entry = {"layer": context.layer, "kind": context.kind, "version": None, "role": "context", "answer": None}
            found.append({**entry, **_inside(site, groups, pieces, whole)})
    return found


def _inside(site: Site, groups: Sequence[_Group], pieces: Sequence[BaseGeometry], whole: Extent) -> dict[str, Any]:
    """What of each group, use and part lies on the pieces; rows of nothing are left out."""
    in_groups = [(group, common(group.geometry, pieces)) for group in groups] if pieces else []
    met = [(group, extent) for group, extent in in_groups if not extent.nothing]
    uses = _present([group for group, _ in met], "use")
    by_part = [(part.id, common(part.geometry, pieces)) for part in site.parts] if pieces else []
    return {
        "total": whole.to_dict(),
        "groups": [{"use": group.use, "mode": group.mode, **extent.to_dict()} for group, extent in met],
        "uses": [{"use": use, **common(_united(g for g, _ in met if g.use == use), pieces).to_dict()} for use in uses],
        "parts": [{"id": name, **extent.to_dict()} for name, extent in by_part if not extent.nothing],
        "modes": sorted({group.mode for group, _ in met}, key=MODES.index),
    }
