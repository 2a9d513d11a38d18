"""Writing tables and geometries for other programs: nothing lost without a word, nothing half-written."""

from __future__ import annotations

from spatial.writing.geojson import write_geojson
from spatial.writing.geometry import reprojected
from spatial.writing.geopackage import write_geopackage
from spatial.writing.model import Field, Note, Table, WrittenFiles
from spatial.writing.shapefile import write_shapefile

__all__ = [
    "Field",
    "Note",
    "Table",
    "WrittenFiles",
    "reprojected",
    "write_geojson",
    "write_geopackage",
    "write_shapefile",
]
