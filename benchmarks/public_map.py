"""
The public map beside Folium's own GeoJson of the same data, in one run: ``python -m benchmarks.public_map [--large]``.

Each page is opened from its file in a Chromium of its own with no network, the two in turn; each figure is the median
of three such openings (``--times N``), so that what else the machine does meets both alike. First draw: from opening to
a picture of the whole window in which the data's place is coloured; once more with the browser's processor slowed down
four times, about a phone. Pan and zoom: to the picture after them; the longest pause is the longest time without a
frame, picture aside. Memory: resident size of every process of that Chromium. Made: processor seconds of this process.
The pages of `sanxian map` are ``--precision simplified``: the engine's own index is not in them.

The data is synthetic: a tiling whose borders are rough (`tests.tilings`), red lines as rough blobs on it; figures of
real plans differ. ``--large`` adds 20,000 units of 250 vertices and 3,000 red lines, one of 500,000 vertices: importing
them takes minutes, and Folium's page of them is waited for four minutes, once.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from layers.workspace import FolderStore
from tests.building import add, workspace_at
from tests.tilings import blob, tiling

if TYPE_CHECKING:
    from collections.abc import Iterator

AS_OF = "2026-11-22"
SLOWER = 4
PATIENCE_S = 240
VIEW = {"width": 1280, "height": 800}
READY = {
    "ours": "() => document.querySelectorAll('canvas.leaflet-tile').length > 0"
    " && !document.querySelector('.leaflet-tile:not(.leaflet-tile-loaded)')",
    "folium": "() => document.querySelectorAll('path.leaflet-interactive').length >= COUNT",
}
MAP = {"ours": "window.mapOfPage", "folium": "Object.values(window).find((one) => one instanceof L.Map)"}
PAUSES = """() => { window.pause = 0; let last = performance.now();
  const frame = (now) => {
    window.pause = Math.max(window.pause, now - last); last = now; requestAnimationFrame(frame); };
  requestAnimationFrame(frame); }"""


@dataclass(frozen=True, kw_only=True)
class Figures:
    megabytes: float
    made_s: float
    first_s: float | None = None
    slow_s: float | None = None
    pan_s: float | None = None
    pause_ms: float | None = None
    zoom_s: float | None = None
    memory_mb: float | None = None
    trouble: str = ""


def small() -> dict[str, np.ndarray]:
    return {"control_units": tiling(1135, 1000)}


def large() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(6)
    lines = [blob(*rng.uniform((116.2, 30.2), (119.8, 33.8)), rng.uniform(0.005, 0.03), 200, rng) for _ in range(2999)]
    return {"control_units": tiling(20_000, 250), "red_lines": np.array([*lines, long_line()], dtype=object)}


def long_line() -> shapely.Polygon:
    """One area of 500,000 vertices: the graph of a rough function around a circle, so it is valid."""
    rng = np.random.default_rng(9)
    angle = np.linspace(0, 2 * np.pi, 500_000, endpoint=False)
    walk = np.cumsum(rng.standard_normal(len(angle)))
    walk -= np.linspace(0, walk[-1], len(walk))
    reach = 0.5 * (1 + 0.2 * walk / np.abs(walk).max())
    return shapely.Polygon(np.column_stack([118 + reach * np.cos(angle), 32 + reach * np.sin(angle)]))


def classes(count: int) -> list[str]:
    return [("优先保护单元", "重点管控单元", "一般管控单元")[n % 3] for n in range(count)]


def our_page(data: dict[str, np.ndarray], folder: Path) -> float:
    from maps.public_map.document import MapRequest
    from maps.public_map.page import build_page
    from maps.public_map.writing import write_page

    store = workspace_at(folder / "ws", *data)
    began = time.perf_counter()
    for kind, areas in data.items():
        rows = [{"HJGKDYBM": f"ZH1507813{n:05d}", "ZHGKDYFL": one} for n, one in enumerate(classes(len(areas)))]
        names = [{"名称": f"红线{n}"} for n in range(len(areas))]
        add(
            store, kind, list(areas), rows if kind == "control_units" else names, coverage=shapely.box(115, 29, 121, 35)
        )
        store = FolderStore.open(folder / "ws")
    print(f"<!-- import of the layers: {time.perf_counter() - began:.0f} s -->", flush=True)
    start = time.process_time()
    page = build_page(store, MapRequest(as_of=AS_OF, precision="simplified"), name="ours", folder=False)
    write_page(page, folder / "ours.html")
    return time.process_time() - start


def folium_page(data: dict[str, np.ndarray], folder: Path) -> float:
    import folium

    from maps.offline import inline

    start = time.process_time()
    page = folium.Map(tiles=None, location=[32, 118], zoom_start=8)
    # Leaflet only: what else folium loads by default is not locked, and would make its page larger
    page.default_js = [(name, url) for name, url in page.default_js if name == "leaflet"]
    page.default_css = [(name, url) for name, url in page.default_css if name == "leaflet_css"]
    colours = {"优先保护单元": "#145242", "重点管控单元": "#fba66a", "一般管控单元": "#f5f53d", "red": "#b8002e"}
    for kind, areas in data.items():
        kinds = classes(len(areas)) if kind == "control_units" else ["red"] * len(areas)
        features = [
            {"type": "Feature", "properties": {"class": one}, "geometry": json.loads(text)}
            for one, text in zip(kinds, shapely.to_geojson(areas), strict=True)
        ]
        folium.GeoJson(
            {"type": "FeatureCollection", "features": features},
            style_function=lambda feature: {
                "color": colours[feature["properties"]["class"]],
                "fillColor": colours[feature["properties"]["class"]],
                "fillOpacity": 0.5,
                "weight": 1,
            },
        ).add_to(page)
    (folder / "folium.html").write_text(inline(page.get_root().render()), encoding="utf-8")
    return time.process_time() - start


def measured(file: Path, which: str, count: int, made_s: float) -> Figures:
    """One opening at full speed, with what follows; then one slowed down."""
    from playwright.sync_api import Error

    size = file.stat().st_size / 1e6
    ready = READY[which].replace("COUNT", str(count))
    try:
        with opened() as (page, profile):
            first = first_draw(page, file, ready)
            page.evaluate(PAUSES)
            zoom = moved(page, f"{MAP[which]}.setZoom({MAP[which]}.getZoom() + 2, {{ animate: false }})", ready)
            pan = moved(page, f"{MAP[which]}.panBy([-250, 150], {{ animate: false }})", ready)
            pause, memory = page.evaluate("window.pause"), resident_mb(profile)
        with opened() as (page, _):
            page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
            slow = first_draw(page, file, ready)
    except Error as error:
        return Figures(megabytes=size, made_s=made_s, trouble=str(error).splitlines()[0][:60])
    return Figures(
        megabytes=size,
        made_s=made_s,
        first_s=first,
        slow_s=slow,
        pan_s=pan,
        pause_ms=pause,
        zoom_s=zoom,
        memory_mb=memory,
    )


@contextlib.contextmanager
def opened() -> Iterator[tuple[Any, str]]:
    """An empty window of a Chromium of its own, and its profile."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as started, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        context = started.chromium.launch_persistent_context(
            profile, executable_path=program, args=["--no-sandbox", "--disable-gpu"], viewport=VIEW, offline=True
        )
        page = context.new_page()
        page.set_default_timeout(PATIENCE_S * 1000)
        try:
            yield page, profile
        finally:
            context.close()


