"""Which styles go beside which format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maps.symbology.colour_table import colour_table
from maps.symbology.lyrx import lyrx
from maps.symbology.qml import qmd, qml
from maps.symbology.sld import sld

if TYPE_CHECKING:
    from collections.abc import Callable

    from maps.style import StyleSheet
    from maps.symbology.model import StyledLayer

__all__ = ["STYLED_FORMATS", "styles_for"]

_QGIS = (".qml", ".qmd", ".sld")
STYLED_FORMATS: dict[str, tuple[str, ...]] = {
    "shp": (*_QGIS, ".lyrx", ".colours.csv"),
    "gdb": (*_QGIS, ".lyrx", ".colours.csv"),
    "gpkg": _QGIS,
    "geojson": _QGIS,
    "kml": _QGIS,
    "fgb": _QGIS,
    "dxf": _QGIS,
    "geoparquet": _QGIS,
    "pmtiles": (".colours.csv",),
    "xlsx": (),
}
"""
Endings of the styles beside each format. What is tested with QGIS 3.22 is the first seven; it opens no GeoParquet, for
which newer ones take the same files. A PMTiles file has tiles for layers, which take other styles.
"""

_MAKERS: dict[str, Callable[[StyledLayer, StyleSheet | None], bytes]] = {
    ".qml": qml,
    ".qmd": lambda layer, _: qmd(layer),
    ".sld": sld,
    ".lyrx": lyrx,
    ".colours.csv": colour_table,
}


def styles_for(layer: StyledLayer, to: str, *, sheet: StyleSheet | None = None) -> dict[str, bytes]:
    """
    The styles that go beside a layer in a format.

    Use it for every exported layer: write each under the name of the layer, with the ending given.

    Parameters
    ----------
    layer
        The layer as it was exported.
    to
        A key of ``STYLED_FORMATS``.
    sheet
        Looks to use (`maps.style.load_style`), by default the project's own.

    Returns
    -------
    styles
        Contents by ending: QML, its description QMD and SLD for QGIS, ``.lyrx`` for ArcGIS Pro, a colour table for
        what is set by hand. Empty where the format takes none.

    Raises
    ------
    ValueError
        If there is no such format, or a layer file is asked of what is neither shapefile nor file geodatabase.

    Examples
    --------
    >>> from maps.symbology import StyledLayer
    >>> layer = StyledLayer(name="红线", kind="red_lines", geometry="polygon", class_field="CLASS",
    ...                     classes=(("red_line", "red_line"),), label_field=None, file="hx.shp", epsg=4490, notes=())
    >>> list(styles_for(layer, "shp"))
    ['.qml', '.qmd', '.sld', '.lyrx', '.colours.csv']
    """
    if to not in STYLED_FORMATS:
        raise ValueError(f"there are no styles for {to!r}, only for {', '.join(STYLED_FORMATS)}")
    return {ending: _MAKERS[ending](layer, sheet) for ending in STYLED_FORMATS[to]}
