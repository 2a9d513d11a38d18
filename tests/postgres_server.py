"""PostgreSQL with PostGIS, started by the tests on loopback as an ordinary user and stopped after them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["DATABASE", "PASSWORD", "Server", "postgres_server"]

PASSWORD = "geheim-7Zq"  # of the role of the tests; must never be seen in what the program writes
DATABASE = "planning"
INSTALL = "apt-get install postgresql-15 postgresql-15-postgis-3"
_FOUND = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


@dataclass(kw_only=True)
class Server:
    """A running server with one database, in which a workspace is a schema."""

    port: int
    folder: Path
    binaries: Path
    count: int = 0
    process: subprocess.Popen[bytes] | None = None
    administrators: dict[str, Any] = field(default_factory=dict)

    def url(self, *, database: str = DATABASE, user: str = "li", schema: str = "") -> str:
        """The address of a database, password included."""
        secret = PASSWORD if user == "li" else f"{PASSWORD}-{user}"
        return f"postgresql://{user}:{secret}@127.0.0.1:{self.port}/{database}" + (f"#{schema}" if schema else "")

    def another(self) -> int:
        """A number that no test had before, for the names of schemas."""
        self.count += 1
        return self.count

    def sql(self, database: str, *statements: str) -> list[tuple[object, ...]]:
        """Statements of the administrator; gives the rows of the last."""
        rows: list[tuple[object, ...]] = []
        for statement in statements:
            cursor = self._administrator(database).execute(statement)
            rows = cursor.fetchall() if cursor.description else []
        return rows

    def _administrator(self, database: str) -> Any:
        import psycopg

        if database not in self.administrators:  # one for all tests: logging in takes longer than most statements
            secret = f"{PASSWORD}-postgres"
            where = {"host": "127.0.0.1", "port": self.port, "user": "postgres", "password": secret, "dbname": database}
            self.administrators[database] = psycopg.connect(**where, autocommit=True)
        return self.administrators[database]

    def start(self) -> None:
        """Start, and wait until it answers; it ends with this process, also when that is killed."""
        options = ["-p", str(self.port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        options += [
            "-c",
            "fsync=off",
            "-c",
            "full_page_writes=off",
            "-c",
            "shared_buffers=32MB",
            "-c",
            "max_connections=40",
        ]
        command = [
            *as_ordinary_user(dies=True),
            str(self.binaries / "postgres"),
            "-D",
            str(self.folder / "data"),
            *options,
        ]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        ready = [str(self.binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        until = time.monotonic() + 60
        while subprocess.run(ready, timeout=30).returncode != 0:
            assert self.process.poll() is None, (self.folder / "log").read_text("utf-8", "replace")
            assert time.monotonic() < until, "the server does not answer"
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop at once; who is connected is thrown out."""
        while self.administrators:
            self.administrators.popitem()[1].close()
        assert self.process is not None
        command = [str(self.binaries / "pg_ctl"), "-D", str(self.folder / "data"), "-w", "-m", "immediate", "stop"]
        subprocess.run([*as_ordinary_user(), *command], cwd=self.folder, capture_output=True, timeout=60)
        if self.process.poll() is None:
            self.process.wait(30)


def as_ordinary_user(*, dies: bool = False) -> list[str]:
    """What goes before a command that refuses to run as root, or that ``dies`` with this process."""
    root = os.name != "nt" and os.geteuid() == 0
    if not root and not (dies and shutil.which("setpriv")):
        return []
    user = ["--reuid=nobody", "--regid=nogroup", "--clear-groups"] if root else []
    return ["setpriv", *user, *(["--pdeathsig", "QUIT"] if dies else [])]


@contextmanager
def postgres_server() -> Iterator[Server]:
    """A server in a folder of its own, which an ordinary user may enter; skips where PostgreSQL, PostGIS or its driver is not installed."""
    pytest.importorskip("psycopg", reason='no driver for PostgreSQL: pip install "sanxian[postgis]"')
    path = shutil.which("initdb")  # elsewhere than on Debian it is on the path
    binaries = next((p for p in _FOUND if (p / "initdb").exists()), Path(path).resolve().parent if path else None)
    if binaries is None:
        pytest.skip(f"PostgreSQL's server is not installed: {INSTALL}")
    if as_ordinary_user() and shutil.which("setpriv") is None:
        pytest.skip("initdb refuses root, and there is no setpriv to become another user (Debian: util-linux)")
    version = binaries.parent.name
    extension = Path("/usr/share/postgresql") / version / "extension" / "postgis.control"
    if binaries.parts[1:4] == ("usr", "lib", "postgresql") and not extension.exists():
        pytest.skip(f"PostGIS is not installed: {INSTALL}")
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # a busy disk makes every commit wait
    folder = Path(tempfile.mkdtemp(prefix="sanxian-postgres-", dir=memory))
    folder.chmod(0o755)
    if as_ordinary_user():
        shutil.chown(folder, "nobody", "nogroup")
    (folder / "password").write_text(f"{PASSWORD}-postgres")
    (folder / "password").chmod(0o644)
    made = subprocess.run(
        [*as_ordinary_user(), str(binaries / "initdb"), "-D", str(folder / "data"), "-U", "postgres", "-E", "UTF8",
         "--locale=C", "-A", "scram-sha-256", f"--pwfile={folder / 'password'}", "--no-sync"],
        cwd=folder, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server(port=port, folder=folder, binaries=binaries)
    server.start()
    try:
        server.sql(
            "postgres",
            f"CREATE ROLE li LOGIN PASSWORD '{PASSWORD}'",
            f"CREATE ROLE wang LOGIN PASSWORD '{PASSWORD}-wang'",
            f"CREATE DATABASE {DATABASE} OWNER li",
        )
        server.sql(DATABASE, "CREATE EXTENSION postgis")
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
