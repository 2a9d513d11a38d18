"""Options that several commands share, and the kinds of values they take."""

from __future__ import annotations

import math
import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from layers.workspace.address import Place
    from spatial.datum_fit import Fit
    from spatial.datum_shift import Shift
    from spatial.systems import CoordinateSystem

    _PlaceType = click.ParamType[Place]
    _TextType = click.ParamType[str]
    _NumberType = click.ParamType[float]
else:  # older clicks know no such brackets
    _TextType = _NumberType = _PlaceType = click.ParamType

__all__ = [
    "AREA",
    "DATE",
    "DISTRICTS",
    "KIND",
    "POSITIVE",
    "SHIFT",
    "WORKSPACE",
    "FolderType",
    "accuracy_option",
    "control_points_option",
    "crs_option",
    "datum_option",
    "geometry_option",
    "lang_option",
    "region_option",
    "shift_of",
    "shift_option",
    "workspace_argument",
    "workspace_option",
]

_F = TypeVar("_F", bound="Callable[..., Any]")
_AREA_UNITS = {"": 1.0, "m2": 1.0, "平方米": 1.0, "亩": 2000 / 3, "mu": 2000 / 3, "公顷": 1e4, "ha": 1e4, "hm2": 1e4}
_AREA_UNITS |= {"km2": 1e6, "平方公里": 1e6, "平方千米": 1e6}


class DateType(_TextType):
    """A date written YYYY-MM-DD."""

    name = "YYYY-MM-DD"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The ISO date itself."""
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
            try:
                return date.fromisoformat(value).isoformat()
            except ValueError:
                pass
        raise click.BadParameter(
            f"{value!r} 不是日期，应写作 2026-11-22 / is no date; write it as 2026-11-22", ctx=ctx, param=param
        )


class KindType(_TextType):
    """A kind of layer, by its code or its Chinese name."""

    name = "KIND"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The code."""
        from layers.model import KINDS
        from screening.words import word

        names = {word(f"kind.{kind}", "zh"): kind for kind in KINDS}
        code = value.strip().lower().replace("-", "_")
        if code in KINDS:
            return code
        if value.strip() in names:
            return names[value.strip()]
        choices = ", ".join(f"{kind} ({name})" for name, kind in names.items())
        raise click.BadParameter(
            f"{value!r} 不是图层类型，可用 / is no kind of layer; there are: {choices}", ctx=ctx, param=param
        )


class AreaType(_NumberType):
    """An area in square metres, or with a unit: 3亩, 2公顷, 0.5km2."""

    name = "AREA"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Square metres."""
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(\S*)\s*", str(value), re.ASCII)
        if found and found[2].lower() in _AREA_UNITS and float(found[1]) > 0:
            return float(found[1]) * _AREA_UNITS[found[2].lower()]
        raise click.BadParameter(
            f"{value!r} 不是面积，如 3000、4.5亩、2公顷 / is no area, such as 3000, 4.5mu or 2ha", ctx=ctx, param=param
        )


class PositiveType(_NumberType):
    """A number above nought; ``nan`` and ``inf`` are none."""

    name = "NUMBER"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number."""
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if 0 < number < math.inf:
            return number
        raise click.BadParameter(f"{value!r} 不是正数 / is no number above 0", ctx=ctx, param=param)


class DistrictsType(_TextType):
    """District codes of six digits, parted by commas."""

    name = "CODES"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The codes, parted by commas without blanks."""
        codes = [code.strip() for code in re.split("[,，]", value)]
        if all(re.fullmatch(r"\d{6}", code, re.ASCII) for code in codes):
            return ",".join(codes)
        raise click.BadParameter(
            f"{value!r} 不是六位行政区划代码 / is no district code of six digits", ctx=ctx, param=param
        )


class ShiftType(_TextType):
    """Three, four or seven parameters of a shift of the datum, parted by commas."""

    name = "P1,P2,P3[,...]"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The numbers, parted by commas without blanks."""
        parts = [part.strip() for part in re.split("[,，]", value)]
        try:
            numbers = [float(part) for part in parts]
        except ValueError:
            numbers = []
        if len(numbers) in (3, 4, 7) and all(math.isfinite(number) for number in numbers):
            return ",".join(parts)
        raise click.BadParameter(
            f"{value!r} 不是三参数、四参数或七参数 / is neither three, four nor seven parameters", ctx=ctx, param=param
        )


