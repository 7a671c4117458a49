import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

import pytest

from brookline.locations.here import host_key
from brookline.locations.local import LocalMachine
from brookline.locations.machine import Host
from brookline.operations.streams import Streams
from brookline.operations.supervisor import Supervisor
from brookline.operations.task import Task, begun
from brookline.operations.tasks import Tasks
from brookline.testing.recorder import MemoryRecorder
from brookline.values.clock import SystemClock
from brookline.values.ids import new_id


def this_host():
    return Host(host_key(), "127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.1", "me")


@pytest.fixture
def machine(tmp_path):
    return LocalMachine(this_host(), str(tmp_path / "base"), SystemClock())


@pytest.fixture
async def supervisor(tmp_path):
    supervisor = Supervisor(
        Tasks(), Streams(tmp_path / "streams"), recorder=MemoryRecorder(), clock=SystemClock()
    )
    await supervisor.activate(1)
    yield supervisor
    await supervisor.deactivate()


@pytest.fixture
def submit(supervisor):
    def submit(body):
        task = Task(id=new_id(), name="work", submitted_ms=1)
        begun(task)
        return supervisor.submit(task, body)

    return submit


@pytest.fixture
def until():
    async def wait(holds, deadline_s=10.0):
        async with asyncio.timeout(deadline_s):
            while not holds():  # noqa: ASYNC110 - what is awaited tells nobody
                await asyncio.sleep(0.005)

    return wait


@pytest.fixture
def pids():
    """Pids that a test read from its processes; what is left of them ends with the test."""
    found = []
    yield found
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def alive(pid):
    """Tell whether a process runs; one that ended and was not reaped yet does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


@pytest.fixture(name="alive")
def alive_fixture():
    if sys.platform != "linux":
        pytest.skip("looks at /proc")
    return alive
