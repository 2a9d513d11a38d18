"""
What the columns of a layer mean: aliases as data (``fields.toml``), and one record seen through them.

Column names in real files carry line ends, full-width signs, pinyin codes and names cut at ten bytes; what
they mean is data that users extend, not code.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from layers.errors import FieldAliasError
from layers.model import KINDS, KindName
from layers.stated import distances_stated_m, iso_date, number_stated
from spatial.datafiles import toml_tables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Cell", "FieldAliases", "FieldView", "fold", "text_of"]

_NOTHING = frozenset({"", "-", "--", "/", "\\", "null", "<null>", "none", "nan", "nat", "n/a", "na", "无", "空"})
_OPEN_END = frozenset({"长期", "长期有效", "永久", "至今", "现行", "今"})
_DATES = {"valid_from": "first", "valid_until": "last"}


def _unseen(sign: str) -> bool:
    # marks of order and byte order, joiners, padding; a damaged character is seen and stays
    return sign == "\x00" or unicodedata.category(sign) == "Cf"


_FOLDINGS = 4


@lru_cache(maxsize=65_536)
def fold(name: str) -> str:
    r"""
    A name or a word as it is compared: NFKC, no case, no white space, no unseen format characters.

    Examples
    --------
    >>> fold(" 空间布局约束\n"), fold("ＨＪＧＫＤＹＢＭ"), fold("面积（km²）")
    ('空间布局约束', 'hjgkdybm', '面积(km2)')
    """
    if name.isascii():
        return "".join(name.casefold().split()).replace("\x00", "")
    for _ in range(_FOLDINGS):
        # case folding may take apart what NFKC joins, and without white space some marks follow a letter they join
        plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
        kept = "".join(sign for sign in plain if not sign.isspace() and not _unseen(sign))
        if kept == name or kept.isascii():
            return kept
        name = kept
    return name


def text_of(value: object) -> str | None:
    """
    A cell as text, None where it is blank: no float ``.0``, dates in ISO form, placeholders (``-``, ``无``)
    are blank.

    Examples
    --------
    >>> text_of(150781.0), text_of(" 甲 "), text_of(float("nan")), text_of("<Null>")
    ('150781', '甲', None, None)
    """
    if isinstance(value, str):
        text = value.strip().strip("\x00\ufeff").strip()
        return None if fold(text) in _NOTHING else text
    if value is None or isinstance(value, bytes | bytearray | memoryview):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if type(value).__name__ == "NAType" or value != value:  # noqa: PLR0124 - NaN and NaT
        return None
    if isinstance(value, np.generic) and not isinstance(value, np.datetime64):
        return text_of(value.item())
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One column that speaks of a meaning: its name, its raw value, and whether the kind itself names it."""

    column: str
    value: object
    specific: bool

    @property
    def text(self) -> str | None:
        """The value as text; None if blank."""
        return text_of(self.value)


