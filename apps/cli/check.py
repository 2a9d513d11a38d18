"""``sanxian check``: one site against a workspace; a table for people, JSON, map and export on request."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apps.cli.console import console_on, say, write_json
from apps.cli.errors import EXIT_OF_ANSWER
from apps.cli.options import (
    AREA,
    DATE,
    POSITIVE,
    accuracy_option,
    crs_option,
    datum_option,
    geometry_option,
    lang_option,
    region_option,
)

if TYPE_CHECKING:
    from layers.workspace.store import WorkspaceStore
    from screening.site import Site
    from screening.verdict import Verdict
    from screening.words import Language
    from spatial.reading.model import Problem, Reading

__all__ = ["NamedSite", "check", "reading_of_site", "site_of_argument"]

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
    "所在行政区划代码；目前只校验格式，不参与判断坐标系 / district codes; for now only checked for their form, "
    "not used to tell the CRS"
)
@click.option("--as-of", type=DATE, metavar="DATE", help="核查基准日，默认今天（东八区） / default today in UTC+8")
@click.option(
    "--stability", is_flag=True, help="给出命中能承受多少米的误差 / say how many metres of error each hit would stand"
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
    region: str | None,  # noqa: ARG001 - see its help
    as_of: str | None,
    stability: bool,
    exit_code: bool,
) -> int:
    """``sanxian check SITE``."""
    from apps.cli.table import print_verdict
    from layers.workspace import FolderStore
    from screening.screen import screen

    if radius_m is not None and area is not None:
        raise click.UsageError("--radius-m 与 --area 只能给一个 / give --radius-m or --area, not both")
    _require_suffixes(map_to, export_to)
    store = FolderStore.open(workspace)
    named = site_of_argument(
        site, crs=crs, datum=datum, geometry=geometry, accuracy_m=accuracy_m, radius_m=radius_m, area_m2=area
    )
    verdict = screen(named.site, store, as_of=as_of, stability=stability)
    result = verdict.to_dict()
    console = console_on(stderr=json_to == "-")
    print_verdict(console, result, lang, problems=named.problems)
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
    site = place(reading, accuracy_m=accuracy_m, radius_m=radius_m, area_m2=area_m2)
    if reading.format == "typed":
        site = replace(site, name=" ".join(text.split()))
    lost = tuple(unreadable.problem for unreadable in reading.unreadable)
    return NamedSite(site=site, problems=(*lost, *reading.problems))


def reading_of_site(text: str, *, crs: str | None, datum: str | None, geometry: Any) -> Reading:
    """What an argument names: a file if there is one of that name, else coordinates."""
    from spatial.errors import CoordinateError
    from spatial.reading import read, read_text

    try:
        is_path = Path(text).exists()
    except (OSError, ValueError):
        is_path = False
    if is_path:
        return read(text, crs=crs, datum=datum, geometry=geometry)
    try:
        return read_text(text, crs=crs, datum=datum, geometry=geometry)
    except CoordinateError:
        if _FILE_LIKE.search(text):
            return read(text, crs=crs, datum=datum, geometry=geometry)  # says that there is no such file
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
        path = write_text(named(str(json_to), result, suffix=".json"), verdict.to_json() + "\n")
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
