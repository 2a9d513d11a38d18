"""Parts of a batch: every site in one, whatever is killed, cut off or changed; the rows of one process, to the byte."""

from __future__ import annotations

import copy
import json
import os
import pickle
import shutil
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.workspace import DatabaseAddress, FolderStore
from screening.batch.intake import chunks_of
from screening.batch.table import NumberedSite, sites_table
from screening.cluster import answering
from screening.cluster.answering import answer_part, answer_parts, greet
from screening.cluster.handing_over import SUMMARY
from screening.cluster.hilbert import hilbert_keys
from screening.cluster.part_files import digest_file, part_name, read_part, write_part
from screening.cluster.parted_job import PartedJob
from screening.cluster.partitions import keyed, parts_of
from screening.errors import BatchJobError, BatchStoppedError, WorkersDifferError
from screening.site import site_of
from spatial.errors import OutputInTheWayError
from tests.apps.cli import CITY, small_workspace
from tests.apps.parted import errand_of, job_of, points_table, rows_alone, rows_in
from tests.building import add


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return small_workspace(tmp_path_factory.mktemp("parts") / "ws")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return points_table(tmp_path_factory.mktemp("parts") / "p.csv", 90, bad=(3, 44))


@pytest.fixture(scope="module")
def alone(source, workspace):
    return rows_alone(source, workspace)


@pytest.fixture
def job(source, tmp_path):
    with job_of(tmp_path / "o.parts", source, part_sites=20) as made:
        yield made


def here(errand, numbers):
    """An engine that is this process."""
    for number in numbers:
        yield answer_part(errand, number)


# the order along a curve


def test_neighbours_on_the_curve_are_neighbours_on_the_earth():
    """The first 4**4 cells of the curve, one after another: each shares a side with the next, none comes twice."""
    side, step = 16, 1 / 65_536
    x, y = np.meshgrid(np.arange(side), np.arange(side))
    keys = hilbert_keys(-180 + 360 * step * (x.ravel() + 0.5), -90 + 180 * step * (y.ravel() + 0.5))
    order = np.argsort(keys)
    assert sorted(keys.tolist()) == list(range(side * side))
    steps = np.abs(np.diff(x.ravel()[order])) + np.abs(np.diff(y.ravel()[order]))
    assert set(steps.tolist()) == {1}


def test_what_lies_off_the_earth_has_a_key_too():
    keys = hilbert_keys(np.array([np.nan, np.inf, -np.inf, 180.0]), np.array([0.0, 91.0, -91.0, 90.0]))
    assert (keys < 2**32).all()


# cutting


def chunk_files(folder, lon, lat, per_chunk):
    sites = [
        NumberedSite(number=i + 1, id=str(i + 1), site=site_of(shapely.Point(x, y), accuracy_m=5))
        for i, (x, y) in enumerate(zip(lon, lat, strict=True))
    ]
    found = []
    for first in range(0, len(sites), per_chunk):
        found.append(folder / f"sites-{first:05d}.parquet")
        write_part(found[-1], keyed(sites_table(sites[first : first + per_chunk])))
    return found


@settings(max_examples=25, deadline=None)
@given(
    places=st.lists(st.tuples(st.floats(75, 135), st.floats(18, 53)) | st.just((117.5, 49.5)), min_size=1, max_size=60),
    per_chunk=st.integers(1, 30),
    part_sites=st.integers(1, 25),
    bucket_sites=st.integers(1, 40),
)
def test_every_site_is_in_one_part_whatever_the_sizes(places, per_chunk, part_sites, bucket_sites):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "chunks").mkdir()
        (folder / "chunks.sha256").mkdir()
        chunks = chunk_files(folder / "chunks", *zip(*places, strict=True), per_chunk)
        scratch = folder / "scratch"
        scratch.mkdir()
        parts = list(parts_of(chunks, scratch, part_sites=part_sites, bucket_sites=bucket_sites))
        assert not list(scratch.iterdir())
    numbers = [part.column("number").to_pylist() for part in parts]
    assert sorted(n for some in numbers for n in some) == list(range(1, len(places) + 1))
    assert all(some == sorted(some) and len(some) <= part_sites for some in numbers)
    for part in parts:
        found = shapely.from_wkb(part.column("geometry").to_pylist())
        meant = [shapely.Point(places[n - 1]) for n in part.column("number").to_pylist()]
        assert all(a.equals(b) for a, b in zip(found, meant, strict=True))


