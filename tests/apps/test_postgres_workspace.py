"""The program on a workspace in a database: every command as on a folder, the same answers, never the password."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pytest
import shapely

from layers.workspace import open_workspace
from tests.apps.cli import RED, geojson, require_valid, run, small_workspace
from tests.building import add
from tests.postgres_server import PASSWORD
from tests.workspace_places import DatabasePlace

if TYPE_CHECKING:
    from pathlib import Path

    from tests.postgres_server import Server

DAY = ("--as-of", "2026-11-22")
SITE = "117.455,49.585"


@pytest.fixture(scope="module")
def both(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The same layers in a database and in a folder."""
    url = DatabasePlace(postgres, postgres.another()).url("核查")
    small_workspace(url)  # type: ignore[arg-type]
    return url, small_workspace(tmp_path_factory.mktemp("folder") / "ws")


def said(*arguments: Any) -> str:
    """What a command that succeeds prints; the password is in none of it."""
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    assert PASSWORD not in result.output
    return result.stdout


def require_no_password(*folders: Path) -> None:
    """Of whatever was written."""
    for folder in folders:
        for path in folder.rglob("*"):
            assert path.is_dir() or PASSWORD.encode() not in path.read_bytes(), path


def test_workspace_is_made_filled_listed_and_pruned_by_the_commands(postgres, tmp_path):
    url = DatabasePlace(postgres, postgres.another()).url("新的")
    shown = url.replace(f":{PASSWORD}", "")
    assert f"已新建工作区：{shown}" in said("init", url, "--require", "red_lines").replace("\n", "")
    path = geojson(tmp_path / "红线.geojson", RED, 红线名称="草原")
    cover = geojson(tmp_path / "cover.geojson", shapely.box(117.2, 49.3, 117.9, 49.8))
    given = ("--layer", "red_lines", "--coverage", cover, "--crs", "EPSG:4490")
    for date, more in (("2024-01-01", ()), ("2025-01-01", ("--replace",))):
        said("import", url, path, *given, "--name", "红线", "--data-date", date, *more)
    store = open_workspace(url)
    old, new = store.entries
    assert [e.data_date for e in store.entries] == ["2024-01-01", "2025-01-01"]
    assert store.verify() == ()
    listed = said("layers", url)
    assert shown in listed.replace("\n", "")
    assert "红线" in listed
    assert f"可删除：红线 {old.version}" in said("prune", url, "--dry-run")
    assert f"已删除：红线 {old.version}" in said("prune", url)
    assert open_workspace(url).entries == (new,)
    again = run("init", url)
    assert (again.exit_code, "已有其他内容" in again.stderr or "not empty" in again.stderr) == (3, True)
    assert PASSWORD not in again.output
    assert json.loads(said("check", SITE, "-w", url, *DAY, "--json", "-"))["answer"] == "hit"


def test_check_gives_the_same_document_as_on_a_folder(both, tmp_path):
    url, folder = both
    found = []
    for number, where in enumerate((url, folder)):
        out = tmp_path / str(number)
        out.mkdir()
        command = ("check", SITE, "-w", where, *DAY, "--json", out / "r.json", "--map", out / "m.html")
        said(*command, "--certificate", out / "c.json", "--report", out / "r.html")
        found.append(json.loads((out / "r.json").read_text("utf-8")))
        require_valid(found[-1])
        assert (out / "m.html").stat().st_size > 10_000
    assert found[0] == found[1]
    said("verify", tmp_path / "0" / "c.json", "-w", url)  # its exit status is 1 where anything differs
    said("verify", tmp_path / "0" / "c.json", "-w", folder)
    said("verify", tmp_path / "1" / "c.json", "-w", url)
    said("prove", tmp_path / "0" / "c.json", "-w", url, "--out", tmp_path / "0" / "f.json")
    said("prove", tmp_path / "1" / "c.json", "-w", folder, "--out", tmp_path / "1" / "f.json")
    assert (tmp_path / "0" / "f.json").read_bytes() == (tmp_path / "1" / "f.json").read_bytes()
    require_no_password(tmp_path)


