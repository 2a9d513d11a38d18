"""Building the demo beside its place and putting it there whole."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apps.cli.errors import DemoFolderError
from apps.demo.content import COVERAGE, DATA_DATE, SOURCE, demo_layers
from apps.demo.sites import SHOWN, SITES, write_sites
from spatial.errors import NotWritableError, OutputInUseError

if TYPE_CHECKING:
    from collections.abc import Callable

    from apps.demo.content import DemoLayer
    from apps.demo.sites import SampleSite
    from layers.workspace import FolderStore
    from screening.dossier import Dossier
    from screening.verdict import Verdict
    from screening.words import Language

__all__ = ["MARKER", "STEPS", "Demo", "SiteResult", "build"]

MARKER = "sanxian-demo.json"
"""Says that a folder was made by the demo and may be made anew."""
STEPS = 6 + len(SITES) + 3
_ACTIVITY, _INDUSTRY = ("wind_power",), "4415"
"""What the site of the report is for; 4415 is wind power in GB/T 4754-2017."""
_OURS = frozenset({MARKER, "README.txt", "workspace", "sites", "results"})
_README = """\
合成示例，不代表真实管控边界 / Synthetic example; does not show any real control boundary

workspace   工作区 / the workspace
sites       示例选址 / sample sites
results     map.html 地图 / map; public-map.html 公众地图 / public map; result.json 报告数据 / report data;
            export.zip shapefile 成果 / shapefile export; {report} 报告 / report; certificate.json 存证 / certificate

