"""
Conditions asked of a site and a project: yes, no or open, with the leaves that decided.

Open is what nobody could say: a layer that is lost, a site within the accuracy, a fact not stated. Combined as Kleene
does: ``all`` is no if one part is no, else open if one is open; ``any`` is yes if one part is yes; ``not`` leaves open
open. So knowing less can turn yes or no into open and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from screening.rules.model import (
    ActivityLeaf,
    AllOf,
    AnswerLeaf,
    AnyOf,
    DistrictLeaf,
    FactLeaf,
    IndustryLeaf,
    KindLeaf,
    ModeLeaf,
    NearLeaf,
    Not,
    UnitLeaf,
    UseLeaf,
)
from screening.rules.place import NOT_SAID, Said
from screening.rules.vocabulary import (
    activities,
    industry_relation,
    is_trait,
    narrower_than,
    trait_fact,
    traits,
    with_broader,
)

if TYPE_CHECKING:
    from screening.project import Fact, Project
    from screening.rules.model import Condition, Leaf
    from screening.rules.place import Place, Truth

__all__ = ["Circumstances", "LeafSaid", "Match", "match"]


_DECIDES: dict[type, tuple[Truth, Truth]] = {AllOf: ("no", "yes"), AnyOf: ("yes", "no")}


@dataclass(frozen=True, kw_only=True)
class LeafSaid:
    """A leaf and what was said to it; ``denied`` where it stands under a ``not``."""

    leaf: Leaf
    said: Said
    denied: bool = False

    def to_dict(self) -> dict[str, Any]:
        """JSON of the leaf."""
        found: dict[str, Any] = {"leaf": self.leaf.to_dict(), "truth": self.said.truth, "why": self.said.why}
        found["denied"] = self.denied
        found["grounds"] = [dict(ground) for ground in self.said.grounds]
        return found


@dataclass(frozen=True, kw_only=True)
class Match:
    """A condition's truth and the leaves that decided it."""

    truth: Truth
    leaves: tuple[LeafSaid, ...]


class Circumstances:
    """A place and a project; every leaf is asked once."""

    def __init__(self, place: Place, project: Project) -> None:
        self.place = place
        self.project = project
        self._asked: dict[Leaf, Said] = {}

    def with_project(self, project: Project) -> Circumstances:
        """The same place for another project; what was asked of the place is kept."""
        other = Circumstances(self.place, project)
        mine = (ActivityLeaf, IndustryLeaf, FactLeaf, NearLeaf)
        other._asked = {leaf: said for leaf, said in self._asked.items() if not isinstance(leaf, mine)}
        return other

    def ask(self, leaf: Leaf) -> Said:
        """What is said to a leaf."""
        found = self._asked.get(leaf)
        if found is None:
            found = self._asked[leaf] = self._answer(leaf)
        return found

    def _answer(self, leaf: Leaf) -> Said:
        if isinstance(leaf, KindLeaf):
            return self.place.kind(leaf)
        if isinstance(leaf, NearLeaf):
            return _near(self.place, self.project, leaf)
        if isinstance(leaf, DistrictLeaf):
            return self.place.district(leaf)
        if isinstance(leaf, UnitLeaf):
            return self.place.unit(leaf)
        if isinstance(leaf, AnswerLeaf):
            return _answer(self.place, leaf)
        if isinstance(leaf, ActivityLeaf):
            return _activity(self.project, leaf)
        if isinstance(leaf, IndustryLeaf):
            return _industry(self.project, leaf)
        if isinstance(leaf, FactLeaf):
            return _fact(self.project, leaf)
        return _occupation(self.place, leaf)