def test_parts_are_of_neighbours(tmp_path):
    """400 points on a grid in random order, 100 a part: boxes of parts hardly overlap; in order of source each is all."""
    order = np.random.default_rng(7).permutation(400)
    lon, lat = 100 + 0.5 * (order % 20), 30 + 0.25 * (order // 20)
    for name in ("scratch", "chunks", "chunks.sha256"):
        (tmp_path / name).mkdir()
    parts = list(parts_of(chunk_files(tmp_path / "chunks", lon, lat, 64), tmp_path / "scratch", part_sites=100))
    boxes = [shapely.total_bounds(shapely.from_wkb(p.column("geometry").to_pylist())) for p in parts]
    whole = 9.5 * 4.75
    assert [p.num_rows for p in parts] == [100] * 4
    assert sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in boxes) < 1.5 * whole  # 4 times, were they scattered


def test_memory_holds_where_all_sites_stand_at_one_place(tmp_path):
    """640 sites in one cell of the curve, one in 64 of them sampled, so 128 a bucket at most: none has all of them."""
    for name in ("scratch", "chunks", "chunks.sha256"):
        (tmp_path / name).mkdir()
    chunks = chunk_files(tmp_path / "chunks", [117.5] * 640, [49.5] * 640, 64)
    parts = list(parts_of(chunks, tmp_path / "scratch", part_sites=1000, bucket_sites=100))
    assert max(part.num_rows for part in parts) <= 128
    assert [n for part in parts for n in part.column("number").to_pylist()] == list(range(1, 641))


# answering


def test_parts_say_what_one_process_says_to_the_byte(job, workspace, alone, tmp_path):
    answer_parts(job, errand_of(job, workspace), here)
    out = job.hand_over(tmp_path / "结果")
    assert rows_in(out).equals(alone)
    assert {"hit", "clear", None} <= set(alone.column("answer").to_pylist())
    frame = gpd.read_parquet(out)
    assert (len(frame), frame.crs.to_epsg()) == (90, 4490)
    summary = json.loads((out / SUMMARY).read_text("utf-8"))
    assert summary["records"] == 90 == sum(part["rows"] for part in summary["parts"])
    assert {part["file"] for part in summary["parts"]} == {p.name for p in out.iterdir()} - {SUMMARY}
    assert sum(one["sites"] for one in summary["answers"]) == 90
    assert [cells["site_id"] for cells in job.refusals(5)] == ["4", "45"]


def test_the_box_of_a_part_is_in_its_words(job, workspace):
    answer_parts(job, errand_of(job, workspace), here)
    words = json.loads(pq.read_schema(job.rows_folder / part_name(0)).metadata[b"geo"])["columns"]["geometry"]
    shapes = shapely.from_wkb(read_part(job.rows_folder / part_name(0)).column("geometry").to_pylist())
    assert words["bbox"] == pytest.approx(list(shapely.total_bounds(shapes)), abs=0)
    assert words["geometry_types"] == ["Point"]


def test_a_part_answered_twice_is_there_once(job, workspace, alone, tmp_path):
    def twice(errand, numbers):
        for number in numbers:
            first = answer_part(errand, number)
            (job.rows_folder / part_name(number)).rename(tmp_path / "aside")  # so that it is done again
            yield answer_part(errand, number)
            shutil.copy(tmp_path / "aside", job.rows_folder / part_name(number))  # and the straggler ends last
            yield first

    counted = []
    answer_parts(job, errand_of(job, workspace), twice, on_rows=counted.append)
    assert rows_in(job.hand_over(tmp_path / "out")).equals(alone)


