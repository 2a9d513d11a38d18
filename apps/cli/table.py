"""A verdict as a table that a person can read: the answers and why, what is met, what is near, what it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from apps.cli.console import shown
from apps.cli.grounds import print_grounds
from apps.cli.wrapping import Flowing
from maps import phrases
from maps.grounds import reasons_words
from screening.not_checked import class_in_english
from screening.words import word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from screening.words import Language
    from spatial.reading.model import Problem

__all__ = ["Page", "print_verdict"]

_STYLES = {"hit": "bold red", "yes": "bold red", "uncertain": "bold yellow", "unknown": "bold magenta"}
_STYLES |= {"clear": "green", "no": "green"}
_QUESTIONS = ("in_priority_zone", "in_priority_unit", "in_red_line", "in_protected_area", "in_water_source_zone")
_NEAREST = 10
"""Features of a context layer that are printed; the JSON has all."""
_PARTS = 30
# one cell wide everywhere: consoles of East Asia draw the box characters of Unicode two cells wide
_RULES = box.Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)


class Page:
    """A console with a language: headings, lists and tables whose text any encoding can hold."""

    def __init__(self, console: Console, language: Language) -> None:
        self.console = console
        self.language = language
        self.comma = "；" if language == "zh" else "; "
        self.pause = "，" if language == "zh" else ", "
        self.colon = "：" if language == "zh" else ": "

    def print(self, *what: Text | Table) -> None:
        """Print; where nobody looks on, without the blanks that rich ends lines with."""
        every = Group(*[Flowing.of(one) if isinstance(one, Text) else one for one in what or ("",)])
        if self.console.is_terminal:
            self.console.print(every)
            return
        with self.console.capture() as caught:
            self.console.print(every)
        self.console.file.write("".join(f"{line.rstrip()}\n" for line in caught.get().splitlines()))

    def text(self, value: object, style: str = "") -> Text:
        """A cell; it is folded, never cut."""
        return Flowing(shown(value, self.console.encoding), style=style, overflow="fold")

    def words(self, group: str, code: object) -> str:
        """The words for a code, or the code."""
        return phrases.code_word(group, code, self.language)

    def say(self, code: str, **facts: object) -> str:
        """A phrase of the program's own."""
        return word(f"cli.{code}", self.language, **facts)

    def lines(self, values: Sequence[object]) -> Text:
        """A cell of several lines."""
        return Flowing.of(Text("\n", overflow="fold").join(self.text(value) for value in values))

    def answer(self, group: str, code: str) -> Text:
        """An answer, coloured where there is colour."""
        return self.text(self.words(group, code), _STYLES.get(code, ""))

    def title(self, text: str) -> None:
        """The first line."""
        self.print(self.text(text, "bold"))
        self.print(Text("=" * min(self.console.width, 100), style="dim"))

    def heading(self, text: str) -> None:
        """A heading with room above it."""
        self.print()
        self.print(self.text(f"[ {text} ]", "bold cyan"))

    def line(self, value: object, style: str = "") -> None:
        """One paragraph."""
        self.print(self.text(value, style))

    def indented(self, value: object, style: str = "", *, by: int = 4) -> None:
        """One paragraph, further right."""
        grid = Table.grid()
        grid.add_column(width=by)
        grid.add_column(overflow="fold")
        grid.add_row("", Flowing.of(value) if isinstance(value, Text) else self.text(value, style))
        self.print(grid)

    def pairs(self, rows: Sequence[tuple[str, object]]) -> None:
        """Labels and values in two columns."""
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        for label, value in rows:
            grid.add_row(self.text(label, "dim"), value if isinstance(value, Text | Table) else self.text(value))
        self.print(grid)

    def table(self, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[object]]) -> None:
        """
        A table; ``columns`` are headings with ``left``, ``right`` or ``whole`` (left, not folded).

        A row's first cell is left blank where it repeats the one above. Columns are two blanks apart.
        """
        made = Table(box=_RULES, show_edge=False, pad_edge=False, padding=(0, 0, 0, 1), header_style="bold")
        for heading, kind in columns:
            justify: Any = "right" if kind == "right" else "left"
            made.add_column(
                self.text(heading), justify=justify, no_wrap=kind != "left", overflow="fold", vertical="top"
            )
        above: object = None
        for row in rows:
            first = "" if str(row[0]) == str(above) else row[0]
            above = row[0]
            cells = [first, *row[1:]]
            made.add_row(*[Flowing.of(c) if isinstance(c, Text) else self.text("" if c is None else c) for c in cells])
        self.print(made)


