"""The columns of an export, as ``export_fields.toml`` names them, and the cells that values of a verdict become."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screening.words import has_word, word
from spatial.datafiles import toml_tables
from spatial.writing.model import Field, Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

    from screening.words import Language
    from spatial.writing.model import FieldType, Value

__all__ = ["answer_cells", "area_cells", "percent_cell", "table_of", "text_cell", "warnings_cell", "words_cell"]

_CODES = {
    "answer": ("hit", "uncertain", "unknown", "clear"),
    "yesno": ("yes", "uncertain", "unknown", "no"),
    "scope": ("point", "line", "polygon", "mixed"),
    "relation": ("disjoint", "touches", "crosses", "overlaps", "within", "contains", "equals"),
    "role": ("protective", "context"),
}


@cache
def _definitions() -> dict[str, dict[str, list[str]]]:
    return toml_tables(Path(__file__).with_name("export_fields.toml"))


@cache
def _field(table: str, name: str) -> Field:
    """The column as ``export_fields.toml`` defines it, with the meaning of its codes."""
    spec, zh, en, *group = _definitions().get(table, {}).get(name) or _definitions()["common"][name]
    width, _, decimals = spec[1:].partition(".")
    kinds: dict[str, FieldType] = {"C": "text", "N": "number", "I": "integer", "D": "date"}
    codes = [(group[0], code) for code in _CODES.get(group[0], ())] if group else []
    return Field(
        name=name,
        long_name_zh=zh,
        long_name_en=en,
        type=kinds[spec[0]],
        width=int(width or 0),
        decimals=int(decimals or -1),
        note_zh="；".join(f"{code}={word(f'{kind}.{code}', 'zh')}" for kind, code in codes),
        note_en="; ".join(f"{code}={word(f'{kind}.{code}', 'en')}" for kind, code in codes),
    )


def table_of(
    name: str,
    template: Mapping[str, Value],
    rows: Sequence[Mapping[str, Value]],
    geometries: tuple[BaseGeometry | None, ...] | None = None,
    *,
    title: str | None = None,
) -> Table:
    """The rows under the columns of ``template``, which are those of ``name``; geometries are EPSG:4490."""
    return Table(
        name=title or name,
        fields=tuple(_field(name, column) for column in template),
        rows=tuple(tuple(row[column] for column in template) for row in rows),
        geometries=geometries,
        crs=None if geometries is None else 4490,
    )


def text_cell(value: Any) -> str | None:
    """
    A value as text, None where there is none: words joined by semicolons, anything else as JSON.

    Examples
    --------
    >>> text_cell(["a", "b"]), text_cell([]), text_cell({"gap_m": 3.2})
    ('a; b', None, '{"gap_m": 3.2}')
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list | tuple) and all(isinstance(v, str) for v in value):
        return "; ".join(value) or None
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def words_cell(group: str, code: Any, language: Language) -> str | None:
    """
    The words for a code; the code where it has none, None where there is no code.

    Examples
    --------
    >>> words_cell("answer", "hit", "zh"), words_cell("answer", "?", "zh"), words_cell("answer", None, "zh")
    ('命中', '?', None)
    """
    if not isinstance(code, str):
        return None
    return word(f"{group}.{code}", language) if has_word(f"{group}.{code}") else code


def warnings_cell(warnings: Any, language: Language) -> str | None:
    """Warnings in words where there are words for their code, else as they stand."""
    said = []
    for warning in warnings or ():
        code = warning.get("code") if isinstance(warning, dict) else warning
        group = next((g for g in ("warning", "reason") if has_word(f"{g}.{code}")), None)
        text = text_cell(warning) if group is None else words_cell(group, code, language)
        if group is not None and isinstance(warning, dict) and warning.get("layer"):
            text = f"{warning['layer']}: {text}"
        said.append(text or "")
    return text_cell(said)


def area_cells(prefix: str, m2: Any) -> dict[str, Value]:
    """One area in square metres, hectares and mu (1 mu = 2000/3 m²)."""
    hectares, mu = (None, None) if m2 is None else (m2 / 10_000, m2 * 3 / 2000)
    return {f"{prefix}_M2": m2, f"{prefix}_HM2": hectares, f"{prefix}_MU": mu}


def percent_cell(share: Any) -> Any:
    """A share as per cent; None stays None."""
    return None if share is None else share * 100


def answer_cells(value: Any, language: Language) -> dict[str, Value]:
    """An answer as its code and in words."""
    return {"ANSWER": text_cell(value), "ANSWER_T": words_cell("answer", value, language)}
