"""The readme of a delivery: what must be said first, what it is, in which CRS, of which layers, what is lost."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from maps.phrases import clean
from screening.words import word
from spatial.systems import identify
from spatial.writing.model import grouped

if TYPE_CHECKING:
    from maps.delivery.formats import DeliveryFormat
    from maps.delivery.model import Delivery
    from maps.delivery.packing import Order, Package
    from screening.words import Language
    from spatial.writing.model import Note

__all__ = ["DICTIONARY", "README", "about_line", "readme_lines", "readme_text", "system_words"]

README = "说明_README.txt"
DICTIONARY = "字段说明_fields.csv"
_RULE = "-" * 60
_ROWS_SHOWN = 10


def system_words(epsg: int, form: DeliveryFormat) -> tuple[str, str]:
    """What is said of the CRS of a format's files, in Chinese and English."""
    if form.key in {"kml", "pmtiles", "geojson"}:
        code = f"crs_{form.key}"
        return word(f"delivery.{code}", "zh"), word(f"delivery.{code}", "en")
    if not epsg:
        return word("delivery.crs_none", "zh"), word("delivery.crs_none", "en")
    system = identify(epsg)
    if system.central_meridian is None:
        said = word("delivery.crs_degrees", "zh", epsg=epsg), word("delivery.crs_degrees", "en", epsg=epsg)
    else:
        facts = {"zone": round(system.central_meridian / 3), "meridian": f"{system.central_meridian:g}", "epsg": epsg}
        said = word("delivery.crs_zone", "zh", **facts), word("delivery.crs_zone", "en", **facts)
    if form.keeps.crs == "unstated":
        return said[0] + word("delivery.crs_unstated", "zh"), f"{said[1]} {word('delivery.crs_unstated', 'en')}"
    return said


def about_line(delivery: Delivery, *, epsg: int) -> str:
    """One line for formats with a place for a description: marks first, both languages."""
    marks = [text for text in (delivery.marks.text("zh"), delivery.marks.text("en")) if text]
    crs = "CGCS2000" if epsg in {0, 4490} else f"EPSG:{epsg}"
    return " / ".join([*marks, clean(delivery.title), delivery.as_of, crs])


def readme_lines(delivery: Delivery, order: Order, package: Package) -> list[str]:
    """The lines of the readme: Chinese, a rule, English."""
    return [
        *_half(delivery, order, package, "zh"),
        "",
        _RULE,
        "",
        *_half(delivery, order, package, "en"),
    ]


def readme_text(delivery: Delivery, order: Order, package: Package) -> bytes:
    """The readme as a file that Notepad opens: UTF-8 with BOM, lines ended as on Windows."""
    lines = readme_lines(delivery, order, package)
    return "".join(f"{_one_line(line)}\r\n" for line in lines).encode("utf-8-sig", "replace")


def _one_line(text: str) -> str:
    """A name with line ends in it makes no line of its own: a readme has the lines that we wrote."""
    return re.sub(r"[\r\n]+", " ", clean(text))


def _half(delivery: Delivery, order: Order, package: Package, language: Language) -> list[str]:
    number = 0 if language == "zh" else 1

    def say(code: str, **facts: object) -> str:
        return word(f"delivery.{code}", language, **facts)

    lines = []
    if delivery.marks.restricted:
        lines += [say("restricted_first"), ""]
    marks = delivery.marks.text(language)
    if marks:
        lines += [f"** {marks} **", ""]
    lines += [f"{delivery.title}", say("as_of", date=delivery.as_of), *(text[number] for text in delivery.statements)]
    lines += [word("note.not_permission", language), system_words(order.epsg, order.form)[number], ""]
    if order.form.gbk:
        lines.append(say("encoding", encoding=order.encoding))
    lines.append(say(f"format_{order.form.key}"))
    if package.members:
        lines += ["", say("files")]
        lines += [f"  {line}" for line in _files([README, DICTIONARY, *package.members])]
    if delivery.cards:
        lines += ["", say("layers")]
        for card in delivery.cards:
            lines.append(f"* {card.name}")
            lines += [f"    {fact[number]}" for fact in card.facts]
    notes = grouped([*delivery.notes, *package.notes])
    if notes:
        lines += ["", say("not_as_it_was")]
        lines += [f"  - {_note(note, language)}" for note in notes]
    return lines


def _files(members: list[str]) -> list[str]:
    """A line for all files that have one stem, as the parts of a shapefile and its styles."""
    endings: dict[str, list[str]] = {}
    for member in members:
        stem, _, ending = member.partition(".")
        endings.setdefault(stem, []).append(f".{ending}")
    return [f"{stem}{' '.join(found)}" for stem, found in endings.items()]


def _note(note: Note, language: Language) -> str:
    text = note.zh if language == "zh" else note.en
    where = ", ".join(part for part in (note.file, note.field) if part)
    if not note.rows:
        return f"{where}: {text}"
    shown = ", ".join(map(str, note.rows[:_ROWS_SHOWN])) + (" ..." if len(note.rows) > _ROWS_SHOWN else "")
    return f"{where}: {text} ({word('delivery.rows', language, rows=shown, count=len(note.rows))})"
