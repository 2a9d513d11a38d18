"""The site that a command is about: how its argument and options become a reading and a place on the Earth."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

import click

from apps.cli.options import (
    AREA,
    POSITIVE,
    accuracy_option,
    control_points_option,
    crs_option,
    datum_option,
    geometry_option,
    region_option,
    shift_of,
    shift_option,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapely.geometry.base import BaseGeometry

    from layers.workspace.store import WorkspaceStore
    from screening.site import Site
    from spatial.datum_fit import Fit
    from spatial.datum_shift import Shift
    from spatial.reading.model import Problem, Reading

__all__ = [
    "NamedSite",
    "SiteOptions",
    "SiteSize",
    "Source",
    "likely_region",
    "named_site",
    "reading_of_site",
    "said_of",
    "site_in",
    "site_of_argument",
    "site_options",
    "source_of_argument",
]

_F = TypeVar("_F", bound="Callable[..., Any]")
_FILE_LIKE = re.compile(r"[\\/]|\.[A-Za-z][A-Za-z0-9]{1,7}$")


class SiteSize(TypedDict):
    """What is said of a site's accuracy and size, as `screening.site.place` takes it."""

    accuracy_m: float | None
    radius_m: float | None
    area_m2: float | None


@dataclass(frozen=True, kw_only=True)
class SiteOptions:
    """What a user may say of a site's coordinates, accuracy and size; every command that takes a site takes these."""

    crs: str | None = None
    accuracy_m: float | None = None
    radius_m: float | None = None
    area: float | None = None
    geometry: str | None = None
    datum: str | None = None
    region: str | None = None
    shift: str | None = None
    control_points: str | None = None

    @property
    def size(self) -> SiteSize:
        """What `screening.site.place` takes besides the reading."""
        return {"accuracy_m": self.accuracy_m, "radius_m": self.radius_m, "area_m2": self.area}

    def source(self, text: str, store: WorkspaceStore | None) -> Source:
        """Read what ``text`` names under these options."""
        return source_of_argument(
            text,
            crs=self.crs,
            datum=self.datum,
            geometry=self.geometry,
            region=self.region,
            store=store,
            shift=self.shift,
            control_points=self.control_points,
        )


def site_options(function: _F) -> _F:
    """
    Decorate a command with the options of a site; it receives them together as ``options: SiteOptions``.

    Put it where their help should stand among the command's other options.
    """
    names = [f.name for f in fields(SiteOptions)]

    @wraps(function)
    def collected(*args: Any, **given: Any) -> Any:
        options = SiteOptions(**{name: given.pop(name) for name in names})
        if options.radius_m is not None and options.area is not None:
            raise click.UsageError("--radius-m 与 --area 只能给一个 / give --radius-m or --area, not both")
        return function(*args, options=options, **given)

    for option in reversed(
        [
            crs_option,
            accuracy_option,
            click.option(
                "--radius-m", type=POSITIVE, metavar="M", help="点位的半径，米 / radius of a point site, metres"
            ),
            click.option(
                "--area",
                type=AREA,
                metavar="A",
                help="点位的用地面积，如 4.5亩 / area of a point site: 3000, 4.5mu, 2ha",
            ),
            geometry_option,
            datum_option,
            region_option(
                "选址所在行政区划代码，用于判断坐标系；默认工作区的区域 / district codes the site lies in, to tell the "
                "CRS; default: the workspace's"
            ),
            shift_option,
            control_points_option,
        ]
    ):
        collected = option(collected)
    return collected  # type: ignore[return-value]  # the same command with its options in one value


def site_in(text: str, options: SiteOptions, store: WorkspaceStore | None) -> NamedSite:
    """
    The site that an argument names, placed.

    Raises
    ------
    EmptySiteError
        Also where the coordinate system stays open; ``sanxian check`` shows the answer under each hypothesis.
    """
    from screening.site import place

    reading = options.source(text, store).reading
    return named_site(place(reading, **options.size), reading, text)


@dataclass(frozen=True, kw_only=True)
class NamedSite:
    """A site and what was noted while it was read."""

    site: Site
    problems: tuple[Problem, ...]


def site_of_argument(
    text: str,
    *,
    crs: str | None = None,
    datum: str | None = None,
    geometry: Any = None,
    accuracy_m: float | None = None,
    radius_m: float | None = None,
    area_m2: float | None = None,
) -> NamedSite:
    """The site that an argument names; one that was typed is called by its coordinates."""
    from screening.site import place

    reading = reading_of_site(text, crs=crs, datum=datum, geometry=geometry)
    return named_site(place(reading, accuracy_m=accuracy_m, radius_m=radius_m, area_m2=area_m2), reading, text)


