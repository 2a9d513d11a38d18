"""A process that handles much data: where its memory lies, and what is not done meanwhile."""

from __future__ import annotations

import gc
import platform
import subprocess
import sys

import pytest

from apps.cli.bulk import bulk_work


def test_nothing_is_swept_while_much_is_done_and_it_is_again_afterwards():
    assert gc.isenabled()
    with bulk_work():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_threads_that_follow_each_other_take_memory_from_few_places():
    if sys.platform != "linux" or platform.libc_ver()[0] != "glibc":
        pytest.skip("other C libraries have their own ways")
    said = (
        "import sys, threading, ctypes\n"
        "from apps.cli.bulk import share_arenas\n"
        "if sys.argv[1] == 'few':\n"
        "    share_arenas()\n"
        "held, ready = [], threading.Barrier(7)\n"
        "def work():\n"
        "    held.append(ctypes.CDLL(None).malloc(1000))\n"
        "    ready.wait()\n"
        "threads = [threading.Thread(target=work) for _ in range(6)]\n"
        "[t.start() for t in threads]\n"
        "ready.wait()\n"
        "[t.join() for t in threads]\n"
        "ctypes.CDLL(None).malloc_info(0, ctypes.c_void_p.in_dll(ctypes.CDLL(None), 'stdout'))\n"
        "ctypes.CDLL(None).fflush(None)\n"
    )

    def places(how: str) -> int:
        done = subprocess.run([sys.executable, "-c", said, how], capture_output=True, text=True, check=True)
        return done.stdout.count("<heap nr=")

    assert places("few") <= 2 < places("many")
