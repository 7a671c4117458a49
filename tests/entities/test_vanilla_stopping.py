from pathlib import Path

import pytest
from tests.entities.processes import SLEEPER, pid_of, recorded

from brookline.operations.task import Status


async def test_cancelling_the_start_kills_its_command_and_says_so(house, state, until, pids):
    app = await house.deploy(
        f"""
        location: LOCALHOST
        services:
        - type: vanilla
          name: web
          brooklyn.config:
            install.command: echo $$ >{house.folder}/pid; while :; do sleep 0.05; done
            launch.command: "true"
        """,
        start=False,
    )
    task = await house.begin(app, "start")
    await until(lambda: (house.folder / "pid").exists() and recorded(house, "pid"))
    pids.append(int(recorded(house, "pid")[0]))
    assert await house.supervisor.cancel(task)
    web = house.named("web")
    assert (task.status, state(web)[0], state(app)[0]) == (Status.CANCELLED, "ON_FIRE", "ON_FIRE")
    assert web.sensors["service.problems"] == {"start": "start was cancelled"}


@pytest.mark.parametrize(
    ("params", "process", "machine"),
    [
        pytest.param({"stopProcessMode": "never"}, True, False, id="leaves-the-process"),
        pytest.param({"stopMachineMode": "NEVER"}, False, True, id="leaves-the-machine"),
        pytest.param({}, False, False, id="leaves-nothing"),
    ],
)
async def test_a_stop_may_leave_something(house, pids, until, params, process, machine):
    await house.deploy(SLEEPER)
    web = house.named("web")
    pids.append(pid_of(web))
    await house.completed(web, "stop", **params)
    assert Path(web.sensors["softwareprocess.pid.file"]).exists() is process
    assert bool(web.locations) is machine


@pytest.mark.parametrize("latch", ["false", '$brooklyn:component("gone").attributeWhenReady("x")'])
async def test_a_latch_that_never_opens_does_not_keep_a_process_from_being_stopped(
    house, state, pids, latch
):
    await house.deploy(f"{SLEEPER}    latch.stop: {latch}\n")
    web = house.named("web")
    pids.append(pid_of(web))
    await house.completed(web, "stop")
    assert state(web) == ("STOPPED", False)
