"""Classes a full check looks at that are not loaded; they do not move the answer."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from spatial.datafiles import data_file, toml_tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layers.card import LayerCard

__all__ = ["class_in_english", "classes_not_checked"]


@cache
def _classes() -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    table = toml_tables(data_file("rules", "required_layers.toml"))
    return tuple((c["name"], c["english"], tuple(c["words"])) for c in table["class"])


def classes_not_checked(cards: Sequence[LayerCard]) -> tuple[str, ...]:
    """
    The classes of ``data/rules/required_layers.toml`` that no loaded layer of kind ``other`` stands for.

    Examples
    --------
    >>> classes_not_checked([])[0]
    '风景名胜区'
    """
    loaded = [f"{card.name} {card.meaning or ''}" for card in cards if card.kind == "other"]
    return tuple(name for name, _, words in _classes() if not any(w in text for text in loaded for w in words))


def class_in_english(name: str) -> str:
    """The English name of a class; the name itself where there is none."""
    return next((english for chinese, english, _ in _classes() if chinese == name), name)
