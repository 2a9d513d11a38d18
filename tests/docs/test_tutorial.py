"""The tutorial is done from the first line to the last, in an empty folder, and every answer on it is checked."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from apps.cli.main import main
from screening.words import word
from spatial.boundaries import available

PAGE = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text("utf-8")
CHINESE = PAGE.split("\n---\n")[0]
STEP = re.compile(r"存成 `(?P<name>[^`]+)`.*?```csv\n(?P<text>.*?)```|```sh\n(?P<shell>.*?)```", re.DOTALL)
ANSWERS = {word(f"answer.{answer}", "zh"): answer for answer in ("hit", "uncertain", "unknown", "clear")}


@pytest.mark.slow
def test_the_tutorial_leads_to_the_answers_that_it_tells(tmp_path, monkeypatch):
    if not available():
        pytest.skip("the administrative boundaries are not built: python data/boundaries/build.py")
    monkeypatch.chdir(tmp_path)
    told = []
    for step in STEP.finditer(CHINESE):
        if step["name"]:
            Path(step["name"]).write_text(step["text"], "utf-8")
            continue
        for line in step["shell"].splitlines():
            command, _, comment = line.partition("#")
            words = shlex.split(command)
            assert words[0] == "sanxian"
            result = answer_of(words[1:])
            if words[1] == "check":
                assert result == ANSWERS[comment.strip()], line
                told.append(result)
    # the demo, the outputs, then one's own files
    assert told == ["hit", "uncertain", "unknown", "clear", "hit", "unknown", "clear", "uncertain", "clear", "hit"]
    assert Path("地图.html").stat().st_size > 10_000
    assert Path("成果.zip").is_file()


def answer_of(words: list[str]) -> str | None:
    """Run a line; the answer of a check."""
    own = words[words.index("--json") + 1] if "--json" in words else None
    asked = words if own or words[0] != "check" else [*words, "--json", "-"]
    ran = CliRunner().invoke(main, asked)
    assert ran.exit_code == 0, ran.output
    if words[0] != "check":
        return None
    return json.loads(Path(own).read_text("utf-8") if own else ran.stdout)["answer"]
