"""Where a point or a box lies in a layer, from a grid of cells: most never meet a geometry."""

from spatial.overlay.cells.building import build_cells, narrow_rings
from spatial.overlay.cells.lookup import Cells
from spatial.overlay.cells.zone import ZoneCells

__all__ = ["Cells", "ZoneCells", "build_cells", "narrow_rings"]
