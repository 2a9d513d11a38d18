"""Names of columns and layers as a format allows them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from spatial.writing.columns import visible

__all__ = ["NameRule"]

_SHORT = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,9}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class NameRule:
    """
    What a column may be called.

    Parameters
    ----------
    words
        Only letters (of any script), digits and ``_``, a letter first.
    short
        Only 1 to 10 ASCII letters, digits and ``_``, a letter first.
    most_characters, most_bytes
        Length, bytes of UTF-8; 0 for no limit.
    reserved
        Names the format uses itself, lower case.

    Examples
    --------
    >>> NameRule(short=True).fitted(["DKMC", "环境管控单元编码", "dkmc"])
    ('DKMC', 'F02', 'dkmc_2')
    """

    words: bool = False
    short: bool = False
    most_characters: int = 0
    most_bytes: int = 0
    reserved: frozenset[str] = frozenset()

    def fitted(self, names: list[str]) -> tuple[str, ...]:
        """The names as allowed, none twice whatever its case; those that are allowed stay."""
        wanted = [self._allowed(name, number) for number, name in enumerate(names, start=1)]
        # a name that is allowed as it is goes before one that only becomes it
        order = sorted(range(len(names)), key=lambda at: (wanted[at] != names[at], at))
        made: dict[int, str] = {}
        taken = set(self.reserved)
        for at in order:
            name, count = wanted[at], 1
            while name.casefold() in taken:
                count += 1
                name = self._shortened(wanted[at], f"_{count}")
            taken.add(name.casefold())
            made[at] = name
        return tuple(made[at] for at in range(len(names)))

    def _allowed(self, name: str, number: int) -> str:
        if self.short:
            if _SHORT.fullmatch(name):
                return name
            plain = re.sub(r"[^A-Za-z0-9_]", "_", name) if name.isascii() else ""
            return self._shortened(plain, "") if re.match(r"[A-Za-z]", plain) else f"F{number:02d}"
        text = re.sub(r"[\r\n\t\ufffd]", "_", visible(name)).strip()
        if self.words:
            text = re.sub(r"\W", "_", text)
            text = "".join(c if c == "_" or c.isalpha() or (c.isdecimal() and c.isascii()) else "_" for c in text)
            text = text if text[:1].isalpha() else f"F_{text}" if text.strip("_") else ""
        return self._shortened(text or f"列{number}", "")

    def _shortened(self, name: str, end: str) -> str:
        if self.short:
            return name[: 10 - len(end)] + end
        if self.most_characters:
            name = name[: self.most_characters - len(end)]
        if self.most_bytes:
            name = name.encode("utf-8")[: self.most_bytes - len(end)].decode("utf-8", "ignore")
        return name + end