def print_verdict(
    console: Console, result: Mapping[str, Any], language: Language, *, problems: Sequence[Problem] = ()
) -> None:
    """
    Print a verdict.

    Parameters
    ----------
    console
        Where to; tables fit its width.
    result
        The JSON of the verdict.
    language
        ``zh`` or ``en``.
    problems
        What was noted while the site was read (``Reading.problems``).
    """
    page = Page(console, language)
    _head(page, result)
    _answers(page, result)
    _findings(page, result)
    _met(page, result)
    _units(page, result)
    _context(page, result)
    _parts(page, result)
    _not_checked(page, result)
    _layers(page, result)
    print_grounds(page, result, problems)


def _head(page: Page, result: Mapping[str, Any]) -> None:
    site = result["site"]
    page.title(f"{page.say('title')}{page.colon}{site['name'] or page.say('unnamed_site')}")
    marks = [
        word(f"note.{m}", page.language) for m in ("synthetic", "indicative") if any(c[m] for c in result["layers"])
    ]
    if marks:
        page.line(f"** {page.comma.join(marks)} **", "bold yellow")
    size = [page.words("scope", site["scope"])]
    if site["area_m2"]:
        size.append(phrases.area(site["area_m2"], page.language))
    if site["length_m"]:
        size.append(phrases.length(site["length_m"], page.language))
    if site["radius_m"]:
        size.append(f"{word('map.radius', page.language)} {phrases.length(site['radius_m'], page.language)}")
    if site["declared_area_m2"]:
        size.append(f"{page.say('declared_area')} {phrases.area(site['declared_area_m2'], page.language)}")
    page.pairs([(word("map.as_of", page.language), result["as_of"]), (page.say("site"), page.comma.join(size))])


def _answers(page: Page, result: Mapping[str, Any]) -> None:
    page.print()
    rows: list[tuple[str, object]] = [(word("map.overall", page.language), page.answer("answer", result["answer"]))]
    rows += [(word(f"question.{q}", page.language), page.answer("yesno", result[q])) for q in _QUESTIONS]
    page.pairs(rows)
    page.line(word("note.not_permission", page.language), "italic")


def _findings(page: Page, result: Mapping[str, Any]) -> None:
    page.heading(page.say("findings"))
    columns = [("layer", "left"), ("answer", "whole"), ("why", "left"), ("nearest", "left"), ("distance", "whole")]
    columns += [("accuracy", "right")]
    rows = []
    for finding in result["findings"]:
        kind = page.words("kind", finding["kind"])
        layer = finding["layer"] or page.say("no_layer")
        accuracy = finding["accuracy_m"]
        rows.append(
            [
                layer if kind in layer else page.say("layer_of_kind", layer=layer, kind=kind),
                page.answer("answer", finding["answer"]),
                _why(page, finding),
                *_nearest(page, finding),
                "-" if accuracy is None else f"{accuracy:,.2f}",
            ]
        )
    page.table([(page.say(f"column_{c}"), kind) for c, kind in columns], rows)


def _why(page: Page, finding: Mapping[str, Any]) -> str:
    """The reasons, and how many metres of error a hit would stand where that was asked for."""
    reasons = reasons_words(finding["reasons"], page.language)
    if finding["hold_at_least_m"] is not None:
        reasons.append(page.say("hold_at_least", metres=f"{finding['hold_at_least_m']:,.1f}"))
    return page.comma.join(reasons)


