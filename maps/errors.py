"""
Errors of ``maps``.

* MapsError
  + AssetsMissingError     (also FileNotFoundError)
  + AssetDamagedError      (also ValueError)
  + UnlockedResourceError  (also ValueError)
  + NotDrawableError       (also ValueError)
  + FontMissingError       (also LookupError)
  + ReportFormatError      (also ValueError)

``maps/build_assets.py`` runs before the project is installed and therefore has its own ``AssetBuildError``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = [
    "AssetDamagedError",
    "AssetsMissingError",
    "FontMissingError",
    "MapsError",
    "NotDrawableError",
    "ReportFormatError",
    "UnlockedResourceError",
]


class MapsError(Exception):
    """Base of every error that ``maps`` raises."""


class AssetsMissingError(MapsError, FileNotFoundError):
    """The locked scripts of the maps were never built, or one of them is gone."""

    def __init__(self, *, path: Path) -> None:
        super().__init__(f"{path} is not there; build the scripts of the maps: python maps/build_assets.py")
        self.path = path


class AssetDamagedError(MapsError, ValueError):
    """A locked script is not the one that was built."""

    def __init__(self, *, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}; delete the folder and build again: python maps/build_assets.py")
        self.path = path
        self.why = why


class UnlockedResourceError(MapsError, ValueError):
    """A page would load something from a network, or a file that is not locked."""

    def __init__(self, *, resource: str, where: str) -> None:
        super().__init__(
            f"the page would load {resource!r} ({where}), which is not locked: "
            "lock it in package.json, package-lock.json and maps/build_assets.py, or leave the element out"
        )
        self.resource = resource
        self.where = where


class NotDrawableError(MapsError, ValueError):
    """A geometry cannot be put on a map."""

    def __init__(self, *, what: str, why: str) -> None:
        super().__init__(f"{what} cannot be drawn: {why}; give EPSG:4490 longitude and latitude in degrees")
        self.what = what
        self.why = why


class FontMissingError(MapsError, LookupError):
    """No font with Chinese characters was found, so that a report would be full of empty boxes."""

    def __init__(self, *, looked_for: Sequence[str], variable: str) -> None:
        super().__init__(
            f"no Chinese font was found (looked for {', '.join(looked_for)} and others); install one "
            "(Debian: apt-get install fonts-noto-cjk; Windows: Microsoft YaHei or SimSun of the Chinese language "
            f"pack), or name a folder that holds one: {variable}=FOLDER"
        )
        self.looked_for = tuple(looked_for)
        self.variable = variable


class ReportFormatError(MapsError, ValueError):
    """A report was asked for in a format that there is none of."""

    def __init__(self, *, path: Path, formats: Sequence[str]) -> None:
        super().__init__(f"{path}: a report is written as {', '.join(formats)}; give it one of these endings")
        self.path = path
        self.formats = tuple(formats)
