"""What an answer rests on: reasons, warnings and evidence with the figures behind them, as words and printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from maps import phrases
from maps.grounds import accuracy_words, evidence_words, warning_words
from screening.words import word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from apps.cli.table import Page
    from screening.words import Language
    from spatial.datum_fit import Fit
    from spatial.reading.model import Hypothesis, Problem

__all__ = [
    "hypothesis_document",
    "hypothesis_words",
    "print_fit",
    "print_grounds",
    "print_hypotheses",
    "problem_words",
]


def problem_words(problem: Problem, language: Language) -> str:
    """
    Something noted while a file was read, and where.

    Examples
    --------
    >>> from spatial.reading import Problem
    >>> problem_words(Problem(code="ring_not_closed", file="a.shp", record=3, detail="J4"), "zh")
    'a.shp，记录 3：环未闭合（J4）'
    """
    where = [problem.file]
    for code, value in (("layer", problem.layer), ("record", problem.record), ("point", problem.point)):
        if value is not None:
            where.append(word(f"problem.at_{code}", language, value=value))
    text = phrases.code_word("problem", problem.code, language)
    if language == "zh":
        return f"{'，'.join(where)}：{text}" + (f"（{problem.detail}）" if problem.detail else "")
    return f"{', '.join(where)}: {text}" + (f" ({problem.detail})" if problem.detail else "")


def hypothesis_words(hypothesis: Hypothesis, language: Language) -> str:
    """
    The name of a hypothesis.

    Examples
    --------
    >>> from spatial.forensics import rank
    >>> hypothesis_words(rank([[5453252.0, 40482918.0]]).chosen, "en")
    'CGCS2000 3-degree zones, zone 40, zone number in the eastings, columns exchanged'
    """
    base, _, offset = hypothesis.code.partition("+")
    family, _, zone = (base.upper(), "", "") if base.startswith("epsg:") else base.partition(":")
    datum, *rest = family.split("_")
    if family in ("gcj02", "bd09"):
        text = word("hypothesis.degrees", language, name=phrases.code_word("hypothesis", family, language))
    elif rest and rest[0] in ("3", "6"):
        name = phrases.code_word("hypothesis", datum, language)
        text = word("hypothesis.grid", language, name=name, width=rest[0])
    elif hypothesis.system is not None and hypothesis.system.is_geographic and not rest:
        text = word("hypothesis.degrees", language, name=phrases.code_word("hypothesis", family, language))
    else:
        text = phrases.code_word("hypothesis", family, language)
    more = [word("hypothesis.zone", language, zone=zone)] if zone else []
    more += [word("hypothesis.prefixed", language)] if "prefix" in rest else []
    more += [phrases.code_word("hypothesis", offset, language)] if offset else []
    more += [word("hypothesis.swapped", language)] if hypothesis.swapped else []
    return ("，" if language == "zh" else ", ").join([text, *more])


def hypothesis_document(hypothesis: Hypothesis) -> dict[str, Any]:
    """A hypothesis for JSON."""
    return {
        "code": hypothesis.code,
        "crs": None if hypothesis.system is None else hypothesis.system.code,
        "swapped": hypothesis.swapped,
        "offset": hypothesis.offset,
        "datum": hypothesis.datum,
        "standing": hypothesis.standing,
        "for": [{"code": e.code, "value": e.value} for e in hypothesis.evidence_for],
        "against": [{"code": e.code, "value": e.value} for e in hypothesis.evidence_against],
    }


def print_hypotheses(page: Page, hypotheses: Sequence[Hypothesis], *, dead: int = 6) -> None:
    """The table of hypotheses, the likeliest first; of those that are excluded only some."""
    shown = [one for one in hypotheses if one.standing != "dead"]
    rest = [one for one in hypotheses if one.standing == "dead"]
    rows = []
    for one in [*shown, *rest[:dead]]:
        pro, contra = (
            page.comma.join(evidence_words({"code": e.code, "value": e.value}, page.language) for e in found) or "-"
            for found in (one.evidence_for, one.evidence_against)
        )
        code = "-" if one.system is None else one.system.code
        standing = phrases.code_word("hypothesis", one.standing, page.language)
        rows.append([hypothesis_words(one, page.language), code, standing, pro, contra])
    if not rows:
        return
    page.heading(page.say("hypotheses"))
    columns = [("hypothesis", "left"), ("epsg", "whole"), ("standing", "whole"), ("for", "left"), ("against", "left")]
    page.table([(page.say(f"column_{name}"), kind) for name, kind in columns], rows)
    if len(rest) > dead:
        page.line(page.say("under_not_shown", count=len(rest) - dead))


def print_fit(page: Page, fit: Fit) -> None:
    """How well control points agree with the parameters found from them."""
    kind = 2 * len(fit.residuals_m) - fit.redundancy
    figures = {"rmse": f"{fit.rmse_m:.3f}", "worst": f"{fit.worst_m:.3f}", "accuracy": f"{fit.accuracy_m:.3f}"}
    page.line(page.say("shift_fitted", count=len(fit.residuals_m), kind=kind, **figures))
    columns = [("point", "right"), ("residual_east", "right"), ("residual_north", "right")]
    rows = [[number, f"{east:+.3f}", f"{north:+.3f}"] for number, (east, north) in enumerate(fit.residuals_m, start=1)]
    page.table([(page.say(f"column_{name}"), side) for name, side in columns], rows)


def print_grounds(page: Page, result: Mapping[str, Any], problems: Sequence[Problem]) -> None:
    """What the answer rests on: where the site's CRS and accuracy come from, and what was noted on the way."""
    site = result["site"]
    page.heading(page.say("rests_on"))
    why = [page.words("crs_status", site["crs_status"])]
    why += [evidence_words(evidence, page.language) for evidence in site["crs_evidence"]]
    crs = f"{site['crs']}{page.colon}{page.comma.join(why)}"
    rows: list[tuple[str, object]] = [
        (word("map.crs", page.language), crs),
        (page.say("datum"), page.words("datum", site["datum"])),
        (word("map.site_accuracy", page.language), accuracy_words(site, page.language)),
        (page.say("combined"), page.say("combined_rule")),
    ]
    for card in result["layers"]:
        for number in card.get("georeference_defaults", ()):
            value = f"{number[page.language]} {number['value']:g} {number['unit']}"
            said = f"{card['name']}{page.colon}{value}{page.comma}{page.words('mark', number['mark'])}"
            rows.append((page.say("default_number"), said))
    page.pairs(rows)
    notes = [warning_words(warning, page.language) for warning in result["warnings"]]
    notes += [problem_words(problem, page.language) for problem in problems]
    if notes:
        page.heading(word("map.warnings", page.language))
        for note in notes:
            page.line(f"* {note}", "yellow")
