"""``sanxian check``: one site against a workspace; a table for people, JSON, map and export on request."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apps.cli.console import console_on, say, write_json
from apps.cli.errors import EXIT_OF_ANSWER, EXIT_REJECTED
from apps.cli.options import (
    AREA,
    DATE,
    POSITIVE,
    accuracy_option,
    control_points_option,
    crs_option,
    datum_option,
    geometry_option,
    lang_option,
    region_option,
    shift_of,
    shift_option,
)

if TYPE_CHECKING:
    from rich.console import Console
    from shapely.geometry.base import BaseGeometry

    from layers.workspace.store import WorkspaceStore
    from screening.hypotheses import Under
    from screening.site import Site
    from screening.verdict import Verdict
    from screening.words import Language
    from spatial.datum_fit import Fit
    from spatial.datum_shift import Shift
    from spatial.reading.model import Problem, Reading

__all__ = ["NamedSite", "Source", "check", "likely_region", "reading_of_site", "site_of_argument", "source_of_argument"]

_FILE_LIKE = re.compile(r"[\\/]|\.[A-Za-z][A-Za-z0-9]{1,7}$")


@click.command(
    short_help="核查一个项目选址 / check one site",
    help=(
        "核查一个项目选址。SITE 为文件（GeoJSON、shapefile、ZIP、KML、GeoPackage、DXF、CSV、XLSX、TXT 等），"
        "或直接键入的坐标，如 117.45,49.58；以“-”开头的写在 -- 之后。\n\n"
        "Check one site. SITE is a file (GeoJSON, shapefile, ZIP, KML, GeoPackage, DXF, CSV, XLSX, TXT ...) or "
        "coordinates typed, such as 117.45,49.58; one that begins with a dash goes after --.\n\n"
        "退出码 / exit status: 0 已完成，不论结论 completed, whatever the answer; 2 用法 usage; "
        "3 输入未被接受 input rejected; "
        "--exit-code: 10 命中 hit, 11 边界不确定 uncertain, 12 无法判断 unknown"
    ),
)
@click.argument("site", metavar="SITE")
@click.option(
    "--workspace", "-w", required=True, metavar="WS", type=click.Path(path_type=Path), help="工作区 / the workspace"
)
@click.option("--json", "json_to", metavar="F|-", help="结论写成 JSON；- 为标准输出 / the verdict as JSON; - is stdout")
@click.option("--map", "map_to", metavar="F.html", help="离线地图 / an offline map")
@click.option(
    "--export", "export_to", metavar="F.shp|.gpkg|.geojson|.zip", help="供其他软件使用的成果 / files for other programs"
)
@lang_option
@crs_option
@accuracy_option
@click.option("--radius-m", type=POSITIVE, metavar="M", help="点位的半径，米 / radius of a point site, metres")
@click.option(
    "--area", type=AREA, metavar="A", help="点位的用地面积，如 4.5亩 / area of a point site: 3000, 4.5mu, 2ha"
)
@geometry_option
@datum_option
@region_option(
    "选址所在行政区划代码，用于判断坐标系；默认工作区的区域 / district codes the site lies in, to tell the CRS; "
    "default: the workspace's"
)
@shift_option
@control_points_option
@click.option(
    "--accept-agreeing",
    is_flag=True,
    help="坐标系未定而各候选结论一致时，按第一个候选继续 / where the CRS is open and the answers under all hypotheses "
    "agree, go on with the first",
)
@click.option("--as-of", type=DATE, metavar="DATE", help="核查基准日，默认今天（东八区） / default today in UTC+8")
@click.option(
    "--stability", is_flag=True, help="给出命中能承受多少米的误差 / say how many metres of error each hit would stand"
)
@click.option(
    "--rivers",
    "with_rivers",
    is_flag=True,
    help="附上河流与断面：汇入的河段、下游断面、水源 / add the reach it drains to, the next section, water sources",
)
@click.option("--exit-code", is_flag=True, help="退出码表示结论 / the exit status tells the answer")
def check(
    site: str,
    *,
    workspace: Path,
    json_to: str | None,
    map_to: str | None,
    export_to: str | None,
    lang: Language,
    crs: str | None,
    accuracy_m: float | None,
    radius_m: float | None,
    area: float | None,
    geometry: str | None,
    datum: str | None,
    region: str | None,
    shift: str | None,
    control_points: str | None,
    accept_agreeing: bool,
    as_of: str | None,
    stability: bool,
    with_rivers: bool,
    exit_code: bool,
) -> int:
    """``sanxian check SITE``."""
    from apps.cli.grounds import print_fit
    from apps.cli.table import Page, print_verdict
    from layers.workspace import FolderStore
    from screening.hypotheses import accepted, agree, under_each
    from screening.screen import screen
    from screening.site import place

    if radius_m is not None and area is not None:
        raise click.UsageError("--radius-m 与 --area 只能给一个 / give --radius-m or --area, not both")
    _require_suffixes(map_to, export_to)
    store = FolderStore.open(workspace)
    source = source_of_argument(
        site,
        crs=crs,
        datum=datum,
        geometry=geometry,
        region=region,
        store=store,
        shift=shift,
        control_points=control_points,
    )
    console = console_on(stderr=json_to == "-")
    if source.fit is not None:
        print_fit(Page(console, lang), source.fit)
    given = {"accuracy_m": accuracy_m, "radius_m": radius_m, "area_m2": area}
    if source.reading.crs_status == "ambiguous":
        shifted = {"shift": source.shift, "shift_m": source.shift_m}
        answers = under_each(source.reading, store, as_of=as_of, stability=stability, **shifted, **given)  # type: ignore[arg-type]
        accept = accept_agreeing and agree(answers)
        print_answers(console, source.reading, answers, lang, accepted=accept)
        if not accept:
            _write_open(source.reading, answers, json_to)
            return EXIT_REJECTED
        named = _named(accepted(answers), source.reading, site)
    else:
        named = _named(place(source.reading, **given), source.reading, site)
    verdict = screen(named.site, store, as_of=as_of, stability=stability)
    result = verdict.to_dict()
    print_verdict(console, result, lang, problems=named.problems)
    if with_rivers:
        from apps.cli.rivers import print_rivers
        from screening.rivers import MAX_TO_RIVER_M, river_report_of

        report = river_report_of(store, named.site, as_of=result["as_of"], max_to_river_m=MAX_TO_RIVER_M)
        result["rivers"] = report.to_dict()
        console.print()
        print_rivers(Page(console, lang), result["rivers"])
    if json_to == "-":
        write_json(result)
    for line in _write_outputs(verdict, result, store, json_to=json_to, map_to=map_to, export_to=export_to, lang=lang):
        say(console, line)
    return EXIT_OF_ANSWER[verdict.answer] if exit_code else 0


@dataclass(frozen=True, kw_only=True)
class NamedSite:
    """A site and what was noted while it was read."""

    site: Site
    problems: tuple[Problem, ...]


def site_of_argument(
    text: str,
    *,
    crs: str | None = None,
    datum: str | None = None,
    geometry: Any = None,
    accuracy_m: float | None = None,
    radius_m: float | None = None,
    area_m2: float | None = None,
) -> NamedSite:
    """The site that an argument names; one that was typed is called by its coordinates."""
    from screening.site import place

    reading = reading_of_site(text, crs=crs, datum=datum, geometry=geometry)
    return _named(place(reading, accuracy_m=accuracy_m, radius_m=radius_m, area_m2=area_m2), reading, text)


def _named(site: Site, reading: Reading, text: str | None = None) -> NamedSite:
    if text is not None and reading.format == "typed":
        site = replace(site, name=" ".join(text.split()))
    lost = tuple(unreadable.problem for unreadable in reading.unreadable)
    return NamedSite(site=site, problems=(*lost, *reading.problems))


@dataclass(frozen=True, kw_only=True)
class Source:
    """What an argument names, read; and the shift of its datum with how it was found, where one is given."""

    reading: Reading
    shift: Shift | None = None
    shift_m: float = 0.0
    fit: Fit | None = None


def source_of_argument(
    text: str,
    *,
    crs: str | None,
    datum: str | None,
    geometry: Any,
    region: str | None = None,
    store: WorkspaceStore | None = None,
    shift: str | None = None,
    control_points: str | None = None,
    file_only: bool = False,
) -> Source:
    """
    Read what an argument names with all that is said about its coordinates.

    ``region`` are district codes it must lie in; without them the workspace's region settles what is open, and refutes
    nothing.
    """
    if shift is not None and control_points is not None:
        raise click.UsageError("--shift 与 --control-points 只能给一个 / give --shift or --control-points, not both")
    said: dict[str, Any] = {"crs": crs, "datum": datum, "geometry": geometry, "file_only": file_only}
    if region is not None:
        from spatial import boundaries

        said["region"] = boundaries.union(region.split(",")).geometry
    reading = _settled(text, said, store)
    alive = [one.system for one in reading.hypotheses if one.alive and one.system is not None]
    system = reading.crs or next(iter(alive), None)
    found = None if system is None else shift_of(shift, control_points, system)
    if found is None:
        return Source(reading=reading)
    parameters, metres, fit = found
    reading = _settled(text, {**said, "shift": parameters, "shift_m": metres}, store)
    return Source(reading=reading, shift=parameters, shift_m=metres, fit=fit)


def _settled(text: str, said: dict[str, Any], store: WorkspaceStore | None) -> Reading:
    """Read; where the CRS is open and the user names no region, again with that of the workspace."""
    reading = reading_of_site(text, **said)
    if reading.crs_status != "ambiguous" or "region" in said or store is None:
        return reading
    likely = likely_region(store)
    return reading if likely is None else reading_of_site(text, **said, region=likely, region_must_hold=False)


def likely_region(store: WorkspaceStore) -> BaseGeometry | None:
    """Where the data of a workspace lie: the region it was made for, else the boxes of its layers' coverages."""
    import numpy as np
    import shapely

    from layers.errors import LayerError
    from layers.version import open_layer
    from spatial import boundaries
    from spatial.errors import SpatialError

    if store.region:
        try:
            return boundaries.union(store.region.split(",")).geometry
        except SpatialError:
            pass
    boxes = []
    for entry in store.entries:
        try:
            covered = open_layer(store, entry).coverage
            if covered is not None:
                boxes += [shapely.box(*box) for box in covered.feature_bounds if np.isfinite(box).all()]
        except (LayerError, SpatialError, OSError):
            continue  # a damaged layer is named by the verdict
    return shapely.union_all(boxes) if boxes else None