def said_of(options: SiteOptions, store: WorkspaceStore) -> dict[str, Any]:
    """What `spatial.reading.read` takes of the options, for many sites: a likely region only where none is named."""
    if options.control_points is not None or options.shift is not None:
        raise click.UsageError(
            "批量核查不接受 --shift、--control-points，请先转换文件 / a batch takes neither; convert the file first"
        )
    said: dict[str, Any] = {"crs": options.crs, "datum": options.datum, "geometry": options.geometry}
    if options.region is not None:
        from spatial import boundaries

        return {**said, "region": boundaries.union(options.region.split(",")).geometry}
    likely = likely_region(store)
    return said if likely is None else {**said, "region": likely, "region_must_hold": False}


def named_site(site: Site, reading: Reading, text: str | None = None) -> NamedSite:
    """The site with what was noted while it was read; one that was typed is called by its coordinates."""
    if text is not None and reading.format == "typed":
        site = replace(site, name=" ".join(text.split()))
    lost = tuple(unreadable.problem for unreadable in reading.unreadable)
    return NamedSite(site=site, problems=(*lost, *reading.problems))


@dataclass(frozen=True, kw_only=True)
class Source:
    """What an argument names, read; and the shift of its datum with how it was found, where one is given."""

    reading: Reading
    shift: Shift | None = None
    shift_m: float = 0.0
    fit: Fit | None = None


def source_of_argument(
    text: str,
    *,
    crs: str | None,
    datum: str | None,
    geometry: Any,
    region: str | None = None,
    store: WorkspaceStore | None = None,
    shift: str | None = None,
    control_points: str | None = None,
    file_only: bool = False,
) -> Source:
    """
    Read what an argument names with all that is said about its coordinates.

    ``region`` are district codes it must lie in; without them the workspace's region settles what is open, and refutes
    nothing.
    """
    if shift is not None and control_points is not None:
        raise click.UsageError("--shift 与 --control-points 只能给一个 / give --shift or --control-points, not both")
    said: dict[str, Any] = {"crs": crs, "datum": datum, "geometry": geometry, "file_only": file_only}
    if region is not None:
        from spatial import boundaries

        said["region"] = boundaries.union(region.split(",")).geometry
    reading = _settled(text, said, store)
    alive = [one.system for one in reading.hypotheses if one.alive and one.system is not None]
    system = reading.crs or next(iter(alive), None)
    found = None if system is None else shift_of(shift, control_points, system)
    if found is None:
        return Source(reading=reading)
    parameters, metres, fit = found
    reading = _settled(text, {**said, "shift": parameters, "shift_m": metres}, store)
    return Source(reading=reading, shift=parameters, shift_m=metres, fit=fit)


def _settled(text: str, said: dict[str, Any], store: WorkspaceStore | None) -> Reading:
    """Read; where the CRS is open and the user names no region, again with that of the workspace."""
    reading = reading_of_site(text, **said)
    if reading.crs_status != "ambiguous" or "region" in said or store is None:
        return reading
    likely = likely_region(store)
    return reading if likely is None else reading_of_site(text, **said, region=likely, region_must_hold=False)


def likely_region(store: WorkspaceStore) -> BaseGeometry | None:
    """Where the data of a workspace lie: the region it was made for, else the boxes of its layers' coverages."""
    import numpy as np
    import shapely

    from layers.errors import LayerError
    from layers.version import open_layer
    from spatial import boundaries
    from spatial.errors import SpatialError

    if store.region:
        try:
            return boundaries.union(store.region.split(",")).geometry
        except SpatialError:
            pass
    boxes = []
    for entry in store.entries:
        try:
            covered = open_layer(store, entry).coverage
            if covered is not None:
                boxes += [shapely.box(*box) for box in covered.feature_bounds if np.isfinite(box).all()]
        except (LayerError, SpatialError, OSError):
            continue  # a damaged layer is named by the verdict
    return shapely.union_all(boxes) if boxes else None


def reading_of_site(
    text: str,
    *,
    crs: str | None,
    datum: str | None,
    geometry: Any,
    file_only: bool = False,
    **more: Any,
) -> Reading:
    """What an argument names: a file if there is one of that name, else coordinates; ``more`` as for ``read``."""
    from spatial.errors import CoordinateError
    from spatial.reading import read, read_text

    try:
        is_path = Path(text).exists()
    except (OSError, ValueError):
        is_path = False
    if is_path or file_only:
        return read(text, crs=crs, datum=datum, geometry=geometry, **more)
    try:
        return read_text(text, crs=crs, datum=datum, geometry=geometry, **more)
    except CoordinateError:
        if _FILE_LIKE.search(text):
            return read(text, crs=crs, datum=datum, geometry=geometry, **more)  # says that there is no such file
        raise
