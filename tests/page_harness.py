"""The page's judge in a real browser without the page around it: layers and sites in, verdicts out."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely
import shapely.geometry

from maps import build_assets
from screening.loaded import Loaded
from tests.building import layer_in_memory
from tests.chromium import page_of_scripts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from layers.model import Feature
    from layers.version import OpenLayer
    from spatial.levels import PackedLevel

DAY = "2026-11-22"

_HELPERS = """
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const made = (value) => {
  if (Array.isArray(value)) return value.map(made);
  if (value === null || typeof value !== "object") return value;
  if ("f8" in value) return new Float64Array(bytes(value.f8).buffer);
  if ("i4" in value) return new Int32Array(bytes(value.i4).buffer);
  if ("u1" in value) return bytes(value.u1);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, made(one)]));
};
window.worlds = {};
window.lay = (key, world) => { window.worlds[key] = made(world); };
window.ask = async (key, questions, today) => {
  const judge = await window.startJudge();
  const { layers, document } = window.worlds[key];
  const began = performance.now();
  const verdicts = questions.map((question) => {
    try { return judge.judge(question, layers, document, today); }
    catch (trouble) { return { error: `${trouble.name}: ${trouble.code || trouble.message}` }; }
  });
  return { verdicts, milliseconds: performance.now() - began, memory: judge.memory() };
};
"""


@dataclass(kw_only=True)
class JudgePage:
    """A page that holds nothing but the judge; ``milliseconds`` spent judging so far, and how many sites."""

    page: Any
    milliseconds: float = 0.0
    judged: int = 0
    memory: dict[str, int] | None = None

    def lay(self, key: str, layers: Sequence[dict[str, Any]], document: dict[str, Any]) -> None:
        """Bring layers and what the document says of them into the page under a key."""
        self.page.evaluate("([key, world]) => lay(key, world)", [key, {"layers": list(layers), "document": document}])

    def ask(self, key: str, questions: Sequence[dict[str, Any]], *, today: str = DAY) -> list[dict[str, Any]]:
        """The verdicts of some sites, or ``{"error": …}`` where the page refuses one."""
        given = [key, list(questions), today]
        found = self.page.evaluate("([key, questions, today]) => ask(key, questions, today)", given)
        self.milliseconds += found["milliseconds"]
        self.judged += len(questions)
        self.memory = found["memory"]
        verdicts: list[dict[str, Any]] = found["verdicts"]
        return verdicts

    def repeat(self, key: str, questions: Sequence[dict[str, Any]], times: int) -> dict[str, int]:
        """Ask the same again and again; what the judge's memory holds after it."""
        found: dict[str, int] = self.page.evaluate(
            """async ([key, questions, times, today]) => {
              let last = null;
              for (let i = 0; i < times; i++) last = await ask(key, questions, today);
              return last.memory;
            }""",
            [key, list(questions), times, DAY],
        )
        return found

    def ask_each(
        self, cases: Sequence[tuple[Sequence[dict[str, Any]], dict[str, Any], dict[str, Any]]]
    ) -> list[dict[str, Any]]:
        """The verdicts of many sites, each with layers and a document of its own: (layers, document, question)."""
        given = [{"layers": list(layers), "document": document} for layers, document, _ in cases]
        self.page.evaluate("(given) => given.forEach((world, i) => lay(`case${i}`, world))", given)
        questions = [question for _, _, question in cases]
        found = self.page.evaluate(
            """async ([questions, today]) => {
              const verdicts = [];
              let milliseconds = 0;
              for (let i = 0; i < questions.length; i++) {
                const one = await ask(`case${i}`, [questions[i]], today);
                verdicts.push(one.verdicts[0]);
                milliseconds += one.milliseconds;
              }
              return { verdicts, milliseconds };
            }""",
            [questions, DAY],
        )
        self.milliseconds += found["milliseconds"]
        self.judged += len(questions)
        verdicts: list[dict[str, Any]] = found["verdicts"]
        return verdicts


def judge_script() -> str:
    """The bundled script; skips with what to do where it has not been built."""
    script = build_assets.DEFAULT_TARGET / "page" / "judge.js"
    if not script.is_file():
        pytest.skip(f"{script} has not been built: python maps/build_assets.py")
    return script.read_text(encoding="utf-8")


