"""Static maps for reports: SVG written by the project itself, and PNG made of it. No network, no basemap."""
