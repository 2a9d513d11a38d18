"""The commands of the tutorials of georeferencing and of signing, as their pages print them: for tests and pictures."""

from __future__ import annotations

import os
import re
import runpy
import shlex
import sys
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

__all__ = ["PAGE", "SIGNING", "Step", "run", "run_all", "steps", "unlike"]

PAGE = Path(__file__).parents[1] / "tutorial-georeference.md"
SIGNING = PAGE.with_name("tutorial-signing.md")
_BLOCK = re.compile(r"```(sh|text)\n(.*?)```", re.DOTALL)
_STATUS = re.compile(r"#\s*退出码\s*(\d+)")
_DIGEST = re.compile(r"\b(?:[0-9a-f]{64}|v\d{4}-[0-9a-f]{8})\b")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_COLOUR = re.compile(r"#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})")
_CUT = "……"
_SMALL, _SHARE, _SHADE = 100, 0.01, 3


@dataclass(frozen=True, kw_only=True)
class Step:
    """The lines of one block of commands, and what the page says the last of them prints."""

    commands: tuple[str, ...]
    said: tuple[str, ...] = field(default=())


def steps(page: str) -> tuple[Step, ...]:
    """The steps of the Chinese half of the page, in order; every grey box belongs to the commands before it."""
    found: list[Step] = []
    for kind, text in _BLOCK.findall(page.partition("\n---\n")[0]):
        lines = tuple(line for line in text.splitlines() if line.strip() and line.strip() != _CUT)
        if kind == "sh":
            found.append(Step(commands=lines))
        else:
            found[-1] = Step(commands=found[-1].commands, said=found[-1].said + lines)
    return tuple(found)


def run(line: str) -> str:
    """
    Run one line in the current folder; what it prints.

    Raises
    ------
    RuntimeError
        If the command fails, or ends with another status than ``# 退出码 1`` behind it says.
    """
    from click.testing import CliRunner

    from apps.cli.main import main

    words = shlex.split(line, comments=True)
    if words[:2] == ["python", "-m"] and words[2] in ("docs.figures.georeference", "docs.figures.signing"):
        return "\n".join(str(path) for path in import_module(words[2]).write_files(Path(words[3])))
    if words[0] == "python":
        return _script(words[1:])
    if words[0] == "cd":
        os.chdir(words[1])
        return ""
    if words[0] != "sanxian":
        raise RuntimeError(f"no command of the tutorial: {line}")
    ran = CliRunner().invoke(main, words[1:])
    stated = _STATUS.search(line)
    if ran.exit_code != (int(stated[1]) if stated else 0):
        raise RuntimeError(f"{line}\nexit status {ran.exit_code}\n{ran.output}{ran.exception or ''}")
    return ran.output


def _script(words: list[str]) -> str:
    """A script of the tutorial's folder, run here; it prints nothing."""
    before, sys.argv = sys.argv, words
    try:
        runpy.run_path(words[0], run_name="__main__")
    finally:
        sys.argv = before
    return ""


def run_all(page: str) -> list[tuple[Step, str]]:
    """Every step in the current folder, with what its last command printed."""
    return [(step, [run(line) for line in step.commands][-1]) for step in steps(page)]


def unlike(said: tuple[str, ...], printed: str) -> list[str]:
    r"""
    Lines of the page that the program did not print, in this order.

    White space counts once. Numbers may differ by a hundredth and colours by a shade, for a scan is made with the
    fonts and the JPEG of the machine; whole numbers below a hundred (counts, dates, points) may not. Digests and
    versions of layers may be any: keys and libraries differ.

    Examples
    --------
    >>> unlike(("P10  549.35", "a 3"), "x\nP10 549.30\na 4\n")
    ['a 3']
    """
    lines = printed.splitlines()
    missing, at = [], 0
    for line in said:
        found = next((i for i in range(at, len(lines)) if _alike(line, lines[i])), None)
        if found is None:
            missing.append(line)
        else:
            at = found + 1
    return missing


def _alike(said: str, printed: str) -> bool:
    said, printed = (_DIGEST.sub("#", " ".join(text.split())) for text in (said, printed))
    if said == printed:
        return True
    if not _same_shades(said, printed):
        return False
    said, printed = _COLOUR.sub("#", said), _COLOUR.sub("#", printed)
    if _NUMBER.sub("0", said) != _NUMBER.sub("0", printed):
        return False
    return all(map(_near, _NUMBER.findall(said), _NUMBER.findall(printed)))


def _same_shades(said: str, printed: str) -> bool:
    one, other = ([int(part, 16) for found in _COLOUR.findall(text) for part in found] for text in (said, printed))
    return len(one) == len(other) and all(abs(a - b) <= _SHADE for a, b in zip(one, other, strict=True))


def _near(said: str, printed: str) -> bool:
    if said == printed:
        return True
    if "." not in said and "," not in said and len(said) < len(str(_SMALL)):
        return False
    one, other = (float(text.replace(",", "")) for text in (said, printed))
    return abs(one - other) <= max(_SHARE * abs(one), 0.02)
