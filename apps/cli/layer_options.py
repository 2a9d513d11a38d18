"""Options that say what a file does not say of a layer: shared by ``import`` and every way of ``georeference``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

import click

from apps.cli.options import DATE, KIND, POSITIVE, accuracy_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from layers.importing import ImportOptions

__all__ = ["card_options", "coverage_of", "import_options", "kind_option", "name_options"]

_F = TypeVar("_F", bound="Callable[..., Any]")
_CODES = re.compile(r"\s*\d{6}(?:\s*[,，]\s*\d{6})*\s*", re.ASCII)
_SAME: tuple[str, ...] = ("kind", "replace", "historical", "theme", "role", "meaning", "data_date", "valid_from")
_SAME += ("source", "accuracy_m", "scale", "influence_m", "restricted", "synthetic", "expect_features")
_SAME += ("expect_area_km2", "valid_until")

_NAME = (
    click.option("--name", metavar="NAME", help="图层名，默认取文件名 / name, by default that of the file"),
    click.option("--replace", is_flag=True, help="作为已有图层的新版本 / as a new version of the layer of that name"),
    click.option(
        "--historical", is_flag=True, help="新版本的起始日期可早于现有版本 / it may begin before the newest one"
    ),
    click.option(
        "--theme", metavar="TEXT", help="主题：覆盖范围在同一主题内合并 / coverages are pooled within a theme"
    ),
    click.option(
        "--role", type=click.Choice(["protective", "context"]), help="作用（仅 other 类） / role, of kind other only"
    ),
    click.option("--meaning", metavar="TEXT", help="含义（仅 other 类） / meaning, of kind other only"),
)

_CARD = (
    click.option("--data-date", type=DATE, help="数据日期 / date of the data"),
    click.option("--valid-from", type=DATE, help="有效期起，默认数据日期 / default: the data date"),
    click.option("--valid-until", type=DATE, help="有效期止 / last day of validity"),
    click.option("--source", metavar="TEXT", help="来源 / who published it"),
    click.option(
        "--coverage",
        metavar="CODES|FILE|layer",
        help="图层在何处完整：行政区划代码（逗号分隔）、文件，或 layer（图层自身） / "
        "where the layer is complete: district codes, a file, or its own features",
    ),
    accuracy_option,
    click.option(
        "--scale", type=click.IntRange(min=1), metavar="N", help="比例尺 1:N / scale of the map it was taken from"
    ),
    click.option(
        "--boundary", type=click.Choice(["surveyed"]), help="边界经勘界立标 / boundary surveyed, with markers"
    ),
    click.option("--influence-m", type=POSITIVE, metavar="M", help="影响距离，米 / influence distance, metres"),
    click.option("--restricted/--open", default=None, help="内部使用或可公开 / internal use, or open"),
    click.option("--synthetic", is_flag=True, help="合成示例，不代表真实管控边界 / no real control boundary"),
    click.option(
        "--expect-features", type=click.IntRange(min=0), metavar="N", help="应有要素数 / features there should be"
    ),
    click.option(
        "--expect-area-km2", type=POSITIVE, metavar="X", help="应有面积，平方公里 / area there should be, km2"
    ),
    click.option("--no-copy", is_flag=True, help="不保留原始文件 / keep no copy of the file"),
)


def kind_option(default: str | None = None) -> Callable[[_F], _F]:
    """``--layer``; needed unless the command has a kind of its own."""
    text = "图层类型，如 red_lines / kind of layer"
    return click.option(
        "--layer",
        "kind",
        type=KIND,
        required=default is None,
        default=default,
        show_default=True,
        metavar="KIND",
        help=text,
    )


def name_options(function: _F) -> _F:
    """What the layer is called, and whether it takes the place of an earlier version."""
    for option in reversed(_NAME):
        function = option(function)
    return function


def card_options(function: _F) -> _F:
    """What stands on its card: dates, source, coverage, accuracy, marks, expectations."""
    for option in reversed(_CARD):
        function = option(function)
    return function


def coverage_of(text: Any) -> Any:
    """District codes, a file read, or ``layer``; None and what was read already stay."""
    if not isinstance(text, str) or text == "layer":
        return text
    if _CODES.fullmatch(text):
        return tuple(code.strip() for code in re.split("[,，]", text))
    from spatial.reading import read

    return read(text)


def import_options(name: str, coverage: Any, stated: dict[str, Any], **more: Any) -> ImportOptions:
    """The options as `layers.importing` takes them; ``more`` is what a command adds."""
    from layers.importing import ImportOptions

    return ImportOptions(
        name=name,
        coverage=coverage,
        surveyed=stated["boundary"] == "surveyed",
        keep_source=not stated["no_copy"],
        **{key: stated[key] for key in _SAME},
        **more,
    )
