"""Errors of zones drawn by a rule around intakes, wells and rivers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layers.errors.base import LayerError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "DelineationError",
    "FlowUnknownError",
    "IntakeOffWaterError",
    "RiverLayerError",
    "RiverTooShortError",
    "RiverUnclearError",
    "StudyNeededError",
    "UnknownFigureError",
]


class RiverLayerError(LayerError, LookupError):
    """No river layer is there, or several and none is named; ``found`` are those of the workspace."""

    def __init__(self, *, asked: str | None, found: Sequence[str]) -> None:
        there = ", ".join(found) or "none"
        what = "which river layer is meant is not said" if asked is None else f"no layer of rivers is named {asked!r}"
        super().__init__(
            f"{what}; there are: {there}. Import one with --layer other --role context --meaning 河流, or name it"
        )
        self.asked = asked
        self.found = tuple(found)


class DelineationError(LayerError, ValueError):
    """A rule cannot be applied to what is given; ``detail`` says why, ``remedy`` what to do."""

    def __init__(self, *, detail: str, remedy: str) -> None:
        super().__init__(f"{detail}; {remedy}")
        self.detail = detail
        self.remedy = remedy


class StudyNeededError(DelineationError):
    """The standard has no figures for such a source and asks for a study; it is named in both languages."""

    def __init__(self, *, detail: str, detail_zh: str, study: str, study_zh: str) -> None:
        super().__init__(
            detail=f"{detail} ({detail_zh})",
            remedy=f"it asks for a study: {study} ({study_zh}); import the approved polygons when there are any",
        )
        self.study = study
        self.study_zh = study_zh


class FlowUnknownError(DelineationError):
    """Nothing states which way a river runs, so that upstream and downstream cannot be told apart."""


class RiverUnclearError(DelineationError):
    """The lines of a river do not show one way for the water; ``lon`` and ``lat`` say where."""

    def __init__(self, *, detail: str, lon: float, lat: float, remedy: str) -> None:
        super().__init__(detail=f"{detail} at {lon:.6f}, {lat:.6f}", remedy=remedy)
        self.lon = lon
        self.lat = lat


class RiverTooShortError(DelineationError):
    """The line of a river ends ``missing_m`` before a zone does, ``side`` up or down."""

    def __init__(self, *, side: str, needed_m: float, missing_m: float) -> None:
        super().__init__(
            detail=f"the river line ends {missing_m:.0f} m short of the {needed_m:.0f} m needed {side}stream",
            remedy="give a longer line, or say that the river itself ends there (--river-ends-here)",
        )
        self.side = side
        self.needed_m = needed_m
        self.missing_m = missing_m


class IntakeOffWaterError(DelineationError):
    """An intake lies ``offset_m`` from the water it is said to draw from, more than ``allowed_m``."""

    def __init__(self, *, name: str, offset_m: float, allowed_m: float) -> None:
        super().__init__(
            detail=f"intake {name!r} lies {offset_m:.1f} m from the water, more than the {allowed_m:g} m allowed",
            remedy="check its coordinates and the line or polygon; if both are right, allow more (--max-offset-m)",
        )
        self.offset_m = offset_m
        self.allowed_m = allowed_m


class UnknownFigureError(DelineationError):
    """A rule pack has no figure of that name."""

    def __init__(self, *, code: str, known: Sequence[str]) -> None:
        super().__init__(detail=f"the rule has no figure {code!r}", remedy=f"it has: {', '.join(known)}")
        self.code = code
        self.known = tuple(known)
