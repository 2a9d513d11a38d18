"""What is raised where the arrays of an index contradict each other."""

from __future__ import annotations

__all__ = ["DamagedIndexError"]


class DamagedIndexError(ValueError):
    """The arrays of an index contradict each other; the layer must be imported again."""

    def __init__(self, *, array: str, detail: str) -> None:
        super().__init__(f"index array {array!r}: {detail}; import the layer again")
        self.array = array
