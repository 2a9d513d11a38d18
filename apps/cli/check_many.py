"""``sanxian check-many``: thousands to millions of sites, one row each; killed, it goes on where it stood."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apps.cli.bulk import share_arenas
from apps.cli.console import console_on, say
from apps.cli.engines import EngineOptions, engine_options
from apps.cli.options import DATE, lang_option, workspace_option
from apps.cli.sites import SiteOptions, said_of, site_options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from layers.workspace.address import Place
    from layers.workspace.store import WorkspaceStore
    from screening.batch.job import Job
    from screening.cluster.parted_job import PartedJob
    from screening.words import Language

__all__ = ["check_many"]

_LISTED = 10


@click.command(
    "check-many",
    short_help="批量核查 / check many sites",
    help=(
        "批量核查：SITES 中每个要素（或表中每行）各作为一个项目，各得一行。中断后用同一命令接着做，不丢、不重。\n\n"
        "Check many sites: every feature of SITES, or row of a table, is a project of its own and gets one row. "
        "Stopped, the same command goes on where it stood; no row is lost or repeated."
    ),
)
@click.argument("sites", metavar="SITES", type=click.Path(path_type=Path, exists=True))
@workspace_option
@click.option(
    "--out",
    required=True,
    metavar="F.parquet|.gpkg|.xlsx|.csv",
    type=click.Path(path_type=Path),
    help="结果，一个选址一行；--engine dask、spark 时为文件夹 / the rows, one a site; a folder with dask and spark",
)
@lang_option
@site_options
@click.option("--as-of", type=DATE, metavar="DATE", help="核查基准日，默认今天（东八区） / default today in UTC+8")
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    metavar="N",
    help="进程数；默认先用一个，选址多到几个更快时改用几个 / processes; default: one, several once they are quicker",
)
@engine_options
@click.option("--restart", is_flag=True, help="丢弃未完成的，从头做 / drop what an earlier run did and begin anew")
def check_many(
    sites: Path,
    *,
    options: SiteOptions,
    workspace: Place,
    out: Path,
    lang: Language,
    as_of: str | None,
    workers: int | None,
    engine: EngineOptions,
    restart: bool,
) -> int:
    """``sanxian check-many SITES``."""
    share_arenas()
    from layers.workspace import open_workspace
    from screening.batch.desk import layers_of
    from screening.batch.intake import chunks_of
    from screening.batch.job import Job
    from screening.batch.running import DeskAhead, answer, take_in
    from screening.batch.writing import BATCH_SUFFIXES, write_rows
    from screening.errors import BatchStoppedError
    from screening.screen import today
    from screening.words import word

    engine.require_fit(out, workers)
    if engine.in_parts:
        day = as_of or today()
        return _in_parts(
            sites, options, workspace, out, lang=lang, day=day, engine=engine, workers=workers, restart=restart
        )
    if out.is_dir():
        raise click.UsageError(f"--out {out}: 是文件夹 / is a folder")
    if out.suffix.lower() not in BATCH_SUFFIXES:
        raise click.UsageError(f"--out {out}: 应以下列之一结尾 / must end in one of {', '.join(BATCH_SUFFIXES)}")
    store = open_workspace(workspace)
    day = as_of or today()
    said = said_of(options, store)
    kept = out.with_name(f"{out.name}.job")
    if restart:
        Job.drop(kept)
    console = console_on()
    with _dropped_if_empty(Job(kept, _asked(sites, options, store, day))) as job, DeskAhead(workspace, day) as ahead:
        if job.answered:
            say(console, word("batch.goes_on", lang, rows=job.answered))
        with _bar(lang, "batch.reading", None) as step:

            def taken(records: int) -> None:
                if workers in (None, 1):
                    ahead.begin()
                step(records)

            take_in(job, chunks_of(sites, after=job.taken, **options.size, **said), as_of=day, on_taken=taken)
        with _bar(lang, "batch.checking", job.total - job.answered) as step:
            answer(job, workspace, as_of=day, workers=workers, layers=layers_of(store), ahead=ahead, on_rows=step)
        path = write_rows(out, job, language=lang)
        _print(console, job, lang, _marks(store, day))
        say(console, word("batch.wrote", lang, path=path, rows=job.total))
    with suppress(BatchStoppedError):  # taken over by a run that waited for this one
        Job.drop(kept)
    return 0


@contextmanager
def _dropped_if_empty(job: Job) -> Iterator[Job]:
    """A job that is closed; gone where nothing of its source could be taken in: it would refuse the next source."""
    from screening.batch.job import Job
    from screening.errors import BatchStoppedError

    empty = False
    try:
        with job:
            try:
                yield job
            except BaseException:
                empty = job.taken == 0
                raise
    finally:
        if empty:
            with suppress(BatchStoppedError):
                Job.drop(job.path)


def _in_parts(
    sites: Path,
    options: SiteOptions,
    workspace: Place,
    out: Path,
    *,
    lang: Language,
    day: str,
    engine: EngineOptions,
    workers: int | None,
    restart: bool,
) -> int:
    """The same batch, cut into parts for an engine: a folder of parts in place of a file."""
    from layers.workspace import open_workspace
    from screening.batch.intake import chunks_of
    from screening.cluster.answering import Errand, answer_parts
    from screening.cluster.handing_over import require_free
    from screening.cluster.parted_job import PART_SITES, PartedJob
    from screening.errors import BatchStoppedError
    from screening.words import word

    require_free(out)
    store = open_workspace(workspace)
    said = said_of(options, store)
    kept = out.with_name(f"{out.name}.parts")
    if restart:
        PartedJob.drop(kept, out)
    console = console_on()
    with PartedJob(kept, _asked(sites, options, store, day)) as job:
        errand = Errand.of(job, store.root, day)
        if job.answered:
            say(console, word("batch.goes_on", lang, rows=job.answered))
        with _bar(lang, "batch.reading", None) as step:
            chunks = chunks_of(sites, after=job.taken, **options.size, **said)
            job.take_in(chunks, as_of=day, part_sites=engine.part_sites or PART_SITES, on_taken=step)
        if job.open_parts():
            with (
                _bar(lang, "batch.checking", job.total - job.answered) as step,
                engine.opened(workers, store.root) as run,
            ):
                answer_parts(job, errand, run, on_rows=step)
        path = job.hand_over(out)
        _print(console, job, lang, _marks(store, day))
        say(console, word("batch.wrote", lang, path=path, rows=job.total))
    with suppress(BatchStoppedError):  # taken over by a run that waited for this one
        PartedJob.drop(kept)
    return 0


def _asked(sites: Path, options: SiteOptions, store: WorkspaceStore, day: str) -> dict[str, object]:
    """All that the rows depend on, so that a job goes on only with the same batch."""
    from dataclasses import asdict
    from importlib.metadata import version

    from screening.batch.desk import layers_of
    from spatial.reading.pieces import digest_of

    return {
        "source": digest_of(sites),
        "options": asdict(options),
        "as_of": day,
        "layers": layers_of(store),
        "required": list(store.required_kinds),
        "region": store.region,
        "program": version("sanxian"),
    }


@contextmanager
def _bar(language: Language, code: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar with rate and time left on standard error, while somebody looks on."""
    import sys

    from screening.words import word

    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    rate = TextColumn("{task.fields[rate]}")
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=30), MofNCompleteColumn(), rate)
    with Progress(*columns, TimeRemainingColumn(), console=console_on(stderr=True), transient=True) as bar:
        task = bar.add_task(word(code, language), total=total, rate="")

        def step(count: int) -> None:
            bar.advance(task, count)
            speed = bar.tasks[0].speed
            bar.update(task, rate="" if speed is None else word("batch.rate", language, rate=f"{speed:,.0f}"))

        yield step


