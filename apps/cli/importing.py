"""``sanxian import``: a file becomes a layer of a workspace."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apps.cli.console import console_on, progress
from apps.cli.errors import EXIT_REJECTED
from apps.cli.options import (
    DATE,
    KIND,
    POSITIVE,
    accuracy_option,
    control_points_option,
    crs_option,
    datum_option,
    geometry_option,
    lang_option,
    region_option,
    shift_option,
    workspace_argument,
)

if TYPE_CHECKING:
    from rich.console import Console

    from apps.cli.check import Source
    from layers.importing import ImportOptions
    from layers.workspace.store import WorkspaceStore
    from screening.words import Language
    from spatial.reading.model import Reading

__all__ = ["import_", "source_of"]

_CODES = re.compile(r"\s*\d{6}(?:\s*[,，]\s*\d{6})*\s*", re.ASCII)
_WITH_OTHERS = frozenset({"shp", "tab", "mif", "gpkg"})
_ENDING = re.compile(r"[a-z0-9]{1,10}", re.ASCII)


@click.command(
    name="import",
    short_help="把文件导入为图层 / import a file as a layer",
    help=(
        "把一个文件导入为图层。\n\n"
        "Import a file as a layer. Accuracy is stated one way: --accuracy-m, --scale or --boundary surveyed. "
        "red_lines and water_sources are restricted (内部使用) unless --open."
    ),
)
@workspace_argument
@click.argument("file", metavar="[FILE]", required=False)
@click.argument("more", nargs=-1, metavar="")
@click.option(
    "--layer", "kind", type=KIND, required=True, metavar="KIND", help="图层类型，如 red_lines / kind of layer"
)
@click.option("--name", metavar="NAME", help="图层名，默认取文件名 / name, by default that of the file")
@click.option("--replace", is_flag=True, help="作为已有图层的新版本 / as a new version of the layer of that name")
@click.option("--historical", is_flag=True, help="新版本的起始日期可早于现有版本 / it may begin before the newest one")
@click.option("--theme", metavar="TEXT", help="主题：覆盖范围在同一主题内合并 / coverages are pooled within a theme")
@click.option(
    "--role", type=click.Choice(["protective", "context"]), help="作用（仅 other 类） / role, of kind other only"
)
@click.option("--meaning", metavar="TEXT", help="含义（仅 other 类） / meaning, of kind other only")
@crs_option
@datum_option
@geometry_option
@region_option(
    "数据所在行政区划代码，用于判断坐标系；默认工作区的区域 / district codes the data lie in, to tell the CRS; "
    "default: the workspace's"
)
@shift_option
@control_points_option
@click.option("--data-date", type=DATE, help="数据日期 / date of the data")
@click.option("--valid-from", type=DATE, help="有效期起，默认数据日期 / default: the data date")
@click.option("--valid-until", type=DATE, help="有效期止 / last day of validity")
@click.option("--source", metavar="TEXT", help="来源 / who published it")
@click.option(
    "--coverage",
    metavar="CODES|FILE|layer",
    help="图层在何处完整：行政区划代码（逗号分隔）、文件，或 layer（图层自身） / "
    "where the layer is complete: district codes, a file, or its own features",
)
@accuracy_option
@click.option(
    "--scale", type=click.IntRange(min=1), metavar="N", help="比例尺 1:N / scale of the map it was taken from"
)
@click.option("--boundary", type=click.Choice(["surveyed"]), help="边界经勘界立标 / boundary surveyed, with markers")
@click.option("--influence-m", type=POSITIVE, metavar="M", help="影响距离，米 / influence distance, metres")
@click.option("--restricted/--open", default=None, help="内部使用或可公开 / internal use, or open")
@click.option("--synthetic", is_flag=True, help="合成示例，不代表真实管控边界 / no real control boundary")
@click.option(
    "--expect-features", type=click.IntRange(min=0), metavar="N", help="应有要素数 / features there should be"
)
@click.option("--expect-area-km2", type=POSITIVE, metavar="X", help="应有面积，平方公里 / area there should be, km2")
@click.option("--declared-none", is_flag=True, help="主管部门声明没有此类区域 / an authority declares there is none")
@click.option(
    "--accept-rejected",
    multiple=True,
    metavar="ID ...",
    help="不计入的拒收要素，须说明原因 / rejected features to leave out",
)
@click.option("--why", metavar="TEXT", help="采信原因 / reason for --accept-rejected")
@click.option("--no-copy", is_flag=True, help="不保留原始文件 / keep no copy of the file")
@lang_option
def import_(
    workspace: Path, file: str | None, more: tuple[str, ...], coverage: str | None, lang: Language, **stated: Any
) -> int:
    """``sanxian import WS FILE --layer KIND``."""
    from apps.cli.cards import print_imported
    from apps.cli.grounds import print_fit
    from apps.cli.table import Page
    from layers.importing import import_layer
    from layers.workspace import FolderStore
    from screening.words import word

    if more and not stated["accept_rejected"]:
        raise click.UsageError(f"多余的参数 / unexpected argument: {more[0]}")
    if file is None and not stated["declared_none"]:
        raise click.UsageError("缺少 FILE / FILE is missing")
    name = stated["name"] or (None if file is None else _stem(file))
    if name is None:
        raise click.UsageError("没有文件时须给出 --name / --name is needed where there is no file")
    begins = stated["valid_from"] or stated["data_date"]
    if stated["valid_until"] and begins and stated["valid_until"] < begins:
        raise click.UsageError(f"--valid-until 早于 {begins} / --valid-until is before {begins}")
    store = FolderStore.open(workspace)
    with progress(lang, total=3) as begin:
        reading, fitted = None, None
        if file is not None:
            begin(word("cli.reading", lang, path=file))
            found = _read(file, stated, store)
            reading, fitted = found.reading, found.fit
            if reading.crs_status == "ambiguous":
                print_open(console_on(), reading, lang)
                return EXIT_REJECTED
        begin(word("cli.reading_coverage", lang, path=coverage or "-"))
        covered = _coverage(coverage)
        begin(word("cli.storing", lang, name=name))
        options = _options(name, covered, more, stated)
        source = None if file is None or stated["no_copy"] else source_of(Path(file))
        imported = import_layer(store, reading, options, source=source)
    console = console_on()
    if fitted is not None:
        print_fit(Page(console, lang), fitted)
    print_imported(console, FolderStore.open(store.root), imported, lang, reading=reading)
    return 0


def _read(file: str, stated: dict[str, Any], store: WorkspaceStore) -> Source:
    from apps.cli.check import source_of_argument

    same = ("crs", "datum", "geometry", "region", "shift", "control_points")
    return source_of_argument(file, store=store, file_only=True, **{key: stated[key] for key in same})


def print_open(console: Console, reading: Reading, language: Language) -> None:
    """The hypotheses of a file whose CRS is open, and what to do."""
    from apps.cli.grounds import print_hypotheses
    from apps.cli.table import Page

    page = Page(console, language)
    page.title(f"{page.say('hypotheses')}{page.colon}{reading.source_name}")
    print_hypotheses(page, reading.hypotheses)
    page.line(page.say("under_import"), "yellow")


def _stem(file: str) -> str:
    """The file's name without its ending (``a.shp.zip`` is ``a``)."""
    stem = Path(file).stem
    return Path(stem).stem if Path(file).suffix.lower() == ".zip" and Path(stem).suffix.lower() == ".shp" else stem


