"""What a map says in words beside the picture: the answer, its grounds, the layers with their dates, the notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from maps import phrases
from maps.markup import Html, join, tag
from screening.words import word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from screening.overlap import LayerOutline
    from screening.words import Language

__all__ = ["QUESTIONS", "feature_rows", "notices", "panel", "site_rows"]

QUESTIONS = ("in_priority_zone", "in_priority_unit", "in_red_line", "in_protected_area", "in_water_source_zone")
_MARKS = {"hit": "■", "yes": "■", "uncertain": "◆", "unknown": "？", "clear": "○", "no": "○"}
_SHOWN = 8
Rows = list[list[str]]


def notices(result: Mapping[str, Any], layers: Sequence[LayerOutline], language: Language) -> list[tuple[str, str]]:
    """
    What must stand on the face of the map, as (code, words); a word of either source is enough.

    Parameters
    ----------
    result
        The result; its ``layers`` say synthetic, indicative and restricted too.
    layers
        What is drawn.
    language
        ``zh`` or ``en``.
    """
    codes = ["internal_map"]
    codes += [
        code
        for code in ("restricted", "synthetic", "indicative")
        if any(getattr(layer, code) for layer in layers) or any(card[code] for card in result["layers"])
    ]
    return [(code, word(f"note.{code}", language)) for code in codes]


def site_rows(result: Mapping[str, Any], language: Language) -> Rows:
    """The lines of the site's popup: its answers by kind, then what it is."""
    answers = [
        [phrases.code_word("kind", kind, language), phrases.code_word("answer", answer, language)]
        for kind, answer in result["kinds"].items()
    ]
    return answers + _site_facts(result["site"], language)


def feature_rows(feature: Mapping[str, Any], layer: Mapping[str, Any], language: Language, *, measured: bool) -> Rows:
    """
    The lines of a feature's popup.

    Parameters
    ----------
    feature
        A feature of a result, or the drawn fields of one (``code``, ``name``, ``class``, ``class_label``, ``flags``).
    layer
        ``name``, ``source``, ``data_date``.
    language
        ``zh`` or ``en``.
    measured
        Whether ``feature`` carries the measurements of a result.
    """
    rows = [["layer", layer["name"]], ["code", feature["code"]], ["name", feature["name"]]]
    class_words = phrases.code_word("class", feature["class"], language)
    rows.append(["class", class_words])
    if feature["class_label"] and feature["class_label"] != class_words:
        rows.append(["class_label", feature["class_label"]])
    separator = "；" if language == "zh" else "; "
    if feature["flags"]:
        rows.append(["flags", separator.join(phrases.code_word("flag", flag, language) for flag in feature["flags"])])
    if measured:
        rows += _measurements(feature, language)
    missing = word("map.not_stated", language)
    rows += [["source", layer["source"] or missing], ["data_date", layer["data_date"] or missing]]
    return [[word(f"map.{key}", language), phrases.clean(value)] for key, value in rows if value]


def panel(result: Mapping[str, Any], layers: Sequence[LayerOutline], language: Language, *, title: str) -> Html:
    """
    The whole text beside the map, readable without it.

    Parameters
    ----------
    result
        The result.
    layers
        What is drawn; their ``simplified_m`` and ``notes`` are said here.
    language
        ``zh`` or ``en``.
    title
        The heading.
    """
    site = result["site"]
    head = tag(
        "header",
        tag("h1", title),
        tag("p", tag("strong", site["name"] or word("map.site", language)), class_="site-name"),
        tag("p", word("map.as_of", language), " ", tag("time", result["as_of"]), class_="muted"),
    )
    overall = tag(
        "p",
        tag("span", word("map.overall", language), class_="label"),
        _chip("answer", result["answer"], language, large=True),
        class_="overall",
    )
    questions = [
        tag(
            "tr",
            tag("th", word(f"question.{q}", language), scope="row"),
            tag("td", _chip("yesno", result[q], language)),
        )
        for q in QUESTIONS
    ]
    return tag(
        "aside",
        head,
        overall,
        tag("table", *questions, class_="questions"),
        tag("p", word("note.not_permission", language), class_="not-permission"),
        tag("dl", *_pairs(_site_facts(site, language)), class_="facts"),
        _strings("warnings", result["warnings"], language),
        _section("kinds", language, _kinds(result, language)),
        _section("findings", language, *[_finding(f, language) for f in result["findings"]]),
        _section("context", language, *[_finding(c, language) for c in result["context"] if c["features"]]),
        _section("layers", language, *_layers(result, layers, language)),
        _strings("not_checked", result["not_checked"], language),
        class_="panel",
        id="panel",
    )


