"""
A place as a workspace knows it: the verdict's own answers, and for one class or name of a kind the answers that its
features alone give, by the same proofs, coverages and themes.

A class that is asked for is answered twice: by the features that are of it beyond doubt (is it a hit?), and by those
that may be of it (is it clear?). Whatever lies between is open.
"""

from __future__ import annotations

import re
from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from layers.errors import DamagedVersionError
from layers.kinds import KIND_SPECS
from layers.records import Records
from layers.version import OpenLayer, open_layer, version_at
from screening.findings import answer_of
from screening.parts import occupation_of
from screening.question import Question
from screening.rules.districts import is_of, lies_in
from screening.rules.nearby import nearest_named
from screening.rules.place import UNIT_KIND, Said, unit_code
from screening.site import SitePart
from screening.themes import kind_answers
from spatial.overlay.frame import bounds_of, widened
from spatial.overlay.index import DamagedIndexError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from layers.model import Feature
    from layers.records import Standing
    from layers.workspace.store import VersionEntry, WorkspaceStore
    from screening.findings import LayerAnswer
    from screening.reasons import Answer
    from screening.rules.model import DistrictLeaf, KindLeaf, NearLeaf, UnitLeaf
    from screening.site import Site
    from screening.verdict import Verdict

__all__ = ["Neighbour", "SurveyedPlace", "survey"]

_DAMAGE = (DamagedVersionError, DamagedIndexError, OSError)
_DOUBTFUL = frozenset({"class_unconfirmed", "class_conflict"})
_OLD_ZONING = "pre2020_zoning"
_ROUNDED_M = 0.0005
"""A verdict prints accuracies to 1 mm; half of that more can only make an answer less sure."""
_NAMELESS = re.compile(
    r"\s*((饮用水)?(水源)?地?(一级|二级|准|核心|缓冲|实验|一般|优先|重点)?(保护|控制|管控)?(分?区|单元|区域|范围)?|[\W\d]*)\s*[(（]?(水域|陆域|[\W\d]*)[)）]?"
)
"""Names of a zone's level, or none."""
Fits = bool | None


@dataclass(frozen=True, kw_only=True)
class Neighbour:
    """A feature at or near the site, whatever its class: candidates for what a clause asks."""

    row: int
    feature: Feature
    counted: bool
    shaped: bool
    """Whether its geometry is of the kind's dimension; of one that is not, nothing can be said."""
    layer_words: str = ""
    """What its layer is called and means."""


@dataclass(frozen=True, kw_only=True)
class _Surveyed:
    """One open layer, the features near the site, and why it may give no ``clear``."""

    layer: OpenLayer
    validity: str | None
    neighbours: tuple[Neighbour, ...]

    @property
    def name(self) -> str:
        return self.layer.card.name

    @property
    def words(self) -> str:
        return f"{self.name} {self.layer.card.meaning or ''}"


class _Chosen(Records):
    """The records of a layer of which only some rows are zones."""

    def __init__(self, layer: OpenLayer, rows: Iterable[int]) -> None:
        super().__init__(layer.stored.array)
        self._rows = list(rows)

    def standing(self, as_of: str, layer_accuracy_m: float) -> Standing:
        """As the layer has it, with the chosen rows for a zone."""
        own = super().standing(as_of, layer_accuracy_m)
        zone = np.zeros(len(own.zone), dtype=bool)
        zone[self._rows] = True
        return replace(own, zone=zone)


