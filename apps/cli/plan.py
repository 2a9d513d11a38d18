"""``sanxian plan``: what a city's plan declares, where a workspace has it, and where the figures part."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apps.cli.options import DATE, WORKSPACE, lang_option

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from apps.cli.table import Page
    from layers.workspace.address import Place
    from screening.words import Language

__all__ = ["plan", "print_register"]

_STYLES = {"differs": "bold yellow", "agrees": "green", "located": "green", "indicative": "yellow"}
_STYLES |= {"declared_not_located": "bold magenta", "unreadable": "bold red"}


@click.command(
    short_help="规划记载与实测对照 / a plan's figures, declared and measured",
    help=(
        "列出一个城市规划中与空间有关的全部记载：原文、行号、数值，工作区中是否有其图形、以何方法得到、精度如何，"
        "以及实测与记载相差之处。\n\n"
        "Every statement of a city's plan with a bearing on space: the plan's own words with their line, whether the "
        "workspace has a geometry, by which method and how good, and where the measured figure differs."
    ),
)
@click.argument("city", metavar="CITY")
@click.argument("workspace", metavar="[WS]", required=False, type=WORKSPACE)
@click.option("--json", "json_to", metavar="F|-", help="写成 JSON；- 为标准输出 / as JSON; - is stdout")
@click.option("--as-of", type=DATE, help="对照日期，默认今天 / date at which the layers are asked; default today")
@lang_option
def plan(city: str, workspace: Place | None, json_to: str | None, as_of: str | None, lang: Language) -> None:
    """``sanxian plan 满洲里 [WS]``."""
    import json

    from apps.cli.console import console_on, say, write_json
    from apps.cli.outputs import write_text
    from apps.cli.table import Page
    from layers.plans.document import register_document
    from layers.plans.loading import plan as plan_of
    from layers.plans.register import register
    from layers.workspace import open_workspace
    from screening.screen import today
    from screening.words import word

    chosen = plan_of(city)
    store = None if workspace is None else open_workspace(workspace)
    document = register_document(register(chosen, store, as_of=as_of or today()))
    if json_to == "-":
        write_json(document)
        return
    console = console_on()
    elsewhere = store is not None and store.region and not _codes(store.region.split(",")) & _codes(chosen.districts)
    if elsewhere:
        page = Page(console, lang)
        page.line(_words(page, "other_city", region=store.region if store else ""), "bold yellow")
    if json_to is not None:
        target = Path(json_to) / f"{chosen.key}.json" if Path(json_to).is_dir() else Path(json_to)
        path = write_text(target, json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n")
        say(console, word("cli.wrote_json", lang, path=path))
        return
    print_register(Page(console, lang), document)


def _codes(districts: Sequence[str]) -> set[str]:
    """Codes as given and those of the districts they stand for."""
    from spatial.boundaries import available, union

    return {*districts, *(union(districts).members if available() else ())}


def print_register(page: Page, document: Mapping[str, Any]) -> None:
    """
    Print a register.

    Parameters
    ----------
    page
        Where to, and in which language.
    document
        Of ``layers.plans.document.register_document``.
    """
    _head(page, document)
    _features(page, document)
    _comparisons(page, document)
    _arithmetic(page, document)
    _conflicts(page, document)
    _facts(page, document)
    _indicators(page, document)
    _requirements(page, document)


def _words(page: Page, code: str, **facts: object) -> str:
    from screening.words import word

    return word(f"plan.{code}", page.language, **facts)


def _either(page: Page, entry: Mapping[str, Any], stem: str = "title") -> str:
    """The text of an entry in the language of the page."""
    return str(entry[f"{stem}_{page.language}"] or "")


def _columns(page: Page, *codes: tuple[str, str]) -> list[tuple[str, str]]:
    return [(_words(page, f"column_{code}"), kind) for code, kind in codes]


def _number(value: object) -> str:
    """A number as it was stated, or one that was measured to four digits after the point at most."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "-" if value is None else str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4f}".rstrip("0").rstrip(".")


