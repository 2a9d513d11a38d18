"""What every way of georeferencing does with its features: show them, write them, store them as a layer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from apps.cli.layer_options import card_options, coverage_of, import_options, kind_option, name_options
from apps.cli.options import WORKSPACE, lang_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from apps.cli.table import Page
    from layers.georeference.model import Georeferenced
    from screening.words import Language
    from spatial.reading.model import Reading

__all__ = ["finish", "layer_options"]

_F = TypeVar("_F", bound="Callable[..., Any]")
_SHOWN = 40


def layer_options(kind: str | None = None) -> Callable[[_F], _F]:
    """
    Where the features go, and what their card says; ``stated`` then holds one entry an option.

    Use it on every command of the group, together with :func:`finish`; ``kind`` is the default of ``--layer``.
    """
    target = (
        click.option("--workspace", type=WORKSPACE, metavar="WS", help="存入该工作区 / store in this workspace"),
        click.option(
            "--output",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="另写文件，格式取自扩展名 / write a file too; its ending says the format",
        ),
    )

    def decorate(function: _F) -> _F:
        for option in (lang_option, card_options, name_options, kind_option(kind), *reversed(target)):
            function = option(function)
        return function

    return decorate


def finish(
    made: Georeferenced,
    stated: dict[str, Any],
    *,
    default_name: str,
    lang: Language,
    source: tuple[Path | bytes, str] | None = None,
) -> int:
    """
    Show what was made; write and store it where asked for.

    Parameters
    ----------
    made
        The features with their method, accuracy and parameters.
    stated
        The options of :func:`layer_options`.
    default_name
        Name of the layer where ``--name`` is not given.
    lang
        Language of the output.
    source
        Bytes to keep with the layer, and their ending.

    Returns
    -------
    status
        The program's exit status.
    """
    from apps.cli.cards import print_imported
    from apps.cli.console import console_on, say
    from apps.cli.table import Page
    from layers.importing import import_layer
    from layers.workspace import open_workspace
    from screening.words import word

    console = console_on()
    page = Page(console, lang)
    name = stated["name"] or default_name
    print_made(page, made, name)
    if stated["output"] is not None:
        from spatial.conversion import convert

        for path in convert(located(made), stated["output"]).paths:
            say(console, f"{word('convert.written', lang)} {path}")
    if stated["workspace"] is None:
        if stated["output"] is None:
            page.line(page.say("only_shown"), "yellow")
        return 0
    store = open_workspace(stated["workspace"])
    options = import_options(
        name,
        coverage_of(stated["coverage"]),
        stated,
        indicative=made.indicative,
        georeference_method=made.method,
        georeference=made.parameters,
        accuracy=made.accuracy,
    )
    imported = import_layer(store, made.reading, options, source=None if stated["no_copy"] else source)
    print_imported(console, open_workspace(store.root), imported, lang, reading=made.reading)
    return 0


def located(made: Georeferenced) -> Any:
    """The features that have a place, for a file; one that has none stays with the layer."""
    from dataclasses import replace

    import numpy as np

    reading = made.reading
    keep = np.array([g is not None for g in reading.geometries], dtype=bool)
    chosen = np.flatnonzero(keep)
    marks = {"georeference_method": made.method, "indicative": int(made.indicative)}
    return replace(
        reading,
        geometries=reading.geometries[keep],
        attributes=tuple({**marks, **reading.attributes[i]} for i in chosen),
        ids=tuple(reading.ids[i] for i in chosen),
        feature_layers=tuple(reading.feature_layers[i] for i in chosen),
        without_place=frozenset(),
    )


def print_made(page: Page, made: Georeferenced, name: str) -> None:
    """What was made: the method, how accurate it is and why, the features, its numbers, what is doubtful."""
    from apps.cli.grounds import problem_words

    reading = made.reading
    page.title(f"{page.say('georeferenced')}{page.colon}{name}")
    if made.indicative:
        page.line(f"** {page.words('note', 'indicative')} **", "bold yellow")
    rows: list[tuple[str, object]] = [(page.say("method"), page.words("method", made.method))]
    rows.append((page.say("accuracy"), _accuracy(page, made)))
    rows += [(page.say("made_from"), reading.source_name), (page.say("features"), str(len(reading.geometries)))]
    if reading.crs is not None:
        rows.append((page.words("map", "crs"), reading.crs.code))
    page.pairs(rows)
    _print_features(page, reading)
    _print_numbers(page, made.parameters.get("defaults", ()))
    _print_sources(page, made.parameters.get("places", ()))
    if reading.problems or reading.unreadable:
        page.heading(page.say("problems"))
        for problem in [*(u.problem for u in reading.unreadable), *reading.problems][:_SHOWN]:
            page.line(f"* {problem_words(problem, page.language)}", "yellow")


def _accuracy(page: Page, made: Georeferenced) -> str:
    """The layer's, with its terms; a word where every feature has its own, a dash where none has a place."""
    placed = [row for row, g in zip(made.reading.attributes, made.reading.geometries, strict=True) if g is not None]
    if made.method == "declared":
        return "-"
    if made.accuracy is None and placed and all(row.get("accuracy_m") for row in placed):
        return page.say("each_its_own")
    accuracy = made.accuracy if made.accuracy is not None else made.reading.accuracy
    terms = page.pause.join(f"{page.words('basis', t.code)} {t.metres:,.2f}" for t in accuracy.terms)
    return f"{accuracy.metres:,.2f} {page.words('unit', 'metres')} ({terms})"


