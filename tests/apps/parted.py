"""A batch in parts for tests: many small sites over the small workspace, and what one process says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.dataset as ds

from screening.batch.desk import Desk
from screening.batch.intake import chunks_of, sites_of
from screening.batch.row import refused_row
from screening.batch.table import NumberedSite, row_schema, rows_table, sites_table
from screening.cluster.answering import Errand
from screening.cluster.parted_job import PartedJob

if TYPE_CHECKING:
    from pathlib import Path

DAY = "2026-11-22"


def points_table(path: Path, count: int, bad: tuple[int, ...] = ()) -> Path:
    """Points in a scattered order over the red line, its border and the units; some that are none."""
    rows = ["编号,名称,经度,纬度"]
    for i in range(count):
        k = (i * 7919) % count
        x, y = 117.40 + 0.0155 * (k % 29), 49.57 + 0.01 * (k // 29)
        rows.append(f"P{i},站点{i}," + ("abc,49.5" if i in bad else f"{x:.6f},{y:.6f}"))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8-sig")
    return path


def rows_alone(source: Path, workspace: Path) -> pa.Table:
    """What one desk in this process says of every record, in the order of the source."""
    taken = list(sites_of(source))
    sites = sites_table([NumberedSite(number=t.number, id=t.id, site=t.site) for t in taken if t.site is not None])
    rows = Desk.opened(workspace, DAY).rows(sites)
    refused = rows_table([(refused_row(t, DAY), None) for t in taken if t.site is None])
    return pa.concat_tables([rows, refused]).sort_by("row").combine_chunks()


def rows_in(folder: Path) -> pa.Table:
    """Every row of a folder of parts, sorted, without the words on its geometry."""
    table = ds.dataset(folder, format="parquet").to_table()
    return table.replace_schema_metadata(None).sort_by("row").combine_chunks().cast(row_schema())


def job_of(folder: Path, source: Path, *, part_sites: int, step: int = 50) -> PartedJob:
    """A job over a source, cut into parts."""
    job = PartedJob(folder, {"source": source.name, "as_of": DAY})
    job.take_in(chunks_of(source, rows=step), as_of=DAY, part_sites=part_sites, step=step)
    return job


def errand_of(job: PartedJob, workspace: Path) -> Errand:
    """What workers are told of it."""
    return Errand.of(job, workspace, DAY)
