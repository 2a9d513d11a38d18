"""One catalogue of the words a user sees, in Chinese and English, made from codes at the rim.

No word from here enters a digest. Every text can be written to a GBK console.

Examples
--------
>>> word("answer.clear", "en")
'clear'
>>> word("answer.clear", "zh")
'未命中'
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from spatial.datafiles import toml_tables

__all__ = ["Language", "UnknownWordError", "codes_of", "has_word", "word"]

Language = Literal["zh", "en"]


class UnknownWordError(KeyError):
    """A code has no words in the catalogue: add it to ``screening/words.toml``."""

    def __init__(self, code: str) -> None:
        super().__init__(f"no words for {code!r}: add it to screening/words.toml in zh and en")
        self.code = code


@cache
def _catalogue() -> dict[str, dict[str, str]]:
    tables = toml_tables(Path(__file__).with_name("words.toml"))
    return {f"{group}.{code}": pair for group, codes in tables.items() for code, pair in codes.items()}


def has_word(code: str) -> bool:
    """Whether the catalogue holds ``group.code``."""
    return code in _catalogue()


def codes_of(group: str) -> tuple[str, ...]:
    """
    Every ``group.code`` of a group, in the order of the catalogue; none where there is no such group.

    Examples
    --------
    >>> codes_of("answer")
    ('answer.hit', 'answer.uncertain', 'answer.unknown', 'answer.clear')
    """
    return tuple(code for code in _catalogue() if code.startswith(f"{group}."))


def word(code: str, language: Language, /, **facts: object) -> str:
    """
    The words for ``group.code`` in one language, with ``facts`` put into its ``{places}``.

    Use it only where something is shown: tables, maps, reports, error lines.

    Parameters
    ----------
    code
        ``answer.hit``, ``kind.red_lines``, ``reason.within_accuracy``, ``relation.touches``, ``class.priority`` …
    language
        ``zh`` or ``en``.
    facts
        Values for the places of the text; numbers are formatted by the text itself.

    Returns
    -------
    text
        GBK-encodable text (the catalogue is tested for it; ``facts`` are the caller's).

    Raises
    ------
    UnknownWordError
        If the catalogue has no such code.

    Examples
    --------
    >>> word("answer.hit", "zh")
    '命中'
    """
    pair = _catalogue().get(code)
    if pair is None:
        raise UnknownWordError(code)
    text = pair[language]
    return text.format(**facts) if facts else text
