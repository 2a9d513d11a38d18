"""What a style is made of: the layer as it was exported, and its symbols, before any format."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maps.style import STANDARD
from screening.words import has_word, word

if TYPE_CHECKING:
    from maps.style import FeatureStyle, StyleSheet

__all__ = [
    "LABEL_COLOUR",
    "LABEL_FONT",
    "LABEL_HALO",
    "POINT_OPACITY",
    "PX_MM",
    "PX_PT",
    "StyledLayer",
    "SymbolClass",
    "channels",
    "class_words",
    "kind_words",
    "symbol_classes",
    "writable",
]

PX_MM = 25.4 / 96
"""A CSS pixel in millimetres; the unit of QML."""
PX_PT = 72 / 96
"""A CSS pixel in points; the unit of ArcGIS Pro."""
POINT_OPACITY = 0.9
"""Of every point, as on the map."""
LABEL_FONT, LABEL_COLOUR, LABEL_HALO = "Microsoft YaHei", "#222222", "#ffffff"

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, kw_only=True)
class StyledLayer:
    """
    A layer as it was exported, for the styles that go beside it.

    Parameters
    ----------
    name
        Its title.
    kind
        Its kind in the toolkit, as ``control_units``.
    geometry
        ``polygon``, ``line`` or ``point``.
    class_field
        The column of the exported file that holds the class; in a DXF file ``Layer``.
    classes
        Pairs of a value in that column and the class of the toolkit it stands for, in drawing order: the first is
        drawn first and lies lowest. Legends list them the other way round. Empty: all is drawn alike, and the column
        need not be there.
    label_field
        The column that names features, None for no labels.
    file
        The data file as the style refers to it, relative to it: ``红线.shp``, ``layers.gpkg|layername=红线``,
        ``x.gdb|layername=red_lines``.
    epsg
        Code of the CRS the file is written in.
    notes
        What the style's description repeats (indicative, synthetic, restricted), each as ``zh / en``.

    Examples
    --------
    >>> layer = StyledLayer(name="红线", kind="red_lines", geometry="polygon", class_field="CLASS", classes=(),
    ...                     label_field=None, file="a.gpkg|layername=红线", epsg=4490, notes=())
    >>> layer.data_file, layer.data_layer
    ('a.gpkg', '红线')
    """

    name: str
    kind: str
    geometry: str
    class_field: str
    classes: tuple[tuple[str, str], ...]
    label_field: str | None
    file: str
    epsg: int
    notes: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.geometry not in {"polygon", "line", "point"}:
            raise ValueError(f"geometry is polygon, line or point, not {self.geometry!r}")

    @property
    def data_file(self) -> str:
        """The file without what says which of its layers."""
        return self.file.partition("|")[0]

    @property
    def data_layer(self) -> str | None:
        """The layer in the file, None where the file holds one only."""
        return self.file.partition("|layername=")[2] or None

    @property
    def description(self) -> str:
        """The notes, one a line, as text that XML can hold."""
        return "\n".join(writable(note) for note in self.notes)


@dataclass(frozen=True, kw_only=True)
class SymbolClass:
    """One class as it is drawn; ``value`` None stands for every other value of the column."""

    value: str | None
    code: str
    label: str
    style: FeatureStyle


def symbol_classes(layer: StyledLayer, sheet: StyleSheet | None = None) -> tuple[SymbolClass, ...]:
    """
    The classes of a layer in drawing order, the one for every other value first: lowest, drawn as its kind is.

    A value named twice keeps its first look, as programs that read the styles do. A layer without classes is drawn as
    its kind throughout and the one symbol has its name.
    """
    sheet = sheet or STANDARD
    rest = SymbolClass(
        value=None,
        code="*",
        label=_rest_words() if layer.classes else layer.name,
        style=sheet.style_of(layer.kind, "*"),
    )
    named: dict[str, SymbolClass] = {}
    for value, code in layer.classes:
        look = sheet.style_of(layer.kind, code)
        named.setdefault(value, SymbolClass(value=value, code=code, label=class_words(value, code), style=look))
    return rest, *named.values()


def class_words(value: str, code: str) -> str:
    """
    A class, or an answer, in both languages; its value where there are no words for it.

    Examples
    --------
    >>> class_words("1", "priority")
    '优先保护单元 / priority protection unit'
    """
    for group in ("class", "answer"):
        if has_word(f"{group}.{code}"):
            return f"{word(f'{group}.{code}', 'zh')} / {word(f'{group}.{code}', 'en')}"
    return value


def kind_words(kind: str) -> str:
    """A kind in both languages; its code where there are no words for it."""
    return f"{word(f'kind.{kind}', 'zh')} / {word(f'kind.{kind}', 'en')}" if has_word(f"kind.{kind}") else kind


def _rest_words() -> str:
    return f"{word('style.rest', 'zh')} / {word('style.rest', 'en')}"


def channels(colour: str) -> tuple[int, int, int]:
    """
    Red, green and blue of ``#rrggbb``.

    Examples
    --------
    >>> channels("#145242")
    (20, 82, 66)
    """
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def writable(text: str) -> str:
    r"""
    A text as XML can hold it: control characters and halves of surrogate pairs become U+FFFD.

    Examples
    --------
    >>> writable("a\x1b<b>") == "a\ufffd<b>"
    True
    """
    return _NOT_XML.sub("\ufffd", text)
