"""What would change a finding and what would settle it, in words, for tables and reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from maps import phrases
from screening.words import has_word, word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from screening.words import Language

__all__ = ["change_words", "dominant_words", "flip_words", "overlap_words", "settle_words", "width_words"]

_FACTS = (
    "needed_m",
    "accuracy_m",
    "bearing_deg",
    "edge_m",
    "uncovered_share",
    "districts",
    "name",
    "feature",
    "features",
    "ids",
    "kind",
    "layers",
)
_NEEDED_OF_ACCURACY = frozenset({"survey_site", "survey_boundary", "survey_both", "improve_transformation"})


def flip_words(flip: Mapping[str, Any], language: Language) -> str:
    """
    One change of an answer: at what error or accuracy, to what, because of what.

    Examples
    --------
    >>> flip_words({"error": "more", "metres": 71.4, "bound": "exact", "to": "uncertain", "by": "zone"}, "zh")
    '误差达到 71.4 米时变为“边界不确定”（保护区域界线）'
    """
    return word(
        f"certainty.{flip['error']}_{flip['bound']}",
        language,
        metres=phrases.distance(flip["metres"], language),
        to=word(f"answer.{flip['to']}", language),
        by=phrases.code_word("certainty", f"by_{flip['by']}", language),
    )


def dominant_words(dominant: Mapping[str, Any] | None, language: Language) -> str:
    """
    Which accuracy is the greatest, and its share of the sum of squares; a dash where there is none.

    Examples
    --------
    >>> dominant_words({"part": "layer", "metres": 25.0, "share": 0.962}, "en")
    'layer 25.0 m (96.20%)'
    """
    if dominant is None:
        return "-"
    return word(
        "certainty.dominant",
        language,
        part=word(f"certainty.part_{dominant['part']}", language),
        metres=phrases.distance(dominant["metres"], language),
        share=phrases.share(dominant["share"]),
    )


def overlap_words(area: list[float] | None, length: list[float] | None, language: Language) -> list[str]:
    """
    The least and the greatest overlap, by area and by length; nothing where there is none at all.

    Examples
    --------
    >>> overlap_words([0.0, 12050.45], None, "en")
    ['0.00 to 12,050.45 m2']
    """
    found = []
    for code, interval in (("area_between", area), ("length_between", length)):
        if interval is not None and interval[1] > 0:
            low, high = (f"{value:,.2f}" for value in interval)
            found.append(word(f"certainty.{code}", language, low=low, high=high))
    return found


def width_words(finding: Mapping[str, Any], language: Language) -> str:
    """
    The greatest width of the overlap, and whether that is less than the accuracy; empty where there is no area.

    Examples
    --------
    >>> width_words({"min_width_m": 0.5, "sliver": True}, "en")
    '0.500 m wide, narrower than the accuracy (a sliver)'
    """
    if finding["min_width_m"] is None:
        return ""
    code = "sliver" if finding["sliver"] else "width"
    return word(f"certainty.{code}", language, width=phrases.distance(finding["min_width_m"], language))


def settle_words(entry: Mapping[str, Any], language: Language) -> str:
    """
    What would settle a finding, with the figures it needs.

    Examples
    --------
    >>> settle_words({"code": "survey_boundary", "alone": True, "needed_m": 10.91, "to": "clear"}, "en")
    'survey the boundary of the zone, or get its vector at a better accuracy (better than 10.9 m)'
    """
    facts = [_fact(key, entry[key], entry["code"], language) for key in _FACTS if key in entry]
    shown = [fact for fact in facts if fact]
    text = phrases.code_word("settles", entry["code"], language)
    if not shown:
        return text
    return f"{text}（{'，'.join(shown)}）" if language == "zh" else f"{text} ({', '.join(shown)})"


def change_words(change: Mapping[str, Any], language: Language) -> str:
    """
    One change along the curve, between the two accuracies that enclose it.

    Examples
    --------
    >>> change_words({"from": "hit", "to": "uncertain", "holds_at_m": 7.26, "changed_at_m": 7.34}, "en")
    'hit up to 7.26 m; uncertain from 7.34 m'
    """
    return word(
        "certainty.change",
        language,
        from_=word(f"answer.{change['from']}", language),
        to=word(f"answer.{change['to']}", language),
        holds=f"{change['holds_at_m']:.2f}",
        changed=f"{change['changed_at_m']:.2f}",
    )


def _fact(key: str, value: Any, code: str, language: Language) -> str:
    pause = "、" if language == "zh" else ", "
    if key == "needed_m" and code not in _NEEDED_OF_ACCURACY:
        return ""  # of a coverage's edge: how far it should be, said by the reason itself
    if key == "bearing_deg":
        text = phrases.bearing(value, language)
    elif key == "kind":
        text = phrases.code_word("kind", value, language)
    elif key == "uncovered_share":
        text = phrases.share(value)
    elif isinstance(value, list):
        text = pause.join(phrases.clean(one) for one in value)
    elif key.endswith("_m"):
        text = phrases.distance(value, language)
    else:
        text = phrases.clean(value)
    named = "count" if key == "features" and isinstance(value, int) else key
    return word(f"settles_fact.{named}", language, value=text) if has_word(f"settles_fact.{named}") else text
