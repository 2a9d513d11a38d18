"""The page of certainty agrees with the program: codes, keys, accuracies."""

from __future__ import annotations

import re
from pathlib import Path

from screening.certainty.curve import ACCURACIES_M
from screening.certainty.flipping import CAUSES, MOST_M
from screening.certainty.overlapping import MOST_EDGES
from screening.certainty.overlapping import MOST_M as WIDEST_M
from screening.certainty.settling import SETTLES

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "certainty.md").read_text("utf-8")


def first_codes(text: str) -> list[str]:
    return [
        code
        for line in text.splitlines()
        if line.startswith("| `")
        for code in re.findall(r"`(\w+)`", line.split("|")[1])
    ]


def test_the_codes_of_what_settles_are_those_of_the_program() -> None:
    part = PAGE.split("## 怎样才能确定")[1].split("## 核对过什么")[0]
    assert set(first_codes(part)) == set(SETTLES)


def test_the_keys_are_those_of_the_json() -> None:
    from tests.apps.test_certainty_print import document

    found = document(stability=True)
    keys = set(found) | set(found["findings"][0]) - {"layer", "kind", "version", "answer"}
    assert set(first_codes(PAGE.split("## JSON")[1])) == keys
    last = PAGE.split("## JSON")[1]
    for by in set(CAUSES.values()):
        assert f"`{by}`" in last
    for key in (
        found["findings"][0]["curve"][0] | (found["findings"][1]["changes"] or found["findings"][0]["changes"])[0]
    ):
        assert f"`{key}`" in last, key


def test_the_numbers_of_the_page_are_those_of_the_program() -> None:
    assert "、".join(f"{a:g}" for a in ACCURACIES_M) + " 米" in PAGE
    assert f"{MOST_M:,.0f} 米" in PAGE
    assert f"{WIDEST_M:,.0f} 米" in PAGE
    assert f"{MOST_EDGES:,} 条" in PAGE