def test_other_commands_read_it_too(both, tmp_path):
    url, folder = both
    for where, out in ((url, tmp_path / "d"), (folder, tmp_path / "f")):
        out.mkdir()
        said("map", where, "--out", out / "map.html", *DAY)
        said("export", where, "--out", out / "e", "--to", "geojson", *DAY)
        said("quality", where, *DAY, "--json", out / "q.json")
        said("compare", SITE, "117.6,49.4", "-w", where, *DAY)
        said("avoid", SITE, "-w", where, *DAY, "--json", out / "a.json")
    for name in ("q.json", "a.json"):
        one, other = (json.loads((tmp_path / place / name).read_text("utf-8")) for place in "df")
        assert one == other, name
    (one,), (other,) = (list((tmp_path / place / "e").iterdir()) for place in "df")
    assert (
        one.name.replace(open_workspace(url).name.replace(" ", "_"), "ws") == other.name
    )  # called after the schema, as after the folder
    with ZipFile(one) as packed, ZipFile(other) as packed_too:
        assert len(packed.namelist()) == len(packed_too.namelist()) > 5
    require_no_password(tmp_path)


def test_register_of_checked_sites_lies_in_the_database(postgres, tmp_path):
    place = DatabasePlace(postgres, postgres.another())
    url = place.url("登记")
    small_workspace(url)  # type: ignore[arg-type]
    site = geojson(tmp_path / "site.geojson", shapely.box(117.60, 49.41, 117.61, 49.42), name="甲")
    missing = run("register", "list", url)
    assert missing.exit_code == 3
    assert "no site was ever registered here" in missing.stderr
    told = said("register", "add", url, site, *DAY).replace("\n", "")
    assert f"已登记 1 个选址：{url.replace(f':{PASSWORD}', '')}" in told  # no file that is gone by then
    said("register", "add", url, SITE, *DAY)
    assert len(json.loads(said("register", "list", url, "--json", "-"))["sites"]) == 2
    red = open_workspace(url)
    add(
        red,
        "red_lines",
        [RED, shapely.box(117.60, 49.41, 117.61, 49.42)],
        name="红线图层",
        replace=True,
        data_date="2025-01-01",
    )
    said("register", "rescreen", url, *DAY)
    rows = json.loads(said("register", "list", url, "--json", "-"))["sites"]
    assert sorted(row["answer"] for row in rows) == ["hit", "hit"]
    assert "没有可删除的版本" in said("prune", url)  # a register is no text: all versions stay, as in a folder
    place.sql(red, "UPDATE ws_register SET data = set_byte(data, 17, get_byte(data, 17) # 255) WHERE number = 0")
    damaged = run("register", "list", url)
    assert (damaged.exit_code, "the register is damaged" in damaged.stderr) == (3, True)
    place.sql(red, "DELETE FROM ws_register WHERE number >= 0")
    lost = run("register", "list", url)
    assert (lost.exit_code, "the file is gone, and there was one" in lost.stderr) == (3, True)
    assert PASSWORD not in lost.output


@pytest.mark.parametrize("command", ["init", "layers", "prune", "quality"])
def test_address_that_is_wrong_is_told_in_both_languages_without_the_password(command, postgres):
    wrong = postgres.url().replace("@127.0.0.1", "#@127.0.0.1")
    result = run(command, wrong)
    assert result.exit_code == 2
    assert "数据库地址应写作 postgresql://" in result.stderr
    assert "write postgresql://USER@HOST:PORT/DATABASE#NAME" in result.stderr
    nowhere = run(command, postgres.url(database="nowhere"))
    assert nowhere.exit_code == 3
    assert "连接不上数据库" in nowhere.stderr
    assert PASSWORD not in result.output + nowhere.output


@pytest.mark.parametrize(
    "command",
    [
        ("inspect", "{}"),
        ("convert", "{}", "x.gpkg"),
        ("zonal", "{}", "dem.tif"),
        ("check", "{}", "-w", "{}"),
        ("demo", "{}"),
        ("export", "{}", "--out", "{}", "--to", "shp"),
    ],
    ids=lambda command: command[0],
)
def test_address_where_a_file_or_folder_is_meant_is_refused_without_the_password(command, both, tmp_path, monkeypatch):
    """No folder is made that is called after an address, with its password."""
    monkeypatch.chdir(tmp_path)
    url, _ = both
    refused = run(*(part.format(url) for part in command))
    assert refused.exit_code in (2, 3), refused.output
    assert PASSWORD not in refused.output
    assert not list(tmp_path.iterdir())
