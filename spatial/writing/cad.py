"""DXF of R2000 with GBK text, as CASS and older AutoCAD open it: outlines by layer, labels, ids as extended data."""

from __future__ import annotations

import io
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.errors import NotWritableError, ReadBackError
from spatial.writing.model import Note, WrittenFiles, grouped
from spatial.writing.staging import staging
from spatial.writing.text import encodable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

__all__ = ["APPLICATION", "HOLES", "CadShape", "cad_layer_name", "write_cad"]

APPLICATION = "SANXIAN"
"""Name under which extended data is kept."""
HOLES = "_内环"
"""What the layer of inner rings is called after that of its outlines."""
LABELS = "_注记"
_MARKS = "说明"
_FORBIDDEN = '<>/\\":;?*|=`,'
_LONGEST_NAME = 60
_LONGEST_DATA = 200  # bytes; a string of extended data has 255
_TOLERANCE = 1e-9


@dataclass(frozen=True, kw_only=True)
class CadShape:
    """
    One feature of a drawing.

    Parameters
    ----------
    geometry
        In the CRS of the drawing; every part becomes entities of its own. None draws nothing.
    layer
        Drawing layer, from `cad_layer_name`.
    label
        Written at a point inside, on the layer with ``_注记``; None writes none.
    data
        Texts kept as extended data of every entity: ids, codes.
    """

    geometry: BaseGeometry | None
    layer: str
    label: str | None = None
    data: tuple[str, ...] = ()


def cad_layer_name(name: str) -> str:
    r"""
    The name as a drawing layer may have it: GBK, no sign that CAD programs keep for themselves.

    Examples
    --------
    >>> cad_layer_name("红线/一级*"), cad_layer_name("\t")
    ('红线_一级_', '_')
    """
    text = "".join("_" if c in _FORBIDDEN or not c.isprintable() else c for c in encodable(name, "GBK").text)
    return text[:_LONGEST_NAME].strip() or "_"


def write_cad(
    path: str | Path,
    shapes: Sequence[CadShape],
    *,
    colours: Mapping[str, tuple[int, int, int]],
    marks: Sequence[str] = (),
) -> WrittenFiles:
    """
    Write features as closed polylines, polylines and points of a DXF of R2000 (AC1015, ``ANSI_936``).

    Use it for CASS and AutoCAD; `spatial.writing.drawing.write_dxf` keeps holes as hatches instead, in UTF-8. A drawing
    has no CRS: give coordinates whose numbers show it, a zone with its prefix.

    Parameters
    ----------
    path
        ``F.dxf``.
    shapes
        What is drawn, in one plane; metres.
    colours
        Red, green, blue of each drawing layer; the nearest of the 255 colours of CAD is taken, others are 7.
    marks
        Lines written below the drawing on the layer ``说明``.

    Returns
    -------
    written
        The file, and notes: inner rings lie on a layer of their own, texts GBK cannot hold, features without place.

    Raises
    ------
    NotWritableError
        If a coordinate is not finite.
    ReadBackError, OutputInUseError
        If it reads back differently or cannot be moved into place.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     shape = CadShape(geometry=shapely.box(40500000, 5450000, 40500100, 5450100), layer="红线")
    ...     path = write_cad(Path(folder) / "a.dxf", [shape], colours={"红线": (184, 0, 46)}).paths[0]
    ...     content = path.read_bytes()
    ...     b"ANSI_936" in content, b"AC1015" in content, "红线".encode("gbk") in content
    (True, True, True)
    """
    path = Path(path)
    notes: list[Note] = []
    outlines = _outlines(shapes, notes, file=path.name)
    with _fixed_metadata():
        content = _drawing(shapes, outlines, colours, tuple(marks), notes, file=path.name)
    with staging(path) as stage:
        target = stage.folder / path.name
        target.write_bytes(content)
        _require_same(target, outlines)
        return WrittenFiles(paths=stage.commit([path.name], asked=[path.name]), notes=grouped(notes))


@dataclass(frozen=True, kw_only=True)
class _Outline:
    """One entity: vertices (n, 2), whether it closes, its layer, and the shape it is of."""

    vertices: Any
    closed: bool
    layer: str
    shape: CadShape


def _outlines(shapes: Sequence[CadShape], notes: list[Note], *, file: str) -> list[_Outline]:
    found: list[_Outline] = []
    for row, shape in enumerate(shapes, start=1):
        geometry = shape.geometry
        if geometry is None or geometry.is_empty:
            zh, en = "没有位置，图中不画", "has no place and is not drawn"
            notes.append(Note(code="geometry_empty", file=file, rows=(row,), zh=zh, en=en))
            continue
        if not np.isfinite(shapely.get_coordinates(geometry)).all():
            raise NotWritableError(
                file=file,
                code="coordinate",
                row=row,
                detail="a coordinate is not a finite number",
                remedy="Repair the geometry first",
            )
        leaves = list(_leaves(shapely.force_2d(geometry)))
        if len(leaves) > 1:
            zh, en = "各部分分写为单独图元", "its parts became entities of their own"
            notes.append(Note(code="geometry_split", file=file, rows=(row,), zh=zh, en=en))
        for leaf in leaves:
            if leaf.geom_type != "Polygon":
                found.append(_outline(leaf, shape.layer, shape, closed=False))
                continue
            found.append(_outline(leaf.exterior, shape.layer, shape, closed=True))
            found += [_outline(ring, shape.layer + HOLES, shape, closed=True) for ring in leaf.interiors]
            if leaf.interiors:
                zh, en = (
                    f"内环画在图层名后加“{HOLES}”的图层上",
                    f"inner rings are closed polylines on the layer whose name ends in {HOLES}",
                )
                notes.append(Note(code="hole_as_outline", file=file, rows=(row,), zh=zh, en=en))
    return found


