"""Who answers a batch: this machine's processes, or an engine that sends parts of it to many."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import wraps
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from layers.workspace.address import Place
    from screening.cluster.answering import Engine

__all__ = ["EngineOptions", "engine_options"]

_F = TypeVar("_F", bound="Callable[..., Any]")
_FILES = (".gpkg", ".xlsx", ".csv")


@dataclass(frozen=True, kw_only=True)
class EngineOptions:
    """Which engine, where it is, and how large its parts are."""

    engine: Literal["local", "dask", "spark"] = "local"
    scheduler: str | None = None
    master: str | None = None
    part_sites: int | None = None

    @property
    def in_parts(self) -> bool:
        """Whether the batch goes out in parts."""
        return self.engine != "local"

    def require_fit(self, out: Path, workers: int | None) -> None:
        """Refuse options of another engine, and an output that is no folder of parts."""
        for flag, given, engine in (
            ("--scheduler", self.scheduler, "dask"),
            ("--master", self.master, "spark"),
            ("--part-sites", self.part_sites, self.engine if self.in_parts else "dask|spark"),
        ):
            if given is not None and engine != self.engine:
                raise click.UsageError(f"{flag} 只用于 --engine {engine} / {flag} goes with --engine {engine}")
        if workers is not None and (self.engine == "spark" or self.scheduler is not None):
            raise click.UsageError(
                "--workers 是本机的进程数，集群的由集群决定 / --workers are processes of this machine; "
                "a cluster has its own"
            )
        if self.in_parts and out.suffix.lower() in _FILES:
            raise click.UsageError(
                f"--out {out}: --engine {self.engine} 写出一个由 Parquet 分片组成的文件夹 / writes a folder of Parquet "
                "parts"
            )

    def opened(self, workers: int | None, workspace: Place) -> AbstractContextManager[Engine]:
        """The engine, for as long as it is needed; workers of this machine are told the password of a database."""
        from layers.workspace.address import password_of

        if self.engine == "dask":
            from screening.cluster.dask_engine import dask_engine

            return dask_engine(self.scheduler, workers=workers, password=password_of(workspace))
        from screening.cluster.spark_engine import spark_engine

        return spark_engine(self.master, password=password_of(workspace))


def engine_options(function: _F) -> _F:
    """Decorate a command with the options of engines; it receives them together as ``engine: EngineOptions``."""
    names = [f.name for f in fields(EngineOptions)]

    @wraps(function)
    def collected(*args: Any, **given: Any) -> Any:
        return function(*args, engine=EngineOptions(**{name: given.pop(name) for name in names}), **given)

    for option in reversed(
        [
            click.option(
                "--engine",
                type=click.Choice(["local", "dask", "spark"]),
                default="local",
                help="由谁计算：本机进程，或分片交给 Dask、Spark / who answers: processes here, or a cluster",
            ),
            click.option(
                "--scheduler",
                metavar="ADDRESS",
                help="Dask 调度程序的地址；默认在本机起工作进程 / of a Dask scheduler; default: workers here",
            ),
            click.option("--master", metavar="URL", help="Spark 的 master，如 local[2] / of Spark, e.g. local[2]"),
            click.option(
                "--part-sites",
                type=click.IntRange(1),
                metavar="N",
                help="每个分片的选址数，默认 5000 / sites of a part, default 5000",
            ),
        ]
    ):
        collected = option(collected)
    return collected  # type: ignore[return-value]  # the same command with its options in one value