def first_draw(page: Any, file: Path, ready: str) -> float:
    start = time.perf_counter()
    page.goto(file.as_uri(), wait_until="commit")
    return drawn(page, ready, start)


def drawn(page, ready: str, start: float) -> float:
    """Seconds until the picture shows the data."""
    from PIL import Image
    from playwright.sync_api import Error as PlaywrightError

    while not page.evaluate(ready):
        if time.perf_counter() - start > PATIENCE_S:
            raise PlaywrightError("nothing is drawn in time")
        time.sleep(0.02)
    while True:
        picture = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB")).astype(int)
        middle = picture[300:500, 640:860]
        taken = time.perf_counter() - start
        if (middle.max(axis=2) - middle.min(axis=2) > 20).mean() > 0.8:  # coloured, not paper
            return taken
        if taken > PATIENCE_S:
            raise PlaywrightError("nothing is drawn in time")


def moved(page, script: str, ready: str) -> float:
    start = time.perf_counter()
    page.evaluate(f"() => {{ {script}; window.pause = 0; }}")
    return drawn(page, ready, start)


def resident_mb(profile: str) -> float | None:
    """Of every process of the browser with this profile and its children; None where there is no /proc."""
    parents, sizes, own = {}, {}, set()
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
            command = (status.parent / "cmdline").read_bytes()
        except OSError:
            continue
        number = int(status.parent.name)
        parents[number] = int(re.search(r"PPid:\s+(\d+)", text).group(1))
        found = re.search(r"VmRSS:\s+(\d+)", text)
        sizes[number] = int(found.group(1)) / 1024 if found else 0.0
        if profile.encode() in command:
            own.add(number)
    grown = True
    while grown:
        more = {number for number, parent in parents.items() if parent in own} - own
        own |= more
        grown = bool(more)
    return sum(sizes[number] for number in own) or None


