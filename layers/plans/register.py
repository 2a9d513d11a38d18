"""
The register of a plan: what it declares, where a workspace has it, and how the figures stand against measured ones.

Nothing is located here and nothing is invented: a declared feature that no layer holds under its own name stays
declared, and a figure that nothing reliable can be measured against is ``not_measured`` with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from layers.plans.comparing import Comparison, Ruler, comparisons
from layers.plans.measuring import Holdings, city_area, holdings, kinds_of, matches, within
from spatial.measure import ellipsoidal_area

if TYPE_CHECKING:
    from layers.plans.measuring import CityArea, Held
    from layers.plans.model import DeclaredFeature, Plan
    from layers.workspace.store import WorkspaceStore

__all__ = ["FeatureStanding", "Located", "PlanRegister", "Standing", "register"]

Standing = Literal["located", "indicative", "declared_not_located", "unreadable", "no_workspace"]


@dataclass(frozen=True, kw_only=True)
class Located:
    """A feature of a workspace that is a declared one; areas are square metres, accuracy metres (95 %)."""

    layer: str
    name: str | None
    method: str
    accuracy_m: float
    indicative: bool
    area_m2: float | None
    """None for points and lines."""


@dataclass(frozen=True, kw_only=True)
class FeatureStanding:
    """A declared feature and where the workspace has it; ``count`` of them for a group or a layer."""

    feature: DeclaredFeature
    status: Standing
    located: tuple[Located, ...] = ()
    without_place: int = 0
    """Features of the same name that are stored without a place."""


@dataclass(frozen=True, kw_only=True)
class PlanRegister:
    """A plan and how a workspace stands to it; without a workspace only what needs none is measured."""

    plan: Plan
    as_of: str | None
    city: CityArea | None
    features: tuple[FeatureStanding, ...]
    comparisons: tuple[Comparison, ...]
    unreadable: tuple[str, ...] = ()
    """Layers that cannot be read."""


def register(plan: Plan, store: WorkspaceStore | None = None, *, as_of: str | None = None) -> PlanRegister:
    """
    The register of a plan against a workspace.

    Use it to see what of a plan is located, how and how well, and where figures part; it changes nothing.

    Parameters
    ----------
    plan
        Of ``layers.plans.loading.plan``.
    store
        An open workspace; None: only the city's own area is measured.
    as_of
        ISO date; needed with a store.

    Returns
    -------
    register
        Features and comparisons in the order of the plan.

    Raises
    ------
    ValueError
        If there is a store and no date.

    Examples
    --------
    >>> from layers.plans.loading import plan
    >>> made = register(plan("满洲里"))
    >>> implied = next(c for c in made.comparisons if c.id == "M-A1")
    >>> implied.declared, round(implied.measured, 1), implied.verdict
    (464.8, 756.9, 'differs')
    """
    if store is not None and as_of is None:
        raise ValueError("a workspace is asked at a date: give as_of")
    city = city_area(plan)
    found = None if store is None or as_of is None else holdings(store, as_of)
    here = None if found is None else Holdings(held=within(found.held, city), unreadable=found.unreadable)
    ruler = Ruler(plan, here, city)
    return PlanRegister(
        plan=plan,
        as_of=as_of,
        city=city,
        features=tuple(_standing(feature, here) for feature in plan.features),
        comparisons=tuple(comparisons(plan, ruler)),
        unreadable=() if found is None else tuple(name for name, _ in found.unreadable),
    )


def _standing(feature: DeclaredFeature, here: Holdings | None) -> FeatureStanding:
    if here is None:
        return FeatureStanding(feature=feature, status="no_workspace")
    found = matches(feature, here)
    placed = [each for each in found if each.geometry is not None]
    located = tuple(
        Located(
            layer=each.layer,
            name=each.feature.name,
            method=each.method,
            accuracy_m=each.accuracy_m,
            indicative=each.indicative,
            area_m2=_area(each),
        )
        for each in placed
    )
    status: Standing = "declared_not_located"
    if located:
        status = "indicative" if all(each.indicative for each in located) else "located"
    elif any(here.damaged(kind) for kind in kinds_of(feature.kind)):
        status = "unreadable"
    return FeatureStanding(feature=feature, status=status, located=located, without_place=len(found) - len(placed))


def _area(each: Held) -> float | None:
    if each.geometry is None or each.geometry.area == 0:
        return None
    return float(ellipsoidal_area(each.geometry)[0])
