"""A workspace in a database: what only a database can do to it, and what it must never do."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely

from layers.errors import (
    DatabaseAddressError,
    DatabaseDriverError,
    DatabaseRefusedError,
    DatabaseUnreachableError,
    NotAWorkspaceError,
    VersionUnreachableError,
    WorkspaceBusyError,
    WorkspaceExistsError,
)
from layers.workspace import DatabaseAddress, create_workspace, open_workspace
from screening.screen import screen
from screening.site import site_of
from tests.building import add
from tests.postgres_server import DATABASE, PASSWORD
from tests.workspace_places import DatabasePlace

if TYPE_CHECKING:
    from tests.postgres_server import Server

REPO = Path(__file__).resolve().parents[2]
AS_OF = "2026-11-22"
CITY = shapely.box(117.2, 49.3, 117.9, 49.8)
RED = shapely.box(117.44, 49.57, 117.47, 49.60)
NEAR, FAR = shapely.Point(117.455, 49.585), shapely.Point(117.7, 49.4)
LATTICE = 60
"""Columns and rows of the many zones of one layer."""


@pytest.fixture
def database(postgres: Server) -> DatabasePlace:
    return DatabasePlace(postgres, postgres.another())


@pytest.fixture
def red(database: DatabasePlace) -> Any:
    """One red line in a covered city: a hit and a clear site."""
    store = database.make(kinds=("red_lines",))
    add(store, "red_lines", [RED], [{"红线名称": "草原"}], name="红线图层", coverage=CITY)
    return database.open()


def answers(store: Any) -> tuple[str, str]:
    """Of the site in the red line and of the one far from it, by a store opened anew."""
    opened = open_workspace(store.root)
    near, far = (screen(site_of(p, accuracy_m=7.0), opened, as_of=AS_OF) for p in (NEAR, FAR))
    return near.answer, far.answer


def reasons(store: Any, **given: Any) -> set[str]:
    """What is said of layers that could not be read."""
    verdict = screen(site_of(FAR, accuracy_m=7.0), store, as_of=AS_OF).to_dict()
    return {r["detail"] for f in verdict["findings"] for r in f["reasons"] if r["code"] == "layer_unreadable"}


# Where it lies


@pytest.mark.parametrize(
    ("text", "shown", "schema"),
    [
        ("postgresql://li@h/db", "postgresql://li@h/db#sanxian", "sanxian"),
        ("postgresql://li:geheim@h:5433/db#满洲里", "postgresql://li@h:5433/db#满洲里", "满洲里"),
        ("postgres:///db", "postgresql:///db#sanxian", "sanxian"),
        ("postgresql://h1:1,h2:2/db?sslmode=require#a%20b", "postgresql://h1:1,h2:2/db?sslmode=require#a b", "a b"),
        (
            "postgresql://li@h/db?password=geheim&sslmode=require",
            "postgresql://li@h/db?sslmode=require#sanxian",
            "sanxian",
        ),
        ("postgresql://li:ge%23heim:x@h/db", "postgresql://li@h/db#sanxian", "sanxian"),
    ],
)
def test_address_is_shown_without_its_password(text, shown, schema):
    address = DatabaseAddress.parse(text)
    assert (str(address), address.schema) == (shown, schema)
    assert "heim" not in repr(address)
    assert DatabaseAddress.parse(str(address)).schema == schema
    assert DatabaseAddress.parse(address.written_out) == address
    pickled = pickle.dumps([address, {"where": address}])
    assert b"heim" not in pickled
    other = pickle.loads(pickled)[0]
    assert (str(other), other.schema, other.password, other.secrets) == (shown, schema, None, ())


@pytest.mark.parametrize(
    "text",
    [
        "postgres:/li:geheim@h/db",
        "postgresql//li:geheim@h/db",
        "postgresql://li:geheim#x@h/db",  # the password would be cut at #, and its rest be a name
        "postgresql://li:ge/heim@h/db",
        "postgresql://li:ge?heim@h/db",
        "postgresql://li:geheim@[h/db",
        "postgresql://li:geheim@h/db#pg_x",
        "postgresql://li:geheim@h/db#%20",
        "postgresql://li:geheim@h/db#" + "长" * 22,  # 66 bytes
    ],
)
def test_address_that_is_none_is_refused_without_repeating_it(text):
    with pytest.raises(DatabaseAddressError, match=r"write postgresql://USER@HOST:PORT/DATABASE#NAME") as caught:
        open_workspace(text)
    assert "heim" not in str(caught.value)


def test_schema_that_holds_anything_is_no_place_for_a_new_workspace(database):
    store = database.make()
    with pytest.raises(WorkspaceExistsError, match=r"ws_block.*or name a new #NAME"):
        database.make()
    database.server.sql(DATABASE, 'CREATE SCHEMA "notes 1"; CREATE TABLE "notes 1".a (x int)')
    with pytest.raises(WorkspaceExistsError, match=r"\(a\)"):
        create_workspace(database.server.url(schema="notes 1"), required_kinds=[], region=None)
    with pytest.raises(NotAWorkspaceError, match=r"no schema 'notes 1' with the tables.*name another #NAME"):
        open_workspace(database.server.url(schema="notes 1"))
    with pytest.raises(ValueError, match="each once"):
        create_workspace(database.url("new"), required_kinds=["a", "a"], region=None)
    assert open_workspace(store.root).required_kinds == ("red_lines", "control_units")


def test_missing_driver_is_named_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(DatabaseDriverError, match=r'pip install "sanxian\[postgis\]"'):
        open_workspace("postgresql://h/db")


def test_database_without_postgis_is_refused_with_what_to_install(postgres):
    postgres.sql("postgres", "CREATE DATABASE bare OWNER li")
    with pytest.raises(DatabaseRefusedError, match="let a superuser run CREATE EXTENSION postgis"):
        create_workspace(postgres.url(database="bare"), required_kinds=[], region=None)
    assert postgres.sql("bare", "SELECT 1 FROM pg_namespace WHERE nspname = 'sanxian'") == []


def test_no_error_and_no_text_of_a_store_holds_the_password(database, red):
    url = database.url()
    found = []
    for wrong in (
        url.replace(PASSWORD, PASSWORD + "x"),
        url.replace(f"/{DATABASE}", "/nowhere"),
        url.replace(f":{database.server.port}/", ":1/"),
        url.replace("127.0.0.1", "no-such-host.invalid"),
        url.replace("#", "?nonsense=1#"),
        url.replace("#", "?sslmode=nonsense#"),
    ):
        with pytest.raises(DatabaseUnreachableError, match="check that the server runs") as caught:
            open_workspace(wrong)
        found.append(str(caught.value))
        found.append(str(caught.value.__dict__))
        found.append(str(pickle.loads(pickle.dumps(caught.value))))
    found += [str(red.root), repr(red.root), red.name, str(red.entries), str(red.damages)]
    assert not [text for text in found if PASSWORD in text]


# The published copy


def test_features_are_published_as_a_table_with_the_columns_of_the_geopackage(database, red):
    columns = database.sql(
        red,
        "SELECT column_name::text FROM information_schema.columns WHERE table_name = '红线图层 v0001' "
        f"AND table_schema = '{red.root.schema}' ORDER BY ordinal_position",
    )
    assert [name for (name,) in columns] == [
        "fid", "id", "code", "name", "class", "class_label", "counts", "flags", "valid_from", "valid_until",
        "accuracy_m", "influence_m", "attributes", "mark", "geom"]  # fmt: skip
    found = database.sql(
        red, 'SELECT name, counts, ST_SRID(geom), GeometryType(geom), ST_AsBinary(geom) FROM "红线图层 v0001"'
    )
    ((name, counts, srid, kind, wkb),) = found
    assert (name, counts, srid, kind) == ("草原", 1, 4490, "MULTIPOLYGON")
    assert shapely.equals(shapely.from_wkb(bytes(wkb)), RED)
    indexed = (
        "SELECT indexdef FROM pg_indexes WHERE tablename = '红线图层 v0001' AND indexdef LIKE '%USING gist (geom)'"
    )
    assert len(database.sql(red, f"{indexed} AND schemaname = '{red.root.schema}'")) == 1


def test_screening_does_not_read_the_published_copy(database, red):
    assert answers(red) == ("hit", "clear")
    database.sql(red, 'UPDATE "红线图层 v0001" SET geom = ST_Translate(geom, 1, 0)')
    assert (answers(red), open_workspace(red.root).verify()) == (("hit", "clear"), ())
    database.sql(red, 'DROP TABLE "红线图层 v0001"')
    assert (answers(red), open_workspace(red.root).verify()) == (("hit", "clear"), ())


def test_every_version_has_its_table_until_it_is_pruned(database, red):
    name = "长" * 40  # 120 bytes: more than the name of a table has
    add(red, "red_lines", [RED], name=name, coverage=CITY)
    add(red, "red_lines", [RED], name=name, coverage=CITY, replace=True)
    statement = "SELECT f_table_name::text FROM geometry_columns WHERE f_table_schema = '{}' ORDER BY 1"
    statement = statement.format(red.root.schema)
    tables = [t for (t,) in database.sql(red, statement)]
    assert len(tables) == 3
    assert all(len(t.encode()) <= 63 for t in tables)
    store = database.open()
    old = store.entries[1]
    database.sql(
        red, f'CREATE VIEW mine AS SELECT * FROM "{next(t for t in tables if t.endswith("v0001") and t[0] == "长")}"'
    )
    with pytest.raises(DatabaseRefusedError, match="drop what depends on a published table"):
        store.prune(lambda entry: entry != old)
    assert database.open().entries == store.entries
    database.sql(red, "DROP VIEW mine")
    assert store.prune(lambda entry: entry != old) == (old,)
    assert [t for (t,) in database.sql(red, statement)] == [t for t in tables if t[0] != "长" or t.endswith("v0002")]


# What is fetched


def test_check_of_one_site_fetches_a_small_share_of_a_large_layer(database, monkeypatch):
    store = database.make(kinds=("red_lines",))
    step = 0.6 / LATTICE
    zones = [
        shapely.Point(117.25 + step * i, 49.1 + step * j).buffer(step * 0.4, quad_segs=16)
        for i in range(LATTICE)
        for j in range(LATTICE)
    ]
    add(store, "red_lines", zones, name="许多", coverage=shapely.box(117.0, 49.0, 118.0, 49.9))
    store = database.open()
    opened = []
    open_version = store.open_version
    monkeypatch.setattr(store, "open_version", lambda entry: opened.append(open_version(entry)) or opened[-1])
    verdict = screen(site_of(zones[1234].centroid, accuracy_m=7.0), store, as_of=AS_OF)
    assert verdict.answer == "hit"
    ((total,),) = database.sql(
        store, "SELECT count(*) FROM ws_block b JOIN ws_file f ON f.id = b.file WHERE name LIKE 'index/%'"
    )
    assert total > 150
    assert sum(version.blocks_fetched for version in opened) < total / 4
    big = opened[0].array("edges/xy")
    assert big.dtype.itemsize * np.prod(big.shape) > 20 * 65536
    before = opened[0].blocks_fetched
    assert np.array_equal(big[0:1], big[0:1])
    assert opened[0].blocks_fetched <= before + 1  # block 0, once


# Loss


def test_any_row_lost_or_altered_moves_answers_towards_unknown_only(database, red):
    assert answers(red) == ("hit", "clear")
    rows = database.sql(
        red, "SELECT b.file, b.number, f.name FROM ws_block b JOIN ws_file f ON f.id = b.file ORDER BY 1, 2"
    )
    assert len(rows) > 50
    rows = [row for row in rows if row[0] % 3 == 0 or row[2].endswith((".json", "_blocks.bin"))]  # for time
    unknown = set()
    for file, number, name in rows:
        at = f"WHERE file = {file} AND number = {number}"
        ((data,),) = database.sql(red, f"SELECT data FROM ws_block {at}")
        database.sql(red, f"UPDATE ws_block SET data = set_byte(data, 0, get_byte(data, 0) # 1) {at}")
        near, far = answers(red)
        assert near in {"hit", "unknown"}, name
        assert far in {"clear", "unknown"}, name
        if far == "unknown":
            unknown.add(name)
        if file % 9 == 0:
            database.sql(red, f"DELETE FROM ws_block {at}")
            assert answers(red) == ("unknown", "unknown"), name  # its size is asked for at once
            database.sql(red, f"INSERT INTO ws_block VALUES ({file}, {number}, '')")
        database.sql(red, f"UPDATE ws_block SET data = '\\x{bytes(data).hex()}' {at}")
    assert answers(red) == ("hit", "clear")
    assert {"card.json", "checksums.json", "index/_blocks.bin"} <= unknown
    assert len(unknown) > 6  # what this site touches; the rest is for others


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE ws_block",
        "TRUNCATE ws_file CASCADE",
        "TRUNCATE ws_version CASCADE",
        "DELETE FROM ws_version",
        "DELETE FROM ws_manifest",
        "TRUNCATE ws_manifest",
        "UPDATE ws_manifest SET document = ''",
        (
            "ALTER TABLE ws_manifest DROP CONSTRAINT ws_manifest_pkey, DROP CONSTRAINT ws_manifest_one_check; "
            "INSERT INTO ws_manifest SELECT 2, document FROM ws_manifest"
        ),
        "ALTER TABLE ws_manifest RENAME document TO x",
        "DROP TABLE ws_manifest",
        "DROP TABLE ws_block",
        "DROP TABLE ws_file CASCADE",
        "DROP TABLE ws_version CASCADE",
        "ALTER TABLE ws_block RENAME data TO x",
        "ALTER TABLE ws_version RENAME folder TO x",
        "UPDATE ws_file SET name = 'x' WHERE name = 'card.json'",
        "UPDATE ws_file SET name = name || 'x'",
        "UPDATE ws_version SET folder = 'x'",
        "UPDATE ws_version SET version = 'v0002-00000000'",
        "UPDATE ws_block SET number = -1 - number",
        "REVOKE SELECT ON ws_block FROM li",
        "REVOKE SELECT ON ws_manifest FROM li",
        "INSERT INTO ws_version (folder, version) VALUES ('别的', 'v0001-00000000')",
    ],
)
def test_table_lost_emptied_or_altered_makes_answers_unknown(database, red, statement):
    database.sql(red, statement)
    beside = statement.startswith("INSERT")  # what proves the hit is still there
    assert answers(red) == ("hit" if beside else "unknown", "unknown")


def test_tables_of_another_schema_are_never_taken_for_lost_ones(database, red):
    database.sql(red, "CREATE TABLE public.ws_manifest AS SELECT * FROM ws_manifest", "DROP TABLE ws_manifest")
    database.sql(red, "GRANT SELECT ON public.ws_manifest TO li")
    try:
        assert answers(red) == ("unknown", "unknown")
        assert not open_workspace(red.root).manifest_readable
    finally:
        database.server.sql(DATABASE, "DROP TABLE public.ws_manifest")


def test_connection_that_breaks_in_a_check_makes_its_layer_unknown_and_the_next_check_right(database, red):
    from screening.loaded import load
    from screening.screen import judge

    def thrown_out() -> None:
        database.server.sql(
            DATABASE, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sanxian'"
        )

    loaded = load(red, AS_OF)
    thrown_out()
    verdict = judge(site_of(FAR, accuracy_m=7.0), loaded.fresh())
    assert verdict.answer == "unknown"
    said = {dict(r.facts).get("detail") for f in verdict.findings for r in f.reasons if r.code == "layer_unreadable"}
    assert said == {"VersionUnreachableError"}
    assert judge(site_of(FAR, accuracy_m=7.0), loaded.fresh()).answer == "clear"  # connected anew
    thrown_out()
    with pytest.raises(VersionUnreachableError, match="Check the connection and the rights to read"):
        red.open_version(red.entries[0])


def test_server_that_is_gone_is_an_error_and_no_answer(database, red):
    array = red.open_version(red.entries[0]).array("edges/xy")
    database.server.stop()
    try:
        with pytest.raises(VersionUnreachableError, match="could not be read from the database"):
            array[0]
        assert reasons(red) == {"VersionUnreachableError"}
        with pytest.raises(DatabaseUnreachableError, match="a change is made whole or not at all"):
            open_workspace(red.root)
        with pytest.raises(DatabaseUnreachableError):
            red.prune(lambda entry: False)
    finally:
        database.server.start()
    assert answers(red) == ("hit", "clear")


# Several users


def test_reader_needs_the_right_to_read_and_no_other(database, red):
    schema = red.root.schema
    database.sql(
        red, f'GRANT USAGE ON SCHEMA "{schema}" TO wang', f'GRANT SELECT ON ALL TABLES IN SCHEMA "{schema}" TO wang'
    )
    other = open_workspace(database.server.url(user="wang", schema=schema))
    assert answers(other) == ("hit", "clear")
    with pytest.raises(DatabaseRefusedError, match="ask its administrator for the rights"):
        add(other, "red_lines", [RED], name="红线图层", replace=True)
    with pytest.raises(DatabaseRefusedError):
        other.prune(lambda entry: False)
    database.sql(red, "REVOKE SELECT ON ws_block FROM wang")
    assert [d.code for d in open_workspace(other.root).damages] == ["layers_unreadable"]
    assert answers(other) == ("unknown", "unknown")


def test_second_writer_waits_and_is_told_so_while_readers_go_on(database, red):
    entered, leave = threading.Event(), threading.Event()
    from layers.workspace.postgres.link import Link
    from layers.workspace.postgres.tables import lock_key

    def hold() -> None:
        with Link(red.root).writing(lock_key(red.root.schema), timeout_s=5):
            entered.set()
            leave.wait(20)

    thread = threading.Thread(target=hold)
    thread.start()
    assert entered.wait(10)
    try:
        impatient = open_workspace(red.root, lock_timeout_s=0.2)
        with pytest.raises(
            WorkspaceBusyError, match=r"within 0\.2 s: another program is writing to it; nothing was changed"
        ):
            impatient.prune(lambda entry: False)
        assert answers(red) == ("hit", "clear")
        elsewhere = database.make("别处", kinds=())  # another schema, another lock
        assert elsewhere.prune(lambda entry: False) == ()
    finally:
        leave.set()
        thread.join()
    assert impatient.prune(lambda entry: True) == ()


def test_store_is_a_picture_of_the_moment_it_was_opened(database, red):
    before, unread = database.open(), database.open()
    add(
        database.open(),
        "red_lines",
        [shapely.box(117.6, 49.3, 117.8, 49.5)],
        name="红线图层",
        coverage=CITY,
        replace=True,
    )
    assert [e.version[:5] for e in before.entries] == ["v0001"]
    far = site_of(FAR, accuracy_m=7.0)
    assert screen(far, before, as_of=AS_OF).answer == "clear"
    assert screen(far, database.open(), as_of=AS_OF).answer == "hit"
    database.open().prune(lambda entry: entry.sequence == 2)
    assert screen(far, unread, as_of=AS_OF).answer == "unknown"  # its version is gone, and it says so
    assert screen(far, database.open(), as_of=AS_OF).answer == "hit"


KILLED = """
    import os, sys
    import numpy as np
    from layers.workspace import open_workspace
    from layers.workspace.postgres import filling as module

    write = module.copy_blocks
    def die(*given):
        write(*given)
        os.kill(os.getpid(), 9)
    module.copy_blocks = die
    open_workspace(sys.argv[1]).write_version(
        layer="新", kind="red_lines", theme="t", role="protective", data_date=None, valid_from=None, valid_until=None,
        card={"kind": "red_lines"}, arrays={"x": np.arange(9)}, files={}, source=None, replace=False)
"""


@pytest.mark.skipif(os.name == "nt", reason="kill -9 exists on POSIX only")
def test_writer_killed_in_the_middle_leaves_the_old_state_and_no_lock(database, red):
    command = [sys.executable, "-c", textwrap.dedent(KILLED), database.url()]
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, timeout=60)
    assert done.returncode == -9, done.stderr
    store = database.open()
    assert (store.entries, store.damages, store.verify()) == (red.entries, (), ())
    assert database.sql(red, "SELECT count(*) FROM ws_version") == [(1,)]
    add(store, "red_lines", [RED], name="新", coverage=CITY)
    assert answers(red) == ("hit", "clear")
