"""A public edition asked in a real browser, with the judge of the page and what the file really holds."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely

from maps.public_map.document import MapRequest
from maps.public_map.edition import INTAKE_PRECISION_M, Edition
from maps.public_map.page import build_page
from screening.loaded import load
from screening.screen import judge
from screening.site import site_of
from spatial.generalising import grid_for
from spatial.packing import unpacked
from tests.building import add, workspace_at
from tests.page_harness import JudgePage, opened, question_of
from tests.restricted import AS_OF, CENTRE, KX, KY, PUBLIC, in_degrees, in_metres, restricted_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapely.geometry.base import BaseGeometry

    from layers.workspace import FolderStore
    from screening.site import Site
    from spatial.generalising import GeneralisingGrid

pytestmark = pytest.mark.browser
RANK = ("hit", "uncertain", "unknown", "clear")
"""From the strictest; a page may only say what is stricter than the engine, or as strict, and never hit."""


@pytest.fixture(scope="module")
def judging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JudgePage]:
    yield from opened(tmp_path_factory.mktemp("judge"))


def world_of(store: FolderStore, edition: Edition = PUBLIC) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The layers as a reader's browser unpacks them from the file, and the document."""
    html = build_page(store, MapRequest(as_of=AS_OF, edition=edition), folder=False).html
    found = re.search(r'id="map-document"[^>]*>(.*?)</script>', html, re.DOTALL)
    assert found is not None
    document = json.loads(found[1])
    texts = dict(re.findall(r'octet-stream" id="chunk-([^"]+)"[^>]*>([^<]*)</script>', html))
    chunks = {key: unpacked(base64.b64decode(text)) for key, text in texts.items()}

    def arrays(key: str) -> dict[str, Any]:
        kinds = {"u": "u1", "i": "i4", "f": "f8"}
        return {
            name: {kinds[values.dtype.kind]: base64.b64encode(values.tobytes()).decode()}
            for name, values in chunks[key][0].items()
        }

    def level(key: str) -> dict[str, Any]:
        return arrays(key) | chunks[key][1]["level"]

    layers = []
    for layer in document["layers"]:
        index, cover = layer["judge"]["chunk"], layer["coverage"]
        layers.append(
            {
                "layer": layer,
                "table": chunks[layer["features"]][1],
                "columns": arrays(layer["features"]),
                "index": None if index is None else arrays(index),
                "level": level(layer["levels"][-1]["chunk"]) if index is None and layer["levels"] else None,
                "coverage_level": None if cover is None else level(cover["chunk"]),
            }
        )
    return layers, {key: document[key] for key in ("as_of", "required_kinds", "lost", "not_checked")}


def site(shape: BaseGeometry, *, accuracy_m: float, radius_m: float = 0.0) -> Site:
    return site_of(in_degrees(shape), accuracy_m=accuracy_m, radius_m=radius_m)


def sites(rng: np.random.Generator, count: int, *, reach_m: float) -> list[Site]:
    """Points, routes and parcels, accuracies from 0.05 m, with and without a radius."""
    found = []
    for _ in range(count):
        x, y = rng.uniform(-reach_m, reach_m, 2)
        shape = [
            shapely.Point(x, y),
            shapely.box(x, y, x + rng.uniform(5, 600), y + rng.uniform(5, 600)),
            shapely.LineString([(x, y), (x + 900, y - 400)]),
        ][rng.integers(3)]
        radius = float(rng.choice([0.0, 0.0, 300.0])) if shape.geom_type == "Point" else 0.0
        found.append(site(shape, accuracy_m=float(rng.choice([0.05, 1.0, 60.0])), radius_m=radius))
    return found