def print_answers(
    console: Console, reading: Reading, answers: tuple[Under, ...], language: Language, *, accepted: bool
) -> None:
    """The hypotheses and the answer under each."""
    from apps.cli.grounds import hypothesis_words, print_hypotheses
    from apps.cli.table import Page
    from maps import phrases
    from screening.hypotheses import agree

    page = Page(console, language)
    page.title(f"{page.say('under_title')}{page.colon}{reading.source_name}")
    print_hypotheses(page, reading.hypotheses)
    page.print()
    rows: list[list[object]] = []
    for one in answers:
        name = hypothesis_words(one.hypothesis, language)
        if one.verdict is None or one.site is None:
            rows.append([name, "-", "-", one.trouble])
            continue
        middle = one.site.geometry.centroid
        met = [phrases.code_word("kind", kind, language) for kind, said in one.verdict.kinds.items() if said == "hit"]
        where = f"{middle.x:.4f} {middle.y:.4f}"
        rows.append([name, where, page.answer("answer", one.verdict.answer), page.comma.join(met) or "-"])
    columns = [("hypothesis", "left"), ("place", "whole"), ("answer", "whole"), ("hits", "left")]
    page.table([(page.say(f"column_{column}"), kind) for column, kind in columns], rows)
    if not accepted:
        page.line(page.say("under_agree" if agree(answers) else "under_differ"), "yellow")
    page.print()


