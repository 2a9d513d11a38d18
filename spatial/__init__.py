"""Geometry on the Earth: CRS, coordinates, reading, writing, measuring, overlay."""
