"""``pip install .`` gives a working program: the wheel alone, in an empty environment, far from the clone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV", "COV"))}
    return subprocess.run(
        [str(c) for c in command],
        cwd=cwd,
        env={**clean, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=1500,
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An empty environment with the wheel and what it depends on, nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    built = run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, ROOT, cwd=folder)
    wheels = list(folder.glob("sanxian-*.whl"))
    if not wheels and "No matching distribution" in built.stderr + built.stdout:
        pytest.skip("the package registry is out of reach: the wheel's build requirements cannot be installed")
    assert wheels, built.stderr
    venv.create(folder / "empty", with_pip=True)
    python = folder / "empty" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = run(python, "-m", "pip", "install", wheels[0], cwd=folder)
    assert done.returncode == 0, done.stderr
    return python


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_wheel_alone_builds_the_demo_and_checks_a_site(installed, tmp_path):
    program = installed.with_name("sanxian.exe" if os.name == "nt" else "sanxian")
    demo = run(program, "demo", tmp_path / "示例 demo", cwd=tmp_path)
    assert demo.returncode == 0, demo.stderr
    checked = run(
        program,
        *("check", "117.45,49.58", "--workspace", tmp_path / "示例 demo" / "workspace"),
        *("--as-of", "2026-11-22", "--json", "-", "--map", tmp_path / "map.html"),
        cwd=tmp_path,
    )
    assert checked.returncode == 0, checked.stderr
    assert json.loads(checked.stdout)["answer"] == "clear"
    assert "合成示例" in (tmp_path / "map.html").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_installed_program_is_not_the_clone(installed, tmp_path):
    where = run(installed, "-c", "import spatial; print(spatial.__file__)", cwd=tmp_path)
    assert "site-packages" in where.stdout
    assert str(ROOT) not in where.stdout