def test_a_batch_goes_on_where_it_stood(job, source, workspace, alone, tmp_path):
    class KilledError(Exception):
        """As a kill of the process that sends parts out."""

    def killed(errand, numbers):
        yield answer_part(errand, numbers[0])
        raise KilledError

    with pytest.raises(KilledError):
        answer_parts(job, errand_of(job, workspace), killed)
    job.close()
    with job_of(job.folder, source, part_sites=7) as again:  # the parts stay those of the first run
        assert again.answered == 20 + 2
        asked = []

        def counting(errand, numbers):
            asked.extend(numbers)
            yield from here(errand, numbers)

        answer_parts(again, errand_of(again, workspace), counting)
        assert asked == [1, 2, 3, 4]
        assert rows_in(again.hand_over(tmp_path / "out")).equals(alone)


def test_taking_in_goes_on_where_it_stood(workspace, tmp_path):
    source = points_table(tmp_path / "p.csv", 90, bad=(3,))
    folder, asked = tmp_path / "o.parts", {"source": source.name, "as_of": "2026-11-22"}

    def cut_off():
        chunks = chunks_of(source, rows=20)
        yield next(chunks)
        yield next(chunks)
        raise KeyboardInterrupt

    with PartedJob(folder, asked) as job, pytest.raises(KeyboardInterrupt):
        job.take_in(cut_off(), as_of="2026-11-22", step=20)
    with job_of(folder, source, part_sites=20, step=20) as job:
        answer_parts(job, errand_of(job, workspace), here)
        assert rows_in(job.hand_over(tmp_path / "out")).equals(rows_alone(source, workspace))


@pytest.mark.parametrize("harm", ["cut", "flipped", "another", "no digest"])
def test_a_damaged_part_is_answered_again_and_never_handed_over(harm, job, workspace, alone, tmp_path):
    errand = errand_of(job, workspace)
    answer_parts(job, errand, here)
    job.close()
    path = job.rows_folder / part_name(1)
    data = path.read_bytes()
    if harm == "cut":
        path.write_bytes(data[:-9])
    elif harm == "flipped":
        path.write_bytes(data[:200] + bytes([data[200] ^ 1]) + data[201:])
    elif harm == "no digest":
        digest_file(path).unlink()
    else:
        for name in (lambda p: p, digest_file):
            shutil.copy(name(job.rows_folder / part_name(2)), name(path))
    with PartedJob(job.folder, job.asked) as again:
        assert again.open_parts() == [1]
        answer_parts(again, errand, here)
        assert rows_in(again.hand_over(tmp_path / "out")).equals(alone)


def test_any_byte_of_a_part_that_changes_is_noticed(job, workspace):
    """Pages have checksums of their own in Parquet, but its header and footer have none: the whole file needs one."""
    assert not answer_part(errand_of(job, workspace), 0).code
    job.close()
    path = job.rows_folder / part_name(0)
    data = path.read_bytes()
    for place in range(0, len(data), 211):
        path.write_bytes(data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :])
        with PartedJob(job.folder, job.asked) as again:
            assert not again.accept(0), place


def test_a_part_that_never_reads_back_stops_the_batch(job, workspace):
    def spoiling(errand, numbers):
        for number in numbers:
            yield answer_part(errand, number)
            if number == 2:
                (job.rows_folder / part_name(number)).write_bytes(b"PAR1")

    def late(errand, numbers):
        yield from list(spoiling(errand, numbers))

    with pytest.raises(BatchStoppedError, match="1 parts were answered and do not read back"):
        answer_parts(job, errand_of(job, workspace), late)
    with pytest.raises(BatchStoppedError, match="1 parts are not answered; run the same command again"):
        job.hand_over(job.folder.with_name("out"))


