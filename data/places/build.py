"""
Set-up of the named places: package -> checked -> ``built/towns.json``.

The wheel build calls :func:`build`, as it does for the boundaries. It reads the populated places of GeoNames from the
package that ``registry.toml`` names, compares the file with the digest recorded there, and keeps those of the region
with their Chinese names. Needs the package itself and nothing else.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
FILE = "towns.json"


class PlaceBuildError(Exception):
    """The places cannot be built from what is installed; the message says what to do."""


def recipe() -> str:
    """A digest of everything that decides what is built."""
    digest = hashlib.sha256()
    for path in (HERE / "registry.toml", HERE / "build.py"):
        digest.update(path.read_text(encoding="utf-8").encode())  # as text: other line ends are the same recipe
    return digest.hexdigest()


def is_built(target_dir: Path | None = None) -> bool:
    """
    Whether ``target_dir`` (default ``built`` beside this file) holds what this register builds, unchanged.

    Parameters
    ----------
    target_dir
        Folder of ``towns.json``.
    """
    try:
        held = json.loads(((target_dir or HERE / "built") / FILE).read_text(encoding="utf-8"))
        return bool(held["recipe"] == recipe() and held["sha256"] == _digest(held["towns"]))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def build(target_dir: Path | None = None, *, quiet: bool = False) -> Path:
    """
    Build the places, unless they stand already.

    Parameters
    ----------
    target_dir
        Folder for ``towns.json``; default ``built`` beside this file.
    quiet
        Say nothing.

    Returns
    -------
    Path
        The folder; the file in it was replaced whole.

    Raises
    ------
    PlaceBuildError
        The package is missing, or its file is not the one the register describes.
    """
    target = (target_dir or HERE / "built").resolve()
    if is_built(target):
        return target
    register = tomllib.loads((HERE / "registry.toml").read_text(encoding="utf-8"))
    towns = _towns(_content(register), register["build"])
    target.mkdir(parents=True, exist_ok=True)
    draft = target / f"{FILE}.{os.getpid()}.tmp"
    held = {"recipe": recipe(), "sha256": _digest(towns), "towns": towns}
    draft.write_text(json.dumps(held, ensure_ascii=False, indent=0), encoding="utf-8")
    draft.replace(target / FILE)
    if not quiet:
        print(f"places: {len(towns)} towns written to {target}")  # noqa: T201 - a script of set-up
    return target


def _content(register: dict[str, Any]) -> bytes:
    """The package's file, if it is the one that was looked at."""
    package = register["package"]
    wanted = f"{package['name']}=={package['version']}"
    found = importlib.util.find_spec(package["name"])
    if found is None or found.origin is None:
        raise PlaceBuildError(f"{wanted} is not installed: pip install {wanted}")
    content = (Path(found.origin).parent / register["file"]["path"]).read_bytes()
    if hashlib.sha256(content).hexdigest() != register["file"]["sha256"]:
        raise PlaceBuildError(f"{register['file']['path']} is not that of {wanted}: pip install {wanted}")
    return content


def _towns(content: bytes, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """Id, names, longitude and latitude of every place of the region, by id."""
    rows = [
        row
        for row in json.loads(content).values()
        if row["countrycode"] == wanted["country"] and row["admin1code"] == wanted["admin1"]
    ]
    if len(rows) != wanted["rows"]:
        raise PlaceBuildError(f"{len(rows)} places of the region, {wanted['rows']} expected")
    return [
        {
            "id": int(row["geonameid"]),
            "name": row["name"],
            "names": sorted({name for name in row["alternatenames"] if _is_chinese(name)}),
            "lon": row["longitude"],
            "lat": row["latitude"],
        }
        for row in sorted(rows, key=lambda row: int(row["geonameid"]))
    ]


def _is_chinese(name: str) -> bool:
    """Han characters only: no kana, no Latin."""
    return bool(name) and all("\u3400" <= sign <= "\u9fff" for sign in name)


def _digest(towns: list[dict[str, Any]]) -> str:
    return hashlib.sha256(json.dumps(towns, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make data/places/built from the package that registry.toml names.")
    parser.add_argument("--quiet", action="store_true")
    build(quiet=parser.parse_args().quiet)
