"""Lists that come with the program: words, rules, widths. One that is not what was shipped answers nothing."""

from __future__ import annotations

import functools
import gc
import pickle
import re
import shutil
from pathlib import Path

import pytest

from apps.cli.errors import line_of
from layers.fields import FieldAliases
from layers.georeference import rivers
from layers.georeference.delineation.rules import rule_pack
from layers.georeference.gazetteer import gazetteer, towns
from layers.plans.loading import CITIES, plan, requirements
from layers.water_quality.standards import standard
from maps.figure.base import district_base
from maps.style_file import load_style
from screening import export_columns, parts, surroundings
from screening.errors import RulePackError
from screening.evaluation_ranges import evaluation_ranges
from screening.not_checked import classes_not_checked
from screening.rules import vocabulary
from screening.rules.cases import shipped_cases
from screening.rules.loading import shipped_packs
from screening.site import site_fields
from screening.words import word
from spatial import datafiles
from spatial.boundary_store import open_built
from spatial.datafiles import shipped_files, toml_tables
from spatial.errors import BoundariesDamagedError, DataFileMissingError, ShippedListError
from spatial.parsed_toml import SHIPPED, build, digest_of, shipped, write_shipped
from tests.apps.cli import run

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("data", "spatial", "layers", "screening", "maps")
NAMES = sorted(p.relative_to(ROOT).as_posix() for top in FOLDERS for p in (ROOT / top).rglob("*.toml"))
DAMAGES = {
    "cut short": lambda content: content[: len(content) // 2],
    "emptied": lambda content: b"",
    "one bit turned": lambda content: bytes([content[0] ^ 1]) + content[1:],
    "a line lost": lambda content: content[: content.rstrip().rindex(b"\n") + 1],
    "gone": lambda content: None,
}
READERS = {
    "screening/words.toml": lambda: word("answer.hit", "zh"),
    "screening/site_fields.toml": site_fields,
    "screening/export_fields.toml": export_columns._definitions,
    "screening/target_fields.toml": surroundings._tables,
    "layers/fields.toml": FieldAliases.load,
    "layers/georeference/rivers.toml": rivers._words,
    "maps/style.toml": load_style,
    "data/boundaries/registry.toml": lambda: open_built(None),
    "data/places/registry.toml": towns,
    "data/plans/requirements.toml": requirements,
    "data/rules/activities.toml": vocabulary.activities,
    "data/rules/classes.toml": vocabulary.classes,
    "data/rules/facts.toml": vocabulary.facts,
    "data/rules/industries.toml": vocabulary._sections,
    "data/rules/evaluation_ranges.toml": evaluation_ranges,
    "data/rules/gb3838-2002.toml": lambda: standard("gb3838"),
    "data/rules/gbt14848-2017.toml": lambda: standard("gbt14848"),
    "data/rules/hj338-2018.toml": rule_pack,
    "data/rules/required_layers.toml": lambda: classes_not_checked([]),
    **{f"data/places/{city.key}.toml": functools.partial(gazetteer, city.key) for city in CITIES},
    **{f"data/plans/{city.key}.toml": functools.partial(plan, city.key) for city in CITIES},
    **{name: shipped_packs for name in NAMES if name.startswith("data/rules/packs/")},
    **{name: shipped_cases for name in NAMES if name.startswith("data/rules/cases/")},
}


def forget() -> None:
    """Nothing that was read before is remembered."""
    for cached in [one for one in gc.get_objects() if isinstance(one, functools._lru_cache_wrapper)]:
        cached.cache_clear()


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped lists and nothing else, in a folder with a Chinese name and a space."""
    root = tmp_path / "程序 1"
    for name in [*NAMES, f"data/{SHIPPED}"]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, root / name)
    (root / "spatial").mkdir(exist_ok=True)
    monkeypatch.setattr(datafiles, "_PACKAGE", root / "spatial")
    return root


@pytest.fixture
def other_lists(monkeypatch: pytest.MonkeyPatch):
    """A program of which every list is another than the one that was shipped."""
    forget()
    monkeypatch.setattr(datafiles, "_listed", lambda _root: dict.fromkeys(NAMES, "0"))
    yield
    monkeypatch.undo()
    forget()


def test_list_of_lists_names_every_file_as_it_is():
    assert shipped((ROOT / "data" / SHIPPED).read_bytes()) == {
        name: digest_of((ROOT / name).read_bytes()) for name in NAMES
    }, "run: python -m spatial.parsed_toml"


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_list_that_is_not_what_was_shipped_is_refused(clone, damage):
    for name in NAMES:
        path, whole = clone / name, (clone / name).read_bytes()
        left = DAMAGES[damage](whole)
        path.unlink() if left is None else path.write_bytes(left)
        why = "it cannot be read" if left is None else "it is not what was shipped"
        said = f"{re.escape(path.name)}: {why}; install the project again|registry.toml not found"
        with pytest.raises((ShippedListError, DataFileMissingError), match=said):
            toml_tables(path)
        path.write_bytes(whole)
        toml_tables(path)


def test_no_list_is_read_where_the_data_are_gone(clone):
    shutil.rmtree(clone / "data")
    with pytest.raises(DataFileMissingError, match="install the project again"):
        toml_tables(clone / "screening/words.toml")


def test_lists_that_are_swapped_are_refused(clone):
    shutil.copyfile(clone / "data/rules/facts.toml", clone / "data/rules/classes.toml")
    with pytest.raises(ShippedListError, match=r"classes.toml: it is not what was shipped"):
        toml_tables(clone / "data/rules/classes.toml")


@pytest.mark.parametrize("damage", DAMAGES)
def test_nothing_is_read_where_the_list_of_lists_is_damaged(clone, damage):
    listing = clone / "data" / SHIPPED
    left = DAMAGES[damage](listing.read_bytes())
    listing.unlink() if left is None else listing.write_bytes(left)
    refused = []
    for name in NAMES:
        try:
            toml_tables(clone / name)
        except ShippedListError:
            refused.append(name)
    assert refused == {"one bit turned": NAMES[:1], "a line lost": NAMES[-1:]}.get(
        damage, NAMES[21:] if damage == "cut short" else NAMES
    )


def test_line_ends_of_windows_are_no_change(clone):
    path = clone / "screening/words.toml"
    before = toml_tables(path)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert toml_tables(path) == before


def test_a_pack_that_is_gone_is_missed_and_one_that_was_put_there_is_refused(clone):
    packs = clone / "data/rules/packs"
    assert shipped_files("rules", "packs") == tuple(sorted(packs.glob("*.toml")))
    (packs / "national.toml").unlink()
    assert packs / "national.toml" in shipped_files("rules", "packs")
    own = packs / "own.toml"
    own.write_bytes(b"a = 1")
    assert own in shipped_files("rules", "packs")
    with pytest.raises(ShippedListError, match=r"own.toml: it is not what was shipped"):
        toml_tables(own)


def test_a_file_of_the_users_own_may_say_anything(clone, tmp_path):
    own = tmp_path / "own.toml"
    own.write_bytes(b"a = 1")
    assert toml_tables(own) == {"a": 1}


def test_set_up_writes_the_list_in_a_clone_of_the_repository_only(clone):
    before = (clone / "data" / SHIPPED).read_bytes()
    (clone / "layers/fields.toml").write_bytes(b"a = 1")
    build(clone)
    assert (clone / "data" / SHIPPED).read_bytes() == before
    (clone / ".git").mkdir()
    build(clone)
    assert shipped((clone / "data" / SHIPPED).read_bytes())["layers/fields.toml"] == digest_of(b"a = 1")
    write_shipped(clone)
    assert toml_tables(clone / "layers/fields.toml") == {"a": 1}


def test_every_list_has_a_reader_here():
    assert sorted(READERS) == NAMES


def test_every_reader_refuses_another_list(other_lists):
    for name, reader in READERS.items():
        with pytest.raises((ShippedListError, BoundariesDamagedError), match="it is not what was shipped"):
            print(f"{name} was read:", reader())


def test_district_base_and_parts_read_checked_lists_too(other_lists):
    with pytest.raises(BoundariesDamagedError, match=r"registry.toml"):
        district_base((119.94, 47.17, 119.95, 47.18))
    with pytest.raises(ShippedListError, match=r"site_fields.toml"):
        parts._aliases("use")


def test_toml_is_read_at_one_door():
    readers = {
        path.relative_to(ROOT).as_posix()
        for top in (*FOLDERS[1:], "apps")
        for path in (ROOT / top).rglob("*.py")
        if "import tomllib" in path.read_text(encoding="utf-8")
    }
    assert readers == {
        "spatial/datafiles.py",
        "spatial/parsed_toml.py",
        "spatial/raster/legend.py",  # these three read files of the user's own
        "spatial/raster/point_tables.py",
        "screening/certificate/envelope.py",
    }


def test_a_command_whose_words_are_lost_says_so_in_both_languages(other_lists, tmp_path):
    done = run("check", "117.45,49.58", "-w", tmp_path)
    assert done.exit_code == 3
    assert "程序自带的清单与发布时不同，没有使用" in done.stderr
    assert ".toml: it is not what was shipped; install the project again" in done.stderr


def test_the_line_is_the_same_whether_the_words_are_there_or_not(monkeypatch):
    error = ShippedListError(file=Path("words.toml"), detail="it is not what was shipped")
    with_words = line_of(error)
    forget()
    monkeypatch.setattr(datafiles, "_listed", lambda _root: {})
    assert line_of(error) == with_words
    monkeypatch.undo()
    forget()


@pytest.mark.parametrize(
    "error",
    [
        ShippedListError(file=Path("a.toml"), detail="it cannot be read"),
        DataFileMissingError(name="a", places=(Path("b"),)),
        BoundariesDamagedError(file=Path("a"), detail="it is gone"),
        RulePackError(file="a.toml", clause=None, detail="no TOML", remedy="mend it"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_of_a_worker_process_arrives_as_it_was(error):
    other = pickle.loads(pickle.dumps(error))
    assert (type(other), str(other), vars(other)) == (type(error), str(error), vars(error))
