"""What the figures of a verdict mean, finding by finding, as a JSON-ready document beside the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layers.errors import DamagedVersionError
from layers.version import open_layer, version_at
from screening.certainty.curve import ACCURACIES_M, changes_along, proved, widening
from screening.certainty.flipping import flips_of
from screening.certainty.overlapping import SiteOverlap
from screening.certainty.probing import Probe
from screening.certainty.settling import settles_of
from screening.question import Question
from screening.reasons import strictest
from screening.themes import kind_answers
from spatial.overlay.index import DamagedIndexError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from layers.workspace.store import WorkspaceStore
    from screening.certainty.overlapping import Interval
    from screening.inquiry import Inquiry
    from screening.reasons import Answer
    from screening.site import Site
    from screening.verdict import Finding, Verdict

__all__ = ["certainty_of", "dominant_of"]

DAMAGE = (DamagedVersionError, DamagedIndexError, OSError)
PARTS = ("site", "layer", "transformation")


def certainty_of(inquiry: Inquiry, verdict: Verdict, store: WorkspaceStore, *, stability: bool) -> dict[str, Any]:
    """
    What would change each finding of a verdict, and what would settle it.

    Use it beside a verdict, for people; it moves no answer. All answers at other accuracies are the engine's own
    (``screening.findings.answer_of``).

    Parameters
    ----------
    inquiry
        The one that the verdict answers.
    verdict
        Of ``screening.screen.screen``, with ``stability`` if the hold of hits is wanted.
    store
        The same workspace.
    stability
        Also the curve: answer and overlap at combined accuracies of 0.05 to 50 m, and where the answers change.

    Returns
    -------
    document
        ``findings`` in the order of the verdict's, each with ``layer``, ``kind``, ``version``, ``answer``, ``flips``,
        ``flip_m`` and ``flip_to`` (the first of them), ``dominant``, ``overlap_interval_m2``,
        ``overlap_length_interval_m``, ``min_width_m``, ``sliver``, ``settles``, and with ``stability`` ``curve`` and
        ``changes``; ``overall`` with ``answer``, ``curve`` and ``changes``; ``accuracies_m`` that were tried.
        Metres and square metres; intervals rounded outward.

    Examples
    --------
    A layer that is not there needs to be loaded; nothing of it can be measured:

    >>> import shapely, tempfile
    >>> from layers.workspace import FolderStore
    >>> from screening.inquiry import Inquiry
    >>> from screening.screen import screen
    >>> from screening.site import site_of
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = FolderStore.create(folder + "/w", required_kinds=["red_lines"], region=None)
    ...     asked = Inquiry(site=site_of(shapely.Point(117.5, 49.5), accuracy_m=5), as_of="2026-11-22")
    ...     verdict = screen(asked.site, store, as_of=asked.as_of)
    ...     found = certainty_of(asked, verdict, store, stability=False)["findings"][0]
    >>> found["settles"], found["flip_m"]
    ([{'code': 'load_layer', 'alone': True, 'kind': 'red_lines'}], None)
    """
    question = _question(inquiry.site, verdict.as_of)
    probes = {(f.layer, f.version): _probe(question, f, store, verdict.as_of) for f in verdict.findings}
    findings = [
        _of_finding(finding, probes[finding.layer, finding.version], inquiry.site, verdict, stability=stability)
        for finding in verdict.findings
    ]
    document: dict[str, Any] = {
        "accuracies_m": list(ACCURACIES_M) if stability else None,
        "findings": findings,
        "overall": {"answer": verdict.answer, "curve": None, "changes": None},
    }
    if stability:
        document["overall"] |= _overall(verdict, probes)
    return document


def dominant_of(parts: Mapping[str, float] | None) -> dict[str, Any] | None:
    """
    Which of the three accuracies is the greatest, and its share of the sum of squares.

    Examples
    --------
    >>> dominant_of({"site": 5.0, "layer": 25.0, "transformation": 0.0})
    {'part': 'layer', 'metres': 25.0, 'share': 0.962}
    """
    whole = 0.0 if parts is None else sum(metres**2 for metres in parts.values())
    if parts is None or whole <= 0:
        return None
    first = max(PARTS, key=lambda part: parts[part])
    return {"part": first, "metres": round(parts[first], 3), "share": round(parts[first] ** 2 / whole, 3)}


def _question(site: Site, as_of: str) -> Question:
    return Question(
        geometry=site.geometry,
        accuracy_m=site.accuracy.metres,
        as_of=as_of,
        radius_m=site.radius_m,
        transformation_m=site.transformation_m,
        part_rejected=site.rejected_parts > 0,
    )


def _probe(question: Question, finding: Finding, store: WorkspaceStore, as_of: str) -> Probe | None:
    """The layer of a finding, open; None where there is none or it cannot be read."""
    if finding.layer is None or finding.accuracy_m is None:
        return None
    entries = [entry for entry in store.entries if entry.layer == finding.layer]
    if not entries:
        return None
    entry, validity = version_at(entries, as_of)
    try:
        return Probe(question, open_layer(store, entry), validity)
    except DAMAGE:
        return None


def _of_finding(
    finding: Finding, probe: Probe | None, site: Site, verdict: Verdict, *, stability: bool
) -> dict[str, Any]:
    try:
        figures = _figures(finding, probe, site, verdict, stability=stability)
    except DAMAGE:  # damage met only here: what was found stands, its figures cannot be had
        figures = _figures(finding, None, site, verdict, stability=stability)
    return {
        "layer": finding.layer,
        "kind": finding.kind,
        "version": finding.version,
        "answer": finding.answer,
    } | figures


def _figures(finding: Finding, probe: Probe | None, site: Site, verdict: Verdict, *, stability: bool) -> dict[str, Any]:
    flips = () if probe is None else flips_of(finding, probe)
    a = finding.accuracy_m
    overlap = None
    if probe is not None and a is not None:
        # one window with and without the curve, so that the figures are the same
        overlap = SiteOverlap(site.geometry, probe.layer, probe.standing, most_m=max(a, ACCURACIES_M[-1]))
    width = overlap.min_width_m if overlap is not None and finding.overlap_m2 > 0 else None
    found: dict[str, Any] = {
        "flips": [flip.to_dict() for flip in flips],
        "flip_m": flips[0].metres if flips else None,
        "flip_to": flips[0].to if flips else None,
        "dominant": dominant_of(finding.accuracy_parts),
        "overlap_interval_m2": None if overlap is None or a is None else _pair(overlap.area_m2(a)),
        "overlap_length_interval_m": None if overlap is None or a is None else _pair(overlap.length_m(a)),
        "min_width_m": width,
        "sliver": None if width is None or a is None else width < a,
        "settles": settles_of(finding, flips, site, verdict, probe),
        "curve": None,
        "changes": None,
    }
    if stability and probe is not None and overlap is not None:
        areas, lengths = widening(overlap)
        answer = proved(lambda m: probe.at(m).answer)
        found["curve"] = [
            {
                "a_m": m,
                "answer": answer(m),
                "screened": probe.at(m).answer,
                "overlap_m2": _pair(area),
                "overlap_length_m": _pair(length),
            }
            for m, area, length in zip(ACCURACIES_M, areas, lengths, strict=True)
        ]
        found["changes"] = changes_along(answer)
    return found


def _overall(verdict: Verdict, probes: Mapping[tuple[str | None, str | None], Probe | None]) -> dict[str, Any]:
    """The answer of the whole verdict at every accuracy, kinds put together as the verdict's are."""
    readable = [probe for probe in probes.values() if probe is not None]
    lost = [f.kind for f in verdict.findings if f.role == "protective" and probes[f.layer, f.version] is None]

    def screened(a_m: float) -> Answer:
        if not readable:
            return "unknown"
        found = [(probe.layer, probe.at(a_m)) for probe in readable]
        return strictest(list(kind_answers(readable[0].question_at(a_m), found, lost).values()))

    try:
        answer = proved(screened)
        curve = [{"a_m": m, "answer": answer(m), "screened": screened(m)} for m in ACCURACIES_M]
        return {"curve": curve, "changes": changes_along(answer)}
    except DAMAGE:
        return {"curve": None, "changes": None}


def _pair(interval: Interval | None) -> list[float] | None:
    return None if interval is None else list(interval)
