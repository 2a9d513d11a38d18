"""The figures of the documentation, drawn by code from what the engine answers: ``python -m docs.figures``."""
