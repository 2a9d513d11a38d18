"""``sanxian demo``: the demo, and where its parts lie."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from apps.cli.console import console_on, progress, say
from apps.cli.options import FolderType, lang_option

if TYPE_CHECKING:
    from rich.console import Console

    from apps.demo import Demo
    from screening.words import Language

__all__ = ["demo"]


@click.command(
    short_help="生成演示 / make the demo",
    help=(
        "生成演示：合成图层的工作区、示例选址、地图、公众地图、报告、存证、报告数据和 shapefile 成果。"
        "DIR 默认为 sanxian-demo，须是新的、空的或以前的演示。\n\n"
        "Make the demo: a workspace of synthetic layers, sample sites, a map, a public map, a report, a certificate, "
        "report data and a shapefile export. "
        "DIR is sanxian-demo by default and must be new, empty or an earlier demo."
    ),
)
@click.argument("folder", metavar="[DIR]", default="sanxian-demo", type=FolderType(path_type=Path, file_okay=False))
@lang_option
def demo(folder: Path, lang: Language) -> None:
    """``sanxian demo DIR``."""
    from apps.demo.build import STEPS, build
    from screening.words import word

    with progress(lang, total=STEPS) as begin:
        made = build(folder, language=lang, begin=lambda code, name: begin(word(f"cli.{code}", lang, name=name)))
    _print(console_on(), made, lang)


def _print(console: Console, made: Demo, language: Language) -> None:
    """The answers in the language asked for; where things lie in both."""
    from apps.cli.table import Page
    from screening.words import word

    page = Page(console, language)

    def both(code: str) -> str:
        return f"{word(f'cli.{code}', 'zh')} / {word(f'cli.{code}', 'en')}"

    page.title(both("demo_title"))
    page.line(f"** {word('note.synthetic', 'zh')} / {word('note.synthetic', 'en')} **", "bold yellow")
    page.heading(page.say("demo_sites"))
    rows = []
    for one in made.results:
        scope = page.words("scope", one.verdict.site["scope"])
        rows.append([one.site.argument, scope, page.answer("answer", one.verdict.answer)])
    columns = [("site", "left"), ("type", "left"), ("answer", "whole")]
    page.table([(page.say(f"column_{name}"), kind) for name, kind in columns], rows)
    page.print()
    site = made.folder / "sites" / made.results[0].site.argument
    places = [
        ("demo_map", made.map),
        ("demo_public_map", made.public_map),
        ("demo_report_file", made.report),
        ("demo_certificate", made.certificate),
    ]
    places += [("demo_data", made.data), ("demo_export", made.export)]
    for code, path in (*places, ("demo_workspace", made.workspace)):
        say(console, f"{both(code)}: {path}")
    say(console, f"{both('demo_try')}:")
    say(console, f"  sanxian check {_quoted(site)} --workspace {_quoted(made.workspace)}")
    say(console, f"  sanxian verify {_quoted(made.certificate)} --workspace {_quoted(made.workspace)}")


def _quoted(path: Path) -> str:
    text = str(path)
    return f'"{text}"' if " " in text else text
