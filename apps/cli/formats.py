"""
The page on conversion, made from what `spatial.conversion` says of each format.

Run it as ``python -m apps.cli.formats docs/reference/conversion.md``: it fills the tables between the page's marks. A
test compares the page with it, and the round-trip tests compare the files with the same statements.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from screening.words import word
from spatial.conversion.formats import FORMATS

if TYPE_CHECKING:
    from screening.words import Language
    from spatial.conversion.formats import Format

__all__ = ["filled", "table"]

_LANGUAGES: tuple[Language, ...] = ("zh", "en")


def filled(page: str) -> str:
    """The page with its tables made anew; what stands outside the marks stays."""
    for language in _LANGUAGES:
        start, end = f"<!-- keeps {language} -->\n", f"<!-- /keeps {language} -->"
        before, _, rest = page.partition(start)
        page = f"{before}{start}{table(language)}\n{end}{rest.partition(end)[2]}"
    return page


def table(language: Language) -> str:
    """What each format keeps, as a table in Markdown."""
    heads = (
        "format",
        "geometry",
        "mixed",
        "parts",
        "precision",
        "crs",
        "values",
        "null",
        "names",
        "layers",
        "encoding",
    )
    lines = ["| " + " | ".join(word(f"convert.{head}", language) for head in heads) + " |", "|---" * len(heads) + "|"]
    return "\n".join(lines + ["| " + " | ".join(_cells(form, language)) + " |" for form in FORMATS.values()])


def _cells(form: Format, language: Language) -> list[str]:
    kept = form.keeps

    def said(what: str) -> str:
        return word(f"convert.{what}", language)

    title = f"{form.title} `{form.key}`"
    if not form.read_back:
        title += f" ({said('read_back_no')})"
    separator = "、" if language == "zh" else ", "
    return [
        title,
        separator.join(said(f"kind_{kind}") for kind in kept.kinds),
        said(f"mixed_{kept.mixed}") if len(kept.kinds) > 1 else "-",
        said(f"parts_{kept.parts}"),
        _precision(form, language),
        said(f"crs_{kept.crs}"),
        said(f"values_{kept.values}"),
        said("null_yes" if kept.null else "null_no") if kept.values not in {"none", "some"} else "-",
        said(f"names_{kept.names}"),
        said("layers_yes" if kept.layers else "layers_no") if kept.values != "none" else "-",
        " / ".join(form.encodings),
    ]


def _precision(form: Format, language: Language) -> str:
    kept = form.keeps
    if kept.crs == "wgs84":
        return (
            word("convert.degrees", language, degrees=f"{kept.degrees:g}")
            if kept.degrees
            else word("convert.exact", language)
        )
    if kept.crs == "zone":
        return word("convert.metres", language, metres=f"{kept.metres:g}")
    if not kept.metres and not kept.degrees:
        return word("convert.exact", language)
    return word("convert.metres_degrees", language, metres=f"{kept.metres:g}", degrees=f"{kept.degrees:g}")


if __name__ == "__main__":
    _page = Path(sys.argv[1])
    _page.write_bytes(filled(_page.read_text(encoding="utf-8")).encode("utf-8"))
