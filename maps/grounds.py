"""What an answer rests on, in words: reasons, warnings, evidence and accuracy with the figures behind them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from maps import phrases
from screening.words import has_word, word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from screening.words import Language

__all__ = ["accuracy_words", "evidence_words", "reason_words", "reasons_words", "warning_words"]

_HIDDEN = {"code", "needed_m", "reach_m"}
_DISTANCES = {"gap_m", "edge_m", "distance_m"}


def reason_words(reason: Mapping[str, Any], language: Language) -> str:
    """
    A reason and its facts.

    Examples
    --------
    >>> reason_words({"code": "within_accuracy", "gap_m": 3.2}, "zh")
    '与边界的距离在综合精度以内（相距 3.200 米）'
    """
    hidden = _HIDDEN | {"feature"} if "name" in reason else _HIDDEN
    facts = [_fact(key, value, language) for key, value in reason.items() if key not in hidden]
    if "edge_m" in reason and "needed_m" in reason:
        facts.append(word("cli.fact_needed_m", language, value=f"{reason['needed_m']:,.1f}"))
    if "distance_m" in reason and "reach_m" in reason:
        facts.append(word("cli.fact_reach_m", language, value=f"{reason['reach_m']:,.0f}"))
    text = phrases.code_word("reason", reason["code"], language)
    if not facts:
        return text
    return f"{text}（{'，'.join(facts)}）" if language == "zh" else f"{text} ({', '.join(facts)})"


def reasons_words(reasons: Sequence[Mapping[str, Any]], language: Language) -> list[str]:
    """
    The reasons of one finding; one that holds of several features is said once, with the first three.

    Examples
    --------
    >>> reasons_words([{"code": "extent_not_given", "feature": str(i)} for i in range(5)], "en")
    ['a feature without extent is near (feature 0, feature 1, feature 2, 5 in all)']
    """
    found: list[str] = []
    for code, group in itertools.groupby(reasons, key=lambda reason: reason["code"]):
        same = list(group)
        if len(same) == 1:
            found.append(reason_words(same[0], language))
            continue
        named = [_fact("name" if "name" in r else "feature", r.get("name", r.get("feature")), language) for r in same]
        shown = [*named[:3], *([word("cli.fact_in_all", language, value=len(same))] if len(same) > 3 else [])]
        text = phrases.code_word("reason", code, language)
        found.append(f"{text}（{'、'.join(shown)}）" if language == "zh" else f"{text} ({', '.join(shown)})")
    return found


def _fact(key: str, value: Any, language: Language) -> str:
    if key == "detail":
        return phrases.code_word("damage", value, language)
    text = phrases.clean(value)
    if key in _DISTANCES:
        text = phrases.distance(float(value), language)
    elif key.endswith("share"):
        text = phrases.share(float(value))
    return word(f"cli.fact_{key}", language, value=text) if has_word(f"cli.fact_{key}") else f"{key} {text}"


def warning_words(warning: Mapping[str, Any], language: Language) -> str:
    """A warning and what it is about."""
    code = warning["code"]
    group = "warning" if has_word(f"warning.{code}") else "reason"
    about = [
        warning.get("layer"),
        None if warning.get("kind") is None else phrases.code_word("kind", warning["kind"], language),
    ]
    if warning.get("detail"):
        about.append(phrases.code_word("damage", warning["detail"], language))
    about += ["、".join(warning["layers"])] if warning.get("layers") else []
    about += [warning.get("version"), warning.get("crs"), warning.get("parts")]
    text = phrases.code_word(group, code, language)
    named = [phrases.clean(part) for part in about if part is not None]
    if not named:
        return text
    return f"{text}：{'，'.join(named)}" if language == "zh" else f"{text}: {', '.join(named)}"


def evidence_words(evidence: Mapping[str, Any], language: Language) -> str:
    """One piece of evidence for a CRS; long values are cut, the JSON has them whole."""
    text = phrases.code_word("evidence", evidence["code"], language)
    value = phrases.clean(evidence["value"])
    value = value if len(value) <= 60 else f"{value[:57]}..."
    return f"{text} {value}".strip()


def accuracy_words(site: Mapping[str, Any], language: Language) -> str:
    """The accuracy of the site and where it came from."""
    metres = f"{site['accuracy_m']:,.2f} {word('unit.metres', language)}"
    basis = phrases.code_word("basis", site["accuracy_basis"], language)
    how = word("cli.assumed" if site.get("accuracy_assumed", True) else "cli.stated", language)
    return f"{metres}（{how}：{basis}）" if language == "zh" else f"{metres} ({how}: {basis})"
