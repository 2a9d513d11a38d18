"""What the browser tests of the programs share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests import map_example
from tests.chromium import axe_script, launched

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Chromium, once a module, where the scripts of the maps are built; skips with the reason where it cannot be."""
    map_example.require_assets()
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def axe() -> str:
    """The script that finds what keeps people out of a page."""
    return axe_script()
