"""Where the engine is plugged in, so that the property tests can judge it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

    from tests.oracle.plain import Box, PlainAnswer, PlainZone

ENGINE_READY = False  # TODO(owner): True once ``engine_answer`` calls the engine.


def engine_answer(
    site: BaseGeometry,
    zones: Sequence[PlainZone],
    layer_accuracy_m: float,
    coverage: BaseGeometry | None,
    *,
    coverage_accuracy_m: float = 0.0,
    valid: bool = True,
    rejected_boxes: Sequence[Box | None] = (),
    site_accuracy_m: float,
    transformation_m: float = 0.0,
    radius_m: float = 0.0,
    site_part_rejected: bool = False,
) -> PlainAnswer:
    """
    Answer of the real engine for one site and one layer, in the words of ``PlainAnswer``.

    ``valid=False`` stands for a layer past its date (``layer_expired``). ``gap_m`` is inf where no zone has an extent.
    """
    raise NotImplementedError  # TODO(owner): build the layer in memory, ask the engine, translate its finding.
