"""What a report says of the rules: the compliance table by level and heading, conflicts, open questions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from maps import phrases
from maps.report.model import Bullets, Paragraph, Section, Table
from maps.report.titles import say, titled
from screening.words import has_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from maps.report.model import Block, Cell
    from screening.words import Language

__all__ = ["activity_name", "fact_words", "ruling_sections"]

HEADINGS = ("spatial_layout", "pollutant_control", "risk_control", "resource_efficiency")
_LEVELS = ("national", "province", "basin", "city", "unit")
_STATES = ("applies", "may_apply")
_QUESTIONS_ON_PAPER = 40


def ruling_sections(ruling: Mapping[str, Any] | None, language: Language) -> list[Section]:
    """
    The sections of ``result["ruling"]``; nothing where the result has none.

    The last two columns of the compliance table are always left to be filled in.
    """
    if not ruling:
        return []
    clauses = _clauses(ruling)
    blocks: list[Block] = [Paragraph(text=say("compliance_note", language), tone="note")]
    blocks += [Paragraph(text=text, tone="warning") for text in _notes(ruling, language)]
    for level in (*_LEVELS, "other"):
        mine = [clause for clause in clauses if _level(clause) == level]
        if mine:
            blocks.append(_compliance(mine, level, language))
    if not clauses:
        blocks.append(Paragraph(text=say("no_clauses", language)))
    sections = [Section(key="compliance", title=say("compliance", language), blocks=tuple(blocks))]
    conflicts = [_conflict(one, clauses, language) for one in ruling.get("conflicts") or ()]
    if conflicts:
        title = say("conflicts", language)
        sections.append(Section(key="conflicts", title=title, blocks=(Bullets(items=tuple(conflicts)),)))
    questions = ruling.get("questions") or []
    if questions:
        title = say("questions", language)
        sections.append(Section(key="questions", title=title, blocks=(_questions(questions, language),)))
    return sections


def activity_name(tag: str, language: Language) -> str:
    """The name of an activity's tag; the tag itself where there is none."""
    from screening.rules.vocabulary import activities

    known = activities().get(tag)
    return tag if known is None else known.zh if language == "zh" else known.en


def fact_words(key: str, value: object, language: Language) -> str:
    """A fact that the user stated, in words."""
    from screening.rules.phrases import stated_words
    from screening.rules.vocabulary import fact_word

    found = fact_word(key)
    name = key
    if found is not None:
        known, argument = found
        argument = activity_name(argument, language) if argument and known.key == "trait" else argument
        name = known.zh if language == "zh" else known.en
        name = (
            f"{name}（{argument}）" if argument and language == "zh" else f"{name} ({argument})" if argument else name
        )
        unit = known.unit if known.unit not in (None, "1") else ""
        return f"{name} = {stated_words(value, language)} {unit}".strip()
    return f"{name} = {value}"


