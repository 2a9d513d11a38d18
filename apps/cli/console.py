"""What reaches a terminal: text that any console and any file can take, and progress only where somebody looks on."""

from __future__ import annotations

import json
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from screening.words import Language

__all__ = ["REDIRECTED_WIDTH", "console_on", "prepare_streams", "progress", "say", "shown", "write_json"]

REDIRECTED_WIDTH = 120
"""Columns of a table that goes into a file or a pipe."""

# control characters could steer the terminal; marks of reading direction and halves of characters could mislead
_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]")


def prepare_streams() -> None:
    r"""Let no character stop the program: what a stream cannot encode is written as ``\uXXXX``."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def console_on(*, stderr: bool = False, width: int | None = None) -> Console:
    """
    A rich console on standard output or standard error.

    Parameters
    ----------
    stderr
        Where it writes.
    width
        Columns; default: the terminal's, or 120 where nobody looks on (then without colour too).
    """
    stream = sys.stderr if stderr else sys.stdout
    looked_at = stream.isatty()
    return Console(
        file=stream,
        width=width or (None if looked_at else REDIRECTED_WIDTH),
        color_system="auto" if looked_at else None,
        force_terminal=looked_at,
        markup=False,
        highlight=False,
        emoji=False,
    )


def shown(value: object, encoding: str = "utf-8") -> str:
    r"""
    Text of a file as a terminal of this encoding can show it; the rest is escaped, so that columns stay aligned.

    Examples
    --------
    >>> shown("甲 m²", "gbk"), shown("a\x1b[31m")
    ('甲 m\\xb2', 'a\\x1b[31m')
    """
    text = re.sub(r"\s*[\r\n\t\u2028\u2029]\s*", " ", str(value))
    text = _UNSHOWN.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
    try:
        return text.encode(encoding, "backslashreplace").decode(encoding)
    except LookupError:
        return text.encode("ascii", "backslashreplace").decode("ascii")


def say(console: Console, text: str, style: str = "") -> None:
    """One line, never folded: what stands in it may be a path that somebody copies."""
    console.print(Text(shown(text, console.encoding), style=style), soft_wrap=True)


def write_json(document: Mapping[str, Any]) -> None:
    """
    JSON on standard output and nothing else.

    Where the stream is not UTF-8 the text is plain ASCII with escapes, so that it is the same JSON in any encoding.
    """
    utf8 = (sys.stdout.encoding or "").replace("-", "").casefold() in {"utf8", "utf8sig"}
    sys.stdout.write(json.dumps(document, ensure_ascii=not utf8, indent=2, allow_nan=False) + "\n")
    sys.stdout.flush()


@contextmanager
def progress(language: Language, *, total: int) -> Iterator[Callable[[str], None]]:
    """
    A bar on standard error while somebody looks on; elsewhere nothing.

    Yields a function that names the step that begins now.
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from screening.words import word

    columns = (TextColumn("{task.description}"), BarColumn(bar_width=30), MofNCompleteColumn())
    with Progress(*columns, console=console_on(stderr=True), transient=True) as bar:
        task = bar.add_task(word("cli.starting", language), total=total)
        begun = 0

        def begin(step: str) -> None:
            nonlocal begun
            bar.update(task, description=shown(step, bar.console.encoding), completed=begun)
            begun += 1

        yield begin
