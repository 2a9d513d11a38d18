"""What would change a finding and what would settle it, in words, for tables and reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from maps import phrases
from screening.words import has_word, word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from screening.words import Language

__all__ = [
    "change_words",
    "dominant_words",
    "flip_words",
    "overlap_words",
    "settle_lines",
    "settle_words",
    "width_words",
]

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
_IN_HECTARES = 1e5
"""Square metres from which on an overlap is said in hectares."""
_NAMED = frozenset({"code", "alone", "name", "feature", "to"})
"""Keys of an entry that says nothing but which feature it is of."""
_NEEDED_OF_ACCURACY = frozenset({"survey_site", "survey_boundary", "survey_both", "improve_transformation"})


def flip_words(flip: Mapping[str, Any], language: Language) -> str:
    """
    One change of an answer: at what error or accuracy, to what, because of what.

    Examples
    --------
    >>> flip_words({"error": "more", "metres": 71.4, "bound": "exact", "to": "uncertain", "by": "zone"}, "zh")
    '误差达 71.4 米：边界不确定'
    """
    text = word(
        f"certainty.{flip['error']}_{flip['bound']}",
        language,
        metres=phrases.distance(flip["metres"], language),
        to=word(f"answer.{flip['to']}", language),
    )
    if flip["by"] == "zone":  # the rule; only another cause is worth the words
        return text
    by = phrases.code_word("certainty", f"by_{flip['by']}", language)
    return f"{text}（{by}）" if language == "zh" else f"{text} ({by})"


def dominant_words(dominant: Mapping[str, Any] | None, language: Language) -> str:
    """
    Which accuracy is the greatest, and its share of the sum of squares; a dash where there is none.

    Examples
    --------
    >>> dominant_words({"part": "layer", "metres": 25.0, "share": 0.962}, "en")
    'layer 25.0 m (96%)'
    """
    if dominant is None:
        return "-"
    return word(
        "certainty.dominant",
        language,
        part=word(f"certainty.part_{dominant['part']}", language),
        metres=phrases.distance(dominant["metres"], language),
        share=f"{dominant['share']:.0%}",
    )


def overlap_words(area: list[float] | None, length: list[float] | None, language: Language) -> list[str]:
    """
    The least and the greatest overlap, by area and by length; nothing where there is none at all.

    Examples
    --------
    >>> overlap_words([0.0, 12050.45], None, "en")
    ['0.00 to 12,050.45 m2']
    >>> overlap_words([4062728.86, 4224909.1], None, "en")
    ['406.2729 to 422.4909 ha']
    """
    found = []
    if area is not None and area[1] >= _IN_HECTARES:
        low, high = (f"{value / 1e4:,.4f}" for value in area)
        said = word("certainty.hectares_between", language, low=low, high=high)
        found.append(said if low != high else f"{high} {word('unit.hectares', language)}")
        area = None
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


def settle_lines(entries: Sequence[Mapping[str, Any]], language: Language) -> list[str]:
    """
    All that would settle a finding: what is wanted of several features once, with their names.

    Lines that do not suffice alone say so; where none of them does, the last line says it for all.

    Examples
    --------
    >>> asked = {"code": "state_extent", "alone": False}
    >>> settle_lines([{**asked, "name": "A"}, {**asked, "name": "B"}, {"code": "state_dates", "alone": False}], "en")[0]
    'get the extent of the feature, or state its influence distance (--influence-m) (A, B)'
    """
    grouped: dict[tuple[object, ...], list[Mapping[str, Any]]] = {}
    for number, entry in enumerate(entries):
        only_named = bool(entry.get("name")) and set(entry) <= _NAMED
        key: tuple[object, ...] = (entry["code"], entry["alone"]) if only_named else (number,)
        grouped.setdefault(key, []).append(entry)
    together = len(entries) > 1 and all(entry["alone"] is False for entry in entries)
    lines = []
    for alike in grouped.values():
        text = settle_words(alike[0], language)
        if len(alike) > 1:
            names = ("、" if language == "zh" else ", ").join(phrases.clean(one["name"]) for one in alike)
            text = phrases.code_word("settles", alike[0]["code"], language)
            text = f"{text}（{names}）" if language == "zh" else f"{text} ({names})"
        if alike[0]["alone"] is False and not together:
            mark = word("certainty.together", language)
            text = f"{text}（{mark}）" if language == "zh" else f"{text} ({mark})"
        lines.append(text)
    return [*lines, word("certainty.all_together", language)] if together else lines


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