def _write_open(reading: Reading, answers: tuple[Under, ...], json_to: str | None) -> None:
    """JSON of what is open; it is no verdict, and has no answer of its own."""
    from apps.cli.grounds import hypothesis_document
    from screening.hypotheses import agree

    if json_to is None:
        return
    document = {
        "source": reading.source_name,
        "crs_status": reading.crs_status,
        "agree": agree(answers),
        "under": [
            {
                **hypothesis_document(one.hypothesis),
                "same_place": list(one.same_place),
                "answer": None if one.verdict is None else one.verdict.answer,
                "kinds": None if one.verdict is None else one.verdict.kinds,
                "trouble": one.trouble,
            }
            for one in answers
        ],
    }
    if json_to == "-":
        write_json(document)


def reading_of_site(
    text: str,
    *,
    crs: str | None,
    datum: str | None,
    geometry: Any,
    file_only: bool = False,
    **more: Any,
) -> Reading:
    """What an argument names: a file if there is one of that name, else coordinates; ``more`` as for ``read``."""
    from spatial.errors import CoordinateError
    from spatial.reading import read, read_text

    try:
        is_path = Path(text).exists()
    except (OSError, ValueError):
        is_path = False
    if is_path or file_only:
        return read(text, crs=crs, datum=datum, geometry=geometry, **more)
    try:
        return read_text(text, crs=crs, datum=datum, geometry=geometry, **more)
    except CoordinateError:
        if _FILE_LIKE.search(text):
            return read(text, crs=crs, datum=datum, geometry=geometry, **more)  # says that there is no such file
        raise


