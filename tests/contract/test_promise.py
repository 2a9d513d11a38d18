"""
§4, the promise: whatever is lost or corrupted in a workspace, answers move only towards ``unknown``.

One workspace in which sites are hit, uncertain, clear and unknown is broken in every way a disk, a copy or a hand can
break it; the same sites are asked again. The judge knows the answers of the whole workspace and nothing of digests.
"""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layers.errors import ExpectationError, NotAWorkspaceError
from layers.workspace import FolderStore
from screening.batch.desk import Desk
from screening.batch.table import NumberedSite, sites_table
from screening.screen import screen
from screening.site import site_of
from tests.building import add, workspace_at
from tests.contract.places import AS_OF, COUNTY, FAR, ZONE, MemoryStore, ask, beside, codes, finding, off, one

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from screening.reasons import Answer
    from screening.verdict import Verdict

KINDS = ("red_lines", "protected_areas", "water_sources", "control_units")
BLOCK = 64 * 1024
RING = shapely.Point(117.75, 49.45).buffer(0.05, quad_segs=4000)
"""16,000 vertices: its index has several blocks of 64 KiB."""
SITES = {
    "hit": shapely.Point(117.45, 49.45),
    "uncertain": beside(10.0),
    "clear": FAR,
    "unknown": shapely.Point(118.01, 49.8),
    "hit in the ring": shapely.Point(117.75, 49.45),
    "hit in a unit": shapely.Point(117.05, 49.05),
}
FEW = ("hit", "clear")
"""Where time is short: the two that can move wrongly the farthest."""
ORDER: dict[Answer, int] = {"hit": 3, "uncertain": 2, "unknown": 1, "clear": 0}


@dataclass(frozen=True, kw_only=True)
class Whole:
    """A workspace nobody broke, another to copy from, the manifests it had before, and its answers."""

    root: Path
    other: Path
    manifests: tuple[bytes, ...]
    verdicts: dict[str, Verdict]


