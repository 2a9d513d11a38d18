"""The base of every error of ``spatial``, and how errors of the project come through a pipe."""

from __future__ import annotations

__all__ = ["SpatialError", "rebuilt"]


class SpatialError(Exception):
    """Base of every error that ``spatial`` raises on wrong data."""

    def __reduce__(self) -> tuple[object, ...]:
        # worker processes hand errors back by pickle, which by itself knows positional arguments only
        return (rebuilt, (type(self), self.args, self.__dict__))


def rebuilt(cls: type[Exception], args: tuple[object, ...], facts: dict[str, object]) -> Exception:
    """
    An error as another process raised it: its message and its facts.

    Use it in ``__reduce__`` of the base of a package's errors.

    Examples
    --------
    >>> import pickle
    >>> str(pickle.loads(pickle.dumps(SpatialError("one"))))
    'one'
    """
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(facts)
    return error