def _nearest(page: Page, finding: Mapping[str, Any]) -> tuple[object, object]:
    """Name, distance and bearing of the nearest feature where none is met; else nothing."""
    features = finding["features"]
    if any(f["relation"] != "disjoint" for f in features):
        return "-", "-"
    first = min(features, key=lambda f: f["distance_m"], default=None)
    lines = []
    if first is not None:
        lines.append(phrases.distance(first["distance_m"], page.language))
        if first["bearing_deg"] is not None:
            lines.append(phrases.bearing(first["bearing_deg"], page.language))
    if finding["distance_at_least_m"]:
        at_least = phrases.distance(finding["distance_at_least_m"], page.language)
        lines.append(f"{word('note.not_less_than', page.language)} {at_least}")
    name = "-" if first is None else first["name"] or first["code"] or first["id"]
    return name, page.lines(lines or ["-"])


def _met(page: Page, result: Mapping[str, Any]) -> None:
    """Every counted feature met, with its overlap in three units and its share, or its length."""
    page.heading(page.say("met"))
    found = False
    for finding in result["findings"]:
        met = [feature for feature in finding["features"] if feature["relation"] != "disjoint"]
        if met:
            _features(page, finding, met, result["site"], answer=finding["answer"])
            found = True
    if not found:
        page.line(page.say("nothing_met"))


def _features(
    page: Page,
    owner: Mapping[str, Any],
    features: Sequence[Mapping[str, Any]],
    site: Mapping[str, Any],
    *,
    answer: str | None = None,
) -> None:
    """The features of one layer as a table under its name."""
    heading = page.text(owner["layer"], "bold")
    if answer is not None:
        heading = heading + page.text(page.colon) + page.answer("answer", answer)
    page.print(heading)
    page.table(_feature_columns(page, site), [_feature_cells(page, feature, site) for feature in features])


def _feature_columns(page: Page, site: Mapping[str, Any]) -> list[tuple[str, str]]:
    names = [("code", "whole"), ("name", "left"), ("class", "left"), ("relation", "whole")]
    if site["area_m2"]:
        names += [("square_metres", "right"), ("hectares", "right"), ("mu", "right")]
    if site["length_m"]:
        names.append(("length", "right"))
    if site["area_m2"] or site["length_m"]:
        names.append(("share", "right"))
    return [(page.say(f"column_{name}"), kind) for name, kind in names]


def _feature_cells(page: Page, feature: Mapping[str, Any], site: Mapping[str, Any]) -> list[object]:
    """Cells under `_feature_columns`: no area for a route, nothing measured for a point."""
    area, length = feature["overlap_m2"], feature["length_m"]
    flags = [page.words("flag", flag) for flag in feature["flags"]]
    cells: list[object] = [
        feature["code"] or "-",
        feature["name"] or feature["id"],
        page.comma.join([page.words("class", feature["class"]), *flags]),
        page.words("relation", feature["relation"]),
    ]
    if site["area_m2"]:
        cells += [f"{area:,.2f}", f"{area / 1e4:,.4f}", f"{area * 15 / 1e4:,.2f}"] if area else ["-"] * 3
    if site["length_m"]:
        cells.append(f"{length:,.2f}" if length else "-")
    if site["area_m2"] or site["length_m"]:
        cells.append(phrases.share(feature["share"]) if area or length else "-")
    return cells


def _units(page: Page, result: Mapping[str, Any]) -> None:
    """The control units of every class that the site lies in."""
    units: dict[str, list[Mapping[str, Any]]] = {}
    for owner in (*result["findings"], *result["context"]):
        inside = [f for f in owner["features"] if f["relation"] not in ("disjoint", "touches")]
        if owner["kind"] == "control_units" and inside:
            units.setdefault(owner["layer"], []).extend(inside)
    page.heading(page.say("units"))
    for layer, features in units.items():
        _features(page, {"layer": layer}, features, result["site"])
    if not units:
        page.line(page.say("no_units"))


