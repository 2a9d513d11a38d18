"""``python -m docs.figures``: draw every figure anew, beside this file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from docs.figures.drawing import svg_of
from docs.figures.scenes import FIGURES, judge

if TYPE_CHECKING:
    from docs.figures.scenes import Judged

HERE = Path(__file__).parent


def main() -> None:
    """Write the SVG of every figure."""
    asked: dict[str, Judged] = {}
    for figure in FIGURES:
        for scene in figure.scenes:
            if scene.key not in asked:
                asked[scene.key] = judge(scene)
        path = HERE / f"{figure.name}.svg"
        path.write_text(svg_of(figure, [asked[s.key] for s in figure.scenes]), encoding="utf-8", newline="\n")
        sys.stdout.write(f"{path.name}\n")


if __name__ == "__main__":
    main()