def _clauses(ruling: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Clauses that apply or may, by heading; one of a heading nobody knows is kept, after the others."""
    headings = ruling.get("headings") or {}
    names = [*HEADINGS, *sorted(set(headings) - set(HEADINGS))]
    found = [clause for name in names for clause in headings.get(name) or ()]
    return [clause for clause in found if clause.get("state") != "does_not_apply"]


def _level(clause: Mapping[str, Any]) -> str:
    return clause["level"] if clause.get("level") in _LEVELS else "other"


def _compliance(clauses: Iterable[Mapping[str, Any]], level: str, language: Language) -> Table:
    column = partial(titled, language)
    columns = (
        column("heading", weight=1.65),  # six Chinese characters on one line
        column("requirement", weight=6),
        column("consequence", weight=1.65),
        column("state", weight=1.2),
        column("situation", weight=1.4),
        column("complies", weight=1.0),
        column("basis", paper=False),
        column("clause", "code", paper=False),
    )
    fill = say("to_fill", language)
    rows: list[tuple[Cell, ...]] = [
        (
            _worded("", clause["heading"], language),
            _requirement(clause, language),
            _worded("consequence_", clause["consequence"], language),
            _worded("", clause["state"], language),
            fill,
            fill,
            _basis(clause, language),
            clause["id"],
        )
        for clause in clauses
    ]
    colon = "：" if language == "zh" else ": "
    caption = say("compliance", language) + colon + say(f"level_{level}", language)
    return Table(caption=caption, columns=columns, rows=tuple(rows))


def _requirement(clause: Mapping[str, Any], language: Language) -> str:
    """Title, text (a quote in quotation marks), basis, and the penalty where the text was verified."""
    own = clause.get(f"text_{language}") or ""
    quote = clause.get("quote")
    if language == "zh":
        text = say("quote", language, quote=quote) if quote else own
        parts = [f"【{clause['title_zh']}】{text}", f"（{_basis(clause, language)}）"]
    else:
        parts = [f"[{clause['title_en']}] {own}", f" ({_basis(clause, language)})"]
        parts += [say("quote", language, quote=quote)] if quote else []
    penalty = clause.get(f"penalty_{language}")
    if penalty and clause.get("status") == "verified":
        parts.append(say("penalty", language, penalty=penalty))
    return phrases.clean("".join(parts))


def _basis(clause: Mapping[str, Any], language: Language) -> str:
    """Law and article, else the source; the line of a plan; whether it was verified."""
    basis, found = clause.get("basis") or {}, []
    if basis.get(f"law_{language}"):
        law = str(basis[f"law_{language}"])
        if language == "zh" and not law.startswith("《") and "〔" not in law:  # a document number is no title
            law = f"《{law}》"
        article = str(basis.get("article") or "")
        article = "" if article.startswith("line") else article  # a plan has lines, which are told below
        found.append(law if not article else law + say("article", language, article=article))
    elif clause.get("source"):
        zh, _, en = str(clause["source"]).partition(" / ")  # a source of our own is said in both languages
        found.append(zh if language == "zh" or not en else en)
    if clause.get("line"):
        found.append(say("line", language, line=clause["line"]))
    verified = clause.get("status") == "verified"
    stated = (
        say("verified", language, date=clause.get("verified_on") or "?") if verified else say("verified_not", language)
    )
    return ("；" if language == "zh" else "; ").join([*found, stated])


def _notes(ruling: Mapping[str, Any], language: Language) -> list[str]:
    """Every note; one of a code nobody knows by its code."""
    from screening.rules.phrases import note_words

    packs = ruling.get("packs") or ()
    found = []
    for note in ruling.get("notes") or ():
        if note.get("code") == "plan_period_over":
            titles = {pack["id"]: pack.get(f"title_{language}") or pack["id"] for pack in packs}
            plan = titles.get(note.get("pack"), note.get("pack"))
            found.append(say("plan_period_over", language, plan=plan, period=note.get("period")))
        elif has_word(f"rules.note_{note.get('code')}"):
            found.append(phrases.clean(note_words(note, packs, language)))
        else:
            found.append(phrases.clean(str(note.get("code"))))
    return found


def _conflict(conflict: Mapping[str, Any], clauses: Iterable[Mapping[str, Any]], language: Language) -> str:
    titles = {clause["id"]: clause.get(f"title_{language}") or clause["id"] for clause in clauses}
    named = [f"{titles.get(one, one)} [{one}]" for one in conflict["clauses"]]
    return ("；" if language == "zh" else "; ").join(named)


def _questions(questions: Iterable[Mapping[str, Any]], language: Language) -> Table:
    column = partial(titled, language)
    columns = (
        column("question", weight=4),
        column("decides", "number", digits=0, weight=1),
        column("strictest", weight=1.2),
        column("clause", "code", paper=False),
    )
    asked: dict[str, tuple[str, list[str]]] = {}  # what one question asks of an activity and of a fact stands once
    for one in questions:
        _, names = asked.setdefault(_question(one, language), (one["strictest"], []))
        names += [name for name in one["clauses"] if name not in names]
    rows: list[tuple[Cell, ...]] = [
        (text, len(names), _worded("consequence_", strictest, language), ", ".join(names))
        for text, (strictest, names) in asked.items()
    ]
    return Table(caption=say("questions", language), columns=columns, rows=tuple(rows), most=_QUESTIONS_ON_PAPER)


def _question(question: Mapping[str, Any], language: Language) -> str:
    from screening.rules.vocabulary import activities, fact_word

    code = question["code"]
    if code == "fact":
        found = fact_word(question["key"])
        if found is not None:
            known, argument = found
            asked = known.question_zh if language == "zh" else known.question_en
            return asked.replace("{argument}", argument or "")
        return str(question["key"])
    if code == "activity":
        activity = activities().get(question["tag"])
        asked_of = activity and (activity.question_zh if language == "zh" else activity.question_en)
        return asked_of or say("question_activity", language, what=activity_name(question["tag"], language))
    named = question.get("kind") == "other" and bool(question.get("words"))  # the words say more than "other layer"
    about = [phrases.code_word("kind", question["kind"], language)] if "kind" in question and not named else []
    about += [phrases.code_word("class", one, language) for one in question.get("class") or ()]
    for key in ("words", "name", "districts", "units", "modes", "uses"):
        about += [_part_word(key, str(one), language) for one in question.get(key) or ()]
    about += [str(question["value"])] if "value" in question else []
    what = ("、" if language == "zh" else ", ").join(about)
    known_code = has_word(f"report.question_{code}")
    return say(f"question_{code}", language, what=what) if known_code else f"{code}: {what}"


def _part_word(key: str, value: str, language: Language) -> str:
    group = {"modes": "part_mode", "uses": "part_use"}.get(key)
    return value if group is None else phrases.code_word(group, value, language)


def _worded(prefix: str, code: str, language: Language) -> str:
    return say(prefix + code, language) if has_word(f"report.{prefix}{code}") else phrases.clean(code)
