from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from brookline.management.context import Caller
from brookline.operations.task import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.management.conftest import Server

CTX = Caller("tester")


@pytest.fixture
def plan(tmp_path: Path) -> str:
    return f"""
name: one process
location:
  localhost:
    onbox.base.dir: {tmp_path}/box
services:
- type: vanilla
  name: sleeper
  launch.command: |
    sleep 300 & echo $! > $PID_FILE
    echo started $WORD
  shell.env:
    WORD: $brooklyn:formatString("by %s", entityId())
  softwareProcess.serviceProcessIsRunningPollPeriod: 100ms
"""


def pid_of(server: Server) -> int:
    return int(Path(server.named("sleeper").sensors["softwareprocess.pid.file"]).read_text())


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_process_outlives_its_server_and_the_next_one_looks_after_it(
    server: Server, start: Callable[[str], Any], until: Any, plan: str
) -> None:
    app = await server.deployed(plan)
    [task] = [t for t in server.management.tasks.of_entity(app.id) if not t.parent_id]
    assert (task.status, task.error) == (Status.COMPLETED, "")
    pid = pid_of(server)
    try:
        second: Server = await start("n2")
        await server.node.stop()
        await second.leads()
        assert alive(pid)
        sleeper = second.named("sleeper")
        assert sleeper.sensors["service.state"] == "RUNNING"
        os.kill(pid, signal.SIGKILL)
        await until(lambda: sleeper.sensors["service.state"] == "ON_FIRE")
        restart = await second.management.invoke(sleeper, "restart", {}, CTX)
        assert await restart.wait(20)
        assert sleeper.sensors["service.state"] == "RUNNING"
        pid = pid_of(second)
        delete = await second.management.delete(second.management.live.applications()[0], CTX)
        assert await delete.wait(20)
        assert (delete.status, delete.result) == (Status.COMPLETED, None)
        await until(lambda: not alive(pid))
        assert list(second.node.replica.records.ids("location")) == []
    finally:
        if alive(pid):
            os.kill(pid, signal.SIGKILL)
