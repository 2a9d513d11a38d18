"""The table of a GeoPackage from which QGIS takes a layer's style when it opens it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from maps.symbology.qml import qml
from maps.symbology.sld import sld

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from maps.style import StyleSheet
    from maps.symbology.model import StyledLayer

__all__ = ["layer_styles_table"]

_COLUMNS = """
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256),
    styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30),
    ui TEXT(30), update_time DATETIME
"""
_STAMP = "1980-01-01T00:00:00.000Z"


def layer_styles_table(path: Path, layers: Sequence[StyledLayer], *, sheet: StyleSheet | None = None) -> None:
    """
    Put the default styles of its layers into a GeoPackage, so that QGIS opens it styled with nothing beside it.

    Call it on a file that is not handed out yet (in a staging folder): it is changed in place, in one transaction.

    Parameters
    ----------
    path
        The GeoPackage.
    layers
        Its layers, each with ``file`` as ``NAME.gpkg|layername=TABLE``; a table that is not there is an error.
    sheet
        Looks to use, by default the project's own.

    Raises
    ------
    ValueError
        If a layer is not in the file.
    sqlite3.Error
        If the file is no GeoPackage or has the table already.
    """
    # explicit: before Python 3.12 the module itself commits a new table at once
    with closing(sqlite3.connect(path, isolation_level=None)) as base, base:
        base.execute("BEGIN IMMEDIATE")
        columns = dict(base.execute("SELECT table_name, column_name FROM gpkg_geometry_columns"))
        base.execute(f"CREATE TABLE layer_styles ({_COLUMNS})")
        base.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id) "
            "VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?, 0)",
            (_STAMP,),
        )
        for layer in layers:
            table = layer.data_layer or ""
            if table not in columns:
                raise ValueError(f"{path} has no layer {table!r}, only {', '.join(columns)}")
            base.execute(
                "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, "
                "styleName, styleQML, styleSLD, useAsDefault, description, owner, update_time) "
                "VALUES ('', '', ?, ?, ?, ?, ?, 1, ?, '', ?)",
                (
                    table,
                    columns[table],
                    table[:30],
                    qml(layer, sheet).decode("utf-8"),
                    sld(layer, sheet).decode("utf-8"),
                    layer.description,
                    _STAMP,
                ),
            )
