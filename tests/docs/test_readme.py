"""The ten lines of Python in the README run, and print what they say."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


def example() -> str:
    (found,) = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    return found


def test_the_example_is_about_ten_lines():
    assert sum(bool(line.strip()) for line in example().splitlines()) <= 10


def test_the_example_runs_on_the_demo_and_prints_what_it_says(demo, monkeypatch):
    monkeypatch.chdir(demo)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(example(), "README.md", "exec"), {})
    lines = out.getvalue().splitlines()
    said = re.search(r"print\(verdict\.answer, verdict\.in_red_line\)  # (.+)", example())
    assert lines[0] == said[1]
    assert len(lines) > 4
    assert any("hit 0.0" in line for line in lines[1:])
