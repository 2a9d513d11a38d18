"""The base of every error of ``layers``."""

from __future__ import annotations

__all__ = ["LayerError"]


class LayerError(Exception):
    """Base of every error that ``layers`` raises on wrong data."""

    def __reduce__(self) -> tuple[object, ...]:
        # worker processes hand errors back by pickle, which by itself knows positional arguments only
        return (_rebuilt, (type(self), self.args, self.__dict__))


def _rebuilt(cls: type[LayerError], args: tuple[object, ...], facts: dict[str, object]) -> LayerError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(facts)
    return error
