"""The group ``sanxian georeference``: its commands are loaded when they are called."""

from __future__ import annotations

from importlib import import_module

import click

__all__ = ["georeference"]

_COMMANDS = {
    "text": ("apps.cli.georeference.text", "text"),
    "map": ("apps.cli.georeference.map", "map_"),
    "wells": ("apps.cli.georeference.rules", "wells"),
    "intake": ("apps.cli.georeference.rules", "intake"),
    "lake": ("apps.cli.georeference.rules", "lake"),
    "bank": ("apps.cli.georeference.rules", "bank"),
    "place": ("apps.cli.georeference.place", "place"),
    "sections": ("apps.cli.georeference.sections", "sections"),
}


class _Ways(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), name)
        return command


@click.command(
    cls=_Ways,
    short_help="由公告、扫描图、划定规则或名称成图 / a layer nobody publishes as vectors",
    help=(
        "没有公开矢量的图层：由公告坐标、扫描图、划定规则、名称与面积或河流里程成图，写明方法与精度。\n\n"
        "A layer that nobody publishes as vectors: from a notice, a scanned map, a delineation rule, a name with an "
        "area, or river chainage; with the method and how accurate it is. Without --workspace or --output it only "
        "shows what would be made."
    ),
)
def georeference() -> None:
    """The group itself does nothing."""
