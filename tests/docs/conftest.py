"""A demo, built once for the tests that read pages about it."""

from __future__ import annotations

import pytest

from spatial.boundaries import available


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """A folder that holds ``demo/``, as ``sanxian demo demo`` leaves it."""
    if not available():
        pytest.skip("the administrative boundaries are not built: python data/boundaries/build.py")
    from apps.demo.build import build

    folder = tmp_path_factory.mktemp("docs")
    build(folder / "demo")
    return folder
