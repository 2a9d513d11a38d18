"""
Exceptions as exit statuses: what is wrong with the input is one line in Chinese and English, all else is a bug.

* ApplicationError
  + CertificateFileError  (also OSError)
  + DemoFolderError       (also FileExistsError)
  + FileNamesError
  + KeyExistsError        (also FileExistsError)

Exit status: 0 the run completed, whatever the answer; 1 ``verify`` found a difference; 2 usage; 3 input rejected;
10, 11, 12 with ``--exit-code``.
"""

from __future__ import annotations

import errno
import re
import sys
from typing import TYPE_CHECKING

from apps.cli.console import shown

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "EXIT_DIFFERENT",
    "EXIT_OF_ANSWER",
    "EXIT_REJECTED",
    "EXIT_USAGE",
    "ApplicationError",
    "CertificateFileError",
    "DemoFolderError",
    "FileNamesError",
    "KeyExistsError",
    "is_named",
    "line_of",
    "report",
]

EXIT_DIFFERENT = 1
"""Of ``sanxian verify``: something differs or is damaged."""
EXIT_USAGE = 2
EXIT_REJECTED = 3
EXIT_OF_ANSWER = {"hit": 10, "uncertain": 11, "unknown": 12, "clear": 0}
"""Exit statuses of ``sanxian check --exit-code``."""
_DISK = {errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EROFS, errno.EIO}
"""No permission, disk full, read-only or broken: nothing of ours to mend."""


class ApplicationError(Exception):
    """Base of every error that ``apps`` raises on wrong input."""


class DemoFolderError(ApplicationError, FileExistsError):
    """The demo is to be left in a folder that holds something else; ``path`` names it."""

    def __init__(self, *, path: Path) -> None:
        super().__init__(
            f"{path} is not empty and holds no earlier demo; name a new folder, or empty that one yourself"
        )
        self.path = path


class FileNamesError(ApplicationError):
    """The names of files are written in ``encoding`` here, in which one of them cannot be."""

    def __init__(self, *, encoding: str) -> None:
        super().__init__(
            f"names of files are written in {encoding} here, and one cannot be; set PYTHONUTF8=1 or a UTF-8 locale "
            "and run the same command"
        )
        self.encoding = encoding


class CertificateFileError(ApplicationError, OSError):
    """A certificate or features file that was named cannot be read; ``path`` names it."""

    def __init__(self, *, path: Path, detail: str) -> None:
        super().__init__(f"{path}: {detail}; name a file that is there")
        self.path = path


class KeyExistsError(ApplicationError, FileExistsError):
    """A key would be overwritten; ``path`` names it."""

    def __init__(self, *, path: Path) -> None:
        super().__init__(f"{path} is there already; a key is never overwritten, name another file")
        self.path = path


def is_named(error: BaseException) -> bool:
    """Whether an exception is one of ours, or the disk's: wrong input, not a bug."""
    from layers.errors import LayerError
    from maps.errors import MapsError
    from screening.errors import ScreeningError
    from spatial.errors import SpatialError

    if isinstance(error, OSError) and error.errno in _DISK:
        return True
    return isinstance(error, SpatialError | LayerError | ScreeningError | MapsError | ApplicationError)


def line_of(error: BaseException) -> str:
    """
    One line: what kind of trouble it is, in Chinese; what exactly and what to do, in English.

    Examples
    --------
    >>> from screening.errors import AsOfError
    >>> line_of(AsOfError("soon"))
    "错误：日期无法识别，应写作 2026-11-22 / error: 'soon' is no date; write it as 2026-11-22"
    """
    from layers.workspace.address import without_passwords
    from screening.words import has_word, word
    from spatial.errors import DataFileMissingError, ShippedListError

    message = without_passwords(re.sub(r"\s+", " ", str(error)).strip())
    names = [f"error.{cls.__name__}" for cls in type(error).__mro__]
    try:
        known = next((name for name in names if has_word(name)), "error.Exception")
        return f"{word('cli.error', 'zh')}：{word(known, 'zh')} / {word('cli.error', 'en')}: {message}"
    except (ShippedListError, DataFileMissingError):  # the words themselves are lost
        return f"错误：程序自带的清单与发布时不同，没有使用 / error: {message}"


def report(error: BaseException) -> None:
    """Write the line to standard error, whatever its encoding."""
    sys.stderr.write(shown(line_of(error), sys.stderr.encoding or "ascii") + "\n")
    sys.stderr.flush()
