from pathlib import Path

from tests.entities.processes import SLEEPER, pid_of

from brookline.operations.task import Status


async def test_without_a_location_the_start_says_what_is_needed(house, state):
    app = await house.deploy(SLEEPER.replace("location: LOCALHOST", ""))
    task = house.start_task(app)
    assert task.error.startswith("No locations specified for web")
    assert state(house.named("web"))[0] == state(app)[0] == "ON_FIRE"


async def test_a_location_may_be_given_to_the_start(house, state, pids):
    app = await house.deploy(SLEEPER.replace("location: LOCALHOST", ""))
    spec = {"localhost": {"onbox.base.dir": f"{house.folder}/base"}}
    await house.completed(app, "start", locations=[spec])
    pids.append(pid_of(house.named("web")))
    assert state(house.named("web")) == state(app) == ("RUNNING", True)


async def test_a_location_that_an_entity_has_is_not_given_to_it_twice(house):
    app = await house.deploy("services: [{type: BasicStartable}]", start=False)
    await house.completed(app, "start", locations="localhost")
    [location] = app.locations
    await house.completed(app, "start", locations=[location])
    assert app.locations == [location]


SHARED = """
location: LOCALHOST
services:
- type: server
  name: host
  brooklyn.config: {children.startable.mode: foreground}
  brooklyn.children:
  - &web
    type: vanilla
    name: web
    brooklyn.config:
      http.port: 18200-18299
      launch.command: echo launched >>$RUN_DIR/launches; sleep 1000 & echo $! >$PID_FILE
  - {<<: *web, name: other}
"""


async def test_processes_on_the_machine_of_their_parent_have_ports_of_their_own(house, pids):
    await house.deploy(SHARED)
    web, other = house.named("web"), house.named("other")
    pids += [pid_of(web), pid_of(other)]
    assert web.sensors["http.port"] != other.sensors["http.port"]
    await house.completed(other, "restart")
    pids.append(pid_of(other))
    assert web.sensors["http.port"] != other.sensors["http.port"]


async def test_a_process_on_the_machine_of_its_parent_is_stopped_and_started_like_any(
    house, state, pids, alive
):
    await house.deploy(SHARED)
    web = house.named("web")
    first = pid_of(web)
    pids += [first, pid_of(house.named("other"))]

    await house.completed(web, "start")
    assert (Path(web.sensors["run.dir"]) / "launches").read_text() == "launched\n"

    await house.completed(web, "restart")
    second = pid_of(web)
    pids.append(second)
    assert (alive(first), alive(second), state(web)) == (False, True, ("RUNNING", True))

    await house.completed(web, "stop")
    assert (alive(second), state(web)) == (False, ("STOPPED", False))
    await house.completed(web, "start")
    pids.append(pid_of(web))
    assert (alive(pids[-1]), state(web)) == (True, ("RUNNING", True))


async def test_an_empty_software_process_is_a_machine(house, state):
    app = await house.deploy("location: LOCALHOST\nservices: [{type: server, name: box}]")
    assert house.start_task(app).status is Status.COMPLETED
    box = house.named("box")
    assert state(box) == ("RUNNING", True)
    assert box.sensors["host.address"] == "127.0.0.1"
    await house.completed(box, "stop")
    assert list(box.locations) == []
