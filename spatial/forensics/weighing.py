"""What is said about a file against what its numbers and its region allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely

from spatial.errors import CRSError
from spatial.forensics.candidates import Candidate, by_numbers, of_system, share_in, too_far, utm
from spatial.forensics.evidence import Evidence
from spatial.forensics.numbers import Numbers, could_be_ddmmss, forms
from spatial.forensics.words import (
    datum_finding,
    is_local,
    offset_finding,
    order_of_words,
    projection_family,
    zone_hints,
)
from spatial.systems import identify

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from spatial.forensics.hypotheses import Hints, StatedReference
    from spatial.forensics.words import DatumFinding, OffsetFinding
    from spatial.systems import CoordinateSystem

__all__ = ["Case"]

_XY_FORMATS = ("shapefile", "geopackage", "filegdb", "geoparquet", "flatgeobuf", "mapinfo", "dxf", "geojson", "kml")


class Case:
    """
    One file on the table: what could be, what is said, and whether the two contradict each other.

    Use `weigh`, then `compare_with` if there is a region; candidates that are not dead then are what is left.
    """

    def __init__(
        self, values: NDArray[np.float64], stated: StatedReference | None, hints: Hints, user: str | None
    ) -> None:
        self.stated, self.hints = stated, hints
        self.numbers = Numbers.of(values)
        self.evidence: list[Evidence] = []
        self.conflict = False
        self.said = self._identified()
        named = stated.datum if stated is not None and self.said is None else None
        by_statement = self.said.datum if self.said is not None else named
        self.datum: DatumFinding = datum_finding(
            user=user, stated=by_statement, by=stated.source if stated is not None else "", hints=hints
        )
        self.offset: OffsetFinding = offset_finding(user=user, stated=stated, hints=hints)
        self.open = by_numbers(self.numbers, self.datum.datum)
        self.projection, self.utm_hinted = projection_family(stated, hints)
        self._look_at_words()
        if "degrees" in forms(self.numbers) | forms(self.numbers.turned) and could_be_ddmmss(values):
            self.evidence.append(Evidence(code="ddmmss_possible"))

    @property
    def alive(self) -> list[Candidate]:
        """The candidates that nothing has killed yet."""
        return [one for one in self.open if not one.dead]

    @property
    def zone_stated(self) -> bool:
        """Whether a zone or meridian is stated, though not a whole system."""
        return self.stated is not None and (self.stated.zone is not None or self.stated.meridian is not None)

    def _identified(self) -> CoordinateSystem | None:
        if self.stated is None or self.stated.text is None:
            return None
        try:
            return identify(self.stated.text)
        except CRSError as error:
            self.contradict(Evidence(code="crs_not_understood", value=str(error)[:300]))
            return None

    def contradict(self, evidence: Evidence) -> None:
        """Nothing is chosen from now on."""
        self.conflict = True
        self.evidence.append(evidence)

    def _look_at_words(self) -> None:
        local = is_local(self.stated, self.hints)
        if local is not None and self.said is None:
            self.contradict(Evidence(code="local_system", value=local))
        for swapped, turned in ((False, self.numbers), (True, self.numbers.turned)):
            if "several_zones" in forms(turned) and self.said is None:
                self.evidence.append(Evidence(code="several_zones", value="swapped" if swapped else ""))
        order = order_of_words(self.hints.axis_words)
        for one in self.open:
            if order is not None:
                where, code = (
                    (one.pro, "order_as_words") if order == one.swapped else (one.contra, "order_against_words")
                )
                where.append(Evidence(code=code, value=", ".join(self.hints.axis_words or ())))
        zones = zone_hints(self.hints)
        for one in self.open:
            if zones and one.meridian is not None:
                near = round(one.meridian) in zones
                value = ", ".join(map(str, sorted(zones)))
                (one.pro if near else one.contra).append(
                    Evidence(code="zone_hint" if near else "zone_hint_differs", value=value)
                )

    # What is stated

    def weigh(self) -> None:
        """Let statements kill; note where they leave nothing of what the numbers allow."""
        if self.said is not None:
            self._weigh_system(self.said)
            return
        self._add_utm()
        before = self.alive
        for one in before:
            self._weigh_parts(one)
        if before and not self.alive:
            self.contradict(Evidence(code="stated_misfit", value=self._words()))
            for one in before:  # an offer: what the numbers allow
                one.dead = False
        if not self.zone_stated:
            for one in self.open:
                if not one.dead and too_far(one):
                    one.kill("too_far_from_meridian", f"{one.reach_deg:.2f}")

    def _weigh_system(self, system: CoordinateSystem) -> None:
        by_format = self.hints.format in _XY_FORMATS
        found = of_system(self.numbers, system, self.datum.datum, by_format=by_format)
        who = f"{system.code}, {self.stated.source}" if self.stated is not None else system.code
        fits = [one for one in found if not one.dead]
        for one in found:
            one.pro.append(Evidence(code="stated", value=who))
        if fits:
            for one in self.open:
                one.kill("not_stated", who, by_words=not one.dead or one.by_words)
        else:
            self.contradict(Evidence(code="stated_misfit", value=who))
        self.open = [*found, *(one for one in self.open if not _same(one, fits))]

    def _add_utm(self) -> None:
        stated = self.stated
        zone = stated.zone if stated is not None else None
        words = {one.value for one in self.datum.evidence if one.code == "datum_word"}
        of_gps = self.projection is None and (self.datum.datum == "wgs84" or "wgs84" in words)
        beyond = zone is not None and zone > 45
        if self.projection == "utm" or self.utm_hinted or of_gps or beyond:
            self.open.extend(utm(self.numbers))

    def _words(self) -> str:
        stated = self.stated
        if stated is None:
            return ""
        parts = {"zone": stated.zone, "width": stated.width, "meridian": stated.meridian, "as": stated.projection}
        return ", ".join(f"{name} {value}" for name, value in parts.items() if value is not None)

    def _weigh_parts(self, one: Candidate) -> None:
        stated = self.stated
        if stated is None:
            return
        if one.form == "degrees":  # the format's own header stands over degrees too
            return
        if self.projection is not None:
            self._settle(one, _family(one) == self.projection, "stated_projection", stated.projection)
        if one.form == "web_mercator":
            if self.zone_stated:
                self._settle(one, fits=False, code="stated_zone", value=self._words())
            return
        if stated.zone is not None:
            fits = one.zone == stated.zone and (one.form == "utm") == (self.projection == "utm" or stated.zone > 45)
            self._settle(one, fits, "stated_zone", stated.zone)
        if stated.width is not None and one.form != "utm":
            # a meridian common to both widths gives the same numbers, but only where no zone number is written
            self._settle(one, one.width == stated.width, "stated_width", stated.width)
        if stated.meridian is not None:
            self._settle(one, one.meridian == stated.meridian, "stated_meridian", stated.meridian)

    def _settle(self, one: Candidate, fits: bool, code: str, value: object) -> None:  # noqa: FBT001
        if fits:
            one.pro.append(Evidence(code=code, value=str(value)))
        else:
            one.kill(code, str(value), by_words=True)

    # The region

    def compare_with(self, region: BaseGeometry, tolerance_m: float, *, must_hold: bool) -> None:
        """Let the region settle what is open, or refute what is not."""
        shapely.prepare(region)
        alive = self.alive
        shares = {id(one): share_in(one, region, tolerance_m) for one in alive}
        inside = [one for one in alive if shares[id(one)] is not None]
        for one in alive:
            share = shares[id(one)]
            outside = Evidence(code="outside_region", value=f"{tolerance_m:.0f}")
            if share is not None:
                one.pro.append(Evidence(code="region", value=f"{share:.2f}"))
            elif inside or must_hold:
                one.kill(outside.code, outside.value)
            else:
                one.contra.append(outside)
        if alive and must_hold and not inside:
            self.contradict(Evidence(code="outside_region", value=f"{tolerance_m:.0f}"))
            for one in self.open:  # what a statement excludes and the region does not is offered
                if one.by_words and share_in(one, region, tolerance_m) is not None:
                    one.dead = False


def _family(one: Candidate) -> str:
    return "gauss_kruger" if one.form in ("zone_prefix", "no_prefix") else one.form


def _same(one: Candidate, others: Sequence[Candidate]) -> bool:
    return any(one.code == other.code and one.swapped == other.swapped for other in others)