def match(condition: Condition, circumstances: Circumstances) -> Match:
    """
    Ask a condition.

    Parameters
    ----------
    condition
        Of a clause.
    circumstances
        Place and project.

    Returns
    -------
    found
        For yes and no the leaves that made it so, for open those that are open.

    Examples
    --------
    >>> from screening.project import Project
    >>> from screening.rules.place import StatedFeature, StatedPlace
    >>> there = StatedPlace(features=(StatedFeature(kind="red_lines"),))
    >>> asked = AllOf(parts=(KindLeaf(kind="red_lines"), ActivityLeaf(tags=("landfill",))))
    >>> match(asked, Circumstances(there, Project())).truth
    'open'
    >>> match(asked, Circumstances(there, Project(activities=("road",)))).truth
    'no'
    """
    return _matched(condition, circumstances, denied=False)


def _matched(condition: Condition, circumstances: Circumstances, *, denied: bool) -> Match:
    if isinstance(condition, AllOf | AnyOf):
        parts = [_matched(part, circumstances, denied=denied) for part in condition.parts]
        decides, otherwise = _DECIDES[type(condition)]
        return _combined(parts, decides=decides, otherwise=otherwise)
    if isinstance(condition, Not):
        inner = _matched(condition.part, circumstances, denied=not denied)
        turned: dict[Truth, Truth] = {"yes": "no", "no": "yes", "open": "open"}
        leaves = tuple(replace(leaf, denied=not leaf.denied) for leaf in inner.leaves)
        return Match(truth=turned[inner.truth], leaves=leaves)
    said = circumstances.ask(condition)
    if denied and said.truth == "yes" and not _of_all(condition, circumstances):
        said = replace(said, truth="open", why="not_all")  # of the rest of the project the clause may hold
    return Match(truth=said.truth, leaves=(LeafSaid(leaf=condition, said=said),))


def _of_all(leaf: Leaf, circumstances: Circumstances) -> bool:
    """Whether a leaf that holds does so for all that the project does, traits aside, and for all its parts."""
    if isinstance(leaf, ActivityLeaf):
        asked = set(leaf.tags)
        return all(with_broader(tag) & asked or is_trait(tag) for tag in circumstances.project.activities)
    if isinstance(leaf, ModeLeaf | UseLeaf):
        asked, at = (set(leaf.modes), 1) if isinstance(leaf, ModeLeaf) else (set(leaf.uses), 0)
        return all(one[at] in asked for one in circumstances.place.occupations)
    return True


def _combined(parts: list[Match], *, decides: Truth, otherwise: Truth) -> Match:
    deciding = [part for part in parts if part.truth == decides]
    if deciding:
        return Match(truth=decides, leaves=deciding[0].leaves if decides == "no" else _leaves(deciding))
    still_open = [part for part in parts if part.truth == "open"]
    if still_open:
        # what already holds is kept beside what is open: it is why the question matters
        held = parts if decides == "no" else still_open
        return Match(truth="open", leaves=_leaves(held))
    return Match(truth=otherwise, leaves=_leaves(parts))


def _leaves(parts: list[Match]) -> tuple[LeafSaid, ...]:
    return tuple(leaf for part in parts for leaf in part.leaves)


def _near(place: Place, project: Project, leaf: NearLeaf) -> Said:
    """
    What the project states of each name decides: one that is near, or all of them farther.

    A layer that shows it near where the project says it is far leaves the question open.
    """
    measured = place.near(leaf)
    stated = {
        word: float(fact)
        for word in leaf.words
        if isinstance(fact := project.facts.get(f"distance_m:{word}"), int | float) and not isinstance(fact, bool)
    }
    if not stated:
        return measured
    nearest = min(stated, key=lambda word: stated[word])
    grounds = ({"fact": f"distance_m:{nearest}", "stated": stated[nearest]}, *measured.grounds)
    if stated[nearest] <= leaf.within_m:
        return Said(truth="yes", grounds=grounds)
    if measured.truth == "yes":
        return Said(truth="open", grounds=grounds, why="stated_differs")
    if len(stated) < len(leaf.words):
        return Said(truth="open", grounds=grounds, why="not_all_stated")
    return Said(truth="no", grounds=grounds)


