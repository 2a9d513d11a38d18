"""
``python -m docs.figures``: draw every figure anew, beside this file.

``python -m docs.figures answers`` draws those of the answers only, ``output`` what the program prints, ``map`` the map,
``tutorial`` those of the tutorial of georeferencing, ``signing`` those of the tutorial of signing (half a minute and a
minute: their commands are run), ``gallery`` those of the page of maps and exports (a minute; QGIS is needed).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from docs.figures.drawing import svg_of
from docs.figures.judging import judge
from docs.figures.pictures import demo_verdict, map_picture, output_svg
from docs.figures.scenes import FIGURES

if TYPE_CHECKING:
    from docs.figures.judging import Judged

HERE = Path(__file__).parent
PARTS = ("answers", "output", "map", "tutorial", "signing", "gallery")


def main(parts: set[str]) -> None:
    """Write what was asked for."""
    if "answers" in parts:
        asked: dict[str, Judged] = {}
        for figure in FIGURES:
            for scene in figure.scenes:
                if scene.key not in asked:
                    asked[scene.key] = judge(scene)
            _write(f"{figure.name}.svg", svg_of(figure, [asked[s.key] for s in figure.scenes]))
    if parts & {"output", "map"}:
        from apps.demo.build import build

        with tempfile.TemporaryDirectory(prefix="sanxian-figure-") as folder:
            verdict, store = demo_verdict(build(Path(folder) / "demo").folder)
            if "output" in parts:
                _write("check.zh.svg", output_svg(verdict, "zh"))
                _write("check.en.svg", output_svg(verdict, "en"))
            if "map" in parts and not map_picture(verdict, store, HERE / "map.png"):
                sys.stderr.write("map.png was not drawn: there is no Chromium (apt-get install chromium)\n")
    if "tutorial" in parts:
        from docs.figures.tutorial_pictures import draw_all

        for path in draw_all(HERE):
            sys.stdout.write(f"docs/figures/{path.name}\n")
    if "signing" in parts:
        from docs.figures import signing_pictures

        for path in signing_pictures.draw_all(HERE):
            sys.stdout.write(f"docs/figures/{path.name}\n")
    if "gallery" in parts:
        from docs.figures import exports, gallery

        for path in [*gallery.draw_all(), *exports.draw_all()]:
            sys.stdout.write(f"docs/gallery/{path.name}\n")


def _write(name: str, text: str) -> None:
    (HERE / name).write_text(text, encoding="utf-8", newline="\n")
    sys.stdout.write(f"docs/figures/{name}\n")


if __name__ == "__main__":
    asked_for = set(sys.argv[1:])
    if asked_for - set(PARTS):
        sys.exit(f"there are {', '.join(PARTS)}")
    main(asked_for or set(PARTS))
