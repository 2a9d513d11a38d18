"""Which edition of the public map is made: what it may show, how exactly, and what its reader may do in it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from maps.errors import EditionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from layers.card import LayerCard

__all__ = ["AREA_PRECISION_M", "INTAKE_PRECISION_M", "STANDARD", "Edition"]

AREA_PRECISION_M = 50.0
"""Default precision of a restricted layer in a public edition, metres (docs/reference/public-edition.md says why)."""
INTAKE_PRECISION_M = 200.0
"""The same for restricted layers of drinking-water sources, and for whatever layer holds an intake."""


@dataclass(frozen=True, kw_only=True)
class Edition:
    """
    What a page is made for: offices (the standard edition), or whoever gets hold of the file (``public``).

    Distances are metres.

    Raises
    ------
    EditionError
        If something is asked for that a public edition must not do without another thing, or that only it can do.

    Examples
    --------
    >>> Edition().may_locate, Edition(public=True).may_locate, Edition(public=True, allow_locate=True).may_locate
    (True, False, True)
    >>> Edition(public=True, review_number="GS(2026)0001")
    Traceback (most recent call last):
        ...
    maps.errors.EditionError: a map review number belongs to a base map...
    """

    public: bool = False
    base: Path | None = None
    """A reviewed base map, drawn as it is; only together with ``review_number``."""
    review_number: str | None = None
    allow_locate: bool = False
    allow_upload: bool = False
    allow_annotate: bool = False
    precision_m: Mapping[str, float] = field(default_factory=dict)
    """By layer name: how exactly it may be shown; such a layer is generalised whether it is restricted or not."""

    def __post_init__(self) -> None:
        """Refuse what does not go together."""
        number = None if self.review_number is None else self.review_number.strip()
        object.__setattr__(self, "review_number", number or None)
        object.__setattr__(self, "precision_m", MappingProxyType(dict(self.precision_m)))
        if self.public and (self.base is None) != (self.review_number is None):
            raise EditionError(
                code="base_without_number" if self.review_number is None else "number_without_base",
                detail="a base map needs the number of its map review"
                if self.review_number is None
                else "a map review number belongs to a base map",
                remedy="give --base FILE and --review-number NUMBER together, or neither",
            )
        if not self.public and self.precision_m:
            raise EditionError(
                code="precision_without_public",
                detail="--precision-m generalises layers, which only the public edition does",
                remedy="give --public as well, or leave --precision-m out",
            )
        for layer, metres in self.precision_m.items():
            if not (math.isfinite(metres) and 1.0 <= metres <= 12_000.0):
                raise EditionError(
                    code="precision_out_of_range",
                    detail=f"{layer}={metres:g} is no precision: it lies between 1 and 12000 m",
                    remedy="give --precision-m LAYER=METRES, for instance 50",
                )

    @property
    def may_locate(self) -> bool:
        """Whether the page offers to show where its reader is."""
        return not self.public or self.allow_locate

    @property
    def may_upload(self) -> bool:
        """Whether the page reads a site from a file."""
        return not self.public or self.allow_upload

    @property
    def may_annotate(self) -> bool:
        """Whether the page lets its reader draw and write on it."""
        return not self.public or self.allow_annotate

    def precision_of(self, card: LayerCard, *, holds_intakes: bool = False) -> float | None:
        """
        How exactly a layer may be shown, metres; None: as it is.

        Examples
        --------
        >>> from layers.card import LayerCard
        >>> card = LayerCard(
        ...     name="红线", kind="red_lines", role="protective", theme="red_lines", content_digest="", restricted=True
        ... )
        >>> Edition().precision_of(card), Edition(public=True).precision_of(card)
        (None, 50.0)
        """
        if not self.public:
            return None
        if card.name in self.precision_m:
            return self.precision_m[card.name]
        if holds_intakes or (card.kind == "water_sources" and card.restricted):
            return INTAKE_PRECISION_M
        return AREA_PRECISION_M if card.restricted else None

    def require_layers(self, names: Iterable[str]) -> None:
        """
        Refuse a precision for a layer that there is none of.

        Raises
        ------
        EditionError
            If ``precision_m`` names a layer that is not among ``names``.
        """
        there = set(names)
        for layer in self.precision_m:
            if layer not in there:
                raise EditionError(
                    code="precision_unknown_layer",
                    detail=f"--precision-m names {layer!r}, which is no layer of the workspace",
                    remedy=f"the layers are: {', '.join(sorted(there)) or 'none'}",
                )


STANDARD = Edition()
"""For offices: every layer as it is."""
