"""A re-screening in several processes keeps what one in this process keeps, or changes nothing."""

from __future__ import annotations

import multiprocessing
from typing import TYPE_CHECKING, Any

import pytest
import shapely

from layers.workspace import open_workspace
from screening.errors import RegisterUnusableError
from screening.inquiry import Inquiry
from screening.register import Register, rescreen, rescreening
from screening.site import site_of
from tests.building import add
from tests.workspace_places import FolderPlace

if TYPE_CHECKING:
    from tests.workspace_places import DatabasePlace

AS_OF = "2026-11-22"
AREA = shapely.box(117.0, 49.3, 117.6, 49.7)
RED = shapely.box(117.2, 49.4, 117.22, 49.42)
MOVED = shapely.box(117.2, 49.4, 117.225, 49.42)
PARK = shapely.box(117.3, 49.5, 117.32, 49.52)
NAMES = ("单进程", "多进程")


@pytest.fixture(autouse=True)
def few_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other processes are begun for a handful of sites; a step has two of them."""
    monkeypatch.setattr(rescreening, "ENOUGH", 2)
    monkeypatch.setattr("screening.register.answering.STEP", 2)


def registered(place: FolderPlace | DatabasePlace, name: str) -> Any:
    """A workspace in which nine sites are registered, and then the red line grows."""
    store = place.make(name, kinds=("red_lines", "protected_areas"))
    add(store, "red_lines", [RED], [{"id": "a", "名称": "甲"}], coverage=AREA, accuracy_m=5.0)
    add(store, "protected_areas", [PARK], [{"id": "p", "名称": "公园"}], name="保护地", coverage=AREA)
    sites = [site_of(shapely.Point(117.2 + k * 0.004, 49.41), accuracy_m=5, name=f"点{k}") for k in range(9)]
    with Register(place.open(name), create=True) as register:
        register.add_many(Inquiry(site=site, as_of=AS_OF) for site in sites)
    grown = {"replace": True, "data_date": "2025-01-01", "coverage": AREA, "accuracy_m": 5.0}
    add(place.open(name), "red_lines", [MOVED], [{"id": "a", "名称": "甲"}], **grown)
    return place.open(name)


def kept(store: Any) -> tuple[list[Any], list[Any]]:
    """Every document and every notice."""
    with Register(open_workspace(store.root)) as register:
        return [register.document(row.id) for row in register.sites()], [n.to_dict() for n in register.notices()]


def test_processes_keep_what_one_keeps(place):
    found = []
    for name, workers in zip(NAMES, (1, 2), strict=True):
        store = registered(place, name)
        before = multiprocessing.active_children()
        seen = []
        with Register(store) as register:
            done = rescreen(
                register,
                as_of=AS_OF,
                every=True,
                workers=workers,
                progress=lambda *_: seen.append(len(multiprocessing.active_children())),  # noqa: B023 - used at once
            )
        found.append((done, kept(store)))
        assert max(seen) > len(before) if workers > 1 else max(seen) == len(before)
    (one, kept_by_one), (other, kept_by_other) = found
    assert kept_by_one == kept_by_other
    assert one.to_dict() == other.to_dict()
    assert one.run == 9
    assert {n["site"] for n in kept_by_one[1]} >= {6, 7}  # 240 m and more to the east: reached by the growth


def test_process_that_dies_leaves_the_register_as_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "screening.register.answering.STEP", 1
    )  # so that not all is handed out when the first come back
    place = FolderPlace(tmp_path)
    store = registered(place, NAMES[1])
    before = kept(store)

    def kill(*_: int) -> None:
        for child in multiprocessing.active_children():
            child.kill()

    with Register(store) as register, pytest.raises(RegisterUnusableError, match=r"ended from outside.*--workers"):
        rescreen(register, as_of=AS_OF, every=True, workers=2, progress=kill)
    assert kept(store) == before


def test_workspace_that_is_another_by_now_is_not_mixed_in(tmp_path):
    place = FolderPlace(tmp_path)
    store = registered(place, NAMES[1])
    before = kept(store)
    more = {"replace": True, "data_date": "2025-06-01", "coverage": AREA, "accuracy_m": 5.0}
    add(place.open(NAMES[1]), "red_lines", [RED], [{"id": "a", "名称": "甲"}], **more)
    with Register(store) as register, pytest.raises(RegisterUnusableError, match="replaced meanwhile"):
        rescreen(register, as_of=AS_OF, every=True, workers=2)
    assert kept(store) == before
