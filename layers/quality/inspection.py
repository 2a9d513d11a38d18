"""All checks of a workspace at a date, in one report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layers.quality.codes import CODED_KINDS, code_findings
from layers.quality.condition import condition_findings, damage_findings
from layers.quality.duplicates import duplicate_findings
from layers.quality.examining import UNREADABLE, city_of, examine, examine_all, last_two
from layers.quality.model import CHECKS, SEVERITIES, SEVERITY, CheckRun, City, QualityReport
from layers.quality.red_line import red_line_findings
from layers.quality.tiling import tiling_findings, units_of
from layers.quality.versions import version_findings
from layers.quality.water_zones import water_zone_findings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layers.quality.model import ExaminedLayer, QualityFinding
    from layers.workspace.store import VersionEntry, WorkspaceStore

__all__ = ["inspect_quality"]

_ORDER = {code: number for number, code in enumerate(SEVERITY)}


def inspect_quality(store: WorkspaceStore, *, as_of: str, region: Sequence[str] | None = None) -> QualityReport:
    """
    Check the layers of a workspace.

    Use it before a workspace is relied on, and after a new version. Nothing found changes an answer: ``check`` has its
    own rules for damage, gaps and missing coverage.

    Parameters
    ----------
    store
        An open workspace, damaged or not: a layer that cannot be read is a finding.
    as_of
        ISO date: of each layer the version that answers then.
    region
        District codes of the city that control units should tile; default: those of the workspace.

    Returns
    -------
    report
        Findings in the order of severity, then of checks, then the largest first.
    """
    codes = tuple(store.region.split(",")) if region is None and store.region else tuple(region or ())
    layers, unreadable = examine_all(store, as_of)
    found = [*damage_findings(store.verify(), unreadable), *condition_findings(store, layers)]
    runs = [CheckRun(check="condition", done=True)]
    city = city_of(codes)
    outline = city if isinstance(city, City) else None
    units = units_of(layers)
    if units.names:
        found += tiling_findings(units, outline)
        runs.append(CheckRun(check="tiling", done=True, why=None if isinstance(city, City) else city))
    else:
        runs.append(_without(layers, "tiling", ("control_units",)))
    found += code_findings(layers)
    runs.append(_ran(layers, "codes", CODED_KINDS))
    found += duplicate_findings(layers)
    runs.append(CheckRun(check="duplicates", done=bool(layers), why=None if layers else "no_layer"))
    found += water_zone_findings(layers)
    drawn = [layer for layer in layers if (layer.areal() & layer.zone).any()]
    sources = _ran(drawn, "water_zones", ("water_sources",))
    runs.append(sources if sources.done else _without(layers, "water_zones", ("water_sources",)))
    pairs, broken = _pairs(store, as_of)
    found += [each for old, new in pairs for each in version_findings(old, new)]
    told = {(entry.layer, entry.version) for entry, _ in unreadable}
    found += damage_findings([], [pair for pair in broken if (pair[0].layer, pair[0].version) not in told])
    runs.append(CheckRun(check="versions", done=bool(pairs), why=None if pairs else "one_version"))
    red = red_line_findings(layers)
    found += red or []
    runs.append(
        _without(layers, "red_line", ("red_lines", "control_units"))
        if red is None
        else CheckRun(check="red_line", done=True)
    )
    return QualityReport(
        as_of=as_of,
        region=codes,
        city=outline,
        checks=tuple(sorted(runs, key=lambda run: CHECKS.index(run.check))),
        findings=tuple(sorted(found, key=_rank)),
        layers=tuple(layers),
        older=tuple(version for pair in pairs for version in pair),
    )


def _rank(found: QualityFinding) -> tuple[object, ...]:
    named = tuple((each.layer, each.code or "", each.id) for each in found.features)
    return (
        SEVERITIES.index(found.severity),
        CHECKS.index(found.check),
        _ORDER[found.code],
        -(found.area_m2 or 0.0),
        found.layers,
        named,
        tuple((key, str(value)) for key, value in sorted(found.facts.items())),
    )


def _ran(layers: Sequence[ExaminedLayer], check: str, kinds: tuple[str, ...]) -> CheckRun:
    there = any(layer.card.kind in kinds for layer in layers)
    return CheckRun(check=check, done=there, why=None if there else "no_layer")  # type: ignore[arg-type]


def _without(layers: Sequence[ExaminedLayer], check: str, kinds: tuple[str, ...]) -> CheckRun:
    there = all(any(layer.card.kind == kind for layer in layers) for kind in kinds)
    return CheckRun(check=check, done=False, why="no_polygons" if there else "no_layer")  # type: ignore[arg-type]


def _pairs(
    store: WorkspaceStore, as_of: str
) -> tuple[list[tuple[ExaminedLayer, ExaminedLayer]], list[tuple[VersionEntry, str]]]:
    """The last two versions of each layer that has two, each at the date it begins; and those that cannot be read."""
    pairs: list[tuple[ExaminedLayer, ExaminedLayer]] = []
    broken: list[tuple[VersionEntry, str]] = []
    for name in dict.fromkeys(entry.layer for entry in store.entries):
        both = last_two(store, name)
        read: list[ExaminedLayer] = []
        for entry in both or ():
            try:
                read.append(examine(store, entry, entry.valid_from or as_of))
            except UNREADABLE as error:
                broken.append((entry, str(error)))
        if len(read) == 2:
            pairs.append((read[0], read[1]))
    return pairs, broken
