"""The compliance table 管控维度｜要求原文｜本项目情况｜符合性, whose two last columns nobody fills but the user."""

from __future__ import annotations

from typing import Any

from screening.rules.model import HEADINGS, LEVELS

__all__ = ["TO_FILL", "compliance_rows"]

TO_FILL = "to_fill"
"""What stands in the two last columns of the compliance table, always: what the project must state itself."""


def compliance_rows(ruling: dict[str, Any]) -> list[dict[str, Any]]:
    """
    The rows of the compliance table 管控维度｜要求原文｜本项目情况｜符合性, by level, heading and strictness.

    Parameters
    ----------
    ruling
        Of `Ruling.to_dict`.

    Returns
    -------
    rows
        ``situation`` and ``conformity`` are always `TO_FILL` (待填): what the project must state is never filled in
        for it. ``requirement_zh`` is the quote where there is one.
    """
    rows = [
        {
            "level": clause["level"],
            "heading": heading,
            "clause": clause["id"],
            "consequence": clause["consequence"],
            "state": clause["state"],
            "title_zh": clause["title_zh"],
            "title_en": clause["title_en"],
            "requirement_zh": clause["quote"] or clause["text_zh"],
            "requirement_en": clause["text_en"],
            "source": clause["source"],
            "status": clause["status"],
            "situation": TO_FILL,
            "conformity": TO_FILL,
        }
        for heading in HEADINGS
        for clause in ruling["headings"][heading]
    ]
    return sorted(rows, key=lambda row: (LEVELS.index(row["level"]), HEADINGS.index(row["heading"])))
