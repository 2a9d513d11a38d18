"""
A workspace of a city from what is known without any official vector: outlines, plan, gazetteer.

Each kind of protection layer that the plan speaks of becomes one layer. A feature that a gazetteer can place gets its
indicative shape; every other one is stored as declared, without a place, and keeps its layer from ``clear``
everywhere. No coverage is stated, because a plan names what it wants to name: nothing is ``clear`` in such a workspace,
and nothing is invented. Official layers replace these as they arrive.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from layers.errors import PlaceNotFoundError, PlaceUnclearError
from layers.fields import fold
from layers.georeference.gazetteer import NamedPlace, PlaceSource, find, gazetteer
from layers.georeference.places import described_places
from layers.importing import ImportOptions, import_layer
from layers.model import KINDS
from layers.plans.model import LAYER_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from layers.model import KindName
    from layers.plans.model import DeclaredFeature, Fact, Plan
    from layers.workspace.store import WorkspaceStore

__all__ = ["CityLayer", "build_city", "place_of"]

_NOUNS: dict[str, str] = {
    "red_lines": "生态保护红线",
    "protected_areas": "自然保护地",
    "water_sources": "饮用水水源地",
    "control_units": "环境管控单元",
    "element_zones": "要素管控分区",
    "monitoring_sections": "监测断面",
    "sensitive_targets": "敏感目标",
}
_NONE_NOUNS = {"river": "河流", "lake": "湖库"}
_NAMED_KINDS = ("river", "lake", "station", "outfall", "site", "place")
_STATUSES = {"in_force": "in_force", "merged": "merged", "cancelled": "cancelled"}
_SQUARE_METRES = (("m", 2),)


@dataclass(frozen=True, kw_only=True)
class CityLayer:
    """One layer that was built: its name and kind, and the places its features were given (None: declared only)."""

    name: str
    kind: KindName
    places: tuple[tuple[DeclaredFeature, NamedPlace], ...]


def build_city(store: WorkspaceStore, plan: Plan, *, extra: Sequence[NamedPlace] = ()) -> tuple[CityLayer, ...]:
    """
    Store the layers of a city's plan in a new workspace.

    Parameters
    ----------
    store
        An empty workspace; each layer is one change, and the workspace is whole after each.
    plan
        The plan as data.
    extra
        Entries of the user's own gazetteer; they go before ours.

    Returns
    -------
    built
        In the order of the kinds; a kind the plan does not speak of has no layer, so that it is ``layer_missing``.
    """
    built = [_store(store, plan, layer) for layer in _layers(plan, extra)]
    built += [_store_none(store, plan, fact) for fact in plan.facts if fact.declares_none is not None]
    return tuple(built)


def place_of(plan: Plan, feature: DeclaredFeature, extra: Sequence[NamedPlace] = ()) -> NamedPlace:
    """
    Where a declared feature is, as far as a gazetteer says so; a place without position where none does.

    An entry is taken by the feature's id, else by its whole name or an alias, unless it says that it is another feature
    or of another kind; never by a stem, since one stem may name six things. A town of the registry stands for a place
    only: a section is not the town it is called after.

    Parameters
    ----------
    plan
        Its plan.
    feature
        The feature.
    extra
        Entries of the user's own.
    """
    found = _known(plan, feature, extra) if feature.stands_for == "one" else None
    if found is None:
        quoted = PlaceSource(title=plan.title, address=f"data/plans/{plan.key}.toml")
        found = NamedPlace(name=feature.name, sources=(quoted,), origin="page", city=plan.key)
    return _declared(plan, feature, found)


def _known(plan: Plan, feature: DeclaredFeature, extra: Sequence[NamedPlace]) -> NamedPlace | None:
    names = (feature.name, *feature.aliases)
    folded = {fold(name) for name in names}
    # the user's entries before ours, whether they name the feature by id or by name
    users = [p for p in extra if folded & {fold(p.name), *map(fold, p.aliases)} and _may_be(p, feature)]
    for entry in (*[p for p in extra if p.feature == feature.id], *users, *gazetteer(plan.key)):
        if entry.feature == feature.id or entry in users:
            return entry
    for name in names:
        try:
            found = find(name, city=plan.key, districts=plan.districts, extra=extra)
        except (PlaceNotFoundError, PlaceUnclearError):
            continue
        if _may_be(found, feature):
            return found
    return None


def _may_be(place: NamedPlace, feature: DeclaredFeature) -> bool:
    """Whether a place found by its name is this feature, as far as the entry says what it is."""
    if place.origin == "registry":
        return feature.kind == "place"
    return place.feature in (None, feature.id) and place.kind in (None, feature.kind)


def _declared(plan: Plan, feature: DeclaredFeature, place: NamedPlace) -> NamedPlace:
    """The place under the plan's own name, with the area, level and status that the plan declares."""
    area = place.area_m2 or next(
        (
            f.value * f.unit.factor
            for f in plan.facts
            if f.about == "area"
            and feature.id in f.features
            and f.value
            and f.unit is not None
            and f.unit.dimension == _SQUARE_METRES
        ),
        None,
    )
    facts: dict[str, Any] = {"plan_feature": f"{plan.key}/{feature.id}"}
    if feature.kind == "control_units" and feature.class_:
        facts["单元分类"] = feature.class_
    if feature.kind == "monitoring_sections":
        classes = [f for f in plan.facts if feature.id in f.features and f.about in ("class", "target") and f.text]
        facts |= {"水质目标" if f.state == "target" else "水质类别": f.text for f in classes}
    return replace(
        place,
        name=feature.name,
        area_m2=area,
        level=feature.level or place.level,
        status=place.status or _STATUSES.get(feature.status),
        facts=facts,
    )


def _layers(plan: Plan, extra: Sequence[NamedPlace]) -> Iterator[CityLayer]:
    for kind in KINDS:
        if kind not in LAYER_KINDS:
            continue
        places = tuple((f, place_of(plan, f, extra)) for f in plan.features if f.kind == kind)
        if places:
            yield CityLayer(name=f"{plan.city}{_NOUNS[kind]}（规划记载）", kind=kind, places=places)
    named = ((f, place_of(plan, f, extra)) for f in plan.features if f.kind in _NAMED_KINDS)
    located = tuple((f, place) for f, place in named if place.is_located)
    if located:
        yield CityLayer(name=f"{plan.city}规划点名的地点", kind="other", places=located)


def _store_none(store: WorkspaceStore, plan: Plan, fact: Fact) -> CityLayer:
    """A layer of which the plan says that the city has none: rivers of 二连浩特."""
    noun = _NONE_NOUNS[fact.declares_none or ""]
    options = ImportOptions(
        kind="other",
        name=f"{plan.city}{noun}（规划称无）",
        role="context",
        meaning=noun,
        source=f"{plan.title}，L{fact.lines[0]}：“{fact.quote}”",
        coverage=plan.districts,
        declared_none=True,
        georeference_method="declared",
        georeference={"plan_fact": f"{plan.key}/{fact.id}"},
    )
    import_layer(store, None, options)
    return CityLayer(name=options.name, kind="other", places=())


def _store(store: WorkspaceStore, plan: Plan, layer: CityLayer) -> CityLayer:
    made = described_places([place for _, place in layer.places], source_name=plan.title)
    context = layer.kind == "other"
    options = ImportOptions(
        kind=layer.kind,
        name=layer.name,
        role="context" if context else None,
        meaning="规划点名的地点" if context else None,
        source=plan.title,
        indicative=True,
        georeference_method=made.method,
        georeference=made.parameters,
        accuracy=made.accuracy,
    )
    import_layer(store, made.reading, options)
    return layer