def _marks(store: WorkspaceStore, day: str) -> list[str]:
    """What all answers are marked with: ``synthetic`` where a layer is made up, ``indicative`` for a sketch."""
    from screening.loaded import load

    return [
        m for m in ("synthetic", "indicative") if any(getattr(layer.card, m) for layer, _ in load(store, day).layers)
    ]


def _print(console: Console, job: Job | PartedJob, language: Language, marks: list[str]) -> None:
    """How many of each answer in each district, and the first records that were refused."""
    from apps.cli.table import Page
    from screening.batch.row import reason_of
    from screening.words import word
    from spatial import boundaries
    from spatial.errors import SpatialError

    try:
        names = boundaries.place_names()
    except SpatialError:
        names = {}
    page = Page(console, language)
    answers = ("hit", "uncertain", "unknown", "clear", None)
    counts: dict[str | None, dict[str | None, int]] = {}
    for district, given, count in job.summary():
        counts.setdefault(district, {})[given] = count
    rows: list[list[object]] = [
        [f"{district or '-'} {names.get(district or '', '')}".strip(), *(found.get(a, 0) for a in answers)]
        for district, found in sorted(counts.items(), key=lambda item: item[0] or "")
    ]
    if len(rows) > 1:
        total = [sum(found.get(a, 0) for found in counts.values()) for a in answers]
        rows.append([word("batch.all", language), *total])
    page.title(word("batch.title", language))
    if marks:
        page.line(f"** {page.comma.join(word(f'note.{m}', language) for m in marks)} **", "bold yellow")
    titles = [word(f"answer.{a}", language) if a else word("batch.not_judged", language) for a in answers]
    page.table([(word("batch.district", language), "left"), *((title, "right") for title in titles)], rows)
    page.line(word("note.not_permission", language), "italic")
    refused = job.refusals(_LISTED)
    if refused:
        page.print()
        page.title(word("batch.refused_title", language))
        page.table(
            [(word(f"batch.{c}", language), "left") for c in ("row", "id", "why")],
            [[r["row"], r["site_id"], reason_of(r, language)] for r in refused],
        )
        more = sum(found.get(None, 0) for found in counts.values()) - len(refused)
        if more > 0:
            page.line(word("batch.more", language, count=more), "yellow")