def _require_suffixes(map_to: str | None, export_to: str | None) -> None:
    from screening.export import EXPORT_SUFFIXES

    if map_to is not None and not Path(map_to).is_dir() and Path(map_to).suffix.lower() not in {".html", ".htm"}:
        raise click.UsageError(f"--map {map_to}: 应以 .html 结尾 / must end in .html")
    if export_to is not None and not Path(export_to).is_dir() and Path(export_to).suffix.lower() not in EXPORT_SUFFIXES:
        endings = ", ".join(EXPORT_SUFFIXES)
        raise click.UsageError(f"--export {export_to}: 应以下列之一结尾 / must end in one of {endings}")


def _write_outputs(
    verdict: Verdict,
    result: dict[str, Any],
    store: WorkspaceStore,
    *,
    json_to: str | None,
    map_to: str | None,
    export_to: str | None,
    lang: Language,
) -> list[str]:
    """Write what was asked for; one line a file, and one for everything an export could not hold as it was."""
    from apps.cli.outputs import map_of, named, write_text
    from screening.export import export
    from screening.words import word

    said = []
    if json_to not in (None, "-"):
        text = json.dumps(result, ensure_ascii=False, indent=2, allow_nan=False)
        path = write_text(named(str(json_to), result, suffix=".json"), f"{text}\n")
        said.append(word("cli.wrote_json", lang, path=path))
    if map_to is not None:
        path = write_text(named(map_to, result, suffix=".html"), map_of(verdict, result, store, language=lang))
        said.append(word("cli.wrote_map", lang, path=path))
    if export_to is not None:
        target = named(export_to, result, suffix=".zip")
        written = export(target, result, site=verdict.geometry, overlaps=verdict.overlaps, language=lang)
        said.append(word("cli.wrote_export", lang, path=written.paths[0], count=len(written.paths)))
        said += [f"  {note.file}: {note.zh if lang == 'zh' else note.en}" for note in written.notes]
    return said
