"""Worker processes end with the process that started them, also where it is killed."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 30.0
POOL = """
import multiprocessing, os, sys, time
from concurrent.futures import ProcessPoolExecutor
{told}

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(1, mp_context=context, initializer={initializer}, initargs={arguments})
    print(pool.submit(os.getpid).result(), flush=True)
    time.sleep(600)
"""
INITIALIZERS = {
    "the watch": ("from spatial.parent import end_with_parent", "end_with_parent", "()"),
    "check-many": ("from screening.batch.running import _told", "_told", "('w', '2026-11-22')"),
    "register": ("from screening.register.answering import _told", "_told", "('w', [])"),
}


def is_running(number: int) -> bool:
    """Whether a process that is not ours is there and no corpse that waits to be buried."""
    try:
        return Path(f"/proc/{number}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("who", INITIALIZERS)
def test_a_worker_ends_when_the_process_that_started_it_is_killed(tmp_path, who):
    told, initializer, arguments = INITIALIZERS[who]
    script = tmp_path / "pool.py"
    script.write_text(POOL.format(told=told, initializer=initializer, arguments=arguments), encoding="utf-8")
    environment = {"PYTHONPATH": str(ROOT), "PATH": ""}
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env=environment) as parent:
        worker = int(parent.stdout.readline())
        assert is_running(worker)
        parent.kill()
    until = time.monotonic() + PATIENCE_S
    while is_running(worker) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_running(worker)
