"""A workspace carried between a folder and a database: the same bytes and answers, or nothing at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import shapely

from layers.errors import CopyRefusedError, DamagedVersionError
from layers.workspace import FolderStore, open_workspace
from layers.workspace.blocks import write_blocks
from layers.workspace.copying import copy_workspace
from layers.workspace.manifest import encode_manifest
from screening.screen import screen
from screening.site import site_of
from tests.apps.cli import RED, geojson, run, small_workspace
from tests.building import add
from tests.postgres_server import DATABASE, PASSWORD
from tests.workspace_places import DatabasePlace

if TYPE_CHECKING:
    from pathlib import Path

    from tests.postgres_server import Server

DAY = ("--as-of", "2026-11-22")
SITE = "117.455,49.585"


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with six layers, two versions of one of them, an imported file that is kept, and a registered site."""
    folder = tmp_path_factory.mktemp("origin")
    root = small_workspace(folder / "工作区 甲")
    path = geojson(folder / "红线.geojson", RED, shapely.box(117.6, 49.41, 117.61, 49.42), 红线名称="草原")
    given = ("--layer", "red_lines", "--coverage", geojson(folder / "c.geojson", shapely.box(117.2, 49.3, 117.9, 49.8)))
    said(
        "import",
        root,
        path,
        *given,
        "--crs",
        "EPSG:4490",
        "--name",
        "红线图层",
        "--replace",
        "--data-date",
        "2025-01-01",
    )
    said("register", "add", root, SITE, *DAY)
    return root


def said(*arguments: Any) -> str:
    """What a command that succeeds prints; the password is in none of it."""
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    assert PASSWORD not in result.output
    return result.stdout


def held(root: Path) -> dict[str, bytes]:
    """Every file of a workspace by its path, but for what a writer leaves."""
    files = [path for path in root.rglob("*") if path.is_file() and path.name != ".lock"]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def in_schema(server: Server, url: str) -> list[tuple[object, ...]]:
    """What there is in the schema of an address, and the schema itself."""
    schema = open_schema(url)
    found = server.sql(DATABASE, f"SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace('\"{schema}\"')")
    return [*found, *server.sql(DATABASE, f"SELECT nspname FROM pg_namespace WHERE nspname = '{schema}'")]


def open_schema(url: str) -> str:
    return url.partition("#")[2]


def test_workspace_goes_to_a_database_and_comes_back_byte_for_byte(origin, postgres, tmp_path):
    url, home = DatabasePlace(postgres, postgres.another()).url("搬来"), tmp_path / "回来"
    (tmp_path / "回来").mkdir()  # empty: it may be there
    told = said("copy", origin, url)
    assert "6 个图层 7 个版本" in told.replace("\n", "")
    assert "1 个原始文件，1 个登记选址" in told.replace("\n", "")
    assert url.replace(f":{PASSWORD}", "") in told.replace("\n", "")
    said("copy", url, home)
    assert held(home) == held(origin)
    there = open_workspace(url)
    assert there.verify() == open_workspace(home).verify() == ()
    assert there.manifest == open_workspace(origin).manifest
    rows = [f'SELECT count(*) FROM "{open_schema(url)}"."{name}"' for name in ("红线图层 v0001", "红线图层 v0002")]
    assert [postgres.sql(DATABASE, row)[0][0] for row in rows] == [1, 2]  # the tables for a GIS


def test_copy_answers_the_same_and_certificates_and_register_hold_there(origin, postgres, tmp_path):
    url = DatabasePlace(postgres, postgres.another()).url("同样")
    said("copy", origin, url)
    sites = [site_of(shapely.Point(*xy), accuracy_m=5) for xy in ((117.455, 49.585), (117.61, 49.62), (117.8, 49.4))]
    sites.append(site_of(shapely.box(117.468, 49.598, 117.475, 49.605), accuracy_m=10))
    for day in ("2024-06-01", "2026-11-22"):
        found = [[screen(site, open_workspace(w), as_of=day).to_dict() for site in sites] for w in (origin, url)]
        assert found[0] == found[1]
    said("check", SITE, "-w", origin, *DAY, "--certificate", tmp_path / "c.json")
    said("verify", tmp_path / "c.json", "-w", url)  # its exit status is 1 where anything differs
    listed = [json.loads(said("register", "list", w, "--site", "1", "--json", "-")) for w in (origin, url)]
    assert listed[0] == listed[1]
    add(open_workspace(url), "red_lines", [RED], name="红线图层", replace=True, data_date="2026-01-01")
    said("register", "rescreen", url, *DAY)  # it lives on there
    assert said("register", "list", url, "--site", "1", "--json", "-") != json.dumps(listed[0])


def test_copies_of_one_sort_are_workspaces_too(origin, postgres, tmp_path):
    one, other = (DatabasePlace(postgres, postgres.another()).url(name) for name in ("一", "二"))
    said("copy", origin, tmp_path / "新" / "工作区")
    assert held(tmp_path / "新" / "工作区") == held(origin)
    said("copy", origin, one)
    said("copy", one, other)
    assert open_workspace(other).verify() == ()
    assert open_workspace(other).records() == open_workspace(one).records() != ()


