"""A batch on many machines: sites cut into parts by space, each part answered by whoever is free, once."""
