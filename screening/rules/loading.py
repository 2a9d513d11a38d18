"""
Rule packs from TOML, read strictly: a slip of the pen is refused with file and clause, never carried on.

Unknown keys, ids that repeat, successors that lead nowhere, tags, facts, classes and districts that nothing knows are
errors. The digest of a pack is of its canonical JSON, so that comments and spacing do not move it.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

from layers.workspace.canonical_json import canonical_json
from screening.errors import RulePackError
from screening.rules.conditions import condition_of
from screening.rules.model import CONSEQUENCES, HEADINGS, LEVELS, Basis, Clause, Pack
from screening.words import has_word
from spatial.datafiles import shipped_files, toml_tables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["check_together", "load_pack", "national_packs", "pack_of", "shipped_packs"]

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
_PERIOD = re.compile(r"\d{4}-\d{4}", re.ASCII)
_DISTRICT = re.compile(r"[1-8]\d(\d\d)?(\d\d)?", re.ASCII)
_PACK_KEYS = {"id", "level", "title_zh", "title_en", "districts", "source", "verified_on", "in_force_from"}
_PACK_KEYS |= {"in_force_until", "plan_period"}
_CLAUSE_KEYS = {"id", "heading", "consequence", "title_zh", "title_en", "text_zh", "text_en", "quote", "line", "facts"}
_CLAUSE_KEYS |= {"status", "verified_on", "source", "penalty_zh", "penalty_en", "superseded_by", "office", "basis"}
_CLAUSE_KEYS |= {"when", "in_force_from", "in_force_until", "permits"}
_BASIS_KEYS = {"law_zh", "law_en", "article", "line", "in_force_from", "in_force_until"}


class _Reader:
    """One table of a file, its keys asked for by type; every complaint names file and clause."""

    def __init__(self, file: str, clause: str | None, table: Mapping[str, Any]) -> None:
        self.file = file
        self.clause = clause
        self.table = table

    def refuse(self, detail: str, remedy: str) -> NoReturn:
        """Stop with the place."""
        raise RulePackError(file=self.file, clause=self.clause, detail=detail, remedy=remedy)

    def only(self, known: set[str]) -> None:
        """Refuse keys that nothing reads."""
        unknown = sorted(set(self.table) - known)
        if unknown:
            self.refuse(f"unknown key {', '.join(unknown)}", f"known keys: {', '.join(sorted(known))}")

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is there and not blank."""
        value = self.table.get(key, default)
        if not isinstance(value, str) or not value.strip():
            self.refuse(f"{key} is missing or no text", f"write {key} as a text")
        return value

    def maybe(self, key: str) -> str | None:
        """A text, or None where the key is not there."""
        return self.text(key) if key in self.table else None

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, empty where the key is not there."""
        value = self.table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) and v.strip() for v in value):
            self.refuse(f"{key} is no list of texts", f'write {key} = ["…"]')
        return tuple(value)

    def choice(self, key: str, known: Sequence[str]) -> str:
        """One of some words."""
        value = self.text(key)
        if value not in known:
            self.refuse(f"{key} {value!r} is not known", f"take one of {', '.join(known)}")
        return value

    def day(self, key: str) -> str | None:
        """An ISO date from a TOML date."""
        value = self.table.get(key)
        if value is None:
            return None
        if type(value) is not date:
            self.refuse(f"{key} is no date", f"write {key} = 2026-11-22, without quotes")
        return value.isoformat()

    def name(self) -> str:
        """The id."""
        value = self.text("id")
        if _ID.fullmatch(value) is None:
            self.refuse(
                f"id {value!r} has other characters than letters, digits, '.', '_' and '-'", "write it in ASCII"
            )
        return value


def load_pack(path: Path) -> Pack:
    """
    A pack from a TOML file.

    Use `check_together` on all packs of a run afterwards: ids are unique, and successors found, over all of them.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    RulePackError
        If the file cannot be read, or anything in it is not understood.
    """
    try:
        document = toml_tables(path)
    except OSError as error:
        raise RulePackError(
            file=str(path), clause=None, detail=f"cannot be read ({error.strerror})", remedy="check the path"
        ) from error
    except ValueError as error:
        raise RulePackError(
            file=str(path), clause=None, detail=f"is no TOML in UTF-8 ({error})", remedy="mend the file"
        ) from error
    return pack_of(document, file=path.name)


def pack_of(document: Mapping[str, Any], *, file: str) -> Pack:
    """
    A pack from a parsed document; ``file`` is named in errors.

    Raises
    ------
    RulePackError
        As for `load_pack`.

    Examples
    --------
    >>> document = {
    ...     "pack": {"id": "mine", "level": "city", "title_zh": "甲", "title_en": "A", "source": "甲文"},
    ...     "clause": [
    ...         {
    ...             "id": "mine-1", "heading": "spatial_layout", "consequence": "prohibited", "title_zh": "乙",
    ...             "title_en": "B", "text_zh": "丙", "text_en": "C", "status": "unverified",
    ...             "when": {"kind": "red_lines"},
    ...         }
    ...     ],
    ... }
    >>> pack_of(document, file="mine.toml").clauses[0].condition.to_dict()
    {'kind': 'red_lines'}
    """
    top = _Reader(file, None, document)
    top.only({"pack", "clause"})
    head_table = document.get("pack")
    if not isinstance(head_table, dict):
        top.refuse("has no [pack] table", "begin the file with [pack]")
    head = _Reader(file, None, head_table)
    head.only(_PACK_KEYS)
    rows = document.get("clause", [])
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        top.refuse("has no [[clause]]", "add at least one")
    districts = head.texts("districts")
    for code in districts:
        if _DISTRICT.fullmatch(code) is None:
            head.refuse(f"district {code!r} is no prefix of a GB/T 2260 code", "write two, four or six digits")
    period = head.maybe("plan_period")
    if period is not None and _PERIOD.fullmatch(period) is None:
        head.refuse(f"plan_period {period!r}", 'write it as "2021-2025"')
    clauses = tuple(_clause(file, head, row) for row in rows)
    repeated = [c.id for i, c in enumerate(clauses) if c.id in {other.id for other in clauses[:i]}]
    if repeated:
        raise RulePackError(file=file, clause=repeated[0], detail="the id stands twice", remedy="give each its own")
    return Pack(
        id=head.name(),
        level=head.choice("level", LEVELS),  # type: ignore[arg-type]  # checked against its literals
        title_zh=head.text("title_zh"),
        title_en=head.text("title_en"),
        source=head.text("source"),
        verified_on=head.day("verified_on"),
        districts=districts,
        plan_period=period,
        clauses=clauses,
        sha256=hashlib.sha256(canonical_json(_plain(document))).hexdigest(),
        file=file,
    )


def _clause(file: str, head: _Reader, row: Mapping[str, Any]) -> Clause:
    named = row.get("id")
    read = _Reader(file, named if isinstance(named, str) else "?", row)
    read.only(_CLAUSE_KEYS)
    name = read.name()
    quote = read.maybe("quote")
    title_en = read.text("title_en")
    line = row.get("line")
    if line is not None and (type(line) is not int or line < 1):
        read.refuse("line is no line number", "write a whole number from 1")
    if "when" not in row:
        read.refuse("has no condition", 'write when = { kind = "red_lines" }, for instance')
    penalties = (read.maybe("penalty_zh"), read.maybe("penalty_en"))
    if (penalties[0] is None) != (penalties[1] is None):
        read.refuse("a penalty stands in one language only", "write penalty_zh and penalty_en")
    offices = read.texts("office")
    for office in offices:
        if not has_word(f"rules.office_{office}"):
            read.refuse(f"office {office!r} is not known", "take one of docs/reference/rules.md")
    permits = row.get("permits", False)
    if type(permits) is not bool:
        read.refuse("permits is neither true nor false", "write true, or leave it out")
    basis = _basis(file, name, row["basis"]) if "basis" in row else None
    dates = [
        next((day for day in (*of_basis, read.day(key), head.day(key)) if day is not None), None)
        for key, of_basis in (
            ("in_force_from", (basis.in_force_from,) if basis else ()),
            ("in_force_until", (basis.in_force_until,) if basis else ()),
        )
    ]
    if None not in dates and str(dates[0]) > str(dates[1]):
        read.refuse(f"is in force from {dates[0]} until {dates[1]}", "mend the dates")
    verified = read.choice("status", ("verified", "unverified")) == "verified"
    verified_on = read.day("verified_on") or head.day("verified_on")
    if verified and verified_on is None:
        read.refuse("is verified and nothing says when", "add verified_on to the clause or the pack")
    return Clause(
        id=name,
        heading=read.choice("heading", HEADINGS),  # type: ignore[arg-type]  # checked against its literals
        consequence=read.choice("consequence", CONSEQUENCES),  # type: ignore[arg-type]
        title_zh=read.text("title_zh"),
        title_en=title_en,
        text_zh=read.text("text_zh", quote),
        text_en=read.text("text_en", title_en if quote else None),
        condition=condition_of(row["when"], file=file, clause=name),
        verified=verified,
        verified_on=verified_on if verified else None,
        source=read.maybe("source") or head.text("source"),
        quote=quote,
        line=line,
        facts=read.texts("facts"),
        penalty_zh=penalties[0],
        penalty_en=penalties[1],
        superseded_by=read.texts("superseded_by"),
        offices=offices,
        basis=basis,
        in_force_from=dates[0],
        in_force_until=dates[1],
        permits=permits,
    )


def _basis(file: str, clause: str, table: object) -> Basis:
    if not isinstance(table, dict):
        raise RulePackError(
            file=file, clause=clause, detail="basis is no table", remedy='write { law_zh = "…", law_en = "…" }'
        )
    read = _Reader(file, clause, table)
    read.only(_BASIS_KEYS)
    article = table.get("article")
    line = table.get("line")
    return Basis(
        law_zh=read.text("law_zh"),
        law_en=read.text("law_en"),
        article=str(article) if article is not None else (f"line {line}" if line is not None else None),
        in_force_from=read.day("in_force_from"),
        in_force_until=read.day("in_force_until"),
    )


def _plain(value: Any) -> Any:
    """The document with dates as ISO text, as JSON has them."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