def test_damaged_sites_of_a_part_stop_the_batch(job, workspace):
    path = job.folder / "sites" / part_name(1)
    data = path.read_bytes()
    path.write_bytes(data[:60] + bytes([data[60] ^ 1]) + data[61:])
    with pytest.raises(BatchStoppedError, match=r"part-00001\.parquet of the sites is damaged .*; give --restart"):
        answer_parts(job, errand_of(job, workspace), here)


def test_a_workspace_that_changed_meanwhile_is_refused(job, workspace, tmp_path):
    own = Path(shutil.copytree(workspace, tmp_path / "ws"))
    errand = errand_of(job, own)
    assert not answer_part(errand, 0).code
    add(FolderStore.open(own), "red_lines", [shapely.box(117.5, 49.5, 117.6, 49.6)], [{}], name="另一", coverage=CITY)
    assert answer_part(errand, 1).code == "layers"
    with pytest.raises(WorkersDifferError, match="not the one of the start; let every worker see the same"):
        answer_parts(job, errand, here)


def test_a_workspace_out_of_reach_is_refused_before_any_part(job, workspace, tmp_path):
    errand = replace(errand_of(job, workspace), workspace=tmp_path / "nowhere")
    outcome = greet(errand)
    assert outcome.code == "workspace"
    with pytest.raises(WorkersDifferError, match="put the workspace where every worker sees it under this very path"):
        answering.require(outcome, errand)


def test_a_folder_out_of_reach_is_refused(job, workspace, tmp_path):
    errand = replace(errand_of(job, workspace), folder=str(tmp_path / "elsewhere"))
    assert greet(errand).code == "folder" == answer_part(errand, 0).code


def test_another_version_is_refused(job, workspace):
    errand = errand_of(job, workspace)
    other = replace(errand, program=[[name, "0" if name == "GEOS" else text] for name, text in errand.program])
    assert greet(errand).code == ""
    assert (greet(other).code, greet(other).detail.endswith("not 0")) == ("program", True)
    assert answer_part(other, 0).code == "program"
    older = replace(errand, program=[pair for pair in errand.program if pair[0] != "pyarrow"])  # it told of less
    assert "pyarrow" in greet(older).detail
    assert greet(older).detail.endswith("not None")


def test_a_straggler_writes_nothing_after_the_batch_was_handed_over(job, workspace, tmp_path):
    errand = errand_of(job, workspace)
    answer_parts(job, errand, here)
    out = job.hand_over(tmp_path / "out")
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    assert answer_part(errand, 1).code == "disk"
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before
    assert not job.rows_folder.exists()


# the folder


def test_leftovers_of_killed_workers_are_not_handed_over(job, workspace, alone, tmp_path):
    answer_parts(job, errand_of(job, workspace), here)
    (job.rows_folder / f".{part_name(1)}.0123").write_bytes(b"half")
    shutil.copy(job.rows_folder / part_name(0), job.rows_folder / part_name(99))
    out = job.hand_over(tmp_path / "out")
    assert len(list(out.iterdir())) == 1 + len(job.plan["sites"]) + len(job.plan["refused"])
    assert rows_in(out).equals(alone)


def test_an_earlier_result_is_replaced_and_nothing_else(job, workspace, alone, tmp_path):
    answer_parts(job, errand_of(job, workspace), here)
    (tmp_path / "file").write_text("mine", "utf-8")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a.txt").write_text("mine", "utf-8")
    for name in ("file", "full"):
        with pytest.raises(OutputInTheWayError, match="no folder of an earlier result"):
            job.hand_over(tmp_path / name)
    assert (tmp_path / "full" / "a.txt").read_text("utf-8") == "mine"
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / SUMMARY).write_text("{}", "utf-8")
    (tmp_path / "old" / part_name(70)).write_bytes(b"of another batch")
    out = job.hand_over(tmp_path / "old")
    assert rows_in(out).equals(alone)


