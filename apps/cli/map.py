"""``sanxian map``: a workspace as a page that people open, search and ask, with no server."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apps.cli.options import DATE, lang_option, workspace_argument

if TYPE_CHECKING:
    from layers.workspace.address import Place
    from maps.public_map.page import Page
    from maps.public_map.tiles import TileSource
    from screening.words import Language

    _PairType = click.ParamType[tuple[str, float]]
else:  # older clicks know no such brackets
    _PairType = click.ParamType

__all__ = ["map_", "require_html"]


class PrecisionType(_PairType):
    """A layer and how exactly it may be shown, written LAYER=METRES."""

    name = "LAYER=M"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, float]:
        """The name and the metres."""
        if isinstance(value, tuple):
            return value
        layer, equals, metres = str(value).rpartition("=")
        try:
            return (layer.strip(), float(metres)) if equals and layer.strip() else self._refuse(value, param, ctx)
        except ValueError:
            return self._refuse(value, param, ctx)

    def _refuse(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, float]:
        raise click.BadParameter(f"{value!r}: 应写作 图层=米 / write LAYER=METRES", ctx=ctx, param=param)


@click.command(
    name="map",
    short_help="公众地图 / a map that people open",
    help=(
        "把工作区写成一张网页地图：单个文件，不联网、不要服务器即可打开；可查询、点选，可在页内画出或载入选址并得到结论。"
        "太大时数据块放在旁边的文件夹里。默认供单位内部使用；公开发布用 --public。\n\n"
        "Write a workspace as a map page: one file that opens with no network and no server; it is searched, clicked, "
        "and answers for a site that is drawn or loaded in it. Where it grows too large its blocks lie in a folder "
        "beside it. It is for an office by default; to publish, use --public."
    ),
)
@workspace_argument
@click.option(
    "--out", required=True, metavar="FILE.html", type=click.Path(path_type=Path), help="写到何处 / where to write it"
)
@click.option(
    "--folder/--one-file",
    default=None,
    help="数据块放在旁边，或都在一个文件里（默认看大小） / blocks beside it, or all in one file (default: by size)",
)
@click.option("--as-of", type=DATE, help="按哪一天选取（默认今天） / which day's versions (default: today)")
@click.option("--title", metavar="TEXT", help="标题 / heading")
@click.option(
    "--layer",
    "layer_names",
    multiple=True,
    metavar="NAME",
    help="只收这些图层（可重复） / only these layers (may be repeated)",
)
@click.option(
    "--precision",
    type=click.Choice(["auto", "full", "simplified"]),
    default="auto",
    help="页内判断用的几何：完整、简化，或看大小 / geometry that the page judges with",
)
@click.option("--basemap", default="none", metavar="none|tianditu|URL", help="底图 / background")
@click.option("--tianditu-key", metavar="KEY", help="天地图密钥（或环境变量 TIANDITU_TK） / key of Tianditu")
@click.option("--write-key", is_flag=True, help="把密钥写入文件 / write the key into the file")
@click.option(
    "--style",
    "style_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="自己的配色（TOML） / colours of your own (TOML)",
)
@click.option(
    "--public",
    is_flag=True,
    help="公开版：内部图层只概略表示 / public edition: layers for internal use are generalised",
)
@click.option("--base", metavar="FILE", type=click.Path(path_type=Path), help="经审核的底图 / a reviewed base map")
@click.option("--review-number", metavar="TEXT", help="审图号 / number of the map review")
@click.option("--allow-locate", is_flag=True, help="公开版中提供定位 / offer locating in the public edition")
@click.option("--allow-upload", is_flag=True, help="公开版中提供载入文件 / offer loading files in the public edition")
@click.option("--allow-annotate", is_flag=True, help="公开版中提供标绘 / offer drawing in the public edition")
@click.option(
    "--precision-m",
    multiple=True,
    metavar="LAYER=M",
    type=PrecisionType(),
    help="公开版中某图层的精度（可重复） / how exactly a layer is shown there",
)
@lang_option
def map_(workspace: Place, *, out: Path, lang: Language, **asked: Any) -> None:
    """``sanxian map WS --out map.html``."""
    from apps.cli.console import console_on, say
    from layers.workspace import open_workspace
    from maps.public_map.document import MapRequest
    from maps.public_map.edition import Edition
    from maps.public_map.page import build_page
    from maps.public_map.writing import write_page
    from maps.style import load_style
    from screening.screen import today

    require_html(out)
    tiles = _tiles(asked)
    edition = Edition(
        public=asked["public"],
        base=asked["base"],
        review_number=asked["review_number"],
        allow_locate=asked["allow_locate"],
        allow_upload=asked["allow_upload"],
        allow_annotate=asked["allow_annotate"],
        precision_m=dict(asked["precision_m"]),
    )
    request = MapRequest(
        as_of=asked["as_of"] or today(),
        language=lang,
        title=asked["title"],
        precision=asked["precision"],
        layers=asked["layer_names"],
        edition=edition,
        sheet=load_style(asked["style_file"]),
        tiles=tiles,
    )
    page = build_page(open_workspace(workspace), request, name=out.stem, folder=asked["folder"])
    write_page(page, out)
    for line in _lines(page, out, lang, chosen=asked["folder"] is None):
        say(console_on(), line)


def require_html(out: Path) -> None:
    """Refuse a name that no page can have, before any work."""
    if out.suffix.lower() not in (".html", ".htm") or out.is_dir():
        raise click.UsageError(f"{out}: 应以 .html 结尾 / must end in .html")


def _tiles(asked: dict[str, Any]) -> TileSource | None:
    from maps.public_map.tiles import TIANDITU_VARIABLE, tiles_of

    key = asked["tianditu_key"] or os.environ.get(TIANDITU_VARIABLE) or None
    if asked["basemap"] != "tianditu" and (asked["tianditu_key"] or asked["write_key"]):
        raise click.UsageError(
            "--tianditu-key、--write-key 须与 --basemap tianditu 同用 / they belong to --basemap tianditu"
        )
    return tiles_of(asked["basemap"], key=key, write_key=asked["write_key"])


def _lines(page: Page, out: Path, language: Language, *, chosen: bool) -> list[str]:
    """What was written, what it holds and what must be known of it."""
    from maps.phrases import code_word
    from maps.public_map.document import LARGEST
    from screening.words import has_word, word

    def says(code: str, **facts: object) -> str:
        return word(f"public_map.{code}", language, **facts)

    document = page.contents.document
    lines = [says("wrote", path=out, size=_size(len(page.html.encode())))]
    if page.files:
        if chosen:
            lines.append(says("chosen_folder", size=_size(LARGEST)))
        size = _size(sum(map(len, page.files.values())))
        lines.append(says("wrote_folder", folder=f"{out.stem}_files", count=len(page.files), size=size))
    kinds = [layer["judge"]["precision"] for layer in document["layers"]]
    lines.append(says("precision", **{kind: kinds.count(kind) for kind in ("full", "simplified", "generalised")}))
    for lost in document["lost"]:
        groups = ("public_map", "damage")
        detail = next(
            (word(f"{g}.{lost['detail']}", language) for g in groups if has_word(f"{g}.{lost['detail']}")),
            lost["detail"],
        )
        kind = says("every_kind") if lost["kind"] is None else code_word("kind", lost["kind"], language)
        lines.append(says("lost", layer=lost["layer"] or "-", kind=kind, detail=detail))
    if page.contents.restricted:
        names = ("、" if language == "zh" else ", ").join(page.contents.restricted)
        lines.append(says("restricted_full", layers=names))
    lines += [word(f"public_edition.{one.code}", language, **one.facts) for one in page.contents.given_away]
    tiles = document["tiles"]
    if tiles is not None and tiles["key"] is not None:
        lines.append(says("key_written"))
    return lines


def _size(count: int) -> str:
    """
    Bytes as people say them.

    Examples
    --------
    >>> _size(412_345), _size(30_000_000)
    ('412 kB', '30.0 MB')
    """
    return f"{count / 1000:,.0f} kB" if count < 1_000_000 else f"{count / 1e6:,.1f} MB"
