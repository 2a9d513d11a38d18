"""Files read piece by piece: what is kept of each piece while the coordinate system is sought."""

from __future__ import annotations

import tracemalloc

import geopandas
import numpy as np
import shapely

from spatial.reading.pieces import read_pieces


def test_of_a_long_file_only_a_sample_is_held_while_its_coordinate_system_is_sought(tmp_path):
    places = np.random.default_rng(5).uniform((118, 44), (121, 46), (40_000, 2))
    shapes = shapely.buffer(shapely.points(places), 0.001, quad_segs=10)
    coordinates = shapely.get_num_coordinates(shapes).sum() * 16  # bytes: 26 MB
    geopandas.GeoDataFrame({"id": range(len(shapes))}, geometry=shapes, crs=4490).to_parquet(
        tmp_path / "many.parquet", row_group_size=2_000
    )
    del shapes
    pieces = read_pieces(tmp_path / "many.parquet", rows=2_000)
    tracemalloc.start()
    try:
        next(pieces)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        pieces.close()
    assert peak < coordinates / 2