def verdicts(root: Path) -> dict[str, Verdict]:
    return {
        name: screen(site_of(geometry, accuracy_m=7.0), FolderStore.open(root), as_of=AS_OF)
        for name, geometry in SITES.items()
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Whole:
    folder = tmp_path_factory.mktemp("whole")
    store = workspace_at(folder / "ws", *KINDS)
    manifests = []

    def put(kind, shapes, rows=None, **options):
        manifests.append((store.root / "workspace.json").read_bytes())
        add(store, kind, shapes, rows, **{"coverage": COUNTY, "accuracy_m": 24.0, **options})

    put("red_lines", [shapely.Point(117.2, 49.8).buffer(0.01)])
    put("red_lines", [ZONE, RING], replace=True, data_date="2025-01-01")
    put("protected_areas", [ZONE, shapely.box(117.39, 49.39, 117.5, 49.5)], [{"状态": "并入乙"}, {"名称": "乙"}])
    put("water_sources", [], declared_none=True, source="局")
    west = shapely.box(117.0, 49.0, 117.1, 50.0)
    put("control_units", [west, COUNTY.difference(west)], [{"分类": 1}, {"分类": 3}])
    put("sensitive_targets", [shapely.Point(117.6, 49.6)], [{"名称": "甲"}], coverage=None)
    other = workspace_at(folder / "other", *KINDS)
    add(other, "red_lines", [shapely.Point(117.1, 49.1).buffer(0.01)], coverage=COUNTY, accuracy_m=24.0)
    add(other, "protected_areas", [], declared_none=True, source="局", coverage=COUNTY)
    for root in (store.root, other.root):
        (root / ".lock").unlink(missing_ok=True)
    return Whole(root=store.root, other=other.root, manifests=tuple(manifests), verdicts=verdicts(store.root))


@pytest.fixture(scope="module")
def scratch(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("scratch") / "ws"


def broken(whole: Whole, scratch: Path) -> Path:
    if scratch.exists():
        shutil.rmtree(scratch)
    shutil.copytree(whole.root, scratch)
    return scratch


def moved_wrongly(before: Answer, after: Answer) -> bool:
    """Towards ``unknown`` is down to it from above, and up to it from ``clear``; never past it."""
    low, high = sorted((ORDER[before], ORDER["unknown"]))
    return not low <= ORDER[after] <= high


def judge(whole: Whole, root: Path, sites: Iterable[str] = tuple(SITES)) -> set[str]:
    """Ask every site again; give the kinds of sites whose answers moved."""
    try:
        store = FolderStore.open(root)
    except NotAWorkspaceError:
        return {"no workspace"}
    moved = set()
    for name in sites:
        geometry = SITES[name]
        before = whole.verdicts[name]
        after = screen(site_of(geometry, accuracy_m=7.0), store, as_of=AS_OF)
        for kind in KINDS:
            was, now = before.kinds[kind], after.kinds.get(kind, "unknown")
            assert not moved_wrongly(was, now), f"{name}: {kind} moved from {was} to {now}"
        assert not moved_wrongly(before.answer, after.answer), f"{name}: {before.answer} became {after.answer}"
        words = {"yes": "hit", "no": "clear"}
        for key in ("in_priority_zone", "in_red_line", "in_priority_unit", "in_protected_area", "in_water_source_zone"):
            was, now = (words.get(str(getattr(v, key)), str(getattr(v, key))) for v in (before, after))
            assert not moved_wrongly(was, now), f"{name}: {key} moved from {was} to {now}"  # type: ignore[arg-type]
        if after.answer != before.answer or after.kinds != before.kinds:
            moved.add(name)
            assert after.warnings, f"{name}: its answer moved and nothing is said"
    judge_together(whole, root, sites)
    return moved


def judge_together(whole: Whole, root: Path, sites: Iterable[str]) -> None:
    """The same sites as one batch: many answered together keep the promise as one does."""
    names = list(sites)
    numbered = [
        NumberedSite(number=n, id=name, site=site_of(SITES[name], accuracy_m=7.0)) for n, name in enumerate(names, 1)
    ]
    for row in Desk.opened(root, AS_OF).rows(sites_table(numbered)).to_pylist():
        before = whole.verdicts[row["site_id"]]
        for kind in KINDS:
            was, now = before.kinds[kind], row[kind] or "unknown"
            assert not moved_wrongly(was, now), f"{row['site_id']} in a batch: {kind} moved from {was} to {now}"
        assert not moved_wrongly(before.answer, row["answer"]), f"{row['site_id']} in a batch: {row['answer']}"


def files(root: Path, *names: str) -> list[Path]:
    found = sorted(path for path in root.rglob("*") if path.is_file())
    return [path for path in found if not names or path.name in names]


def folders(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_dir())


def test_direction_rule():
    assert [moved_wrongly("hit", x) for x in ORDER] == [False, False, False, True]
    assert [moved_wrongly("uncertain", x) for x in ORDER] == [True, False, False, True]
    assert [moved_wrongly("unknown", x) for x in ORDER] == [True, True, False, True]
    assert [moved_wrongly("clear", x) for x in ORDER] == [True, True, False, False]


def test_whole_workspace_has_every_answer(whole):
    assert {name: v.answer for name, v in whole.verdicts.items()} == {
        "hit": "hit",
        "uncertain": "uncertain",
        "clear": "clear",
        "unknown": "unknown",
        "hit in the ring": "hit",
        "hit in a unit": "hit",
    }
    assert judge(whole, whole.root) == set()
    assert max(path.stat().st_size for path in files(whole.root / "layers")) > 3 * BLOCK


# Every file, every way


def flip_first(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


def zero(data: bytes) -> bytes:
    return bytes(len(data))


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def append(data: bytes) -> bytes:
    return data + b"\0"


def empty(_: bytes) -> bytes:
    return b""


CHANGES = (None, cut, append, zero, flip_first, empty)


def test_no_change_of_any_one_file_moves_an_answer_past_unknown(whole, scratch):
    """One file of every layer at a time (each kind is judged by itself), lost or changed, the next in the next way."""
    root = broken(whole, scratch)
    versions = sorted(path for path in (root / "layers").glob("*/*"))
    lists = [files(version) for version in versions if version.parent.name != "red_lines"]
    newest = versions[[v.parent.name for v in versions].index("red_lines") + 1]
    lists += [files(newest), [root / "workspace.json"]]
    moved = 0
    for number in range(max(map(len, lists))):
        chosen = [paths[number] for paths in lists if number < len(paths)]
        kept = {path: path.read_bytes() for path in chosen}
        change = CHANGES[number % len(CHANGES)]
        for path, data in kept.items():
            if change is None:
                path.unlink()
            else:
                path.write_bytes(change(data or b"x"))
        moved += bool(judge(whole, root, FEW))
        for path, data in kept.items():
            path.write_bytes(data)
    assert moved > 30
    assert judge(whole, root) == set()


@pytest.mark.parametrize(
    "name", ["workspace.json", "card.json", "checksums.json", "records.counts.bin", "pieces.bounds.bin"]
)
@pytest.mark.parametrize("change", CHANGES, ids=lambda c: "lost" if c is None else c.__name__)
def test_what_every_check_reads_makes_its_kinds_unknown(whole, scratch, name, change):
    root = broken(whole, scratch)
    for path in files(root, name):
        if "control_units" in path.as_posix() or name == "workspace.json":
            data = path.read_bytes()
            path.unlink() if change is None else path.write_bytes(change(data))
    verdict = screen(site_of(FAR, accuracy_m=7.0), FolderStore.open(root), as_of=AS_OF)
    lost = set(KINDS) if name == "workspace.json" else {"control_units"}
    assert {k for k in KINDS if verdict.kinds[k] == "unknown"} == lost


def test_no_corruption_of_any_block_moves_an_answer_past_unknown(whole, scratch):
    root = broken(whole, scratch)
    rng = random.Random(8)
    blocks = 0
    for path in files(root / "layers"):
        data = path.read_bytes()
        for start in range(0, len(data), BLOCK):
            if len(data) <= BLOCK or path.suffix == ".gpkg":
                continue
            at = rng.randrange(start, min(start + BLOCK, len(data)))
            path.write_bytes(data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :])
            judge(whole, root, ("hit", "clear", "hit in the ring"))
            blocks += 1
        path.write_bytes(data)
    assert blocks > 10


def test_published_copies_are_not_what_screening_reads(whole, scratch):
    root = broken(whole, scratch)
    for path in files(root, "features.gpkg", "coverage.gpkg", "rejected.gpkg"):
        path.write_bytes(zero(path.read_bytes()))
    assert judge(whole, root) == set()
    assert len(FolderStore.open(root).verify()) > 4  # and a full check finds them


def test_swapped_files_of_two_versions_move_no_answer_past_unknown(whole, scratch):
    root = broken(whole, scratch)
    names = sorted({path.name for path in files(root / "layers")})
    for name in names:
        same = [path for path in files(root / "layers") if path.name == name]
        contents = [path.read_bytes() for path in same]
        for path, data in zip(same, contents[1:] + contents[:1], strict=True):
            path.write_bytes(data)
        judge(whole, root, FEW)
        for path, data in zip(same, contents, strict=True):
            path.write_bytes(data)
    assert judge(whole, root) == set()


# Folders and manifests


def each_folder(whole: Whole, scratch: Path) -> Iterator[Path]:
    for path in folders(whole.root / "layers"):
        yield broken(whole, scratch) / path.relative_to(whole.root)


def test_folder_lost_moves_answers_to_unknown_only(whole, scratch):
    for path in each_folder(whole, scratch):
        shutil.rmtree(path)
        moved = judge(whole, scratch, FEW)
        assert moved or "sensitive_targets" in path.as_posix() or "v0001" in path.as_posix()


def test_folder_renamed_moves_answers_to_unknown_only(whole, scratch):
    for path in each_folder(whole, scratch):
        path.rename(path.with_name(path.name + "x"))
        moved = judge(whole, scratch, FEW)
        assert moved or "sensitive_targets" in path.as_posix()


def test_folder_that_is_a_file_moves_answers_to_unknown_only(whole, scratch):
    for path in each_folder(whole, scratch):
        shutil.rmtree(path)
        path.write_bytes(b"")
        judge(whole, scratch, FEW)


def test_layers_folder_lost_leaves_every_kind_unknown(whole, scratch):
    root = broken(whole, scratch)
    shutil.rmtree(root / "layers")
    store = FolderStore.open(root)
    for geometry in SITES.values():
        verdict = screen(site_of(geometry, accuracy_m=7.0), store, as_of=AS_OF)
        assert set(verdict.kinds.values()) == {"unknown"}
        assert verdict.in_priority_zone == "unknown"


@pytest.mark.parametrize("content", [None, b"", b"{}", b"null", b"\xff\xfe", b'{"format_version":1,"layers":{}}'])
def test_manifest_lost_or_replaced_leaves_every_kind_unknown(whole, scratch, content):
    root = broken(whole, scratch)
    (root / "workspace.json").unlink() if content is None else (root / "workspace.json").write_bytes(content)
    judge(whole, root)
    verdict = screen(site_of(FAR, accuracy_m=7.0), FolderStore.open(root), as_of=AS_OF)
    assert set(verdict.kinds) >= set(KINDS)
    assert set(verdict.kinds.values()) == {"unknown"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'"required_kinds":["red_lines",', b'"required_kinds":['),
        (b'"role":"protective"', b'"role":"context"'),
        (b'"valid_from":"2025-01-01"', b'"valid_from":"2029-01-01"'),
        (b'"kind":"red_lines"', b'"kind":"red_linez"'),
    ],
)
def test_manifest_edited_without_its_digest_leaves_every_kind_unknown(whole, scratch, before, after):
    root = broken(whole, scratch)
    data = (root / "workspace.json").read_bytes()
    assert before in data
    (root / "workspace.json").write_bytes(data.replace(before, after))
    verdict = screen(site_of(FAR, accuracy_m=7.0), FolderStore.open(root), as_of=AS_OF)
    assert {verdict.kinds[kind] for kind in KINDS} == {"unknown"}
    judge(whole, root, FEW)