再次核查 / check again:
"""


@dataclass(frozen=True, kw_only=True)
class SiteResult:
    """What came out for one sample site."""

    site: SampleSite
    dossier: Dossier

    @property
    def verdict(self) -> Verdict:
        """Where the site lies."""
        return self.dossier.verdict


@dataclass(frozen=True, kw_only=True)
class Demo:
    """The demo in its place."""

    folder: Path
    results: tuple[SiteResult, ...]
    report_name: str

    @property
    def report(self) -> Path:
        """The report on the first site, with its activity and industry; PDF where a Chinese font is, else HTML."""
        return self.folder / "results" / self.report_name

    @property
    def certificate(self) -> Path:
        """The certificate that the report names."""
        return self.folder / "results" / "certificate.json"

    @property
    def workspace(self) -> Path:
        """The workspace."""
        return self.folder / "workspace"

    @property
    def map(self) -> Path:
        """The map of the first site."""
        return self.folder / "results" / "map.html"

    @property
    def public_map(self) -> Path:
        """The map of all layers, which answers for sites drawn in it."""
        return self.folder / "results" / "public-map.html"

    @property
    def data(self) -> Path:
        """The verdict of the first site as JSON."""
        return self.folder / "results" / "result.json"

    @property
    def export(self) -> Path:
        """The shapefile set of the first site."""
        return self.folder / "results" / "export.zip"


def build(
    folder: Path, *, language: Language = "zh", begin: Callable[[str, str], None] = lambda _code, _name: None
) -> Demo:
    """
    Leave the demo in a folder.

    Parameters
    ----------
    folder
        New, empty, or an earlier demo, which is replaced as a whole once the new one is complete.
    language
        Of the map and of the words in the export.
    begin
        Told of each of `STEPS` steps: the code of its phrase and what it is about.

    Raises
    ------
    DemoFolderError
        If something else is in the folder.
    NotWritableError, OutputInUseError
        If the folder cannot be made or replaced.
    BoundaryError
        If the administrative boundaries are not there.
    """
    target = folder.resolve()
    _require_ours(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = tempfile.TemporaryDirectory(dir=target.parent, prefix=".sanxian-demo-", ignore_cleanup_errors=True)
    except OSError as error:
        raise NotWritableError(
            file=str(target),
            code="folder",
            detail=f"the folder cannot be made ({error.strerror or error})",
            remedy="Choose a folder you may write to",
        ) from error
    with scratch as made:
        new = Path(made) / "demo"
        new.mkdir()
        results, report_name = _fill(new, language, begin)
        _put(new, target, old=Path(made) / "earlier")
    return Demo(folder=target, results=results, report_name=report_name)


def _require_ours(target: Path) -> None:
    if not target.exists():
        return
    names = {path.name for path in target.iterdir()} if target.is_dir() else {""}
    if names and not (MARKER in names and names <= _OURS):
        raise DemoFolderError(path=target)


def _put(new: Path, target: Path, *, old: Path) -> None:
    """Two renames: at no moment does a half-made demo stand in the place of the demo."""
    from layers.workspace.staging import rename

    moved = False
    try:
        if target.exists():
            rename(target, old)
            moved = True
        rename(new, target)
    except OSError as error:
        if moved and not target.exists():
            rename(old, target)
        raise OutputInUseError(
            file=str(target),
            code="output_in_use",
            detail=f"the earlier demo could not be replaced ({error.strerror or error})",
            remedy="Close the programs that have a file of it open, or name another folder; nothing was changed",
        ) from error


def _fill(folder: Path, language: Language, begin: Callable[[str, str], None]) -> tuple[tuple[SiteResult, ...], str]:
    from apps.cli.outputs import json_text, kept
    from layers.model import DEFAULT_REQUIRED_KINDS
    from layers.workspace import FolderStore
    from spatial.boundaries import union

    city = union(COVERAGE)
    store = FolderStore.create(folder / "workspace", required_kinds=DEFAULT_REQUIRED_KINDS, region=",".join(COVERAGE))
    for layer in demo_layers(city.geometry):
        begin("demo_layer", layer.name)
        _import(store, layer)
    (folder / "sites").mkdir()
    (folder / "results").mkdir()
    write_sites(folder / "sites")
    store = FolderStore.open(store.root)
    results = []
    for site in SITES:
        begin("demo_site", site.name)
        dossier = _check(site, folder, store)
        _write(folder / "results" / f"{site.result}.json", json_text(kept(dossier.to_dict(), dossier)))
        results.append(SiteResult(site=site, dossier=dossier))
    begin("demo_results", "")
    _show(next(r.dossier for r in results if r.site is SHOWN), folder / "results", store, language)
    begin("demo_public_map", "")
    _write(folder / "results" / "public-map.html", _public_map(store, language))
    begin("demo_report", "")
    report = _report(folder, store, language)
    commands = [f"  sanxian check {_shell(s)} --workspace workspace\n" for s in SITES]
    commands.append(f"  sanxian check {_shell(SHOWN)} --workspace workspace --activity 风电 --industry {_INDUSTRY}\n")
    commands.append("\n公众地图 / the public map:\n  sanxian map workspace --out map.html\n")
    commands.append("\n复核存证 / verify the certificate:\n")
    commands.append("  sanxian verify results/certificate.json --workspace workspace\n")
    _write(folder / "README.txt", _README.replace("{report}", report) + "".join(commands))
    _write(folder / MARKER, json.dumps({"made_by": "sanxian demo", "format": 1}) + "\n")
    return tuple(results), report


def _shell(site: SampleSite) -> str:
    return site.argument if site.format == "typed" else f"sites/{site.argument}"


def _import(store: FolderStore, layer: DemoLayer) -> None:
    """Through a file, as every layer comes."""
    from layers.importing import ImportOptions, import_layer
    from spatial.reading import read

    with tempfile.TemporaryDirectory(prefix="sanxian-") as folder:
        path = Path(folder) / f"{layer.name}.geojson"
        _write(path, _collection(layer))
        import_layer(
            store,
            read(path),
            ImportOptions(
                kind=layer.kind,
                name=layer.name,
                data_date=DATA_DATE,
                source=SOURCE,
                coverage=COVERAGE,
                restricted=False,
                synthetic=True,
                expect_features=len(layer.features),
            ),
            source=(path, "geojson"),
        )


def _collection(layer: DemoLayer) -> str:
    """GeoJSON that states its CRS, as files in CGCS2000 do."""
    import shapely

    features: list[dict[str, Any]] = [
        {
            "type": "Feature",
            "properties": fields,
            "geometry": json.loads(shapely.to_geojson(shapely.orient_polygons(shape))),
        }
        for shape, fields in layer.features
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
    collection = {"type": "FeatureCollection", "name": layer.name, "crs": crs, "features": features}
    return json.dumps(collection, ensure_ascii=False)


def _check(site: SampleSite, folder: Path, store: FolderStore) -> Dossier:
    """As ``sanxian check`` does with no flag but ``--workspace``."""
    from apps.cli.sites import site_of_argument
    from screening.dossier import examine
    from screening.inquiry import Inquiry
    from screening.screen import today

    argument = site.argument if site.format == "typed" else str(folder / "sites" / site.argument)
    return examine(Inquiry(site=site_of_argument(argument).site, as_of=today()), store)


def _show(dossier: Dossier, folder: Path, store: FolderStore, language: Language) -> None:
    from apps.cli.outputs import json_text, kept, map_of
    from screening.export import export

    verdict, result = dossier.verdict, dossier.to_dict()
    _write(folder / "map.html", map_of(verdict, result, store, language=language))
    _write(folder / "result.json", json_text(kept(result, dossier)))
    export(folder / "export.zip", result, site=verdict.geometry, overlaps=verdict.overlaps, language=language)


def _public_map(store: FolderStore, language: Language) -> str:
    """As ``sanxian map`` does with no flag but ``--out``."""
    from maps.public_map.document import MapRequest
    from maps.public_map.page import build_page
    from screening.screen import today

    return build_page(store, MapRequest(as_of=today(), language=language), folder=False).html


def _report(folder: Path, store: FolderStore, language: Language) -> str:
    """As ``sanxian check`` does with ``--activity``, ``--industry``, ``--report``, ``--certificate``; its file name."""
    from apps.cli.outputs import Outputs
    from apps.cli.sites import site_of_argument
    from maps.errors import FontMissingError
    from maps.figure.fonts import chinese_fonts
    from screening.certificate import settled
    from screening.dossier import examine
    from screening.inquiry import Inquiry
    from screening.project import Project
    from screening.screen import today

    try:
        chinese_fonts()
        name = "report.pdf"
    except FontMissingError:
        name = "report.html"
    site = site_of_argument(str(folder / "sites" / SHOWN.argument)).site
    asked = Inquiry(site=site, as_of=today(), project=Project(activities=_ACTIVITY, industry=_INDUSTRY))
    dossier = examine(settled(asked), store)
    results = folder / "results"
    wanted = Outputs(reports=(str(results / name),), certificate=str(results / "certificate.json"))
    for _ in wanted.write(dossier, dossier.to_dict(), store, language):
        pass
    return name


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
