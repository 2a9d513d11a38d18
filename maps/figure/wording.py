"""Words of a figure in Chinese, in English, or in both side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from maps import phrases
from screening.words import word

if TYPE_CHECKING:
    from collections.abc import Iterable

    from screening.words import Language

__all__ = ["FigureLanguage", "colon", "languages", "listed", "say", "say_code"]

FigureLanguage = Literal["zh", "en", "both"]


def languages(language: FigureLanguage) -> tuple[Language, ...]:
    """The languages that are written, the first first."""
    return ("zh", "en") if language == "both" else (language,)


def say(code: str, language: FigureLanguage, /, **facts: object) -> str:
    """
    The words for a code of the catalogue; in both languages once where they are the same.

    Examples
    --------
    >>> say("answer.hit", "both")
    '命中 / hit'
    """
    return _together([word(code, one, **facts) for one in languages(language)])


def say_code(group: str, code: object, language: FigureLanguage) -> str:
    """
    The words for a code that may have none, as `maps.phrases.code_word` finds them.

    Examples
    --------
    >>> say_code("class", "own_class", "both")
    'own_class'
    """
    return _together([phrases.code_word(group, code, one) for one in languages(language)])


def colon(language: FigureLanguage) -> str:
    """Between a name and its value."""
    return ": " if language == "en" else "："


def listed(names: Iterable[object], language: FigureLanguage) -> str:
    """
    Names one after the other.

    Examples
    --------
    >>> listed(["甲", "乙"], "zh"), listed(["a", "b"], "en")
    ('甲、乙', 'a, b')
    """
    return (", " if language == "en" else "、").join(phrases.clean(name) for name in names)


def _together(texts: list[str]) -> str:
    return " / ".join(dict.fromkeys(texts))
