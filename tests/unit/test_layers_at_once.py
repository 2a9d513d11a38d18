"""Layers asked by several threads: the same rows, no geometry in two hands, and nothing left running."""

from __future__ import annotations

import shutil
import threading
from dataclasses import replace

import numpy as np
import pytest
import shapely

from layers.errors import DamagedVersionError
from layers.workspace import DatabaseAddress, create_workspace, open_workspace
from screening.batch import judging, running
from screening.batch.crowd import Crowd
from screening.batch.desk import Desk
from screening.batch.running import DeskAhead
from screening.batch.table import NumberedSite, sites_table
from screening.site import site_of
from spatial.once import once
from tests.building import add
from tests.tilings import blob, tiling

DAY = "2026-11-23"
LAND = (117.0, 49.0, 117.5, 49.5)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """Units that share borders, and red lines."""
    rng = np.random.default_rng(7)
    store = create_workspace(
        tmp_path_factory.mktemp("county") / "ws", required_kinds=["control_units", "red_lines"], region=None
    )
    units = tiling(36, 60, west=LAND[0], south=LAND[1], side=0.5)
    rows = [{"HJGKDYBM": f"ZH1507813{n:05d}", "ZHGKDYFL": str(n % 3 + 1)} for n in range(len(units))]
    add(store, "control_units", list(units), rows, coverage=shapely.box(116.9, 48.9, 117.6, 49.6))
    zones = [blob(*rng.uniform(LAND[:2], LAND[2:]), rng.uniform(0.01, 0.03), 60, rng) for _ in range(12)]
    fields = [{"名称": f"线{n}"} for n in range(12)]
    add(store, "red_lines", zones, fields, name="红线", coverage=shapely.box(116.9, 48.9, 117.4, 49.6))
    return store.root


@pytest.fixture(scope="module")
def sites():
    """Points, parcels, parcels in two parts, and lines, which are asked one by one."""
    rng = np.random.default_rng(8)
    shapes = []
    for n in range(120):
        lon, lat = rng.uniform(LAND[:2], LAND[2:])
        one = blob(lon, lat, rng.uniform(1e-4, 3e-3), 12, rng)
        other = shapely.affinity.translate(one, 0.01)
        line = shapely.LineString([(lon, lat), (lon + 0.002, lat + 0.001)])
        shapes.append(
            [shapely.Point(lon, lat), one, one, shapely.MultiPolygon([one, other]), line][n % 4 if n % 20 else 4]
        )
    return sites_table(
        [
            NumberedSite(number=n, id=str(n), site=site_of(one, accuracy_m=float(rng.choice([3, 30]))))
            for n, one in enumerate(shapes, 1)
        ]
    )


@pytest.fixture(scope="module")
def one_after_another(workspace, sites):
    return Desk.opened(workspace, DAY).rows(sites)


def plain(sites):
    """Those that are answered together."""
    whole = Crowd.of(sites, DAY)
    return whole.some(np.flatnonzero(whole.plain))


@pytest.mark.parametrize("threads", [2, 5])
def test_the_rows_are_the_same_to_the_byte_however_many_layers_are_asked_at_once(
    threads, workspace, sites, one_after_another
):
    desk = Desk.opened(workspace, DAY, threads=threads)
    desk.make_ready()
    together = [desk.rows(sites.slice(at, 40)) for at in range(0, sites.num_rows, 40)]
    assert len(set(one_after_another.column("answer").to_pylist())) >= 3
    for at, rows in zip(range(0, sites.num_rows, 40), together, strict=True):
        assert rows.equals(one_after_another.slice(at, 40))


@pytest.mark.parametrize("name", ["edges.xy", "pieces.wkb", "cells.edge", "records.text"])
def test_a_layer_damaged_in_the_middle_of_a_batch_gives_what_one_thread_gives(name, workspace, sites, tmp_path):
    root = tmp_path / "ws"
    shutil.copytree(workspace, root)
    (entry,) = [e for e in open_workspace(root).entries if e.layer == "红线"]
    path = root / "layers" / entry.folder / entry.version / "index" / f"{name}.bin"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    desk = Desk.opened(root, DAY, threads=2)
    desk.make_ready()  # does not tell: the questions do
    with pytest.raises(DamagedVersionError):
        judging.judge_many(plain(sites), desk.loaded, desk._opened_grounds(), threads=2)
    some = sites.slice(0, 20)
    assert desk.rows(some).equals(Desk.opened(root, DAY, one_by_one=True).rows(some))


def test_no_geometry_of_a_site_is_in_the_hands_of_two_threads(workspace, sites, monkeypatch):
    told, ask = [], judging.layer_columns

    def seen(ground, crowd, validity):
        told.append((threading.get_ident(), crowd.geometry))  # kept: an id is of one object only as long as that lives
        return ask(ground, crowd, validity)

    monkeypatch.setattr(judging, "layer_columns", seen)
    Desk.opened(workspace, DAY, threads=2).rows(sites)
    ids = [{id(one) for one in geometry} for _, geometry in told]
    assert len(ids) == 2
    assert not ids[0] & ids[1]
    assert threading.get_ident() not in {thread for thread, _ in told}


