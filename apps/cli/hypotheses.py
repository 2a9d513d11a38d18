"""Where a site's coordinate system stays open: the answer under each hypothesis, for people and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.cli.console import write_json

if TYPE_CHECKING:
    from rich.console import Console

    from screening.hypotheses import Under
    from screening.words import Language
    from spatial.reading.model import Reading

__all__ = ["print_answers", "write_open"]


def print_answers(
    console: Console, reading: Reading, answers: tuple[Under, ...], language: Language, *, accepted: bool
) -> None:
    """The hypotheses and the answer under each."""
    from apps.cli.grounds import hypothesis_words, print_hypotheses
    from apps.cli.table import Page
    from maps import phrases
    from screening.hypotheses import agree

    page = Page(console, language)
    page.title(f"{page.say('under_title')}{page.colon}{reading.source_name}")
    print_hypotheses(page, reading.hypotheses)
    page.print()
    rows: list[list[object]] = []
    for one in answers:
        name = hypothesis_words(one.hypothesis, language)
        if one.verdict is None or one.site is None:
            rows.append([name, "-", "-", one.trouble])
            continue
        middle = one.site.geometry.centroid
        met = [phrases.code_word("kind", kind, language) for kind, said in one.verdict.kinds.items() if said == "hit"]
        where = f"{middle.x:.4f} {middle.y:.4f}"
        rows.append([name, where, page.answer("answer", one.verdict.answer), page.comma.join(met) or "-"])
    columns = [("hypothesis", "left"), ("place", "whole"), ("answer", "whole"), ("hits", "left")]
    page.table([(page.say(f"column_{column}"), kind) for column, kind in columns], rows)
    if not accepted:
        page.line(page.say("under_agree" if agree(answers) else "under_differ"), "yellow")
    page.print()


def write_open(reading: Reading, answers: tuple[Under, ...], json_to: str | None) -> None:
    """JSON of what is open; it is no verdict, and has no answer of its own."""
    from apps.cli.grounds import hypothesis_document
    from screening.hypotheses import agree

    if json_to is None:
        return
    document = {
        "source": reading.source_name,
        "crs_status": reading.crs_status,
        "agree": agree(answers),
        "under": [
            {
                **hypothesis_document(one.hypothesis),
                "same_place": list(one.same_place),
                "answer": None if one.verdict is None else one.verdict.answer,
                "kinds": None if one.verdict is None else one.verdict.kinds,
                "trouble": one.trouble,
            }
            for one in answers
        ],
    }
    if json_to == "-":
        write_json(document)
