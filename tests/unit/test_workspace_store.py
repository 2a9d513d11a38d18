"""A folder workspace: what is written comes back, and nothing else is believed."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import re
import shutil
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest

from layers.errors import (
    DamagedVersionError,
    LayerError,
    LayerExistsError,
    ManifestUnreadableError,
    NotAWorkspaceError,
    WorkspaceBusyError,
    WorkspaceExistsError,
)
from layers.workspace import DAMAGE_CODES, FolderStore, VersionEntry, open_workspace
from layers.workspace.canonical_json import canonical_json, parse_json
from layers.workspace.lock import writing
from layers.workspace.manifest import decode_manifest, encode_manifest
from layers.workspace.names import folder_name, is_plain_folder, is_plain_path, normal_ext

REPO = Path(__file__).resolve().parents[2]
BLOCK = 65536
ROWS = np.arange(20_000, dtype=">f8").reshape(-1, 2) / 4  # 160,000 bytes: blocks 0, 1 and 2
CARD = {"kind": "red_lines", "name": "红线", "counts": {"rejected": 2}, "office": None, "share": 0.1}


def make(tmp_path: Path) -> FolderStore:
    return FolderStore.create(
        tmp_path / "满洲里 核查",
        required_kinds=["red_lines", "control_units"],
        region="150781",
        lock_timeout_s=0.2,
    )


def write(store: FolderStore, layer: str = "红线", kind: str = "red_lines", **changes: object) -> VersionEntry:
    given: dict[str, object] = {
        "theme": kind,
        "role": "protective",
        "data_date": "2024-05-01",
        "valid_from": "2024-06-01",
        "valid_until": None,
        "card": {**CARD, "kind": kind, "name": layer},
        "arrays": {
            "pieces/bounds": ROWS,
            "ids": np.array([7, 8, 9], dtype=np.int32),
            "none": np.empty((0, 4)),
        },
        "files": {"features.gpkg": bytes(range(256)) * 300},
        "source": (b"source bytes", ".ZIP"),
        "replace": False,
        **changes,
    }
    return store.write_version(layer=layer, kind=kind, **given)  # type: ignore[arg-type]


def where(store: FolderStore, entry: VersionEntry) -> Path:
    return store.root / "layers" / entry.folder / entry.version


def inside(entry: VersionEntry, name: str) -> str:
    return f"layers/{entry.folder}/{entry.version}/{name}"


def flipped(data: bytes, at: int) -> bytes:
    altered = bytearray(data)
    altered[at] ^= 0x01
    return bytes(altered)


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x01
    path.write_bytes(bytes(data))


def sha256(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).hexdigest().encode()


def snapshot(root: Path) -> dict[str, tuple[int, bytes]]:
    return {
        path.relative_to(root).as_posix(): (
            path.stat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(root.rglob("*"))
    }


# What is written comes back


def test_version_comes_back_as_it_was_written(place):
    entry = write(place.make())
    store = place.open()
    assert (store.manifest_readable, store.damages, store.leftovers()) == (True, (), ())
    assert (store.required_kinds, store.region) == (("red_lines", "control_units"), "150781")
    assert store.entries == (entry,)
    assert (entry.layer, entry.folder, entry.kind, entry.theme, entry.role) == (
        "红线", "红线", "red_lines", "red_lines", "protective")  # fmt: skip
    assert (entry.data_date, entry.valid_from, entry.valid_until, entry.sequence) == (
        "2024-05-01",
        "2024-06-01",
        None,
        1,
    )
    assert entry.sha256 == hashlib.sha256(b"source bytes").hexdigest()
    assert entry.source == f"{entry.sha256}.zip"
    assert place.read(store, f"sources/{entry.source}") == b"source bytes"
    version = store.open_version(entry)
    assert version.card == CARD
    assert version.names == ("ids", "none", "pieces/bounds")
    assert np.array_equal(version.array("pieces/bounds").all(), ROWS)
    assert version.array("ids").all().tolist() == [7, 8, 9]
    assert version.read("features.gpkg") == bytes(range(256)) * 300
    version.verify()
    assert store.verify() == ()


def test_folder_is_laid_out_as_the_contract_says(tmp_path):
    store = make(tmp_path)
    entry = write(store)
    folder = where(store, entry)
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    arrays = {"index/pieces.bounds.bin", "index/ids.bin", "index/none.bin", "index/_blocks.bin"}
    assert files == {"card.json", "checksums.json", "features.gpkg"} | arrays
    assert dict(entry.sizes) == {name: (folder / name).stat().st_size for name in files}
    assert {path.name for path in store.root.iterdir()} - {".lock", ".staging"} == {
        "workspace.json", "layers", "sources", "verdicts"}  # fmt: skip
    assert not list((store.root / ".staging").iterdir())
    assert (folder / "index/pieces.bounds.bin").read_bytes() == ROWS.astype("<f8").tobytes()


def test_workspace_is_the_same_after_it_was_copied_elsewhere(tmp_path):
    store = make(tmp_path)
    entry = write(store)
    shutil.copytree(store.root, tmp_path / "elsewhere")
    shutil.rmtree(store.root)
    copy = FolderStore.open(tmp_path / "elsewhere")
    assert (copy.entries, copy.damages) == ((entry,), ())
    copy.open_version(entry).verify()
    assert str(tmp_path).encode() not in b"".join(
        path.read_bytes() for path in copy.root.rglob("*") if path.is_file() and path.name != ".lock"
    )


def test_opening_and_reading_write_nothing(tmp_path):
    store = make(tmp_path)
    entry = write(store)
    (store.root / ".lock").unlink(missing_ok=True)
    (store.root / "layers" / "stray").mkdir()
    before = snapshot(store.root)
    opened = FolderStore.open(store.root)
    opened.open_version(entry).array("pieces/bounds").all()
    opened.verify()
    assert snapshot(store.root) == before


@pytest.mark.parametrize("name", ["workspace.json", "layers"])
def test_folder_with_either_mark_is_opened_as_a_workspace(tmp_path, name):
    (tmp_path / name).mkdir()
    store = FolderStore.open(tmp_path)
    assert not store.manifest_readable
    assert [(damage.code, damage.kind) for damage in store.damages] == [("manifest_unreadable", None)]


def test_folder_without_any_mark_is_no_workspace(tmp_path):
    (tmp_path / "sources").mkdir()
    with pytest.raises(NotAWorkspaceError, match=r"neither workspace\.json nor layers/"):
        FolderStore.open(tmp_path)
    with pytest.raises(NotAWorkspaceError):
        FolderStore.open(tmp_path / "absent")


def test_workspace_is_not_created_over_anything(tmp_path):
    store = make(tmp_path)
    with pytest.raises(WorkspaceExistsError, match="layers"):
        FolderStore.create(store.root, required_kinds=[], region=None)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").touch()
    with pytest.raises(WorkspaceExistsError, match=r"a\.txt"):
        FolderStore.create(tmp_path / "notes", required_kinds=[], region=None)
    with pytest.raises(WorkspaceExistsError):
        FolderStore.create(tmp_path / "notes" / "a.txt", required_kinds=[], region=None)
    with pytest.raises(ValueError, match="each once"):
        FolderStore.create(tmp_path / "new", required_kinds=["a", "a"], region=None)
    (tmp_path / "empty").mkdir()
    assert FolderStore.create(tmp_path / "empty", required_kinds=[], region=None).entries == ()


# Arrays


def test_array_is_indexed_like_numpy(place):
    store = place.make()
    given = np.arange(60_000, dtype=np.int32).reshape(-1, 3)  # rows of 12 bytes: some lie in two blocks
    entry = write(store, arrays={"a": given})
    rows = np.array([19_999, 5461, 0, -1, 5461])  # row 5461 is bytes 65532 to 65544: blocks 0 and 1
    mask = np.arange(20_000) % 5000 == 1
    for key in (0, 5461, -1, np.int64(7), slice(None), slice(5460, 5463), slice(None, None, -7), slice(9, 3), rows,
                list(rows), mask, np.array([], dtype=int), []):  # fmt: skip
        array = store.open_version(entry).array("a")  # each time untouched
        expected = given[key] if not isinstance(key, list) or key else given[:0]
        assert np.array_equal(array[key], expected), key
        assert array[key].dtype == np.dtype("<i4")
    assert (len(array), array.shape, array.dtype) == (20_000, (20_000, 3), np.dtype("<i4"))
    for key in (20_000, -20_001, np.array([20_000]), np.array([-20_001]), mask[1:]):
        with pytest.raises(IndexError):
            array[key]
    for key in (1.5, "a", (0, 1), np.zeros((2, 2), dtype=int), None):
        with pytest.raises(TypeError, match="one-dimensional"):
            array[key]


def test_views_cannot_be_written_to(place):
    store = place.make()
    array = store.open_version(write(store)).array("pieces/bounds")
    with pytest.raises(ValueError, match="read-only"):
        array[0:2][0, 0] = 1.0
    array[np.array([0])][0, 0] = 99.0  # a copy
    assert array[0].tolist() == [0.0, 0.25]


@pytest.mark.parametrize("dtype", ["?", "i1", "<u2", ">i8", "<f2", ">f4", "S3", "<U4", ">U4"])
def test_array_of_every_kind_comes_back_in_little_endian(place, dtype):
    store = place.make()
    given = np.array([0, 1, 0, 1, 1], dtype=int).astype(dtype)
    stored = store.open_version(write(store, arrays={"a": given})).array("a")
    assert stored.dtype == np.dtype(dtype).newbyteorder("<")
    assert np.array_equal(stored.all(), given)


def test_arrays_without_items_come_back(place):
    store = place.make()
    entry = write(store, arrays={"a": np.empty(0), "b": np.empty((0, 3), dtype=bool), "c": np.empty((5, 0))})
    version = store.open_version(entry)
    assert version.array("a").all().shape == version.array("a")[:4].shape == (0,)
    assert version.array("b")[np.array([], dtype=int)].shape == (0, 3)
    assert version.array("c")[2].shape == (0,)
    assert version.array("c")[np.array([1, 4])].shape == (2, 0)
    version.verify()
    with pytest.raises(IndexError):
        version.array("a")[0]
    place.write(store, inside(entry, "index/a.bin"), b"x")
    assert codes(open_workspace(store.root)) == [("file_size", "red_lines")]
    with pytest.raises(DamagedVersionError, match="1 bytes, 0 were written"):
        store.open_version(entry).verify()


def test_non_contiguous_arrays_are_stored_in_row_order(place):
    store = place.make()
    given = np.arange(12.0).reshape(3, 4)
    version = store.open_version(write(store, arrays={"t": given.T, "s": given[::2, ::-1]}))
    assert version.array("t").all().tolist() == given.T.tolist()
    assert version.array("s").all().tolist() == [[3.0, 2.0, 1.0, 0.0], [11.0, 10.0, 9.0, 8.0]]


@pytest.mark.parametrize(
    ("arrays", "error", "match"),
    [
        ({"a": np.array([object()])}, TypeError, "cannot be stored"),
        ({"a": np.zeros(2, dtype="f8,i4")}, TypeError, "cannot be stored"),
        ({"a": np.zeros(2, dtype="M8[D]")}, TypeError, "cannot be stored"),
        ({"a": np.float64(1)}, ValueError, "no axis"),
        ({"A": np.zeros(1)}, ValueError, "no array name"),
        ({"../a": np.zeros(1)}, ValueError, "no array name"),
        ({"_blocks": np.zeros(1)}, ValueError, "no array name"),
        ({"con": np.zeros(1)}, ValueError, "every disk can hold"),
    ],
)
def test_array_that_cannot_be_stored_changes_nothing(place, arrays, error, match):
    store = place.make()
    with pytest.raises(error, match=match):
        write(store, arrays=arrays)
    again = open_workspace(store.root)
    assert (again.entries, again.damages) == ((), ())


@pytest.mark.parametrize(
    "name",
    [
        "card.json",
        "Card.JSON",
        "checksums.json",
        "index/x.bin",
        "../x",
        "/x",
        "a/b/c",
        "a\\b",
        "nul.txt",
        "x ",
        "",
        "x.",
    ],
)
def test_file_with_a_name_that_is_not_free_is_refused(place, name):
    store = place.make()
    with pytest.raises(ValueError, match=r"every disk can hold|used twice|arrays only"):
        write(store, files={name: b""})


def test_files_are_copied_from_paths_and_may_lie_in_folders(place, tmp_path):
    store = place.make()
    (tmp_path / "big").write_bytes(b"0123456789" * 20_000)
    entry = write(
        store,
        files={"coverage.wkb": tmp_path / "big", "extra/note.txt": b""},
        source=(tmp_path / "big", "txt"),
    )
    version = store.open_version(entry)
    assert version.read("coverage.wkb") == b"0123456789" * 20_000
    assert version.read("extra/note.txt") == b""
    assert len(place.read(store, f"sources/{entry.source}")) == 200_000
    with pytest.raises(KeyError):
        version.read("absent")
    with pytest.raises(KeyError):
        version.array("absent")


# Names of layers and folders


def test_layer_names_become_folders_every_disk_can_hold(place):
    store = place.make()
    names = ["满洲里 红线（2024）", 'a/b\\c:*?"<>|%', "CON", "nul.txt", " lead", "trail. ", "..", "Lakes", "lakes", "ＬＡＫＥＳ",
             "长" * 100, "长" * 99 + "短", "tab\there", "zero\u200bwidth", "COM¹"]  # fmt: skip
    for name in names:
        write(store, name, arrays={}, files={}, source=None)
    again = open_workspace(store.root)
    assert ([entry.layer for entry in again.entries], again.damages) == (names, ())
    folders = [entry.folder for entry in again.entries]
    assert folders[0] == names[0]
    assert len({folder.casefold() for folder in folders}) == len(names)
    for folder in folders:
        assert is_plain_folder(folder)
        assert len(folder) <= 62
        assert place.kind != "folder" or (store.root / "layers" / folder).is_dir()


def test_name_is_kept_and_compared_in_nfc(place):
    store = place.make()
    assert write(store, "Re\u0301serve").layer == "R\u00e9serve"
    with pytest.raises(LayerExistsError, match="R\u00e9serve"):
        write(store, "R\u00e9serve")
    for blank in ("", "  ", "\ud800"):
        with pytest.raises(ValueError, match="name"):
            write(store, blank)


@pytest.mark.parametrize(
    ("layer", "folder"),
    [
        ("..", "%2E%2E"),
        (".a", "%2Ea"),
        ("LPT9.shp", "%4CPT9.shp"),
        ("console", "console"),
        ("a%2Fb", "a%252Fb"),
    ],
)
def test_folder_is_spelled_so(layer, folder):
    assert folder_name(layer) == folder


def test_paths_that_leave_their_folder_are_not_plain():
    for name in ("", ".", "..", "a/..", "a//b", "/a", "a/b/c", "c:", "a\x00", "CON", "e\u0301", "x."):
        assert not is_plain_path(name), name
    assert is_plain_path("index/a.bin")
    with pytest.raises(ValueError, match="no file ending"):
        normal_ext("../x")


# Versions


def test_name_in_use_is_refused_unless_it_is_replaced(place):
    store = place.make()
    first = write(store)
    with pytest.raises(LayerExistsError, match="'红线'"):
        write(store)
    second = write(store, replace=True, data_date="2025-01-01")
    assert store.entries == (first, second)
    assert (second.sequence, second.version[:6], second.folder) == (2, "v0002-", first.folder)
    assert open_workspace(store.root).entries == (first, second)
    assert store.open_version(first).card == CARD


def test_version_id_depends_on_the_inputs_alone(place):
    ids = []
    for name, order in (("a", 1), ("b", -1)):
        store = place.make(name, kinds=(), region=None)
        card = dict(list(CARD.items())[::order])
        arrays = dict([("x", ROWS), ("y", ROWS[:2])][::order])
        ids.append(write(store, card=card, arrays=arrays).version)
        ids.append(write(store, card=card, arrays=arrays, replace=True, valid_from="2025-01-01").version)
    assert ids[:2] == ids[2:]
    assert ids[0][6:] != ids[1][6:]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", {1, 2}])
def test_card_that_json_cannot_spell_is_refused(place, value):
    store = place.make()
    with pytest.raises((ValueError, TypeError)):
        write(store, card={"a": value})
    assert store.entries == ()
    assert place.kind != "folder" or not list((store.root / ".staging").iterdir())


def test_card_of_another_kind_is_refused(place):
    with pytest.raises(ValueError, match="'red_lines', not 'control_units'"):
        write(place.make(), kind="control_units", card=CARD)


def test_source_shared_by_versions_is_kept_once_and_mended(place):
    store = place.make()
    first = write(store)
    place.write(store, f"sources/{first.source}", b"Source bytes")
    assert [(damage.code, damage.kind) for damage in store.verify()] == [("source_damaged", "red_lines")]
    write(store, "另一层")
    assert store.verify() == ()
    assert place.kind != "folder" or [p.name for p in (store.root / "sources").iterdir()] == [first.source]
    place.remove(store, f"sources/{first.source}")
    assert [damage.code for damage in store.verify()] == ["source_missing", "source_missing"]
    assert store.damages == ()  # no answer depends on it


def test_prune_removes_versions_their_sources_and_nothing_else(place):
    store = place.make()
    old = write(store, source=(b"old", "csv"))
    new = write(store, source=(b"new", "csv"), replace=True)
    other = write(store, "别的", source=(b"old", "csv"))
    gone = write(store, "没用", source=(b"gone", "csv"))
    if place.kind == "folder":
        (store.root / "sources" / "readme.txt").touch()
    assert store.prune(lambda entry: entry not in (old, gone)) == (old, gone)
    again = open_workspace(store.root)
    assert (again.entries, again.damages, again.verify()) == ((new, other), (), ())
    if place.kind == "folder":
        assert not (store.root / "layers" / "没用").exists()
        assert {p.name for p in (store.root / "sources").iterdir()} == {new.source, other.source, "readme.txt"}
    else:
        assert place.sql(store, "SELECT count(DISTINCT version), count(*) FROM ws_file") == [(2, 2 * 7)]
        assert {name for (name,) in place.sql(store, "SELECT name FROM ws_source")} == {new.source, other.source}
    assert write(store, "第五").sequence == 5  # a number is never used twice


# Damage found at opening


def codes(store: FolderStore) -> list[tuple[str, str | None]]:
    assert {damage.code for damage in store.damages} <= set(DAMAGE_CODES)
    return [(damage.code, damage.kind) for damage in store.damages]


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (lambda data: None, "FileNotFoundError|no row"),
        (lambda data: b"", "Expecting value"),
        (lambda data: data[:-9], "Unterminated|Expecting"),
        (lambda data: data.replace(b"red_lines", b"rec_lines"), "digest"),
        (
            lambda data: data.replace(b'"format_version":1', b'"format_version":2'),
            "2",
        ),
        (lambda data: b'{"a":1,"a":2}', "'a' twice"),
        (lambda data: b"[" * 100_000, "nested"),
        (lambda data: b"null", "not an object"),
        (lambda data: b"\xff" + data, "utf-8"),
        (lambda data: b"NaN", "NaN"),
    ],
)
def test_manifest_that_is_not_what_was_written_makes_every_kind_unknown(place, change, detail):
    store = place.make()
    write(store)
    altered = change(place.read(store, "workspace.json"))
    if altered is None:
        place.remove(store, "workspace.json")
    else:
        place.write(store, "workspace.json", altered)
    again = open_workspace(store.root)
    assert codes(again) == [("manifest_unreadable", None)]
    assert re.search(detail, again.damages[0].detail), again.damages[0].detail
    assert (again.manifest_readable, again.entries, again.required_kinds, again.region) == (
        False,
        (),
        (),
        None,
    )
    for change_it in (lambda: write(again, "新"), lambda: again.prune(lambda entry: True)):
        with pytest.raises(ManifestUnreadableError, match="import the files of sources/ again"):
            change_it()


def test_manifest_beyond_the_limit_is_not_read(tmp_path):
    store = make(tmp_path)
    with (store.root / "workspace.json").open("r+b") as file:
        file.truncate(64 * 1024 * 1024 + 1)
    assert "more than 67108864 bytes" in FolderStore.open(store.root).damages[0].detail


@pytest.mark.parametrize(
    "change",
    [
        {"folder": "../../away"},
        {"folder": "a/b"},
        {"folder": "CON"},
        {"version": "../x"},
        {"sizes": (("../../x", 1), ("card.json", 1), ("checksums.json", 1))},
        {"sizes": (("card.json", 1),)},
        {"sizes": (("card.json", -1), ("checksums.json", 1))},
        {"source": "../" + "0" * 64, "sha256": "0" * 64},
        {"source": "1" * 64 + ".zip", "sha256": "0" * 64},
        {"checksums_sha256": "abc"},
        {"kind": None},
        {"valid_from": 20240101},
        {"sequence": 0},
        {"sequence": 9},
        {"layer": "e\u0301"},
    ],
)
def test_manifest_with_a_right_digest_is_still_not_believed(place, change):
    from dataclasses import replace

    store = place.make()
    entry = write(store)
    manifest = decode_manifest(place.read(store, "workspace.json"))
    forged = replace(manifest, entries=(replace(entry, **change),))
    place.write(store, "workspace.json", encode_manifest(forged))
    assert codes(open_workspace(store.root)) == [("manifest_unreadable", None)]
    assert decode_manifest(encode_manifest(manifest)) == manifest


def test_missing_version_makes_its_kind_unknown(place):
    store = place.make()
    entry = write(store)
    write(store, "单元", "control_units")
    place.remove(store, f"layers/{entry.folder}/{entry.version}")
    assert codes(open_workspace(store.root)) == [("version_missing", "red_lines")]
    if place.kind == "folder":
        shutil.rmtree(store.root / "layers")
    else:
        place.sql(store, "DROP TABLE ws_version CASCADE")
    assert codes(open_workspace(store.root)) == [
        ("version_missing", "red_lines"),
        ("version_missing", "control_units"),
    ]


@pytest.mark.parametrize("name", ["card.json", "checksums.json", "features.gpkg", "index/ids.bin", "index/_blocks.bin"])
def test_file_that_is_missing_or_of_another_size_makes_its_kind_unknown(place, name):
    store = place.make()
    path = inside(write(store), name)
    data = place.read(store, path)
    for content in (data[:-1], data + b" ", b""):
        place.write(store, path, content)
        assert codes(open_workspace(store.root)) == [("file_size", "red_lines")]
    place.remove(store, path)
    assert codes(open_workspace(store.root)) == [("file_missing", "red_lines")]
    if place.kind == "folder":
        (store.root / path).mkdir()
    assert codes(open_workspace(store.root)) == [("file_missing", "red_lines")]


def test_files_that_other_programs_leave_are_no_damage(tmp_path):
    store = make(tmp_path)
    folder = where(store, write(store))
    for path in (folder / "features.gpkg-wal", folder / "features.qmd", folder.parent / ".DS_Store",
                 store.root / "layers" / "Thumbs.db", store.root / "readme.txt"):  # fmt: skip
        path.write_bytes(b"x")
    assert FolderStore.open(store.root).damages == ()


def test_unnamed_version_makes_the_kind_of_its_card_unknown(place):
    store = place.make()
    old = place.read(store, "workspace.json")
    entry = write(store)
    place.write(store, "workspace.json", old)  # an older manifest, as from a backup
    again = open_workspace(store.root)
    assert codes(again) == [("folder_not_named", "red_lines")]
    assert (again.damages[0].layer, again.damages[0].version) == ("红线", entry.version)
    assert again.leftovers() == (("layers/红线",) if place.kind == "folder" else (f"layers/红线/{entry.version}",))


@pytest.mark.parametrize("name", ["card.json", "checksums.json"])
def test_unnamed_version_whose_card_does_not_verify_makes_every_kind_unknown(tmp_path, name):
    store = make(tmp_path)
    entry = write(store)
    newer = write(store, replace=True)
    store.prune(lambda kept: kept == newer)
    copy = where(store, entry)
    shutil.copytree(where(store, newer), copy)
    assert codes(FolderStore.open(store.root)) == [("folder_not_named", "red_lines")]
    data = (copy / name).read_bytes()
    altered = data.replace(b"red_lines", b"rec_lines").replace(sha256(copy / "card.json"), b"0" * 64)
    assert altered != data
    for content in (altered, data[:-1], b"{}", b"[]"):
        (copy / name).write_bytes(content)
        assert codes(FolderStore.open(store.root)) == [("folder_not_named", None)]
    (copy / name).unlink()
    assert codes(FolderStore.open(store.root)) == [("folder_not_named", None)]


def test_folder_of_unknown_content_makes_every_kind_unknown(tmp_path):
    store = make(tmp_path)
    entry = write(store)
    (store.root / "layers" / "新建文件夹").mkdir()
    assert codes(FolderStore.open(store.root)) == [("folder_not_named", None)]
    (store.root / "layers" / "新建文件夹").rmdir()
    (where(store, entry).parent / "v9").mkdir()
    assert codes(FolderStore.open(store.root)) == [("folder_not_named", None)]


def test_renamed_folders_make_their_kind_unknown(place):
    from dataclasses import replace

    store = place.make()
    entry = write(store)
    place.move_version(store, entry, folder=entry.folder, version="v0007-00000000")
    assert codes(open_workspace(store.root)) == [
        ("version_missing", "red_lines"),
        ("folder_not_named", "red_lines"),
    ]
    place.move_version(store, replace(entry, version="v0007-00000000"), folder="红线 old", version=entry.version)
    assert codes(open_workspace(store.root)) == [
        ("version_missing", "red_lines"),
        ("folder_not_named", "red_lines"),
    ]


def test_folder_whose_name_is_no_text_makes_every_kind_unknown_and_can_be_printed(tmp_path):
    store = make(tmp_path)
    try:
        (store.root / "layers" / os.fsdecode("红线".encode("gbk"))).mkdir()  # unpacked from a GBK zip
    except OSError as error:
        pytest.skip(f"this disk takes UTF-8 names only: {error}")
    again = FolderStore.open(store.root)
    assert codes(again) == [("folder_not_named", None)]
    assert again.damages[0].path.encode("utf-8").startswith(b"layers/")


def test_folder_that_may_not_be_entered_is_damage_and_no_crash(tmp_path):
    store = make(tmp_path)
    entry = write(store)
    if os.name == "nt" or os.geteuid() == 0:
        # the system grants everything here: a file in the place of a folder is refused to everybody
        shutil.rmtree(where(store, entry))
        where(store, entry).write_bytes(b"")
        assert codes(FolderStore.open(store.root)) == [("version_missing", "red_lines")]
        return
    where(store, entry).chmod(0)
    try:
        assert {kind for _, kind in codes(FolderStore.open(store.root))} <= {"red_lines", None}
        assert FolderStore.open(store.root).damages
    finally:
        where(store, entry).chmod(0o700)


# Damage found at touch


def test_flipped_bytes_are_found_where_they_lie(place):
    store = place.make()
    entry = write(store)
    path = inside(entry, "index/pieces.bounds.bin")
    place.write(
        store, path, flipped(place.read(store, path), BLOCK + 5)
    )  # block 1: rows 4096 to 8191, of 16 bytes each
    array = open_workspace(store.root).open_version(entry).array("pieces/bounds")
    assert np.array_equal(array[:4096], ROWS[:4096])
    assert np.array_equal(array[np.array([9999, 4095, 8192])], ROWS[[9999, 4095, 8192]])
    for key in (4096, slice(0, 4097), slice(8191, None, -4095), np.array([0, 8191]), slice(None)):
        with pytest.raises(DamagedVersionError, match=r"index/pieces\.bounds\.bin, block 1 is damaged") as caught:
            array[key]
        assert (caught.value.entry, caught.value.file, caught.value.block) == (
            entry,
            "index/pieces.bounds.bin",
            1,
        )
    with pytest.raises(DamagedVersionError):
        array.all()
    assert isinstance(caught.value, LayerError)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize(
    ("name", "block"),
    [
        ("features.gpkg", 1),
        ("index/ids.bin", 0),
        ("card.json", None),
        ("checksums.json", None),
        ("index/_blocks.bin", None),
    ],
)
def test_verify_reads_every_byte_of_every_file(place, name, block):
    store = place.make()
    entry = write(store)
    version = store.open_version(entry)
    version.array("ids").all()  # checked once already: `verify` reads it again
    version.verify()
    place.write(
        store, inside(entry, name), flipped(place.read(store, inside(entry, name)), -1)
    )  # features.gpkg has 76,800 bytes: its last lies in block 1
    with pytest.raises(DamagedVersionError) as caught:
        version.verify()
    assert (caught.value.file, caught.value.block) == (name, block)
    again = open_workspace(store.root)
    assert [(damage.code, damage.kind) for damage in again.verify()] == [("version_damaged", "red_lines")]
    if name == "features.gpkg":
        with pytest.raises(DamagedVersionError, match="block 1"):
            again.open_version(entry).read(name)


def test_card_and_checksums_are_checked_when_a_version_is_opened(place):
    store = place.make()
    entry = write(store)
    for name in ("card.json", "checksums.json"):
        data = place.read(store, inside(entry, name))
        place.write(store, inside(entry, name), flipped(data, 10))
        with pytest.raises(DamagedVersionError, match=f"{name} is damaged"):
            store.open_version(entry)
        place.write(store, inside(entry, name), data)
    store.open_version(entry)


def test_versions_swapped_with_all_their_files_are_told_apart(place):
    from dataclasses import replace

    store = place.make()
    first, second = (
        write(store, arrays={"a": np.zeros(4)}),
        write(store, arrays={"a": np.ones(4)}, replace=True),
    )
    away = replace(first, version="x")
    for entry, version in ((first, "x"), (second, first.version), (away, second.version)):
        place.move_version(store, entry, folder=first.folder, version=version)
    again = open_workspace(store.root)
    assert again.damages == ()  # sizes are the same
    for entry in (first, second):
        with pytest.raises(DamagedVersionError, match=r"checksums\.json"):
            again.open_version(entry)


def test_file_cut_after_opening_is_an_error_and_not_the_end_of_the_process(tmp_path):
    store = make(tmp_path)
    entry = write(store)
    array = store.open_version(entry).array("pieces/bounds")
    kept = array[:10]
    path = where(store, entry) / "index" / "pieces.bounds.bin"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DamagedVersionError, match="100 bytes, 160000 were written"):
        array[9000]
    path.unlink()
    with pytest.raises(DamagedVersionError, match=r"No such file|cannot find"):
        array[9000]
    assert np.array_equal(kept, ROWS[:10])


def test_bytes_that_change_after_they_were_checked_do_no_harm(place):
    store = place.make()
    entry = write(store)
    array = store.open_version(entry).array("pieces/bounds")
    view = array[:10]
    name = inside(entry, "index/pieces.bounds.bin")
    if place.kind == "folder":
        with (store.root / name).open("r+b") as file:  # in place: a mapped page would show it
            file.write(b"\xff" * 1000)
    else:
        place.write(store, name, b"\xff" * 1000 + place.read(store, name)[1000:])
    assert np.array_equal(view, ROWS[:10])
    assert np.array_equal(array[:4096], ROWS[:4096])
    with pytest.raises(DamagedVersionError):
        store.open_version(entry).array("pieces/bounds")[0]


def test_threads_may_share_an_array(place):
    store = place.make()
    given = np.arange(400_000, dtype=np.int64)
    array = store.open_version(write(store, arrays={"a": given})).array("a")
    wrong: list[int] = []

    def touch(seed: int) -> None:
        rows = np.random.default_rng(seed).integers(0, len(given), 50)
        wrong.extend(rows[array[rows] != given[rows]])
        wrong.extend(int(row) for row in rows if array[int(row)] != row)

    threads = [threading.Thread(target=touch, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# Writers


def test_second_writer_is_told_to_wait_and_readers_are_not(tmp_path):
    store = make(tmp_path)
    entry = write(store)
    with writing(store.root):
        for change in (lambda: write(store, "别的"), lambda: store.prune(lambda kept: False)):
            with pytest.raises(WorkspaceBusyError, match="Wait until the other program ends"):
                change()
        FolderStore.open(store.root).open_version(entry).verify()
    assert write(store, "别的").sequence == 2


def test_writer_sees_what_another_wrote_since_it_opened(place):
    first = place.make()
    second = open_workspace(first.root)
    one, two = write(first, "一"), write(second, "二")
    assert second.entries == (one, two)
    assert open_workspace(first.root).entries == (one, two)
    with pytest.raises(LayerExistsError):
        write(first, "二")


def test_writers_at_the_same_time_lose_nothing(place):
    root = place.make().root
    errors: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for number in range(3):
                write(open_workspace(root, lock_timeout_s=20), f"{name}{number}", arrays={}, source=None)
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in "甲乙"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    store = open_workspace(root)
    assert {entry.layer for entry in store.entries} == {f"{name}{number}" for name in "甲乙" for number in range(3)}
    assert [entry.sequence for entry in store.entries] == [1, 2, 3, 4, 5, 6]
    assert store.damages == ()


def test_disk_that_refuses_the_new_manifest_leaves_the_old_state(tmp_path, monkeypatch):
    store = make(tmp_path)
    entry = write(store)

    def refuse(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    for layer, replace in (("新", False), ("红线", True)):
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", refuse)
            with pytest.raises(OSError, match="No space"):
                write(store, layer, replace=replace)
        again = FolderStore.open(store.root)
        assert (again.entries, again.damages) == ((entry,), ())
    assert [path.name for path in (store.root / "layers").iterdir()] == ["红线"]


def test_leftovers_of_a_dead_writer_are_removed_by_prune(tmp_path):
    store = make(tmp_path)
    old = write(store)
    before = (store.root / "workspace.json").read_bytes()
    write(store, replace=True)
    write(store, "新", kind="control_units")
    (store.root / "workspace.json").write_bytes(before)
    (store.root / ".staging" / "dead").mkdir()
    (store.root / ".staging" / "dead" / "x").touch()
    again = FolderStore.open(store.root)
    assert codes(again) == [("folder_not_named", "control_units"), ("folder_not_named", "red_lines")]
    third = write(again, replace=True)
    assert third.version.startswith("v0003-")  # the leftover v0002 stays until it is pruned
    assert not list((store.root / ".staging").iterdir())
    assert len(again.damages) == 2
    assert again.prune(lambda entry: True) == ()
    assert (again.damages, again.leftovers(), again.entries) == ((), (), (old, third))
    assert FolderStore.open(store.root).damages == ()


def test_prune_leaves_folders_that_are_not_ours(tmp_path):
    store = make(tmp_path)
    write(store)
    mine = store.root / "layers" / "我的资料"
    mine.mkdir()
    (mine / "笔记.txt").touch()
    store.prune(lambda entry: True)
    assert (mine / "笔记.txt").exists()
    assert codes(store) == [("folder_not_named", None)]


WRITERS = """
    import os, shutil, sys
    from pathlib import Path
    import numpy as np
    from layers.workspace import FolderStore
    import filelock  # in the parent, so that no child spends its steps on importing

    start, out, action = sys.argv[1:]

    def work(root):
        if action == "create":
            FolderStore.create(root, required_kinds=["red_lines"], region=None)
        elif action == "prune":
            FolderStore.open(root).prune(lambda entry: entry.layer != "a")
        else:
            layer, kind = ("b", "control_units") if action == "add" else ("a", "red_lines")
            FolderStore.open(root).write_version(
                layer=layer, kind=kind, theme="t", role="protective", data_date=None, valid_from=None,
                valid_until=None, card={"kind": kind}, arrays={"x": np.arange(9)}, files={"features.gpkg": b"g"},
                source=(b"b", "csv"), replace=action == "replace")

    def die_at(step, root):
        seen = 0
        def audit(event, args):
            nonlocal seen
            if event in ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "fcntl.flock"):
                if event == "fcntl.flock" or any(str(arg).startswith(root) for arg in args):
                    seen += 1
                    if seen == step:
                        os.kill(os.getpid(), 9)
        sys.addaudithook(audit)

    for step in range(1, 1000):
        root = f"{out}/{step:03d}"
        if start != "-":
            shutil.copytree(start, root)
        child = os.fork()
        if not child:
            die_at(step, root)
            work(root)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        if status != 9:  # not killed: it came to its end
            print("end", status)
            break
