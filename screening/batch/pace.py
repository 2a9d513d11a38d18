"""How fast a batch goes: how many sites a step has, and whether several processes would be done sooner."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from screening.batch.intake import CHUNK

__all__ = ["Pace", "processes_that_fit"]

STEP = 100
"""Sites of the first step; more, up to a chunk, where they are answered fast."""
STEP_S = 2.0
"""Seconds of a step that are aimed at: what a kill costs at most, for each process."""
ALONE = 1.3
"""Cores that one process of several threads keeps busy, as measured on two layers."""
CROWDED = 3.0
"""So many times as long as one do several processes take to open the layers: at once, and each layer by layer."""
START_S = 1.0
"""Seconds until a process has begun."""


class Pace:
    """
    How many sites a step has, so that it takes some seconds; the rows are the same whatever it is.

    Attributes
    ----------
    sites
        Of the next step.
    site_s
        Seconds a site in the last step.
    settled
        Whether that tells how the rest will go: the first steps are small, and bear what is done once.
    """

    def __init__(self) -> None:
        self.sites = STEP
        self.site_s = 0.0
        self.settled = False
        self._steps = 0

    def took(self, sites: int, seconds: float) -> None:
        """Note how long a step took."""
        before, most = self.sites, max(CHUNK, STEP)
        if sites >= self.sites and seconds < STEP_S / 2:
            self.sites = min(2 * self.sites, most)
        elif seconds > 2 * STEP_S:
            self.sites = max(self.sites // 2, 1)
        self._steps += 1
        if sites >= before or (before == most and 2 * sites >= most):  # what a chunk ends with may be a handful
            self.site_s = seconds / max(sites, 1)
            self.settled = self._steps > 1 and self.sites == before

    def shares(self, left: int, processes: int, *, opening_s: float) -> bool:
        """
        Whether so many processes would be done sooner with the sites left than this one.

        Parameters
        ----------
        left
            How many sites have no row yet.
        processes
            That would share them.
        opening_s
            Seconds that this process took to open the layers, as each of them would have to.

        Examples
        --------
        >>> pace = Pace()
        >>> for _ in range(2):
        ...     pace.took(100, 1.5)
        >>> pace.shares(100, 2, opening_s=5.0), pace.shares(10_000, 2, opening_s=5.0)
        (False, True)
        """
        saved_s = left * self.site_s * (1 - ALONE / max(processes, 1))
        return self.settled and saved_s > opening_s * CROWDED + START_S


def processes_that_fit() -> int:
    """
    How many processes like this one the machine has cores and memory for; at least one.

    Memory is looked at on Linux only: what is free now, and the most that this process has held.
    """
    cores = os.cpu_count() or 1
    if sys.platform != "linux":
        return cores
    import resource

    own_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        free = re.search(r"^MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text(encoding="ascii"), re.MULTILINE)
    except OSError:
        return cores
    return cores if free is None else max(1, min(cores, int(free[1]) // max(own_kb, 1)))
