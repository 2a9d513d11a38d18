"""What is known of where a site lies, as clauses ask it: by a survey of a workspace, or as a case states it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from screening.reasons import Answer
    from screening.rules.model import DistrictLeaf, KindLeaf, NearLeaf, UnitLeaf

__all__ = ["NOT_SAID", "UNIT_KIND", "Place", "Said", "StatedFeature", "StatedPlace", "Truth", "unit_code"]

Truth = Literal["yes", "no", "open"]


@dataclass(frozen=True, kw_only=True)
class Said:
    """
    One leaf's truth, what it rests on (JSON-ready, sorted), and why it is open.

    ``why``: ``unknown`` nothing there can be read or covers the site, ``uncertain`` within the accuracy,
    ``class_unconfirmed`` the class or name is blank or doubtful, ``not_loaded``, ``not_stated``, ``less_specific``,
    ``no_boundaries``, ``near_border``, ``not_near``, ``part_not_read`` a part of the site is missing.
    """

    truth: Truth
    grounds: tuple[dict[str, Any], ...] = ()
    why: str | None = None


UNIT_KIND = "control_units"
"""What a clause of a unit means by unit."""


def unit_code(text: str) -> str:
    """
    A code of a control unit as it is compared: half-width, in capitals, without spaces.

    Examples
    --------
    >>> unit_code(" ｚｈ150781 10001")
    'ZH15078110001'
    """
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


NOT_SAID = Said(truth="open", why="not_stated")


class Place(Protocol):
    """Answers the leaves that ask where a site lies; what it does not know is ``open``, never ``no``."""

    @property
    def occupations(self) -> Sequence[tuple[str, str]]:
        """Use and mode of every part, ``unstated`` where nobody says."""

    def kind(self, leaf: KindLeaf) -> Said:
        """Whether the site meets such a feature."""

    def near(self, leaf: NearLeaf) -> Said:
        """Whether it lies within the distance of something named so; never ``no``."""

    def district(self, leaf: DistrictLeaf) -> Said:
        """Whether it lies in the districts."""

    def unit(self, leaf: UnitLeaf) -> Said:
        """Whether it lies in one of the units."""

    def answer(self, kind: str) -> Answer | None:
        """The kind's answer; None where no layer of it is there."""


@dataclass(frozen=True, kw_only=True)
class StatedFeature:
    """A feature that a case says its site meets; ``answer`` hit, uncertain or unknown."""

    kind: str
    class_: str | None = None
    name: str | None = None
    layer: str | None = None
    code: str | None = None
    answer: Answer = "hit"


@dataclass(frozen=True, kw_only=True)
class StatedPlace:
    """
    A place as a case of `screening.rules.cases` states it: it meets these features, all other loaded kinds are clear.

    Attributes
    ----------
    features
        What the site meets.
    missing
        Kinds that nothing is known of; ``"*"``: every kind that has no feature above.
    distances
        Metres to what is named.
    districts
        Codes the site lies in; None: not known.
    occupations
        Use and mode of the parts.
    """

    features: tuple[StatedFeature, ...] = ()
    missing: frozenset[str] = frozenset()
    distances: Mapping[str, float] = field(default_factory=dict)
    districts: tuple[str, ...] | None = None
    occupations: tuple[tuple[str, str], ...] = (("permanent", "surface"),)

    def kind(self, leaf: KindLeaf) -> Said:
        """Of the features of the kind: the strictest that fits; of a blank class or name open."""
        found: list[Said] = []
        for feature in self._of(leaf.kind):
            if leaf.words and not any(word in (feature.layer or "") for word in leaf.words):
                continue
            fits = _fits(feature.class_, leaf.classes, whole=True), _fits(feature.name, leaf.names, whole=False)
            if False in fits:
                continue
            ground: dict[str, Any] = {"kind": leaf.kind, "layers": [], "answer": feature.answer, "features": []}
            if feature.answer == "hit" and None not in fits:
                return Said(truth="yes", grounds=(ground,))
            why = "class_unconfirmed" if None in fits else feature.answer
            found.append(Said(truth="open", grounds=(ground,), why=why))
        if found:
            return found[0]
        unknown = self._lost(leaf.kind) or (leaf.kind == "other" and not self._loaded(leaf))
        return Said(truth="open", why="unknown") if unknown else Said(truth="no")

    def _loaded(self, leaf: KindLeaf) -> bool:
        """A layer of kind other stands for nothing but its name: only one that is named can be clear."""
        return any(word in (f.layer or "") for f in self._of("other", clear=True) for word in leaf.words)

    def _of(self, kind: str, *, clear: bool = False) -> list[StatedFeature]:
        return [f for f in self.features if f.kind == kind and (clear or f.answer != "clear")]

    def _lost(self, kind: str) -> bool:
        return kind in self.missing or ("*" in self.missing and not self._of(kind, clear=True))

    def near(self, leaf: NearLeaf) -> Said:
        """By the distances stated."""
        metres = [m for name, m in self.distances.items() if any(word in name for word in leaf.words)]
        if metres and min(metres) <= leaf.within_m:
            return Said(truth="yes", grounds=({"near": list(leaf.words), "distance_m": min(metres)},))
        return Said(truth="open", why="not_near")

    def district(self, leaf: DistrictLeaf) -> Said:
        """By the codes stated."""
        if self.districts is None:
            return Said(truth="open", why="no_boundaries")
        inside = [any(code.startswith(prefix) for prefix in leaf.codes) for code in self.districts]
        if all(inside) and inside:
            return Said(truth="yes", grounds=({"district": list(self.districts)},))
        return Said(truth="open", why="near_border") if any(inside) else Said(truth="no")

    def unit(self, leaf: UnitLeaf) -> Said:
        """By the codes of the features."""
        there = self._of(UNIT_KIND)
        units = [f for f in there if f.code is None or f.code in leaf.codes]
        if any(f.code is not None and f.answer == "hit" for f in units):
            return Said(truth="yes", grounds=({**self._unit_ground, "answer": "hit"},))
        if units or self._lost(UNIT_KIND):
            why = "unknown" if not units else "class_unconfirmed" if units[0].code is None else units[0].answer
            return Said(truth="open", why=why)
        return Said(truth="no")

    @property
    def _unit_ground(self) -> dict[str, Any]:
        codes = sorted(f.code for f in self._of(UNIT_KIND) if f.code is not None)
        return {"kind": UNIT_KIND, "layers": [], "features": [], "unit": codes}

    def answer(self, kind: str) -> Answer | None:
        """The strictest of the features of a kind."""
        from screening.reasons import strictest

        found = [f.answer for f in self._of(kind)]
        return strictest(found) if found else ("unknown" if self._lost(kind) else "clear")


def _fits(value: str | None, asked: tuple[str, ...], *, whole: bool) -> bool | None:
    if not asked:
        return True
    if value is None:
        return None
    return value in asked if whole else any(word in value for word in asked)
