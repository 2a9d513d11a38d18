"""Layers that nobody publishes as vectors: one module for each way to a shape, all ending in `model.Georeferenced`."""