def test_every_earlier_manifest_leaves_what_came_after_it_unknown(whole, scratch):
    for manifest in whole.manifests:
        root = broken(whole, scratch)
        (root / "workspace.json").write_bytes(manifest)
        assert judge(whole, root)


def test_manifest_of_another_workspace_moves_answers_to_unknown_only(whole, scratch):
    root = broken(whole, scratch)
    shutil.copy(whole.other / "workspace.json", root / "workspace.json")
    assert judge(whole, root) >= {"hit", "clear"}


def test_folder_copied_in_from_another_workspace_makes_its_kind_unknown(whole, scratch):
    for layer in ("red_lines", "protected_areas"):
        root = broken(whole, scratch)
        (version,) = (whole.other / "layers" / layer).iterdir()
        shutil.copytree(version, root / "layers" / layer / version.name, dirs_exist_ok=True)
        judge(whole, root)
        verdict = screen(site_of(FAR, accuracy_m=7.0), FolderStore.open(root), as_of=AS_OF)
        assert {k for k, answer in verdict.kinds.items() if answer == "unknown"} == {layer}
        root = broken(whole, scratch)
        shutil.copytree(whole.other / "layers" / layer, root / "layers" / "copied")
        verdict = screen(site_of(FAR, accuracy_m=7.0), FolderStore.open(root), as_of=AS_OF)
        assert {k for k, answer in verdict.kinds.items() if answer == "unknown"} == {layer}