def test_the_page_is_never_clearer_than_the_engine_on_the_same_version(
    judging: JudgePage, tmp_path_factory: pytest.TempPathFactory
):
    store = restricted_workspace(tmp_path_factory.mktemp("ws") / "ws")
    judging.lay("public", *world_of(store))
    asked = sites(np.random.default_rng(21), 250, reach_m=27_000)
    found = judging.ask("public", [question_of(one) for one in asked])
    loaded = load(store, AS_OF)
    count: dict[tuple[str, str, str], int] = {}
    for one, page in zip(asked, found, strict=True):
        assert "error" not in page, page
        engine = judge(one, loaded)
        for kind in ("red_lines", "water_sources"):
            own, said = engine.kinds[kind], page["kinds"][kind]
            assert said != "hit"
            assert own == "hit" or RANK.index(said) <= RANK.index(own)
            count[kind, own, said] = count.get((kind, own, said), 0) + 1
        for finding in page["findings"]:
            if finding["layer"] in ("红线", "水源") and finding["answer"] == "uncertain":
                assert finding["reason"] == "generalised"
                assert finding["precision"] == "generalised"
    print(f"\n{count}")
    assert count.get(("red_lines", "clear", "clear"), 0) > 50
    assert count.get(("red_lines", "hit", "uncertain"), 0) > 5


def awkward(grid: GeneralisingGrid, cell: Any) -> list[BaseGeometry]:
    """Thin, tiny, along and across lines of cells, 0.05 m from them, in parts, with holes; degrees."""
    sides = np.array([grid.lon_step, grid.lat_step])
    metre = 1 / np.array([KX, KY])

    def at(x: float, y: float, dx: float = 0.0, dy: float = 0.0) -> Any:
        return (cell + np.array([x, y])) * sides + np.array([dx, dy]) * metre

    tiny = [shapely.box(*at(x, y, -0.05, -0.05), *at(x, y, 0.05, 0.05)) for x, y in ((0, 0), (3.5, 0.5), (3, 2.5))]
    return [
        *tiny,
        shapely.MultiPolygon(tiny),
        shapely.box(*at(5, 0.2, 0.05), *at(6, 0.8, -0.05)),
        shapely.box(*at(5, 2, 0.0, 0.05), *at(9, 2, 0.0, 0.15)),
        shapely.Polygon([at(0, 4), at(9, 9, 0.0, 0.05), at(9, 9, 0.0, -0.05)]),
        shapely.box(*at(11, 0), *at(16, 5)) - shapely.box(*at(12, 1, 0.05, 0.05), *at(15, 4, -0.05, -0.05)),
    ]


@pytest.mark.parametrize("precision_m", [1.0, 50.0, 5_000.0])
@pytest.mark.parametrize("place", ["inland", "far in the south"])
def test_awkward_shapes_are_never_clearer_either(
    judging: JudgePage, tmp_path_factory: pytest.TempPathFactory, precision_m: float, place: str
):
    """Asked at their own corners and edges, and just beside them."""
    grid = grid_for(precision_m)
    sides = np.array([grid.lon_step, grid.lat_step])
    cell = np.floor(np.array(CENTRE) / sides) if place == "inland" else np.floor(np.array([105.0, 6.0]) / sides)
    shapes = awkward(grid, cell)
    path = tmp_path_factory.mktemp("awkward") / "ws"
    store = workspace_at(path, "red_lines")
    cover = shapely.box(*(np.maximum(cell - 9, [60 / sides[0], 0]) * sides), *((cell + 20) * sides))
    add(store, "red_lines", shapes, name="红线", coverage=cover, restricted=True)
    from layers.workspace import FolderStore

    store = FolderStore.open(path)
    key = f"awkward-{precision_m:g}-{place}"
    judging.lay(key, *world_of(store, Edition(public=True, precision_m={"红线": precision_m})))
    corners = np.unique(shapely.get_coordinates(np.array(shapes, dtype=object)), axis=0)
    rng = np.random.default_rng(24)
    near = [corners + rng.uniform(-far, far, corners.shape) / np.array([KX, KY]) for far in (0.0, 0.2, 40.0)]
    wide = (cell + rng.uniform(0, 19, (60, 2))) * sides
    places = np.concatenate([*near, wide])
    places = places[(places[:, 0] >= 60) & (places[:, 1] >= 0)]
    asked = [site_of(shapely.Point(xy), accuracy_m=0.05, radius_m=0.0) for xy in places]
    loaded = load(store, AS_OF)
    answers = set()
    for one, page in zip(asked, judging.ask(key, [question_of(one) for one in asked]), strict=True):
        assert "error" not in page, page
        own, said = judge(one, loaded).kinds["red_lines"], page["kinds"]["red_lines"]
        assert said != "hit"
        assert own == "hit" or RANK.index(said) <= RANK.index(own)
        answers.add((own, said))
    print(f"\n{place}, {precision_m:g} m: {sorted(answers)}")
    assert {said for _, said in answers} >= {"uncertain", "clear"}


