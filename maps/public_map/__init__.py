"""The public map: one page of a workspace that draws, searches and judges with no server."""