def _outline(line: BaseGeometry, layer: str, shape: CadShape, *, closed: bool) -> _Outline:
    vertices = shapely.get_coordinates(line)
    return _Outline(vertices=vertices[:-1] if closed else vertices, closed=closed, layer=layer, shape=shape)


def _leaves(geometry: BaseGeometry) -> Iterator[Any]:
    if hasattr(geometry, "geoms"):
        for part in geometry.geoms:
            yield from _leaves(part)
    elif not geometry.is_empty:
        yield geometry


def _drawing(
    shapes: Sequence[CadShape],
    outlines: Sequence[_Outline],
    colours: Mapping[str, tuple[int, int, int]],
    marks: tuple[str, ...],
    notes: list[Note],
    *,
    file: str,
) -> bytes:
    from ezdxf.filemanagement import new

    document = new("R2000", units=6)
    document.encoding = "gbk"
    document.appids.add(APPLICATION)
    space = document.modelspace()

    def use(layer: str, base: str) -> str:
        if layer not in document.layers:
            document.layers.add(layer, color=_index_of(colours.get(base)))
        return layer

    def fitted(text: str, row: int) -> str:
        made = encodable(" ".join(_seen(text).split()), "GBK")
        if made.marked:
            zh, en = "GBK 没有的字符写为〓", "characters that GBK lacks are written as 〓"
            notes.append(Note(code="character_marked", file=file, rows=(row,), zh=zh, en=en))
        return made.text

    for outline in outlines:
        layer = use(outline.layer, outline.shape.layer)
        entity: Any
        if outline.closed:
            entity = space.add_lwpolyline(outline.vertices.tolist(), close=True, dxfattribs={"layer": layer})
        elif len(outline.vertices) == 1:
            entity = space.add_point(outline.vertices[0].tolist(), dxfattribs={"layer": layer})
        else:
            entity = space.add_lwpolyline(outline.vertices.tolist(), dxfattribs={"layer": layer})
        if outline.shape.data:
            entity.set_xdata(APPLICATION, [(1000, _short(fitted(text, 0))) for text in outline.shape.data])
    west, south, height = _paper(outlines)
    for row, shape in enumerate(shapes, start=1):
        if shape.label and shape.geometry is not None and not shape.geometry.is_empty:
            place = shapely.point_on_surface(shape.geometry)
            use(shape.layer + LABELS, shape.layer)
            attributes = {"layer": shape.layer + LABELS, "insert": (place.x, place.y)}
            space.add_text(fitted(shape.label, row), height=height, dxfattribs=attributes)
    for number, mark in enumerate(marks, start=1):
        attributes = {"layer": use(_MARKS, _MARKS), "insert": (west, south - 2.0 * number * height)}
        space.add_text(fitted(mark, 0), height=height, dxfattribs=attributes)
    text = io.StringIO(newline="\r\n")
    document.write(text)
    return text.getvalue().encode("gbk", errors="dxfreplace")


def _seen(text: str) -> str:
    """Without control characters, which a program of drawings would take for commands or show as boxes."""
    return "".join("\ufffd" if not c.isprintable() and not c.isspace() else c for c in text)


def _short(text: str) -> str:
    return text.encode("gbk", "replace")[:_LONGEST_DATA].decode("gbk", "ignore")


def _paper(outlines: Sequence[_Outline]) -> tuple[float, float, float]:
    """West, south, and the height of letters: a 300th of the longer side."""
    if not outlines:
        return 0.0, 0.0, 1.0
    points = np.concatenate([outline.vertices for outline in outlines])
    (west, south), (east, north) = points.min(axis=0), points.max(axis=0)
    size = max(east - west, north - south)
    return float(west), float(south), float(size / 300) or 1.0


def _index_of(colour: tuple[int, int, int] | None) -> int:
    """The colour of CAD nearest to one of the screen; 7 (black or white) where none is given."""
    if colour is None:
        return 7
    from ezdxf.colors import DXF_DEFAULT_COLORS, int2rgb

    table = np.array([int2rgb(value) for value in DXF_DEFAULT_COLORS[1:250]], dtype=float)
    return int(((table - np.array(colour, dtype=float)) ** 2).sum(axis=1).argmin()) + 1


@contextmanager
def _fixed_metadata() -> Iterator[None]:
    """No time of writing and no random id in the file."""
    from ezdxf._options import options

    before = options.write_fixed_meta_data_for_testing
    options.write_fixed_meta_data_for_testing = True
    try:
        yield
    finally:
        options.write_fixed_meta_data_for_testing = before


def _require_same(path: Path, outlines: Sequence[_Outline]) -> None:
    from ezdxf.filemanagement import readfile

    space = readfile(path).modelspace()
    found: list[Any] = [entity for entity in space if entity.dxftype() in {"LWPOLYLINE", "POINT"}]
    problem = None
    if len(found) != len(outlines):
        problem = f"{len(outlines)} entities were written, {len(found)} read back"
    for number, (outline, entity) in enumerate(zip(outlines, found, strict=False), start=1):
        if entity.dxftype() == "POINT":
            vertices = np.array([tuple(entity.dxf.location)[:2]])
        else:
            vertices = np.array([point[:2] for point in entity.get_points()])
        same = vertices.shape == outline.vertices.shape
        if not same or np.abs(vertices - outline.vertices).max() > _TOLERANCE or entity.dxf.layer != outline.layer:
            problem = problem or f"entity {number} reads back differently"
    if problem is not None:
        raise ReadBackError(
            file=path.name,
            code="read_back",
            detail=problem,
            remedy="Write a GeoPackage instead, and report this with the input; nothing was kept",
        )
