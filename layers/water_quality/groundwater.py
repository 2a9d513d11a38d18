"""Groundwater: GB/T 14848-2017, 39 routine indicators and those of the 54 others that a sample has values for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layers.water_quality.model import judge
from layers.water_quality.standards import standard

if TYPE_CHECKING:
    from layers.water_quality.model import Assessment, Sample

__all__ = ["assess"]


def assess(sample: Sample, *, target: str | None = None) -> Assessment:
    """
    The class of a sample of groundwater, by the worst indicator.

    Parameters
    ----------
    sample
        From `layers.water_quality.samples`; values in the units of the limits.
    target
        Class that is asked for; default: the sample's own.

    Returns
    -------
    assessment
        Class V is the worst there is. A natural background is no reason to change a class: one that somebody
        published with such a basis stands beside it (``sample.published``).

    References
    ----------
    GB/T 14848-2017, tables 1 and 2, 6.2 (of equal limits the better class) and 6.3 (the worst indicator).

    Examples
    --------
    >>> from layers.water_quality.model import Sample
    >>> from layers.water_quality.samples import measured
    >>> well = Sample(section="1#井", values={"fluoride": measured("1.6"), "ph": measured("8.6")})
    >>> found = assess(well)
    >>> found.class_raw, found.worst, len(found.missing)
    ('IV', ('ph', 'fluoride'), 37)
    """
    asked = standard("gbt14848")
    required = [one for one in asked.indicators if one.table == 1]
    optional = [one for one in asked.indicators if one.table == 2]
    return judge(asked, sample, required=required, optional=optional, target=target)
