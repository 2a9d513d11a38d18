"""The base of every error of ``layers``."""

from __future__ import annotations

from spatial.errors.base import rebuilt

__all__ = ["LayerError"]


class LayerError(Exception):
    """Base of every error that ``layers`` raises on wrong data."""

    def __reduce__(self) -> tuple[object, ...]:
        # worker processes hand errors back by pickle, which by itself knows positional arguments only
        return (rebuilt, (type(self), self.args, self.__dict__))