def _quantity(page: Page, value: object, unit: object) -> str:
    """A value with its unit, in the words of the page."""
    if unit is None or value is None:
        return _number(value)
    if unit in ("count", "1", "index"):
        return _number(value)
    text = "/".join(_unit(page, part) for part in str(unit).split("/"))
    return f"{_number(value)} {text}"


def _unit(page: Page, name: str) -> str:
    """One unit in the words of the page, with 万 or 亿 where the plan counts so."""
    from screening.words import has_word

    many, _, plain = name.rpartition(" ")
    text = _words(page, f"unit_{plain}") if has_word(f"plan.unit_{plain}") else plain
    return _words(page, f"many_{many}", unit=text) if many else text


def _head(page: Page, document: Mapping[str, Any]) -> None:
    city, area = document["city"], document["area"]
    page.title(_words(page, "title", city=city["zh"] if page.language == "zh" else city["en"]))
    rows: list[tuple[str, object]] = [
        (
            _words(page, "source"),
            _words(page, "source_of", title=document["plan"]["title"], lines=document["plan"]["lines"]),
        ),
        (_words(page, "as_of"), document["as_of"] or "-"),
    ]
    if area is None:
        rows.append((_words(page, "area"), _words(page, "no_boundary")))
    else:
        parts = page.pause.join(
            f"{part['name']} {part['code']} {part['area_m2'] / 1e6:,.1f}" for part in area["districts"]
        )
        measured = f"{area['measured_m2'] / 1e6:,.1f}"
        rows.append((_words(page, "area"), _words(page, "area_of", measured=measured, parts=parts)))
    rows += [(_words(page, "unreadable"), layer or "-") for layer in document["unreadable_layers"]]
    page.pairs(rows)


def _features(page: Page, document: Mapping[str, Any]) -> None:
    page.heading(_words(page, "features", count=len(document["features"])))
    rows: list[list[object]] = []
    for each in document["features"]:
        name = each["name"] if page.language == "zh" else f"{each['name']} ({each['english']})"
        what = [_words(page, f"status_{each['status']}")]
        what += [word for word in (each["level"], each["class"]) if word]
        standing = page.text(_words(page, f"standing_{each['standing']}"), _STYLES.get(each["standing"], ""))
        how = [page.words("method", located["georeference_method"]) for located in each["located"]]
        good = [_number(round(located["accuracy_m"], 2)) for located in each["located"]]
        rows.append(
            [
                _kind(page, each["kind"]),
                name,
                page.comma.join(what),
                standing,
                page.comma.join(dict.fromkeys(how)) or "-",
                page.comma.join(dict.fromkeys(good)) or "-",
            ]
        )
    columns = (("kind", "left"), ("feature", "left"), ("declared_as", "left"), ("standing", "left"), ("method", "left"))
    page.table(_columns(page, *columns, ("accuracy_m", "right")), rows)


def _kind(page: Page, kind: str) -> str:
    from screening.words import has_word

    return page.words("kind", kind) if has_word(f"kind.{kind}") else _words(page, f"kind_{kind}")


def _comparisons(page: Page, document: Mapping[str, Any]) -> None:
    page.heading(_words(page, "comparisons"))
    rows: list[list[object]] = []
    for each in document["comparisons"]:
        found = each["measured"]
        measured = _quantity(page, round(found, 2) if isinstance(found, float) else found, each["unit"])
        if each["accuracy"]:
            measured += f" +/- {each['accuracy']:,.3g}"
        difference = "-"
        if each["difference"] is not None:
            difference = f"{each['difference']:+,.4g}"
            if each["difference_percent"] is not None:
                difference += f" ({each['difference_percent']:+.2f} %)"
        verdict = page.text(_words(page, f"verdict_{each['verdict']}"), _STYLES.get(each["verdict"], ""))
        why = [] if each["why"] is None else [_words(page, f"why_{each['why']}")]
        if each["left_out"]:
            why.append(_words(page, "left_out", count=each["left_out"]))
        title = _either(page, each)
        if each["state"] in ("target", "planned"):
            title += f" [{_words(page, 'state_' + each['state'])}]"
        rows.append(
            [
                title if each["id"] == "official" else f"{each['id']} {title}",
                _quantity(page, each["declared"], each["unit"]),
                measured,
                difference,
                verdict,
                page.comma.join(why) or "-",
            ]
        )
    columns = (("figure", "left"), ("declared", "left"), ("measured", "left"), ("difference", "left"))
    page.table(_columns(page, *columns, ("verdict", "left"), ("why", "left")), rows)


