import contextlib
import os
import signal
import time
from pathlib import Path

import pytest
from tests.locations.guard.box import PROGRAMS, Box, shell

SHELLS = ["dash", "bash", "busybox", "ksh", "mksh"]


@pytest.fixture(params=SHELLS)
def name(request):
    """Name of a shell that is to be had here."""
    if shell(request.param) is None:
        missing = f"no {request.param} is here: {PROGRAMS[request.param]}; see 'make shells'"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return request.param


@pytest.fixture
def boxes(tmp_path):
    """Make boxes, whose steps end with the test."""
    made = []

    def make(name="dash", **kwargs):
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Box(folder, name, **kwargs))
        return made[-1]

    yield make
    for box in made:
        for started in box.folder.glob("steps/*/started"):
            group = int(started.read_text().split()[0])
            with contextlib.suppress(ProcessLookupError):
                if group:
                    os.killpg(group, signal.SIGKILL)
        for process in box.processes:
            with process:
                process.kill()


@pytest.fixture
def box(boxes, name):
    """A box under each shell."""
    box = boxes(name)
    box.init()
    return box


@pytest.fixture
def plain(boxes):
    """A box under the shell of this host."""
    box = boxes("dash" if shell("dash") else "bash")
    box.init()
    return box


@pytest.fixture
def until():
    def wait(holds, deadline_s=20.0):
        deadline = time.monotonic() + deadline_s
        while not (found := holds()):
            assert time.monotonic() < deadline
            time.sleep(0.005)
        return found

    return wait


def alive(pid):
    """Tell whether a process runs; one that ended and was not reaped yet does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


@pytest.fixture(name="alive")
def alive_fixture():
    return alive
