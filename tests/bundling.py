"""Scripts of the map's page bundled for a test, with an entry of the test's own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from maps.build_assets import AssetBuildError, npm_command

ROOT = Path(__file__).parents[1]


def bundled(entry: str) -> str:
    """
    One script of an entry that lies, as it were, in ``maps/page``: it imports from ``./chunks`` and so on.

    Skips where the packages that bundle it are not installed.
    """
    esbuild = ROOT / "node_modules" / "esbuild" / "bin" / "esbuild"
    if not esbuild.is_file():
        pytest.skip("the locked packages of npm are not installed here: python maps/build_assets.py")
    try:
        command, environment = npm_command()
    except AssetBuildError as error:
        pytest.skip(str(error))
    node = command[0] if len(command) > 1 else "node"
    options = ["--bundle", "--format=iife", "--target=es2020", "--loader=ts", "--charset=utf8", "--log-level=warning"]
    made = subprocess.run(
        [node, str(esbuild), *options],
        input=entry.encode(),
        cwd=ROOT / "maps" / "page",
        env=environment,
        capture_output=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr.decode()
    return made.stdout.decode()
