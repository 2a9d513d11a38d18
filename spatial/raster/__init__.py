"""
Pictures of maps: pages, control points, fits, warping, legends and what is drawn by them.

Pixel coordinates are (column, row), continuous, from the top left corner: x right, y down, the middle of the first
pixel at (0.5, 0.5). Map coordinates are (x, y) of a stated system, x east. Knows no ecology and no terminal.
"""
