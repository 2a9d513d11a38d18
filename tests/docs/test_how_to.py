"""The how-to pages that bring their own files are done from the first line to the last, in an empty folder."""

from __future__ import annotations

import re
import shlex
import textwrap
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from apps.cli.errors import EXIT_REJECTED
from apps.cli.main import main
from spatial.boundaries import available

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
PAGES = [
    "scanned-map",
    "notice",
    "water-source-zones",
    "city-workspace",
    "rivers-and-sections",
    "water-classes",
    "zonal-figures",
    "check-layer-quality",
    "many-sites",
]
STEP = re.compile(
    r"(?:存成\s+`(?P<name>[^`]+)`[^`]*)?^ *```(?P<language>\w+)\n(?P<text>.*?)^ *```", re.MULTILINE | re.DOTALL
)
REFUSED = "拒绝"
WRITES = {"--out", "--output", "--json", "--map", "--export", "--warped", "--residuals"}


@pytest.mark.parametrize("name", PAGES)
def test_the_page_runs_as_it_stands(name, tmp_path, monkeypatch):
    if not available():
        pytest.skip("the administrative boundaries are not built: python data/boundaries/build.py")
    monkeypatch.chdir(tmp_path)
    chinese = (HOW_TO / f"{name}.md").read_text("utf-8").split("\n---\n")[0]
    ran = 0
    for step in STEP.finditer(chinese):
        text = textwrap.dedent(step["text"])
        if step["language"] == "python":
            exec(compile(text, name, "exec"), {})
        elif step["language"] == "sh":
            for line in text.splitlines():
                ran += run(line)
        else:
            assert step["name"], f"a block of {step['language']} that nobody is told to save"
            Path(step["name"]).write_text(text, "utf-8")
    assert ran >= 2


def run(line: str) -> int:
    """One line of a page: it is refused where the page says so, and done otherwise."""
    command, _, comment = line.partition("#")
    words = shlex.split(command)
    if not words:
        return 0
    assert words[0] == "sanxian", line
    found = CliRunner().invoke(main, words[1:])
    assert found.exit_code == (EXIT_REJECTED if comment.strip() == REFUSED else 0), f"{line}\n{found.output}"
    for option, name in pairwise(words):
        assert option not in WRITES or Path(name).exists(), f"{line}: {name} was not written"
    return 1
