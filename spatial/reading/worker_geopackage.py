"""
GeoPackages by SQLite itself, for the child process (see ``worker.py``): are they sound, and how much do they hold.

GDAL reads a damaged database as far as it goes; what is counted here it has to hand over. Like ``worker.py`` it imports
nothing of this project.
"""

from __future__ import annotations

import contextlib
import sqlite3

__all__ = ["GeoPackageError", "feature_counts"]


class GeoPackageError(Exception):
    """The database is damaged or contradicts itself; ``code`` and ``detail`` say how."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def feature_counts(path: str) -> dict[str, int]:
    """Counts of the feature tables of a GeoPackage, after SQLite's own check."""
    counts: dict[str, int] = {}
    try:
        # read-write, so that a write-ahead log that came along is taken in; it is this process's own copy
        with contextlib.closing(sqlite3.connect(path)) as base:
            base.execute("PRAGMA trusted_schema=OFF")
            result = [row[0] for row in base.execute("PRAGMA quick_check(3)")]
            if result != ["ok"]:
                raise GeoPackageError("damaged", f"SQLite finds the file damaged: {result[0]}")
            tables = [
                row[0] for row in base.execute("SELECT table_name FROM gpkg_contents WHERE data_type = 'features'")
            ]
            for table in tables:
                quoted = '"' + table.replace('"', '""') + '"'
                (counts[table],) = base.execute(f"SELECT count(*) FROM {quoted}").fetchone()  # noqa: S608 - quoted
            with contextlib.suppress(sqlite3.Error):
                for table, stored in base.execute("SELECT table_name, feature_count FROM gpkg_ogr_contents"):
                    if table in counts and stored is not None and stored != counts[table]:
                        detail = f"table {table} holds {counts[table]} features, its register says {stored}"
                        raise GeoPackageError("count", detail)
    except sqlite3.Error as error:
        raise GeoPackageError("damaged", f"SQLite: {error}") from None
    return counts
