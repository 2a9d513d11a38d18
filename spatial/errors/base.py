"""The base of every error of ``spatial``."""

from __future__ import annotations

__all__ = ["SpatialError"]


class SpatialError(Exception):
    """Base of every error that ``spatial`` raises on wrong data."""