def survey(
    verdict: Verdict, store: WorkspaceStore, *, site: Site | None = None, district: str | None = None
) -> SurveyedPlace:
    """
    The place of a verdict, from the workspace that gave it.

    Parameters
    ----------
    verdict
        Of `screening.screen.screen`.
    store
        The same workspace; a version that cannot be read any more is taken as lost.
    site
        The site of the verdict, for its exact accuracies; without it those printed in the verdict, rounded up.
    district
        Code of the county that the site is a piece of, cut along its drawn border; then that settles the districts.
    """
    parts = [
        m for finding in verdict.findings if finding.accuracy_parts for m in (finding.accuracy_parts["transformation"],)
    ]
    question = Question(
        geometry=verdict.geometry,
        accuracy_m=site.accuracy.metres if site else verdict.site["accuracy_m"] + _ROUNDED_M,
        as_of=verdict.as_of,
        radius_m=site.radius_m if site else verdict.site["radius_m"] + _ROUNDED_M,
        transformation_m=site.transformation_m if site else max(parts, default=0.0),
        part_rejected=verdict.site["rejected_parts"] > 0,
    )
    surveyed: list[_Surveyed] = []
    lost = [f.kind for f in verdict.findings if {"layer_missing", "layer_unreadable"} & {r.code for r in f.reasons}]
    used = {(row["name"], row["version"]) for row in verdict.layers}
    versions: dict[str, list[VersionEntry]] = {}
    for entry in store.entries:
        versions.setdefault(entry.layer, []).append(entry)
    damaged = {(damage.layer, damage.version) for damage in store.damages}
    for entries in versions.values():
        entry, validity = version_at(entries, verdict.as_of)
        if (entry.layer, entry.version) in damaged or (entry.layer, entry.version) not in used:
            lost.append(entry.kind)
            continue
        try:
            layer = open_layer(store, entry)
            surveyed.append(_Surveyed(layer=layer, validity=validity, neighbours=tuple(_neighbours(question, layer))))
        except _DAMAGE:
            lost.append(entry.kind)
    read = {(s.name, s.layer.entry.version) for s in surveyed}
    lost += [row["kind"] for row in verdict.layers if (row["name"], row["version"]) not in read]
    surveyed.sort(key=lambda s: (s.layer.card.kind, s.name))
    return SurveyedPlace(
        verdict=verdict,
        question=question,
        surveyed=tuple(surveyed),
        lost=tuple(sorted(set(lost))),
        district=district,
    )


def _neighbours(question: Question, layer: OpenLayer) -> Iterable[Neighbour]:
    """
    The rows whose class could matter here: within their own accuracy, influence and the radius, or without a place.

    Of kinds that tile the land, and of context layers, features that do not count are candidates too; elsewhere a
    feature that does not count was cancelled or replaced.
    """
    standing = layer.records.standing(question.as_of, layer.card.accuracy_m)
    spec = KIND_SPECS[layer.card.kind]  # type: ignore[index]  # a card's kind is one of the kinds
    candidates = standing.zone | ~np.isnan(standing.without_extent_m)
    if spec.tiles or layer.card.role == "context":
        candidates |= standing.in_force
    dimension = layer.index.feature_dimension
    accuracies, which = np.unique(standing.accuracy_m, return_inverse=True)
    combined = np.array([question.combined(float(m)) for m in accuracies])
    reach = np.nan_to_num(standing.influence_m, nan=0.0) + combined[which]
    widest = float(np.max(reach[candidates], initial=0.0)) + question.radius_m
    rows = layer.index.pieces_meeting(
        widened(bounds_of(question.geometry), widest + 1.0), candidates & (dimension >= 0)
    )
    near = set(layer.index.piece_feature[rows].tolist())
    near |= {int(row) for row in np.flatnonzero(candidates & (dimension < 0))}
    for row in sorted(near):
        shaped = bool(standing.zone[row]) or (dimension[row] == 2 if spec.areal else dimension[row] >= 0)
        yield Neighbour(
            row=row,
            feature=layer.records.feature(row),
            counted=bool(standing.zone[row]),
            shaped=shaped and bool(np.isnan(standing.without_extent_m[row])),
            layer_words=f"{layer.card.name} {layer.card.meaning or ''}",
        )


