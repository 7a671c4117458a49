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
