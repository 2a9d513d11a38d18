"""The ten lines of Python in the README run, and print what they say; the commands after the answer run."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.apps.cli import run

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


@pytest.fixture(scope="module")
def after(demo, tmp_path_factory):
    """The commands under 有了结论之后, run in order beside a demo of their own; with the folder."""
    folder = tmp_path_factory.mktemp("结论之后")
    shutil.copytree(demo / "demo", folder / "demo")
    block = re.search(r"^## 有了结论之后\n+```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)[1]
    with contextlib.chdir(folder):
        done = [(line, run(*shlex.split(line, comments=True)[1:])) for line in block.splitlines()]
    return folder, done


def test_the_commands_after_the_answer_all_run(after):
    _, done = after
    assert len(done) == 9
    assert {line: ran.output for line, ran in done if ran.exit_code} == {}


def test_they_leave_and_say_what_the_page_says(after):
    folder, done = after
    for name in ("报告.docx", "存证.json", "避让.html", "结果.xlsx"):
        assert (folder / name).stat().st_size > 1000
    said = {line.split()[1]: ran.stdout for line, ran in done}
    assert "一致" in said["verify"]
    assert "尚需回答的问题" in done[0][1].stdout
    assert "误差多大结论会变" in done[1][1].stdout
    assert "P1" in said["avoid"]
