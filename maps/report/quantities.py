"""Numbers of a report as text; a quantity that is not nothing is never shown as nothing."""

from __future__ import annotations

__all__ = ["hectares", "mu", "quantity"]


def quantity(value: float, digits: int) -> str:
    """
    A number with so many decimals.

    Examples
    --------
    >>> quantity(1234.567, 2), quantity(0.0, 2), quantity(0.00001, 4)
    ('1,234.57', '0.00', '<0.0001')
    """
    if 0 < value < 0.5 * 10**-digits:
        return f"<{10**-digits:.{digits}f}"
    return f"{value:,.{digits}f}"


def hectares(square_metres: float | None) -> float | None:
    """Hectares of square metres; None stays None."""
    return None if square_metres is None else square_metres / 1e4


def mu(square_metres: float | None) -> float | None:
    """
    Mu of square metres: 1 mu is 10,000/15 square metres.

    Examples
    --------
    >>> mu(20000.0)
    30.0
    """
    return None if square_metres is None else square_metres * 15 / 1e4