def test_layer_folder_put_in_the_place_of_anothers_moves_answers_to_unknown_only(whole, scratch):
    root = broken(whole, scratch)
    shutil.rmtree(root / "layers" / "red_lines")
    shutil.copytree(whole.other / "layers" / "red_lines", root / "layers" / "red_lines")
    assert judge(whole, root) >= {"hit", "clear"}


def test_folder_whose_card_cannot_be_read_makes_every_kind_unknown(whole, scratch):
    root = broken(whole, scratch)
    (root / "layers" / "new").mkdir()
    verdict = screen(site_of(FAR, accuracy_m=7.0), FolderStore.open(root), as_of=AS_OF)
    assert set(verdict.kinds.values()) == {"unknown"}
    judge(whole, root)


def test_copied_workspace_answers_as_the_first(whole, scratch):
    root = broken(whole, scratch)
    assert {n: v.to_json() for n, v in verdicts(root).items()} == {n: v.to_json() for n, v in whole.verdicts.items()}


def test_answers_are_judged_on_what_was_read_when_files_change_after_opening(whole, scratch):
    root = broken(whole, scratch)
    store = FolderStore.open(root)
    shutil.rmtree(root / "layers" / "red_lines")
    verdict = screen(site_of(FAR, accuracy_m=7.0), store, as_of=AS_OF)
    assert verdict.kinds["red_lines"] == "unknown"
    assert verdict.kinds["protected_areas"] == "clear"


# All of it together


def _at(paths: list[Path], number: int) -> Path:
    return paths[number % len(paths)]


def _write(root: Path, number: int, change: Callable[[bytes], bytes]) -> None:
    path = _at(files(root), number)
    data = path.read_bytes()
    path.write_bytes(change(data))


