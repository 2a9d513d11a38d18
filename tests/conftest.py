"""Property tests search anew in every run at home; in CI they repeat the same examples."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.postgres_server import postgres_server
from tests.workspace_places import DatabasePlace, FolderPlace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.postgres_server import Server

settings.register_profile("ci", derandomize=True, print_blob=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A server with PostGIS, started when the first test asks for it; skips where there is none."""
    with postgres_server() as server:
        yield server


@pytest.fixture(params=["folder", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> FolderPlace | DatabasePlace:
    """Where workspaces lie: whoever asks for it runs once in a folder and once in a database."""
    if request.param == "folder":
        return FolderPlace(tmp_path)
    server = request.getfixturevalue("postgres")
    return DatabasePlace(server, server.another())