class WorkspaceType(_PlaceType):
    """A workspace: a folder, or ``postgresql://…#name``."""

    name = "WS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Place:
        """The folder, or the address, in whose text no password is."""
        if not isinstance(value, str):
            return value  # type: ignore[no-any-return]  # from another command
        if not value.lower().startswith("postgres"):
            return Path(value)
        from layers.errors import DatabaseAddressError
        from layers.workspace.opening import place_of

        try:
            return place_of(value)
        except DatabaseAddressError as error:
            said = f"数据库地址应写作 postgresql://用户@主机:端口/库名#工作区名 / {error}"
            raise click.BadParameter(said, ctx=ctx, param=param) from None


class FolderType(click.Path):
    """A folder that is written; the address of a database is none, and would become the name of one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The folder."""
        from layers.workspace.address import is_database

        if is_database(str(value)):
            said = "这里写文件夹，不写数据库地址 / this is a folder, not the address of a database"
            raise click.BadParameter(said, ctx=ctx, param=param)
        return super().convert(value, param, ctx)


DATE, KIND, AREA, POSITIVE, DISTRICTS = DateType(), KindType(), AreaType(), PositiveType(), DistrictsType()
SHIFT, WORKSPACE = ShiftType(), WorkspaceType()


def workspace_argument(function: _F) -> _F:
    """The workspace as the first argument."""
    return click.argument("workspace", metavar="WS", type=WORKSPACE)(function)


def workspace_option(function: _F) -> _F:
    """The workspace as an option that must be given."""
    said = "工作区：文件夹或 postgresql://… / the workspace: a folder or postgresql://…"
    return click.option("--workspace", "-w", required=True, metavar="WS", type=WORKSPACE, help=said)(function)


def crs_option(function: _F) -> _F:
    """``--crs``."""
    text = "坐标系，如 EPSG:4528；优先于文件所注 / CRS, e.g. EPSG:4528; overrides what the file says"
    return click.option("--crs", metavar="CRS", help=text)(function)


def datum_option(function: _F) -> _F:
    """``--datum``."""
    text = "坐标基准（文件未注明时），或要还原的偏移 / datum, where nothing states it, or the offset to undo"
    choice = click.Choice(["cgcs2000", "wgs84", "xian80", "beijing54", "gcj02", "bd09"])
    return click.option("--datum", type=choice, help=text)(function)


def geometry_option(function: _F) -> _F:
    """``--geometry``."""
    text = "把点或线当作何种图形 / what points or lines are to be taken as"
    return click.option("--geometry", type=click.Choice(["point", "line", "polygon"]), help=text)(function)


def accuracy_option(function: _F) -> _F:
    """``--accuracy-m``."""
    text = "平面位置精度，米，95% 置信 / positional accuracy in metres, 95 %"
    return click.option("--accuracy-m", type=POSITIVE, metavar="M", help=text)(function)


def region_option(text: str) -> Callable[[_F], _F]:
    """``--region``, with what it means here."""
    return click.option("--region", type=DISTRICTS, metavar="CODES", help=text)


def lang_option(function: _F) -> _F:
    """``--lang``."""
    text = "输出语言 / language of the output"
    option = click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help=text)
    return option(function)


def shift_option(function: _F) -> _F:
    """``--shift``."""
    text = (
        "西安 80、北京 54 到 CGCS2000 的三参数 DX,DY,DZ（米）、七参数 DX,DY,DZ,RX,RY,RZ,SCALE"
        "（米、角秒、ppm，布尔莎模型）或同带平面四参数：北、东、旋转、尺度（米、角秒、ppm） / "
        "from Xi'an 80 or Beijing 54 to CGCS2000: three parameters DX,DY,DZ; seven (Bursa model; metres, "
        "arc seconds, ppm); or four in the plane of the same zone: north, east, rotation, scale"
    )
    return click.option("--shift", type=SHIFT, metavar="P1,P2,P3[,...]", help=text)(function)