STEPS = {
    "flip": lambda r, a, b: _write(
        r, a, lambda d: d[: b % len(d)] + bytes([d[b % len(d)] ^ 0x10]) + d[b % len(d) + 1 :] if d else d
    ),
    "zero 64 KiB": lambda r, a, b: _write(
        r,
        a,
        lambda d: d[: b % (len(d) + 1)] + bytes(min(BLOCK, len(d) - b % (len(d) + 1))) + d[b % (len(d) + 1) + BLOCK :],
    ),
    "cut": lambda r, a, b: _write(r, a, lambda d: d[: b % (len(d) + 1)]),
    "append": lambda r, a, b: _write(r, a, lambda d: d + bytes([b % 256])),
    "drop": lambda r, a, b: _write(
        r, a, lambda d: (d[: b % (len(d) + 1)] + d[b % (len(d) + 1) + 9 :]).ljust(len(d), b"\0")
    ),
    "delete": lambda r, a, b: _at(files(r), a).unlink(),
    "copy over": lambda r, a, b: _at(files(r), a).write_bytes(_at(files(r), b).read_bytes()),
    "delete folder": lambda r, a, b: shutil.rmtree(_at(folders(r), a)),
    "copy folder": lambda r, a, b: (
        shutil.copytree(_at(folders(r / "layers"), a), r / "layers" / f"c{b % 99}", dirs_exist_ok=True)
        if folders(r / "layers")
        else None
    ),
}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 2**31), st.integers(0, 2**31)), min_size=1, max_size=3
    )
)
def test_promise(whole, scratch, steps):
    root = broken(whole, scratch)
    for name, a, b in steps:
        if files(root) and folders(root):
            STEPS[name](root, a, b)
    judge(whole, root, ("hit", "uncertain", "clear"))


# What is checked, and what is not


def test_what_is_read_is_checked_block_by_block(whole, scratch):
    """A block that no question touches may be broken; the one that is touched may not."""
    root = broken(whole, scratch)
    (path,) = [p for p in files(root, "pieces.wkb.bin") if "red_lines" in p.as_posix() and p.stat().st_size > 3 * BLOCK]
    data = path.read_bytes()
    last = len(data) - 10
    path.write_bytes(data[:last] + bytes([data[last] ^ 1]) + data[last + 1 :])
    site = site_of(SITES["hit"], accuracy_m=7.0)
    assert screen(site, FolderStore.open(root), as_of=AS_OF).kinds["red_lines"] == "hit"
    path.write_bytes(zero(data))
    assert screen(site, FolderStore.open(root), as_of=AS_OF).kinds["red_lines"] == "unknown"


def test_damaged_layer_is_named_in_the_verdict(whole, scratch):
    root = broken(whole, scratch)
    (path,) = [p for p in files(root, "card.json") if "water_sources" in p.as_posix()]
    path.write_bytes(cut(path.read_bytes()))
    verdict = screen(site_of(FAR, accuracy_m=7.0), FolderStore.open(root), as_of=AS_OF)
    (lost,) = [f for f in verdict.findings if f.kind == "water_sources"]
    assert (lost.layer, lost.answer, codes(lost)) == ("water_sources", "unknown", ["layer_unreadable"])
    assert [w["layer"] for w in verdict.warnings if w["code"] == "layer_unreadable"] == ["water_sources"]


def test_damage_in_one_kind_leaves_the_answers_of_the_others(whole, scratch):
    root = broken(whole, scratch)
    shutil.rmtree(root / "layers" / "protected_areas")
    after = verdicts(root)
    assert after["hit"].kinds == whole.verdicts["hit"].kinds | {"protected_areas": "unknown"}
    assert after["clear"].kinds == whole.verdicts["clear"].kinds | {"protected_areas": "unknown"}


def test_damaged_context_layer_does_not_move_an_answer(whole, scratch):
    root = broken(whole, scratch)
    for path in files(root / "layers" / "sensitive_targets"):
        path.write_bytes(zero(path.read_bytes()))
    assert judge(whole, root) == set()
    verdict = verdicts(root)["clear"]
    assert [w["layer"] for w in verdict.warnings] == ["sensitive_targets"]


# Before import


def test_expected_number_of_features_closes_what_a_file_cannot_tell():
    shapes = [ZONE, COUNTY]
    MemoryStore().add("red_lines", shapes, expect_features=2)
    with pytest.raises(ExpectationError, match="3 features are expected and the file holds 2"):
        MemoryStore().add("red_lines", shapes, expect_features=3)


def test_unreadable_features_are_counted_too():
    MemoryStore().add("red_lines", [ZONE], unreadable=[("2", None)], expect_features=2)


def test_expected_area_closes_what_a_file_cannot_tell():
    one("red_lines", ZONE, expect_area_km2=80.6)  # 7.245 by 11.120 km, 0.04 % less than that
    with pytest.raises(ExpectationError, match="km2 are expected"):
        one("red_lines", ZONE, expect_area_km2=82.0)


@pytest.mark.parametrize("geometry", [FAR, beside(26.0), shapely.Point(off(117.0, 49.5, east=60.0))])
def test_site_with_an_unreadable_part_is_never_clear(geometry):
    verdict = ask(one("red_lines", ZONE), geometry, rejected_parts=1)
    assert verdict.answer == "unknown"
    assert "site_part_rejected" in codes(finding(verdict))
    assert {"code": "site_part_rejected", "parts": 1} in verdict.warnings