def _chip(group: str, code: str, language: Language, *, large: bool = False) -> Html:
    """An answer as a mark and a word: never by colour alone."""
    mark = tag("span", _MARKS.get(code, "？"), class_="mark", aria_hidden="true")
    known = code if code in _MARKS else "unknown"
    return tag(
        "span", mark, phrases.code_word(group, code, language), class_=f"chip is-{known}" + (" large" if large else "")
    )


def _pairs(rows: Rows) -> list[Html]:
    return [join(tag("dt", label), tag("dd", value)) for label, value in rows]


def _section(code: str, language: Language, *children: object) -> Html | None:
    return tag("section", tag("h2", word(f"map.{code}", language)), *children, class_=code) if children else None


def _strings(code: str, items: Sequence[Any], language: Language) -> Html | None:
    """Warnings and classes not checked: text, or a code with its facts."""
    texts = []
    for item in items:
        name = item["code"] if isinstance(item, dict) and "code" in item else item
        text = phrases.warning_word(name, language)
        layer = item.get("layer") if isinstance(item, dict) else None
        texts.append(f"{text}{'：' if language == 'zh' else ': '}{layer}" if layer else text)
    texts = list(dict.fromkeys(texts))
    return _section(code, language, tag("ul", *[tag("li", text) for text in texts])) if texts else None


def _site_facts(site: Mapping[str, Any], language: Language) -> Rows:
    rows = [["scope", phrases.code_word("scope", site["scope"], language)]]
    if site["area_m2"]:
        rows.append(["area", phrases.area(site["area_m2"], language)])
    if site["length_m"]:
        rows.append(["length", phrases.length(site["length_m"], language)])
    if site["radius_m"]:
        rows.append(["radius", phrases.length(site["radius_m"], language)])
    rows.append(["crs", site["crs"]])
    rows.append(["site_accuracy", phrases.length(site["accuracy_m"], language)])
    return [[word(f"map.{key}", language), phrases.clean(value)] for key, value in rows]


def _kinds(result: Mapping[str, Any], language: Language) -> Html:
    lines = [
        tag(
            "tr",
            tag("th", phrases.code_word("kind", kind, language), scope="row"),
            tag("td", _chip("answer", a, language)),
        )
        for kind, a in result["kinds"].items()
    ]
    return tag("table", *lines)


def _finding(finding: Mapping[str, Any], language: Language) -> Html:
    """One layer's answer (or what a context layer lists), with its reasons, distances and features."""
    kind = phrases.code_word("kind", finding["kind"], language)
    layer = finding["layer"] or kind
    answer = finding.get("answer")
    codes = dict.fromkeys(reason["code"] for reason in finding.get("reasons") or [])
    reasons = [phrases.code_word("reason", code, language) for code in codes]
    near = phrases.nearest(finding, language)
    rows: Rows = []
    if near:
        rows.append([word("map.distance", language), near])
    if finding.get("accuracy_m") is not None:
        rows.append([word("map.accuracy", language), phrases.length(finding["accuracy_m"], language)])
    met = [f for f in finding["features"] if f["relation"] != "disjoint"]
    items = [_met(finding, feature, language) for feature in met]
    rest = items[_SHOWN:]
    more = None
    if rest:
        more = tag("details", tag("summary", word("map.more", language, count=len(rest))), tag("ul", *rest))
    return tag(
        "article",
        tag("h3", tag("span", layer), _chip("answer", answer, language) if answer else None),
        tag("p", kind, class_="muted") if layer != kind else None,
        tag("p", ("；" if language == "zh" else "; ").join(reasons), class_="reasons") if reasons else None,
        tag("dl", *_pairs(rows), class_="facts") if rows else None,
        tag("ul", *items[:_SHOWN], class_="features") if items else None,
        more,
    )


