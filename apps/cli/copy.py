"""``sanxian copy``: a workspace carried from a folder to a database, or back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from apps.cli.options import WORKSPACE, lang_option

if TYPE_CHECKING:
    from layers.workspace.address import Place
    from screening.words import Language

__all__ = ["copy"]


@click.command(
    short_help="把工作区搬到数据库或文件夹 / carry a workspace to a database or folder",
    help=(
        "把整个工作区复制到另一处：文件夹到数据库，数据库到文件夹，或同类之间。图层的所有版本、原始文件、登记库都带走，"
        "版本名和结论不变；两边的每个字节都按摘要核对，要么全成，要么目标处什么也没有。\n\n"
        "Copy a whole workspace: folder to database, database to folder, or to another of its sort. All versions of "
        "the layers, the imported files and the register go along; names of versions and answers stay the same. Every "
        "byte is checked against its digest on both sides, and a copy is there whole or not at all. TO is new or empty."
    ),
)
@click.argument("source", metavar="FROM", type=WORKSPACE)
@click.argument("target", metavar="TO", type=WORKSPACE)
@lang_option
def copy(source: Place, target: Place, *, lang: Language) -> None:
    """``sanxian copy FROM TO``."""
    import tempfile
    from pathlib import Path

    from apps.cli.console import console_on, say
    from layers.workspace import open_workspace
    from layers.workspace.copying import copy_workspace
    from screening.register.copying import register_files
    from screening.words import word

    store = open_workspace(source)
    with tempfile.TemporaryDirectory(prefix="sanxian-", ignore_cleanup_errors=True) as folder:
        sites, register = register_files(store.root, Path(folder))
        made = copy_workspace(store, target, register=register)
    size = sum(size for entry in made.entries for _, size in entry.sizes)
    said = {
        "layers": len({entry.layer for entry in made.entries}),
        "versions": len(made.entries),
        "megabytes": f"{size / 1e6:.1f}",
        "sources": len({entry.source for entry in made.entries} - {None}),
        "sites": sites,
    }
    say(console_on(), word("copy.done", lang, path=made.root, **said))