def opened(folder: Path) -> Iterator[JudgePage]:
    """A judge in Chromium, opened from a file, the network denied; skips where there is no Chromium."""
    with page_of_scripts(folder / "judge.html", judge_script(), _HELPERS) as page:
        yield JudgePage(page=page)


def layer_of(
    features: Sequence[Feature],
    geometries: Sequence[Any],
    *,
    kind: str,
    name: str | None = None,
    theme: str | None = None,
    role: str = "protective",
    accuracy_m: float = 25.0,
    coverage: Any = None,
    coverage_accuracy_m: float = 0.0,
    rejected_boxes: Sequence[Any] = (),
    **card: Any,
) -> OpenLayer:
    """An open layer of any kind straight from features."""
    return layer_in_memory(
        features,
        geometries,
        kind=kind,
        name=name or kind,
        theme=theme or kind,
        role=role,
        accuracy_m=accuracy_m,
        coverage=coverage,
        coverage_accuracy_m=coverage_accuracy_m,
        rejected_boxes=rejected_boxes,
        **card,
    )


def loaded_of(layers: Sequence[tuple[OpenLayer, str | None]], *required: str) -> Loaded:
    """Layers as `screening.screen.judge` takes them."""
    return Loaded(as_of=DAY, required=required, manifest_readable=True, layers=list(layers), lost=[])


