"""A move whose process is killed, wherever it is: the same command finishes it, and nothing is lost."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from tests.journal.folders import FolderLog
from tests.journal.house import put

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(120)]

COMMAND = [sys.executable, "-m", "brookline.cli.main"]
ENTRIES = 200


@pytest.fixture
def log(tmp_path):
    log = FolderLog(tmp_path / "old")
    log.lead()
    for number in range(ENTRIES - 2):
        log.put(put(f"a{number}", n=number))
    return log


def files(folder):
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(p.relative_to(folder)): p.read_bytes() for p in found if not p.name.startswith(".")}


def entries(folder):
    return len(list((folder / "journal").rglob("00000*[0-9]"))) if folder.exists() else 0


@pytest.mark.parametrize("moment", ["begun", "half", "all", "closed"])
def test_a_killed_move_is_finished(log, tmp_path, moment):
    new, before = tmp_path / "new", files(log.folder)
    reached = {
        "begun": lambda: entries(new) >= 1,
        "half": lambda: entries(new) >= ENTRIES // 2,
        "all": lambda: entries(new) >= ENTRIES,
        "closed": lambda: entries(log.folder) > ENTRIES,
    }[moment]
    command = [*COMMAND, "store", "copy", str(log.folder), str(new), "--yes"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not reached() and process.poll() is None:
        assert time.monotonic() < deadline
    process.kill()
    process.wait()
    if (new / "plane").exists():  # it was quicker than we are; there is nothing to finish
        assert process.returncode in (0, -9)
    else:
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    closing = {name for name in files(log.folder) if name not in before}
    assert len(closing) == 1
    there = files(new)
    assert there.pop("moving"), "the mark of a move's target"
    assert there == before
