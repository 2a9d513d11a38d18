"""
Errors of ``screening``.

* ScreeningError
  x SiteError
    + EmptySiteError      (also ValueError)
    + SiteOptionError     (also ValueError)
  x AsOfError             (also ValueError)
"""

from __future__ import annotations

__all__ = ["AsOfError", "EmptySiteError", "ScreeningError", "SiteError", "SiteOptionError"]


class ScreeningError(Exception):
    """Base of every error that ``screening`` raises on wrong data."""


class SiteError(ScreeningError):
    """The site cannot be judged; ``source`` names where it came from."""

    def __init__(self, *, source: str, detail: str, remedy: str) -> None:
        super().__init__(f"{source}: {detail}; {remedy}")
        self.source = source
        self.detail = detail
        self.remedy = remedy


class EmptySiteError(SiteError, ValueError):
    """No part of the site could be read."""


class SiteOptionError(SiteError, ValueError):
    """An option does not fit the site (a radius for a parcel)."""


class AsOfError(ScreeningError, ValueError):
    """The date of the check is no ISO date."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is no date; write it as 2026-11-22")
        self.text = text