def _print_features(page: Page, reading: Reading) -> None:
    from maps import phrases

    cells = []
    areas = _areas(reading)
    for i, row in list(enumerate(reading.attributes))[:_SHOWN]:
        geometry = reading.geometries[i]
        shape = page.say("no_place") if geometry is None else page.words("shape", geometry.geom_type)
        marks = [m for m in ("outer_bound", "location_only") if row.get(m)]
        about = page.pause.join(
            [
                *(str(row[k]) for k in ("zone", "status", "target_class", "observed_class") if row.get(k)),
                *_flags(page, marks),
            ]
        )
        own = row.get("accuracy_m")
        area = phrases.area(areas[i], page.language) if areas[i] else "-"
        cells.append(
            [row.get("name") or reading.ids[i], about, shape, area, "" if own is None else f"{float(own):,.0f}"]
        )
    heads = [("name", "left"), ("about", "left"), ("shape", "left"), ("area", "right"), ("own_accuracy", "right")]
    page.heading(page.say("made_features"))
    page.table([(page.say(f"column_{code}"), kind) for code, kind in heads], cells)
    if len(reading.attributes) > _SHOWN:
        page.line(page.words("map", "more").format(count=len(reading.attributes) - _SHOWN))


def _print_sources(page: Page, places: Any) -> None:
    """Who says where each place is, and what exactly."""
    said = [(place["name"], source) for place in places for source in place["sources"]]
    if not said:
        return
    page.heading(page.say("position_sources"))
    for name, source in said:
        keys = [k for k in ("title", "says", "address", "retrieved") if source.get(k)]
        facts = page.comma.join(_source_words(page, source[k]) for k in keys)
        page.line(f"* {name}{page.colon}{facts}")


def _source_words(page: Page, text: object) -> str:
    """A source as it is stated; words where it is the user."""
    return page.say("by_user") if text == "user" else str(text)


def _flags(page: Page, codes: list[str]) -> list[str]:
    return [page.words("flag", code) for code in codes]


def _areas(reading: Reading) -> list[float]:
    """Ellipsoidal area of each feature, 0 where it has none or its CRS is not known."""
    import shapely

    from spatial.crs import to_geographic
    from spatial.measure import ellipsoidal_area

    found = []
    for geometry in reading.geometries:
        if geometry is None or reading.crs is None or shapely.get_dimensions(geometry) != 2 or not geometry.is_valid:
            found.append(0.0)
        else:
            found.append(float(ellipsoidal_area(to_geographic([geometry], reading.crs))[0]))
    return found


def _print_numbers(page: Page, numbers: Any) -> None:
    """The numbers of a rule: which, how large, where from; what is a default is named."""
    if not numbers:
        return
    page.heading(page.say("numbers"))
    rows = [
        [
            # the code is what --figure takes
            page.lines([n.get(page.language, ""), n["code"]]) if n.get(page.language) else n["code"],
            f"{n['value']:g} {n.get('unit', '')}".strip(),
            page.words("mark", n["mark"]) if n.get("mark") else "",
            _source_words(page, n.get("source", "")),
        ]
        for n in numbers
    ]
    heads = [("number", "left"), ("value", "right"), ("mark", "left"), ("source", "left")]
    page.table([(page.say(f"column_{code}"), kind) for code, kind in heads], rows)
