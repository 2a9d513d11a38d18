"""Every named error has a line in both languages and a status; everything else keeps its traceback."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tomllib
from importlib.resources import files
from pathlib import Path

import click
import pytest

from apps.cli.console import shown
from apps.cli.errors import ApplicationError, is_named, line_of
from apps.cli.main import Program
from apps.cli.options import AREA
from layers.errors import LayerError
from layers.workspace.store import DAMAGE_CODES
from maps.errors import MapsError
from screening.errors import ScreeningError
from screening.words import has_word, word
from spatial.errors import SpatialError
from spatial.reading.model import _MESSAGES
from tests.apps.cli import run, small_workspace

ROOT = Path(__file__).resolve().parents[2]
BASES = (SpatialError, LayerError, ScreeningError, MapsError, ApplicationError)


def family(base):
    return [base, *(c for child in base.__subclasses__() for c in family(child))]


@pytest.mark.parametrize("base", BASES)
def test_every_named_error_has_a_chinese_lead_in(base):
    without = []
    for cls in family(base):
        names = [c.__name__ for c in cls.__mro__ if has_word(f"error.{c.__name__}")]
        if names[0] in ("Exception", "OSError") and cls not in BASES:
            without.append(cls.__name__)
        assert is_named(cls.__new__(cls))
    assert without == []


def test_damages_and_problems_have_words():
    assert [code for code in DAMAGE_CODES if not has_word(f"damage.{code}")] == []
    for code in _MESSAGES:
        word(f"problem.{code}", "zh").encode("gbk")


def test_problems_have_one_list_of_codes_in_english_lines_and_in_the_catalogue():
    """A code in one of them alone is printed as a code; ``at_`` are the words for where a problem stands."""
    catalogue = tomllib.loads(files("screening").joinpath("words.toml").read_text(encoding="utf-8"))
    assert {code for code in catalogue["problem"] if not code.startswith("at_")} == set(_MESSAGES)


def test_a_message_of_several_lines_is_one_line():
    class BrokenError(ScreeningError):
        pass

    assert line_of(BrokenError("one\n  two\r\nthree")) == "错误：输入未被接受 / error: one two three"


def test_a_full_disk_is_no_bug_and_has_its_line():
    full = OSError(errno.ENOSPC, "No space left on device", "a.json")
    assert is_named(full)
    assert line_of(full).startswith("错误：磁盘或权限问题 / error: ")
    assert not is_named(OSError(errno.EBADF, "Bad file descriptor"))


@pytest.mark.skipif(sys.platform == "win32", reason="names of files are UTF-16 on Windows")
def test_names_that_this_machine_cannot_write_are_no_bug(tmp_path):
    """A machine of another encoding: workspaces have folders with Chinese names."""
    small_workspace(tmp_path / "w")
    ascii_only = {**os.environ, "LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    asked = [sys.executable, "-m", "apps.cli.main", "layers", str(tmp_path / "w")]
    done = subprocess.run(asked, env=ascii_only, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 3
    assert "names of files are written in ascii here" in done.stderr
    assert "PYTHONUTF8=1" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_has_gone_leaves_no_traceback():
    command = [sys.executable, "-u", "-m", "apps.cli.main", "import", "--help"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
        process.stdout.close()
        said = process.stderr.read().decode("utf-8", "replace")
    assert "Traceback" not in said
    assert process.returncode != 3


def test_a_bug_is_no_input_error():
    assert not is_named(ValueError("x"))

    @click.group(cls=Program, invoke_without_command=True)
    def program() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        program.main([], prog_name="program")


def test_the_program_alone_shows_its_help():
    done = run()
    assert done.exit_code == 2
    assert "sanxian" in done.stderr
    assert "--version" in done.stderr
    assert "check" in done.stderr


def test_unknown_commands_are_usage():
    done = run("frobnicate")
    assert done.exit_code == 2
    assert "frobnicate" in done.stderr


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("甲\n乙", "甲 乙"),
        ("a\x00b\x1b[2J", "a\\x00b\\x1b[2J"),
        ("right\u202eleft", "right\\u202eleft"),
        ("\ud800", "\\ud800"),
    ],
)
def test_text_of_a_file_cannot_steer_the_terminal(text, expected):
    assert shown(text) == expected


@pytest.mark.parametrize(
    ("text", "square_metres"), [("3000", 3000), ("4.5亩", 3000), ("2公顷", 20_000), ("0.5 km2", 500_000)]
)
def test_areas_have_units(text, square_metres):
    assert AREA.convert(text, None, None) == pytest.approx(square_metres)
