"""The JSON Schema of a verdict, kept beside the code that makes one."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from screening.verdict import SCHEMA_VERSION

__all__ = ["schema"]


def schema(version: str = SCHEMA_VERSION) -> dict[str, Any]:
    """
    The JSON Schema (draft 2020-12) of a verdict's JSON.

    Use it to check what ``sanxian check --json`` or ``Verdict.to_dict`` gives, with a validator of your own: none is
    needed to run the program.

    Parameters
    ----------
    version
        ``schema_version`` of the verdict.

    Returns
    -------
    schema
        A fresh copy. Objects to which keys may be added within a version allow further properties.

    Raises
    ------
    ValueError
        If there is no schema of that version.

    Examples
    --------
    >>> schema()["properties"]["schema_version"]
    {'const': '1.0'}
    """
    if version != SCHEMA_VERSION:
        raise ValueError(f"there is no schema of version {version!r}; there is {SCHEMA_VERSION}")
    text = files("screening").joinpath("schema", f"verdict-{version}.json").read_text(encoding="utf-8")
    read: dict[str, Any] = json.loads(text)
    return read
