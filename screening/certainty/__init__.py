"""What the figures of a verdict mean: how many metres would change it, what dominates, and what would settle it."""

from __future__ import annotations

from screening.certainty.document import certainty_of

__all__ = ["certainty_of"]
