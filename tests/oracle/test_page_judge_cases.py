"""The judge in the page against the engine on single layers, the first half of 1,400 cases: real Chromium, the same answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.judge_cases import check_single_layers
from tests.oracle.cases import seeded
from tests.page_harness import JudgePage, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.browser
SINGLE = 700
"""Half of the 1,400 sites; with 600 in ``test_page_judge.py`` they are 2,000."""


@pytest.fixture(scope="module")
def judging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JudgePage]:
    yield from opened(tmp_path_factory.mktemp("judge"))


def test_at_full_precision_every_answer_area_and_distance_of_single_layers_is_the_engines(judging: JudgePage) -> None:
    answers = check_single_layers(judging, seeded(2 * SINGLE)[:SINGLE])
    print(f"\n{judging.judged} sites, {judging.milliseconds / judging.judged:.1f} ms each: {dict(answers)}")
    assert answers.total() == SINGLE
    assert min(answers[word] for word in ("hit", "uncertain", "unknown", "clear")) >= SINGLE // 20
