"""What a user says of the project beside its site: activity, industry, facts, rules of one's own."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from screening.inquiry import RuleFile
    from screening.project import Project

__all__ = ["ProjectOptions", "project_options"]

_F = TypeVar("_F", bound="Callable[..., Any]")


@dataclass(frozen=True, kw_only=True)
class ProjectOptions:
    """The words of the command line; what they mean is looked up when it is asked for."""

    activity: tuple[str, ...] = ()
    industry: str | None = None
    fact: tuple[str, ...] = ()
    rules: tuple[Path, ...] = ()

    @property
    def project(self) -> Project:
        """The project; raises ``UnknownRuleWordError`` with what is near."""
        from screening.project import Project
        from screening.rules.vocabulary import activities_of, facts_of, industry_of

        return Project(
            activities=activities_of(self.activity),
            industry=None if self.industry is None else industry_of(self.industry),
            facts=facts_of(self.fact),
        )

    @property
    def rule_files(self) -> tuple[RuleFile, ...]:
        """The user's rule files, read."""
        from screening.inquiry import RuleFile

        return tuple(RuleFile.at(path) for path in self.rules)


def project_options(function: _F) -> _F:
    """Decorate a command with what rules ask of a project; it receives them as ``asked: ProjectOptions``."""
    names = [f.name for f in fields(ProjectOptions)]

    @wraps(function)
    def collected(*args: Any, **given: Any) -> Any:
        return function(*args, asked=ProjectOptions(**{name: given.pop(name) for name in names}), **given)

    for option in reversed(
        [
            click.option(
                "--activity",
                multiple=True,
                metavar="WORD",
                help="项目活动，如 尾矿库、风电（可重复） / what the project does: tailings_pond ... (may be repeated)",
            ),
            click.option("--industry", metavar="CODE", help="GB/T 4754 行业代码，如 0810 / industry code of GB/T 4754"),
            click.option(
                "--fact",
                multiple=True,
                metavar="KEY=VALUE",
                help="规则要问的事实，如 new_land=yes（可重复） / a fact that rules ask for (may be repeated)",
            ),
            click.option(
                "--rules",
                multiple=True,
                metavar="F.toml|.xlsx|.csv",
                type=click.Path(path_type=Path, exists=True, dir_okay=False),
                help="自己的规则包或准入清单（可重复） / a rule pack or access list of one's own (may be repeated)",
            ),
        ]
    ):
        collected = option(collected)
    return collected  # type: ignore[return-value]  # the same command with its options in one value
