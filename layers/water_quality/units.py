"""Units of water samples: which one a text names, and the exact factor between two of a kind."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from layers.fields import fold

__all__ = ["Unit", "between", "unit_of"]


@dataclass(frozen=True, kw_only=True)
class Unit:
    """
    A unit.

    Parameters
    ----------
    name
        As it is printed.
    kind
        ``mass`` (per volume), ``count`` (per volume), ``activity``, ``temperature``, ``turbidity``, ``colour``,
        ``none``.
    factor
        How many base units of its kind it is: mg/L, or one a litre.
    """

    name: str
    kind: str
    factor: Decimal


_MASS = {"g": "1000", "mg": "1", "ug": "0.001", "ng": "0.000001"}
_MASS |= {"克": "1000", "毫克": "1", "微克": "0.001", "纳克": "0.000001"}
_COUNTS = ("个", "mpn", "cfu", "")
_VOLUMES = {"l": "1", "升": "1", "100ml": "10", "100毫升": "10", "ml": "1000", "毫升": "1000"}
_PLAIN = {
    "bq/l": ("Bq/L", "activity"),
    "°c": ("℃", "temperature"),
    "度": ("度", "colour"),
    "铂钴色度单位": ("度", "colour"),
    "倍": ("倍", "dilution"),
    "ntu": ("NTU", "turbidity"),
    "无量纲": ("-", "none"),
    "dimensionless": ("-", "none"),
    "-": ("-", "none"),
}


def unit_of(text: str) -> Unit | None:
    """
    The unit that a text names; None if it names none.

    MPN and CFU count the same thing by two methods and are taken alike, as the standards do.

    Parameters
    ----------
    text
        In any case and width; ``mg·L-1`` is ``mg/L``.

    Examples
    --------
    >>> unit_of("µg/L").factor, unit_of("MPN/100mL").factor, unit_of("ppm")
    (Decimal('0.001'), Decimal('10'), None)
    """
    plain = fold(text).replace("\u03bc", "u").replace("·l-1", "/l").replace("每", "/")
    if plain in _PLAIN:
        name, kind = _PLAIN[plain]
        return Unit(name=name, kind=kind, factor=Decimal(1))
    found = re.fullmatch(r"([^/\d]*)/(100ml|100毫升|ml|毫升|l|升)", plain)
    if found is None:
        return None
    above, below = found[1], found[2]
    litres = Decimal(_VOLUMES[below])
    if above in _MASS:
        names = {"1000": "g/L", "1": "mg/L", "0.001": "ug/L", "0.000001": "ng/L"}
        return Unit(name=names[_MASS[above]], kind="mass", factor=Decimal(_MASS[above])) if litres == 1 else None
    if above in _COUNTS and above:
        printed = {"1": "L", "10": "100mL", "1000": "mL"}[str(litres)]
        return Unit(name=f"{above.upper()}/{printed}", kind="count", factor=litres)
    return None


def between(value: Decimal, source: Unit, target: Unit) -> Decimal:
    """
    A value in another unit of the same kind, exactly.

    Raises
    ------
    ValueError
        If they are of different kinds.

    Examples
    --------
    >>> between(Decimal("0.04"), unit_of("ug/L"), unit_of("mg/L"))
    Decimal('0.00004')
    """
    if source.kind != target.kind:
        raise ValueError(f"{source.name} is {source.kind}, {target.name} is {target.kind}")
    if source.factor == target.factor:
        return value
    return value * source.factor / target.factor