def _met(finding: Mapping[str, Any], feature: Mapping[str, Any], language: Language) -> Html:
    """A feature the site meets, as one line that can show it on the map."""
    name = feature["name"] or feature["code"] or word("map.no_name", language)
    details = [feature["code"] if feature["name"] else None, phrases.code_word("class", feature["class"], language)]
    details.append(phrases.code_word("relation", feature["relation"], language))
    if feature["overlap_m2"]:
        details += [phrases.area(feature["overlap_m2"], language), phrases.share(feature["share"] or 0.0)]
    elif feature["length_m"]:
        details.append(phrases.length(feature["length_m"], language))
    text = " · ".join(phrases.clean(detail) for detail in details if detail)
    go = f"{finding['layer']}|{feature['id']}"
    button = tag("button", name, type="button", class_="go", data_go=go, title=word("map.locate", language))
    return tag("li", button, tag("span", text, class_="muted"))


def _measurements(feature: Mapping[str, Any], language: Language) -> Rows:
    rows: Rows = [["relation", phrases.code_word("relation", feature["relation"], language)]]
    if feature["overlap_m2"]:
        rows.append(["overlap_area", phrases.area(feature["overlap_m2"], language)])
    if feature["length_m"]:
        rows.append(["overlap_length", phrases.length(feature["length_m"], language)])
    if feature["share"]:
        rows.append(["share", phrases.share(feature["share"])])
    if feature["relation"] == "disjoint" and feature["distance_m"] is not None:
        rows.append(["distance", phrases.distance(feature["distance_m"], language)])
    return rows


def _layers(result: Mapping[str, Any], layers: Sequence[LayerOutline], language: Language) -> list[Html]:
    """Every layer of the result and every other one that is drawn: source, data date, marks."""
    missing = word("map.not_stated", language)
    drawn = {layer.layer: layer for layer in layers}
    cards = [dict(card) for card in result["layers"]]
    names = {card["name"] for card in cards}
    for outline in layers:
        if outline.layer not in names and outline.kind != "proposal":
            facts = {key: getattr(outline, key) for key in ("kind", "source", "data_date")}
            cards.append({"name": outline.layer, "restricted": False, "synthetic": False, "indicative": False, **facts})
    articles = []
    for card in cards:
        outline_of = drawn.get(card["name"])
        marks = [
            word(f"note.{code}", language)
            for code in ("restricted", "synthetic", "indicative")
            if card[code] or getattr(outline_of, code, False)
        ]
        notes = list(outline_of.notes) if outline_of else []
        notes = [phrases.code_word("note", note, language) for note in notes]
        if card.get("georeference_method", "official_vector") != "official_vector":
            notes.append(phrases.code_word("method", card["georeference_method"], language))
        for number in card.get("georeference_defaults", ()):
            mark = phrases.code_word("mark", number["mark"], language)
            notes.append(f"{number[language]} {number['value']:g} {number['unit']} ({mark})")
        if outline_of and outline_of.simplified_m > 0:
            notes.append(word("map.simplified", language, metres=f"{outline_of.simplified_m:g}"))
        rows = [
            [word("map.data_date", language), card["data_date"] or missing],
            [word("map.source", language), card["source"] or missing],
        ]
        articles.append(
            tag(
                "article",
                tag("h3", tag("span", card["name"])),
                tag("p", phrases.code_word("kind", card["kind"], language), class_="muted"),
                tag("dl", *_pairs(rows), class_="facts"),
                tag("p", *[tag("span", mark, class_="badge") for mark in marks]) if marks else None,
                *[tag("p", note, class_="muted") for note in notes],
            )
        )
    return articles