@dataclass(frozen=True, kw_only=True)
class FieldAliases:
    r"""
    Which column names carry which meaning, for each kind.

    Examples
    --------
    >>> aliases = FieldAliases.load()
    >>> aliases.view({"HJGKDYBM\n": "ZH15078110001"}, kind="control_units").get("code")
    'ZH15078110001'
    """

    names: dict[str, dict[str, tuple[str, ...]]]
    """meaning -> ``any`` or a kind -> folded names, the preferred first."""
    _plans: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def load(cls, path: Path | None = None) -> FieldAliases:
        """
        The aliases of the package, extended by a user's own file.

        Parameters
        ----------
        path
            A TOML file of the shape of ``layers/fields.toml``: its names come before the package's; a table
            with ``replace = true`` drops the package's names for that meaning.

        Raises
        ------
        FieldAliasError
            The file cannot be read, or holds a meaning or kind that is not known, or something that is no
            list of names.
        """
        own = _package_names()
        if path is None:
            return cls(names=own)
        try:
            tables = toml_tables(path)
        except (OSError, ValueError) as error:
            raise FieldAliasError(path=path, table=None, detail=str(error)) from error
        theirs, replaced = _read_tables(tables, path=path, known=frozenset(own))
        merged = {
            meaning: {
                kind: tuple(
                    dict.fromkeys(
                        theirs.get(meaning, {}).get(kind, ()) + (() if meaning in replaced else by_kind.get(kind, ()))
                    )
                )
                for kind in {**by_kind, **theirs.get(meaning, {})}
            }
            for meaning, by_kind in own.items()
        }
        return cls(names=merged)

    def view(self, attributes: Mapping[str, object], *, kind: KindName | None = None) -> FieldView:
        """One record seen through these aliases; the names of ``kind`` come before the general ones."""
        columns = tuple(attributes)
        plan = self._plans.get((kind, columns))
        if plan is None:
            plan = self._plans[kind, columns] = self._plan(columns, kind)
        return FieldView(attributes, plan)

    def _plan(self, columns: Sequence[str], kind: KindName | None) -> dict[str, list[tuple[str, bool]]]:
        """Meaning -> (column, specific), the preferred first; what the kind itself names means only that."""
        specific, general = self._lookup(kind)
        plan: dict[str, list[tuple[tuple[bool, int], str]]] = {}
        for column in columns:
            name = fold(str(column))
            for table, found in ((True, specific.get(name)), (False, general.get(name))):
                if found:
                    for meaning, rank in found:
                        plan.setdefault(meaning, []).append(((not table, rank), column))
                    break
        return {
            meaning: [(column, not rank[0]) for rank, column in sorted(found, key=lambda pair: pair[0])]
            for meaning, found in plan.items()
        }

    def _lookup(self, kind: KindName | None) -> tuple[_Lookup, _Lookup]:
        cached = self._plans.get(kind)
        if cached is None:
            specific = {m: by_kind.get(kind, ()) for m, by_kind in self.names.items()} if kind else {}
            general = {m: by_kind.get("any", ()) for m, by_kind in self.names.items()}
            whole = {name for table in (specific, general) for names in table.values() for name in names}
            shortened = _shortened({m: specific.get(m, ()) + general[m] for m in general}, whole)
            cached = self._plans[kind] = (_by_name(specific, shortened), _by_name(general, shortened))
        return cached


_Lookup = dict[str, list[tuple[str, int]]]


def _by_name(table: dict[str, tuple[str, ...]], shortened: dict[str, str]) -> _Lookup:
    found: _Lookup = {}
    for meaning, names in table.items():
        for rank, name in enumerate(names):
            found.setdefault(name, []).append((meaning, rank))
    for short, name in shortened.items():
        for meaning, rank in found.get(name, []):
            found.setdefault(short, []).append((meaning, rank))
    return found


def _shortened(table: dict[str, tuple[str, ...]], whole: set[str]) -> dict[str, str]:
    """Names as a DBF header cuts them (10 bytes), where only one meaning can be meant: short -> full."""
    meanings: dict[str, set[str]] = {}
    first: dict[str, str] = {}
    for meaning, names in table.items():
        for name in names:
            for encoding in ("utf-8", "gbk"):
                short = name.encode(encoding, "ignore")[:10].decode(encoding, "ignore")
                if short != name and short not in whole:
                    meanings.setdefault(short, set()).add(meaning)
                    first.setdefault(short, name)
    return {short: first[short] for short, found in meanings.items() if len(found) == 1}


@cache
def _package_names() -> dict[str, dict[str, tuple[str, ...]]]:
    source = Path(__file__).with_name("fields.toml")
    return _read_tables(toml_tables(source), path=source, known=None)[0]


def _read_tables(
    tables: dict[str, Any], *, path: object, known: frozenset[str] | None
) -> tuple[dict[str, dict[str, tuple[str, ...]]], set[str]]:
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    replaced = set()
    for meaning, table in tables.items():
        if known is not None and meaning not in known:
            raise FieldAliasError(path=path, table=meaning, detail="no such meaning")
        if not isinstance(table, dict):
            raise FieldAliasError(path=path, table=meaning, detail="not a table")
        if table.pop("replace", False) is True:
            replaced.add(meaning)
        for kind, names in table.items():
            if kind != "any" and kind not in KINDS:
                raise FieldAliasError(path=path, table=meaning, detail=f"{kind!r} is no kind of layer")
            if not isinstance(names, list) or not all(isinstance(name, str) and fold(name) for name in names):
                raise FieldAliasError(path=path, table=meaning, detail=f"{kind}: not a list of names")
            found.setdefault(meaning, {})[kind] = tuple(dict.fromkeys(fold(name) for name in names))
    return found, replaced


