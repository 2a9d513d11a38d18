"""DXF: outlines for CAD, without attributes and CRS."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.writing.columns import shows_crs, visible
from spatial.writing.gdal import refused, require_same, shapes_of
from spatial.writing.model import Field, Note, WrittenFiles, grouped
from spatial.writing.staging import staging

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from spatial.writing.model import Table

__all__ = ["write_dxf"]


def write_dxf(path: str | Path, tables: Sequence[Table]) -> WrittenFiles:
    """
    Write geometries as a drawing: polygons as closed polylines, those with holes as hatches.

    Parameters
    ----------
    path
        ``F.dxf``.
    tables
        A drawing layer each; every part of a geometry becomes an entity. A drawing has no CRS and no attributes.

    Returns
    -------
    written
        The file, and notes on attributes and the CRS, which are left out.

    Raises
    ------
    NotWritableError, OutputInUseError, ReadBackError
        If it cannot be written, moved into place, or reads back differently.
    """
    path = Path(path)
    entities: list[BaseGeometry] = []
    layers: list[str] = []
    notes: list[Note] = []
    for table in tables:
        for row, shape in enumerate(shapes_of(table, file=path.name), start=1):
            parts = _entities(shape)
            if len(parts) > 1:
                zh, en = "各部分分写为单独图元", "its parts became entities of their own"
                notes.append(Note(code="geometry_split", file=path.name, rows=(row,), zh=zh, en=en))
            entities += parts
            layers += [table.name] * len(parts)
        if table.fields:
            shown = [field.name for field in table.fields]
            zh, en = (
                f"图形没有属性，未写：{'、'.join(shown)}",
                f"a drawing has no attributes: {', '.join(shown)} left out",
            )
            notes.append(Note(code="attributes_dropped", file=path.name, zh=zh, en=en))
        if not shows_crs(table, datum_named=False):
            zh = f"图形不含坐标系；再读取时请注明 EPSG:{table.crs}"
            en = f"a drawing does not state its CRS: say EPSG:{table.crs} when it is read again"
            notes.append(Note(code="crs_dropped", file=path.name, zh=zh, en=en))
    field = Field(name="Layer", long_name_zh="图层", long_name_en="layer")
    drawn = replace(tables[0], fields=(field,), rows=tuple((name,) for name in layers), geometries=tuple(entities))
    shapes = shapes_of(drawn, file=path.name)
    with staging(path) as stage:
        target = stage.folder / path.name
        _write_drawing(target, drawn, shapes)
        require_same(target, shapes, file=path.name, names=None, tolerance=1e-7)
        return WrittenFiles(paths=stage.commit([path.name], asked=[path.name]), notes=grouped(notes))


def _write_drawing(path: Path, drawn: Table, shapes: NDArray[np.object_]) -> None:
    """Not through Arrow, which would make a column that the driver has already."""
    from pyogrio import raw

    layers = np.array([visible(str(row[0])) for row in drawn.rows], dtype=object)
    try:
        raw.write(
            path,
            shapely.to_wkb(shapes, byte_order=1),
            [layers],
            ["Layer"],
            driver="DXF",
            geometry_type="Unknown",
            crs=f"EPSG:{drawn.crs}",
            encoding="UTF-8",
        )
    except (RuntimeError, ValueError) as error:
        raise refused(path.name, error) from error


def _entities(shape: Any) -> list[BaseGeometry]:
    if shape is None:
        return []
    if hasattr(shape, "geoms"):
        return [entity for part in shape.geoms for entity in _entities(part)]
    if shape.geom_type == "Polygon" and not shape.interiors:
        return [shapely.LineString(shape.exterior.coords)]
    return [shape]
