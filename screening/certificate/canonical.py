"""
Canonical bytes: RFC 8785 (JSON Canonicalization Scheme), after values have been made the same on every machine.

What a result prints is rounded (0.01 m², 1 mm, 1e-9 of a degree or of a share); texts are in NFC; what RFC 8785 cannot
spell (whole numbers beyond 2^53, lone surrogates) becomes text.
"""

from __future__ import annotations

import hashlib
import math
import unicodedata
from typing import Any

from layers.workspace.canonical_json import parse_json

__all__ = ["MAX_BYTES", "canonical", "parsed", "plain", "quantised", "sha256_of"]

MAX_BYTES = 64 * 1024 * 1024
"""A certificate or features file with more is not read."""
_SAFE = 2**53 - 1
_DEEPEST = 60
"""Nothing of ours is nested as deeply; what is would be walked past the limits of the interpreter."""


def canonical(value: Any) -> bytes:
    """
    The one spelling of a value (RFC 8785).

    Raises
    ------
    ValueError
        If a number is not finite or something is no JSON.

    Examples
    --------
    >>> canonical({"b": [1.0, 2.50, 1e21, 1e-7, -0.0], "a": "甲"}).decode()
    '{"a":"甲","b":[1,2.5,1e+21,1e-7,0]}'
    >>> canonical({"n": 2**53})
    b'{"n":"9007199254740992"}'
    """
    import rfc8785

    return rfc8785.dumps(plain(value))


def sha256_of(value: Any) -> str:
    """SHA-256 of the canonical bytes, in hexadecimal."""
    return hashlib.sha256(canonical(value)).hexdigest()


def parsed(data: bytes) -> Any:
    """
    The value of canonical bytes, which has the same canonical bytes again.

    Raises
    ------
    ValueError
        If it is no JSON, has a key twice, or a number that no double holds.

    Examples
    --------
    >>> canonical(parsed(canonical([2.0**60, 1e20, 7.0])))
    b'[1152921504606847000,100000000000000000000,7]'
    """
    return _doubles(parse_json(data))


def _doubles(value: Any, depth: int = 0) -> Any:
    """Whole numbers beyond 2^53 are doubles here: no other number is spelled so."""
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    if isinstance(value, dict):
        return {key: _doubles(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_doubles(item, depth + 1) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _SAFE:
        try:
            return float(value)
        except OverflowError:
            raise ValueError("a number that no double holds") from None
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number that no double holds")
    return value


def plain(value: Any) -> Any:
    r"""
    The value as RFC 8785 can spell it: tuples as lists, texts in NFC, whole numbers beyond 2^53 as text.

    Examples
    --------
    >>> plain({"n": (1, 2**60), "s": "a\ud800"})
    {'n': [1, '1152921504606846976'], 's': 'a\\ud800'}
    """
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value.encode("utf-8", "backslashreplace").decode("utf-8"))
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return int(value) if -_SAFE <= value <= _SAFE else str(int(value))
    if isinstance(value, float):
        return float(value)
    if isinstance(value, dict):
        return {plain(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} is no JSON")


def quantised(value: Any, key: str = "") -> Any:
    """
    A result with every number rounded to what it is printed with, by the unit its key ends in.

    Square metres to 0.01, metres to 0.001, all else (degrees, shares) to 1e-9. The bearing to something nearer than
    1 mm is none: it is the direction of a rounding error.

    Examples
    --------
    >>> quantised({"overlap_m2": 1.23456, "gap_m": 0.00049, "share": 1 / 3, "lon": 117.12345678949})
    {'overlap_m2': 1.23, 'gap_m': 0.0, 'share': 0.333333333, 'lon': 117.123456789}
    >>> quantised({"distance_m": 0.0004, "bearing_deg": 41.5})
    {'distance_m': 0.0, 'bearing_deg': None}
    """
    if isinstance(value, dict):
        found = {name: quantised(item, str(name)) for name, item in value.items()}
        if found.get("bearing_deg") is not None and found.get("distance_m") == 0:
            found["bearing_deg"] = None
        return found
    if isinstance(value, list | tuple):
        return [quantised(item, key) for item in value]
    if isinstance(value, float):
        decimals = 2 if key.endswith("_m2") else 3 if key.endswith("_m") else 9
        return round(value, decimals) + 0.0
    return value