def control_points_option(function: _F) -> _F:
    """``--control-points``."""
    text = (
        "控制点 CSV，每行四个数：原坐标东、北，CGCS2000 经、纬；由此求转换参数 / control points, a CSV of four numbers "
        "a line: east and north as in the data, longitude and latitude of CGCS2000"
    )
    option = click.option("--control-points", type=click.Path(dir_okay=False), metavar="FILE", help=text)
    return option(function)


def shift_of(
    text: str | None, control_points: str | None, system: CoordinateSystem
) -> tuple[Shift, float, Fit | None] | None:
    """
    The shift that ``--shift`` or ``--control-points`` give for data in a system, its metres, and how it was found.

    Parameters
    ----------
    text, control_points
        As given; at most one.
    system
        Of the data: Xi'an 80 or Beijing 54.

    Raises
    ------
    CRSError
        If the system needs no shift, or the file holds no control points.
    """
    if text is None and control_points is None:
        return None
    from spatial.datum_shift import GeocentricParameters
    from spatial.errors import CRSError
    from spatial.reading.placing import SHIFT_STATED_M

    if system.datum not in ("xian80", "beijing54"):
        raise CRSError(
            code="shift_of_other_datum",
            detail=f"The data are in {system.code} ({system.name}), which needs no shift",
            remedy="Leave --shift and --control-points out, or name the system of the data with --crs or --datum",
        )
    datum: Literal["xian80", "beijing54"] = "xian80" if system.datum == "xian80" else "beijing54"
    if text is not None:
        numbers = [float(part) for part in text.split(",")]
        if len(numbers) == 4:
            return _in_the_plane(numbers, system), SHIFT_STATED_M, None
        dx, dy, dz, *more = numbers
        rx, ry, rz, scale = more or (0.0, 0.0, 0.0, 0.0)
        parameters = GeocentricParameters(
            datum=datum, x_m=dx, y_m=dy, z_m=dz, x_arcsec=rx, y_arcsec=ry, z_arcsec=rz, scale_ppm=scale
        )
        return parameters, SHIFT_STATED_M, None
    found = _fitted(Path(str(control_points)), system)
    return found.shift, max(found.accuracy_m, 0.05), found


def _in_the_plane(numbers: list[float], system: CoordinateSystem) -> Shift:
    """Four parameters to the CGCS2000 zone of the same meridian; north first, as in Chinese practice."""
    from spatial.datum_shift import FourParameters
    from spatial.errors import CRSError
    from spatial.forensics.candidates import counterpart

    if system.is_geographic:
        raise CRSError(
            code="four_parameters_of_degrees",
            detail=f"Four parameters hold in a plane, and the data are in degrees ({system.code})",
            remedy="Give three or seven parameters, or the plane coordinates",
        )
    north, east, rotation, scale = numbers
    return FourParameters(
        source=system,
        target=counterpart(system, "cgcs2000"),
        north_m=north,
        east_m=east,
        rotation_arcsec=rotation,
        scale_ppm=scale,
    )


def _fitted(path: Path, system: CoordinateSystem) -> Fit:
    """Seven parameters where the points are enough and spread, else three."""
    import numpy as np

    from spatial.crs import identify
    from spatial.datum_fit import fit
    from spatial.errors import ControlPointsError, CRSError
    from spatial.reading.text import decode

    rows = []
    for number, line in enumerate(decode(path.read_bytes(), file=path.name)[0].splitlines(), start=1):
        cells = [cell.strip() for cell in re.split("[,，;\t]", line) if cell.strip()]
        if not cells or cells[0].startswith("#"):
            continue
        try:
            rows.append([float(cell) for cell in cells[-4:]])
        except ValueError:
            if not rows and number == 1:
                continue  # the header
            rows.append([])
        if len(rows[-1]) != 4 or not np.isfinite(rows[-1]).all():
            raise CRSError(
                code="control_points",
                detail=f"{path.name}, line {number}: {line.strip()[:80]!r} does not end with four numbers",
                remedy="Write east, north, longitude, latitude in every line",
            )
    points = np.array(rows, dtype=np.float64).reshape(-1, 4)
    old, new = points[:, :2], points[:, 2:]
    try:
        return fit(7, old, new, source_system=system, target_system=identify(4490))
    except ControlPointsError:
        return fit(3, old, new, source_system=system, target_system=identify(4490))
