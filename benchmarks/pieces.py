"""Zones in pieces: cut to as many vertices as each database is quickest with, found once by trying."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.data import PIECE, subdivided
from benchmarks.process import EngineFailedError, Rival

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.data import Data
    from benchmarks.engines import Engine

__all__ = ["SIZES", "at_its_best", "pieces_at", "pieces_of"]

SIZES = (512, 256, 128, 64, 32)
"""Vertices of a piece that are tried, the larger ones first: the smaller are cut from them."""
SHARE = 10
"""They are tried with one site in so many."""
TRIES = 3


def pieces_of(variant: str) -> int | None:
    """Vertices of the pieces that a variant joins with: ``whole``, ``subdivided``, or ``subdivided 64``."""
    name, _, vertices = variant.partition(" ")
    return None if name == "whole" else int(vertices or PIECE)


def pieces_at(data: Data, layer: str, vertices: int) -> Path:
    """A layer cut to pieces of so many vertices; made where it is not there yet."""
    path = _file(data, layer, vertices)
    if not path.exists():
        import geopandas

        coarser = [at for size in SIZES if size > vertices and (at := _file(data, layer, size)).exists()]
        zones = geopandas.read_parquet(coarser[-1] if coarser else data.path(layer))
        pieces, rows = subdivided(zones.geometry.to_numpy(), vertices)
        frame = geopandas.GeoDataFrame({"zone": zones["zone"].to_numpy()[rows]}, geometry=pieces, crs=zones.crs)
        half = path.with_suffix(".half")
        frame.to_parquet(half, index=False)
        half.replace(path)
    return path


def _file(data: Data, layer: str, vertices: int) -> Path:
    return data.path(f"{layer}_pieces" if vertices == PIECE else f"{layer}_pieces_{vertices}")


def at_its_best(engine: Engine, task: str, data: Data, size: int, limit_s: float, say: Callable[[str], None]) -> Engine:
    """
    The engine with the size of pieces it is quickest with at a task: the best of some tries with a share of the sites.

    What was found is kept beside the data; remove ``best_pieces.json`` there to try again.
    """
    if task not in engine.tuned:
        return engine
    kept = data.folder / "best_pieces.json"
    known: dict[str, int] = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    name = f"{engine.name}: {task}"
    if name not in known:
        took = {vertices: _tried(engine, task, data, size, vertices, limit_s) for vertices in SIZES}
        say(f"{name}: " + ", ".join(f"pieces of {n} {s:.3g} s" for n, s in took.items()))
        known[name] = min(took, key=lambda vertices: took[vertices])
        kept.write_text(json.dumps(known, indent=1), encoding="utf-8")
    return replace(engine, variant=f"subdivided {known[name]}")


def _tried(engine: Engine, task: str, data: Data, size: int, vertices: int, limit_s: float) -> float:
    pieces_at(data, task.partition("_")[2], vertices)
    rival = Rival(replace(engine, variant=f"subdivided {vertices}"), task, data, max(1, size // SHARE), limit_s)
    try:
        rival.start()
        return min(rival.run() for _ in range(TRIES))
    except EngineFailedError:
        return float(np.inf)
    finally:
        rival.close()
