"""A page and its chunks put in place together or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layers.workspace.staging import rename
from spatial.errors import OutputInTheWayError, OutputInUseError
from spatial.writing.staging import staging

if TYPE_CHECKING:
    from pathlib import Path

    from maps.public_map.page import Page

__all__ = ["write_page"]

_BEGINS = b"sanxianChunk("


def write_page(page: Page, path: Path) -> None:
    """
    Write a page, and the folder of its chunks beside it where it has one.

    An earlier folder of that name is replaced if it holds nothing but chunks. At no moment does the new page stand
    beside old chunks; should the machine stop in between, a page refuses chunks that are not its own.

    Parameters
    ----------
    page
        From `maps.public_map.page.build_page`, made under the stem of ``path``.
    path
        The file.

    Raises
    ------
    NotWritableError, OutputInUseError, OutputInTheWayError
        If something cannot be put in place; nothing has changed then.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from maps.public_map.page import Page
    >>> page = Page(html="<html></html>", files={"map_files/a.js": b'sanxianChunk("a","");'}, contents=None)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_page(page, Path(folder) / "map.html")
    ...     sorted(p.relative_to(folder).as_posix() for p in Path(folder).rglob("*"))
    ['map.html', 'map_files', 'map_files/a.js']
    """
    folders = sorted({name.partition("/")[0] for name in page.files})
    for name in folders:
        _require_ours(path.parent / name)
    with staging(path) as stage:
        (stage.folder / path.name).write_bytes(page.html.encode())
        for name, content in page.files.items():
            target = stage.folder / name
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(content)
        moved: list[tuple[Path, Path | None]] = []
        try:
            for name in folders:
                target, kept = path.parent / name, stage.folder / f"{name}.old"
                had = target.exists()
                if had:
                    rename(target, kept)
                moved.append((target, kept if had else None))
                rename(stage.folder / name, target)
            stage.commit([path.name], asked=[path.name])
        except BaseException as trouble:
            for number, (target, earlier) in enumerate(moved):
                if target.exists():
                    rename(target, stage.folder / f"given up {number}")
                if earlier is not None:
                    rename(earlier, target)
            if isinstance(trouble, OSError):
                raise OutputInUseError(
                    file=str(path),
                    code="output_in_use",
                    detail=f"the folder of its chunks could not be put in place ({trouble.strerror or trouble})",
                    remedy="Close the page where it is open, or choose another name; nothing was changed",
                ) from trouble
            raise


def _require_ours(folder: Path) -> None:
    """A folder of chunks, or none."""
    if not folder.exists():
        return
    there = list(folder.iterdir()) if folder.is_dir() else [folder]
    for one in there:
        own = one.is_file() and one.suffix == ".js"
        if own:
            with one.open("rb") as file:
                own = file.read(len(_BEGINS)) == _BEGINS
        if not own:
            raise OutputInTheWayError(
                file=str(folder),
                code="output_in_the_way",
                detail=f"there is {one.name!r} in it, which is no chunk of a page",
                remedy="Choose another name for the page, or move that folder away",
            )
