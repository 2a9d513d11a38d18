"""
Sites and layers with their answers, in a file: what the engine and the page's judge must both say.

``python -m tests.judge_vectors`` writes the file anew from the engine; the test reads it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from layers.model import Feature
from screening.screen import judge
from screening.site import Site, site_of
from tests.page_harness import engine_words, layer_of, loaded_of

if TYPE_CHECKING:
    from layers.version import OpenLayer
    from tests.oracle.cases import Case

__all__ = ["VECTORS", "engine_says", "layer_of_vector", "site_of_vector"]

FILE = Path(__file__).parent / "golden" / "judge_vectors.json"
COUNT = 60
MOST_VERTICES = 60
KEYS = ("answer", "reason", "accuracy_m", "gap_m", "uncovered_share", "overlap_m2", "share", "reasons", "features")
VECTORS: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else []


def layer_of_vector(vector: dict[str, Any]) -> OpenLayer:
    """The layer of a vector: red lines."""
    features = [
        Feature(
            id=zone["id"],
            code=zone["id"],
            name=None,
            class_="red_line",
            counts=True,
            flags=tuple(zone["flags"]),
            accuracy_m=zone["accuracy_m"],
            influence_m=zone["influence_m"],
            without_extent_m=zone["without_extent_m"],
        )
        for zone in vector["zones"]
    ]
    return layer_of(
        features,
        [None if zone["wkb"] is None else shapely.from_wkb(zone["wkb"]) for zone in vector["zones"]],
        kind="red_lines",
        accuracy_m=vector["layer_accuracy_m"],
        coverage=None if vector["coverage"] is None else shapely.from_wkb(vector["coverage"]),
        coverage_accuracy_m=vector["coverage_accuracy_m"],
        rejected_boxes=vector["rejected_boxes"],
    )


def site_of_vector(vector: dict[str, Any]) -> Site:
    """The site of a vector."""
    site = site_of(shapely.from_wkb(vector["site"]), accuracy_m=vector["site_accuracy_m"], radius_m=vector["radius_m"])
    return replace(site, rejected_parts=vector["rejected_parts"])


def engine_says(vector: dict[str, Any]) -> dict[str, Any]:
    """What the engine answers, as far as a vector says it."""
    loaded = loaded_of([(layer_of_vector(vector), vector["validity"])], "red_lines")
    found = engine_words(judge(site_of_vector(vector), loaded))["findings"][0]
    return {key: found[key] for key in KEYS}


def _vector(case: Case) -> dict[str, Any]:
    layer = case.layer
    vector: dict[str, Any] = {
        "name": f"{case.kind} {case.seed}, {case.lat} degrees north",
        "site": case.site.wkb_hex,
        "site_accuracy_m": case.site_accuracy_m,
        "radius_m": case.radius_m,
        "rejected_parts": int(case.site_part_rejected),
        "zones": [
            {
                "id": str(i),
                "wkb": None if zone.geometry is None else zone.geometry.wkb_hex,
                "flags": ["outer_bound"] if zone.outer_bound else [],
                "accuracy_m": zone.accuracy_m,
                "influence_m": zone.influence_m,
                "without_extent_m": zone.no_extent_m,
            }
            for i, zone in enumerate(layer.zones)
        ],
        "layer_accuracy_m": layer.accuracy_m,
        "coverage": None if layer.coverage is None else layer.coverage.wkb_hex,
        "coverage_accuracy_m": layer.coverage_accuracy_m,
        "rejected_boxes": [None if box is None else list(box) for box in layer.rejected_boxes],
        "validity": None if layer.valid else "layer_expired",
    }
    return vector | {"expected": engine_says(vector)}


def _small(case: Case) -> bool:
    shapes = [case.site, *(zone.geometry for zone in case.layer.zones)]
    finite = all(zone.no_extent_m is None or zone.no_extent_m < 1e9 for zone in case.layer.zones)
    return bool(finite and sum(shapely.get_num_coordinates(shape) for shape in shapes) <= MOST_VERTICES)


def main() -> None:
    """Write the file."""
    from tests.oracle.cases import seeded

    chosen: list[Any] = []
    taken: dict[tuple[str, str], int] = {}
    for case in (case for case in seeded(1_600, first_seed=5_000) if _small(case)):
        vector = _vector(case)
        key = (case.kind, vector["expected"]["reason"])
        if taken.get(key, 0) < 2 and len(chosen) < COUNT:
            taken[key] = taken.get(key, 0) + 1
            chosen.append(vector)
    text = "[\n" + ",\n".join(json.dumps(vector, ensure_ascii=False, sort_keys=True) for vector in chosen) + "\n]\n"
    FILE.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
