"""The words of a ruling's codes, made at the rim: questions, grounds, suppositions, notes. None enters a digest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from screening.rules.vocabulary import activities, fact_word, trait_fact
from screening.words import has_word, word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from screening.words import Language

__all__ = [
    "basis_words",
    "counterfactual_words",
    "fact_name",
    "leaf_words",
    "note_words",
    "question_words",
    "stated_words",
]


def _join(parts: Sequence[str], language: Language) -> str:
    return ("、" if language == "zh" else ", ").join(parts)


def _kind(about: Mapping[str, Any], language: Language) -> str:
    """A kind with the classes, names or layers asked for."""
    kind = word(f"kind.{about['kind']}", language)
    found = [word(f"class.{code}", language) for code in about.get("class", ())]
    found += [*about.get("name", ()), *about.get("words", ())]
    if about["kind"] == "other" and found:
        return _join(found, language)
    if not found:
        return kind
    return f"{kind}（{_join(found, language)}）" if language == "zh" else f"{kind} ({_join(found, language)})"


def _activity(tag: str, language: Language) -> str:
    known = activities().get(tag)
    return tag if known is None else (known.zh if language == "zh" else known.en)


def stated_words(value: object, language: Language) -> str:
    """
    What was stated for a fact, without its unit.

    Examples
    --------
    >>> [stated_words(value, "zh") for value in (True, 6.0, 50000.0, 0.35, "new")]
    ['是', '6', '50,000', '0.35', 'new']
    """
    if isinstance(value, bool):
        return word("report.fact_yes" if value else "report.fact_no", language)
    if isinstance(value, float) and value.is_integer():
        return f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def fact_name(key: str, language: Language) -> str:
    """
    The name of a fact, with what it is about.

    Examples
    --------
    >>> fact_name("distance_m:黄河", "zh")
    '距离 黄河'
    """
    named = fact_word(key)
    if named is None:
        return key
    fact, argument = named
    name = fact.zh if language == "zh" else fact.en
    if argument is None:
        return name
    return f"{name} {_activity(argument, language) if fact.key == 'trait' else argument}"


def question_words(question: Mapping[str, Any], language: Language) -> str:
    """
    A question of a ruling in words.

    Examples
    --------
    >>> question_words({"code": "activity", "tag": "landfill"}, "en")
    'is the project "landfill"? (--activity)'
    """
    code = question["code"]
    if code == "fact":
        named = fact_word(question["key"])
        if named is None:
            return str(question["key"])
        fact, argument = named
        text = fact.question_zh if language == "zh" else fact.question_en
        return text.replace("{argument}", argument or "") + f" (--fact {question['key']}=)"
    if code == "activity":
        known = activities().get(question["tag"])
        own = None if known is None else (known.question_zh if language == "zh" else known.question_en)
        asked = own or word("rules.q_activity", language, what=_activity(question["tag"], language))
        return asked if known is None or not known.trait else f"{asked} (--fact {trait_fact(known.tag)}=)"
    what = {
        "industry": lambda: str(question["value"]),
        "confirm_district": lambda: _join(question["districts"], language),
        "confirm_unit": lambda: _join(question["units"], language),
        "mode": lambda: _join([word(f"part_mode.{m}", language) for m in question["modes"]], language),
        "use": lambda: _join([word(f"part_use.{u}", language) for u in question["uses"]], language),
    }.get(code, lambda: _kind(question, language))()
    return word(f"rules.q_{code}", language, what=what)


def leaf_words(said: Mapping[str, Any], language: Language) -> str:
    """What one deciding leaf of a trace rests on, in words."""
    leaf = said["leaf"]
    first: Mapping[str, Any] = said["grounds"][0] if said["grounds"] else {}
    if "kind" in leaf or "answer" in leaf:
        about = leaf if "kind" in leaf else {"kind": leaf["of"]}
        answer = str(first.get("answer") or "unknown")
        text = word("rules.leaf_kind", language, what=_kind(about, language), answer=word(f"answer.{answer}", language))
    elif "near" in leaf:
        metres = first.get("distance_m", first.get("stated", f"<= {leaf['within_m']:g} ?"))
        shown = f"{metres:,.0f}" if isinstance(metres, int | float) else metres
        text = word("rules.leaf_near", language, what=_join(leaf["near"], language), distance_m=shown)
    elif "activity" in leaf:
        tags = leaf["activity"] if said["truth"] == "open" else first.get("activity", leaf["activity"])
        text = word("rules.leaf_activity", language, what=_join([_activity(t, language) for t in tags], language))
    elif "fact" in leaf:
        text = fact_name(leaf["fact"], language)
        if "stated" in first:
            text = word("rules.leaf_fact", language, what=text, value=stated_words(first["stated"], language))
    else:
        key = next(key for key in ("industry", "mode", "use", "district", "unit") if key in leaf)
        values = first.get(key, leaf[key])
        values = [values] if isinstance(values, str) else list(values)
        if key in ("mode", "use"):
            values = [word(f"part_{key}.{v}", language) if has_word(f"part_{key}.{v}") else v for v in values]
        text = word(f"rules.leaf_{key}", language, what=_join(values, language))
    denied = said["denied"] and said["truth"] != "open"
    return word("rules.leaf_not", language, what=text) if denied and said["truth"] == "no" else text


def basis_words(clause: Mapping[str, Any], language: Language) -> str:
    """Law, article and dates of a clause; its source where it has no basis."""
    basis = clause["basis"]
    if basis is None:
        zh, _, en = str(clause["source"]).partition(" / ")  # a source of our own is said in both languages
        return zh if language == "zh" or not en else en
    parts = [basis[f"law_{language}"]]
    article = basis["article"]
    if article is not None:
        plain = str(article).removeprefix("line ")
        code = "rules.line" if str(article).startswith("line ") else "rules.article"
        parts.append(word(code, language, article=plain, line=plain))
    if basis["in_force_from"]:
        parts.append(word("rules.in_force", language, **{"from": basis["in_force_from"]}))
    if basis["in_force_until"]:
        parts.append(word("rules.until", language, until=basis["in_force_until"]))
    return ("，" if language == "zh" else ", ").join(parts)


def counterfactual_words(row: Mapping[str, Any], language: Language) -> tuple[str, str]:
    """A supposition and what it would change."""
    comma = "；" if language == "zh" else "; "
    if row["code"] == "without_layer":
        changes = [word("rules.without_layer_answer", language, answer=word(f"answer.{row['answer']}", language))]
        if row["kind_answer"] is not None:
            kind = word(f"kind.{row['kind']}", language)
            of_kind = word(f"answer.{row['kind_answer']}", language)
            changes.insert(0, word("rules.without_layer_kind", language, kind=kind, answer=of_kind))
        if row["required"] and row["kind_answer"] == "unknown":
            changes[0] += word("rules.without_layer_required", language)
        if row["clauses"]:
            clauses = _join(row["clauses"], language)
            changes.append(word("rules.without_layer_clauses", language, clauses=clauses))
        return word("rules.without_layer", language, layer=row["layer"]), comma.join(changes)
    values = row.get("values") or [row["value"]]  # several where each would change the same
    value = _join([_activity(one, language) if row["code"] == "if_activity" else one for one in values], language)
    changes = []
    if row["applies"]:
        changes.append(word("rules.would_apply", language, clauses=_join(row["applies"], language)))
    if row["no_longer"]:
        changes.append(word("rules.no_longer", language, clauses=_join(row["no_longer"], language)))
    return word(f"rules.{row['code']}", language, value=value), comma.join(changes)


def note_words(note: Mapping[str, Any], packs: Sequence[Mapping[str, Any]], language: Language) -> str:
    """A note of a ruling."""
    facts = {key: value for key, value in note.items() if key != "code"}
    if "pack" in facts:
        facts["pack"] = next((p[f"title_{language}"] for p in packs if p["id"] == facts["pack"]), facts["pack"])
    return word(f"rules.note_{note['code']}", language, **facts)
