"""One spelling of JSON, so that equal values have equal bytes; and a strict reader of it."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["canonical_json", "parse_json"]


def canonical_json(value: object) -> bytes:
    """
    Spell a value as JSON in the one way its digest is taken of.

    Keys are sorted, nothing is padded, Chinese stays as it is in UTF-8; NaN and
    infinities have no spelling.

    Raises
    ------
    ValueError
        If a number is not finite or a text has no UTF-8 form.
    TypeError
        If something in the value is not JSON.

    Examples
    --------
    >>> canonical_json({"b": [1, 2.5], "a": None})
    b'{"a":null,"b":[1,2.5]}'
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8")


def parse_json(data: bytes) -> Any:
    """
    Read JSON that must leave no doubt: UTF-8, no key twice in an object, no NaN.

    Raises
    ------
    ValueError
        If it is anything else, or nested too deeply to be ours.

    Examples
    --------
    >>> parse_json(b'{"a": 1, "a": 2}')
    Traceback (most recent call last):
    ...
    ValueError: key 'a' twice
    """
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"key {next(key for n, key in enumerate(keys) if key in keys[:n])!r} twice")
    return found


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON number")
