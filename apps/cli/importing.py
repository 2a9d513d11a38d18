"""``sanxian import``: a file becomes a layer of a workspace."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apps.cli.bulk import bulk_work
from apps.cli.console import console_on, progress
from apps.cli.errors import EXIT_REJECTED
from apps.cli.layer_options import card_options, coverage_of, import_options, kind_option, name_options
from apps.cli.options import (
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

    from apps.cli.sites import Source
    from layers.workspace.address import Place
    from layers.workspace.store import WorkspaceStore
    from screening.words import Language
    from spatial.reading.model import Reading

__all__ = ["import_", "source_of"]

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
@kind_option()
@name_options
@crs_option
@datum_option
@geometry_option
@region_option(
    "数据所在行政区划代码，用于判断坐标系；默认工作区的区域 / district codes the data lie in, to tell the CRS; "
    "default: the workspace's"
)
@shift_option
@control_points_option
@card_options
@click.option("--declared-none", is_flag=True, help="主管部门声明没有此类区域 / an authority declares there is none")
@click.option(
    "--accept-rejected",
    multiple=True,
    metavar="ID ...",
    help="不计入的拒收要素，须说明原因 / rejected features to leave out",
)
@click.option("--why", metavar="TEXT", help="采信原因 / reason for --accept-rejected")
@lang_option
def import_(
    workspace: Place, file: str | None, more: tuple[str, ...], coverage: str | None, lang: Language, **stated: Any
) -> int:
    """``sanxian import WS FILE --layer KIND``."""
    from apps.cli.cards import print_imported
    from apps.cli.grounds import print_fit
    from apps.cli.table import Page
    from layers.importing import import_layer
    from layers.workspace import open_workspace
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
    store = open_workspace(workspace)
    with bulk_work(), progress(lang, total=3) as begin:
        reading, fitted = None, None
        if file is not None:
            begin(word("cli.reading", lang, path=file))
            found = _read(file, stated, store)
            reading, fitted = found.reading, found.fit
            if reading.crs_status == "ambiguous":
                print_open(console_on(), reading, lang)
                return EXIT_REJECTED
        begin(word("cli.reading_coverage", lang, path=coverage or "-"))
        covered = coverage_of(coverage)
        begin(word("cli.storing", lang, name=name))
        accepted = _ids(stated["accept_rejected"], more)
        options = import_options(
            name, covered, stated, declared_none=stated["declared_none"], accept_rejected=accepted, why=stated["why"]
        )
        source = None if file is None or stated["no_copy"] else source_of(Path(file))
        imported = import_layer(store, reading, options, source=source)
    console = console_on()
    if fitted is not None:
        print_fit(Page(console, lang), fitted)
    print_imported(console, open_workspace(store.root), imported, lang, reading=reading)
    return 0


def _read(file: str, stated: dict[str, Any], store: WorkspaceStore) -> Source:
    from apps.cli.sites import source_of_argument

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
