"""The kinds of layers, one file each, and how their fields are understood."""

from __future__ import annotations

from layers.kinds.interpretation import interpret
from layers.kinds.model import FieldProblem, Interpretation, KindSpec
from layers.kinds.registry import KIND_SPECS, spec

__all__ = ["KIND_SPECS", "FieldProblem", "Interpretation", "KindSpec", "interpret", "spec"]
