"""Parsed forms of TOML files: the same tables, of the very content, or none."""

from __future__ import annotations

import shutil
import tomllib
from datetime import date
from pathlib import Path

import pytest

from spatial import datafiles
from spatial.datafiles import toml_tables
from spatial.parsed_toml import FOLDER, build, form_of, parsed, write_shipped, written

ROOT = Path(__file__).resolve().parents[2]
TABLES = b'name = "\xe7\x94\xb2"\nday = 2026-08-15\nlist = [1, 1.0, true]\n[part]\nfrom = 2021-01-01\n'


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with one file of tables, its parsed form built."""
    file = tmp_path / "data" / "rules" / "one.toml"
    file.parent.mkdir(parents=True)
    file.write_bytes(TABLES)
    build(tmp_path)
    return tmp_path


def test_every_file_kept_reads_the_same_from_its_parsed_form(tmp_path):
    for top in ("data/rules", "data/boundaries", "layers", "screening"):
        for file in (ROOT / top).rglob("*.toml"):
            copy = tmp_path / file.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
    folder = build(tmp_path)
    files = sorted(tmp_path.rglob("*.toml"))
    assert len(files) > 25
    for file in files:
        content = file.read_bytes()
        assert repr(parsed(content, folder)) == repr(tomllib.loads(content.decode())), file


def test_dates_whole_numbers_and_floats_stay_what_they_are(clone):
    found = parsed(TABLES, clone / "data" / FOLDER)
    assert found == {"name": "甲", "day": date(2026, 8, 15), "list": [1, 1.0, True], "part": {"from": date(2021, 1, 1)}}
    assert [type(one) for one in found["list"]] == [int, float, bool]


def test_a_file_that_was_changed_is_never_answered_from_its_old_form(clone):
    folder = clone / "data" / FOLDER
    assert parsed(TABLES, folder) is not None
    assert parsed(TABLES.replace(b"2021", b"2022"), folder) is None
    assert parsed(TABLES + b"\n", folder) is None


@pytest.mark.parametrize("place", range(0, 200, 7))
def test_a_form_with_one_bit_turned_is_not_used(clone, place):
    form = clone / "data" / FOLDER / form_of(TABLES)
    content = bytearray(form.read_bytes())
    content[place % len(content)] ^= 1
    form.write_bytes(content)
    assert parsed(TABLES, form.parent) is None


def test_a_form_cut_short_or_under_another_files_name_is_not_used(clone):
    form = clone / "data" / FOLDER / form_of(TABLES)
    other = b'name = "b"\n'
    (form.parent / form_of(other)).write_bytes(form.read_bytes())
    assert parsed(other, form.parent) is None
    form.write_bytes(form.read_bytes()[:-1])
    assert parsed(TABLES, form.parent) is None
    form.write_bytes(b"")
    assert parsed(TABLES, form.parent) is None


def test_a_damaged_form_is_made_anew_and_one_of_no_file_is_removed(clone):
    form = clone / "data" / FOLDER / form_of(TABLES)
    form.write_bytes(b"damaged")
    (form.parent / form_of(b"gone = 1")).write_bytes(written(b"gone = 1"))
    build(clone)
    assert parsed(TABLES, form.parent) is not None
    assert [path.name for path in form.parent.iterdir()] == [form.name]


@pytest.mark.parametrize("content", [b"at = 07:32:00", b"at = 1979-05-27T07:32:00Z", b'[one]\n"date:" = "2026-01-01"'])
def test_what_json_cannot_hold_has_no_form(content):
    assert written(content) is None


def test_tables_are_read_from_the_form_if_it_holds_and_else_from_the_file(clone, monkeypatch):
    (clone / "data" / "boundaries").mkdir()
    (clone / "data" / "boundaries" / "registry.toml").write_bytes(b"a = 1")  # by which the folder is known
    write_shipped(clone)
    monkeypatch.setattr(datafiles, "_PACKAGE", clone / "spatial")
    file = clone / "data" / "rules" / "one.toml"
    asked = []
    monkeypatch.setattr(tomllib, "loads", lambda text, read=tomllib.loads: asked.append(1) or read(text))
    from_form = toml_tables(file)
    assert not asked
    (clone / "data" / FOLDER / form_of(TABLES)).unlink()
    assert toml_tables(file) == from_form
    assert asked == [1]


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path):
    file = tmp_path / "own.toml"
    file.write_bytes(b"\xef\xbb\xbfa = 1\r\nb = '''x\r\ny'''\r\n")
    assert toml_tables(file) == {"a": 1, "b": "x\ny"}
    file.write_bytes(b"a = \xff")
    with pytest.raises(UnicodeDecodeError):
        toml_tables(file)