class SurveyedPlace:
    """A place of which a workspace knows something (`screening.rules.place.Place`)."""

    def __init__(
        self,
        *,
        verdict: Verdict,
        question: Question,
        surveyed: tuple[_Surveyed, ...],
        lost: tuple[str, ...],
        district: str | None = None,
    ) -> None:
        self._verdict = verdict
        self._district = district
        self._question = question
        self._surveyed = surveyed
        self._lost = lost
        self._answers: dict[tuple[str, frozenset[int]], LayerAnswer | None] = {}
        self._whole = True

    def without(self, layer: str) -> SurveyedPlace:
        """The same place as if a layer were not there."""
        other = SurveyedPlace(
            verdict=self._verdict,
            question=self._question,
            surveyed=tuple(s for s in self._surveyed if s.name != layer),
            lost=self._lost,
            district=self._district,
        )
        other._answers = self._answers
        other._whole = False
        return other

    @property
    def occupations(self) -> list[tuple[str, str]]:
        """Use and mode of every part, as `screening.parts.occupation_of` understands their words."""
        found = [
            occupation_of(SitePart(id=part.id, geometry=self._verdict.geometry, use=part.use, mode=part.mode))
            for part in self._verdict.parts
        ]
        unread = [("unstated", "unstated")] if self._question.part_rejected else []
        return [*((one.use, one.mode) for one in found), *unread]

    @property
    def features(self) -> list[tuple[OpenLayer, Feature]]:
        """Every feature near the site whose words may matter, by layer and row."""
        return [(s.layer, n.feature) for s in self._surveyed for n in s.neighbours]

    def answer(self, kind: str) -> Answer | None:
        """The verdict's answer of a kind; computed anew where a layer is left out."""
        if self._whole:
            return self._verdict.kinds.get(kind)
        return self._pooled(kind, lambda one: [n.row for n in one.neighbours if n.counted], self._of(kind))[0]

    def kind(self, leaf: KindLeaf) -> Said:
        """Of a kind alone the verdict's answer; of a class, a name or a layer's name that of the features it has."""
        if not (leaf.classes or leaf.names or leaf.words):
            answer = self.answer(leaf.kind)
            ground = self._ground(leaf.kind, answer or "unknown", lambda n: n.counted)
            if answer in ("hit", "clear"):
                return Said(truth="yes" if answer == "hit" else "no", grounds=(ground,))
            return Said(truth="open", grounds=(ground,), why=answer or "not_loaded")
        layers = [s for s in self._of(leaf.kind) if not leaf.words or any(word in s.words for word in leaf.words)]
        if not layers:
            return Said(truth="open", why="not_loaded")

        def fits(neighbour: Neighbour) -> Fits:
            return _both(_class_fits(neighbour, leaf.classes), _name_fits(neighbour, leaf.names))

        return self._judged(leaf.kind, fits, layers)

    def unit(self, leaf: UnitLeaf) -> Said:
        """Whether the site lies in a control unit of such a code, by the same proofs."""
        layers = self._of(UNIT_KIND)
        if not layers:
            return Said(truth="open", why="not_loaded")
        asked = frozenset(map(unit_code, leaf.codes))

        def fits(neighbour: Neighbour) -> Fits:
            code = unit_code(neighbour.feature.code or "")
            return code in asked if code else None

        return self._judged(UNIT_KIND, fits, layers)

    def near(self, leaf: NearLeaf) -> Said:
        """The nearest thing named so in any layer; yes where it lies within the distance by its accuracy, never no."""
        best: tuple[float, dict[str, Any], bool] | None = None
        for one in self._surveyed:
            try:
                found = nearest_named(self._question, one.layer, one.words, leaf)
            except _DAMAGE:
                continue
            if found is not None and (best is None or (not found[2], found[0]) < (not best[2], best[0])):
                best = found
        if best is None:
            return Said(truth="open", why="not_near")
        metres, ground, sure = best
        if sure:
            return Said(truth="yes", grounds=(ground,))
        return Said(truth="open", grounds=(ground,), why="uncertain" if metres <= leaf.within_m else "not_near")

    def district(self, leaf: DistrictLeaf) -> Said:
        """By the boundaries that are built, each with its accuracy; open where a part of the site was not read."""
        if self._question.part_rejected:
            return Said(truth="open", why="part_not_read")
        if self._district is not None:
            inside = is_of(self._district, leaf.codes)
            return Said(truth="yes" if inside else "no", grounds=({"district": sorted(leaf.codes)},))
        truth, why = lies_in(
            self._question.geometry, leaf.codes, margin_m=self._question.combined(0.0) + self._question.radius_m
        )
        return Said(truth=truth, grounds=({"district": sorted(leaf.codes)},), why=why)

    def _of(self, kind: str) -> list[_Surveyed]:
        return [s for s in self._surveyed if s.layer.card.kind == kind]

    def _judged(self, kind: str, fits: Callable[[Neighbour], Fits], layers: list[_Surveyed]) -> Said:
        """Yes if what surely fits is a hit, no if what may fit is clear, else open."""
        sure, unsure_m = self._pooled(kind, lambda s: [n.row for n in s.neighbours if n.shaped and fits(n)], layers)
        ground = self._ground(kind, sure, lambda n: fits(n) is True, layers)
        if sure == "hit":
            return Said(truth="yes", grounds=(ground,))
        may = [(s, n) for s in layers for n in s.neighbours if fits(n) is not False]
        if any(not n.shaped for _, n in may):
            return Said(truth="open", grounds=(ground,), why="unknown")
        possible, _ = self._pooled(
            kind, lambda s: [n.row for n in s.neighbours if n.shaped and fits(n) is not False], layers
        )
        if possible == "clear":
            return Said(truth="no", grounds=(ground,))
        doubtful = possible in ("hit", "uncertain") and sure not in ("hit", "uncertain")
        why = "class_unconfirmed" if doubtful else possible
        if doubtful:
            ground = self._ground(kind, possible, lambda n: fits(n) is None, layers)
        elif unsure_m is not None:
            ground["gap_m"] = unsure_m
        return Said(truth="open", grounds=(ground,), why=why)

    def _pooled(
        self, kind: str, rows: Callable[[_Surveyed], list[int]], layers: list[_Surveyed]
    ) -> tuple[Answer, float | None]:
        """The kind's answer with these rows for its zones, and the gap to the nearest of them."""
        answers: list[tuple[OpenLayer, LayerAnswer]] = []
        lost = [kind] if kind in self._lost else []
        for one in layers:
            found = self._answer_of(one, frozenset(rows(one)))
            if found is None:
                lost.append(kind)
            else:
                answers.append((one.layer, found))
        gaps = [answer.gap_m for _, answer in answers if answer.gap_m is not None]
        return kind_answers(self._question, answers, lost).get(kind, "unknown"), min(gaps, default=None)

    def _answer_of(self, one: _Surveyed, rows: frozenset[int]) -> LayerAnswer | None:
        key = (one.name, rows)
        if key not in self._answers:
            chosen = copy(one.layer)  # card, geometry and coverage are the same; only what counts is not
            chosen.records = _Chosen(one.layer, sorted(rows))
            try:
                self._answers[key] = answer_of(self._question, chosen, validity=one.validity)
            except _DAMAGE:
                self._answers[key] = None
        return self._answers[key]

    def _ground(
        self, kind: str, answer: str, fits: Callable[[Neighbour], bool], layers: list[_Surveyed] | None = None
    ) -> dict[str, Any]:
        """What a leaf of a kind rests on: the layers asked and the features near the site that fit."""
        asked = self._of(kind) if layers is None else layers
        features = [
            {"layer": s.name, "id": n.feature.id, "name": n.feature.name, "class": n.feature.class_}
            for s in asked
            for n in s.neighbours
            if fits(n)
        ]
        return {"kind": kind, "answer": answer, "layers": [s.name for s in asked], "features": features}


def _both(one: Fits, other: Fits) -> Fits:
    if False in (one, other):
        return False
    return None if None in (one, other) else True


def _class_fits(neighbour: Neighbour, asked: tuple[str, ...]) -> Fits:
    if not asked:
        return True
    feature = neighbour.feature
    if feature.class_ == "unconfirmed" or _DOUBTFUL & set(feature.flags):
        return None
    if feature.class_ == "intake" and neighbour.counted and "intake" not in asked:
        return None  # what lies within an intake's stated distance is of some zone, and nobody says of which
    if feature.class_ in asked:
        return True
    return None if _OLD_ZONING in feature.flags else False  # the zones newly approved may lie otherwise


def _name_fits(neighbour: Neighbour, words: tuple[str, ...]) -> Fits:
    """By the name of the feature, or that of its layer; a name that only says which zone it is names nothing."""
    name = neighbour.feature.name or ""
    if not words or any(word in name or word in neighbour.layer_words for word in words):
        return True
    return None if _NAMELESS.fullmatch(name) else False
