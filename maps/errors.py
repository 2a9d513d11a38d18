"""
Errors of ``maps``.

* MapsError
  + AssetsMissingError     (also FileNotFoundError)
  + AssetDamagedError      (also ValueError)
  + UnlockedResourceError  (also ValueError)
  + NotDrawableError       (also ValueError)
  + FontMissingError       (also LookupError)
  + ReportFormatError      (also ValueError)
  + ViewLinkError          (also ValueError)
  + FigureError            (also ValueError)
  + StyleFileError         (also ValueError)
  x DeliveryError (nothing was handed over)
    + DeliveryLayerError   (also LookupError)
    + DeliverySourceError  (also ValueError)
    + ResultChangedError   (also ValueError)
  + EditionError           (also ValueError)
  + MapRequestError        (also ValueError)
  + OffsetTilesError       (also ValueError)

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
    "DeliveryError",
    "DeliveryLayerError",
    "DeliverySourceError",
    "EditionError",
    "FigureError",
    "FontMissingError",
    "MapRequestError",
    "MapsError",
    "NotDrawableError",
    "OffsetTilesError",
    "ReportFormatError",
    "ResultChangedError",
    "StyleFileError",
    "UnlockedResourceError",
    "ViewLinkError",
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


class ViewLinkError(MapsError, ValueError):
    """A share link does not say which view it means; ``part`` is what was not understood."""

    def __init__(self, *, part: str, why: str) -> None:
        shown = part if len(part) <= 80 else f"{part[:79]}…"
        super().__init__(
            f"{shown!r} of the link: {why}; copy the link again from the address bar of the map "
            "(#view=LAT,LON,ZOOM&layers=KEY,KEY:0.5&select=KEY:ROW&lang=zh&theme=dark&site=..., each part optional)"
        )
        self.part = part
        self.why = why


class FigureError(MapsError, ValueError):
    """A workspace's figure cannot be drawn as asked; ``code`` names why: window, nothing, paper, pixels, layer."""

    def __init__(self, *, code: str, detail: str, remedy: str) -> None:
        super().__init__(f"{detail}; {remedy}")
        self.code = code
        self.detail = detail
        self.remedy = remedy


class StyleFileError(MapsError, ValueError):
    """A file of colours and patterns cannot be used; ``key`` is where in it, empty for the whole file."""

    def __init__(self, *, path: Path, key: str, why: str, remedy: str) -> None:
        at = f"{path}, {key}" if key else str(path)
        super().__init__(f"{at}: {why}; {remedy}")
        self.path = path
        self.key = key
        self.why = why
        self.remedy = remedy


class EditionError(MapsError, ValueError):
    """An edition of the public map was asked for that does not go together; ``code`` names why."""

    def __init__(self, *, code: str, detail: str, remedy: str) -> None:
        super().__init__(f"{detail}; {remedy}")
        self.code = code
        self.detail = detail
        self.remedy = remedy


class MapRequestError(MapsError, ValueError):
    """A public map was asked for that cannot be made so; ``code`` names why."""

    def __init__(self, *, code: str, detail: str, remedy: str) -> None:
        super().__init__(f"{detail}; {remedy}")
        self.code = code
        self.detail = detail
        self.remedy = remedy


class OffsetTilesError(MapsError, ValueError):
    """A background whose coordinates are offset from CGCS2000 by law; ``host`` serves it, ``system`` is its own."""

    def __init__(self, *, host: str, service: str, system: str, metres: tuple[int, int]) -> None:
        super().__init__(
            f"{host} ({service}) serves tiles in {system}: on them every boundary would lie {metres[0]} to {metres[1]} "
            "m from its place, differently everywhere; leave --basemap out, or use tianditu or tiles in CGCS2000"
        )
        self.host = host
        self.service = service
        self.system = system
        self.metres = metres


class DeliveryError(MapsError):
    """Base of what stops a delivery: nothing was written."""


class DeliveryLayerError(DeliveryError, LookupError):
    """A layer is asked for that the workspace does not have; ``names`` are those it has."""

    def __init__(self, *, name: str, names: Sequence[str]) -> None:
        super().__init__(f"there is no layer {name!r}; name one of: {', '.join(names)}")
        self.name = name
        self.names = tuple(names)


class DeliverySourceError(DeliveryError, ValueError):
    """What is to be handed over cannot be read, or holds nothing; ``source`` names it."""

    def __init__(self, *, source: str, why: str, remedy: str) -> None:
        super().__init__(f"{source}: {why}; {remedy}")
        self.source = source
        self.why = why


class ResultChangedError(DeliveryError, ValueError):
    """The workspace no longer says what a result says; ``at`` is the first thing that differs."""

    def __init__(self, *, source: str, at: str, was: object, now: object) -> None:
        super().__init__(
            f"{source}: {at} was {was!r}, and the workspace now gives {now!r}; check the site again, and export that"
        )
        self.source = source
        self.at = at
        self.was = was
        self.now = now