def layers_with(path: Any, intake: BaseGeometry, *, influence_m: float | None) -> FolderStore:
    store = workspace_at(path, "water_sources")
    row: dict[str, Any] = {"名称": "秘密水厂取水口", "类型": "取水口"}
    if influence_m is not None:
        row["影响距离（m）"] = influence_m
    county = in_degrees(shapely.box(-40_000, -40_000, 40_000, 40_000))
    add(store, "water_sources", [intake], [row], name="水源", coverage=county, source="某局")
    from layers.workspace import FolderStore

    return FolderStore.open(path)


@pytest.mark.parametrize("influence_m", [None, 800.0], ids=["without extent", "with influence"])
def test_repeated_questions_in_the_browser_do_not_tell_two_places_of_a_cell_apart(
    judging: JudgePage, tmp_path_factory: pytest.TempPathFactory, influence_m: float | None
):
    """Whole verdicts, distances, bearings and shares included, of intakes at the far corners of a cell."""
    grid = grid_for(INTAKE_PRECISION_M)
    cell = np.floor(grid.to_cells(np.array(CENTRE)))
    sides = np.array([grid.lon_step, grid.lat_step])
    ends = [shapely.Point((cell + at) * sides) for at in ((0.002, 0.002), (0.998, 0.998))]
    asked = [question_of(one) for one in sites(np.random.default_rng(22), 250, reach_m=9_000)]
    verdicts = []
    for number, end in enumerate(ends):
        folder = tmp_path_factory.mktemp(f"end{number}")
        judging.lay(f"end{number}", *world_of(layers_with(folder / "ws", end, influence_m=influence_m)))
        verdicts.append(judging.ask(f"end{number}", asked))
    assert verdicts[0] == verdicts[1]
    assert len({v["kinds"]["water_sources"] for v in verdicts[0]}) > 1
    apart = shapely.distance(*(in_metres(end) for end in ends))
    print(f"\n{len(asked)} verdicts, the same to the last digit, of intakes {apart:.0f} m apart")
    assert apart / 2 >= 4 * INTAKE_PRECISION_M


def test_distances_that_the_page_prints_lead_to_the_cell_and_not_to_the_intake(
    judging: JudgePage, tmp_path_factory: pytest.TempPathFactory
):
    """An outsider takes each gap for the distance to a point and solves for it, as if nothing were generalised."""
    rng = np.random.default_rng(23)
    errors = []
    for number in range(10):
        secret = shapely.Point(rng.uniform(-3_000, 3_000, 2))
        folder = tmp_path_factory.mktemp(f"gap{number}")
        store = layers_with(folder / "ws", in_degrees(secret), influence_m=1.0)
        judging.lay(f"gap{number}", *world_of(store))
        places = rng.uniform(-9_000, 9_000, (40, 2))
        asked = [question_of(site(shapely.Point(at), accuracy_m=0.05)) for at in places]
        verdicts = judging.ask(f"gap{number}", asked)
        gaps = np.array([v["findings"][0]["gap_m"] for v in verdicts])
        here = np.array([0.0, 0.0])
        for _ in range(200):
            away = here - places
            length = np.maximum(np.hypot(*away.T), 1e-6)
            jacobian = away / length[:, None]
            here = here - np.linalg.lstsq(jacobian, length - gaps, rcond=None)[0]
        errors.append(float(np.hypot(here[0] - secret.x, here[1] - secret.y)))
    print(f"\nfrom 40 distances: {np.median(errors):.0f} m off (median), {min(errors):.0f} m (best of {len(errors)})")
    assert np.median(errors) >= INTAKE_PRECISION_M
