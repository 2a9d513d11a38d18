"""The commands of the tutorial of georeferencing, as its page prints them: for the page's test and its pictures."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PAGE", "Step", "run", "run_all", "steps", "unlike"]

PAGE = Path(__file__).parents[1] / "tutorial-georeference.md"
_BLOCK = re.compile(r"```sh\n(?P<commands>.*?)```(?:\s*```text\n(?P<said>.*?)```)?", re.DOTALL)
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_COLOUR = re.compile(r"#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})")
_CUT = "……"
_SMALL, _SHARE, _SHADE = 100, 0.01, 3


@dataclass(frozen=True, kw_only=True)
class Step:
    """The lines of one block of commands, and what the page says the last of them prints."""

    commands: tuple[str, ...]
    said: tuple[str, ...]


def steps(page: str) -> tuple[Step, ...]:
    """The steps of the Chinese half of the page, in order."""
    half = page.partition("\n---\n")[0]
    return tuple(
        Step(
            commands=tuple(line for line in block["commands"].splitlines() if line.strip()),
            said=tuple(line for line in (block["said"] or "").splitlines() if line.strip() and line.strip() != _CUT),
        )
        for block in _BLOCK.finditer(half)
    )


def run(line: str) -> str:
    """
    Run one line in the current folder; what it prints.

    Raises
    ------
    RuntimeError
        If the command fails.
    """
    from click.testing import CliRunner

    from apps.cli.main import main
    from docs.figures.georeference import write_files

    words = shlex.split(line, comments=True)
    if words[:3] == ["python", "-m", "docs.figures.georeference"]:
        return "\n".join(str(path) for path in write_files(Path(words[3])))
    if words[0] == "cd":
        os.chdir(words[1])
        return ""
    if words[0] != "sanxian":
        raise RuntimeError(f"no command of the tutorial: {line}")
    ran = CliRunner().invoke(main, words[1:])
    if ran.exit_code != 0:
        raise RuntimeError(f"{line}\nexit status {ran.exit_code}\n{ran.output}{ran.exception or ''}")
    return ran.output


def run_all(page: str) -> list[tuple[Step, str]]:
    """Every step in the current folder, with what its last command printed."""
    return [(step, [run(line) for line in step.commands][-1]) for step in steps(page)]


def unlike(said: tuple[str, ...], printed: str) -> list[str]:
    r"""
    Lines of the page that the program did not print, in this order.

    White space counts once. Numbers may differ by a hundredth and colours by a shade, for a scan is made with the
    fonts and the JPEG of the machine; whole numbers below a hundred (counts, dates, points) may not.

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
    said, printed = " ".join(said.split()), " ".join(printed.split())
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
