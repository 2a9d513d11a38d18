"""What reading one source may cost: the bounds that a hostile or damaged file cannot pass."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """
    What one source may cost.

    Parameters
    ----------
    input_bytes, output_bytes
        Bytes read (after unpacking), and bytes that come back.
    memory_bytes
        Address space of the worker, where the system can bound it.
    seconds
        Wall time of the worker.
    features, vertices, layers
        Counts.
    """

    input_bytes: int = 1 << 30
    output_bytes: int = 1 << 30
    memory_bytes: int = 6 << 30
    seconds: int = 300
    features: int = 2_000_000
    vertices: int = 50_000_000
    layers: int = 200
