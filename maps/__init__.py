"""What people look at: offline maps of a verdict. The only importer of folium."""
