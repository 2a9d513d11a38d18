"""A folder of parts takes the place of its output in one step; nothing but an earlier result of ours is replaced."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

from screening.cluster.part_files import placed
from screening.errors import BatchStoppedError
from spatial.errors import OutputInTheWayError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SUMMARY", "hand_over", "put_back", "require_free"]

SUMMARY = "_summary.json"
"""Beside the parts; readers of Parquet folders pass over names that begin so."""


def require_free(out: Path) -> None:
    """
    Refuse an output that is there and is no earlier result.

    Raises
    ------
    OutputInTheWayError
        If it is a file, or a folder that holds anything without a `SUMMARY`.
    """
    if not out.exists() or (out.is_dir() and ((out / SUMMARY).is_file() or not any(out.iterdir()))):
        return
    raise OutputInTheWayError(
        file=str(out),
        code="output_in_the_way",
        detail="it is there and is no folder of an earlier result",
        remedy="Choose another name for the output, or move that away",
    )


def put_back(job: Path, out: Path) -> None:
    """Where a run was killed between the two steps of `hand_over`, the earlier result takes its place again."""
    old = job / "old"
    if (old / SUMMARY).is_file() and not out.exists():
        old.rename(out)


def hand_over(job: Path, out: Path, document: dict[str, Any]) -> Path:
    """Move ``rows`` of a job's folder to ``out``, with a summary; what was there goes into the job's folder first."""
    require_free(out)
    with placed(job / "rows" / SUMMARY) as draft:
        draft.write_text(json.dumps(document, ensure_ascii=False, indent=1), "utf-8")
    old = job / "old"
    shutil.rmtree(old, ignore_errors=True)
    try:
        if out.exists():
            out.rename(old)
        try:
            (job / "rows").rename(out)
        except OSError:
            if old.exists():
                old.rename(out)
            raise
    except OSError as trouble:
        raise BatchStoppedError(
            path=out,
            detail=f"it cannot be put in place ({trouble.strerror or trouble})",
            remedy="close it in other programs, then run the same command: only this step is left",
        ) from trouble
    return out