def check_together(packs: Sequence[Pack]) -> None:
    """
    Refuse packs that cannot stand beside each other: an id that two of them use, a successor that none has.

    Raises
    ------
    RulePackError
        Naming file and clause.
    """
    owner: dict[str, Pack] = {}
    names: dict[str, Pack] = {}
    for pack in packs:
        if pack.id in names:
            raise RulePackError(
                file=pack.file,
                clause=None,
                detail=f"pack id {pack.id} is that of {names[pack.id].file}",
                remedy="rename it",
            )
        names[pack.id] = pack
        for clause in pack.clauses:
            if clause.id in owner:
                raise RulePackError(
                    file=pack.file, clause=clause.id, detail=f"{owner[clause.id].file} has this id", remedy="rename it"
                )
            owner[clause.id] = pack
    for pack in packs:
        for clause in pack.clauses:
            lost = [name for name in clause.superseded_by if name not in owner or name == clause.id]
            if lost:
                raise RulePackError(
                    file=pack.file,
                    clause=clause.id,
                    detail=f"superseded_by leads nowhere: {', '.join(lost)}",
                    remedy="name clauses of this pack or of a shipped one",
                )


def shipped_packs() -> tuple[Pack, ...]:
    """
    Every pack of ``data/rules/packs``, checked together, in the order of their files.

    Raises
    ------
    RulePackError
        If one of them is wrong: the installation is.

    Examples
    --------
    >>> "cn" in {pack.id for pack in shipped_packs()}
    True
    """
    found = shipped_files("rules", "packs")
    return _read(tuple((path, path.stat().st_mtime_ns if path.exists() else 0) for path in found))


@lru_cache(maxsize=2)
def _read(files: tuple[tuple[Path, int], ...]) -> tuple[Pack, ...]:
    packs = tuple(load_pack(path) for path, _ in files)
    check_together(packs)
    return packs


def national_packs() -> tuple[Pack, ...]:
    """The shipped packs that apply everywhere."""
    return tuple(pack for pack in shipped_packs() if not pack.districts)
