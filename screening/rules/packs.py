"""Which packs speak of a site: the national ones, those of the districts it lies in, and the user's own files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from screening.errors import RulePackError
from screening.rules.access_lists import TABLES, packs_of_table
from screening.rules.districts import lies_in
from screening.rules.loading import check_together, load_pack, shipped_packs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from screening.rules.model import Pack
    from screening.site import Site

__all__ = ["packs_for", "user_packs"]


def packs_for(site: Site, user_files: Sequence[str | Path] = ()) -> tuple[Pack, ...]:
    """
    The packs that speak of a site.

    Where the boundaries cannot tell whether the site lies in a pack's districts (not built, near a border, across it)
    the pack is among them, and its clauses are open as to the district.

    Parameters
    ----------
    site
        A placed site.
    user_files
        Packs (TOML) and access lists (XLSX, CSV …) of the user's own; always among them.

    Raises
    ------
    RulePackError, AccessListError
        If a file cannot be read, or does not stand beside the shipped packs.

    Examples
    --------
    >>> import shapely
    >>> from screening.site import site_of
    >>> site = site_of(shapely.Point(119.948, 47.176), accuracy_m=5)
    >>> "cn" in {pack.id for pack in packs_for(site)}
    True
    """
    margin_m = site.accuracy.metres + site.transformation_m + site.radius_m
    met = [
        pack
        for pack in shipped_packs()
        if not pack.districts or lies_in(site.geometry, pack.districts, margin_m=margin_m)[0] != "no"
    ]
    return (*met, *user_packs(user_files))


def user_packs(user_files: Sequence[str | Path]) -> tuple[Pack, ...]:
    """
    The packs of the user's own files, checked beside the shipped ones.

    Raises
    ------
    RulePackError, AccessListError
        If a file cannot be read, an id is taken, or a successor leads nowhere.
    """
    own: list[Pack] = []
    for file in map(Path, user_files):
        if not file.is_file():
            raise RulePackError(file=str(file), clause=None, detail="there is no such file", remedy="check the path")
        own += packs_of_table(file) if file.suffix.casefold() in TABLES else (load_pack(file),)
    if own:
        check_together((*shipped_packs(), *own))
    return tuple(own)
