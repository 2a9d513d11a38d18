"""A property that is worked out once, for objects that several threads work out beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["once"]

_T = TypeVar("_T")


class once(Generic[_T]):  # noqa: N801 - it is used as `functools.cached_property` is
    """
    `functools.cached_property` without its lock, which up to Python 3.11 all objects of a class share.

    Use it for what takes long and belongs to an object of one thread: under the shared lock the layers of a workspace
    would be opened one after another, whoever opens them. Two threads that ask one object at once both work it out.

    Examples
    --------
    >>> class Layer:
    ...     @once
    ...     def edges(self):
    ...         print("read")
    ...         return 3
    >>> layer = Layer()
    >>> layer.edges, layer.edges
    read
    (3, 3)
    """

    def __init__(self, work: Callable[[Any], _T]) -> None:
        self._work = work
        self.__doc__ = work.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        """Note where the value is kept: under the property's own name, where it is found before the property."""
        self._name = name

    @overload
    def __get__(self, one: None, owner: type) -> once[_T]: ...
    @overload
    def __get__(self, one: object, owner: type) -> _T: ...
    def __get__(self, one: object | None, owner: type) -> once[_T] | _T:
        """The value of an object; what goes wrong is raised each time anew."""
        if one is None:
            return self
        value = self._work(one)
        vars(one)[self._name] = value
        return value