"""


def killed_writers(start: Path | None, out: Path, action: str) -> list[Path]:
    """Run a writer again and again, killing it one step on the disk later each time; the last one ends."""
    out.mkdir()
    command = [sys.executable, "-c", textwrap.dedent(WRITERS), str(start or "-"), str(out), action]
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "end 0", done.stderr
    return [out / f"{step:03d}" for step in range(1, 1 + max(int(path.name) for path in out.iterdir()))]


@pytest.mark.skipif(os.name == "nt", reason="fork and kill -9 exist on POSIX only")
@pytest.mark.parametrize("action", ["add", "replace", "prune"])
def test_writer_killed_at_any_step_leaves_the_old_state_or_the_new_one(tmp_path, action):
    def content(store: FolderStore) -> dict[str, tuple[object, list[float]]]:
        versions = {f"{entry.layer} {entry.version}": store.open_version(entry) for entry in store.entries}
        return {name: (version.card, version.array("x").all().tolist()) for name, version in versions.items()}

    start = FolderStore.create(tmp_path / "start", required_kinds=[], region=None)
    small = {"arrays": {"x": np.arange(3)}, "card": {"kind": "red_lines"}, "source": (b"a", "csv")}
    write(start, "a", **small)
    write(start, "c", **{**small, "source": (b"c", "csv")})
    old = content(start)
    roots = killed_writers(start.root, tmp_path / "killed", action)
    new = content(FolderStore.open(roots[-1]))
    assert len(new) == len(old) + (-1 if action == "prune" else 1)
    kind = "control_units" if action == "add" else "red_lines"
    outcomes = set()
    for root in roots:
        store = FolderStore.open(root)
        damaged = codes(store)
        assert store.manifest_readable
        assert content(store) in (old, new)
        assert set(damaged) <= {("folder_not_named", kind)}
        outcomes.add((content(store) == new, bool(damaged)))
        write(store, "after", **small)  # the lock is free
        store.prune(lambda entry: True)
        again = FolderStore.open(root)
        assert (again.damages, again.verify(), list((root / ".staging").iterdir())) == ((), (), [])
    # killed before the change, after it, and between its two renames
    assert outcomes == {(False, False), (True, False), (action == "prune", True)}
    assert len(roots) > 8


@pytest.mark.skipif(os.name == "nt", reason="fork and kill -9 exist on POSIX only")
def test_creation_killed_at_any_step_can_be_taken_up_again(tmp_path):
    roots = killed_writers(None, tmp_path / "killed", "create")
    opened = 0
    for root in roots:
        try:
            store = FolderStore.open(root)
            opened += 1
        except NotAWorkspaceError:
            store = FolderStore.create(root, required_kinds=["red_lines"], region=None)
        assert (store.damages, store.required_kinds) == ((), ("red_lines",))
        write(store)
    assert 0 < opened < len(roots)


# JSON


def test_canonical_json_has_one_spelling():
    assert canonical_json({"b": 1, "a": "红"}) == '{"a":"红","b":1}'.encode()
    assert parse_json(canonical_json({"x": [1.5, None, True]})) == {"x": [1.5, None, True]}
    assert json.loads(canonical_json({"k": 1e-9})) == {"k": 1e-9}
    for text in (b'{"a":NaN}', b"[1,]", b"\xef\xbb\xbf{}", b"{} {}", b"-Infinity"):
        with pytest.raises(ValueError):
            parse_json(text)