def shown(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def middle(of: list[Figures]) -> Figures:
    """The median of each figure; the first trouble there was."""
    found: dict[str, Any] = {"trouble": next((one.trouble for one in of if one.trouble), "")}
    for name in ("megabytes", "made_s", "first_s", "slow_s", "pan_s", "pause_ms", "zoom_s", "memory_mb"):
        values = [value for one in of if (value := getattr(one, name)) is not None]
        found[name] = statistics.median(values) if values else None
    return Figures(**found)


def report(name: str, data: dict[str, np.ndarray], *, folium: bool, times: int) -> None:
    vertices = sum(int(shapely.get_num_coordinates(areas).sum()) for areas in data.values())
    count = sum(len(areas) for areas in data.values())
    print(f"\n{name}: {count:,} areas, {vertices:,} vertices; load of the machine {load()}\n", flush=True)
    print(
        "| page | file MB | made s | first draw s | first draw ×4 s | pan s | longest pause ms | zoom s | memory MB | |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        pages = {"sanxian map": ("ours", our_page), "Folium GeoJson": ("folium", folium_page)}
        made = {which: make(data, Path(folder)) for which, make in pages.values() if folium or which == "ours"}
        found: dict[str, list[Figures]] = {which: [] for which in made}
        for _ in range(times):
            for which, made_s in made.items():
                if any(one.trouble for one in found[which]):
                    continue  # once is enough to wait for what does not come
                found[which].append(measured(Path(folder) / f"{which}.html", which, count, made_s))
        for title, (which, _) in pages.items():
            if which in found:
                print(row(title, middle(found[which])), flush=True)
    print(f"\nload of the machine at the end: {load()}")


def row(title: str, one: Figures) -> str:
    cells = [shown(one.megabytes), shown(one.made_s), shown(one.first_s, 2), shown(one.slow_s, 2), shown(one.pan_s, 2)]
    cells += [shown(one.pause_ms, 0), shown(one.zoom_s, 2), shown(one.memory_mb, 0), one.trouble]
    return f"| {title} | {' | '.join(cells)} |"


def load() -> str:
    """Processes that wanted a processor in the last minute, where the system tells."""
    return f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} processors" if hasattr(os, "getloadavg") else "not known"


def main() -> None:
    folium = "--ours" not in sys.argv
    times = int(sys.argv[sys.argv.index("--times") + 1]) if "--times" in sys.argv else 3
    if "--quick" in sys.argv:
        report("quick", {"control_units": tiling(100, 400)}, folium=folium, times=times)
        return
    report("1,135 units", small(), folium=folium, times=times)
    if "--large" in sys.argv:
        report("20,000 units and 3,000 red lines", large(), folium=folium, times=1)


if __name__ == "__main__":
    main()
