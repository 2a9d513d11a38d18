"""Words and column titles of a report by their codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from maps.report.model import Column
from screening.words import word

if TYPE_CHECKING:
    from screening.words import Language

__all__ = ["say", "titled"]


def say(code: str, language: Language, /, **facts: object) -> str:
    """
    A word of the report.

    Examples
    --------
    >>> say("to_fill", "zh")
    '待填'
    """
    return word(f"report.{code}", language, **facts)


def titled(
    language: Language,
    code: str,
    kind: Literal["text", "code", "number", "share"] = "text",
    *,
    digits: int = 2,
    weight: float = 1.0,
    paper: bool = True,
) -> Column:
    """A column by the code of its title."""
    return Column(title=say(f"column_{code}", language), kind=kind, digits=digits, weight=weight, on_paper=paper)