def test_a_folder_of_another_batch_is_refused(job, source, tmp_path):
    with pytest.raises(BatchStoppedError, match="another run is at work on it"):
        PartedJob(job.folder, job.asked)
    job.close()
    with pytest.raises(BatchJobError, match="belongs to another batch: as_of differ"):
        PartedJob(job.folder, job.asked | {"as_of": "2027-01-01"})
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.txt").write_text("mine", "utf-8")
    with pytest.raises(BatchJobError, match="the folder holds something else"):
        PartedJob(tmp_path / "mine", {})
    (tmp_path / "mine" / "lock").unlink(missing_ok=True)
    with pytest.raises(BatchJobError, match="it is no folder of a batch"):
        PartedJob.drop(tmp_path / "mine")
    assert (tmp_path / "mine" / "a.txt").exists()
    PartedJob.drop(job.folder)
    assert not job.folder.exists()


def test_a_source_without_a_record_gives_a_part_without_a_row(workspace, tmp_path):
    with PartedJob(tmp_path / "o.parts", {}) as job:
        job.take_in([], as_of="2026-11-22")
        answer_parts(job, errand_of(job, workspace), here)
        assert rows_in(job.hand_over(tmp_path / "out")).num_rows == 0


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root, or Windows, writes where it is not allowed")
def test_a_folder_that_cannot_be_written_is_refused(job, workspace):
    job.folder.chmod(0o500)
    try:
        assert greet(errand_of(job, workspace)).code == "folder"
    finally:
        job.folder.chmod(0o700)


def test_a_full_disk_stops_the_batch_and_the_same_job_goes_on(source, workspace, alone, tmp_path):
    """A disk of 1 MiB, nearly full when parts are answered; when there is more of it, the rest is answered."""
    small = tmp_path / "小盘"
    small.mkdir()
    made = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(small)]
    if shutil.which("mount") is None or subprocess.run(made, capture_output=True).returncode != 0:
        pytest.skip("a small disk needs the right to mount one")
    try:
        with job_of(small / "o.parts", source, part_sites=20) as job:
            with (small / "else").open("wb", buffering=0) as other, suppress(OSError):
                while other.write(b"x" * 4096) == 4096:  # until there is no room, whatever the disk says of itself
                    pass
            os.truncate(small / "else", (small / "else").stat().st_size - 8 * 4096)  # for one part, not for two
            with pytest.raises(BatchStoppedError, match=r"part-0000\d.parquet: .*No space left"):
                answer_parts(job, errand_of(job, workspace), here)
            (small / "else").unlink()
            answer_parts(job, errand_of(job, workspace), here)
            assert rows_in(job.hand_over(small / "out")).equals(alone)
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


def test_rows_of_a_part_have_the_columns_of_every_batch(job, workspace, alone):
    answer_parts(job, errand_of(job, workspace), here)
    assert all(
        read_part(path).schema.remove_metadata().equals(alone.schema) for path in sorted(job.rows_folder.iterdir())
    )
    assert pa.types.is_binary(alone.schema.field("geometry").type)


def test_records_lost_from_the_folder_before_they_are_cut_stop_the_batch(source, tmp_path):
    folder, asked = tmp_path / "o.parts", {"source": source.name, "as_of": "2026-11-22"}
    with PartedJob(folder, asked) as job:
        job.take_in(chunks_of(source, rows=30), as_of="2026-11-22", step=30)
        assert job.total == 90
    PartedJob.drop(folder)
    with PartedJob(folder, asked) as job:

        def losing():
            yield from chunks_of(source, rows=30)
            (folder / "taken" / "sites-000000000060.parquet").unlink()

        with pytest.raises(BatchJobError, match="records of the source are missing; give --restart"):
            job.take_in(losing(), as_of="2026-11-22", step=30)
        assert not job.planned


@pytest.mark.parametrize("name", ["plan.json", "job.json"])
def test_a_plan_that_was_altered_is_refused(name, job):
    job.close()
    path = job.folder / name
    text = path.read_text("utf-8")
    path.write_text(text.replace("20", "21", 1), "utf-8")
    with pytest.raises(BatchJobError, match=f"{name} is not what was written; give --restart"):
        reopened(job)
    path.write_text(text[:-4], "utf-8")
    with pytest.raises(BatchJobError, match=f"{name} cannot be read; give --restart"):
        reopened(job)