def document_of(*required: str, lost: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """What the judge reads of a page's document."""
    return {"as_of": DAY, "required_kinds": list(required), "lost": list(lost)}


def page_layer(
    layer: OpenLayer,
    validity: str | None = None,
    *,
    level: PackedLevel | None = None,
    coverage_level: PackedLevel | None = None,
    precision: str | None = None,
) -> dict[str, Any]:
    """A ``JudgeLayer`` of the contract: at full precision, or with a level in the place of the index."""
    card, records = layer.card, layer.records
    standing = records.standing(DAY, card.accuracy_m)
    words = [records.feature(row) for row in range(records.count)]
    full = level is None
    names = ["pieces/feature", "pieces/offset", "pieces/wkb"]
    if layer.coverage is not None:
        names += [f"coverage/{key}" for key in ("pieces/offset", "pieces/wkb", "edges/xy", "edges/group_offset")]
    return {
        "layer": {
            "key": card.name,
            "name": card.name,
            "kind": card.kind,
            "role": card.role,
            "theme": card.theme,
            "version": layer.entry.version,
            "valid_until": card.valid_until,
            "validity": validity,
            "accuracy_m": card.accuracy_m,
            "declared_none": card.declared_none,
            "count": records.count,
            "judge": {
                "precision": precision or ("full" if full else "simplified"),
                "displacement_m": 0.0 if level is None else level.displacement_m,
                "coverage_displacement_m": 0.0 if coverage_level is None else coverage_level.displacement_m,
                "proves": precision != "generalised",
                "coverage_stated": layer.coverage is not None,
                "coverage_accuracy_m": card.coverage_accuracy_m,
                "coverage_source": card.coverage_source,
                "coverage_version": card.coverage_version,
            },
        },
        "table": {
            "id": [w.id for w in words],
            "code": [w.code for w in words],
            "name": [w.name for w in words],
            "class": [w.class_ for w in words],
            "class_label": [w.class_label for w in words],
            "flags": [list(w.flags) for w in words],
            "facts": {},
        },
        "columns": {
            "zone": _packed(standing.zone, "u1"),
            "soft": _packed(standing.soft, "u1"),
            "in_force": _packed(standing.in_force, "u1"),
            "dimension": _packed(layer.index.feature_dimension, "i4"),
            "accuracy_m": _packed(standing.accuracy_m, "f8"),
            "influence_m": _packed(standing.influence_m, "f8"),
            "without_extent_m": _packed(standing.without_extent_m, "f8"),
            "area_m2": _packed(layer.index.feature_area_m2, "f8"),
            "bounds": _packed(layer.index.feature_bounds, "f8"),
            "rejected_boxes": _packed(layer.rejected_boxes, "f8"),
        },
        "index": {name: _packed(layer.stored.array(name)[:], _KINDS[name[-5:]]) for name in names} if full else None,
        "level": None if level is None else _level(level),
        "coverage_level": None if coverage_level is None else _level(coverage_level),
    }


_KINDS = {"ature": "i4", "ffset": "i4", "s/wkb": "u1", "es/xy": "f8"}


def _packed(values: Any, kind: str) -> dict[str, str]:
    dtype = {"u1": "u1", "i4": "<i4", "f8": "<f8"}[kind]
    return {kind: base64.b64encode(np.asarray(values).astype(dtype).tobytes()).decode()}


def _level(level: PackedLevel) -> dict[str, Any]:
    kinds = {name: "u1" if name == "part_dimension" else "i4" for name in level.arrays}
    arrays = {name: _packed(values, kinds[name]) for name, values in level.arrays.items()}
    return {"lon0": level.lon0, "lat0": level.lat0, "step": level.step, **arrays}


def question_of(site: Any) -> dict[str, Any]:
    """A ``SiteQuestion`` of the contract, of a `screening.site.Site`."""
    return {
        "name": site.name,
        "geometry": shapely.geometry.mapping(site.geometry),
        "accuracy_m": site.accuracy.metres,
        "radius_m": site.radius_m,
        "transformation_m": site.transformation_m,
        "part_rejected": site.rejected_parts > 0,
    }


_FINDING = (
    *("layer", "kind", "theme", "version", "answer", "reason", "accuracy_m", "gap_m"),
    *("uncovered_share", "overlap_m2", "share", "overlap_length_m"),
)
_FEATURE = (
    *("id", "code", "name", "class", "flags", "accuracy_m", "relation"),
    *("overlap_m2", "share", "length_m", "distance_m"),
)
_WHOLE = (
    *("as_of", "answer", "required_kinds", "kinds", "in_priority_zone", "in_priority_unit", "in_red_line"),
    *("in_protected_area", "in_water_source_zone"),
)


def engine_words(verdict: Any) -> dict[str, Any]:
    """Of the engine's verdict what the page says as well, quantised as it is printed."""
    return _words(verdict.to_dict())


def page_words(verdict: dict[str, Any]) -> dict[str, Any]:
    """The same of the page's."""
    return _words(verdict)


def _words(verdict: dict[str, Any]) -> dict[str, Any]:
    if "error" in verdict:
        return verdict
    return {
        **{key: verdict[key] for key in _WHOLE},
        "site": {key: verdict["site"][key] for key in ("scope", "radius_m", "area_m2", "length_m", "accuracy_m")},
        "findings": [
            {
                **{key: finding[key] for key in _FINDING},
                "reasons": finding["reasons"],
                "features": [{key: feature[key] for key in _FEATURE} for feature in finding["features"]],
            }
            for finding in verdict["findings"]
        ],
        "context": [
            {
                "layer": context["layer"],
                "kind": context["kind"],
                "features": [{key: feature[key] for key in _FEATURE} for feature in context["features"]],
            }
            for context in verdict["context"]
        ],
        "pooling": sorted(w["kind"] for w in verdict["warnings"] if w["code"] == "pooling_missing"),
    }


def differences(engine: Any, page: Any, path: str = "") -> list[str]:
    """
    Where two verdicts differ; figures to the last printed digit (0.01 m², 1 mm), shares of short lines to 1e-8.

    A figure that lies on the edge of two roundings may come out as either: one step is no difference.
    """
    if isinstance(engine, dict) and isinstance(page, dict):
        if engine.keys() != page.keys():
            return [f"{path}: {sorted(engine)} against {sorted(page)}"]
        return [d for key in engine for d in differences(engine[key], page[key], f"{path}.{key}")]
    if isinstance(engine, list | tuple) and isinstance(page, list | tuple):
        if len(engine) != len(page):
            return [f"{path}: {engine} against {page}"]
        pairs = zip(engine, page, strict=True)
        return [d for i, (one, other) in enumerate(pairs) for d in differences(one, other, f"{path}[{i}]")]
    if isinstance(engine, int | float) and isinstance(page, int | float) and not isinstance(engine, bool):
        step = 0.01 if path.endswith("_m2") else 1e-8 if path.endswith("share") else 1e-3
        return [] if abs(engine - page) <= step * 1.001 else [f"{path}: {engine} against {page}"]
    return [] if engine == page else [f"{path}: {engine!r} against {page!r}"]
