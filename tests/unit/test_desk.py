"""A desk asked many times: a damaged layer stays unknown at every step, and a place that does not answer is no row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from layers.errors import DatabaseUnreachableError
from layers.workspace import DatabaseAddress, create_workspace, open_workspace
from screening.batch import desk as module
from screening.batch.desk import Desk, patiently
from screening.batch.table import NumberedSite, sites_table
from screening.site import site_of
from tests.building import add

DAY = "2026-11-22"
CITY = shapely.box(117.2, 49.3, 117.9, 49.8)
FIRST, SECOND = shapely.box(117.44, 49.57, 117.47, 49.60), shapely.box(117.60, 49.40, 117.64, 49.44)
WHERE = DatabaseAddress.parse("postgresql://li@h/db")


@pytest.fixture
def workspace(tmp_path):
    """Two layers of red lines over one city."""
    store = create_workspace(tmp_path / "ws", required_kinds=["red_lines"], region=None)
    for name, zone in (("甲", FIRST), ("乙", SECOND)):
        add(store, "red_lines", [zone], [{}], name=name, coverage=CITY)
    return store.root


def asked(desk):
    """Answers and reasons of a point in the second zone."""
    site = site_of(shapely.Point(117.62, 49.42), accuracy_m=5)
    rows = desk.rows(sites_table([NumberedSite(number=1, id="1", site=site)]))
    return rows.column("answer").to_pylist()[0], rows.column("red_lines_reason").to_pylist()[0]


@pytest.mark.parametrize("name", ["records.counts", "records.accuracy", "_blocks", "edges.xy", "cells.shape"])
def test_a_damaged_layer_is_unknown_at_every_step_of_a_batch(name, workspace):
    """The first layer is whole: with that alone, the second step would answer `clear` in the middle of a zone."""
    assert asked(Desk.opened(workspace, DAY))[0] == "hit"
    (entry,) = [e for e in open_workspace(workspace).entries if e.layer == "乙"]
    path = workspace / "layers" / entry.folder / entry.version / "index" / f"{name}.bin"
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    desk = Desk.opened(workspace, DAY)
    steps = [asked(desk) for _ in range(3)]
    assert steps == [asked(replace(desk, one_by_one=True, _grounds=[]))] * 3
    assert steps[0][0] in {"hit", "unknown"}  # a hit where the second layer's rings prove it without what is damaged


class Breaking:
    """A store in a database that does not answer at some moments."""

    def __init__(self, store):
        self._store = store
        self.breaks = 0
        self.root = WHERE

    def __getattr__(self, name):
        return getattr(self._store, name)


@pytest.fixture
def pauses(monkeypatch):
    taken = []
    monkeypatch.setattr(module.time, "sleep", taken.append)
    return taken


def test_what_was_judged_while_the_database_was_away_is_asked_again(workspace, pauses, monkeypatch):
    store = Breaking(open_workspace(workspace))
    desk = replace(Desk.opened(workspace, DAY), store=store)
    judge_many, harm = module.judge_many, [OSError("away"), "passed over", None]

    def breaking(*given, threads):
        trouble = harm.pop(0)
        if trouble is None:
            return judge_many(*given, threads=threads)
        store.breaks += 1
        if trouble == "passed over":
            return judge_many(*given, threads=threads)
        raise trouble

    monkeypatch.setattr(module, "judge_many", breaking)
    assert asked(desk)[0] == "hit"
    assert (harm, pauses) == ([], [0.5, 2.0])


def test_a_database_that_stays_away_stops_the_desk_without_a_row(workspace, pauses, monkeypatch):
    store = Breaking(open_workspace(workspace))
    desk = replace(Desk.opened(workspace, DAY), store=store, one_by_one=True)
    judged = []

    def breaking(site, _):
        judged.append(site)
        store.breaks += 1
        raise OSError

    monkeypatch.setattr(module, "judge", breaking)
    with pytest.raises(DatabaseUnreachableError, match="it broke off while sites were judged"):
        asked(desk)
    sites = [NumberedSite(number=n, id="x", site=site_of(shapely.Point(117.6, 49.4), accuracy_m=5)) for n in (1, 2)]
    judged.clear()
    with pytest.raises(DatabaseUnreachableError):
        desk.rows(sites_table(sites))
    assert len(judged) == 1 + len(pauses) / 2  # the first of two sites, and no waiting for the second each time


def test_a_layer_that_was_not_given_at_the_start_is_asked_for_again(workspace, pauses, monkeypatch):
    """Opened while the database is away, a desk would answer `unknown` to every site of the batch."""
    opened = [Breaking(open_workspace(workspace)) for _ in range(2)]
    opened[0].open_version = lambda entry: setattr(opened[0], "breaks", 1) or opened[1].open_version(entry)
    left = list(opened)
    monkeypatch.setattr(module, "open_workspace", lambda _: left.pop(0))
    assert asked(Desk.opened(WHERE, DAY))[0] == "hit"
    assert (left, pauses) == ([], [0.5])


def test_patience_ends(pauses):
    def away():
        raise DatabaseUnreachableError(path=WHERE, detail="away")

    with pytest.raises(DatabaseUnreachableError, match="away"):
        patiently(away)
    assert np.sum(pauses) == pytest.approx(17.5)