def reopened(job):
    with PartedJob(job.folder, job.asked) as again:
        return again.open_parts()


# what goes wrong at the very end


@pytest.mark.parametrize("harm", ["lost", "altered"])
def test_a_part_lost_or_altered_after_it_was_read_back_is_never_handed_over(harm, job, workspace, alone, tmp_path):
    errand = errand_of(job, workspace)
    answer_parts(job, errand, here)
    path = job.rows_folder / part_name(2)
    data = path.read_bytes()
    if harm == "lost":
        path.unlink()
    else:
        path.write_bytes(data[:90] + bytes([data[90] ^ 1]) + data[91:])
    with pytest.raises(BatchStoppedError, match="1 parts are not answered; run the same command again"):
        job.hand_over(tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert job.open_parts() == [2]
    answer_parts(job, errand, here)
    assert rows_in(job.hand_over(tmp_path / "out")).equals(alone)


def test_killed_between_rename_and_clean_up_the_result_is_there_and_the_same_command_works(
    job, source, workspace, alone, tmp_path
):
    errand = errand_of(job, workspace)
    answer_parts(job, errand, here)
    out = job.hand_over(tmp_path / "out")
    job.close()  # and killed
    assert rows_in(out).equals(alone)
    with job_of(job.folder, source, part_sites=20) as again:
        answer_parts(again, errand_of(again, workspace), here)
        assert rows_in(again.hand_over(out)).equals(alone)
    PartedJob.drop(job.folder)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out"]


def test_killed_between_the_two_renames_the_earlier_result_is_not_lost(job, source, workspace, alone, tmp_path):
    """With the same command it is replaced, with --restart it takes its place again before anything is dropped."""
    answer_parts(job, errand_of(job, workspace), here)
    out, kept = tmp_path / "out", job.folder / "old"
    kept.mkdir()
    (kept / SUMMARY).write_text("{}", "utf-8")
    job.close()
    other = Path(shutil.copytree(job.folder, tmp_path / "other.parts"))
    PartedJob.drop(job.folder, out)
    assert (out / SUMMARY).read_text("utf-8") == "{}"
    with job_of(other, source, part_sites=20) as again:
        answer_parts(again, errand_of(again, workspace), here)
        assert rows_in(again.hand_over(tmp_path / "new")).equals(alone)


def test_killed_in_the_middle_of_dropping_it_can_be_dropped_or_begun_again(
    job, source, workspace, alone, tmp_path, monkeypatch
):
    class KilledError(BaseException):
        """As kill -9."""

    remove, removed = shutil.rmtree, []

    def killed(path, **given):
        if len(removed) == 2:
            raise KilledError
        removed.append(path)
        remove(path, **given)

    answer_parts(job, errand_of(job, workspace), here)
    job.close()
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", killed)
        with pytest.raises(KilledError):
            PartedJob.drop(job.folder)
    assert (job.folder / "job.json").is_file()
    assert not (job.folder / "plan.json").exists()
    another = Path(shutil.copytree(job.folder, tmp_path / "another.parts"))
    PartedJob.drop(another)
    assert not another.exists()
    with job_of(job.folder, source, part_sites=20) as again:
        answer_parts(again, errand_of(again, workspace), here)
        assert rows_in(again.hand_over(tmp_path / "out")).equals(alone)


def test_a_pickled_errand_has_no_password(job, workspace):
    where = DatabaseAddress.parse("postgresql://li:geheim@h/db?sslpassword=geheim2#城")
    errand = replace(errand_of(job, workspace), workspace=where)
    data = pickle.dumps(errand)
    assert b"geheim" not in data
    assert str(pickle.loads(data).workspace) == str(where) == "postgresql://li@h/db#城"
    assert (where.password, copy.deepcopy(where).password) == ("geheim", "geheim")
    assert "geheim" not in repr(errand)
