"""Many sites answered together have the rows that each has alone: worlds of several layers, cases of single ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
import shapely

from layers.workspace import FolderStore
from screening.batch import settling
from screening.batch.desk import Desk
from screening.batch.row import COLUMNS
from screening.batch.table import NumberedSite, sites_table
from screening.findings import answer_of
from screening.loaded import load
from screening.site import site_of
from tests.building import add, workspace_at
from tests.judge_cases import single
from tests.judge_worlds import adversarial, uniform, world_of
from tests.oracle.cases import seeded
from tests.page_harness import loaded_of
from tests.tilings import blob, tiling

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from screening.loaded import Loaded
    from screening.site import Site

MEASURED = {c.name for c in COLUMNS if c.type == "number"}
AS_OF = "2026-11-22"
GAP_M, SHARE = 1.001e-3, 1e-9


def rows_of(loaded: Loaded, sites: Sequence[Site], *, one_by_one: bool) -> list[dict[str, Any]]:
    numbered = [NumberedSite(number=n, id=f"S{n}", site=site) for n, site in enumerate(sites, 1)]
    desk = Desk(loaded=loaded, layers=[], one_by_one=one_by_one)
    rows: list[dict[str, Any]] = desk.rows(sites_table(numbered)).drop_columns(["geometry"]).to_pylist()
    return rows


def assert_same(together: dict[str, Any], alone: dict[str, Any], site: Site) -> None:
    for name, value in alone.items():
        found = together[name]
        where = f"{name} of {site.geometry.wkt[:200]}: {found!r} together, {value!r} alone"
        if name not in MEASURED or value is None or found is None:
            assert found == value, where
        elif name.endswith("_m2"):
            assert found == pytest.approx(value, rel=SHARE, abs=0.0101), where
        else:
            assert found == pytest.approx(value, rel=0, abs=GAP_M), where


def single_part(site: Site) -> bool:
    return len(site.parts) == 1


@pytest.mark.parametrize("seed", range(6))
def test_a_crowd_in_a_world_of_layers_is_answered_as_each_site_alone(seed: int) -> None:
    world = world_of(seed)
    rng = np.random.default_rng(seed)
    sites = [adversarial(world, rng, n) for n in range(12)] + [uniform(world, rng) for _ in range(20)]
    sites = [site for site in sites if single_part(site)]
    loaded = loaded_of(world.layers, *world.required)
    together, alone = (rows_of(loaded, sites, one_by_one=way) for way in (False, True))
    for mine, truth, site in zip(together, alone, sites, strict=True):
        assert_same(mine, truth, site)


def test_a_crowd_at_one_layer_is_answered_as_each_site_alone() -> None:
    for case in seeded(96, first_seed=140):
        layer, validity, site = single(case)
        if not single_part(site):
            continue
        loaded = loaded_of([(layer, validity)], layer.card.kind)
        (mine,), (truth,) = (rows_of(loaded, [site], one_by_one=way) for way in (False, True))
        assert_same(mine, truth, site)


def parcels(rng: np.random.Generator, count: int, box: tuple[float, float, float, float]) -> list[Site]:
    """Parcels of 22 corners and some 100 to 800 metres, and points, anywhere in a box."""
    found = []
    for number in range(count):
        x, y = rng.uniform(box[:2], box[2:])
        if number % 5 == 0:
            found.append(site_of(shapely.Point(x, y), accuracy_m=5, radius_m=float(rng.choice([0.0, 100.0]))))
            continue
        angle = np.sort(rng.uniform(0, 2 * np.pi, 22))
        reach = rng.uniform(0.0005, 0.004) * rng.uniform(0.6, 1, 22)
        ring = np.column_stack([x + reach * np.cos(angle), y + reach * np.sin(angle)])
        found.append(site_of(shapely.Polygon(ring), accuracy_m=float(rng.choice([1.0, 5.0]))))
    return found


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """100 units that share rough borders, 60 rough red lines; on disk, as an import leaves them."""
    rng = np.random.default_rng(14)
    units = tiling(100, 120, west=117.0, south=49.0, side=0.5)
    lines = [blob(*rng.uniform((117.05, 49.05), (117.45, 49.45)), rng.uniform(0.004, 0.02), 80, rng) for _ in range(60)]
    store = workspace_at(tmp_path_factory.mktemp("county") / "ws", "control_units", "red_lines")
    rows = [{"HJGKDYBM": f"ZH1507813{n:05d}", "ZHGKDYFL": str(n % 3 + 1)} for n in range(len(units))]
    add(store, "control_units", list(units), rows, coverage=shapely.box(116, 48, 119, 51))
    add(
        store,
        "red_lines",
        lines,
        [{"名称": f"红线{n}"} for n in range(60)],
        coverage=shapely.box(116.9, 48.9, 117.6, 49.6),
    )
    return store.root


def test_a_county_is_answered_as_each_site_alone_and_mostly_together(county, monkeypatch) -> None:
    sites = parcels(np.random.default_rng(3), 240, (116.95, 48.95, 117.55, 49.55))
    loaded = load(FolderStore.open(county), AS_OF)
    alone = rows_of(loaded, sites, one_by_one=True)
    asked = []
    monkeypatch.setattr(settling, "answer_of", lambda *a, **k: asked.append(1) or answer_of(*a, **k))
    together = rows_of(loaded, sites, one_by_one=False)
    for mine, truth, site in zip(together, alone, sites, strict=True):
        assert_same(mine, truth, site)
    assert {row["answer"] for row in alone} == {"hit", "uncertain", "clear", "unknown"}
    assert len(asked) < 0.1 * 2 * len(sites), "nearly all is settled without the engine of one site"


def test_a_row_does_not_depend_on_the_sites_beside_it(county) -> None:
    sites = parcels(np.random.default_rng(5), 90, (116.95, 48.95, 117.55, 49.55))
    loaded = load(FolderStore.open(county), AS_OF)
    table = sites_table([NumberedSite(number=n, id=f"S{n}", site=site) for n, site in enumerate(sites, 1)])
    whole = Desk(loaded=loaded, layers=[]).rows(table)
    parts = [Desk(loaded=loaded, layers=[]).rows(table.slice(at, 7)) for at in range(0, 90, 7)]
    assert pa.concat_tables(parts).to_pylist() == whole.to_pylist()