def _arithmetic(page: Page, document: Mapping[str, Any]) -> None:
    if not document["arithmetic"]:
        return
    page.heading(_words(page, "arithmetic"))
    rows: list[list[object]] = []
    for each in document["arithmetic"]:
        low, high = (_number(float(f"{value:.6g}")) for value in each["span"])
        rows.append(
            [
                each["id"],
                _either(page, each),
                _words(page, f"rule_{each['rule']}", facts=", ".join(each["facts"])),
                _quantity(page, each["result"], each["unit"]),
                f"{low} - {high}",
                "-"
                if each["holds"] is None
                else _words(page, "verdict_agrees" if each["holds"] else "verdict_differs"),
                _either(page, each, "note") or "-",
            ]
        )
    columns = (("id", "whole"), ("title", "left"), ("rule", "left"), ("result", "left"), ("span", "left"))
    page.table(_columns(page, *columns, ("verdict", "left"), ("note", "left")), rows)


def _conflicts(page: Page, document: Mapping[str, Any]) -> None:
    if not document["conflicts"]:
        return
    page.heading(_words(page, "conflicts"))
    for each in document["conflicts"]:
        named = [*each["facts"], *(_words(page, "indicator_no", no=number) for number in each["indicators"])]
        page.line(f"{each[page.language]} ({', '.join(named)})")


def _facts(page: Page, document: Mapping[str, Any]) -> None:
    page.heading(_words(page, "facts", count=len(document["facts"])))
    rows: list[list[object]] = []
    for each in document["facts"]:
        stated = _quantity(page, each["value"], each["unit"]) if each["value"] is not None else each["text"] or "-"
        if each["bound"] is not None:
            stated = f"{_words(page, 'bound_' + each['bound'])} {stated}"
        when = [] if each["state"] is None else [_words(page, f"state_{each['state']}")]
        when += [] if each["year"] is None else [str(each["year"])]
        rows.append(
            [
                each["id"],
                _either(page, each),
                stated,
                " ".join(when) or "-",
                each["quote"],
                "L" + ",".join(map(str, each["lines"])),
                ", ".join(each["requirements"]) or "-",
            ]
        )
    columns = (("id", "whole"), ("title", "left"), ("value", "left"), ("state", "left"), ("quote", "left"))
    page.table(_columns(page, *columns, ("line", "left"), ("requirements", "left")), rows)


def _indicators(page: Page, document: Mapping[str, Any]) -> None:
    if not document["indicators"]:
        return
    page.heading(_words(page, "indicators", count=len(document["indicators"])))
    rows = [
        [
            each["no"],
            each["name"],
            each["baseline"],
            each["target"],
            each["nature"] or "-",
            "L" + "-".join(map(str, dict.fromkeys(each["lines"]))),
        ]
        for each in document["indicators"]
    ]
    columns = (("id", "right"), ("indicator", "left"), ("baseline", "left"), ("target", "left"), ("nature", "left"))
    page.table(_columns(page, *columns, ("line", "left")), rows)


def _requirements(page: Page, document: Mapping[str, Any]) -> None:
    page.heading(_words(page, "requirements"))
    rows = [
        [
            each["id"],
            ("、" if page.language == "zh" else ", ").join(each["cities"]),
            _either(page, each),
            ", ".join(each["facts"]) or "-",
        ]
        for each in document["requirements"]
    ]
    columns = (("requirement", "whole"), ("cities", "left"), ("title", "left"), ("facts", "left"))
    page.table(_columns(page, *columns), rows)
