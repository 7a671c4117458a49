import pytest

from brookline.model.service import PROBLEMS
from brookline.operations.task import Status
from brookline.wire.changes import Merge

THREE = """
name: shop
services:
- {type: basic-entity, name: plain}
- {type: BasicStartable, name: group, brooklyn.children: [{type: BasicStartable, name: inner}]}
"""


async def test_a_started_application_runs_and_is_up(house, state):
    app = await house.deploy(THREE)
    assert state(app) == ("RUNNING", True)
    assert app.sensors["service.state.expected"]["state"] == "RUNNING"
    assert app.sensors[PROBLEMS] == {}
    assert app.sensors["service.notUp.indicators"] == {}
    assert state(house.named("group")) == state(house.named("inner")) == ("RUNNING", True)


async def test_a_basic_entity_has_no_service_sensors_and_no_task(house):
    await house.deploy(THREE)
    plain = house.named("plain")
    assert set(plain.sensors) == {"entity.id", "application.id"}
    assert house.tasks.of_entity(plain.id) == []


async def test_children_are_started_as_parts(house):
    app = await house.deploy(THREE)
    task = house.start_task(app)
    assert [(part.name, part.entity_name) for part in task.children] == [("start", "group")]
    assert [part.entity_name for part in task.children[0].children] == ["inner"]


async def test_thousands_of_basic_entities_start_with_one_task(house, state):
    lines = "\n".join("- {type: basic-entity}" for _ in range(2000))
    app = await house.deploy(f"services:\n{lines}")
    assert state(app) == ("RUNNING", True)
    assert len(house.tasks) == 1


async def test_stopping_an_application_forgets_it_with_all_that_is_in_it(house):
    app = await house.deploy(THREE)
    task = await house.completed(app, "stop")
    assert house.live.applications() == ()
    records = house.recorder.records
    assert [list(records.ids(kind)) for kind in ("entity", "sensors", "spec", "location")] == [
        [], [], [], [],
    ]  # fmt: skip
    assert house.tasks.find(task.id) is task


async def test_an_application_may_stay_when_it_is_stopped(house, state):
    app = await house.deploy(THREE + "brooklyn.config: {application.stop.shouldDestroy: false}")
    await house.completed(app, "stop")
    assert state(app) == ("STOPPED", False)
    assert state(house.named("group")) == ("STOPPED", False)
    await house.completed(app, "start")
    assert state(app) == ("RUNNING", True)


async def test_a_problem_of_a_child_takes_the_application_down_until_it_is_cleared(
    house, state, until
):
    app = await house.deploy(THREE)
    group = house.named("group")
    house.recorder.note(Merge("sensors", group.id, {PROBLEMS: {"x": "broken"}}))
    await until(lambda: state(group) == ("ON_FIRE", True))
    await until(lambda: state(app) == ("ON_FIRE", True))
    assert list(app.sensors[PROBLEMS].values()) == ["Required entity not healthy: group"]
    house.recorder.note(Merge("sensors", group.id, {PROBLEMS: {}}))
    await until(lambda: state(app) == ("RUNNING", True))
    assert app.sensors[PROBLEMS] == {}


async def test_a_stopped_child_leaves_the_application_running(house, state, until):
    app = await house.deploy(THREE)
    await house.completed(house.named("group"), "stop")
    assert state(house.named("group")) == ("STOPPED", False)
    assert state(app) == ("RUNNING", True)


async def test_a_quorum_lets_some_children_be_on_fire(house, state, until):
    text = THREE.replace("basic-entity", "BasicStartable")
    app = await house.deploy(text + "brooklyn.config: {quorum.running: 1, quorum.up: 1}")
    house.recorder.note(Merge("sensors", house.named("group").id, {PROBLEMS: {"x": "broken"}}))
    await until(lambda: state(house.named("group")) == ("ON_FIRE", True))
    await until(lambda: state(app) == ("RUNNING", True))


async def test_a_latch_holds_up_the_start_until_it_opens(house, state, until):
    app = await house.deploy(
        """
        services:
        - {type: basic-entity, id: gate}
        - type: BasicStartable
          name: late
          brooklyn.config:
            latch.start: $brooklyn:component("gate").attributeWhenReady("open")
        """,
        start=False,
    )
    task = await house.begin(app, "start")
    late = house.named("late")
    await until(lambda: state(late)[0] == "STARTING")
    [part] = task.children
    await until(lambda: part.waits_for.startswith("for sensor open of BasicEntity"))
    gate = next(child for child in app.children if child is not late)
    house.recorder.note(Merge("sensors", gate.id, {"open": True}))
    assert await task.wait(10)
    assert state(late) == ("RUNNING", True)
    assert part.waits_for == ""


async def test_a_latch_that_stays_false_fails_the_start(house, state):
    app = await house.deploy(
        "services: [{type: BasicStartable, name: x, brooklyn.config: {latch.start: false}}]"
    )
    task = house.start_task(app)
    assert (task.status, task.error) == (
        Status.FAILED, "latch.start is False and will not become true",
    )  # fmt: skip
    assert state(house.named("x"))[0] == state(app)[0] == "ON_FIRE"


async def test_an_application_runs_again_once_the_child_that_failed_was_stopped(
    house, state, until
):
    app = await house.deploy(
        """
        services:
        - {type: BasicStartable, name: good}
        - {type: BasicStartable, name: bad, brooklyn.config: {latch.start: false}}
        """
    )
    assert house.start_task(app).status is Status.FAILED
    assert (state(app)[0], state(house.named("good"))[0]) == ("ON_FIRE", "RUNNING")
    assert list(app.sensors[PROBLEMS].values()) == ["Required entity not healthy: bad"]
    await house.completed(house.named("bad"), "stop")
    await until(lambda: state(app) == ("RUNNING", True))


async def test_a_stop_ends_a_start_that_hangs(house, state, until):
    app = await house.deploy(
        """
        services:
        - type: BasicStartable
          brooklyn.config:
            latch.start: $brooklyn:parent().attributeWhenReady("never")
        """,
        start=False,
    )
    start = await house.begin(app, "start")
    await until(lambda: start.children and start.children[0].waits_for)
    await house.completed(app, "stop")
    assert start.status is Status.CANCELLED
    assert house.live.applications() == ()


async def test_a_start_that_waited_for_the_removal_is_refused(house, until):
    app = await house.deploy(THREE)
    stop = await house.begin(app, "stop")
    start = await house.begin(app, "start")
    assert await stop.wait(10)
    assert await start.wait(10)
    assert (start.status, start.error) == (Status.FAILED, "shop was removed meanwhile")


async def test_an_effector_called_by_a_wrong_name_is_refused(house):
    app = await house.deploy(THREE)
    with pytest.raises(Exception, match="shop has no effector 'begin'"):
        await house.invoke(app, "begin")
