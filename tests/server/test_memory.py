from __future__ import annotations

import subprocess
import sys

import pytest

HASHING = """
import sys
from concurrent.futures import ThreadPoolExecutor
from brookline.security.passwords import argon2_hash
from brookline.server.memory import give_back_large_blocks

def resident_mb():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * 4096 / 2**20

if sys.argv[1] == "given":
    give_back_large_blocks()
with ThreadPoolExecutor(2) as threads:
    before = resident_mb()
    list(threads.map(argon2_hash, ["x"] * 6))
    print(resident_mb() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_logins_leave_no_large_blocks_behind():
    def left_mb(given: str) -> float:
        run = subprocess.run(
            [sys.executable, "-c", HASHING, given], capture_output=True, check=True, text=True
        )
        return float(run.stdout)

    assert left_mb("given") < 8
    assert left_mb("not") > 15  # else the C library has changed, and the call may go