def _coverage(text: str | None) -> Any:
    """District codes, a file read, or ``layer``."""
    if text is None or text == "layer":
        return text
    if _CODES.fullmatch(text):
        return tuple(code.strip() for code in re.split("[,，]", text))
    from spatial.reading import read

    return read(text)


def _options(name: str, coverage: Any, more: tuple[str, ...], stated: dict[str, Any]) -> ImportOptions:
    from layers.importing import ImportOptions

    same: tuple[str, ...] = (
        "kind",
        "replace",
        "historical",
        "theme",
        "role",
        "meaning",
        "data_date",
        "valid_from",
        "valid_until",
    )
    same += ("source", "accuracy_m", "scale", "influence_m", "restricted", "synthetic", "expect_features")
    same += ("expect_area_km2", "declared_none", "why")
    return ImportOptions(
        name=name,
        coverage=coverage,
        surveyed=stated["boundary"] == "surveyed",
        accept_rejected=_ids(stated["accept_rejected"], more),
        keep_source=not stated["no_copy"],
        **{key: stated[key] for key in same},
    )


def _ids(given: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    """Ids one by one; plain numbers may also be parted by commas."""
    found: list[str] = []
    for text in (*given, *more):
        found += text.split(",") if re.fullmatch(r"\d+(,\d+)*", text, re.ASCII) else [text]
    return tuple(dict.fromkeys(found))


def source_of(path: Path) -> tuple[Path | bytes, str]:
    """
    The bytes that are kept of a source, and their ending.

    A file stands for itself; of a folder, and of a file that is read together with others (``.shp``, ``.tab`` ...),
    a ZIP of what was read is kept, since one of them alone cannot be read again.
    """
    from spatial.reading.sources import load

    ending = path.suffix.lower().removeprefix(".")
    if path.is_file() and ending not in _WITH_OTHERS:
        return path, ending if _ENDING.fullmatch(ending) else "bin"
    members = load(path).members
    if path.is_file() and len(members) == 1:
        return path, ending
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for key, data in sorted(members.items()):
            inner = f"{path.stem}{key}" if key.startswith(".") else f"{path.stem}.gdb/{key}"
            member = zipfile.ZipInfo(inner, date_time=(1980, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, data)
    return packed.getvalue(), "zip"