def test_what_one_layer_raises_is_told_when_no_other_layer_is_at_work_any_more(workspace, sites, monkeypatch):
    """Each site is asked alone afterwards, of geometries that a thread left behind would still be asking."""
    ended, failed = [], threading.Event()

    def work(ground, crowd, validity):
        if ground.layer.card.kind == "control_units":
            failed.set()
            raise OSError("away")
        assert failed.wait(10)
        threading.Event().wait(0.2)
        ended.append(ground.layer.card.name)

    monkeypatch.setattr(judging, "layer_columns", work)
    desk = Desk.opened(workspace, DAY, threads=3)
    crowd = plain(sites)
    with pytest.raises(OSError, match="away"):
        judging.judge_many(crowd, desk.loaded, desk._opened_grounds(), threads=3)
    assert ended == ["红线"]


def test_a_twin_has_the_same_sites_and_none_of_their_geometries(sites):
    crowd = plain(sites)
    twin = crowd.twin()
    assert shapely.equals_exact(crowd.geometry, twin.geometry).all()
    assert not {id(one) for one in crowd.geometry} & {id(one) for one in twin.geometry}
    assert (twin.bounds == crowd.bounds).all()
    assert (twin.area_m2 == crowd.area_m2).all()
    assert (twin.is_point == (shapely.get_type_id(twin.geometry) == 0)).all()


def test_a_desk_is_opened_ahead_once_and_ready_and_says_what_went_wrong_when_it_is_asked_for(workspace, monkeypatch):
    opened = []
    monkeypatch.setattr(running.Desk, "make_ready", lambda desk: opened.append(desk))  # noqa: PLW0108 - bound to the desk
    with DeskAhead(workspace, DAY) as ahead:
        ahead.begin()
        ahead.begin()
        desk = ahead.desk()
        assert ahead.desk() is desk
    assert opened == [desk]
    with DeskAhead(workspace / "nowhere", DAY) as ahead:
        ahead.begin()
        with pytest.raises(Exception, match="nowhere"):
            ahead.desk()


def test_what_lies_in_a_database_is_neither_opened_ahead_nor_read_before_it_is_asked(monkeypatch):
    calls = []
    monkeypatch.setattr(running.Desk, "opened", lambda *given, **_: calls.append(given))  # None cannot be made ready
    address = DatabaseAddress.parse("postgresql://li@h/db")
    with DeskAhead(address, DAY) as ahead:
        ahead.begin()
        assert calls == []
        ahead.desk()
    assert calls == [(address, DAY)]


def test_a_database_is_asked_by_one_thread_whatever_is_wished(monkeypatch):
    asked = []
    monkeypatch.setattr(Desk, "_opened", classmethod(lambda _, *__, **more: asked.append(more["threads"])))
    Desk.opened(DatabaseAddress.parse("postgresql://li@h/db"), DAY, threads=4)
    assert asked == [1]


def test_a_property_worked_out_once_does_not_wait_for_that_of_another_object():
    """Under the lock of `functools.cached_property` before Python 3.12 neither would come to the barrier's end."""
    barrier = threading.Barrier(2)

    class Layer:
        @once
        def edges(self):
            return barrier.wait(10)

    layers = Layer(), Layer()
    threads = [threading.Thread(target=getattr, args=(one, "edges")) for one in layers]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(one.edges for one in layers) == [0, 1]


def test_a_property_that_fails_is_tried_again():
    answers = [OSError("away"), 3]

    class Layer:
        @once
        def edges(self):
            found = answers.pop(0)
            if isinstance(found, Exception):
                raise found
            return found

    layer = Layer()
    with pytest.raises(OSError, match="away"):
        _ = layer.edges
    assert (layer.edges, layer.edges, answers) == (3, 3, [])


def test_a_ground_learns_what_its_features_are_called_as_the_records_say_it(workspace, one_after_another):
    desk = Desk.opened(workspace, DAY)
    for ground, _ in desk._opened_grounds():
        records = ground.layer.records
        rows = np.arange(records.count)[::-1]
        whole = [records.feature(row) for row in rows.tolist()]
        assert records.names(rows) == [(f.code, f.name, f.id) for f in whole]
        assert [ground.id_of(row) for row in rows.tolist()] == [f.id for f in whole]
    assert any(one_after_another.column("red_lines_met").to_pylist())


def test_threads_that_layers_leave_over_are_theirs(workspace, sites, one_after_another):
    for threads, each in ((1, 1), (2, 1), (3, 1), (4, 2), (9, 4)):  # of two layers
        desk = Desk.opened(workspace, DAY, threads=threads)
        assert [ground.threads for ground, _ in desk._opened_grounds()] == [each, each]
    assert desk.rows(sites).equals(one_after_another)


def test_grounds_are_all_there_or_none(workspace, monkeypatch):
    """With one of them left out, a damaged layer would answer nothing."""
    desk = replace(Desk.opened(workspace, DAY, threads=2), _grounds=[])
    made = []

    def fails(layer, as_of, *, threads):
        made.append(layer)
        if len(made) == 2:
            raise OSError("away")

    monkeypatch.setattr("screening.batch.desk.LayerGround", fails)
    desk.make_ready()
    assert (len(made), desk._grounds) == (2, [])
