"""The program ``sanxian``: one group, a file per command, errors as one line."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from apps.cli.console import prepare_streams, shown
from apps.cli.errors import EXIT_REJECTED, EXIT_USAGE, FileNamesError, is_named, report

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Program", "main"]

_COMMANDS = {
    "init": ("apps.cli.workspace", "init"),
    "import": ("apps.cli.importing", "import_"),
    "city": ("apps.cli.city", "city"),
    "plan": ("apps.cli.plan", "plan"),
    "georeference": ("apps.cli.georeference.group", "georeference"),
    "layers": ("apps.cli.workspace", "layers"),
    "prune": ("apps.cli.workspace", "prune"),
    "copy": ("apps.cli.copy", "copy"),
    "inspect": ("apps.cli.inspect", "inspect"),
    "convert": ("apps.cli.convert", "convert"),
    "export": ("apps.cli.export", "export"),
    "check": ("apps.cli.check", "check"),
    "check-many": ("apps.cli.check_many", "check_many"),
    "compare": ("apps.cli.compare", "compare"),
    "register": ("apps.cli.register", "register"),
    "verify": ("apps.cli.verify", "verify"),
    "prove": ("apps.cli.prove", "prove"),
    "key": ("apps.cli.prove", "key"),
    "avoid": ("apps.cli.avoid", "avoid"),
    "rivers": ("apps.cli.rivers", "rivers"),
    "water": ("apps.cli.water", "water"),
    "zonal": ("apps.cli.zonal", "zonal"),
    "quality": ("apps.cli.quality", "quality"),
    "rules": ("apps.cli.rules", "rules"),
    "map": ("apps.cli.map", "map_"),
    "figure": ("apps.cli.figure", "figure"),
    "demo": ("apps.cli.demo", "demo"),
}


_SWEEP_AFTER = 50_000
"""Objects made before memory is swept: a check keeps nearly all it makes, and sweeps were a tenth of its time."""


class Program(click.Group):
    """Loads a command's file when it is called, and turns errors into exit statuses."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """In the order in which they are used."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command from its file."""
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), name)
        return command

    def main(  # type: ignore[override]  # click's overloads say no more than this
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> Any:
        """Run and exit: 2 for wrong usage, 3 for input that is rejected; a bug keeps its traceback."""
        standalone = extra.pop("standalone_mode", True)
        extra["windows_expand_args"] = False  # a file called 地块[1].shp is that file, no pattern
        if not standalone:
            return super().main(args, prog_name, standalone_mode=False, **extra)
        prepare_streams()
        gc.set_threshold(_SWEEP_AFTER)
        atexit.unregister(gc.freeze)
        atexit.register(gc.freeze)  # all memory goes with the process; sweeping it would be a tenth of a check
        try:
            status = super().main(args, prog_name, standalone_mode=False, **extra)
        except click.UsageError as error:
            if type(error).__name__ == "NoArgsIsHelpError":  # not in older clicks
                error.show()
            else:
                _show_usage(error)
            sys.exit(EXIT_USAGE)
        except click.ClickException as error:
            sys.stderr.write(f"错误 / error: {_told(error)}\n")
            sys.exit(error.exit_code)
        except BrokenPipeError:  # the reader of the table has gone, as in `| head`
            sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - nothing more can be said
            sys.exit(1)
        except (click.Abort, KeyboardInterrupt):
            sys.stderr.write("已中止 / aborted\n")
            sys.exit(130)
        except UnicodeEncodeError as error:
            if error.encoding != sys.getfilesystemencoding() or error.encoding == "utf-8":
                raise
            report(FileNamesError(encoding=error.encoding))
            sys.exit(EXIT_REJECTED)
        except Exception as error:
            if not is_named(error):
                raise
            report(error)
            sys.exit(EXIT_REJECTED)
        sys.exit(status if isinstance(status, int) else 0)


def _show_usage(error: click.UsageError) -> None:
    encoding = sys.stderr.encoding or "ascii"
    if error.ctx is not None:
        sys.stderr.write(shown(" ".join(error.ctx.get_usage().split()), encoding) + "\n")
        sys.stderr.write(f"帮助 / help: {error.ctx.command_path} --help\n")
    sys.stderr.write(f"用法错误 / usage error: {_told(error)}\n")


def _told(error: click.ClickException) -> str:
    """Its message; an address of a database that stood where a file is meant shows no password."""
    from layers.workspace.address import without_passwords

    return shown(without_passwords(error.format_message()), sys.stderr.encoding or "ascii")


@click.command(
    cls=Program,
    name="sanxian",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    help=(
        "项目选址是否落入“三线一单”优先保护区域：依据是什么，有多确定。\n\n"
        "Does a project site lie in a priority-protection zone: on what grounds, and how sure is that.\n\n"
        "退出码 / exit status: 0 已完成 completed; 2 用法错误 usage; 3 输入未被接受 input rejected"
    ),
)
@click.version_option(package_name="sanxian", message="%(prog)s %(version)s")
def main() -> None:
    """The group itself does nothing."""


if __name__ == "__main__":
    main()
