"""The area that a record declares, in whatever unit its header, its cell or its shape makes likely."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from layers.fields import fold
from layers.stated import AREA_UNITS_M2, areas_stated_m2, number_stated

if TYPE_CHECKING:
    from layers.fields import FieldView

__all__ = ["declared_area_m2"]

_LARGEST_DECLARED_M2 = 2e10
"""No zone is larger than 20,000 square kilometres: tells units apart where no header and no geometry does."""


def declared_area_m2(view: FieldView, geometric_area_m2: float | None) -> float | None:
    """
    The area that a record declares, in square metres; None if it declares none, or none that can be
    understood.

    The unit is the header's (``面积_hm2``) or the cell's (``3.2平方公里``); else the one that fits the
    geometry within a factor of three; else, for a feature without area, the largest unit that stays below
    20,000 square kilometres (a problem is noted), so that what is not known makes the area larger.

    Parameters
    ----------
    view
        The record.
    geometric_area_m2
        Its measured area; None or 0 for a point, a line or words.

    Examples
    --------
    >>> from layers.fields import FieldAliases
    >>> view = FieldAliases.load().view({"MJ": 24.0})
    >>> declared_area_m2(view, 240_500.0), declared_area_m2(view, None)
    (240000.0, 24000000.0)
    """
    found = []
    for cell in view.cells("declared_area") + (view.cells("computed_area") if geometric_area_m2 else []):
        text = cell.text
        if text is None or not any(sign.isdigit() for sign in text):
            continue
        number = number_stated(text)
        unit_m2 = _header_unit_m2(fold(cell.column))
        if number is None:
            found += [max(areas_stated_m2(text), default=0.0)]
        elif unit_m2 is not None:
            found += [number * unit_m2]
        elif number > 0 and geometric_area_m2:
            off = {m2: abs(math.log(number * m2 / geometric_area_m2)) for m2 in AREA_UNITS_M2.values()}
            best = min(off, key=off.__getitem__)
            found += [number * best if off[best] <= math.log(3) else 0.0]
        elif number > 0:
            fits = [number * m2 for m2 in AREA_UNITS_M2.values() if number * m2 <= _LARGEST_DECLARED_M2]
            view.problems.append(("area_unit_assumed", cell.column, text))
            found += [max(fits, default=number)]
        if found and found[-1] <= 0:
            if number != 0:
                view.problems.append(("area_not_understood", cell.column, text))
            found.pop()
        elif found and geometric_area_m2:
            return found[0]
    return max(found, default=None)


def _header_unit_m2(header: str) -> float | None:
    for unit, words in (
        ("km2", ("km2", "平方公里", "平方千米")),
        ("hm2", ("hm2", "公顷", "_ha", "(ha)")),
        ("mu", ("亩", "_mu")),
        ("m2", ("m2", "平方米", "平米")),
    ):
        for word in words:
            if word in header:
                return AREA_UNITS_M2[unit] * (10_000.0 if f"万{word}" in header else 1.0)
    return None