class FieldView:
    """
    One record seen through the aliases. What could not be understood is collected in ``problems``.

    Two columns for one meaning: the one that the kind itself names is preferred; of equals that differ the
    first is used, the meaning is listed in ``ambiguous``, and whoever reads classes looks at all ``cells``.

    Examples
    --------
    >>> view = FieldAliases.load().view({"失效日期": "2024", "编码": 7.0, "code": "8"})
    >>> view.date("valid_until"), view.get("code"), view.ambiguous
    ('2024-12-31', '8', ('code',))
    """

    __slots__ = ("_plan", "attributes", "problems")

    def __init__(self, attributes: Mapping[str, object], plan: dict[str, list[tuple[str, bool]]]) -> None:
        self.attributes = attributes
        self._plan = plan
        self.problems: list[tuple[str, str, str]] = []
        """(code, column, value); the codes are those of ``FieldProblem``."""

    def cells(self, meaning: str) -> list[Cell]:
        """Every column that speaks of a meaning, blank ones too, the preferred first."""
        if meaning not in self._plan:
            return []
        return [
            Cell(column=column, value=self.attributes[column], specific=specific)
            for column, specific in self._plan[meaning]
        ]

    def has(self, meaning: str) -> bool:
        """Whether the record has a column for a meaning, blank or not."""
        return meaning in self._plan

    def texts(self, meaning: str) -> list[str]:
        """The non-blank texts of the preferred columns; of lower columns only where those are blank."""
        found: list[str] = []
        if meaning not in self._plan:
            return found
        rank = True
        for column, specific in self._plan.get(meaning, ()):
            if found and specific != rank:
                break
            text = text_of(self.attributes[column])
            if text is not None and not (meaning == "county" and number_stated(text) is not None):
                found.append(text)
                rank = specific
        return found

    def get(self, meaning: str) -> str | None:
        """The text for a meaning; None if no column has one."""
        if meaning not in self._plan:
            return None
        found = self.texts(meaning)
        return found[0] if found else None

    @property
    def ambiguous(self) -> tuple[str, ...]:
        """Meanings for which columns of the same standing say different things."""
        several = (meaning for meaning, columns in self._plan.items() if len(columns) > 1)
        return tuple(sorted(meaning for meaning in several if len({fold(t) for t in self.texts(meaning)}) > 1))

    def number(self, meaning: str) -> float | None:
        """The number for a meaning; None if blank, or not one number (then a problem is noted)."""
        for column, _ in self._plan.get(meaning, ()):
            text = text_of(self.attributes[column])
            if text is not None:
                found = number_stated(text)
                if found is None:
                    self.problems.append(("number_not_understood", column, text))
                return found
        return None

    def lengths_m(self, meaning: str) -> tuple[float, ...] | None:
        """
        Every length stated for a meaning, in metres: numbers in the unit of the header (metres if it names
        none), or text.

        Returns
        -------
        lengths
            Finite and > 0; empty if something is stated that gives no such length (a problem is noted);
            None if blank or zero.
        """
        found: list[float] = []
        stated = False
        for cell in self.cells(meaning):
            text = cell.text
            if text is None:
                continue
            number = number_stated(text)
            if number == 0:
                continue
            stated = True
            header = fold(cell.column)
            unit = 1000.0 if any(word in header for word in ("km", "公里", "千米")) else 1.0
            lengths = distances_stated_m(text) if number is None else (number * unit,)
            usable = [length for length in lengths if 0 < length < math.inf]
            if not usable:
                self.problems.append(("number_not_understood", cell.column, text))
            found += usable
        return tuple(found) if stated else None

    def date(self, meaning: str) -> str | None:
        """
        The ISO date for a meaning; of several the one that keeps the record in force longest.

        A year alone is its first day for ``valid_from``, its last for ``valid_until``. Not understood: a
        problem is noted, and None comes back (an undated feature is in force).
        """
        found = []
        for column, _ in self._plan.get(meaning, ()):
            value = self.attributes[column]
            text = text_of(value)
            if text is None or (meaning == "valid_until" and fold(text) in _OPEN_END):
                continue
            day = iso_date(value, edge="last" if _DATES.get(meaning) == "last" else "first")
            if day is None or (meaning == "valid_from" and day > "2199"):
                self.problems.append(("date_not_understood", column, text))
                return None
            found.append(day)
        if not found:
            return None
        return max(found) if meaning == "valid_until" else min(found)