def test_nothing_is_written_over(origin, postgres, tmp_path):
    url = DatabasePlace(postgres, postgres.another()).url("占用")
    said("init", url)
    (tmp_path / "mine.txt").write_text("mine")
    before = in_schema(postgres, url)
    for target, text in ((url, "ws_block"), (tmp_path, "mine.txt"), (tmp_path / "mine.txt", "mine.txt")):
        result = run("copy", origin, target)
        assert (result.exit_code, text in result.stderr, PASSWORD in result.output) == (3, True, False), result.output
    assert in_schema(postgres, url) == before
    assert held(tmp_path) == {"mine.txt": b"mine"}
    result = run("copy", origin, origin / "verdicts" / "在里面")
    assert (result.exit_code, "it lies in the workspace itself" in result.stderr) == (3, True)


@pytest.mark.parametrize(
    ("inside", "named"),
    [
        ("layers/*/*/features.gpkg", "features.gpkg"),
        ("layers/*/*/index/pieces.bounds.bin", "pieces.bounds.bin"),
        ("sources/*", "source_damaged"),
        ("verdicts/register.sqlite", "register"),
        ("workspace.json", "manifest_unreadable"),
    ],
)
def test_damage_is_not_carried(origin, postgres, tmp_path, inside, named):
    url, root = DatabasePlace(postgres, postgres.another()).url("损坏"), tmp_path / "ws"
    copy_of(origin, root)
    path = min(root.glob(inside))
    data = bytearray(path.read_bytes())
    data[data.index(b"hit") if path.name == "register.sqlite" else len(data) // 2] ^= 1  # there, what a row says
    path.write_bytes(data)
    for target in (url, tmp_path / "copy"):
        result = run("copy", root, target)
        assert (result.exit_code, named in result.stderr) == (3, True), result.output
    assert in_schema(postgres, url) == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["ws"]


def copy_of(root: Path, target: Path) -> None:
    for name, data in held(root).items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(data)


def test_disk_that_keeps_other_bytes_than_it_was_given_is_found_out(origin, postgres, tmp_path, monkeypatch):
    def forgetful(path, chunks, *, durable=True):
        written = write_blocks(path, chunks, durable=durable)
        if path.name in fails:
            path.write_bytes(path.read_bytes()[:-1] + b"?")
        return written

    monkeypatch.setattr("layers.workspace.copying.write_blocks", forgetful)
    url = DatabasePlace(postgres, postgres.another()).url("健忘")
    source = open_workspace(origin)
    fails: set[str] = set()
    for broken in ({"features.gpkg"}, {"source", source.entries[-1].source}):
        fails |= broken
        for target in (url, tmp_path / "copy"):
            with pytest.raises(CopyRefusedError, match="does not read back as it was"):
                copy_workspace(source, target, register=register_in(origin))
        fails -= broken
    fails |= {"register.sqlite"}
    with pytest.raises(CopyRefusedError, match=r"does not read back as it was: verdicts/register\.sqlite"):
        copy_workspace(source, tmp_path / "copy", register=register_in(origin))
    assert in_schema(postgres, url) == []
    assert list(tmp_path.iterdir()) == []


def register_in(root: Path) -> list[Path]:
    return sorted((root / "verdicts").glob("register.*"))


class Leaving(FolderStore):
    """A workspace that loses a file of its last version just after it was checked."""

    def verify(self):
        found = super().verify()
        entry = self.entries[-1]
        (self.root / "layers" / entry.folder / entry.version / "index" / "pieces.bounds.bin").unlink()
        return found


def test_what_breaks_off_in_the_middle_leaves_nothing(origin, postgres, tmp_path):
    url = DatabasePlace(postgres, postgres.another()).url("半途")
    for number, target in enumerate((url, tmp_path / "copy")):
        root = tmp_path / f"ws{number}"
        copy_of(origin, root)
        with pytest.raises(DamagedVersionError, match=r"pieces\.bounds\.bin"):
            copy_workspace(Leaving.open(root), target, register=register_in(root))
    assert in_schema(postgres, url) == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["ws0", "ws1"]
    said("copy", origin, url)  # the place is free: nothing is in its way
    said("copy", origin, tmp_path / "copy")


def test_register_is_not_left_behind_unsaid(origin, postgres, tmp_path):
    url = DatabasePlace(postgres, postgres.another()).url("登记")
    said("copy", origin, url)
    with pytest.raises(CopyRefusedError, match="a register that was not given"):
        copy_workspace(open_workspace(url), tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_files_that_are_no_register_are_named_not_lost(origin, tmp_path):
    root = tmp_path / "ws"
    copy_of(origin, root)
    (root / "verdicts" / "旧结论.json").write_text("{}")
    with pytest.raises(CopyRefusedError, match=r"register.sqlite, register.txt, 旧结论.json"):
        copy_workspace(open_workspace(root), tmp_path / "copy")
    result = run("copy", root, tmp_path / "copy")
    assert (result.exit_code, "(旧结论.json)" in result.stderr) == (3, True)
    assert not (tmp_path / "copy").exists()


def test_list_keeps_its_numbers_after_a_prune(origin, tmp_path):
    root = tmp_path / "ws"
    copy_of(origin, root)
    store = open_workspace(root)
    last = store.entries[-1]
    store.prune(lambda entry: entry != last)
    made = copy_workspace(open_workspace(root), tmp_path / "copy", register=register_in(root))
    assert (tmp_path / "copy" / "workspace.json").read_bytes() == encode_manifest(made.manifest)
    assert made.manifest.sequence == 7  # type: ignore[union-attr]
