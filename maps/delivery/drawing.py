"""Sheets as features of a drawing: a drawing layer a class, in the colours of the map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from maps.style import STANDARD
from screening.words import has_word, word
from spatial.writing.cad import CadShape, cad_layer_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maps.delivery.model import Delivery, Sheet
    from maps.style import StyleSheet
    from screening.words import Language
    from spatial.writing.model import Table

__all__ = ["CadDrawing", "cad_layer", "cad_shapes"]


@dataclass(frozen=True, kw_only=True)
class CadDrawing:
    """The features of a drawing, and the colour of each of its layers."""

    shapes: tuple[CadShape, ...]
    colours: dict[str, tuple[int, int, int]]


def cad_layer(sheet: Sheet, class_: str | None, language: Language) -> str:
    """
    The drawing layer of a class: its kind and its class, in words.

    A class that has the name of its kind stands alone (生态保护红线).
    """
    group = "answer" if sheet.kind == "site" else "class"
    kind = _said(f"kind.{sheet.kind}", language) or _said(f"delivery.{sheet.kind}", language) or sheet.kind
    words = None if class_ is None else _said(f"{group}.{class_}", language) or class_
    return cad_layer_name(kind if words in {None, kind} else f"{kind}-{words}")


def _said(key: str, language: Language) -> str | None:
    return word(key, language) if has_word(key) else None


def cad_shapes(
    delivery: Delivery, tables: Sequence[Table], *, columns: Sequence[str], style: StyleSheet | None
) -> CadDrawing:
    """
    The rows of a delivery as features of a drawing.

    Parameters
    ----------
    delivery
        Its sheets.
    tables
        Their tables in the plane of the drawing, in the same order.
    columns
        Whose values are kept as extended data.
    style
        Looks; None takes the project's own.
    """
    looks = style or STANDARD
    shapes: list[CadShape] = []
    colours: dict[str, tuple[int, int, int]] = {}
    for sheet, table in zip(delivery.sheets, tables, strict=True):
        at = {f.name: number for number, f in enumerate(table.fields)}
        kept = [at[name] for name in columns if name in at]
        for row, geometry in zip(table.rows, table.geometries or (), strict=True):
            class_ = None if sheet.class_field is None else row[at[sheet.class_field]]
            layer = cad_layer(sheet, None if class_ is None else str(class_), delivery.language)
            colours.setdefault(layer, _rgb(looks.style_of(sheet.kind, str(class_ or "*")).colour))
            label = None if sheet.label_field is None else row[at[sheet.label_field]]
            data = tuple(f"{table.fields[number].name}={row[number]}" for number in kept if row[number] is not None)
            text = None if label is None else str(label)
            shapes.append(CadShape(geometry=geometry, layer=layer, label=text, data=data))
    return CadDrawing(shapes=tuple(shapes), colours=colours)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