def _context(page: Page, result: Mapping[str, Any]) -> None:
    rows: list[list[object]] = []
    for context in result["context"]:
        if context["kind"] == "control_units":
            continue
        features = context["features"]
        for feature in features[:_NEAREST]:
            where = phrases.distance(feature["distance_m"], page.language)
            if feature["relation"] == "disjoint" and feature["bearing_deg"] is not None:
                where += page.pause + phrases.bearing(feature["bearing_deg"], page.language)
            else:
                where = page.words("relation", feature["relation"])
            kind = feature["class_label"] or page.words("class", feature["class"])
            rows.append([context["layer"], feature["name"] or feature["code"] or feature["id"], kind, where])
        if len(features) > _NEAREST:
            rows.append([context["layer"], page.say("more_in_json", count=len(features) - _NEAREST), "", ""])
    if rows:
        page.heading(word("map.context", page.language))
        columns = [("layer", "left"), ("name", "left"), ("class", "left"), ("where", "left")]
        page.table([(page.say(f"column_{name}"), kind) for name, kind in columns], rows)


def _parts(page: Page, result: Mapping[str, Any]) -> None:
    parts = result["parts"]
    if len(parts) < 2:
        return
    page.heading(page.say("parts", count=len(parts)))
    rows: list[list[object]] = []
    for part in parts[:_PARTS]:
        area = part["area_m2"]
        met = [page.words("kind", kind) for kind, answer in part["answers"].items() if answer == "hit"]
        rows.append(
            [
                part["id"],
                part["name"] or "-",
                f"{area:,.2f}" if area else "-",
                page.answer("answer", part["answer"]),
                page.comma.join(met) or "-",
            ]
        )
    columns = [("part", "whole"), ("name", "left"), ("square_metres", "right"), ("answer", "whole"), ("hits", "left")]
    page.table([(page.say(f"column_{name}"), kind) for name, kind in columns], rows)
    if len(parts) > _PARTS:
        page.line(page.say("more_in_json", count=len(parts) - _PARTS))


def _not_checked(page: Page, result: Mapping[str, Any]) -> None:
    names = result["not_checked"]
    if names:
        page.heading(word("map.not_checked", page.language))
        page.line(
            ("、" if page.language == "zh" else ", ").join(
                name if page.language == "zh" else class_in_english(name) for name in names
            )
        )


def _layers(page: Page, result: Mapping[str, Any]) -> None:
    page.heading(word("map.layers", page.language))
    if not result["layers"]:
        page.line(page.say("no_layers"))
        return
    missing = word("map.not_stated", page.language)
    dated = any(c["valid_until"] or c["valid_from"] != c["data_date"] for c in result["layers"])
    columns = [("layer", "left"), ("data_date", "whole"), *([("valid", "left")] if dated else [])]
    columns += [("coverage", "left"), ("coverage_accuracy", "right"), ("layer_accuracy", "right")]
    alike = len(result["layers"]) > 1 and len({(card["source"], _marks(page, card)) for card in result["layers"]}) == 1
    columns += [] if alike else [("source", "left"), ("marks", "left")]
    rows = []
    for card in result["layers"]:
        cover_m = card["coverage_accuracy_m"]
        row = [card["name"], card["data_date"] or missing]
        if dated:
            row.append(f"{card['valid_from'] or '?'} .. {card['valid_until'] or ''}".strip())
        own_m = None if card["georeference_method"] == "declared" else card["accuracy_m"]  # of no place there is none
        row += [card["coverage"] or missing, *("-" if metres is None else f"{metres:g}" for metres in (cover_m, own_m))]
        row += [] if alike else [card["source"] or missing, _marks(page, card) or "-"]
        rows.append(row)
    page.table([(page.say(f"column_{name}"), kind) for name, kind in columns], rows)
    if alike:
        told = [card["source"] or missing, *([marks] if (marks := _marks(page, result["layers"][0])) else [])]
        page.line(page.say("source_of_all", source=page.comma.join(told)))


def _marks(page: Page, card: Mapping[str, Any]) -> str:
    """What must be known of a layer at a glance."""
    marks = [page.say(f"mark_{m}") for m in ("restricted", "synthetic", "indicative") if card[m]]
    if card["georeference_method"] != "official_vector":
        marks.append(page.words("method", card["georeference_method"]))
    marks += [page.say(f"count_{c}", count=card[c]) for c in ("repaired", "rejected") if card[c]]
    return page.comma.join(marks)
