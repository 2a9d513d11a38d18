"""What the page says of one feature: the four headings of a control unit first, then what its kind states."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

from layers.declared_area import declared_area_m2
from layers.fields import FieldAliases
from maps.phrases import clean
from screening.words import has_word, word

if TYPE_CHECKING:
    from layers.model import Feature

__all__ = ["HEADINGS", "both", "facts_of"]

HEADINGS = ("spatial_layout", "pollutant_control", "risk_control", "resource_efficiency")


def both(code: str, /, **facts: object) -> dict[str, str]:
    """A text of the catalogue in both languages, as the page holds it."""
    return {"zh": clean(word(code, "zh", **facts)), "en": clean(word(code, "en", **facts))}


def facts_of(feature: Feature, *, kind: str, area_m2: float) -> list[dict[str, Any]]:
    """
    The rows of a feature, each a label in both languages and a text.

    Parameters
    ----------
    feature
        With all its words.
    kind
        Of its layer.
    area_m2
        Its measured area, square metres; 0 where it has none.

    Examples
    --------
    >>> from layers.model import Feature
    >>> unit = Feature(
    ...     id="1", code=None, name="甲", class_="priority", counts=True, requirements={"spatial_layout": "禁止开矿"}
    ... )
    >>> [(row["label"]["en"], row["text"]) for row in facts_of(unit, kind="control_units", area_m2=0.0)]
    [('Spatial layout', '禁止开矿')]
    """
    rows = [(f"report.{heading}", feature.requirements.get(heading)) for heading in HEADINGS]
    rows += [(f"public_map.field_{name}", _value(name, text)) for name, text in feature.own_fields.items()]
    if feature.influence_m is not None:
        rows.append(("public_map.influence", f"{feature.influence_m:,.0f} m"))
    if feature.without_extent_m is not None and math.isfinite(feature.without_extent_m):
        rows.append(("public_map.reach", f"{feature.without_extent_m:,.0f} m"))
    if area_m2 > 0:
        rows.append(("public_map.area", _area(area_m2)))
    declared = declared_area_m2(_aliases().view(feature.attributes, kind=kind), area_m2 or None)  # type: ignore[arg-type]
    if declared:
        rows.append(("public_map.declared_area", _area(declared)))
    rows += [("public_map.valid_from", feature.valid_from), ("public_map.valid_until", feature.valid_until)]
    if feature.accuracy_m is not None:
        rows.append(("public_map.own_accuracy", f"{math.ceil(feature.accuracy_m):,} m"))
    return [{"label": _label(code), "text": clean(text)} for code, text in rows if text]


@cache
def _aliases() -> FieldAliases:
    """Read once: what columns mean is worked out for the first feature of a layer and kept."""
    return FieldAliases.load()


def _label(code: str) -> dict[str, str]:
    """The words of a row; of a field that a newer version writes, its own name."""
    if has_word(code):
        return both(code)
    name = code.partition("field_")[2] or code
    return {"zh": clean(name), "en": clean(name)}


def _value(name: str, text: str) -> str:
    """A coded value in both languages; the file's own words as they are."""
    for code in (f"plan.{name}_{text}", f"public_map.{name}_{text}"):
        if has_word(code):
            return f"{word(code, 'zh')} / {word(code, 'en')}"
    return text


def _area(square_metres: float) -> str:
    """
    An area with units that both languages share.

    Examples
    --------
    >>> _area(240_000.0), _area(12_345_678_901.0)
    ('240,000 m² (24.00 hm²)', '12,345.68 km²')
    """
    if square_metres >= 1e8:
        return f"{square_metres / 1e6:,.2f} km²"
    return f"{square_metres:,.0f} m² ({square_metres / 1e4:,.2f} hm²)"
