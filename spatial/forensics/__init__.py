"""
Which coordinate system a file is in, when it does not say so, or says so by halves.

`rank` weighs every system that practitioners in China use against all numbers of the file, what is stated, what names
let slip, and the region the data must lie in; `place` gives the place under each hypothesis that is left.
"""

from __future__ import annotations

from spatial.forensics.evidence import CODES, Evidence
from spatial.forensics.hypotheses import DATUM_WORDS, Forensics, Hints, Hypothesis, StatedReference
from spatial.forensics.placing import place
from spatial.forensics.ranking import LEAST_TOLERANCE_M, rank

__all__ = [
    "CODES",
    "DATUM_WORDS",
    "LEAST_TOLERANCE_M",
    "Evidence",
    "Forensics",
    "Hints",
    "Hypothesis",
    "StatedReference",
    "place",
    "rank",
]
