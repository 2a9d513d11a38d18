"""What is written in a cell of a table of samples: a value, a value below a detection limit, or that there is none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from layers.fields import fold
from layers.water_quality.model import Measurement

__all__ = ["Written", "read_cell", "state_of"]

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_NUMBER = r"\d+(?:\.\d+)?(?:e[+-]?\d+)?"
_POWER = re.compile(rf"({_NUMBER})[×x*]10\^?([+-]?\d+)")
_PLAIN = re.compile(_NUMBER)
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_NONE = {
    "",
    "-",
    "--",
    "---",
    "—",
    "——",
    "/",
    "\\",
    "*",
    "未监测",
    "未检测",
    "未测",
    "缺测",
    "无数据",
    "na",
    "n/a",
    "-1",
}
_BELOW = {"nd", "n.d", "n.d.", "未检出", "低于检出限", "<dl", "<mdl", "<检出限", "检出限以下", "不得检出", "l"}
_STATES = (
    ("dry", ("断流", "干涸", "干枯", "无水", "河干")),
    ("frozen", ("冰封", "封冻", "结冰", "连底冻")),
    ("not_sampled", ("未采样", "无法采样", "停测", "未采", "停采")),
)


@dataclass(frozen=True, kw_only=True)
class Written:
    """
    A cell, read: a number with what stands around it.

    Parameters
    ----------
    number
        As written; of a value below a detection limit the limit; None where none is stated.
    sign
        ``=``, ``<`` below a detection limit, ``>`` over the range of the method.
    unit
        Text behind the number, blank if there is none.
    present
        有 (True) or 无 (False).
    """

    number: Decimal | None = None
    sign: str = "="
    unit: str = ""
    present: bool | None = None

    def measurement(self, text: str) -> Measurement:
        """The value with its range."""
        zero, infinite = Decimal(0), Decimal("Infinity")
        if self.present is not None:
            return Measurement(value=None, high=zero, text=text, present=self.present)
        if self.sign == "<":
            limit = self.number
            return Measurement(
                value=None if limit is None else limit / 2,
                low=zero,
                high=infinite if limit is None else limit,
                text=text,
                is_below=True,
                count_below=1,
            )
        number = self.number if self.number is not None else zero
        return Measurement(value=number, low=number, high=infinite if self.sign == ">" else number, text=text)


def state_of(text: str) -> str | None:
    """
    ``dry``, ``frozen`` or ``not_sampled`` if a text says so.

    Examples
    --------
    >>> state_of("断流，未采样"), state_of("冰封期"), state_of("晴")
    ('dry', 'frozen', None)
    """
    plain = fold(text)
    return next((code for code, words in _STATES if any(word in plain for word in words)), None)


def read_cell(text: str) -> Written | None:
    """
    The value in a cell; None where it says that there is none.

    ``-1`` is none: forms ask for it where nothing was measured, and no indicator can be negative.

    Parameters
    ----------
    text
        As written, e.g. ``0.12``, ``<0.01``, ``0.01L``, ``ND``, ``未检出(0.004)``, ``>24000``,
        ``2.4×10⁴``, ``0.05mg/L``.

    Raises
    ------
    ValueError
        If it is anything else.

    Examples
    --------
    >>> read_cell("0.025L")
    Written(number=Decimal('0.025'), sign='<', unit='', present=None)
    >>> read_cell("—"), read_cell("无").present
    (None, False)
    """
    plain = fold(re.sub(r"(?<=10)[⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda found: "^" + found[0].translate(_SUPERSCRIPTS), text))
    plain = plain.replace("＜", "<").replace("≤", "<=").replace("≥", ">=")
    if plain in _NONE or state_of(text) is not None:
        return None
    if re.search(r"[\d.]\s+[\d.]", text):
        raise ValueError(text)
    if plain in ("有", "无"):
        return Written(present=plain == "有")
    if plain in _BELOW:
        return Written(sign="<")
    sign = "="
    noted = re.fullmatch(r"(?:nd|未检出|低于检出限)[(\[<]*(.+?)[)\]]*", plain)
    if noted is not None:
        sign, plain = "<", noted[1].removesuffix("l") if _PLAIN.fullmatch(noted[1].removesuffix("l")) else noted[1]
    elif plain[:1] in "<>":
        sign = plain[0]
        plain = plain[1:].removeprefix("=")
    number, rest = _leading(plain)
    if rest == "l" and sign in "=<":
        return Written(number=number, sign="<")
    if rest in ("nd", "(nd)", "(l)") and sign == "=":
        return Written(number=number, sign="<")
    if rest.endswith("l") and "/" in rest and not re.search(r"/(100)?m?l$", rest):
        raise ValueError(text)
    return Written(number=number, sign=sign, unit=rest)


def _leading(plain: str) -> tuple[Decimal, str]:
    for form in (_POWER, _THOUSANDS, _PLAIN):
        found = form.match(plain)
        if found is None:
            continue
        rest = plain[found.end() :]
        if rest[:1] in tuple(",.0123456789"):
            continue
        if form is _POWER:
            return Decimal(found[1]).scaleb(int(found[2])), rest
        return Decimal(found[0].replace(",", "")), rest
    raise ValueError(plain)
