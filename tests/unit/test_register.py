"""The register of checked sites, on a real workspace: what it keeps, how it is hurt, and what a notice says."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import replace

import numpy as np
import pytest
import shapely

from layers.workspace import FolderStore
from layers.workspace.changes import VERDICTS
from screening.errors import AsOfError, NoRegisterError, NoSuchSiteError, RegisterDamagedError
from screening.inquiry import Inquiry, snapped
from screening.register import Register, rescreen
from screening.register.alignment import unpaired
from screening.register.changes import CHANGES
from screening.register.database import DATABASE, MARK
from screening.register.displacement import moved_m
from screening.register.documents import joined, parted, plain
from screening.register.register import windows_from
from screening.register.windows import FAR_M, inflated
from screening.screen import screen
from screening.site import site_of
from screening.words import has_word
from tests.building import add, workspace_at

AS_OF = "2026-11-22"
AREA = shapely.box(117.0, 49.3, 117.6, 49.7)
RED = shapely.box(117.2, 49.4, 117.22, 49.42)
FAR_RED = shapely.box(117.5, 49.6, 117.52, 49.62)
ROWS = [{"id": "a", "名称": "甲"}, {"id": "b", "名称": "乙"}]
M_LON = 1 / 72_700


def parcel(lon: float, lat: float, name: str) -> Inquiry:
    box = shapely.box(lon, lat, lon + 200 * M_LON, lat + 0.002)
    return Inquiry(site=snapped(site_of(box, accuracy_m=1, name=name)), as_of=AS_OF)


NEAR, FAR = parcel(117.21, 49.425, "近"), parcel(117.49, 49.59, "远")


@pytest.fixture
def root(tmp_path):
    """A red line of two polygons 28 km apart, and a registered parcel at each."""
    store = workspace_at(tmp_path / "工作区 甲", "red_lines")
    add(store, "red_lines", [RED, FAR_RED], ROWS, coverage=AREA, accuracy_m=5.0)
    with Register(FolderStore.open(store.root), create=True) as register:
        assert register.add_many([NEAR, FAR]) == [1, 2]
    return store.root


def replaced(root, shapes, rows=ROWS, **options):
    given = {"coverage": AREA, "accuracy_m": 5.0, "data_date": "2025-01-01"} | options
    add(FolderStore.open(root), "red_lines", shapes, rows, replace=True, **given)
    return FolderStore.open(root)


def brought(root, *, as_of=AS_OF, every=False):
    with Register(FolderStore.open(root)) as register:
        return rescreen(register, as_of=as_of, every=every)


def require_full_run(root, *, as_of=AS_OF):
    store = FolderStore.open(root)
    with Register(store) as register:
        for site in register.sites():
            asked = register.inquiry(site.id)
            assert register.document(site.id) == plain(screen(asked.site, store, as_of=as_of).to_dict())


def test_a_kept_document_is_the_verdict_itself(root):
    require_full_run(root)
    with Register(FolderStore.open(root)) as register:
        assert register.inquiry(1) == NEAR
        assert [site.answer for site in register.sites()] == ["clear", "clear"]
        with pytest.raises(NoSuchSiteError, match="no site 3"):
            register.document(3)


def test_a_document_parts_and_joins_without_loss(root):
    document = plain(screen(NEAR.site, FolderStore.open(root), as_of=AS_OF).to_dict())
    shared, own = parted(document)
    assert joined(shared, own) == document
    assert shared["layers"][0]["version"] not in str(own)


def test_a_site_added_again_is_checked_anew_and_counted_once(root):
    with Register(FolderStore.open(root)) as register:
        assert register.add(NEAR) == 1
        assert len(register) == 2


def test_only_the_site_in_reach_of_a_moved_feature_is_run_and_told_by_how_much(root):
    moved = shapely.transform(RED, lambda xy: xy + np.array([0.0, 0.006]))  # 667 m north, onto the parcel
    replaced(root, [moved, FAR_RED])
    done = brought(root)
    require_full_run(root)
    assert done.everywhere == ()
    (notice,) = done.notices
    assert (notice.name, notice.answer_changed) == ("近", True)
    assert (notice.before["answer"], notice.after["answer"]) == ("clear", "hit")
    (because,) = notice.because
    assert (because["code"], because["feature"]["id"]) == ("feature_moved", "a")
    assert because["moved_m"] == pytest.approx(0.006 * 111_215, abs=2)  # a degree of the meridian at 49.4 N
    with Register(FolderStore.open(root)) as register:
        assert [n.to_dict() for n in register.notices()] == [notice.to_dict()]


def test_a_removed_an_added_and_a_renamed_feature_are_told_apart(root):
    other = shapely.box(117.488, 49.592, 117.489, 49.593)  # beside the far parcel, nearer than the old nearest
    replaced(root, [shapely.box(117.3, 49.35, 117.31, 49.36), other, FAR_RED], [
        {"id": "c", "名称": "丙"}, {"id": "d", "名称": "丁"}, {"id": "b", "名称": "改名"}])  # fmt: skip
    done = brought(root)
    require_full_run(root)
    codes = {n.name: sorted((c["code"], c["feature"]["id"]) for c in n.because) for n in done.notices}
    assert ("feature_removed", "a") in codes["近"]
    assert ("feature_added", "d") in codes["远"]
    assert not any(c == ("feature_removed", "a") for c in codes["远"])


def test_a_feature_that_ends_is_noticed_without_a_new_version(tmp_path):
    store = workspace_at(tmp_path / "ws", "red_lines")
    rows = [ROWS[0] | {"失效日期": "2026-12-31"}, ROWS[1]]
    add(store, "red_lines", [RED, FAR_RED], rows, coverage=AREA, accuracy_m=5.0)
    with Register(FolderStore.open(store.root), create=True) as register:
        register.add_many([parcel(117.21, 49.41, "内"), FAR])
    done = brought(store.root, as_of="2027-01-01")
    require_full_run(store.root, as_of="2027-01-01")
    (notice,) = done.notices
    assert (notice.before["answer"], notice.after["answer"]) == ("hit", "clear")
    assert notice.because[0]["code"] == "feature_ended"
    assert notice.because[0]["date"] == "2026-12-31"


def test_a_check_dated_back_says_that_features_have_not_begun_or_not_ended(tmp_path):
    store = workspace_at(tmp_path / "ws", "red_lines")
    rows = [ROWS[0] | {"生效日期": "2026-03-01"}, ROWS[1] | {"失效日期": "2026-04-01"}]
    add(store, "red_lines", [RED, FAR_RED], rows, coverage=AREA, accuracy_m=5.0)
    with Register(FolderStore.open(store.root), create=True) as register:
        register.add_many([parcel(117.21, 49.41, "未生效"), parcel(117.51, 49.61, "未失效")])
    done = brought(store.root, as_of="2026-02-01")
    require_full_run(store.root, as_of="2026-02-01")
    both = {("feature_not_begun", "2026-03-01"), ("feature_not_ended", "2026-04-01")}  # each site's nearest, in turn
    assert {n.name: {(c["code"], c["date"]) for c in n.because} for n in done.notices} == {
        "未生效": both,
        "未失效": both,
    }


def test_a_row_put_first_in_a_file_without_ids_is_no_feature_that_moved(tmp_path):
    store = workspace_at(tmp_path / "ws", "red_lines")
    add(store, "red_lines", [RED, FAR_RED], coverage=AREA, accuracy_m=5.0)
    with Register(FolderStore.open(store.root), create=True) as register:
        register.add_many([NEAR, FAR])
    onto = shapely.box(117.205, 49.424, 117.216, 49.428)
    replaced(store.root, [onto, RED, FAR_RED], None)
    done = brought(store.root)
    require_full_run(store.root)
    said = {n.name: sorted((c["code"], c["feature"]["id"]) for c in n.because) for n in done.notices}
    assert said == {  # the numbers of the rows, which are all the ids there are, went up by one
        "近": [("feature_added", "1"), ("feature_attributes", "2")],
        "远": [("feature_attributes", "3")],
    }


def test_an_answer_turned_by_the_coverage_of_another_layer_is_not_put_down_to_a_new_name(tmp_path):
    store = workspace_at(tmp_path / "ws", "red_lines")
    # NEAR runs from 0 to 200 m: the west knows what lies up to 50 m, the east from -7 m, each but for 5 m (c)
    halves = shapely.box(117.0, 49.3, 117.21 + 50 * M_LON, 49.7), shapely.box(117.21 - 7 * M_LON, 49.3, 117.6, 49.7)
    west, east = ({"name": name, "theme": "red", "accuracy_m": 5.0} for name in ("西县", "东县"))
    add(store, "red_lines", [RED], ROWS[:1], coverage=halves[0], **west)
    add(store, "red_lines", [FAR_RED], ROWS[1:], coverage=halves[1], **east)
    with Register(FolderStore.open(store.root), create=True) as register:
        register.add(NEAR)
        assert register.sites()[0].answer == "clear"
    store = FolderStore.open(store.root)
    newer = {"replace": True, "data_date": "2025-01-01"}
    add(store, "red_lines", [FAR_RED], [ROWS[1] | {"名称": "改名"}], coverage=halves[1], **east, **newer)
    # a hole at -5 to -3 m, of which the west's own finding (a quarter of the parcel known) says nothing
    hole = shapely.box(117.21 - 5 * M_LON, 49.42, 117.21 - 3 * M_LON, 49.43)
    add(store, "red_lines", [RED], ROWS[:1], coverage=shapely.difference(halves[0], hole), **west, **newer)
    done = brought(store.root)
    require_full_run(store.root)
    (notice,) = done.notices
    assert (notice.before["answer"], notice.after["answer"]) == ("clear", "unknown")
    assert ("coverage_changed", "西县") in [(c["code"], c["layer"]) for c in notice.because]


def test_a_layer_that_expires_reaches_every_site(root):
    replaced(root, [RED, FAR_RED], valid_until="2027-06-01")
    assert brought(root).notices == ()
    done = brought(root, as_of="2027-06-02")
    require_full_run(root, as_of="2027-06-02")
    assert {n.after["answer"] for n in done.notices} == {"unknown"}
    assert {c["code"] for c in done.everywhere} == {"validity_changed"}


def test_a_new_layer_and_one_whose_older_version_is_pruned_reach_every_site(root):
    add(FolderStore.open(root), "protected_areas", [FAR_RED], [{"名称": "公园"}], coverage=AREA)
    done = brought(root)
    require_full_run(root)
    assert {c["code"] for c in done.everywhere} == {"layer_added"}
    store = replaced(root, [RED, FAR_RED])
    store.prune(lambda entry: entry.sequence != 1)
    done = brought(root)
    require_full_run(root)
    assert done.run == 2
    assert "version_gone" in {c["code"] for c in done.everywhere}


def test_nothing_new_runs_witnesses_only(root):
    done = brought(root)
    assert (done.notices, done.everywhere) == ((), ())
    assert brought(root, every=True).run == 2


def test_a_byte_flipped_in_a_layer_makes_answers_unknown_never_leaves_them_clear(root):
    (wkb,) = root.glob("layers/*/*/index/pieces.wkb.bin")
    data = bytearray(wkb.read_bytes())
    data[-20] ^= 1
    wkb.write_bytes(bytes(data))
    done = brought(root)
    require_full_run(root)
    assert "layer_unreadable" in {c["code"] for c in done.everywhere}
    assert {n.after["answer"] for n in done.notices} == {"unknown"}


# --- the register hurt -----------------------------------------------------------------------------------------------


def test_a_workspace_without_a_register_says_so(tmp_path):
    store = workspace_at(tmp_path / "ws", "red_lines")
    with pytest.raises(NoRegisterError, match="no site was ever registered"):
        Register(FolderStore.open(store.root))


@pytest.mark.parametrize("create", [False, True])
def test_a_lost_or_emptied_register_is_never_an_empty_one(root, create):
    store = FolderStore.open(root)
    path = root / VERDICTS / DATABASE
    assert (root / VERDICTS / MARK).exists()
    path.write_bytes(b"")
    with pytest.raises(RegisterDamagedError, match="empty"):
        Register(store, create=create)
    path.unlink()
    with pytest.raises(RegisterDamagedError, match="gone"):
        Register(store, create=create)


def test_no_flipped_or_lost_byte_of_the_file_goes_unseen_and_changes_what_is_read(root):
    path = root / VERDICTS / DATABASE
    good = path.read_bytes()
    store = FolderStore.open(root)

    def everything():
        with Register(store) as register:
            numbers = [site.id for site in register.sites()]
            return register.sites(), [register.document(n) for n in numbers], [register.inquiry(n) for n in numbers]

    expected, refused = everything(), 0
    rng = np.random.default_rng(1)
    for place in [*rng.integers(0, len(good), 150), 0, 20, 60]:
        bad = bytearray(good)
        bad[place] ^= 1 << int(rng.integers(0, 8))
        path.write_bytes(bytes(bad))
        try:
            assert everything() == expected, place  # bytes that nothing reads: free space, counters
        except RegisterDamagedError:
            refused += 1
    assert refused > 20
    for size in (100, 4096, len(good) // 2, len(good) - 4096):
        path.write_bytes(good[:size])
        with pytest.raises(RegisterDamagedError):
            everything()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM sites WHERE id = 2",
        "UPDATE sites SET windows = zeroblob(length(windows)) WHERE id = 1",
        "UPDATE sites SET answer = 'clear ' WHERE id = 1",
        "UPDATE lots SET state = 2",
        "DELETE FROM lots",
        "UPDATE states SET engine = 'x'",
        "INSERT INTO sites SELECT 3, lot, x'00', name, answer, windows, inquiry, verdict, digest FROM sites WHERE id = 1",
        "DELETE FROM seal",
    ],
)
def test_a_row_that_was_altered_is_refused_before_anything_is_run(root, statement):
    path = root / VERDICTS / DATABASE
    db = sqlite3.connect(path)
    db.execute(statement)
    db.commit()
    db.close()
    before = path.read_bytes()
    with pytest.raises(RegisterDamagedError):
        brought(root)
    assert path.read_bytes() == before


def test_a_site_that_a_damaged_index_hides_is_not_kept_twice(root):
    db = sqlite3.connect(root / VERDICTS / DATABASE, isolation_level=None)
    db.execute("CREATE TABLE other (x BLOB UNIQUE)")
    db.execute("PRAGMA writable_schema = ON")
    empty = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_other_1'").fetchone()
    db.execute("UPDATE sqlite_master SET rootpage = ? WHERE name = 'sqlite_autoindex_sites_1'", empty)
    db.close()
    with Register(FolderStore.open(root)) as register:
        with pytest.raises(RegisterDamagedError, match="cannot be found"):
            register.add(NEAR)
        assert len(register.sites()) == 2


def test_pages_that_changed_places_are_damage_and_not_a_site_that_never_was(root):
    with Register(FolderStore.open(root)) as register:
        document = register.document(1)
        more = [replace(NEAR, site=replace(NEAR.site, name=f"第{i}")) for i in range(80)]
        register.add_many([(inquiry, document) for inquiry in more])
    path = root / VERDICTS / DATABASE
    db = sqlite3.connect(path)
    page = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'sites'").fetchone()[0]
    size = db.execute("PRAGMA page_size").fetchone()[0]
    db.close()
    data = bytearray(path.read_bytes())
    start = (page - 1) * size
    assert data[start] == 5  # an inner page, whose cells begin with the number of a page below
    places = [int.from_bytes(data[start + 12 + 2 * i : start + 14 + 2 * i], "big") for i in (0, 1)]
    one, other = (slice(start + place, start + place + 4) for place in places)
    data[one], data[other] = data[other], data[one]
    path.write_bytes(bytes(data))
    with Register(FolderStore.open(root)) as register:
        for ask in (register.sites, lambda: register.document(1)):
            with pytest.raises(RegisterDamagedError, match="out of order"):
                ask()


def test_what_stops_half_way_leaves_the_register_as_it_was(root):
    def asked():
        yield parcel(117.3, 49.5, "三")
        raise KeyboardInterrupt

    with Register(FolderStore.open(root)) as register:
        with pytest.raises(KeyboardInterrupt):
            register.add_many(asked())
        assert [site.id for site in register.sites()] == [1, 2]
        with pytest.raises(AsOfError):
            rescreen(register, as_of="2026-13-01")
    require_full_run(root)


def test_a_copied_workspace_takes_its_register_along(root, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(root, copy)
    replaced(copy, [FAR_RED], ROWS[1:])
    assert [n.name for n in brought(copy).notices] == ["近"]
    require_full_run(root)


# --- parts -----------------------------------------------------------------------------------------------------------


def test_every_change_has_words():
    assert [code for code in CHANGES if not has_word(f"register.because_{code}")] == []


def test_a_row_out_of_order_has_no_partner():
    assert [places.tolist() for places in unpaired("abc", "cab")] == [[2], [0]]
    assert [places.tolist() for places in unpaired("aab", "ab")] == [[1], []]


def test_an_outline_moved_by_its_corner_is_moved_by_as_much():
    dented = shapely.Polygon([(117.2, 49.4), (117.22, 49.4), (117.22, 49.421), (117.2, 49.42)])
    assert moved_m(RED, dented) == pytest.approx(0.001 * 111_215, rel=0.01)
    assert moved_m(RED, RED.normalize()) == 0.0


def test_two_inflated_distances_hold_what_their_sum_may_be_off_by():
    def off(z, half=50_000.0):
        return (1 + 1e-3 + 2 * 1.9 * (z + half) / 6_371_000.0) ** 4

    for x in (0.0, 25.0, 1000.0, 20_000.0, FAR_M):
        for y in (0.0, 500.0, 5_000.0, FAR_M):
            assert inflated(x) + inflated(y) >= (x + y) * off(x + y)


def test_windows_reach_the_nearest_feature_and_the_printed_edge_of_the_coverage(root):
    edge = parcel(117.02, 49.35, "西缘")  # 0.02 degrees or 1,454 m from the west edge, farther from any red line
    with Register(FolderStore.open(root)) as register:
        register.add(edge)
        rows = register.database.sites()
        finding = register.document(3)["findings"][0]
    assert finding["distance_at_least_m"] == pytest.approx(0.02 / M_LON, rel=0.01)
    near = windows_from(rows, 1)[:, 0]
    assert near[0, 0][1] < 49.42  # the parcel at 49.425 N sees the red line that ends at 49.42
    assert near[0, 0][1] > 49.41  # and little beyond
    assert near[2, 1][0] < 117.0  # the west edge of the coverage
    assert near[2, 1][0] > 116.99


def test_first_layer_of_a_workspace_reaches_sites_registered_before_it(tmp_path):
    store = workspace_at(tmp_path / "ws", "red_lines")
    with Register(store, create=True) as register:
        register.add_many([NEAR, FAR])
    add(FolderStore.open(store.root), "red_lines", [RED, FAR_RED], ROWS, coverage=AREA, accuracy_m=5.0)
    done = brought(store.root)
    assert (done.run, len(done.notices), [c["code"] for c in done.everywhere]) == (2, 2, ["layer_added"])
    require_full_run(store.root)
