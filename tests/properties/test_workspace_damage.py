"""
Whatever is done to the files of a workspace, a version is read as it was written or is known to be damaged.

The judge trusts nothing of the store's own bookkeeping: it keeps what was given to
``write_version`` and compares what comes back with that.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.errors import DamagedVersionError, NotAWorkspaceError
from layers.workspace import FolderStore, VersionEntry
from layers.workspace.manifest import decode_manifest

if TYPE_CHECKING:
    from pathlib import Path

KINDS = ("red_lines", "control_units", "water_sources")
NUMBER = st.integers(min_value=0, max_value=2**31)


@dataclass(frozen=True, kw_only=True)
class Original:
    """A workspace nobody touched, and what was put into it."""

    root: Path
    entries: tuple[VersionEntry, ...]
    cards: dict[int, dict[str, object]]
    arrays: dict[int, dict[str, np.ndarray]]
    manifests: tuple[bytes, ...]  # after each writing, the oldest first


@pytest.fixture(scope="module")
def original(tmp_path_factory) -> Original:
    root = tmp_path_factory.mktemp("original") / "ws"
    store = FolderStore.create(root, required_kinds=KINDS, region="150781")
    manifests = [(root / "workspace.json").read_bytes()]
    cards, arrays = {}, {}
    # Same shapes and cards of the same length everywhere: sizes alone give nothing away.
    for number, (layer, kind) in enumerate([("红线", 0), ("单元", 1), ("水源", 2), ("红线", 0)], start=1):
        random = np.random.default_rng(number)
        cards[number] = {"kind": KINDS[kind], "name": layer, "n": number, "office": "x" * (20 - len(KINDS[kind]))}
        arrays[number] = {
            "pieces/bounds": random.random((2_000, 5)),  # 80,000 bytes: two blocks, and row 1,638 lies in both
            "ids": random.integers(0, 9, 5, dtype=np.int32),
            "none": np.empty((0, 2)),
        }
        store.write_version(
            layer=layer, kind=KINDS[kind], theme=layer, role="protective", data_date="2024-05-01", valid_from=None,
            valid_until=None, card=cards[number], arrays=arrays[number], source=(bytes([number]) * 50, "csv"),
            files={"features.gpkg": random.bytes(70_000), "coverage.wkb": random.bytes(9)}, replace=number == 4,
        )  # fmt: skip
        manifests.append((root / "workspace.json").read_bytes())
    (root / ".lock").unlink(missing_ok=True)
    return Original(root=root, entries=store.entries, cards=cards, arrays=arrays, manifests=tuple(manifests[:-1]))


# What may happen to a folder. Each takes the workspace and three numbers, and picks by them.


def files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def folders(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_dir())


def pick(paths: list[Path], number: int) -> Path | None:
    return paths[number % len(paths)] if paths else None


def flip(root: Path, a: int, b: int, c: int) -> None:
    path = pick([path for path in files(root) if path.stat().st_size], a)
    if path:
        data = bytearray(path.read_bytes())
        data[b % len(data)] ^= 1 << c % 8
        path.write_bytes(bytes(data))


def blank(root: Path, a: int, b: int, c: int) -> None:
    path = pick([path for path in files(root) if path.stat().st_size], a)
    if path:
        data = path.read_bytes()
        start = b % len(data)
        gone = min(c % 5000 + 1, len(data) - start)
        path.write_bytes(data[:start] + bytes(gone) + data[start + gone :])


def cut(root: Path, a: int, b: int, c: int) -> None:
    if path := pick(files(root), a):
        data = path.read_bytes()
        path.write_bytes(data[: b % (len(data) + 1)])


def drop(root: Path, a: int, b: int, c: int) -> None:
    """Lose bytes in the middle and make up for them at the end: the size stays."""
    path = pick([path for path in files(root) if path.stat().st_size], a)
    if path:
        data = path.read_bytes()
        start, gone = b % len(data), c % 100 + 1
        path.write_bytes((data[:start] + data[start + gone :]).ljust(len(data), b" "))


def append(root: Path, a: int, b: int, c: int) -> None:
    if path := pick(files(root), a):
        path.write_bytes(path.read_bytes() + bytes([b % 256]) * (c % 3000 + 1))


def delete(root: Path, a: int, b: int, c: int) -> None:
    if path := pick(files(root), a):
        path.unlink()


def swap(root: Path, a: int, b: int, c: int) -> None:
    first, second = pick(files(root), a), pick(files(root), b)
    if first and second:
        data = first.read_bytes()
        first.write_bytes(second.read_bytes())
        second.write_bytes(data)


def swap_namesakes(root: Path, a: int, b: int, c: int) -> None:
    """Swap a file with the one of the same name in another version."""
    first = pick(files(root), a)
    second = pick([path for path in files(root) if first and path.name == first.name], b)
    if first and second:
        data = first.read_bytes()
        first.write_bytes(second.read_bytes())
        second.write_bytes(data)


def overwrite(root: Path, a: int, b: int, c: int) -> None:
    first = pick(files(root), a)
    second = pick([path for path in files(root) if first and path.name == first.name], b)
    if first and second:
        second.write_bytes(first.read_bytes())


def delete_folder(root: Path, a: int, b: int, c: int) -> None:
    if path := pick(folders(root), a):
        shutil.rmtree(path)


def rename_folder(root: Path, a: int, b: int, c: int) -> None:
    names = ["红线", "单元", "v0001-00000000", "old", "INDEX", "x y", "Layers", ".hidden"]
    path = pick(folders(root), a)
    if path and not path.with_name(names[b % len(names)]).exists():
        path.rename(path.with_name(names[b % len(names)]))


def move_folder(root: Path, a: int, b: int, c: int) -> None:
    path, into = pick(folders(root), a), pick(folders(root), b)
    if path and into and not into.is_relative_to(path) and not (into / path.name).exists():
        path.rename(into / path.name)


def swap_folders(root: Path, a: int, b: int, c: int) -> None:
    first = pick(folders(root), a)
    level = [path for path in folders(root) if first and len(path.parts) == len(first.parts)]
    second = pick(level, b)
    if first and second and first != second:
        aside = root / "aside"
        first.rename(aside)
        second.rename(first)
        aside.rename(second)


def copy_folder(root: Path, a: int, b: int, c: int) -> None:
    path, into = pick(folders(root), a), pick(folders(root), b)
    if path and into and not into.is_relative_to(path) and not (into / f"{path.name} copy").exists():
        shutil.copytree(path, into / f"{path.name} copy")


TO_FILES = (flip, blank, cut, drop, append, delete)
MUTATIONS = (*TO_FILES, swap, swap_namesakes, overwrite, delete_folder, rename_folder, move_folder, swap_folders,
             copy_folder)  # fmt: skip
STEPS = st.lists(st.tuples(st.sampled_from(MUTATIONS), NUMBER, NUMBER, NUMBER), min_size=1, max_size=3)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("scratch")


def fresh(original: Original, scratch: Path) -> Path:
    root = scratch / "ws"
    if root.exists():
        shutil.rmtree(root)
    shutil.copytree(original.root, root)
    return root


def judge(original: Original, root: Path, rows: list[int]) -> set[str]:
    """Read everything back; give what became of it. Wrong data, or data lost in silence, fails."""
    try:
        store = FolderStore.open(root)
    except NotAWorkspaceError:
        return {"no workspace"}
    spoiled = {damage.kind for damage in store.damages}
    if None in spoiled:
        return {"every kind unknown"}
    assert store.manifest_readable
    assert (store.required_kinds, store.region) == (KINDS, "150781")
    outcomes = set()
    for entry in original.entries:
        if entry.kind in spoiled:
            outcomes.add("kind unknown")
            continue
        assert entry in store.entries, f"{entry.layer} {entry.version} is lost and nothing says so"
        try:
            version = store.open_version(entry)
            assert version.card == original.cards[entry.sequence]
            assert set(version.names) == set(original.arrays[entry.sequence])
        except DamagedVersionError as error:
            outcomes.add("version refused" if error.entry == entry else "another version refused")
            continue
        for name, expected in original.arrays[entry.sequence].items():
            outcomes.add(read_array(version, name, expected, rows))
    assert "another version refused" not in outcomes
    return outcomes


def read_array(version, name: str, expected: np.ndarray, rows: list[int]) -> str:
    try:
        array = version.array(name)
    except DamagedVersionError:
        return "array refused"
    outcome = "as written"
    keys = [slice(None)] if not len(expected) else [row % len(expected) for row in rows]
    for key in (*keys, np.array(keys[:3]) if len(expected) else slice(0), slice(1, 5), slice(None)):
        try:
            got = array[key]
        except DamagedVersionError:
            outcome = "block refused"
        else:
            assert np.array_equal(got, expected[key]), f"{name}[{key}] is not what was written"
    return outcome


def test_untouched_workspace_reads_as_it_was_written(original, scratch):
    root = fresh(original, scratch)
    assert judge(original, root, [0, 1_999]) == {"as written"}
    assert FolderStore.open(root).verify() == ()


@settings(max_examples=100, deadline=None)
@given(steps=STEPS, rows=st.lists(NUMBER, min_size=1, max_size=4))
def test_no_damage_is_taken_for_data(original, scratch, steps, rows):
    root = fresh(original, scratch)
    for mutate, a, b, c in steps:
        mutate(root, a, b, c)
    judge(original, root, rows)


@settings(max_examples=40, deadline=None)
@given(age=NUMBER, mutate=st.sampled_from((None, *TO_FILES)), a=NUMBER, b=NUMBER, c=NUMBER)
def test_older_manifest_does_not_hide_what_came_later(original, scratch, age, mutate, a, b, c):
    root = fresh(original, scratch)
    (root / "workspace.json").write_bytes(original.manifests[age % len(original.manifests)])
    if mutate:
        mutate(root, a, b, c)
    assert judge(original, root, [a]) & {"kind unknown", "every kind unknown", "no workspace"}


@settings(max_examples=40, deadline=None)
@given(mutate=st.sampled_from(TO_FILES), a=NUMBER, b=NUMBER, c=NUMBER)
def test_full_check_finds_every_changed_byte(original, scratch, mutate, a, b, c):
    root = fresh(original, scratch)
    before = {path: path.read_bytes() for path in files(root)}
    mutate(root, a, b, c)
    changed = [path for path in before if not path.exists() or path.read_bytes() != before[path]]
    damages = FolderStore.open(root).verify()
    assert bool(damages) == bool(changed), (mutate.__name__, changed)
    if changed and changed[0].name != "workspace.json":
        assert damages[0].path in changed[0].as_posix()


def test_every_changed_or_missing_byte_of_the_manifest_is_noticed(original):
    data = (original.root / "workspace.json").read_bytes()
    assert decode_manifest(data).entries == original.entries
    for at in range(len(data)):
        with pytest.raises(ValueError):
            decode_manifest(data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :])
        with pytest.raises(ValueError):
            decode_manifest(data[:at])


@pytest.mark.parametrize("at", [0, 65_535, 65_536, 79_999])
@pytest.mark.parametrize("sequence", [1, 2, 3, 4])
def test_every_end_of_every_block_is_guarded(original, scratch, sequence, at):
    root = fresh(original, scratch)
    entry = original.entries[sequence - 1]
    path = root / "layers" / entry.folder / entry.version / "index" / "pieces.bounds.bin"
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 0x80]))
        os.fsync(file.fileno())
    row = at // 40  # 5 columns of 8 bytes; bytes 65,535 and 65,536 are both of row 1,638
    for key in (row, slice(row, row + 1), np.array([row])):
        with pytest.raises(DamagedVersionError, match=f"block {at // 65_536} is damaged"):
            FolderStore.open(root).open_version(entry).array("pieces/bounds")[key]