def _answer(place: Place, leaf: AnswerLeaf) -> Said:
    answer = place.answer(leaf.kind) or "unknown"
    ground = ({"kind": leaf.kind, "answer": answer},)
    if answer in leaf.answers:
        return Said(truth="yes", grounds=ground)
    unsure = answer == "unknown" or (answer == "uncertain" and {"hit", "clear"} & set(leaf.answers))
    return Said(truth="open", grounds=ground, why=answer) if unsure else Said(truth="no", grounds=ground)


def _activity(project: Project, leaf: ActivityLeaf) -> Said:
    """
    By the activities stated: whoever states some is none of the others.

    Except traits (two-high, discharging, using heavy metals …): a project of any activity may have them, and stating
    only what it is leaves them open until a fact says yes or no.
    """
    asked = set(leaf.tags)
    stated = {*project.activities, *(tag for tag in traits() if _trait(project, tag) is True)}
    met = sorted(tag for tag in stated if with_broader(tag) & asked)
    if met:
        return Said(truth="yes", grounds=({"activity": met},))
    coarse = sorted(tag for tag in stated if narrower_than(tag) & asked)
    if coarse:
        return Said(truth="open", grounds=({"activity": coarse},), why="less_specific")
    settled = {tag for tag in asked if is_trait(tag) and _trait(project, tag) is False}
    if not project.activities and settled != asked:
        return NOT_SAID
    if any(is_trait(tag) for tag in asked - settled):
        return Said(truth="open", grounds=({"activity": sorted(stated)},), why="trait_not_stated")
    if project.industry is not None and any(
        industry_relation(project.industry, code) is not False for tag in asked for code in activities()[tag].industries
    ):
        # the industry is one that does what the activities leave out: what a mine builds is of a mine
        return Said(truth="open", grounds=({"industry": project.industry},), why="industry_suggests")
    return Said(truth="no", grounds=({"activity": sorted(stated)},))


def _trait(project: Project, tag: str) -> bool | None:
    """Whether the project's facts say that it has a trait; a broader one that it has not, it has in no form."""
    found = [
        fact for one in with_broader(tag) if is_trait(one) and (fact := project.facts.get(trait_fact(one))) is not None
    ]
    own = project.facts.get(trait_fact(tag))
    return True if own is True else False if False in found else None


def _industry(project: Project, leaf: IndustryLeaf) -> Said:
    if project.industry is None:
        return NOT_SAID
    found = [industry_relation(project.industry, code) for code in leaf.codes]
    ground = ({"industry": project.industry},)
    if True in found:
        return Said(truth="yes", grounds=ground)
    return (
        Said(truth="open", grounds=ground, why="less_specific") if None in found else Said(truth="no", grounds=ground)
    )


def _fact(project: Project, leaf: FactLeaf) -> Said:
    stated = project.facts.get(leaf.key)
    if stated is None:
        return NOT_SAID
    ground = ({"fact": leaf.key, "stated": stated},)
    return Said(truth="yes" if _compared(stated, leaf) else "no", grounds=ground)


def _compared(stated: Fact, leaf: FactLeaf) -> bool:
    if leaf.test == "is":
        # yes is not 1; but 6 is 6.0, for JSON writes both alike and a certificate is read back from it
        return isinstance(stated, bool) == isinstance(leaf.value, bool) and stated == leaf.value
    number, bound = float(stated), float(leaf.value)
    return {
        "at_least": number >= bound,
        "more_than": number > bound,
        "at_most": number <= bound,
        "less_than": number < bound,
    }[leaf.test]


def _occupation(place: Place, leaf: ModeLeaf | UseLeaf) -> Said:
    asked, at = (leaf.modes, 1) if isinstance(leaf, ModeLeaf) else (leaf.uses, 0)
    found = [one[at] for one in place.occupations]
    ground = ({"mode" if at else "use": sorted(set(found))},)
    if any(one in asked for one in found):
        return Said(truth="yes", grounds=ground)
    if not found or "unstated" in found:
        return Said(truth="open", grounds=ground, why="not_stated")
    return Said(truth="no", grounds=ground)
